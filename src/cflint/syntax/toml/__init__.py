"""TOML as wrangler reads it: `reader` makes nodes of it, `edits` writes it."""

from cflint.syntax.toml.reader import Statement, read_toml, statements_of

__all__ = ["Statement", "read_toml", "statements_of"]
