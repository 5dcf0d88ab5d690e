"""What docs/security.md promises, held against the interpreter's audit events on a hostile repository."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

import cflint
import cflint_rules
from cflint.project.files.workspace import Unreadable, Workspace, find_root
from cflint.report import FORMATS
from tests.support import lsp_client, security_watch
from tests.support.cli_samples import Cli
from tests.support.git import GitRepository, needs_git
from tests.support.lsp_client import serving
from tests.support.paths import ROOT
from tests.support.rule_index import put_index
from tests.support.security_project import CANARY, CODE, OWNED, write_hostile

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

SOURCES = (Path(cflint.__file__).parent, Path(cflint_rules.__file__).parent)

PARSED = "<unknown>"
"""What `ast.parse` calls the texts that it is given."""

Event = list[Any]
"""Process id, name and arguments of an audit event."""

READING = ("open", "os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.glob/2", "mmap.__new__")
CHANGING = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.utime",
    "os.setxattr",
    "os.removexattr",
    "shutil.",
    "tempfile.",
)
PAGE = ROOT / "docs/security.md"


def _never() -> tuple[str, ...]:
    """The events in the page's first table."""
    table = PAGE.read_text().split("| cflint never … |")[1].split("\n\n")[0]
    cells = [row.split("|")[2] for row in table.splitlines()[2:]]
    return tuple(re.findall(r"`([\w.]+)`", " ".join(cells)))


NEVER = _never()
"""Events that no command causes, by the beginning of their names; sockets but for `_is_own_wakeup`."""


class Watched:
    """One run: what it printed and what it did."""

    def __init__(self, events: list[Event], home: Path, repository: Path) -> None:
        self.events = events
        self.cache = home / "cache"
        self.repository = repository
        self.processes = {event[0] for event in events}

    def of(self, *names: str) -> Iterator[Event]:
        """The events whose name begins so."""
        return (event for event in self.events if event[1].startswith(names))

    def paths(self, *names: str) -> Iterator[tuple[Path, Event]]:
        """The files and folders of events, absolute; those that are given as open files are left out, and so
        is an event that is like an earlier one."""
        for event in {tuple(event[1:]): event for event in self.of(*names)}.values():
            path = event[2]
            if isinstance(path, int) or path is None or str(path).isdecimal():
                continue
            yield Path(os.path.normpath(self.repository / path)), event


def _environment(home: Path, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "CFLINT_TODAY")}
    paths = os.pathsep.join(str(source.parent) for source in SOURCES)
    cache = {"CFLINT_CACHE_DIR": str(home / "cache"), "HOME": str(home)}
    return {**kept, **cache, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **more}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    put_index(tmp_path / "home" / "cache")
    return write_hostile(tmp_path.resolve())


def watched(repository: Path, *arguments: str, fork: bool = False, codes: tuple[int, ...] = (1,)) -> Watched:
    """Run cflint in the repository and watch it."""
    return watched_one_by_one(repository, arguments, fork=fork, codes=codes)


def watched_one_by_one(
    repository: Path, *commands: tuple[str, ...], fork: bool = False, codes: tuple[int, ...] = (1,)
) -> Watched:
    """Run commands in the repository, in one process, and watch them: what any of them loads is seen."""
    home = repository.parent / "home"
    log = repository.parent / "log"
    log.unlink(missing_ok=True)
    process = subprocess.run(
        [sys.executable, security_watch.__file__, log, *security_watch.packed(commands)],
        cwd=repository,
        env=_environment(home, **({"CFLINT_WATCH_FORK": "1"} if fork else {})),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode in codes, process.stdout + process.stderr
    assert CANARY not in process.stdout + process.stderr
    assert "hunter2secret" not in process.stdout + process.stderr
    run = Watched([json.loads(line) for line in log.read_text().splitlines()], home, repository)
    ended = [event[2] for event in run.of(security_watch.ENDED)]
    assert len(ended) == len(commands) - 1 and set(ended) <= set(codes), ended
    return run


def _contents(folder: Path) -> Mapping[str, bytes | str]:
    """All files below a folder, links as their targets."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@contextmanager
def unchanged(*folders: Path) -> Iterator[None]:
    """Nothing below the folders may change."""
    before = [_contents(folder) for folder in folders]
    yield
    assert [_contents(folder) for folder in folders] == before


def assert_tame(
    run: Watched,
    *,
    may_write: bool = False,
    forks: bool = False,
    server: bool = False,
    draws: bool = False,
) -> None:
    """Hold a run to what the page promises."""
    assert [event for event in run.of(*NEVER) if not _is_own_wakeup(event, server)] == []
    assert bool(list(run.of("os.fork"))) == forks
    assert len(run.processes) > 1 if forks else len(run.processes) == 1

    paths = {
        *map(Path, sysconfig.get_paths().values()),
        *SOURCES,
        *(path for path in map(Path, sys.path) if path != ROOT),
        Path(sys.base_prefix),
    }
    own = {path.resolve() for path in paths if path.is_absolute() and len(path.parts) > 2} | set(paths)
    machine = {Path(os.devnull), Path("/dev/urandom"), Path("/etc/localtime"), Path("/usr/share/zoneinfo")}
    places = {run.repository, run.cache, *own, *machine}
    for path, event in dict(run.paths(*READING)).items():  # one event for each path is enough
        if draws and _is_passing(path):
            continue
        assert not places.isdisjoint((path, *path.parents)), event
        real = Path(os.path.realpath(path))
        assert run.repository.parent / "outside" not in (real, *real.parents), event

    writable = [run.cache, *([run.repository] if may_write else [])]
    for path, event in run.paths(*CHANGING):
        if draws and _is_passing(path):
            continue
        assert any(path == place or place in path.parents for place in writable), event
    for path, event in run.paths("open"):
        if _writes(event) and not (draws and _is_passing(path)):
            assert path == Path(os.devnull) or any(place in path.parents for place in writable), event

    assert not any(event[2] == PARSED for event in run.of("exec"))
    for event in run.of("compile", "exec", "import"):
        if event[1] == "compile" and event[3] == PARSED:
            continue  # `ast.parse` makes a tree of a text, and nothing that could be run
        assert CANARY not in str(event) and OWNED not in str(event), event
        for argument in event[2:4]:
            assert not str(argument).startswith(str(run.repository)), event
    for event in run.of("pickle.find_class"):
        assert forks and event[2].split(".")[0] in ("cflint", "builtins", "collections", "pathlib"), event
    assert not list(run.repository.parent.rglob(OWNED))


def _is_passing(path: Path) -> bool:
    """Whether this is the temporary file, gone by now, through which pygraphviz hands on a drawing."""
    folder = Path(tempfile.gettempdir())
    return path == folder or (
        path.parent == folder and not path.exists()
    )  # of the folder: one without a name


def _writes(event: Event) -> bool:
    mode, flags = event[3], event[4]
    if isinstance(mode, str) and set(mode) & set("wax+"):
        return True
    return bool((flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _is_own_wakeup(event: Event, server: bool) -> bool:
    """asyncio's pair of sockets, of one process with itself, by which it wakes up its loop."""
    return server and event[1] == "socket.__new__" and event[3] == 1  # AF_UNIX


def test_the_page_names_events() -> None:
    assert len(NEVER) > 25 and {"subprocess.Popen", "os.system", "os.posix_spawn", "socket.", "ctypes."} <= {
        *NEVER
    }


# -- history -----------------------------------------------------------------------------------------


@needs_git
@pytest.mark.parametrize("arguments", [["check", "--changed-since", "HEAD"], ["diff", "HEAD"]])
def test_history_is_read_and_nothing_else(repository: Path, arguments: list[str]) -> None:
    shutil.rmtree(repository / ".git")
    made = GitRepository(repository)
    made("add", "--all")
    made("commit", "-q", "-m", "a commit")
    with (repository / ".git" / "config").open("a") as config:
        config.write(f"[include]\n\tpath = {repository.parent / 'outside' / 'config'}\n")
        config.write("[core]\n\thooksPath = .\n\tfsmonitor = touch owned\n")
    with unchanged(repository):
        assert_tame(watched(repository, *arguments, "--isolated", codes=(0, 1)))


# -- the command line --------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_check(repository: Path, jobs: str) -> None:
    for number in range(12):  # work for two
        text = CODE + "// a long line of words that have to be read\n" * 20
        (repository / f"good/src/more{number}.ts").write_text(text)
    with unchanged(repository, repository.parent / "outside"):
        forks = jobs != "1"
        if not forks:  # the first time all rules are imported
            shutil.rmtree(repository.parent / "home" / "cache")
        check = ("check", "-j", jobs, "--select", "all", "-v", ".", "README.md")
        run = watched_one_by_one(repository, check, check, fork=forks)  # the second time out of the cache
        assert_tame(run, forks=forks)
        assert any(path.name == "index.ts" for path, _ in run.paths("open"))


def test_check_in_every_format(repository: Path) -> None:
    check = ("check", "-j1", "--no-cache", "--output-format")
    with unchanged(repository, repository.parent / "outside"):
        run = watched_one_by_one(repository, *((*check, form) for form in FORMATS if form != "html"))
        assert_tame(run)
        assert_tame(watched(repository, *check, "html"), draws=True)


def test_check_of_a_file_below_hostile_settings(repository: Path) -> None:
    outside = repository.parent / "outside"
    for text in ('extends = "../outside/cflint.toml"\n', 'extends = "/etc/passwd"\n'):
        (repository / "cflint.toml").write_text(text)
        with unchanged(repository, outside):
            assert_tame(watched(repository, "check", codes=(2,)))
    (repository / "cflint.toml").unlink()
    (repository / "cflint.toml").symlink_to(outside / "cflint.toml")
    with unchanged(repository, outside):
        assert_tame(watched(repository, "check", codes=(2,)))


@pytest.mark.parametrize("arguments", [("--fix",), ("--fix", "--unsafe-fixes", "--select", "all")])
def test_fix(repository: Path, arguments: tuple[str, ...]) -> None:
    with unchanged(repository.parent / "outside"):
        before = _contents(repository)
        run = watched(repository, "check", *arguments, codes=(0, 1))
        assert_tame(run, may_write=True)
        after = _contents(repository)
    changed = {path for path in after.keys() | before.keys() if after.get(path) != before.get(path)}
    assert changed and changed <= {
        "good/src/index.ts",
        "good/wrangler.jsonc",
        "README.md",
        "python/entry.py",
    } | {f"{folder}/wrangler.toml" for folder in ("up", "absolute", "python")}


OTHERS: tuple[tuple[str, ...], ...] = (
    ("check", "--diff", "--unsafe-fixes"),
    ("check", "--profile"),
    ("check", "--statistics"),
    ("check", "--show-settings"),
    ("check", "good/.dev.vars", "folder/index.ts"),
    ("rules",),
    ("explain", "ws-legacy-accept"),
)


def test_other_commands(repository: Path) -> None:
    with unchanged(repository, repository.parent / "outside"):
        assert_tame(watched_one_by_one(repository, *OTHERS, codes=(0, 1, 2, 3)))


@pytest.mark.parametrize(
    ("start", "path"),
    [("repository", "folder"), ("repository", "folder/index.ts"), (".", "repository/folder/index.ts")],
)
def test_a_link_that_is_named_does_not_widen_the_root(repository: Path, start: str, path: str) -> None:
    assert find_root([path], repository.parent / start) == repository
    assert find_root([repository / "folder"], repository.parent / start) == repository
    linked = repository / "good/src/linked.ts"
    assert find_root([linked], repository.parent / start) == repository
    assert Workspace(repository).problem("good/src/linked.ts") is Unreadable.OUTSIDE


def test_what_is_named_like_a_library_is_not_imported(repository: Path) -> None:
    program = Path(sys.executable).with_name("cflint")
    commands = [[sys.executable, "-m", "cflint"], *([[str(program)]] if program.exists() else [])]
    for command in commands:
        for arguments in (("check", "--output-format", "sarif"), ("check", "python"), ("--version",)):
            subprocess.run(
                [*command, *arguments],
                cwd=repository,
                env=_environment(repository.parent / "home"),
                capture_output=True,
                timeout=60,
                check=False,
            )
            assert not list(repository.parent.rglob(OWNED)), (command, arguments)


# -- the language server ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_server(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, log = repository.parent / "home", repository.parent / "log"
    monkeypatch.setattr(lsp_client, "COMMAND", [sys.executable, security_watch.__file__, str(log), "server"])
    monkeypatch.chdir(repository)
    for key in os.environ.keys() - {"PATH", "LANG", "CFLINT_TODAY"}:
        monkeypatch.delenv(key)
    for key, value in _environment(home).items():
        monkeypatch.setenv(key, value)
    with unchanged(repository, repository.parent / "outside"):
        async with serving(repository) as client:
            client.open("good/src/index.ts")
            client.open("good/src/linked.ts")
            client.open("good/wrangler.jsonc", language="jsonc")
            await client.until(lambda: "ws-legacy-accept" in client.codes("good/src/index.ts"))
            for line in range(0, 28, 3):
                await client.hover("good/src/index.ts", line, 8)
                await client.definition("good/src/index.ts", line, 8)
            await client.actions(
                "good/src/index.ts", types.Range(types.Position(0, 0), types.Position(28, 0))
            )
            await client.quiet()
            said = str(client.published) + str(client.messages)
    assert "hunter2secret" not in said
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert_tame(Watched(events, home, repository), server=True)


# -- the server for assistants ------------------------------------------------------------------------------


def test_server_for_assistants(repository: Path) -> None:
    """By a client of the SDK, over stdio."""
    pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
    from mcp import Client, StdioServerParameters, stdio_client

    home, log = repository.parent / "home", repository.parent / "log"
    started = StdioServerParameters(
        command=sys.executable,
        args=[security_watch.__file__, str(log), "mcp", str(repository)],
        env=_environment(home),
        cwd=repository,
    )
    calls: list[tuple[str, dict[str, Any]]] = [
        ("check", {"limit": 500}),
        ("check", {"paths": ["../outside"]}),
        ("fix", {"paths": ["good"], "unsafe": True}),
        ("workers", {}),
        ("explain", {"what": "ws-legacy-accept"}),
    ]

    async def talk() -> list[tuple[str, bool]]:
        async with Client(stdio_client(started)) as client:
            answers = [await client.call_tool(name, arguments) for name, arguments in calls]
            return [(answer.content[0].text, bool(answer.is_error)) for answer in answers]

    with unchanged(repository, repository.parent / "outside"):
        said = asyncio.run(talk())
    assert [is_error for _, is_error in said] == [False, True, *[False] * 3]
    assert "ws-legacy-accept" in said[0][0] and "lies outside" in said[1][0]
    assert "hunter2secret" not in str(said)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert_tame(Watched(events, home, repository), server=True)


# -- budgets ---------------------------------------------------------------------------------------------

SOURCE = "".join(f'import "./{name}";\n' for name in ("big", "long", "binary", "deep"))


def _write_too_much(folder: Path) -> None:
    files: dict[str, bytes] = {
        "wrangler.jsonc": b'{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01" }',
        "wrangler.deep.jsonc": b'{ "workers_dev": true, "vars": ' + b'{ "a":\n' * 5000 + b"1" + b"}" * 5001,
        "src/index.ts": (SOURCE + CODE.split("\n\n")[1]).encode(),
        "src/big.ts": b"export const a = 1;\n" * 80_000,
        "src/long.ts": b'export const a = "' + b"x" * 200_000 + b'";\n',
        "src/binary.ts": b"a\0b",
        "src/deep.ts": b"export const a = " + b"[\n" * 50_000 + b"1" + b"\n]" * 50_000 + b";\n",
    }
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


@pytest.mark.parametrize("form", list(FORMATS))
def test_budgets_are_told_of_in_every_format(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    _write_too_much(tmp_path)
    monkeypatch.chdir(tmp_path)
    outcome = Cli(capsysbinary)("check", "--output-format", form, "--no-cache")
    said = outcome.out + outcome.err
    assert outcome.code == 1 and "Traceback" not in said
    assert "src/big.ts" in said and "larger than the limit" in said
    assert "src/binary.ts" in said and "not text in UTF-8" in said
    assert "nested deeper than 256 levels" in said
    if form in ("text", "json", "sarif"):  # a note: it is common, and meant
        assert "src/long.ts" in said and "a line of more than 5,000 bytes" in said
