"""Leave passwords and tokens out of the logs.

What is logged is kept: for days by Workers Logs, longer where Logpush or a tail Worker sends it. All who may
read logs get what was logged, and a token or a cookie is as good as its user until it expires.

## Incorrect

```ts
export default {
  async fetch(request): Promise<Response> {
    const token = crypto.randomUUID();
    console.log(`link: https://example.com/reset?token=${token}`);
    return new Response("sent");
  },
} satisfies ExportedHandler;
```

## Correct

```ts
export default {
  async fetch(request): Promise<Response> {
    const token = crypto.randomUUID();
    console.log(`a link was sent, for a token of ${token.length} characters`);
    return new Response("sent");
  },
} satisfies ExportedHandler;
```

## What to do

Take the value out of what is logged: log an id, whether it is there (`Boolean(token)`), or the object
without it (`const { token, ...rest } = data`). If it was logged in production, have it replaced.

## Not reported

Secrets of `env` (`no-log-env`) and all headers of a request (`queue-forwards-credentials`); the length of a
token, whether there is one, and its first few characters;
names that say that it is no secret (`tokens`, `maxToken`, `tokenType`); code that runs in development alone.

## Fix safety

No fix: what of it is of use in a log is up to the author.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude,
https://developers.cloudflare.com/workers/observability/logs/workers-logs/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import PREVIEW, Finding, Match, Module, Severity, ValueKind, call, js, pattern, quoted, rule
from cflint_rules.security._development import is_for_development

if TYPE_CHECKING:
    from tree_sitter import Node

_SECRET = pattern(
    r"(?:\w*_?(?:access|refresh|auth|bearer|session|reset|jwt|csrf|bot|api|verification|magic|login)_?)?token"
    r"|\w*password|passwd|pwd|\w*api_?key|(?:client|api|shared|webhook)_?secret|otp(?:_?code)?",
    re.IGNORECASE,
)
_HIDDEN = pattern(r"hash|mask|redact|censor|encrypted|confirm|len", re.IGNORECASE)
_NAMES = frozenset({"identifier", "shorthand_property_identifier", "member_expression"})
_CUTS = frozenset({"slice", "substring", "substr"})
_USERS = pattern(rb"auth|log_?in|sign_?in|session|verif|password|reset|bearer|invit", re.IGNORECASE)
_LISTS = pattern(rb"pag(?:e_?token|inat)|candidate|cursor|token(?:iz|is)e", re.IGNORECASE)
_CONDITIONALS = frozenset({"if_statement", "ternary_expression", "binary_expression"})
_FEW = 8
"""Characters of a secret that help to tell it from others, and not to use it."""
_JWT = pattern(r"(?<!bot)(?<!botAccess)token$|jwt", re.IGNORECASE)
_HEAD_OF_JWT = 36
"""Characters at the beginning of a JSON Web Token that say how it is signed, and no more."""


@rule(
    call("log", "info", "warn", "error", "debug", "trace", "dir", "table"),
    severity=Severity.NOTE,
    presets=(PREVIEW,),
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    found = module.log_at(match.node)
    if found is None or not module.is_run or module.realm.name == "BROWSER":
        return
    if not module.runs_in_worker(match.node):
        return
    for argument in found.arguments:
        for content in module.contents(argument, lambda part: _what(module, part) is not None, hops=2):
            what = _what(module, content.node)
            if what is None or _only_in_development(module, match.node):
                continue
            place = content.names[0] if content.names else content.node
            related = (module.at(content.node, "it is taken here"),) if content.names else ()
            yield Finding(f"{what} logged: whoever reads the logs has it", module.at(place), related)
            return


def _what(module: Module, node: Node) -> str | None:
    """What an expression gives away, with its verb; None where it is nothing."""
    value = module.value_of(node)
    if module.reads_credential(node):
        return "a credential of the client is"
    if node.type == "call_expression":
        return _cut(module, node)
    if node.type not in _NAMES or value.kind is not ValueKind.UNKNOWN or module.secret_at(node) is not None:
        return None
    access = module.member(node)
    name = access.name if access is not None else module.text(node)
    if access is not None and access.name in ("length",):
        return None
    if _SECRET.fullmatch(name) is None or _HIDDEN.search(name) is not None:
        return None
    if access is None and _is_text_of_code(module, node):
        return None
    if name.lower() == "token" and not _is_about_users(module, node):
        return None
    return f"{quoted(module.text(node))} is"


def _is_about_users(module: Module, node: Node) -> bool:
    """Whether the function around is about who somebody is: a token may be a word, or the place in a list."""
    around = module.enclosing_function(node)
    return (
        around is not None
        and next(module.mentions(_USERS, around), None) is not None
        and next(module.mentions(_LISTS, around), None) is None
    )


def _cut(module: Module, node: Node) -> str | None:
    """What a call gives away that takes the first characters of a secret, many of them."""
    made = js.Call(module, node)
    if made.name not in _CUTS or made.receiver is None or len(made.arguments) != 2:
        return None
    start, end = (module.number(argument) for argument in made.arguments)
    if start is None or end is None:
        return None
    is_secret = module.secret_at(js.unwrap(made.receiver)) is js.Secret.VARIABLE
    may_be_jwt = not is_secret and _JWT.search(module.text(made.receiver)) is not None
    if end - start <= (_HEAD_OF_JWT if may_be_jwt else _FEW):
        return None
    if is_secret or _what(module, js.unwrap(made.receiver)) is not None:
        return f"much of {quoted(module.text(made.receiver))} is"
    return None


def _is_text_of_code(module: Module, name: Node) -> bool:
    """Whether a name is that of a constant that the code writes out, or of an import."""
    declaration = module.scope.resolve(name)
    if declaration is None:
        return True
    if declaration.kind in (js.DeclarationKind.IMPORT, js.DeclarationKind.FUNCTION, js.DeclarationKind.CLASS):
        return True
    value = js.unwrap(declaration.value) if declaration.value is not None and not declaration.path else None
    return value is not None and value.type in ("string", "true", "false", "unary_expression", "number")


def _only_in_development(module: Module, node: Node) -> bool:
    """Whether a condition around asks for development, or for a switch that prints more."""
    for above in module.ancestors(node):
        if above.type not in _CONDITIONALS:
            continue
        asked = above.child_by_field_name("condition") or above.child_by_field_name("left")
        if asked is not None and is_for_development(module, asked):
            return True
    return False
