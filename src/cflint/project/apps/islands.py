"""What in a module of both realms runs on one side only, and which imports only the server side uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.project.apps.kind import Islands
from cflint.project.apps.realms import Sides
from cflint.scope import ModuleScope
from cflint.source import Span
from cflint.syntax.javascript import FUNCTIONS, Syntax, first_named, string_value, unwrap, with_wrappers
from cflint.syntax.suffixes import TYPESCRIPT_WITHOUT_JSX

if TYPE_CHECKING:
    from tree_sitter import Node

_HOOKS = frozenset(
    {"useEffect", "useLayoutEffect", "useInsertionEffect", "onMount", "onMounted", "createEffect", "$effect"}
    | {"onBeforeMount", "onUnmounted", "onDestroy", "useVisibleTask$", "startTransition", "useCallback"}
)
"""Functions of component libraries whose callbacks only run in the browser."""
_MOST_HOPS = 12
_USE_SERVER = pattern(rb"[\"'](use server)[\"']")
_EVENT = pattern(rb"(on(?<!\won)[A-Z]\w*)=\{")


def sides_of(syntax: Syntax, scope: ModuleScope, islands: Islands) -> Sides:
    """The parts of a module that run on one side only."""
    server: dict[Span, None] = {}
    browser: dict[Span, None] = {}
    for node, on_server in _parts(syntax, scope, islands):
        (server if on_server else browser)[Span(node.start_byte, node.end_byte)] = None
    return Sides(tuple(server), tuple(browser))


def imports_of_server(syntax: Syntax, scope: ModuleScope, sides: Sides) -> frozenset[str]:
    """The specifiers of which a module uses names in its server islands only (and uses any): a framework
    leaves these imports out of what it sends to the browser."""
    used: dict[str, bool] = {}
    for declaration in scope.imports:
        ref = declaration.imported
        if ref is None or ref.type_only:
            continue
        references = [node for node in scope.references(declaration) if not _is_import(syntax, node)]
        on_server = bool(references) and all(sides.on_server(node.start_byte) for node in references)
        used[ref.module] = used.get(ref.module, True) and on_server
    for statement in syntax.root.named_children:
        if statement.type == "import_statement" and statement.child_by_field_name("source") is not None:
            source = string_value(syntax, statement.child_by_field_name("source") or statement)
            if source is not None and not any(
                part.type == "import_clause" for part in statement.named_children
            ):
                used[source] = False  # for its effects
    return frozenset(source for source, on_server in used.items() if on_server)


def _is_import(syntax: Syntax, node: Node) -> bool:
    parent = syntax.parent(node)
    return parent is not None and parent.type in ("import_specifier", "import_clause", "namespace_import")


def _parts(syntax: Syntax, scope: ModuleScope, islands: Islands) -> Iterator[tuple[Node, bool]]:
    yield from _exports(syntax, scope, islands)
    yield from _calls(syntax, islands)
    yield from _keys(syntax, islands)
    if islands.directives:
        yield from _directives(syntax)
    yield from _event_handlers(syntax)
    yield from _branches(syntax)


def _exports(syntax: Syntax, scope: ModuleScope, islands: Islands) -> Iterator[tuple[Node, bool]]:
    for names, on_server in ((islands.server_exports, True), (islands.browser_exports, False)):
        for name in names:
            declared = scope.top_level.get(name)
            if declared is None or declared.imported is not None:
                continue
            if any(_is_exported(syntax, leaf) for leaf in syntax.leaves(name, syntax.root)):
                yield declared.value or declared.owner, on_server


def _is_exported(syntax: Syntax, leaf: Node) -> bool:
    for above in syntax.ancestors(leaf):
        if above.type == "export_statement":
            return True
        if above.type in ("statement_block", "arguments", "object", "program"):
            return False
    return False


def _calls(syntax: Syntax, islands: Islands) -> Iterator[tuple[Node, bool]]:
    named = [(name, True) for name in islands.server_calls]
    named += [(name, False) for name in (*islands.browser_calls, *_HOOKS)]
    data = syntax.document.data
    for name, on_server in named:
        builder, _, method = name.rpartition(".")
        if method.encode() not in data:
            continue  # as most
        for leaf in syntax.leaves(method, syntax.root):
            callee = leaf
            above = syntax.parent(leaf)
            if builder:
                if above is None or above.type != "member_expression" or builder_of(syntax, above) != builder:
                    continue
                callee = above
            elif above is not None and above.type == "member_expression":
                if leaf.type != "property_identifier":
                    continue
                callee = above
            call = syntax.parent(with_wrappers(syntax, callee))
            function = call.child_by_field_name("function") if call is not None else None
            if call is None or function is None or unwrap(function).id != callee.id:
                continue
            for argument in _arguments(call):
                if argument.type in FUNCTIONS:
                    yield argument, on_server


def _arguments(call: Node) -> Iterator[Node]:
    listed = call.child_by_field_name("arguments")
    for part in listed.named_children if listed is not None else ():
        yield unwrap(part)


def builder_of(syntax: Syntax, member: Node) -> str | None:
    """The function that a chain of calls begins with: `createServerFn` of `createServerFn().a(…).b`."""
    node: Node | None = member
    for _ in range(_MOST_HOPS):
        if node is None:
            return None
        node = unwrap(node)
        if node.type == "member_expression":
            node = node.child_by_field_name("object")
        elif node.type == "call_expression":
            node = node.child_by_field_name("function")
        else:
            return syntax.text(node) if node.type == "identifier" else None
    return None


def _keys(syntax: Syntax, islands: Islands) -> Iterator[tuple[Node, bool]]:
    for path in islands.server_keys:
        builder, _, key = path.partition(".")
        for leaf in syntax.leaves(key, syntax.root):
            pair = syntax.parent(leaf)
            owner = syntax.parent(pair) if pair is not None else None
            listed = syntax.parent(with_wrappers(syntax, owner)) if owner is not None else None
            call = syntax.parent(listed) if listed is not None and listed.type == "arguments" else None
            if pair is None or pair.type != "pair" or call is None:
                continue
            function = call.child_by_field_name("function")
            value = pair.child_by_field_name("value")
            if function is not None and value is not None and begins_with(syntax, function, builder):
                yield value, True


def begins_with(syntax: Syntax, callee: Node, builder: str) -> bool:
    """Whether a callee is a function, or what calls of it give: `createFileRoute("/")` too."""
    callee = unwrap(callee)
    if callee.type == "identifier":
        return syntax.text(callee) == builder
    if callee.type == "call_expression":
        function = callee.child_by_field_name("function")
        return function is not None and begins_with(syntax, function, builder)
    return builder_of(syntax, callee) == builder


def _directives(syntax: Syntax) -> Iterator[tuple[Node, bool]]:
    """The functions whose bodies begin with `"use server"`."""
    for match in _USE_SERVER.finditer(syntax.document.data):
        leaf = syntax.node_at(match.start(1), match.end(1))
        string = syntax.parent(leaf) if leaf is not None else None
        statement = syntax.parent(string) if string is not None else None
        block = syntax.parent(statement) if statement is not None else None
        function = syntax.parent(block) if block is not None else None
        is_statement = statement is not None and statement.type == "expression_statement"
        if is_statement and function is not None and function.type in FUNCTIONS:
            yield function, True


def _event_handlers(syntax: Syntax) -> Iterator[tuple[Node, bool]]:
    """The functions in `on…={…}` of JSX."""
    if syntax.document.path.endswith(TYPESCRIPT_WITHOUT_JSX):
        return
    for match in _EVENT.finditer(syntax.document.data):
        name = syntax.node_at(match.start(), match.end(1))
        attribute = syntax.parent(name) if name is not None else None
        if attribute is not None and attribute.type == "jsx_attribute" and len(attribute.named_children) > 1:
            value = first_named(attribute.named_children[1])
            if value is not None:
                yield value, False


def _branches(syntax: Syntax) -> Iterator[tuple[Node, bool]]:
    """What runs when a condition says on which side it is."""
    data = syntax.document.data
    for word, needed in _ASKED.items():
        if needed not in data:
            continue
        for leaf in syntax.leaves(word, syntax.root):
            for above in syntax.ancestors(leaf):
                if above.type in ("if_statement", "ternary_expression"):
                    condition = above.child_by_field_name("condition")
                    if condition is not None and condition.start_byte <= leaf.start_byte < condition.end_byte:
                        yield from _sided(syntax, above, condition)
                    break
                if above.type in FUNCTIONS or above.type == "program":
                    break


def _sided(syntax: Syntax, branch: Node, condition: Node) -> Iterator[tuple[Node, bool]]:
    text = "".join(syntax.text(unwrap(condition)).split()).replace("'", '"')
    side = _CONDITIONS.get(text)
    if side is None:
        return
    consequence, alternative = (branch.child_by_field_name(key) for key in ("consequence", "alternative"))
    if consequence is not None:
        yield consequence, side
    if alternative is not None:
        yield alternative, not side


_ASKED = {"window": b"typeof", "document": b"typeof", "import": b"meta", "browser": b"browser"}
"""Words of conditions, and what else such a condition has."""
_CONDITIONS = {
    'typeofwindow!=="undefined"': False,
    'typeofwindow!="undefined"': False,
    'typeofdocument!=="undefined"': False,
    'typeofwindow==="undefined"': True,
    'typeofwindow=="undefined"': True,
    'typeofdocument==="undefined"': True,
    "import.meta.client": False,
    "import.meta.server": True,
    "import.meta.env.SSR": True,
    "!import.meta.env.SSR": False,
    "browser": False,
    "!browser": True,
    "building": False,
}
"""Conditions, without blanks, and whether what they guard runs in the Worker."""
