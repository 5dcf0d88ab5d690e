"""Write all that is made of the code: tables, schemas, pages. Runs the other `write_*.py` beside it."""

from __future__ import annotations

import runpy
from pathlib import Path

HERE = Path(__file__).resolve()
OTHERS = {HERE.stem, "write_address"}
"""This one, and one that makes nothing of the code."""

if __name__ == "__main__":
    for script in sorted(HERE.parent.glob("write_*.py")):
        if script.stem not in OTHERS:
            runpy.run_path(str(script), run_name="__main__")
