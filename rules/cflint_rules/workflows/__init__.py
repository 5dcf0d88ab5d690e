"""Rules about Workflows: steps, their names and results, durations and events."""
