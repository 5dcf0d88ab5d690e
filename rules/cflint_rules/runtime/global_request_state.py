"""Keep what belongs to one request out of module-level variables.

One isolate serves many requests at the same time, and a module-level variable is there once for all of
them: what one request puts in it, another reads, so that users can see each other's data. An app that a
module keeps (`new Elysia()`, `express()`) is such a variable: `app.decorate({ session })` and `app.locals`
belong to it, not to a request. A `Request`, a `Response`, a stub or a socket is bound to its request besides:
used from another one, it throws `Cannot perform I/O on behalf of a different request`. A promise that is kept
for others ends with the request that made it, and stays rejected when it fails.

## Incorrect

```ts
let user: string | null;

async function greet(): Promise<Response> {
  return new Response(`hello ${user}`);
}

export default {
  async fetch(request: Request): Promise<Response> {
    user = request.headers.get("x-user");
    return greet();
  },
};
```

## Correct

```ts
async function greet(user: string | null): Promise<Response> {
  return new Response(`hello ${user}`);
}

export default {
  async fetch(request: Request): Promise<Response> {
    return greet(request.headers.get("x-user"));
  },
};
```

## What to do

Make it for each request, in the handler, and hand it on as a parameter.

- "`<kept>` is shared by all requests, and a promise of one of them": Keep the value in place of the
  promise: `<kept> ??= await work()` in the `async` function, with what is called today for `work()`, and
  the value's type for the variable's. Of two requests at once both do the work then, which does no harm; a
  failure is not kept.
- "is shared by all requests": Make it for each request: a `const` in the handler in place of the variable
  (of an app or client, what a function returns that makes one), handed on as a parameter to the functions
  that use it. As it is, another request that runs meanwhile works with the data of this one.

## Not reported

Values that are the same for every request: `env` and bindings, settings that are computed once (`x ??= …`),
the Worker's own origin, counters. Promises without I/O, or that are taken out again (`delete`, `.catch()`).
Database clients have a rule of their own.

## Errors

```text title="workerd"
Error: Cannot perform I/O on behalf of a different request. I/O objects (such as streams, request/response
  bodies, and others) created in the context of one request handler cannot be accessed from a different
  request's handler. …
```

## Fix safety

There is no fix: the value has to be handed on, or kept in an `AsyncLocalStorage`.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Match,
    Module,
    Severity,
    Value,
    ValueKind,
    call,
    js,
    keyword,
    member_access,
    module,
    new,
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_BOUND = {
    ValueKind.REQUEST: "a request",
    ValueKind.RESPONSE: "a response",
    ValueKind.BODY: "the body of a request or response",
    ValueKind.STUB: "a stub of a Durable Object",
    ValueKind.WEBSOCKET_PAIR_END: "a WebSocket",
    ValueKind.HIBERNATED_WEBSOCKET: "a WebSocket",
    ValueKind.OUTGOING_WEBSOCKET: "a WebSocket",
    ValueKind.EXECUTION_CONTEXT: "the `ctx` of one request",
    ValueKind.HONO_CONTEXT: "the context of one request",
    ValueKind.HONO_REQUEST: "a request",
    ValueKind.MESSAGE_BATCH: "a batch of messages",
    ValueKind.MESSAGE: "a message",
}
_OUTSIDE = frozenset({ValueKind.BINDING, ValueKind.STUB, ValueKind.D1_STATEMENT, ValueKind.DATABASE_CLIENT})
_APPS = frozenset(
    {
        *(("elysia", name) for name in ("Elysia", "default")),
        *(("express", name) for name in ("default", "express", "default.Router", "Router")),
        *(("fastify", name) for name in ("default", "fastify", "Fastify")),
        *(("koa", name) for name in ("default", "Koa")),
    }
)
"""What makes an app that a module keeps for all requests."""
_DECORATES = ("decorate", "state", "decorateRequest")
_KEEPERS = ("locals", "context", "decorator")
_HOPS = 30
"""How many calls of a chain (`new Elysia().use(…).get(…)`) are looked through."""
_EMPTY = b" = {}"
_OBJECT = pattern(rb"(?:export )?const (\w{1,60})(?:[^\S\n]?:[^=\n]{0,120})? = \{\}")
"""What a line starts with that gives a name of the module an empty object."""
_MEMBERS = frozenset({"member_expression", "subscript_expression"})
_SAME_KINDS = frozenset({ValueKind.ENV, ValueKind.BINDING, ValueKind.CONTROLLER})
_MOST_CALLS = 60
_STORES = frozenset({"set", "add"})
_SAME_FOR_ALL = frozenset({"origin", "host", "hostname", "protocol", "port", "method", "colo"})
_OWN_ORIGIN = frozenset({"origin", "host", "hostname"})


@rule(keyword("let", "var"), new("Map", "Set"), severity=Severity.WARNING)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    if not module.is_run or module.runs_per_request:
        return
    if node.type in ("lexical_declaration", "variable_declaration"):
        for declaration in _module_variables(module, node):
            yield from _assigned(module, declaration)
            yield from _promises(module, declaration)
    elif node.type == "new_expression":
        yield from _collected(module, node)


@check.on(module())
def check_objects(found: Module) -> Iterator[Finding]:
    """Promises that are kept in an object of the module."""
    if not found.is_run or found.runs_per_request:
        return
    data = found.document.data
    at = data.find(_EMPTY)
    while at != -1:
        match = _OBJECT.match(data, data.rfind(b"\n", 0, at) + 1)
        at = data.find(_EMPTY, at + len(_EMPTY))
        name = found.node_at(*match.span(1)) if match is not None else None
        declaration = found.scope.resolve(name) if name is not None and name.type == "identifier" else None
        if declaration is not None and declaration.scope.type == "program":
            yield from _promises(found, declaration)


@check.on(call(*_DECORATES))
def check_decorated(match: Match) -> Iterator[Finding]:
    """What a handler hangs on the app itself: `app.decorate({ locals }).handle(request)`."""
    app = _app_of_module(match.module, match.receiver) if match.receiver is not None else None
    if app is not None:
        yield from _first_in_app(match.module, app, match.node)


@check.on(member_access(*_KEEPERS))
def check_members(match: Match) -> Iterator[Finding]:
    """What a handler keeps in `app.locals` of Express, or `app.context` of Koa."""
    module = match.module
    access = module.member(match.node)
    app = _app_of_module(module, access.object) if access is not None else None
    given = _assignment_to(module, match.node) if app is not None else None
    if app is not None and given is not None:
        yield from _first_in_app(module, app, given.node)


def _first_in_app(module: Module, app: js.Declaration, at: "Node") -> Iterator[Finding]:
    """The finding about an app, at the first place at which something of a request is put in it."""
    put: list[tuple[Node, str]] = []
    for name in _DECORATES:
        for made in module.calls(name, module.root):
            if made.receiver is not None and _app_of_module(module, made.receiver) is app:
                labels = (label for value in made.arguments for label in _of_request(module, value))
                put.extend((made.node, label) for label in islice(labels, 1))
    for use in module.scope.references(app):
        member = module.parent(module.with_wrappers(use))
        access = module.member(member) if member is not None else None
        if member is None or access is None or access.name not in _KEEPERS:
            continue
        given = _assignment_to(module, member)
        if given is not None and _app_of_module(module, access.object) is app:
            put.extend((given.node, label) for label in islice(_of_request(module, given.value), 1))
    put.sort(key=lambda found: found[0].start_byte)
    if put and put[0][0].id == at.id:
        yield _shared(module, app, put)


def _assignment_to(module: Module, target: "Node") -> js.Assignment | None:
    """The assignment to a member, or to a member of that."""
    above = module.parent(module.with_wrappers(target))
    if above is not None and above.type in _MEMBERS:
        target = above
    given = module.assignment(module.parent(module.with_wrappers(target)))
    return given if given is not None and given.operator == "=" and given.target.id == target.id else None


def _app_of_module(module: Module, node: "Node") -> js.Declaration | None:
    """The name of the module's app that an expression in a function is, or a chain that starts with it."""
    if not module.is_run or module.runs_per_request or module.enclosing_function(node) is None:
        return None
    node = js.unwrap(node)
    for _ in range(_HOPS):
        if node.type == "identifier":
            break
        made = module.call(node)
        if made is None or made.receiver is None:
            return None
        node = js.unwrap(made.receiver)
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or declaration.scope.type != "program" or declaration.value is None:
        return None
    value = js.unwrap(declaration.value)
    for _ in range(_HOPS):
        called = module.called_name(value)
        if called is not None and (called.module, called.name) in _APPS:
            return declaration
        made = module.call(value)
        if made is None or made.receiver is None:
            return None
        value = js.unwrap(made.receiver)
    return None


def _of_request(module: Module, value: "Node") -> Iterator[str]:
    """What of a request an expression holds: what the runtime or a framework hands to its handler."""
    for node in (value, *module.descendants(value, "identifier", "shorthand_property_identifier")):
        label = _bound(module.value_of(node))
        if label is not None:
            yield label
        declaration = module.scope.resolve(node)
        if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
            continue
        function = declaration.scope
        handed = module.app_handler_at(function) is not None or module.handler_of(function) is not None
        kinds = (module.value_of(node).kind, _kind_of(module, declaration))
        if handed and _SAME_KINDS.isdisjoint(kinds):
            yield f"`{declaration.name}` of one request"
    label = _request_data(module, value)
    if label is not None:
        yield label


def _kind_of(module: Module, parameter: js.Declaration) -> ValueKind | None:
    """What the runtime hands to a handler as a parameter, whatever type it is given there."""
    kinds = module.parameter_kinds(parameter.scope) or ()
    for kind, one in zip(kinds, module.parameters(parameter.scope), strict=False):
        if js.span_of(one.node).covers(js.span_of(parameter.node)):
            return kind if not parameter.path else None
    return None


def _module_variables(module: Module, statement: "Node") -> Iterator[js.Declaration]:
    parent = module.parent(statement)
    if parent is not None and parent.type == "export_statement":
        parent = module.parent(parent)
    if parent is None or parent.type != "program":
        return
    for declarator in statement.named_children:
        name = declarator.child_by_field_name("name")
        if declarator.type == "variable_declarator" and name is not None and name.type == "identifier":
            declaration = module.scope.resolve(name)
            if declaration is not None and declaration.node.id == name.id:  # else it is declared twice
                yield declaration


def _shared(module: Module, declaration: js.Declaration, put: list[tuple["Node", str]]) -> Finding:
    """One finding about all places at which something of a request is put in what all of them share."""
    (first, label), *others = put
    return Finding(
        f"`{declaration.name}` is shared by all requests, and {label} is put in it",
        module.at(first),
        (
            module.at(declaration.node, "it is declared here, once for the whole isolate"),
            *(module.at(node, f"{what} is put in it here, too") for node, what in others),
        ),
    )


def _assigned(module: Module, declaration: js.Declaration) -> Iterator[Finding]:
    put: list[tuple[Node, str]] = []
    for assignment in module.scope.assignments(declaration):
        given = module.assignment(assignment)
        if given is None or given.operator != "=" or module.enclosing_function(assignment) is None:
            continue
        value = given.value
        label = _bound(module.value_of(value))
        if label is None and not _is_guarded(module, assignment, declaration):
            label = _request_data(module, value)
        if label is not None:
            put.append((assignment, label))
    if put:
        yield _shared(module, declaration, put)


def _kept(module: Module, declaration: js.Declaration) -> Iterator[tuple["Node", "Node"]]:
    """The places in functions where something is put into what a module's variable holds, and the values."""
    for use in module.scope.references(declaration):
        stored = module.method_called_on(use)
        if stored is not None:
            values = js.arguments_of(stored[1]) if stored[0] in _STORES else ()
            found = (stored[1], values[-1]) if values else None
        else:
            member = module.parent(module.with_wrappers(use))
            around = module.parent(member) if member is not None else None
            given = module.assignment(around) if member is not None and member.type in _MEMBERS else None
            is_target = given is not None and member is not None and given.target.id == member.id
            found = (given.node, given.value) if given is not None and is_target else None
        if found is not None and module.enclosing_function(found[0]) is not None:
            yield found
    for assignment in module.scope.assignments(declaration):
        given = module.assignment(assignment)
        if given is not None and module.enclosing_function(assignment) is not None:
            yield assignment, given.value


def _promises(module: Module, declaration: js.Declaration) -> Iterator[Finding]:
    """Promises with I/O of one request, which are kept for all."""
    kept = [(place, value) for place, value in _kept(module, declaration) if _does_io(module, value)]
    if not kept or _is_given_up(module, declaration):
        return
    place, _ = kept[0]
    yield Finding(
        f"`{declaration.name}` is shared by all requests, and a promise of one of them is kept in it: when"
        " that fails, or its request ends first, it does so for all",
        module.at(place),
        (module.at(declaration.node, "it is declared here, once for the whole isolate"),),
        severity=Severity.NOTE,
    )


def _is_given_up(module: Module, declaration: js.Declaration) -> bool:
    """Whether something takes a promise out again: `cache.delete(key)`, `delete cache[key]`, `x = null`."""
    for use in module.scope.references(declaration):
        called = module.method_called_on(use)
        if called is not None and called[0] in ("delete", "clear"):
            return True
        member = module.parent(module.with_wrappers(use))
        removed = module.operation(module.parent(member)) if member is not None else None
        if removed is not None and removed.operator == "delete":
            return True
    given = [module.assignment(found) for found in module.scope.assignments(declaration)]
    return any(one is not None and js.unwrap(one.value).type in ("null", "undefined") for one in given)


def _does_io(module: Module, value: "Node") -> bool:
    """Whether an expression is a promise of something from outside, whose errors nobody takes."""
    made = module.initializer(value)
    if module.value_of(made).kind is not ValueKind.PROMISE or module.handles_errors(made):
        return False
    root = module.chain_root(made)
    if root is None:
        return False
    if _is_io(module, root):
        return True
    called = js.function_called(module, root)
    callee = js.Call(module, root).callee
    if called is None and callee is not None and callee.type in js.FUNCTIONS:
        called = module, callee
    if called is None:
        return False
    calls = islice(called[0].descendants(called[1], "call_expression"), _MOST_CALLS)
    return any(_is_io(called[0], node) for node in calls)


def _is_io(module: Module, node: "Node") -> bool:
    value = module.value_of(node)
    if value.kind is not ValueKind.PROMISE:
        return False
    if value.inner is not None and value.inner.kind is ValueKind.RESPONSE:
        return True
    receiver = js.Call(module, node).receiver
    return receiver is not None and module.value_of(receiver).kind in _OUTSIDE


def _bound(value: Value) -> str | None:
    if value.kind is ValueKind.RESPONSE and value.detail == "new":
        return None
    if value.kind is ValueKind.PROMISE and value.inner is not None and value.inner.kind is ValueKind.RESPONSE:
        return "the promise of a response"
    return _BOUND.get(value.kind)


def _request_data(module: Module, value: "Node") -> str | None:
    if module.number(value) is not None:
        return None
    members = (module.member(node) for node in (value, *module.descendants(value, "member_expression")))
    if any(found is not None and found.name in _OWN_ORIGIN for found in members):
        return None
    origins = list(module.origins(value))
    if not any(origin.type != "new_expression" and module.reads_request(origin) for origin in origins):
        return None
    read = (module.member(origin) for origin in origins)
    same = any(found is not None and found.name in _SAME_FOR_ALL for found in read)
    return None if same else "data of one request"


def _is_guarded(module: Module, assignment: "Node", declaration: js.Declaration) -> bool:
    """Whether a variable is set once: `if (!x) x = …`."""
    for above in module.ancestors(assignment):
        if above.type == "if_statement":
            condition = above.child_by_field_name("condition")
            if condition is not None and any(
                condition.start_byte <= use.start_byte < condition.end_byte
                for use in module.scope.references(declaration)
            ):
                return True
        if above.type in ("method_definition", "function_declaration"):
            return False
    return False


def _collected(module: Module, made: "Node") -> Iterator[Finding]:
    """What is put into a module-level `Map` or `Set`."""
    name = module.given_name(made)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if declaration is None or declaration.scope.type != "program":
        return
    yield from _promises(module, declaration)
    put: list[tuple[Node, str]] = []
    for use in module.scope.references(declaration):
        stored = module.method_called_on(use)
        if stored is None or stored[0] not in _STORES or module.enclosing_function(stored[1]) is None:
            continue
        call = stored[1]
        values = js.arguments_of(call)
        label = _bound(module.value_of(js.unwrap(values[-1]))) if values else None
        if label is not None:
            put.append((call, label))
    if put:
        yield _shared(module, declaration, put)
