"""Files that `rules` make text or data are no modules of the Worker."""

from __future__ import annotations

import pytest

from tests.support.projects import Files, loaded

INDEX = """import client from "./client.js";
import page from "./pages/a.page.ts";
import { helper } from "./helper";
export default { async fetch(request, env) { return new Response(client + page + helper); } };
"""
FILES: Files = {
    "src/index.ts": INDEX,
    "src/client.js": 'import "./deep.js";\nimport type { KVNamespace } from "@cloudflare/workers-types";\n',
    "src/deep.js": "fetch('/api');\n",
    "src/pages/a.page.ts": "export default 1;\n",
    "src/helper.ts": "export const helper = 1;\n",
}


def modules(rules: str) -> set[str]:
    config = f'{{ "name": "a", "main": "src/index.ts", "rules": [{rules}] }}'
    (worker,) = loaded(FILES | {"wrangler.jsonc": config}).project.workers
    return {path.removeprefix("src/") for path in worker.modules}


ALL = {"index.ts", "client.js", "deep.js", "pages/a.page.ts", "helper.ts"}


@pytest.mark.parametrize(
    ("rules", "without"),
    [
        ('{ "type": "Text", "globs": ["**/client.js"] }', {"client.js", "deep.js"}),
        ('{ "type": "Data", "globs": ["src/*.js"], "fallthrough": true }', {"client.js", "deep.js"}),
        ('{ "type": "Text", "globs": ["**/*.page.{ts,js}"] }', {"pages/a.page.ts"}),
        ('{ "type": "Text", "globs": ["./src/pages/**"] }', {"pages/a.page.ts"}),
        ('{ "type": "Text", "globs": ["*.js"] }', set()),
        ('{ "type": "Text", "globs": ["**/*.html"] }', set()),
        ('{ "type": "ESModule", "globs": ["**/*.js"] }', set()),
        ('{ "type": "Text", "globs": [3, "("] }', set()),
        ("3", set()),
        ("", set()),
    ],
)
def test_what_rules_make_text_is_no_module(rules: str, without: set[str]) -> None:
    assert modules(rules) == ALL - without


def test_it_is_not_looked_at_by_itself_either() -> None:
    config = (
        '{ "name": "a", "main": "src/index.ts", "rules": [{ "type": "Text", "globs": ["**/client.js"] }] }'
    )
    found = loaded(FILES | {"wrangler.jsonc": config})
    assert "src/client.js" not in found.modules and "src/client.js" in found.consulted
    assert "src/client.js" in loaded(FILES | {"wrangler.jsonc": config.replace("Text", "ESModule")}).modules


def test_the_configuration_of_a_folder() -> None:
    files = {f"w/{path}": text for path, text in FILES.items()}
    files["w/wrangler.toml"] = 'main = "src/index.ts"\n[[rules]]\ntype = "Text"\nglobs = ["src/client.js"]\n'
    (worker,) = loaded(files).project.workers
    assert "w/src/client.js" not in worker.modules and "w/src/helper.ts" in worker.modules
