"""What a finding is known by when its file has changed: GitHub's hash of its line, and a key of our own.

Imported where used: hashlib loads OpenSSL, and few formats have fingerprints.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from operator import mul

from cflint.finding import Finding
from cflint.report.escape import encodable
from cflint.source import Document

_WINDOW = 100
_MASK = (1 << 64) - 1
_END = 0xFFFF
_POWERS = [pow(37, exponent, 1 << 64) for exponent in range(_WINDOW - 1, -1, -1)]
_BLANKS = str.maketrans("", "", " \t")


def line_hashes(data: bytes, last: int) -> list[str]:
    """`primaryLocationLineHash` of the first `last` lines of a file, as GitHub's code scanning computes it.

    A polynomial hash (base 37, modulo 2^64) of the 100 UTF-16 units from a line's start, spaces and tabs left
    out, CR and CRLF read as LF, then one unit 0xFFFF for the end of the file and zeroes; written in hex with
    `:n`, where n counts equal hashes from the file's top. Fewer items when the file has fewer lines.
    Source: `src/fingerprints.ts` of github/codeql-action.
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").translate(_BLANKS)
    units = array("H", text.encode("utf-16-le" if sys.byteorder == "little" else "utf-16-be"))
    units.append(_END)
    units.extend([0] * _WINDOW)
    end = len(units) - _WINDOW
    seen: Counter[int] = Counter()
    hashes: list[str] = []
    at = 0
    while at < end and len(hashes) < last:
        value = sum(map(mul, units[at : at + _WINDOW], _POWERS)) & _MASK
        seen[value] += 1
        hashes.append(f"{value:x}:{seen[value]}")
        try:
            at = units.index(0x0A, at) + 1
        except ValueError:
            break
    return hashes


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """A key for each finding that survives moves within its file, in the same order; no two are equal.

    It is a hash of the rule, the path, the message and the marked text without its blanks, and of how many
    findings before it share all that.
    """
    seen: Counter[str] = Counter()
    keys: list[str] = []
    for digest, _ in digests(findings):
        seen[digest] += 1
        keys.append(f"{digest}:{seen[digest]}")
    return keys


def digests(findings: Iterable[Finding]) -> Iterator[tuple[str, str]]:
    """For each finding a hash of what it is known by, and one of that without the path; alike findings have
    the same."""
    from hashlib import sha256

    for finding in findings:
        location = finding.at
        marked = "".join(location.document.text(location.span).split())
        rest = (finding.message, marked)
        wholes = ((finding.rule, location.document.path, *rest), (finding.rule, *rest))
        texts = ("\0".join(map(encodable, parts)).encode("utf-8") for parts in wholes)
        with_path, without = (sha256(text).hexdigest()[:32] for text in texts)
        yield with_path, without


def github_hashes(findings: Iterable[Finding]) -> list[str | None]:
    """`primaryLocationLineHash` for each finding; None past the lines that GitHub counts."""
    wanted = list(findings)
    last: dict[Document, int] = {}
    lines = []
    for finding in wanted:
        document = finding.at.document
        line = document.line_of(min(finding.at.span.start, len(document.data)))
        lines.append(line)
        last[document] = max(line, last.get(document, 0))
    hashes = {document: line_hashes(document.data, line) for document, line in last.items()}
    return [
        known[line - 1] if line <= len(known := hashes[finding.at.document]) else None
        for finding, line in zip(wanted, lines, strict=True)
    ]
