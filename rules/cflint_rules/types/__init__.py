"""Rules about types: `Env`, handlers and classes that agree with the configuration and the platform."""
