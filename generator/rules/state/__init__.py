"""Rules for data that must survive."""
