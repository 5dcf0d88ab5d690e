"""Store what an object collects in rows or keys of its own, or drop the oldest: one value only grows.

A value in the storage of a Durable Object has at most 2 MB, 128 KiB with the key-value backend. A list of
messages that is read, gets one more, and is written back reaches that some day: from then on `put()` throws,
and the object takes no more messages. Until then each message reads and writes all that came before it.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Chat extends DurableObject<Env> {
  async say(text: string): Promise<void> {
    const messages = (await this.ctx.storage.get<string[]>("messages")) ?? [];
    messages.push(text);
    await this.ctx.storage.put("messages", messages);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Chat extends DurableObject<Env> {
  async say(text: string): Promise<void> {
    const messages = (await this.ctx.storage.get<string[]>("messages")) ?? [];
    messages.push(text);
    await this.ctx.storage.put("messages", messages.slice(-200));
  }
}
```

## What to do

How much has to be kept is yours to say. Unless you know better, the last 100: `list = list.slice(-100)`
before `put()`, with the list that gets one more (what is read of it elsewhere is then these). If all are
needed, a row or a key for each item (`INSERT`, or `put(prefix + id, item)`) takes the place of the list.

## Not reported

Classes that take something out of a list anywhere, compare how long one is, or delete what they store; what
is only added where it is not there yet; keys that are made of anything but the id or the name of something
that the method is given. A method that only deletes, when a client asks for it (`clear()`), keeps no list
short.

## Fix safety

There is no fix: how much has to be kept is up to the author.

Source: https://developers.cloudflare.com/durable-objects/platform/limits/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    ClassDefinition,
    Finding,
    Match,
    Module,
    Severity,
    ValueKind,
    call,
    config,
    js,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_IDENTITY = pattern(r"(?:id|uuid|name|user|room|channel|session|conversation|thread|topic)$", re.IGNORECASE)
"""What a parameter is called that says which of several things is meant."""
_MANY = 500
_KEY_VALUE_BYTES = 128 * 1024
_ADDS = frozenset({"push", "unshift", "set"})
_EMPTIES = ("delete", "deleteAll")
_TAKES = ("splice", "shift", "pop", "clear")
_CUTS = ("slice", "filter")
_KEEPS = frozenset({"put", "stringify", "send", "json", "push", "isArray", "set"})
"""What a list is given to without getting shorter."""
_ASKS = frozenset({"includes", "some", "find", "findIndex", "indexOf", "every"})
_COMPARES = frozenset({"<", ">", "<=", ">="})


@rule(call("put"), severity=Severity.NOTE, presets=(PREVIEW,))
def check(match: Match) -> Iterator[Finding]:
    module, function, owner = match.module, match.enclosing_function, match.enclosing_class
    if function is None or owner is None or not 2 <= len(match.arguments) <= 3:
        return
    stored_by = match.arguments[0]
    if match.receiver_value.kind is not ValueKind.STORAGE or not _is_lasting(module, stored_by):
        return
    value = _written(module, match.arguments[1])
    copied = _copied(module, value)
    adds: Node | None
    receiver: Node | None
    if copied is not None:
        is_added = _is_read(match, function, copied) and not _is_asked_for(module, value, function)
        adds, receiver = value if is_added else None, copied
    else:
        in_name = value.type == "identifier"
        adds = _adds_to_read(match, function, value) if in_name else _adds_to_field(module, owner, value)
        receiver = js.Call(module, adds).receiver if adds is not None else None
    if adds is None or receiver is None:
        return
    key = quoted(match.text(stored_by), 40)
    name = _own_name(module, receiver)
    if match.node.id != _told_at(owner, match.text(stored_by), name, match.node).id:
        return  # the same value, told of at another place
    if not _is_kept_short(owner, name, stored_by):
        least = "128 KiB on" if _is_key_value(owner) else "2 MB on, or 128 KiB without SQLite"
        what = f"only grows: from {least}, `put()` throws"
    elif (most := _most_items(owner, name)) is not None and most >= _MANY and _is_key_value(owner):
        what = (
            f"has up to {most:,.0f} items, and 128 KiB without SQLite: with more than"
            f" {_KEY_VALUE_BYTES // most:,.0f} bytes each, `put()` throws"
        )
    else:
        return
    yield Finding(f"{key} {what}", match.at(match.node), (module.at(adds, "here it gets one more"),))


def _told_at(owner: ClassDefinition, key: str, name: str, put: Node) -> Node:
    """The place at which a value is told of: the first write behind what adds to it."""
    module, body = owner.module, owner.body
    writes = module.memoized(("writes by key", body.id), lambda: _writes_by_key(owner)).get(key, [])
    adding = module.memoized(("adds by name", body.id), lambda: _adds_by_name(owner)).get(name, {})
    for node in writes:
        method = module.method_around(node)
        first = adding.get(method.id) if method is not None else None
        if first is not None and first < node.start_byte:
            return node
    return writes[0] if writes else put


def _writes_by_key(owner: ClassDefinition) -> dict[str, list[Node]]:
    """The calls of `put()` in a class, by what they are given as the key."""
    found: dict[str, list[Node]] = {}
    for made in owner.module.calls("put", owner.body):
        if len(made.arguments) > 1:
            found.setdefault(owner.module.text(made.arguments[0]), []).append(made.node)
    return found


def _adds_by_name(owner: ClassDefinition) -> dict[str, dict[int, int]]:
    """Where each method first adds to a list of a name."""
    module = owner.module
    found: dict[str, dict[int, int]] = {}
    for made in (made for word in sorted(_ADDS) for made in module.calls(word, owner.body)):
        method = module.method_around(made.node)
        if made.receiver is not None and method is not None:
            ends = found.setdefault(_own_name(module, made.receiver), {})
            ends[method.id] = min(ends.get(method.id, made.node.end_byte), made.node.end_byte)
    return found


def _is_lasting(module: Module, key: Node) -> bool:
    """Whether a key stays that of one thing: a text, or one with what the function is given as an id. A key
    with a day or the number of a page in it is a way to begin another list."""
    if module.string_of(key) is not None:
        return True
    template = js.unwrap(key)
    holes = [part for part in template.named_children if part.type == "template_substitution"]
    if template.type != "template_string" or not holes:
        return False
    for hole in holes:
        name = js.first_named(hole)
        declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
            return False
        if _IDENTITY.search(declaration.name) is None:
            return False
    return True


def _is_other(module: Module, one: Node, key: Node) -> bool:
    """Whether a key is known to be another one: another text, or a text that a template does not begin
    like."""
    text, other = module.string_of(one), module.string_of(key)
    if text is not None and other is None:
        other = module.text(js.unwrap(key)).strip("`").partition("${")[0]
        return not text.startswith(other)
    return text is not None and text != other


def _written(module: Module, given: Node) -> Node:
    """What is written, also as a text, or as a list of the entries of a map."""
    node = js.unwrap(given)
    for _ in range(4):
        made = module.call(node)
        if made is None:
            break
        is_list = (
            made.name == "from" and made.receiver is not None and module.is_global(made.receiver, "Array")
        )
        if made.arguments and (made.name in ("stringify", "fromEntries") or is_list):
            node = js.unwrap(made.arguments[0])
        elif made.name in ("entries", "values") and made.receiver is not None and not made.arguments:
            node = js.unwrap(made.receiver)
        else:
            break
        node = js.unwrap(module.initializer(node))
    return node


def _most_items(owner: ClassDefinition, name: str) -> float | None:
    """The most items that a list of a name is cut to: 500 of `list.slice(-500)` and `list.length > 500`."""
    module, body = owner.module, owner.body
    found: list[float] = []
    for made in module.calls("slice", body):
        if _is_called(module, made.receiver, name) and len(made.arguments) in (1, 2):
            number = module.number(made.arguments[-1])
            found += [abs(number)] if number else []
    for leaf in (leaf for word in ("length", "size") for leaf in module.leaves(word, body)):
        member = module.member(module.parent(leaf))
        if member is None or not _is_called(module, member.object, name):
            continue
        above = module.parent(module.with_wrappers(member.node))
        compared = module.operation(above) if above is not None else None
        sides = compared.operands if compared is not None and compared.operator in _COMPARES else ()
        found += [number for side in sides if side is not None and (number := module.number(side))]
    return max(found, default=None)


def _is_key_value(owner: ClassDefinition) -> bool:
    """Whether everywhere that the class runs its storage is known to be the key-value backend."""
    owners = [owner] if owner.environments else _made_by(owner)
    classes = (
        environment.lifecycle.classes.get(one.name) for one in owners for environment in one.environments
    )
    found = [live is not None and live.backend is config.Backend.KEY_VALUE for live in classes]
    return bool(found) and all(found)


def _made_by(owner: ClassDefinition) -> list[ClassDefinition]:
    """The classes of the module that make the instances of a class, which stores things for them."""
    module = owner.module
    named = module.leaves(owner.name, module.root) if owner.name else ()
    above = (module.parent(leaf) for leaf in named)
    makers = (
        module.enclosing_class(node) for node in above if node is not None and node.type == "new_expression"
    )
    return [maker for maker in makers if maker is not None]


def _adds_to_read(match: Match, function: Node, value: Node) -> Node | None:
    """Where something is added to a variable that holds what was read of the same key."""
    module = match.module
    declaration = module.scope.resolve(value)
    if declaration is None or not _is_read(match, function, value):
        return None
    return _adds(module, declaration, function)


def _is_read(match: Match, function: Node, name: Node) -> bool:
    """Whether a variable holds what was read of the key that is written."""
    module = match.module
    declaration = module.scope.resolve(name)
    held = declaration.value if declaration is not None else None
    if held is None:
        return False
    read = next(js.reads_before(module, match.call, "get", function), None)
    if read is not None and js.contains(held, read.node):
        return True
    return _reads_by_method(module, held, match.arguments[0])


def _copied(module: Module, value: Node) -> Node | None:
    """The variable of which a list with more in it is made: `[...messages, message]`."""
    node = js.unwrap(module.initializer(value))
    items = [part for part in node.named_children if part.type != "comment"] if node.type == "array" else []
    spread = [js.first_named(part) for part in items if part.type == "spread_element"]
    if len(spread) != 1 or len(items) < 2 or spread[0] is None or spread[0].type != "identifier":
        return None
    return spread[0]


def _reads_by_method(module: Module, held: Node, key: Node) -> bool:
    """Whether a value is what a method of the class reads under a key: `await this.history()`."""
    waited = js.first_named(held) if held.type == "await_expression" else None
    called = js.function_called(module, waited) if waited is not None and module.call(waited) else None
    if called is None or called[0] is not module:
        return False
    return any(
        made.arguments
        and module.is_same(made.arguments[0], key)
        and module.value_of(made.receiver).kind is ValueKind.STORAGE
        for made in module.calls("get", called[1])
    )


def _adds_to_field(module: Module, owner: ClassDefinition, value: Node) -> Node | None:
    """Where something is added to a field that is stored, and which nothing sets to an empty list again."""
    member = module.member(value)
    if member is None or js.unwrap(member.object).type != "this":
        return None
    constructor = owner.constructor
    for node in module.descendants(owner.body, "assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or module.text(left) != module.text(value):
            continue
        waits = right.type == "await_expression" or any(module.descendants(right, "await_expression"))
        cuts = module.call(right)
        if not waits and cuts is not None and cuts.name in _CUTS:
            continue  # which is looked at below
        if not waits and js.unwrap(right).type != "array" and _loads(module, node):
            continue
        if not waits and _is_first(module, node, value):
            continue
        if not waits and (constructor is None or not js.contains(constructor, node)):
            return None  # it begins anew
    for made in (made for word in sorted(_ADDS) for made in module.calls(word, owner.body)):
        method = module.method_around(made.node)
        is_in_it = made.receiver is not None and _is_part_of(module, made.receiver, value)
        if not is_in_it or method is None:
            continue
        if _adds_by(module, made.node) and not _is_asked_for(module, made.node, method):
            return made.node
    return None


def _is_part_of(module: Module, node: Node, field: Node) -> bool:
    """Whether an expression is a field, or a list in it: `this.state.lines`."""
    for _ in range(4):
        node = js.unwrap(node)
        member = module.member(node)
        if module.text(node) == module.text(field):
            return True
        if member is None:
            return False
        node = member.object
    return False


def _is_first(module: Module, node: Node, value: Node) -> bool:
    """Whether a field is set only while it holds nothing, by a function called under `!this.state`."""
    function = module.enclosing_function(node)
    sites = js.calls_in_module(module, function) if function is not None else ()
    return bool(sites) and all(
        any(_is_missing(module, condition, value) for condition in module.conditions_around(site))
        for site in sites
    )


def _is_missing(module: Module, condition: Node, value: Node) -> bool:
    parts = (condition, *module.descendants(condition, "unary_expression"))
    return any(module.text(js.unwrap(part)) == f"!{module.text(value)}" for part in parts)


def _loads(module: Module, node: Node) -> bool:
    """Whether a function reads the storage, and sets a field to what it has read, or to an empty list."""
    function = module.enclosing_function(node)
    return function is not None and any(
        made.node.end_byte <= node.start_byte and module.value_of(made.receiver).kind is ValueKind.STORAGE
        for made in module.calls("get", function)
    )


def _adds(module: Module, declaration: js.Declaration, function: Node) -> Node | None:
    """Where something is added to what was read, or to a list in it, whatever there is already."""
    for use in module.scope.references(declaration):
        node = use
        for _ in range(3):
            called = module.method_called_on(node)
            if called is not None:
                if _adds_by(module, called[1]) and not _is_asked_for(module, called[1], function):
                    return called[1]
                break
            above = module.parent(module.with_wrappers(node))
            if above is None or above.type != "member_expression":
                break
            node = above
    return None


def _adds_by(module: Module, node: Node) -> bool:
    """Whether a call adds to a list, or to a map by a key that is not always the same."""
    made = js.Call(module, node)
    if made.name != "set":
        return made.name in _ADDS
    return len(made.arguments) == 2 and module.string_of(made.arguments[0]) is None


def _is_asked_for(module: Module, added: Node, function: Node) -> bool:
    """Whether something is only added under a condition about what is there already, or by a name that holds
    the answer; or behind a `return` in the other case."""
    conditions = list(module.conditions_around(added, function))
    for condition in tuple(conditions):
        for name in (condition, *module.descendants(condition, "identifier")):
            if name.type == "identifier":
                conditions.append(module.initializer(name))
    if any(
        next(module.calls(name, condition), None) is not None for condition in conditions for name in _ASKS
    ):
        return True
    made = module.call(added)
    listed = made.receiver if made is not None else _copied(module, added)
    return listed is not None and any(
        _is_called(module, asked.receiver, _own_name(module, listed))
        for condition in _left_before(module, added, function)
        for name in sorted(_ASKS)
        for asked in module.calls(name, condition)
    )


def _left_before(module: Module, added: Node, function: Node) -> Iterator[Node]:
    """The conditions under which a function returns before something is added."""
    for above in module.descendants(function, "if_statement"):
        condition = above.child_by_field_name("condition")
        then = above.child_by_field_name("consequence")
        if condition is None or then is None or above.end_byte > added.start_byte:
            continue
        if then.type == "return_statement" or any(module.descendants(then, "return_statement")):
            yield condition


def _is_kept_short(owner: ClassDefinition, name: str, key: Node) -> bool:
    """Whether the class takes something out of a list of a name, asks how long one is, or stores less."""
    module, body = owner.module, owner.body
    alarm = owner.method("alarm")
    never = alarm if alarm is not None and next(module.calls("setAlarm", body), None) is None else None
    for made in (made for word in _EMPTIES for made in module.calls(word, body)):
        is_run = never is None or not js.contains(never, made.node)
        if made.receiver is not None and _is_called(module, made.receiver, name):
            return True  # of a map
        if made.arguments and _is_other(module, made.arguments[0], key):
            continue  # something else
        if not is_run or module.value_of(made.receiver).kind is not ValueKind.STORAGE:
            continue  # an alarm that nothing sets empties nothing
        if not _is_for_clients(module, owner, made):
            return True
    for made in (made for word in (*_TAKES, *_CUTS) for made in module.calls(word, body)):
        if _is_called(module, made.receiver, name) and (
            made.name in _TAKES or not _is_copy(module, made.node, name)
        ):
            return True
    for leaf in (leaf for word in ("length", "size") for leaf in module.leaves(word, body)):
        member = module.member(module.parent(leaf))
        if member is None or not _is_called(module, member.object, name):
            continue
        above = module.parent(module.with_wrappers(member.node))
        found = module.operation(above) if above is not None else None
        if above is not None and above.type == "assignment_expression":
            return True
        if found is not None and found.operator in _COMPARES:
            return True
    return module.memoized(
        ("handed on", body.id, name),
        lambda: any(_is_handed_on(module, leaf) for leaf in module.leaves(name, body)),
    )


def _is_for_clients(module: Module, owner: ClassDefinition, made: js.Call) -> bool:
    """Whether something is deleted in a method that does nothing else, as a client asks for by `DELETE`:
    until then, what is stored grows."""
    method = module.method_around(made.node)
    name = method.child_by_field_name("name") if method is not None else None
    if method is None or name is None or _ON_DEMAND.match(module.text(name)) is None:
        return False
    callers = (module.method_around(call) for call in js.calls_in_module(module, method))
    names = {
        module.text(found)
        for caller in callers
        if caller is not None and (found := caller.child_by_field_name("name")) is not None
    }
    return names <= {"fetch"} and next(module.calls("setAlarm", owner.body), None) is None


_ON_DEMAND = pattern(r"(?:delete|clear|remove|destroy|purge|wipe)", re.IGNORECASE)


def _is_called(module: Module, node: Node | None, name: str) -> bool:
    """Whether an expression is a variable or a property of a name."""
    return node is not None and _own_name(module, node) == name


def _own_name(module: Module, node: Node) -> str:
    member = module.member(js.unwrap(node))
    return member.name if member is not None else module.text(js.unwrap(node))


def _is_handed_on(module: Module, leaf: Node) -> bool:
    """Whether a list is given to a function that may cut it."""
    above = module.parent(leaf)
    node = above if above is not None and above.type == "member_expression" else leaf
    around = module.call_around(node)
    return around is not None and around[0].name not in _KEEPS and module.log_at(around[0].node) is None


def _is_copy(module: Module, made: Node, name: str) -> bool:
    """Whether a part of a list is only looked at: by a name of its own, or by who calls the method that
    returns it, where nothing is ever assigned to the list."""
    for above in module.ancestors(made):
        if above.type == "variable_declarator":
            return True
        if above.type in ("assignment_expression", "arguments"):
            return False
        if above.type == "return_statement":
            return not _is_set(module, name)
    return False


def _is_set(module: Module, name: str) -> bool:
    """Whether a list of a name is ever set to what is neither read from the storage nor a new list."""
    for leaf in module.leaves(name, module.root):
        above = module.parent(leaf)
        target = above if above is not None and above.type == "member_expression" else leaf
        around = module.parent(target)
        assigned = module.assignment(around) if around is not None else None
        if assigned is None or around is None or around.child_by_field_name("left") != target:
            continue
        value = around.child_by_field_name("right")
        if value is not None and js.unwrap(value).type not in ("array", "await_expression", "identifier"):
            return not _falls_back(module, value)
    return False


def _falls_back(module: Module, value: Node) -> bool:
    """`stored ?? []`"""
    found = module.operation(value)
    return found is not None and found.operator in ("??", "||")
