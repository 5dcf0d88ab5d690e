"""Let what you throw as an answer get past your own `catch`.

`throw redirect(…)` of React Router, Remix and TanStack, `redirect()` and `error()` of SvelteKit and Hono's
`HTTPException` are answers that are thrown for the framework to take. Inside of a `try` the `catch` next to
them takes them first: the redirect never happens, and a 404 that was meant becomes whatever that `catch`
answers, mostly a 500.

## Incorrect

```ts
// src/index.ts
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";

interface Env {
  NOTES: KVNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.get("/notes/:id", async (c) => {
  try {
    const note = await c.env.NOTES.get(c.req.param("id"));
    if (note === null) throw new HTTPException(404);
    return c.text(note);
  } catch (error) {
    console.error(error);
    return c.text("try again later", 500);
  }
});

export default app;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
}
```

## Correct

```ts
// src/index.ts
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";

interface Env {
  NOTES: KVNamespace;
}

const app = new Hono<{ Bindings: Env }>();

app.get("/notes/:id", async (c) => {
  try {
    const note = await c.env.NOTES.get(c.req.param("id"));
    if (note === null) throw new HTTPException(404);
    return c.text(note);
  } catch (error) {
    if (error instanceof HTTPException) throw error;
    console.error(error);
    return c.text("try again later", 500);
  }
});

export default app;
```

```jsonc
// wrangler.jsonc
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-20",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "NOTES" }]
}
```

## What to do

- "of SvelteKit": Write `if (isRedirect(error) || isHttpError(error)) throw error` as the first line of the
  `catch`, with both from `@sveltejs/kit`: the client then gets that answer; as it is, what the `catch`
  answers.
- "of Next.js": Write `unstable_rethrow(error)` as the first line of the `catch`, from `next/navigation`
  (before Next.js 15 `if (error instanceof Error && "digest" in error) throw error`): the client then gets
  that answer; as it is, what the `catch` answers.

Write `if (error instanceof Response) throw error` as the first line of the `catch`: the client then gets
that answer; as it is, what the `catch` answers.

## Not reported

A `catch` that throws anything on (another answer, made there, is none of that), hands the error to a function
that may (`handleError(error): never`) or returns it, or asks what it is (`instanceof`, `isRedirect()`, its
`status`). Answers that are returned, not thrown; a `Response` that is thrown where
no framework takes it, which is an error everywhere else. There is one finding for a `try`.

## Fix safety

Unsafe: the client gets the answer that is thrown where it got the one of the `catch`, and what the `catch`
does beside (a log, a count) is left out for it.

Source: https://reactrouter.com/api/utils/redirect, https://svelte.dev/docs/kit/load#Redirects,
https://hono.dev/docs/api/exception
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Documents,
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    call,
    config,
    fixes,
    js,
    new,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_THROWN = {
    ("react-router", "redirect"),
    ("react-router", "redirectDocument"),
    ("react-router", "data"),
    ("@remix-run/cloudflare", "redirect"),
    ("@remix-run/node", "redirect"),
    ("@remix-run/react", "redirect"),
    ("@remix-run/server-runtime", "redirect"),
    ("@remix-run/cloudflare", "json"),
    ("@tanstack/react-router", "redirect"),
    ("@tanstack/react-router", "notFound"),
    ("@tanstack/solid-router", "redirect"),
    ("@sveltejs/kit", "redirect"),
    ("@sveltejs/kit", "error"),
    ("hono/http-exception", "HTTPException"),
    ("", "Response"),
}
"""What is thrown for a framework to take: the module that it comes from, and its name."""
_THROWS_ITSELF = frozenset({"@sveltejs/kit", "next/navigation"})
"""Modules of which the functions throw by themselves, without `throw`."""
_NEXT = frozenset({"redirect", "permanentRedirect", "notFound"})
_TAKE_RESPONSES = frozenset({"react-router", "remix", "tanstack-start", "solid-start", "rwsdk"})
"""Frameworks for which a `Response` that is thrown is the answer."""
_NO_ERRORS = frozenset({"data", "notFound"})
"""What makes an object that is neither a `Response` nor an `Error`."""
_PREDICATES: dict[str, tuple[int, tuple[str, ...], str]] = {
    "@sveltejs/kit": (2, ("isHttpError", "isRedirect"), "@sveltejs/kit"),
    "next/navigation": (15, ("unstable_rethrow",), "next"),
}
"""By what answers of a framework are known: since which version of which package."""
_OF_STATUS = frozenset({"HTTPException", "error"})
"""What is given the status first."""
_ASKS = ("instanceof", "isRedirect", "isHttpError", "isRouteError", "isNotFound", "rethrow")
_PARTS = ("status", "digest", "location", "headers")
_PRINTS = pattern(
    r"(?:console|log|logger|Sentry|this\.log\w*|\w*[lL]og(?:ger)?)(?:\.\w+)*|String|JSON\.\w+"
    r"|(?:[A-Z]\w*|(?:log|print|report|show|track|write)\w*)Error"
)
_WORDS = ("redirect", "redirectDocument", "data", "json", "error", "notFound", "permanentRedirect")


@rule(
    call(*_WORDS),
    new("HTTPException", "Response"),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    name = module.called_name(match.node)
    if name is None or not module.is_run:
        return
    is_next = name.module == "next/navigation" and name.name in _NEXT
    if (name.module, name.name) not in _THROWN and not is_next:
        return
    if not name.module and (module.app is None or module.app.kind.id not in _TAKE_RESPONSES):
        return  # of a handler of its own, and of one of Hono's, it is an error that nobody takes
    statement = _thrown(module, match.node, by_itself=name.module in _THROWS_ITSELF)
    if statement is None:
        return
    attempt = module.try_around(statement)
    handler = attempt.child_by_field_name("handler") if attempt is not None else None
    if attempt is None or handler is None or not _swallows(module, handler):
        return
    if any(_says_the_same(module, made, match) for made in module.descendants(handler, match.node.type)):
        return  # the `catch` ends in the same answer
    first = module.memoized(("answer thrown in", attempt.id), lambda: match.node.id)
    if first != match.node.id:
        return
    made = quoted(module.text(match.callee or match.node))
    yield Finding(
        f"the `catch` below takes what {made} throws: it never gets to the framework",
        match.at(),
        (module.at(handler, "it ends here"),),
        fix=_fix(match, name, handler),
        words=_words(match, handler),
    )


def _fix(match: Match, thrown: js.PlatformName, handler: Node) -> Fix | None:
    """The first line of the `catch` that throws the answer on."""
    module, body = match.module, handler.child_by_field_name("body")
    if handler.type != "catch_clause" or body is None:
        return None
    parameter = handler.child_by_field_name("parameter")
    if parameter is not None and parameter.type != "identifier":
        return None
    error = module.text(parameter) if parameter is not None else "error"
    edits: list[Edit] = []
    if parameter is None:
        keyword = next((child for child in handler.children if child.type == "catch"), None)
        if keyword is None:
            return None
        edits.append(module.insert(keyword.end_byte, f" ({error})"))
    imported = _PREDICATES.get(thrown.module)
    if imported is not None:
        folder = posixpath.dirname(module.path)
        is_old = config.is_older(module.project.workspace, folder, imported[2], (imported[0], 0, 0))
        added = None if is_old else fixes.add_imports(module, imported[1], thrown.module)
        if added is None:
            return None
        edits.extend(added)
    asked = _asked(match, thrown, error)
    first = next((it for it in body.named_children if it.type != "comment"), match.node)
    end = module.semicolon_of(first, ";")
    edits.append(module.prepend_statement(body, f"{asked}{end}"))
    return Fix("Throw the answer on", tuple(edits), Safety.UNSAFE)


def _asked(match: Match, thrown: js.PlatformName, error: str) -> str:
    if thrown.module == "next/navigation":
        return f"unstable_rethrow({error})"
    if thrown.module == "@sveltejs/kit":
        return f"if (isRedirect({error}) || isHttpError({error})) throw {error}"
    if thrown.module == "hono/http-exception":
        made = match.module.text(match.callee) if match.callee is not None else "HTTPException"
        return f"if ({error} instanceof {made}) throw {error}"
    if thrown.name in _NO_ERRORS or thrown.module.startswith("@tanstack/"):
        return f"if (!({error} instanceof Error)) throw {error}"
    return f"if ({error} instanceof Response) throw {error}"


def _words(match: Match, handler: Node) -> js.Words:
    """What the `catch` calls the error, and whose answer is thrown."""
    named = match.module.called_name(match.node) if match.node.type == "call_expression" else None
    source = named.module if named is not None else ""
    case = {"@sveltejs/kit": "of SvelteKit", "next/navigation": "of Next.js"}.get(source)
    caught = handler.child_by_field_name("parameter") if handler.type == "catch_clause" else None
    name = caught if caught is not None and caught.type == "identifier" else None
    return (*(((case, ""),) if case is not None else ()), *js.word("error", match.module, name))


def _says_the_same(module: Module, made: Node, match: Match) -> bool:
    """Whether a call in a `catch` makes the answer that was thrown, or an error of the same status."""
    if module.is_same(made, match.node):
        return True
    other = js.Call(module, made)
    if match.word not in _OF_STATUS or other.name != match.word or not (other.arguments and match.arguments):
        return False
    return module.is_same(other.arguments[0], match.arguments[0])


def _thrown(module: Module, node: Node, *, by_itself: bool) -> Node | None:
    """The statement by which an answer is thrown; None where it is not."""
    above = module.parent(module.with_wrappers(node))
    if above is not None and above.type == "throw_statement":
        return above
    return module.own_statement(node) if by_itself else None


def _swallows(module: Module, handler: Node) -> bool:
    """Whether a `catch` takes everything: it throws nothing but another answer, asks nothing of the error,
    and hands it to nobody but the log."""
    body = handler.child_by_field_name("body")
    if body is None:
        return False
    thrown = module.descendants(body, "throw_statement")
    if not all(_is_another_answer(module, statement) for statement in thrown):
        return False
    if _asks_of_error(module, handler, body):
        return False
    name = handler.child_by_field_name("parameter")
    if name is None:
        return True
    if name.type != "identifier":
        return False
    declaration = module.scope.declared_in(handler).get(module.text(name)) or module.scope.resolve(name)
    if declaration is None:
        return False
    return not any(_hands_on(module, use) for use in module.scope.references(declaration))


def _is_another_answer(module: Module, statement: Node) -> bool:
    """Whether a `throw` is that of an answer which is made there, in place of what was caught."""
    value = js.unwrap(statement.named_children[0]) if statement.named_children else None
    name = module.called_name(value) if value is not None else None
    return name is not None and (name.module, name.name) in _THROWN


def _asks_of_error(module: Module, handler: Node, body: Node) -> bool:
    """Whether a `catch` asks what the error is, as far as one can tell by its words."""
    name = handler.child_by_field_name("parameter")
    word = module.text(name) if name is not None else ""
    text = module.text(body)
    if any(asks in text for asks in _ASKS):
        return True
    return bool(word) and any(f"{word}{dot}{part}" in text for dot in (".", "?.") for part in _PARTS)


def _hands_on(module: Module, use: Node) -> bool:
    """Whether an error is returned, or given to a function that may throw it on."""
    above = module.parent(module.with_wrappers(use))
    if above is None or above.type in ("return_statement", "arrow_function"):
        return True
    around = module.call_around(use)
    if around is None:
        return False
    called = module.text(around[0].callee) if around[0].callee is not None else ""
    return _PRINTS.fullmatch(called) is None or _throws(module, around[0].node)


def _throws(module: Module, node: Node) -> bool:
    """Whether a call is one of a function of the project that has a `throw`, whatever its name says."""
    called = js.function_called(module, node) if node.type == "call_expression" else None
    return called is not None and any(called[0].descendants(called[1], "throw_statement"))
