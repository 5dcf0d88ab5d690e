"""Repositories that git itself made, for tests of what reads them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the repositories")

_ENVIRONMENT = {
    **{f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "protocol.file.allow",
    "GIT_CONFIG_VALUE_0": "always",
}


class GitRepository:
    """A repository in a folder, made by git."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self("init", "-q", "-b", "main", *options)

    def __call__(self, *words: str) -> str:
        """Run git; what it prints."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.root,
            env={**os.environ, **_ENVIRONMENT},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def write(self, files: dict[str, str | None]) -> None:
        """Write files; those of None are deleted."""
        for name, text in files.items():
            path = self.root / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, newline="")

    def commit(self, files: dict[str, str | None]) -> str:
        """Write files and commit all there is; the commit's id."""
        self.write(files)
        self("add", "--all")
        self("commit", "-q", "--allow-empty", "-m", "a commit")
        return self("rev-parse", "HEAD")
