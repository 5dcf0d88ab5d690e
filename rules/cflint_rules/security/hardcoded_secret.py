"""Read secrets from `env`, not from the code: `wrangler secret put NAME` sets one.

What is written in the code is in its history, in every clone and build, and often in the bundle that anybody
can fetch. A secret that was committed has to be replaced, not just removed. Set it with `wrangler secret put
NAME` and read `env.NAME`.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    return fetch("https://api.acme.dev/orders", {
      headers: { Authorization: "Bearer q7Zt41mWpX9vB3kLr8Yd2NhC" },
    });
  },
};
```

## Correct

```ts
interface Env {
  ACME_TOKEN: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    return fetch("https://api.acme.dev/orders", {
      headers: { Authorization: `Bearer ${env.ACME_TOKEN}` },
    });
  },
} satisfies ExportedHandler<Env>;
```

A password of one's own making is found by its use: a constant with such a name that is compared with what a
client sends, or a text that a cookie or a token is signed with, whatever it is called.

## What to do

Have a new one made where it was issued, since whoever reads the code knows this one. Set it (`npx wrangler
secret put NAME`; `NAME=…` in `.dev.vars`), and write `env.NAME` for the text. Until it is set, what uses it
fails.

- "the text of `<name>`": Think of another text, since whoever reads the code knows this one, and set it
  (`npx wrangler secret put <name>`; `<name>=…` in `.dev.vars`). For the constant, `import { env } from
  "cloudflare:workers"`; before the comparison, `if (!env.<name>) return new Response("not configured", {
  status: 500 })`, and in it `env.<name>`.
- "a constant of the module": Set a long random text as a secret (`npx wrangler secret put SESSION_SECRET`;
  `SESSION_SECRET=…` in `.dev.vars`), delete the constant, and write `env.SESSION_SECRET` wherever it is read
  (in TypeScript with `SESSION_SECRET: string` in the type of `env`); so in each other file that has the text.
  As it is, whoever reads the code can make a cookie or token for any user; those that were made with the text
  end with it.
- "signed with": Set a long random text as a secret (`npx wrangler secret put SESSION_SECRET`;
  `SESSION_SECRET=…` in `.dev.vars`), and give `env.SESSION_SECRET` for the text (in TypeScript with
  `SESSION_SECRET: string` in the type of `env`), where needed with `import { env } from
  "cloudflare:workers"`; so in each other file that has the text. As it is, whoever reads the code can make a
  cookie or token for any user; those that were made with the text end with it.
- "no env here": Have a new one made where it was issued, since whoever reads the code knows this one. Set
  it (`npx wrangler secret put NAME`; `NAME=…` in `.dev.vars`), and write `env.NAME` for the text, with
  `import { env } from "cloudflare:workers"`. Until it is set, what uses it fails.

## Not reported

Placeholders (`your-api-key`, `sk-xxxx`), keys that are public (`pk_…`, what is called a site key, the token
of Web Analytics, a key of Google's of which a comment above says so), tokens that are no credentials
(`csrfToken`, `nextPageToken`), words and names, tests.
Inside a longer text: what a code sample shows under a name (`<pre>`, `<code>`, a fenced block), since
documentation is full of made-up passwords; a key of a known provider is reported there, too.

## Fix safety

There is no fix: the secret has to be replaced at the service that gave it.

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from cflint.api import (
    Finding,
    Location,
    Match,
    Module,
    Severity,
    Span,
    ValueKind,
    call,
    hint,
    js,
    mark,
    module,
    pattern,
    python,
    python_module,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node


_SHAPES = pattern(
    rb"\b(?:sk-|[sr]k_[a-z]{2,12}_|whsec_|gh[pousr]_|github_pat_|AKIA|ASIA|AIza|xox[abprs]-|SG\.|re_|glpat-|npm_|"
    rb"hf_|gsk_|pplx-|xai-|r8_|shp(?:at|ca|pa|ss)_|do[opr]_v1_|sbp_|lin_api_)[A-Za-z0-9]|:AA[A-Za-z0-9_-]{33}|"
    rb"PRIVATE KEY-----|[a-z]://[^\s:/@\"'`]{1,80}:[^\s:/@\"'`]{4,120}@"
)
_MARKS = (
    *("sk-", "sk_", "rk_", "whsec_", "gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "AKIA"),
    *("ASIA", "AIza", "xox", "SG.", "re_", "glpat-", "npm_", "hf_", "PRIVATE KEY-----", "://"),
    *(
        "gsk_",
        "pplx-",
        "xai-",
        "r8_",
        "shpat_",
        "shpca_",
        "shppa_",
        "shpss_",
        "doo_v1_",
        "dop_v1_",
        "dor_v1_",
    ),
    *("sbp_", "lin_api_", ":AA"),
)
"""What every match of the pattern holds: found by searching, which costs next to nothing."""

_MARKED = (
    *("postgres://", "postgresql://", "mysql://", "mongodb://", "mongodb+srv://", "redis://", "rediss://"),
    *("sk-", "sk_live_", "whsec_", "ghp_", "github_pat_", "PRIVATE KEY-----", ":AA"),
    *("_KEY", "_SECRET", "_TOKEN", "_PASSWORD", "Token", "ApiKey", "Secret"),
)
_NAMES = ("key", "secret", "token", "authorization", "password")
"""What the names end in, in lower case: found by searching, which costs next to nothing."""

_NAMED = pattern(
    rb"""(?:api_?key|api_?secret|client_?secret|secret_?key|secret|private_?key|(?:admin|master|signing|"""
    rb"""encryption|service)_?key|(?:access|auth)_?token|token|authorization|password|jwt_?secret)["']?\s{0,4}[:=]\s{0,4}"""
    rb"""["'`](?:Bearer |Basic |token )?"""
    rb"""([A-Za-z0-9+/=_.~-]{16,200})["'`]""",
    re.IGNORECASE,
)
_GIVEN = pattern(rb"""["']?\s{0,4}[:=]\s{0,4}["'`]""")
"""What follows a name in the second pattern."""

_PUBLIC = pattern(
    rb"public|publishable|site|anon|measurement|firebase|map|search|csrf|xsrf|next|page|continu|cursor|sync|"
    rb"device|design|trusted_?client|beacon|analytics|insights|challenge|domain_?verif|index_?now|test|mock|"
    rb"example",
    re.IGNORECASE,
)
"""Parts of names of what is called a key or a token, and is meant to be seen, or is an example."""
_SAID_PUBLIC = pattern(
    rb"(?://|^\s*/?\*).*\bkey\b.*\bpublic\b|(?://|^\s*/?\*).*\bpublic\b.*\bkey\b", re.IGNORECASE
)
"""A comment that says that a key is public."""
_MAIL = pattern(r"[^\s@]{1,64}@[^\s@]{1,200}\.[a-z]{2,20}", re.IGNORECASE)
_LONGEST_NAME = len("encryption_key")
_LONGEST_WORD = 60
_STRINGS = frozenset({"string", "template_string"})
_LITERALS = frozenset({"string", "null", "undefined", "number", "true", "false"})
_COMPARES = frozenset({"==", "===", "!=", "!=="})
_PASSWORD = pattern(
    r"(?:admin|auth|access|api|master|login|secret)_?(?:code|key|pin|token|secret|pass\w*)|pass(?:word|code|phrase)",
    re.IGNORECASE,
)
_CAMEL = pattern(r"(?<=[a-z0-9])(?=[A-Z])")


@rule(
    module(),
    # words of the second pattern: a file that holds one is looked at even if no other rule has a reason to
    hint("apiKey", "api_key", "clientSecret", "secret", "Authorization", "password", "token", "AKIA"),
    # parts of what a module of constants holds, and else nothing that a rule looks for
    mark(*_MARKED),
    severity=Severity.WARNING,
)
def check(found: Module) -> Iterator[Finding]:
    data = found.document.data
    seen: set[int] = set()
    for match in _shaped(data):
        string = _string_at(found, match.start(), match.end())
        if string is None or string.id in seen:
            continue
        label = js.known_secret(found.text(string))
        if label is not None:
            seen.add(string.id)
            public = "Google" in label  # the keys of web apps are meant to be seen
            if public and _is_said_public(data, match.start()):
                continue
            yield Finding(
                f"{label} stands in the code: replace it, and read it from `env`",
                _at(found, string, match.start(), match.end()),
                severity=Severity.NOTE if public else None,
                words=_name_of(found, string),
            )
    for match in _named(data):
        string = _string_at(found, match.start(1), match.end(1))
        text = match.group(1).decode()
        if string is None or string.id in seen or not _is_secret(text) or b"beacon" in _before(data, match):
            continue
        if not _is_given_to(found, string, match.start()) or _is_in_sample(data, string, match.start()):
            continue
        if _is_of_a_made_up_user(found, string):
            continue
        seen.add(string.id)
        yield Finding(
            "a secret seems to stand in the code: replace it, and read it from `env`",
            _at(found, string, match.start(1), match.end(1)),
            severity=Severity.NOTE,
            words=_name_of(found, string),
        )


@check.on(module())
def check_compared(found: Module) -> Iterator[Finding]:
    """A password that is a text in the code: it is one because what a client sends is compared with it."""
    texts = {
        declaration.node.id: declaration
        for declaration in found.scope.top_level.values()
        if _is_password(found, declaration)
    }
    if not texts or not found.is_run:
        return
    for node in found.descendants(found.root, "binary_expression"):
        compared = found.operation(node)
        if compared is None or compared.operator not in _COMPARES or compared.left is None:
            continue
        for side, other in ((compared.left, compared.right), (compared.right, compared.left)):
            password = _text_in(found, side, texts)
            if password is None or js.unwrap(other).type in _LITERALS:
                continue
            source = js.request_behind(found, other)
            if source is not None:
                del texts[password.node.id]
                yield Finding(
                    f"the text of `{password.name}`, which clients have to know, is in the code: read it from"
                    " `env`",
                    found.at(password.value or password.node),
                    (found.at(node, "what a client sends is compared with it here"),),
                    severity=Severity.NOTE,
                )


def _is_password(found: Module, declaration: js.Declaration) -> bool:
    value = declaration.value
    if value is None or not declaration.constant or declaration.path:
        return False
    text = found.string(value)
    return text is not None and len(text) > 3 and _PASSWORD.search(declaration.name) is not None


def _text_in(found: Module, side: Node, texts: Mapping[int, js.Declaration]) -> js.Declaration | None:
    """The text of the code that a side of a comparison is, if the environment says nothing of it."""
    parts = list(found.origins(side))
    declared = (found.scope.resolve(part) for part in parts if part.type == "identifier")
    text = next((one for one in declared if one is not None and one.node.id in texts), None)
    if text is None or any(found.value_of(part).kind in (ValueKind.ENV, ValueKind.BINDING) for part in parts):
        return None
    return text


@check.on(python_module())
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    # Imported where used: libcst is slow to load.
    import libcst as cst

    data = module.document.data
    places = [(match.start(), match.end(), False) for match in _shaped(data)]
    places += [(match.start(1), match.end(1), True) for match in _named(data)]
    if not places:
        return
    strings = [
        (module.span(node), node)
        for kind in (cst.SimpleString, cst.FormattedString)
        for node in module.find(kind)
    ]
    seen: set[object] = set()
    for start, end, by_name in places:
        node = next((node for span, node in strings if span.start <= start and end <= span.end), None)
        if node is None or node in seen:
            continue
        text = data[start:end].decode("utf-8", "replace")
        label = None if by_name else js.known_secret(module.text(node))
        if label is not None:
            message = f"{label} stands in the code: replace it, and read it from `env`"
        elif by_name and _is_secret(text):
            message = "a secret seems to stand in the code: replace it, and read it from `env`"
        else:
            continue
        seen.add(node)
        lowered = by_name or "Google" in message
        yield Finding(message, module.at(node), severity=Severity.NOTE if lowered else None)


_SIGNS: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {
    ("hono/jwt", "sign"): (1, ()),
    ("hono/jwt", "verify"): (1, ()),
    ("hono/jwt", "jwt"): (0, ("secret",)),
    ("hono/cookie", "setSignedCookie"): (3, ()),
    ("hono/cookie", "getSignedCookie"): (1, ()),
    **{
        ("jsonwebtoken", f"{prefix}{name}"): (1, ())
        for prefix in ("", "default.", "*.")
        for name in ("sign", "verify")
    },
    **{
        ("@tsndr/cloudflare-worker-jwt", f"{prefix}{name}"): (1, ())
        for prefix in ("", "default.", "*.")
        for name in ("sign", "verify")
    },
    **{
        (package, name): found
        for package in (
            *("react-router", "@remix-run/cloudflare", "@remix-run/node", "@remix-run/server-runtime"),
            *("@remix-run/cloudflare-pages", "@react-router/cloudflare"),
        )
        for name, found in (
            ("createCookie", (1, ("secrets",))),
            ("createCookieSessionStorage", (0, ("cookie", "secrets"))),
            ("createSessionStorage", (0, ("cookie", "secrets"))),
            ("createWorkersKVSessionStorage", (0, ("cookie", "secrets"))),
        )
    },
    ("iron-session", "getIronSession"): (2, ("password",)),
    ("iron-session", "sealData"): (1, ("password",)),
    ("h3", "useSession"): (1, ("password",)),
    ("better-auth", "betterAuth"): (0, ("secret",)),
}
"""Functions that sign or seal: the argument that the secret is, and where it stands in that."""


@check.on(call(*sorted({name.rpartition(".")[2] for _, name in _SIGNS})))
def check_signed(match: Match) -> Iterator[Finding]:
    """A cookie or a token that is signed with a text of the code, whatever that is called."""
    module = match.module
    called = module.called_name(match.node)
    where = _SIGNS.get((called.module, called.name)) if called is not None else None
    given = match.call.argument(where[0]) if where is not None else None
    for key in where[1] if where is not None else ():
        given = module.property_value(given, key) if given is not None else None
    given = js.unwrap(given) if given is not None else None
    if given is None or not module.is_run or module.realm.name == "BROWSER":
        return
    # what is made first is signed with the first of several
    secret = js.first_named(given) if given.type == "array" else given
    if secret is None or not module.string_of(secret):
        return
    constant = module.scope.resolve(secret) if secret.type == "identifier" else None
    question = ("signed with a constant", constant.node.id if constant is not None else secret.id)
    if module.memoized(question, lambda: match.node.id) != match.node.id:
        return  # of one cause
    is_of_module = constant is not None and constant.scope.type == "program"
    uses = module.scope.references(constant) if constant is not None and is_of_module else ()
    yield Finding(
        "this is signed with a text that stands in the code: whoever reads it can make one, too",
        module.at(secret),
        tuple(
            module.at(use, "and here")
            for use in uses
            if use.id not in (secret.id, constant.node.id if constant is not None else 0)
        ),
        words=(("a constant of the module", ""),) if is_of_module else (),
    )


def _name_of(module: Module, string: Node) -> js.Words:
    """What to call the secret: the name of the constant or the property that the text is, in capitals."""
    for above in module.ancestors(string):
        if above.type in ("variable_declarator", "pair", "public_field_definition"):
            name = above.child_by_field_name("name") or above.child_by_field_name("key")
            text = module.text(name) if name is not None else ""
            spelled = _CAMEL.sub("_", text).upper()
            return (("NAME", spelled),) if spelled.isidentifier() else ()
        if above.type in js.FUNCTIONS:
            break
    return ()


def _at(module: Module, string: Node, start: int, end: int) -> Location:
    """The place of a string, and of the lines of it that matter where it has several."""
    data = module.document.data
    if data.find(b"\n", string.start_byte, string.end_byte) == -1:
        return module.at(string)
    first = max(data.rfind(b"\n", string.start_byte, start) + 1, string.start_byte)
    last = data.find(b"\n", end, string.end_byte)
    line = data[first : last if last != -1 else string.end_byte]
    first += len(line) - len(line.lstrip())
    return Location(module.document, Span(first, first + len(line.strip())))


def _is_in_sample(data: bytes, string: Node, at: int) -> bool:
    """Whether a byte of a string stands in a code sample that the string shows."""
    before = data[string.start_byte : at]
    if any(before.rfind(b"<" + tag) > before.rfind(b"</" + tag) for tag in (b"pre", b"code")):
        return True
    return before.count(b"```") % 2 == 1 or before.count(b"\\`\\`\\`") % 2 == 1


def _is_of_a_made_up_user(module: Module, string: Node) -> bool:
    """Whether a string stands in an object that has an address of mail, too: an answer that is made up."""
    whole = None
    for above in module.ancestors(string):
        if above.type == "object":
            whole = above
        elif above.type != "pair":
            break
    return whole is not None and any(
        _MAIL.fullmatch(module.string(text) or "") is not None for text in module.descendants(whole, "string")
    )


def _is_secret(text: str) -> bool:
    """Whether a text is random, no example, and not of a key that is public."""
    return js.is_random(text) and not js.is_example(text) and not text.startswith(("pk_", "pk.", "pub"))


def _is_said_public(data: bytes, start: int) -> bool:
    """Whether a comment within the three lines before a place, or before it in its line, says of a key that
    it is public: that of another one's app, as of YouTube's."""
    lines = data[:start].rsplit(b"\n", 4)[-4:]
    return any(_SAID_PUBLIC.search(line) is not None for line in lines)


def _before(data: bytes, match: re.Match[bytes]) -> bytes:
    """What stands before a match: the token of Web Analytics (`data-cf-beacon`) is public."""
    return data[max(0, match.start() - 60) : match.start()]


def _shaped(data: bytes) -> Iterator[re.Match[bytes]]:
    """The matches of the pattern for keys of known providers."""
    for start, _, found in _anchors(_MARKS).find(data):
        match = _SHAPES.match(data, max(0, start - 1) if found == "://" else start)
        if match is not None and not _is_of_a_map(data, match):
            yield match


def _is_of_a_map(data: bytes, match: re.Match[bytes]) -> bool:
    """Whether a key of Google is that of a map in a page, which every browser has to see."""
    before = data[max(0, match.start() - 200) : match.start()] if match[0].startswith(b"AIza") else b""
    return b"/maps/embed" in before or b"/maps/api/js" in before


@cache
def _anchors(words: tuple[str, ...]) -> js.Anchors:
    return js.Anchors(words, whole=False)


def _named(data: bytes) -> Iterator[re.Match[bytes]]:
    """The matches of the pattern for named secrets that start at a name's first letter."""
    ends = [end for _, end, _ in _anchors(_NAMES).find(data.lower())]
    done = 0
    for end in ends:
        if _GIVEN.match(data, end) is None:
            continue
        for start in range(max(done, end - _LONGEST_NAME), end):
            before = data[start - 1 : start]
            if before.isalnum() and not (before.islower() and data[start : start + 1].isupper()):
                continue
            match = _NAMED.match(data, start)
            if match is not None:
                done = match.end()
                if _PUBLIC.search(data, _start_of_word(data, start), end) is None:
                    yield match
                break


def _start_of_word(data: bytes, at: int) -> int:
    for start in range(at, max(0, at - _LONGEST_WORD), -1):
        before = data[start - 1 : start]
        if not before.isalnum() and before not in (b"_", b"$"):
            return start
    return max(0, at - _LONGEST_WORD)


def _is_given_to(module: Module, string: Node, name: int) -> bool:
    """Whether a string is the value of what is called as the word at a byte says, or has that word in it."""
    given = module.given_name(string)
    is_given = given is not None and given.start_byte <= name < given.end_byte
    return is_given or string.start_byte <= name < string.end_byte


def _string_at(module: Module, start: int, end: int) -> Node | None:
    """The string literal that holds some bytes; None in comments and elsewhere."""
    node = module.node_at(start, end)
    while node is not None and node.type not in _STRINGS:
        if node.type not in ("string_fragment", "template_substitution", "escape_sequence"):
            return None
        node = module.parent(node)
    return node
