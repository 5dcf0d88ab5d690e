"""The names that no scope of a module of Python binds, beside what Python's own compiler says."""

from __future__ import annotations

import ast
import symtable
from pathlib import Path
from time import process_time

import pytest

from cflint.project.python.names import Names
from cflint.source import Document
from cflint.syntax.python import parse

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

TEXTS = {
    "a builtin": "print(len([]))",
    "a missing import": "def f():\n    return Response(json.dumps({}))",
    "bound under an if": "if f:\n    x = 1\nprint(x)",
    "bound in a try": "try:\n    import json\nexcept ImportError:\n    json = None\njson.x",
    "bound further down": "def f():\n    return g()\ndef g(): ...",
    "a variable of a comprehension, outside": "a = [x for x in y]\nprint(x)",
    "a class's name in its first iterable": "class A:\n    n = 1\n    m = [i for i in range(n)]",
    "a class's name in its comprehension": "class A:\n    n = 1\n    m = list(n for i in range(3))",
    "a class's name in a default": "class A:\n    n = 1\n    def f(self, m=n): ...",
    "a class's name in a lambda's default": "class A:\n    n = 1\n    f = lambda m=n: m",
    "a class's name in its method": "class A:\n    n = 1\n    def f(self):\n        return n",
    "a class in a class": "class A:\n    n = 1\n    class B:\n        m = n",
    "a decorator": "class A:\n    def p(f): ...\n    @p\n    def g(self): ...",
    "global": "def f():\n    global x\n    x = 1\ndef g():\n    return x",
    "global that nothing binds": "def f():\n    global x\n    return x",
    "nonlocal before it is bound": "def f():\n    def g():\n        nonlocal x\n        x = 1\n"
    "    x = 2\n    return x",
    "del": "def f():\n    del x\n    return x",
    "a walrus in a comprehension": "def f():\n    [y := i for i in a]\n    return y",
    "except as": "try: ...\nexcept E as e:\n    print(e)",
    "with as": "with a as (b, [c, *d]):\n    print(b, c, d)",
    "import of a part": "import a.b.c\nimport d.e as f\nprint(a, d, f)",
    "import from a part": "from a.b import c as d\nprint(a, c, d)",
    "a keyword": "f(x=1, y=x)",
    "patterns": "match a:\n    case {'k': b, **c}: print(b, c)\n    case [d, *e]: print(d, e)\n"
    "    case F(g=h) as i: print(g, h, i)",
    "a for in a function": "def f():\n    for x, (y, z) in w: ...\n    return x, y, z",
    "an augmented assignment": "x += y",
    "an f-string": 'def f(a):\n    return f"{a} {b:{c}}"',
    "constants": "x = None, True, False",
}
OURS = sorted((Path(__file__).parents[3] / "src/cflint/project/python").glob("*.py"))
MADE = {"__conditional_annotations__"}
"""What Python 3.14 adds of its own where an annotation stands under a condition."""
PEP_695 = (
    "def f[T](x):\n    return T\nclass A[U]:\n    def g(self):\n        return U, V\ntype W = int\nprint(W)"
)


def unbound(text: str) -> set[str]:
    syntax = parse(Document("a.py", text.encode()))
    assert not syntax.problems
    return {name.value for name in Names(syntax).unbound()}


def compiled(text: str) -> set[str]:
    """The global names that a module reads and never binds, as Python's symbol tables have them."""
    read: set[str] = set()
    bound: set[str] = set()
    top = symtable.symtable(text, "a.py", "exec")
    todo = [top]
    while todo:
        table = todo.pop()
        for symbol in table.get_symbols():
            if table is top or symbol.is_global():
                name = symbol.get_name()
                is_bound = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
                (bound if is_bound else read).add(name)
        todo += table.get_children()
    return read - bound - MADE


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(0)
        return self.generic_visit(node)


@pytest.mark.parametrize("what", TEXTS)
def test_names_are_unbound_as_the_compiler_says(what: str) -> None:
    assert unbound(TEXTS[what]) == compiled(TEXTS[what])


def test_the_cases_have_names_of_both_kinds() -> None:
    found = {what: unbound(text) for what, text in TEXTS.items()}
    assert found["a missing import"] == {"Response", "json"}
    assert found["a class's name in its method"] == {"n"}
    assert found["global that nothing binds"] == {"x"}
    assert not found["a class's name in a default"]


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_real_modules_have_the_unbound_names_that_the_compiler_sees(path: Path) -> None:
    text = path.read_text("utf-8")
    plain = ast.unparse(ast.fix_missing_locations(_WithoutAnnotations().visit(ast.parse(text))))
    assert unbound(text) == compiled(plain)


def test_type_parameters_are_names_of_what_they_stand_at() -> None:
    assert unbound(PEP_695) == {"V", "print"}


@pytest.mark.parametrize(
    ("body", "early"),
    [
        ("print(x)\nx = 1", {"x"}),
        ("x = 1\nprint(x)", set()),
        ("if a:\n    x = 1\nelse:\n    print(x)", {"x"}),
        ("if a:\n    x = 1\nelif x:\n    pass", {"x"}),
        ("if a:\n    x = 1\nprint(x)", set()),
        ("for i in a:\n    if i:\n        print(x)\n    else:\n        x = 1", set()),
        ("while a:\n    print(x)\n    x = 1", set()),
        ("match a:\n    case 1:\n        x = 1\n    case _:\n        print(x)", {"x"}),
        ("match a:\n    case [x, y]:\n        print(x, y)", set()),
        ("x = x + 1", {"x"}),
        ("x: int\nprint(x)\nx = 1", {"x"}),
        ("(x, y) = a\nprint(x, y)", set()),
        ("with a as x:\n    print(x)", set()),
        ("try:\n    pass\nexcept E as x:\n    print(x)", set()),
        ("print(x) if (x := a) else None", set()),
        ("def g():\n    return x\nx = 1\ng()", set()),
        ("global x\nprint(x)\nx = 1", set()),
        ("import m.x\nprint(m)", set()),
        ("print(m)\nimport m", {"m"}),
        ("print(g)\ndef g(): ...", {"g"}),
        ("del x\nprint(x)", set()),
        ("print(b)\nb = 1", set()),
        ("x = [x for x in a]", set()),
        ("if a:\n    print(x)\n" + "x = 1\n" * 50, set()),  # so many that nobody asks
    ],
)
def test_variables_that_are_read_too_early(body: str, early: set[str]) -> None:
    text = "def f(a, b):\n    " + body.replace("\n", "\n    ")
    syntax = parse(Document("a.py", text.encode()))
    assert not syntax.problems
    assert {name.value for name in Names(syntax).unassigned()} == early


def test_the_time_for_early_reads_grows_with_the_length() -> None:
    branches = "".join(
        f"    if a == {i}:\n        x = 1\n    else:\n        print(x, a)\n" for i in range(30)
    )
    syntax = parse(Document("a.py", ("def f(a):\n" + branches + "    print(x)\n" * 3_000).encode()))
    names = Names(syntax)
    assert list(names.unbound())
    start = process_time()
    assert len(list(names.unassigned())) == 1
    assert process_time() - start < 2
