"""Run rules over a project: find where they look, ask them, silence what comments silence, put in order."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cflint.cache import Observed, mark, observed
from cflint.engine.shapes import BESIDE, INERT, SHAPES, Beside, Shape
from cflint.engine.suppression import Suppressions, read_suppressions
from cflint.finding import Finding, Location, Notice, Report, RuleInfo
from cflint.project.code.module import Module
from cflint.project.files.roles import is_test_path
from cflint.project.modules.reads import Reads, fingerprint_of
from cflint.project.workers.loading import Loaded, load
from cflint.project.workers.preferences import no_preferences
from cflint.project.workers.worker import Worker
from cflint.record import record
from cflint.rule import MODEL_TRIGGERS, Crash, Match, Rule, RuleSet, SuppressionUse
from cflint.scope import ModuleScope
from cflint.source import Document, Span
from cflint.syntax.anchors import Anchors

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.engine.profile import Clock, Spent
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.files.workspace import Workspace
    from cflint.syntax.javascript import Syntax

_MOST_STEPS = 1_000_000
_NEAR = SHAPES.keys() - {"class_definition", "keyword"}
_REST = "look for what rules wait for"

PARALLEL_BYTES = 500_000
"""Below this much source, configurations counted in, one process is faster than several."""

CONFIG_BYTES = 3_000
"""The rules about a configuration and its Worker take as long as those about this much code."""

_CHUNK_BYTES = 15_000
"""How much source a process takes at a time, at least, so that those that share it end together."""

_LARGE_BYTES = 45_000
"""How much may come late."""


@record(frozen=True)
class Options:
    """How a run is done: the rules that run, all rules there are (for names in comments), patterns of paths
    to leave out, the most processes to use (0: as many as there are processors), what the settings make of a
    finding (None: they do not want it), whether processes have to tell what they saw, and what measures."""

    rules: RuleSet
    known: RuleSet
    excludes: tuple[str, ...] = ()
    jobs: int = 0
    debug: bool = False
    apply_policy: Callable[[Finding], Finding | None] | None = None
    observed: bool = False
    clock: Clock | None = None


def analyse(workspace: Workspace, paths: Iterable[str], options: Options, base: Path) -> Report:
    """Analyse what the given paths of a workspace mean, without settings: the options of rules have their
    defaults. `base` is where the user stands."""
    loaded = load(workspace, paths, options.excludes, preferences=no_preferences)
    return analyse_loaded(loaded, options, base)


def analyse_loaded(loaded: Loaded, options: Options, base: Path) -> Report:
    """Analyse a project that was loaded."""
    run = Run(loaded, options)
    clock = options.clock
    if clock is None:
        with without_collector():
            outcome = run.everything()
        return run.report(outcome, base)
    with without_collector(), clock.around(_REST):
        outcome = run.everything()
    with clock.around("silence and sort"):
        return run.report(outcome, base)


class _Infos(Mapping[str, RuleInfo]):
    """What a report tells of its rules, read when it is asked for: a page is in the rule's module."""

    def __init__(self, known: RuleSet, ids: list[str]) -> None:
        self._known = known
        self._ids = dict.fromkeys(ids)

    def __getitem__(self, id: str) -> RuleInfo:
        if id not in self._ids:
            raise KeyError(id)
        return self._known[id].info

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


@record(frozen=True)
class ItemResult:
    """What the rules said about a part of the project, and what they looked at. A part is `m` and the path of
    a module, or `u` and the unit (see `unit_of`) that rules about the model were asked of."""

    part: str
    findings: Sequence[Finding]
    reads: Reads


def unit_of(owner: Worker | WranglerConfig) -> str:
    """A name for a Worker with its configuration: the configuration's path, or where a section of Markdown
    without one stands."""
    if not isinstance(owner, Worker):
        return owner.path
    if owner.config is not None:
        return owner.config.path
    at = owner.section
    return "" if at is None else f"{at.document.path}#{at.span.start}"


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


@record
class Outcome:
    """What one task found: findings, rules that raised, modules that could not be parsed, how many could, and
    modules that were left out, and why. `answers` is the same part by part, if that was wanted. `seen` is
    what a process of its own saw of the workspace, `shapes` the facts that it took (see `fingerprint_of`), `spent`
    where its time went."""

    findings: list[Finding]
    crashes: list[Crash]
    unparsed: list[str]
    parsed: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)
    answers: list[ItemResult] = field(default_factory=list)
    seen: Observed = field(default_factory=Observed)
    shapes: dict[str, str] = field(default_factory=dict)
    spent: Spent | None = None


class Stopped(Exception):
    """An analysis was given up; what had been found out about whole modules counts."""


class Run:
    """One analysis of a loaded project, in parts that may be done one after the other.

    `stopped` is asked again and again within a module; when it says True, Stopped is raised.
    """

    def __init__(self, loaded: Loaded, options: Options, stopped: Callable[[], bool] | None = None) -> None:
        self.loaded = loaded
        self._stopped = stopped
        self._project = loaded.project
        self._options = options
        self._ask = self._ask_rule if options.clock is None else partial(self._ask_timed, options.clock)
        if options.clock is not None:
            options.clock.watch(loaded.project)
        rules = [options.rules[id] for id in options.rules]
        self._syntax_rules = [
            (found, trigger)
            for found in rules
            for trigger in found.spec.triggers
            if trigger.kind not in MODEL_TRIGGERS and trigger.kind not in ("suppression", "crash")
        ]
        self._model_rules = [
            (found, trigger)
            for found in rules
            for trigger in found.spec.triggers
            if trigger.kind in MODEL_TRIGGERS
        ]
        by_word: dict[str, dict[str, list[Rule]]] = {}  # the rules by the shapes they wait for
        self._file_rules: list[tuple[Rule, frozenset[str]]] = []
        self._handler_rules: list[tuple[Rule, frozenset[str]]] = []
        self._python_rules: list[tuple[Rule, frozenset[str]]] = []
        for found, trigger in self._syntax_rules:
            if trigger.kind == "python":
                self._python_rules.append((found, trigger.words))
                continue
            if trigger.kind == "module":
                self._file_rules.append((found, trigger.words))
            elif trigger.kind == "handler":
                self._handler_rules.append((found, trigger.words))
            for word in trigger.words:
                kinds = by_word.setdefault(word, {})
                if trigger.kind in SHAPES:
                    kinds.setdefault(trigger.kind, []).append(found)
        self._awaited = {word: list(_awaited(kinds)) for word, kinds in by_word.items()}
        self._awaited_in_tests = {
            word: list(
                _awaited({kind: [it for it in rules if it.spec.tests] for kind, rules in kinds.items()})
            )
            for word, kinds in by_word.items()
        }
        self._anchors = Anchors(by_word)
        self._python_anchors = Anchors(word for _, words in self._python_rules for word in words)

    # -- tasks ---------------------------------------------------------------------------------------------

    def everything(
        self, modules: Sequence[str] | None = None, units: Collection[str] | None = None
    ) -> Outcome:
        """Ask about the modules and the units of the model, all of them unless they are given."""
        modules = self.loaded.modules if modules is None else modules
        asked = dict.fromkeys(unit for unit in self._owners if units is None or unit in units)
        jobs = self._options.jobs or os.cpu_count() or 1
        if jobs > 1 and _can_fork():
            parts = self._in_order(modules, asked.keys())
            if sum(map(self._size, parts)) >= PARALLEL_BYTES:
                return self._in_processes(parts, jobs)
        return merge([self.modules(modules), self.model(asked)])

    def _in_order(self, modules: Iterable[str], units: Collection[str]) -> list[str]:
        """The parts to ask about (see `ItemResult`). The unit of a Worker follows the last of the modules that no
        Worker before it has: it asks for their facts."""
        parts: list[str] = []
        for worker, own in own_modules(self.loaded, modules):
            parts += [f"m{path}" for path in own]
            parts += [f"u{unit}" for unit in ([unit_of(worker)] if worker is not None else self._owners)]
        return [part for part in dict.fromkeys(parts) if part[0] == "m" or part[1:] in units]

    def _size(self, part: str) -> int:
        """How many bytes of code a part stands for."""
        if part[0] == "u":
            return CONFIG_BYTES
        document = self._project.document(part[1:])
        return len(document.data) if document is not None else 0

    def _in_processes(self, parts: list[str], jobs: int) -> Outcome:
        from cflint.engine.pool import Share, run_in_processes, shared

        *rest, ahead, behind = _balance(parts, list(map(self._size, parts)), jobs)
        (large, small), (last_small, last_large) = self._chunks(ahead), self._chunks(behind)[::-1]
        # What is large is done first: who came to it at last would be waited for. The rest is met in the
        # middle, so that each process knows its end of the list best.
        chunks = [*large, *small, *last_small, *reversed(last_large)]
        with shared(chunks) as (front, back):
            shares = [share for share in (*(Share([each], 1) for each in rest), front) if share.items]
            here = partial(self._parts, back)
            outcomes, lost = run_in_processes(self._apart, shares, here, self._project, back)
        for outcome in outcomes:
            if self._options.clock is not None and outcome.spent is not None:
                self._options.clock.add(outcome.spent)
        left_out = [(part[1:], "the process that analysed it was killed, or crashed") for part in lost]
        return merge([*outcomes, Outcome([], [], [], left_out=left_out)])

    def _chunks(self, parts: Iterable[str]) -> tuple[list[list[str]], list[list[str]]]:
        """The large parts, the largest first, each by itself, and the others in pieces of about the same
        number of bytes."""
        large: list[tuple[int, str]] = []
        small: list[list[str]] = []
        room = 0
        for part in parts:
            size = self._size(part)
            if size > _LARGE_BYTES:
                large.append((size, part))
                continue
            if room <= 0:
                small.append([])
                room = _CHUNK_BYTES
            small[-1].append(part)
            room -= size
        return [[part] for _, part in sorted(large, reverse=True)], small

    def _parts(self, share: Iterable[Sequence[str]]) -> Outcome:
        """What is said about the parts in some chunks, one chunk after the other."""
        outcomes = []
        for chunk in share:
            outcomes.append(self.modules([part[1:] for part in chunk if part[0] == "m"]))
            units = [part[1:] for part in chunk if part[0] == "u"]
            if units:
                outcomes.append(self.model(units))
        return merge(outcomes)

    def _apart(self, share: Iterable[Sequence[str]]) -> Outcome:
        """A share in a process of its own, which sees what no other does."""
        workspace, clock = self._project.workspace, self._options.clock
        begun = mark(workspace)
        if clock is not None:
            clock.begin_apart()
            with clock.around(_REST):
                outcome = self._parts(share)
            outcome.spent = clock.spent
        else:
            outcome = self._parts(share)
        if self._options.observed:
            outcome.seen = observed(workspace, begun)
            outcome.shapes = self._shapes(outcome.answers)
        return outcome

    def _shapes(self, answers: Iterable[ItemResult]) -> dict[str, str]:
        """The shapes of the facts that were asked of other modules than the one that a question was about,
        and of those that Workers begin with, which another process may have asked for."""
        known = self._project.known_facts
        wanted = {path for answer in answers for path in answer.reads.facts if path != answer.part[1:]}
        wanted.update(path for worker in self._project.workers for path in worker.entries)
        return {
            path: fingerprint_of(known[path])
            for path in wanted
            if path in known and not path.endswith(".d.ts")
        }

    # -- rules about the model -----------------------------------------------------------------------------

    @cached_property
    def _owners(self) -> dict[str, list[Worker | WranglerConfig]]:
        return owners_of(self.loaded)

    def model(self, units: Iterable[str] | None = None) -> Outcome:
        """Ask the rules about Workers, configurations and what is in them; those of some units if given."""
        outcome = Outcome([], [], [])
        ledger = self._project.ledger
        answers: dict[str, tuple[list[Finding], set[str], set[str]]] = {}

        def charge(unit: str, findings: Iterable[Finding]) -> None:
            """Write down what has been said and read of a unit since the last call."""
            if ledger is not None:
                said, texts, facts = answers.setdefault(unit, ([], set(), set()))
                reads = ledger.take()
                said.extend(findings)
                texts.update(reads.texts)
                facts.update(reads.facts)

        if ledger is not None:
            ledger.take()
        wanted = self._owners.keys() if units is None else dict.fromkeys(units)
        subjects: dict[str, list[tuple[str, Any]]] = {}
        for kind in dict.fromkeys(trigger.kind for _, trigger in self._model_rules):
            subjects[kind] = []
            for unit in wanted:
                for owner in self._owners[unit]:
                    subjects[kind].extend((unit, subject) for subject in self._subjects(kind, owner))
                charge(unit, ())
        for found, trigger in self._model_rules:
            for unit, subject in subjects[trigger.kind]:
                if trigger.kind == "binding" and trigger.words and subject.kind.id not in trigger.words:
                    continue
                before = len(outcome.findings)
                self._ask(found, subject, outcome, partial(_place_of, subject))
                charge(unit, outcome.findings[before:])
        for unit, (said, texts, facts) in answers.items():
            outcome.answers.append(ItemResult(f"u{unit}", said, Reads(frozenset(texts), frozenset(facts))))
        return outcome

    def _subjects(self, kind: str, owner: Worker | WranglerConfig) -> Iterator[object]:
        """The subjects of a kind that a Worker, or a configuration, is or holds."""
        if isinstance(owner, Worker):
            if kind == "worker":
                yield owner
            elif kind == "durable_object":
                yield from self._project.durable_objects(owner)
            return
        if kind == "config":
            yield owner
        elif kind == "environment":
            yield from owner.environments
        elif kind == "binding":
            for environment in owner.environments:
                yield from environment.bindings

    # -- rules about modules -------------------------------------------------------------------------------

    def modules(self, paths: Sequence[str]) -> Outcome:
        """Ask the rules about some of the modules."""
        outcome = Outcome([], [], [])
        ledger = self._project.ledger
        for path in self._trees_first(paths):
            before = len(outcome.findings)
            if ledger is not None:
                ledger.take()
            self._module(path, outcome)
            if ledger is not None:
                outcome.answers.append(ItemResult(f"m{path}", outcome.findings[before:], ledger.take()))
            self._project.release(path)
        return outcome

    def _trees_first(self, paths: Sequence[str]) -> Iterator[str]:
        """The paths; those that had to be parsed for others come first, so that they are parsed once."""
        left = dict.fromkeys(paths)
        for path in paths:
            if path not in left:
                continue
            del left[path]
            yield path
            while (
                kept := next((kept for kept in self._project.kept_trees if kept in left), None)
            ) is not None:
                del left[kept]
                yield kept

    def _module(self, path: str, outcome: Outcome) -> None:
        document = self._project.document(path)
        if document is None:
            return
        if path.endswith(".py"):
            self._ask_python(path, document, outcome)
            return
        hits = self._anchors.find(document.data)
        always = path in self.loaded.named or document.origin is not None
        if not hits and not (always and self._file_rules):
            return
        found = self._project.tree(path)
        if found is None:
            outcome.unparsed.append(path)
            return
        outcome.parsed += 1
        if _is_too_deep(found[0], hits):
            outcome.left_out.append((path, "it is nested too deeply"))
            return
        self._project.facts.learn(path)
        module = Module(self._project, *found)
        try:
            self._ask_module(module, hits, outcome)
        finally:
            module.close()

    def _ask_python(self, path: str, document: Document, outcome: Outcome) -> None:
        present = {word for _, _, word in self._python_anchors.find(document.data)}
        in_tests = is_test_path(path)
        wanted = [
            rule
            for rule, words in self._python_rules
            if (not words or words & present) and (not in_tests or rule.spec.tests)
        ]
        module = self._project.python_module(path) if wanted else None
        if module is None:
            return
        for rule in wanted:
            self._ask(rule, module, outcome, lambda: Location(document, Span(0, 0)))
        if module.is_parsed:
            outcome.parsed += 1
            if module.syntax.refused:
                outcome.unparsed.append(path)

    def part(self, syntax: Syntax, span: Span) -> list[Finding]:
        """What the rules that wait for words say about a part of a module whose text is `syntax` by now, all
        else being as it was; silenced and judged."""
        document = syntax.document
        module = Module(self._project, syntax, ModuleScope(syntax))
        outcome = Outcome([], [], [])
        hits = [
            (start + span.start, end + span.start, word)
            for start, end, word in self._anchors.find(document.data[span.start : span.end])
        ]
        try:
            self._ask_constructs(module, hits, outcome)
        finally:
            module.close()
        comments = read_suppressions(document)
        return [
            judged
            for finding in _unique(self._wanted(outcome.findings))
            if finding.at.document is document and not self.is_silenced(finding, comments)
            if (
                judged := finding
                if self._options.apply_policy is None
                else self._options.apply_policy(finding)
            )
            is not None
        ]

    def asks_in_parts(self, rule: str) -> bool:
        """Whether all that a rule says of a module is said by `part` of one of its parts: it waits for words
        alone, and those stand where it looks."""
        found = self._options.rules.get(rule)
        return found is not None and all(trigger.kind in _NEAR for trigger in found.spec.triggers)

    def _ask_module(self, module: Module, hits: list[tuple[int, int, str]], outcome: Outcome) -> None:
        stopped = self._stopped
        in_tests = is_test_path(module.path)
        self._ask_constructs(module, hits, outcome)
        present = {word for _, _, word in hits}
        for rule, words in self._file_rules:
            if stopped is not None and stopped():
                raise Stopped
            if (not words or words & present) and (not in_tests or rule.spec.tests):
                self._ask(rule, module, outcome, lambda: Location(module.document, Span(0, 0)))
        self._ask_handlers(module, present, outcome)

    def _ask_constructs(self, module: Module, hits: list[tuple[int, int, str]], outcome: Outcome) -> None:
        """Ask about the constructs that words stand in."""
        awaited = self._awaited_in_tests if is_test_path(module.path) else self._awaited
        seen: dict[tuple[str, int], list[Rule]] = {}  # what was asked about a construct: words may share one
        syntax, data = module.syntax, module.document.data
        ask, stopped = self._ask, self._stopped
        for start, end, word in hits:
            if stopped is not None and stopped():
                raise Stopped
            leaf: Node | None = None
            for wait in awaited[word]:
                if not wait.beside(data, start, end):
                    continue
                if leaf is None:
                    leaf = syntax.node_at(start, end)
                    if leaf is None or leaf.type in INERT:
                        break
                node = wait.shape(syntax, leaf)
                if node is None:
                    continue
                kind, rules = wait.kind, wait.rules
                key = (kind, node.id)
                asked = seen.get(key)
                if asked is not None:
                    rules = [rule for rule in rules if rule not in asked]
                    seen[key] = [*asked, *rules]
                else:
                    seen[key] = rules
                subject = module.class_of(node) if kind == "class_definition" else Match(module, node, word)
                place = partial(module.at, node)
                for rule in rules:
                    ask(rule, subject, outcome, place)

    def _ask_handlers(self, module: Module, words: set[str], outcome: Outcome) -> None:
        wanted = [(rule, names) for rule, names in self._handler_rules if names & words]
        if not wanted or is_test_path(module.path):
            return
        for handler in module.handlers:
            for rule, names in wanted:
                if handler.name in names:
                    self._ask(rule, handler, outcome, partial(module.at, handler.function))

    def _ask_timed(
        self, clock: Clock, rule: Rule, subject: object, outcome: Outcome, place: Callable[[], Location]
    ) -> None:
        with clock.around(f"rule:{rule.id}"):
            self._ask_rule(rule, subject, outcome, place)

    def _ask_rule(self, rule: Rule, subject: object, outcome: Outcome, place: Callable[[], Location]) -> None:
        try:
            for finding in rule.check(subject, self._project):
                severity = rule.spec.severity
                if finding.severity is not None:
                    severity = min(severity, finding.severity)
                outcome.findings.append(replace(finding, rule=rule.id, severity=severity))
        except Exception as error:
            if self._options.debug:
                raise
            from hashlib import blake2s  # loads OpenSSL
            from traceback import format_exc

            trace = format_exc()
            crash = Crash(
                rule.id, place(), f"{type(error).__name__}: {error}", blake2s(trace.encode()).hexdigest()[:8]
            )
            outcome.crashes.append(crash)

    # -- the report ----------------------------------------------------------------------------------------

    def report(
        self,
        outcome: Outcome,
        base: Path,
        unsettled: Collection[str] = (),
        witnesses: Iterable[Finding] = (),
    ) -> Report:
        """What was found as a report. Of the files in `unsettled` not all findings are there yet, so that
        nothing is said of comments in them that silence nothing. `witnesses` are findings that are no part of
        the report, but that comments silence."""
        findings = outcome.findings
        for found in self._rules_on("crash"):
            for crash in outcome.crashes:
                findings.extend(self._answers(found, crash))
        kept, silenced = self._silence(_unique(self._wanted(findings)), unsettled, self._wanted(witnesses))
        apply_policy = self._options.apply_policy
        if apply_policy is not None:
            kept = [judged for finding in kept if (judged := apply_policy(finding)) is not None]
            silenced = [judged for finding in silenced if (judged := apply_policy(finding)) is not None]
        kept.sort(key=_order)
        silenced.sort(key=_order)
        used = {finding.rule for finding in (*kept, *silenced)}
        infos = _Infos(self._options.known, sorted({*self._options.rules, *used}))
        notices = [
            Notice("left out: took too long to parse, or cannot be read", path=path, level="warning")
            for path in outcome.unparsed
        ]
        notices.extend(
            Notice(f"left out: {why}", path=path, level="warning") for path, why in outcome.left_out
        )
        notices.sort(key=lambda notice: (notice.path or "", notice.message))
        root = self._project.workspace.root or base
        return Report(
            findings=tuple(kept),
            rules=infos,
            notices=(*self.loaded.notices, *notices),
            files_checked=len(self.loaded.modules) + len(self.loaded.configs),
            workers_checked=sum(1 for worker in self._project.workers),
            root=root,
            base=base,
            suppressed=len(silenced),
            partial=bool(outcome.crashes or outcome.unparsed or outcome.left_out),
            silenced=tuple(silenced),
        )

    def _wanted(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings that are not in excluded files, without fixes that would change such files."""
        excluded = self.loaded.excluded
        for finding in findings:
            if excluded.covers(finding.at.document.path):
                continue
            fix = finding.fix
            if fix is not None and any(excluded.covers(edit.document.path) for edit in fix.edits):
                finding = replace(finding, fix=None)
            yield finding

    def _rules_on(self, kind: str) -> Iterator[Rule]:
        for id in self._options.known:
            found = self._options.known[id]
            listens = any(trigger.kind == kind for trigger in found.spec.triggers)
            if listens and (kind == "crash" or id in self._options.rules):
                yield found

    def _answers(self, rule: Rule, subject: object) -> Iterator[Finding]:
        for finding in rule.check(subject, self._project):
            severity = (
                rule.spec.severity if finding.severity is None else min(rule.spec.severity, finding.severity)
            )
            yield replace(finding, rule=rule.id, severity=severity)

    def _silence(
        self, findings: Iterable[Finding], unsettled: Collection[str], witnesses: Iterable[Finding]
    ) -> tuple[list[Finding], list[Finding]]:
        """Part what comments silence (second) from the rest; add what those that silence nothing deserve."""
        seen_by: dict[str, list[Finding]] = {}
        for finding in witnesses:
            seen_by.setdefault(finding.at.document.path, []).append(finding)
        by_file: dict[str, list[Finding]] = {}
        for finding in findings:
            by_file.setdefault(finding.at.document.path, []).append(finding)
        kept: list[Finding] = []
        silenced: list[Finding] = []
        judges = list(self._rules_on("suppression"))
        for document in self.documents():
            comments = read_suppressions(document)
            for finding in seen_by.get(document.path, ()):
                self.is_silenced(finding, comments)
            mine = by_file.pop(document.path, [])
            for finding in mine:
                if self.is_silenced(finding, comments):
                    silenced.append(finding)
                else:
                    kept.append(finding)
            for use in self._unused(document, comments) if document.path not in unsettled else ():
                for apply_policy in judges:
                    for finding in self._answers(apply_policy, use):
                        if comments.silences(
                            apply_policy.id, apply_policy.group, document.line_of(finding.at.span.start)
                        ):
                            silenced.append(finding)
                        else:
                            kept.append(finding)
        for rest in by_file.values():
            kept.extend(rest)
        return kept, silenced

    def _group(self, rule: str) -> str:
        return self._options.known[rule].group

    def is_silenced(self, finding: Finding, comments: Suppressions) -> bool:
        """Whether the comments of a finding's document silence it; they remember that they did."""
        if not comments.comments:
            return False  # as nearly always: then nobody need count lines
        line = finding.at.document.line_of(finding.at.span.start)
        return comments.silences(finding.rule, self._group(finding.rule), line)

    def documents(self) -> Iterator[Document]:
        """The files that may hold suppression comments, each once."""
        seen: set[str] = set()
        paths = [*self.loaded.modules, *(config.path for config in self.loaded.configs)]
        for document in (*(self._project.document(path) for path in paths), *self.loaded.markdown):
            if document is not None and document.file.path not in seen:
                seen.add(document.file.path)
                yield document.file

    def _unused(self, document: Document, comments: Suppressions) -> Iterator[SuppressionUse]:
        known = (*self._options.known, *self._options.known.groups)
        for comment in comments.comments:
            names = dict(comment.names)
            unknown = tuple(name for name in names if name not in known)
            unused = tuple(
                name for name in names if name in self._options.rules and not comments.used(comment, name)
            )
            if unknown or unused:
                yield SuppressionUse(document, comment.span, names, unused, unknown, known)


@record(frozen=True)
class _Wait:
    """The rules that wait for a word in a shape, and how to tell that it stands in it."""

    kind: str
    beside: Beside
    shape: Shape
    rules: list[Rule]


def _awaited(kinds: Mapping[str, list[Rule]]) -> Iterator[_Wait]:
    for kind, rules in kinds.items():
        if rules:
            yield _Wait(kind, BESIDE[kind], SHAPES[kind], rules)


@contextmanager
def without_collector() -> Iterator[None]:
    """Trees are freed as soon as they are done with; looking for cycles among them is a fifth of a run."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _is_too_deep(syntax: Syntax, hits: Sequence[tuple[int, int, str]]) -> bool:
    """Whether to climb from each of the places would take minutes: no file that a person wrote comes near."""
    if len(hits) < 1000:
        return False
    sample = hits[:: len(hits) // 16]
    depth = sum(syntax.depth_at(start) for start, _, _ in sample) / len(sample)
    return depth * len(hits) > _MOST_STEPS


def _can_fork() -> bool:
    return hasattr(os, "fork") and not os.environ.get("CFLINT_NO_FORK")


def merge(outcomes: Iterable[Outcome]) -> Outcome:
    merged = Outcome([], [], [])
    for outcome in outcomes:
        merged.findings.extend(outcome.findings)
        merged.crashes.extend(outcome.crashes)
        merged.unparsed.extend(outcome.unparsed)
        merged.left_out.extend(outcome.left_out)
        merged.answers.extend(outcome.answers)
        merged.seen.add(outcome.seen)
        merged.shapes.update(outcome.shapes)
        merged.parsed += outcome.parsed
    return merged


def _balance(parts: list[str], sizes: list[int], count: int) -> list[list[str]]:
    """Cut a list in `count` runs of about the same number of bytes; neighbours stay together."""
    total = sum(sizes) or 1
    runs: list[list[str]] = [[] for _ in range(count)]
    done = 0
    for part, size in zip(parts, sizes, strict=True):
        runs[min(count - 1, done * count // total)].append(part)
        done += size
    return runs


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once: several environments or Workers may say the same. Which of them stays does not
    depend on who was asked first."""
    kept: dict[tuple[str, str, int, int, str], Finding] = {}
    for finding in findings:
        at = finding.at
        key = (finding.rule, at.document.path, at.span.start, at.span.end, finding.message)
        other = kept.setdefault(key, finding)
        if other is not finding and _preference(finding) < _preference(other):
            kept[key] = finding
    return list(kept.values())


def _preference(finding: Finding) -> tuple[object, ...]:
    """An order of findings that say the same of the same place: severe ones and those with a fix first."""
    places = tuple((place.document.path, place.span, place.message) for place in finding.related)
    edits = finding.fix.edits if finding.fix is not None else ()
    changes = tuple((edit.document.path, edit.span, edit.text) for edit in edits)
    return (-(finding.severity or 0), not edits, places, changes)


def _order(finding: Finding) -> tuple[str, int, int, str, str]:
    at = finding.at
    return (at.document.path, at.span.start, at.span.end, finding.rule, finding.message)


def _place_of(subject: object) -> Location:
    for name in ("location", "place", "section"):
        found = getattr(subject, name, None)
        if isinstance(found, Location):
            return found
    config = getattr(subject, "config", subject)
    document = getattr(config, "document", None)
    return Location(document if isinstance(document, Document) else Document("", b""), Span(0, 0))
