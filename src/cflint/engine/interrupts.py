"""Interrupts that somebody else's code turned into an error of its own."""

from __future__ import annotations


def interrupt_behind(error: BaseException) -> KeyboardInterrupt | None:
    """The interrupt during which, or because of which, an error was raised; None where there was none.

    libcst looks for the span of a body also when it was interrupted before that (KeyError), and Python
    3.11 tells of an interrupt in `__set_name__` by a RuntimeError.
    """
    todo, seen = [error], set[int]()
    while todo:
        found = todo.pop()
        if isinstance(found, KeyboardInterrupt):
            return found
        if id(found) not in seen:
            seen.add(id(found))
            todo += [other for other in (found.__cause__, found.__context__) if other is not None]
    return None
