"""Rules about Queues: batches, acknowledgements, limits and dead letter queues."""
