"""A run that takes over from an earlier one what a change cannot have touched, and tells what it may hand on.

As in a session, but from one process to the next: for each module, and for each configuration with its
Worker, there is written down what the rules said and what they looked at to say it.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cflint.cache import UNFIT, Changed, Earlier, Mask, Packer
from cflint.cachedir import hash_of
from cflint.engine import Options, Outcome, Run, merge, owners_of, unit_of, without_collector
from cflint.engine.session import documents_of
from cflint.finding import Report
from cflint.project.modules.reads import fingerprint_of
from cflint.project.workers.loading import Loaded
from cflint.project.workers.outline import load_again, outline_of
from cflint.syntax.javascript import EXTENSIONS

if TYPE_CHECKING:
    from cflint.cache import Unpacker
    from cflint.project.files.workspace import Workspace
    from cflint.project.workers.preferences import Preferences
    from cflint.project.workers.worker import Worker

Json = Any


def load_by(
    earlier: Earlier, workspace: Workspace, excludes: tuple[str, ...], *, preferences: Preferences
) -> Loaded | None:
    """The project as an earlier run loaded it; None when it has to be looked for again."""
    try:
        if earlier.changed.names or earlier.parts["outline"] is None:
            return None
        outline = earlier.parts["outline"]
        return load_again(workspace, excludes, outline, earlier.changed.files, preferences=preferences)
    except UNFIT:
        return None


class Keeping:
    """One run over a loaded project that was not analysed before; `earlier` is what a run handed on."""

    def __init__(self, loaded: Loaded, options: Options, mask: Mask, earlier: Earlier | None = None) -> None:
        self._loaded = loaded
        self._project = loaded.project
        self._options = options
        self._mask = mask
        self._changed = Changed()
        self._unpacker: Unpacker | None = None
        self._known: dict[str, Json] = {}
        self._old_shapes: dict[str, str] = {}
        self._old_outline: Json = None
        self._shapes: dict[str, str] = {}
        self._same_model = False
        self._worker_hashes: dict[Worker, str] = {}
        self._standing: list[str] = []
        self.outcome = Outcome([], [], [])
        self._project.keep_ledger()
        if earlier is not None and self._is_followed(earlier.changed):
            self._adopt(earlier)
        if earlier is not None and not earlier.changed.names:
            self._old_outline = _outline_in(earlier.parts)

    def _is_followed(self, changed: Changed) -> bool:
        """Whether answers tell of all that changed: names that are looked for, and files that are neither
        modules nor configurations, may matter to anything."""
        configs = {config.path for config in self._loaded.configs}
        return not changed.names and all(
            path.endswith(EXTENSIONS) or path in configs for path in changed.files
        )

    def _adopt(self, earlier: Earlier) -> None:
        parts = earlier.parts
        try:
            if parts["rules"] == self._rules:
                self._same_model = parts["model"] == self._model
                self._old_shapes = dict(parts["shapes"])
                self._known = dict(parts["answers"])
                self._changed, self._unpacker = earlier.changed, earlier.unpacker
        except UNFIT:
            self._known = {}

    # -- the run -------------------------------------------------------------------------------------------

    @property
    def takes_over(self) -> bool:
        """Whether anything of the earlier run still stands."""
        return bool(self._standing)

    def report(self, base: Path) -> Report:
        """Ask what has to be asked; the report on all of it."""
        run = Run(self._loaded, self._options)
        standing, modules, units = self._sorted()
        with without_collector():
            found = run.everything(modules, units)
        self.outcome = found
        return run.report(merge([standing, found]), base)

    def _sorted(self) -> tuple[Outcome, list[str], frozenset[str]]:
        """What still stands, and the modules and units to ask about."""
        standing = Outcome([], [], [])
        modules = [path for path in self._loaded.modules if not self._take_over(f"m{path}", standing)]
        units = [unit for unit in self._units if not self._take_over(f"u{unit}", standing)]
        return standing, modules, frozenset(units)

    def _take_over(self, part: str, standing: Outcome) -> bool:
        if self._unpacker is None or part not in self._known:
            return False
        try:
            if not self._stands(part):
                return False
            standing.findings.extend(self._unpacker.findings(self._known[part][1]))
        except UNFIT:
            return False
        self._standing.append(part)
        return True

    def _stands(self, part: str) -> bool:
        signature, _, texts, facts = self._known[part]
        changed = self._changed.files
        if part[0] == "u":
            if not self._same_model:
                return False
        elif part[1:] in changed or signature != self._signature(part[1:]):
            return False
        return changed.isdisjoint(texts) and all(
            path not in changed or self._old_shapes.get(path) == self._shape(path) for path in facts
        )

    # -- what a part of the project is ---------------------------------------------------------------------

    @cached_property
    def _rules(self) -> str:
        return hash_of("\0".join(self._options.rules))

    @cached_property
    def _model(self) -> str:
        """A hash of all Workers and configurations."""
        workers = [self._worker_hash(worker) for worker in self._project.workers]
        configs = [[config.path, hash_of(config.document.data)] for config in self._loaded.configs]
        return hash_of(json.dumps([workers, configs]))

    @cached_property
    def _units(self) -> tuple[str, ...]:
        return tuple(owners_of(self._loaded))

    def _signature(self, path: str) -> str:
        """A hash of all that the Workers of a module are, but for what their modules say."""
        return ".".join(self._worker_hash(worker) for worker in self._project.workers_of(path))

    def _worker_hash(self, worker: Worker) -> str:
        found = self._worker_hashes.get(worker)
        if found is None:
            config = worker.config
            whole = [
                unit_of(worker),
                None if config is None else hash_of(config.document.data),
                worker.entries,
                worker.modules,
                worker.unresolved,
                sorted(worker.type_only),
            ]
            found = self._worker_hashes[worker] = hash_of(json.dumps(whole))[:16]
        return found

    def _shape(self, path: str) -> str:
        """A hash of the facts of a module without their places."""
        found = self._shapes.get(path)
        if found is None:
            # Of generated types only a part is read, and they change all at once.
            facts = None if path.endswith(".d.ts") else self._project.facts(path)
            found = self._shapes[path] = fingerprint_of(facts) if facts is not None else "unknown"
        return found

    # -- for the next run ----------------------------------------------------------------------------------

    def next(self) -> Json:
        """What the next run can take over."""
        self._shapes.update(self.outcome.shapes)
        answers = {part: self._known[part] for part in self._standing} | self._packed()
        wanted = {path for _, _, _, facts in answers.values() for path in facts}
        for path, shape in self._old_shapes.items():
            if path not in self._changed.files:
                self._shapes.setdefault(path, shape)
        known = {*self._shapes, *self._project.known_facts}
        # Nothing is parsed for this: of a module that nobody has looked into, any change counts.
        shapes = {path: self._shape(path) for path in sorted(wanted & known)}
        return {
            "rules": self._rules,
            "model": self._model,
            "outline": outline_of(self._loaded, self._old_outline),
            "shapes": {path: shape for path, shape in shapes.items() if shape != "unknown"},
            "answers": answers,
        }

    def _packed(self) -> dict[str, Json]:
        """What this run found out, part by part; a part that cannot be written down is asked again."""
        packer = Packer(self._project.workspace, self._mask)
        packed: dict[str, Json] = {}
        for answer in self.outcome.answers:
            findings = packer.findings(answer.findings)
            if findings is None:
                continue
            own = answer.part[1:]
            touched = {document.path for finding in answer.findings for document in documents_of(finding)}
            texts = (answer.reads.texts | touched) - {own}
            facts = answer.reads.facts - texts - {own}
            signature = self._signature(own) if answer.part[0] == "m" else ""
            packed[answer.part] = [signature, findings, sorted(texts), sorted(facts)]
        return packed


def _outline_in(parts: Json) -> Json:
    """The outline that a run handed on, if it is one."""
    outline = parts.get("outline") if isinstance(parts, dict) else None
    return outline if isinstance(outline, dict) and isinstance(outline.get("imports"), dict) else None
