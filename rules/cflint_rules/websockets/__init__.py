"""Rules about WebSockets in Durable Objects."""
