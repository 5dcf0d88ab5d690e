"""Patterns of a .gitignore, as git reads them, in linear time.

A walk asks for every folder on its way down and does not enter what is ignored, so a pattern is asked only
about the entry itself. Most patterns are plain names or endings and need no regular expression, which
makes thousands of them cheap; the others cannot backtrack beyond one star.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache

from cflint.record import record

_SPECIAL = frozenset("*?[\\")
_POSIX_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r"\ \t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


@record(frozen=True)
class _Rule:
    """A pattern without its marks; `whole`: it is about the path, not the name."""

    index: int
    pattern: str
    takes_back: bool
    folders_only: bool
    whole: bool

    @cached_property
    def source(self) -> str | None:
        """The pattern as a regular expression; None when it is broken and so matches nothing."""
        return _path(self.pattern) if self.whole else _segment(self.pattern)

    @cached_property
    def regex(self) -> re.Pattern[str] | None:
        try:
            return None if self.source is None else re.compile(self.source, re.ASCII)
        except re.error:
            return None


Matcher = Callable[[str], object]
"""Gives None for a text that does not match."""


def _any_of(sources: Iterable[str | None]) -> Matcher:
    """What matches all that one of some regular expressions matches."""
    known = [f"(?:{source})" for source in sources if source is not None]
    if not known:
        return lambda text: None
    try:
        return re.compile("|".join(known), re.ASCII).fullmatch
    except (re.error, RecursionError, OverflowError):
        return lambda text: text


class _Patterns:
    """The patterns of an ignore file, wherever it lies."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules: list[_Rule] = []
        self._names: dict[str, list[_Rule]] = {}
        self._endings: dict[str, list[_Rule]] = {}
        self._paths: dict[str, list[_Rule]] = {}
        self._globs: list[_Rule] = []
        self._any_glob: tuple[Matcher, Matcher] | None = None
        for line in lines:
            rule = _parse(line, len(self._rules))
            if rule is not None:
                self._rules.append(rule)
                self._add(rule)
        self._globs.reverse()

    def __bool__(self) -> bool:
        return bool(self._rules)

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """What `Ignore.verdict` says, of a path below the file's folder, without a `/` at its end."""
        relative = _as_bytes(path)
        name = relative.rpartition("/")[2]
        last: _Rule | None = None
        candidates = [self._names.get(name), self._paths.get(relative)]
        if self._endings:
            dot = name.find(".")
            while dot != -1:
                candidates.append(self._endings.get(name[dot:]))
                dot = name.find(".", dot + 1)
        for rules in candidates:
            for rule in rules or ():
                if (is_folder or not rule.folders_only) and (last is None or rule.index > last.index):
                    last = rule
        if self._globs and self._may_match_glob(relative, name):
            for rule in self._globs:
                if last is not None and rule.index < last.index:
                    break
                if is_folder or not rule.folders_only:
                    regex = rule.regex
                    if regex is not None and regex.fullmatch(relative if rule.whole else name):
                        last = rule
                        break
        return None if last is None else not last.takes_back

    def _may_match_glob(self, relative: str, name: str) -> bool:
        """Whether one of the patterns that are regular expressions matches: few names do, and to ask all at
        once costs no more than to ask one."""
        if self._any_glob is None:
            self._any_glob = (
                _any_of(rule.source for rule in self._globs if rule.whole),
                _any_of(rule.source for rule in self._globs if not rule.whole),
            )
        of_paths, of_names = self._any_glob
        return of_names(name) is not None or of_paths(relative) is not None

    def _add(self, rule: _Rule) -> None:
        pattern = rule.pattern
        if _SPECIAL.isdisjoint(pattern):
            (self._paths if rule.whole else self._names).setdefault(pattern, []).append(rule)
        elif not rule.whole and pattern.startswith("*.") and _SPECIAL.isdisjoint(pattern[1:]):
            self._endings.setdefault(pattern[1:], []).append(rule)
        else:
            self._globs.append(rule)


@lru_cache(maxsize=256)
def _patterns(lines: tuple[str, ...]) -> _Patterns:
    """The patterns in some lines: in a monorepo that was made of templates many files have the same."""
    return _Patterns(lines)


class Ignore:
    """The patterns of one ignore file, relative to its folder (a path of the workspace)."""

    def __init__(self, folder: str, lines: Iterable[str]) -> None:
        self._skip = len(folder) + 1 if folder else 0
        self._patterns = _patterns(tuple(lines))

    def __bool__(self) -> bool:
        """Whether there is any pattern."""
        return bool(self._patterns)

    def verdict(self, path: str) -> bool | None:
        """Whether a file, or a folder whose path ends in `/`, is ignored (False: taken back from that).

        None when no pattern speaks of it. The path is the workspace's, below the ignore file's folder.
        """
        is_folder = path.endswith("/")
        return self._patterns.verdict(path[self._skip : -1] if is_folder else path[self._skip :], is_folder)

    def covers(self, path: str) -> bool:
        """Whether a file, or a folder whose path ends in `/`, is ignored, itself or by a folder above it.

        For paths that no walk has led to.
        """
        if not self._patterns or len(path) <= self._skip:
            return False
        at = path.find("/", self._skip)
        while at not in (-1, len(path) - 1):
            if self.verdict(path[: at + 1]):
                return True
            at = path.find("/", at + 1)
        return bool(self.verdict(path))


def _as_bytes(text: str) -> str:
    """A text with a letter for each of its bytes, which is what git compares: `?` is one byte of an `é`."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:  # half of a pair of surrogates, as Windows has them in names
        return text.encode("utf-8", "surrogatepass").decode("latin-1")


def _parse(line: str, index: int) -> _Rule | None:
    pattern = _as_bytes(line.removesuffix("\r"))
    bare = pattern.rstrip(" ")
    if bare != pattern:
        backslashes = len(bare) - len(bare.rstrip("\\"))
        pattern = bare + " " if backslashes % 2 else bare
    if not pattern or pattern.startswith("#"):
        return None
    takes_back = pattern.startswith("!")
    pattern = pattern.removeprefix("!")
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    whole = "/" in pattern
    pattern = pattern.removeprefix("/")
    return _Rule(index, pattern, takes_back, folders_only, whole) if pattern else None


def _path(pattern: str) -> str | None:
    """The regular expression of a pattern for paths; None when it is broken and so matches nothing."""
    groups: list[list[str]] = [[]]  # the segments between one `**` and the next
    for segment, is_escaped in _segments(pattern):
        if len(segment) > 1 and not segment.strip("*"):  # `**`; more stars are no more to git
            groups.append(["[^/]+"] if is_escaped else [])  # `**\/` is never nothing
            continue
        translated = _segment(segment)
        if translated is None:
            return None
        groups[-1].append(translated)
    first, *others = groups
    if not others:
        return "/".join(first)
    parts = ["/".join(first) + "/"] if first else []
    for group in others[:-1]:
        if group:  # the first place where it fits is as good as any other: no way back
            parts.append("(?>(?:[^/]+/)*?" + "/".join(group) + "/)")
    last = others[-1]
    parts.append("(?:[^/]+/)*" + "/".join(last) if last else "(?s:.+)")
    return "".join(parts)


def _segments(pattern: str) -> Iterator[tuple[str, bool]]:
    """The parts of a pattern between its slashes, of which those in a bracket expression are none; and
    whether the slash after it has a backslash."""
    if "[" not in pattern and "\\" not in pattern:
        yield from ((segment, False) for segment in pattern.split("/"))
        return
    start = at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "[":
            _, at = _class(pattern, at + 1)
            continue
        escaped = letter == "\\"
        if pattern[at + escaped : at + escaped + 1] == "/":
            yield pattern[start:at], escaped
            start = at + escaped + 1
        at += escaped + 1
    yield pattern[start:], False


def _segment(segment: str) -> str | None:
    """The same of a glob without slashes."""
    pieces = [""]
    at = 0
    while at < len(segment):
        letter = segment[at]
        at += 1
        if letter == "*":
            pieces.append("")
            while at < len(segment) and segment[at] == "*":
                at += 1
        elif letter == "?":
            pieces[-1] += "[^/]"
        elif letter == "[":
            translated, at = _class(segment, at)
            if translated is None:
                return None
            pieces[-1] += translated
        elif letter == "\\":
            if at == len(segment):
                return None
            pieces[-1] += re.escape(segment[at])
            at += 1
        else:
            pieces[-1] += re.escape(letter)
    first, *others = pieces
    if not others:
        return first
    middle = "".join(f"(?>[^/]*?{piece})" for piece in others[:-1])
    return f"{first}{middle}[^/]*{others[-1]}"


def _class(segment: str, at: int) -> tuple[str | None, int]:
    """A bracket expression that begins after its `[`, and where it ends. None when it has no end."""
    body = ""
    negated = segment[at : at + 1] in ("!", "^")
    at += negated
    start = at
    before = ""  # the letter from which a range may go
    while at < len(segment):
        letter = segment[at]
        if letter == "]" and at > start:
            inside = f"[{'^' if negated else ''}{body}]" if body else "[^/]" if negated else "(?!)"
            return f"(?!/){inside}", at + 1
        if letter == "-" and before and segment[at + 1 : at + 2] not in ("", "]"):
            at += 1 + (segment[at + 1] == "\\")
            last = segment[at : at + 1]
            if before <= last:  # git takes a range that goes backwards for nothing
                body += f"{re.escape(before)}-{re.escape(last)}"
            before = ""
        elif segment.startswith("[:", at) and (end := segment.find("]", at + 2)) != -1:
            if segment[end - 1] != ":" or end - 1 < at + 2:
                body += r"\["
                before = "["
            else:
                members = _POSIX_CLASSES.get(segment[at + 2 : end - 1])
                if members is None:
                    return None, at
                body += members
                before = ""
                at = end
        else:
            at += letter == "\\"
            before = segment[at : at + 1]
            body += re.escape(before)
        at += 1
    return None, at
