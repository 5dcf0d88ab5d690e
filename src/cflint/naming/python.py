"""Where a module of Python names bindings.

Imported where used: libcst is slow to load.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import libcst as cst

from cflint.finding import Location
from cflint.naming.mention import Form, Mention, Role, mention_of
from cflint.project.code.values import ValueKind

if TYPE_CHECKING:
    from cflint.project.python.module import PythonModule

_ASKING = ("hasattr", "getattr", "setattr")


def mentions_in_python(module: PythonModule, names: Collection[str]) -> Iterator[Mention]:
    """The places of a module that name bindings, or may do so, in no order."""
    wanted = {name for name in names if _is_member(module.document.data, name)}
    if not wanted:
        return
    for node in module.find(cst.Attribute):
        name = node.attr.value
        if name in wanted:
            owner = module.value_of(node.value)
            if owner.kind is ValueKind.ENV or not owner:
                role = Role.USE if owner else Role.OPEN
                yield Mention(name, module.at(node.attr), role, Form.NAME)
    for text in module.find(cst.SimpleString):
        value = text.evaluated_value
        if isinstance(value, str) and value in wanted:
            argument = module.parent(text)
            call = module.parent(argument) if argument is not None else None
            if isinstance(call, cst.Call) and _name_asked(module, call) is text:
                yield mention_of(module.document, module.span(text), value, Role.USE)


def _is_member(data: bytes, name: str) -> bool:
    """Whether a text has a name as an attribute or as a whole string, and speaks of `env`: to find where in a
    tree something stands takes long."""
    word = re.escape(name.encode())
    return b"env" in data and re.search(rb"""\.\s*%s\b|(["'])%s\1""" % (word, word), data) is not None


def computed_in_python(module: PythonModule) -> Iterator[Location]:
    """The places of a module that read a member of `env` by a name that is not written down."""
    if not any(word.encode() in module.document.data for word in _ASKING):
        return
    for call in module.calls(*_ASKING):
        name = _name_asked(module, call)
        if name is not None and not isinstance(name, cst.SimpleString):
            yield module.at(call)


def _name_asked(module: PythonModule, call: cst.Call) -> cst.BaseExpression | None:
    """The name in `getattr(env, name)`."""
    given = call.args
    is_asking = isinstance(call.func, cst.Name) and call.func.value in _ASKING
    if not is_asking or len(given) < 2 or module.value_of(given[0].value).kind is not ValueKind.ENV:
        return None
    return given[1].value
