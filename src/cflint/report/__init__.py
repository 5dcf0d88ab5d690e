"""Output formats: each a function from a report to text."""
