"""What is said aside about Workers: that one has no modules, and why; that no Worker reaches a file."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from cflint.finding import Notice
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.workers.worker import Worker

_MOST_NAMED = 3


def empty_workers(
    workers: Iterable[Worker],
    why_unread: Callable[[str], str | None],
    is_built: Callable[[str, WranglerConfig], bool],
) -> Iterator[Notice]:
    """Why Workers have no modules. `why_unread` tells why a path of the workspace cannot be read (see
    `Workspace`), `is_built` whether a build makes what a configuration names."""
    for worker in workers:
        config = worker.config
        if config is None or worker.is_document or worker.modules or config.data.broken:
            continue
        if config.is_typescript and config.top.is_open("main"):
            continue  # which is told of itself
        mains = [main.text or "" for found in config.environments if (main := found.main) is not None]
        yield Notice(f"no code is checked: {_why(config, mains, why_unread, is_built)}", path=config.path)


def _why(
    config: WranglerConfig,
    mains: Sequence[str],
    why_unread: Callable[[str], str | None],
    is_built: Callable[[str, WranglerConfig], bool],
) -> str:
    if config.is_pages:
        return "there is no `functions/` with a handler beside it"
    if not mains:
        if config.assets is not None:
            return "the Worker has static assets alone"
        return "there is no `main`, and no deploy command names an entry"
    if "://" in mains[0]:
        return "`main` is a URL"
    main = posixpath.normpath(posixpath.join(config.directory, mains[0]))
    if is_built(main, config):
        return f"`main` ({main}) is made by a build"
    return f"`main` ({main}) is {why_unread(main) or 'no code'}"


def unreached(
    named: Collection[str], modules: Collection[str], reached: Collection[str], *, any_worker: bool
) -> Iterator[Notice]:
    """What was done with files that were named and that no Worker reaches."""
    checked = [path for path in sorted(named) if path in modules and path not in reached]
    if len(checked) > _MOST_NAMED:
        message = f"no Worker reaches {len(checked)} of the files, so only their code was checked"
        yield Notice(message)
        return
    for path in checked:
        yield Notice("no Worker reaches it, so only its code was checked", path=path)
    if not any_worker and not checked and modules:
        yield Notice("no Worker was found, so only code that uses the APIs of Workers was checked")
