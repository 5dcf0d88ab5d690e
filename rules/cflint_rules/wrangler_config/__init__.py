"""Rules about wrangler's configuration."""
