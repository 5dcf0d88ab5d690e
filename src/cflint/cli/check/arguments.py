"""The arguments of `cflint check` as a request, for those without a mistake.

click takes an eighth of a small run to load. What it alone does (help, completion, messages about
mistakes) is left to it: whatever is not plain here is None, and click reads the same arguments again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cflint.cli.check.options import OPTIONS, Option, Takes
from cflint.cli.check.request import Request

_TRUE = frozenset(("1", "true", "t", "yes", "y", "on"))
_FALSE = frozenset(("0", "false", "f", "no", "n", "off"))


def read(arguments: Sequence[str], variables: Mapping[str, str] = os.environ) -> Request | None:
    """What stands after `cflint check`; None where click has something to say or to show."""
    options = {flag: option for option in OPTIONS for flag in option.flags}
    texts: dict[str, list[str]] = {}
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
            text: str | None = "1"
            if option.takes is not Takes.NOTHING:
                text = value if equals else next(rest, None)
            elif equals:
                return None
            if text is None:
                return None
            texts.setdefault(option.name, []).append(text)
    try:
        given = {option.name: _value(option, texts.get(option.name), variables) for option in OPTIONS}
    except ValueError:
        return None
    return Request(paths=tuple(paths), **given)


def asked(*options: str, paths: Iterable[str] = (), isolated: bool = False) -> Request:
    """What `cflint check` would be asked with options that it takes, and nothing cached: for commands that
    look at a project as it does. The environment has no say."""
    words = ["--no-cache", *(["--isolated"] if isolated else []), *options, "--", *paths]
    request = read(words, {})
    assert request is not None, f"`check` takes these arguments: {words}"
    return request


def _value(option: Option, texts: list[str] | None, variables: Mapping[str, str]) -> Any:
    """The value of an option; of one that is not repeated the last text counts. Raises ValueError where click
    has to say that it is wrong."""
    if option.takes is Takes.NOTHING:
        said = variables.get(option.variable, "").strip().lower() if option.variable and not texts else ""
        if said and said not in _TRUE | _FALSE:
            raise ValueError(said)
        return bool(texts) or said in _TRUE
    if option.is_repeated:
        checked = (_checked(option, text) for text in texts or ())
        return tuple(checked if option.read is None else map(option.read, checked))
    if not texts:
        return option.default
    text = _checked(option, texts[-1])
    if option.takes is Takes.COUNT:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValueError(text)
        return int(text)
    return text if option.read is None else option.read(text)


def _checked(option: Option, text: str) -> str:
    if option.choices and text not in option.choices:
        raise ValueError(text)
    return text
