"""Rules about bindings: what the configuration puts into `env`, and how the code uses it."""
