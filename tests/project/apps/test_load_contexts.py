"""Objects that a Worker makes and a framework hands on to its code."""

from __future__ import annotations

import pytest

from cflint.platform.handlers import Owes
from cflint.project.apps import candidates, recognition
from cflint.project.apps.kind import (
    Accessors,
    AppKind,
    Given,
    Handlers,
    Layout,
    LoadContext,
    Seed,
    Shape,
    TypeAccessor,
)
from cflint.project.apps.realms import Realm
from cflint.project.code.module import module_of
from cflint.project.code.values import ValueKind
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences

KIND = AppKind(
    id="router",
    title="Router",
    packages=frozenset({"router"}),
    files=("router.config.ts",),
    layout=lambda folder: Layout(),
    seeds=(Seed("app/*.ts", Realm.SERVER, "a route"),),
    entry_imports=("router",),
    handlers=(
        Handlers(
            files=("app/*.ts",),
            names=frozenset({"loader"}),
            gives=(Shape({"context": Given.LOAD_CONTEXT, "request": Given.REQUEST}),),
            owes=Owes.VALUE,
        ),
    ),
    accessors=Accessors(
        types=(TypeAccessor("", "AppLoadContext", Given.LOAD_CONTEXT),),
        contexts=(
            LoadContext("router", "createRequestHandler"),
            LoadContext("router", "createPagesHandler", option="getLoadContext"),
            LoadContext("router", "createServer", method="fetch", path=("context",)),
        ),
    ),
)
CONFIG = b"""{
  "name": "site", "main": "worker.ts",
  "kv_namespaces": [{ "binding": "TEXTS", "id": "0f2ac74b498b48028cb68387c421e279" }],
}
"""


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "names_one", lambda manifest: True)
    monkeypatch.setattr(recognition, "kinds_named_in", lambda manifest: iter([KIND]))


def value_of(worker: str, expression: str) -> tuple[ValueKind, str | None]:
    """What an expression over `context` is in the loader of a route."""
    route = f"export async function loader({{ context }}) {{\n  return probe({expression});\n}}\n"
    files = {
        "package.json": b'{ "dependencies": { "router": "1" } }',
        "router.config.ts": b"export default {};",
        "wrangler.jsonc": CONFIG,
        "worker.ts": worker.encode(),
        "app/home.ts": route.encode(),
    }
    project = load(Workspace.in_memory(files), ("",), preferences=no_preferences).project
    module = module_of(project, "app/home.ts")
    assert module is not None
    (call,) = (it for it in module.descendants(module.root, "call_expression"))
    (argument,) = call.child_by_field_name("arguments").named_children  # type: ignore[union-attr]
    value = module.value_of(argument)
    return value.kind, value.name if value.kind is ValueKind.BINDING else None


HANDLER = 'import { createRequestHandler } from "router";\nconst handler = createRequestHandler({});\n'
FETCH = HANDLER + "export default { async fetch(request, env, ctx) {\n  return handler(request, %s);\n} };\n"
PAGES = 'import { createPagesHandler } from "router";\nexport const onRequest = createPagesHandler({ %s });\n'
SERVER = 'import { createServer } from "router";\nconst server = createServer();\n'
UNKNOWN = (ValueKind.UNKNOWN, None)
CTX = (ValueKind.EXECUTION_CONTEXT, None)
TEXTS = (ValueKind.BINDING, "TEXTS")


@pytest.mark.parametrize(
    ("worker", "expression", "expected"),
    [
        (FETCH % "{ cloudflare: { env, ctx } }", "context.cloudflare.env.TEXTS", TEXTS),
        (
            FETCH % "{ cloudflare: { env, ctx } }",
            "context.cloudflare.ctx",
            (ValueKind.EXECUTION_CONTEXT, None),
        ),
        (FETCH % "{ cloudflare: { env, ctx } }", "context.other", UNKNOWN),
        (FETCH % "{ ...env, mode: 1 }", "context.TEXTS", TEXTS),
        (FETCH % "{ ...env, TEXTS: 1 }", "context.TEXTS", UNKNOWN),
        (FETCH % "{ TEXTS: 1, ...env }", "context.TEXTS", TEXTS),
        (FETCH % "{ ...env, ...more() }", "context.TEXTS", UNKNOWN),
        (FETCH % "{ [name]: env, texts: env.TEXTS }", "context.texts", TEXTS),
        (FETCH % "{ texts: env.TEXTS, [name]: env }", "context.texts", UNKNOWN),
        (FETCH % "env", "context.TEXTS", TEXTS),
        (FETCH % "make()", "context.TEXTS", UNKNOWN),
        (
            FETCH % "make(env)" + "function make(given) {\n  const all = { db: given };\n  return all;\n}\n",
            "context.db.TEXTS",
            TEXTS,
        ),
        (FETCH % "{ db: env }" + "handler(other, { db: other.env2 });\n", "context.db", UNKNOWN),
        (PAGES % "getLoadContext: ({ context }) => ({ a: 1 })", "context.b", UNKNOWN),
        (PAGES % "getLoadContext(given) { return { a: given.env }; }", "context.a", UNKNOWN),
        (
            SERVER + "export default { fetch(request, env) {\n"
            "  return server.fetch(request, { context: { kv: env.TEXTS } });\n} };\n",
            "context.kv",
            TEXTS,
        ),
        (
            HANDLER + "export const give = (env: AppLoadContext) => handler(0, { ...env, mode: 1 });",
            "context.A",
            UNKNOWN,
        ),
        (
            HANDLER + "export const give = (env: AppLoadContext) => handler(0, { a: env.a });",
            "context.a",
            UNKNOWN,
        ),
        ('import { a } from "router";\nexport default { fetch() {} };\n', "context.env", UNKNOWN),
    ],
)
def test_what_a_context_holds(worker: str, expression: str, expected: tuple[ValueKind, str | None]) -> None:
    assert value_of(worker, expression) == expected
