"""Rules about Queues."""
