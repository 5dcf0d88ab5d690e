"""The server in a project of a Python Worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from cflint.platform.python_sdk import NAMES
from tests.support.lsp_client import applied, place_in, serving
from tests.support.lsp_project import CONFIG, write_project

pytestmark = pytest.mark.asyncio

CONFIGURED = CONFIG.replace("src/index.ts", "src/entry.py").replace(
    '"2026-01-01",', '"2026-01-01",\n  "compatibility_flags": ["python_workers"],'
)
ENTRY = '''from workers import Response, WorkerEntrypoint, env as _env
from room import Room


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        self.env.STORE.put("seen", "1")
        page = """
        <p>
        """ + await _env.STORE.get("x")
        room = self.env.ROOM.getByName("a")
        return Response(page)
'''
ROOM = """from workers import DurableObject, Response


class Room(DurableObject):
    async def fetch(self, request):
        return Response("a")
"""
UNAWAITED = "py-unawaited-binding"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(
        tmp_path / "chat", {"wrangler.jsonc": CONFIGURED, "src/entry.py": ENTRY, "src/room.py": ROOM}
    )


async def test_edits_in_python_and_in_the_configuration_are_followed(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/entry.py", language="python")
        await client.until_codes("src/entry.py", UNAWAITED)
        client.rewrite("src/entry.py", ENTRY.replace("self.env.STORE.put", "await self.env.STORE.put"))
        await client.until_codes("src/entry.py")
        client.open("wrangler.jsonc", CONFIGURED.replace('"STORE"', '"SHOP"'), language="jsonc")
        await client.until(lambda: "binding-not-declared" in client.codes("src/entry.py"))
        client.rewrite("src/entry.py", "def (:\n")
        await client.until(lambda: "binding-not-declared" not in client.codes("src/entry.py"))
        client.rewrite("wrangler.jsonc", CONFIGURED)
        client.rewrite("src/entry.py", ENTRY)
        await client.until_codes("src/entry.py", UNAWAITED)


async def test_hovers(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/entry.py", language="python")
        room = await client.hover("src/entry.py", *place_in(ENTRY, "self.env.ROOM", 10))
        assert room == (
            "**`env.ROOM`**: Durable Object namespace\n\n"
            "- `wrangler.jsonc`, the top level: class `Room`\n"
            "  - created by migration `v1`, SQLite storage\n"
            "  - declared in `src/room.py`"
        )
        imported = await client.hover("src/entry.py", *place_in(ENTRY, "_env.STORE", 7))
        assert imported is not None
        assert imported.startswith("**`env.STORE`**: KV namespace\n")
        everything = "**`env`**: the bindings\n\n- `STORE`: KV namespace\n- `ROOM`: Durable Object namespace"
        for part, within in (("env as", 1), ("self.env", 6), ("_env.STORE", 2)):
            env = await client.hover("src/entry.py", *place_in(ENTRY, part, within))
            assert env is not None
            assert env.partition("\n\n---\n\n")[0] == everything
        page = await client.hover("src/entry.py", *place_in(ENTRY, "put", 1))
        assert page is not None
        assert page.startswith(f"# {UNAWAITED}\n")
        assert await client.hover("src/entry.py", *place_in(ENTRY, "request", 1)) is None
        client.rewrite("src/entry.py", f"# cflint-ignore {UNAWAITED}: because\n{ENTRY}")
        page = await client.hover("src/entry.py", 0, 20)
        assert page is not None
        assert page.startswith(f"# {UNAWAITED}\n")


async def test_definitions_lead_from_python_to_configuration_and_back(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/entry.py", language="python")
        key = place_in(CONFIGURED, '"ROOM"')[0]
        assert await client.definition("src/entry.py", *place_in(ENTRY, "env.ROOM", 6)) == [
            ("wrangler.jsonc", key)
        ]
        for part in ('"Room" }', '"Room"]'):
            place = place_in(CONFIGURED, part, 2)
            assert await client.definition("wrangler.jsonc", *place) == [("room.py", 3)]
        place = place_in(CONFIGURED, "src/entry.py", 3)
        assert await client.definition("wrangler.jsonc", *place) == [("entry.py", 0)]
        assert await client.definition("src/room.py", *place_in(ROOM, "class Room", 8)) == [
            ("wrangler.jsonc", key)
        ]
        assert await client.definition("src/entry.py", *place_in(ENTRY, "class Default", 8)) == []


async def test_completions(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/entry.py", language="python")
        client.open("wrangler.jsonc", language="jsonc")
        await client.until_codes("src/entry.py", UNAWAITED)
        half = ENTRY.replace("self.env.STORE.put", "self.env.\n        self.env.STORE.put")
        client.rewrite("src/entry.py", f"# cflint-ignore py-una\n{half}")
        rules = await client.complete("src/entry.py", 0, len("# cflint-ignore py-una"))
        assert UNAWAITED in rules
        line, character = place_in(half, "self.env.\n", 9)
        bindings = await client.complete("src/entry.py", line + 1, character)
        assert bindings == {"STORE": "KV namespace", "ROOM": "Durable Object namespace"}
        names = await client.complete("src/entry.py", 1, place_in(half, "WorkerEntrypoint", 3)[1])
        assert set(names) == set(NAMES)
        version = client.rewrite("src/entry.py", ENTRY)
        await client.until(lambda: client.told_version("src/entry.py") == version)
        edited = CONFIGURED.replace('["Room"]', '[\n    "')
        client.rewrite("wrangler.jsonc", edited)
        line, character = place_in(edited, '[\n    "', 7)
        assert await client.complete("wrangler.jsonc", line, character) == {
            "Room": "Durable Object, src/room.py",
            "Default": "WorkerEntrypoint, src/entry.py",
        }


async def test_a_finding_can_be_ignored_where_a_comment_can_stand(project: Path) -> None:
    inner = ENTRY.replace('        <p>\n        """ + await _env', '        <p>\n        """ + _env')
    async with serving(project) as client:
        client.open("src/entry.py", language="python")
        await client.until_codes("src/entry.py", UNAWAITED)
        actions = await client.actions("src/entry.py", client.one("src/entry.py").range)
        ignore = next(action for action in actions if action.title.startswith("Ignore"))
        after = applied(ENTRY, ignore.edit, client.uri("src/entry.py"))
        comment = f"        # cflint-ignore {UNAWAITED}: reason\n"
        assert after == ENTRY.replace("        self.env.STORE.put", f"{comment}        self.env.STORE.put")
        client.rewrite("src/entry.py", after)
        await client.until_codes("src/entry.py")
        client.rewrite("src/entry.py", inner)
        await client.until(lambda: len(client.codes("src/entry.py")) > 0)
        place = place_in(inner, "_env.STORE")
        end = types.Position(place[0], place[1] + 10)
        actions = await client.actions("src/entry.py", types.Range(types.Position(*place), end))
        ignore = next(action for action in actions if action.title.startswith("Ignore"))
        after = applied(inner, ignore.edit, client.uri("src/entry.py"))
        line = '        """ + _env.STORE.get("x")'  # the line above it is in the string
        assert after == inner.replace(line, f"{line}  # cflint-ignore {UNAWAITED}: reason")
