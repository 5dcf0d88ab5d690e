"""Make tokens, codes and passwords with `crypto`, not with `Math.random()`.

`Math.random()` is not meant for secrets: from a few of its results the next ones can be computed, and with
them the token of another user. `crypto.randomUUID()` and `crypto.getRandomValues()` are unpredictable.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    const token = Math.random().toString(36).slice(2);
    return Response.json({ token });
  },
};
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    const token = crypto.randomUUID();
    return Response.json({ token });
  },
};
```

## What to do

- "between two numbers": Write `(from + (crypto.getRandomValues(new Uint32Array(1))[0] % count))` for
  `whole`. As it is, who sees some of the values can reckon the next.
- "below a number": Write `(crypto.getRandomValues(new Uint32Array(1))[0] % count)` for `whole`. As it is,
  who sees some of the values can reckon the next.
- "a piece of a text": Write `crypto.randomUUID()` for `whole`. As it is, who sees some of the values can
  reckon the next.

Write `crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32` for `Math.random()`. As it is, who sees some
of the values can reckon the next.

## Not reported

Delays, samples, games, what is only shown, and names of traces and requests; the id of a session that a page
makes for itself and keeps in `sessionStorage` or `localStorage`. An id that is not a secret gets a note.

## Fix safety

Safe for a whole number below another one: it is one of the same. Unsafe otherwise: a UUID is longer than what
it replaces, and has dashes in it.

Source: https://developers.cloudflare.com/workers/best-practices/workers-best-practices/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Finding, Fix, Match, Module, Safety, Severity, call, js, pattern, rule

if TYPE_CHECKING:
    from tree_sitter import Node

_SECRET = pattern(
    r"token|secret|passw(?:or)?d|passcode|otp\b|nonce|csrf|salt|session_?id|api_?key|access_?key|secret_?key|"
    r"private_?key|(?:verification|invite|login|auth|access|confirm(?:ation)?|reset|recovery)_?code|verifier",
    re.IGNORECASE,
)
_CODE = pattern(r"^(?:generate|create|make|random|new)?_?(?:random_?)?(?:code|pin)$", re.IGNORECASE)
_HARMLESS = pattern(
    r"trace|request_?id|req_?id|correlation|span|jitter|delay|sample|backoff|tokens?_?(?:count|used|usage|limit|bucket)|"
    r"max_?tokens|num_?tokens|tokenize|color|colour|tmp|temp|test|mock|demo|fake|log_?id|seed|(?:sync|page|change|delta|continuation|cursor|probe)_?token|(?:join|room|game|lobby)_?(?:code|pin)",
    re.IGNORECASE,
)
_ID = pattern(r"(?:^|_)(?:user|account|order|payment|room|invite|share|file|upload)_?id$", re.IGNORECASE)
_MAKER = pattern(r"(?:generate|create|make|random|new|gen)", re.IGNORECASE)
_LIST_INDEX = pattern(r"^\w+\[\s*Math\.floor\(\s*Math\.random\(\)\s*\*\s*\w+\.length\s*\)\s*\]$")
_FLOORED = pattern(
    r"Math\.floor\(\s*(?:(?P<first>[\w.]+)\s*\+\s*)?Math\.random\(\)\s*\*\s*(?P<count>[\w.]+)\s*\)"
)
_LEASE = pattern(rb"[Ll]ease|[Ll]ock(?:ed|s)?\b|[Mm]utex")
_STORAGE = pattern(rb"\b(?:session|local)Storage\b")
_SESSION_ID = pattern(r"(?:\w+_)?(?:session|tab|client|device)_?id")
_PASSING = frozenset(
    {"member_expression", "call_expression", "binary_expression", "arguments", "parenthesized_expression"}
    | {"subscript_expression", "template_substitution", "template_string", "ternary_expression"}
    | {"as_expression", "unary_expression", "spread_element", "array", "non_null_expression"}
)
_BLOCKS = frozenset({"return_statement", "statement_block", "expression_statement"})
_WHOLES = frozenset(
    {"variable_declarator", "pair", "return_statement", "arrow_function", "template_substitution"}
)
_MAKES_TEXT = frozenset(
    {"floor", "round", "ceil", "String", "charAt", "trunc", "at", "charCodeAt", "fromCharCode"}
)
"""Functions that make a part of a text, or a number, of their argument."""


@rule(call("random"), severity=Severity.NOTE, fix=Safety.UNSAFE)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    random = module.entropy_at(match.node) if not match.arguments else None
    if random is None or not random.is_predictable or random.name.module:
        return
    name = _purpose(module, match.node)
    if name is None or (_SESSION_ID.fullmatch(_snake(name)) and _is_of_a_tab(module, match.node)):
        return
    whole = _idiom(module, match.node)
    fix = None
    if whole is not None and _is_alone(module, whole):
        # a code verifier of OAuth has at least 43 characters, a UUID 36 (RFC 7636, 4.1)
        made = "crypto.randomUUID()" + (" + crypto.randomUUID()" if "verifier" in _snake(name) else "")
        fix = Fix(f"Use `{made}`", (match.replace(whole, made),), Safety.UNSAFE)
    words = _words(module, match.node, whole)
    fix = fix or _number_fix(module, match.node, dict(words))
    if _is_secret(name):
        yield Finding(
            f"`Math.random()` can be foreseen, and `{name}` should not be: use `crypto`",
            match.at(),
            fix=fix,
            words=words,
        )
    elif whole is not None and _ID.search(_snake(name)):
        yield Finding(
            f"`Math.random()` can be foreseen, and its results meet: use `crypto` for `{name}`",
            match.at(),
            fix=fix,
            words=words,
        )


def _number_fix(module: Module, node: Node, words: dict[str, str]) -> Fix | None:
    """The fix for a whole number below another one: one of 32 random bits. It is the same to all that reads
    it."""
    count, first = words.get("count", ""), words.get("from", "")
    call = next((it for it in module.ancestors(node) if module.text(it) == words.get("whole")), None)
    if call is None or not count.isdecimal() or not (first.isdecimal() or "from" not in words):
        return None
    is_sure = "!" if module.is_typescript else ""
    made = f"crypto.getRandomValues(new Uint32Array(1))[0]{is_sure} % {count}"
    text = f"{first} + ({made})" if first else made
    around = module.parent(call)
    if around is None or around.type != "arguments":
        text = f"({text})"
    is_at_start = module.enclosing_function(call) is None  # where Workers have no random bits
    return None if is_at_start else Fix("Use `crypto`", (module.replace(call, text),), Safety.SAFE)


def _words(module: Module, node: Node, idiom: Node | None) -> js.Words:
    """What is made at random: a text, or a number below another one, or between two."""
    if idiom is not None:
        said = js.word("whole", module, idiom)
        return (("a piece of a text", ""), *said) if said else ()
    for above in module.ancestors(node):
        if above.type in js.FUNCTIONS:
            return ()
        text = module.text(above) if above.type == "call_expression" else ""
        found = _FLOORED.fullmatch(text)
        if found is None:
            continue
        first = found["first"]
        numbers = (("whole", text), ("count", found["count"]), *((("from", first),) if first else ()))
        return (("between two numbers" if first else "below a number", ""), *numbers)
    return ()


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _is_secret(name: str) -> bool:
    snake = _snake(name)
    if _HARMLESS.search(snake):
        return False
    return _SECRET.search(snake) is not None or _CODE.match(snake) is not None


def _purpose(module: Module, node: Node) -> str | None:
    """The name of what a random number is made for: a variable, a property, or the function around that gives
    it back; None when it has none."""
    child = node
    for above in module.ancestors(node):
        if _stands_in(module, above, child):
            return None
        if above.type == "augmented_assignment_expression":
            # `text += letters[…]`: the function that gives it back says more than the name of what grows
            left = above.child_by_field_name("left")
            grows = module.text(left) if left is not None and left.type == "identifier" else ""
            is_own = _CODE.match(grows) is None and _is_secret(grows)
            return _maker_around(module, node) or (grows if is_own else None)
        given = module.given_name(child)
        if given is not None:
            if js.unwrap(child).type == "subscript_expression" and _LIST_INDEX.search(module.text(child)):
                return None  # one of a list is picked
            access = module.member(given)
            name = access.name if access is not None else module.property_name(given)
            if name is not None and name.lower() == "nonce" and _is_lease(module, node):
                return None
            if name is None or _is_secret(name) or _ID.search(_snake(name)):
                return name
            return _maker_around(module, above)
        if above.type in js.FUNCTIONS or above.type in _BLOCKS:
            return _maker_around(module, node)
        around = module.call_around(child) if above.type == "arguments" else None
        if around is not None and (around[0].is_new or around[0].name not in _MAKES_TEXT):
            return _maker_around(module, node)
        if above.type not in _PASSING:
            return None
        child = above
    return None


def _stands_in(module: Module, above: Node, child: Node) -> bool:
    """Whether a child is what is taken without `crypto`, which every Worker has."""
    if above.type == "ternary_expression":
        first = above.child_by_field_name("condition")
    else:
        operation = module.operation(above) if above.type == "binary_expression" else None
        first = operation.left if operation is not None and operation.operator in ("??", "||") else None
    return first is not None and first.end_byte <= child.start_byte and "crypto" in module.text(first)


def _is_of_a_tab(module: Module, node: Node) -> bool:
    """Whether a page makes the id of its own session and keeps it: who the id is for has chosen it."""
    function = module.enclosing_function(node)
    name = js.name_of(module, function) if function is not None else None
    if function is not None and any(True for _ in module.mentions(_STORAGE, function)):
        return True
    if name is None:
        return False
    made = (made for made in module.calls(module.text(name)) if made.receiver is None)
    around = (module.enclosing_function(made.node) for made in made)
    return any(one is not None and any(True for _ in module.mentions(_STORAGE, one)) for one in around)


def _is_lease(module: Module, node: Node) -> bool:
    """Whether a nonce tells the holder of a lease or a lock from others: nobody has to guess it."""
    function = module.enclosing_function(node)
    return function is not None and any(True for _ in module.mentions(_LEASE, function))


def _maker_around(module: Module, node: Node) -> str | None:
    """The name of the innermost function around that has one, when it is a maker's of secrets."""
    for above in module.ancestors(node):
        name = js.name_of(module, above) if above.type in js.FUNCTIONS else None
        if name is not None:
            text = module.text(name)
            unique = text.lower() == "randomtoken"  # as likely a part of a file's name
            return text if _MAKER.match(text) and not unique and _is_secret(text) else None
    return None


def _idiom(module: Module, node: Node) -> Node | None:
    """The whole of `Math.random().toString(36).slice(2)`, with what cuts it; None of another expression."""
    whole: Node | None = None
    while (called := module.method_called_on(whole or node)) is not None:
        name, made = called
        if name != "toString" and (whole is None or name not in js.STRING_CUTS):
            break
        whole = made
    return whole


def _is_alone(module: Module, whole: Node) -> bool:
    """Whether the idiom is all that a variable or property gets."""
    parent = module.parent(module.with_wrappers(whole))
    return parent is not None and parent.type in _WHOLES
