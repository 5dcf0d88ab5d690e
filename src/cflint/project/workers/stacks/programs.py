"""The Workers that programs of Pulumi, SST and Alchemy declare, read without running them.

Sources: @pulumi/cloudflare (WorkersScript, WorkerScript, WorkerVersion), sst/sst
(platform/src/components/cloudflare), alchemy-run/alchemy (alchemy/src/cloudflare of v1,
packages/alchemy/src/Cloudflare of v2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.stacks import ALCHEMY, API_TYPES, LISTS, SST
from cflint.project.workers.stacks.declared import Declared
from cflint.scope import ModuleScope
from cflint.source import Document
from cflint.syntax.javascript import (
    ParseTimeout,
    Syntax,
    arguments_of,
    first_named,
    parse,
    property_name,
    string_value,
    unwrap,
    walk,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_ALCHEMY_MODULE = pattern(r"alchemy/[cC]loudflare(?:/.*)?")
_PULUMI_CLASS = pattern(r"(?:Workers?Script|WorkerVersion)")
_CALLS = frozenset({"call_expression", "new_expression"})
_ENTRY_KEYS = ("entrypoint", "main", "handler", "script", "job")
_FOLDER_KEYS = ("cwd", "rootDir", "path")
_NAME_KEYS = ("name", "scriptName")
_LIST_END = "Bindings"
_MOST_HOPS = 8
_SECRETS = frozenset({"redacted", "Redacted", "secret"})
_TEXTS = frozenset({"string", "String", "URL"})


def declared_by_program(document: Document) -> Iterator[Declared]:
    """The Workers that a program declares."""
    try:
        syntax = parse(document)
    except ParseTimeout:
        return
    yield from _Program(syntax).declared()


class _Program:
    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._scope = ModuleScope(syntax)

    def declared(self) -> Iterator[Declared]:
        for call in walk(self._syntax.root):
            if call.type not in _CALLS:
                continue
            callee = self._callee(call)
            if callee is None:
                continue
            options = next(
                (found for found in map(self._object, arguments_of(call)) if found is not None), None
            )
            if options is None:
                continue
            bindings: dict[str, str] | None = None
            match callee[0]:
                case "alchemy":
                    bindings = self._of_alchemy(options)
                case "sst":
                    bindings = self._of_sst(call, options)
                case "pulumi" if _PULUMI_CLASS.fullmatch(callee[1]):
                    bindings = dict(self._in_lists(call))
            if bindings is not None:
                yield Declared(self._names(call, options), self._paths(options), bindings)

    # -- what is called ------------------------------------------------------------------------------------

    def _callee(self, call: Node) -> tuple[str, str] | None:
        """Whose function or class is called, and the names that lead to it (`D1.Database`); else None."""
        node = call.child_by_field_name("function") or call.child_by_field_name("constructor")
        steps: list[str] = []
        for _ in range(_MOST_HOPS):
            node = unwrap(node) if node is not None else None
            if node is None:
                return None
            match node.type:
                case "call_expression" if not steps:  # `Cloudflare.Worker<Api>()("Api", …)`
                    node = node.child_by_field_name("function")
                case "member_expression":
                    name = node.child_by_field_name("property")
                    steps.insert(0, self._syntax.text(name) if name is not None else "")
                    node = node.child_by_field_name("object")
                case "instantiation_expression":
                    node = first_named(node)
                case "identifier":
                    return self._owner(node, steps)
                case _:
                    return None
        return None

    def _owner(self, root: Node, steps: list[str]) -> tuple[str, str] | None:
        declared = self._scope.resolve(root)
        if declared is None:
            if self._syntax.text(root) == "sst" and steps[:1] == ["cloudflare"]:
                return "sst", ".".join(steps[1:])
            return None
        ref = self._scope.origin(declared)
        if ref is None:
            return None
        if ref.name not in ("*", "default"):
            steps = [ref.name, *steps]
        if _ALCHEMY_MODULE.fullmatch(ref.module):
            return "alchemy", ".".join(steps)
        if ref.module.startswith("@pulumi/cloudflare"):
            return "pulumi", steps[-1] if steps else ""
        return None

    # -- what it is given ----------------------------------------------------------------------------------

    def _names(self, call: Node, options: Node) -> frozenset[str]:
        found = [self._string(self._member(options, key)) for key in _NAME_KEYS]
        arguments = arguments_of(call)
        found.append(self._string(arguments[0]) if arguments else None)
        return frozenset(name for name in found if name)

    def _paths(self, options: Node) -> frozenset[str]:
        folders = [self._string(self._member(options, key)) for key in _FOLDER_KEYS]
        folder = next(filter(None, folders), "")
        entries = [self._string(self._member(options, key)) for key in _ENTRY_KEYS]
        if not any(entries):  # of a job of SST
            entries = [self._string(value) for value in self._pairs_called(options, "handler")]
        found = {f"{folder}/{entry}" if folder else entry for entry in entries if entry}
        return frozenset(found or ({folder} if folder else ()))

    def _of_alchemy(self, options: Node) -> dict[str, str] | None:
        """The bindings of a Worker, or of a site; None when it is something else."""
        given = [self._object(self._member(options, key)) for key in ("bindings", "env")]
        if not any(given) and not any(self._member(options, key) for key in _ENTRY_KEYS[:2]):
            return None
        found: dict[str, str] = {}
        for one in filter(None, given):
            for name, value in self._members(one):
                kind = self._kind(value)
                if kind is not None:
                    found[name] = kind
        return found

    def _of_sst(self, call: Node, options: Node) -> dict[str, str] | None:
        found = dict(self._in_lists(call))
        linked = list(self._pairs_called(options, "link"))
        environment = list(self._pairs_called(options, "environment"))
        if not (found or linked or environment or any(self._pairs_called(options, "handler"))):
            return None
        for pair in environment:
            given = self._object(pair)
            found.update((name, "var") for name, _ in self._members(given) if given is not None)
        for pair in linked:
            node = self._followed(pair)
            for item in node.named_children if node.type == "array" else ():
                made = self._followed(item)
                callee = self._callee(made) if made.type == "new_expression" else None
                arguments = arguments_of(made) if callee is not None else ()
                name = self._string(arguments[0]) if arguments else None
                kind = SST.get(callee[1]) if callee is not None and callee[0] == "sst" else None
                if name and kind is not None:
                    found[name] = kind
        return found

    def _pairs_called(self, within: Node, key: str) -> Iterator[Node]:
        """The values of a key, wherever in an object."""
        for leaf in self._syntax.leaves(key, within):
            pair = self._syntax.parent(leaf)
            name = pair.child_by_field_name("key") if pair is not None and pair.type == "pair" else None
            value = pair.child_by_field_name("value") if pair is not None else None
            if name is not None and name.id == leaf.id and value is not None:
                yield value

    def _in_lists(self, within: Node) -> Iterator[tuple[str, str]]:
        """The bindings in lists of what Pulumi is given: `kvNamespaceBindings: [{ name: "X" }]`, also when
        they are set (`args.kvNamespaceBindings = …`), and `bindings: [{ name, type }]`."""
        for node in walk(within):
            key: Node | None = None
            if node.type == "pair":
                key = node.child_by_field_name("key")
            elif node.type == "assignment_expression":
                left = node.child_by_field_name("left")
                key = left.child_by_field_name("property") if left is not None else None
            value = node.child_by_field_name("value") or node.child_by_field_name("right")
            name = property_name(self._syntax, key) if key is not None else None
            if name is None or value is None or not name.lower().endswith("bindings"):
                continue
            kind = _LISTS.get(name)
            listed = self._followed(value)
            for item in listed.named_children if listed.type == "array" else ():
                one = self._object(item)
                bound = self._string(self._member(one, "name") or self._member(one, "binding"))
                typed = API_TYPES.get(self._string(self._member(one, "type")) or "")
                found = kind or (typed if name == "bindings" else None)
                if bound and found is not None:
                    yield bound, found

    # -- what a value is -----------------------------------------------------------------------------------

    def _kind(self, node: Node) -> str | None:
        """The kind of binding that an expression gives."""
        node = self._followed(node)
        match node.type:
            case "string" | "template_string":
                return "var"
            case "ternary_expression":
                both = [node.child_by_field_name(key) for key in ("consequence", "alternative")]
                kinds = {self._kind(part) for part in both if part is not None}
                return next(iter(kinds)) if len(kinds) == 1 else None
            case "call_expression" | "new_expression":
                return self._kind_of_call(node)
            case "identifier" | "member_expression":
                return "service" if self._ends_with(node, "Self") else None
        return None

    def _kind_of_call(self, node: Node) -> str | None:
        function = node.child_by_field_name("function")
        function = unwrap(function) if function is not None else None
        if function is not None and function.type == "member_expression":
            name = function.child_by_field_name("property")
            target = function.child_by_field_name("object")
            text = self._syntax.text(name) if name is not None else ""
            if text == "pipe" and target is not None:  # `Cloudflare.D1.Database("x").pipe(retain())`
                return self._kind(target)
            root = self._syntax.text(target) if target is not None and target.type == "identifier" else ""
            if root in ("alchemy", "Config"):
                return "secret" if text in _SECRETS else "var" if text in _TEXTS else None
        callee = self._callee(node)
        if callee is None or callee[0] != "alchemy":
            return None
        steps = callee[1].split(".")
        return ALCHEMY.get(".".join(steps[-2:])) or ALCHEMY.get(steps[-1])

    def _ends_with(self, node: Node, name: str) -> bool:
        declared = self._scope.resolve(node) if node.type == "identifier" else None
        ref = self._scope.origin(declared) if declared is not None else None
        return ref is not None and ref.name == name and bool(_ALCHEMY_MODULE.fullmatch(ref.module))

    def _followed(self, node: Node) -> Node:
        """An expression, or what a constant that it names is set to; without `await` and `yield*`."""
        for _ in range(_MOST_HOPS):
            node = unwrap(node)
            if node.type in ("await_expression", "yield_expression"):
                inner = first_named(node)
                if inner is None:
                    return node
                node = inner
                continue
            if node.type not in ("identifier", "shorthand_property_identifier"):
                return node
            declared = self._scope.resolve(node)
            if declared is None or declared.value is None or self._scope.assignments(declared):
                return node
            taken = self._taken(declared.value, declared.path)
            if taken is None:
                return node
            node = taken
        return node

    def _taken(self, value: Node, path: tuple[object, ...]) -> Node | None:
        """What a pattern takes of a value: the parts of `await Promise.all([…])` by their places."""
        if not path:
            return value
        value = unwrap(value)
        inner = first_named(value) if value.type == "await_expression" else None
        value = unwrap(inner) if inner is not None else value
        if value.type == "call_expression":
            function = value.child_by_field_name("function")
            given = arguments_of(value)
            if function is None or self._syntax.text(function) != "Promise.all" or len(given) != 1:
                return None
            value = unwrap(given[0])
        if value.type != "array" or len(path) != 1 or not isinstance(path[0], int):
            return None
        items = [part for part in value.named_children if part.type != "comment"]
        return items[path[0]] if path[0] < len(items) else None

    def _object(self, node: Node | None) -> Node | None:
        node = self._followed(node) if node is not None else None
        return node if node is not None and node.type == "object" else None

    def _members(self, node: Node | None) -> Iterator[tuple[str, Node]]:
        for part in node.named_children if node is not None else ():
            if part.type == "shorthand_property_identifier":
                yield self._syntax.text(part), part
            elif part.type == "pair":
                key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
                name = property_name(self._syntax, key) if key is not None else None
                if name is not None and value is not None:
                    yield name, value

    def _member(self, node: Node | None, key: str) -> Node | None:
        return next((value for name, value in self._members(node) if name == key), None)

    def _string(self, node: Node | None) -> str | None:
        node = self._followed(node) if node is not None else None
        return string_value(self._syntax, node) if node is not None else None


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


_LISTS = {_camel(key) + _LIST_END: kind for key, kind in LISTS.items()}
"""`kvNamespaceBindings` and its like."""
