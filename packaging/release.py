"""Check that a release can be made, and print what it says of itself.

python packaging/release.py check          # every file says the same version
python packaging/release.py check v0.2.0   # ... which is that of the tag, and the changelog has it
python packaging/release.py notes          # the changelog's part about this version
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_HEADING = re.compile(r"^## (?P<version>\S+)(?: \((?P<day>\d{4}-\d\d-\d\d)\))?$", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description="Check that a release can be made.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("tag", nargs="?")
    commands.add_parser("notes")
    given = parser.parse_args()
    if given.command == "notes":
        sys.stdout.write(notes(REPOSITORY) + "\n")
        return
    problems = list(problems_of(REPOSITORY, given.tag))
    if problems:
        raise SystemExit("\n".join(problems))
    sys.stdout.write(f"{version(REPOSITORY)}: {'the release can be made' if given.tag else 'one version'}\n")


def version(root: Path) -> str:
    """The version that the manifest says."""
    found: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def problems_of(root: Path, tag: str | None) -> list[str]:
    """What is in the way of a release, a line each; without a tag, of having one version."""
    own = version(root)
    found = [
        f"{file} says {other}, and pyproject.toml {own}"
        for file, other in versions(root).items()
        if other != own
    ]
    if tag is None:
        return found
    if tag != f"v{own}":
        found.append(f"the tag is {tag}, and the version {own}")
    headings = [(it["version"], it["day"]) for it in _HEADING.finditer(changelog(root))]
    if not headings or headings[0][0] != own:
        found.append(f"the first heading of CHANGELOG.md has to be `## {own} (YYYY-MM-DD)`")
    elif headings[0][1] is None:
        found.append(f"the heading `## {own}` of CHANGELOG.md needs its day, `## {own} (YYYY-MM-DD)`")
    elif not notes(root):
        found.append(f"CHANGELOG.md says nothing about {own}")
    return found


def versions(root: Path) -> dict[str, str]:
    """What other files say that the version is."""
    code = (root / "src" / "cflint" / "__init__.py").read_text(encoding="utf-8")
    return {
        "src/cflint/__init__.py": "".join(re.findall(r'^__version__ = "(.+)"$', code, re.MULTILINE)),
        "editors/vscode/package.json": json.loads(
            (root / "editors" / "vscode" / "package.json").read_text(encoding="utf-8")
        )["version"],
        "editors/zed/extension.toml": tomllib.loads(
            (root / "editors" / "zed" / "extension.toml").read_text(encoding="utf-8")
        )["version"],
    }


def notes(root: Path) -> str:
    """The changelog's part below its first heading, without that."""
    text = changelog(root)
    headings = list(_HEADING.finditer(text))
    if not headings:
        return ""
    end = headings[1].start() if len(headings) > 1 else len(text)
    return text[headings[0].end() : end].strip()


def changelog(root: Path) -> str:
    return (root / "CHANGELOG.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
