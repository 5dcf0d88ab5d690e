"""The listener of a socket as a method of its class: `webSocketMessage()` and its siblings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import ClassDefinition, ClassKind, Location, Module, js, quoted, record

if TYPE_CHECKING:
    from tree_sitter import Node

_OTHER_NAMES = {
    "ws": ("socket", "webSocket", "connection"),
    "message": ("data", "frame", "received"),
    "code": ("closeCode",),
    "reason": ("closeReason",),
    "wasClean": ("closedCleanly",),
    "error": ("cause", "socketError"),
}
"""What else the parameters of the methods may be called."""

Replacement = tuple[int, int, str]


@record(frozen=True, eq=False)
class _EventUse:
    """An expression in a listener that is a property of its event, or why it cannot be one."""

    node: Node
    property: str = ""
    obstacle: str = ""


@record(frozen=True, eq=False)
class _Unpacking:
    """`const { data: text } = event;`: the declarator, and its names with the properties."""

    declarator: Node
    pattern: Node
    names: tuple[tuple[str, str], ...]


def method_of(
    module: Module, owner: ClassDefinition, event: str, function: Node, sockets: tuple[Node, ...]
) -> str | tuple[Location, ...]:
    """The source of the method that a listener becomes, or what is in the way. `sockets` are the expressions
    that are the socket."""
    signature = js.handler_signature(ClassKind.DURABLE_OBJECT, js.SOCKET_EVENTS[event])
    body = js.body_of(function)
    if signature is None or body is None:
        return (module.at(function, "this is no listener"),)
    sockets = tuple(use for use in sockets if body.start_byte <= use.start_byte < body.end_byte)
    unpackings = tuple(_unpackings(module, function, event))
    uses = tuple(_event_uses(module, function, event, signature.name, unpackings))
    replaced = [*sockets, *(use.node for use in uses if use.property)]
    inside = frozenset(
        below.id for node in replaced for below in (node, *module.descendants(node, "identifier"))
    )
    obstacles = (
        *(module.at(use.node, use.obstacle) for use in uses if use.obstacle),
        *_names_in_the_way(module, owner, function, inside),
        *_words_in_the_way(module, owner, function),
    )
    if obstacles:
        return obstacles
    names = _parameter_names(module, event, body, signature, unpackings, inside)
    if names is None:
        return (module.at(function, f"no free name is left for the parameters of `{signature.name}()`"),)
    replacements = [_renamed(module, use, names[""]) for use in sockets]
    replacements += [_renamed(module, use.node, names[use.property]) for use in uses if use.property]
    replacements += [_unpacked(module, found, names) for found in unpackings]
    typed = module.is_typescript
    parameters = ", ".join(
        f"{name}: {one.type}" if typed else name
        for name, one in zip(names.values(), signature.parameters, strict=True)
    )
    return f"async {signature.name}({parameters}) {_block(module, owner, function, body, replacements)}"


def _block(
    module: Module, owner: ClassDefinition, function: Node, body: Node, replacements: list[Replacement]
) -> str:
    old, new = module.indent_of(function), owner.member_indent
    if body.type == "statement_block":
        return module.moved_text(body, old, new, replacements)
    inner = new + module.indent_unit
    return f"{{\n{inner}{module.moved_text(body, old, inner, replacements)};\n{new}}}"


def _parameter_names(
    module: Module,
    event: str,
    body: Node,
    signature: js.HandlerSignature,
    unpackings: tuple[_Unpacking, ...],
    inside: frozenset[int],
) -> dict[str, str] | None:
    """What to call the parameters, by the property of the event ("" is the socket): as the listener does, or
    by a name that means nothing in it; None when there is none."""
    own: dict[str, str] = {}
    taken = set(inside)
    for unpacking in unpackings:
        for property, local in unpacking.names:
            found = module.scope.lookup(local, unpacking.pattern)
            if found is not None and not module.scope.assignments(found):
                own[property] = found.name
                taken.update(node.id for node in (found.node, *module.scope.references(found)))
    names: dict[str, str] = {}
    for property, one in zip(("", *js.EVENT_PROPERTIES[event]), signature.parameters, strict=True):
        wanted = (own[property],) if property in own else ()
        for name in (*wanted, one.name, *_OTHER_NAMES[one.name]):
            if name not in names.values() and all(
                node.id in taken for node in module.scope.named(name, body)
            ):
                names[property] = name
                break
        else:
            return None
    return names


def _names_in_the_way(
    module: Module, owner: ClassDefinition, function: Node, inside: frozenset[int]
) -> Iterator[Location]:
    """The names of the functions around, which a method cannot see."""
    for node in module.uses_of_own_name(function):
        yield module.at(node, f"the listener calls itself by its name, {quoted(module.text(node))}")
    for node, declaration in module.outer_names(function, inside):
        scope = declaration.scope
        if scope.id == owner.node.id:
            continue
        around = scope if scope.type in js.FUNCTIONS else module.enclosing_function(scope)
        of = module.name_of_function(around) if around is not None else "the block around"
        yield module.at(
            node,
            f"the listener uses {quoted(module.text(node))} of {of}: a method has to find it by the socket, "
            "with `serializeAttachment()` say",
        )


def _words_in_the_way(module: Module, owner: ClassDefinition, function: Node) -> Iterator[Location]:
    """`this` of a `function` is the socket, and `arguments` are the listener's."""
    for node in module.own_words(function):
        if node.type == "identifier":
            yield module.at(node, "`arguments` are those of the listener")
        elif function.type == "function_expression":
            yield module.at(node, "`this` is the socket in this `function`")
        elif module.this_class(node) is not owner:
            yield module.at(node, f"`this` is no {owner.label} here")


# -- what a listener does with its event -----------------------------------------------------------------


def _event_uses(
    module: Module, function: Node, event: str, method: str, unpackings: tuple[_Unpacking, ...]
) -> Iterator[_EventUse]:
    parameters = module.parameters(function)
    if len(parameters) > 1:
        yield _EventUse(parameters[1].node, obstacle="a listener gets nothing but the event")
        return
    declarators = {found.declarator.id for found in unpackings}
    for declaration in _declared(module, function):
        references = [
            node for node in module.scope.references(declaration) if node.start_byte >= function.start_byte
        ]
        if declaration.default is not None:
            yield _EventUse(declaration.node, obstacle="this parameter has a default")
        elif not declaration.path:
            for reference in references:
                holder = module.parent(module.with_wrappers(reference))
                if holder is None or holder.id not in declarators:
                    yield _use_of_event(module, reference, event, method)
        elif len(declaration.path) == 1 and declaration.path[0] in js.EVENT_PROPERTIES[event]:
            property = str(declaration.path[0])
            yield from (_EventUse(node, property) for node in references)
        elif references:
            missing = f"`{method}()` is not given `{declaration.path[0]}` of the event"
            yield _EventUse(declaration.node, obstacle=missing)


def _use_of_event(module: Module, reference: Node, event: str, method: str) -> _EventUse:
    whole = module.with_wrappers(reference)
    above = module.parent(whole)
    member = module.member(above) if above is not None and above.type == "member_expression" else None
    if member is not None:
        change = module.mutation_of(member.node)
        is_set = change is not None and change.sets_name
        if member.name in js.EVENT_PROPERTIES[event] and not is_set:
            return _EventUse(member.node, member.name)
        return _EventUse(
            member.node, obstacle=f"`{method}()` is not given {quoted(module.text(member.node))}"
        )
    around = module.call_around(reference)
    if event == "error" and around is not None and module.log_at(around[0].node) is not None:
        return _EventUse(whole, "error")
    return _EventUse(
        reference, obstacle=f"`{method}()` is not given the event {quoted(module.text(reference))} itself"
    )


def _unpackings(module: Module, function: Node, event: str) -> Iterator[_Unpacking]:
    """Where `const { data } = event;` can become `const data = message;`."""
    for declaration in _declared(module, function):
        for reference in module.scope.references(declaration) if not declaration.path else ():
            declarator = module.parent(module.with_wrappers(reference))
            if declarator is None or declarator.type != "variable_declarator":
                continue
            pattern = declarator.child_by_field_name("name")
            statement = module.parent(declarator)
            alone = statement is not None and statement.named_child_count == 1
            if pattern is None or pattern.type != "object_pattern" or not alone:
                continue
            names = tuple(_pattern_names(module, pattern))
            if names and all(property in js.EVENT_PROPERTIES[event] for property, _ in names):
                yield _Unpacking(declarator, pattern, names)


def _declared(module: Module, function: Node) -> Iterator[js.Declaration]:
    for declaration in module.scope.declared_in(function).values():
        if declaration.kind is js.DeclarationKind.PARAMETER:
            yield declaration


def _pattern_names(module: Module, pattern: Node) -> Iterator[tuple[str, str]]:
    """The properties that a pattern takes, and their names; "" of what is more than a name."""
    for part in pattern.named_children:
        key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
        if part.type == "shorthand_property_identifier_pattern":
            yield module.text(part), module.text(part)
        elif key is not None and value is not None and value.type == "identifier":
            yield module.text(key), module.text(value)
        else:
            yield "", ""


def _unpacked(module: Module, found: _Unpacking, names: dict[str, str]) -> Replacement:
    parts = [(local, names[property]) for property, local in found.names if local != names[property]]
    if parts:
        text = ", ".join(f"{local} = {name}" for local, name in parts)
        return found.declarator.start_byte, found.declarator.end_byte, text
    span = module.whole_lines(module.parent(found.declarator) or found.declarator)
    return span.start, span.end, ""


def _renamed(module: Module, node: Node, name: str) -> Replacement:
    if node.type == "shorthand_property_identifier":
        own = module.text(node)
        name = own if own == name else f"{own}: {name}"
    return node.start_byte, node.end_byte, name
