"""Rules about Workers KV: values, expiration times and lists of keys."""
