"""Functions that look whether all is set that a Worker needs of its environment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.code.flow import completes
from cflint.project.code.nodes import Call
from cflint.project.code.sameness import is_same

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_OF_ENVIRONMENT = pattern(
    r"(?:valid|check|verif|assert|require|ensure|has|missing)\w*?(?:env|config|secret|binding|var|setting)",
    re.IGNORECASE,
)
"""Names of functions that look whether what a Worker needs is set."""


def is_env_looked_at(module: Module, env: Node, place: Node) -> bool:
    """Whether code before a place turns away where a function that gets the environment as a whole says, by
    its name, that it lacks something: `if (!validateEnv(env)) return …`."""
    function = module.enclosing_function(place)
    for asked in module.descendants(function, "if_statement") if function is not None else ():
        condition = asked.child_by_field_name("condition")
        branch = asked.child_by_field_name("consequence")
        if condition is None or branch is None or asked.end_byte > place.start_byte:
            continue
        if completes(module, branch):
            continue
        for node in module.descendants(condition, "call_expression"):
            made = Call(module, node)
            if made.name is None or _OF_ENVIRONMENT.search(made.name) is None:
                continue
            if any(is_same(module, argument, env) for argument in made.arguments):
                return True
    return False
