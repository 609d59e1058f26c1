"""Rules for image repositories."""
