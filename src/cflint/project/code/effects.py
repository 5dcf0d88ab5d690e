"""What code in a module does to the world, or learns of it: random values, the time, responses, bodies, logs.

Each is found by what a callee means (see `platform_name`), not by how it is spelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.effects import (
    BODY_READS,
    CONSOLE_METHODS,
    HONO_BODY_READS,
    HONO_RESPONSES,
    LOGGER_MAKERS,
    LOGGER_METHODS,
    PREDICTABLE_RANDOM,
    RANDOM,
    RANDOM_KEYS,
    RESPONSE_FUNCTIONS,
    TIME,
    TIME_WITHOUT_ARGUMENTS,
)
from cflint.platform.exports import PlatformName
from cflint.project.code.origins import is_open_object, number_of, property_value
from cflint.project.code.platform_names import called_name, platform_name
from cflint.project.code.values import ValueKind
from cflint.record import record
from cflint.syntax.javascript import arguments_of, unwrap, walk, with_wrappers

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.interface import ModuleLike

_CALLS = frozenset({"call_expression", "new_expression"})


class EntropyKind(Enum):
    """Why an expression gives another value at every run."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    RANDOM = "random values"
    TIME = "the time"


@record(frozen=True, eq=False)
class Entropy:
    """A call, or `new`, that gives another value at every run; `name` is what it calls.

    `is_predictable`: of random values, that an attacker can foresee them. `makes_key`: that they make a key.
    """

    node: Node
    kind: EntropyKind
    name: PlatformName
    is_predictable: bool = False
    makes_key: bool = False


def entropy_at(module: ModuleLike, node: Node) -> Entropy | None:
    """The random value, or the time, that a call or `new` gives; None of every other expression."""
    node = unwrap(node)
    name = called_name(module, node) if node.type in _CALLS else None
    if name is None:
        return None
    key = (name.module, name.name)
    if node.type == "call_expression":
        if key in RANDOM:
            return Entropy(node, EntropyKind.RANDOM, name, is_predictable=key in PREDICTABLE_RANDOM)
        if key in RANDOM_KEYS:
            return Entropy(node, EntropyKind.RANDOM, name, makes_key=True)
        if key in TIME:
            return Entropy(node, EntropyKind.TIME, name)
    if key not in TIME_WITHOUT_ARGUMENTS:
        return None
    is_text = key == ("", "Date") and node.type == "call_expression"  # which takes no notice of arguments
    return Entropy(node, EntropyKind.TIME, name) if is_text or not arguments_of(node) else None


def entropies(module: ModuleLike, within: Node, *, into_functions: bool = True) -> Iterator[Entropy]:
    """The random values and times that a node holds, itself included, in source order."""
    for node in _calls(within, into_functions=into_functions):
        found = entropy_at(module, node)
        if found is not None:
            yield found


# -- responses -------------------------------------------------------------------------------------------


class ResponseMaker(Enum):
    """What makes a response."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    CONSTRUCTOR = "new Response"
    JSON = "Response.json"
    REDIRECT = "Response.redirect"
    ERROR = "Response.error"
    HONO = "a method of Hono's context"
    ROUTER = "a function of a router"


@record(frozen=True, eq=False)
class ResponseMade:
    """An expression that makes a response.

    `content` is the expression of the body (of a redirect, of its target), `init` that of the second argument
    where it is an object, `headers` that of the headers. `status` is None where it is not known, and
    `status_node` the expression that says it. `is_open`: there may be a status or headers that are not seen.
    """

    node: Node
    maker: ResponseMaker
    content: Node | None = None
    status: float | None = 200
    status_node: Node | None = None
    headers: Node | None = None
    init: Node | None = None
    is_open: bool = False


def response_made(module: ModuleLike, node: Node) -> ResponseMade | None:
    """The response that a call or `new` makes; None of every other expression.

    Known are the runtime's `Response`, `NextResponse`, Hono's context, and some routers' functions.
    """
    node = unwrap(node)
    if node.type not in _CALLS or not _may_make_response(module, node):
        return None
    return module.memoized(("response made", node.id), lambda: _response_made(module, node))


def _response_made(module: ModuleLike, node: Node) -> ResponseMade | None:
    if node.type == "call_expression":
        made = _of_hono(module, node)
        if made is not None:
            return made
    name = called_name(module, node)
    if name is None:
        return None
    if (name.module, name.name) in RESPONSE_FUNCTIONS and node.type == "call_expression":
        return _with_init(module, node, ResponseMaker.ROUTER)
    owner, _, method = name.name.partition(".")
    if (name.module, owner) not in (("", "Response"), ("next/server", "NextResponse")):
        return None
    match method:
        case "" if node.type == "new_expression":
            return _with_init(module, node, ResponseMaker.CONSTRUCTOR)
        case "json" if node.type == "call_expression":
            return _with_init(module, node, ResponseMaker.JSON)
        case "redirect" if node.type == "call_expression":
            return _redirect(module, node, ResponseMaker.REDIRECT, 302)
        case "error" if node.type == "call_expression":
            return ResponseMade(node, ResponseMaker.ERROR, status=0)
    return None


def _may_make_response(module: ModuleLike, node: Node) -> bool:
    """Whether the name of the member that is called is one that makes responses somewhere. Of a plain name
    that is not seen: an import may be renamed."""
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    if callee is None or callee.type != "member_expression":
        return True
    name = callee.child_by_field_name("property")
    return name is None or module.text(name) in _RESPONSE_MEMBERS


_RESPONSE_MEMBERS = frozenset(
    {"json", "redirect", "error", "notFound", "Response", "NextResponse"}
    | {*HONO_RESPONSES, *(name.rpartition(".")[2] for _, name in RESPONSE_FUNCTIONS)}
)


def responses_made(
    module: ModuleLike, within: Node, *, into_functions: bool = True
) -> Iterator[ResponseMade]:
    """The responses that a node makes, itself included, in source order."""
    for node in _calls(within, into_functions=into_functions):
        found = response_made(module, node)
        if found is not None:
            yield found


def _with_init(module: ModuleLike, node: Node, maker: ResponseMaker) -> ResponseMade:
    given = arguments_of(node)
    if any(part.type == "spread_element" for part in given[:2]):
        return ResponseMade(node, maker, status=None, is_open=True)
    content = given[0] if given else None
    if len(given) < 2 or _is_nothing(given[1]):
        return ResponseMade(node, maker, content)
    return _of_init(module, node, maker, content, given[1])


def _of_init(
    module: ModuleLike, node: Node, maker: ResponseMaker, content: Node | None, init: Node
) -> ResponseMade:
    written = property_value(module, init, "status")
    is_open = is_open_object(module, init)
    status = number_of(module, written) if written is not None else None if is_open else 200
    headers = property_value(module, init, "headers")
    return ResponseMade(node, maker, content, status, written, headers, init, is_open)


def _redirect(module: ModuleLike, node: Node, maker: ResponseMaker, default: float) -> ResponseMade:
    given = arguments_of(node)
    content = given[0] if given else None
    if any(part.type == "spread_element" for part in given[:2]):
        return ResponseMade(node, maker, status=None, is_open=True)
    if len(given) < 2 or _is_nothing(given[1]):
        return ResponseMade(node, maker, content, default)
    status = number_of(module, given[1])
    if status is None and module.initializer(given[1]).type == "object":  # of `NextResponse`
        made = _of_init(module, node, maker, content, given[1])
        unset = made.status_node is None and not made.is_open
        return ResponseMade(
            node,
            maker,
            content,
            default if unset else made.status,
            made.status_node,
            made.headers,
            made.init,
            made.is_open,
        )
    return ResponseMade(node, maker, content, status, given[1])


def _of_hono(module: ModuleLike, node: Node) -> ResponseMade | None:
    callee = node.child_by_field_name("function")
    callee = unwrap(callee) if callee is not None else None
    if callee is None or callee.type != "member_expression":
        return None
    name = callee.child_by_field_name("property")
    word = module.text(name) if name is not None else ""
    if word not in HONO_RESPONSES and word not in ("redirect", "notFound"):
        return None
    if module.value_of(callee.child_by_field_name("object")).kind is not ValueKind.HONO_CONTEXT:
        return None
    if word == "notFound":
        return ResponseMade(node, ResponseMaker.HONO, status=404)
    if word == "redirect":
        return _redirect(module, node, ResponseMaker.HONO, 302)
    given = arguments_of(node)
    if any(part.type == "spread_element" for part in given[:3]):
        return ResponseMade(node, ResponseMaker.HONO, status=None, is_open=True)
    content = given[0] if given else None
    headers = given[2] if len(given) > 2 else None
    if len(given) < 2 or _is_nothing(given[1]):
        return ResponseMade(node, ResponseMaker.HONO, content, headers=headers)
    status = number_of(module, given[1])
    if status is None and module.initializer(given[1]).type == "object":
        return _of_init(module, node, ResponseMaker.HONO, content, given[1])
    return ResponseMade(node, ResponseMaker.HONO, content, status, given[1], headers)


def _is_nothing(node: Node) -> bool:
    return unwrap(node).type in ("undefined", "null")


# -- bodies ----------------------------------------------------------------------------------------------


@record(frozen=True, eq=False)
class BodyRead:
    """A place that takes the body of what `owner` evaluates to (`kind`: a `Request`, a `Response`, Hono's
    request, an object of R2): the call of `method`, or, where that is `body`, the member itself."""

    node: Node
    owner: Node
    method: str
    kind: ValueKind

    @property
    def is_stream(self) -> bool:
        """Whether the body is taken as a stream, of which not all has to be in memory at once."""
        return self.method == "body"


_BODIES = {
    ValueKind.REQUEST: BODY_READS,
    ValueKind.RESPONSE: BODY_READS,
    ValueKind.R2_OBJECT: BODY_READS,
    ValueKind.HONO_REQUEST: HONO_BODY_READS,
}
_STREAMS = frozenset({ValueKind.REQUEST, ValueKind.RESPONSE, ValueKind.R2_OBJECT})


def body_read_at(module: ModuleLike, node: Node) -> BodyRead | None:
    """The read of a body that an expression is: `request.json()`, `(await fetch(url)).text()`,
    `response.body`; None of every other expression, and where the owner is not known."""
    node = unwrap(node)
    member = node.child_by_field_name("function") if node.type == "call_expression" else node
    member = unwrap(member) if member is not None else None
    if member is None or member.type != "member_expression":
        return None
    name = member.child_by_field_name("property")
    owner = member.child_by_field_name("object")
    word = module.text(name) if name is not None else ""
    is_call = node.type == "call_expression"
    if owner is None or (word not in HONO_BODY_READS if is_call else word != "body"):
        return None
    kind = module.value_of(owner).kind
    if is_call and word in _BODIES.get(kind, ()):
        return BodyRead(node, owner, word, kind)
    return BodyRead(node, owner, word, kind) if not is_call and kind in _STREAMS else None


def body_reads(module: ModuleLike, within: Node, *, into_functions: bool = True) -> Iterator[BodyRead]:
    """The reads of bodies that a node holds, itself included, in source order."""
    if into_functions:
        places = sorted(_named_as_reads(module, within), key=lambda node: (node.start_byte, -node.end_byte))
    else:
        below = (within, *walk(within, into_functions=False))
        places = [node for node in below if node.type in ("call_expression", "member_expression")]
    for node in places:
        found = body_read_at(module, node)
        if found is not None:
            yield found


def _named_as_reads(module: ModuleLike, within: Node) -> Iterator[Node]:
    """The calls of methods, and the properties, whose names are those of reads of a body."""
    syntax = module.syntax
    for word in (*HONO_BODY_READS, "body"):
        for leaf in syntax.leaves(word, within):
            member = syntax.parent(leaf) if leaf.type == "property_identifier" else None
            if member is None or member.type != "member_expression":
                continue
            outer = with_wrappers(syntax, member)
            call = syntax.parent(outer) if word != "body" else None
            if word == "body":
                yield member
            elif call is not None and call.type == "call_expression":
                yield call


# -- logs ------------------------------------------------------------------------------------------------


@record(frozen=True, eq=False)
class Log:
    """A call that prints `arguments`; `level` is the method. `is_console` is false of a logger's."""

    node: Node
    level: str
    arguments: tuple[Node, ...]
    is_console: bool


_LOGGER_NAME = pattern(r"(?:[a-z]\w*L|_*l)ogger|log|(?:[a-z]\w*|_+)Log|LOG|LOGGER")


def log_at(module: ModuleLike, node: Node) -> Log | None:
    """What a call prints: by `console`, or by a logger; None of every other expression.

    A logger is what a logging package made, or, where it is not known what it is, what is called so
    (`logger`, `this.log`, `c.var.logger`).
    """
    node = unwrap(node)
    return module.memoized(("log at", node.id), lambda: _find_log(module, node))  # half a dozen rules ask


def _find_log(module: ModuleLike, node: Node) -> Log | None:
    callee = node.child_by_field_name("function") if node.type == "call_expression" else None
    callee = unwrap(callee) if callee is not None else None
    if callee is None or callee.type not in ("member_expression", "subscript_expression", "identifier"):
        return None
    target, word = None, ""
    if callee.type == "member_expression":
        name, target = callee.child_by_field_name("property"), callee.child_by_field_name("object")
        word = module.text(name) if name is not None else ""
        if word not in CONSOLE_METHODS and word not in LOGGER_METHODS:
            return None
    called = platform_name(module, callee)
    if called is not None and called.module == "":
        owner, _, method = called.name.rpartition(".")
        if owner == "console":
            return Log(node, method, arguments_of(node), True) if method in CONSOLE_METHODS else None
    if target is None or word not in LOGGER_METHODS or not _is_logger(module, target):
        return None
    return Log(node, word, arguments_of(node), False)


def logs(module: ModuleLike, within: Node, *, into_functions: bool = True) -> Iterator[Log]:
    """What a node prints, itself included, in source order."""
    for node in _calls(within, into_functions=into_functions):
        found = log_at(module, node)
        if found is not None:
            yield found


def _is_logger(module: ModuleLike, node: Node) -> bool:
    node = module.initializer(node)
    for _ in range(4):  # a logger's child is one
        if node.type not in _CALLS:
            break
        made = called_name(module, node)
        if made is not None and (made.module, made.name) in LOGGER_MAKERS:
            return True
        callee = node.child_by_field_name("function")
        callee = unwrap(callee) if callee is not None else None
        if callee is None or callee.type != "member_expression":
            return False
        name, owner = callee.child_by_field_name("property"), callee.child_by_field_name("object")
        if owner is None or name is None or module.text(name) not in ("child", "withTag", "getSubLogger"):
            return False
        node = module.initializer(owner)
    known = platform_name(module, node)
    if known is not None and (known.module, known.name) in LOGGER_MAKERS:
        return True
    if node.type == "member_expression":
        last = node.child_by_field_name("property")
    else:
        last = node if node.type == "identifier" else None
    called = module.text(last) if last is not None else ""
    if "log" not in called.lower() or _LOGGER_NAME.fullmatch(called) is None:
        return False
    return not module.value_of(node) and (known is None or known.module != "")


def _calls(within: Node, *, into_functions: bool) -> Iterator[Node]:
    for node in (within, *walk(within, into_functions=into_functions)):
        if node.type in _CALLS:
            yield node
