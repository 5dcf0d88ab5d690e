"""Where a value comes from, across functions, classes and modules."""

from __future__ import annotations

import pytest

from cflint.project.code.credentials import (
    code_behind,
    hyperdrive_behind,
    request_behind,
    secret_behind,
)
from cflint.project.code.tracing import Traced, function_called, traced
from tests.support.modules import marked, module_of

pytestmark = pytest.mark.portable

ENV = "interface Env { API_KEY: string; DB: Hyperdrive }\n"
FETCH = "export default { async fetch(request: Request, env: Env) { %s } };\n"


@pytest.mark.parametrize(
    "code",
    [
        "const a = 42; use(«a»);",
        "let a; a = 42; use(«a»);",
        "const a = 1 ? 42 : 0; use(«a»);",
        "const a = other ?? 42; use(«a»);",
        "const { a: { b } } = { a: { b: 42 } }; use(«b»);",
        "const o = { ...{ a: 42 } }; use(«o.a»);",
        "use(«`${42}`»);",
        "const f = async () => 42; async function g() { use(«await f()») }",
        "function f() { return { a: 42 } }\nuse(«f().a»);",
        "function f(x) { return x }\nfunction g(y) { return f(y) }\nuse(«g(42)»);",
        "function f(x) { use(«x») }\nf(42);",
        "function f({ x }) { use(«x») }\nf({ x: 42 });",
        "function f(options) { use(«options.x») }\nconst given = { x: 42 };\nf(given);",
        "const f = (x = 42) => use(«x»);",
        "class A { a = 42; b() { use(«this.a») } }",
        "class A { get a() { return 42 } b() { use(«this.a») } }",
        "class A { constructor(a) { this.a = a } b() { use(«this.a») } }\nnew A(42);",
        "class A { constructor(private a: number) {} b() { use(«this.a») } }\nnew A(42);",
        "class A { b(x) { use(«x») } }\nconst a = new A();\na.b(42);",
        "class A { b() { return 42 } }\nconst a = new A();\nuse(«a.b()»);",
        "class A { constructor(public a: number) {} }\nuse(«new A(42).a»);",
        "import { f } from './lib';\nuse(«f(42)»);",
        "import { constants } from './lib';\nuse(«constants.a»);",
        "import { Box } from './lib';\nuse(«new Box(42).inner»);",
        "p().then((x) => use(«x»));\nfunction p() { return 42 }",
    ],
)
def test_is_followed(code: str) -> None:
    lib = (
        "export function f(x) { return x }\n"
        "export const constants = { a: 42 };\n"
        "export class Box { constructor(public inner: number) {} }\n"
    )
    module, node = marked(code, lib=lib)
    assert list(traced(module, node, is_number))


def is_number(found: Traced) -> bool:
    return not found.path and found.module.text(found.node) == "42"


@pytest.mark.parametrize(
    "code",
    [
        "const a = 43; use(«a»);",
        "const o = { a: 43, b: 42 }; use(«o.a»);",
        "use(«f(42)»);",
        "use(«g(42).length»);\nfunction g(x) { return [x] }",
        "function f(x, y) { return y }\nuse(«f(42)»);",
        "function f(...x) { use(«x») }\nf(42);",
        "function f(x) { use(«x») }\nf(...[42]);",
        "class A { constructor(a, b) { this.a = b } b() { use(«this.a») } }\nnew A(42);",
        "class A { b(x) { use(«x») } }\nclass B { b(x) {} }\nnew B().b(42);",
        "try { f(42) } catch (e) { use(«e») }",
        "const a = «a»;",
    ],
)
def test_is_not_followed(code: str) -> None:
    module, node = marked(code)
    assert not list(traced(module, node, is_number))


def test_each_call_of_a_function_has_arguments_of_its_own() -> None:
    module, node = marked("function f(x) { return x }\nf(42);\nuse(«f(43)»);")
    assert not list(traced(module, node, is_number))


def test_ends() -> None:
    """Functions that call each other, and a long chain, end."""
    module, node = marked("function f(x) { return g(x) }\nfunction g(x) { return f(x) }\nuse(«f(1)»);")
    assert not list(traced(module, node, is_number))
    chain = "".join(f"const a{i + 1} = a{i};\n" for i in range(500))
    module, node = marked(f"const a0 = 42;\n{chain}use(«a500»);")
    assert not list(traced(module, node, is_number))


def test_what_is_made_of_a_value() -> None:
    module, node = marked("const a = f(42).b(1)[0]; use(«a»);\nfunction f(x) { return x }")
    assert not list(traced(module, node, is_number))
    assert list(traced(module, node, is_number, derived=True))
    module, node = marked("function f(x) { return x }\nuse(«f(42).length»);")
    assert not list(traced(module, node, is_number, derived=True))


def test_function_called() -> None:
    module = module_of("import { f } from './lib';\nf();\nmissing();", lib="export function f() {}\n")
    calls = [next(module.calls_of(name, module.root)) for name in ("f", "missing")]
    found = function_called(module, calls[0])
    assert found is not None and found[0].path == "lib.ts"
    assert function_called(module, calls[1]) is None


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("use(«env.API_KEY»)", "env.API_KEY"),
        ("const { API_KEY } = env; use(«API_KEY»)", "API_KEY"),
        ("const key = env.API_KEY?.trim(); use(«key»)", "env.API_KEY"),
        ("const context = { env, request }; use(«context.env.API_KEY»)", "env.API_KEY"),
        ("use(«`Bearer ${env.API_KEY}`»)", "env.API_KEY"),
        ("use(«env.API_KEY.length»)", None),
        ("use(«env.LEVEL»)", None),
        ("use(«await env.API_KEY.get()»)", None),
    ],
)
def test_secret_behind(code: str, name: str | None) -> None:
    module, node = marked(ENV + FETCH % code)
    found = secret_behind(module, node)
    said = ".".join((found.module.text(found.node), *found.path)) if found is not None else None
    assert said == name


def test_a_secret_of_an_env_that_a_pattern_takes() -> None:
    code = "interface Context { request: Request }\n"
    code += "const handler = ({ env }: Context) => use(«env.API_KEY»);\n"
    module, node = marked(code + FETCH % "use(handler)")
    found = secret_behind(module, node)
    assert found is not None and found.path == ("API_KEY",)
    module, node = marked(code.replace("{ env }", "{ options: env }") + FETCH % "use(handler)")
    assert secret_behind(module, node) is None


def test_names_that_count_as_secrets() -> None:
    module, node = marked(ENV + FETCH % "use(«env.SHOP_KEY»)")
    assert secret_behind(module, node) is None
    assert secret_behind(module, node, ("_KEY",)) is not None


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("use(«request.headers.get('x')?.split(' ')[1]»)", True),
        ("const { a } = await request.json(); use(«a»)", True),
        ("use(«new URL(request.url).searchParams.get('a')»)", True),
        ("use(«await (await fetch('https://a.example')).text()»)", False),
        ("use(«env.API_KEY»)", False),
    ],
)
def test_request_behind(code: str, found: bool) -> None:
    module, node = marked(ENV + FETCH % code)
    assert (request_behind(module, node) is not None) is found


def test_code_behind() -> None:
    sign = "const mac = await crypto.subtle.sign('HMAC', key, data);"
    module, node = marked(
        f"async function f() {{ {sign} use(«btoa(String.fromCharCode(...new Uint8Array(mac)))») }}"
    )
    assert code_behind(module, node) is not None
    module, node = marked("async function f() { use(«await crypto.subtle.digest('SHA-256', data)») }")
    assert code_behind(module, node) is None


def test_hyperdrive_behind() -> None:
    config = (
        '{ "name": "a", "main": "index.ts", "compatibility_date": "2026-08-01",'
        ' "hyperdrive": [{ "binding": "DB", "id": "1" }] }'
    )
    handed = "function f(options) { use(«options.url») }\n" + FETCH % "f({ url: env.DB.connectionString })"
    module, node = marked(ENV + handed, config)
    assert hyperdrive_behind(module, node) is not None
    module, node = marked(ENV + handed.replace("env.DB.connectionString", "env.API_KEY"), config)
    assert hyperdrive_behind(module, node) is None


def test_where_a_value_got_into_markup() -> None:
    page = "const page = (name) => `<p>${`Hello ${name}`}</p>`;\nconst link = () => `/${42}`;\n"
    module, node = marked(page + "use(«page(42)»);")
    (found,) = traced(module, node, is_number)
    assert found.shown is not None and found.shown[0].text(found.shown[1]) == "${`Hello ${name}`}"
    module, node = marked(page + "use(«link()»);")
    assert [it.shown for it in traced(module, node, is_number)] == [None]
