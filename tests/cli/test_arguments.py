"""The quick reading of `cflint check`'s arguments says what click says, or leaves it to click."""

from __future__ import annotations

from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cflint.cli.check import arguments, interface
from cflint.cli.check.options import OPTIONS, Takes
from cflint.cli.check.request import Request
from cflint.record import field_names

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]


def by_click(argv: list[str], variables: dict[str, str], patch: pytest.MonkeyPatch) -> Request | None:
    """What click makes of the arguments; None where it shows help or refuses them."""
    for option in OPTIONS:
        if option.variable:
            patch.delenv(option.variable, raising=False)
    for name, value in variables.items():
        patch.setenv(name, value)
    try:
        with interface.command.make_context("check", list(argv)) as context:
            values: dict[str, Any] = context.params
    except (click.UsageError, click.exceptions.Exit):
        return None
    return Request(**values)


WORDS = [flag for option in OPTIONS for flag in option.flags]
WORDS += [f"{flag}=" for flag in WORDS] + [choice for option in OPTIONS for choice in option.choices]
WORDS += [
    "src",
    "-",
    "--",
    "2/8",
    "9/8",
    "4",
    "-1",
    "07",
    "٣",
    "-vq",
    "-j4",
    "-h",
    "--help",
    "--nope",
    "",
    "a=b",
]
WORDS += [
    "--output-format=sarif",
    "--jobs=2",
    "--verbose=1",
    "--select=d1,kv",
    "--fail-on=note",
    "--conf",
    "-j=2",
]


@given(
    st.lists(st.sampled_from(WORDS), max_size=6), st.sampled_from(["", "1", "no", " YES ", "maybe", "off"])
)
def test_it_agrees_with_click(argv: list[str], no_cache: str) -> None:
    variables = {"CFLINT_NO_CACHE": no_cache}
    with pytest.MonkeyPatch.context() as patch:
        expected = by_click(argv, variables, patch)
        found = arguments.read(argv, variables)
    assert found is None or found == expected
    if found is None and expected is not None:
        assert _is_left_to_click(argv), "what is plain is read without click"


def _is_left_to_click(argv: list[str]) -> bool:
    """Whether the arguments hold several letters in one word, or a number that only `int` reads."""
    return any(word[:1] == "-" and word[1:2] != "-" and len(word) > 2 for word in argv) or "٣" in argv


def test_each_option_of_a_plain_command_line_is_read() -> None:
    assert arguments.read(
        ["a", "--select", "d1", "--select=kv", "-j", "3", "-v", "--shard", "2/8", "b"], {}
    ) == (
        arguments.read(
            ["--shard=2/8", "--verbose", "--jobs=3", "--select", "d1", "--select", "kv", "--", "a", "b"], {}
        )
    )


@pytest.mark.parametrize(
    "argv", [["--help"], ["-h"], ["--select"], ["--fail-on", "x"], ["-vq"], ["--jobs", "x"]]
)
def test_help_and_mistakes_are_left_to_click(argv: list[str]) -> None:
    assert arguments.read(argv, {}) is None


def test_each_option_is_a_field_of_the_request() -> None:
    assert sorted(["paths", *(option.name for option in OPTIONS)]) == sorted(field_names(Request))
    assert all(option.help.endswith((".", "]", ")")) for option in OPTIONS)
    assert {option.takes for option in OPTIONS} == set(Takes)
