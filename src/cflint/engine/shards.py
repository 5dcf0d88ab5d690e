"""One shard of a run: some of the Workers, with the modules that no shard before has.

Every shard loads the whole project and runs the rules on its own items. A module that several Workers reach
belongs to the first of them, so all shards together run the rules on everything once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import heapify, heapreplace
from pathlib import Path

from cflint.engine.analysis import Run, without_collector
from cflint.engine.plan import Options, model_item, module_item, own_modules, owners_of, size_of, unit_of
from cflint.engine.report import by_file, commented_documents, general_notices, uses_in
from cflint.engine.suppression import read_suppressions
from cflint.finding import Finding, Report, Shard
from cflint.project.workers.loaded import Loaded
from cflint.record import record, replace
from cflint.rule import RuleSet


@record(frozen=True)
class ShardItems:
    """The work of one shard: modules, and units of the model (see `unit_of`)."""

    modules: tuple[str, ...]
    units: frozenset[str]


def shards_of(loaded: Loaded, count: int) -> tuple[ShardItems, ...]:
    """The items of all shards, of about the same amount of code; the same for the same project."""
    parcels = _parcels(loaded)
    parcels.sort(key=lambda parcel: (-parcel[0], parcel[1]))
    modules: list[list[str]] = [[] for _ in range(count)]
    units: list[set[str]] = [set() for _ in range(count)]
    bins = [(0, number) for number in range(count)]
    heapify(bins)
    for size, _, paths, owned in parcels:  # the largest first, each to where there is least
        filled, number = bins[0]
        modules[number].extend(paths)
        units[number] |= owned
        heapreplace(bins, (filled + size, number))
    position = {path: at for at, path in enumerate(loaded.modules)}
    return tuple(
        ShardItems(tuple(sorted(paths, key=position.__getitem__)), frozenset(owned))
        for paths, owned in zip(modules, units, strict=True)
    )


def _parcels(loaded: Loaded) -> list[tuple[int, str, list[str], frozenset[str]]]:
    """What stays in one shard, with its size in bytes and a name: a Worker's modules and its unit, any other
    module, any other configuration."""
    parcels: list[tuple[int, str, list[str], frozenset[str]]] = []
    for worker, mine in own_modules(loaded, loaded.modules):
        if worker is None:
            parcels += [(_size(loaded, [path]), path, [path], frozenset()) for path in mine]
            continue
        unit = unit_of(worker)
        parcels.append((_size(loaded, mine, unit), unit, mine, frozenset({unit})))
    known = {unit for _, _, _, units in parcels for unit in units}
    parcels += [
        (_size(loaded, [], config.path), config.path, [], frozenset({config.path}))
        for config in loaded.configs
        if config.path not in known
    ]
    return parcels


def _size(loaded: Loaded, modules: Iterable[str], *units: str) -> int:
    items = (*map(module_item, modules), *map(model_item, units))
    return sum(size_of(loaded.project, item) for item in items)


def report_shard(loaded: Loaded, options: Options, base: Path, index: int, count: int) -> Report:
    """Analyse shard `index` (from 1) of `count`."""
    shards = shards_of(loaded, count)
    shard = shards[index - 1]
    run = Run(loaded, options)
    with without_collector():
        outcome = run.everything(shard.modules, shard.units)
    owners = {
        path: number for number, one in reversed(list(enumerate(shards, 1))) for path in _files(loaded, one)
    }
    elsewhere = {
        document.path for document in commented_documents(loaded) if owners.get(document.path, 1) != index
    }
    doubtful = _doubtful(loaded, outcome.findings, elsewhere, options)
    report = run.report(
        outcome,
        base,
        incomplete_paths=elsewhere,
        carried_over=_found_elsewhere(loaded, doubtful, shard, options) if doubtful else (),
    )
    shared = len(general_notices(loaded, options))
    general = shared if index == 1 else 0
    return replace(
        report,
        notices=report.notices[shared - general :],
        files_checked=len(shard.modules) + sum(config.path in shard.units for config in loaded.configs),
        workers_checked=sum(unit_of(worker) in shard.units for worker in loaded.project.workers),
        shard=Shard(index, count, general),
    )


def _found_elsewhere(loaded: Loaded, rules: RuleSet, shard: ShardItems, options: Options) -> list[Finding]:
    """The findings of some rules in the items of all other shards."""
    run = Run(
        loaded,
        Options(rules, options.known, excludes=options.excludes, jobs=options.jobs, debug=options.debug),
    )
    mine = frozenset(shard.modules)
    with without_collector():
        return run.everything(
            [path for path in loaded.modules if path not in mine], owners_of(loaded).keys() - shard.units
        ).findings


def _files(loaded: Loaded, shard: ShardItems) -> set[str]:
    """The files that the modules and configurations of a shard are in."""
    documents = (loaded.project.sources.document(path) for path in (*shard.modules, *shard.units))
    return {document.file.path for document in documents if document is not None}


def _doubtful(
    loaded: Loaded, findings: Iterable[Finding], elsewhere: Collection[str], options: Options
) -> RuleSet:
    """The rules that comments name without silencing any of the findings, but for comments in files of other
    shards: findings of other shards may need the comments."""
    found = by_file(findings)
    names: set[str] = set()
    for document in commented_documents(loaded):
        if document.path not in elsewhere:
            comments = read_suppressions(document)
            used = uses_in(comments, found.get(document.path, ()), options)
            names.update(
                name
                for comment in comments.comments
                if not comment.has_ended
                for name, _ in comment.names
                if (comment, name) not in used
            )
    return RuleSet(rule for rule in options.rules.values() if not names.isdisjoint(rule.names))
