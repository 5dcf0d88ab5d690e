"""Write the files for CI that the guides show, for linters: `python scripts/guide_files.py FOLDER`.

A block whose first line is a comment with a file's name becomes that file; those of the guide about GitLab
become `gitlab-1.yml` and so on.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

GUIDES = Path(__file__).resolve().parent.parent / "docs" / "guides"


def files() -> dict[str, str]:
    """The files by name."""
    named = re.findall(r"^```\w+\n((?:#|//) ([\w.-]+)\n.*?)^```", _text("ci"), re.DOTALL | re.MULTILINE)
    jobs = re.findall(r"^```yaml\n(.*?)^```", _text("gitlab"), re.DOTALL | re.MULTILINE)
    return {name: text for text, name in named} | {
        f"gitlab-{number}.yml": text for number, text in enumerate(jobs, 1)
    }


def _text(guide: str) -> str:
    return (GUIDES / f"{guide}.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
