"""Give `fetch()`, `new Request()`, `new URL()` and `Response.redirect()` absolute URLs.

A Worker has no base URL: a path alone throws "Invalid URL: /state". The same holds for the stub of a Durable
Object, a service binding and `env.ASSETS`, although the host does not matter there. A binding is no address
either: as a text it is "[object Object]".

## Incorrect

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const stub = env.COUNTER.getByName(new URL(request.url).pathname);
    await stub.fetch("/increment", { method: "POST" });
    return Response.redirect("/thanks", 303);
  },
};
```

## Correct

```ts
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const stub = env.COUNTER.getByName(new URL(request.url).pathname);
    await stub.fetch("https://counter.internal/increment", { method: "POST" });
    return Response.redirect(new URL("/thanks", request.url).href, 303);
  },
};
```

## What to do

Write `new URL("/path", request.url)` for it, with this path (`Response.redirect()` takes its `.href`). If
another server is meant, put its address before the path.

- "no request here": Put the address of the server before the path (from a variable of the configuration,
  where it differs). Where the Worker itself is meant, call the function that answers this path in place of
  `fetch()`: without a request, its address is not known.
- "no address": Call `fetch()` of the binding itself, with a URL of any host: `env.NAME.fetch("https://internal/path",
  init)`; of a namespace of Durable Objects that of a stub.

## Not reported

URLs that are not literals, functions of one's own of these names, `new URL(path, base)`, and code that runs
in a browser: a global `fetch()` is looked at only inside the handlers and classes of a Worker. Stubs before
the compatibility date 2021-11-10.

## Errors

```text title="workerd"
TypeError: Invalid URL: …
TypeError: Fetch API cannot load: …
TypeError: Unable to parse URL: …
```

## Fix safety

Unsafe: for a stub or a binding a host is made up, which the callee sees in `request.url`; everywhere else
the path is taken to be one of the Worker's own.

Source: workerd src/workerd/api/http.c++ (`Fetcher::parseUrl`, `Response::redirect`)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    ValueKind,
    call,
    js,
    new,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_SCHEME = pattern(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_RELATIVE_START = pattern(r"[^:?#]*/")
_BINDINGS = frozenset({"service", "assets", "dispatch_namespace", "durable_object", "vpc_service", "fetcher"})


@rule(
    call("fetch", "redirect"),
    new("Request", "URL"),
    severity=Severity.ERROR,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    arguments, module = match.arguments, match.module
    if not arguments:
        return
    path = _relative(module, arguments[0])
    if path is None:
        yield from _begins_with_binding(match, arguments[0])
        return
    target = _target(match)
    if target is None:
        return
    what, is_stub = target
    shown = f"{path[:60]}…" if len(path) > 60 else path
    yield Finding(
        f'{what} needs an absolute URL: "{shown}" throws',
        match.at(arguments[0]),
        fix=_absolute_host(match, arguments[0], path) if is_stub else _of_request(match, arguments[0], path),
    )


def _begins_with_binding(match: Match, node: Node) -> Iterator[Finding]:
    """A URL that is put together from a binding, as if that were an address."""
    module = match.module
    if match.word == "redirect" or not module.is_global(match.callee, match.word):
        return
    url = js.unwrap(module.initializer(node))
    first: Node | None = None
    operation = module.operation(url)
    if url.type == "template_string" and url.named_children:
        part = url.named_children[0]
        first = js.first_named(part) if part.type == "template_substitution" else None
    elif operation is not None and operation.operator == "+":
        first = operation.left
    value = module.value_of(first) if first is not None else None
    if first is None or value is None or value.kind is not ValueKind.BINDING or value.binding is None:
        return
    if value.binding.id in _BINDINGS:
        yield Finding(
            f"{quoted(module.text(first))} is a binding and no address: this URL begins with"
            ' "[object Object]" and throws',
            module.at(first),
        )


def _relative(module: Module, node: Node) -> str | None:
    """The text of a literal that cannot be an absolute URL (of a template: its beginning)."""
    node = js.unwrap(node)
    text = module.string_of(node)
    if text is not None:
        return text if text and not _SCHEME.match(text) and not text.startswith("//") else None
    if node.type != "template_string":
        return None
    first = js.first_named(node)
    if first is None or first.type == "template_substitution":
        return None  # it may begin with an origin
    head = module.document.data[node.start_byte + 1 : first.end_byte].decode("utf-8", "replace")
    return head if _RELATIVE_START.match(head) and not head.startswith("//") else None


def _target(match: Match) -> tuple[str, bool] | None:
    """What is called, and whether it is a stub or binding; None of anything else, or where a path will do."""
    module = match.module
    if match.word in ("Request", "URL"):
        if not module.is_global(match.callee, match.word):
            return None
        if match.word == "URL":
            return ("`new URL()` without a base", False) if len(match.arguments) == 1 else None
        return ("`new Request()`", False) if _is_worker_code(match) else None
    receiver = match.receiver
    if match.word == "redirect":
        is_response = receiver is not None and module.is_global(receiver, "Response")
        return ("`Response.redirect()`", False) if is_response and _is_worker_code(match) else None
    if receiver is None or module.is_global(match.callee, "fetch"):
        is_fetch = module.is_global(match.callee, "fetch")
        return ("`fetch()`", False) if is_fetch and _is_worker_code(match) else None
    value = match.receiver_value
    if value.kind is ValueKind.STUB:
        answers = [
            environment.enables("durable_object_fetch_requires_full_url")
            for environment in module.environments
        ]
        if answers and all(answer is False for answer in answers):
            return None
        return quoted(f"{match.text(receiver)}.fetch()"), True
    if value.kind is ValueKind.BINDING and value.binding is not None and value.binding.id in _BINDINGS:
        return quoted(f"{match.text(receiver)}.fetch()"), True
    return None


def _is_worker_code(match: Match) -> bool:
    """Whether the code runs in a Worker, not in a browser or on a server that renders pages."""
    owner = match.enclosing_class
    return match.handler is not None or (owner is not None and owner.kind.is_platform)


def _absolute_host(match: Match, node: Node, path: str) -> Fix | None:
    literal = js.unwrap(node)
    if literal.type not in ("string", "template_string") or not path.startswith("/"):
        return None
    edit = match.insert(literal.start_byte + 1, "https://do.internal")
    if match.receiver_value.kind is not ValueKind.STUB:
        edit = match.insert(literal.start_byte + 1, "https://internal")
    return Fix("Put a host before the path", (edit,), Safety.UNSAFE)


def _of_request(match: Match, node: Node, path: str) -> Fix | None:
    """A fix that makes the URL one of the Worker's own, where the request is at hand."""
    handler, module = match.handler, match.module
    if handler is None or handler.name != "fetch" or not path.startswith("/"):
        return None
    first = next(iter(module.parameters(handler.function)), None)
    name = first.name if first is not None else None
    if name is None:
        return None
    declared = module.scope.declared_in(handler.function).get(name)
    if declared is None or module.scope.lookup(name, match.node) is not declared:
        return None
    if module.string(node) is None and js.unwrap(node).type != "template_string":
        return None
    base = f"{name}.url"
    if match.word == "URL":
        edit = module.insert(node.end_byte, f", {base}")
        return Fix("Resolve the path against the request's URL", (edit,), Safety.UNSAFE)
    text = f"new URL({match.text(node)}, {base})" + (".href" if match.word == "redirect" else "")
    return Fix("Resolve the path against the request's URL", (match.replace(node, text),), Safety.UNSAFE)
