"""Write all that is made of the code: tables, schemas, pages. Runs the other `write_*.py` beside it.

Prints a line for each document that changed; one that would stay as it is is not written. Where a table of
the code changed, which this process has read before, it goes on in a new one.
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

HERE = Path(__file__).resolve()
OTHERS = {HERE.stem, "write_address"}
"""This one, and one that makes nothing of the code."""


def main() -> None:
    before: dict[Path, str | None] = {}
    write = Path.write_text

    def write_what_changed(path: Path, text: str, **options: Any) -> int:
        found = path.read_text(encoding="utf-8") if path.exists() else None
        before.setdefault(path, found)
        return len(text) if found == text else write(path, text, **options)

    with patch.object(Path, "write_text", write_what_changed):
        for script in sorted(HERE.parent.glob("write_*.py")):
            if script.stem not in OTHERS:
                runpy.run_path(str(script), run_name="__main__")
    documents = {path: text for path, text in before.items() if path.is_relative_to(HERE.parent.parent)}
    changed = [path for path, text in documents.items() if path.read_text(encoding="utf-8") != text]
    for path in changed:
        sys.stdout.write(f"{path.relative_to(HERE.parent.parent)}\n")
    if any(path.is_relative_to(HERE.parent.parent / "src") for path in changed):
        sys.stdout.flush()
        subprocess.run([sys.executable, str(HERE)], check=True)
    elif not changed:
        sys.stdout.write(f"{len(documents)} documents, nothing to write\n")


if __name__ == "__main__":
    main()
