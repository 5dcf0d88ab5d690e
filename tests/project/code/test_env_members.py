"""What `env` holds, by configurations, files of local development and code."""

from __future__ import annotations

import pytest

from cflint.project.code.env_members import is_given_by_code, may_be_declared
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.modules import module_of

pytestmark = pytest.mark.portable

CONFIG = b'{ "name": "w", "main": "index.ts", "kv_namespaces": [{ "binding": "KV", "id": "x" }] }'


def declared(name: str, files: dict[str, bytes]) -> bool:
    workspace = Workspace.in_memory({"index.ts": b"export default {};\n", **files})
    project = load(workspace, [""], preferences=no_preferences).project
    return may_be_declared(project, project.workers, name)


def test_what_may_be_declared() -> None:
    assert declared("KV", {"wrangler.json": CONFIG})
    assert not declared("DB", {"wrangler.json": CONFIG})
    assert declared("DB", {"wrangler.json": CONFIG, ".dev.vars": b"# of mine\nexport DB = 1\n"})
    assert declared("DB", {"wrangler.json": CONFIG, ".env.local": b"DB=1\n"})
    assert not declared("DB", {"wrangler.json": CONFIG, ".dev.vars": b"#DB=1\nOTHER=DB=2\n"})
    assert declared("DB", {})  # nothing is known


def test_what_other_modules_give() -> None:
    entry = 'import { f } from "./a";\nexport default { fetch(request, env) { return f(env); } };'
    module = module_of(entry, a="export function f(env) { env.DB ??= 1; }")
    assert is_given_by_code(module, "DB")
    assert not is_given_by_code(module, "f")
