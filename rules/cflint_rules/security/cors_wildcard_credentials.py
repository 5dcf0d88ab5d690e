"""Name one origin where credentials are allowed: browsers refuse `*` together with them.

With `Access-Control-Allow-Credentials: true` a browser takes `*` for the name of an origin, which no origin
has. A script that sends cookies gets no answer to read, and neither header does what it is there for. An
answer that names whatever `Origin` asks is the opposite: any site can read it as the user. This is what
`CORSMiddleware` of Starlette and FastAPI does with `allow_origins=["*"]` and `allow_credentials=True` when a
request has cookies (a note where the application reads none).

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response("data", {
      headers: {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Credentials": "true",
      },
    });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response("data", {
      headers: {
        "Access-Control-Allow-Origin": "https://app.example.com",
        "Access-Control-Allow-Credentials": "true",
        Vary: "Origin",
      },
    });
  },
} satisfies ExportedHandler;
```

## What to do

Delete `Access-Control-Allow-Credentials`: every site may read then, without being the user. Unless your
pages send cookies: then send back the origin of the request when it is on a list of your pages, with `Vary:
Origin`.

- "CORSMiddleware": List the pages in `allow_origins`, or leave `allow_credentials` out, when no cookies are
  needed.

## Not reported

`cors()` of Hono: [`cors-wildcard-with-auth`](cors_wildcard_with_auth.py) is about it. Origins that are made
by an expression, and headers that are set under different conditions. An `Origin` that is handed back in a
branch, behind a statement that may leave, or that is looked at anywhere else in the function: it may have
been checked.

## Fix safety

Unsafe: pages that send cookies are refused as they are now; these need their origin by name in place of `*`.
There is a fix for `*` alone: which origins are meant is up to the author.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS,
https://www.starlette.io/middleware/#corsmiddleware, starlette, `middleware/cors.py`
"""

# Imported where used: libcst, for modules of Python that hold a word of the rule.

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    PREVIEW,
    Edit,
    Finding,
    Fix,
    Module,
    Safety,
    Severity,
    js,
    module,
    pattern,
    python,
    python_module,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node

_CREDENTIALS = pattern(rb"(?i:access-control-allow-credentials)")
_ORIGIN = "access-control-allow-origin"
_MIDDLEWARE = "CORSMiddleware"
_COOKIES = (b"cookie", b"Cookie", b"SessionMiddleware")


@rule(
    module("Access-Control-Allow-Credentials", "access-control-allow-credentials"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    presets=(PREVIEW,),
)
def check(module: Module) -> Iterator[Finding]:
    for mention in module.mentions(_CREDENTIALS):
        name = mention if mention.type == "string" else module.parent(mention)
        above = module.parent(name) if name is not None else None
        if name is None or above is None or not module.runs_in_worker(name):
            continue
        origin = None
        if above.type == "pair" and _is_true(module, above.child_by_field_name("value")):
            origin = _in_object(module, module.parent(above))
        around = module.call_around(name)
        setter = around[0] if around is not None and around[1] == 0 else None
        if setter is not None and setter.name in js.HEADER_SETTERS and _is_true(module, setter.argument(1)):
            origin = _set_beside(module, setter.statement, setter.receiver)
        if origin is None:
            continue
        if module.string_of(origin) != "*":
            yield Finding(
                "every origin is allowed, with credentials: any site can act as the user",
                module.at(origin),
                (module.at(name, "credentials are allowed here"),),
            )
        else:
            yield Finding(
                "browsers refuse `*` together with credentials: name the origin",
                module.at(origin),
                (module.at(name, "credentials are allowed here"),),
                _fix(module, above, setter),
            )


def _fix(module: Module, above: Node, setter: js.Call | None) -> Fix | None:
    """The fix that takes the header away which allows credentials."""
    if above.type == "pair":
        edit: Edit | None = Edit(module.document, module.item_span(above), "")
    else:
        edit = module.statement_removal(setter.node) if setter is not None else None
    title = "Delete `Access-Control-Allow-Credentials`"
    return Fix(title, (edit,), Safety.UNSAFE) if edit is not None else None


def _is_true(module: Module, value: Node | None) -> bool:
    return value is not None and (module.string_of(value) == "true" or value.type == "true")


def _in_object(module: Module, literal: Node | None) -> Node | None:
    """The `*` of the origin in the same object."""
    for part in literal.named_children if literal is not None else ():
        value = part.child_by_field_name("value") if part.type == "pair" else None
        if value is not None and (module.key(part) or "").lower() == _ORIGIN:
            return value if module.string_of(value) == "*" or _is_reflected(module, value) else None
    return None


def _is_reflected(module: Module, value: Node) -> bool:
    """Whether a value is the `Origin` of the request, and nothing else has looked at it."""
    function = module.enclosing_function(value)
    body = js.body_of(function) if function is not None else None
    if body is None or not module.always_runs(value, body):
        return False
    given = js.unwrap(value)
    default = module.operation(given)
    if default is not None and default.operator in ("??", "||") and default.left is not None:
        if module.string_of(default.right) is None:
            return False
        given = js.unwrap(default.left)
    read = module.initializer(given)
    if module.header_read(read) != "origin":
        return False
    declaration = module.scope.resolve(given) if given.type == "identifier" else None
    uses = module.scope.references(declaration) if declaration is not None else ()
    declared = declaration.node.id if declaration is not None else given.id
    if any(use.id not in (given.id, declared) for use in uses):
        return False
    calls = module.descendants(body, "call_expression")
    return sum(module.header_read(found) == "origin" for found in calls) == 1


def _set_beside(module: Module, statement: Node | None, receiver: Node | None) -> Node | None:
    """The `*` to which a statement of the same block sets the origin of the same headers."""
    block = module.parent(statement) if statement is not None else None
    found: Node | None = None
    for other in block.named_children if block is not None and receiver is not None else ():
        made = module.call(js.first_named(other)) if other.type == "expression_statement" else None
        if made is None or made.name not in js.HEADER_SETTERS or made.receiver is None or receiver is None:
            continue
        header, value = made.argument(0), made.argument(1)
        if header is None or value is None or (module.string_of(header) or "").lower() != _ORIGIN:
            continue
        if module.is_same(made.receiver, receiver):
            told = module.string_of(value) == "*" or _is_reflected(module, value)
            found = value if told else None
    return found


@check.on(python_module(_MIDDLEWARE))
def in_python(module: python.PythonModule) -> Iterator[Finding]:
    import libcst as cst

    if not module.workers or module.has_errors:
        return
    for call in module.calls("add_middleware", "Middleware", _MIDDLEWARE):
        named = (*module.arguments(call)[:1], call.func)
        if not any((module.origin(one) or "").endswith(f".{_MIDDLEWARE}") for one in named):
            continue
        options = dict(_options(module, call))
        origins, credentials = options.get("allow_origins"), options.get("allow_credentials")
        if origins is None or credentials is None or not _is_name(credentials[1], "True"):
            continue
        owner, value = origins
        items = value.elements if isinstance(value, (cst.List, cst.Tuple)) else ()
        if all(owner.string_of(item.value) != "*" for item in items):
            continue
        yield Finding(
            f"`{_MIDDLEWARE}` hands back every origin, with credentials: any site can act as a user with"
            " cookies",
            module.at(call.func),
            (owner.at(value, "every origin is allowed here"),),
            severity=None if _reads_cookies(module) else Severity.NOTE,
        )


def _options(
    module: python.PythonModule, call: cst.Call
) -> Iterator[tuple[str, tuple[python.PythonModule, cst.BaseExpression]]]:
    """The keyword arguments of a call, those of `**OPTIONS` included, with the module that they stand in."""
    import libcst as cst

    for argument in call.args:
        if argument.keyword is not None:
            yield argument.keyword.value, (module, module.value_given(argument.value) or argument.value)
        elif argument.star == "**":
            owner, given = _constant(module, argument.value)
            for element in given.elements if isinstance(given, cst.Dict) else ():
                name = owner.string_of(element.key) if isinstance(element, cst.DictElement) else None
                if name is not None:
                    yield name, (owner, owner.value_given(element.value) or element.value)


def _constant(
    module: python.PythonModule, node: cst.BaseExpression
) -> tuple[python.PythonModule, cst.BaseExpression]:
    """What a name means: of the module, or one that it imports from another of the project."""
    given = module.value_given(node)
    if given is not None:
        return module, given
    dotted = module.origin(node) or ""
    path = module.project.imports.resolve(dotted, module.path) if dotted else None
    other = module.other(path) if path is not None else None
    entries = other.top_level_names.get(dotted.rpartition(".")[2], []) if other is not None else []
    if other is None or len(entries) != 1 or entries[0].value is None:
        return module, node
    return other, entries[0].value


def _is_name(node: cst.BaseExpression, name: str) -> bool:
    import libcst as cst

    return isinstance(node, cst.Name) and node.value == name


def _reads_cookies(module: python.PythonModule) -> bool:
    """Whether the Workers of a module speak of cookies anywhere."""
    paths = dict.fromkeys(
        path for worker in module.workers for path in worker.modules if path.endswith(".py")
    )
    others = map(module.other, paths)
    return any(word in other.document.data for other in others if other is not None for word in _COOKIES)
