"""Rules about the alarms of Durable Objects."""
