"""Configurations of Workers: what wrangler reads, the life cycle of Durable Objects in it, and edits."""
