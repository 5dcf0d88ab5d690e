"""How code at a place reaches what examples call `env`, `request` and `ctx`, and by what it answers.

Pages of rules show edits as a handler of a Worker would have them. What a finding says of its place makes
them fit: in Hono `env` is `c.env`, in a Pages Function `context.env`, in a Durable Object `this.env`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cflint.platform.classes import ClassKind
from cflint.project.apps.kind import Given, Shape
from cflint.project.code.answers import known_answers
from cflint.project.code.calls import CallSite, callers_of, name_of
from cflint.project.code.gives import Gives, what_it_gives
from cflint.project.code.module import Module
from cflint.project.code.module import module_of as module_of
from cflint.project.code.paging_edits import with_cursor
from cflint.project.code.values import Value, ValueKind
from cflint.scope import Declaration, DeclarationKind
from cflint.syntax.javascript import FUNCTIONS, arguments_of, is_async

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.config.wrangler import Environment

Words = tuple[tuple[str, str], ...]
"""See `Finding.words`."""

NO_ENV = "no env here"
"""The name of a case: nothing at the place gives `env`."""
NO_REQUEST = "no request here"
"""The name of a case: nothing at the place is the request."""
IS_ASYNC = "async"
BECOMES_ASYNC = "becomes async"
ENVIRONMENTS = "named environments"
"""The word for the environments of the configuration that have a name."""
IN_HONO = "in Hono"
"""The name of a case: a context of Hono is at hand."""
GIVES_TRUTH = "gives a boolean"
"""The name of a case: the function around a place gives a boolean."""
GIVES_OTHER = "gives no response"
"""The word for who answers, where the function around a place gives neither a response nor a boolean."""
KNOWN_ANSWERS = "answers with names at hand"
"""The word for where answers stand whose names are at hand, though the file as a whole does not know them."""
HONO = "new Response"
"""The word for what answers: in Hono, the name of the context."""

_OFTEN = frozenset(
    {"env", "request", "req", "ctx", "context", "c", "event", "platform", "locals", "args", "cloudflare"}
    | {"runtime", "executionCtx", "state", "e"}
)
_WANTED = {
    ValueKind.ENV: "env",
    ValueKind.REQUEST: "request",
    ValueKind.EXECUTION_CONTEXT: "ctx",
    ValueKind.DURABLE_OBJECT_STATE: "ctx",
}
_MEMBERS: dict[ValueKind, tuple[tuple[str, str], ...]] = {
    ValueKind.HONO_CONTEXT: (("env", ".env"), ("request", ".req.raw"), ("ctx", ".executionCtx")),
    ValueKind.PAGES_CONTEXT: (("env", ".env"), ("request", ".request"), ("ctx", "")),
}
_OFFERED = {Given.ENV: "env", Given.REQUEST: "request", Given.CONTEXT: "ctx"}
_HAVE_ENV = frozenset(
    {ClassKind.DURABLE_OBJECT, ClassKind.AGENT, ClassKind.PARTY_SERVER, ClassKind.CONTAINER}
    | {ClassKind.WORKER_ENTRYPOINT, ClassKind.WORKFLOW}
)
_MOST_DEPTH = 3
_MOST_CALLERS = 4
_IN_CONSTRUCTOR = "`ctx.blockConcurrencyWhile(async () => { … })` around it"
_IN_CHAINS = frozenset(
    {"call_expression", "member_expression", "await_expression", "parenthesized_expression"}
    | {"non_null_expression", "as_expression"}
)


def words_at(module: Module, node: Node) -> Words:
    """What `env`, `request`, `ctx` and `new Response` of an example are at a node, where they are called
    otherwise; with the case NO_ENV where no `env` is at hand."""
    found: dict[str, str] = {}
    for declaration in _around(module, node):
        value = module.value_declared(declaration)
        if not value and declaration.name == "c" and module.document.has_word("hono"):
            value = Value(ValueKind.HONO_CONTEXT)  # of an app that a package of its own makes
        for general, here in _given(value, declaration.name):
            found.setdefault(general, here)
        if value.kind is ValueKind.HONO_CONTEXT:
            found.setdefault(HONO, declaration.name)
            found[IN_HONO] = ""
    owner = module.enclosing_class(node)
    if owner is not None and owner.kind in _HAVE_ENV:
        found.setdefault("env", "this.env")
        found.setdefault("ctx", owner.state or "this.ctx")
    if "env" not in found:
        found[NO_ENV] = ""
        if module.document.has_word("Hono"):
            found[IN_HONO] = ""
    if "request" not in found:
        found[NO_REQUEST] = ""
    found.update(environment_words(module.environments))
    return tuple((general, here) for general, here in found.items() if general != here)


def environment_words(environments: Iterable[Environment]) -> Words:
    """What an edit that adds an entry to a configuration needs to know of the environments with a name."""
    named = sorted({it.name for it in environments if it.name})
    listed = ", ".join(f"`env.{name}`" for name in named[:_MOST_CALLERS])
    return ((ENVIRONMENTS, listed),) if named else ()


def answering_words(module: Module, node: Node, context: str = "") -> Words:
    """What an edit that answers needs to know of a function: whether it gives a response, and which answers
    around use names that are at hand. `context` is the name of Hono's context there, "" without one."""
    function = module.enclosing_function(node)
    gives = what_it_gives(module, function) if function is not None else Gives.UNKNOWN
    if gives is Gives.TRUTH:
        return ((GIVES_TRUTH, ""),)
    if function is None:
        return ()
    if gives is not Gives.OTHER:
        known = known_answers(module, node, context)
        return ((KNOWN_ANSWERS, " ".join(map(str, sorted(known)))),) if known else ()
    named = name_of(module, function)
    calls = callers_of(module, function).calls if named is not None else ()
    label = f"`{module.text(named)}()`" if named is not None else "the function around"
    where = ", ".join(_place(module, site) for site in calls[:_MOST_CALLERS])
    return ((GIVES_OTHER, f"{label} gives no response: who calls it{f' ({where})' if where else ''}"),)


def waiting_words(module: Module, node: Node) -> Words:
    """What an `await` at a node asks for: nothing in an asynchronous function (IS_ASYNC); otherwise that it
    becomes one, and that those who call it wait, too (BECOMES_ASYNC)."""
    function = module.enclosing_function(node)
    if function is None:
        return ()
    if is_async(function):
        return ((IS_ASYNC, ""),)
    if module.in_constructor(node) and _is_constructor(module, function):
        return ((BECOMES_ASYNC, f"A constructor cannot wait: {_IN_CONSTRUCTOR}"),)
    named = name_of(module, function)
    label = f"`{module.text(named)}()`" if named is not None else "The function around"
    callers = callers_of(module, function)
    calls = [_place(module, site) for site in callers.calls[:_MOST_CALLERS]]
    around = dict.fromkeys(name for site in callers.calls[:_MOST_CALLERS] for name in _not_waiting(site))
    too = f" ({', '.join(around)})" if around else ""
    others = "" if callers.complete and len(callers.calls) <= _MOST_CALLERS else ", and each other one,"
    if not calls:
        return ((BECOMES_ASYNC, f"{label} becomes `async`; who calls it waits for it"),)
    who = "its call" if len(calls) == 1 else "its calls"
    verb = "gets" if len(calls) == 1 and not others else "get"
    return (
        (BECOMES_ASYNC, f"{label} becomes `async`; {who} at {', '.join(calls)}{others} {verb} `await`{too}"),
    )


def _not_waiting(site: CallSite) -> tuple[str, ...]:
    """The function around a call that cannot wait yet."""
    function = site.module.enclosing_function(site.node)
    named = name_of(site.module, function) if function is not None and not is_async(function) else None
    if function is not None and _is_constructor(site.module, function):
        return (f"{_IN_CONSTRUCTOR} in the constructor",)
    return (f"`{site.module.text(named)}()` around it, too",) if named is not None else ()


def _is_constructor(module: Module, function: Node) -> bool:
    name = function.child_by_field_name("name")
    return name is not None and module.text(name) == "constructor"


def _place(module: Module, site: CallSite) -> str:
    at = site.module.at(site.node)
    position = at.document.position(at.span.start)
    path = "" if site.module.path == module.path else f"{site.module.path}:"
    return f"{path}{position.line}:{position.column}"


def word(general: str, module: Module, node: Node | None, most: int = 80) -> Words:
    """A word that stands for the code of a node; none where that is longer than `most`, or than a line."""
    if node is None:
        return ()
    text = module.text(node)
    return ((general, text),) if len(text) <= most and "\n" not in text and "`" not in text else ()


def env_at(module: Module, node: Node) -> str | None:
    """The expression that is `env` at a node; None where there is none."""
    words = dict(words_at(module, node))
    return None if NO_ENV in words else words.get("env", "env")


def _around(module: Module, node: Node) -> Iterator[Declaration]:
    """The declarations that a node sees and that may be what a handler is given, the nearest first:
    parameters of the functions around it, and constants before it by the usual names."""
    scope = module.scope
    for above in module.syntax.ancestors(node):
        is_function = above.type in FUNCTIONS
        for declaration in scope.declared_in(above).values() if is_function or _is_block(above) else ():
            is_parameter = declaration.kind is DeclarationKind.PARAMETER
            is_before = declaration.node.start_byte < node.start_byte
            if is_parameter or (declaration.name in _OFTEN and declaration.constant and is_before):
                yield declaration


def _is_block(node: Node) -> bool:
    return node.type in ("statement_block", "program")


def _given(value: Value, name: str) -> Iterator[tuple[str, str]]:
    if value.kind in _WANTED:
        yield _WANTED[value.kind], name
    for general, path in _MEMBERS.get(value.kind, ()):
        yield general, f"{name}{path}"
    if value.shape is not None:
        yield from _offered(value.shape, name, _MOST_DEPTH)


def _offered(shape: Shape, path: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, offer in shape.members.items():
        if isinstance(offer, Shape):
            if depth:
                yield from _offered(offer, f"{path}.{name}", depth - 1)
        elif isinstance(offer, Given) and offer in _OFFERED:
            yield _OFFERED[offer], f"{path}.{name}"


def awaited_word(general: str, module: Module, node: Node) -> Words:
    """A word that stands for a call with what is called on its promise and the `await` before it."""
    whole = node
    for above in module.syntax.ancestors(node):
        if above.type == "await_expression":
            return word(general, module, above)
        if above.type == "as_expression" and _is_awaited(module, above):  # `await call() as Type`
            return tuple((name, f"await {text}") for name, text in word(general, module, whole))
        if above.type not in ("member_expression", "call_expression") or above.start_byte != node.start_byte:
            break
        whole = above
    return word(general, module, whole)


def _is_awaited(module: Module, node: Node) -> bool:
    above = module.syntax.parent(node)
    return above is not None and above.type == "await_expression"


def database_word(module: Module, node: Node) -> Words:
    """What a statement is made of (`env.DB` of `env.DB.prepare(…).bind(…).run()`), for `DB`."""
    at: Node | None = node
    while at is not None and at.type in _IN_CHAINS:
        callee = at.child_by_field_name("function") if at.type == "call_expression" else None
        name = callee.child_by_field_name("property") if callee is not None else None
        if (
            callee is not None
            and name is not None
            and module.text(name) in ("prepare", "insert", "update", "delete", "select")
        ):
            return word("DB", module, callee.child_by_field_name("object"))
        at = (
            at.child_by_field_name("function")
            or at.child_by_field_name("object")
            or next(iter(at.named_children), None)
        )
    return ()


def list_words(module: Module, call: Node, general: str) -> Words:
    """What a call of `list()` is made on, its options, and those with a `cursor` beside them; with the case
    `one of several` where it is one of the calls of a `Promise.all([…])`."""
    above = module.syntax.parent(call)
    several = (("one of several", ""),) if above is not None and above.type == "array" else ()
    callee, given = call.child_by_field_name("function"), arguments_of(call)
    receiver = callee.child_by_field_name("object") if callee is not None else None
    options = word("options", module, given[0]) if given else (("options", "{ }"),)
    if not options:
        return (*several, *word(general, module, receiver))
    ((_, text),) = options
    return (
        *several,
        *word(general, module, receiver),
        ("{ …options, cursor: page.cursor }", with_cursor(text, "page")),
        ("{ …options }", text if given else "{}"),
    )
