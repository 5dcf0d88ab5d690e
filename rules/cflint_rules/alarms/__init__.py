"""Rules about alarms of Durable Objects: setting them, handling them, and their retries."""
