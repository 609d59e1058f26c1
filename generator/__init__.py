"""Aldeia's platform as CloudFormation templates: one typed description in, every template, compose file and script out."""

VERSION = "0.1.0"  # also in setup.cfg; a test compares them
