"""Rules about Durable Objects."""
