from __future__ import annotations

import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, fields
from functools import cached_property
from typing import Any

import pytest

import cflint.record as record_module
from cflint.record import field, field_names, record, replace

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]


@record(frozen=True)
class Point:
    """A sample."""

    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list)
    origin: object = field(default=None, compare=False, repr=False)

    @cached_property
    def sum(self) -> int:
        return self.x + self.y


@record(frozen=True, eq=False)
class Thing:
    """A sample that is compared by identity."""

    name: str


@record(frozen=True)
class Doubled:
    """A sample with a derived field."""

    value: int
    twice: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", self.value * 2)


@record
class Tally:
    """A sample that changes."""

    count: int = 0
    seen: list[str] = field(default_factory=list)


@record(frozen=True, kw_only=True)
class Asked:
    """A sample whose fields are given by name."""

    path: str
    quiet: bool = False


def test_it_is_a_frozen_dataclass() -> None:
    point = Point(1, y=2)
    assert [found.name for found in fields(point)] == ["x", "y", "tags", "origin"]
    assert repr(point) == "Point(x=1, y=2, tags=[])"
    assert replace(point, x=3) == Point(3, 2)
    assert point.sum == 3 and point.sum == 3
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.x


def test_the_standard_library_reads_it() -> None:
    assert [found.name for found in fields(Doubled)] == list(field_names(Doubled))
    assert dataclasses.replace(Doubled(4), value=5).twice == 10
    assert dataclasses.asdict(Point(1, 2, ["a"])) == {"x": 1, "y": 2, "tags": ["a"], "origin": None}
    assert str(inspect.signature(Asked)) == "(*, path, quiet=False)"


def test_a_subclass_has_the_fields_of_its_bases() -> None:
    @record(frozen=True)
    class Named(Point):
        name: str = "here"

    assert field_names(Named) == ("x", "y", "tags", "origin", "name")
    assert (
        repr(Named(1))
        == "test_a_subclass_has_the_fields_of_its_bases.<locals>.Named(x=1, y=0, tags=[], name='here')"
    )
    assert Named(1) != Point(1)


def test_what_is_no_record_has_no_fields() -> None:
    assert field_names(int) == ()


def test_a_field_of_the_standard_library_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Wrong\.tags: a record takes `field` of cflint"):

        @record
        class Wrong:
            tags: list[str] = dataclasses.field(default_factory=list)


def test_what_a_class_derives_cannot_be_given() -> None:
    with pytest.raises(ValueError, match="twice"):
        replace(Doubled(4), twice=3)


def test_one_that_changes_has_no_hash() -> None:
    tally = Tally()
    tally.count += 1
    assert tally == Tally(1) != Tally(2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(tally)


def test_fields_that_are_given_by_name() -> None:
    assert Asked(path="a", quiet=True) == replace(Asked(path="a"), quiet=True)
    with pytest.raises(TypeError):
        Asked("a")  # type: ignore[call-arg]


def test_equality_and_hashes() -> None:
    assert Point(1, origin="a") == Point(1, origin="b")
    assert Point(1) != Point(2)
    assert hash(Doubled(1)) == hash(Doubled(1))
    assert Thing("a") != Thing("a")
    assert len({Thing("a"), Thing("a")}) == 2


@record(frozen=True)
class Named:
    """A sample whose fields are called like what the decorator might use."""

    values: int
    name: str = ""
    fields: tuple[int, ...] = ()


def test_any_name_may_be_a_field() -> None:
    assert Named(1, "a", (2,)).values == 1
    assert Named(values=1, fields=(3,)).fields == (3,)


def test_defaults_are_made_anew() -> None:
    one, other = Point(1), Point(1)
    one.tags.append("x")
    assert other.tags == []


def test_derived_fields() -> None:
    assert Doubled(4).twice == 8
    assert replace(Doubled(4), value=5).twice == 10


def test_wrong_arguments_raise() -> None:
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point(1, 2, [], None, 5)  # type: ignore[call-arg]


def test_it_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(Point(1, 2, ["a"]))) == Point(1, 2, ["a"])


def test_code_that_was_instrumented_is_not_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fuzzer adds calls of its own, with their names, to the code of each function."""

    def traced_1(self: Any, a: object) -> None:
        id(0)
        self.a = a

    def traced_2(self: Any, a: object, b: object) -> None:
        id(0)
        self.a = a
        self.b = b

    monkeypatch.setattr(record_module, "_TAKING", (traced_1, traced_2))

    @record
    class Pair:
        first: int
        second: int = 2

    assert dataclasses.asdict(Pair(1)) == {"first": 1, "second": 2}
