"""Real editors, set up as their guides say, against the real server; one that is not there is skipped."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import preloaded
from tests.support.lsp_project import CONFIG, INDEX, ROOM, write_project
from tests.support.paths import ROOT
from tests.support.rule_index import put_index

GUIDES = ROOT / "docs" / "guides"
EDITORS = Path(__file__).resolve().with_name("editors")

JAVASCRIPT = {
    "wrangler.json": CONFIG.replace("src/index.ts", "src/index.js"),
    "src/index.js": re.sub(
        r"interface Env \{.*?\n\}\n\n|: (?:Request|Env|Promise<Response>)(?=[,) ])| satisfies [^;]*",
        "",
        INDEX,
        flags=re.DOTALL,
    ),
    "src/room.js": re.sub(r": (?:Request|Promise<Response>)(?=[,) ])", "", ROOM),
}
FIXED = 'fixed: await env.STORE.put("seen", "1");'
ACTIONS = """action: Await the promise (unsafe: look at it)
action: Ignore binding-floating-promise here, with a reason
action: Explain binding-floating-promise"""


def snippet(guide: str, language: str, number: int = 0) -> str:
    """A block of code of a guide."""
    text = (GUIDES / f"{guide}.md").read_text(encoding="utf-8")
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return blocks[number]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which `cflint` is on the PATH and nobody's configuration counts."""
    programs = tmp_path / "bin"
    programs.mkdir()
    preloaded.program(programs)
    home = tmp_path / "home"
    put_index(home / ".cache" / "cflint")
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_STATE_HOME": str(home / ".state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local"),
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
    }


def _needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@_needs("nvim")
def test_neovim(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = write_project(tmp_path / "chat")
    setup = tmp_path / "snippet.lua"
    setup.write_text(snippet("neovim", "lua"))
    script = str(EDITORS / "neovim.lua")
    said = _run(["nvim", "--headless", "--clean", "-l", script, str(setup), str(folder)], environment)
    assert "\nindex.ts: binding-floating-promise\n" in said  # once, not pushed and pulled
    assert (
        "index.ts with an unsaved configuration: binding-floating-promise,binding-not-declared" in said
        or ("binding-not-declared" in said)
    )
    assert "hover: **`env.ROOM`**: Durable Object namespace" in said
    assert "definition: wrangler.jsonc 6" in said
    assert ACTIONS in said
    assert FIXED in said
    assert said.rstrip().endswith("done")


@_needs("nvim")
def test_neovim_fixes_what_is_saved(tmp_path: Path, environment: dict[str, str]) -> None:
    text = INDEX.replace("Promise<Response>", "Response")
    folder = write_project(
        tmp_path / "chat", {"wrangler.jsonc": CONFIG, "src/index.ts": text, "src/room.ts": ROOM}
    )
    setup = tmp_path / "snippet.lua"
    setup.write_text(snippet("neovim", "lua") + snippet("neovim", "lua", 1))
    script = str(EDITORS / "neovim_save.lua")
    said = _run(["nvim", "--headless", "--clean", "-l", script, str(setup), str(folder)], environment)
    assert said.rstrip().endswith("done")
    assert (folder / "src/index.ts").read_text() == INDEX


@_needs("emacs")
def test_emacs(tmp_path: Path, environment: dict[str, str]) -> None:
    folder = write_project(tmp_path / "chat", JAVASCRIPT)
    setup = tmp_path / "snippet.el"
    setup.write_text(snippet("emacs", "elisp"))
    script = str(EDITORS / "emacs.el")
    said = _run(["emacs", "--batch", "-Q", "-l", script, str(setup), str(folder)], environment)
    assert "encoding utf-32" in said
    assert re.search(r"^index.js with an unsaved configuration: .*binding-not-declared", said, re.MULTILINE)
    assert "hover: env.ROOM: Durable Object namespace" in said  # it asks for plain text
    assert "definition: wrangler.json 7" in said
    assert ACTIONS in said
    assert FIXED in said
    assert said.rstrip().endswith("done")


class Screen:
    """A terminal with an editor in it."""

    def __init__(self, environment: dict[str, str], socket: str) -> None:
        self._environment = environment
        self._tmux = ["tmux", "-f", "/dev/null", "-S", socket]

    def start(self, command: list[str], folder: Path) -> None:
        """Start a program in a large terminal."""
        self._do("new-session", "-d", "-x", "180", "-y", "50", "-c", str(folder), *command)

    def keys(self, *keys: str) -> None:
        """Press keys."""
        self._do("send-keys", *keys)

    def text(self) -> str:
        """What is on the screen."""
        return self._do("capture-pane", "-p")

    def until(self, part: str, absent: bool = False) -> str:
        """Wait until something is on the screen, or is not."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            text = self.text()
            if (part in text) is not absent:
                return text
            time.sleep(0.1)
        raise AssertionError(f"{part!r} is {'still' if absent else 'not'} there:\n{self.text()}")

    def end(self) -> None:
        """End it all."""
        subprocess.run([*self._tmux, "kill-server"], env=self._environment, capture_output=True, check=False)

    def _do(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments], env=self._environment, capture_output=True, text=True, check=True
        )
        return done.stdout


@pytest.fixture
def screen(tmp_path: Path, environment: dict[str, str]) -> Iterator[Screen]:
    found = Screen(environment, str(tmp_path / "tmux"))
    yield found
    found.end()


@_needs("hx", "tmux")
def test_helix(tmp_path: Path, environment: dict[str, str], screen: Screen) -> None:
    folder = write_project(tmp_path / "chat")
    config = tmp_path / "home/.config/helix"
    config.mkdir(parents=True)
    (config / "languages.toml").write_text(snippet("helix", "toml"))
    (config / "config.toml").write_text(snippet("helix", "toml", 1))
    screen.start(["hx", "src/index.ts"], folder)
    screen.until("export default")
    screen.keys("/", "env.STORE.put", "Enter")
    screen.until("nothing waits for")
    screen.keys("Space", "a")
    screen.until("Await the promise (unsafe: look at it)")
    screen.keys("Enter")
    screen.until("await env.STORE.put")
    screen.until("nothing waits for", absent=True)
    screen.keys("g", "g", "/", "env.ROOM", "Enter")
    screen.keys("Space", "k")
    screen.until("Durable Object namespace")
    screen.keys("Escape")  # alone, or the terminal takes it for Alt
    screen.until("Durable Object namespace", absent=True)
    screen.keys("g", "d")
    screen.until('"class_name": "Room"')
    screen.keys("Escape", ":", "q", "a", "!", "Enter")


def test_the_snippets_for_helix_are_toml() -> None:
    assert tomllib.loads(snippet("helix", "toml"))["language-server"]["cflint"]["args"] == ["server"]
    assert tomllib.loads(snippet("helix", "toml", 2))["language-server"]["cflint"]["config"]
