"""Rules about a change: what becomes of a Worker that is deployed, in runs that have a base."""
