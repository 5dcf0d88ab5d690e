"""Use the extension in VS Code as a person does, and look at what is on the screen: see `.ci/try-vscode`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.lsp_project import write_project  # noqa: E402

ADDRESS = "http://127.0.0.1:8931"
SETTINGS = {
    "security.workspace.trust.enabled": False,
    "workbench.startupEditor": "none",
    "chat.disableAIFeatures": True,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.colorTheme": "Default Dark Modern",
}


def settings(work: Path, **more: object) -> None:
    """Write the user's settings."""
    place = work / "data" / "User" / "settings.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({**SETTINGS, **more}))


@contextmanager
def serving(work: Path, folder: Path) -> Iterator[None]:
    """VS Code's server, until the end of the block."""
    entry = work / "node_modules/code-server/out/node/entry.js"
    options = [
        "--auth",
        "none",
        "--bind-addr",
        "127.0.0.1:8931",
        "--disable-telemetry",
        "--disable-update-check",
    ]
    places = ["--user-data-dir", str(work / "data"), "--extensions-dir", str(work / "extensions")]
    with (work / "server.log").open("w") as log:
        child = subprocess.Popen(["node", str(entry), *options, *places, str(folder)], stdout=log, stderr=log)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(ADDRESS).close()
                break
            except OSError:
                time.sleep(0.3)
        yield
    finally:
        child.terminate()
        child.wait(20)


class Window:
    """A window of VS Code in a browser."""

    def __init__(self, page: Page, shots: Path) -> None:
        self.page = page
        self._shots = shots

    async def shot(self, name: str) -> None:
        """Keep a picture of what is on the screen."""
        await self.page.screenshot(path=self._shots / f"{name}.png")

    async def sees(self, selector: str) -> None:
        """Wait until something is on the screen."""
        await self.page.wait_for_selector(selector, timeout=60_000)

    async def keys(self, *keys: str) -> None:
        """Press keys, with the pauses of a person."""
        for key in keys:
            await self.page.keyboard.press(key)
            await self.page.wait_for_timeout(700)

    async def command(self, title: str) -> None:
        """Run a command of the palette."""
        await self.keys("F1")
        await self.page.keyboard.type(title)
        await self.page.wait_for_timeout(1500)
        await self.keys("Enter")

    async def rename(self, name: str) -> None:
        """Give what is at the cursor another name."""
        await self.keys("F2")
        await self.page.wait_for_timeout(2000)
        await self.keys("Control+a")
        await self.page.keyboard.type(name)
        await self.keys("Enter")


async def without_server(window: Window) -> None:
    """Where there is no cflint, VS Code offers to install it."""
    await window.sees(".notification-toast >> text=The command cflint was not found")
    await window.sees(".notification-toast >> text=Choose a path")
    await window.shot("offer")


async def with_server(window: Window, folder: Path) -> None:
    """Lenses, references, other names, the picture."""
    page = window.page
    await page.dblclick(".explorer-folders-view >> text=wrangler.jsonc")
    await window.sees(".codelens-decoration >> text=used once, created in v1")
    await page.click(".codelens-decoration a >> text=used once >> nth=0")
    await window.sees(".peekview-title >> text=index.ts")
    await window.shot("references")
    await window.keys("Escape")
    await window.rename("TEXTS")
    await window.sees(".view-line >> text=TEXTS")
    await window.command("File: Save All Files")
    until = time.monotonic() + 30
    while "env.TEXTS.put" not in (folder / "src/index.ts").read_text():
        assert time.monotonic() < until, "the code was not renamed"
        await page.wait_for_timeout(200)
    assert "TEXTS: KVNamespace" in (folder / "src/index.ts").read_text()
    assert '"binding": "TEXTS"' in (folder / "wrangler.jsonc").read_text()
    await page.click(".codelens-decoration a >> text=used once, created")
    await window.sees(".peekview-title >> text=index.ts")
    await window.keys("Escape")
    await window.rename("TEXTS")
    await window.sees("text=/TEXTS. is taken/")
    await window.shot("refused")
    await window.command("cflint: Show the picture of this workspace")
    link = await picture_link(page, "Room")
    await window.shot("picture")
    await link.click()
    await window.sees('.tab.active >> text="room.ts"')
    await window.sees(".codelens-decoration >> text=1 binding, created in v1")
    await window.shot("opened")


async def picture_link(page: Page, title: str):  # type: ignore[no-untyped-def]
    """The link of an item in the picture, whose frame VS Code makes within another."""
    for _ in range(100):
        for frame in page.frames:
            for link in await frame.query_selector_all("svg a"):
                if title in (await link.get_attribute("xlink:title") or ""):
                    return link
        await page.wait_for_timeout(300)
    raise AssertionError("there is no picture")


async def main(work: Path, cflint: str) -> None:
    """Drive it all; an AssertionError or a TimeoutError says what was not seen."""
    shots = work / "shots"
    shots.mkdir(exist_ok=True)
    folder = work / "chat"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, more in (("without", {}), ("with", {"cflint.path": cflint})):
            write_project(folder)
            settings(work, **more)
            with serving(work, folder):
                page = await browser.new_page(viewport={"width": 1400, "height": 900})
                window = Window(page, shots)
                await page.goto(f"{ADDRESS}/?folder={folder}")
                await window.sees(".monaco-workbench")
                try:
                    await (with_server(window, folder) if more else without_server(window))
                except BaseException:
                    await window.shot(f"failed-{name}")
                    raise
                await page.close()
            sys.stdout.write(f"{name} a server: as it should be\n")
        await browser.close()


if __name__ == "__main__":
    os.environ["PATH"] = os.pathsep.join(
        part for part in os.environ["PATH"].split(os.pathsep) if not (Path(part) / "cflint").exists()
    )
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
