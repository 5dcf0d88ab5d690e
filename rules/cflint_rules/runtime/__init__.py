"""Rules about the runtime."""
