"""What is known of a condition: how it always turns out in a Worker, and what follows from another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.globals import TYPE_OF_GLOBAL
from cflint.syntax.javascript import string_value, unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_EQUAL = frozenset({"==", "==="})
_UNEQUAL = frozenset({"!=", "!=="})
_DEEPEST = 20
_RUNTIME = "Cloudflare-Workers"
_NODE_ENV = "process.env.NODE_ENV"
_PRODUCTION = "production"
"""What `wrangler deploy` writes for it, as other builds do (`nodeEnvReplacement` of wrangler's bundle.ts)."""
_IN_PRODUCTION = {
    "import.meta.env.DEV": False,
    "import.meta.env.PROD": True,
    "import.meta.dev": False,
    "process.dev": False,
}
"""What Vite and Nuxt write in for production: https://vite.dev/guide/env-and-mode,
https://nuxt.com/docs/4.x/api/advanced/import-meta."""
_IMPORTED = {("$app/environment", "dev"): False, ("esm-env", "DEV"): False}
"""Imported names that are such constants: https://svelte.dev/docs/kit/$app-environment."""
_DEVELOPMENT_NAMES = frozenset({"dev", "DEV"})
_STATUS = pattern(r"([\w$.]+)\.status\s*(===?|>=|>|<|<=)\s*(\d{1,4})")
_IS_NOT_OK = pattern(r"!\s*([\w$.]+)\.ok")
_CAN_CHANGE = frozenset({"call_expression", "new_expression", "await_expression", "update_expression"}) | {
    "assignment_expression",
    "augmented_assignment_expression",
    "yield_expression",
}


def truth_of(module: ModuleLike, condition: Node) -> bool | None:
    """How a condition turns out in every Worker; None when that is not known.

    Known are `true` and `false`, what `typeof` gives of globals that Workers always have, or never
    (`typeof window !== "undefined"`), the name of the runtime, what a build for production writes in
    (`import.meta.env.DEV`, `process.env.NODE_ENV`), and what `!`, `&&` and `||` make of these.
    """
    return _truth(module, condition, _DEEPEST)


def _truth(module: ModuleLike, condition: Node, depth: int) -> bool | None:
    node = unwrap(condition)
    if depth == 0:
        return None
    if node.type in ("true", "false"):
        return node.type == "true"
    if node.type in ("member_expression", "identifier"):
        return _written_in(module, node)
    operator = node.child_by_field_name("operator")
    if operator is None:
        return None
    if node.type == "unary_expression" and operator.type == "!":
        argument = node.child_by_field_name("argument")
        inner = _truth(module, argument, depth - 1) if argument is not None else None
        return None if inner is None else not inner
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if node.type != "binary_expression" or left is None or right is None:
        return None
    if operator.type in ("&&", "||"):
        decides = operator.type == "||"  # the value of one side that settles the whole
        sides = _truth(module, left, depth - 1), _truth(module, right, depth - 1)
        if decides in sides:
            return decides
        return None if None in sides else not decides
    if operator.type not in _EQUAL | _UNEQUAL:
        return None
    for one, other in ((left, right), (right, left)):
        expected = string_value(module.syntax, unwrap(other))
        given = _text_given(module, unwrap(one)) if expected is not None else None
        if given is not None:
            return (given == expected) == (operator.type in _EQUAL)
    return None


def _text_given(module: ModuleLike, node: Node) -> str | None:
    """What `typeof name` or `navigator.userAgent` gives in every Worker."""
    if node.type == "unary_expression":
        operator, argument = node.child_by_field_name("operator"), node.child_by_field_name("argument")
        if operator is None or operator.type != "typeof" or argument is None:
            return None
        name = unwrap(argument)
        if name.type == "member_expression":
            owner, member = name.child_by_field_name("object"), name.child_by_field_name("property")
            if owner is None or member is None or module.text(owner) not in ("globalThis", "self"):
                return None
            return TYPE_OF_GLOBAL.get(module.text(member)) if _is_global(module, owner) else None
        is_name = name.type == "identifier" and _is_global(module, name)
        return TYPE_OF_GLOBAL.get(module.text(name)) if is_name else None
    if node.type == "member_expression" and module.text(node) == "navigator.userAgent":
        owner = node.child_by_field_name("object")
        return _RUNTIME if owner is not None and _is_global(module, owner) else None
    if node.type == "member_expression" and module.text(node) == _NODE_ENV and not _defines(module):
        owner = next((name for name in module.descendants(node, "identifier")), None)
        return _PRODUCTION if owner is not None and _is_global(module, owner) else None
    return None


def _defines(module: ModuleLike) -> bool:
    """Whether a configuration says itself what the build writes for `process.env.NODE_ENV`."""
    found = (environment.value("define") for environment in module.environments)
    return any(define is not None and define.get(_NODE_ENV) is not None for define in found)


def _written_in(module: ModuleLike, node: Node) -> bool | None:
    """What a build for production writes in place of a name that tells development apart."""
    if node.type == "member_expression":
        return _IN_PRODUCTION.get(module.text(node))
    declaration = module.scope.resolve(node) if module.text(node) in _DEVELOPMENT_NAMES else None
    ref = declaration.imported if declaration is not None else None
    return _IMPORTED.get((ref.module, ref.name)) if ref is not None else None


def _is_global(module: ModuleLike, name: Node) -> bool:
    return module.scope.resolve(name) is None


def implies(module: ModuleLike, known: Node, condition: Node) -> bool:
    """Whether a condition holds wherever another one did, nothing between them having changed what they look
    at: it is written the same and only reads names and members, or the other is one of what it joins by `||`,
    or the one speaks of a response's `status` and the other of its `ok`."""
    facts = {_spelled(module, part) for part in _joined(known, "&&") if _only_reads(part)}
    return any(_follows(module, facts, part) for part in _joined(condition, "||"))


def _follows(module: ModuleLike, facts: set[str], condition: Node) -> bool:
    parts = list(_joined(condition, "&&"))
    if len(parts) > 1:
        return all(_follows(module, facts, part) for part in parts)
    if not _only_reads(condition):
        return False
    text = _spelled(module, condition)
    if text in facts:
        return True
    refused = _IS_NOT_OK.fullmatch(text)
    return refused is not None and any(_is_refused(fact, refused[1]) for fact in facts)


def _is_refused(fact: str, response: str) -> bool:
    """Whether a fact about the status of a response says that it is not `ok` (200 to 299)."""
    found = _STATUS.fullmatch(fact)
    if found is None or found[1] != response:
        return False
    status = int(found[3])
    match found[2]:
        case "===" | "==":
            return not 200 <= status <= 299
        case ">=":
            return status >= 300
        case ">":
            return status >= 299
        case "<":
            return status <= 200
    return status < 200


def _joined(condition: Node, operator: str) -> Iterator[Node]:
    """The parts that an operator joins to a condition; the condition itself where it does not."""
    todo = [condition]
    for _ in range(100):
        if not todo:
            return
        node = unwrap(todo.pop())
        found = node.child_by_field_name("operator")
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if found is not None and found.type == operator and left is not None and right is not None:
            todo += [right, left]
        else:
            yield node


def _only_reads(condition: Node) -> bool:
    """Whether a condition reads names and members and calls nothing, so that it turns out the same again."""
    todo = [condition]
    for _ in range(60):
        if not todo:
            return True
        node = todo.pop()
        if node.type in _CAN_CHANGE:
            return False
        todo.extend(node.named_children)
    return False


def _spelled(module: ModuleLike, node: Node) -> str:
    return " ".join(module.text(node).split())
