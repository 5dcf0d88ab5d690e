"""A slow machine: what happens between a request and its answer does not lose the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cflint.lsp.asking import Asking
from cflint.lsp.server import LanguageService
from cflint.lsp.transport import _handle
from tests.support.lsp_project import INDEX

pytestmark = pytest.mark.asyncio


class Window:
    """A window of an editor, with the server in the same process: a test may come between its steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service = LanguageService()
        self.refreshes = 0
        self._asked = 0
        self._version = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.service.server.protocol.set_writer(self)

    def write(self, data: bytes) -> None:
        """Take what the server sends."""
        message = json.loads(data.partition(b"\r\n\r\n")[2])
        if message.get("method") == "workspace/codeLens/refresh":
            self.refreshes += 1
        elif "method" not in message:
            self._answers.pop(message["id"]).set_result(message)

    def close(self) -> None:
        """Nothing is open."""

    def tell(self, method: str, **params: object) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    async def ask(self, method: str, **params: object) -> Any:
        """The result of a request; KeyError when it failed."""
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        self._send({"id": self._asked, "method": method, "params": params})
        return (await asyncio.wait_for(answer, 20))["result"]

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        _handle(self.service.server, self.service.state.phase, body, self)  # type: ignore[arg-type]

    def document(self, path: str) -> dict[str, str]:
        return {"uri": (self.folder / path).as_uri()}

    def open(self, path: str) -> None:
        text = (self.folder / path).read_text()
        opened = {**self.document(path), "languageId": "typescript", "version": 0, "text": text}
        self.tell("textDocument/didOpen", textDocument=opened)

    def rewrite(self, path: str, text: str) -> None:
        self._version += 1
        changed = {**self.document(path), "version": self._version}
        self.tell("textDocument/didChange", textDocument=changed, contentChanges=[{"text": text}])

    async def lenses(self, path: str) -> list[str]:
        found = await self.ask("textDocument/codeLens", textDocument=self.document(path))
        return [lens["command"]["title"] for lens in found]


@asynccontextmanager
async def window(folder: Path) -> AsyncIterator[Window]:
    """A window on a folder, with two files open."""
    shown = Window(folder)
    able = {"workspace": {"codeLens": {"refreshSupport": True}}}
    ways = {"capabilities": able, "workspaceFolders": [{"uri": folder.as_uri(), "name": "chat"}]}
    options = {"select": ["ws-legacy-accept"]}  # findings are nothing to lenses
    await shown.ask("initialize", processId=None, rootUri=None, initializationOptions=options, **ways)
    shown.tell("initialized")
    shown.open("wrangler.jsonc")
    shown.open("src/index.ts")
    try:
        yield shown
    finally:
        await shown.ask("shutdown")


async def test_lenses_come_though_other_files_change_while_they_are_made(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client shows none after a request that failed, and asks again only when its own file changes."""
    learn, looked = Asking.learn, 0

    async with window(project) as shown:

        async def slowly(asking: Asking, paths: Sequence[str]) -> None:
            nonlocal looked
            looked += 1
            if looked <= 2:  # a tab is restored, a build writes a file
                shown.rewrite("src/index.ts", INDEX + f"\n// {looked}: env.STORE.get\n")
                while asking.root.session.loaded is asking.loaded:
                    await asyncio.sleep(0.005)
            await learn(asking, paths)

        monkeypatch.setattr(Asking, "learn", slowly)
        assert await shown.lenses("wrangler.jsonc") == ["used once", "used once, created in v1"]
        assert looked == 3


async def test_a_client_that_was_answered_with_nothing_is_told_to_ask_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = Asking.of

    async def nothing(*given: object) -> None:
        return None

    async with window(project) as shown:
        monkeypatch.setattr(Asking, "of", nothing)
        assert await shown.lenses("wrangler.jsonc") == []
        monkeypatch.setattr(Asking, "of", of)
        shown.rewrite("src/index.ts", INDEX + "\n")
        for _ in range(400):
            if shown.refreshes:
                break
            await asyncio.sleep(0.01)
        assert shown.refreshes == 1
        assert await shown.lenses("wrangler.jsonc") == ["used once", "used once, created in v1"]


async def test_what_a_development_server_writes_begins_no_analysis(project: Path) -> None:
    """With each save; on a slow machine none would come to its end."""
    async with window(project) as shown:
        await shown.lenses("wrangler.jsonc")
        (root,) = shown.service.state.roots
        before = root.generation
        for path, begun in (("src/node_modules/a/b.js", 0), (".wrangler/tmp/dev-1/index.js", 0), ("c.ts", 1)):
            changes = [{**shown.document(path), "type": 2}]
            shown.tell("workspace/didChangeWatchedFiles", changes=changes)
            assert root.generation == before + begun, path
