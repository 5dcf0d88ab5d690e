"""Acknowledge or retry each message of a batch, so that one failure does not redeliver all of them.

When a `queue()` handler throws, the whole batch counts as failed: every message in it is delivered again,
those that succeeded, too. A message that always fails takes the others with it, up to the dead letter queue.
With `ack()` on success and `retry()` on failure, each message counts on its own.

## Incorrect

```ts
interface Job {
  url: string;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      await fetch(message.body.url, { method: "POST" });
    }
  },
} satisfies ExportedHandler<Env, Job>;
```

## Correct

```ts
interface Job {
  url: string;
}

export default {
  async queue(batch, env): Promise<void> {
    for (const message of batch.messages) {
      try {
        await fetch(message.body.url, { method: "POST" });
        message.ack();
      } catch (error) {
        console.error("delivery failed", message.id, error);
        message.retry({ delaySeconds: 30 });
      }
    }
  },
} satisfies ExportedHandler<Env, Job>;
```

## Not reported

A handler that acknowledges or retries anything itself, or hands the batch or its messages to code that may. A
batch that is processed as one unit, or that holds one message only (`max_batch_size: 1`), gets a note.

## Fix safety

There is no fix: only the author knows which errors are worth another try.

Source: https://developers.cloudflare.com/queues/configuration/batching-retries/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Handler, Module, Severity, ValueKind, handler, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_ANSWERS = frozenset({"ack", "retry", "ackAll", "retryAll"})
_HARMLESS = frozenset({"log", "info", "warn", "error", "debug", "stringify", "String"})
_LOOPS = frozenset({"for_in_statement"})
_ADVICE = "call `ack()` or `retry()` on each message"


@rule(handler("queue"), severity=Severity.WARNING)
def check(found: Handler) -> Iterator[Finding]:
    module, function, body = found.module, found.function, found.body
    if body is None or not found.parameters or function.has_error:
        return
    if _answers(module, body) or _hands_on(module, body):
        return
    name = function.child_by_field_name("name") or function
    at_handler = module.at(name, "this handler") if name is not function else None
    related = (at_handler,) if at_handler is not None else ()
    single = _one_at_a_time(module)
    failing = next(_failing_in_loops(module, body), None)
    if failing is not None:
        thrown = failing.type == "throw_statement"
        what = "a `throw`" if thrown else f"`{_short(module, failing)}` that fails"
        end = "fails the batch of one message" if single else "redelivers the whole batch"
        yield Finding(
            f"{what} for one message {end}; {_ADVICE}",
            module.at(failing),
            related,
            severity=Severity.NOTE if single else None,
        )
        return
    for node in js.walk(body, into_functions=False, into_classes=False):
        if node.type == "throw_statement" and not _is_caught(module, node, body):
            yield Finding(
                "a `throw` here redelivers the whole batch; say so with `batch.retryAll({ delaySeconds })`, "
                f"or {_ADVICE}",
                module.at(node),
                related,
                severity=Severity.NOTE,
            )


def _short(module: Module, awaited: "Node") -> str:
    call = js.unwrap(awaited.named_children[0]) if awaited.named_children else awaited
    return f"{module.callee_name(call) or 'await'}()" if call.type == "call_expression" else "await"


def _answers(module: Module, body: "Node") -> bool:
    return any(
        module.text(name) in _ANSWERS
        for node in module.descendants(body, "member_expression", "object_pattern")
        for name in (
            [node.child_by_field_name("property")]
            if node.type == "member_expression"
            else node.named_children
        )
        if name is not None
    )


def _hands_on(module: Module, body: "Node", depth: int = 0) -> bool:
    """Whether the batch, its messages or one of them goes to code that may acknowledge them."""
    for call in module.descendants(body, "call_expression", "new_expression"):
        for argument in js.arguments_of(call):
            if argument.type == "spread_element":
                argument = argument.named_children[0] if argument.named_children else argument
            kind = module.value_of(argument).kind
            if kind not in (ValueKind.MESSAGE_BATCH, ValueKind.MESSAGES, ValueKind.MESSAGE):
                continue
            if module.callee_name(call) in _HARMLESS:
                continue
            if depth > 3 or not _does_not_answer(module, call, depth + 1):
                return True
    return any(
        module.value_of(value).kind in (ValueKind.MESSAGE_BATCH, ValueKind.MESSAGES, ValueKind.MESSAGE)
        for node in module.descendants(
            body, "pair", "array", "shorthand_property_identifier", "spread_element"
        )
        for value in (
            [node.child_by_field_name("value")] if node.type == "pair" else node.named_children or [node]
        )
        if value is not None
    )


def _does_not_answer(module: Module, call: "Node", depth: int) -> bool:
    """Whether what is called is a function of this module without a word of acknowledging."""
    callee = call.child_by_field_name("function")
    callee = js.unwrap(callee) if callee is not None else None
    function: Node | None = None
    if callee is not None and callee.type == "identifier":
        declaration = module.scope.resolve(callee)
        function = module.function_of(declaration) if declaration is not None else None
    elif (
        callee is not None and callee.type == "member_expression" and module.text(callee).startswith("this.")
    ):
        owner = module.this_class_of_member(callee)
        function = owner.method(module.callee_name(call)) if owner is not None else None
    return function is not None and not _answers(module, function) and not _hands_on(module, function, depth)


def _failing_in_loops(module: Module, body: "Node") -> Iterator["Node"]:
    """What can fail for one message: an `await` or `throw` in a loop over them that nothing catches."""
    for node in js.walk(body, into_classes=False):
        if node.type in _LOOPS:
            iterated = node.child_by_field_name("right")
            is_messages = iterated is not None and module.value_of(iterated).kind is ValueKind.MESSAGES
            inside = node.child_by_field_name("body")
            if is_messages and inside is not None:
                yield from _failing(module, inside, body)
        elif node.type == "call_expression" and module.callee_name(node) == "map":
            callee = node.child_by_field_name("function")
            owner = callee.child_by_field_name("object") if callee is not None else None
            arguments = js.arguments_of(node)
            if owner is None or module.value_of(owner).kind is not ValueKind.MESSAGES or not arguments:
                continue
            callback = js.unwrap(arguments[0])
            inside = callback.child_by_field_name("body") if callback.type in js.FUNCTIONS else None
            if inside is not None and _all_of_them(module, node) and not _is_caught(module, node, body):
                yield from _failing(module, inside, inside)


def _failing(module: Module, inside: "Node", until: "Node") -> Iterator["Node"]:
    nodes = [inside, *js.walk(inside, into_functions=False, into_classes=False)]
    for node in nodes:
        if node.type in ("await_expression", "throw_statement") and not _is_caught(module, node, until):
            if node.type == "await_expression" and _catches_itself(module, node):
                continue
            yield node


def _catches_itself(module: Module, awaited: "Node") -> bool:
    if not awaited.named_children:
        return True
    names = set()
    call = js.unwrap(awaited.named_children[0])
    while call.type == "call_expression":
        names.add(module.callee_name(call))
        callee = call.child_by_field_name("function")
        owner = callee.child_by_field_name("object") if callee is not None else None
        if owner is None:
            break
        call = js.unwrap(owner)
    return bool(names & {"catch", "allSettled", "wait"})


def _all_of_them(module: Module, mapped: "Node") -> bool:
    """Whether an array of promises goes to `Promise.all`, which fails as soon as one does."""
    parent = module.parent(mapped)
    call = module.parent(parent) if parent is not None and parent.type == "arguments" else None
    return call is not None and module.callee_name(call) == "all"


def _is_caught(module: Module, node: "Node", until: "Node") -> bool:
    """Whether a `catch` below `until` takes what is thrown at a node."""
    child = node
    for above in module.ancestors(node):
        if above.type == "try_statement":
            body = above.child_by_field_name("body")
            if body is not None and body.id == child.id and above.child_by_field_name("handler") is not None:
                return True
        if above.id == until.id:
            return False
        child = above
    return False


def _one_at_a_time(module: Module) -> bool:
    """Whether every consumer of the Workers that hold this module gets one message at a time."""
    sizes = [
        consumer.node.get("max_batch_size")
        for environment in module.environments
        for consumer in environment.queue_consumers
    ]
    return bool(sizes) and all(size is not None and size.value == 1 for size in sizes)
