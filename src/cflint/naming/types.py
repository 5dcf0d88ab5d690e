"""Where types of `env` name bindings: members of an interface, keys in `Env["NAME"]`, `Pick<Env, "NAME">`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.naming.mention import Mention, Role
from cflint.platform.env_types import ENV_TYPE_NAMES, may_be_env_type
from cflint.project.workers.facts import without_runtime_types
from cflint.source import Document, Span
from cflint.syntax.javascript import ParseTimeout, Syntax, parse

if TYPE_CHECKING:
    from tree_sitter import Node

_HOLDERS = frozenset({"env", "Bindings"})
"""Members of types whose own members are bindings: `interface Platform { env: { … } }`."""
_NAMED = frozenset({"interface_declaration", "type_alias_declaration"})


def mentions_in_types(document: Document, names: Iterable[str]) -> Iterator[Mention]:
    """The places of a file of declarations (`.d.ts`) that name bindings; the runtime's own types are left
    out."""
    data = without_runtime_types(document.data)
    wanted = [name for name in names if name.encode() in data]
    if not wanted:
        return
    try:
        syntax = parse(Document(document.path, data))
    except ParseTimeout:
        return
    for name in wanted:
        for leaf in syntax.leaves(name, syntax.root):
            if leaf.type == "property_identifier":
                is_env = is_of_env(syntax, leaf, _may_be_env)
            else:
                text = syntax.parent(leaf) if leaf.type == "string_fragment" else None
                is_env = text is not None and is_key_of_env(syntax, text, _may_be_env)
            if is_env:
                yield Mention(name, Location(document, Span(leaf.start_byte, leaf.end_byte)), Role.TYPE)


def is_of_env(syntax: Syntax, name: Node, is_env_type: Callable[[str], bool]) -> bool:
    """Whether a name is a member of a type of `env`, which a question about names of types tells."""
    node = syntax.parent(name)
    if node is None or node.type != "property_signature":
        return False
    body = syntax.parent(node)
    owner = syntax.parent(body) if body is not None else None
    while owner is not None and owner.type not in _NAMED:
        if owner.type == "property_signature":
            key = owner.child_by_field_name("name")
            return key is not None and syntax.text(key) in _HOLDERS
        if owner.type in ("required_parameter", "optional_parameter", "variable_declarator"):
            named = owner.child_by_field_name("pattern") or owner.child_by_field_name("name")
            return named is not None and syntax.text(named) in _HOLDERS
        if owner.type in ("program", "statement_block", "class_body"):
            return False
        owner = syntax.parent(owner)
    named = owner.child_by_field_name("name") if owner is not None else None
    return named is not None and is_env_type(syntax.text(named))


def is_key_of_env(syntax: Syntax, text: Node, is_env_type: Callable[[str], bool]) -> bool:
    """Whether a string is a key of a type of `env`: of `Env["NAME"]`, of `Pick<Env, "A" | "NAME">`."""
    node: Node | None = text
    while node is not None and node.type in ("string", "literal_type", "union_type", "parenthesized_type"):
        node = syntax.parent(node)
    if node is None:
        return False
    if node.type == "lookup_type" or (node.type == "type_arguments" and node.named_child_count == 2):
        owner = node.named_children[0]
    else:
        return False
    return is_env_type(syntax.text(owner).rpartition(".")[2])


def _may_be_env(name: str) -> bool:
    return name in ENV_TYPE_NAMES or may_be_env_type(name)
