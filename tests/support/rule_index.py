"""The index of cflint's own rules, for programs that a test gives a cache folder of their own.

Without an index the first program that begins there imports all rules to make it, which takes longer than
most of what is tested. What an index is, and that it is made anew when rules change,
`tests/rules/test_discovery.py` tests.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from unittest import mock

from cflint.rule.discovery import own_rules


@cache
def _index() -> dict[str, bytes]:
    """The files that finding the rules leaves in an empty cache folder, by name."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, CFLINT_CACHE_DIR=folder):
        assert list(own_rules())
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def put_index(folder: Path) -> None:
    """Put the index into a cache folder, which is made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in _index().items():
        (folder / name).write_bytes(data)
