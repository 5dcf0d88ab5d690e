"""Set a session's cookie with `HttpOnly` and `Secure`.

Without `HttpOnly` every script on the page can read the cookie: one injected script, and the session is
somebody else's. Without `Secure` the browser sends it over plain HTTP as well.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response("welcome", {
      headers: { "Set-Cookie": `session=${crypto.randomUUID()}; Path=/; SameSite=Lax` },
    });
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response("welcome", {
      headers: { "Set-Cookie": `session=${crypto.randomUUID()}; Path=/; SameSite=Lax; HttpOnly; Secure` },
    });
  },
} satisfies ExportedHandler;
```

## What to do

Add the flags that the message names. As it is, a script that gets into the page can read it, and it goes
over plain HTTP.

- "no `HttpOnly` and no `Secure`": Add `httpOnly: true, secure: true` to its options (of a text, `;
  HttpOnly; Secure` at its end): scripts of the page no longer read it (if one has to, leave out the first),
  plain HTTP no longer gets it, but for `http://localhost`.
- "no `Secure`": Add `secure: true` to its options (of a text, `; Secure` at its end): plain HTTP no longer
  gets it, but for `http://localhost`.
- "no `HttpOnly`": Add `httpOnly: true` to its options (of a text, `; HttpOnly` at its end): scripts of the
  page no longer read it. If one has to, keep it and suppress this.

## Not reported

Cookies whose name says nothing of a session or token, and tokens against forgery, which scripts have to read.
Cookies that are deleted, and attributes that are made elsewhere: a text
that is put together is followed through its constants and conditions, and one that ends in an unknown part
behind the cookie's value may have all of them. Where only `Secure` is missing it is a note.

## Fix safety

Unsafe: scripts of the page that read the cookie no longer can, and plain HTTP no longer gets it, but for
`http://localhost` (Safari does not send it there, either). There is a fix where the options, or the text of
the cookie, stand at the place.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from cflint.api import Edit, Finding, Fix, Match, Module, Safety, Severity, call, js, module, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADER = pattern(rb"(?i:set-cookie)")
_SESSION = pattern(
    r"sess|(?:^|[_.-])sid$|token|auth|jwt|login|secret|(?:client|api|access|private)[_.-]?key", re.IGNORECASE
)
_READABLE = pattern(r"csrf|xsrf|theme|locale|lang|state|nonce|verifier|author|public", re.IGNORECASE)
_HOLE = "\0"
_MOST_HOPS = 8
_MOST_TEXTS = 16
_MOST_PARTS = 200
"""How many parts a text is put together of, those of a constant as often as it is named."""


@rule(module("Set-Cookie", "set-cookie", "Set-cookie"), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(module: Module) -> Iterator[Finding]:
    for mention in module.mentions(_HEADER):
        value = module.header_value(mention)
        if value is None or not module.runs_in_worker(value):
            continue
        found = [_flags(text) for text in _texts(module, value)]
        if found and all(one is not None for one in found):
            known = [one for one in found if one is not None]
            # one of several texts may be for local development
            yield from _finding(
                module,
                value,
                known[0][0],
                any(one[1] for one in known),
                any(one[2] for one in known),
                _in_text(module, value),
            )


def _flags(text: str) -> tuple[str, bool, bool] | None:
    """The name of a session's cookie, and whether it has `HttpOnly` and `Secure`; None of any other cookie,
    and where that is not known."""
    cookie, _, rest = text.partition("=")
    content, semicolon, attributes = rest.partition(";")
    if _HOLE in attributes.replace(f"={_HOLE}", "") or not _holds_session(cookie.strip(), content):
        return None
    if not semicolon and content.endswith(_HOLE) and content != _HOLE:
        return None  # what follows the value may be its attributes
    if "max-age=0" in attributes.lower().replace(" ", ""):
        return None
    words = {part.split("=")[0].strip().lower() for part in attributes.split(";")}
    return cookie.strip(), "httponly" in words, "secure" in words


@check.on(call("setCookie", "serialize"))
def check_helper(match: Match) -> Iterator[Finding]:
    """`setCookie(c, name, value, options)` of Hono, `serialize(name, value, options)` of cookie."""
    module = match.module
    if module.is_from(match.callee, "hono/cookie", "setCookie"):
        given = [match.call.argument(index) for index in (1, 2, 3)]
    elif module.is_from(match.callee, "cookie", "serialize", "default.serialize", "*.serialize"):
        given = [match.call.argument(index) for index in (0, 1, 2)]
    else:
        return
    name, value, options = given
    cookie = module.string_of(name) if name is not None else None
    if cookie is None or value is None or not _holds_session(cookie, module.string_of(value) or _HOLE):
        return
    if _is_emptied(module, value):
        return
    if options is None:
        if len(match.arguments) <= 3:
            edit = _with_options(module, match.node) if len(match.arguments) > 1 else None
            yield from _finding(module, match.callee or match.node, cookie, False, False, edit)
        return
    age = module.property_value(options, "maxAge")
    if module.is_open_object(options) or (age is not None and module.number(age) == 0):
        return
    prefix = module.property_value(options, "prefix")
    yield from _finding(
        module,
        match.callee or match.node,
        cookie,
        _is_set(module, options, "httpOnly"),
        _is_set(module, options, "secure") or prefix is not None,
        _in_options(module, options),
    )


_Mend = Callable[[Sequence[str]], tuple[Edit, ...]]
"""What adds some of the attributes to a cookie."""
_OPTION_OF = {"HttpOnly": "httpOnly", "Secure": "secure"}


def _with_options(module: Module, call: Node) -> _Mend:
    last = js.arguments_of(call)[-1]

    def mend(missing: Sequence[str]) -> tuple[Edit, ...]:
        listed = ", ".join(f"{_OPTION_OF[it]}: true" for it in missing)
        return (module.insert(last.end_byte, f", {{ {listed} }}"),)

    return mend


def _in_options(module: Module, options: Node) -> _Mend | None:
    literal = js.unwrap(options)
    if literal.type != "object":
        return None

    def mend(missing: Sequence[str]) -> tuple[Edit, ...]:
        names = [_OPTION_OF[it] for it in missing]
        given = {name: module.property_value(literal, name) for name in names}
        edits = [module.replace(value, "true") for value in given.values() if value is not None]
        added = [f"{name}: true" for name in names if given[name] is None]
        return (*edits, *((module.add_properties(literal, *added),) if added else ()))

    return mend


def _in_text(module: Module, value: Node) -> _Mend | None:
    text = js.unwrap(value)
    if text.type not in ("string", "template_string"):
        return None

    def mend(missing: Sequence[str]) -> tuple[Edit, ...]:
        return (module.insert(text.end_byte - 1, "".join(f"; {it}" for it in missing)),)

    return mend


def _is_emptied(module: Module, value: Node) -> bool:
    """Whether a variable is set to an empty text somewhere."""
    value = js.unwrap(value)
    declaration = module.scope.resolve(value) if value.type == "identifier" else None
    for node in module.scope.assignments(declaration) if declaration is not None else ():
        given: Node | None = node
        while given is not None and given.type == "assignment_expression":
            given = given.child_by_field_name("right")  # `id = key = ""`
        if given is not None and module.string_of(given) == "":
            return True
    return False


def _is_set(module: Module, options: Node, name: str) -> bool:
    value = module.property_value(options, name)
    return value is not None and js.unwrap(value).type != "false"


def _finding(
    module: Module, at: Node, cookie: str, http_only: bool, secure: bool, mend: _Mend | None
) -> Iterator[Finding]:
    missing = [word for word, is_there in (("HttpOnly", http_only), ("Secure", secure)) if not is_there]
    if missing:
        shown = cookie.replace(_HOLE, "…")
        what = "scripts of the page can read it" if not http_only else "it goes over plain HTTP as well"
        yield Finding(
            f"the cookie `{shown}` has no {' and no '.join(f'`{word}`' for word in missing)}: {what}",
            module.at(at),
            fix=Fix.of("Add what is missing", mend(missing), Safety.UNSAFE) if mend is not None else None,
            severity=Severity.NOTE if http_only else None,
        )


def _holds_session(cookie: str, content: str) -> bool:
    """Whether a cookie holds something that lets its bearer in, by its name."""
    if not content.strip('"') or len(cookie) > 60 or not cookie.replace(_HOLE, ""):
        return False
    return _SESSION.search(cookie) is not None and _READABLE.search(cookie) is None


def _texts(module: Module, value: Node) -> list[str]:
    """The texts that a header may get: those that stand there, or those that a function returns."""
    made = module.call(module.initializer(value))
    called = js.function_called(module, made.node) if made is not None and not made.is_new else None
    left = iter(range(_MOST_PARTS))
    if called is None:
        return _text(module, value, left)
    other, function = called
    body = js.body_of(function)
    returned = [js.first_named(found) for found in other.returns_of(function)]
    if body is not None and body.type != "statement_block":
        returned = [body]
    texts = [_text(other, found, left) if found is not None else [] for found in returned]
    return [text for one in texts for text in one] if all(texts) else []


def _text(module: Module, value: Node, left: Iterator[int], hops: int = _MOST_HOPS) -> list[str]:
    """The texts that a cookie may be, with a NUL for each part that is not known; none of what is no text,
    and where they are many. `left` has one item for each part that may still be looked at."""
    node = js.unwrap(module.initializer(value))
    known = module.string_of(node)
    if known is not None:
        return [known]
    if hops == 0 or next(left, None) is None:
        return []
    if node.type == "template_string":
        return _joined(
            _part(module, js.first_named(part), left, hops)
            if part.type == "template_substitution"
            else [module.text(part)]
            for part in node.named_children
        )
    if node.type == "ternary_expression":
        sides = (node.child_by_field_name(name) for name in ("consequence", "alternative"))
        return [text for side in sides for text in _part(module, side, left, hops)]
    summands = _summands(module, node)
    return _joined(_part(module, each, left, hops) for each in summands) if len(summands) > 1 else []


def _part(module: Module, node: Node | None, left: Iterator[int], hops: int) -> list[str]:
    return (_text(module, node, left, hops - 1) if node is not None else []) or [_HOLE]


def _summands(module: Module, node: Node) -> list[Node]:
    """What stands between the `+` of a sum; the expression itself where it is none."""
    found: list[Node] = []
    while True:
        operation = module.operation(node)
        if operation is None or operation.operator != "+" or operation.left is None:
            return [node, *reversed(found)]
        found.append(operation.right)
        node = operation.left


def _joined(parts: Iterable[list[str]]) -> list[str]:
    """Every text that parts make one after the other; none where they are many."""
    texts = [""]
    for part in parts:
        texts = [text + more for text in texts for more in part]
        if len(texts) > _MOST_TEXTS:
            return []
    return texts
