"""The rule pack, run through cfn-lint as its users run it."""
