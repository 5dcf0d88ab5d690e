"""What is fuzzed: a target is a check of any bytes, the seeds that it starts from, and its bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

Features = Iterable[str]
"""What an input made the product do: an engine without coverage keeps inputs that bring new ones."""


class Broken(AssertionError):
    """An invariant does not hold."""


class Slow(Broken):
    """An input took longer than the target allows."""


@dataclass(frozen=True)
class Target:
    """One thing to fuzz.

    `check` takes any bytes, raises when something is wrong and returns features; `seeds` yields what to start
    from; `wrap` makes a seed of a real file (None: of no use); `words` are tokens to insert; `limit` is the
    most bytes of an input; `seconds` the processor time that one input may take; `modules` are the packages
    and modules whose coverage guides.
    """

    name: str
    check: Callable[[bytes], Features]
    seeds: Callable[[], Iterator[bytes]]
    wrap: Callable[[str, bytes], bytes | None]
    words: tuple[bytes, ...]
    limit: int = 4096
    seconds: float = 2.0
    modules: tuple[str, ...] = ("cflint.syntax",)


def ensure(holds: object, message: str) -> None:
    """Raise when an invariant does not hold."""
    if not holds:
        raise Broken(message)


def kept(name: str) -> Iterator[tuple[Path, bytes]]:
    """The committed inputs of a target: seeds of its own, and what once broke something."""
    for kind in ("corpus", "regressions"):
        for path in sorted((FOLDER / kind / name).glob("*")):
            yield path, path.read_bytes()


def files_below(
    *folders: Path, endings: tuple[str, ...], most: int = 1_000_000
) -> Iterator[tuple[str, bytes]]:
    """The files below folders whose names end so, of at most so many bytes, as path and bytes."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if not path.name.endswith(endings) or "node_modules" in path.parts:
                continue
            if path.is_file() and path.stat().st_size <= most:
                yield path.relative_to(folder).as_posix(), path.read_bytes()


def words_of(text: str) -> tuple[bytes, ...]:
    """Tokens from a text that separates them by blanks; `\\n` and `\\t` are a line end and a tab."""
    return tuple(word.replace("\\n", "\n").replace("\\t", "\t").encode() for word in text.split(" ") if word)


_HEADER = re.compile(rb"^-- ([^\n]{1,200}) --$\n?", re.MULTILINE)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Files as one text: `-- path --` on a line of its own, then the file, which ends before the next."""
    return b"".join(
        b"-- %s --\n%s%s" % (path.encode(), data, b"" if data.endswith(b"\n") or not data else b"\n")
        for path, data in files.items()
    )


def unpack(data: bytes) -> dict[str, bytes]:
    """The files of a packed text; what stands before the first header is no file."""
    parts = _HEADER.split(data)
    return {
        path.decode("utf-8", "surrogateescape"): content
        for path, content in zip(parts[1::2], parts[2::2], strict=True)
    }
