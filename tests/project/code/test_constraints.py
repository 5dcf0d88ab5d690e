"""Which members of what a name holds may be absent, by its type."""

from __future__ import annotations

import pytest

from cflint.project.code.constraints import optional_members
from tests.support.modules import module_of

pytestmark = pytest.mark.portable

TYPES = """
interface Note { id: string; title?: string; lang: string | undefined; by: string | null }
type Draft = { text?: string };
"""
HELD = {
    "function f(here: Note) {}": {"title", "lang"},
    "function f({ here }: Note) {}": {"title", "lang"},
    "function f(here: Note & Draft) {}": {"title", "lang", "text"},
    "function f(here: { a?: 1; b: 2; c(): void }) {}": {"a"},
    "function f(here: Partial<Note>) {}": {"id", "title", "lang", "by"},
    "const here: Draft = x();": {"text"},
    "const here = x() as Draft;": {"text"},
    "const here = (await x()) as { a?: 1 };": {"a"},
    "const here = x();": set(),
    "const here: Unknown = x();": set(),
    "function f(here: Note[]) {}": set(),
    "function f(here) {}": set(),
    f"function f(here: {'(' * 3000}{{ a?: 1 }}{')' * 3000}) {{}}": {"a"},
    f"function f(here: {'Note & ' * 3000}Draft) {{}}": {"title", "lang", "text"},
}


@pytest.mark.parametrize("code", HELD, ids=range(len(HELD)))
def test_the_members_that_a_type_calls_optional(code: str) -> None:
    module = module_of(f"{TYPES}\n{code}\n")
    leaf = next(module.syntax.leaves("here", module.syntax.root))
    declaration = module.scope.lookup("here", leaf)
    assert declaration is not None
    assert optional_members(module, declaration) == HELD[code]
