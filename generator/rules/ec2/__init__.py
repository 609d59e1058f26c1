"""Rules for instances and auto scaling groups."""
