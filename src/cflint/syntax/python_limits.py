"""Python that no parser is trusted with: how deep code is, found before anything parses it.

libcst is recursive, in Rust: it ends the process where code is too deep, takes time that doubles with each
bracket of a pattern after `case`, and cannot be interrupted. So the depth is measured first. What is deeper
than people write, and not so deep that it is refused, is parsed in a child process before it is parsed here.

Imported where used: what parses, and what a child process needs, in the child.
"""

from __future__ import annotations

import os
import re
import select
import signal
import warnings
from contextlib import suppress
from functools import lru_cache

from cflint.pattern import pattern
from cflint.record import field, record

MAX_BRACKETS = 200
"""Python itself reads no more brackets inside each other."""

MAX_CHAIN = 500
"""Operators, calls or members in one expression; libcst is quadratic in them, and crashes on many more."""

MAX_DEPTH = 1000
"""Brackets and operators, all of an expression together."""

MAX_PATTERNS = 200_000
"""Four to the power of the brackets inside each other, for each `case`: some 0.4 s of libcst."""

_COMMON_BRACKETS, _COMMON_CHAIN, _COMMON_PATTERNS = 25, 100, 20_000
"""What is not tried in a child process."""

TRIAL_SECONDS = 1
"""Processor time for a trial: so long, at most, a signal waits for the parser."""

_WAIT_SECONDS = 10.0
"""A child that has done nothing for so long, by the clock, is given up."""


@record(frozen=True)
class Refusal:
    """Why code is not parsed, and where, in code points."""

    offset: int
    reason: str


@lru_cache(8)
def refusal(text: str) -> Refusal | None:
    """Why a text must not be parsed in this process; None when it may be."""
    depth = _Depth()
    place = depth.measure(text)
    if place is not None:
        return Refusal(place, "nested too deeply to be analysed")
    if depth.is_common or not _can_fork():
        return None
    return _tried(text)


def _can_fork() -> bool:
    return hasattr(os, "fork") and not os.environ.get("CFLINT_NO_FORK")


# -- depth -----------------------------------------------------------------------------------------------

_STRING = (
    r"(?P<string>[rRbBuUfFtT]{0,3}(?:'''(?:[^\\']|\\.|'(?!''))*+(?:'''|\Z)"
    r"|\"\"\"(?:[^\\\"]|\\.|\"(?!\"\"))*+(?:\"\"\"|\Z)"
    r"|'(?:[^\\'\n]|\\.)*+(?:'|$)|\"(?:[^\\\"\n]|\\.)*+(?:\"|$)))"
)
_CHAIN = r"(?P<chain>[-+*/%@&|^~.<>=]+|\b(?:not|if|else|await|elif|and|or|in|is|case)\b)"
_LEXEME = pattern(
    r"\#[^\n]*|\\\r?\n|" + _STRING + r"|(?P<open>[\[({])|(?P<close>[\])}])"
    r"|(?P<new>\n(?P<indent>[ \t]*)(?![ \t]*[\#\r\n])|;)|(?P<comma>,)|(?P<lambda>\blambda\b)|" + _CHAIN,
    re.DOTALL | re.MULTILINE,
)
_FIELD_LEXEME = pattern(
    r"(?P<open>[\[({])|(?P<close>[\])}])|(?P<comma>,)|(?P<lambda>\blambda\b)"
    r"|(?P<chain>[-+*/%@&|^~.<>]+|\b(?:not|if|else|await)\b)"
)
_FORMATTED = pattern(r"[rRbBuU]?[fFtT]")
_MATCH = pattern(r"(?:case|match)\b")
_ELIF = pattern(r"elif\b")


@record
class _Depth:
    """How deep what was read so far is, at most."""

    brackets: int = 0
    chain: int = 0
    patterns: int = 0
    _chains: list[int] = field(default_factory=lambda: [0])  # one number for each bracket that is open
    _lambdas: list[int] = field(default_factory=lambda: [0])
    _whole: int = 0  # the sum of both
    _elifs: dict[int, int] = field(default_factory=dict)  # by their indentation, in characters
    _case: int = 0  # the brackets of this line, if it is a `case`; -1 if not

    @property
    def is_common(self) -> bool:
        """Whether people write code so deep."""
        return (
            self.brackets <= _COMMON_BRACKETS
            and self.chain <= _COMMON_CHAIN
            and self.patterns <= _COMMON_PATTERNS
        )

    def measure(self, text: str) -> int | None:
        """Where a text is deeper than libcst and Python can take, in code points; None when it nowhere is."""
        self._begin_line(text, 0, len(text) - len(text.lstrip(" \t")))
        for found in _LEXEME.finditer(text):
            kind = found.lastgroup
            if found.start("new") >= 0:
                if len(self._chains) == 1:
                    indent = found.group("indent")
                    self._begin_line(text, found.end(), None if indent is None else len(indent))
            elif kind == "string":
                self._add(1)
                if _FORMATTED.match(found.group()) and _fields_too_deep(found.group()):
                    return found.start()
            elif kind is not None:
                self._count(found, kind)
            if self._is_too_deep():
                return found.start()
        return None

    def _begin_line(self, text: str, at: int, indent: int | None) -> None:
        """A logical line begins, with so much indentation (None after a `;`)."""
        self._chains, self._lambdas, self._whole = [0], [0], 0
        self._case = 0 if _MATCH.match(text, at) else -1
        if indent is None:
            return
        before = self._elifs.get(indent, 0)
        for deeper in [other for other in self._elifs if other >= indent]:
            del self._elifs[deeper]
        if _ELIF.match(text, at):
            self._elifs[indent] = before + 1
            self.chain = max(self.chain, before + 1)

    def _add(self, number: int) -> None:
        self._chains[-1] += number
        self._whole += number
        self.chain = max(self.chain, self._chains[-1])

    def _count(self, found: re.Match[str], kind: str) -> None:
        if kind == "open":
            self._add(1)
            self._chains.append(0)
            self._lambdas.append(0)
            self.brackets = max(self.brackets, len(self._chains) - 1)
            if self._case >= 0 and len(self._chains) - 1 > self._case:
                self._case = len(self._chains) - 1
                self.patterns += 3 * 4 ** min(self._case - 1, 30)
        elif kind == "close" and len(self._chains) > 1:
            self._whole -= self._chains.pop() + self._lambdas.pop()
        elif kind == "comma":
            self._whole -= self._chains[-1]
            self._chains[-1] = 0
        elif kind == "lambda":
            self._lambdas[-1] += 1  # a comma may be one of its parameters
            self._whole += 1
            self.chain = max(self.chain, self._lambdas[-1])
        elif kind == "chain":
            word = found.group()
            self._add(1 if word[0].isalpha() or word[0] == "=" else len(word))

    def _is_too_deep(self) -> bool:
        return (
            len(self._chains) > MAX_BRACKETS
            or self._whole > MAX_DEPTH
            or self.chain > MAX_CHAIN
            or self.patterns > MAX_PATTERNS
        )


def _fields_too_deep(text: str) -> bool:
    """Whether an f-string has such an expression in it (what is quoted there is taken for code)."""
    depth = _Depth()
    for found in _FIELD_LEXEME.finditer(text.replace("{{", "").replace("}}", "")):
        kind = found.lastgroup or ""
        inside = len(depth._chains) > 1
        if kind in ("open", "close") or inside:
            depth._count(found, kind)
        if len(depth._chains) == 1:
            depth._chains, depth._lambdas, depth._whole = [0], [0], 0
        elif depth._is_too_deep():
            return True
    return False


# -- a trial ---------------------------------------------------------------------------------------------


def _tried(text: str) -> Refusal | None:
    """Parse a text in a child process: why it must not be parsed here, if that did not end well."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that other threads do not come along
        process = os.fork()
    if not process:
        try:
            _try(text)
        finally:
            os._exit(0)
    os.close(writing)
    status: int | None = None
    try:
        if select.select([reading], [], [], _WAIT_SECONDS)[0]:
            _, status = os.waitpid(process, 0)
    finally:
        os.close(reading)
        if status is None:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    if status == 0:
        return None
    if status is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in _OUT_OF_TIME):
        return Refusal(0, "takes too long to parse")
    return Refusal(0, "nested too deeply to be analysed: the parser crashes")


_OUT_OF_TIME = (getattr(signal, "SIGXCPU", 24), signal.SIGKILL if hasattr(signal, "SIGKILL") else 9)


def _try(text: str) -> None:
    """In the child: parse. What is raised is raised again, and caught, where it is parsed for good."""
    import ast
    import resource

    import libcst

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(spent.ru_utime + spent.ru_stime) + TRIAL_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
    warnings.simplefilter("ignore")
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        ast.parse(text)
    libcst.parse_module(text)
