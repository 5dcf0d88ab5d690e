"""Rules about SQL in D1 and in the storage of Durable Objects: statements, parameters and results."""
