"""One of several parts of a run: some of the Workers, with the modules that no part before has.

Every part loads the whole project and asks the rules about its own share. A module that several Workers reach
belongs to the first of them, so all parts together ask about everything once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from heapq import heapify, heapreplace
from pathlib import Path

from cflint.engine import CONFIG_BYTES, Options, Run, own_modules, owners_of, unit_of, without_collector
from cflint.engine.suppression import read_suppressions
from cflint.finding import Finding, Report, Shard
from cflint.project.workers.loading import Loaded
from cflint.record import record
from cflint.rule import RuleSet


@record(frozen=True)
class Share:
    """What is asked in one part: modules, and units of the model (see `unit_of`)."""

    modules: tuple[str, ...]
    units: frozenset[str]


def shares_of(loaded: Loaded, count: int) -> tuple[Share, ...]:
    """The shares of all parts, of about the same amount of code; the same for the same project."""
    parcels: list[tuple[int, str, list[str], frozenset[str]]] = []
    for worker, mine in own_modules(loaded, loaded.modules):
        if worker is None:
            parcels += [(_size(loaded, [path]), path, [path], frozenset()) for path in mine]
            continue
        unit = unit_of(worker)
        parcels.append((CONFIG_BYTES + _size(loaded, mine), unit, mine, frozenset({unit})))
    known = {unit for _, _, _, units in parcels for unit in units}
    parcels += [
        (CONFIG_BYTES, config.path, [], frozenset({config.path}))
        for config in loaded.configs
        if config.path not in known
    ]
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
        Share(tuple(sorted(paths, key=position.__getitem__)), frozenset(owned))
        for paths, owned in zip(modules, units, strict=True)
    )


def _size(loaded: Loaded, paths: list[str]) -> int:
    documents = (loaded.project.document(path) for path in paths)
    return sum(len(document.data) for document in documents if document is not None)


def report_share(loaded: Loaded, options: Options, base: Path, index: int, count: int) -> Report:
    """Analyse part `index` (from 1) of `count`."""
    shares = shares_of(loaded, count)
    share = shares[index - 1]
    run = Run(loaded, options)
    with without_collector():
        outcome = run.everything(share.modules, share.units)
    owners = {
        path: number for number, one in reversed(list(enumerate(shares, 1))) for path in _files(loaded, one)
    }
    others = {document.path for document in run.documents() if owners.get(document.path, 1) != index}
    witnesses: list[Finding] = []
    doubtful = _doubtful(run, outcome.findings, others, options)
    if doubtful:  # findings of other parts may tell whether these comments are of use
        second = Run(loaded, Options(doubtful, options.known, options.excludes, options.jobs, options.debug))
        mine = frozenset(share.modules)
        with without_collector():
            witnesses = second.everything(
                [path for path in loaded.modules if path not in mine],
                owners_of(loaded).keys() - share.units,
            ).findings
    report = run.report(outcome, base, others, witnesses)
    general = len(loaded.notices) if index == 1 else 0
    return replace(
        report,
        notices=report.notices[len(loaded.notices) - general :],
        files_checked=len(share.modules) + sum(config.path in share.units for config in loaded.configs),
        workers_checked=sum(unit_of(worker) in share.units for worker in loaded.project.workers),
        shard=Shard(index, count, general),
    )


def _files(loaded: Loaded, share: Share) -> set[str]:
    """The files that the modules and configurations of a share are in."""
    documents = (loaded.project.document(path) for path in (*share.modules, *share.units))
    return {document.file.path for document in documents if document is not None}


def _doubtful(run: Run, findings: Iterable[Finding], others: Collection[str], options: Options) -> RuleSet:
    """The rules that comments name without silencing any of the findings, but for comments in other files."""
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.at.document.path, []).append(finding)
    names: set[str] = set()
    for document in run.documents():
        if document.path not in others:
            comments = read_suppressions(document)
            for finding in by_file.get(document.path, ()):
                run.is_silenced(finding, comments)
            names.update(
                name
                for comment in comments.comments
                for name, _ in comment.names
                if not comments.used(comment, name)
            )
    return RuleSet(found for found in options.rules.values() if found.id in names or found.group in names)
