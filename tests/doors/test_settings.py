"""The same settings through every door: a folder, a hook's files, stdin, Markdown, the Action, the server."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from cflint.cli import run
from cflint.rule import RuleSet
from tests.support.git import GitRepository
from tests.support.github_actions import CHECK, Runner
from tests.support.lsp_client import capabilities, serving
from tests.support.paths import ROOT

TIMER = RuleSet.discover(packages=False)["ws-timer-blocks-hibernation"].spec.severity.label
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def room(name: str, seconds: int = 20) -> str:
    return f"""\
import {{ DurableObject }} from "cloudflare:workers";

export class {name} extends DurableObject {{
  async fetch(request: Request): Promise<Response> {{
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, {{ status: 101, webSocket: client }});
  }}
}}

export class {name}Timer extends DurableObject {{
  async fetch(request: Request): Promise<Response> {{
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    setTimeout(() => server.send("late"), {seconds}_000);
    return new Response(null, {{ status: 101, webSocket: client }});
  }}
  async webSocketMessage(): Promise<void> {{}}
}}
"""


FILES = {
    "wrangler.jsonc": '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01" }\n',
    "src/index.ts": room("Room")
    + 'export { Old } from "./legacy";\nexport { New } from "./made/new";\n'
    + 'export { Sub } from "./sub/sub";\n',
    "src/legacy.ts": room("Old"),
    "src/made/new.ts": room("New"),
    "src/sub/sub.ts": room("Sub"),
    "docs/page.md": f"# Rooms\n\n```ts\n{room('Page')}```\n",
    "cflint.toml": """\
select = ["ws-legacy-accept", "ws-timer-blocks-hibernation"]
extend-select = ["migrations"]
ignore = ["migration-missing-class"]
exclude = ["/src/made/"]
severity = { ws-legacy-accept = "error", ws-timer-blocks-hibernation = "note" }

[per-file-ignores]
"src/legacy.ts" = ["websockets"]

[options.ws-timer-blocks-hibernation]
seconds = 30
""",
    "src/sub/cflint.toml": 'select = ["ws-timer-blocks-hibernation"]\n',
    "docs/pyproject.toml": """\
[tool.cflint]
select = ["websockets"]
ignore = ["ws-missing-upgrade-check", "ws-close-not-reciprocated"]

[tool.cflint.options]
ws-timer-blocks-hibernation = { seconds = 20 }
""",
}
"""The nearest counts: `legacy.ts` is spared, `made` left out, a timer of 20 s told of in `sub` and `docs`."""

Said = set[tuple[str, str, str]]
CODE: Said = {
    ("src/index.ts", "ws-legacy-accept", "error"),
    ("src/sub/sub.ts", "ws-timer-blocks-hibernation", TIMER),
}
PAGE: Said = {
    ("docs/page.md", "ws-legacy-accept", "warning"),
    ("docs/page.md", "ws-timer-blocks-hibernation", TIMER),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    if shutil.which("git") is None:
        (folder / ".git").mkdir()
    else:
        GitRepository(folder)("commit", "-q", "--allow-empty", "-m", "none of the files")
    return folder


def check(folder: Path, *arguments: str, stdin: str | None = None) -> Said:
    """What the command says, in this process."""
    given, out = io.TextIOWrapper(io.BytesIO((stdin or "").encode())), io.TextIOWrapper(io.BytesIO())
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), patch.object(sys, "stdin", given):
        assert run(["check", *arguments, "--output-format", "json"]) in (0, 1)
    out.seek(0)
    return said(json.loads(out.read()))


def said(report: Any) -> Said:
    return {(found["path"], found["rule"], found["severity"]) for found in report["findings"]}


def test_a_folder_and_a_file(project: Path) -> None:
    assert check(project) == CODE
    assert check(project, "src/legacy.ts") == CODE
    assert check(project / "src" / "sub", "../../wrangler.jsonc") == CODE


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_the_hooks(project: Path, hook: Any) -> None:
    if "--changed-since" in hook["entry"] and not (project / ".git" / "HEAD").exists():
        pytest.skip("git makes the commit")
    _, command, *options = shlex.split(hook["entry"])
    assert command == "check"
    files = [] if hook.get("pass_filenames") is False else ["cflint.toml", "src/index.ts", "src/made/new.ts"]
    assert check(project, *options, *hook["args"], *files) == CODE


@pytest.mark.parametrize(
    "name",
    [
        "cflint.toml",
        ".cflint.toml",
        "pyproject.toml",
        "package.json",
        "tsconfig.json",
        "tsconfig.build.json",
        "requirements.txt",
        "package-lock.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        "bun.lock",
        ".dev.vars",
        ".dev.vars.staging",
        ".env",
        ".env.local",
    ],
)
def test_a_file_that_is_about_a_folder_stands_for_its_workers(project: Path, name: str) -> None:
    hook = next(hook for hook in HOOKS if hook["id"] == "cflint")
    assert re.search(hook["files"], name)
    assert re.search(hook["files"], f"workers/api/{name}")
    if name != "cflint.toml":
        (project / name).write_text("")
        (project / "src" / "sub" / name).write_text("{}")
    assert check(project, name) == CODE
    assert check(project, f"src/sub/{name}") == CODE  # the Worker around it reaches what is in the folder
    (project / "other").mkdir()
    (project / "other" / name).write_text("")
    assert check(project, "--allow-empty", f"other/{name}") == set()


def test_stdin(project: Path) -> None:
    path = "src/index.ts"
    assert check(project, "-", "--stdin-filename", path, stdin=FILES[path]) == CODE
    fine = FILES[path].replace("server.accept()", "this.ctx.acceptWebSocket(server)")
    assert ("src/index.ts", "ws-legacy-accept", "error") not in check(
        project, "-", "--stdin-filename", path, stdin=fine
    )
    relaxed = FILES["cflint.toml"].replace('"error"', '"note"')
    changed = check(project, "-", "--stdin-filename", "cflint.toml", "--allow-empty", stdin=relaxed)
    assert changed in (set(), {(path, rule, "note") for _, rule, _ in CODE if path == "src/index.ts"})


def test_markdown(project: Path) -> None:
    assert check(project, "docs/page.md") == PAGE
    (project / "docs" / "pyproject.toml").unlink()
    assert check(project, "docs/page.md") == {("docs/page.md", "ws-legacy-accept", "error")}


@pytest.mark.parametrize("format", ["sarif", "annotations"])
def test_the_action(project: Path, tmp_path: Path, format: str) -> None:
    (tmp_path / "runner").mkdir()
    runner = Runner(tmp_path / "runner")
    runner.workspace = project
    assert runner.step(CHECK, format=format) == 0
    assert runner.outputs["findings"] == str(len(CODE))
    assert runner.outputs["exit-code"] == "1"
    for path, rule, _ in CODE:
        assert any(path in line and rule in line for line in runner.log.splitlines())


async def _shown(folder: Path, *paths: str) -> Said:
    names = {1: "error", 2: "warning", 3: "note"}
    async with serving(folder, capabilities()) as client:
        for path in paths:
            client.open(path)
        await client.until(lambda: bool(client.published))
        await client.quiet(1.0)
        return {
            (path, str(found.code), names.get(int(found.severity or 0), "note"))
            for path in paths
            for found in client.found(path) or ()
        }


@pytest.mark.asyncio
async def test_the_server(project: Path) -> None:
    code = [path for path in FILES if path.endswith(".ts")]
    assert await _shown(project, *code) == CODE


def test_on_the_command_line_it_comes_on_top(project: Path) -> None:
    (project / "other.toml").write_text('select = ["ws-timer-blocks-hibernation"]\n')
    every = {"src/index.ts", "src/legacy.ts", "src/sub/sub.ts", "src/made/new.ts"}
    assert check(project, "--config", "other.toml") == {
        (path, "ws-timer-blocks-hibernation", TIMER) for path in every
    }
    assert check(project, "--isolated", "--select", "ws-legacy-accept") == {
        (path, "ws-legacy-accept", "warning") for path in every
    }
    assert check(project, "--ignore", "ws-legacy-accept") == CODE - {
        ("src/index.ts", "ws-legacy-accept", "error")
    }


def test_every_option_is_known_to_its_rule() -> None:
    for id, rule in RuleSet.discover().items():
        for option in rule.spec.options:
            assert option.module == rule.module.__name__
            assert option.least <= option.default
            assert option.meaning.endswith(".")
            assert f"`{option.name}`" in rule.page, id
