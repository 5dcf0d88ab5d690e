from __future__ import annotations

import copy
import enum
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

import cflint
from cflint.enums import Enum, IntEnum, StrEnum

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]


class Color(Enum):
    """A sample."""

    RED = "red"
    GREEN = "green"
    ROSE = "red"  # another name of the same

    @property
    def is_red(self) -> bool:
        return self is Color.RED

    @classmethod
    def first(cls) -> Color:
        return next(iter(cls))


class Level(IntEnum):
    """A sample of numbers."""

    LOW = 1
    HIGH = 5


class Word(StrEnum):
    """A sample of texts."""

    ONE = "one"
    TWO = "two"


@pytest.mark.parametrize(("ours", "base"), [(Color, enum.Enum), (Level, enum.IntEnum), (Word, enum.StrEnum)])
def test_members_are_those_of_the_standard_ones(ours: type[Enum], base: type[enum.Enum]) -> None:
    values = {name: member.value for name, member in ours.__members__.items()}
    make: Any = base  # the type checker wants names that it can see
    standard: type[enum.Enum] = make(ours.__name__, values)
    assert [(it.name, it.value) for it in ours] == [(it.name, it.value) for it in standard]
    assert list(ours.__members__) == list(standard.__members__)
    assert [it.name for it in reversed(ours)] == [it.name for it in reversed(standard)]
    assert len(ours) == len(standard)
    assert [str(it) for it in ours] == [str(it) for it in standard]
    assert [f"{it}" for it in ours] == [f"{it}" for it in standard]
    assert [repr(it) for it in ours] == [repr(it) for it in standard]
    for member in ours:
        assert ours(member.value) is ours[member.name] is ours(member) is member
        assert isinstance(member, ours)
        assert {member: 1}[ours(member.value)] == 1


def test_a_second_name_of_a_value_is_the_same_member() -> None:
    assert Color["ROSE"] is Color["RED"]
    assert Color["ROSE"].name == "RED"


def test_methods_are_no_members() -> None:
    assert Color.GREEN.is_red is False
    assert Color.first() is Color.RED


def test_numbers_and_texts_are_what_they_are() -> None:
    assert Level.LOW < Level.HIGH
    assert int(Level.HIGH) + 1 == 6
    assert max(Level) is Level.HIGH
    assert Word.ONE.upper() == "ONE"
    assert {"one": 1}[Word.ONE] == 1
    assert json.dumps([Level.HIGH, Word.TWO]) == '[5, "two"]'


@pytest.mark.parametrize("member", [Color.GREEN, Level.HIGH, Word.TWO])
def test_a_copy_is_the_member_itself(member: Enum) -> None:
    assert pickle.loads(pickle.dumps(member)) is member
    assert copy.copy(member) is member
    assert copy.deepcopy([member])[0] is member


@pytest.mark.parametrize(("kind", "value"), [(Color, "blue"), (Color, ["red"]), (Level, 2), (Word, "three")])
def test_a_value_of_no_member_is_refused(kind: type[Enum], value: object) -> None:
    with pytest.raises(ValueError, match=f"is not a valid {kind.__name__}"):
        kind(value)


def test_no_module_of_cflint_defines_others() -> None:
    standard = re.compile(r"^ *(?:from enum import|import enum)", re.MULTILINE)
    root = Path(cflint.__file__).parent
    files = [path for path in root.rglob("*.py") if standard.search(path.read_text(encoding="utf-8"))]
    assert [path.name for path in files] == ["enums.py"]
