"""Rules about Hyperdrive and the database drivers that use it."""
