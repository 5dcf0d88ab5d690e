"""XML and HTML that no file name and no message can break out of.

Imported where used: hashes, which only pages need.
"""

from __future__ import annotations

from collections.abc import Mapping

from cflint.quoting import emoji_joints, visible_char

_REFERENCES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def escaped(text: str) -> str:
    """A text for an attribute or an element. Line ends and tabs become references, so that they survive; what
    XML 1.0 forbids and what nobody can see is written as an escape (`\\x1b`)."""
    if text.isprintable() and not any(char in text for char in '&<>"'):
        return text
    joints = emoji_joints(text)
    return "".join(
        _REFERENCES.get(char) or (char if at in joints else visible_char(char))
        for at, char in enumerate(text)
    )


def hash_for_policy(text: str) -> str:
    """How a Content-Security-Policy names a script or a style that stands in the page."""
    from base64 import b64encode
    from hashlib import sha256

    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"


def tag(name: str, attributes: Mapping[str, object], *, open: bool = False) -> str:
    """A start tag (`open`) or the tag of an empty element; the names are our own."""
    listed = "".join(f' {key}="{escaped(str(value))}"' for key, value in attributes.items())
    return f"<{name}{listed}{'' if open else '/'}>"
