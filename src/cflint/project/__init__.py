"""The model of a Worker: its configuration, its modules, its classes, and what a value is."""
