"""The files that the guide about packages of rules shows: `python rule_package_guide.py PAGE FOLDER`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_FILE = re.compile(r"^(````?)(?:toml|python)\n# (\S+\.(?:toml|py))\n(.*?)^\1$", re.DOTALL | re.MULTILINE)


def files(page: str) -> dict[str, str]:
    """The files by their names, which stand in their first lines."""
    return {name: text for _, name, text in _FILE.findall(page)}


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True)
    for name, text in files(Path(sys.argv[1]).read_text(encoding="utf-8")).items():
        (folder / name).write_text(text, encoding="utf-8")
