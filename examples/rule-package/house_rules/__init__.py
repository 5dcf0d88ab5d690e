"""Rules about what this house agreed on: timeouts, and the way of answering with JSON."""
