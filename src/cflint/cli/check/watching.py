"""`--watch`: the check again, whenever something that it read has changed.

The system says that something happened in a folder which the last run looked at. Whether that changes the
result is what the cache knows: a plan whose result still stands is not performed again.

Imported where used: watchfiles, the extra `watch`.
"""

from __future__ import annotations

import gc
import os
import posixpath
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from cflint.cachedir import TEMPORARY_SUFFIX
from cflint.cli.check.plan import Plan, plan_of
from cflint.cli.check.request import Request
from cflint.cli.console import complain, is_terminal, say, write
from cflint.cli.exits import Exit, Failure

_CLEAR = "\x1b[H\x1b[2J\x1b[3J"
_MOST_FOLDERS = 20_000
"""Folders beyond are not watched: systems allow a process only so many."""
_TICK = 20_000_000
"""Nanoseconds by which the times of files may lag behind the clock."""


def watched(request: Request, perform: Callable[[Plan], Exit]) -> Exit:
    """Perform a request now and after each change, until the user ends it. Raises Failure where the first run
    does, or without watchfiles; a later mistake is printed, and its mending waited for."""
    _require_watchfiles()
    gc.enable()  # a single run does without; this one does not end
    plan = plan_of(request)
    began = time.time_ns()
    _clear()
    perform(plan)
    wrong = ""
    while True:
        if not request.quiet:
            say(f"{time.strftime('%H:%M:%S')} waiting for changes; Ctrl+C ends")
        next_plan = _next(request, plan, began, wrong)
        began, wrong = time.time_ns(), ""
        _clear()
        try:
            if isinstance(next_plan, Failure):
                raise next_plan
            perform(next_plan)
            plan = next_plan
        except Failure as failure:
            wrong = failure.message
            complain(wrong, failure.hint)


def _require_watchfiles() -> None:
    try:
        import watchfiles as watchfiles
    except ImportError as error:
        hint = "install watchfiles beside cflint, or cflint with its extra `watch`"
        raise Failure("`--watch` needs watchfiles", Exit.USAGE, hint) from error


def _clear() -> None:
    if is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb":
        write(_CLEAR)


def _next(request: Request, last: Plan, began: int, wrong: str) -> Plan | Failure:
    """Wait until the result of the last plan may stand no longer; the plan of the next run, or why there is
    none. The last run began at some time (nanoseconds); `wrong` is what is wrong already, and known."""
    own = {os.path.realpath(output.file) for output in request.outputs if output.file is not None}
    for is_change in _events(last, own):
        if not is_change and not _has_newer(last, began, own):
            continue
        try:
            plan = plan_of(request)
        except Failure as failure:
            if failure.message != wrong:
                return failure
            continue
        if plan.kept is None or wrong:
            return plan
    raise AssertionError("a watch does not end by itself")


def _events(last: Plan, own: Collection[str]) -> Iterator[bool]:
    """False when the watch has begun, then True whenever something has changed that the run does not write
    itself. Raises KeyboardInterrupt."""
    from watchfiles import watch

    watching = watch(
        *_folders(last),
        watch_filter=lambda _, path: path not in own and not path.endswith(TEMPORARY_SUFFIX),
        rust_timeout=100,
        yield_on_timeout=True,
        recursive=False,
        ignore_permission_denied=True,
    )
    has_begun = False
    for changes in watching:
        if changes or not has_begun:
            yield bool(changes)
        has_begun = True


def _folders(plan: Plan) -> list[Path]:
    """The folders that a run looked at, or has files of, the upper ones first."""
    folders, files = _read(plan)
    names = sorted({"", *folders, *map(posixpath.dirname, files)}, key=lambda name: (name.count("/"), name))
    root = _root(plan)
    return [folder for name in names if (folder := root / name).is_dir()][:_MOST_FOLDERS]


def _has_newer(plan: Plan, began: int, own: Collection[str]) -> bool:
    """Whether something that a run read has changed since it began, before anybody watched."""
    folders, files = _read(plan)
    root, since = _root(plan), began - _TICK
    own_folders = {Path(path).parent for path in own}  # a new output changes its folder
    paths = {*map(root.joinpath, folders), *map(root.joinpath, files)} - own_folders
    return any(_time(path) >= since for path in paths)


def _read(plan: Plan) -> tuple[set[str], set[str]]:
    """The folders and files that the result of a plan rests on: what this run read, and what the one read
    whose result it took over."""
    seen = plan.place.workspace.seen
    folders, files = plan.cache.recalled if plan.cache is not None else ((), ())
    return {*seen.folders, *folders}, {*seen.files, *files}


def _root(plan: Plan) -> Path:
    root = plan.place.workspace.root
    assert root is not None, "the workspace of a command line is on the disk"
    return root


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0
