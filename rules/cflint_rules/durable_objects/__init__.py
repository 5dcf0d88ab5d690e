"""Rules about Durable Objects: constructors, ids, stubs, RPC and SQL storage."""
