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

Take `value` out of what is logged (`Boolean(value)` in its place says whether it is there). If it was
logged in production, have it replaced. Where the log is how a developer gets the value, log it only under a
check that this is local development.

- "which lets in": Take it out of what is logged, and send it by mail, which is what the hook is for. Where
  the log is how a developer gets it, log it only under a check that this is local development.
- "the address with": Log `new URL(request.url).pathname` for it. If it was logged in production, have the
  code or token replaced.
- "all of `<whole>`": Log `Object.keys(<whole>)` for it. If it was logged in production, have the tokens
  replaced.
- "`<value>` is logged": Take `<value>` out of what is logged (`Boolean(<value>)` in its place says whether
  it is there). If it was logged in production, have it replaced. Where the log is how a developer gets the
  value, log it only under a check that this is local development.

## Not reported

Secrets of `env` (`no-log-env`) and all headers of a request (`queue-forwards-credentials`); the length of a
token, whether there is one, and its first few characters; what is logged only where it is no text (`typeof
token !== "string"`) or not there;
names that say that it is no secret (`tokens`, `maxToken`, `tokenType`); code that runs in development alone.

## Fix safety

Unsafe: the log no longer has the value; if it was logged in production, have it replaced, and where the log
is how a developer gets it, log it only under a check that this is local development. There is no fix of what
a variable holds among other things.

Source: https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude,
https://developers.cloudflare.com/workers/observability/logs/workers-logs/
"""

from __future__ import annotations

import re
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
    pattern,
    quoted,
    rule,
)
from cflint_rules.security._development import only_in_development

if TYPE_CHECKING:
    from tree_sitter import Node

_SECRET = pattern(
    r"(?:\w*_?(?:access|refresh|auth|bearer|session|reset|jwt|csrf|bot|api|verification|magic|login)_?)?token"
    r"|\w*password|passwd|pwd|\w*api_?key|(?:client|api|shared|webhook|jwt|signing)_?secret(?:_?key)?|otp(?:_?code)?"
    r"|reset_?(?:link|url)|magic_?link",
    re.IGNORECASE,
)
_HIDDEN = pattern(r"hash|mask|redact|censor|encrypted|confirm|len", re.IGNORECASE)
_NAMES = frozenset({"identifier", "shorthand_property_identifier", "member_expression"})
_SAY_NOTHING = frozenset({"string", "template_string", "number", "object", "array", "binary_expression"})
"""What gives away nothing by itself; its parts are looked at, too."""
_CUTS = frozenset({"slice", "substring", "substr"})
_USERS = pattern(rb"auth|log_?in|sign_?in|session|verif|password|reset|bearer|invit", re.IGNORECASE)
_LISTS = pattern(rb"pag(?:e_?token|inat)|candidate|cursor|token(?:iz|is)e", re.IGNORECASE)
_ANSWERS = pattern(r"sign(?:In|Up)\w*|exchange\w*(?:Code|Token)\w*|refresh\w*Tokens?|get(?:Access)?Tokens")
"""Functions whose answer holds tokens of whoever signs in."""
_TOKEN_URL = pattern(
    r"/(?:o_?auth2?/)?(?:access_?)?tokens?(?![\w=])|access_token(?!=)|token_?(?:url|uri|endpoint)",
    re.IGNORECASE,
)
_COOKIE = pattern(r"(?!.*(?:state|nonce|csrf|verifier)).*(?:session|token|auth|jwt).*|sid", re.IGNORECASE)
_COOKIE_NAME = pattern(r"(?:new|set|session|auth)?_?cookie(?:_?(?:header|value|string|text))?", re.IGNORECASE)
_COOKIE_TEXT = pattern(
    r"(?!\S{0,40}(?:state|nonce|csrf|theme|lang))[^=]*(?:sess|token|auth|jwt|sid)[^=;]*=\$\{", re.IGNORECASE
)
_CALLBACK = pattern(r"(?:^|/)(?:callback|auth/(?:\$|\[\.\.\.\w+\]|\[\[?\w+\]?\]))(?:[/.]|$)")
"""Files that answer the addresses that a sign-in returns to."""
_IN_QUERY = frozenset(
    {"code", "token", "access_token", "api_key", "apikey", "secret", "password", "auth_token"}
)
_LINKS = frozenset({"url", "token", "otp", "code", "link"})
_HOOK = pattern(
    r"send(?:ResetPassword|ForgotPassword\w*|Verification\w*|Magic\w*|OTP|ChangeEmail\w*|DeleteAccount\w*)"
)
"""Hooks of auth libraries by which an app sends what proves who somebody is."""
_REQUESTS = frozenset({ValueKind.REQUEST, ValueKind.REQUEST_URL, ValueKind.HONO_REQUEST})
_FEW = 12
"""Characters of a secret that help to tell it from others, and not to use it."""
_JWT = pattern(r"(?<!bot)(?<!botAccess)token$|jwt", re.IGNORECASE)
_HEAD_OF_JWT = 36
"""Characters at the beginning of a JSON Web Token that say how it is signed, and no more."""


@rule(
    call("log", "info", "warn", "error", "debug", "trace", "dir", "table"),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    found = module.log_at(match.node)
    if found is None or not module.is_run or module.realm.name == "BROWSER":
        return
    for argument in found.arguments:
        for content in module.contents(argument, lambda part: _what(module, part) is not None, hops=2):
            what = _what(module, content.node)
            if what is None or only_in_development(module, match.node):
                continue
            if not module.runs_in_worker(match.node):
                return
            if _is_without_token(module, match.node, content.node):
                continue
            place = content.names[0] if content.names else content.node
            related = (module.at(content.node, "it is taken here"),) if content.names else ()
            yield Finding(
                f"{what} logged: whoever reads the logs has it",
                module.at(place),
                related,
                fix=_fix(module, content, what),
            )
            return


def _fix(module: Module, content: js.Content, what: str) -> Fix | None:
    """Whether something is there, or what it consists of, in place of what it is."""
    node, text = content.node, module.text(content.node)
    if content.names or content.is_rebuilt or "\n" in text or "which lets in" in what:
        return None
    access = module.member(node)
    if "the address with" in what and access is not None:
        owner = module.text(access.object)
        said = {"url": f"new URL({text}).pathname", "href": f"{owner}.pathname"}.get(access.name, "")
    elif what.startswith("all of"):
        said = f"Object.keys({text} ?? {{}})"
    else:
        said = f"Boolean({text})"
    if not said:
        return None
    written = f"{text}: {said}" if node.type == "shorthand_property_identifier" else said
    return Fix("Log what is no secret", (module.replace(node, written),), Safety.UNSAFE)


def _what(module: Module, node: Node) -> str | None:
    """What an expression gives away, with its verb; None where it is nothing."""
    if node.type in _SAY_NOTHING:
        return None
    if module.reads_credential(node):
        return "a credential of the client is"
    if _is_address_with_code(module, node):
        return "the address with the code or token in its query is"
    if node.type in ("identifier", "shorthand_property_identifier") and _is_answer_with_tokens(module, node):
        return f"all of {quoted(module.text(node))}, with its tokens, is"
    if node.type == "call_expression":
        return "the session's cookie is" if _is_session_cookie(module, node) else _cut(module, node)
    if node.type not in _NAMES:
        return None
    if _is_cookie_text(module, node):
        return "the cookie that signs in is"
    if _is_sent_in_mail(module, node):
        return f"{quoted(module.text(node))}, which lets in whoever has it, is"
    access = module.member(node)
    name = access.name if access is not None else module.text(node)
    if access is not None and access.name in ("length",):
        return None
    is_session = access is None and name == "session"
    if not is_session and (_SECRET.fullmatch(name) is None or _HIDDEN.search(name) is not None):
        return None
    if module.value_of(node).kind is not ValueKind.UNKNOWN or module.secret_at(node) is not None:
        return None
    if is_session:
        return "`session` is" if _is_typed_text(module, node) else None
    if access is None and _is_text_of_code(module, node):
        return None
    if name.lower() == "token" and not _is_about_users(module, node):
        return None
    return f"{quoted(module.text(node))} is"


def _is_sent_in_mail(module: Module, node: Node) -> bool:
    """Whether an expression is the link or the code that a hook of an auth library is given to send:
    `sendResetPassword: async ({ user, url }) => …`."""
    access = module.member(node)
    owner = js.unwrap(access.object) if access is not None else node
    declaration = module.scope.resolve(owner) if owner.type in _NAMES else None
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER:
        return False
    path = (*declaration.path, access.name) if access is not None else declaration.path
    if len(path) != 1 or path[0] not in _LINKS:
        return False
    holder = module.parent(module.with_wrappers(declaration.scope))
    key = module.key(holder) if holder is not None and holder.type == "pair" else None
    if declaration.scope.type == "method_definition":
        named = declaration.scope.child_by_field_name("name")
        key = module.text(named) if named is not None else None
    return key is not None and _HOOK.fullmatch(key) is not None


def _is_answer_with_tokens(module: Module, name: Node) -> bool:
    """Whether a variable holds what a sign-in or an exchange of tokens has answered, whole."""
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.value is None or declaration.path:
        return False
    if any(True for _ in module.scope.assignments(declaration)):
        return False
    value = js.unwrap(declaration.value)
    if value.type != "await_expression":
        return False
    made = module.call(js.first_named(value))
    if made is None or made.is_new:
        return False
    if _ANSWERS.fullmatch(made.name) is not None:
        return made.receiver is not None or bool(made.arguments)
    if made.name != "json" or made.receiver is None:
        return False
    fetched = js.unwrap(module.initializer(made.receiver))
    if fetched.type == "await_expression":
        fetched = js.first_named(fetched) or fetched
    asked = module.call(fetched)
    first = asked.argument(0) if asked is not None and asked.name == "fetch" else None
    return first is not None and _TOKEN_URL.search(module.text(module.initializer(first))) is not None


def _is_without_token(module: Module, log: Node, node: Node) -> bool:
    """Whether something is logged in a branch where it is no text, or not there; or an answer in one that
    asks what it is, or whether there was an error: where it holds no token."""
    if any(_says_no_text(module, condition, node) for condition in module.conditions_around(log)):
        return True
    if node.type not in ("identifier", "shorthand_property_identifier"):
        return False
    if not _is_answer_with_tokens(module, node):
        return False
    name = module.text(node)
    return any(
        module.text(part) in (name, "ok", "status")
        for condition in module.conditions_around(log)
        for part in (condition, *module.descendants(condition, "identifier", "property_identifier"))
    )


def _says_no_text(module: Module, condition: Node, node: Node) -> bool:
    """Whether a condition is `typeof value !== "string"`, or `!value`."""
    asked = module.operation(js.unwrap(condition))
    if asked is None or asked.left is None:
        return asked is not None and asked.operator == "!" and module.is_same(asked.right, node)
    if asked.operator not in ("!==", "!=") or module.string(asked.right) != "string":
        return False
    kind = module.operation(asked.left)
    return kind is not None and kind.operator == "typeof" and module.is_same(kind.right, node)


def _is_typed_text(module: Module, name: Node) -> bool:
    """Whether a parameter is declared as text."""
    declaration = module.scope.resolve(name)
    if declaration is None or declaration.kind is not js.DeclarationKind.PARAMETER or declaration.path:
        return False
    written = declaration.owner.child_by_field_name("type")
    return written is not None and "string" in module.text(written)


def _is_cookie_text(module: Module, node: Node) -> bool:
    """Whether a variable holds a cookie as it is set: `session=${id}; HttpOnly`."""
    if node.type == "member_expression" or _COOKIE_NAME.fullmatch(module.text(node)) is None:
        return False
    declaration = module.scope.resolve(node)
    value = (
        js.unwrap(declaration.value) if declaration is not None and declaration.value is not None else None
    )
    if declaration is None or declaration.path or value is None or value.type != "template_string":
        return False
    return _COOKIE_TEXT.match(module.text(value)[1:]) is not None


def _is_session_cookie(module: Module, call: Node) -> bool:
    """Whether a call reads a cookie by which somebody is signed in: `cookies.get("session")`."""
    made = js.Call(module, call)
    if made.name != "get" or made.receiver is None or len(made.arguments) != 1:
        return False
    name = module.string_of(made.arguments[0])
    access = module.member(made.receiver)
    owner = access.name if access is not None else module.text(made.receiver)
    return owner in ("cookies", "cookieStore") and name is not None and _COOKIE.fullmatch(name) is not None


def _is_address_with_code(module: Module, node: Node) -> bool:
    """Whether an expression is the query of a request, or its whole address, where the function around takes
    a code or a token out of it."""
    access = module.member(node)
    if access is None or access.name not in ("url", "href", "search"):
        return False
    kinds = {module.value_of(part).kind for part in module.origins(access.object)}
    if not kinds & _REQUESTS:
        return False
    if _CALLBACK.search(module.path) is not None:
        return True
    around = module.enclosing_function(node)
    return around is not None and any(
        made.argument(0) is not None
        and (module.string_of(made.arguments[0]) or "") in _IN_QUERY
        and module.reads_query(made.node)
        for name in ("get", "query")
        for made in module.calls(name, around)
        if len(made.arguments) == 1
    )


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
    if value is not None and js.is_random(module.string_of(value) or ""):
        return False  # a secret that stands in the code
    return value is not None and value.type in ("string", "true", "false", "unary_expression", "number")
