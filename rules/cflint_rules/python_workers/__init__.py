"""Rules about Python Workers."""
