"""Memoised questions about a project: a decorator keeps the answer, knows its dependencies, cuts cycles.

    class Exports:
        def __init__(self, memo: Memo, …) -> None:
            self.memo = memo

        @query(cycle=None)
        def named(self, path: str, name: str) -> ExportTarget | None: …

The first argument is a part of a project or the project: whatever has a `memo`. The others, which are given
by position, make the question; they have to be hashable and name everything that the answer depends on but
the files that are read for it. A project has one memo, and one part of each class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from functools import partial, wraps
from typing import Any, Protocol, TypeVar, TypeVarTuple, overload

from cflint.project.modules.reads import Gathered, Ledger

T = TypeVar("T")
Key = TypeVarTuple("Key")

_NO_READS = Gathered()
_NO_CYCLE: Any = object()


class CycleError(RuntimeError):
    """A question that depends on its own answer, and has no value for that case."""


class _Answer:
    """An answer and what it was drawn from; while it is being found, the value for a cycle."""

    __slots__ = ("reads", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.reads = _NO_READS


_Answers = dict[Hashable, _Answer]


class Memo:
    """The answers to the questions about one project, and its ledger.

    `ledger` is where it is written down what is read; None when nobody wants to know.
    """

    def __init__(self) -> None:
        self.ledger: Ledger | None = None
        self._answers: defaultdict[Hashable, _Answers] = defaultdict(dict)

    def keep_ledger(self) -> Ledger:
        """Write down from now on what is read."""
        self.ledger = Ledger()
        return self.ledger

    def memoized(self, question: Hashable, find: Callable[[], T]) -> T:
        """The answer to a question that is no function; CycleError when `find` depends on it."""
        answers = self._answers[None]
        known = answers.get(question)
        found: T = self._find(answers, question, _NO_CYCLE, find) if known is None else self._use(known)
        return found

    def _use(self, known: _Answer) -> Any:
        if self.ledger is not None:
            self.ledger.include(known.reads)
        if known.value is _NO_CYCLE:
            raise CycleError
        return known.value

    def _find(self, answers: _Answers, key: Hashable, cycle: Any, find: Callable[[], Any]) -> Any:
        found = answers[key] = _Answer(cycle)
        ledger = self.ledger
        try:
            if ledger is None:
                found.value = find()
                return found.value
            with ledger.gather() as reads:
                try:
                    found.value = find()
                finally:
                    found.reads = reads
        except BaseException:
            del answers[key]
            raise
        finally:
            if ledger is not None:
                ledger.include(found.reads)  # also of what raised: whoever catches that depends on it
        return found.value


class HasMemo(Protocol):
    """What questions are about."""

    @property
    def memo(self) -> Memo: ...


S = TypeVar("S", bound=HasMemo)


@overload
def query(method: Callable[[S, *Key], T], /) -> Callable[[S, *Key], T]: ...
@overload
def query(*, cycle: object) -> Callable[[Callable[[S, *Key], T]], Callable[[S, *Key], T]]: ...
@overload
def query(
    *, by: Callable[[*Key], Hashable], cycle: object = ...
) -> Callable[[Callable[[S, *Key], T]], Callable[[S, *Key], T]]: ...
def query(
    method: Callable[..., Any] | None = None,
    /,
    *,
    cycle: Any = _NO_CYCLE,
    by: Callable[..., Hashable] | None = None,
) -> Any:
    """Memoise the answers of a function of a part of a project.

    `cycle` is the answer while the answer is being found; without it such a question raises CycleError. `by`
    makes a key of the arguments that is quicker to compare than they are.
    """

    def memoising(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def asked(part: HasMemo, *given: Any) -> Any:
            memo = part.memo
            answers = memo._answers[method]
            key = given if by is None else by(*given)
            known = answers.get(key)
            if known is None:
                return memo._find(answers, key, cycle, partial(method, part, *given))
            return memo._use(known)

        return asked

    return memoising if method is None else memoising(method)
