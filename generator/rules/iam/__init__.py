"""Rules for trust and permissions."""
