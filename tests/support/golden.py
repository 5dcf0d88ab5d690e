"""Reports as they are kept, to compare with."""

from __future__ import annotations

import os
import re

from cflint import __version__
from tests.support.paths import ROOT

GOLDEN = ROOT / "tests" / "report" / "golden"


def compare(name: str, text: str) -> None:
    """Compare with a golden file; CFLINT_GOLDEN=write rewrites it. The version stays out of it, and how
    precise a rule was by the last verdicts."""
    text = text.replace(f'"{__version__}"', '"VERSION"')
    text = re.sub(r'"precision": "[a-z-]+"', '"precision": "PRECISION"', text)
    path = GOLDEN / name
    if os.environ.get("CFLINT_GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode()
