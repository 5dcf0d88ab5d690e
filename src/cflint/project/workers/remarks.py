"""What is said aside about Workers, configurations and files: that one has no modules, why, and the like."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from cflint.finding import Notice
from cflint.project.config.wrangler import WranglerConfig, join_names
from cflint.project.files.discovery import LeftOut, Reason, is_typescript_config
from cflint.project.files.workspace import Workspace
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
    if config.deployment.local and not mains:
        return config.deployment.local
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


def shadowed(found: Mapping[str, Collection[str]]) -> Iterator[Notice]:
    """Which configurations of a folder do not count, by the path of the one that does."""
    for path, others in found.items():
        listed = ", ".join(f"`{posixpath.basename(other)}`" for other in others)
        name = posixpath.basename(path)
        in_typescript = is_typescript_config(path) or any(map(is_typescript_config, others))
        text = (
            f"`{name}` is the configuration here, not"
            if in_typescript
            else f"wrangler reads `{name}` here and not"
        )
        yield Notice(f"{text} {listed}", path=path)


def checkouts(left_out: Iterable[LeftOut]) -> Iterator[Notice]:
    """Which folders were left out because copies of the repository lie in them."""
    folders = sorted(item.path for item in left_out if item.reason is Reason.CHECKOUT)
    if folders:
        listed = join_names(folders, _MOST_NAMED)
        yield Notice(f"skipped: in {listed} are other checkouts of the repository")


def of_partykit(left_out: Iterable[LeftOut]) -> Iterator[Notice]:
    """Which configurations are those of projects that another tool deploys to Workers."""
    for item in left_out:
        if item.reason is Reason.PARTYKIT:
            yield Notice("PartyKit projects are not read: their server is not checked", path=item.path)


def unknown(configs: Iterable[WranglerConfig]) -> Iterator[Notice]:
    """Which configurations could be read, and it is not known what they say."""
    for config in configs:
        if config.source is None or config.unreadable or config.root.members:
            continue
        openings = config.source.trees[0].open
        if not openings:
            continue  # it says nothing, and that is known
        opening = openings[0]
        place = opening.place
        yield Notice(
            f"what the configuration says is not known: {opening.reason}",
            path=place.document.path,
            line=place.document.line_of(place.span.start),
            level="warning",
        )


def not_utf_8(workspace: Workspace, paths: Iterable[str]) -> Iterator[Notice]:
    """Which files are not all in UTF-8, and where that begins."""
    for path in paths:
        document = workspace.read(path)
        if document is None or document.data.isascii():
            continue
        try:
            document.data.decode()
        except UnicodeDecodeError as error:
            message = "not all of the file is UTF-8: what is not is read as U+FFFD"
            yield Notice(message, path=path, line=document.line_of(error.start), level="warning")
