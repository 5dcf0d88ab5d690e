"""Rules of packages in the language server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.packages.test_packages import CODE, CONFIG, ENTRIES, FILES
from tests.support import lsp_client
from tests.support.environments import Environment
from tests.support.lsp_client import serving


@pytest.fixture(autouse=True)
def _serves(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = environment.variables()
    monkeypatch.setattr(lsp_client, "COMMAND", environment.server())
    for key in os.environ.keys() - variables.keys():
        monkeypatch.delenv(key)
    for key, value in variables.items():
        monkeypatch.setenv(key, value)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "wrangler.jsonc").write_text(CONFIG)
    (folder / "src" / "index.ts").write_text(CODE + "fetch('x');\n")
    return folder


async def shown(project: Path) -> tuple[set[str], str]:
    """The rules of the diagnostics of the module, and what the server said."""
    path = "src/index.ts"
    async with serving(project) as client:
        client.open(path)
        await client.until(lambda: bool(client.codes(path)))
        await client.quiet()
        if "acme-bad" in client.codes(path):
            hover = str(await client.hover(path, 0, 1))
            assert "from acme-cflint 1.2" in hover and "Call `bad()` nowhere." in hover
        return set(client.codes(path)), str(client.messages)


@pytest.mark.asyncio
async def test_they_run(environment: Environment, project: Path) -> None:
    environment.install("acme-cflint", "1.2", ENTRIES, FILES)
    codes, said = await shown(project)
    assert "acme-bad" in codes and "acme" not in said


@pytest.mark.asyncio
async def test_settings_leave_them_out(environment: Environment, project: Path) -> None:
    broken = {**FILES, "acme_rules/acme_bad.py": "import nowhere\n"}
    environment.install("acme-cflint", "1.2", ENTRIES, broken)
    (project / "cflint.toml").write_text("rule-packages = false\n")
    codes, said = await shown(project)
    assert codes and "acme-bad" not in codes and "acme" not in said


@pytest.mark.asyncio
async def test_a_broken_package_is_said_and_ours_run(environment: Environment, project: Path) -> None:
    broken = {**FILES, "acme_rules/acme_bad.py": "import nowhere\n"}
    environment.install("acme-cflint", "1.2", ENTRIES, broken)
    codes, said = await shown(project)
    assert codes and "acme-bad" not in codes
    assert said.count("the rule package acme-cflint 1.2 cannot be used") == 1
