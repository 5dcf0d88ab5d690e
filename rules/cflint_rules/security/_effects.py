"""What a request makes a Worker do that not everybody should: what costs money, changes or deletes data."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from cflint.api import Module, ValueKind, js, pattern, quoted, sql
from cflint_rules.security._development import only_in_development

if TYPE_CHECKING:
    from tree_sitter import Node

_GENERATES = ("generateText", "streamText", "generateObject", "streamObject")
_CONTAINERS = {"getContainer": "@cloudflare/containers", "getRandom": "@cloudflare/containers"} | {
    "getSandbox": "@cloudflare/sandbox",
}
COSTS = ("run", "fetch", "send", "launch", *_GENERATES, *_CONTAINERS)
"""Names of calls that `costs` knows."""
ERASES = ("delete", "put", "fetch", *sql.SQL_CALLS)
"""Names of calls that `erases` knows."""
CALLS = (*COSTS, *ERASES)
"""Names of calls that may be such an effect."""
_KEY = pattern(r"key|token|secret|auth|cred", re.IGNORECASE)
_MODEL = pattern(r"@(?:cf|hf)/.+")
_COUNTS = pattern(r"=\s*(?:coalesce\s*\(\s*)?[\"`\[]?(\w+)[\"`\]]?\s*(?:,\s*\d+\s*\)\s*)?[+-]", re.IGNORECASE)
_OLD = pattern(r"WHERE\s+[\w.\"`]+\s*<=?\s*[?:@$]\w*\s*$", re.IGNORECASE)
"""What is cleaned away since it is old."""
_DELETES = pattern(r"delete|remove|clear|purge|destroy|erase|reset|wipe", re.IGNORECASE)
_STORES = {"kv": "KV", "r2": "R2"}
ROUTES = ("delete", "put", "patch")
"""Methods of routers whose routes change something."""
_ACTION = pattern(rb"[\"']use server[\"']")
_DO_EVENTS = frozenset({"alarm", "scheduled", "queue", "email", "tail", "trace", "onStart"})


def costs(module: Module, node: Node) -> str | None:
    """What a call costs its owner, to put behind "anyone can"; None of any other call."""
    made = js.Call(module, node)
    if made.name == "run":
        first = made.argument(0)
        if first is None:
            return None  # a statement of a database
        is_ai = made.receiver is not None and module.value_of(made.receiver).is_binding("ai")
        text = module.string_of(first)
        is_model = made.receiver is not None and text is not None and _MODEL.fullmatch(text) is not None
        return "run models of Workers AI at your cost" if is_ai or is_model else None
    if made.name == "fetch" and len(made.arguments) > 1 and js.is_global(module, made.callee, "fetch"):
        key = next(module.contents(made.arguments[1], partial(is_secret, module)), None)
        name = named(module, key.node) if key is not None else _key_handed_on(module, made.arguments[1])
        return f"call this service with {name}" if name is not None else None
    if made.name in _GENERATES:
        is_sdk = made.callee is not None and module.is_from(made.callee, "ai", made.name)
        return "run models at your cost" if is_sdk else None
    if made.name in _CONTAINERS:
        is_sdk = made.callee is not None and module.is_from(made.callee, _CONTAINERS[made.name], made.name)
        chosen = made.argument(1)
        is_one = chosen is None or module.string_of(chosen) is not None  # what asks may stand in it
        return "start containers at your cost" if is_sdk and not is_one else None
    if made.name == "launch":
        first = made.argument(0)
        is_browser = first is not None and module.value_of(first).is_binding("browser")
        return "run browsers at your cost" if is_browser else None
    if made.name == "send" and made.receiver is not None and _may_send_mail(module):
        sends = module.value_of(made.receiver).is_binding("send_email")
        return "send mail in your name" if sends else None
    return None


def _may_send_mail(module: Module) -> bool:
    """Whether a module may have a binding that sends mail: most of what sends is a socket or a queue."""
    return module.document.has_word("SendEmail") or any(
        environment.bindings_of("send_email") for environment in module.environments
    )


def erases(module: Module, node: Node) -> str | None:
    """What a call takes away or overwrites that the client names, to put behind "anyone can"."""
    made = js.Call(module, node)
    if made.name in ("delete", "put") and made.arguments and made.receiver is not None:
        value = module.value_of(made.receiver)
        kind = next((kind for kind in _STORES if value.is_binding(kind)), None)
        if kind is None or (made.name == "put" and kind != "r2"):
            return None
        if not js.may_be_sent(module, made.arguments[0]):
            return None
        if made.name == "put":
            return "store files in R2"
        return f"delete what is in {_STORES[kind]}" if _is_meant_to_delete(module, node) else None
    if made.name == "fetch":
        return _asks_object(module, made)
    if made.name not in sql.SQL_CALLS:
        return None
    use = sql.sql_use(module, node)
    if use is None or not _is_named_by_client(use):
        return None
    for statement in use.text.statements:
        words = " ".join(token.text for token in statement.tokens)
        if statement.verb == "DELETE" and "WHERE" in words.upper() and _OLD.search(words) is None:
            return "delete what is in the database"
        if statement.verb == "UPDATE" and _COUNTS.search(words) is None:
            return "change what is in the database"
    return None


def _asks_object(module: Module, made: js.Call) -> str | None:
    """What a call has a Durable Object delete: `stub.fetch("https://object/clear", …)`."""
    first = made.argument(0)
    address = module.string_of(first) if first is not None else None
    if address is None or made.receiver is None or _DELETES.search(address.rpartition("/")[2]) is None:
        return None
    is_stub = module.value_of(made.receiver).kind is ValueKind.STUB
    return "delete what Durable Objects keep" if is_stub else None


def _is_meant_to_delete(module: Module, node: Node) -> bool:
    """Whether a function, or a condition around a place, speaks of deleting: what is only used up or cleaned
    away beside other work does not count."""
    function = module.enclosing_function(node)
    while function is not None:
        if _DELETES.search(js.name_of_function(module, function)) is not None:
            return True
        around = module.call_around(function)
        if (
            around is not None
            and _DELETES.search(module.text(around[0].callee or function)[-40:]) is not None
        ):
            return True
        function = module.enclosing_function(function)
    return any(_DELETES.search(module.text(one)) is not None for one in module.conditions_around(node))


def _is_named_by_client(use: sql.SqlUse) -> bool:
    """Whether a value of a statement may be what a client sent."""
    used = use.module.method_called_on(use.call)
    bound = js.Call(use.module, used[1]).arguments if used is not None and used[0] == "bind" else use.bound
    return any(js.may_be_sent(use.module, value) for value in bound)


def registers(module: Module, node: Node) -> str | None:
    """The route that a call adds to a router, to put behind "anyone can", where a request to it changes
    something: `app.delete("/notes/:id", …, handler)`."""
    made = js.Call(module, node)
    if made.name not in ROUTES or len(made.arguments) < 2 or made.receiver is None:
        return None
    path = module.string_of(made.arguments[0])
    if path is None or path[:1] != "/" or js.function_given(module, made.arguments[-1]) is None:
        return None
    return f"call `{made.name.upper()} {path}`"


def writes(module: Module, node: Node) -> str | None:
    """What a call adds to a database or changes in it, to put behind "can"."""
    use = sql.sql_use(module, node) if js.Call(module, node).name in sql.SQL_CALLS else None
    verbs = {statement.verb for statement in use.text.statements} if use is not None else set()
    return "change what is in the database" if verbs & {"INSERT", "UPDATE", "DELETE", "REPLACE"} else None


def is_for_request(module: Module, node: Node) -> bool:
    """Whether code runs for a request: at once, in a Durable Object that one is handed to, or as a method of
    what is made for one."""
    found = js.invocations_of(module, node)
    if _is_action(module, node):
        return True
    if js.Invocation.REQUEST in found:
        return not _is_asked_in_development(module, node)
    owner = module.enclosing_class(node)
    if js.Invocation.DURABLE_OBJECT in found:
        handler = module.handler_around(node)
        of_sdk = owner is not None and owner.kind.runs_as_durable_object and not owner.is_durable_object
        return not of_sdk and (handler is None or handler.name not in _DO_EVENTS)
    return owner is not None and any(
        js.Invocation.REQUEST in js.invocations_of(site.module, site.node)
        for site in js.makers_of(module, owner)
    )


def _is_asked_in_development(module: Module, node: Node) -> bool:
    """Whether requests come to the function around only where a condition asks for development:
    `if (isLocal) await runJobs(env)`."""
    function = module.enclosing_function(node)
    sites = js.callers_of(module, function).calls if function is not None else ()
    asked = [it for it in sites if js.Invocation.REQUEST in js.invocations_of(it.module, it.node)]
    return bool(asked) and all(only_in_development(it.module, it.node) for it in asked)


def _is_action(module: Module, node: Node) -> bool:
    """Whether code is that of a server action, which any client can call: `"use server"`."""
    if _ACTION.search(module.document.data) is None:
        return False
    if _ACTION.match(module.document.data.lstrip()) is not None:
        return True
    function = module.enclosing_function(node)
    while function is not None:
        body = js.body_of(function)
        first = body.named_children[0] if body is not None and body.named_children else None
        if first is not None and _ACTION.match(first.text or b"") is not None:
            return True
        function = module.enclosing_function(function)
    return False


def _key_handed_on(module: Module, options: Node) -> str | None:
    """The name of a secret that the headers of a request hold, where other functions hand it on to here."""
    if not module.document.has_word("headers"):
        return None
    headers = module.property_value(options, "headers")
    if headers is None:
        return None
    for found in module.contents(headers, lambda part: _is_named_as_key(module, part)):
        name = secret_handed_on(module, found.node)
        if name is not None:
            return name
    return None


def _is_named_as_key(module: Module, node: Node) -> bool:
    return node.type in ("identifier", "member_expression") and _KEY.search(module.text(node)) is not None


def secret_handed_on(module: Module, node: Node) -> str | None:
    """What the author calls the secret of `env` that other functions hand on to a place; None of any other
    value."""
    behind = js.secret_behind(module, node)
    if behind is None:
        return None
    return quoted(f"env.{behind.path[-1]}") if behind.path else named(behind.module, behind.node)


def is_secret(module: Module, node: Node) -> bool:
    return module.secret_at(node) is js.Secret.VARIABLE


def named(module: Module, secret: Node) -> str:
    """What the author calls a secret: the name of a parameter that it was handed on in says nothing."""
    if secret.type != "identifier":
        return quoted(module.text(secret))
    name = module.value_of(secret).name
    return f"`{name}`" if name is not None else "a secret of yours"
