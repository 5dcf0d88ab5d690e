"""Rules about Workflows."""
