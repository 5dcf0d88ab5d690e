"""Log the details of an unexpected error, and send the client a plain message.

The message and the stack of an error that was not expected reveal internals: table and column names, hosts,
file paths, parts of queries. They belong in the log: they are of no use to a client, but of use to an
attacker. An error that is put into JSON as it is (`{ error }`) loses its message, but not the fields that
some errors have.

Functions of the project that make the response of what they are given are followed, in other modules, too.
A status that is 500 for some errors counts as one of 500. In Python: `str(e)` and the like of what `except
Exception` caught, and the traceback (`traceback.format_exc()`) with any status.

An error that is answered with its message and no status is worse still: it goes out as 200.

## Incorrect

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    try {
      return Response.json(await env.DB.prepare("SELECT name FROM users LIMIT 50").all());
    } catch (error) {
      return Response.json({ error: (error as Error).message }, { status: 500 });
    }
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  DB: D1Database;
}

export default {
  async fetch(request, env): Promise<Response> {
    try {
      return Response.json(await env.DB.prepare("SELECT name FROM users LIMIT 50").all());
    } catch (error) {
      console.error("listing users failed", error);
      return Response.json({ error: "internal error" }, { status: 500 });
    }
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Send `"internal error"` in place of what is shown of the error, with the status as it is, and log the error
as the first line of the `catch`, unless it does already: `console.error(error)`. Clients that show the
message show that then.

- "sender of the mail": Reject with a text of your own, `message.setReject("This mail could not be taken")`,
  and log the error as the first line of the `catch`, unless it does already: `console.error(error)`. Where a
  later try may help, throw in place of rejecting: the sender's server tries again.
- "with status 200": Answer with status 500 and a text of your own: `Response.json({ error: "internal error"
  }, { status: 500 })`, and log the error as the first line of the `catch`, unless it does already:
  `console.error(error)`. Clients that look at the body alone have to look at the status.

## Not reported

Statuses below 500, for which a message is meant for the client; errors of a class of one's own (`error
instanceof HttpError`), or that are told by what they say (`message.includes("limit reached")`); what is sent
in development only; protocols that answer errors with 200 (JSON-RPC). The message where a `try` waits for
nothing and can only throw texts that the project itself wrote (a configuration that is checked), or nothing
at all; what a Durable Object answers under a path that says that it is internal.

## Fix safety

Unsafe: clients that show the message, and tests that expect it, get another text. It is the one that the code
has for errors without a message, or what stands before the message; otherwise `"internal error"`. Fields that
say more beside one that says what failed go, and the error is logged where it is not yet. Where the status is
another one for some errors, those below 500 keep their message. Python has no fix.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    keyword,
    member_access,
    pattern,
    python,
    python_module,
    rule,
)
from cflint_rules.security._development import DEVELOPMENT, is_for_development, only_hands_on
from cflint_rules.security._errors import DETAILS, is_meant, leaks
from cflint_rules.security._plain_answer import plain_answer

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_MESSAGE = "the details of an unexpected error are sent to the client"
_WHOLE = (
    "an unexpected error is sent to the client as it is: JSON keeps nothing of most errors, and all of some"
)
_AS_SUCCESS = "an error is answered with status 200 and its details: callers and caches take it for a success"
_STACK = "the stack of an error is sent to the client"
_TO_SENDER = "the details of an unexpected error go to the sender of the mail that is rejected"
_SHOWN_ERRORS = frozenset({"ActionError", "TRPCError"})
"""Errors of frameworks whose message the client gets."""
_SHOWS = pattern(rb"\b(?:ActionError|TRPCError)\(")
_CAUGHT = "the error is caught here"
_ERROR_NAME = pattern(r"e|ex|err|error|exc|exception|cause|reason|\w*Err(?:or)?")
_NAMES = ("identifier", "shorthand_property_identifier")
_OWN_ERRORS = pattern(rb"jsonrpc|graphql|text/event-stream|isError", re.IGNORECASE)
_PYTHON_RESPONSE = pattern(r"Response$|^HTTPException$")
_INTERNAL = pattern(rb"[\"'`]/_*internal\b")


@rule(keyword("catch"), call("onError"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if module.workers and not module.is_run:
        return  # no Worker runs its functions
    parameter, body = _caught(match)
    if parameter is None or body is None or parameter.type != "identifier":
        return
    data = module.document.data
    name = data[parameter.start_byte : parameter.end_byte]
    if data.find(name, body.start_byte, body.end_byte) == -1:
        return
    responses = list(module.responses_made(body))
    called = tuple(module.descendants(body, "call_expression"))
    shows = _SHOWS.search(data, body.start_byte, body.end_byte) is not None
    error = module.scope.resolve(parameter) if responses or called or shows else None
    if error is None or not any(js.contains(body, use) for use in module.scope.references(error)):
        return
    if _is_internal(module, match.node) or only_hands_on(module, match.node):
        return
    is_checked = cache(partial(_is_checked, module, match.node))  # which follows all that the `try` calls
    for made in responses:
        if made.content is None or is_meant(module, made.node, body):
            continue
        shown = next(_sent(module, made.content, error, is_expected=False), None)
        if shown is None:
            continue
        is_expected = not _may_be_500(module, made) or is_checked()
        told = next(_sent(module, made.content, error, is_expected=is_expected), None)
        if told is None and _is_success(module, made, body) and not is_checked():
            told = (_AS_SUCCESS, shown[1])
        if told is not None:
            clause = match.node if match.node.type == "catch_clause" else None
            fix = _fix(module, made, error, body, clause) if told[0] != _AS_SUCCESS else None
            yield Finding(*told, (module.at(parameter, _CAUGHT),), fix)
    telling = {node.id: given for node in called if (given := _told_to(module, node, error)) is not None}
    for outside, teller in _told_outside(module, body, called, telling, error):
        if not is_meant(module, teller, body) and not is_checked():
            yield Finding(*outside, (module.at(parameter, _CAUGHT),))
    for node in called:
        stack = _stack_sent_to_socket(module, node, error)
        if stack is not None:
            yield Finding(_STACK, module.at(stack), (module.at(parameter, _CAUGHT),))
        if node.id not in telling:
            continue
        for reply in js.replies_of(module, node) if not is_meant(module, node, body) else ():
            is_expected = reply.status is None or reply.status < 500 or is_checked()
            for content in reply.contents:
                if module.scope.resolve(js.unwrap(content)) is error:
                    continue  # what the function shows of it is told there
                for message, at in _sent(module, content, error, is_expected=is_expected):
                    clause = match.node if match.node.type == "catch_clause" else None
                    fix = plain_answer(module, content, error, body, clause)
                    yield Finding(message, at, (module.at(parameter, _CAUGHT),), fix)


def _fix(
    module: Module, made: js.ResponseMade, error: js.Declaration, body: Node, clause: Node | None
) -> Fix | None:
    """The fix by which a response of 500 says no more than that there was an error."""
    if made.content is None or (made.status is None and made.status_node is None):
        return None
    status = made.status_node if made.status is None else None
    return plain_answer(module, made.content, error, body, clause, status)


def _told_to(module: Module, node: Node, error: js.Declaration) -> Node | None:
    """The first argument of a call that tells about an error."""
    given = js.arguments_of(node)
    return next((part for part in given if next(leaks(module, part, error), None) is not None), None)


def _told_outside(
    module: Module,
    body: Node,
    called: Sequence[Node],
    telling: Mapping[int, Node],
    error: js.Declaration,
) -> Iterator[tuple[tuple[str, Location], Node]]:
    """What of an error somebody outside is told by something else than a response: the sender of a mail that
    is rejected, the client by the error that a framework sends it."""
    for node in called:
        given = telling.get(node.id)
        if given is not None and _rejects(module, node, given):
            yield (_TO_SENDER, module.at(given)), node
    for node in module.descendants(body, "new_expression"):
        made = js.Call(module, node)
        is_shown = made.name in _SHOWN_ERRORS and made.arguments and made.callee is not None
        options = made.arguments[0] if is_shown else None
        code = module.property_value(options, "code") if options is not None else None
        text = module.property_value(options, "message") if options is not None else None
        if code is None or text is None or module.string_of(code) != "INTERNAL_SERVER_ERROR":
            continue
        leak = next(leaks(module, text, error), None)
        if leak is not None:
            yield (_MESSAGE, module.at(leak)), node


def _rejects(module: Module, node: Node, given: Node) -> bool:
    """Whether a call rejects a mail with an argument as the reason, or the function does that it calls."""
    made = js.Call(module, node)
    if made.name == "setReject":
        return made.receiver is not None
    called = js.function_called(module, node)
    if called is None or not called[0].document.has_word("setReject"):
        return False
    home, function = called
    index = next((at for at, one in enumerate(made.arguments) if one.id == given.id), None)
    parameters = home.parameters(function)
    if index is None or index >= len(parameters):
        return False
    name = parameters[index].name
    for reject in home.calls("setReject", function):
        reason = reject.argument(0)
        if reason is not None and name is not None and home.text(js.unwrap(reason)) == name:
            return True
    return False


def _stack_sent_to_socket(module: Module, node: Node, error: js.Declaration) -> Node | None:
    """The stack of an error that a call sends to the other end of a WebSocket."""
    made = js.Call(module, node)
    if made.name != "send" or made.receiver is None or len(made.arguments) != 1:
        return None
    if module.value_of(made.receiver).kind in (ValueKind.BINDING, ValueKind.EXECUTION_CONTEXT):
        return None
    for leak in module.contents(made.arguments[0], lambda part: _is_stack(module, part, error), hops=1):
        return None if is_for_development(module, leak.node) else leak.node
    return None


def _is_stack(module: Module, node: Node, error: js.Declaration) -> bool:
    access = module.member(node)
    return access is not None and access.name == "stack" and module.scope.resolve(access.object) is error


def _is_success(module: Module, made: js.ResponseMade, body: Node) -> bool:
    """Whether a response that is returned says 200, for no protocol that has errors of its own."""
    if made.status != 200 or made.is_open or made.content is None or module.may_be_durable(made.node):
        return False
    if next(module.mentions(_OWN_ERRORS, body), None) is not None:
        return False
    if any(True for _ in module.calls_of("status", body)):
        return False  # Hono's `c.status()`
    statement = module.statement_of(made.node)
    return statement is not None and statement.type == "return_statement"


def _sent(
    module: Module, content: Node, error: js.Declaration, *, is_expected: bool
) -> Iterator[tuple[str, Location]]:
    """What to say of the first thing in a content that tells about an error, and its place."""
    for leak in leaks(module, content, error):
        shown = module.member(leak)
        if not is_expected or (shown is not None and shown.name == "stack"):
            yield (_WHOLE if _is_whole(module, leak, content, error) else _MESSAGE), module.at(leak)
            return


def _may_be_500(module: Module, made: js.ResponseMade) -> bool:
    """Whether a response tells of a fault of the server, at least for some errors."""
    if made.status is not None:
        return made.status >= 500
    if made.status_node is None:
        return False
    parts = js.alternatives(module, made.status_node)
    may_be = any((js.number_of(module, part) or 0) >= 500 for part in parts)
    return may_be and (made.content is None or not _chooses_by_status(module, made.content))


def _chooses_by_status(module: Module, content: Node) -> bool:
    """Whether a content, or a variable in it, is another one for statuses of 500 and more."""
    names = (name for name in (content, *module.descendants(content, *_NAMES)) if name.type in _NAMES)
    for part in (content, *(module.initializer(name) for name in names)):
        for choice in (part, *module.descendants(part, "ternary_expression")):
            asked = choice.child_by_field_name("condition") if choice.type == "ternary_expression" else None
            numbers = module.descendants(asked, "number") if asked is not None else ()
            if any((js.number_of(module, number) or 0) >= 500 for number in numbers):
                return True
    return False


def _is_checked(module: Module, clause: Node) -> bool:
    """Whether what a `catch` catches can only have the texts that the project itself wrote."""
    statement = module.parent(clause) if clause.type == "catch_clause" else None
    body = statement.child_by_field_name("body") if statement is not None else None
    return body is not None and js.throws_own_texts(module, body)


def _is_internal(module: Module, node: Node) -> bool:
    """Whether a node runs for a path of a Durable Object that says that only the Worker itself calls it."""
    if not module.may_be_durable(node):
        return False
    return any(
        _INTERNAL.search(module.document.data, condition.start_byte, condition.end_byte) is not None
        for condition in module.conditions_around(node)
    )


def _is_whole(module: Module, leak: Node, content: Node, error: js.Declaration) -> bool:
    """Whether an error itself becomes a part of what is sent, so that JSON says what is left of it."""
    if leak.type not in ("identifier", "shorthand_property_identifier"):
        return False
    parent = module.parent(module.with_wrappers(leak))
    is_part = parent is not None and parent.type in ("object", "pair")
    around = module.call_around(leak)
    is_text = around is not None and around[0].is_new  # `new Response(error)` sends `String(error)`
    is_content = js.unwrap(content).id == leak.id and not is_text
    return module.scope.resolve(leak) is error and (is_part or is_content)


@check.on(member_access(*DETAILS))
def check_helper(match: Match) -> Iterator[Finding]:
    """A function that makes a response of the error which it is given."""
    module, access = match.module, match.module.member(match.node)
    name = js.unwrap(access.object) if access is not None else None
    error = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    if error is None or error.kind is not js.DeclarationKind.PARAMETER or error.path:
        return
    if module.workers and not module.is_run:
        return
    function = error.scope
    if _ERROR_NAME.fullmatch(error.name) is not None and function.type in js.FUNCTIONS:
        yield from module.memoized(
            ("error sent by", function.id), lambda: tuple(_sent_by(module, function, error))
        )


def _sent_by(module: Module, function: Node, error: js.Declaration) -> Iterator[Finding]:
    body, caught = js.body_of(function), None
    for made in module.responses_made(body) if body is not None else ():
        if made.content is None or is_meant(module, made.node, function):
            continue
        is_expected = not _may_be_500(module, made)
        told = next(_sent(module, made.content, error, is_expected=is_expected), None)
        caught = caught or (_given_error(module, function, error) if told is not None else None)
        if told is not None and caught is not None and body is not None:
            yield Finding(*told, (caught,), _fix(module, made, error, body, None))


def _given_error(module: Module, function: Node, error: js.Declaration) -> Location | None:
    """Where a function is given an error that was not expected; None when one cannot see that it is."""
    given = module.parameters(function)
    index = next((i for i, one in enumerate(given) if one.pattern.id == error.node.id), None)
    if index is None:
        return None
    others = {module.value_of(one.pattern).kind for one in given}
    if index == 0 and ValueKind.HONO_CONTEXT in others:
        return module.at(error.node, "Hono gives it all errors")
    for site in js.callers_of(module, function).calls:
        argument = js.Call(site.module, site.node).argument(index)
        name = js.unwrap(argument) if argument is not None else None
        declared = site.module.scope.resolve(name) if name is not None and name.type == "identifier" else None
        if declared is None or declared.kind is not js.DeclarationKind.CATCH:
            continue
        if _is_checked(site.module, declared.scope) or _is_internal(site.module, site.node):
            continue
        if not is_meant(site.module, site.node, declared.scope):
            return site.module.at(declared.node, _CAUGHT)
    return None


def _caught(match: Match) -> tuple[Node | None, Node | None]:
    """The name of an error that was not expected, and the code that handles it."""
    module, node = match.module, match.node
    if node.type == "catch_clause":
        return node.child_by_field_name("parameter"), js.body_of(node)
    if node.type != "call_expression" or match.receiver_value.kind is not ValueKind.HONO_APP:
        return None, None
    handler = js.unwrap(match.arguments[0]) if match.arguments else None
    if handler is None or handler.type not in js.FUNCTIONS:
        return None, None
    given = module.parameters(handler)
    return (given[0].pattern if given else None), js.body_of(handler)


@check.on(python_module("except"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    if not module.workers or b"Exception" not in module.document.data:
        return
    import libcst as cst

    functions = {function.name.value: function for function in module.find(cst.FunctionDef)}
    for handler in module.find(cst.ExceptHandler):
        if not _catches_all(handler):
            continue
        name = handler.name.name if handler.name is not None else None
        error = name.value if isinstance(name, cst.Name) else None
        caught = (module.at(name, _CAUGHT),) if name is not None else ()
        for made in module.find_in(handler.body, cst.Call):
            maker = _python_maker(module, functions, made)
            if maker is None or _is_for_python_development(module, made, handler):
                continue
            is_500 = _python_answers_500(module, made, maker)
            sent = next(_python_sent(module, functions, made, error if is_500 else None), None)
            if sent is not None:
                yield Finding(_MESSAGE, module.at(sent), caught)


def _catches_all(handler: cst.ExceptHandler) -> bool:
    import libcst as cst

    return isinstance(handler.type, cst.Name) and handler.type.value in ("Exception", "BaseException")


def _is_for_python_development(
    module: python.PythonModule, made: cst.Call, handler: cst.ExceptHandler
) -> bool:
    import libcst as cst

    for above in module.ancestors(made):
        if above is handler:
            return False
        if isinstance(above, (cst.If, cst.IfExp)) and DEVELOPMENT.search(module.text(above.test).encode()):
            return True
    return False


def _python_maker(
    module: python.PythonModule, functions: Mapping[str, cst.FunctionDef], call: cst.Call
) -> tuple[cst.FunctionDef, ...] | None:
    """The functions of the module that make the response a call gives, none where it is a class that sounds
    like one; None of other calls. A function makes one by others, too."""
    import libcst as cst

    made: list[cst.FunctionDef] = []
    todo = [call]
    for _ in range(_MAKERS):
        if not todo:
            return None
        called = todo.pop()
        names = [part.value for part in (called.func, *called.func.children) if isinstance(part, cst.Name)]
        if any(_PYTHON_RESPONSE.search(name) for name in names):
            return tuple(made)
        own = functions.get(names[-1] if names else "")
        if own is not None and own not in made:
            made.append(own)
            todo += [
                part
                for returned in module.find_in(own.body, cst.Return)
                for part in module.find_in(returned, cst.Call)
            ]
    return None


_MAKERS = 20
"""Calls that are followed to a response."""


def _python_answers_500(
    module: python.PythonModule, call: cst.Call, makers: tuple[cst.FunctionDef, ...]
) -> bool:
    """Whether a call gives a response a status of 500 or more: as an argument, in the object that
    JavaScript's `Response` takes, or as the default of the function that makes it."""
    import libcst as cst

    given: list[cst.BaseExpression] = []
    for argument in call.args:
        keyword = argument.keyword.value if argument.keyword is not None else None
        if keyword in (None, *_STATUS):
            given.append(argument.value)
            given += [
                element.value
                for options in module.find_in(argument.value, cst.Dict)
                for element in options.elements
                if isinstance(element, cst.DictElement) and module.string_of(element.key) == "status"
            ]
    statuses = [
        part.evaluated_value
        for part in given
        if isinstance(part, cst.Integer) and 100 <= part.evaluated_value < 600
    ]
    if not statuses and makers and not any(one.keyword and one.keyword.value in _STATUS for one in call.args):
        own = [one for one in makers[0].params.params if one.name.value not in ("self", "cls")]
        parameters = own[len(module.arguments(call)) :]
        statuses = [
            one.default.evaluated_value
            for one in parameters
            if one.name.value in _STATUS and isinstance(one.default, cst.Integer)
        ]
    return any(500 <= status < 600 for status in statuses)


_STATUS = ("status", "status_code", "code")


def _python_sent(
    module: python.PythonModule, functions: Mapping[str, cst.FunctionDef], call: cst.Call, error: str | None
) -> Iterator[cst.BaseExpression]:
    """The expressions by which a call is given what an error says, by way of one variable, too, or its
    traceback. Functions of the module that put what they are given into what they return are seen through."""
    import libcst as cst

    todo = [argument.value for argument in call.args]
    for _ in range(_MAKERS):
        if not todo:
            return
        for part, via in module.contents(todo.pop()):
            found = part
            while isinstance(found, cst.Attribute) and found.attr.value in ("args", "message"):
                found = found.value
            is_error = isinstance(found, cst.Name) and found.value == error
            if is_error or (isinstance(part, cst.Call) and module.origin(part.func) in _TRACEBACKS):
                yield via if via is not None else part
            elif isinstance(part, cst.Call) and isinstance(part.func, cst.Name):
                function = functions.get(part.func.value)
                if function is not None:
                    todo += _kept(module, function, part)


_TRACEBACKS = frozenset({"traceback.format_exc", "traceback.format_exception"})


def _kept(
    module: python.PythonModule, function: cst.FunctionDef, call: cst.Call
) -> Iterator[cst.BaseExpression]:
    """The arguments of a call that become a part of a dictionary, text or result in the function."""
    import libcst as cst

    kept = {
        name.value
        for holder in module.find_in(function.body, cst.Return, cst.Dict, cst.FormattedString)
        for name in module.find_in(holder, cst.Name)
    }
    for parameter, given in zip(function.params.params, module.arguments(call), strict=False):
        if parameter.name.value in kept:
            yield given
