"""Catch the error of `decodeURIComponent()` where a client decides what it decodes, and decode once.

A text with a `%` that no two hexadecimal digits follow, or that is no UTF-8 (`/%zz`, `/%ff`), makes it throw
a `URIError`. `new URL()` leaves such a path as it is, so anyone can make the Worker answer 500 by a link,
where 404 or 400 is right. What `searchParams` and Hono give has been decoded: who decodes it again fails at
each `%` that a client means, and reads `%41` for `A`.

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

- "decoded already": Take away the call: `searchParams.get()`, and `query()` and `param()` of Hono, give
  decoded text. Where a client encodes twice on purpose, put it into `try`.
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

Unsafe: what can throw is caught where it is all that its statement does.

- "Take it as it is": a client that encodes twice is read otherwise then

The call is taken away where the text comes decoded. A cookie stays as it came, anything
else is answered with status 400, as the code around answers errors.

Source: https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/decodeURIComponent,
https://developer.mozilla.org/en-US/docs/Web/API/URLSearchParams,
https://github.com/honojs/hono (`src/request.ts`)
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
    module,
    pattern,
    python,
    python_module,
    rule,
)

if TYPE_CHECKING:
    import libcst as cst
    from tree_sitter import Node


_WORDS = ("decodeURIComponent", "decodeURI")
_MOST = 6


@rule(call(*_WORDS), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    if not js.is_global(module, match.call.callee, match.word) or len(match.arguments) != 1:
        return
    if match.node.id in {node.id for node, _ in _decoded_twice(module)}:
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
        fix=_fix(match, is_cookie=_is_cookie(made.module.text(made.source))),
    )


def _fix(match: Match, *, is_cookie: bool) -> Fix | None:
    """A fix that catches what a call throws where its statement does nothing else: the text of a cookie stays
    as it came, anything else is answered with status 400."""
    module, node = match.module, match.node
    if is_cookie:
        kept = js.catching_edit(module, node, "", kept=module.text(match.arguments[0]))
        title = "Keep a cookie that encodes nothing as it came"
        return Fix(title, (kept,), Safety.UNSAFE) if kept is not None else None
    answer = js.refusing_statement(module, node, "malformed", 400)
    edit = js.catching_edit(module, node, f"{answer};", kind="string") if answer is not None else None
    return Fix("Answer 400 to what is malformed", (edit,), Safety.UNSAFE) if edit is not None else None


def _is_cookie(source: str) -> bool:
    return "cookie" in source.lower()


def _words(match: Match, source: str) -> js.Words:
    """What is decoded, and the case of a cookie, whose text may stay as it came."""
    return (
        *((("a cookie", ""),) if _is_cookie(source) else ()),
        *js.word("expression", match.module, match.node),
        *js.word("given", match.module, match.arguments[0]),
    )


@check.on(module(*_WORDS))
def check_twice(subject: Module) -> Iterator[Finding]:
    """What is decoded although it comes decoded, told once for a module."""
    found = _decoded_twice(subject)
    if not found:
        return
    (node, source), *others = found
    here = subject.at(node)
    place = source.module.at(source.node, "it is decoded here")
    edits = tuple(
        subject.replace(one, subject.text(js.arguments_of(one)[0])) for one, _ in (found[0], *others)
    )
    yield Finding(
        f"this is decoded already: `{subject.callee_name(node)}()` throws when there is a `%` in it, or makes"
        " something else of it",
        here,
        (
            *(() if here.document is place.document and here.span.covers(place.span) else (place,)),
            *(subject.at(other, "this, too") for other, _ in others[:_MOST]),
        ),
        fix=Fix("Take it as it is", edits, Safety.UNSAFE),
    )


def _decoded_twice(subject: Module) -> tuple[tuple[Node, js.Traced], ...]:
    """The calls that decode a part of a request that comes decoded, with where that is read."""

    def find() -> tuple[tuple[Node, js.Traced], ...]:
        found = []
        for name in _WORDS if subject.is_run else ():
            for node in subject.calls_of(name, subject.root):
                made = js.Call(subject, node)
                if len(made.arguments) != 1 or not js.is_global(subject, made.callee, name):
                    continue
                source = next(js.traced(subject, made.arguments[0], _is_decoded), None)
                if source is not None:
                    found.append((node, source))
        return tuple(sorted(found, key=lambda one: one[0].start_byte))

    return subject.memoized("what is decoded twice", find)


def _is_decoded(found: js.Traced) -> bool:
    """Whether an expression is a part of a request that comes decoded: a parameter of the query, by
    `searchParams` or Hono, or one of a path by Hono."""
    if found.path:
        return False
    if found.module.reads_query(found.node):
        return True
    made = found.module.call(found.node)
    if made is None or made.name != "param" or len(made.arguments) != 1 or made.receiver is None:
        return False
    return found.module.value_of(made.receiver).kind is ValueKind.HONO_REQUEST


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
