"""Rules for services and task definitions of ECS."""
