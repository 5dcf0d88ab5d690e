"""What pages say that wrangler refuses, it refuses: a whole Worker, by `wrangler deploy --dry-run`."""

# ruff: noqa: E501 (sentences of pages)

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.fixture_cases import KNOWN
from tests.support.oracle_tools import needs_tools, run_wrangler
from tests.support.workerd import blocks

pytestmark = needs_tools()

HEAD = '"name": "w", "main": "src/index.js", "compatibility_date": "2026-08-01"'
MODULE = 'export default { fetch() { return new Response("ok"); } };'
SERVICE_WORKER = 'addEventListener("fetch", (event) => event.respondWith(new Response("ok")));'
ROOM = '"durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] }'


@dataclass(frozen=True)
class Refused:
    """Files of a Worker, what wrangler says to them (a regular expression), and the page's words for it."""

    rule: str
    files: Mapping[str, str]
    refusal: str
    says: str
    corrected: Mapping[str, str] | None = None


ASTRO = (
    f'{{ {HEAD.replace("src/index.js", "dist/_worker.js/index.js")}, "assets": {{ "directory": "dist" }} }}'
)
REDIRECTED = {
    ".wrangler/deploy/config.json": '{ "configPath": "../../.output/server/wrangler.json" }',
    ".output/server/index.js": MODULE,
}

REFUSED = [
    Refused(
        "entrypoint-class-not-exported",
        {"wrangler.json": f"{{ {HEAD}, {ROOM} }}", "src/index.js": MODULE},
        "which are not exported in your entrypoint file: Room",
        "A class that is declared somewhere, but not exported there, does not exist for it: the deployment is refused",
    ),
    Refused(
        "service-worker-unsupported",
        {"wrangler.json": f"{{ {HEAD}, {ROOM} }}", "src/index.js": SERVICE_WORKER},
        "trying to use Durable Objects in a Worker written as a service-worker",
        "wrangler refuses to deploy one with Durable Objects or migrations of its own",
    ),
    Refused(
        "compat-date-missing",
        {"wrangler.json": '{ "name": "w", "main": "src/index.js" }', "src/index.js": MODULE},
        "A compatibility_date is required",
        "Without one wrangler refuses to deploy",
    ),
    Refused(
        "nonexistent-path",
        {"wrangler.json": f"{{ {HEAD} }}"},
        'entry-point file at "src/index.js" was not found',
        "wrangler looks for them beside the configuration and stops when one is not there",
    ),
    Refused(
        "assets-config",
        {
            "wrangler.json": '{ "name": "w", "compatibility_date": "2026-08-01",'
            ' "assets": { "directory": "dist", "binding": "ASSETS" } }',
            "dist/index.html": "<p>",
        },
        "Cannot use assets with a binding in an assets-only Worker",
        "wrangler refuses `assets` with a `binding` or `run_worker_first` in a configuration without `main`",
    ),
    Refused(
        "import-not-exported",
        {
            "wrangler.json": f"{{ {HEAD} }}",
            "src/index.js": f'import {{ gone }} from "./other.js"; gone(); {MODULE}',
            "src/other.js": "export const other = 1;",
        },
        'No matching export in "src/other.js" for import "gone"',
        'esbuild, with which wrangler and Vite bundle, refuses a name that the module does not export: "No matching export"',
    ),
    Refused(
        "custom-domain-pattern",
        {
            "wrangler.json": f'{{ {HEAD}, "routes": [{{ "pattern": "*.example.com", "custom_domain": true }}] }}',
            "src/index.js": MODULE,
        },
        r"Wildcard operators \(\*\) are not allowed in Custom Domains",
        "its pattern has neither a path nor a `*`. wrangler refuses others when it deploys",
    ),
    Refused(
        "custom-domain-pattern",
        {
            "wrangler.json": f'{{ {HEAD}, "routes": [{{ "pattern": "example.com/notes", "custom_domain": true }}] }}',
            "src/index.js": MODULE,
        },
        "Paths are not allowed in Custom Domains",
        "its pattern has neither a path nor a `*`. wrangler refuses others when it deploys",
    ),
    Refused(
        "astro-worker-asset-exposed",
        {"wrangler.json": ASTRO, "dist/_worker.js/index.js": MODULE},
        "Uploading a Pages _worker.js directory as an asset",
        "Where `dist` is the folder of assets, too, wrangler stops",
        {"wrangler.json": ASTRO, "dist/_worker.js/index.js": MODULE, "dist/.assetsignore": "_worker.js\n"},
    ),
    Refused(
        "nitro-deploy-config-env",
        {
            **REDIRECTED,
            ".output/server/wrangler.json": f'{{ {HEAD.replace("src/", "")}, "env": {{ "staging": {{}} }} }}',
        },
        "Redirected configurations cannot include environments",
        'wrangler refuses it: "Redirected configurations cannot include environments"',
        {**REDIRECTED, ".output/server/wrangler.json": f"{{ {HEAD.replace('src/', '')} }}"},
    ),
]


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.rule)
def test_wrangler_refuses(tmp_path: Path, refused: Refused) -> None:
    assert refused.says in " ".join(KNOWN[refused.rule].page.split()), "the page says it"
    process = dry_run(tmp_path / "refused", refused.files)
    assert process.returncode != 0, process.stdout
    assert re.search(refused.refusal, process.stdout + process.stderr), process.stdout + process.stderr
    if refused.corrected is not None:
        process = dry_run(tmp_path / "corrected", refused.corrected)
        assert process.returncode == 0, process.stdout + process.stderr


OLDER = {
    "missing-default-export": "ignored what the module exports, so that its classes, Durable Objects above all, did not exist",
}
"""What pages say of wrangler before 4.131."""


def test_an_older_wrangler_takes_a_module_for_a_service_worker(tmp_path: Path) -> None:
    (rule,) = OLDER
    assert OLDER[rule] in " ".join(KNOWN[rule].page.split()), "the page says it"

    def run(heading: str, older: bool) -> str:
        """What wrangler says when it refuses the example."""
        code, config = blocks(rule, heading)
        assert config is not None
        files = {"src/index.ts": code, "wrangler.json": config.document.data.decode()}
        process = dry_run(tmp_path / f"{heading}-{older}", files, older=older)
        return process.stdout + process.stderr if process.returncode != 0 else ""

    said = run("Incorrect", older=True)
    assert 'Building the worker using "service-worker" format' in said
    assert "trying to use Durable Objects in a Worker written as a service-worker" in said
    assert run("Correct", older=True) == run("Incorrect", older=False) == ""


def dry_run(folder: Path, files: Mapping[str, str], older: bool = False) -> subprocess.CompletedProcess[str]:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return run_wrangler(folder, "deploy", "--dry-run", older=older)
