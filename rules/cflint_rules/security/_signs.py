"""What looks as if code asked who sends a request."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from cflint.api import Module, js, pattern
from cflint_rules.security._effects import is_secret

if TYPE_CHECKING:
    from tree_sitter import Node

SIGNS = js.Phrases(
    "auth jwt passw passcode pass_?phrase log_?in sign_?in signature hmac verif captcha turnstile"
    " timing_?safe cookie credential permission forbidden clerk lucia workos svix"
    " allow_?list white_?list is_?admin rate_?limit throttl quota api-key x402 payment_?middleware",
    whole="jose 401 402 403",
    unless=pattern(rb"author(?!i[sz]|ity\b)|authority|verified(?![A-Z(])|passwordless", re.IGNORECASE),
)
LIMITS = js.Phrases(
    "rate_?limit throttl lock_?out attempt captcha turnstile too_?many limiter quota brute cooldown"
    " fail_?count failed_?login slow_?down",
    whole="429",
)
"""What looks as if code counted how often something is asked for."""
_TRIES = pattern(r"\battempt(?:ing|ed|s)? to\b", re.IGNORECASE)
KEYS = js.Phrases("secret token key password code", whole="pin")
_COMPARES = frozenset({"==", "===", "!=", "!=="})
_LITERALS = frozenset({"string", "null", "undefined", "number", "true", "false", "template_string"})
_ALLOWED = pattern(r"allow-?_?headers", re.IGNORECASE)
TEXTS = frozenset({"string_fragment", "comment", "regex_pattern", "template_string", "jsx_text"})
_TYPES = frozenset({"type_annotation", "interface_declaration", "type_alias_declaration", "type_arguments"})
_PARTS = frozenset(
    {"string", "array", "template_string", "literal_type", "union_type", "object_type", "property_signature"}
    | {"type_query", "intersection_type", "generic_type"}
)
_NAMES = frozenset({"identifier", "property_identifier", "shorthand_property_identifier"})
_ORIGIN = pattern(r"origin|referr?er", re.IGNORECASE)
_OTHERWISE = pattern(
    r"token|secret|key\b|pass|auth|sign|cookie|session|user|cred|verif|jwt|hmac|admin|\bip\b|client|original",
    re.IGNORECASE,
)
"""What a condition asks for beside the origin."""
_OPENED = pattern(r"(?<=return true;).*", re.DOTALL)
"""What a function asks for where the origin is not enough."""
_BIG = frozenset({"arrow_function", "function_expression", "class", "await_expression"})
_MOST_NAMES = 12
_SHORT = 1000
_VARIABLES = frozenset({"identifier", "shorthand_property_identifier"})
_HANDED_ON = pattern(r"key$|token$|secret$", re.IGNORECASE)
_KEY_IN_URL = pattern(r"[?&]?(?:api-key|token|key)=$", re.IGNORECASE)


def is_sign(module: Module, leaf: Node) -> bool:
    """Whether a word looks as if the code asked who sends a request: no comment, no text that people read, no
    type, no list of the headers that CORS allows, no header and no secret of what the Worker itself sends."""
    if leaf.type in ("comment", "jsx_text", "html_comment", "type_identifier", "property_signature"):
        return False
    if leaf.type in TEXTS and (len(module.text(leaf).split()) > 1 or _KEY_IN_URL.search(module.text(leaf))):
        return False
    if _is_own_secret(module, leaf) or refuses_by_origin(module, leaf) is not None:
        return False
    for above in module.ancestors(leaf):
        if above.type == "pair":
            key = above.child_by_field_name("key")
            if key is None:
                return True
            return not js.contains(key, leaf) and _ALLOWED.search(module.text(key)) is None
        if above.type in _TYPES:
            return False
        if above.type not in _PARTS:
            break
    assigned = module.assignment(module.parent(module.parent(leaf) or leaf))
    if assigned is not None and js.contains(assigned.target, leaf):
        return False
    around = module.call_around(module.parent(leaf) or leaf)
    is_set = around is not None and around[0].name in ("set", "append", "delete")
    return not is_set


def refuses_by_origin(module: Module, leaf: Node) -> Node | None:
    """The condition, where a word stands in the answer to a page of another origin: any program can send the
    header `Origin`, or `Referer`, that is wanted. None where the condition asks for anything else, too."""
    condition = next(iter(module.conditions_around(leaf)), None)
    if condition is None or js.contains(condition, leaf):
        return None
    question = ("refuses by origin", condition.id)
    return condition if module.memoized(question, lambda: _is_by_origin(module, condition)) else None


def _is_by_origin(module: Module, condition: Node) -> bool:
    texts = [module.text(condition)]
    for name in islice((condition, *module.descendants(condition, "identifier")), _MOST_NAMES):
        if name.type == "identifier":
            made = module.initializer(name)
            texts.extend([module.text(made)] if made.id != name.id and made.type not in _BIG else [])
    for found in islice((condition, *module.descendants(condition, "call_expression")), _MOST_NAMES):
        called = js.function_called(module, found) if found.type == "call_expression" else None
        if called is not None and len(called[0].text(called[1])) < _SHORT:
            texts.append(_OPENED.sub("", called[0].text(called[1])))
    whole = " ".join(texts)
    return _ORIGIN.search(whole) is not None and _OTHERWISE.search(whole) is None


def _is_own_secret(module: Module, leaf: Node) -> bool:
    """Whether a word names a secret of `env` that is taken, tested for presence, or put into an object: the
    Worker's own for another service, which checks nobody."""
    above = module.parent(leaf)
    if above is not None and above.type == "pair_pattern":
        return True  # `{ API_TOKEN: token } = env`
    if leaf.type == "shorthand_property_identifier_pattern":
        return True  # by its uses
    whole = above if above is not None and above.type == "member_expression" else leaf
    is_key = leaf.type in _VARIABLES and _HANDED_ON.search(module.text(leaf)) is not None
    if is_key and js.secret_behind(module, leaf) is not None:
        return True  # what another function hands on; where it is compared, that is a sign
    if leaf.type not in _NAMES or not is_secret(module, whole):
        return False
    whole = module.with_wrappers(whole)
    holder = module.parent(whole)
    if leaf.type == "shorthand_property_identifier" or holder is None:
        return True
    if holder.type in ("pair", "variable_declarator", "unary_expression", "template_substitution"):
        return True
    around = module.call_around(whole)
    return around is not None and around[0].is_new


def is_limited(module: Module, leaf: Node) -> bool:
    """Whether a word that speaks of limits looks as if code counted: no comment, and no message that
    something is tried once."""
    return leaf.type != "comment" and _TRIES.search(module.text(leaf)) is None


def is_compared(module: Module, leaf: Node) -> bool:
    """Whether something with the name of a secret is compared with what is no literal."""
    if leaf.type in TEXTS:
        return False
    for depth, above in enumerate(module.ancestors(leaf)):
        found = module.operation(above) if above.type == "binary_expression" else None
        if found is not None and found.operator in _COMPARES:
            return not any(side.type in _LITERALS for side in found.operands if side is not None)
        if depth == 3:
            break
    return False


_WHO = js.Phrases(
    "auth user session admin owner member role access account identity principal org tenant guard protect"
    " limiter bearer api_?key x-",
    lines=pattern(
        rb"(?i)(?:require|get|current|ensure|assert|check|with|only|is|has|resolve|load|need)_?(?:d_?)?"
        rb"(?:auth\w*|user|session|admin|owner|member|role|access|account|identity|principal|org\w*|tenant)\b"
        rb"|\bsession\b|\buser_?id\b|\bctx\.user\b|\blocals\.(?:user|session)\b|guard|protect|limiter|bearer|api_?key|x-[a-z-]*(?:key|token)"
    ),
)
_LOOKS = frozenset({"startsWith", "endsWith", "includes", "slice", "substring", "replace", "split"})
_HOPS = 2
_MOST_CALLS = 40


def asks(module: Module, node: Node, hops: int = _HOPS, *, surely: bool = False) -> bool:
    """Whether anything in a piece of code, or in the functions of the project that it calls, looks as if it
    asked who sends a request. More words count here than for a whole Worker: it is asked of one route that
    stands beside others. `surely`: only those that count there, too."""
    question = ("asks", module.path, node.start_byte, node.end_byte, hops, surely)
    return module.project.memo.memoized(question, lambda: _find_asks(module, node, hops, surely=surely))


def _find_asks(module: Module, node: Node, hops: int, *, surely: bool) -> bool:
    places = module.memoized(("signs of who asks", surely), lambda: _places(module, surely))
    if any(node.start_byte <= place < node.end_byte for place in places):
        return True
    if hops == 0:
        return False
    calls = islice(module.descendants(node, "call_expression"), _MOST_CALLS)
    called = (js.function_called(module, found) for found in calls)
    return any(found is not None and asks(*found, hops - 1, surely=surely) for found in called)


def _is_address(module: Module, leaf: Node) -> bool:
    """Whether a word stands in an address that is asked, or which a path is compared with or cut by:
    `path.startsWith("/login")`, `const prefix = "/oauth"`."""
    if leaf.type != "string_fragment":
        return False
    if module.text(leaf).startswith(("https://", "http://")):
        return True
    text = module.parent(leaf)
    holder = module.parent(text) if text is not None else None
    if text is None or holder is None or not module.text(leaf).startswith("/"):
        return False
    if holder.type in ("binary_expression", "variable_declarator", "member_expression"):
        return True
    around = module.call_around(text)
    return around is not None and around[0].name in _LOOKS and around[0].receiver is not None


def _places(module: Module, surely: bool) -> tuple[int, ...]:
    """Where the words stand that look so, in bytes from the module's start."""
    found = [
        leaf.start_byte
        for words, is_it in ((SIGNS, is_sign), (KEYS, is_compared))
        for _, leaf in js.leaves_matching(module.project, (module.path,), words, at_hand=module)
        if is_it(module, leaf) and not _is_address(module, leaf)
    ]
    if surely:
        return tuple(found)
    words = (leaf for leaf in module.mentions(_WHO) if leaf.type not in TEXTS)
    return (*found, *(leaf.start_byte for leaf in words if not _is_own_secret(module, leaf)))
