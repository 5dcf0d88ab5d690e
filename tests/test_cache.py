"""Findings that are kept from one run to the next: the same report, or none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cflint.cache.observed
import cflint.cache.storage
from cflint.api import Finding, Match, Severity, call, rule
from cflint.cli import run
from cflint.report import FORMATS
from cflint.rule import Rule, RuleSet
from tests.support.cli_samples import Cli, Outcome
from tests.support.paths import FIXTURES
from tests.support.runs import asked

__all__ = ["asked"]

CONFIG = """{
  "name": "%s", "main": "src/index.ts", "compatibility_date": "2026-08-01",
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
  "services": [{ "binding": "OTHER", "service": "beside" }],
  "vars": { "MODE": "fast" }
}
"""
INDEX = """import { send } from "@repo/shared";
import { Room } from "./room";
export { Room };
export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    send(env.MODE);
    const stub = env.ROOM.getByName("a");
    return stub.fetch(request);
  },
} satisfies ExportedHandler<Env>;
"""
ROOM = """import { DurableObject } from "cloudflare:workers";
import { helper } from "./helper";
export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    helper(server);
    return new Response(null, { status: 101, webSocket: client });
  }
}
"""
HELPER = "export async function helper(socket: WebSocket) {\n  socket.send('b');\n}\n"
SHARED = 'export async function send(text: string) {\n  await fetch("https://example.com/" + text);\n}\n'
TOML = 'name = "beside"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-01"\n'
FILES = {
    "package.json": '{ "name": "root", "workspaces": ["packages/*", "apps/*"] }\n',
    "packages/shared/package.json": '{ "name": "@repo/shared", "main": "src/index.ts" }\n',
    "packages/shared/src/index.ts": SHARED,
    "apps/chat/package.json": '{ "name": "chat" }\n',
    "apps/chat/wrangler.jsonc": CONFIG % "chat",
    "apps/chat/src/index.ts": INDEX,
    "apps/chat/src/room.ts": ROOM,
    "apps/chat/src/helper.ts": HELPER,
    "apps/beside/wrangler.toml": TOML,
    "apps/beside/src/index.ts": INDEX.replace('import { Room } from "./room";\nexport { Room };\n', ""),
    "loose.ts": "export const handler: ExportedHandler = { async fetch() { return new Response(); } };\n",
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two Workers and a package, the current folder; caches are beside it."""
    root = tmp_path / "repository"
    lay(root)
    monkeypatch.chdir(root)
    monkeypatch.delenv("CFLINT_NO_CACHE")
    monkeypatch.setenv("CFLINT_CACHE_DIR", str(tmp_path / "cache"))
    return root


@pytest.fixture
def cli(repository: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Cli:
    return Cli(capsysbinary)


def lay(root: Path) -> None:
    for name, text in {".git/HEAD": "ref: refs/heads/main\n", **FILES}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "findings").glob("*"))


# -- what stands and what does not ----------------------------------------------------------------------


def test_cold_warm_and_without_a_cache_are_one(
    cli: Cli, tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every format, for which the caches of one are good."""
    monkeypatch.setattr("cflint.engine.plan.PARALLEL_BYTES", 0)
    monkeypatch.setattr("cflint.engine.plan.CONFIG_BYTES", 0)
    caches = {jobs: ("--cache-dir", str(tmp_path / f"cache of {jobs}")) for jobs in ("1", "2")}
    cold: dict[str, Outcome] = {}
    for form in FORMATS:
        arguments = ("check", "--output-format", form, "--show-suppressed", "-j")
        plain = cli(*arguments, "1", "--no-cache")
        assert plain.code == 1
        for jobs, kept in caches.items():
            if jobs not in cold:
                cold[jobs] = cli(*arguments, jobs, *kept)
                assert cold[jobs] == plain, (form, jobs)
            asked.clear()
            assert cli(*arguments, jobs, *kept) == plain, (form, jobs)
            assert cli(*arguments, "1", *kept) == plain, (form, jobs)
            assert asked == []


def test_fixes_are_the_same_from_the_cache(repository: Path, cli: Cli) -> None:
    expected = [cli("check", "--no-cache", "--diff", "--unsafe-fixes") for _ in range(2)]
    cli("check")
    assert cli("check", "--diff", "--unsafe-fixes") == expected[0]
    shutil.copytree(repository, repository.parent / "copy")
    plain = cli("check", "--no-cache", "--fix", "--unsafe-fixes")
    fixed = {path: (repository / path).read_bytes() for path in FILES}
    for path in FILES:
        shutil.copy(repository.parent / "copy" / path, repository / path)
    cli("check")
    assert cli("check", "--fix", "--unsafe-fixes") == plain
    assert {path: (repository / path).read_bytes() for path in FILES} == fixed
    assert cli("check") == cli("check", "--no-cache")


@rule(call("send"), severity=Severity.WARNING)
def _asks_a_fact(match: Match) -> Iterator[Finding]:
    facts = match.project.facts.of("packages/shared/src/index.ts") if match.receiver is None else None
    if facts is not None and facts.functions["send"].is_async:
        yield Finding("`send()` is asynchronous", match.at())


def test_only_what_a_change_can_touch_is_asked_again(
    repository: Path, cli: Cli, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("cflint_test_rules.advice.asks", "Ask.\n")
    module.__dict__["check"] = _asks_a_fact
    rules = RuleSet((Rule("asks", "advice", _asks_a_fact.spec, lambda: module),))
    monkeypatch.setattr(RuleSet, "discover", classmethod(lambda _, **__: rules))
    shared = repository / "packages/shared/src/index.ts"
    callers = {"apps/chat/src/index.ts", "apps/beside/src/index.ts"}
    before = cli("check")
    assert before.out.count("`send()` is asynchronous") == 2
    for name in ("loose.ts", "packages/shared/src/index.ts"):
        path = repository / name
        path.write_text("// moved down\n" + path.read_text())
        asked.clear()
        assert cli("check") == before
        assert asked == [name]  # the others ask what `send` is, not where
        assert cli("check", "--no-cache") == before
    shared.write_text(shared.read_text().replace("async function send", "function send"))
    asked.clear()
    outcome = cli("check")
    assert set(asked) == {"packages/shared/src/index.ts", *callers}
    assert outcome == cli("check", "--no-cache") != before


def test_a_class_is_asked_about_again_when_what_its_worker_exports_changes(
    repository: Path, cli: Cli, asked: list[str]
) -> None:
    silent = "ws-missing-upgrade-check,fetch-without-timeout"  # these look into the texts of others
    check = ("check", "--ignore", silent)
    room = ROOM.replace("extends DurableObject<Env> ", "")  # its configuration alone makes it one
    (repository / "apps/chat/src/room.ts").write_text(room)
    cli(*check)
    index = repository / "apps/chat/src/index.ts"
    index.write_text("// moved down\n" + INDEX)
    asked.clear()
    moved = cli(*check)
    assert asked == ["apps/chat/src/index.ts"]
    assert moved == cli(*check, "--no-cache")
    index.write_text(INDEX.replace("export { Room };\n", ""))
    asked.clear()
    gone = cli(*check)
    assert "apps/chat/src/room.ts" in asked
    assert moved != gone == cli(*check, "--no-cache")


def test_what_was_not_there_counts_too(repository: Path, cli: Cli) -> None:
    helper = repository / "apps/chat/src/helper.ts"
    helper.rename(repository / "kept.ts.txt")
    before = cli("check")
    assert cli("check") == before
    (repository / "kept.ts.txt").rename(helper)
    assert cli("check") == cli("check", "--no-cache") != before


@pytest.mark.skipif(shutil.which("git") is None, reason="git makes the index")
def test_what_git_tracks_by_now_counts(repository: Path, cli: Cli) -> None:
    (repository / ".gitignore").write_text("/apps/beside/\n")
    (repository / "apps/beside/wrangler.toml").write_text(TOML + "unknown_key = 1\n")
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "add", "apps/chat"], check=True)
    for _ in range(2):
        assert "config-unknown-key" not in cli("check").out
    subprocess.run(["git", "add", "-f", "apps/beside"], check=True)
    for _ in range(2):
        assert "config-unknown-key" in cli("check").out


def test_the_question_is_part_of_the_key(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cli("check")
    for more in (
        ("apps/beside",),
        ("--select", "websockets"),
        ("--ignore", "websockets"),
        ("--exclude", "apps/chat"),
        ("--preset", "all"),
        ("--isolated",),
    ):
        assert cli("check", *more) == cli("check", *more, "--no-cache")
        assert cli("check", *more) == cli("check", *more, "--no-cache")
    assert cli("check") == whole
    monkeypatch.setenv("CFLINT_TODAY", "2027-09-01")
    assert cli("check") == cli("check", "--no-cache")


def test_settings_are_looked_at(repository: Path, cli: Cli) -> None:
    assert cli("check").code == 1
    (repository / "cflint.toml").write_text('fail-on = "never"\nignore = ["websockets"]\n')
    assert cli("check").code == 0
    assert cli("check") == cli("check", "--no-cache")
    (repository / "cflint.toml").write_text('fail-on = "sometimes"\n')
    assert cli("check").code == 2
    (repository / "cflint.toml").unlink()
    assert cli("check").code == 1


def test_a_file_that_was_only_touched_stands_again(
    repository: Path, cli: Cli, asked: list[str], tmp_path: Path
) -> None:
    cli("check")
    for name in FILES:
        os.utime(repository / name)
    asked.clear()
    cli("check")
    assert asked == []


def test_stamps_alone_are_believed_only_long_after_a_change(
    repository: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = repository / "apps/chat/src/room.ts"
    before = cli("check")
    path.write_text(path.read_text().replace("server.accept()", "server.except()"))  # of the same length
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert cli("check") != before


def test_the_rest_of_a_partial_run_is_not_kept(
    repository: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cflint.project.workers.trees.Trees.of", lambda *_: None)
    assert cli("check").code == 4
    assert entries(tmp_path) == []


def test_standard_input_is_not_kept(
    repository: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ROOM.encode())))
    cli("check", "-", "--stdin-filename", "apps/chat/src/room.ts")
    assert entries(tmp_path) == []


def test_a_warm_run_loads_no_analyser(repository: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from cflint.cli import run; code = run(['check', '--output-format', 'concise']);"
        "ours = ('cflint.engine', 'cflint.rule', 'cflint.settings', 'cflint.scope', 'cflint.syntax',"
        " 'tree_sitter', 'cflint_rules', 'cflint.project.workers.loading', 'cflint.project.workers.model',"
        " 'cflint.project.files.discovery', 'ahocorasick_rs');"
        "tables = {'cflint.syntax', 'cflint.syntax.suffixes'};"
        "print(code, [name for name in sys.modules if name.startswith(ours) and name not in tables])"
    )
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, "-c", script], cwd=repository, capture_output=True, timeout=60, check=True
        )
    assert result.stdout.splitlines()[-1] == b"1 []", result.stdout + result.stderr


def test_what_a_configuration_in_typescript_imports_counts(repository: Path, cli: Cli) -> None:
    folder = repository / "apps/beside"
    (folder / "wrangler.toml").unlink()
    (folder / "names.ts").write_text('export const names = { MODE: { type: "text", value: "a" } };\n')
    (folder / "cloudflare.config.ts").write_text(
        'import { defineConfig } from "cf/config";\nimport { names } from "./names.ts";\n'
        'export default defineConfig({ worker: { name: "beside", compatibilityDate: "2026-08-01",\n'
        '  entrypoint: "src/index.ts", env: { ...names } } });\n'
    )
    (folder / "src/index.ts").write_text(
        "export default {\n  async fetch(request: Request, env: Env): Promise<Response> {\n"
        '    return new Response(await env.STORE.get("a"));\n  },\n};\n'
    )
    said = "`STORE` is used, but `cloudflare.config.ts` does not declare it"
    for _ in range(2):
        assert said in cli("check", "--output-format", "concise").out
    (folder / "names.ts").write_text('export const names = { STORE: { type: "kv" } };\n')
    for _ in range(2):
        after = cli("check", "--output-format", "concise")
        assert said not in after.out
        assert after == cli("check", "--output-format", "concise", "--no-cache")
    (folder / "wrangler.config.ts").write_text("export default {")
    for _ in range(2):
        assert "config-parse-error" in cli("check", "--output-format", "concise").out


def test_a_run_without_a_configuration_in_typescript_evaluates_none(repository: Path) -> None:
    script = (
        "import sys; from cflint.cli import run; code = run(['check', '--no-cache', '-j', '1']);"
        "print(code, [name for name in sys.modules if name.startswith('cflint.project.config.cloudflare')"
        " or name == 'cflint.platform.cloudflare_config'])"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=repository, capture_output=True, timeout=60)
    assert result.stdout.splitlines()[-1] == b"1 []", result.stdout + result.stderr


# -- random edits ---------------------------------------------------------------------------------------

Edit = Callable[[Path], None]


def _change(name: str, old: str, new: str) -> Edit:
    def edit(root: Path) -> None:
        path = root / name
        if path.is_file():
            path.write_text(path.read_text().replace(old, new))

    edit.__name__ = f"change {name}: {old!r} → {new!r}"
    return edit


def _write(name: str, text: str | None) -> Edit:
    def edit(root: Path) -> None:
        path = root / name
        if text is None:
            path.unlink(missing_ok=True)
        elif not path.is_symlink():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    edit.__name__ = f"write {name}"
    return edit


def _link(name: str, target: str) -> Edit:
    def edit(root: Path) -> None:
        path = root / name
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    edit.__name__ = f"link {name}"
    return edit


CHAT = "apps/chat/src/"
EDITS: list[Edit] = [
    *(_change(name, "import", "// moved\nimport") for name in (CHAT + "index.ts", CHAT + "room.ts")),
    *(_write(name, text) for name, text in FILES.items()),
    *(_write(name, None) for name in FILES),
    _change(CHAT + "helper.ts", "async ", ""),
    _change(CHAT + "helper.ts", "function helper", "function helped"),
    _change(CHAT + "helper.ts", "export", 'import "./room";\nexport'),
    _change(CHAT + "room.ts", "class Room", "class Hall"),
    _change(CHAT + "room.ts", "extends DurableObject<Env>", "implements DurableObject"),
    _change(CHAT + "room.ts", 'import { helper } from "./helper";\n', ""),
    _change(
        CHAT + "room.ts",
        "    server.accept();",
        "    // cflint-ignore ws-legacy-accept: no\n    server.accept();",
    ),
    _change(CHAT + "index.ts", "export { Room };", 'export * from "./room";'),
    _change(CHAT + "index.ts", "send(env.MODE)", "await send(env.MODE)"),
    _change(CHAT + "index.ts", "export default", "export defau"),
    _change("packages/shared/src/index.ts", "async function send", "function send"),
    _change("packages/shared/src/index.ts", "await fetch", "void fetch"),
    _write("packages/shared/src/index.ts", 'export { send } from "./send";\n'),
    _write("packages/shared/src/send.ts", SHARED),
    _change("packages/shared/package.json", "@repo/shared", "@repo/other"),
    _change("apps/chat/wrangler.jsonc", "src/index.ts", "src/room.ts"),
    _change("apps/chat/wrangler.jsonc", "2026-08-01", "2024-01-01"),
    _change("apps/chat/wrangler.jsonc", '"Room"', '"Hall"'),
    _change("apps/chat/wrangler.jsonc", "}\n", ""),
    _change("apps/beside/wrangler.toml", "name", "[vars]\nMODE = 1\n#"),
    _write("apps/beside/wrangler.jsonc", '{ "name": "b", "main": "src/index.ts" }'),
    _write("apps/chat/worker-configuration.d.ts", "interface Env { ROOM: DurableObjectNamespace }\n"),
    _write("apps/chat/tsconfig.json", '{ "compilerOptions": { "types": [] } }'),
    _write("apps/chat/.dev.vars", 'API_TOKEN="sk_live_0123456789abcdefghij"\n'),
    _write("apps/chat/src/extra.ts", "export const room: DurableObjectState | null = null;\n"),
    _write(".gitignore", "apps/beside\n"),
    _write(".gitignore", None),
    _write("cflint.toml", 'ignore = ["websockets"]\n[severity]\ntypes = "error"\n'),
    _write("cflint.toml", None),
    _link(CHAT + "helper.ts", "room.ts"),
    _link("loose.ts", "../outside.ts"),
    _write("loose.ts", "x" * 6000 + ": ExportedHandler\n"),
    _write("loose.ts", "const a = '\ud7ff': ExportedHandler;\n"),
]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(edits=st.lists(st.sampled_from(EDITS), min_size=4, max_size=7), steady=st.booleans())
def test_after_any_edits_a_run_with_a_cache_says_what_one_without_says(
    repository: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    edits: list[Edit],
    steady: bool,
) -> None:
    # With a slack below nothing, stamps are believed of files that have just changed.
    monkeypatch.setattr(cflint.cache.observed, "SLACK", -(10**15) if steady else 2 * 10**9)
    cli = Cli(capsysbinary)
    shutil.rmtree(repository)
    shutil.rmtree(repository.parent / "cache", ignore_errors=True)
    lay(repository)
    os.chdir(repository)
    arguments = ("check", "--output-format", "json", "--preset", "all", "-j", "1", "--allow-empty")
    cli(*arguments)
    for edit in edits:
        edit(repository)
        expected = cli(*arguments, "--no-cache")
        assert cli(*arguments) == expected, edit.__name__
        assert cli(*arguments) == expected, edit.__name__


def test_an_outline_remembers_the_imports_of_what_did_not_change(repository: Path, cli: Cli) -> None:
    cli("check")
    (repository / "loose.ts").write_text("export const handler: ExportedHandler = {};\n")
    cli("check")  # is loaded by the outline: of imports, it looks at those of this file only
    (repository / "packages/shared/src/index.ts").write_text('export { send } from "./send";\n')
    assert cli("check", "--output-format", "json") == cli("check", "--output-format", "json", "--no-cache")


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("components/cart.tsx", b'"use client";', b""),
        ("lib/actions.ts", b'"use server";', b""),
        ("lib/format.ts", b"fetch(", b" fetch("),
        ("pages/legacy.tsx", b"onClick={() => track()}", b"onClick={() => orders()}"),
        ("lib/measure.ts", b"export", b"/* the browser's */ export"),
        ("next.config.ts", b"export default {", b"export default { output: 'export', "),
        ("package.json", b'"next"', b'"other"'),
    ],
)
def test_realms_are_what_they_would_be_without_a_cache(
    repository: Path, cli: Cli, path: str, before: bytes, after: bytes
) -> None:
    shutil.copytree(FIXTURES / "apps/opennext/app-router", repository / "apps/shop")
    arguments = ("check", "--output-format", "json")
    first = cli(*arguments)
    file = repository / "apps/shop" / path
    assert before in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(before, after))
    second = cli(*arguments)
    assert second == cli(*arguments, "--no-cache")
    assert cli(*arguments) == second
    assert first == second or path not in ("lib/format.ts", "lib/measure.ts")


# -- faults ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0\xff",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"key": 1e999, "seen": {}}',
    ],
)
@pytest.mark.parametrize("which", ["*", "*.memo.json"])
def test_fault_32_a_damaged_cache_is_made_anew(
    repository: Path, cli: Cli, tmp_path: Path, damage: bytes, which: str
) -> None:
    expected = cli("check")
    for path in (tmp_path / "cache" / "findings").glob(which):
        path.write_bytes(damage)
    assert cli("check") == expected
    (repository / "loose.ts").write_text("// changed\n")
    assert cli("check") == cli("check", "--no-cache")
    assert all(path.stat().st_size > 1000 for path in entries(tmp_path))


def test_fault_32_no_damage_within_an_entry_shows(repository: Path, cli: Cli, tmp_path: Path) -> None:
    expected = cli("check")
    entry, parts = ((path, json.loads(path.read_bytes())) for path in entries(tmp_path))
    for part in ("report", "seen", "fail_on", "run"):
        for wrong in (None, [], {}, "x", 7, [[1, 2, 3, 4, 5, 6]], {"findings": 3}, [None]):
            entry[0].write_text(json.dumps({**entry[1], part: wrong}))
            parts[0].write_text(json.dumps({**parts[1], "results": wrong}))
            outcome = cli("check")
            assert (outcome.out, outcome.err) == (expected.out, expected.err), (part, wrong)
    for finding in ("at", "message"):
        broken = json.loads(json.dumps(entry[1]))
        row = broken["report"]["findings"][0]
        if finding == "at":
            row[3][2] = 10**9
        else:
            row[2] = [["/etc/passwd", 0, 5]]
        entry[0].write_text(json.dumps(broken))
        assert cli("check") == expected


def test_fault_32_an_entry_of_another_version_is_not_read(
    cli: Cli, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = cli("check")
    asked.clear()
    monkeypatch.setattr("cflint.__version__", "99.0")
    assert cli("check") == expected
    assert asked


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for root")
def test_fault_32_an_unwritable_folder_is_no_matter_for_users(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o500)
    assert cli("check") == cli("check", "--no-cache")


def test_fault_32_an_unwritable_cache_is_no_matter(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = cli("check", "--no-cache")
    shutil.rmtree(tmp_path / "cache")  # the index of the rules
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert cli("check") == expected
    (tmp_path / "cache").unlink()

    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cflint.cache.storage.os.fdopen", full)
    assert cli("check") == expected
    assert entries(tmp_path) == []


def test_fault_32_two_runs_at_once(repository: Path, tmp_path: Path) -> None:
    expected = subprocess.run(
        [sys.executable, "-m", "cflint", "check", "--no-cache"], capture_output=True, timeout=60
    )
    command = [sys.executable, "-m", "cflint", "check"]
    results: list[bytes] = []

    def go() -> None:
        for _ in range(3):
            results.append(subprocess.run(command, capture_output=True, timeout=60).stdout)

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) == {expected.stdout}
    assert [path for path in entries(tmp_path) if path.suffix == ".tmp"] == []
    assert len(entries(tmp_path)) == 2


def test_fault_32_a_cache_behind_a_link_of_the_repository_is_refused(
    repository: Path, cli: Cli, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (repository / ".cache").symlink_to(victim)
    for folder in (".cache", ".cache/deeper"):
        outcome = cli("check", "--cache-dir", folder)
        assert outcome.out == cli("check", "--no-cache").out
        assert "nothing is cached: " in outcome.err
        assert "is a symbolic link inside the project" in outcome.err
    assert list(victim.iterdir()) == []


def test_fault_32_an_entry_that_is_a_link_or_a_fifo_is_not_read(
    repository: Path, cli: Cli, tmp_path: Path
) -> None:
    expected = cli("check")
    for path in entries(tmp_path):
        data = path.read_bytes()
        path.unlink()
        if path.name.endswith(".memo.json"):
            os.mkfifo(path)
        else:
            (tmp_path / "elsewhere").write_bytes(data)
            path.symlink_to(tmp_path / "elsewhere")
    assert cli("check") == expected
    assert not any(path.is_symlink() or path.is_fifo() for path in entries(tmp_path))


def test_fault_32_nothing_is_kept_inside_the_project_unless_asked(
    repository: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = sorted(repository.rglob("*"))
    cli("check")
    monkeypatch.delenv("CFLINT_CACHE_DIR")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    cli("check")
    assert sorted(repository.rglob("*")) == before
    assert list((tmp_path / "home").rglob("*.memo.json"))
    cli("check", "--cache-dir", ".kept")
    assert list((repository / ".kept").rglob("*.memo.json"))


def test_fault_30_no_secret_is_in_the_cache(repository: Path, cli: Cli, tmp_path: Path) -> None:
    secret = "sk_live_" + "51HqLyjWDarjtT1zdp7dcQvKm"
    (repository / "apps/chat/wrangler.jsonc").write_text(
        (CONFIG % "chat").replace('"MODE": "fast"', f'"MODE": "fast", "STRIPE_SECRET_KEY": "{secret}"')
    )
    path = repository / "apps/chat/src/index.ts"
    path.write_text(f'const key = "{secret}";\n' + path.read_text())
    (repository / "apps/chat/.dev.vars").write_text(f"STRIPE_SECRET_KEY={secret}\n")
    first = cli("check", "--preset", "all", "--output-format", "json")
    assert "secret" in first.out
    assert cli("check", "--preset", "all", "--output-format", "json") == first
    assert entries(tmp_path)
    for entry in entries(tmp_path):
        assert secret[12:].encode() not in entry.read_bytes()


def test_a_secret_is_kept_as_the_place_where_it_stands() -> None:
    from cflint.cache.pack import Packer
    from cflint.cache.unpack import Unpacker
    from cflint.cachedir import hash_of
    from cflint.finding import Edit, Finding, Fix, Location, Safety
    from cflint.project.files.workspace import Workspace
    from cflint.report.escape import masked_source
    from cflint.source import Span

    secret = "sk_live_" + "51HqLyjWDarjtT1zdp7dcQvKm"
    workspace = Workspace.in_memory({"a.ts": f'const key = "{secret}";\n'.encode()})
    document = workspace.read("a.ts")
    assert document is not None
    fix = Fix("Move it", (Edit(document, Span(0, 5), f'x("{secret}")'),), Safety.SAFE)
    finding = Finding(f"`{secret}` is in the open", Location(document, Span(0, 5)), fix=fix)
    packed = Packer(workspace, masked_source).findings([finding])
    assert packed is not None
    assert secret[12:] not in json.dumps(packed)
    hashes = {"a.ts": [0, hash_of(document.data)]}
    assert Unpacker(workspace, hashes).findings(packed) == (finding,)
    other = Finding("`sk_live_51HqLyjWDarjtT1zdp7dcWXYZ` is nowhere", Location(document, Span(0, 5)))
    assert Packer(workspace, masked_source).findings([other]) is None


# -- cflint clean ---------------------------------------------------------------------------------------


def test_clean_takes_away_what_was_kept_and_nothing_else(cli: Cli, tmp_path: Path) -> None:
    cli("check")
    (tmp_path / "cache" / "findings" / "notes.txt").write_text("mine")
    outcome = cli("clean")
    assert outcome.code == 0
    assert outcome.err.startswith("deleted 2 cache files (")
    assert [path.name for path in entries(tmp_path)] == ["notes.txt"]
    (tmp_path / "cache" / "findings" / "notes.txt").unlink()
    assert cli("clean").err.startswith("deleted 0 cache files")
    assert not (tmp_path / "cache" / "findings").exists()
    assert cli("clean", "--cache-dir", str(tmp_path / "nowhere"), "--quiet").err == ""


def test_clean_does_not_follow_a_link(cli: Cli, tmp_path: Path) -> None:
    cli("check")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "findings").symlink_to(tmp_path / "cache" / "findings")
    cli("clean", "--cache-dir", str(tmp_path / "other"))
    assert len(entries(tmp_path)) == 2


def test_there_are_never_too_many_entries(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cflint.cache.storage, "MOST_ENTRIES", 4)
    for name in ("apps/chat", "apps/beside", "packages", "apps"):
        cli("check", name, "--allow-empty")
    assert len(entries(tmp_path)) == 4
    cli("check", "apps")
    assert run(["clean", "-q"]) == 0
