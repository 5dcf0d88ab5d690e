"""References, other names and lenses of bindings and classes, over the protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.support.lsp_client import Client, applied, capabilities, place_in, serving
from tests.support.lsp_project import CONFIG, FLOATING, INDEX, ROOM, write_project

pytestmark = pytest.mark.asyncio


def at(text: str, part: str, within: int = 0) -> tuple[int, int]:
    return place_in(text, part, within)


def _units(text: str, part: str) -> tuple[int, int]:
    """The place of a part in UTF-16."""
    line, character = place_in(text, part)
    before = text.splitlines()[line][:character]
    return line, len(before.encode("utf-16-le")) // 2


def titles(lenses: list[types.CodeLens]) -> list[tuple[int, str]]:
    """The 0-based lines of lenses, and what they say."""
    found = []
    for lens in lenses:
        assert lens.command is not None
        found.append((lens.range.start.line, lens.command.title))
    return found


async def test_references_of_a_binding_in_unsaved_text(project: Path) -> None:
    async with serving(project) as client:
        text = "// 😀\n" + INDEX.replace("const room", "/* 😀 */ env.STORE; const room")
        client.open("src/index.ts", text)
        found = await client.references("src/index.ts", *at(text, "env.STORE.put", 5))
        config = ("wrangler.jsonc", *at(CONFIG, "STORE"))
        parts = ("STORE: KV", "STORE;", "STORE.put")
        assert found == [config, *(("index.ts", *_units(text, part)) for part in parts)]
        unsaid = await client.references("wrangler.jsonc", *at(CONFIG, "STORE"), declarations=False)
        assert unsaid == found[1:]
        (first, _) = await client.lenses("wrangler.jsonc")
        assert first.command is not None and first.command.command == ""  # it shows no references itself


async def test_references_of_a_class(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/room.ts")
        config = CONFIG.splitlines()
        expected = [
            ("room.ts", 2, 13),
            ("wrangler.jsonc", 6, config[6].index("Room")),
            ("wrangler.jsonc", 7, config[7].index("Room")),
        ]
        assert await client.references("src/room.ts", *at(ROOM, "Room")) == expected
        assert await client.references("wrangler.jsonc", *at(CONFIG, '"Room"]', 2)) == expected
        assert await client.references("src/room.ts", *at(ROOM, "Upgrade")) == []


async def test_another_name_for_a_binding(project: Path) -> None:
    async with serving(project) as client:
        options = client.initialized.capabilities.rename_provider
        assert isinstance(options, types.RenameOptions) and options.prepare_provider
        text = INDEX.replace("env.STORE.put", "const { STORE } = env; STORE.put")
        client.open("src/index.ts", text)
        where = at(text, "STORE } =", 1)
        ready = await client.lsp.text_document_prepare_rename_async(
            types.PrepareRenameParams(client.document("src/index.ts"), types.Position(*where))
        )
        assert isinstance(ready, types.PrepareRenamePlaceholder)
        assert (ready.placeholder, ready.range.start) == ("STORE", types.Position(where[0], where[1] - 1))
        edit = await client.rename("src/index.ts", *where, "TEXTS")
        assert applied(text, edit, client.uri("src/index.ts")) == text.replace(
            "STORE: KV", "TEXTS: KV"
        ).replace("{ STORE }", "{ TEXTS: STORE }")
        assert applied(CONFIG, edit, client.uri("wrangler.jsonc")) == CONFIG.replace("STORE", "TEXTS")
        assert edit is not None and edit.document_changes is not None
        versions = {
            change.text_document.uri: change.text_document.version
            for change in edit.document_changes
            if isinstance(change, types.TextDocumentEdit)
        }
        assert versions == {client.uri("src/index.ts"): client.version, client.uri("wrangler.jsonc"): None}
        for name, reason in (
            ("ROOM", "`ROOM` is taken: `chat` has a binding or a variable of that name"),
            ("no name", "`no name` is no name for a binding"),
        ):
            with pytest.raises(JsonRpcException, match=reason) as raised:
                await client.rename("src/index.ts", *where, name)
            assert raised.value.code == -32803
        assert await client.rename("src/index.ts", *at(text, "const room", 7), "other") is None
        await client.until_codes("src/index.ts", FLOATING)  # what was tried has left nothing behind


async def test_a_name_that_has_to_stay_is_refused_before_it_is_typed(project: Path) -> None:
    async with serving(project) as client:
        client.open("wrangler.jsonc", CONFIG.replace("STORE", "ASSETS"), language="jsonc")
        place = types.Position(*at(CONFIG, "STORE"))
        params = types.PrepareRenameParams(client.document("wrangler.jsonc"), place)
        with pytest.raises(JsonRpcException, match="is a name that the platform or a library looks for"):
            await client.lsp.text_document_prepare_rename_async(params)


async def test_the_value_of_a_secret_stays_where_it_is(tmp_path: Path) -> None:
    text = INDEX.replace("env.STORE.put", "env.TOKEN, env.STORE.put")
    files = {"wrangler.jsonc": CONFIG, "src/index.ts": text, "src/room.ts": ROOM, ".dev.vars": "TOKEN=1\n"}
    async with serving(write_project(tmp_path / "chat", files)) as client:
        edit = await client.rename(".dev.vars", 0, 0, "KEY")
        assert applied("TOKEN=1\n", edit, client.uri(".dev.vars")) == "KEY=1\n"
        assert applied(text, edit, client.uri("src/index.ts")) == text.replace("TOKEN", "KEY")
        await client.until(lambda: bool(client.messages))
        assert client.messages[-1].endswith("store it again with `wrangler secret put KEY`")


async def test_lenses(project: Path) -> None:
    async with serving(project, options={"showReferences": True}) as client:
        found = await client.lenses("wrangler.jsonc")
        assert titles(found) == [(5, "used once"), (6, "used once, created in v1")]
        command = found[0].command
        assert command is not None and command.command == "cflint.showReferences"
        arguments: Any = command.arguments
        uri, position, places = arguments
        assert uri == client.uri("wrangler.jsonc") and position["line"] == 5
        assert [(place["uri"], place["range"]["start"]["line"]) for place in places] == [
            (client.uri("src/index.ts"), 10)
        ]
        assert titles(await client.lenses("src/room.ts")) == [(2, "1 binding, created in v1")]
        assert await client.lenses("src/index.ts") == []


async def test_lenses_follow_what_is_typed_elsewhere(project: Path) -> None:
    async with serving(project, capabilities(lenses=True)) as client:
        client.open("wrangler.jsonc", language="jsonc")
        client.open("src/index.ts")
        assert titles(await client.lenses("wrangler.jsonc"))[0] == (5, "used once")
        client.rewrite("src/index.ts", INDEX.replace("const room", "env.STORE; const room"))
        await client.until(lambda: client.lens_refreshes == 1)
        assert titles(await client.lenses("wrangler.jsonc"))[0] == (5, "used 2 times")
        client.rewrite("src/index.ts", INDEX.replace("const room", "env.STORE;  const room"))
        assert titles(await client.lenses("wrangler.jsonc"))[0] == (5, "used 2 times")
        client.rewrite("wrangler.jsonc", CONFIG.replace("STORE", "OTHER"))
        assert titles(await client.lenses("wrangler.jsonc"))[0] == (5, "no use found")


async def test_the_picture_of_a_folder(project: Path) -> None:
    async with serving(project) as client:
        for uri in (project.as_uri(), client.uri("src/index.ts")):
            params = types.ExecuteCommandParams("cflint.graph", [uri])
            drawn = await client.lsp.workspace_execute_command_async(params)
            assert isinstance(drawn, str) and drawn.startswith("digraph workers {")
            assert f'URL="{client.uri("src/room.ts")}#2,' in drawn
            assert "binding-floating-promise" in drawn
        nowhere = types.ExecuteCommandParams("cflint.graph", ["file:///nowhere"])
        assert await client.lsp.workspace_execute_command_async(nowhere) is None


async def test_a_request_can_be_taken_back(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        place = types.Position(*at(INDEX, "env.STORE", 5))
        context = types.ReferenceContext(include_declaration=True)
        params = types.ReferenceParams(context, client.document("src/index.ts"), place)
        asked = [asyncio.ensure_future(client.lsp.text_document_references_async(params)) for _ in range(2)]
        await asyncio.sleep(0)
        number = _last_request(client)
        client.lsp.cancel_request(types.CancelParams(number))
        assert len(await asked[0] or ()) == 3
        with pytest.raises(JsonRpcException) as raised:
            await asked[1]
        assert raised.value.code == -32800


def _last_request(client: Client) -> int | str:
    return list(client.lsp.protocol._request_futures)[-1]
