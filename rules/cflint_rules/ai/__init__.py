"""Rules about AI models."""
