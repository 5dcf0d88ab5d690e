"""What a value holds, and which expressions are secrets."""

from __future__ import annotations

import pytest
from tree_sitter import Node

from cflint.project.code.contents import Content
from cflint.project.code.module import Module
from cflint.project.code.secrets import Secret
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def last_value(module: Module) -> Node:
    found = list(module.descendants(module.syntax.root, "variable_declarator"))[-1].child_by_field_name(
        "value"
    )
    assert found is not None
    return found


def held(source: str, *, hops: int = 8) -> list[tuple[list[str], bool]]:
    """The names by way of which, and whether rebuilt, `S` is held by the last variable of a module."""
    module = module_of(source)

    def is_wanted(node: Node) -> bool:
        return module.text(node) == "S"

    def shown(content: Content) -> tuple[list[str], bool]:
        return [module.text(name) for name in content.names], content.is_rebuilt

    return [shown(content) for content in module.contents(last_value(module), is_wanted, hops=hops)]


@pytest.mark.parametrize(
    "source",
    [
        "S",
        "(S as T)!",
        "{ a: { b: S } }",
        "[1, S]",
        "{ S }",
        "`a ${S}`",
        "'a' + S",
        "S ?? 'a'",
        "a && S",
        "a ? S : 1",
        "JSON.stringify(S)",
        "JSON.stringify({ S }, null, 2)",
        "String(S)",
        "globalThis.structuredClone(S)",
    ],
)
def test_what_is_held(source: str) -> None:
    assert held(f"const x = {source};") == [([], False)]


@pytest.mark.parametrize("source", ["{ ...S }", "[...S]", "Object.entries(S)", "Object.assign({}, S)"])
def test_what_is_rebuilt(source: str) -> None:
    assert held(f"const x = {source};") == [([], True)]


@pytest.mark.parametrize(
    "source",
    [
        "f(S)",
        "S.length",
        "S && a",
        "S ? 1 : 2",
        "!S",
        "{ S() {} }",
        "{ [S]: 1 }",
        "JSON.stringify(S, keep)",
        "S === a",
        "tag`${1}`",
    ],
)
def test_what_is_not_held(source: str) -> None:
    assert held(f"const x = {source};") == []


def test_names_are_followed() -> None:
    source = "const a = { S }; const b = `${a}`; const x = { b };"
    assert held(source) == [(["b", "a"], False)]
    assert held(source, hops=1) == []


def test_only_what_a_name_keeps() -> None:
    assert held("let a = S; a = 1; const x = [a];") == []
    assert held("const { a } = S; const x = [a];") == []
    assert held("function f(a) { const x = [a]; }") == []


def test_functions_by_meaning() -> None:
    assert held('import { inspect as show } from "util"; const x = show(S);') == [([], False)]
    assert held("const { stringify } = JSON; const x = stringify(S);") == [([], False)]
    assert held("function String(a) { return 1; } const x = String(S);") == []


HEAD = "interface Env { API_KEY: string; LEVEL: string; POSTGRES: Hyperdrive; KV: KVNamespace }\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("env", Secret.ENV),
        ("env.API_KEY", Secret.VARIABLE),
        ("(env.API_KEY as string)", Secret.VARIABLE),
        ("env.LEVEL", None),
        ("env.KV", None),
        ("env.API_KEY.length", None),
        ("env.POSTGRES", Secret.HYPERDRIVE),
        ("env.POSTGRES.password", Secret.PASSWORD),
        ("env.POSTGRES.connectionString", Secret.CONNECTION_STRING),
        ("env.POSTGRES.host", None),
        ("process.env", Secret.ENV),
        ("process.env.API_KEY", Secret.VARIABLE),
        ("process.env.LEVEL", None),
    ],
)
def test_secrets(source: str, expected: Secret | None) -> None:
    module = module_of(
        f"{HEAD}export default {{ async fetch(request: Request, env: Env) {{ const x = {source}; }} }};"
    )
    assert module.secret_at(last_value(module)) is expected


def test_the_variables_of_a_script_are_its_own() -> None:
    module = module_of("const x = process.env;", config="{}")
    assert module.secret_at(last_value(module)) is None


def test_env_of_node_under_another_name() -> None:
    module = module_of('import { env as variables } from "node:process"; const x = variables;')
    assert module.secret_at(last_value(module)) is Secret.ENV


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("const a = env.API_KEY; const x = a;", "env.API_KEY"),
        ("const a = env.API_KEY; const b = a; const x = b;", "env.API_KEY"),
        ("const { API_KEY } = env; const x = API_KEY;", "API_KEY"),
        ("const x = env.API_KEY;", None),
        ("const x = request;", None),
    ],
)
def test_where_a_variable_is_taken_from(before: str, expected: str | None) -> None:
    module = module_of(f"{HEAD}export default {{ async fetch(request, env: Env) {{ {before} }} }};")
    found = module.taken_from(last_value(module))
    assert (module.text(found) if found is not None else None) == expected
