"""What several rules ask of code that reads the body of a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.api import ClassKind, Match, ValueKind, js, pattern

if TYPE_CHECKING:
    from tree_sitter import Node

_LIMITED = pattern(rb"content-?length|bodyLimit|max_?Body|getReader", re.IGNORECASE)
"""What stands where the length of a body is looked at before it is read."""
_FILES = pattern(rb"\bFile\b|\bBlob\b|\barrayBuffer\b|\.stream\(|\.size\b")

_UPLOADS = pattern(r"upload|attachment|file|image|media|avatar|photo|picture", re.IGNORECASE)
"""What paths of modules hold that take files."""


def reads_whole_body(match: Match) -> js.BodyRead | None:
    """The body of the incoming request that a call takes into memory, where the module asks nowhere how long
    it is; None of every other call, and in Durable Objects, whose requests come from a Worker."""
    module = match.module
    read = module.body_read_at(match.node) if not match.arguments else None
    if read is None or read.kind not in (ValueKind.REQUEST, ValueKind.HONO_REQUEST):
        return None
    if module.value_of(read.owner).detail == "new" or next(module.mentions(_LIMITED), None) is not None:
        return None
    owner = match.enclosing_class
    return read if owner is None or owner.kind is not ClassKind.DURABLE_OBJECT else None


def is_upload(match: Match) -> bool:
    """Whether a call reads what may be a file: bytes, or a form out of which the function takes files."""
    if match.word in ("arrayBuffer", "blob"):
        return True
    function: Node | None = match.enclosing_function
    if match.word != "formData" or function is None:
        return False
    if _FILES.search(match.module.document.data, match.node.end_byte, function.end_byte) is not None:
        return True
    return _UPLOADS.search(match.module.path) is not None and _is_handed_on(match)


def _is_handed_on(match: Match) -> bool:
    """Whether a form is handed on as a whole: to a function, or as the body of another request."""
    module = match.module
    result = module.awaited(match.node)
    uses = list(result.references) if result is not None else []
    name = module.given_name(match.call.whole)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is not None:
        uses.extend(use for use in module.scope.references(declaration) if use.end_byte > match.node.end_byte)
    for use in uses:
        above = module.parent(module.with_wrappers(use))
        if use.type == "shorthand_property_identifier" or (
            above is not None and above.type in ("arguments", "pair")
        ):
            return True
    return False
