"""Rules about migrations of Durable Object classes."""
