"""How long a request to another server may take, and the signal that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cflint.finding import Edit
from cflint.pattern import pattern
from cflint.project.code.module import Module
from cflint.project.code.nodes import Call
from cflint.project.code.nodes import Member as MemberAccess
from cflint.project.code.provenance import Trust
from cflint.project.code.turns import turn_around
from cflint.project.code.values import ValueKind
from cflint.syntax.javascript import unwrap

if TYPE_CHECKING:
    from tree_sitter import Node

_MODELS = pattern(
    r"api\.(?:anthropic|openai|groq|mistral|deepseek|x|perplexity|cohere)\.(?:com|ai)"
    r"|generativelanguage|openrouter\.ai|gateway\.ai\.cloudflare"
)
"""Hosts at which models answer."""
_HOST = pattern(r"//[^/`\"'$]+")
_WORK = pattern(
    r"(?<![a-z])(?:cron|nightly|jobs?|generate|finali[sz]e|transcode|rebuild|clean-?up|rollover|scrape"
    r"|crawl|sync)(?![a-z])",
    re.IGNORECASE,
)
"""Words of an address behind which work is done before there is an answer."""
_DATA = frozenset({"identifier", "member_expression", "subscript_expression"})
_PARTS_OF_URL = frozenset({"url", "href", "origin"})
"""Properties of a request and of its URL: what is asked for is on the Worker's own host, as often as not."""


def asks_model(module: Module, call: Node) -> bool:
    """Whether a request goes to a model, by its address."""
    return _MODELS.search(_address(module, call)) is not None


def starts_work(module: Module, call: Node) -> bool:
    """Whether a request has the other side do some work, by the words of its path: `/api/cron/nightly`."""
    return _WORK.search(_HOST.sub("", _address(module, call))) is not None


def _address(module: Module, call: Node) -> str:
    given = Call(module, call).argument(0)
    if given is None:
        return ""
    made = module.initializer(unwrap(given))
    return module.text(given) if made.id == given.id else f"{module.text(given)} {module.text(made)}"


def limited_edit(module: Module, call: Node, milliseconds: int) -> Edit | None:
    """An edit that has a `fetch()` give up after some time; None where its options are not written there."""
    made = Call(module, call)
    if not made.arguments:
        return None
    signal, options = f"signal: AbortSignal.timeout({milliseconds:_})", made.argument(1)
    if options is None:
        return module.insert(made.arguments[0].end_byte, f", {{ {signal} }}")
    literal = unwrap(options)
    return module.add_properties(literal, signal) if literal.type == "object" else None


def giving_up(limits: Iterable[int]) -> str:
    """The title of a fix that has requests give up after as many milliseconds."""
    given = sorted(set(limits))
    return f"Give up after {given[0] // 1_000} seconds" if len(given) == 1 else "Give up after some time"


def is_request(module: Module, target: Node) -> bool:
    """Whether what is asked for is a `Request`, which may have a signal of its own."""
    made = module.call(module.initializer(unwrap(target)))
    return module.value_of(target).kind is ValueKind.REQUEST or (made is not None and made.name == "Request")


def is_address_of_data(module: Module, target: Node) -> bool:
    """Whether a URL is one that a client sends, or a field of data that is read: neither written in the code,
    nor a part of the configuration."""
    target = unwrap(target)
    found = module.provenance(target)
    if found.trust is Trust.REQUEST:
        source = found.module.member(found.source) if isinstance(found.module, Module) else None
        is_own = source is not None and source.name in _PARTS_OF_URL
        return target.type in _DATA and not is_own and not is_request(module, target)
    if target.type != "member_expression":
        return False
    owner = unwrap(MemberAccess(module, target).object)
    declaration = module.scope.resolve(owner) if owner.type == "identifier" else None
    turn = turn_around(module, target)
    return declaration is not None and turn is not None and not turn.is_async and turn.changes(owner)
