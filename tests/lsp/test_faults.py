"""What a client may do wrong, and what may go wrong with it: the server lives, or ends as it should."""

from __future__ import annotations

import ast
import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.support import preloaded
from tests.support.lsp_client import COMMAND, capabilities, serving
from tests.support.lsp_project import CONFIG, FLOATING, INDEX, LEGACY, ROOM, write_project
from tests.support.paths import ROOT

LSP = ROOT / "src" / "cflint" / "lsp"

FAR = types.Position(10**6, 10**6)


def _partial(start: types.Position, end: types.Position, text: str) -> types.TextDocumentContentChangePartial:
    return types.TextDocumentContentChangePartial(types.Range(start, end), text)


# -- documents ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_fault_35_changes_at_places_that_are_not_there(project: Path) -> None:
    """They mean the nearest place that is: what comes after is about the text that this makes."""
    async with serving(project) as client:
        client.open("src/room.ts", f"// 0\n{ROOM}")
        await client.until_codes("src/room.ts", LEGACY)
        client.change("src/room.ts", _partial(FAR, FAR, "// the end"))
        client.change("src/room.ts", _partial(types.Position(0, 10**6), types.Position(0, 10**6), " // 1"))
        client.change("src/room.ts", _partial(types.Position(1, 0), types.Position(0, 0), ""))  # upside down
        version = client.change("src/room.ts", _partial(types.Position(0, 0), types.Position(0, 0), "\n\n"))
        await client.until(lambda: client.told_version("src/room.ts") == version)
        line = ROOM[: ROOM.index("pair[1].accept")].count("\n") + 2
        assert client.one("src/room.ts").range.start.line == line
        assert await client.hover("src/room.ts", 10**9, 10**9) is None
        assert await client.definition("src/room.ts", 10**9, 0) == []
        assert await client.complete("src/room.ts", 10**9, 0) == {}
        everything = types.Range(types.Position(0, 0), FAR)
        assert await client.actions("src/room.ts", everything) != []


@pytest.mark.asyncio
async def test_fault_35_documents_that_are_not_open(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/room.ts")
        await client.until_codes("src/room.ts", LEGACY)
        await client.quiet()
        before = len(client.published)
        client.change("never/opened.ts", types.TextDocumentContentChangeWholeDocument(ROOM))
        client.close("never/opened.ts")
        client.lsp.text_document_did_save(types.DidSaveTextDocumentParams(client.document("never/opened.ts")))
        assert await client.hover("never/opened.ts", 0, 0) is None
        assert await client.definition("never/opened.ts", 0, 0) == []
        assert await client.complete("never/opened.ts", 0, 0) == {}
        assert await client.actions("never/opened.ts", types.Range(types.Position(0, 0), FAR)) == []
        await client.quiet()
        assert client.published[before:] == []
        client.rewrite("src/room.ts", f"// a\n{ROOM}")
        await client.until(lambda: client.one("src/room.ts").range.start.line == 7)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "uri", ["untitled:Untitled-1", "vscode-vfs://github/a/b/src/index.ts", "file:///", "x", "file:", ""]
)
async def test_fault_35_documents_that_are_no_files(project: Path, uri: str) -> None:
    async with serving(project, capabilities(pull=True, dynamic=False)) as client:
        document = types.TextDocumentIdentifier(uri)
        client.lsp.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "typescript", 1, ROOM))
        )
        client.lsp.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(uri=uri, version=9),
                [types.TextDocumentContentChangeWholeDocument(INDEX)],
            )
        )
        assert await client.lsp.text_document_hover_async(types.HoverParams(document, FAR)) is None
        report = await client.lsp.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert list(report.items) == []
        client.lsp.text_document_did_close(types.DidCloseTextDocumentParams(document))
        everything = await client.lsp.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        assert {item.uri.rpartition("/")[2] for item in everything.items} == {"index.ts", "room.ts"}


@pytest.mark.asyncio
async def test_fault_35_a_document_of_ten_megabytes(project: Path) -> None:
    """It is too large to be looked at; it is so no more when it is small again."""
    async with serving(project) as client:
        client.open("src/room.ts")
        await client.until_codes("src/room.ts", LEGACY)
        client.rewrite("src/room.ts", ROOM + "// é\n" * 2_000_000)
        at = types.Position(1_000_000, 2)
        client.change("src/room.ts", _partial(at, at, "x"))
        await client.until_codes("src/room.ts")
        client.rewrite("src/room.ts", ROOM)
        await client.until_codes("src/room.ts", LEGACY)


# -- at the same time -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_fault_35_changes_while_it_analyses(tmp_path: Path) -> None:
    """A hundred changes without a pause: what is told is about the text that it is told with, and the last
    that is told is about the last text."""
    folder = write_project(tmp_path / "chat")
    long = "".join(
        f"export async function f{n}(env: Env) {{\n  await env.STORE.put('a', '{n}');\n}}\n"
        for n in range(300)
    )
    async with serving(folder) as client:
        client.open("src/index.ts", INDEX + long)
        client.open("wrangler.jsonc", language="jsonc")
        await client.until_codes("src/index.ts", FLOATING)
        before = len(client.published)
        line = INDEX[: INDEX.index("env.STORE.put")].count("\n")
        lines = {}
        for number in range(100):
            above = "\n" * (number % 7)
            lines[client.rewrite("src/index.ts", above + INDEX + long)] = line + number % 7
            if number % 10 == 0:
                client.rewrite("wrangler.jsonc", CONFIG + "\n" * (number % 20))
            if number % 4 == 0:
                await asyncio.sleep(0.01)
        last = max(lines)
        await client.until(lambda: client.told_version("src/index.ts") == last)
        await client.quiet()
        uri = client.uri("src/index.ts")
        for params in client.published[before:]:
            if params.uri == uri and params.version in lines:
                assert [found.range.start.line for found in params.diagnostics] == [lines[params.version]]
        assert client.told_version("src/index.ts") == last


@pytest.mark.asyncio
async def test_fault_35_requests_can_be_cancelled(project: Path) -> None:
    async with serving(project) as client:
        client.open("src/index.ts")
        refused = 0
        for number in range(20):
            client.rewrite("src/index.ts", f"// {number}\n{INDEX}")
            asked = client.lsp.protocol.send_request_async(  # type: ignore[no-untyped-call]
                types.TEXT_DOCUMENT_HOVER,
                types.HoverParams(client.document("src/index.ts"), types.Position(1, 1)),
                msg_id=f"hover-{number}",
            )
            task = asyncio.ensure_future(asked)
            await asyncio.sleep(0)
            client.lsp.cancel_request(types.CancelParams(f"hover-{number}"))
            try:
                assert await asyncio.wait_for(task, 20) is None
            except JsonRpcException as error:
                assert error.code == types.LSPErrorCodes.RequestCancelled.value
                refused += 1
        assert refused > 0
        client.lsp.cancel_request(types.CancelParams("no-such-request"))
        await client.until_codes("src/index.ts", FLOATING)
        assert await client.hover("src/index.ts", 0, 0) is None


# -- the process ----------------------------------------------------------------------------------------


def _message(body: object) -> bytes:
    data = json.dumps(body).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"processId": None, "rootUri": None, "capabilities": {}},
}
SHUTDOWN = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
EXIT = {"jsonrpc": "2.0", "method": "exit"}


def _talk(*parts: bytes) -> tuple[int, list[dict[str, object]], str]:
    """What a server answers to a stream of bytes, and how it ends."""
    command = preloaded.command() or COMMAND
    done = subprocess.run(command, input=b"".join(parts), capture_output=True, timeout=60, check=False)
    answers: list[dict[str, object]] = []
    rest = done.stdout
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        answers.append(json.loads(rest[:length]))
        rest = rest[length:]
    return done.returncode, answers, done.stderr.decode()


def _error(answers: list[dict[str, object]], id: int) -> object:
    (answer,) = [answer for answer in answers if answer.get("id") == id and "error" in answer]
    error = answer["error"]
    assert isinstance(error, dict)
    return error["code"]


def test_fault_35_leaves_with_0_after_shutdown() -> None:
    code, answers, said = _talk(*map(_message, (INITIALIZE, SHUTDOWN, EXIT)))
    assert (code, said) == (0, "")
    assert [answer["id"] for answer in answers] == [1, 2]


@pytest.mark.parametrize(
    "messages", [(INITIALIZE, EXIT), (INITIALIZE,), (EXIT,), ()], ids=["exit", "eof", "only-exit", "nothing"]
)
def test_fault_35_leaves_with_1_without_shutdown(messages: tuple[object, ...]) -> None:
    code, _, said = _talk(*map(_message, messages))
    assert (code, said) == (1, "")


def test_fault_35_leaves_with_1_when_the_client_dies_in_the_middle() -> None:
    code, _, said = _talk(_message(INITIALIZE), b"Content-Length: 1000\r\n\r\n{")
    assert code == 1
    assert "Traceback" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL and pipes as POSIX has them")
def test_fault_35_leaves_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    """A client that was killed: its end of both pipes is closed while there is still something to say."""
    folder = write_project(tmp_path / "chat")
    code = (
        "import os, subprocess, sys\n"
        f"server = subprocess.Popen({COMMAND!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "server.stdin.write(sys.stdin.buffer.read())\n"
        "server.stdin.flush()\n"
        "server.stdout.read(10)\n"
        f"os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    folders = [{"uri": folder.as_uri(), "name": "chat"}]
    begin = {**INITIALIZE, "params": {"processId": None, "capabilities": {}, "workspaceFolders": folders}}
    initialized = {"jsonrpc": "2.0", "method": "initialized", "params": {}}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=_message(begin) + _message(initialized),
        capture_output=True,
        timeout=60,
        check=False,
    )  # returns when the server has closed its stderr: it has ended
    assert done.returncode == -signal.SIGKILL
    assert b"Traceback" not in done.stderr


def test_fault_35_what_is_no_message_is_logged_and_passed_over() -> None:
    bad = (
        b"Content-Length: nonsense\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 999999999999\r\n\r\n",
        b"Content-Length: 5\r\n\r\n{nope",
        b"no header at all\r\n\r\n",
        b"Content-Length: 4\r\n\r\n\xff\xfe\x00\x01",
        _message([1, 2]),
        _message({"jsonrpc": "1.0", "method": "initialize"}),
        _message({"jsonrpc": "2.0", "id": 7, "method": "textDocument/hover"}),
        _message(INITIALIZE),
        _message({"jsonrpc": "2.0", "id": 8, "method": "textDocument/hover", "params": {"position": 3}}),
        _message({"jsonrpc": "2.0", "id": 9, "method": "no/such"}),
        _message({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {}}),
        _message({"jsonrpc": "2.0", "method": "$/noSuch", "params": {}}),
        _message({**INITIALIZE, "id": 10}),
        _message(SHUTDOWN),
        _message({"jsonrpc": "2.0", "id": 11, "method": "textDocument/hover", "params": {}}),
        _message(EXIT),
    )
    code, answers, said = _talk(*bad)
    assert code == 0
    assert _error(answers, 7) == types.ErrorCodes.ServerNotInitialized.value
    assert _error(answers, 8) == types.ErrorCodes.InvalidParams.value
    assert _error(answers, 9) == types.ErrorCodes.MethodNotFound.value
    assert _error(answers, 10) == types.ErrorCodes.InvalidRequest.value
    assert _error(answers, 11) == types.ErrorCodes.InvalidRequest.value
    assert [answer["id"] for answer in answers if "result" in answer] == [1, 2]
    assert 'File "' not in said
    assert said.count("without a usable Content-Length") == 4


# -- what carries it ------------------------------------------------------------------------------------


def test_nothing_private_of_another_package_is_used() -> None:
    """What pygls calls private may be gone with its next release."""
    seen = 0
    for path in sorted(LSP.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
                if node.attr.startswith("__"):
                    continue
                assert isinstance(node.value, ast.Name), f"{path.name}:{node.lineno}: {node.attr}"
                assert node.value.id in ("self", "cls"), f"{path.name}:{node.lineno}: {node.attr}"
                seen += 1
    assert seen > 50
