"""Fail without a secret; do not fall back to one that stands in the code.

`env.JWT_SECRET ?? "dev-secret"` works when the secret is missing, which nobody notices: whoever has read the
code can sign tokens, log in or call webhooks. A secret is missing more often than it seems: in a new
environment, in a preview, after a rename.

## Incorrect

```ts
interface Env {
  SESSION_SECRET?: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const secret = env.SESSION_SECRET ?? "development-only";
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    return new Response(key.type);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
interface Env {
  SESSION_SECRET?: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    if (!env.SESSION_SECRET) throw new Error("SESSION_SECRET is not set");
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(env.SESSION_SECRET),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    return new Response(key.type);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Before it: `if (!env.NAME) throw new Error("NAME is not set")`, and leave out the text behind it. Set it for
local development in `.dev.vars`, for deployments with `npx wrangler secret put NAME`. If one ran with the
text, whoever read the code knows it: set another.

- "while the module loads": Leave out the text behind it, and ask where it is used, for a request: `if
  (!env.NAME) throw new Error("NAME is not set")` (while the module loads, a throw would stop the Worker).
  Set it for local development in `.dev.vars`, for deployments with `npx wrangler secret put NAME`. If one
  ran with the text, whoever read the code knows it: set another.

## Not reported

An empty text; what says that there is none (`"not set"`) or that it is to be found (`"auto"`), and what is
only logged; keys of other services, whose own check a made-up value fails, and keys whose name does not tell,
unless something of a request is compared with them; a fallback behind a condition; another variable or
setting before the text.

## Fix safety

Unsafe: without the secret a request fails now, so set it first, another one than the text (`npx wrangler
secret put NAME`, and `NAME=…` in `.dev.vars`). There is no fix while the module loads, and where several
names are tried before the text.

Source: https://developers.cloudflare.com/workers/configuration/secrets/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Match,
    Module,
    Safety,
    Severity,
    identifier,
    js,
    member_access,
    pattern,
    quoted,
    rule,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_OWN = pattern(
    r"SECRET|PASSWORD|PASSWD|PASSPHRASE|JWT|SIGNING|HMAC|ENCRYPTION|SESSION|COOKIE|ADMIN|AUTH|MASTER"
    r"|INTERNAL|WEBHOOK|(?:^|_)API_?KEY$|ACCESS_?KEY$",
    re.IGNORECASE,
)
"""Names of secrets by which a Worker checks somebody, or signs: not those of other services."""
_KEY = pattern(r"(?:^|_)(?:KEY|PIN|PASSCODE)$", re.IGNORECASE)
"""Names that may be those of secrets, where something of a request is compared with them."""
_OF_OTHERS = pattern(r"CLIENT|OAUTH|GITHUB|GOOGLE|STRIPE|OPENAI|AWS|R2_|S3_|TURNSTILE|RECAPTCHA", re.I)
_ABSENT = pattern(
    r"(?:not|none|missing|unset|undefined|null|no|n/a|unknown|empty|\(|<|-)(?:\b.*)?|[*.x\s]*"
    r"|auto(?:[-_ ]?(?:detect(?:ed)?|config(?:ured)?))?|detect(?:ed)?|inherit(?:ed)?|disabled|off",
    re.IGNORECASE | re.DOTALL,
)
"""Texts that say there is none, or that something else is to be found out."""
_DEFAULTS = frozenset({"??", "||"})
_LONGEST = 80
_MOST_PLACES = 8
"""How many places where one secret is looked for are followed to the text behind them."""
_USES = pattern(
    r"hmac|sign|verif|encrypt|decrypt|jwt|import_?key|encode|digest|hash|derive|seal", re.IGNORECASE
)
"""What a function is called that makes or checks something by a secret."""
_EQUALITY = frozenset({"===", "!==", "==", "!="})


@rule(
    identifier("env", "environment", "bindings", "source", "vars", "secrets", "config"),
    member_access("env"),
    severity=Severity.NOTE,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module, node = match.module, match.node
    defaults = list(_defaults(module, node))
    if not defaults or not module.runs_in_worker(node):
        return
    if module.secret_at(node) is not js.Secret.ENV:
        if not _may_be_env(module, node):
            return
        defaults = [(name, default) for name, default in defaults if name.isupper()]
    for name, default in defaults:
        if _is_own(name) or _checks_requests(module, default):
            yield from _finding(match, name, default)


@check.on(
    identifier(
        "secret", "jwtSecret", "sessionSecret", "signingSecret", "cookieSecret", "hmacSecret", "hmacKey"
    )
)
def check_given(match: Match) -> Iterator[Finding]:
    """`secret || FALLBACK` of what a function is given: who calls it has none either."""
    module, node = match.module, match.node
    chosen = module.operation(module.parent(module.with_wrappers(node)))
    if chosen is None or chosen.operator not in _DEFAULTS or chosen.left is None:
        return
    declaration = module.scope.resolve(node)
    if js.unwrap(chosen.left).id != node.id or declaration is None or declaration.path:
        return
    if declaration.kind is not js.DeclarationKind.PARAMETER or not module.runs_in_worker(node):
        return
    default = chosen.right
    if default is not None and _is_keyed(module, chosen.node) and _is_first(module, default):
        yield from _finding(match, declaration.name, default)


def _is_first(module: Module, default: Node) -> bool:
    """Whether a constant is used for the first time here: one that signs and verifies is one cause."""
    default = js.unwrap(default)
    constant = module.scope.resolve(default) if default.type == "identifier" else None
    if constant is None:
        return True
    uses = (use for use in module.scope.references(constant) if use.id != constant.node.id)
    return all(use.start_byte >= default.start_byte for use in uses)


def _is_keyed(module: Module, secret: Node) -> bool:
    """Whether a secret is given to what signs, encrypts or compares by its name, or to a constructor."""
    around = module.call_around(secret)
    return around is not None and (around[0].is_new or _USES.search(around[0].name) is not None)


def _may_be_env(module: Module, node: Node) -> bool:
    """Whether a name is not known to be anything else: a parameter of a helper, or what one has given. Names
    of secrets in capitals say then what it is."""
    declaration = module.scope.resolve(node) if node.type == "identifier" else None
    if declaration is None or module.value_of(node) or declaration.path:
        return False
    if declaration.kind is js.DeclarationKind.PARAMETER:
        return True
    value = js.unwrap(declaration.value) if declaration.value is not None else None
    return value is not None and value.type == "call_expression"


def _defaults(module: Module, env: Node) -> Iterator[tuple[str, Node]]:
    """The secrets that are taken from an object with a default: their names, and the defaults."""
    whole = module.with_wrappers(env)
    above = module.parent(whole)
    access = module.member(above)
    if access is not None and js.unwrap(access.object).id == js.unwrap(whole).id:
        default = _default(module, access) if _may_be_own(access.name) else None
        if default is not None:
            yield access.name, default
        return
    taken = above.child_by_field_name("name") if above is not None else None
    if above is None or above.type != "variable_declarator" or taken is None:
        return
    for part in module.descendants(taken, "object_assignment_pattern"):
        name, value = part.child_by_field_name("left"), part.child_by_field_name("right")
        if name is not None and value is not None and _may_be_own(module.text(name)):
            yield module.text(name), value


def _default(module: Module, access: js.MemberAccess) -> Node | None:
    """What stands for a secret where it is missing, also behind `(local ? process.env.NAME : undefined)`, and
    behind another place where the same name is looked for."""
    node = access.node
    for _ in range(_MOST_PLACES):
        whole = module.with_wrappers(node)
        above = module.parent(whole)
        if above is None:
            return None
        if above.type == "ternary_expression":
            branches = [above.child_by_field_name(field) for field in ("consequence", "alternative")]
            other = [branch for branch in branches if branch is not None and branch.id != whole.id]
            if len(other) != 1 or not _is_nothing(module, other[0]):
                return None
            node = above
            continue
        tried = module.operation(above)
        if tried is None or tried.operator not in _DEFAULTS or tried.left is None:
            return None
        is_first = tried.left.id == js.unwrap(whole).id
        names = _names_read(module, tried.right if is_first else tried.left)
        if is_first and (not names or module.string_of(tried.right) is not None):
            return tried.right
        # where the places are several, the first that is `env` speaks of the default
        if names != {access.name} or (not is_first and not _is_of_build(module, tried.left)):
            return None
        node = above
    return None


def _is_nothing(module: Module, node: Node) -> bool:
    node = js.unwrap(node)
    return node.type in ("undefined", "null") or module.text(node) == "undefined" or module.string(node) == ""


def _names_read(module: Module, node: Node) -> set[str]:
    """The last names of the members that an expression gives: `NAME` of `a ? b?.NAME : undefined`."""
    node = js.unwrap(node)
    if node.type == "ternary_expression":
        branches = [node.child_by_field_name(field) for field in ("consequence", "alternative")]
        return {
            name
            for branch in branches
            if branch is not None and not _is_nothing(module, branch)
            for name in _names_read(module, branch)
        }
    access = module.member(node)
    return {access.name} if access is not None else set()


def _is_of_build(module: Module, node: Node) -> bool:
    """Whether an expression reads what the build has, which is no `env` of a Worker."""
    return "import.meta" in module.text(node)


def _may_be_own(name: str) -> bool:
    return (js.is_secret_name(name) or _KEY.search(name) is not None) and _OF_OTHERS.search(name) is None


def _is_own(name: str) -> bool:
    return js.is_secret_name(name) and _may_be_own(name) and _OWN.search(name) is not None


def _checks_requests(module: Module, default: Node) -> bool:
    """Whether something of a request is compared with what a secret or its default is."""
    whole = module.parent(default)
    if whole is None:
        return False
    held = module.result_of(whole).references
    if whole.type == "object_assignment_pattern":
        left = whole.child_by_field_name("left")
        declaration = module.scope.resolve(left) if left is not None else None
        held = module.scope.references(declaration) if declaration is not None else ()
    for place in (whole, *held):
        compared = module.operation(module.parent(module.with_wrappers(place)))
        if compared is None or compared.operator not in _EQUALITY:
            continue
        for side in compared.operands:
            if side is None or side.id == js.unwrap(place).id:
                continue
            if any(module.reads_request(origin) for origin in module.origins(side)):
                return True
    return False


def _finding(match: Match, name: str, default: Node) -> Iterator[Finding]:
    module = match.module
    text = module.string_of(default)
    if text is None or _ABSENT.fullmatch(text) or _is_told(module, default) or _is_set(module, name):
        return
    others = [
        other.at(node, "the same text stands in for it here") for other, node in _others(match, default)
    ]
    yield Finding(
        f"without `{name}` this is the secret, which everybody can read here: {quoted(text, 30)}",
        match.at(default),
        tuple(others),
        fix=_fix(module, name, default),
        words=_words(module, name, default),
    )


def _others(match: Match, default: Node) -> list[tuple[Module, Node]]:
    """Where else in the Worker the same text stands in for something: what one place signs another checks."""
    module = match.module
    text = module.string_of(default) or ""
    if len(text) > _LONGEST:
        return []
    word = re.compile(re.escape(text.encode()))
    found: list[tuple[Module, Node]] = []
    for other, leaf in js.leaves_matching(module.project, js.paths_around(module), word, at_hand=module):
        written = other.parent(leaf) if leaf.type == "string_fragment" else leaf
        for place in _stands_in(other, written) if written is not None else ():
            if other.path != module.path or place.id != default.id:
                found.append((other, place))
    return found[:_MOST_PLACES]


def _stands_in(module: Module, text: Node) -> Iterator[Node]:
    """The places where a text, or the constant that holds it, is what is left when nothing else is there."""
    name = module.given_name(text)
    declaration = module.scope.resolve(name) if name is not None and name.type == "identifier" else None
    uses = [text] if declaration is None else module.scope.references(declaration)
    for use in uses:
        chosen = module.operation(module.parent(module.with_wrappers(use)))
        if chosen is not None and chosen.operator in _DEFAULTS and js.unwrap(chosen.right).id == use.id:
            yield use


def _fix(module: Module, name: str, default: Node) -> Fix | None:
    """The secret without the text behind it, and before the statement a look whether it is there."""
    chosen = module.operation(module.parent(module.with_wrappers(default)))
    if chosen is None or chosen.left is None or module.run_while_loading(default) is not None:
        return None
    access = module.member(chosen.left)
    statement = module.statement_of(default)
    holder = module.parent(statement) if statement is not None else None
    read = module.text(chosen.left)
    if access is None or access.name != name or "\n" in read or "(" in read or len(read) > _LONGEST:
        return None
    if statement is None or holder is None or holder.type != "statement_block":
        return None
    quote = '"' if module.document.data.count(b'"') >= module.document.data.count(b"'") else "'"
    end = module.semicolon_of(statement, ";")
    error = f"new Error({quote}{name} is not set{quote})"
    asked = f"if (!{read}) throw {error}{end}\n{module.indent_of(statement)}"
    edits = [module.insert(statement.start_byte, asked), module.replace(chosen.node, read)]
    unused = _unused_constant(module, default)
    if unused is not None:
        edits.append(Edit(module.document, module.lines_with_comments(unused), ""))
    return Fix("Fail without it", tuple(edits), Safety.UNSAFE)


def _unused_constant(module: Module, default: Node) -> Node | None:
    """The statement of a constant that is of no use without a default."""
    default = js.unwrap(default)
    constant = module.scope.resolve(default) if default.type == "identifier" else None
    statement = module.parent(constant.owner) if constant is not None else None
    if constant is None or statement is None or statement.type != "lexical_declaration":
        return None
    uses = [use for use in module.scope.references(constant) if use.id != constant.node.id]
    above = module.parent(statement)
    is_alone = len(statement.named_children) == 1 and above is not None and above.type == "program"
    return statement if is_alone and len(uses) == 1 else None


def _words(module: Module, name: str, default: Node) -> js.Words:
    """How the secret is read here."""
    chosen = module.operation(module.parent(module.with_wrappers(default)))
    read = chosen.left if chosen is not None else None
    loads = module.enclosing_function(default) is None or module.run_while_loading(default) is not None
    return (
        *((("while the module loads", ""),) if loads else ()),
        ("NAME", name),
        *js.word("env.NAME", module, read),
    )


def _is_set(module: Module, name: str) -> bool:
    """Whether each deployment has a variable, so that the default is for local development: the configuration
    gives it a text, or `secrets.required` names it, without which nothing is deployed."""
    deployed = [found for found in module.environments if found.is_deployed]
    bound = [found.binding(name) for found in deployed]
    return bool(bound) and all(one is not None and one.node.text != "" for one in bound)


def _is_told(module: Module, node: Node) -> bool:
    """Whether a value is only logged."""
    return any(
        module.log_at(above) is not None
        for above in module.ancestors(node)
        if above.type == "call_expression"
    )
