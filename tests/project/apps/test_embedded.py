"""Scripts in files of other languages: found, read in place, and mended in place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cflint.engine.parsing import parses_worse
from cflint.finding import Report, Safety
from cflint.fixer import converge
from cflint.project.apps import candidates, recognition
from cflint.project.apps.kind import PLATFORM, Accessors, AppKind, Layout, Seed
from cflint.project.apps.realms import Realm
from cflint.project.code.calls import is_mentioned
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.source import Document
from cflint.syntax.embedded import script_of, scripts_in
from tests.support.fixture_cases import KNOWN, rules_for, run

PAGE = b"""---
import { name } from "../name";
import Card from "./Card.astro";

const { env } = Astro.locals.runtime;
let seen = 0;
const text = await env.TEXTS.get("greeting");
async function count(request: Request) {
  seen = Number(request.headers.get("x"));
  env.TEXTS.put("seen", String(seen));
}
await count(Astro.request);
---

<h1>{text} \xc3\xa4 {name}</h1>
<script>
  fetch("/api");
</script>
"""
CONFIG = b"""{
  "name": "site", "main": "dist/_worker.js/index.js", "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "TEXTS", "id": "0f2ac74b498b48028cb68387c421e279" }],
}
"""
FILES = {
    "package.json": b'{ "dependencies": { "pages": "1" } }',
    "pages.config.js": b"export default {};",
    "wrangler.jsonc": CONFIG,
    "src/pages/index.astro": PAGE,
    "src/pages/Card.astro": b"---\nexport interface Props {}\n---\n<p />\n",
    "src/name.ts": b'export const name = "site";\n',
}
KIND = AppKind(
    id="pages",
    title="Pages",
    packages=frozenset({"pages"}),
    files=("pages.config.js",),
    mains=("dist/**",),
    layout=lambda folder: Layout(),
    seeds=(Seed("src/pages/index.astro", Realm.SERVER, "a page"),),
    accessors=Accessors(owners={"runtime": PLATFORM}),
)


@pytest.mark.parametrize(
    ("path", "text", "scripts"),
    [
        ("a.astro", "---\nlet a;\n---\n<p />\n", ["let a;\n"]),
        ("a.astro", "\ufeff\n---\r\nlet a;\r\n---\r\n<p />", ["\r\nlet a;\r\n"]),
        ("a.astro", "---\n---\n", [""]),
        ("a.astro", "<p />\n---\nno;\n---\n", []),
        ("a.astro", "---\nlet a;\n", []),
        ("a.svelte", '<script module>\na;\n</script>\n<script lang="ts">b;</script>', ["\na;\n", "b;"]),
        ("a.svelte", "<!-- <script>a;</script> -->\n<script>b;</script>", ["b;"]),
        ("a.svelte", "<!--\n<script>a;</script>\n-->\n<script>b;</script>", ["b;"]),
        ("a.svelte", "<!--\n<script>a;</script>", []),
        ("a.svelte", "<svelte:head>\n  <script>no;</script>\n</svelte:head>\n", []),
        ("a.vue", '<template>\n<p a=">" />\n</template>\n<script setup lang="ts" a=">">a;</script >', ["a;"]),
        ("a.vue", "<script>a;", []),
    ],
)
def test_scripts_are_found(path: str, text: str, scripts: list[str]) -> None:
    data = text.encode()
    found = [data[span.start : span.end].decode() for span in scripts_in(path, data)]
    assert [part.lstrip("\r\n") for part in found] == [part.lstrip("\r\n") for part in scripts]


def test_what_is_no_script_is_blank_and_nothing_moves() -> None:
    document = Document("index.astro", PAGE)
    script = script_of(document)
    assert len(script.data) == len(PAGE)
    assert script.data.count(b"\n") == PAGE.count(b"\n")
    assert b"<" not in script.data
    assert b"---" not in script.data
    assert script.file is document
    assert not script.is_block


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "names_one", lambda manifest: True)
    monkeypatch.setattr(recognition, "kinds_named_in", lambda manifest: iter([KIND]))


def test_frontmatter_is_a_module_of_the_worker(known: None) -> None:
    report = run(FILES, rules_for("global-request-state"))
    places = [(f.rule, f.at.document.path, f.at.document.line_of(f.at.span.start)) for f in report.findings]
    assert places == [("binding-floating-promise", "src/pages/index.astro", 10)]
    (finding,) = report.findings
    assert finding.at.document.data == PAGE
    assert PAGE[finding.at.span.start : finding.at.span.end] == b'env.TEXTS.put("seen", String(seen))'


def test_a_name_in_the_template_is_a_use_of_a_binding(known: None) -> None:
    page = b"---\nconst a = 1;\n---\n<p>{Astro.locals.runtime.env.TEXTS}</p>\n"
    files = FILES | {"src/pages/index.astro": page}
    project = load(Workspace.in_memory(files), ("",), preferences=no_preferences).project
    (worker,) = project.workers
    assert worker.modules == ("src/pages/index.astro",)
    assert is_mentioned(project, worker.modules, "TEXTS")
    assert not is_mentioned(project, worker.modules, "OTHER")


def test_a_fix_leaves_the_template_alone(known: None) -> None:
    rules = KNOWN.select(["binding-floating-promise"])

    def again(overlay: Mapping[str, bytes]) -> Report:
        return run({**FILES, **overlay}, rules)

    (change,) = converge(again, Safety.UNSAFE, parses_worse=parses_worse).changes
    assert change.path == "src/pages/index.astro"
    before, after = PAGE.splitlines(), change.after.splitlines()
    assert [line for line in before if line not in after] == [
        b'  env.TEXTS.put("seen", String(seen));',
    ]
    assert b'  await env.TEXTS.put("seen", String(seen));' in after
