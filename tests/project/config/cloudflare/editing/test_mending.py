"""Edits that mend what the loader refuses."""

from __future__ import annotations

import pytest

from cflint.project.config.cloudflare.machine import Fault
from tests.support.cloudflare_editing import mended_files
from tests.support.cloudflare_reading import BASIC, IMPORTS, REFUSED, case, read

TITLES = {
    "unknown key": "Write `compatibilityFlags`",
    "wrangler's key": "Write `compatibilityFlags`",
    "unknown top": "Write `accountId`",
    "plain text": "Make it `bindings.text(…)`",
    "plain object": "Make it `bindings.json(…)`",
    "unknown type": "Write `kv`",
    "unknown helper": "Call `kv`",
    "old helper": "Write `analytics-sql`",
    "moved field": "Move it into `experimental`",
    "foreign field": "Write `id`",
    "dev beside": "Move `remote` into `dev`",
    "no storage": 'Add `storage: "sqlite"`',
    "container not listed": "List the container in `containers`",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_mended_or_left(name: str) -> None:
    files = {"cloudflare.config.ts": case(REFUSED[name][0])}
    found = mended_files(files)
    assert (found and found[0]) == TITLES.get(name)
    if found is not None:
        assert not read(found[1]["cloudflare.config.ts"]).faults


@pytest.mark.parametrize(
    ("fault", "old", "new"),
    [
        (Fault.IMPORT_EXTENSION, 'import { x } from "./x";', 'import { x } from "./x.ts";'),
        (
            Fault.ENTRYPOINT_IMPORT,
            "import * as entry from './src/index.ts'",
            "import * as entry from './src/index.ts' with { type: \"cf-worker\" }",
        ),
    ],
)
def test_an_import(fault: Fault, old: str, new: str) -> None:
    text = (
        f"{IMPORTS}{old}\nexport default defineConfig({{ worker: {{ {BASIC}, "
        f"entrypoint: {'entry' if 'entry' in old else 'x'} }} }});\n"
    )
    files = {
        "cloudflare.config.ts": text,
        "x.ts": 'export const x = "./src/index.ts";\n',
        "src/index.ts": "export default {};\n",
    }
    found = mended_files(files, fault)
    assert found is not None
    assert found[1] == {**files, "cloudflare.config.ts": text.replace(old, new)}


def test_the_binding_of_the_assets() -> None:
    text = case(
        f'worker: {{ {BASIC}, assets: {{ binding: "ASSETS", notFoundHandling: "none" }}, env: {{}} }}'
    )
    found = mended_files({"cloudflare.config.ts": text})
    assert found is not None
    assert found[1]["cloudflare.config.ts"] == case(
        f'worker: {{ {BASIC}, assets: {{ notFoundHandling: "none" }}, env: {{ ASSETS: bindings.assets() }} }}'
    )
