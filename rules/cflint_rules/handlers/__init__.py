"""Rules about handlers, and the requests and responses that pass through them."""
