"""Views of nodes: calls, members, parameters, assignments, and what stands around a node."""

from __future__ import annotations

import re

import pytest
from tree_sitter import Node

from cflint.project.code.module import Module
from cflint.project.code.nodes import Call
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def first(module: Module, *types: str) -> Node:
    return next(module.descendants(module.syntax.root, *types))


def value(source: str) -> tuple[Module, Node]:
    """A module that declares `x`, and the expression that it is set to."""
    module = module_of(f"const x = {source};")
    found = first(module, "variable_declarator").child_by_field_name("value")
    assert found is not None
    return module, found


def called(source: str) -> tuple[Module, Call]:
    module, node = value(source)
    call = module.call(node)
    assert call is not None
    return module, call


@pytest.mark.parametrize(
    ("source", "callee", "name", "receiver", "arguments"),
    [
        ("f()", "f", "f", None, []),
        ("a.b.get(1, ...rest)", "a.b.get", "get", "a.b", ["1", "...rest"]),
        ("(a.b!.get)<T>(/* none */)", "a.b!.get", "get", "a.b!", []),
        ("a?.get(1)", "a?.get", "get", "a", ["1"]),
        ("(f(1) as T)", "f", "f", None, ["1"]),
        ("new A.B(1)", "A.B", "B", "A", ["1"]),
        ("new A", "A", "A", None, []),
        ("f()(2)", "f()", "", None, ["2"]),
        ("a['get'](1)", "a['get']", "", None, ["1"]),
        ("sql`x`", "sql", "sql", None, []),
    ],
)
def test_call(source: str, callee: str, name: str, receiver: str | None, arguments: list[str]) -> None:
    module, call = called(source)
    assert call.callee is not None and module.text(call.callee) == callee
    assert call.name == name
    assert (module.text(call.receiver) if call.receiver is not None else None) == receiver
    assert [module.text(argument) for argument in call.arguments] == arguments
    assert call.is_new is source.startswith("new")


@pytest.mark.parametrize("source", ["f", "a.b", "await f()", "() => f()", "f() + 1"])
def test_what_is_no_call(source: str) -> None:
    module, node = value(source)
    assert module.call(node) is None
    assert module.call(None) is None


def test_argument_by_position() -> None:
    module, call = called("f(a, ...b, c)")
    a = call.argument(0)
    assert a is not None and module.text(a) == "a"
    assert [call.argument(1), call.argument(2), call.argument(3)] == [None, None, None]


def test_awaited_calls_and_statements() -> None:
    module = module_of(
        "async function f() { await g(1); (await g(2))!; const x = await (g(3) as T); g(4); return g(5); }"
    )
    calls = list(module.calls("g"))
    assert [call.is_awaited for call in calls] == [True, True, True, False, False]
    assert [call.is_statement for call in calls] == [True, True, False, True, False]
    assert [module.text(call.whole) for call in calls] == [
        "await g(1)",
        "(await g(2))!",
        "await (g(3) as T)",
        "g(4)",
        "g(5)",
    ]
    assert [call.statement.type if call.statement else None for call in calls] == [
        "expression_statement",
        "expression_statement",
        "lexical_declaration",
        "expression_statement",
        "return_statement",
    ]


def test_callbacks_are_functions_by_any_way() -> None:
    module = module_of(
        """
        const named = async () => 1;
        function declared() {}
        let changed = () => 2; changed = () => 3;
        class A {
          method() {}
          field = () => 4;
          start() { run(() => 5, named, declared, this.method, this.field, this.method.bind(this), "x"); }
          other() { run(changed, unknown, this.missing, ...rest, named()); }
        }
        """
    )
    one, two = module.calls("run")
    texts = [module.text(function) for function in one.callbacks]
    assert texts == [
        "() => 5",
        "async () => 1",
        "function declared() {}",
        "method() {}",
        "() => 4",
        "method() {}",
    ]
    assert one.callback is not None and module.text(one.callback) == "() => 5"
    assert two.callbacks == () and two.callback is None


@pytest.mark.parametrize(
    ("source", "object", "name", "optional"),
    [
        ("a.b", "a", "b", False),
        ("a.b.c", "a.b", "c", False),
        ("a?.b", "a", "b", True),
        ("(a.b as T)", "a", "b", False),
        ("a['b c']", "a", "b c", False),
        ("this.#b", "this", "#b", False),
    ],
)
def test_member(source: str, object: str, name: str, optional: bool) -> None:
    module, node = value(source)
    member = module.member(node)
    assert member is not None
    assert module.text(member.object) == object
    assert member.name == name
    assert name in module.text(member.name_node)
    assert member.is_optional is optional
    assert member.call is None


@pytest.mark.parametrize("source", ["a", "a[0]", "a[b]", "a.b()", "{ a: 1 }"])
def test_what_is_no_member(source: str) -> None:
    module, node = value(source)
    assert module.member(node) is None
    assert module.member(None) is None


def test_the_call_of_a_member() -> None:
    module, call = called("(a.b)(1)")
    member = module.member(call.callee)
    assert member is not None and member.call is not None and member.call.node == call.node
    module, call = called("f(a.b)")
    member = module.member(call.arguments[0])
    assert member is not None and member.call is None


def test_parameters() -> None:
    module = module_of("function f(a, b?: string, c: number = 1, { d }: T = {}, [e], ...rest: X[]) {}")
    found = module.parameters(first(module, "function_declaration"))
    assert [parameter.name for parameter in found] == ["a", "b", "c", None, None, "rest"]
    assert [module.text(parameter.pattern) for parameter in found] == [
        "a",
        "b",
        "c",
        "{ d }",
        "[e]",
        "rest",
    ]
    types = [parameter.type for parameter in found]
    assert [module.text(node) if node is not None else None for node in types] == [
        None,
        "string",
        "number",
        "T",
        None,
        "X[]",
    ]
    defaults = [parameter.default for parameter in found]
    assert [module.text(node) if node is not None else None for node in defaults] == [
        None,
        None,
        "1",
        "{}",
        None,
        None,
    ]
    assert [parameter.is_optional for parameter in found] == [False, True, True, True, False, True]
    assert [parameter.is_rest for parameter in found] == [False] * 5 + [True]


def test_the_parameter_of_a_short_arrow() -> None:
    module = module_of("const f = x => x; const g = () => 1;")
    short, none = module.descendants(module.syntax.root, "arrow_function")
    (found,) = module.parameters(short)
    assert (found.name, found.type, found.default, found.is_optional) == ("x", None, None, False)
    assert module.parameters(none) == ()


@pytest.mark.parametrize(
    ("source", "target", "operator", "right"),
    [
        ("a = 1", "a", "=", "1"),
        ("(a.b = c())", "a.b", "=", "c()"),
        ("a.b ??= c", "a.b", "??=", "c"),
        ("n += 2", "n", "+=", "2"),
        ("[a, b] = c", "[a, b]", "=", "c"),
    ],
)
def test_assignment(source: str, target: str, operator: str, right: str) -> None:
    module, node = value(source)
    found = module.assignment(node)
    assert found is not None
    assert (module.text(found.target), found.operator, module.text(found.value)) == (target, operator, right)


@pytest.mark.parametrize("source", ["a", "a == b", "i++", "{ a: 1 }"])
def test_what_is_no_assignment(source: str) -> None:
    module, node = value(source)
    assert module.assignment(node) is None
    assert module.assignment(None) is None


def test_calls_of_a_name() -> None:
    module = module_of("get(1); a.get(2); function f() { b.get(3); } get; a.get; other(get); // get(4)\n")
    assert [module.text(call.node) for call in module.calls("get")] == ["get(1)", "a.get(2)", "b.get(3)"]
    function = first(module, "function_declaration")
    assert [module.text(call.node) for call in module.calls("get", function)] == ["b.get(3)"]
    assert list(module.calls("missing")) == []


def test_the_call_around_an_argument() -> None:
    module = module_of("f(1, (here as T), 2); new A(here2); g({ a: here3 }); h(...here4); here5();")

    def around(name: str) -> tuple[str, int] | None:
        leaf = next(module.syntax.leaves(name, module.syntax.root))
        found = module.call_around(leaf)
        return (found[0].name, found[1]) if found is not None else None

    assert around("here") == ("f", 1)
    assert around("here2") == ("A", 0)
    assert [around("here3"), around("here4"), around("here5")] == [None, None, None]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("run(() => 1);", "run"),
        ("a.run(1, (async () => 1)!);", "run"),
        ("new Promise(() => 1);", "Promise"),
        ("const f = () => 1; run(f);", "run"),
        ("function f() { } run(f);", "run"),
        ("const f = () => 1;", None),
        ("const f = () => 1; f();", None),
        ("const f = () => 1; run(f); f();", None),
        ("const f = () => 1; run(f); walk(f);", None),
        ("export const f = () => 1; run(f);", None),
        ("export function f() { } run(f);", None),
        ("let f = () => 1; f = 2; run(f);", None),
        ("(() => 1)();", None),
        ("run({ f: () => 1 });", None),
        ("run([() => 1]);", None),
    ],
)
def test_callback_of(source: str, name: str | None) -> None:
    module = module_of(source)
    found = module.callback_of(first(module, "arrow_function", "function_declaration"))
    assert (found.name if found is not None else None) == name


@pytest.mark.parametrize(
    ("source", "statement"),
    [
        ("here();", "here();"),
        ("const x = [here()];", "const x = [here()];"),
        ("if (here()) { x(); }", "if (here()) { x(); }"),
        ("if (x) here();", "here();"),
        ("if (x) { y(); here(); }", "here();"),
        ("if (x) { } else here();", "here();"),
        ("for (const y of here()) { }", "for (const y of here()) { }"),
        ("for (let i = here(); i; i++) { }", "for (let i = here(); i; i++) { }"),
        ("for (const y of x) here();", "here();"),
        ("while (x) { here(); }", "here();"),
        ("do { x() } while (here());", "do { x() } while (here());"),
        ("switch (x) { case here(): break; }", "switch (x) { case here(): break; }"),
        ("switch (x) { case 1: here(); }", "here();"),
        ("switch (here()) { }", "switch (here()) { }"),
        ("try { } catch { here(); }", "here();"),
        ("label: here();", "here();"),
        ("export const x = here();", "export const x = here();"),
        ("function f() { return here(); }", "return here();"),
        ("const f = () => { here(); };", "here();"),
        ("class A { static { here(); } }", "here();"),
        ("const f = () => here();", None),
        ("const f = (x = here()) => { };", None),
        ("class A { x = here(); }", None),
    ],
)
def test_statement_of(source: str, statement: str | None) -> None:
    module = module_of(source)
    node = next(module.calls_of("here", module.syntax.root))
    found = module.statement_of(node)
    assert (module.text(found) if found is not None else None) == statement


def test_a_statement_is_its_own() -> None:
    module = module_of("function f() { x(); }")
    function = first(module, "function_declaration")
    statement = first(module, "expression_statement")
    assert module.statement_of(function) == function
    assert module.statement_of(statement) == statement
    assert module.statement_of(module.syntax.root) is None


@pytest.mark.parametrize(
    ("source", "operator", "operands"),
    [
        ("a + b", "+", ["a", "b"]),
        ("((a as T) ?? b)", "??", ["a", "b"]),
        ("a instanceof B", "instanceof", ["a", "B"]),
        ("!a", "!", ["a"]),
        ("typeof (a)", "typeof", ["a"]),
    ],
)
def test_operation(source: str, operator: str, operands: list[str]) -> None:
    module, node = value(source)
    found = module.operation(node)
    assert found is not None
    assert found.operator == operator
    assert [module.text(operand) for operand in found.operands] == operands
    assert (found.left is None) is (len(operands) == 1)
    assert found.right == found.operands[-1]


@pytest.mark.parametrize("source", ["a", "a ? b : c", "a = b", "a++", "a.b", "f(!a)"])
def test_what_is_no_operation(source: str) -> None:
    module, node = value(source)
    assert module.operation(node) is None


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("const token = V;", "token"),
        ("const token = (V as string)!;", "token"),
        ("const { token } = V;", "{ token }"),
        ("x = { token: V };", "token"),
        ('x = { "a-token": V };', '"a-token"'),
        ("this.token = V;", "this.token"),
        ("token += V;", "token"),
        ("class A { token = V; }", "token"),
        ("enum A { token = V }", "token"),
        ("function f(token = V) {}", "token"),
        ("const { token = V } = a;", "token"),
        ("const [token = V] = a;", "token"),
        ("x = { [V]: 1 };", None),
        ("const token = f(V);", None),
        ("const token = a ? V : 1;", None),
        ("V;", None),
        ("for (const token of V) {}", None),
    ],
)
def test_name_that_a_value_is_given(source: str, name: str | None) -> None:
    module = module_of(source)
    node = next(node for node in module.leaves("V", module.root))
    found = module.given_name(node)
    assert (module.text(found) if found is not None else None) == name


def test_name_of_an_attribute() -> None:
    text = b'export const x = <a token="V" />;'
    project = load(Workspace.in_memory({"index.tsx": text}), [""], preferences=no_preferences).project
    tree = project.trees.of("index.tsx")
    assert tree is not None
    module = Module(project, *tree)
    found = module.given_name(first(module, "string"))
    assert found is not None and module.text(found) == "token"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("const secretName = 1;", ["identifier"]),
        ("x = 'a secret';", ["string_fragment"]),
        ("x = `a ${1} secret`;", ["string_fragment"]),
        ("x = /secret/;", ["regex_pattern"]),
        ("x.secret = 1;", ["property_identifier"]),
        ("// secret\n/* secret */ x = 1;", []),
    ],
)
def test_mentions(source: str, found: list[str]) -> None:
    module = module_of(source)
    assert [node.type for node in module.mentions(re.compile(b"secret"))] == found


@pytest.mark.parametrize(
    ("source", "item", "left"),
    [
        ("{ a: 1, b: 2 }", "a: 1", "{ b: 2 }"),
        ("{ a: 1, b: 2 }", "b: 2", "{ a: 1 }"),
        ("{ a: 1 }", "a: 1", "{  }"),
        ("{\n  a: 1,\n  b: 2,\n}", "b: 2", "{\n  a: 1,\n}"),
        ("{\n  a: 1,\n  b: 2\n}", "b: 2", "{\n  a: 1\n}"),
        ("{\n  a: 1, b: 2,\n}", "a: 1", "{\n  b: 2,\n}"),
    ],
)
def test_span_of_an_item(source: str, item: str, left: str) -> None:
    module, node = value(source)
    part = next(part for part in module.descendants(node, "pair") if module.text(part) == item)
    span = module.item_span(part)
    data = module.document.data
    assert (data[: span.start] + data[span.end :]).decode() == f"const x = {left};"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("y.a", "a"),
        ("y['a']", "a"),
        ("(y as T)!.a.b", "a"),
        ("y?.a()", "a"),
        ("y[0]", None),
        ("y", None),
        ("f(y)", None),
        ("z[y]", None),
        ("z.y", None),
    ],
)
def test_member_that_is_read(source: str, name: str | None) -> None:
    module, node = value(source)
    leaf = next(module.leaves("y", node))
    read = module.member_read(leaf)
    assert (read.name if read is not None else None) == name


@pytest.mark.parametrize(
    ("source", "own"),
    [
        ("go();", True),
        ("((go()));", True),
        ("(go() as X)!;", True),
        ("await go();", False),
        ("x = go();", False),
    ],
)
def test_own_statement(source: str, own: bool) -> None:
    module = module_of(source)
    call = next(module.calls_of("go", module.root))
    found = module.own_statement(call)
    assert (module.text(found) if found is not None else None) == (source if own else None)
