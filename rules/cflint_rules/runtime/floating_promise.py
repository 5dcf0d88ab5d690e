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

## Not reported

Promises that are awaited, returned, passed on, stored, collected for `Promise.all()`, or marked as meant with
`void`. Executors of `new Promise(…)` whose chain resolves it. Code at the top level of a module. Code of the
user interface in files that a Worker renders. What other rules report: bindings, remote procedure calls,
alarms, Workflow steps, the storage of Durable Objects.

A promise whose errors are handled (by `.catch()`, or in the function itself): in a Durable Object, which goes
on after the response; in listeners and timers; where a stream that is being written to is the response; in a
helper whose callers are not known, when it is `.catch()` that handles them. In a constructor, which cannot
wait.

A note only, one for all calls of a function in a file: in a Durable Object otherwise; in listeners and
timers; where a stream that is being written to is the response.

## Fix safety

Unsafe. The promise is passed to the `waitUntil()` in reach, which leaves the order of things as it is, and a
handler that lacks its `ctx` parameter is given it. In a Durable Object, and where no context is in reach, the
promise is awaited, unless a stream that it feeds is returned afterwards.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
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
    pattern,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MINE = frozenset(
    {js.PromiseSource.FETCH, js.PromiseSource.CACHE, js.PromiseSource.STREAM, js.PromiseSource.TIMER}
    | {js.PromiseSource.FUNCTION, js.PromiseSource.PROMISE}
)
_END_OF_CALL = pattern(rb"\)[ \t]*(?=[;}]|//|[\r\n]\s*(?:[^\s.,)\]?:=*%&|>]|\Z)|\Z)")
"""A parenthesis that a statement may end with: one that nothing follows which goes on with the expression."""
_KEPT = pattern(
    rb"[ \t]*(?:(?:await|return|throw)\b|(?:console\.\w+|super)\("
    rb"|(?:const|let|var) [\w$]+(?:: [\w.$]+(?:\[\])?)? = (?:await\b|new (?!Promise\b)"
    rb"|(?:JSON|Object|Math|Date|Array|Number|String|Boolean|crypto)\.\w+\("
    rb"|(?:String|Number|Boolean|BigInt|Symbol|parseInt|parseFloat|structuredClone|atob|btoa)\())[^{;]*\Z"
)
"""What a line starts with that drops no promise, up to the end of a call."""
_STREAM = pattern(rb"new\s{1,9}(?:\w{0,40}TransformStream|FixedLengthStream|ReadableStream)\b")
_CHAIN = frozenset({"then", "catch", "finally"})
_EACH = frozenset({"forEach", "map", "flatMap"})
_LATER = frozenset({"addEventListener", "on", "once", "setTimeout", "setInterval"})
_INTERFACES = ("react", "preact", "vue", "svelte", "solid-js", "next", "@remix-run/react", "@tanstack/react")
_BEFORE_USE = (b" ", b"(", b"[", b"!", b"\n", b"{", b"\t")
_AFTER_USE = (b")", b"]", b",", b"}", b"[")
_OF_CHAIN = pattern(rb"\.(?:then|catch|finally)\b")
_OPERATORS = frozenset({"ternary_expression", "binary_expression", "sequence_expression"})


@rule(
    module("async", "fetch", "then", "pipeTo", "Promise", "caches"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
)
def check(module: Module) -> Iterator[Finding]:
    if not module.workers and not module.handlers:
        return  # scripts, and code of the browser
    yield from _told_once(list(_floating(module)))


def _told_once(findings: list[Finding]) -> Iterator[Finding]:
    """Of notes that say the same of several places, one that names them all and mends what can be mended."""
    notes: dict[str, list[Finding]] = {}
    for found in findings:
        if found.severity is Severity.NOTE:
            notes.setdefault(found.message, []).append(found)
        else:
            yield found
    for first, *others in notes.values():
        fixes = [found.fix for found in (first, *others) if found.fix is not None]
        titles = {fix.title for fix in fixes}
        edits = dict.fromkeys(edit for fix in fixes for edit in fix.edits)
        title = titles.pop() if len(titles) == 1 else "Keep the promises"
        fix = Fix(title, tuple(edits), Safety.UNSAFE) if fixes else None
        places = tuple(replace(found.at, message="and here") for found in others)
        yield replace(first, related=(*first.related, *places), fix=fix)


def _floating(module: Module) -> Iterator[Finding]:
    seen: set[int] = set()
    data = module.document.data
    for found in _END_OF_CALL.finditer(data):
        if _KEPT.match(data, data.rfind(b"\n", 0, found.start()) + 1, found.start()) is not None:
            continue
        leaf = module.node_at(found.start(), found.start() + 1)
        if leaf is None or leaf.type != ")":
            continue
        holder = _statement_that_ends(module, leaf)
        if holder is None or holder.id in seen:
            continue
        seen.add(holder.id)
        for promise, root in _dropped(module, holder):
            finding = _judge(module, promise, root)
            if finding is not None:
                yield finding


def _statement_that_ends(module: Module, parenthesis: Node) -> Node | None:
    """The expression statement, or the declarator, that ends with a call's closing parenthesis."""
    syntax = module.syntax
    arguments = syntax.parent(parenthesis)
    if arguments is None or arguments.type not in ("arguments", "parenthesized_expression"):
        return None
    above = syntax.parent(arguments)
    for _ in range(30):
        if above is None or above.type in ("expression_statement", "variable_declarator"):
            return above
        if above.end_byte != parenthesis.end_byte:
            return None
        above = syntax.parent(above)
    return None


def _dropped(module: Module, holder: Node) -> Iterator[tuple[Node, Node]]:
    """The promises that a statement drops: the expression to keep, and the call that gives the promise."""
    if holder.type == "variable_declarator":
        value = holder.child_by_field_name("value")
        name = holder.child_by_field_name("name")
        plain = value is not None and name is not None and name.type == "identifier"
        if plain and value is not None and name is not None and not _is_handed_on(module, holder, name):
            for promise, call in _dropped_as_variable(module, value):
                if module.text(call.child_by_field_name("function") or call) not in _SETTLED:
                    yield promise, call
        return
    statement = js.first_named(holder)
    todo = [statement] if statement is not None else []
    for _ in range(50):
        if not todo:
            return
        node = js.unwrap(todo.pop())
        if node.type == "ternary_expression":
            todo.extend(
                part
                for name in ("alternative", "consequence")
                if (part := node.child_by_field_name(name)) is not None
            )
        elif node.type == "binary_expression":
            right = node.child_by_field_name("right")
            todo.extend([right] if right is not None else [])
        elif node.type == "sequence_expression":
            todo.extend(reversed(node.named_children))
        elif node.type == "assignment_expression":
            target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
            if target is not None and value is not None and js.unwrap(target).type == "identifier":
                yield from _dropped_as_variable(module, value)
        elif node.type in ("call_expression", "new_expression"):
            root = _root(module, node)
            if root is not None:
                yield module.with_wrappers(node), root


def _is_handed_on(module: Module, declarator: Node, name: Node) -> bool:
    """Whether the bytes behind a declaration show that the variable is given to somebody, or that something
    of it is read: then it is no promise that nobody looks at, whatever it is."""
    declaration = module.parent(declarator)
    block = module.parent(declaration) if declaration is not None else None
    data = module.document.data
    word = data[name.start_byte : name.end_byte]
    end = block.end_byte if block is not None else len(data)
    at = data.find(word, declarator.end_byte, end)
    while at != -1:
        after = data[at + len(word) : at + len(word) + 1]
        if data[at - 1 : at] in _BEFORE_USE and (
            after in _AFTER_USE or (after == b"." and _OF_CHAIN.match(data, at + len(word)) is None)
        ):
            return True
        at = data.find(word, at + len(word), end)
    return False


def _dropped_as_variable(module: Module, value: Node) -> Iterator[tuple[Node, Node]]:
    """The promise that is put in a variable which nobody looks at. What becomes of it is asked first: what it
    is takes the values of names, and other modules."""
    root = _root(module, js.unwrap(value))
    if root is None:
        return
    use = module.promise_use(root)
    if use.outcome is js.PromiseOutcome.DROPPED and module.promise_source(root) in _MINE:
        yield use.promise, root


def _root(module: Module, call: Node) -> Node | None:
    """The call whose promise a chain of `.then()` and its siblings hands on; the call itself without one."""
    for _ in range(50):
        if call.type != "call_expression":
            return call if call.type == "new_expression" else None
        callee = call.child_by_field_name("function")
        callee = js.unwrap(callee) if callee is not None else None
        name = callee.child_by_field_name("property") if callee is not None else None
        target = callee.child_by_field_name("object") if callee is not None else None
        if callee is None or name is None or target is None or module.text(name) not in _CHAIN:
            return call
        inner = js.unwrap(target)
        if inner.type not in ("call_expression", "new_expression"):
            return None  # a promise with a name may be awaited elsewhere
        call = inner
    return None


def _judge(module: Module, promise: Node, root: Node) -> Finding | None:
    what = _what(module, promise, root)
    if what is None or module.enclosing_function(root) is None:
        return None
    if (
        js.unwrap(promise).id == root.id
        and module.text(root.child_by_field_name("function") or root) in _SETTLED
    ):
        return None  # throws an error away, or makes one heard, on purpose
    if not _runs_in_a_worker(module, root):
        return None
    caught = _catches(module, promise)
    handled = caught or _catches_all(module, module.called_function(root))
    asked = _is_asked(module, root)
    durable = _is_durable(module, root)
    goes_on = _goes_on(module, root)
    if handled and (durable or goes_on or (not asked and (caught or _in_constructor(module, root)))):
        return None  # meant to go on by itself, for all that can be known
    if _resolves_a_promise(module, promise, root):
        return None
    note = durable or goes_on or _name_of(module, root) == "pipeTo"
    cut = "it may be cancelled when the response is sent" if asked else "it may be cut off in the middle"
    losses = [*([] if durable or goes_on else [cut]), *([] if handled else ["its errors are lost"])]
    return Finding(
        f"nothing waits for {what}: {' and '.join(losses)}",
        module.at(root),
        fix=_fix(module, promise, root),
        severity=Severity.NOTE if note else None,
    )


def _what(module: Module, promise: Node, root: Node) -> str | None:
    """What is dropped, in words; None when it is no promise, or one that another rule speaks of."""
    source = module.promise_source(root)
    name = _name_of(module, root)
    if source in _MINE:
        if root.type == "new_expression":
            return "this promise"
        return f"`{name}()`" if name else "this asynchronous function"
    if source is not None:
        return None
    if name in _EACH and _has_asynchronous_callback(module, root):
        return f"the asynchronous callback of `{name}()`"
    if js.unwrap(promise).id != root.id and _handles(module, js.unwrap(promise)):
        receiver = js.unwrap(root.child_by_field_name("function") or root).child_by_field_name("object")
        owned = name in _HOUSEKEEPING or (receiver is not None and module.value_of(receiver).kind in _OTHERS)
        return None if owned else "this chain of promises"
    return None


_SETTLED = frozenset({"Promise.resolve", "Promise.reject"})
_HOUSEKEEPING = frozenset({"cancel", "close", "abort", "write", "end"})
_OTHERS = frozenset(
    {ValueKind.DATABASE_CLIENT, ValueKind.STUB, ValueKind.BINDING, ValueKind.STORAGE, ValueKind.WORKFLOW_STEP}
)


def _name_of(module: Module, call: Node) -> str:
    callee = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    callee = js.unwrap(callee) if callee is not None else None
    if callee is None:
        return ""
    name = callee.child_by_field_name("property") or (callee if callee.type == "identifier" else None)
    return module.text(name) if name is not None else ""


def _handles(module: Module, chain: Node) -> bool:
    """Whether `.then(…)` and its siblings are given functions, so that they are those of a promise."""
    arguments = js.arguments_of(chain)
    return bool(arguments) and js.unwrap(arguments[0]).type in ("arrow_function", "function_expression")


def _has_asynchronous_callback(module: Module, call: Node) -> bool:
    callee = js.unwrap(call.child_by_field_name("function") or call)
    receiver = callee.child_by_field_name("object")
    arguments = js.arguments_of(call)
    if receiver is None or not arguments or module.value_of(receiver).kind is ValueKind.MESSAGES:
        return False  # `queue-foreach-async` speaks of messages
    callback = js.unwrap(arguments[0])
    if callback.type == "identifier":
        declaration = module.scope.resolve(callback)
        found = module.function_of(declaration) if declaration is not None else None
        return found is not None and js.is_async(found)
    if callback.type not in js.FUNCTIONS:
        return False
    body = callback.child_by_field_name("body")
    if js.is_async(callback) or body is None or body.type == "statement_block":
        return js.is_async(callback)
    inner = _root(module, js.unwrap(body))
    return inner is not None and module.promise_source(inner) in _MINE


def _in_constructor(module: Module, node: Node) -> bool:
    """Whether code is that of a constructor, which can wait for nothing."""
    method, owner = module.method_around(node), module.enclosing_class(node)
    return method is not None and owner is not None and owner.constructor == method


def _catches(module: Module, promise: Node) -> bool:
    """Whether a chain has a `.catch(…)`, or a `.then(…, …)` with two functions, or is of a function that is
    written in place and catches all."""
    node = js.unwrap(promise)
    for _ in range(50):
        callee = node.child_by_field_name("function") if node.type == "call_expression" else None
        callee = js.unwrap(callee) if callee is not None else None
        name = callee.child_by_field_name("property") if callee is not None else None
        target = callee.child_by_field_name("object") if callee is not None else None
        if name is None or target is None or module.text(name) not in _CHAIN:
            return _catches_all(
                module, callee if callee is not None and callee.type in js.FUNCTIONS else None
            )
        given = len(js.arguments_of(node))
        if (module.text(name), given) in (("catch", 1), ("then", 2)):
            return True
        node = js.unwrap(target)
    return False


def _catches_all(module: Module, function: Node | None) -> bool:
    """Whether a function ends with a `try … catch` that throws nothing on."""
    body = function.child_by_field_name("body") if function is not None else None
    statements = [part for part in body.named_children if part.type != "comment"] if body is not None else []
    last = statements[-1] if statements else None
    handler = last.child_by_field_name("handler") if last is not None else None
    if last is None or last.type != "try_statement" or handler is None:
        return False
    return next(module.descendants(handler, "throw_statement"), None) is None


def _resolves_a_promise(module: Module, promise: Node, root: Node) -> bool:
    """Whether a chain hands its outcome to the `new Promise((resolve, reject) => …)` around it."""
    for above in module.ancestors(root):
        if above.type not in js.FUNCTIONS:
            continue
        listed = module.parent(module.with_wrappers(above))
        made = module.parent(listed) if listed is not None and listed.type == "arguments" else None
        if made is None or made.type != "new_expression" or _name_of(module, made) != "Promise":
            continue
        parameters = above.child_by_field_name("parameters") or above.child_by_field_name("parameter")
        names = re.findall(r"[\w$]+", module.text(parameters)) if parameters is not None else []
        text = module.text(promise)
        return any(re.search(rf"(?<![\w$.]){re.escape(name)}(?![\w$])", text) for name in names)
    return False


def _is_asked(module: Module, node: Node) -> bool:
    """Whether code runs for one request or event: in a handler, an entrypoint class, or a route."""
    owner = module.enclosing_class(node)
    if module.handler_around(node) is not None or (owner is not None and owner.kind.is_platform):
        return True
    for above in module.ancestors(node):
        if above.type in js.FUNCTIONS:
            for declaration in module.scope.declared_in(above).values():
                if module.value_declared(declaration).kind in _CONTEXTS:
                    return True
    return False


_CONTEXTS = frozenset({ValueKind.HONO_CONTEXT, ValueKind.PAGES_CONTEXT, ValueKind.EXECUTION_CONTEXT})


def _runs_in_a_worker(module: Module, node: Node) -> bool:
    """Whether code is the Worker's: what runs for a request, or a plain helper."""
    if _is_asked(module, node):
        return True
    if (
        not module.workers
        or all(worker.is_document for worker in module.workers)
        or module.path.endswith((".tsx", ".jsx"))
    ):
        return False
    sources = (found.imported.module for found in module.scope.imports if found.imported is not None)
    return not any(source.startswith(_INTERFACES) for source in sources)


def _is_durable(module: Module, node: Node) -> bool:
    """Whether code stands in a Durable Object's class, or in one that may be: a mixin."""
    owner = module.enclosing_class(node)
    return owner is not None and (owner.kind.runs_as_durable_object or owner.kind is ClassKind.UNKNOWN)


def _goes_on(module: Module, node: Node) -> bool:
    """Whether something keeps the code alive: a listener, a timer, a stream that is the response."""
    if _writes_a_stream(module, node):
        return True
    for above in module.ancestors(node):
        if above.type not in js.FUNCTIONS:
            continue
        listed = module.parent(module.with_wrappers(above))
        call = module.parent(listed) if listed is not None and listed.type == "arguments" else None
        if call is not None and _name_of(module, call) in _LATER:
            return True
    return False


def _writes_a_stream(module: Module, node: Node) -> bool:
    data = module.document.data
    return any(
        _STREAM.search(data, above.start_byte, above.end_byte) is not None
        for above in module.ancestors(node)
        if above.type in js.FUNCTIONS
    )


def _fix(module: Module, promise: Node, root: Node) -> Fix | None:
    if _name_of(module, root) in _EACH:
        return None
    awaited = fixes.fix_by_await(module, promise, Safety.UNSAFE)
    if _is_durable(module, root):
        return awaited if _may_wait(module, root) else None
    return (
        fixes.fix_by_wait_until(module, promise, Safety.UNSAFE)
        or fixes.fix_by_new_context(module, promise)
        or (awaited if _may_wait(module, root) else None)
    )


def _may_wait(module: Module, root: Node) -> bool:
    """Whether waiting is no deadlock, as it is where the stream that is written to is returned afterwards."""
    return _name_of(module, root) != "pipeTo" and not _writes_a_stream(module, root)
