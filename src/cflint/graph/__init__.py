"""The picture of a project: its Workers, what they are bound to, and what calls what."""
