"""`cflint mcp`: what its tools answer to the SDK's own client, what they refuse, and what they write.

Over stdio the client asks in tests/security/test_audit.py.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cflint.cli import run
from cflint.cli.exits import Failure
from cflint.cli.mcp.tools import LANGUAGES, Tools
from tests.support.paths import ROOT

EXAMPLE = ROOT / "examples" / "chat-room"
UNAWAITED = """export default {
  async fetch(request, env) {
    env.CACHE.put("hits", "1");
    return new Response("x");
  },
} satisfies ExportedHandler<Env>;
interface Env { CACHE: KVNamespace }
"""

Ask = Callable[..., tuple[str, bool]]
"""From a tool's name and its arguments to its text, and whether that is an error."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with findings, in a repository that has more than the folder."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "secret.ts").write_text(UNAWAITED)
    return Path(shutil.copytree(EXAMPLE, tmp_path / "chat-room"))


@pytest.fixture
def ask(folder: Path) -> Ask:
    return asked(folder)


def asked(folder: Path, **options: Any) -> Ask:
    """Calls a tool by the client of the SDK, in this process."""
    pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
    from mcp import Client

    from cflint.cli.mcp.server import server_of

    async def call(name: str, arguments: dict[str, Any]) -> tuple[str, bool]:
        async with Client(server_of(Tools(folder), **options)) as client:
            answer = await client.call_tool(name, arguments)
        (content,) = answer.content
        return content.text, bool(answer.is_error)

    return lambda name, **arguments: asyncio.run(call(name, arguments))


def texts(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_each_tool_says_what_it_takes_and_whether_it_writes() -> None:
    pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
    from mcp import Client

    from cflint.cli.mcp.server import server_of

    async def listed(*, read_only: bool) -> dict[str, Any]:
        async with Client(server_of(Tools(EXAMPLE), read_only=read_only)) as client:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = asyncio.run(listed(read_only=False))
    assert set(tools) == {"check", "check_text", "explain", "fix", "workers", "graph"}
    assert [name for name, tool in tools.items() if not tool.annotations.read_only_hint] == ["fix"]
    assert tools["fix"].annotations.destructive_hint
    assert tools["fix"].input_schema["properties"]["apply"]["default"] is False
    languages = tools["check_text"].input_schema["properties"]["language"]["anyOf"][0]["enum"]
    assert languages == list(LANGUAGES)
    assert all(tool.description for tool in tools.values())
    shown = asyncio.run(listed(read_only=True))
    assert set(shown) == set(tools) and all(tool.annotations.read_only_hint for tool in shown.values())
    assert "apply" not in shown["fix"].input_schema["properties"]


def test_check_finds_what_the_command_finds(
    ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    run(["check", "--no-cache", "--output-format", "agent"])
    assert ask("check") == (capfd.readouterr().out, False)


def test_check_of_some_is_less(ask: Ask) -> None:
    text, is_error = ask("check", paths=["src/room.ts"], rules=["alarm-floating-set"])
    assert not is_error
    path, worker, finding = text.splitlines()[:3]
    assert path == "src/room.ts" and worker.startswith("  of wrangler.jsonc")
    assert finding.startswith("  17:5 note alarm-floating-set: ")
    assert "1 note." in text
    text, _ = ask("check", limit=1)
    assert "These are the first 1 of " in text


def test_a_text_alone_is_checked(ask: Ask) -> None:
    text, _ = ask("check_text", text=UNAWAITED, language="typescript")
    assert "snippet.ts\n  3:5 warning binding-floating-promise: " in text
    answer = f"# Counting\n\nDo this:\n\n```ts\n{UNAWAITED}```\n"
    text, _ = ask("check_text", text=answer, language="markdown")
    assert "answer.md\n  8:5 warning binding-floating-promise: " in text
    text, _ = ask("check_text", text='{ "name": "a", "kv_namespace": [] }', language="wrangler.jsonc")
    assert "config-unknown-key" in text


def test_a_text_is_checked_as_a_file_that_is_not_written(ask: Ask, folder: Path) -> None:
    before = texts(folder)
    code = (folder / "src/index.ts").read_text()
    assert "binding-not-declared" in ask("check", paths=["src/index.ts"])[0]
    mended = code.replace("env.PROFILE.put", "await env.PROFILES.put")
    assert "binding-not-declared" not in ask("check_text", text=mended, path="src/index.ts")[0]
    new, is_error = ask("check_text", text=code, path="src/other.ts")
    assert not is_error and new.startswith("src/other.ts\n")
    assert texts(folder) == before


def test_a_rule_and_an_error_are_explained(ask: Ask) -> None:
    page, _ = ask("explain", what="alarm-floating-set")
    assert page.startswith("# alarm-floating-set\n") and "## Correct" in page
    assert "**immutable-headers**" in ask("explain", what="TypeError: Can't modify immutable headers.")[0]
    text, is_error = ask("explain", what="alarm-floating-sets")
    assert is_error and "did you mean `alarm-floating-set`" in text
    assert ask("explain", what="-")[1], "stdin is the protocol's"


def test_a_fix_is_shown_and_written_when_asked_for(ask: Ask, folder: Path) -> None:
    before = texts(folder)
    arguments = {"paths": ["src/room.ts"], "rules": ["alarm-floating-set"]}
    shown, _ = ask("fix", **arguments)
    assert "Nothing was written" in shown
    assert "--- a/src/room.ts\n" in shown
    assert "\n-    this.ctx.storage.setAlarm(" in shown and "\n+    await this.ctx.storage.setAlarm(" in shown
    assert texts(folder) == before
    written, is_error = ask("fix", **arguments, apply=True)
    assert not is_error and "Fixed 1 finding" in written
    after = texts(folder)
    assert [Path(path).name for path in before if after[path] != before[path]] == ["room.ts"]
    assert b"await this.ctx.storage.setAlarm(" in after[str(folder / "src/room.ts")]
    assert ask("fix", **arguments)[0].startswith("There is no fix for what was asked (0 findings)")


def test_a_fix_of_a_line_leaves_other_lines(ask: Ask, folder: Path) -> None:
    before = (folder / "src/room.ts").read_text().split("\n")
    assert not ask("fix", paths=["src/room.ts"], line=17, unsafe=True, apply=True)[1]
    after = (folder / "src/room.ts").read_text().split("\n")
    assert [
        number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]
    ] == [17]
    assert ask("fix", paths=["src/room.ts"], line=1) == (
        "Error executing tool fix: there is no finding on line 1",
        True,
    )
    assert ask("fix", line=17)[1]


def test_unsafe_fixes_are_asked_for(ask: Ask) -> None:
    arguments = {"paths": ["src/index.ts"], "rules": ["no-log-env"]}
    assert ask("fix", **arguments)[0].startswith("There is no safe fix. `unsafe` allows")
    assert (
        '+    console.log("request", request.url, Object.keys(env));'
        in ask("fix", **arguments, unsafe=True)[0]
    )


@pytest.mark.parametrize("path", ["..", "../secret.ts", "src/../../secret.ts", "link.ts", "out/secret.ts"])
def test_a_path_outside_is_refused(path: str, folder: Path) -> None:
    (folder / "link.ts").symlink_to(folder.parent / "secret.ts")
    (folder / "out").symlink_to(folder.parent)
    before = texts(folder.parent)
    tools = Tools(folder)
    for given in (path, str(folder / path)):
        calls: tuple[Callable[[], str], ...] = (
            partial(tools.check, [given]),
            partial(tools.check_text, UNAWAITED, path=given),
            partial(tools.fix, [given], is_unsafe_allowed=True, apply=True),
            partial(tools.workers, [given]),
            partial(tools.graph, [given]),
        )
        for call in calls:
            with pytest.raises(Failure, match="lies outside"):
                call()
    assert texts(folder.parent) == before


def test_a_fix_does_not_reach_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "wrangler.jsonc").write_text(
        '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01" }\n'
    )
    (tmp_path / "src").mkdir()
    (tmp_path / "src/index.ts").write_text(UNAWAITED)
    before = texts(tmp_path)
    whole, part = Tools(tmp_path), Tools(tmp_path / "src")
    offered = whole.fix(is_unsafe_allowed=True)
    assert "+++ b/wrangler.jsonc" in offered
    part.fix(is_unsafe_allowed=True, apply=True)
    after = texts(tmp_path)
    assert [path for path in before if before[path] != after[path]] == [str(tmp_path / "src/index.ts")]


def test_workers_and_their_bindings_are_listed(ask: Ask) -> None:
    (worker,) = json.loads(ask("workers")[0])["workers"]
    assert (worker["worker"], worker["place"], worker["main"]) == (
        "chat-room",
        "wrangler.jsonc",
        "src/index.ts",
    )
    bindings = {it["name"]: it["type"] for it in worker["deploys"] if it["kind"] == "binding"}
    assert bindings == {"PROFILES": "kv", "ROOMS": "durable_object"}


def test_the_picture_is_that_of_the_folder(ask: Ask) -> None:
    drawn, _ = ask("graph")
    assert drawn.startswith("flowchart LR\n") and 'href "src/room.ts#35;L4"' in drawn
    assert json.loads(ask("graph", format="json")[0])["items"]
    text, is_error = ask("graph", env="staging")
    assert is_error and "no Worker has an environment `staging`" in text


def test_what_is_wrong_is_said(tmp_path: Path, ask: Ask, folder: Path) -> None:
    for name, arguments, said in (
        ("check", {"paths": ["absent.ts"]}, "no such file or folder: absent.ts"),
        ("check", {"paths": ["a\0b"]}, "no such file or folder: "),
        ("check", {"rules": ["no-rule"]}, "unknown rule, group or preset `no-rule`"),
        ("check_text", {"text": "x"}, "say the language"),
        ("check_text", {"text": "x", "path": "src"}, "src is a folder"),
        ("explain", {"what": "strict"}, "is a preset, not a rule"),
    ):
        text, is_error = ask(name, **arguments)
        assert is_error and said in text, (name, text)
    (folder / "cflint.toml").write_text("preset = 3\n")
    text, is_error = ask("check")
    assert is_error and "cflint.toml" in text
    (tmp_path / "empty").mkdir()
    with pytest.raises(Failure, match="no Worker project found"):
        Tools(tmp_path / "empty").workers()


def test_without_the_extra_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("mcp", "mcp.server", "mcp.server.mcpserver"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "cflint.cli.mcp.server", raising=False)
    assert run(["mcp"]) == 2
    assert "`cflint mcp` needs the package mcp" in capfd.readouterr().err
