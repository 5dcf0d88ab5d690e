"""Processes of the system."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

SEVERAL = """\
import os, sys
from cflint.cli import run

commands = [[]]
for argument in sys.argv[1:]:
    if argument:
        commands[-1].append(argument)
    else:
        commands.append([])
for command in commands:
    code = run(command)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.write(1, b"\\0%d\\0" % code)
    os.write(2, b"\\0")
"""
"""Runs several commands, parted by empty arguments."""


def one_by_one(
    folder: Path, env: Mapping[str, str], *commands: tuple[str | bytes, ...], before: str = ""
) -> list[tuple[int, bytes, bytes]]:
    """Run commands of cflint in a folder, in one process, since a locale is settled when Python starts, and
    only then: the exit code of each, what it printed and what it said on stderr. `before` is run first."""
    given: list[str | bytes] = [argument for command in commands for argument in ("", *command)]
    result = subprocess.run(
        [sys.executable, "-c", before + SEVERAL, *given[1:]],
        cwd=folder,
        env=env,
        capture_output=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    *printed, rest = result.stdout.split(b"\0")
    *said, last = result.stderr.split(b"\0")
    assert (rest, last) == (b"", b"")
    ended = list(zip(map(int, printed[1::2]), printed[::2], said, strict=True))
    assert len(ended) == len(commands)
    return ended


def alive(pid: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
