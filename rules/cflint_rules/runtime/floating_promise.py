"""Wait for a promise, or pass it to `ctx.waitUntil()`.

When the response is sent the runtime cancels what is still going on, unless it was given to `waitUntil()`. An
asynchronous function that is not awaited may be cut off in the middle, and its errors are lost.

## Incorrect

```ts
async function report(path: string): Promise<void> {
  await fetch("https://stats.example.com/hit", { method: "POST", body: path });
}

export default {
  async fetch(request: Request): Promise<Response> {
    report(new URL(request.url).pathname);
    return new Response("Hello");
  },
};
```

## Correct

```ts
async function report(path: string): Promise<void> {
  await fetch("https://stats.example.com/hit", { method: "POST", body: path });
}

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    ctx.waitUntil(report(new URL(request.url).pathname));
    return new Response("Hello");
  },
};
```

## What to do

Write `await` before the call, and make the function around it `async`; its callers await it. Its errors
come out then.

- "`pipeTo()`": Give it to `ctx.waitUntil(…)`, and hand `ctx` to the function where it lacks it. To await it
  holds the response back until all has been written.

## Not reported

Promises that are awaited, returned, passed on, stored, collected for `Promise.all()`, or marked as meant with
`void`. What a `new Promise(…)` around hears of, since it settles that promise. Functions that give a promise
only sometimes (`Promise<void> | void`), or hand out what they are given, or call the callback that they are
given instead. Code at the top level of a module, and in functions that nobody calls.
Code of the user interface in files that a Worker renders. What other rules report: bindings, remote procedure
calls, alarms, Workflow steps, the storage of Durable Objects.

A promise whose errors are handled (by `.catch()`, or in the function itself): in a Durable Object, which goes
on after the response, and in a class that only Durable Objects use; in listeners and timers; where a stream
that is being written to is the response; in a helper of which no caller is seen that the runtime cuts off,
when it is `.catch()` that handles them. In a constructor, which cannot wait.

An asynchronous function that ends with a write to the storage of a Durable Object and waits for nothing
before: the write goes on by itself. A promise of which a `new Promise(…)` around hears, by its `resolve` or a
function in it that calls this.

A note only, one for all calls of a function in a file: in a Durable Object otherwise; in listeners and
timers; where a stream that is being written to is the response.

## Errors

```text title="workerd"
The Workers runtime canceled this request because it detected that your Worker's code had hung and would
  never generate a response.
```

## Fix safety

Unsafe: the errors of what is waited for come out now. The promise is passed to the `waitUntil()` in reach,
which leaves the order of things as it is, and a handler that lacks its `ctx` parameter is given it. In a
Durable Object, and where no context is in reach, the promise is awaited, unless a stream that it feeds is
returned afterwards; in the constructor of one the object waits by `blockConcurrencyWhile()`, and is made anew
where that fails.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import (
    ClassKind,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    ValueKind,
    fixes,
    js,
    module,
    replace,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MINE = frozenset(
    {js.PromiseSource.FETCH, js.PromiseSource.CACHE, js.PromiseSource.STREAM, js.PromiseSource.TIMER}
    | {js.PromiseSource.FUNCTION, js.PromiseSource.PROMISE}
)
_SETTLED = (js.PlatformName("", "Promise.resolve"), js.PlatformName("", "Promise.reject"))
_ALL_SETTLED = js.PlatformName("", "Promise.allSettled")
_COMBINES = frozenset({"Promise.all", "Promise.allSettled", "Promise.any", "Promise.race"})
_EACH = frozenset({"forEach", "map", "flatMap"})
_HOUSEKEEPING = frozenset({"cancel", "close", "abort", "write", "end"})
_OTHERS = frozenset(
    {ValueKind.DATABASE_CLIENT, ValueKind.STUB, ValueKind.BINDING, ValueKind.STORAGE, ValueKind.WORKFLOW_STEP}
)
"""What other rules speak of."""
_AGENT = frozenset({"schedule", "scheduleEvery", "cancelSchedule"})
"""Methods of an Agent that give a promise; those that are called so elsewhere may not."""
_CURRENT = frozenset({"agents", "@cloudflare/agents", "agents-sdk"})


_WAITS = ("await_expression", "for_in_statement")
_ALARMS = frozenset({"setAlarm", "deleteAlarm"})
_WRITES = frozenset({"put", "delete", "deleteAll"}) | _ALARMS
"""Methods of the storage of a Durable Object that write."""
_VALUES = frozenset(
    {"string", "number", "template_string", "true", "false", "null", "undefined", "object", "array"}
)


@rule(
    module("async", "fetch", "then", "pipeTo", "Promise", "caches", *sorted(_AGENT)),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(module: Module) -> Iterator[Finding]:
    if not module.is_run and not module.handlers:
        return  # scripts, and code of the browser
    notes: dict[str, list[Finding]] = {}
    for dropped in module.dropped_calls(
        lambda root: module.promise_source(root) in _MINE or _is_of_agent(module, root)
    ):
        found = _finding(module, dropped)
        if found is not None and found.severity is Severity.NOTE:
            notes.setdefault(found.message, []).append(found)
        elif found is not None:
            yield found
    for same in notes.values():
        yield _together(*same)


def _together(first: Finding, *others: Finding) -> Finding:
    """One note for all places of which the same is to say, which mends what can be mended."""
    offered = [found.fix for found in (first, *others) if found.fix is not None]
    titles = {fix.title for fix in offered}
    edits = dict.fromkeys(edit for fix in offered for edit in fix.edits)
    title = titles.pop() if len(titles) == 1 else "Keep the promises"
    fix = Fix(title, tuple(edits), Safety.UNSAFE) if offered else None
    places = tuple(replace(found.at, message="and here") for found in others)
    return replace(first, related=(*first.related, *places), fix=fix)


def _finding(module: Module, dropped: js.DroppedCall) -> Finding | None:
    root, promise = dropped.root, dropped.promise
    what, around = _what(module, dropped), module.enclosing_function(root)
    if what is None or around is None:
        return None
    called = module.called_name(root) if dropped.in_variable or not dropped.is_chain else None
    if called in _SETTLED:
        return None  # throws an error away, or makes one heard, on purpose
    if called is not None and called.name in _COMBINES and _holds_data(module, root):
        return None  # there is nothing to wait for
    if _is_microtask(module, dropped):
        return None  # done before the code that is running now gives way
    if not module.runs_in_worker(root) or _may_give_none(module, root) or _asks_own_page(module, root):
        return None
    if _is_settled_by_executor(module, dropped):
        return None
    caught = module.handles_errors(promise)
    called_function = js.function_called(module, root) if root.type == "call_expression" else None
    if called_function is not None and _is_kept_inside(*called_function):
        return None
    handled = caught or (
        called_function is not None and called_function[0].catches_everything(called_function[1])
    )
    durable = module.may_be_durable(root)
    goes_on = module.makes_stream_beside(root) or module.runs_later(root) or _is_of_agent(module, root)
    invocations = frozenset() if durable or goes_on else js.invocations_of(module, root)
    goes_on = goes_on or durable or js.goes_on(invocations)
    end = next((one.end for one in js.Invocation if one in invocations and one.end is not None), None)
    if handled and (goes_on or (end is None and (caught or module.in_constructor(root)))):
        return None  # meant to go on by itself, for all that can be known
    if js.is_dead(module, root):
        return None
    cut = f"it may be cancelled {end}" if end is not None else "it may be cut off in the middle"
    losses = [*([] if goes_on else [cut]), *([] if handled else ["its errors are lost"])]
    return Finding(
        f"nothing waits for {what}: {' and '.join(losses)}",
        module.at(root),
        fix=_fix(module, promise, root),
        severity=Severity.NOTE if goes_on or module.callee_name(root) == "pipeTo" else None,
    )


def _holds_data(module: Module, call: Node) -> bool:
    """Whether what promises are awaited in is a list that is written out, and holds none: texts, numbers, and
    lists, as their types say."""
    given = js.Call(module, call).argument(0)
    given = js.unwrap(given) if given is not None else None
    return (
        given is not None
        and given.type == "array"
        and all(map(partial(_is_data, module), given.named_children))
    )


def _is_data(module: Module, value: Node) -> bool:
    """Whether a value is certainly no promise, by how it is written or by its type."""
    if _is_settled(module, value):
        return True
    declaration = module.scope.resolve(value) if value.type == "identifier" else None
    owner = declaration.owner if declaration is not None and not declaration.path else None
    annotation = owner.child_by_field_name("type") if owner is not None else None
    kind = js.first_named(annotation) if annotation is not None else None
    return (
        kind is not None
        and kind.type in ("array_type", "predefined_type", "tuple_type")
        and module.text(kind) not in ("any", "unknown")
    )


def _is_of_agent(module: Module, call: Node) -> bool:
    """Whether a call is one of an Agent's methods that give a promise: of its own, or of the current one in a
    tool (`getCurrentAgent()`)."""
    made = js.Call(module, call)
    receiver = js.unwrap(made.receiver) if made.receiver is not None and made.name in _AGENT else None
    if receiver is None:
        return False
    if receiver.type == "this":
        owner = module.this_class(receiver)
        return owner is not None and owner.kind is ClassKind.AGENT and not owner.declares(made.name)
    declaration = module.scope.resolve(receiver) if receiver.type == "identifier" else None
    given = (
        module.call(declaration.value) if declaration is not None and declaration.value is not None else None
    )
    return given is not None and any(module.is_from(given.callee, one, "getCurrentAgent") for one in _CURRENT)


def _is_microtask(module: Module, dropped: js.DroppedCall) -> bool:
    """Whether it is `Promise.resolve().then(f)` with an `f` that waits for nothing."""
    if not dropped.is_chain or module.called_name(dropped.root) != _SETTLED[0]:
        return False
    given = js.arguments_of(js.unwrap(dropped.promise))
    function = js.unwrap(given[0]) if len(given) == 1 else None
    if function is None or function.type not in js.FUNCTIONS or js.is_async(function):
        return False
    body = function.child_by_field_name("body")
    if body is not None and body.type != "statement_block":
        return module.promise_source(body) is None
    values = (js.first_named(node) for node in module.returns_of(function))
    return all(value is None or module.promise_source(value) is None for value in values)


def _may_give_none(module: Module, call: Node) -> bool:
    """Whether a function that is called gives a promise only sometimes (`Promise<void> | void`), or hands out
    what it is given, whose promise others keep, or has done all that it does when it returns."""
    function = module.called_function(call)
    if function is None:
        callee = js.Call(module, call).callee
        declaration = module.scope.resolve(callee) if callee is not None else None
        ref = module.scope.origin(declaration) if declaration is not None else None
        imported = module.project.imported.function(module.path, ref) if ref is not None else None
        return imported is not None and not imported.is_async and "|" in (imported.return_type or "")
    if js.is_async(function):
        return (
            _waits_for_nothing(module, function)
            or _keeps_what_it_starts(module, function)
            or _ends_with_a_write(module, function)
        )
    if _calls_back_instead(module, call, function):
        return True
    declared = js.first_named(function.child_by_field_name("return_type"))
    if declared is not None and declared.type == "union_type":
        return True
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block":
        given: list[Node | None] = [body]
    else:
        given = [js.first_named(node) for node in module.returns_of(function)]
    names = {parameter.name for parameter in module.parameters(function)}
    return bool(given) and all(
        node is not None and js.unwrap(node).type == "identifier" and module.text(js.unwrap(node)) in names
        for node in given
    )


def _asks_own_page(module: Module, call: Node) -> bool:
    """Whether a call in an app is a `fetch("/…")` or of a function that waits for nothing else: that is meant
    for the browser, which knows the page; a Worker refuses it at once, so there is nothing to cut off."""
    if module.app is None:
        return False
    if _is_own_page(module, call):
        return True
    function = module.called_function(call)
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or body is None or not js.is_async(function):
        return False
    waits = list(module.descendants(body, "await_expression", "for_in_statement"))
    waited = [js.first_named(node) for node in waits if node.type == "await_expression"]
    return (
        bool(waits)
        and len(waited) == len(waits)
        and all(node is not None and _is_own_page(module, node) for node in waited)
    )


def _is_own_page(module: Module, promise: Node) -> bool:
    root = module.chain_root(promise)
    made = module.call(root) if root is not None else None
    if made is None or not made.arguments or not module.is_global(made.callee, "fetch"):
        return False
    url = js.unwrap(made.arguments[0])
    text = module.text(url)[1:] if url.type in ("string", "template_string") else ""
    return text.startswith("/") and not text.startswith("//")


def _waits_for_nothing(module: Module, function: Node) -> bool:
    """Whether an `async` function never waits and returns no promise of others: it ends before its caller
    goes on."""
    body = function.child_by_field_name("body")
    if body is None:
        return False
    if body.type != "statement_block":
        return _is_settled(module, body)
    for node in module.descendants(body, "await_expression", "for_in_statement"):
        is_wait = node.type == "await_expression" or any(part.type == "await" for part in node.children)
        if is_wait and module.enclosing_function(node) == function:
            return False
    given = (js.first_named(node) for node in module.returns_of(function))
    return all(value is None or _is_settled(module, value) for value in given)


def _keeps_what_it_starts(module: Module, function: Node) -> bool:
    """Whether an `async` function waits for nothing but a list of promises that the object keeps, to which it
    adds its own: whoever waits for the list waits for them, too."""
    body = function.child_by_field_name("body")
    waits = [
        node
        for node in (module.descendants(body, "await_expression") if body is not None else ())
        if module.enclosing_function(node) == function
    ]
    lists = {_list_settled(module, node) for node in waits}
    kept = {module.text(made.receiver) for made in module.calls("push", body) if made.receiver is not None}
    return bool(lists) and all(each is not None and each in kept for each in lists)


def _ends_with_a_write(module: Module, function: Node) -> bool:
    """Whether an `async` function has done all when it waits, for the first time: it ends with a write to the
    storage of a Durable Object, which goes on by itself, and resets the object where it fails."""
    body = function.child_by_field_name("body")
    waits = [
        node
        for node in (module.descendants(body, *_WAITS) if body is not None else ())
        if module.enclosing_function(node) == function
        and (node.type == "await_expression" or any(part.type == "await" for part in node.children))
    ]
    if len(waits) != 1 or waits[0].type != "await_expression" or not _is_last(waits[0], function):
        return False
    made = module.call(js.first_named(waits[0]))
    if made is None or made.name not in _WRITES or made.receiver is None:
        return False
    given = (js.first_named(node) for node in module.returns_of(function))
    is_storage = made.name in _ALARMS or module.value_of(made.receiver).kind is ValueKind.STORAGE
    return is_storage and all(value is None or _is_settled(module, value) for value in given)


def _is_last(wait: Node, function: Node) -> bool:
    """Whether nothing of a function comes after a statement, which stands in no loop."""
    node = wait.parent
    if node is None or node.type != "expression_statement":
        return False
    while node.parent is not None and node.id != function.id:
        above = node.parent
        if above.type == "statement_block" and above.named_children[-1].id != node.id:
            return False
        if above.type not in ("statement_block", "if_statement", "else_clause", *js.FUNCTIONS):
            return False
        node = above
    return True


def _list_settled(module: Module, wait: Node) -> str | None:
    """The field in `await Promise.allSettled(this.field)`, as it is written."""
    made = module.call(js.first_named(wait)) if js.first_named(wait) is not None else None
    if made is None or module.called_name(made.node) != _ALL_SETTLED or len(made.arguments) != 1:
        return None
    access = module.member(made.arguments[0])
    return module.text(access.node) if access is not None and access.object.type == "this" else None


def _is_settled(module: Module, value: Node) -> bool:
    """Whether a value is certainly no promise."""
    value = module.initializer(value)
    return value.type in _VALUES


def _is_kept_inside(module: Module, function: Node) -> bool:
    """Whether a function gives each promise that it returns to `waitUntil()` itself, or an asynchronous one
    what it else waits for: `if (ctx) ctx.waitUntil(work); else await work`."""
    body = function.child_by_field_name("body")
    if body is None:
        return False
    if js.is_async(function):
        return any(_waits_else(module, made) for made in module.calls("waitUntil", body))
    kept = {
        declaration.node.id
        for made in module.calls("waitUntil", body)
        if made.arguments and (declaration := module.scope.resolve(js.unwrap(made.arguments[0]))) is not None
    }
    returned = [js.first_named(node) for node in module.returns_of(function)] if kept else []
    given = [module.scope.resolve(js.unwrap(node)) if node is not None else None for node in returned]
    return bool(given) and all(one is not None and one.node.id in kept for one in given)


def _waits_else(module: Module, made: js.Call) -> bool:
    """Whether the promise of a `waitUntil()` is awaited where the `if` around does not hold."""
    choice = module.enclosing(made.node, frozenset({"if_statement"}))
    alternative = choice.child_by_field_name("alternative") if choice is not None else None
    if alternative is None or not made.arguments or js.contains(alternative, made.node):
        return False
    given = module.text(made.arguments[0])
    awaited = map(js.first_named, module.descendants(alternative, "await_expression"))
    return any(one is not None and module.text(one) == given for one in awaited)


def _calls_back_instead(module: Module, call: Node, function: Node) -> bool:
    """Whether a function gives a promise to those who give it no callback, and nothing to this call, which
    does: a condition asks for the parameter alone, and the function can end without a value."""
    body = function.child_by_field_name("body")
    if body is None or body.type != "statement_block":
        return False
    returned = module.returns_of(function)
    last = body.named_children[-1].type if body.named_children else ""
    ends = last in ("return_statement", "throw_statement")
    if ends and all(js.first_named(node) is not None for node in returned):
        return False
    given = js.arguments_of(call)
    for index, parameter in enumerate(module.parameters(function)[: len(given)]):
        if js.unwrap(given[index]).type in ("undefined", "null") or not parameter.name:
            continue
        is_called = any(made.name == parameter.name for made in _calls_in(module, body))
        asked = (node.child_by_field_name("condition") for node in module.descendants(body, "if_statement"))
        if is_called and any(part is not None and _asks_for(module, part, parameter.name) for part in asked):
            return True
    return False


def _calls_in(module: Module, body: Node) -> Iterator[js.Call]:
    return (made for node in module.descendants(body, "call_expression") if (made := module.call(node)))


def _asks_for(module: Module, condition: Node, name: str) -> bool:
    """Whether a condition looks at nothing but whether a name holds something."""
    names = [
        module.text(node)
        for node in (js.unwrap(condition), *module.descendants(condition, "identifier"))
        if node.type == "identifier"
    ]
    return bool(names) and set(names) == {name}


def _is_settled_by_executor(module: Module, dropped: js.DroppedCall) -> bool:
    """Whether what a promise comes to is heard by the `new Promise(…)` around: its chain, or the function
    that is called, settles that one, or the two functions that do were put aside for it."""
    if module.settles_promise(dropped.promise):
        return True
    function = module.called_function(dropped.root)
    body = function.child_by_field_name("body") if function is not None else None
    if body is not None and module.settles_promise(body):
        return True
    executor = module.enclosing_function(dropped.root)
    around = module.call_around(executor) if executor is not None else None
    if executor is None or around is None or not around[0].is_new or around[0].name != "Promise":
        return False
    return any(
        module.parent(use) is not None and module.call_of(use) is None and use.id != declaration.node.id
        for declaration in module.scope.declared_in(executor).values()
        if declaration.kind is js.DeclarationKind.PARAMETER
        for use in module.scope.references(declaration)
    )


def _what(module: Module, dropped: js.DroppedCall) -> str | None:
    """What is dropped, in words; None when it is no promise, or one that another rule speaks of."""
    root = dropped.root
    source = module.promise_source(root)
    name = module.callee_name(root)
    if source in _MINE or _is_of_agent(module, root):
        if root.type == "new_expression":
            return "this promise"
        return f"`{name}()`" if name else "this asynchronous function"
    if source is not None or dropped.in_variable:
        return None
    if name in _EACH and _has_asynchronous_callback(module, root):
        return f"the asynchronous callback of `{name}()`"
    if dropped.is_chain and _is_given_function(module, dropped.promise):
        owned = name in _HOUSEKEEPING or _receiver_kind(module, root) in _OTHERS
        return None if owned else "this chain of promises"
    return None


def _receiver_kind(module: Module, call: Node) -> ValueKind | None:
    receiver = js.Call(module, call).receiver
    return module.value_of(receiver).kind if receiver is not None else None


def _is_given_function(module: Module, chain: Node) -> bool:
    """Whether `.then(…)` and its siblings are given functions, so that they are those of a promise."""
    call = module.call(chain)
    first = call.argument(0) if call is not None else None
    return first is not None and js.unwrap(first).type in ("arrow_function", "function_expression")


def _has_asynchronous_callback(module: Module, call: Node) -> bool:
    if _receiver_kind(module, call) in (None, ValueKind.MESSAGES):
        return False  # `queue-foreach-async` speaks of messages
    first = js.Call(module, call).argument(0)
    callback = module.function_value(first) if first is not None else None
    body = callback.child_by_field_name("body") if callback is not None else None
    if callback is None or body is None:
        return False
    if js.is_async(callback) or body.type == "statement_block":
        return js.is_async(callback)
    inner = module.chain_root(body)
    return inner is not None and module.promise_source(inner) in _MINE


_OBJECTS = frozenset({ClassKind.DURABLE_OBJECT})


def _fix(module: Module, promise: Node, root: Node) -> Fix | None:
    if module.callee_name(root) in _EACH:
        return None
    if module.in_constructor(root):
        return _fix_in_constructor(module, promise)
    # waiting is a deadlock where the stream that is written to is returned afterwards
    may_wait = module.callee_name(root) != "pipeTo" and not module.makes_stream_beside(root)
    awaited = fixes.fix_by_await(module, promise, Safety.UNSAFE) if may_wait else None
    if module.may_be_durable(root):
        return awaited
    return (
        fixes.fix_by_wait_until(module, promise, Safety.UNSAFE)
        or fixes.fix_by_new_context(module, promise)
        or awaited
    )


def _fix_in_constructor(module: Module, promise: Node) -> Fix | None:
    """A fix that has a Durable Object wait for what its constructor begins, before it gets anything else to
    do."""
    function, owner = module.enclosing_function(promise), module.enclosing_class(promise)
    statement = module.own_statement(promise)
    if function is None or owner is None or owner.kind not in _OBJECTS or statement is None:
        return None
    parameters = module.parameters(function)
    state = parameters[0].pattern if parameters else None
    if state is None or state.type != "identifier" or not module.in_constructor(statement):
        return None
    before = f"{module.text(state)}.blockConcurrencyWhile(() => "
    edits = (module.insert(promise.start_byte, before), module.insert(promise.end_byte, ")"))
    return Fix("Wait for it before the object gets anything else to do", edits, Safety.UNSAFE)
