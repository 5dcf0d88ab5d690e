"""What a schema lets through, and what stands at a place of a list that is written out."""

from __future__ import annotations

import pytest

from cflint.project.code.elements import written_parts
from cflint.project.code.validated import is_tied_down
from tests.support.modules import module_of

pytestmark = pytest.mark.portable

SCHEMAS = {
    'z.object({ a: z.enum(["x"]) })': True,
    'z.object({ a: z.enum(["x"]).optional().default("x") }).strict()': True,
    "z.object({ b: z.string() }).extend({ a: z.coerce.number() })": True,
    'z.object({ a: z.string() }).merge(z.object({ a: z.literal("x") }))': True,
    'z.object({ a: z.literal("x") }).merge(z.object({ a: z.string() }))': False,
    'z.object({ a: z.literal("x") }).merge(other)': False,
    "z.object({ a: z.string().min(1).regex(/^x$/).max(3) })": True,
    "z.object({ a: z.string().pipe(z.coerce.number()) })": True,
    "z.object({ a: z.string().transform((v) => parseInt(v, 10)) })": True,
    "z.object({ a: z.number().transform((v) => text(v)) })": False,
    "z.object({ a: z.array(z.string()) })": False,
    'z.object({ a: z.union([z.literal("x"), z.string()]) })': False,
    'z.object({ b: z.enum(["x"]) })': False,
    "z.record(z.string(), z.number())": False,
    "y.object({ a: y.number() })": False,
    f"z.object({{ a: z.number(){'.optional()' * 3000} }})": False,
    f"z.object({{ a: z.number() }}){'.strict()' * 3000}": False,
}
LISTS = {
    "const list = [['x', a], ['y', b]];": "'x' 'y'",
    "const list = [['x', a]]; list.push(['y', b], ['z', c]);": "'x' 'y' 'z'",
    "const list = [['x', a], ...others];": None,
    "const list = [['x', a]]; fill(list);": None,
    "const list = [['x', a]]; list.push(...others);": None,
    "const list = [['x', a], pair];": None,
    "const list = [['x', a]].filter(Boolean);": "'x'",
    "const list = Object.entries({ x: a, y: b });": "",
    "const list = Object.entries({ ...a });": None,
    "const list = rows();": None,
}


@pytest.mark.parametrize("schema", SCHEMAS, ids=range(len(SCHEMAS)))
def test_what_a_schema_ties_down(schema: str) -> None:
    module = module_of(f'import {{ z }} from "zod";\nconst here = ({schema}).parse(body);\n')
    declaration = module.scope.lookup("here", module.root)
    assert declaration is not None
    assert declaration.value is not None
    assert is_tied_down(module, declaration.value, "a") == SCHEMAS[schema]


@pytest.mark.parametrize("code", LISTS, ids=range(len(LISTS)))
def test_the_first_of_each_pair(code: str) -> None:
    module = module_of(f"{code}\nfor (const [here] of list) use(here);\n")
    declaration = module.scope.resolve(list(module.syntax.leaves("here", module.syntax.root))[1])
    assert declaration is not None
    assert declaration.value is not None
    found = written_parts(module, declaration.value, declaration.path)
    assert (None if found is None else " ".join(map(module.text, found))) == LISTS[code]
