"""The server process, asked by a client over its stdin and stdout."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from cflint.lsp.server import LanguageService
from tests.support.fixture_cases import KNOWN
from tests.support.lsp_client import Client, applied, capabilities, place_in, serving
from tests.support.lsp_project import CONFIG, FLOATING, INDEX, LEGACY, ROOM, WITHOUT_MIGRATION, write_project

pytestmark = pytest.mark.asyncio


MISSING = "migration-missing-class"
START = types.Range(types.Position(0, 0), types.Position(0, 0))


def _range(text: str, part: str) -> types.Range:
    start, end = place_in(text, part), place_in(text, part, len(part))
    return types.Range(types.Position(*start), types.Position(*end))


# -- diagnostics ----------------------------------------------------------------------------------------


async def test_tells_of_all_files_of_a_folder(project: Path) -> None:
    async with serving(project) as client:
        await client.until_codes("src/index.ts", FLOATING)
        await client.until_codes("src/room.ts", LEGACY)
        found = client.one("src/room.ts")
        assert found.source == "cflint"
        assert found.severity is types.DiagnosticSeverity.Warning
        assert list(found.tags or ()) == [types.DiagnosticTag.Deprecated]
        assert found.code_description is not None
        assert found.code_description.href == KNOWN[LEGACY].info.uri
        assert found.range == _range(ROOM, "pair[1].accept()") or found.range.start.line == 6


async def test_an_edit_is_answered_with_its_version(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/room.ts")
        await client.until_codes("src/room.ts", LEGACY)
        version = client.rewrite(
            "src/room.ts", ROOM.replace("pair[1].accept()", "this.ctx.acceptWebSocket(pair[1])")
        )
        await client.until(lambda: LEGACY not in client.codes("src/room.ts"))
        assert client.told_version("src/room.ts") == version


async def test_incremental_edits_are_followed_in_every_encoding(project: Path) -> None:
    text = ROOM.replace("const pair", "/* 😀é */ const pair")
    for encoding in ("utf-8", "utf-16", "utf-32"):
        async with serving(project, capabilities(encodings=(encoding,))) as client:
            assert client.initialized.capabilities.position_encoding == encoding
            client.open("src/room.ts", text)
            await client.until_codes("src/room.ts", LEGACY)
            line = "    /* 😀é */ const pair = new WebSocketPair();"
            size = len(line.encode(encoding)) // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
            if encoding != "utf-8":
                size -= 1  # the mark that Python's codec writes first
            at = types.Position(5, size)
            client.change(
                "src/room.ts",
                types.TextDocumentContentChangePartial(types.Range(at, at), " pair[1].accept();"),
            )
            await client.until_codes("src/room.ts", LEGACY, LEGACY)
            found = client.found("src/room.ts")
            assert found is not None
            first, second = found
            assert {first.range.start.line, second.range.start.line} == {5, 6}
            assert first.range.start.character == size + 1 or second.range.start.character == size + 1


async def test_an_unsaved_configuration_changes_what_is_said_of_code(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        client.open("wrangler.jsonc", language="jsonc")
        await client.until_codes("src/index.ts", FLOATING)
        client.rewrite("wrangler.jsonc", CONFIG.replace('"STORE"', '"SHOP"'))
        await client.until(lambda: "binding-not-declared" in client.codes("src/index.ts"))
        client.rewrite("wrangler.jsonc", CONFIG)
        await client.until_codes("src/index.ts", FLOATING)


async def test_a_finding_in_a_configuration_goes_with_the_class(project: Path) -> None:
    async with serving(project) as client:
        client.open("wrangler.jsonc", WITHOUT_MIGRATION, language="jsonc")
        await client.until_codes("wrangler.jsonc", MISSING)
        client.close("wrangler.jsonc")
        await client.until_codes("wrangler.jsonc")


async def test_a_file_that_changed_on_the_disk_is_read_again(project: Path) -> None:
    async with serving(project) as client:
        await client.until_codes("src/room.ts", LEGACY)
        (registration,) = client.registered
        assert registration.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        (project / "wrangler.jsonc").write_text(WITHOUT_MIGRATION)
        _tell_changed(client, "wrangler.jsonc")
        await client.until_codes("wrangler.jsonc", MISSING)
        (project / "src/room.ts").unlink()
        _tell_changed(client, "src/room.ts", types.FileChangeType.Deleted)
        await client.until_codes("src/room.ts")


async def test_saving_does_where_nobody_watches(project: Path) -> None:
    async with serving(project, capabilities(watch=False)) as client:
        assert client.registered == []
        client.open("src/index.ts")
        await client.until_codes("src/index.ts", FLOATING)
        (project / "cflint.toml").write_text(f'ignore = ["{FLOATING}"]\n')
        client.lsp.text_document_did_save(types.DidSaveTextDocumentParams(client.document("src/index.ts")))
        await client.until_codes("src/index.ts")


async def test_settings_count_and_a_mistake_in_them_is_shown(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        await client.until_codes("src/index.ts", FLOATING)
        client.open("cflint.toml", f'[severity]\n{FLOATING} = "note"\n', language="toml")
        await client.until(
            lambda: (
                [found.severity for found in client.found("src/index.ts") or ()]
                == [types.DiagnosticSeverity.Information]
            )
        )
        client.rewrite("cflint.toml", 'ignore = ["no-such-rule"]\n')
        await client.until_codes("cflint.toml", "settings")
        assert "no-such-rule" in (client.found("cflint.toml") or [])[0].message
        client.rewrite("cflint.toml", f'ignore = ["{FLOATING}"]\n')
        await client.until_codes("src/index.ts")
        await client.until_codes("cflint.toml")


async def test_a_policy_is_shown_and_explained(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        client.open("wrangler.jsonc")
        await client.until_codes("src/index.ts", FLOATING)
        policy = '[[policy]]\nname = "logs"\npath = "logpush"\nequals = true\nmessage = "Ops needs them"\n'
        client.open("cflint.toml", policy, language="toml")
        await client.until_codes("wrangler.jsonc", "policy-logs")
        (found,) = client.found("wrangler.jsonc") or []
        assert "Ops needs them" in found.message
        assert "Defined as the policy `logs`" in (
            await client.hover("wrangler.jsonc", *place_in(CONFIG, '"chat"', 2)) or ""
        )
        client.rewrite("cflint.toml", "")
        await client.until_codes("wrangler.jsonc")


async def test_the_clients_options_choose_rules(project: Path) -> None:
    options = {"ignore": [LEGACY, "no-such-rule"]}
    async with serving(project, options=options) as client:
        await client.until_codes("src/index.ts", FLOATING)
        await client.quiet()
        assert client.found("src/room.ts") is None
        assert any("no-such-rule" in message for message in client.messages)
        client.lsp.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"cflint": {"ignore": [FLOATING]}})
        )
        await client.until_codes("src/room.ts", LEGACY)
        await client.until_codes("src/index.ts")


async def test_several_folders_come_and_go(tmp_path: Path) -> None:
    one, two = write_project(tmp_path / "one"), write_project(tmp_path / "two")
    async with serving(one) as client:
        await client.until_codes("src/room.ts", LEGACY)
        other = (two / "src/room.ts").as_uri()
        folder = types.WorkspaceFolder(two.as_uri(), "two")
        client.lsp.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(types.WorkspaceFoldersChangeEvent([folder], []))
        )
        await client.until_codes(other, LEGACY)
        client.lsp.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(types.WorkspaceFoldersChangeEvent([], [folder]))
        )
        await client.until_codes(other)
        assert client.codes("src/room.ts") == [LEGACY]


async def test_a_file_outside_of_all_folders_stands_for_its_project(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with serving(elsewhere) as client:
        uri = (project / "src/room.ts").as_uri()
        client.open(uri, ROOM)
        await client.until_codes(uri, LEGACY)
        client.close(uri)
        await client.until_codes(uri)


async def test_a_folder_takes_the_last_open_file_of_a_project(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / "lib").mkdir()
    more = "".join(f"export const more{number} = {number};\n" for number in range(60))
    (project / "lib/room.ts").write_text(ROOM + more)  # no other state of the first
    room, other = ((project / path).as_uri() for path in ("src/room.ts", "lib/room.ts"))
    async with serving(elsewhere) as client:
        client.open(room, ROOM)
        await client.until_codes(other, LEGACY)
        inner = types.WorkspaceFolder((project / "src").as_uri(), "src")
        client.lsp.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(types.WorkspaceFoldersChangeEvent([inner], []))
        )
        await client.until_codes(other)
        await client.until_codes(room, LEGACY)


async def test_only_the_last_of_many_edits_is_told_of(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/room.ts")
        await client.until_codes("src/room.ts", LEGACY)
        before = len(client.published)
        for number in range(30):
            version = client.rewrite("src/room.ts", f"// {number}\n{ROOM}")
        await client.until(lambda: client.told_version("src/room.ts") == version)
        await client.quiet()
        told = [
            params.version for params in client.published[before:] if params.uri == client.uri("src/room.ts")
        ]
        assert told[-1] == version
        assert len(told) < 5


# -- long modules ---------------------------------------------------------------------------------------

LONG_INDEX = INDEX + "".join(f"export const unused{number} = {number};\n" for number in range(900))


async def test_of_a_long_module_the_edited_part_is_told_first(project: Path) -> None:
    (project / "src/index.ts").write_text(LONG_INDEX)
    async with serving(project) as client:
        client.open("src/index.ts")
        await client.until_codes("src/index.ts", FLOATING)
        await client.quiet()
        before = len(client.published)
        edited = LONG_INDEX.replace("    env", '    env.STORE.delete("seen");\n    env')
        version = client.rewrite("src/index.ts", edited)
        await client.until_codes("src/index.ts", FLOATING, FLOATING)
        assert client.told_version("src/index.ts") == version
        place = _range(edited, 'env.STORE.put("seen", "1")')
        assert place in [found.range for found in client.found("src/index.ts") or ()]
        actions = await client.actions("src/index.ts", place)  # these wait for the whole
        assert [action for action in actions if action.edit is not None or action.data is not None]
        told = [params for params in client.published[before:] if params.version == version]
        assert len(told) == 2
        assert told[0].diagnostics == told[1].diagnostics


async def test_a_client_that_pulls_is_answered_at_once_and_told_to_pull_the_whole(project: Path) -> None:
    (project / "src/index.ts").write_text(LONG_INDEX)
    async with serving(project, capabilities(pull=True, dynamic=False)) as client:
        client.open("src/index.ts")
        first = await _pull(client, "src/index.ts")
        assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
        assert [found.code for found in first.items] == [FLOATING]
        await client.quiet()
        refreshes = client.refreshes
        # The missing brace is what the whole has to tell.
        client.rewrite("src/index.ts", LONG_INDEX.replace("    env", "    {\n    env"))
        at_once = await _pull(client, "src/index.ts")
        assert isinstance(at_once, types.RelatedFullDocumentDiagnosticReport)
        assert [found.code for found in at_once.items] == [FLOATING]
        await client.until(lambda: client.refreshes > refreshes)
        whole = await _pull(client, "src/index.ts")
        assert isinstance(whole, types.RelatedFullDocumentDiagnosticReport)
        assert "syntax-error" in [found.code for found in whole.items]


# -- pulling --------------------------------------------------------------------------------------------


async def _pull(client: Client, path: str, before: str | None = None) -> types.DocumentDiagnosticReport:
    return await client.lsp.text_document_diagnostic_async(
        types.DocumentDiagnosticParams(client.document(path), previous_result_id=before)
    )


@pytest.mark.parametrize("dynamic", [True, False])
async def test_a_client_that_pulls_is_not_pushed_to(project: Path, dynamic: bool) -> None:
    async with serving(project, capabilities(pull=True, dynamic=dynamic)) as client:
        provider = client.initialized.capabilities.diagnostic_provider
        if dynamic:
            await client.until(lambda: len(client.registered) == 2)
            assert provider is None
            (registered,) = [r for r in client.registered if r.method == types.TEXT_DOCUMENT_DIAGNOSTIC]
            options = registered.register_options
            assert getattr(options, "inter_file_dependencies", None) or options["interFileDependencies"]  # type: ignore[index]
        else:
            assert provider is not None
            assert provider.inter_file_dependencies
            assert provider.workspace_diagnostics
        client.open("src/index.ts")
        report = await _pull(client, "src/index.ts")
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert [found.code for found in report.items] == [FLOATING]
        same = await _pull(client, "src/index.ts", report.result_id)
        assert isinstance(same, types.RelatedUnchangedDocumentDiagnosticReport)
        client.open("wrangler.jsonc", language="jsonc")
        await client.quiet()
        before = client.refreshes
        client.rewrite("wrangler.jsonc", CONFIG.replace('"STORE"', '"SHOP"'))
        changed = await _pull(client, "src/index.ts", report.result_id)
        assert isinstance(changed, types.RelatedFullDocumentDiagnosticReport)
        assert "binding-not-declared" in [found.code for found in changed.items]
        await client.until(lambda: client.refreshes > before)
        assert client.published == []


async def test_the_whole_workspace_can_be_pulled(project: Path) -> None:
    async with serving(project, capabilities(pull=True, dynamic=False)) as client:
        everything = await client.lsp.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        found = {
            item.uri.rpartition("/")[2]: [one.code for one in item.items]
            for item in everything.items
            if isinstance(item, types.WorkspaceFullDocumentDiagnosticReport)
        }
        assert found == {"index.ts": [FLOATING], "room.ts": [LEGACY]}
        known = [types.PreviousResultId(item.uri, item.result_id or "") for item in everything.items]
        again = await client.lsp.workspace_diagnostic_async(types.WorkspaceDiagnosticParams(known))
        assert {type(item) for item in again.items} == {types.WorkspaceUnchangedDocumentDiagnosticReport}


# -- code actions ---------------------------------------------------------------------------------------


async def test_fixes_ignores_and_explains_a_finding(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        await client.until_codes("src/index.ts", FLOATING)
        fix, ignore, *_ = await client.actions("src/index.ts", _range(INDEX, "env.STORE.put"))
        assert client.titles == [
            "Await the promise (unsafe: look at it)",
            f"Ignore {FLOATING} here, with a reason",
            f"Explain {FLOATING}",
        ]
        assert fix.kind == "quickfix"
        assert not fix.is_preferred
        assert fix.diagnostics is not None
        assert [found.code for found in fix.diagnostics] == [FLOATING]
        fixed = applied(INDEX, fix.edit, client.uri("src/index.ts"))
        assert fixed == INDEX.replace("env.STORE.put", "await env.STORE.put")
        assert fix.edit is not None
        (change,) = fix.edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.version == client.version
        ignored = applied(INDEX, ignore.edit, client.uri("src/index.ts"))
        assert ignored == INDEX.replace(
            "    env.STORE.put", f"    // cflint-ignore {FLOATING}: reason\n    env.STORE.put"
        )
        client.rewrite("src/index.ts", ignored)
        await client.until_codes("src/index.ts")
        await client.lsp.workspace_execute_command_async(
            types.ExecuteCommandParams("cflint.explain", [FLOATING])
        )
        assert client.shown[0].uri == KNOWN[FLOATING].info.uri


async def test_a_place_is_inspected(project: Path) -> None:
    async with serving(project) as client:
        await client.until_codes("src/index.ts", FLOATING)
        found = client.one("src/index.ts")
        start = {"line": found.range.start.line, "character": found.range.start.character}
        text = await client.lsp.workspace_execute_command_async(
            types.ExecuteCommandParams("cflint.inspect", [client.uri("src/index.ts"), start, FLOATING])
        )
        assert f"{FLOATING}: it reports something here" in str(text)
        nothing = await client.lsp.workspace_execute_command_async(
            types.ExecuteCommandParams("cflint.inspect", [client.uri("src/gone.ts"), start, ""])
        )
        assert nothing is None


async def test_a_fix_of_one_file_may_be_in_another(project: Path) -> None:
    """A class that no migration creates: the edit goes where the migrations are."""
    (project / "wrangler.jsonc").write_text(WITHOUT_MIGRATION)
    async with serving(project) as client:
        await client.until_codes("wrangler.jsonc", MISSING)
        found = client.one("wrangler.jsonc")
        actions = await client.actions("wrangler.jsonc", found.range)
        fix = next(action for action in actions if action.edit is not None and "gnore" not in action.title)
        after = applied(WITHOUT_MIGRATION, fix.edit, client.uri("wrangler.jsonc"))
        client.open("wrangler.jsonc", after, language="jsonc")
        await client.until_codes("wrangler.jsonc")


async def test_clients_without_versions_get_plain_changes(project: Path) -> None:
    async with serving(project, capabilities(versioned=False)) as client:
        client.open("src/index.ts")
        fix, *_ = await client.actions("src/index.ts", _range(INDEX, "env.STORE.put"))
        assert fix.edit is not None
        assert fix.edit.document_changes is None
        assert "await env" in applied(INDEX, fix.edit, client.uri("src/index.ts"))


MENDABLE = """interface Env {
  STORE: KVNamespace;
}

export default {
  async fetch(request: Request, env: Env): Response {
    return new Response(await env.STORE.get("a"));
  },
  async scheduled(controller: ScheduledController, env: Env): void {
    await env.STORE.put("a", "b");
  },
} satisfies ExportedHandler<Env>;
"""
MENDED = MENDABLE.replace("): Response", "): Promise<Response>").replace("): void", "): Promise<void>")
FIX_ALL = "source.fixAll.cflint"


@pytest.fixture
def mendable(tmp_path: Path) -> Path:
    cron = CONFIG.partition('  "durable_objects"')[0] + '  "triggers": { "crons": ["0 * * * *"] }\n}\n'
    return write_project(tmp_path / "a", {"wrangler.jsonc": cron, "src/index.ts": MENDABLE})


@pytest.mark.parametrize("resolve", [True, False])
async def test_all_safe_fixes_of_a_file_at_once(mendable: Path, resolve: bool) -> None:
    async with serving(mendable, capabilities(resolve=resolve)) as client:
        client.open("src/index.ts")
        (action,) = await client.actions("src/index.ts", START, only=["source.fixAll"])
        assert action.kind == FIX_ALL
        if resolve:
            assert action.edit is None
            action = await client.lsp.code_action_resolve_async(action)
        after = applied(MENDABLE, action.edit, client.uri("src/index.ts"))
        assert after == MENDED
        client.rewrite("src/index.ts", after)
        await client.until_codes("src/index.ts")
        assert await client.actions("src/index.ts", START, only=[FIX_ALL]) == []


async def test_a_safe_fix_is_preferred(mendable: Path) -> None:
    async with serving(mendable) as client:
        client.open("src/index.ts")
        fix, *_ = await client.actions("src/index.ts", _range(MENDABLE, "): Response"), only=["quickfix"])
        assert fix.is_preferred
        assert FIX_ALL not in client.titles


async def test_an_action_on_a_text_that_changed_is_refused(mendable: Path) -> None:
    async with serving(mendable) as client:
        client.open("src/index.ts")
        (action,) = await client.actions("src/index.ts", START, only=["source.fixAll"])
        client.rewrite("src/index.ts", MENDABLE + "\n")
        with pytest.raises(JsonRpcException, match="content modified"):
            await client.lsp.code_action_resolve_async(action)


async def test_actions_of_other_kinds_are_not_ours(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        everywhere = types.Range(types.Position(0, 0), types.Position(99, 0))
        assert await client.actions("src/index.ts", everywhere, only=["refactor"]) == []
        assert await client.actions("src/index.ts", everywhere, only=["source.organizeImports"]) == []


# -- pages, places, completions -------------------------------------------------------------------------


async def test_a_hover_shows_pages_and_bindings(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        page = await client.hover("src/index.ts", *place_in(INDEX, "env.STORE.put", 12))
        assert page is not None
        assert page.startswith(f"# {FLOATING}\n")
        assert "## Correct" in page
        room = await client.hover("src/index.ts", *place_in(INDEX, "env.ROOM.get", 6))
        assert room == (
            "**`env.ROOM`**: Durable Object namespace\n\n"
            "- `wrangler.jsonc`, the top level: class `Room`\n"
            "  - created by migration `v1`, SQLite storage\n"
            "  - declared in `src/room.ts`"
        )
        assert await client.hover("src/index.ts", 0, 0) is None
        client.rewrite("src/index.ts", f"// cflint-ignore {LEGACY}: because\n{INDEX}")
        page = await client.hover("src/index.ts", 0, 20)
        assert page is not None
        assert page.startswith(f"# {LEGACY}\n")


async def test_a_hover_is_plain_text_where_no_markdown_is_shown(project: Path) -> None:
    async with serving(project, capabilities(markdown=False)) as client:
        client.open("src/index.ts")
        room = await client.hover("src/index.ts", *place_in(INDEX, "env.ROOM.get", 6))
        assert room == (
            "env.ROOM: Durable Object namespace\n\n"
            "- wrangler.jsonc, the top level: class Room\n"
            "  - created by migration v1, SQLite storage\n"
            "  - declared in src/room.ts\n"
        )
        page = await client.hover("src/index.ts", *place_in(INDEX, "env.STORE.put", 12))
        assert page is not None
        assert page.startswith(f"{FLOATING}\n\n")
        prose = [line for line in page.split("\n") if not line.startswith("    ")]
        assert "Correct" in prose
        assert max(map(len, prose)) <= 80
        assert not any(mark in line for line in prose for mark in ("`", "**", "](", "##", "==="))


RENAMED = """\
name = "a"
main = "src/index.ts"
compatibility_date = "2026-01-01"
kv_namespaces = [{ binding = "KV", id = "8f3a9c1d2e4b5a6f7081920a3b4c5d6e" }]
durable_objects.bindings = [{ name = "ROOM", class_name = "Room" }]
migrations = [
  { tag = "v1", new_sqlite_classes = ["Old"] },
  { tag = "v2", renamed_classes = [{ from = "Old", to = "Room" }] },
]
[env.staging]
kv_namespaces = [{ binding = "KV", id = "0f3a9c1d2e4b5a6f7081920a3b4c5d6e" }]
"""
SPELT = """\
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {}
export default {
  async fetch(request, env) {
    const { ROOM: rooms, KV } = env;
    await env["KV"].get("c");
    return new Response(await KV.get("d"), rooms.getByName("x"));
  },
} satisfies ExportedHandler<Env>;
"""


async def test_a_binding_is_known_however_it_is_spelt(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "wrangler.toml").write_text(RENAMED)
    (tmp_path / "src" / "index.ts").write_text(SPELT)
    async with serving(tmp_path) as client:
        client.open("src/index.ts")
        room = (
            "**`env.ROOM`**: Durable Object namespace\n\n"
            "- `wrangler.toml`, the top level: class `Room`\n"
            "  - created by migration `v1` as `Old`, SQLite storage\n"
            "  - renamed from `Old` by migration `v2`\n"
            "  - declared in `src/index.ts`\n\n"
            "Not configured for `wrangler.toml`, env.staging."
        )
        key = place_in(RENAMED, '"ROOM"')[0]
        for at in (place_in(SPELT, "ROOM: rooms", 2), place_in(SPELT, "rooms.get", 2)):
            assert await client.hover("src/index.ts", *at) == room
            assert await client.definition("src/index.ts", *at) == [("wrangler.toml", key)]
        keys = [("wrangler.toml", place_in(RENAMED, part)[0]) for part in ('"KV", id = "8', '"KV", id = "0')]
        for at in (place_in(SPELT, '["KV"]', 3), place_in(SPELT, "KV }", 1), place_in(SPELT, "KV.get", 1)):
            page = await client.hover("src/index.ts", *at)
            assert page is not None
            assert page.startswith("**`env.KV`**: KV namespace\n")
            assert await client.definition("src/index.ts", *at) == keys
        assert await client.hover("src/index.ts", *place_in(SPELT, '"c"', 1)) is None


async def test_definitions_lead_from_code_to_configuration_and_back(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        key = place_in(CONFIG, '"ROOM"')[0]
        assert await client.definition("src/index.ts", *place_in(INDEX, "env.ROOM.get", 6)) == [
            ("wrangler.jsonc", key)
        ]
        assert await client.definition("wrangler.jsonc", *place_in(CONFIG, '"Room" }', 2)) == [("room.ts", 2)]
        assert await client.definition("wrangler.jsonc", *place_in(CONFIG, '["Room"]', 3)) == [("room.ts", 2)]
        assert await client.definition("wrangler.jsonc", *place_in(CONFIG, "src/index.ts", 3)) == [
            ("index.ts", 0)
        ]
        assert await client.definition("src/room.ts", *place_in(ROOM, "class Room", 8)) == [
            ("wrangler.jsonc", key)
        ]
        assert await client.definition("src/room.ts", 0, 0) == []


async def test_completions(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        client.open("wrangler.jsonc", language="jsonc")
        await client.until_codes("src/index.ts", FLOATING)
        edited = INDEX.replace(
            "    env.STORE.put", "    // cflint-ignore ws-leg\n    env.\n    env.STORE.put"
        )
        client.rewrite("src/index.ts", edited)
        rules = await client.complete("src/index.ts", *place_in(edited, "ws-leg", 6))
        assert LEGACY in rules
        assert "websockets" in rules
        bindings = await client.complete("src/index.ts", *place_in(edited, "    env.\n", 8))
        assert bindings == {"STORE": "KV namespace", "ROOM": "Durable Object namespace"}
        edited = CONFIG.replace('"class_name": "Room"', '"class_name": "')
        client.rewrite("wrangler.jsonc", edited)
        classes = await client.complete("wrangler.jsonc", *place_in(edited, '"class_name": "', 15))
        assert list(classes) == ["Room"]
        assert await client.complete("src/index.ts", 0, 0) == {}


def _tell_changed(
    client: Client, path: str, type: types.FileChangeType = types.FileChangeType.Changed
) -> None:
    client.lsp.workspace_did_change_watched_files(
        types.DidChangeWatchedFilesParams([types.FileEvent(client.uri(path), type)])
    )


# -- several roots, settings, progress ------------------------------------------------------------------


async def test_files_of_a_root_within_another_are_told_of_once(tmp_path: Path) -> None:
    outer = tmp_path / "repo"
    write_project(outer, {"README": ""})
    inner = outer / "packages/chat"
    for path, text in {"wrangler.jsonc": CONFIG, "src/index.ts": INDEX, "src/room.ts": ROOM}.items():
        (inner / path).parent.mkdir(parents=True, exist_ok=True)
        (inner / path).write_text(text)
    async with serving(outer, folders=(outer, inner)) as client:
        uri = (inner / "src/room.ts").as_uri()
        client.open(uri, ROOM)
        await client.until_codes(uri, LEGACY)
        await client.quiet()
        before = len(client.published)
        version = client.rewrite(uri, f"// one\n{ROOM}")
        await client.until(lambda: client.told_version(uri) == version)
        await client.quiet()
        assert [params.version for params in client.published[before:] if params.uri == uri] == [version]


async def test_what_another_root_imports_is_seen_as_it_is_in_the_editor(tmp_path: Path) -> None:
    """Two folders of one repository: the class that one configures is in the other."""
    repository = tmp_path / "repo"
    chat = {
        "chat/wrangler.jsonc": CONFIG,
        "chat/src/index.ts": INDEX.replace('"./room"', '"../../shared/room"'),
        "shared/room.ts": ROOM,
    }
    write_project(repository, chat)
    one, two = repository / "chat", repository / "shared"
    async with serving(one, folders=(one, two)) as client:
        await client.until_codes("src/index.ts", FLOATING)
        place = place_in(CONFIG, '"Room" }', 2)
        line = place_in(ROOM, "class Room")[0]
        assert await client.definition("wrangler.jsonc", *place) == [("room.ts", line)]
        uri = (two / "room.ts").as_uri()
        client.open(uri, f"\n\n{ROOM}")
        assert await client.definition("wrangler.jsonc", *place) == [("room.ts", line + 2)]
        client.close(uri)
        assert await client.definition("wrangler.jsonc", *place) == [("room.ts", line)]


async def test_settings_that_change_on_the_disk_count(project: Path) -> None:
    async with serving(project) as client:
        await client.until_codes("src/index.ts", FLOATING)
        (registration,) = client.registered
        options = json.loads(json.dumps(registration.register_options))
        globs = [watcher["globPattern"] for watcher in options["watchers"]]
        for name in ("cflint.toml", "wrangler.staging.jsonc", "a/package.json", "b/src/x.mts", ".dev.vars"):
            assert any(_matches(glob, name) for glob in globs), name
        (project / "cflint.toml").write_text(f'ignore = ["{FLOATING}"]\n')
        _tell_changed(client, "cflint.toml", types.FileChangeType.Created)
        await client.until_codes("src/index.ts")
        (project / "cflint.toml").unlink()
        _tell_changed(client, "cflint.toml", types.FileChangeType.Deleted)
        await client.until_codes("src/index.ts", FLOATING)


def _matches(glob: str, name: str) -> bool:
    """Whether a glob of the protocol matches a path, as far as ours go."""
    pattern = re.escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    pattern = re.sub(r"\\\{(.*?)\\\}", lambda found: f"(?:{found[1].replace(',', '|')})", pattern)
    return re.fullmatch(pattern, name) is not None


async def test_a_fix_of_a_configuration_edits_two_modules(project: Path) -> None:
    """A class that its module does not export, nor `main`: both have to."""
    hidden = ROOM.replace("export class", "class")
    index = INDEX.replace('export { Room } from "./room";', 'import "./room";')
    (project / "src/room.ts").write_text(hidden)
    (project / "src/index.ts").write_text(index)
    async with serving(project) as client:
        client.open("src/index.ts", index)
        await client.until_codes("wrangler.jsonc", "entrypoint-class-not-exported")
        found = client.one("wrangler.jsonc")
        fix, *_ = await client.actions("wrangler.jsonc", found.range)
        assert fix.is_preferred
        assert fix.edit is not None
        changes = {
            change.text_document.uri: change.text_document.version
            for change in fix.edit.document_changes or ()
            if isinstance(change, types.TextDocumentEdit)
        }
        assert changes == {client.uri("src/room.ts"): None, client.uri("src/index.ts"): client.version}
        room = applied(hidden, fix.edit, client.uri("src/room.ts"))
        assert room == ROOM
        (project / "src/room.ts").write_text(room)
        _tell_changed(client, "src/room.ts")
        client.rewrite("src/index.ts", applied(index, fix.edit, client.uri("src/index.ts")))
        await client.until_codes("wrangler.jsonc")


async def test_how_far_the_first_look_is_is_shown(tmp_path: Path) -> None:
    many = {f"src/m{number}.ts": f"{ROOM}{_functions(number)}" for number in range(120)}
    main = "".join(f'import "./m{number}";\n' for number in range(120))
    folder = write_project(tmp_path / "big", {"wrangler.jsonc": CONFIG, "src/index.ts": main + INDEX, **many})
    async with serving(folder, capabilities(progress=True)) as client:
        await client.until(lambda: any(_is_end(value) for value in client.progress))
        token, begin, *reports, end = client.progress
        assert isinstance(token, str)
        assert begin["kind"] == "begin"  # type: ignore[index]
        assert reports
        seen = [report["percentage"] for report in reports]  # type: ignore[index]
        assert seen == sorted(seen)
        assert re.fullmatch(r"\d+ of 12[01] modules", reports[-1]["message"])  # type: ignore[index]
        assert end["kind"] == "end"  # type: ignore[index]
        client.open("src/index.ts", main + INDEX)
        await client.until(lambda: client.told_version("src/index.ts") == client.version)
        assert client.progress[-1] is end


def _functions(number: int) -> str:
    return "".join(
        f"export async function f{number}_{n}(env: Env) {{\n  await env.STORE.put('a', '{n}');\n}}\n"
        for n in range(40)
    )


def _is_end(value: object) -> bool:
    return isinstance(value, dict) and value.get("kind") == "end"


async def test_a_client_that_shows_no_progress_is_not_told_of_any(project: Path) -> None:
    async with serving(project) as client:
        await client.until_codes("src/index.ts", FLOATING)
        await client.quiet()
        assert client.progress == []


async def test_all_fixes_in_the_midst_of_an_analysis_leave_it_right(mendable: Path) -> None:
    """What is tried to make all fixes is no part of what is said of the text as it is."""
    for number in range(60):
        (mendable / f"src/m{number}.ts").write_text(_functions(number))
    main = "".join(f'import "./m{number}";\n' for number in range(60)) + MENDABLE
    async with serving(mendable) as client:
        client.open("src/index.ts", main)
        (action,) = await client.actions("src/index.ts", START, only=["source.fixAll"])
        action = await client.lsp.code_action_resolve_async(action)
        assert applied(main, action.edit, client.uri("src/index.ts")).endswith(MENDED)
        await client.quiet(1)
        assert sorted(client.codes("src/index.ts")) == ["async-return-type", "async-return-type"]


async def test_nothing_is_kept_of_the_notifications_of_an_edit(tmp_path: Path) -> None:
    protocol: Any = LanguageService().server.protocol
    uri = (tmp_path / "a.txt").as_uri()
    text = types.TextDocumentContentChangeWholeDocument("b")
    for _ in range(3):
        protocol._handle_notification(
            types.TEXT_DOCUMENT_DID_OPEN,
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", 1, "a")),
        )
        protocol._handle_notification(
            types.TEXT_DOCUMENT_DID_CHANGE,
            types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, uri), [text]),
        )
        protocol._handle_notification(
            types.TEXT_DOCUMENT_DID_CLOSE,
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)),
        )
    await asyncio.sleep(0)
    assert protocol._request_futures == {}
