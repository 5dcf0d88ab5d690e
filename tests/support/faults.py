"""A Worker of a few lines in an empty repository, and what a command says about it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli_samples import Cli, Outcome
from tests.support.paths import ROOT

ROOM = """\
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  }
}

export default { async fetch() { return new Response("ok"); } } satisfies ExportedHandler;
"""
"""One finding: `ws-legacy-accept` on line 7."""

CLEAN = 'export default { async fetch() { return new Response("ok"); } } satisfies ExportedHandler;\n'

CONFIG = """\
{
  "name": "w",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true }
}
"""

TOML = (
    'name = "w"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-01"\n[observability]\nenabled = true\n'
)

PYTHON_CONFIG = CONFIG.replace("index.ts", "entry.py").replace(
    '"obs', '"compatibility_flags": ["python_workers"],\n  "obs'
)
"""A Worker of Python, `src/entry.py`."""


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """Runs commands in an empty repository, in this process and with the real rules."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return Cli(capsysbinary)


def write(files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def worker(code: str | bytes = CLEAN, config: str | bytes = CONFIG, **more: str | bytes) -> None:
    write({"wrangler.jsonc": config, "src/index.ts": code, **more})


def beside() -> None:
    """Another Worker, whose one finding shows that the analysis went on."""
    write({"beside/wrangler.jsonc": CONFIG, "beside/src/index.ts": ROOM})


BESIDE = "beside/src/index.ts:7:5: warning[ws-legacy-accept]"


def concise(cli: Cli, *arguments: str) -> Outcome:
    """Check with one line a finding; the outcome without tracebacks."""
    outcome = cli("check", "--output-format", "concise", *arguments)
    assert "Traceback" not in outcome.out + outcome.err
    assert "internal error" not in outcome.err
    return outcome


def rules_of(outcome: Outcome) -> list[str]:
    """The rules of a concise report, in its order, without those of the Worker beside."""
    lines = [line for line in outcome.out.splitlines() if not line.startswith("beside/")]
    return [
        found.group(1) for line in lines if (found := re.search(r" (?:error|warning|note)\[([\w-]+)\]", line))
    ]


def fresh(folder: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    """`cflint` as a process of its own."""
    paths = os.pathsep.join(str(ROOT / name) for name in ("src", "rules"))
    settings: dict[str, object] = {"capture_output": True, "timeout": 60, **options}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "cflint", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        **settings,
    )


HOSTILE = "a,b%0A:\u202e::error::\x1b[31m\n& <b>.ts"

SECRET = "sk_live_51H8xQ2eZvKYlo2C9bTqJkWm"
