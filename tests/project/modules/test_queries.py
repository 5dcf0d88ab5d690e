"""Memoised questions: found once, with their dependencies for all who ask, and without endless cycles."""

from __future__ import annotations

import pytest

from cflint.project.modules.queries import CycleError, Memo, query
from cflint.project.modules.reads import Reads

pytestmark = pytest.mark.portable


def _length(path: str) -> int:
    return len(path)


class Part:
    """Questions that read what they are asked about, and write down that they ran."""

    def __init__(self) -> None:
        self.memo = Memo()
        self.ran: list[object] = []

    def read(self, path: str) -> None:
        if self.memo.ledger is not None:
            self.memo.ledger.text(path)

    @query
    def length(self, path: str) -> int:
        """How long a path is."""
        self.ran.append(path)
        self.read(path)
        return len(path)

    @query
    def nothing(self, path: str) -> None:
        """An answer that is None."""
        self.ran.append(path)

    @query
    def sum(self, first: str, second: str) -> int:
        """An answer drawn from others."""
        self.read("sum")
        return self.length(first) + self.length(second)

    @query(cycle=0)
    def depth(self, path: str) -> int:
        """`aba` leads to `ba`, `a` leads back to `aba`."""
        self.ran.append(path)
        self.read(path)
        return 1 + self.depth(path[1:] or "aba")

    @query
    def endless(self, path: str) -> int:
        """A question with no answer."""
        return self.endless(path)

    @query(by=_length)
    def initial(self, path: str) -> str:
        """Paths of one length are the same question."""
        self.ran.append(path)
        return path[0]

    @query
    def broken(self, path: str) -> int:
        """A question that raises."""
        self.ran.append(path)
        self.read(path)
        raise ValueError(path)


def test_an_answer_is_found_once_for_each_question() -> None:
    part = Part()
    assert [part.length(path) for path in ("a", "bb", "a", "bb")] == [1, 2, 1, 2]
    assert part.ran == ["a", "bb"]


def test_none_is_an_answer() -> None:
    part = Part()
    for _ in range(2):
        part.nothing("a")
    assert part.ran == ["a"]


def test_projects_do_not_share_answers() -> None:
    first, second = Part(), Part()
    first.length("a")
    second.length("a")
    assert first.ran == second.ran == ["a"]


def test_a_key_stands_for_the_arguments() -> None:
    part = Part()
    assert part.initial("ab") == part.initial("cd") == "a"
    assert part.initial("abc") == "a"
    assert part.ran == ["ab", "abc"]


def test_whoever_asks_depends_on_what_the_answer_was_drawn_from() -> None:
    part = Part()
    ledger = part.memo.keep_ledger()
    part.sum("a", "bb")
    everything = Reads(frozenset({"sum", "a", "bb"}))
    assert ledger.take() == everything
    part.sum("a", "bb")
    assert ledger.take() == everything
    assert part.ran == ["a", "bb"]
    part.length("bb")
    assert ledger.take() == Reads(frozenset({"bb"}))
    assert ledger.take() == Reads()


def test_an_answer_depends_on_answers_that_others_asked_for_before() -> None:
    part = Part()
    ledger = part.memo.keep_ledger()
    part.length("a")
    ledger.take()
    part.sum("a", "bb")
    assert ledger.take() == Reads(frozenset({"sum", "a", "bb"}))


def test_a_cycle_gets_its_value() -> None:
    part = Part()
    ledger = part.memo.keep_ledger()
    assert part.depth("aba") == 3
    assert part.ran == ["aba", "ba", "a"]
    assert ledger.take() == Reads(frozenset({"aba", "ba", "a"}))
    assert part.depth("aba") == 3
    assert part.ran == ["aba", "ba", "a"]
    assert ledger.take() == Reads(frozenset({"aba", "ba", "a"}))


def test_a_cycle_without_a_value_is_an_error() -> None:
    part = Part()
    for _ in range(2):
        with pytest.raises(CycleError):
            part.endless("a")
    with pytest.raises(CycleError):
        part.memo.memoized("a", lambda: part.memo.memoized("a", lambda: 1))


def test_what_raised_is_asked_again_and_its_reads_count() -> None:
    part = Part()
    ledger = part.memo.keep_ledger()
    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            part.broken("a")
        assert ledger.take() == Reads(frozenset({"a"}))
    assert part.ran == ["a", "a"]


def test_questions_without_a_function() -> None:
    part = Part()
    ledger = part.memo.keep_ledger()
    found = [part.memo.memoized(("double", "a"), lambda: 2 * part.length("a")) for _ in range(2)]
    assert found == [2, 2]
    assert part.ran == ["a"]
    assert part.memo.memoized(("double", "b"), lambda: 0) == 0
    assert ledger.take() == Reads(frozenset({"a"}))


def test_what_is_gathered_apart_is_no_dependency() -> None:
    ledger = Memo().keep_ledger()
    with ledger.gather() as reads:
        ledger.text("a")
        ledger.facts("b")
    ledger.facts("c")
    assert (reads.texts, reads.facts) == ({"a"}, {"b"})
    assert ledger.take() == Reads(facts=frozenset({"c"}))


def test_a_function_may_ask_about_anything_with_a_memo() -> None:
    @query
    def twice(part: Part, path: str) -> int:
        part.ran.append(("twice", path))
        return 2 * part.length(path)

    part = Part()
    assert twice(part, "ab") == twice(part, "ab") == 4
    assert part.ran == [("twice", "ab"), "ab"]
