"""What tells about an error that was caught: its message, its stack, all of it as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.api import Module, js, pattern
from cflint_rules.security._development import is_for_development

if TYPE_CHECKING:
    from tree_sitter import Node

DETAILS = frozenset({"message", "stack", "cause"})
_SHOWN_IN = frozenset({"template_substitution", "pair", "ternary_expression"})
_CHOICES = frozenset({"if_statement", "ternary_expression", "switch_statement"})
_PLAIN_ERRORS = frozenset({"Error", "TypeError", "SyntaxError", "RangeError"})
_LOOKS = frozenset({"includes", "startsWith", "endsWith"})
_TEXTS = pattern(rb"m(?:sg|essage)\b|\berr(?:or)?\b", re.IGNORECASE)
_OWN_FIELDS = ("name", "code", "status")
"""What the fields begin with by which errors of a class of their own are told from others."""


def uses_of(module: Module, error: js.Declaration) -> tuple[Node, ...]:
    """The places of an error's name, and of others that it is given (`const e = error as Error`)."""

    def find() -> tuple[Node, ...]:
        uses = module.scope.references(error)
        others = []
        for use in uses:
            name = module.given_name(module.with_wrappers(use))
            declared = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
            if declared is not None and declared is not error and declared.constant and not declared.path:
                others += [one for one in module.scope.references(declared) if one.id != declared.node.id]
        return (*uses, *others)

    return module.memoized(("uses of an error", error.node.id), find)


def leaks(module: Module, content: Node, error: js.Declaration) -> Iterator[Node]:
    """The expressions in a content that tell about the error, by way of one variable too."""
    uses = uses_of(module, error)
    for use in uses:
        if js.unwrap(content).id == use.id:
            yield use
            continue
        detail = _detail(module, use) if js.contains(content, use) else None
        if detail is not None and not is_meant(module, detail, content):
            yield detail
    for name in (
        js.unwrap(content),
        *module.descendants(content, "identifier", "shorthand_property_identifier"),
    ):
        if name.type not in ("identifier", "shorthand_property_identifier"):
            continue
        declaration = module.scope.resolve(name)
        made = declaration.value if declaration is not None else None
        if declaration is None or made is None or is_for_development(module, made):
            continue
        if declaration.path:
            if _is_named_detail(declaration, uses):
                yield name
            continue
        inside = module.descendants(made, "identifier", "shorthand_property_identifier")
        named = (module.scope.resolve(part) for part in inside)
        if any(part is not None and _is_named_detail(part, uses) for part in named):
            yield name
            continue
        details = (_detail(module, use) for use in uses if js.contains(made, use))
        if any(detail is not None and not is_meant(module, detail, made) for detail in details):
            yield name


def _is_named_detail(declaration: js.Declaration, uses: Sequence[Node]) -> bool:
    """Whether a variable is what an error says: `const { message } = error`."""
    taken = js.unwrap(declaration.value) if declaration.value is not None and declaration.path else None
    return taken is not None and declaration.path[0] in DETAILS and any(taken.id == use.id for use in uses)


def _detail(module: Module, use: Node) -> Node | None:
    """The expression that shows an error: its message or stack, or all of it as text."""
    whole = module.with_wrappers(use)
    parent = module.parent(whole)
    access = module.member(parent)
    if access is not None and access.object.id == whole.id:
        return access.node if access.name in DETAILS else None
    if parent is not None and parent.type == "object" and use.type == "shorthand_property_identifier":
        return use
    if parent is not None and parent.type in _SHOWN_IN:
        condition = parent.child_by_field_name("condition")
        return use if condition is None or condition.id != whole.id else None
    around = module.call_around(use)
    is_text = around is not None and module.is_from(around[0].callee, "", "String", "JSON.stringify")
    return use if is_text else None


def is_meant(module: Module, node: Node, within: Node) -> bool:
    """Whether something is sent in development only, or for an error of a class of its own."""
    for above in module.ancestors(node):
        if above.type == "binary_expression" and is_for_development(module, above):
            return True
        if above.type in _CHOICES:
            condition = above.child_by_field_name("condition") or above.child_by_field_name("value")
            if condition is not None and (
                is_for_development(module, condition) or _tells_errors_apart(module, condition)
            ):
                return True
        if above.id == within.id:
            return False
    return False


def _asks_for_text(module: Module, condition: Node) -> bool:
    """Whether a condition looks for something in what an error says: `message.includes("not found")`,
    `/^E_[A-Z]+$/.test(error.message)`."""
    for node in (condition, *module.descendants(condition, "call_expression")):
        called = module.call(node)
        if called is None or called.receiver is None:
            continue
        looked_at = called.receiver if called.name in _LOOKS else None
        if called.name == "test" and called.arguments:
            looked_at = called.arguments[0]
        if looked_at is not None and next(module.mentions(_TEXTS, looked_at), None) is not None:
            return True
    return False


def _tells_errors_apart(module: Module, condition: Node) -> bool:
    if _asks_for_text(module, condition):
        return True
    for part in (condition, *module.descendants(condition, "binary_expression", "member_expression")):
        operation, access = module.operation(part), module.member(part)
        if operation is not None and operation.operator == "instanceof":
            if module.text(operation.right) not in _PLAIN_ERRORS:
                return True
        elif access is not None and access.name.startswith(_OWN_FIELDS):
            return True
    return False
