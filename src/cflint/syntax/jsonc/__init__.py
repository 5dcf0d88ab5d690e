"""JSON with comments and trailing commas: `reader` makes nodes of it, `edits` writes it."""

from cflint.syntax.jsonc.reader import read_jsonc

__all__ = ["read_jsonc"]
