"""Rules for load balancers, security groups and addresses."""
