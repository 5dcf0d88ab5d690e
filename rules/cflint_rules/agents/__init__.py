"""Rules about the Agents SDK."""
