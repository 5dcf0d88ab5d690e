"""How a run ends: the exit codes, and the expected errors."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes, the same in every output format."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    NO_PROJECT = 3
    INTERNAL = 4
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class Failure(Exception):
    """An expected error: one line for the user, maybe a line of advice, and the exit code."""

    def __init__(self, message: str, code: Exit = Exit.USAGE, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
