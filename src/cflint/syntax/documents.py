"""Configuration documents are read here; the format decides which reader does it.

Imported where used: a run loads the reader of a format when it has a document of it.
"""

from __future__ import annotations

from cflint.source import Document
from cflint.syntax.data import DataDocument, Format


def read(document: Document, format: Format | None = None) -> DataDocument:
    """Read a configuration document; never raises. Without `format` it follows from the path's ending."""
    if format is None:
        format = Format.TOML if document.path.endswith(".toml") else Format.JSON
    if format is Format.TOML:
        from cflint.syntax.toml import read_toml

        return read_toml(document)
    from cflint.syntax.jsonc import read_jsonc

    return read_jsonc(document)


def plain_json(document: Document) -> object:
    """The value of a document of strict JSON, without places: ten times as quick as `read(…).root.plain`.
    None of anything else, and of escapes that may be halves of characters. It is kept with the document."""
    return document.memoized("plain JSON", _plain_json)


def _plain_json(document: Document) -> object:
    if b"\\u" in document.data:
        return None
    try:
        import json  # which most runs do not need

        return json.loads(document.data.decode())
    except (ValueError, RecursionError):
        return None
