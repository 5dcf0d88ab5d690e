"""Rules about apps of frameworks: what their adapters and build tools give, and what they no longer do."""
