"""Where code changes what a name holds."""

from __future__ import annotations

import pytest

from cflint.project.code.module import Module
from cflint.project.code.mutations import (
    MutationKind,
    Path,
    aliases,
    changed_copy,
    field_mutations,
    mutation_at,
    mutation_of,
    mutations,
    overlaps,
    place_of,
)
from cflint.scope import Declaration
from cflint.syntax.javascript import CLASSES, FUNCTIONS, walk
from tests.support.modules import marked, module_of

pytestmark = pytest.mark.portable


def declared(module: Module, name: str) -> Declaration:
    for node in (module.syntax.root, *walk(module.syntax.root)):
        if node.type == "program" or node.type in FUNCTIONS or node.type == "statement_block":
            found = module.scope.declared_in(node).get(name)
            if found is not None:
                return found
    raise AssertionError(f"{name} is not declared")


KV = """{
  "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "KV" }]
}"""


def changes(source: str, name: str = "x") -> list[tuple[MutationKind, Path, str]]:
    module = module_of(source, KV)
    return [
        (found.kind, found.place.path, found.method) for found in mutations(module, declared(module, name))
    ]


@pytest.mark.parametrize(
    ("statement", "kind", "path", "method"),
    [
        ("x = 1", MutationKind.ASSIGNED, (), ""),
        ("(x as any) = 1", MutationKind.ASSIGNED, (), ""),
        ("x.a = 1", MutationKind.ASSIGNED, ("a",), ""),
        ("x!.a!.b = 1", MutationKind.ASSIGNED, ("a", "b"), ""),
        ("(x as Mine).a = 1", MutationKind.ASSIGNED, ("a",), ""),
        ("x['a'][0][key] = 1", MutationKind.ASSIGNED, ("a", "0", None), ""),
        ("x += 1", MutationKind.AUGMENTED, (), ""),
        ("x.a ??= 1", MutationKind.AUGMENTED, ("a",), ""),
        ("x++", MutationKind.UPDATED, (), ""),
        ("--x.a", MutationKind.UPDATED, ("a",), ""),
        ("delete x.a", MutationKind.DELETED, ("a",), ""),
        ("delete (x.a as any).b", MutationKind.DELETED, ("a", "b"), ""),
        ("x.push(1)", MutationKind.METHOD, (), "push"),
        ("x?.push(1)", MutationKind.METHOD, (), "push"),
        ("(x).list!.splice(0, 1)", MutationKind.METHOD, ("list",), "splice"),
        ("x['push'](1)", MutationKind.METHOD, (), "push"),
        ("x.map.set(1, 2)", MutationKind.METHOD, ("map",), "set"),
        ("x.map.clear()", MutationKind.METHOD, ("map",), "clear"),
        ("Object.assign(x, { a })", MutationKind.MERGED, (), "assign"),
        ("Object.assign(x.a, b)", MutationKind.MERGED, ("a",), "assign"),
        ("Reflect.deleteProperty(x, 'a')", MutationKind.MERGED, (), "deleteProperty"),
        ("x = { ...x }", MutationKind.REBUILT, (), ""),
        ("x = { ...x, a: 1 }", MutationKind.REBUILT, (), ""),
        ("x.list = [...x.list, 1]", MutationKind.REBUILT, ("list",), ""),
        ("x.list = x.list.filter((y) => y)", MutationKind.REBUILT, ("list",), ""),
        ("x.n = (x.n ?? 0) + 1", MutationKind.REBUILT, ("n",), ""),
        ("x.n = x.m + 1", MutationKind.ASSIGNED, ("n",), ""),
        ("x = { ...y }", MutationKind.ASSIGNED, (), ""),
        ("[x.a, y] = z", MutationKind.ASSIGNED, ("a",), ""),
        ("({ a: x, ...y } = z)", MutationKind.ASSIGNED, (), ""),
        ("({ a: [x.b = 1] } = z)", MutationKind.ASSIGNED, ("b",), ""),
        ("for (x of list) {}", MutationKind.ASSIGNED, (), ""),
        ("for (x.a in list) {}", MutationKind.ASSIGNED, ("a",), ""),
    ],
)
def test_changes(statement: str, kind: MutationKind, path: Path, method: str) -> None:
    assert changes(f"let x: any = a; function f() {{ {statement}; }}")[:1] == [(kind, path, method)]


@pytest.mark.parametrize(
    "statement",
    [
        "y.x = 1",
        "y = x.a",
        "y[x] = 1",
        "y[x.a].b = 1",
        "x.push",
        "f(x.push)",
        "x.a.pushed(1)",
        "y.push(x)",
        "y.set(x.a, 1)",
        "Object.assign({}, x)",
        "Object.assign({ a: 1 }, x.a)",
        "Object.keys(x)",
        "mine.assign(x, y)",
        "typeof x.a",
        "!x.a",
        "[...x, 1]",
        "x.concat(1)",
        "x.toSorted()",
        "const y = { x }",
        "const { a = x } = y",
        "for (const y of x) {}",
        "(({ a: y = x.b } = z))",
        "// x = 1",
        "g('x = 1')",
        "function g() { let x = 1; x = 2; }",
        "x.get('a').push(1)",
        "if (x.a === 1) {}",
    ],
)
def test_reads(statement: str) -> None:
    assert changes(f"let x: any = a; function f() {{ {statement}\n }}") == []


def test_objects_of_the_platform_are_no_containers() -> None:
    code = (
        "export default { async fetch(request, env, ctx) { const x = env.KV; await x.delete('a');"
        " const h = new Headers(); h.set('a', 'b'); const c = caches.default; c.delete(request); } };"
    )
    assert changes(code, "x") == [] and changes(code, "c") == []
    assert changes(code, "h") == [(MutationKind.METHOD, (), "set")]


def test_a_shadowed_object_is_not_the_language_s() -> None:
    assert changes("const Object = mine; const x = {}; Object.assign(x, y);") == []


def test_what_is_put_there() -> None:
    module = module_of("const x = []; x.push(a, b); x[0] = c; Object.assign(x, d, e); delete x[1];")
    found = list(mutations(module, declared(module, "x")))
    assert [[module.text(value) for value in one.values] for one in found] == [
        ["a", "b"], ["c"], ["d", "e"], [],
    ]  # fmt: skip
    assert not any(one.sets_name for one in found)
    module = module_of("let x = 1; x = 2; x++; x = [...x];")
    assert all(one.sets_name for one in mutations(module, declared(module, "x")))


def test_a_part_of_the_module() -> None:
    module = module_of("const x = []; function f() { x.push(1); } x.push(2);")
    function = module.syntax.root.named_children[1]
    assert [one.values[0].text for one in mutations(module, declared(module, "x"), function)] == [b"1"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("«x.a = 1»", MutationKind.ASSIGNED),
        ("«x.a.b.push(1)»", MutationKind.METHOD),
        ("«this.state.count++»", MutationKind.UPDATED),
        ("«Object.assign(this.state, a)»", MutationKind.MERGED),
        ("«delete x[0]»", MutationKind.DELETED),
        ("«x.a = x.a + 1»", MutationKind.REBUILT),
        ("«this.list = [...this.list, 1]»", MutationKind.REBUILT),
        ("y = «(x.a = 1)»", MutationKind.ASSIGNED),
        ("«x.find(y)»", None),
        ("«x.a»", None),
        ("«a().b = 1»", None),
        ("«-x»", None),
        ("«x === 1»", None),
        ("«Object.assign({}, x)»", None),
        ("«f(x)»", None),
    ],
)
def test_the_change_that_an_expression_makes(source: str, kind: MutationKind | None) -> None:
    module, node = marked(source)
    found = mutation_at(module, node)
    assert (found.kind if found is not None else None) is kind


def test_a_chain_can_begin_anywhere() -> None:
    module, node = marked("class A { m() { «this.state».list.push(1); } }")
    found = mutation_of(module, node)
    assert found is not None and found.place.path == ("list",)
    place = place_of(module, node)
    assert place.declaration is None and module.text(place.whole) == "this.state.list"


def test_fields() -> None:
    module = module_of(
        "class A { list = []; m() { this.list.push(1); other.list.push(2); this.list = [];"
        " (this as A).list[0] = 3;"
        " const list = []; list.push(4); f(() => this.list.pop()); function g() { this.list.push(5); }"
        " this.listing.push(6); } static n() { this.list.push(7); } }"
        "class B { m() { this.list.push(8); } }"
    )
    owners = [module.class_of(node) for node in walk(module.syntax.root) if node.type in CLASSES]
    found = [(one.kind, one.method, one.place.path) for one in field_mutations(module, owners[0], "list")]
    assert found == [
        (MutationKind.METHOD, "push", ()),
        (MutationKind.ASSIGNED, "", ()),
        (MutationKind.ASSIGNED, "", ("0",)),
        (MutationKind.METHOD, "pop", ()),
    ]
    method = owners[0].method("m")
    assert method is not None
    assert len(list(field_mutations(module, owners[0], "list", method))) == 4
    assert len(list(field_mutations(module, owners[1], "list"))) == 1


def test_other_names_of_the_same_object() -> None:
    module = module_of(
        "function f(event) { const { payload: { items: [first] } } = event; const p = event.payload;"
        " const q = p.items; let r = event.a; const s = [event]; const { [key]: t } = event;"
        " const u = copy(event);"
        " const { ...rest } = event; const v = event as Mine; }"
    )
    found = {one.name: path for one, path in aliases(module, declared(module, "event"))}
    assert found == {
        "event": (),
        "first": ("payload", "items", "0"),
        "p": ("payload",),
        "q": ("payload", "items"),
        "v": (),
    }


def test_paths_that_overlap() -> None:
    assert overlaps((), ("a",)) and overlaps(("a", "b"), ("a",)) and overlaps(("a", None), ("a", "0"))
    assert not overlaps(("a",), ("b",)) and not overlaps(("a", "b"), ("a", "c"))


@pytest.mark.parametrize(
    ("source", "copy"),
    [
        ("f([...«x», 1])", "[...x, 1]"),
        ("f({ a, ...«x».b })", "{ a, ...x.b }"),
        ("f(«x».list.concat(y))", "x.list.concat(y)"),
        ("f(«x» + 1)", "x + 1"),
        ("f((«x» ?? 0) + 1)", "(x ?? 0) + 1"),
        ("f(Number(«x» || '0') - 1)", "Number(x || '0') - 1"),
        ("f((«x» as number) * 2)", "(x as number) * 2"),
        ("f(«x» === 1)", None),
        ("f([...«x»])", None),
        ("f(...«x»)", None),
        ("f(«x».length)", None),
        ("f(«x».map(g))", None),
        ("f(y ?? «x»)", None),
        ("f(mine(«x») + 1)", None),
    ],
)
def test_changed_copies(source: str, copy: str | None) -> None:
    module, node = marked(source)
    found = changed_copy(module, node)
    assert (module.text(found) if found is not None else None) == copy


def test_values_of_fields() -> None:
    module = module_of(
        "class A { a = 1; static b = 2; c; constructor() { this.c = 3; (this as A).d ??= 4; other.e = 5;"
        " const g = () => { this.f = 6; }; function h() { this.i = 7; } } }"
        "class B { m() { this.j = 8; } }"
    )
    owner = module.class_of(next(node for node in walk(module.syntax.root) if node.type in CLASSES))
    found = [(name, made.type, module.text(value)) for name, made, value in module.field_values(owner)]
    assert found == [
        ("a", "number", "1"),
        ("c", "assignment_expression", "3"),
        ("d", "augmented_assignment_expression", "4"),
        ("f", "assignment_expression", "6"),
    ]
