"""What makes inputs: atheris, guided by the coverage of cflint's own lines, or mutations without it.

Either way an input is written to a shared page before it runs, so that whoever watches the process has it
even when the process dies of it or never comes back.
"""

from __future__ import annotations

import hashlib
import importlib
import mmap
import pkgutil
import random
import re
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Protocol

from tests.fuzz.target import Broken, Slow, Target, files_below, kept

HEADER = struct.Struct("<QdQ")  # how many inputs have begun; when the last one did (0: it is done); its size
PAGE = 1 << 20

REAL_ENDINGS = (".ts", ".tsx", ".js", ".mjs", ".py", ".md", ".mdx", ".toml", ".json", ".jsonc", ".sql")


class Page:
    """The shared page: which input is being run, and since when."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), PAGE)

    @staticmethod
    def make(path: Path) -> None:
        path.write_bytes(bytes(PAGE))

    def begin(self, number: int, data: bytes) -> None:
        data = data[: PAGE - HEADER.size]
        self._map[HEADER.size : HEADER.size + len(data)] = data
        self._map[: HEADER.size] = HEADER.pack(number, time.time(), len(data))

    def end(self, number: int) -> None:
        self._map[: HEADER.size] = HEADER.pack(number, 0.0, 0)

    def read(self) -> tuple[int, float, bytes]:
        """How many inputs have begun, when the running one did (0: none runs), and its bytes."""
        number, since, size = HEADER.unpack(self._map[: HEADER.size])
        return number, since, bytes(self._map[HEADER.size : HEADER.size + size])


class Found(Protocol):
    """Takes an input that broke something, and how; whether to go on."""

    def __call__(self, data: bytes, error: BaseException) -> bool: ...


@dataclass
class Runner:
    """Runs inputs of one target, each under watch."""

    target: Target
    page: Page | None
    found: Found
    number: int = 0
    features: set[str] = field(default_factory=set)

    def run(self, data: bytes) -> bool:
        """Run one input; whether it brought a new feature. Raises SystemExit when the run is to end."""
        target = self.target
        data = data[: target.limit]
        self.number += 1
        if self.page is not None:
            self.page.begin(self.number, data)
        start = time.process_time()
        new: set[str] = set()
        try:
            new = set(target.check(data)) - self.features
            took = time.process_time() - start
            if took > target.seconds:
                raise Slow(f"{took:.1f} s of processor time; {target.seconds} s are allowed")
        except Exception as error:
            if not self.found(data, error):
                raise SystemExit(1) from error
        if self.page is not None:
            self.page.end(self.number)
        self.features |= new
        return bool(new)


def signature(error: BaseException) -> str:
    """What tells one fault from another: where it was raised, and what was said without its numbers."""
    said = re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "_", str(error))[:100]
    frames = [
        f"{Path(frame.filename).name}:{frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "cflint" in frame.filename
    ]
    place = "" if isinstance(error, Broken) else " ".join(frames[-2:])
    return f"{type(error).__name__} {place} {said}"


def digest(data: bytes) -> str:
    """A short name of an input."""
    return hashlib.sha256(data).hexdigest()[:12]


# -- seeds ---------------------------------------------------------------------------------------------


def starting(target: Target, real: Iterable[Path], chance: random.Random, most: int) -> list[bytes]:
    """What a run starts from: what is kept, and some of the target's seeds and of the real files."""
    first = [data for _, data in kept(target.name)]
    seeds = [seed for seed in target.seeds() if len(seed) <= target.limit]
    chance.shuffle(seeds)
    files = [
        wrapped
        for path, data in files_below(*real, endings=REAL_ENDINGS, most=target.limit)
        if (wrapped := target.wrap(path, data)) is not None
    ]
    chance.shuffle(files)
    return [*first, *seeds[:most], *files[:most]] or [b""]


# -- mutations -----------------------------------------------------------------------------------------


def mutations(
    pool: list[bytes], words: tuple[bytes, ...], limit: int, chance: random.Random
) -> Iterator[bytes]:
    """Inputs without end: each is one of the pool, changed in a few places. The pool may grow meanwhile."""
    changes: tuple[Callable[[bytes], bytes], ...] = (
        lambda data: _cut(data, chance),
        lambda data: _cut(data, chance),
        lambda data: _insert(data, chance.choice(words), chance),
        lambda data: _insert(data, chance.choice(words), chance),
        lambda data: _insert(data, chance.choice(words) * chance.choice((2, 3, 40)), chance),
        lambda data: _replace_word(data, chance.choice(words), chance),
        lambda data: _insert(data, bytes((chance.randrange(256),)), chance),
        lambda data: _insert(data, chance.choice(_ODD), chance),
        lambda data: _copy(data, data, chance),
        lambda data: _copy(data, chance.choice(pool), chance),
        lambda data: _lines(data, chance),
        lambda data: _lines(data, chance),
        lambda data: data[: chance.randrange(len(data) + 1)],
        lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    )
    while True:
        data = chance.choice(pool)
        for _ in range(min(1 + int(chance.expovariate(0.5)), 12)):
            data = chance.choice(changes)(data)[:limit]
        yield data


_ODD = (
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x00",
    b"\xed\xa0\x80",
    "\u2028".encode(),
    "\u202e".encode(),
    "é😀".encode(),
    b"\x1b[31m",
    b"\r",
    b"\x0c",
    b"\xc2\xa0",
    b"::error::",
    b"<!--",
    b"\\u{110000}",
)


def _place(data: bytes, chance: random.Random) -> int:
    return chance.randrange(len(data) + 1)


def _cut(data: bytes, chance: random.Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + data[at + chance.choice((1, 1, 2, 5, 20, 100)) :]


def _insert(data: bytes, new: bytes, chance: random.Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + new + data[at:]


def _replace_word(data: bytes, new: bytes, chance: random.Random) -> bytes:
    found = re.compile(rb"[\w$]+|[^\w\s]").search(data, _place(data, chance))
    return data if found is None else data[: found.start()] + new + data[found.end() :]


def _copy(data: bytes, other: bytes, chance: random.Random) -> bytes:
    start = _place(other, chance)
    return _insert(data, other[start : start + chance.choice((3, 10, 40, 200))], chance)


def _lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, lines[at])
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case _:
            lines[at : at + 2] = [b" ".join(lines[at : at + 2])]
    return b"\n".join(lines)


def mutate(
    runner: Runner, seeds: list[bytes], seed: int, *, seconds: float | None = None, runs: int | None = None
) -> None:
    """Run every seed, then mutations of them, for a time or a number of runs. What they are depends on the
    seed alone."""
    chance = random.Random(seed)
    pool = list(seeds)
    deadline = None if seconds is None else time.monotonic() + seconds

    def over() -> bool:
        late = deadline is not None and time.monotonic() > deadline
        return late or (runs is not None and runner.number >= runs)

    for data in seeds:
        if over():
            return
        runner.run(data)
    for data in mutations(pool, runner.target.words, runner.target.limit, chance):
        if over():
            return
        if runner.run(data) and len(pool) < 5000:
            pool.append(data)


# -- atheris -------------------------------------------------------------------------------------------


def load_atheris() -> ModuleType | None:
    """The module, where it is installed."""
    try:
        return importlib.import_module("atheris")
    except ImportError:
        return None


def instrument(atheris: ModuleType, names: Iterable[str]) -> None:
    """Load modules, and those below them, so that their lines are counted. Nothing may have loaded them."""
    with atheris.instrument_imports(include=list(names), enable_loader_override=False):
        for name in names:
            package = importlib.import_module(name)
            for found in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{name}."):
                if not found.name.startswith(("cflint.lsp", "cflint.__main__", "cflint.cli")):
                    importlib.import_module(found.name)


def guided(
    atheris: ModuleType,
    runner: Runner,
    seeds: list[bytes],
    seed: int,
    folder: Path,
    *,
    seconds: float | None = None,
    runs: int | None = None,
) -> None:
    """Let libFuzzer make the inputs. It ends the process."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds:
        (corpus / digest(data)).write_bytes(data)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in runner.target.words))
    arguments = [
        sys.argv[0],
        str(corpus),
        f"-dict={words}",
        f"-max_len={runner.target.limit}",
        f"-artifact_prefix={folder}/",
        f"-seed={seed + 1}",
        "-print_final_stats=1",
        "-timeout=600",
        "-rss_limit_mb=3000",
        "-reload=0",
    ]
    if seconds is not None:
        arguments.append(f"-max_total_time={max(1, round(seconds))}")
    if runs is not None:
        arguments.append(f"-runs={runs}")
    atheris.Setup(arguments, runner.run)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word
    )


# -- what was found ------------------------------------------------------------------------------------


def minimised(target: Target, data: bytes, seconds: float = 20.0) -> bytes:
    """A smaller input with the same fault, as small as the time allows."""
    wanted = fault(target, data)
    if wanted is None:
        return data
    deadline = time.monotonic() + seconds
    size = max(1, len(data) // 2)
    while size:
        at = 0
        while at < len(data):
            if time.monotonic() > deadline:
                return data
            smaller = data[:at] + data[at + size :]
            if fault(target, smaller) == wanted:
                data = smaller
            else:
                at += size
        size //= 2
    return data


def fault(target: Target, data: bytes) -> str | None:
    """The signature of what an input breaks, or None."""
    start = time.process_time()
    try:
        target.check(data[: target.limit])
    except Exception as error:
        return signature(error)
    return "Slow" if time.process_time() - start > target.seconds else None
