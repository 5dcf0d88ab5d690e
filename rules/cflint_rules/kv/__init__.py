"""Rules about Workers KV."""
