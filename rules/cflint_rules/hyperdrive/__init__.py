"""Rules about Hyperdrive and the database drivers that use it: clients, options and versions."""
