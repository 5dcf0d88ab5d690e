"""cflint as a process of its own: exit codes, signals, pipes, encodings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from shlex import quote

import pytest

from cflint.cli.signals import held_back
from tests.support.cli_samples import CODE, project
from tests.support.paths import ROOT
from tests.support.processes import alive, one_by_one

pytestmark = pytest.mark.interpreter

MANY = "careful();\n" * 3000
ONE_RULE = ("check", "--select", "no-careful")

SAMPLE_RULES = """\
from tests.support.cli_samples import sample_rules
from cflint.rule import RuleSet

RuleSet.discover = classmethod(lambda cls, **_: sample_rules())
"""
SAMPLE = SAMPLE_RULES + "from cflint.cli import main\nmain()\n"
COMMAND = f"{sys.executable} -c {quote(SAMPLE)}"
"""The program with the rules of the samples; the rules that there are may be slow, or come and go."""

# A long sleep is many short ones here: a signal that comes just before a sleep is heard after it, which with
# Python 3.14 happens every few runs.

SLOW = """\
import time
from cflint.rule import RuleSet

def discover(cls, **_):
    print("ready", flush=True)
    for _ in range(600):
        time.sleep(0.1)

RuleSet.discover = classmethod(discover)
from cflint.cli import main
main()
"""

SLOW_RULE = """\
import os, sys, time
from pathlib import Path
from types import ModuleType
from cflint.engine import plan
from cflint.api import Severity, call, rule
from cflint.rule import Rule, RuleSet

@rule(call("slow"), severity=Severity.NOTE)
def check(match):
    print(os.getpid(), flush=True)
    for _ in range(600):
        time.sleep(0.1)
    yield

plan.PARALLEL_BYTES = 0
module = ModuleType("slow")
module.check = check
rules = RuleSet([Rule("slow", "slow", check.spec, lambda: module)])
RuleSet.discover = classmethod(lambda cls, **_: rules)
from cflint.cli import main
main()
"""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPYCACHEPREFIX") if name in os.environ}
    paths = os.pathsep.join(map(str, (ROOT / "src", ROOT / "rules", ROOT)))
    return {**kept, "PYTHONPATH": paths, **(extra or {})}


def cflint(
    folder: Path,
    *arguments: str | bytes,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", SAMPLE, *arguments],
        cwd=folder,
        env=environment(env),
        input=stdin,
        capture_output=True,
        timeout=60,
    )


def started(folder: Path, script: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def line_of(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return process.stdout.readline().strip()


# -- exit codes ---------------------------------------------------------------------------------------


def test_exit_codes(tmp_path: Path) -> None:
    project(tmp_path / "bad", CODE)
    project(tmp_path / "good", "export default {};\n")
    (tmp_path / "empty").mkdir()
    assert cflint(tmp_path / "good", *ONE_RULE).returncode == 0
    assert cflint(tmp_path / "bad", *ONE_RULE).returncode == 1
    assert cflint(tmp_path / "bad", *ONE_RULE, "--exit-zero").returncode == 0
    assert cflint(tmp_path / "bad", *ONE_RULE, "--fail-on", "never").returncode == 0
    assert cflint(tmp_path, "check", "--no-such-option").returncode == 2
    assert cflint(tmp_path / "empty", *ONE_RULE).returncode == 3
    assert cflint(tmp_path / "bad", *ONE_RULE, "--output-file", "a/b/c").returncode == 4


def test_without_a_command_the_help_is_shown_and_the_code_is_that_of_wrong_usage(tmp_path: Path) -> None:
    result = cflint(tmp_path)
    assert result.returncode == 2
    assert b"Exit codes:" in result.stdout
    assert cflint(tmp_path, "--help").returncode == 0


def test_version(tmp_path: Path) -> None:
    from cflint import __version__

    result = subprocess.run(
        [sys.executable, "-m", "cflint", "--version"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=60,
    )
    assert result.stdout == f"cflint {__version__}\n".encode()


@pytest.mark.parametrize("options", [("--version", "--verbose"), ("-v", "-V")])
def test_version_with_the_ages_of_tables(tmp_path: Path, options: tuple[str, ...]) -> None:
    from cflint import __version__
    from cflint.platform.ai_models import AI_MODELS_AS_OF

    result = cflint(tmp_path, *options, env={"CFLINT_TODAY": "2026-12-07"})
    first, *lines = result.stdout.decode().splitlines()
    age = (date(2026, 12, 7) - AI_MODELS_AS_OF).days
    assert (result.returncode, first) == (0, f"cflint {__version__}")
    told = f"{AI_MODELS_AS_OF}, {age} days old (scripts/generate_ai_models.py)"
    assert f"  retired models of Workers AI: {told}" in lines


# -- signals ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("signals_arrive")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_quietly(tmp_path: Path, number: signal.Signals, code: int) -> None:
    project(tmp_path)
    process = started(tmp_path, SLOW, "check")
    assert line_of(process) == b"ready"
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (code, b"", b"")


@pytest.mark.usefixtures("signals_arrive")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_children_too(tmp_path: Path, number: signal.Signals) -> None:
    project(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.ts").write_text("slow();\n")
    process = started(tmp_path, SLOW_RULE, "check", "-j", "2", "a.ts", "b.ts")
    pids = {int(line_of(process)), int(line_of(process))}
    assert len(pids) == 2
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 128 + number
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, pids))


@pytest.mark.usefixtures("signals_arrive")
def test_a_signal_waits_until_files_are_written() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)  # a test runner has other threads
        time.sleep(0.01)
        steps.append("written")
    assert steps == ["written"]


# -- pipes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [ONE_RULE, ("explain", "no-careful"), ("rules",), ("--help",)])
def test_a_closed_pipe_ends_quietly(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    project(tmp_path, CODE)
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [sys.executable, "-c", SAMPLE, *arguments],
        cwd=tmp_path,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (141, b"")


def test_head_takes_one_line_of_much(tmp_path: Path) -> None:
    project(tmp_path, MANY)
    shell = f"{COMMAND} {' '.join(ONE_RULE)} | head -1"
    result = subprocess.run(
        shell, shell=True, cwd=tmp_path, env=environment(), capture_output=True, timeout=60
    )
    assert result.stdout.startswith(b"error[no-careful]")
    assert result.stderr == b""


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    project(tmp_path, CODE)
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-c", SAMPLE, *ONE_RULE],
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert result.returncode == 4
    assert result.stderr == b"cflint: error: cannot write the output: no space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_standard_streams(tmp_path: Path, closed: str) -> None:
    project(tmp_path, CODE)
    shell = f"{COMMAND} {' '.join(ONE_RULE)} -v {closed}"
    result = subprocess.run(
        shell, shell=True, cwd=tmp_path, env=environment(), capture_output=True, timeout=60
    )
    assert result.returncode == 1
    assert b"Traceback" not in result.stderr


# -- encodings ----------------------------------------------------------------------------------------

LOCALES: tuple[dict[str, str], ...] = (
    {"LC_ALL": "C"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"PYTHONIOENCODING": "latin-1:strict"},
    {"LC_ALL": "C.UTF-8"},
)


def in_locale(
    folder: Path, locale: Mapping[str, str], *commands: tuple[str | bytes, ...]
) -> list[tuple[int, bytes, bytes]]:
    """The exit code of each command, what it printed and what it said on stderr."""
    return one_by_one(folder, environment(locale), *commands, before=SAMPLE_RULES)


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: " ".join(locale.values()))
def test_any_name_and_any_text_in_any_locale(tmp_path: Path, locale: dict[str, str]) -> None:
    project(
        tmp_path, CODE.replace("    careful(request);", "    careful(request); // 日本 \u202e café\x1b[31m")
    )
    other = os.fsencode(tmp_path) + b"/src/caf\xe9\x1b[31m.ts"
    with open(other, "wb") as file:  # noqa: PTH123
        file.write(CODE.encode())
    names: tuple[tuple[bytes, ...], ...] = ((), (other,))
    forms = ("text", "concise", "json", "sarif")
    commands: list[tuple[str | bytes, ...]] = [
        (*ONE_RULE, *name, "--output-format", form, "-v") for form in forms for name in names
    ]
    for command, (code, out, err) in zip(commands, in_locale(tmp_path, locale, *commands), strict=True):
        assert code == 1, err
        assert b"Traceback" not in err
        assert b"\x1b" not in out + err
        assert b"no-careful" in out
        if other in command:
            assert b"caf" in out


@pytest.mark.parametrize("locale", LOCALES, ids=lambda locale: " ".join(locale.values()))
def test_pages_in_any_locale(tmp_path: Path, locale: dict[str, str]) -> None:
    pages = (
        ("explain", "no-careful"),
        ("explain", "no-careful", "--output-format", "json"),
        ("rules",),
        ("rules", "--output-format", "markdown"),
        ("check", "--help"),
    )
    for code, out, err in in_locale(tmp_path, locale, *pages):
        assert (code, err) == (0, b"")
        assert out


def test_a_path_that_is_no_utf_8_in_an_error(tmp_path: Path) -> None:
    result = cflint(tmp_path, "check", b"caf\xe9\n", env={"LC_ALL": "C"})
    assert result.returncode == 2
    assert result.stderr == b"cflint: error: no such file or folder: caf\\xe9\\n\n"


# -- what it costs ------------------------------------------------------------------------------------


LOADED = """\
import sys
import tree_sitter, tree_sitter_typescript, ahocorasick_rs
before = set(sys.modules)
from cflint.cli import run
code = run(sys.argv[1:])
print()
print("loaded", code, *sorted(set(sys.modules) - before))
"""
"""Runs a command, and shows what that loaded besides the packages which every check needs."""

STANDARD = {"binascii", "copy", "datetime", "gc", "json", "signal", "struct"}
"""What a check may load of the standard library, besides what tree-sitter does: package.json and the cache
are JSON. Not `inspect`, which dataclasses and click load."""

ROOMS = {
    "cflint.cli": {"check", "console", "exits", "output", "selection"}
    | {
        f"check.{name}"
        for name in (
            "analysis",
            "arguments",
            "delivery",
            "options",
            "perform",
            "place",
            "plan",
            "request",
            "settings",
        )
    },
    "cflint.report": {"cells", "changes", "escape", "frame", "text", "wrapping"},
    "cflint.engine": {
        "analysis",
        "incremental",
        "index",
        "limits",
        "outcome",
        "plan",
        "pool",
        "report",
        "run",
        "shapes",
        "suppression",
    },
}
"""What a check may load of these rooms: other commands, other formats and fixes come when needed."""


def loaded_by(folder: Path, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a check, and the modules that it loaded."""
    result = subprocess.run(
        [sys.executable, "-c", LOADED, "check", "--fail-on", "note", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        timeout=60,
    )
    assert not result.stderr, result.stderr
    word, code, *modules = result.stdout.decode().splitlines()[-1].split()
    assert word == "loaded"
    return int(code), set(modules)


GOOD = """\
export default {
  fetch(): Response {
    return new Response("hello");
  },
} satisfies ExportedHandler;
"""
BAD = """\
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {}
}
export default { fetch() { console.log(env); return new Response("hello"); } };
"""


@pytest.mark.parametrize(("code", "text"), [(0, GOOD), (1, BAD)], ids=["clean", "findings"])
@pytest.mark.parametrize("cache", [("--no-cache",), ("--cache-dir", "kept")], ids=["no-cache", "cache"])
def test_check_loads_only_what_it_needs(tmp_path: Path, code: int, text: str, cache: tuple[str, ...]) -> None:
    project(tmp_path, text)
    config = tmp_path / "wrangler.jsonc"
    config.write_text(config.read_text().replace("{", '{\n  "observability": { "enabled": true },', 1))
    for _ in range(2):  # with a cache the second run has nothing to do
        ended, modules = loaded_by(tmp_path, "--isolated", "--jobs", "1", *cache, "src", "wrangler.jsonc")
        assert ended == code
        top = {name.split(".")[0] for name in modules}
        ours = {name for name in modules if name.split(".")[0] == "cflint"}
        public = {name for name in top - {"cflint", "cflint_rules"} if not name.startswith("_")}
        heavy = {"_hashlib", "_ssl", "_socket", "_ctypes", "_multiprocessing", "_posixsubprocess", "_asyncio"}
        assert public - STANDARD - {"encodings", "importlib"} == set()
        assert heavy & top == set()
        for room, allowed in ROOMS.items():
            loaded = {name.removeprefix(f"{room}.") for name in ours if name.startswith(f"{room}.")}
            assert loaded - allowed == set()
        assert not {"cflint.fixer", "cflint.lsp", "cflint.syntax.python", "cflint.syntax.markdown"} & ours


def test_only_rules_that_are_asked_are_loaded(tmp_path: Path) -> None:
    project(tmp_path, "export default {};\n")
    _, modules = loaded_by(tmp_path, "--isolated", "--no-cache", "--select", "ws-legacy-accept")
    loaded = {name for name in modules if name.startswith("cflint_rules.") and name.count(".") == 2}
    assert loaded <= {"cflint_rules.websockets.ws_legacy_accept"}


def test_the_version_needs_no_analyser(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from cflint.cli import run\n"
        "run(['--version'])\n"
        "print([name for name in sys.modules if name.startswith(('cflint.engine', 'tree_sitter'))])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, timeout=60
    )
    assert result.stdout.splitlines()[-1] == b"[]"


# -- completion ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_asks_the_program(tmp_path: Path, shell: str) -> None:
    result = cflint(tmp_path, "completion", shell)
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"_CFLINT_COMPLETE" in result.stdout


def test_completing_rules(tmp_path: Path) -> None:
    asked = {"_CFLINT_COMPLETE": "bash_complete", "COMP_WORDS": "cflint explain no-care", "COMP_CWORD": "2"}
    assert cflint(tmp_path, env=asked).stdout == b"plain,no-careful\n"
    asked["COMP_WORDS"] = "cflint check --select manners,no-care"
    asked["COMP_CWORD"] = "3"
    assert cflint(tmp_path, env=asked).stdout == b"plain,manners,no-careful\n"
