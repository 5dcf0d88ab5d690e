"""Rules about bindings: what the configuration gives to `env`, and what the code asks of it."""
