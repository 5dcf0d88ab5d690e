"""What a class gives its base."""

from __future__ import annotations

import pytest

from cflint.project.code.module import ClassDefinition, Module
from cflint.syntax.javascript import CLASSES, walk
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def class_in(code: str) -> tuple[Module, ClassDefinition]:
    module = module_of(code)
    return module, module.class_of(next(node for node in walk(module.root) if node.type in CLASSES))


def test_the_calls_of_super_are_those_of_the_class_itself() -> None:
    module, owner = class_in(
        "class A extends B {\n"
        "  constructor(x) {\n"
        "    // super(0)\n"
        "    const C = class extends D { constructor() { super(1) } };\n"
        "    if (x) super(2); else super(3);\n"
        "    super.run(4);\n"
        "  }\n"
        "}\n"
    )
    assert [module.text(call) for call in module.super_calls(owner)] == ["super(2)", "super(3)"]


@pytest.mark.parametrize(
    ("heritage", "found"),
    [
        ("extends DurableObject<Env>", ["Env"]),
        ("extends Agent<Env, { a: Map<string, number> }>", ["Env", "{ a: Map<string, number> }"]),
        ("extends Server</* of it */ Env> implements Other<Row>", ["Env"]),
        ("extends DurableObject", []),
        ("implements Other<Row>", []),
        ("", []),
    ],
)
def test_type_arguments(heritage: str, found: list[str]) -> None:
    module, owner = class_in(f"class A {heritage} {{}}")
    assert [module.text(node) for node in module.type_arguments(owner)] == found
