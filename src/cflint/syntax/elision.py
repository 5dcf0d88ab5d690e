"""Comments that stand for code that an example leaves out: `// ...`, `// existing code`, `/* … */`."""

from __future__ import annotations

import re

from cflint.pattern import pattern
from cflint.source import Document

_ELIDED = pattern(
    rb"(?://|/\*|#|\*)[ \t*]*(?:"
    rb"(?:\.\.\.|\xe2\x80\xa6)"
    rb"|[^\n]{0,60}(?:\.\.\.|\xe2\x80\xa6)[ \t]*(?:\*/)?[ \t]*\r?$"
    rb"|[^\n]{0,40}\b(?:existing|previous|remaining|omitted|elided|unchanged|abbreviated|rest of|same as"
    rb"|as before|as above"
    rb"|your (?:code|logic|implementation)|other (?:methods?|handlers?|code|routes?|fields?)"
    rb"|(?:implementation|logic|code) (?:here|goes)|goes here|see above|snip)\b)",
    re.IGNORECASE | re.MULTILINE,
)


def leaves_out(document: Document, start: int, end: int) -> bool:
    """Whether a part of a block of a document, in bytes, says that something of it is not shown. Of a file
    that is none of a document this is never taken for granted."""
    return document.origin is not None and _ELIDED.search(document.data, start, end) is not None
