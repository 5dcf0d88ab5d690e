"""Look at `response.ok` before you take a response's body for what you asked for.

`fetch()` rejects only where there is no answer at all. A status of 403, 429 or 500 is an answer, too: with a
page of HTML, which makes `json()` throw a `SyntaxError` that says nothing of the cause, or with JSON about
the error, where the fields that the code reads are missing. What is made of it may be stored or cached.

## Incorrect

```ts
interface Rates {
  rates: Record<string, number>;
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const response = await fetch("https://api.example.com/rates");
    const { rates } = await response.json<Rates>();
    return Response.json(Object.keys(rates));
  },
} satisfies ExportedHandler;
```

## Correct

```ts
interface Rates {
  rates: Record<string, number>;
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    const response = await fetch("https://api.example.com/rates");
    if (!response.ok) {
      await response.body?.cancel();
      console.error("rates cannot be had", response.status);
      return new Response("try again later", { status: 502 });
    }
    const { rates } = await response.json<Rates>();
    return Response.json(Object.keys(rates));
  },
} satisfies ExportedHandler;
```

## What to do

Before the body is read: `if (!response.ok) throw new Error("the other side answered " + response.status)`,
which a `catch` around it takes, and which is an error 500 of a request and another try of a queue or a
step.

- "in a loop": Before the body is read: `if (!response.ok) { console.error("the other side answered " +
  response.status); continue; }`: the rest of this turn is left out, and the others still get theirs.
- "sent on with status 200": Hand on the status with the body: `status: response.status` in the options of the
  new `Response`. As it is, clients and caches take an error for the page.

## Not reported

Responses of which anything else is asked than their body (`status`), or that are handed to other code; bodies
that go anywhere but into Workers KV, into R2, or into a `Response` without a `status`. JSON of which
something is asked (`if (!data.success)`, `data?.name`), that is handed to a function, which may check it, or
to the client as it is. JSON that nothing is read of. `if (!data)` asks nothing: the JSON of an error is
there, too.

## Fix safety

Unsafe: what to do with an error is up to the author. Written is that the answer of an error ends what is
being done, as a connection that fails does, or that turn of a loop; an answer that is sent on gets its
status.

Source: https://developer.mozilla.org/en-US/docs/Web/API/Fetch_API/Using_Fetch#checking_response_status
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_TAKES = frozenset({"json"})
_BODIES = frozenset({"arrayBuffer", "blob", "bytes", "text"})
_TELLS = frozenset(
    {"ok", "success", "error", "errors", "status", "statusCode", "code", "errcode", "message", "msg"}
    | {"error_code", "error_description", "detail", "length"}
)
"""Fields that tell of an error."""
_HANDS_ON = frozenset(
    {"arguments", "return_statement", "arrow_function", "pair", "array", "spread_element", "yield_expression"}
)
_DEEP = 6


_LOOPS = frozenset({"for_statement", "for_in_statement"})
"""Loops whose next turn is about something else; in others `continue` may ask the same again, for ever."""
_HOLDERS = frozenset({"statement_block", "program"})


@rule(call("fetch"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not match.arguments or not module.is_run or not js.is_global(module, match.call.callee, "fetch"):
        return
    response = module.awaited(match.node)
    if response is None or response.pattern is not None or not module.runs_in_worker(match.node):
        return
    kept = _kept(module, response)
    if kept is not None:
        body, used, what = kept
        yield Finding(
            f"the answer of an error is {what}: look at `ok` first",
            module.at(body),
            (match.at(match.node, "the answer comes from here"), module.at(used, "and goes there")),
            words=_named(response),
            fix=_fix_of_kept(module, response, body, used),
        )
        return
    if response.declaration is None:
        taken = _taken(module, response.node)
    elif len(response.references) == 1:
        taken = _taken(module, response.references[0])
    else:
        return  # something else is asked of it, or it is handed on
    read = _read_unasked(module, taken) if taken is not None else None
    if taken is None or read is None:
        return
    yield Finding(
        "the answer of an error is read as if it were the data: look at `ok` first",
        module.at(taken),
        (match.at(match.node, "the answer comes from here"), module.at(read, "and is used here")),
        words=(*_named(response), *((("in a loop", ""),) if _is_in_loop(module, taken) else ())),
        fix=_fix(module, response, taken),
    )


def _named(response: js.Awaited) -> js.Words:
    return (("response", response.declaration.name),) if response.declaration is not None else ()


def _fix(module: Module, response: js.Awaited, taken: Node) -> Fix | None:
    """A fix that asks for `ok` before the body is read."""
    statement = module.statement_of(taken)
    holder = module.parent(statement) if statement is not None else None
    if response.declaration is None or statement is None or holder is None or holder.type not in _HOLDERS:
        return None
    name = response.declaration.name
    told = f"`the other side answered ${{{name}.status}}`"
    indent = module.indent_of(statement)
    if _is_in_loop(module, taken):
        inner = f"\n{indent}{module.indent_unit}"
        lines = f"if (!{name}.ok) {{{inner}console.error({told});{inner}continue;\n{indent}}}"
        title = "Leave out this turn of the loop"
    else:
        lines, title = (
            f"if (!{name}.ok) throw new Error({told});",
            "Throw where the other side answers an error",
        )
    return Fix(title, (module.insert(statement.start_byte, f"{lines}\n{indent}"),), Safety.UNSAFE)


def _fix_of_kept(module: Module, response: js.Awaited, body: Node, used: Node) -> Fix | None:
    """A fix that hands on the status with a body, or stores none of an error."""
    made = module.call(used)
    if response.declaration is None or made is None:
        return None
    if not made.is_new:
        return _fix(module, response, body)
    status, options = f"status: {response.declaration.name}.status", made.argument(1)
    if options is None:
        edit = module.insert(made.arguments[0].end_byte, f", {{ {status} }}")
    else:
        edit = module.add_properties(js.unwrap(options), status)
    return Fix("Hand on the status", (edit,), Safety.UNSAFE)


def _is_in_loop(module: Module, node: Node) -> bool:
    """Whether code is in a turn of a loop that no `try` within it guards: an error ends the others, too."""
    for above in module.ancestors(node):
        if above.type in _LOOPS:
            return True
        if above.type == "try_statement" or above.type in js.FUNCTIONS:
            return False
    return False


def _kept(module: Module, response: js.Awaited) -> tuple[Node, Node, str] | None:
    """Where the body of a response is taken that becomes a stored value, or an answer with status 200, where
    that goes, and what becomes of the answer of an error. None where anything else is asked of it."""
    taken: Node | None = None
    for use in response.references if response.declaration is not None else (response.node,):
        read = module.member_read(use)
        if read is None or read.is_optional:
            return None
        if read.name == "headers":
            continue
        called = module.method_called_on(use)
        if taken is not None or (read.name != "body" and (called is None or called[0] not in _BODIES)):
            return None
        taken = read.node if called is None else called[1]
    if taken is None:
        return None
    if taken.type == "call_expression":
        data = module.awaited(taken)
        holders = data.holders if data is not None and data.pattern is None else ()
        if data is not None and any(_is_measured(module, holder) for holder in holders):
            return None
    else:
        holders = (taken,)
    for holder in holders:
        around = module.call_around(holder)
        what = _what_becomes(module, *around) if around is not None else None
        if around is not None and what is not None:
            return taken, around[0].node, what
    return None


def _is_measured(module: Module, holder: Node) -> bool:
    """Whether something is asked of some data, which tells the answer of an error apart."""
    return js.is_guard(module, holder) or module.member_read(holder) is not None


def _what_becomes(module: Module, call: js.Call, position: int) -> str | None:
    """What becomes of the body of a response that a call is given; None where it goes on to other code."""
    if call.name == "put" and position == 1 and not call.is_new:
        value = module.value_of(call.receiver)
        return "stored as if it were the data" if value.is_binding("r2") or value.is_binding("kv") else None
    if not call.is_new or call.name != "Response" or position != 0:
        return None
    options = call.argument(1)
    if options is not None and (
        js.unwrap(options).type != "object"
        or module.is_open_object(options)
        or module.property_value(options, "status") is not None
    ):
        return None
    return "sent on with status 200"


def _taken(module: Module, response: Node) -> Node | None:
    """The call that reads the JSON of a response, where that is all that is done with it."""
    found = module.method_called_on(response)
    return found[1] if found is not None and found[0] in _TAKES else None


def _read_unasked(module: Module, taken: Node) -> Node | None:
    """Where a property of some JSON is read, of which nobody asks anything anywhere, whatever type is claimed
    for it: a cast says nothing of what a server sent."""
    data = module.awaited(taken)
    if data is None:
        return None
    if data.pattern is not None:
        if module.try_around(taken) is not None:
            return None  # what it does not have throws there, or is missing afterwards
        return data.pattern if _takes_apart_blindly(module, data.pattern) else None
    first: Node | None = None
    for holder in data.holders:
        if holder is not data.node and (_asks_nothing(module, holder) or _is_printed(module, holder)):
            continue
        whole = module.with_wrappers(holder)
        parent = module.parent(whole)
        if js.is_guard(module, holder) or parent is None or parent.type in _HANDS_ON:
            return None
        read = module.member_read(holder)
        if read is None:
            if holder is not data.node:
                return None
            continue
        if read.is_optional or read.name in _TELLS or _is_asked(module, read.node):
            return None
        first = first or read.name_node
    return first


def _asks_nothing(module: Module, holder: Node) -> bool:
    """Whether JSON is only asked whether it is there: that of an error is, too."""
    above = module.parent(module.with_wrappers(holder))
    operation = module.operation(above) if above is not None else None
    return operation is not None and operation.operator == "!" and operation.left is None


def _is_printed(module: Module, holder: Node) -> bool:
    """Whether JSON is only printed."""
    around = module.call_around(holder)
    receiver = around[0].receiver if around is not None else None
    return receiver is not None and module.is_global(receiver, "console")


def _takes_apart_blindly(module: Module, pattern: Node) -> bool:
    """Whether a pattern takes properties without a default, none of which may tell of an error."""
    if pattern.type != "object_pattern":
        return False
    for part in pattern.named_children:
        if part.type not in ("shorthand_property_identifier_pattern", "pair_pattern"):
            return False
        if module.text(part.child_by_field_name("key") or part) in _TELLS:
            return False
        name = part.child_by_field_name("value") or part
        declaration = module.scope.resolve(name) if name.type != "object_pattern" else None
        uses = module.scope.references(declaration) if declaration is not None else ()
        if any(js.is_guard(module, use) for use in uses):
            return False
    return True


def _is_asked(module: Module, read: Node) -> bool:
    """Whether something is asked of a property, or of one of it, or a variable that keeps it."""
    for _ in range(_DEEP):
        around = module.call_around(read)
        if js.is_guard(module, read) or (around is not None and around[0].name == "isArray"):
            return True
        above = module.parent(module.with_wrappers(read))
        if above is None or above.type not in ("member_expression", "subscript_expression"):
            break
        read = above
    name = module.given_name(module.with_wrappers(read))
    if name is None or name.type != "identifier":
        return False
    declaration = module.scope.resolve(name)
    uses = module.scope.references(declaration) if declaration is not None else ()
    return any(js.is_guard(module, use) for use in uses)
