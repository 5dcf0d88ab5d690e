"""What a run has to do: its options, its work items, how large they are, and how processes divide them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from cflint.finding import Finding, Notice
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker
from cflint.record import field, record
from cflint.rule import RuleSet

if TYPE_CHECKING:
    from cflint.engine.profile import Clock
    from cflint.engine.progress import Show

PARALLEL_BYTES = 500_000
"""Below this much source, configurations counted in, one process is faster than several."""

CONFIG_BYTES = 3_000
"""The rules about a configuration and its Worker take as long as those about this much code."""

_CHUNK_BYTES = 15_000
"""How much source a process takes at a time, at least, so that those that divide it end together."""

_LARGE_BYTES = 45_000
"""How much may come late."""


@record(frozen=True)
class Options:
    """How a run is done.

    `rules` run; `known` are all rules there are (for names in comments). `excludes` are patterns of paths to
    leave out, `jobs` the most processes to use (0: as many as there are processors). With `debug` what a rule
    raises is raised. `apply_policy` gives a finding as the settings want it, None when they exclude it. With
    `observed` the processes report what they read; `clock` measures, `show` shows how far the run is.
    `renamed` has notices about old names of rules in the settings, by the name.
    """

    rules: RuleSet
    known: RuleSet
    excludes: tuple[str, ...] = ()
    jobs: int = 0
    debug: bool = False
    apply_policy: Callable[[Finding], Finding | None] | None = None
    observed: bool = False
    clock: Clock | None = None
    show: Show | None = None
    renamed: Mapping[str, Notice] = field(default_factory=dict)


class ItemKind(Enum):
    """What a work item is about."""

    MODULE = "module"
    MODEL = "model"


@record(frozen=True)
class WorkItem:
    """The smallest piece of work: all rules on a module, `path`, or on a unit of the model (see
    `unit_of`)."""

    kind: ItemKind
    path: str


Chunk = Sequence[WorkItem]
"""Work items that a process takes at once."""


def module_item(path: str) -> WorkItem:
    """The work item of a module."""
    return WorkItem(ItemKind.MODULE, path)


def model_item(unit: str) -> WorkItem:
    """The work item of a unit of the model."""
    return WorkItem(ItemKind.MODEL, unit)


def paths_of(items: Iterable[WorkItem], kind: ItemKind) -> list[str]:
    """The paths of the items of a kind."""
    return [item.path for item in items if item.kind is kind]


# -- units of the model ---------------------------------------------------------------------------------


def unit_of(owner: Worker | WranglerConfig) -> str:
    """A name for a Worker with its configuration: the configuration's path, where a section of Markdown
    without one stands, or the first module of any other."""
    if not isinstance(owner, Worker):
        return owner.path
    if owner.config is not None:
        return owner.config.path
    at = owner.section
    return f"{at.document.path}#{at.span.start}" if at is not None else "#" + next(iter(owner.modules), "")


def owners_of(loaded: Loaded) -> dict[str, list[Worker | WranglerConfig]]:
    """The Workers, then the configurations, by their unit."""
    owners: dict[str, list[Worker | WranglerConfig]] = {}
    for worker in loaded.project.workers:
        owners.setdefault(unit_of(worker), []).append(worker)
    for config in loaded.configs:
        owners.setdefault(unit_of(config), []).append(config)
    return owners


def own_modules(loaded: Loaded, modules: Iterable[str]) -> Iterator[tuple[Worker | None, list[str]]]:
    """Each Worker with those of the modules that no Worker before it has; with None, at last, the rest."""
    left = dict.fromkeys(modules)
    for worker in loaded.project.workers:
        own = [path for path in worker.modules if path in left]
        for path in own:
            del left[path]
        yield worker, own
    yield None, list(left)


# -- work items -----------------------------------------------------------------------------------------


def work_items(loaded: Loaded, modules: Iterable[str], units: Collection[str]) -> list[WorkItem]:
    """The items of modules and units, in order. The unit of a Worker follows the last of the modules that no
    Worker before it has: its rules read their facts."""
    items: dict[WorkItem, None] = {}
    for worker, own in own_modules(loaded, modules):
        items.update((module_item(path), None) for path in own)
        if worker is not None and (unit := unit_of(worker)) in units:
            items[model_item(unit)] = None
    items.update((model_item(unit), None) for unit in units)
    return list(items)


def by_unit(items: Iterable[WorkItem]) -> list[Chunk]:
    """The items in their order, divided after each unit of the model: its rules find the trees of the modules
    before it still at hand."""
    found: list[list[WorkItem]] = []
    after_unit = True
    for item in items:
        is_unit = item.kind is ItemKind.MODEL
        if not found or (after_unit and not is_unit):
            found.append([])
        found[-1].append(item)
        after_unit = is_unit
    return list(found)


def size_of(project: Project, item: WorkItem) -> int:
    """How many bytes of code an item stands for."""
    if item.kind is ItemKind.MODEL:
        return CONFIG_BYTES
    document = project.sources.document(item.path)
    return len(document.data) if document is not None else 0


def is_much(items: Iterable[WorkItem], size: Callable[[WorkItem], int]) -> bool:
    """Whether several processes do the items faster than one."""
    return sum(map(size, items)) >= PARALLEL_BYTES


@record(frozen=True)
class Division:
    """Work for several processes: `shared` chunks, which two of them take from the two ends, and a chunk for
    each of the others, `apart`."""

    shared: list[Chunk]
    apart: list[Chunk]


def divide(items: Sequence[WorkItem], size: Callable[[WorkItem], int], processes: int) -> Division:
    """Divide items among two or more processes."""
    *apart, ahead, behind = _balance(items, [size(item) for item in items], processes)
    (large, small), (last_small, last_large) = chunks(ahead, size), chunks(behind, size)[::-1]
    # What is large is done first: who came to it at last would be waited for. The rest is met in the middle,
    # so that each process knows its end of the list best.
    shared = [*large, *small, *last_small, *reversed(last_large)]
    return Division(shared, [chunk for chunk in apart if chunk])


def chunks(items: Iterable[WorkItem], size: Callable[[WorkItem], int]) -> tuple[list[Chunk], list[Chunk]]:
    """The large items, the largest first, each by itself, and the others in chunks of about the same number
    of bytes."""
    large: list[tuple[int, str, WorkItem]] = []
    small: list[list[WorkItem]] = []
    room = 0
    for item in items:
        bytes_of_item = size(item)
        if bytes_of_item > _LARGE_BYTES:
            large.append((bytes_of_item, item.path, item))
            continue
        if room <= 0:
            small.append([])
            room = _CHUNK_BYTES
        small[-1].append(item)
        room -= bytes_of_item
    large.sort(key=lambda row: row[:2], reverse=True)
    return [[item] for _, _, item in large], list(small)


def _balance(items: Sequence[WorkItem], sizes: Sequence[int], count: int) -> list[Chunk]:
    """Cut a list in `count` runs of about the same number of bytes; neighbours stay together."""
    total = sum(sizes) or 1
    runs: list[list[WorkItem]] = [[] for _ in range(count)]
    done = 0
    for item, size in zip(items, sizes, strict=True):
        runs[min(count - 1, done * count // total)].append(item)
        done += size
    return list(runs)
