"""Workflows in a module: what runs them, their steps, and the code that runs in a step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.platform.classes import ClassKind
from cflint.platform.workflows import STEP_METHODS
from cflint.project.code.nodes import Call, call, callback_of
from cflint.project.code.values import ValueKind
from cflint.syntax.javascript import FUNCTIONS

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import HandlerLike, ModuleLike


def workflow_runs(module: ModuleLike) -> Iterator[HandlerLike]:
    """The `run()` of each Workflow that the module defines."""
    for handler in module.handlers:
        if handler.name == "run" and handler.owner is not None and handler.owner.kind is ClassKind.WORKFLOW:
            yield handler


def step_of(module: ModuleLike, node: Node | None) -> Call | None:
    """The call of a `WorkflowStep`'s method that an expression is: `step.do(…)`, `step.sleep(…)`, …"""
    found = call(module, node)
    if found is None or found.receiver is None or found.name not in STEP_METHODS:
        return None
    return found if module.value_of(found.receiver).kind is ValueKind.WORKFLOW_STEP else None


def steps(module: ModuleLike, within: Node) -> tuple[Call, ...]:
    """The steps that a node holds, in source order."""
    nodes = (node for name in STEP_METHODS for node in module.calls_of(name, within))
    found = (step for node in nodes if (step := step_of(module, node)) is not None)
    return tuple(sorted(found, key=lambda step: step.node.start_byte))


def step_around(module: ModuleLike, node: Node) -> tuple[Call, Node] | None:
    """The innermost step in whose function a node stands, and that function."""
    for above in module.syntax.ancestors(node):
        if above.type in FUNCTIONS:
            step = callback_of(module, above) if above.type != "method_definition" else None
            if step is not None and step_of(module, step.node) is not None:
                return step, above
    return None
