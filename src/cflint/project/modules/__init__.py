"""Modules without their trees: imports, where they lead, facts of each, packages that are installed."""
