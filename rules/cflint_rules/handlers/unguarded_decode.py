"""Catch the error of `decodeURIComponent()` where a client decides what it decodes.

A text with a `%` that no two hexadecimal digits follow, or that is no UTF-8 (`/%zz`, `/%ff`), makes it throw
a `URIError`. `new URL()` leaves such a path as it is, so anyone can make the Worker answer 500 by a link,
where 404 or 400 is right.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
    return new Response(`Hello ${name}`);
  },
} satisfies ExportedHandler;
```

## Correct

```ts
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export default {
  async fetch(request): Promise<Response> {
    const name = decoded(new URL(request.url).pathname.slice(1));
    if (name === null) return new Response("bad path", { status: 400 });
    return new Response(`Hello ${name}`);
  },
} satisfies ExportedHandler;
```

## What to do

Write `let value; try { value = expression; } catch { return new Response("malformed", { status: 400 }); }`
before this statement, and `value` here. As it is, the client gets an error 500.

- "to ASCII": Encode to UTF-8 (`.encode()`), or answer 400 in `except UnicodeEncodeError`.
- "is no UTF-8": `except UnicodeDecodeError:` around it, and answer 400; or `decode(errors="replace")` where
  `�` for such bytes will do.
- "a cookie": Write `let value = given; try { value = decodeURIComponent(given); } catch { }` before this
  statement, and `value` here: a cookie that encodes nothing stays as it came. As it is, the client gets an
  error 500.

## Not reported

Calls in a `try` with a `catch`, in the function or around all calls of it; Hono apps with an `onError()`;
functions that nobody is seen to call; what was encoded by the code itself; texts that do not come from a
request, as far as one can see; Durable Objects, which get what a Worker hands on. In Python it is
`encode("ascii")` of what a function that verifies something is given (it raises for every other letter,
where `encode()` takes all of them), and `decode()` of an upload.

## Errors

```text title="workerd"
URIError: URI malformed
```

## Fix safety

No fix: what to answer is up to the author.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/decodeURIComponent
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Match, Severity, call, js, pattern, python, python_module, rule

if TYPE_CHECKING:
    import libcst as cst


@rule(call("decodeURIComponent", "decodeURI"), severity=Severity.NOTE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not js.is_global(module, match.call.callee, match.word) or len(match.arguments) != 1:
        return
    if module.may_be_durable(match.node) or not js.escapes_handler(module, match.node):
        return
    made = module.provenance(match.arguments[0])
    if made.trust is not js.Trust.REQUEST or made.source is None or made.module is None:
        return
    place = made.module.at(made.source, "the client sends it here")
    related = () if match.at().span.covers(place.span) else (place,)
    yield Finding(
        f"`{match.word}()` throws when a client sends a `%` that encodes nothing",
        match.at(),
        related,
        words=_words(match, made.module.text(made.source)),
    )


def _words(match: Match, source: str) -> js.Words:
    """What is decoded, and the case of a cookie, whose text may stay as it came."""
    return (
        *((("a cookie", ""),) if "cookie" in source.lower() else ()),
        *js.word("expression", match.module, match.node),
        *js.word("given", match.module, match.arguments[0]),
    )


_GIVEN = pattern(r"token|code|verif|cookie|header|auth|passw|signature|challenge|state|credential")
_MAKES = pattern(r"^_*(?:create|make|sign|issue|build|encode|generate|mint|new|hash)")


@check.on(python_module("encode", "decode"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    if not module.workers or module.has_errors:
        return
    for made in module.calls("encode"):
        given = module.arguments(made)
        if not given or (module.string_of(given[0]) or "").lower() not in ("ascii", "us-ascii"):
            continue
        if len(made.args) > 1 or module.is_caught(made) or not _is_given(module, module.receiver(made)):
            continue
        yield Finding(
            "`encode()` to ASCII raises when a client sends any other letter: the client gets an error 500",
            module.at(made),
        )
    for made in module.calls("decode"):
        if _decodes_upload(module, made) and not module.is_handled(made, "UnicodeDecodeError", "ValueError"):
            yield Finding(
                "`decode()` raises when a client sends a file that is no UTF-8: the client gets an error 500",
                module.at(made),
            )


def _is_given(module: python.PythonModule, text: cst.BaseExpression | None) -> bool:
    """Whether a text is made of a parameter that is called as a credential is, or of its parts, in a function
    that makes none."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    function = module.function_around(text) if text is not None else None
    if not isinstance(function, cst.FunctionDef) or _MAKES.search(function.name.value) is not None:
        return False
    todo: list[cst.CSTNode] = [text] if text is not None else []
    for _ in range(20):
        if not todo:
            return False
        for name in module.find_in(todo.pop(), cst.Name):
            for entry in module.resolve(name) or ():
                if isinstance(entry.node, cst.Param) and _GIVEN.search(name.value) is not None:
                    return True
                parts = _parts_of(module, entry.node)
                todo += [parts] if parts is not None else []
    return False


def _parts_of(module: python.PythonModule, name: cst.CSTNode) -> cst.BaseExpression | None:
    """`token.split(".")` of a name that is given one of the parts."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    for above in module.ancestors(name):
        if isinstance(above, cst.Assign):
            return above.value if isinstance(above.targets[0].target, cst.Tuple) else None
        if isinstance(above, (cst.FunctionDef, cst.ClassDef)):
            return None
    return None


def _decodes_upload(module: python.PythonModule, made: cst.Call) -> bool:
    """Whether a call decodes all of a file that a client uploads (FastAPI's `UploadFile`)."""
    # Imported where used: libcst is slow to load.
    import libcst as cst

    owner = module.receiver(made)
    if len(made.args) > 1 or module.keyword(made, "errors") is not None:
        return False
    whole = module.value_given(owner) or owner if owner is not None else None
    read = whole.expression if isinstance(whole, cst.Await) else None
    if not isinstance(read, cst.Call) or module.called_name(read) != "read":
        return False
    return python.is_upload(module, module.receiver(read))
