"""Rules for the limits of CloudFormation."""
