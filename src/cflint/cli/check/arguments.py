"""The arguments of `cflint check` as a request, for those without a mistake.

click takes an eighth of a small run to load. What it alone does (help, completion, messages about
mistakes) is left to it: whatever is not plain here is None, and click reads the same arguments again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from cflint.cli.check.options import OPTIONS, Option, Takes
from cflint.cli.check.request import Request

_TRUE = frozenset(("1", "true", "t", "yes", "y", "on"))
_FALSE = frozenset(("0", "false", "f", "no", "n", "off"))


def read(arguments: Sequence[str], variables: Mapping[str, str] = os.environ) -> Request | None:
    """What stands after `cflint check`; None where click has something to say or to show."""
    options = {flag: option for option in OPTIONS for flag in option.flags}
    given = _unset(variables)
    if given is None:
        return None
    paths: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            paths.extend(rest)
        elif not argument.startswith("-") or argument == "-":
            paths.append(argument)
        else:
            flag, equals, value = argument.partition("=")
            option = options.get(flag)
            if option is None or (equals and not flag.startswith("--")):
                return None  # an unknown option, help, or several letters in one word
            if option.takes is Takes.NOTHING:
                if equals:
                    return None
                given[option.name] = True
                continue
            text = value if equals else next(rest, None)
            if text is None or not _put(given, option, text):
                return None
    return Request(paths=tuple(paths), **given)


def _unset(variables: Mapping[str, str]) -> dict[str, Any] | None:
    """The values of a command line without options; None where a variable holds what click refuses."""
    given: dict[str, Any] = {}
    for option in OPTIONS:
        value: object = option.default
        if option.is_repeated:
            value = ()
        elif option.takes is Takes.NOTHING:
            said = variables.get(option.variable, "").strip().lower() if option.variable else ""
            if said and said not in _TRUE | _FALSE:
                return None
            value = said in _TRUE
        given[option.name] = value
    return given


def _put(given: dict[str, Any], option: Option, text: str) -> bool:
    """Take what was given for an option; false where click has to say that it is wrong."""
    if option.choices and text not in option.choices:
        return False
    if option.is_repeated:
        given[option.name] += (text,)
    elif option.takes is Takes.COUNT:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            return False
        given[option.name] = int(text)
    elif option.read is not None:
        try:
            given[option.name] = option.read(text)
        except ValueError:
            return False
    else:
        given[option.name] = text
    return True
