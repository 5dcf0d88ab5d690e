"""Another way of reading JSONC, to compare with: make it JSON, and leave the rest to `json`."""

from __future__ import annotations

import json
from typing import Any


def bare(text: str) -> str:
    """JSONC without comments and trailing commas; ValueError when a string or comment has no end."""
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == '"':
            end = at + 1
            while text[end : end + 1] != '"':
                if end >= len(text):
                    raise ValueError("a string without an end")
                end += 1 + (text[end] == "\\")
            out.append(text[at : end + 1])
            at = end + 1
        elif text.startswith("//", at):
            while at < len(text) and text[at] not in "\r\n":
                at += 1
        elif text.startswith("/*", at):
            at = text.index("*/", at + 2) + 2
            out.append(" ")
        else:
            if char in "]}":
                while out and out[-1].isspace():
                    out.pop()
                if out and out[-1] == ",":
                    out.pop()
            out.append(char)
            at += 1
    return "".join(out)


def value_of(text: str) -> Any:
    """The value of a JSONC text without BOM; ValueError when it has none."""
    return json.loads(bare(text))
