"""Paths and bytes: what a workspace holds, what counts as a configuration, what git ignores."""
