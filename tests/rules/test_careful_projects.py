"""Whole projects, written with care: the recommended rules have nothing to say about them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cflint.engine import Options, analyse
from cflint.finding import Report
from cflint.project.files.workspace import Workspace
from tests.support.fixture_cases import KNOWN
from tests.support.paths import FIXTURES

ROOT = FIXTURES.parent
PROJECTS = sorted(folder.name for folder in (FIXTURES / "projects").iterdir() if folder.is_dir())
WORKERS = {"chat": 1, "shop": 2}
"""How many Workers each project has: silence about a project that was not found would mean nothing."""


def check(folder: Path) -> Report:
    options = Options(KNOWN.select(["recommended"]), KNOWN, jobs=1, debug=True)
    return analyse(Workspace(folder), [""], options, folder)


def test_every_project_is_listed_here() -> None:
    assert sorted(WORKERS) == PROJECTS


@pytest.mark.parametrize("name", PROJECTS)
def test_the_engine_finds_nothing(name: str) -> None:
    report = check(FIXTURES / "projects" / name)
    said = [
        f"{at.document.path}:{at.document.line_of(at.span.start)}: {finding.rule}: {finding.message}"
        for finding in report.findings
        for at in (finding.at,)
    ]
    assert said == []
    assert (report.suppressed, report.notices, report.partial) == (0, (), False)
    assert report.workers_checked == WORKERS[name]
    assert report.files_checked >= 9


@pytest.mark.parametrize("name", PROJECTS)
def test_the_program_ends_with_0(name: str) -> None:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("src", "rules"))
    result = subprocess.run(
        [sys.executable, "-m", "cflint", "check", "--isolated", "--output-format", "concise", "."],
        cwd=FIXTURES / "projects" / name,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


CARELESS = [
    (
        "chat",
        "src/room.ts",
        "this.ctx.acceptWebSocket(server, [name])",
        "server.accept()",
        "ws-legacy-accept",
    ),
    ("chat", "src/inbox.ts", "await this.ctx.storage.set", "this.ctx.storage.set", "alarm-floating-set"),
    (
        "chat",
        "src/auth.ts",
        "(await env.SESSIONS.get(key))",
        "env.SESSIONS.get(key)",
        "binding-unawaited-value",
    ),
    ("chat", "wrangler.jsonc", '["Bridge"]', '["Bridges"]', "migration-missing-class"),
    ("shop", "src/orders.ts", "await env.ORDERS", "env.ORDERS", "binding-floating-promise"),
    ("shop", "src/orders.ts", 'VALUES (?, ?, ?, ?)");', 'VALUES (?, ?, ?)");', "d1-bind-mismatch"),
    (
        "shop",
        "src/auth.ts",
        "timingSafeEqual(given, wanted)",
        "token === env.ADMIN_TOKEN",
        "timing-unsafe-compare",
    ),
    ("shop", "src/fulfilment.ts", 'await step.do("mark', 'step.do("mark', "workflow-step-not-awaited"),
    ("shop", "src/fulfilment.ts", "parcel ${parcel}", "${Date.now()}", "workflow-step-name-nondeterministic"),
    ("shop", "wrangler.jsonc", '"0 6 * * MON"', '"0 6 * * 9"', "cron-invalid"),
    ("shop", "pricing/wrangler.toml", "src/index.ts", "src/main.ts", "nonexistent-path"),
]


@pytest.mark.parametrize(
    ("name", "path", "careful", "careless", "rule"), CARELESS, ids=[f"{c[1]}-{c[4]}" for c in CARELESS]
)
def test_one_careless_change_is_seen(name: str, path: str, careful: str, careless: str, rule: str) -> None:
    folder = FIXTURES / "projects" / name
    text = (folder / path).read_text()
    assert careful in text
    workspace = Workspace(folder)
    workspace.overlay(path, text.replace(careful, careless).encode())
    options = Options(KNOWN.select(["recommended"]), KNOWN, jobs=1, debug=True)
    assert rule in {finding.rule for finding in analyse(workspace, [""], options, folder).findings}
