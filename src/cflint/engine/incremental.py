"""A run that takes over what a change cannot have touched from an earlier one, and keeps what the next needs.

As in a session, but from one process to the next: for each work item the findings and the dependencies are
written down.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cflint.cache.entries import Earlier
from cflint.cache.observed import Changed
from cflint.cache.pack import Mask, Packer
from cflint.cache.unpack import UNFIT
from cflint.cachedir import hash_of
from cflint.engine.analysis import Run, without_collector
from cflint.engine.outcome import ItemResult, Outcome, documents_of, merge
from cflint.engine.plan import ItemKind, Options, WorkItem, model_item, module_item, owners_of, unit_of
from cflint.finding import Report
from cflint.project.modules.reads import fingerprint_of
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.outline import load_again, outline_of
from cflint.syntax.javascript import EXTENSIONS

if TYPE_CHECKING:
    from cflint.cache.unpack import Unpacker
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.files.workspace import Workspace
    from cflint.project.workers.preferences import Preferences
    from cflint.project.workers.worker import Worker

Json = Any


def load_by(
    earlier: Earlier, workspace: Workspace, excludes: tuple[str, ...], *, preferences: Preferences
) -> Loaded | None:
    """The project as an earlier run loaded it; None when it has to be looked for again."""
    try:
        if earlier.changed.names or earlier.memo["outline"] is None:
            return None
        outline = earlier.memo["outline"]
        return load_again(workspace, excludes, outline, earlier.changed.files, preferences=preferences)
    except UNFIT:
        return None


class IncrementalRun:
    """One run over a loaded project that was not analysed before; `earlier` is what a run kept."""

    def __init__(self, loaded: Loaded, options: Options, mask: Mask, earlier: Earlier | None = None) -> None:
        self._loaded = loaded
        self._project = loaded.project
        self._options = options
        self._mask = mask
        self._changed = Changed()
        self._unpacker: Unpacker | None = None
        self._known: dict[WorkItem, Json] = {}
        self._old_fingerprints: dict[str, str] = {}
        self._old_outline: Json = None
        self._fingerprints: dict[str, str] = {}
        self._same_model = False
        self._worker_hashes: dict[Worker, str] = {}
        self._standing: list[WorkItem] = []
        self.outcome = Outcome()
        self._project.memo.keep_ledger()
        if earlier is not None and self._is_tracked(earlier.changed):
            self._adopt(earlier)
        if earlier is not None and not earlier.changed.names:
            self._old_outline = _outline_in(earlier.memo)

    def _is_tracked(self, changed: Changed) -> bool:
        """Whether dependencies name all that changed: names that are looked for, and files that are neither
        modules nor configurations, may matter to anything."""
        configs = {config.path for config in self._loaded.configs}
        return not changed.names and all(
            path.endswith(EXTENSIONS) or path in configs for path in changed.files
        )

    def _adopt(self, earlier: Earlier) -> None:
        memo = earlier.memo
        try:
            if memo["rules"] == self._rules:
                self._same_model = memo["model"] == self._model
                self._old_fingerprints = dict(memo["fingerprints"])
                results = memo["results"]
                self._known = {
                    WorkItem(kind, path): row
                    for kind in ItemKind
                    for path, row in results[kind.value].items()
                }
                self._changed, self._unpacker = earlier.changed, earlier.unpacker
        except UNFIT:
            self._known = {}

    # -- the run -------------------------------------------------------------------------------------------

    @property
    def takes_over(self) -> bool:
        """Whether anything of the earlier run still stands."""
        return bool(self._standing)

    def report(self, base: Path) -> Report:
        """Run the rules on what does not stand; the report on all of it."""
        run = Run(self._loaded, self._options)
        standing, modules, units = self._sorted()
        with without_collector():
            self.outcome = run.everything(modules, units)
        return run.report(merge([standing, self.outcome]), base)

    def _sorted(self) -> tuple[Outcome, list[str], frozenset[str]]:
        """What still stands, and the modules and units to run the rules on."""
        standing = Outcome()
        modules = [path for path in self._loaded.modules if not self._take_over(module_item(path), standing)]
        units = [unit for unit in owners_of(self._loaded) if not self._take_over(model_item(unit), standing)]
        return standing, modules, frozenset(units)

    def _take_over(self, item: WorkItem, standing: Outcome) -> bool:
        """Add the kept findings of an item to what stands; False when they do not stand."""
        if self._unpacker is None or item not in self._known:
            return False
        try:
            if not self._stands(item):
                return False
            standing.findings.extend(self._unpacker.findings(self._known[item][1]))
        except UNFIT:
            return False
        self._standing.append(item)
        return True

    def _stands(self, item: WorkItem) -> bool:
        signature, _, texts, facts = self._known[item]
        changed = self._changed.files
        if item.kind is ItemKind.MODEL:
            if not self._same_model:
                return False
        elif item.path in changed or signature != self._signature(item.path):
            return False
        return changed.isdisjoint(texts) and all(
            path not in changed or self._old_fingerprints.get(path) == self._fingerprint(path)
            for path in facts
        )

    # -- what decides whether a result stands --------------------------------------------------------------

    @cached_property
    def _rules(self) -> str:
        return hash_of("\0".join(rule.key for rule in self._options.rules.values()))

    @cached_property
    def _model(self) -> str:
        """A hash of all Workers and configurations."""
        workers = [self._worker_hash(worker) for worker in self._project.workers]
        configs = [[config.path, _config_hash(config)] for config in self._loaded.configs]
        return hash_of(json.dumps([workers, configs]))

    def _signature(self, path: str) -> str:
        """A hash of all that the Workers of a module are, but for the text of their modules."""
        hashes = [self._worker_hash(worker) for worker in self._project.owners.of(path)]
        realms = self._project.realms
        return ".".join((*hashes, realms.of(path).label, str(realms.is_beside(path))))

    def _worker_hash(self, worker: Worker) -> str:
        found = self._worker_hashes.get(worker)
        if found is None:
            config = worker.config
            whole = [
                unit_of(worker),
                None if config is None else _config_hash(config),
                worker.entries,
                worker.modules,
                worker.unresolved,
                sorted(worker.idle),
                [kind.id for kind in worker.app.kinds] if worker.app is not None else None,
                sorted(worker.bound.items()),
            ]
            found = self._worker_hashes[worker] = hash_of(json.dumps(whole))[:16]
        return found

    def _fingerprint(self, path: str) -> str:
        """A hash of the facts of a module without their places."""
        found = self._fingerprints.get(path)
        if found is None:
            # Of generated types only a part is read, and they change all at once.
            facts = None if path.endswith(".d.ts") else self._project.facts.of(path)
            found = self._fingerprints[path] = fingerprint_of(facts) if facts is not None else "unknown"
        return found

    # -- for the next run ----------------------------------------------------------------------------------

    def for_next(self) -> Json:
        """What the next run can take over, as data for JSON."""
        self._fingerprints.update(self.outcome.fingerprints)
        rows = {item: self._known[item] for item in self._standing} | self._packed()
        read = {path for _, _, _, facts in rows.values() for path in facts}
        for path, fingerprint in self._old_fingerprints.items():
            if path not in self._changed.files:
                self._fingerprints.setdefault(path, fingerprint)
        known = {*self._fingerprints, *self._project.facts.known}
        # Nothing is parsed for this: of a module whose facts nobody has taken, any change counts.
        fingerprints = {path: self._fingerprint(path) for path in sorted(read & known)}
        results: dict[str, dict[str, Json]] = {kind.value: {} for kind in ItemKind}
        for item, row in rows.items():
            results[item.kind.value][item.path] = row
        return {
            "rules": self._rules,
            "model": self._model,
            "outline": outline_of(self._loaded, self._old_outline),
            "fingerprints": {path: found for path, found in fingerprints.items() if found != "unknown"},
            "results": results,
        }

    def _packed(self) -> dict[WorkItem, Json]:
        """The results of this run by item; an item whose findings cannot be written down is left out."""
        packer = Packer(self._project.workspace, self._mask)
        packed = {result.item: self._row(result, packer) for result in self.outcome.results}
        return {item: row for item, row in packed.items() if row is not None}

    def _row(self, result: ItemResult, packer: Packer) -> Json:
        findings = packer.findings(result.findings)
        if findings is None:
            return None
        own = result.item.path
        touched = {document.path for finding in result.findings for document in documents_of(finding)}
        texts = (result.reads.texts | touched) - {own}
        facts = result.reads.facts - texts - {own}
        signature = self._signature(own) if result.item.kind is ItemKind.MODULE else ""
        return [signature, findings, sorted(texts), sorted(facts)]


def _config_hash(config: WranglerConfig) -> str:
    """A hash of all that a configuration was read from."""
    if not config.is_typescript:
        return hash_of(json.dumps([hash_of(config.document.data), config.deployment.row]))
    read_from = [[one.path, hash_of(one.data)] for one in config.documents]
    return hash_of(json.dumps([read_from, config.deployment.row]))


def _outline_in(memo: Json) -> Json:
    """The outline that a run kept, if it is one."""
    outline = memo.get("outline") if isinstance(memo, dict) else None
    return outline if isinstance(outline, dict) and isinstance(outline.get("imports"), dict) else None
