"""Whether what is written was read before and changed in between."""

from __future__ import annotations

import pytest

from cflint.project.code.rewritten import is_counted_or_resized, names_between
from tests.support.modules import marked

pytestmark = pytest.mark.portable

NO_CONFIGURATION = "{"


@pytest.mark.parametrize(
    ("body", "names", "changed"),
    [
        ("const n = await read(); write(«n + 1»);", {"n"}, {"n"}),
        ("const n = await read(); const m = n; write(«`${m}`»);", {"n", "m"}, set()),
        (
            "const all = JSON.parse(await read()); all.push(1); write(«JSON.stringify(all)»);",
            {"all"},
            {"all"},
        ),
        ("let n = 0; n = await read(); n += 2; write(«n»);", {"n"}, {"n"}),
        ("const n = await read(); const other = 1; write(«other + 1»);", set(), set()),
        ("write(«await read()»);", set(), set()),
    ],
)
def test_a_value_that_is_read_changed_and_written(body: str, names: set[str], changed: set[str]) -> None:
    module, value = marked(f"export default {{ async fetch() {{ {body} }} }};", NO_CONFIGURATION)
    read = next(module.calls("read")).node
    write = next(module.calls("write")).node
    function = module.enclosing_function(write)
    assert function is not None
    found = names_between(module, read, value)
    assert {name.name for name in found} == names
    assert {name.name for name in found if is_counted_or_resized(module, name, function, write)} == changed
