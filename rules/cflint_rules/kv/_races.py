"""Values that two requests change at once: who knows of it, where else they are, and where they belong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import Location, Module, js, pattern

if TYPE_CHECKING:
    from tree_sitter import Node

_ADMITTED = pattern(
    r"(?<![a-z])(?:non|not|isn.t|in)[\s-]*atomic|best[\s-]*effort|race condition|\bracy\b|\bapproximat|"
    r"eventual(?:ly)?[\s-]consist|\bundercount|\blost update|非原子",
    re.IGNORECASE,
)
"""What a comment says that knows of it."""
_TO_DO = pattern(r"\b(?:TODO|FIXME|XXX|HACK)\b")
_WAYS = {"get": "read", "put": "written", "delete": "deleted"}
_MOST_PLACES = 8
_MOST_OF_COUNT = 2
"""A count, and since when or until when it counts."""


def is_admitted(module: Module, function: Node) -> bool:
    """Whether a comment in a function, or right above it, says that it knows that changes may be lost."""

    def look() -> bool:
        above = module.comments_of(_outside(module, function))
        found = (*above, *module.descendants(function, "comment"))
        texts = [module.text(comment) for comment in found]
        return any(_ADMITTED.search(text) is not None and _TO_DO.search(text) is None for text in texts)

    return module.memoized(("comment that admits a race", function.id), look)


def _outside(module: Module, function: Node) -> Node:
    """The statement, or member, that a function is."""
    node = function
    for above in module.ancestors(function):
        if above.type in ("statement_block", "program", "class_body", "object"):
            return node
        node = above
    return node


def other_places(module: Module, write: js.Write, known: Node) -> Iterator[Location]:
    """Where else the module reads, writes or deletes what is under the same key."""
    key = _spelled(module, write.arguments[0])
    receiver = write.call.receiver
    if receiver is None:
        return
    store = _last_name(module.text(receiver))
    count = 0
    for name, way in _WAYS.items():
        for made in module.calls(name):
            is_it = made.node.id in (known.id, write.node.id, write.call.node.id)
            if is_it or made.receiver is None or not made.arguments or count == _MOST_PLACES:
                continue
            if _last_name(module.text(made.receiver)) != store or _spelled(module, made.arguments[0]) != key:
                continue
            count += 1
            yield module.at(made.node, f"the same key is {way} here")


def _spelled(module: Module, key: Node) -> str:
    """How a key is made, where its name is a constant's."""
    return " ".join(module.text(module.initializer(key)).split())


def _last_name(receiver: str) -> str:
    return receiver.rpartition(".")[2]


def storage_words(module: Module, write: js.Write, objects: str, *, counts: bool = True) -> js.Words:
    """What the project has, or can have, for values that one request changes after the other: the case
    `with D1`, or `on Pages`, and the words for the database, the binding of new objects, the key and how long
    it is kept. With `counts` numbers that are counted have cases of their own, and other values go to D1 only
    where no object can have them."""
    lasts = lifetime(module, write)
    words = [*js.word("thisKey", module, write.arguments[0]), *js.word("thisTtl", module, lasts)]
    env = js.env_at(module, write.node)
    if env is not None:
        words.append(("objects", f"{env}.{objects}"))
    counted = ""
    if counts and _is_count(module, write, lasts):
        counted = "a count that ends" if lasts is not None else "a count"
    databases = [
        binding.name for environment in module.environments for binding in environment.bindings_of("d1")
    ]
    if databases and (counted or not counts):
        words.append((f"{counted}, with D1" if counted else "with D1", ""))
        words += [("db", f"{env}.{databases[0]}")] if env is not None else []
    elif any(found.is_pages for found in module.workers):
        words.append(("on Pages", ""))
    elif counted:
        words.append((counted, ""))
    return tuple(words)


def lifetime(module: Module, write: js.Write) -> Node | None:
    options = write.arguments[2] if len(write.arguments) > 2 else None
    return module.property_value(options, "expirationTtl") if options is not None else None


def _is_count(module: Module, write: js.Write, lasts: Node | None) -> bool:
    """Whether what is written is a number as text (`String(n + 1)`, `` `${n + 1}` ``), or, where it ends, an
    object of a `count` and of when that ends."""
    value = js.unwrap(write.arguments[1])
    if value.type == "template_string":
        return len(value.named_children) == 1
    made = module.call(value)
    if made is None:
        return False
    if made.name == "toString" or module.is_from(made.callee, "", "String"):
        return True
    given = js.unwrap(made.arguments[0]) if made.name == "stringify" and made.arguments else None
    if lasts is None or given is None or given.type != "object" or len(given.named_children) > _MOST_OF_COUNT:
        return False
    return module.property_value(given, "count") is not None
