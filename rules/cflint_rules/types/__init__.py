"""Rules about types: what the code says of `env`, handlers and classes."""
