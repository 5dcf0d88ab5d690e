"""Run cflint and write down all that the interpreter tells of: files, processes, sockets, code.

`python security_watch.py LOG ARGUMENTS…` runs the commands of cflint that `packed` made arguments of; the
last one ends the process. Each line of LOG is a JSON array of the process's id, the audit event's name and
its arguments. Forked processes write into the same file. With `CFLINT_WATCH_FORK` set, little work is enough
for several processes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from types import CodeType

ENDED = "watch.ended"
"""What the watch itself tells of: the exit code of a command after which another one comes."""

_DULL = frozenset(("builtins.id", "marshal.loads", "array.__new__", "gc.get_objects"))


def watch() -> None:
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    *before, last = _unpacked(sys.argv[2:])
    sys.argv[:] = ["cflint", *last]
    del sys.path[0]  # this file's folder; the program `cflint` has none either

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event not in _DULL and not event.startswith(("object.__", "sys._", "code.__")):
            line = json.dumps([os.getpid(), event, *(_plain(argument) for argument in arguments)])
            os.write(log, f"{line}\n".encode())

    sys.addaudithook(hook)
    from cflint.cli import main, run

    if os.environ.get("CFLINT_WATCH_FORK"):
        from cflint.engine import plan

        plan.PARALLEL_BYTES = 0
    for command in before:
        sys.audit(ENDED, run(command))
    main()


def packed(commands: Iterable[Sequence[str]]) -> list[str]:
    """Commands as one list of arguments: an empty one stands between two."""
    return [argument for command in commands for argument in ("", *command)][1:]


def _unpacked(arguments: Iterable[str]) -> list[list[str]]:
    commands: list[list[str]] = [[]]
    for argument in arguments:
        if argument:
            commands[-1].append(argument)
        else:
            commands.append([])
    return commands


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return os.fsdecode(value[:4000])
    if isinstance(value, CodeType):
        return value.co_filename
    if value is None or isinstance(value, int | bool):
        return value
    return str(value)[:4000]


if __name__ == "__main__":
    watch()
