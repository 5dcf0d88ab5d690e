"""The server that a client names: the part of a URL that decides where a request goes, back to where the
client sent it, and what is asked of it on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Module, ValueKind, js, pattern, record, replace
from cflint_rules.security._targets import NAMES, SAME, destructured

if TYPE_CHECKING:
    from tree_sitter import Node

_KEEPS = frozenset({"URL", "Request", "String", "decodeURIComponent", "decodeURI", "atob", "unescape"})
"""What makes another form of the URL, and asks nothing of it."""
_TAKES = _KEEPS | {
    "fetch",
    "log",
    "error",
    "warn",
    "info",
    "debug",
    "set",
    "append",
    "json",
    "text",
    "canParse",
    "encodeURIComponent",
    "stringify",
}
_NO_CHECK = SAME | {"protocol", "pathname", "search", "searchParams", "hash", "length", "split"}
_PARTS = frozenset({"includes", "startsWith", "endsWith"})
_BEGINNING = pattern(r"https?(?::/{0,2}[^/]*)?", re.IGNORECASE)
_SCHEME = pattern(r"(?:https?:/{1,2}|//)(?:[\w-]+\.)*(?:www\.)?", re.IGNORECASE)
"""What stands before a host that a value decides over: a scheme, and maybe the beginning of the name."""
_AFTER = pattern(r"(?:[/:?#].*)?", re.DOTALL)
"""What may stand behind it: nothing that is part of the host."""
_LOOSE_GROUP = pattern(r"\(\.[*+]|\(\[\^|\(https?\??|\(\\S[*+]", re.IGNORECASE)
"""A part of a pattern that takes any host."""
_HOSTS = pattern(
    r"host|domain|url|uri|target|origin|site|upstream|dest|server|endpoint|proxy|link", re.IGNORECASE
)
_CUTS = frozenset({"slice", "substring", "substr", "replace", "split", "match", "exec", "trim"})
_PATHS = frozenset({"pathname", "path", "url", "href"})
_HOST_PARTS = frozenset({"host", "hostname", "origin"})
_OPEN = pattern(r"https?://(?!.*@)[\w.-]+\.[a-z]{2,}(?::\d+)?", re.IGNORECASE)
"""A host that is written out with no slash behind it: what follows goes on with its name."""
_HOPS = 12
_MOST_SITES = 8


@record(frozen=True, eq=False)
class Name:
    """A variable that the URL, or its host, goes by, and the call that it is handed to next."""

    module: Module
    declaration: js.Declaration
    used: Node


@record(frozen=True, eq=False)
class Way:
    """Where a client sends the host of a URL, the call in that function that is given it, and the names by
    which it goes. `is_query`: as a parameter of the query, whole, in the function that fetches. `goes_on`: as
    what stands right behind a host that the code writes, and goes on with its name."""

    module: Module
    source: Node
    used: Node
    names: tuple[Name, ...]
    is_query: bool
    goes_on: bool


def ways_to(module: Module, target: Node, used: Node) -> Iterator[Way]:
    """The ways by which a client decides over the host of a URL that a call `used` is given, where nothing is
    asked of it; at most a few."""
    for way in _sent(_Place(module, used, (), 0), target, _HOPS):
        if not any(is_checked(name.module, name.declaration, name.used) for name in way.names):
            yield way


@record(frozen=True, eq=False)
class _Place:
    module: Module
    used: Node
    names: tuple[Name, ...]
    callers: int
    is_whole: bool = True
    goes_on: bool = False

    def by(self, declaration: js.Declaration) -> _Place:
        name = Name(self.module, declaration, self.used)
        return replace(self, names=(*self.names, name))

    def part(self) -> _Place:
        return replace(self, is_whole=False)

    def behind_host(self) -> _Place:
        return replace(self, is_whole=False, goes_on=True)

    def found(self, source: Node, *, query: bool = False) -> Way:
        is_query = query and self.is_whole and self.callers == 0
        return Way(self.module, source, self.used, self.names, is_query, self.goes_on)

    def may_hold(self, name: str) -> bool:
        """Whether what a client sends by a name may decide over the host: behind one, any text."""
        return self.goes_on or _HOSTS.search(name) is not None


def _sent(place: _Place, node: Node, hops: int) -> Iterator[Way]:
    """The ways from an expression that is a URL, or begins with one, or with its host."""
    module = place.module
    node = js.unwrap(node)
    if hops == 0:
        return
    if node.type in NAMES:
        declaration = module.scope.resolve(node)
        if declaration is not None:
            yield from _declared(place, declaration, hops)
        return
    if node.type == "binary_expression":
        operation = module.operation(node)
        if operation is None or operation.left is None or operation.right is None:
            return
        if operation.operator in ("??", "||"):
            yield from _sent(place, operation.left, hops - 1)
            yield from _sent(place, operation.right, hops - 1)
        elif operation.operator == "+":
            yield from _joined(place, [operation.left, operation.right], hops)
        return
    if node.type == "ternary_expression":
        for name in ("consequence", "alternative"):
            part = node.child_by_field_name(name)
            if part is not None:
                yield from _sent(place, part, hops - 1)
        return
    if node.type == "await_expression":
        yield from _sent(place, node.named_children[0], hops - 1)
        return
    if node.type == "template_string":
        yield from _templated(place, node, hops)
        return
    if node.type == "subscript_expression":
        index, owner = node.child_by_field_name("index"), node.child_by_field_name("object")
        if owner is not None and index is not None and index.type == "number" and module.text(index) != "0":
            yield from _cut(place, owner, node, hops)
        return
    yield from _called(place, node, hops)


def _called(place: _Place, node: Node, hops: int) -> Iterator[Way]:
    module = place.module
    made = module.call(node)
    access = module.member(node)
    if access is not None and made is None:
        if access.name in SAME:
            yield from _sent(place, access.object, hops - 1)
            return
        is_sent = place.may_hold(access.name) and is_body(module, access.object)
        if is_sent and not _is_member_checked(module, access, place.used):
            yield place.found(node)
        return
    if made is None:
        return
    if module.reads_query(node):
        yield place.found(node, query=True)
        return
    if _reads_part(place, made):
        yield place.found(node)
        return
    if made.name in SAME and made.receiver is not None:
        yield from _sent(place, made.receiver, hops - 1)
    elif made.name in _CUTS and made.receiver is not None:
        yield from _cut(place, node, node, hops)
        if made.name == "trim":
            yield from _sent(place, made.receiver, hops - 1)
    elif made.name in _KEEPS and made.receiver is None and made.arguments and _is_plain(module, made):
        yield from _sent(place, made.arguments[0], hops - 1)


def _declared(place: _Place, declaration: js.Declaration, hops: int) -> Iterator[Way]:
    module = place.module
    if declaration.kind is js.DeclarationKind.PARAMETER:
        yield from _given(place, declaration, hops)
        return
    place = place.by(declaration)
    assigned = [module.assignment(node) for node in module.scope.assignments(declaration)]
    values = [declaration.value, *(one.value for one in assigned if one is not None)]
    for value in values[:4]:
        if value is None:
            continue
        if not declaration.path or value is not declaration.value:
            yield from _sent(place, value, hops - 1)
            continue
        source = destructured(module, declaration, ("query",))
        name = declaration.path[-1]
        if source is not None:
            yield place.found(source, query=True)
        elif len(declaration.path) == 1 and isinstance(name, int) and name > 0:
            yield from _cut(place, value, value, hops)
        elif len(declaration.path) == 1 and isinstance(name, str) and place.may_hold(name):
            yield from [place.found(value)] if is_body(module, value) else ()


def _given(place: _Place, declaration: js.Declaration, hops: int) -> Iterator[Way]:
    """The ways through the callers of the function that has a parameter."""
    module = place.module
    function = declaration.scope
    listed = function.child_by_field_name("parameters")
    parameters = [one for one in listed.named_children if one.type != "comment"] if listed is not None else []
    index = next((at for at, one in enumerate(parameters) if js.contains(one, declaration.node)), None)
    if index is None or declaration.path or place.callers >= 3 or module.handler_of(function) is not None:
        return
    if any(True for _ in module.scope.assignments(declaration)):
        return
    names = place.by(declaration).names
    for site in js.callers_of(module, function).calls[:_MOST_SITES]:
        given = js.Call(site.module, site.node).argument(index)
        if given is not None:
            callers = place.callers + 1
            there = replace(place, module=site.module, used=site.node, names=names, callers=callers)
            yield from _sent(there, given, hops - 1)


def _joined(place: _Place, parts: list[Node], hops: int) -> Iterator[Way]:
    """The ways from the first part of `a + b + …` that is no scheme."""
    first = js.unwrap(parts[0])
    while first.type == "binary_expression":
        operation = place.module.operation(first)
        if (
            operation is None
            or operation.operator != "+"
            or operation.left is None
            or operation.right is None
        ):
            break
        parts[:1] = [operation.left, operation.right]
        first = js.unwrap(parts[0])
    text = place.module.string_of(first)
    if text is None:
        yield from _sent(place.part(), first, hops - 1)
    elif _OPEN.fullmatch(text) is not None and not place.goes_on:
        yield from _sent(place.behind_host(), parts[1], hops - 1)
    elif _SCHEME.fullmatch(text) is not None:
        rest = place.module.string_of(parts[2]) if len(parts) > 2 else ""
        if rest is None or _AFTER.fullmatch(rest) is not None:
            yield from _sent(place.part(), parts[1], hops - 1)


def _templated(place: _Place, node: Node, hops: int) -> Iterator[Way]:
    """The ways from the first value in a template, where what stands before it is no host."""
    module = place.module
    parts = [part for part in node.children if part.type in ("string_fragment", "template_substitution")]
    before = ""
    if parts and parts[0].type == "string_fragment":
        before = module.text(parts.pop(0))
    if parts and not before and len(parts) > 1 and parts[1].type == "template_substitution":
        named = js.first_named(parts[0])
        before = (module.string_of(named) if named is not None else None) or ""
        parts = parts[1:] if before else parts
    inside = parts[0].named_children[:1] if parts else []
    if inside and before and _OPEN.fullmatch(before) is not None and not place.goes_on:
        yield from _sent(place.behind_host(), inside[0], hops - 1)
        return
    if not parts or (before and _SCHEME.fullmatch(before) is None):
        return
    after = module.text(parts[1]) if len(parts) > 1 and parts[1].type == "string_fragment" else ""
    if inside and (not before or _AFTER.fullmatch(after) is not None):
        yield from _sent(place.part(), inside[0], hops - 1)


def _cut(place: _Place, node: Node, source: Node, hops: int) -> Iterator[Way]:
    """The way from a part that is cut out of the request's address, or out of a text that a client sends."""
    module = place.module
    made = module.call(module.initializer(node))
    if made is None or made.receiver is None or made.name not in _CUTS or not made.arguments:
        return
    owner = made.arguments[0] if made.name == "exec" else made.receiver
    if place.goes_on:
        if not _leaves_no_slash(module, made):
            return
    elif made.name in ("match", "exec", "replace"):
        asked = made.receiver if made.name == "exec" else made.arguments[0]
        text = module.text(module.initializer(asked))
        if made.name != "replace" and (not text.startswith("/") or not _LOOSE_GROUP.search(text)):
            return
        if made.name == "replace" and not text.lstrip("/^\"'`").startswith(("/", "\\/")):
            return
    if _is_path(module, owner):
        yield place.found(source)


def _leaves_no_slash(module: Module, made: js.Call) -> bool:
    """Whether what is left of a path may begin with anything: `path.replace("/api", "")` where the route is
    asked by `path.startsWith("/api")`, which holds for `/api.evil.example`, too."""
    first = made.argument(0)
    cut = module.string_of(first) if first is not None and made.name == "replace" else None
    if cut is None or not cut.startswith("/") or cut.endswith("/"):
        return False
    asked = [one.argument(0) for one in module.calls("startsWith")]
    return any(text is not None and module.string_of(text) == cut for text in asked)


def _is_path(module: Module, node: Node) -> bool:
    """Whether an expression is the path of the request, or its whole address."""
    node = js.unwrap(module.initializer(node))
    for _ in range(4):
        made = module.call(node)
        operation = module.operation(node)
        if operation is not None and operation.operator in ("??", "||") and operation.left is not None:
            node = js.unwrap(module.initializer(operation.left))
            continue
        if made is None or made.receiver is None or made.name not in _CUTS:
            break
        node = js.unwrap(module.initializer(made.receiver))
    declaration = module.scope.resolve(node) if node.type in NAMES else None
    if declaration is not None and declaration.path == ("pathname",) and declaration.value is not None:
        return _is_address(module, declaration.value)
    access = module.member(node)
    if access is None or access.name not in _PATHS:
        return False
    if access.name in ("url", "path"):
        return module.value_of(access.object).kind in (ValueKind.REQUEST, ValueKind.HONO_REQUEST)
    return _is_address(module, access.object)


def _is_address(module: Module, node: Node) -> bool:
    """Whether an expression is the URL object of the request: `new URL(request.url)`."""
    made = module.call(js.unwrap(module.initializer(node)))
    if made is None or made.name != "URL" or len(made.arguments) != 1:
        return False
    access = module.member(js.unwrap(module.initializer(made.arguments[0])))
    kinds = (ValueKind.REQUEST, ValueKind.HONO_REQUEST)
    return access is not None and access.name == "url" and module.value_of(access.object).kind in kinds


def _reads_part(place: _Place, made: js.Call) -> bool:
    """Whether a call gives a part of a request that may name a server: a header of an own name, a parameter
    of the path."""
    module = place.module
    header = module.header_read(made.node)
    if header is not None:
        return header.startswith("x-") and not header.startswith("x-forwarded") and place.may_hold(header)
    name = module.string_of(made.arguments[0]) if len(made.arguments) == 1 else None
    if made.receiver is None or name is None or made.name != "param":
        return False
    return module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST and place.may_hold(name)


def is_body(module: Module, node: Node) -> bool:
    """Whether an expression is the body that a client sends, read as JSON, also in a `try` of its own behind
    the declaration."""
    node = js.unwrap(_given_once(module, js.unwrap(module.initializer(node))))
    if node.type == "await_expression" and node.named_children:
        node = js.unwrap(node.named_children[0])
    made = module.call(node)
    if made is not None and made.name == "catch" and made.receiver is not None:
        node = js.unwrap(made.receiver)
    read = module.body_read_at(node)
    return (
        read is not None
        and read.method == "json"
        and read.kind in (ValueKind.REQUEST, ValueKind.HONO_REQUEST)
    )


def _given_once(module: Module, node: Node) -> Node:
    """What a variable that is declared without a value is given, where that is one thing; else the node."""
    declaration = module.scope.resolve(node) if node.type in NAMES else None
    if declaration is None or declaration.path or declaration.value is not None:
        return node
    given = [module.assignment(one) for one in module.scope.assignments(declaration)]
    only = given[0] if len(given) == 1 else None
    return only.value if only is not None else node


def _is_plain(module: Module, made: js.Call) -> bool:
    """Whether a function or class is one of the language: none of the module's own, with one argument that
    decides over the host."""
    declared = made.callee is not None and module.scope.resolve(made.callee) is not None
    return not declared and (made.name != "URL" or len(made.arguments) == 1)


def is_checked(module: Module, name: js.Declaration, sent: Node) -> bool:
    """Whether something is asked of what a variable holds before it is sent, except whether there is anything
    and what says nothing of the host."""
    uses = (use for use in module.scope.references(name) if use.id != name.node.id)
    return any(_asks(module, use, sent) or _asks_by_parts(module, use, sent) for use in uses)


def _asks_by_parts(module: Module, use: Node, sent: Node) -> bool:
    """Whether the host of what a variable holds is asked for by way of a URL object, which itself is not
    sent: `const { hostname } = new URL(url)`, and then `fetch(url)`."""
    around = module.call_around(use)
    if around is None or not around[0].is_new or around[0].name != "URL" or around[1] != 0:
        return False
    made = around[0].node
    if _comes_after(module, made, sent) or js.contains(sent, made):
        return False
    read = module.member_read(made)
    if read is not None:
        return _is_host_asked(module, read.node, read.name)
    given = module.given_name(made)
    if given is not None and given.type == "object_pattern":
        return any(
            module.text(part).partition(":")[0].strip() in _HOST_PARTS for part in given.named_children
        )
    declaration = module.scope.resolve(given) if given is not None and given.type == "identifier" else None
    uses = module.scope.references(declaration) if declaration is not None else ()
    parts = (
        module.member(module.parent(module.with_wrappers(use)))
        for use in uses
        if not _comes_after(module, use, sent)
    )
    return any(part is not None and _is_host_asked(module, part.node, part.name) for part in parts)


def _is_host_asked(module: Module, node: Node, name: str) -> bool:
    """Whether the host that is read is more than a header, or a word of a log."""
    if name not in _HOST_PARTS:
        return False
    around, above = module.call_around(node), module.parent(module.with_wrappers(node))
    is_header = above is not None and above.type in ("pair", "template_substitution")
    return not is_header and (around is None or around[0].name not in _TAKES)


def _is_member_checked(module: Module, access: js.MemberAccess, sent: Node) -> bool:
    """The same of a property of what a variable holds, and of the whole, which a function may look at."""
    owner = js.unwrap(access.object)
    declaration = module.scope.resolve(owner) if owner.type in NAMES else None
    for use in module.scope.references(declaration) if declaration is not None else ():
        parent = module.parent(module.with_wrappers(use))
        other = module.member(parent) if parent is not None else None
        if other is not None and parent is not None and js.unwrap(other.object).id == use.id:
            if other.name == access.name and _asks(module, parent, sent):
                return True
        elif module.call_around(use) is not None and not _comes_after(module, use, sent):
            return True
    return False


def _asks(module: Module, use: Node, sent: Node) -> bool:
    parent = module.parent(module.with_wrappers(use))
    if parent is None or _comes_after(module, use, sent) or js.contains(sent, use):
        return False
    access = module.member(parent)
    if access is not None and js.unwrap(access.object).id == use.id and access.name not in _NO_CHECK:
        return access.name not in _PARTS or not _says_nothing(module, access)
    whole = _same(module, use)
    around = module.call_around(whole)
    is_taken = around is None or around[0].node.id == sent.id or around[0].name in _TAKES
    if around is not None and not is_taken and not _asks_form(module, around[0]):
        return True
    parent = module.parent(module.with_wrappers(whole)) or parent
    compared = module.operation(parent)
    if compared is None or compared.operator not in ("==", "===", "!=", "!=="):
        return False
    sides = (compared.left, compared.right)
    return not any(side is not None and side.type in ("null", "undefined", "string") for side in sides)


_FORM = pattern(r"/\^\(?https\?:\\/\\/\)?(?:/i?)?|/\^https\?(?::(?:\\/\\/)?)?/i?", re.IGNORECASE)


def _asks_form(module: Module, made: js.Call) -> bool:
    """Whether a call only asks whether a text looks like an address: `/^https?:/.test(url)`, `isUrl(url)`."""
    if made.name == "test" and made.receiver is not None:
        return _FORM.fullmatch(module.text(module.initializer(made.receiver))) is not None
    return made.receiver is None and made.name in ("isUrl", "isURL", "Boolean")


def _says_nothing(module: Module, access: js.MemberAccess) -> bool:
    """Whether a text is looked for in a URL that may stand anywhere in it, or is no whole host."""
    first = access.call.argument(0) if access.call is not None else None
    text = module.string_of(first) if first is not None else None
    if text is None:
        return False
    return access.name != "startsWith" or _BEGINNING.fullmatch(text) is not None


def loose_checks(module: Module, name: js.Declaration) -> Iterator[js.Call]:
    """The calls by which a text is looked for in a URL that should be that of its host."""
    for use in module.scope.references(name):
        access = module.member(module.parent(module.with_wrappers(use)))
        if access is None or js.unwrap(access.object).id != use.id or access.call is None:
            continue
        first = access.call.argument(0)
        text = module.string_of(first) if first is not None else None
        if access.name in _PARTS and text is not None and "." in text:
            yield access.call


def _same(module: Module, use: Node) -> Node:
    """The expression that is the same URL in another form: `url.href`, `url.toString()`."""
    for _ in range(_HOPS):
        parent = module.parent(module.with_wrappers(use))
        access = module.member(parent) if parent is not None else None
        if access is None or parent is None or access.name not in SAME:
            break
        if js.unwrap(access.object).id != js.unwrap(use).id:
            break
        above = module.parent(module.with_wrappers(parent))
        made = js.Call(module, above) if above is not None and above.type == "call_expression" else None
        use = above if made is not None and above is not None and made.callee == parent else parent
    return use


def _comes_after(module: Module, use: Node, sent: Node) -> bool:
    """Whether a use runs after a call only: behind it in the same function."""
    around, own = module.enclosing_function(use), module.enclosing_function(sent)
    is_same = around is not None and own is not None and (around.id == own.id or js.contains(own, around))
    return is_same and use.start_byte > sent.end_byte and module.loop_around(sent) is None
