"""What rules about how many rows a query reads ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Module, js, pattern

if TYPE_CHECKING:
    from tree_sitter import Node

STAYS_SMALL = pattern(
    r"sqlite_|pragma_|_cf_|d1_|setting|config|option|role|permission|categor|migration|feature|flag|plan|tag|type"
    r"|countr|language|currenc|status|state|version|meta|schema|info$",
    re.IGNORECASE,
)
"""What the names of tables hold that stay small."""

HOW_MANY = r"(?<!ac)(?<!dis)count(?!r|er|y)|(?<!mis)take(?!n)"
"""Within names, what means a number of rows: `itemCount`, and neither `country` nor `account`."""


def bound_numbers(module: Module, made: js.Call, text: str, named: re.Pattern[str]) -> Iterator[Node]:
    """What a call of `bind()` is given by a name of some sort (`limit`, `offset`), the elements of lists that
    are spread in it included: `args` of `bind(...args)`, which the function fills."""
    function = module.enclosing_function(made.node)
    for argument in made.arguments:
        if argument.type != "spread_element":
            if "LIMIT" in text.upper() and named.search(module.text(argument)) is not None:
                yield argument
            continue
        listed = js.first_named(argument)
        declaration = (
            module.scope.resolve(listed) if listed is not None and listed.type == "identifier" else None
        )
        if declaration is None or function is None or "LIMIT" not in module.text(function).upper():
            continue
        for mutation in module.mutations(declaration, function):
            if mutation.method == "push" and mutation.node.start_byte < made.node.start_byte:
                yield from (one for one in mutation.values if named.search(module.text(one)) is not None)
