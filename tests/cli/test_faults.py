"""Forty faults and bad inputs, by their numbers: what cflint does about each, and how it ends.

In every case there is no traceback, and the other files are analysed all the same. What shows in every format
of the output is in test_faults_outputs.py.

== ================================================ =======================================
n  fault                                            here
== ================================================ =======================================
01 no Worker                                        `test_fault_01_…`
02 an empty configuration                           `test_fault_02_…`
03 a configuration that does not parse              `test_fault_03_…`
04 trailing commas, a BOM, CRLF                     `test_fault_04_…`
05 duplicate keys                                   `test_fault_05_…`
06 wrong types                                      `test_fault_06_…`
07 deep nesting in a configuration                  `test_fault_07_…`
08 what TOML does not have                          `test_fault_08_…`
09 several configurations in one folder             `test_fault_09_…`
10 a `main` that is not a file inside               `test_fault_10_…`
11 symbolic links                                   `test_fault_11_…`
12 what is no regular file                          `test_fault_12_…`
13 no permission; gone between walk and read        `test_fault_13_…`
14 no UTF-8                                         `test_fault_14_…`
15 large and minified files                         `test_fault_15_…`
16 syntax errors                                    `test_fault_16_…`
17 deep and long expressions                        `test_fault_17_…`
18 a parser over its time                           `test_fault_18_…`
19 a rule that raises                               `test_fault_19_…`
20 imports that go round or nowhere                 `test_fault_20_…`
21 patterns that explode                            `test_fault_21_…`
22 `extends` in settings                            `test_fault_22_…`
23 unknown names in settings and comments           `test_fault_23_…`
24 hostile file names                               `test_fault_24_…`
25 hostile source text                              `test_fault_25_…`
26 file names that are no UTF-8                     `test_fault_26_…`
27 output that cannot be written                    `test_fault_27_…`
28 signals                                          `test_fault_28_…`
29 files that change while they are fixed           `test_fault_29_…`
30 secrets in the output                            `test_fault_30_…`; test_cache.py, report/test_baseline.py
31 a process that is killed                         `test_fault_31_…`
32 the cache                                        test_cache.py
33 more than code scanning takes                    `test_fault_33_…`
34 the baseline                                     report/test_baseline.py
35 the language server                              lsp/test_faults.py
36 workspaces that explode                          `test_fault_36_…`
37 thousands of Workers                             `test_fault_37_…`
38 the order of the output                          `test_fault_38_…`; shards: engine/test_shards.py
39 stdin                                            `test_fault_39_…`
40 no code in JavaScript                            `test_fault_40_…`
== ================================================ =======================================
"""

from __future__ import annotations

import importlib
import inspect
import io
import json
import os
import pkgutil
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import cflint
import cflint_rules
from cflint.api import Match, Severity, call, rule
from cflint.engine import Options, analyse
from cflint.finding import Finding, Location, Report
from cflint.pattern import pattern
from cflint.project.files.workspace import Workspace
from cflint.rule import Rule, RuleSet
from cflint.source import Document, Span
from tests.support.cli_samples import Cli
from tests.support.faults import (
    BESIDE,
    CLEAN,
    CONFIG,
    HOSTILE,
    ROOM,
    SECRET,
    TOML,
    beside,
    cli,
    concise,
    fresh,
    rules_of,
    worker,
    write,
)
from tests.support.fixture_cases import KNOWN
from tests.support.processes import one_by_one

__all__ = ["cli"]

# -- configurations ------------------------------------------------------------------------------------


def test_fault_01_no_worker(cli: Cli) -> None:
    outcome = concise(cli)
    assert (outcome.code, outcome.out) == (3, "")
    assert "no Worker project found" in outcome.err
    assert concise(cli, "--allow-empty").code == 0


@pytest.mark.parametrize("text", ["", " \n\t\n", "// nothing yet\n", "/* nothing */", "\ufeff"])
def test_fault_02_an_empty_configuration(cli: Cli, text: str) -> None:
    worker(config=text)
    beside()
    outcome = concise(cli)
    assert outcome.code == 1
    assert "wrangler.jsonc:1:1: warning[config-parse-error]" in outcome.out
    assert rules_of(outcome) == ["config-parse-error"]
    assert BESIDE in outcome.out


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (CONFIG.replace('"w",', '"w"'), "2:14"),
        (CONFIG.replace("true }", "true"), "1:1"),
        (CONFIG.replace('"name": "w",', '"na'), "2:3"),
    ],
)
def test_fault_03_a_configuration_that_does_not_parse(cli: Cli, text: str, place: str) -> None:
    worker(ROOM, text)
    beside()
    outcome = concise(cli)
    assert outcome.code == 1
    assert [rule for rule in rules_of(outcome) if rule != "ws-legacy-accept"] == ["config-parse-error"]
    assert f"wrangler.jsonc:{place[0]}:" in outcome.out
    assert BESIDE in outcome.out


def test_fault_04_trailing_commas_a_bom_and_crlf(cli: Cli) -> None:
    text = CONFIG.replace("true }\n", "true, },\n").replace("index.ts", "index.js")
    worker(config=b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    outcome = concise(cli)
    assert outcome.code == 1
    assert "wrangler.jsonc:3:11: error[nonexistent-path]" in outcome.out
    assert rules_of(outcome) == ["nonexistent-path"]
    assert concise(cli, "--fix").code == 0
    fixed = text.replace("index.js", "index.ts").replace("\n", "\r\n").encode()
    assert Path("wrangler.jsonc").read_bytes() == b"\xef\xbb\xbf" + fixed


def test_fault_05_duplicate_keys(cli: Cli) -> None:
    worker(config=CONFIG.replace('"main"', '"main": "src/gone.ts",\n  "main"'))
    beside()
    outcome = concise(cli)
    assert (outcome.code, rules_of(outcome)) == (
        1,
        ["config-parse-error"],
    )  # not nonexistent-path: the last wins
    found = json.loads(cli("check", "--output-format", "json", "wrangler.jsonc").out)["findings"]
    assert len(found[0]["related"]) == 1
    Path("wrangler.jsonc").unlink()
    write({"wrangler.toml": 'name = "w"\nname = "v"\n'})
    outcome = concise(cli)
    assert (outcome.code, rules_of(outcome)) == (1, ["config-parse-error"])
    assert "wrangler.toml:2:1:" in outcome.out
    assert BESIDE in outcome.out


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '"x"',
        "null",
        "17",
        CONFIG.replace('"w"', "null"),
        CONFIG.replace('"w",', '"w", "kv_namespaces": {},'),
        CONFIG.replace('"w",', '"w", "durable_objects": [], "migrations": "v1", "env": 5, "vars": [],'),
        CONFIG.replace('"w",', '"w", "durable_objects": { "bindings": [null, 1, {}, { "name": 3 }] },'),
        CONFIG.replace(
            '"w",', '"w", "queues": { "consumers": { "queue": [] } }, "triggers": { "crons": 1 },'
        ),
        CONFIG.replace('"src/index.ts"', "[1]"),
    ],
)
def test_fault_06_wrong_types(cli: Cli, text: str) -> None:
    worker(config=text)
    beside()
    outcome = concise(cli)
    assert outcome.code == 1
    assert rules_of(outcome) and set(rules_of(outcome)) <= {"config-invalid-value", "config-parse-error"}
    assert BESIDE in outcome.out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wrangler.jsonc", '{ "name": "w", "vars": ' + "[" * 50_000 + "]" * 50_000 + " }"),
        ("wrangler.jsonc", '{ "name": "w", "vars": ' + "[" * 50_000),
        ("wrangler.jsonc", '{ "name": "w", "vars": ' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}"),
        ("wrangler.toml", 'name = "w"\nvars = ' + "[" * 50_000 + "]" * 50_000),
        ("wrangler.toml", 'name = "w"\nvars = ' + "{a=" * 50_000),
        ("wrangler.toml", 'name = "w"\n[vars' + ".a" * 50_000 + "]\n"),
    ],
)
def test_fault_07_deep_nesting(cli: Cli, name: str, text: str) -> None:
    write({name: text, "src/index.ts": CLEAN})
    beside()
    started = time.perf_counter()
    outcome = concise(cli)
    assert time.perf_counter() - started < 5
    assert outcome.code == 1
    assert "nested deeper than 256" in outcome.out
    assert "config-parse-error" in rules_of(outcome)
    assert BESIDE in outcome.out


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [('"2026-08-01"', "2026-08-01", "3:22"), ('"w"', '"\\q"', "1:9"), ('"w"', "w", "1:8")],
)
def test_fault_08_what_toml_does_not_have(cli: Cli, old: str, new: str, place: str) -> None:
    write({"wrangler.toml": TOML.replace(old, new), "src/index.ts": CLEAN})
    outcome = concise(cli)
    assert outcome.code == 1
    assert f"wrangler.toml:{place}: warning[config-" in outcome.out
    assert len(rules_of(outcome)) == 1


def test_fault_08_newlines_in_inline_tables_are_accepted(cli: Cli) -> None:
    text = TOML.replace("[observability]\nenabled = true", "observability = {\n  enabled = true,\n}")
    write({"wrangler.toml": text, "src/index.ts": CLEAN})
    assert concise(cli).code == 0


def test_fault_09_several_configurations(cli: Cli) -> None:
    worker(ROOM, **{"wrangler.toml": TOML.replace("index.ts", "gone.ts"), "wrangler.json": CONFIG})
    outcome = cli("check")
    assert outcome.code == 1
    assert "wrangler reads `wrangler.json` here and not `wrangler.jsonc`, `wrangler.toml`" in outcome.out
    assert "ws-legacy-accept" in outcome.out
    assert "gone.ts" not in outcome.out


@pytest.mark.parametrize(
    ("main", "said"),
    [
        ("src/gone.ts", "`main` is not there: `src/gone.ts`"),
        ("src", "`main` is a folder"),
        ("../secret.ts", "`main` leads out of the repository"),
        ("../../../../../../../etc/passwd", "`main` leads out of the repository"),
        ("/etc/passwd", "`main` is an absolute path"),
    ],
)
def test_fault_10_a_main_that_is_no_file_inside(cli: Cli, main: str, said: str) -> None:
    worker(config=CONFIG.replace("src/index.ts", main))
    beside()
    Path("../secret.ts").write_text("export const found = 'SESAME'; import 'cloudflare:workers';\n" + ROOM)
    outcome = concise(cli)
    assert (outcome.code, rules_of(outcome)) == (1, ["nonexistent-path"])
    assert said in outcome.out
    assert BESIDE in outcome.out
    whole = cli("check", "-v", "--select", "all")
    assert "SESAME" not in whole.out + whole.err
    assert "root:" not in whole.out


# -- the file system -----------------------------------------------------------------------------------


def test_fault_11_symbolic_links(cli: Cli, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "index.ts").write_text(ROOM)
    (outside / "wrangler.jsonc").write_text(CONFIG)
    worker()
    beside()
    Path("loop").symlink_to(".")
    Path("src/loop.ts").symlink_to("loop.ts")
    Path("src/broken.ts").symlink_to("nowhere.ts")
    Path("src/outside.ts").symlink_to(outside / "index.ts")
    Path("outside").symlink_to(outside)
    Path("again").symlink_to("beside")
    outcome = concise(cli, "-v")
    assert outcome.code == 1
    assert outcome.out.count("ws-legacy-accept") == 1
    assert BESIDE in outcome.out
    assert "skipped: src/loop.ts (a symbolic link that leads nowhere)" in outcome.err
    assert "skipped: src/outside.ts (outside the root)" in outcome.err
    assert "skipped: again/ (a symbolic link, looked at where it leads)" in outcome.err


def test_fault_11_a_main_behind_links(cli: Cli, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-secret.ts"
    outside.write_text(ROOM)
    worker(config=CONFIG.replace("src/index.ts", "link.ts"))
    Path("link.ts").symlink_to(outside)
    outcome = concise(cli)
    assert (outcome.code, rules_of(outcome)) == (1, ["nonexistent-path"])
    Path("link.ts").unlink()
    write({"real/room.ts": ROOM})
    Path("link.ts").symlink_to("real/room.ts")
    outcome = concise(cli)
    assert "real/room.ts:7:5: warning[ws-legacy-accept]" in outcome.out  # under its real name
    assert "link.ts:" not in outcome.out


def test_fault_12_what_is_no_regular_file(cli: Cli, tmp_path: Path) -> None:
    worker(CLEAN.replace("export", 'import "./pipe"; import "./zero"; import "./socket";\nexport', 1))
    beside()
    os.mkfifo("src/pipe.ts")
    os.mkfifo("wrangler.toml")
    Path("src/zero.ts").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath("src/socket.ts"))
        outcome = concise(cli, "-v")
        named = concise(cli, "src/pipe.ts", "src/index.ts")
    assert outcome.code == 1
    assert BESIDE in outcome.out
    assert "skipped: src/pipe.ts (not a regular file)" in outcome.err
    assert "skipped: src/socket.ts (not a regular file)" in outcome.err
    assert named.code == 4
    assert "src/pipe.ts was not analysed: the file is not a regular file" in named.err


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Paths that may not be opened nor listed, even by root."""
    paths: set[str] = set()
    real_open, real_scan = os.open, os.scandir

    def open_(path: str, flags: int, *rest: int) -> int:
        if any(str(path).endswith(locked) for locked in paths):
            raise PermissionError(13, "permission denied", path)
        return real_open(path, flags, *rest)

    def scandir(path: str) -> object:
        if any(str(path).endswith(locked) for locked in paths):
            raise PermissionError(13, "permission denied", path)
        return real_scan(path)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "scandir", scandir)
    return paths


def test_fault_13_no_permission(cli: Cli, locked: set[str]) -> None:
    worker(
        CLEAN.replace("export", 'import "./locked";\nexport', 1), **{"src/locked.ts": ROOM, "shut/a.ts": ROOM}
    )
    write({"c/wrangler.toml": TOML})
    beside()
    locked |= {"/src/locked.ts", "/shut", "/c/wrangler.toml"}
    outcome = concise(cli)
    assert outcome.code == 1
    assert BESIDE in outcome.out
    for place in (
        "src/locked.ts:1:1: warning: skipped: the file",
        "c/wrangler.toml:1:1: warning: skipped: the file",
    ):
        assert f"{place} is not readable (permission denied)" in outcome.out
    assert "shut:1:1: warning: skipped: the folder is not readable" in outcome.out
    named = concise(cli, "src/locked.ts", "beside")
    assert named.code == 4
    assert "src/locked.ts was not analysed" in named.err


def test_fault_13_gone_between_walk_and_read(cli: Cli, tmp_path: Path) -> None:
    worker(CLEAN.replace("export", 'import "./gone"; import "./cut";\nexport', 1))
    write({"src/gone.ts": ROOM, "src/cut.ts": ROOM, "d/wrangler.toml": TOML})
    beside()
    workspace = Workspace(tmp_path)
    for folder in ("", "src", "d"):
        assert workspace.entries(folder)
    Path("src/gone.ts").unlink()
    Path("src/cut.ts").write_text(ROOM[:120])
    Path("d/wrangler.toml").unlink()
    report = analyse(workspace, [""], Options(KNOWN.select(["recommended"]), KNOWN, jobs=1), tmp_path)
    places = {(finding.at.document.path, finding.rule) for finding in report.findings}
    assert ("beside/src/index.ts", "ws-legacy-accept") in places
    assert {path for path, _ in places} <= {"beside/src/index.ts", "src/cut.ts"}
    assert ("d/wrangler.toml", "skipped: the file is not there") in {
        (n.path, n.message) for n in report.notices
    }


@pytest.mark.parametrize(
    ("data", "analysed"),
    [
        (ROOM.replace("ok", "caf\xe9").encode("latin-1"), True),
        (b"// \xed\xa0\x80 \xff\xfe\n" + ROOM.encode(), True),
        (b"\xff\xfe" + ROOM.encode("utf-16-le"), False),
        (ROOM.encode("utf-16-be"), False),
        (b"\0" + ROOM.encode(), False),
        (b"/* \xff */" + ROOM.replace("ok", "o\0k").encode(), False),
        (ROOM.replace("ok", "o\0" * 40).encode(), False),
    ],
)
def test_fault_14_no_utf_8(cli: Cli, data: bytes, analysed: bool) -> None:
    worker(data)
    beside()
    for form in ("text", "json", "sarif"):
        outcome = cli("check", "--output-format", form)
        assert outcome.code == 1
        assert "Traceback" not in outcome.err
    outcome = concise(cli)
    assert (outcome.code, "Traceback" in outcome.err) == (1, False)
    assert BESIDE in outcome.out
    assert ("ws-legacy-accept" in rules_of(outcome)) is analysed
    assert "src/index.ts:" in outcome.out and ": warning: " in outcome.out
    said = "not all of the file is UTF-8" if analysed else "the file is not text in UTF-8"
    assert said in outcome.out
    report = check({"wrangler.jsonc": CONFIG.encode(), "src/index.ts": data})
    assert all(finding.at.span.end <= len(data) for finding in report.findings)


def test_a_nul_in_a_literal_is_text(cli: Cli) -> None:
    worker(ROOM.replace("ok", "o\0k").encode())
    outcome = concise(cli)
    assert "ws-legacy-accept" in rules_of(outcome)
    assert "skipped" not in outcome.out


def check(files: dict[str, bytes], rules: str = "recommended", jobs: int = 1) -> Report:
    workspace = Workspace.in_memory(files)
    return analyse(workspace, [""], Options(KNOWN.select([rules]), KNOWN, jobs=jobs), Path("/"))


def test_fault_15_large_and_minified_files(cli: Cli) -> None:
    worker(CLEAN.replace("export", 'import "./large"; import "./small"; import "./minified";\nexport', 1))
    write({"src/large.ts": ROOM + "//" + "\n" * (1 << 20), "src/minified.ts": ROOM.replace("\n", " ") * 20})
    write({"src/small.ts": ROOM, "dist/index.js": ROOM, "e/wrangler.toml": "#" + "\n" * (1 << 20) + TOML})
    outcome = cli("check")
    assert outcome.code == 1
    assert "src/small.ts:7:5" in outcome.out
    assert outcome.out.count("ws-legacy-accept") == 1
    assert "warning: src/large.ts: skipped: the file is larger than the limit" in outcome.out
    assert "warning: e/wrangler.toml: skipped: the file is larger than the limit" in outcome.out
    assert "src/minified.ts: skipped: minified (a line of more than 5,000 bytes)" in outcome.out
    assert "skipped: dist/ (build output)" in cli("check", "-v").err


# -- code ----------------------------------------------------------------------------------------------

MERGE = """\
import { DurableObject } from "cloudflare:workers";
<<<<<<< HEAD
import { helper } from "./helper";
=======
import { helper } from "./other";
>>>>>>> theirs
export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(helper(this.env.CACHE), { status: 101, webSocket: client });
  }
}
export default {
  async fetch(request, env) { return env.ROOMS.getByName("a").fetch(request); },
} satisfies ExportedHandler<Env>;
"""
HALF_TYPED = """\
import { DurableObject } from "cloudflare:workers";
import { helper } from "./helper";
interface Env { ROOMS: DurableObjectNamespace<Room>; CACHE: KVNamespace }
export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  }
}
export default {
  async fetch(request: Request, env: Env) { const value = env.
"""
BOUND = CONFIG.replace(
    '"main"',
    '"kv_namespaces": [{ "binding": "CACHE", "id": "0f2ac74b498b48028cb68387c421e279" }],\n'
    '  "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },\n'
    '  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],\n'
    '  "queues": { "consumers": [{ "queue": "q", "dead_letter_queue": "d" }] },\n'
    '  "main"',
)


@pytest.mark.parametrize("code", [MERGE, HALF_TYPED, MERGE[: len(MERGE) // 2], ROOM[:-20]])
def test_fault_16_syntax_errors(cli: Cli, code: str) -> None:
    env = "interface Env { ROOMS: DurableObjectNamespace; CACHE: KVNamespace }\n"
    worker(code, BOUND, **{"src/helper.ts": "export const helper = String;\n", "src/env.d.ts": env})
    beside()
    outcome = concise(cli, "--select", "recommended,binding-unused")
    assert outcome.code == 1
    found = set(rules_of(outcome))
    assert "syntax-error" in found
    assert found <= {"syntax-error", "ws-legacy-accept"}, outcome.out
    assert BESIDE in outcome.out


def test_fault_16_intact_parts_are_analysed(cli: Cli) -> None:
    worker(ROOM + "\nexport function half( {\n")
    assert set(rules_of(concise(cli))) == {"syntax-error", "ws-legacy-accept"}


def _long(unit: str, count: int) -> str:
    """A unit many times, in lines of a hundred."""
    return "\n".join([unit * 100] * (count // 100))


@pytest.mark.parametrize(
    "code",
    [
        _long("(", 25_000) + "1" + _long(")", 25_000),
        _long("[", 25_000),
        _long("{", 25_000),
        _long("f(", 25_000) + _long(")", 25_000),
        _long("a + ", 50_000) + "a",
        "a" + _long(".b", 50_000),
        _long("! ", 25_000) + "a",
        _long("a ? b : ", 25_000) + "c",
        _long("() => ", 25_000) + "1",
        _long("`${", 10_000) + _long("}`", 10_000),
        _long("env.KV.get(", 10_000) + _long(")", 10_000),
        _long("(await ", 10_000) + "env.KV.get(1)" + _long(")", 10_000),
        _long("x: {", 10_000),
        "0;" + _long("if (a) {} else ", 10_000) + "{}",
    ],
    ids=lambda code: code[:12],
)
def test_fault_17_deep_and_long_expressions(code: str) -> None:
    head = 'import { DurableObject } from "cloudflare:workers";\n'
    tail = f"\nexport const x = {code};\n"
    started = time.process_time()
    report = check({"wrangler.jsonc": CONFIG.encode(), "src/index.ts": (head + CLEAN + tail).encode()})
    assert time.process_time() - started < 1.5  # half a second at most
    assert report.files_checked == 2
    assert not [finding for finding in report.findings if finding.rule == "internal-error"]


def test_fault_18_a_parser_over_its_time(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from cflint.syntax.javascript import parsing

    worker(CLEAN + "// WebSocketPair\n" + "export const a = [1, 2, 3];\n" * 20_000)
    beside()
    real = parsing.parse_bytes

    def slow(language: object, data: bytes, deadline: float) -> object:
        if len(data) > 100_000:
            deadline = time.thread_time() + 0.001
        return real(language, data, deadline)  # type: ignore[arg-type]

    monkeypatch.setattr(parsing, "parse_bytes", slow)
    outcome = concise(cli)
    assert outcome.code == 4
    assert "src/index.ts:1:1: warning: skipped: took too long to parse" in outcome.out
    assert BESIDE in outcome.out


@rule(call("accept"), severity=Severity.WARNING)
def _broken(match: Match) -> Iterator[Finding]:
    raise LookupError("a hole")
    yield


def test_fault_19_a_rule_that_raises(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("broken", "Break.\n")
    module.__dict__["check"] = _broken
    rules = RuleSet([*KNOWN.values(), Rule("broken", "meta", _broken.spec, lambda: module)])
    monkeypatch.setattr(RuleSet, "discover", classmethod(lambda cls, **_: rules))
    worker(ROOM)
    outcome = concise(cli)
    assert outcome.code == 4
    assert re.search(
        r"src/index.ts:7:5: error\[internal-error\] .*`broken`.*LookupError: a hole.*\b[0-9a-f]{8}\b",
        outcome.out,
    )
    assert "src/index.ts:7:5: warning[ws-legacy-accept]" in outcome.out
    assert "Traceback" in cli("check", "--debug").err


def test_fault_20_imports_that_go_round_or_nowhere(cli: Cli) -> None:
    imports = ["./index", "./a", "@/b", "~/b", "gone-package", "./nowhere", "#inner", "./data.json", "loop"]
    code = "".join(f'import "{name}";\n' for name in imports)
    code += "const later = (name: string) => import(name); void import(`./${later}`);\n"
    worker(code + CLEAN)
    write(
        {
            "src/a.ts": 'import "./b"; export * from "./index";\n',
            "src/b.ts": 'import "./a"; export * from "./b";\n' + ROOM,
            "tsconfig.json": '{ "extends": "./base.json", /* c */'
            ' "compilerOptions": { "paths": { "@/*": ["./src/*"], }, }, }',
            "base.json": '{ "extends": ["./tsconfig.json", "./gone.json", "pkg/tsconfig"] }',
            "package.json": '{ "name": "loop", "imports": { "#inner": "#inner" },'
            ' "exports": { ".": "./src/index.ts" } }',
        }
    )
    started = time.perf_counter()
    outcome = concise(cli)
    assert time.perf_counter() - started < 5
    assert "src/b.ts:8:5: warning[ws-legacy-accept]" in outcome.out
    assert not {"binding-not-declared", "missing-default-export", "entrypoint-class-not-exported"} & set(
        rules_of(outcome)
    )


# -- patterns and settings -----------------------------------------------------------------------------


def test_fault_21_patterns_of_users_are_globs(cli: Cli) -> None:
    name = "a" * 200
    worker(**{f"lib/{name}/{name}.ts": ROOM, "lib/b.ts": ROOM})
    evil = "*a" * 60 + "b"
    write(
        {
            "cflint.toml": f'exclude = ["{evil}", "**/{evil}/**", "(a+)+$"]\n'
            f'[per-file-ignores]\n"{evil}" = ["websockets"]\n'
        }
    )
    write({".gitignore": f"{evil}\n**/{evil}/**/{evil}\n"})
    started = time.perf_counter()
    outcome = concise(cli, "--exclude", evil, "--exclude", "[[[[", "--exclude", "lib/**/**/**/**/**/**/b.ts")
    assert time.perf_counter() - started < 3
    assert outcome.code == 1
    assert "lib/b.ts" not in outcome.out
    assert name in outcome.out


ADVERSARIAL = [
    b"a", b" ", b"\n", b"\t \n", b"(", b"[", b"{", b"\"", b"'", b"`", b"\\", b"/*", b"//", b"${", b"env.",
    b"$ ", b"a.", b"a,", b"a=", b"=>", b"await ", b"/", b"-", b"_A", b"0", b"'a' ", b"\"a\":", b"import ",
    b"import{", b"<", b"a(", b"wrangler ", b"\"build", b"SELECT ", b"@a/", b"./", b"%", b"?,", b"a b\n",
]  # fmt: skip


OWN_TEXT = ("cflint.report.pages",)
"""Modules whose patterns see nothing but the pages of the rules."""

Pattern = re.Pattern[str] | re.Pattern[bytes]


def _patterns() -> Iterator[tuple[str, Pattern, bool]]:
    """Every regular expression that a module of cflint or its rules keeps, and whether it is searched for."""
    kind = type(pattern("a"))
    seen: set[int] = set()
    for package in (cflint, cflint_rules):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if info.name.endswith("__main__") or info.name in OWN_TEXT:
                continue
            module = importlib.import_module(info.name)
            source = inspect.getsource(module)
            for name, value in vars(module).items():
                if isinstance(value, re.Pattern | kind) and id(value) not in seen:
                    seen.add(id(value))
                    used = set(re.findall(rf"\b{name}\.(\w+)\(", source))
                    yield f"{info.name}.{name}", value, not used <= {"match", "fullmatch"}


def test_fault_21_patterns_of_cflint_are_linear() -> None:
    patterns = list(_patterns())
    assert len(patterns) > 100
    limit = 0.05  # linear: a millisecond or two; the square: a tenth of a second and more
    slow = []
    for name, compiled, is_searched in patterns:
        for unit in ADVERSARIAL:
            data: str | bytes = unit * (2_500 // len(unit)) + b"!"
            if isinstance(compiled.pattern, str):
                data = unit.decode() * (2_500 // len(unit)) + "!"
            took = _seconds(compiled, data, is_searched=is_searched)
            if took > limit:  # on a machine that does other things, once is no proof
                took = min(_seconds(compiled, data, is_searched=is_searched) for _ in range(3))
            if took > limit:
                slow.append(f"{name} on {unit!r}: {took:.1f} s")
    assert slow == []


def _seconds(compiled: Pattern, data: str | bytes, *, is_searched: bool) -> float:
    """The processor's seconds that a pattern takes for a text."""
    started = time.process_time()
    compiled.match(data)  # type: ignore[arg-type]
    compiled.fullmatch(data)  # type: ignore[arg-type]
    if is_searched:
        for _ in compiled.finditer(data):  # type: ignore[arg-type]
            pass
    return time.process_time() - started


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"cflint.toml": 'extends = "../outside.toml"\n'}, "inside the repository"),
        ({"cflint.toml": 'extends = "/etc/passwd"\n'}, "inside the repository"),
        ({"cflint.toml": 'extends = "https://example.com/cflint.toml"\n'}, "inside the repository"),
        ({"cflint.toml": 'extends = "gone.toml"\n'}, "does not exist"),
        ({"cflint.toml": 'extends = "a.toml"\n', "a.toml": 'extends = "cflint.toml"\n'}, "in circles"),
        ({"cflint.toml": 'extends = "cflint.toml"\n'}, "in circles"),
        ({"cflint.toml": "extends = [1]\n"}, "has to be the path"),
    ],
)
def test_fault_22_extends_in_settings(cli: Cli, files: dict[str, str], said: str) -> None:
    Path("../outside.toml").write_text('SESAME = "open"\n')
    worker(**files)
    outcome = concise(cli)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert re.search(r"(cflint|a)\.toml:1:\d+: ", outcome.err)
    assert "SESAME" not in outcome.err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('ignore = ["ws-legacy-acept"]\n', "did you mean `ws-legacy-accept`?"),
        ('[severity]\nws-legacy-accept = "eror"\n', "did you mean `error`?"),
        ('ignores = ["d1"]\n', "did you mean `ignore`?"),
        ('fail-on = "warnings"\n', "did you mean `warning`?"),
        ("select = 1\n", "has to be an array of strings"),
        ("ignore = [\n", "cflint.toml:"),
    ],
)
def test_fault_23_unknown_names_in_settings(cli: Cli, settings: str, said: str) -> None:
    worker(**{"cflint.toml": settings})
    outcome = concise(cli)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


def test_fault_23_unknown_names_in_comments(cli: Cli) -> None:
    worker(ROOM.replace("accept();", "accept(); // cflint-ignore ws-legacy-acept: a reason"))
    outcome = concise(cli)
    assert set(rules_of(outcome)) == {"ws-legacy-accept", "unused-suppression"}
    assert "src/index.ts:7:" in outcome.out and "`ws-legacy-accept`" in outcome.out


# -- output --------------------------------------------------------------------------------------------


def test_fault_24_hostile_file_names(cli: Cli) -> None:
    worker(CLEAN, **{f"lib/{HOSTILE}": ROOM})
    outcome = concise(cli)
    assert outcome.code == 1
    (line,) = outcome.out.splitlines()
    assert line.startswith("lib/a,b%0A:\\u202e::error::\\x1b[31m\\n& <b>.ts:7:5: warning[ws-legacy-accept]")
    text = cli("check").out
    assert "\x1b" not in text and "\u202e" not in text and "::error::\\x1b[31m\\n" in text
    found = json.loads(cli("check", "--output-format", "json").out)["findings"]
    assert found[0]["path"] == f"lib/{HOSTILE}"
    sarif = json.loads(cli("check", "--output-format", "sarif").out)
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    assert uri.isascii() and re.fullmatch(r"[\w./~%,:&=+$@!*'();?-]+", uri)
    assert "%0A" in uri and "%1B" in uri and "%E2%80%AE" in uri and "b%250A" in uri


def test_fault_25_hostile_source_text(cli: Cli) -> None:
    line = 'server.accept();\t/* \x1b]8;;x\x07 \u202e \x9b31m */ const s = "' + "x" * 4000 + '";'
    worker(ROOM.replace("server.accept();", line))
    outcome = cli("check", "--color", "never")
    assert outcome.code == 1
    frame = next(row for row in outcome.out.splitlines() if "server.accept()" in row)
    assert "\\x1b]8;;x\\x07 \\u202e" in frame
    assert "\t" not in frame and len(frame) < 400
    controls = {char for char in outcome.out if ord(char) < 32 or 0x7F <= ord(char) < 0xA0} - {"\n"}
    assert not controls and "\u202e" not in outcome.out
    Path("wrangler.jsonc").write_text(CONFIG.replace('"w"', '"w", "a\\u001b[31m\\u202e\u202e\x7f": 1'))
    for form in ("concise", "text", "json", "sarif"):
        out = cli("check", "--output-format", form, "--color", "never").out
        assert "\x1b" not in out and "\u202e" not in out.replace("\\u202e", "")


def test_fault_26_file_names_that_are_no_utf_8(cli: Cli, tmp_path: Path) -> None:
    worker()
    os.mkdir("lib")  # noqa: PTH102
    with open(b"lib/caf\xe9.ts", "wb") as file:  # noqa: PTH123
        file.write(ROOM.encode())
    commands = [("check", "--output-format", form) for form in ("concise", "text", "json", "sarif")]
    for locale in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **locale}
        for code, out, err in one_by_one(Path.cwd(), env, *commands):
            assert (code, err) == (1, b"")
            assert b"caf" in out and b"ws-legacy-accept" in out


def test_fault_27_output_that_cannot_be_written(cli: Cli, tmp_path: Path) -> None:
    worker(ROOM)
    assert cli("check", "--output-file", "gone/report.json").code == 4
    reading, writing = os.pipe()
    os.close(reading)
    result = fresh(tmp_path, "check", capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (result.returncode, result.stderr) == (141, b"")
    if Path("/dev/full").exists():
        with Path("/dev/full").open("wb") as full:
            result = fresh(tmp_path, "check", capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert result.returncode == 4
        assert result.stderr == b"cflint: error: cannot write the output: no space left on device\n"


# many short sleeps: a signal that comes just before a long one is heard after it
SLEEPY = """\
import os, sys, time
from cflint import fixer
real = fixer.converge

def slow(*given, **named):
    result = real(*given, **named)
    print("ready", flush=True)
    for _ in range(600):
        time.sleep(0.1)
    return result

fixer.converge = slow
from cflint.cli import main
main()
"""


@pytest.mark.usefixtures("signals_arrive")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_fault_28_signals(cli: Cli, number: signal.Signals, code: int) -> None:
    worker(config=CONFIG.replace("index.ts", "index.js"))
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPY, "check", "--fix"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (code, b"", b"")
    assert "index.js" in Path("wrangler.jsonc").read_text()
    assert sorted(path.name for path in Path().iterdir()) == [".git", "src", "wrangler.jsonc"]


def test_fault_29_a_file_that_changes_while_it_is_fixed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from cflint import fixer

    worker(config=CONFIG.replace("index.ts", "index.js"))
    real = fixer.converge
    changed = CONFIG.replace("index.ts", "index.js").replace('"w"', '"changed"')

    def meanwhile(*given: object, **named: object) -> object:
        result = real(*given, **named)  # type: ignore[arg-type]
        Path("wrangler.jsonc").write_text(changed)
        return result

    monkeypatch.setattr("cflint.cli.check.fixing.converge", meanwhile)
    outcome = concise(cli, "--fix")
    assert Path("wrangler.jsonc").read_text() == changed
    assert outcome.code == 1
    assert re.search(r"wrangler.jsonc:1:1: warning: .*chang", outcome.out)
    assert "nonexistent-path" in outcome.out


def test_fault_29_mode_and_link_are_kept_and_twice_is_once(cli: Cli) -> None:
    worker()
    write({"real/w.jsonc": CONFIG.replace("src/index.ts", "../src/index.js")})
    Path("wrangler.jsonc").unlink()
    Path("real/w.jsonc").rename("real/wrangler.jsonc")
    Path("real/wrangler.jsonc").chmod(0o640)
    assert concise(cli, "--fix").code == 0
    assert Path("real/wrangler.jsonc").read_text() == CONFIG.replace("src/index.ts", "../src/index.ts")
    assert Path("real/wrangler.jsonc").stat().st_mode & 0o777 == 0o640
    assert concise(cli, "--diff").code == 0


def test_fault_30_secrets_are_never_printed(cli: Cli) -> None:
    config = CONFIG.replace('"main"', f'"vars": {{ "STRIPE_SECRET_KEY": "{SECRET}" }}, "main"')
    code = f'const API_KEY = "{SECRET}";\n' + CLEAN.replace("fetch()", "fetch(request, env)").replace(
        '"ok"', "API_KEY + env.STRIPE_SECRET_KEY"
    )
    worker(code, config, **{".dev.vars": f"STRIPE_SECRET_KEY={SECRET}\n", ".env": f"OTHER_TOKEN={SECRET}\n"})
    for form in ("text", "concise", "json", "sarif"):
        outcome = cli("check", "--select", "all", "--output-format", form, "-v")
        assert outcome.code == 1
        assert "secret-in-vars" in outcome.out and "hardcoded-secret" in outcome.out
        assert SECRET not in outcome.out + outcome.err and SECRET[12:] not in outcome.out + outcome.err
    for arguments in (("--statistics",), ("--diff", "--unsafe-fixes"), ("--debug",)):
        outcome = cli("check", "--select", "all", *arguments)
        assert SECRET not in outcome.out + outcome.err


# -- the run -------------------------------------------------------------------------------------------


THIS_PROCESS = os.getpid()


@rule(call("accept"), severity=Severity.NOTE)
def _deadly(match: Match) -> Iterator[Finding]:
    if match.module.path.endswith("deadly.ts"):
        assert os.getpid() != THIS_PROCESS
        os.kill(os.getpid(), signal.SIGKILL)
    yield Finding("accepted", match.at())


def test_fault_31_a_process_that_is_killed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("deadly", "Die.\n")
    module.__dict__["check"] = _deadly
    rules = RuleSet([Rule("deadly", "meta", _deadly.spec, lambda: module)])
    monkeypatch.setattr(RuleSet, "discover", classmethod(lambda cls, **_: rules))
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    names = ["a", "b", "deadly", "d", "e"]
    worker("".join(f'import "./{name}";\n' for name in (*names, "y", "z")) + CLEAN)
    write({f"src/{name}.ts": ROOM for name in names})
    write({"src/y.ts": "//" + "\n" * 3000, "src/z.ts": ROOM})  # the last for this process
    outcome = concise(cli, "-j", "2", "--select", "all")
    assert outcome.code == 4
    assert "src/deadly.ts:1:1: warning: skipped: the worker process was killed or crashed" in outcome.out
    assert {line.split(":")[0] for line in outcome.out.splitlines() if "[deadly]" in line} == {
        *(f"src/{name}.ts" for name in names if name != "deadly"),
        "src/z.ts",
    }


def test_fault_33_more_than_code_scanning_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    from cflint.report import FORMATS, sarif
    from cflint.report import Options as Rendering

    assert sarif.MAX_RESULTS == 25_000
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2_500)  # of ten times as many the test would take seconds
    document = Document("src/index.ts", b"x\n" * 2_600)
    severities = (Severity.NOTE, Severity.ERROR)
    findings = tuple(
        Finding(
            "m",
            Location(document, Span(2 * n, 2 * n + 1)),
            severity=severities[n % 26 == 0],
            rule="ws-legacy-accept",
        )
        for n in range(2_600)
    )
    infos = {"ws-legacy-accept": KNOWN["ws-legacy-accept"].info}
    report = Report(findings, infos, (), 1, 1, Path("/"), Path("/"))
    data = json.loads(FORMATS["sarif"](report, Rendering()))
    (run,) = data["runs"]
    assert len(run["results"]) <= 2_500
    assert sum(result["level"] == "error" for result in run["results"]) == 100
    said = json.dumps(run["invocations"])
    assert "left out" in said or "omitted" in said


def test_fault_36_workspaces_that_explode(cli: Cli) -> None:
    bomb = f"packages:\n  - '**/**/**/**/**'\n  - '{'{a,b}' * 14}'\n"
    bomb += "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
    )
    worker(
        'import "@scope/none"; import "@scope/lib";\n' + CLEAN,
        **{
            "pnpm-workspace.yaml": bomb,
            "package.json": '{ "name": "root", "workspaces": ["**/**/**/*", "packages/*", "../../*"] }',
            "packages/lib/package.json": '{ "name": "@scope/lib", "main": "index.ts" }',
            "packages/lib/index.ts": ROOM,
        },
    )
    for number in range(300):
        Path(f"node_modules/p{number}/node_modules/q").mkdir(parents=True)
        Path(f"d{number}/e/f").mkdir(parents=True)
    started = time.perf_counter()
    outcome = concise(cli)
    assert time.perf_counter() - started < 5
    assert "packages/lib/index.ts:7:5: warning[ws-legacy-accept]" in outcome.out


def test_fault_37_thousands_of_workers() -> None:
    def monorepo(count: int) -> dict[str, bytes]:
        files: dict[str, bytes] = {"package.json": b'{ "name": "m", "workspaces": ["workers/*"] }'}
        for number in range(count):
            services = f'"services": [{{ "binding": "NEXT", "service": "w{(number + 1) % count}" }}],'
            config = CONFIG.replace('"main"', f'{services}\n  "main"').replace('"w"', f'"w{number}"')
            files[f"workers/{number}/wrangler.jsonc"] = config.encode()
            files[f"workers/{number}/src/index.ts"] = CLEAN.encode()
        return files

    def seconds(count: int) -> float:
        started = time.process_time()
        report = check(monorepo(count))
        assert report.workers_checked == count
        return time.process_time() - started

    seconds(10)
    small, large = seconds(100), seconds(400)
    assert large < 8 * small  # four times as much, and some noise


def test_fault_38_the_order_of_the_output(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    worker("".join(f'import "./r{number}";\n' for number in range(12)) + CLEAN)
    write({f"src/r{number}.ts": ROOM for number in range(12)})
    beside()
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    for form in ("concise", "text", "json", "sarif"):
        outputs = {cli("check", "-j", jobs, "--output-format", form).out for jobs in ("1", "2", "3")}
        assert len(outputs) == 1


def test_fault_39_stdin(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    worker(ROOM, **{"src/other.ts": CLEAN})
    outcome = concise(cli, "-")
    assert outcome.code == 2
    assert "--stdin-filename" in outcome.err
    unsaved = CONFIG.replace("index.ts", "gone.ts").encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(unsaved)))
    outcome = concise(cli, "-", "--stdin-filename", "wrangler.jsonc")
    assert (outcome.code, rules_of(outcome)) == (1, ["nonexistent-path"])
    assert Path("wrangler.jsonc").read_text() == CONFIG


PYTHON = """\
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("ok")
"""


@pytest.mark.parametrize(
    "files",
    [
        {
            "wrangler.toml": TOML.replace("index.ts", "entry.py").replace(
                "[obs", 'compatibility_flags = ["python_workers"]\n[obs'
            ),
            "src/entry.py": PYTHON,
        },
        {
            "wrangler.jsonc": CONFIG.replace('"main": "src/index.ts"', '"assets": { "directory": "public" }'),
            "public/index.html": "<p>",
        },
    ],
)
def test_fault_40_no_code_in_javascript(cli: Cli, files: dict[str, str]) -> None:
    write(dict(files))
    assert concise(cli).code == 0
    name = next(iter(files))
    Path(name).write_text(Path(name).read_text().replace("2026-08-01", "2099-01-01"))
    outcome = concise(cli, "--fail-on", "note")
    assert (outcome.code, rules_of(outcome)) == (1, ["compat-date-invalid"])
