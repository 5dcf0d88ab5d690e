"""Rules about handlers and what they return."""
