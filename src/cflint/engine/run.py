"""Running rules on subjects: modules, and Workers, configurations and what is in them."""

# Imported where used: what only a rule that raises (hashlib loads OpenSSL) or Python (libcst) needs.

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

from cflint.engine.index import RuleIndex
from cflint.engine.outcome import ItemResult, Outcome
from cflint.engine.plan import Options, model_item, module_item, owners_of, unit_of
from cflint.engine.shapes import INERT
from cflint.finding import Finding, Location, Severity
from cflint.lazy import Lazy
from cflint.packages import PackageError
from cflint.project.code.module import Module
from cflint.project.config.wrangler import Binding, Environment, WranglerConfig
from cflint.project.modules.reads import Reads
from cflint.project.workers.change import Change, pairs_of
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.model import Project
from cflint.project.workers.sections import Section
from cflint.project.workers.worker import DurableObject, Worker
from cflint.record import replace
from cflint.rule import Crash, Match, Rule
from cflint.scope import ModuleScope
from cflint.source import Document, Span

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.engine import interrupts as _interrupts
    from cflint.engine import limits as _limits
    from cflint.engine.limits import Limits
    from cflint.engine.profile import Clock
    from cflint.project.code import calls as _calls
    from cflint.project.code import shadowed as _shadowed
    from cflint.project.code import words as _words
    from cflint.syntax.javascript import Syntax
else:
    _interrupts = Lazy("cflint.engine.interrupts")
    _limits = Lazy("cflint.engine.limits")
    _calls = Lazy("cflint.project.code.calls")
    _shadowed = Lazy("cflint.project.code.shadowed")
    _words = Lazy("cflint.project.code.words")

_DEEP = 200
_MOST_STEPS = 200_000
_DEEPEST = 1500
"""How deep nodes are, on the average, in code that is not analysed: around the words that rules look at, when
all of the ways up from these are so long together; or anywhere."""

_SAMPLES = 16
_FEW_SAMPLES = 4
_OF_CONFIGURATIONS = (".toml", ".json", ".jsonc", ".md", ".sql", ".py")
_IN_CONFIGURATIONS = frozenset({"config", "environment", "binding"})
"""The kinds of triggers whose subjects stand in a configuration."""


class Stopped(Exception):
    """An analysis was stopped; what was found in whole modules stands."""


class Runner(Protocol):
    """What runs a rule on a subject; `place` is where it looks. Findings go to the outcome."""

    def check(self, rule: Rule, subject: object, outcome: Outcome, place: Callable[[], Location]) -> None: ...


class RuleRunner:
    """Runs a rule on a subject; what it finds, or that it raised, goes to an outcome."""

    def __init__(self, project: Project, options: Options) -> None:
        self._project = project
        self._debug = options.debug
        self.check = self.check_plainly if options.clock is None else partial(self._timed, options.clock)

    def _timed(
        self, clock: Clock, rule: Rule, subject: object, outcome: Outcome, place: Callable[[], Location]
    ) -> None:
        with clock.around(f"rule:{rule.id}"):
            self.check_plainly(rule, subject, outcome, place)

    def check_plainly(
        self, rule: Rule, subject: object, outcome: Outcome, place: Callable[[], Location]
    ) -> None:
        """Run a rule; `place` is where it looks, for the case that it raises."""
        try:
            for finding in rule.check(subject, self._project):
                outcome.findings.append(attributed(rule, finding))
        except PackageError:
            raise  # the rule did not even begin
        except Exception as error:
            if (interrupt := _interrupts.interrupt_behind(error)) is not None:
                raise interrupt from None
            if self._debug:
                raise
            outcome.crashes.append(_crash(rule, place(), error))


def attributed(rule: Rule, finding: Finding) -> Finding:
    """A finding as its rule's: with its id, and at most its severity. A related place that is its own, or one
    of the others, says nothing: in TypeScript, one place may be the value in several modes."""
    severity = rule.spec.severity
    if finding.severity is not None:
        severity = min(severity, finding.severity)
    related = finding.related
    if related:
        related = tuple(place for place in dict.fromkeys(related) if place != finding.at)
    return replace(finding, rule=rule.id, severity=severity, related=related)


def _as_notes(findings: Iterable[Finding]) -> list[Finding]:
    """Findings about what nobody deploys."""
    return [replace(found, severity=Severity.NOTE) for found in findings]


def _crash(rule: Rule, place: Location, error: Exception) -> Crash:
    from hashlib import blake2s
    from traceback import format_exception

    trace = "".join(format_exception(error))
    message = f"{type(error).__name__}: {error}"
    package = rule.package.label if rule.package is not None else None
    return Crash(rule.id, place, message, blake2s(trace.encode()).hexdigest()[:8], package)


# -- modules --------------------------------------------------------------------------------------------


class ModuleChecks:
    """The rules about modules. `stopped` is called again and again within a module; when it returns True,
    Stopped is raised. `begin` is called with each module that is begun, and with None after the last one."""

    def __init__(
        self,
        loaded: Loaded,
        index: RuleIndex,
        runner: Runner,
        stopped: Callable[[], bool] | None,
        begin: Callable[[str | None], None] | None = None,
    ) -> None:
        self._loaded = loaded
        self._project = loaded.project
        self._index = index
        self._check = runner.check
        self._stopped = stopped
        self._begin = begin

    def check(self, paths: Sequence[str]) -> Outcome:
        """Run the rules on some modules."""
        outcome = Outcome()
        ledger = self._project.memo.ledger
        for path in self._parsed_first(paths):
            before = len(outcome.findings)
            if self._begin is not None:
                self._begin(path)
            if ledger is not None:
                ledger.take()
            self._module(path, outcome)
            if ledger is not None:
                found = outcome.findings[before:]
                outcome.results.append(ItemResult(module_item(path), found, ledger.take()))
            self._project.trees.close_views()
            self._project.trees.put_aside(path)
        if self._begin is not None:
            self._begin(None)
        return outcome

    def check_part(self, syntax: Syntax, span: Span) -> list[Finding]:
        """What the rules that have trigger words find in a part of a module whose text is `syntax` by now."""
        data = syntax.document.data[span.start : span.end]
        hits = [
            (start + span.start, end + span.start, word)
            for start, end, word in self._index.anchors.find(data)
        ]
        outcome = Outcome()
        module = Module(self._project, syntax, ModuleScope(syntax))
        try:
            limits = _limits.limits_of(module) if _may_be_limited(module) else None
            self._constructs(module, hits, outcome, limits)
            return [found for found in outcome.findings if not _is_moot(module, found)]
        finally:
            module.close()

    def _parsed_first(self, paths: Sequence[str]) -> Iterator[str]:
        """The paths; those that had to be parsed for others come first, so that they are parsed once."""
        left = dict.fromkeys(paths)
        for path in paths:
            if path not in left:
                continue
            del left[path]
            yield path
            while (
                kept := next((kept for kept in self._project.trees.kept if kept in left), None)
            ) is not None:
                del left[kept]
                yield kept

    def _module(self, path: str, outcome: Outcome) -> None:
        if not self._project.realms.of(path).in_worker:
            return
        document = self._project.sources.document(path)
        if document is None:
            return
        if path.endswith(".py"):
            self._python(path, document, outcome)
            return
        matches = self._index.anchors.matches(document.data)
        hits = self._index.anchors.whole(document.data, matches)
        always = path in self._loaded.named or document.is_block
        if not hits and not (always and self._index.file) and not self._is_marked(document.data):
            return
        found = self._project.trees.of(path)
        if found is None:
            outcome.unparsed.append(path)
            return
        outcome.parsed += 1
        if _is_too_deep(found[0], hits):
            outcome.skipped.append((path, "it is nested too deeply"))
            return
        found[0].know(self._index.anchors, matches, hits)
        self._project.facts.learn(path)
        module = Module(self._project, *found)
        before = len(outcome.findings)
        try:
            self._javascript(module, hits, outcome)
            kept = [
                _in_words_of_its_place(module, found, self._index)
                for found in outcome.findings[before:]
                if not _is_moot(module, found)
            ]
            outcome.findings[before:] = _as_notes(kept) if self._project.realms.is_beside(path) else kept
        finally:
            module.close()

    def _is_marked(self, data: bytes) -> bool:
        return any(data.find(mark) != -1 for mark in self._index.marks)

    def _python(self, path: str, document: Document, outcome: Outcome) -> None:
        present = {word for _, _, word in self._index.python_anchors.find(document.data)}
        rules = list(_triggered(self._index.python, present, in_tests=self._project.realms.is_test(path)))
        if not rules:
            return
        from cflint.project.python.module import python_module_of

        module = python_module_of(self._project, path)
        if module is None:
            return
        for rule in rules:
            self._check(rule, module, outcome, lambda: Location(document, Span(0, 0)))
        if module.refused is not None:
            outcome.skipped.append((path, module.refused))
        elif module.is_parsed:
            outcome.parsed += 1

    def _javascript(self, module: Module, hits: list[tuple[int, int, str]], outcome: Outcome) -> None:
        limits = _limits.limits_of(module) if _may_be_limited(module) else None
        self._constructs(module, hits, outcome, limits)
        present = {word for _, _, word in hits}
        for rule in _triggered(self._index.file, present, in_tests=self._project.realms.is_test(module.path)):
            self._raise_if_stopped()
            if limits is not None and not limits.may_look(rule):
                continue
            before = len(outcome.findings)
            self._check(rule, module, outcome, lambda: Location(module.document, Span(0, 0)))
            if limits is not None:
                outcome.findings[before:] = limits.kept(rule, outcome.findings[before:])
        self._handlers(module, present, outcome, limits)

    def _raise_if_stopped(self) -> None:
        if self._stopped is not None and self._stopped():
            raise Stopped

    def _constructs(
        self, module: Module, hits: list[tuple[int, int, str]], outcome: Outcome, limits: Limits | None
    ) -> None:
        """Run the rules on the constructs that their trigger words stand in."""
        index, in_tests = self._index, self._project.realms.is_test(module.path)
        by_word = index.by_word_in_tests if in_tests else index.by_word
        ran: dict[tuple[str, int], list[Rule]] = {}  # on a construct: words may share one
        syntax, data = module.syntax, module.document.data
        check, stopped = self._check, self._stopped
        for start, end, word in hits:
            if stopped is not None and stopped():
                raise Stopped
            leaf: Node | None = None
            for expected in by_word[word]:
                if not expected.beside(data, start, end):
                    continue
                if leaf is None:
                    leaf = syntax.node_at(start, end)
                    if leaf is None or leaf.type in INERT:
                        break
                node = expected.shape(syntax, leaf)
                if node is None:
                    continue
                kind, rules = expected.kind, expected.rules
                key = (kind, node.id)
                before = ran.get(key)
                if before is not None:
                    rules = [rule for rule in rules if rule not in before]
                    ran[key] = [*before, *rules]
                else:
                    ran[key] = rules
                subject = module.class_of(node) if kind == "class_definition" else Match(module, node, word)
                if limits is not None:
                    rules = limits.of_construct(rules, subject, node)
                place = partial(module.at, node)
                for rule in rules:
                    check(rule, subject, outcome, place)

    def _handlers(self, module: Module, words: set[str], outcome: Outcome, limits: Limits | None) -> None:
        rules = [(rule, names) for rule, names in self._index.handler if names & words]
        if not rules or self._project.realms.is_test(module.path):
            return
        for handler in (*module.handlers, *module.app_handlers):
            for rule, names in rules:
                if handler.name in names and (
                    limits is None or limits.of_construct((rule,), handler, handler.function)
                ):
                    self._check(rule, handler, outcome, partial(module.at, handler.function))


def _may_be_limited(module: Module) -> bool:
    return module.app is not None or module.is_of_local_tool


def _is_moot(module: Module, finding: Finding) -> bool:
    """Whether a finding is about code of the module that no Worker runs."""
    if finding.at.document.path != module.document.file.path or module.root.has_error:
        return False
    node = module.node_at(finding.at.span.start, finding.at.span.end)
    if node is None or module.never_runs(node):
        return node is not None
    if _shadowed.is_in_shadowed_route(module, node):
        return True
    return module.app is not None and _calls.runs_in_browser_alone(module, node)


def _in_words_of_its_place(module: Module, finding: Finding, index: RuleIndex) -> Finding:
    """A finding that no fix mends, with what its place calls `env`, `request` and `ctx`, and what an `await`
    or an answer there asks of the functions around."""
    if finding.fix is not None or finding.at.document.path != module.document.file.path:
        return finding
    node = module.node_at(finding.at.span.start, finding.at.span.end)
    if node is None:
        return finding
    words = _words.words_at(module, node)
    if index.edit_has(finding.rule, "return new Resp"):
        words += _words.answering_words(module, node, dict(words).get(_words.HONO, ""))
    if index.edit_has(finding.rule, "await "):
        words += _words.waiting_words(module, node)
    return replace(finding, words=(*words, *finding.words)) if words else finding


def _triggered(
    rules: Iterable[tuple[Rule, frozenset[str]]], present: set[str], *, in_tests: bool
) -> Iterator[Rule]:
    """The rules that run on a whole module in which words are present."""
    for rule, words in rules:
        if (not words or words & present) and (not in_tests or rule.spec.tests):
            yield rule


def _is_too_deep(syntax: Syntax, hits: Sequence[tuple[int, int, str]]) -> bool:
    """Whether to climb from each of the places would take long: no file that a person wrote comes near."""
    if syntax.mean_depth(_SAMPLES) > _DEEPEST:
        return True
    count = len(hits)
    if count < _SAMPLES:
        return False
    if _depth_of(syntax, hits, _FEW_SAMPLES) < _DEEP / 4:
        return False  # as nearly always
    depth = _depth_of(syntax, hits, _SAMPLES)
    return depth > _DEEP and depth * count > _MOST_STEPS


def _depth_of(syntax: Syntax, hits: Sequence[tuple[int, int, str]], samples: int) -> float:
    """How deep the places are, on the average of some."""
    count = len(hits)
    return sum(syntax.depth_at(hits[at * count // samples][0]) for at in range(samples)) / samples


# -- the model ------------------------------------------------------------------------------------------


class ModelChecks:
    """The rules about Workers, configurations and what is in them."""

    def __init__(self, loaded: Loaded, index: RuleIndex, runner: Runner) -> None:
        self._loaded = loaded
        self._project = loaded.project
        self._index = index
        self._check = runner.check

    @cached_property
    def owners(self) -> dict[str, list[Worker | WranglerConfig]]:
        """The Workers and configurations by their unit."""
        return owners_of(self._loaded)

    def check(self, units: Iterable[str] | None = None) -> Outcome:
        """Run the rules on the units of the model, all of them unless they are given."""
        outcome = Outcome()
        dependencies = _Dependencies(self._project)
        subjects = self._subjects_by_kind(list(self.owners if units is None else units), dependencies)
        silent, templates = self._silent, self._templates
        for rule, trigger in self._index.model:
            of_template = trigger.kind in _IN_CONFIGURATIONS and not rule.spec.templates
            for unit, subject in subjects[trigger.kind]:
                if silent and rule.id in silent.get(unit, ()):
                    continue
                if of_template and unit in templates:
                    continue
                if trigger.kind == "binding" and trigger.words and subject.kind.id not in trigger.words:
                    continue
                before = len(outcome.findings)
                self._check(rule, subject, outcome, partial(_place_of, subject))
                outcome.findings[before:] = map(self._in_words_of_its_place, outcome.findings[before:])
                self._project.trees.close_views()
                dependencies.charge(unit, outcome.findings[before:])
        outcome.results.extend(dependencies.results())
        return outcome

    def _in_words_of_its_place(self, finding: Finding) -> Finding:
        path = finding.at.document.path
        if finding.fix is not None or path.endswith(_OF_CONFIGURATIONS):
            return finding
        module = _words.module_of(self._project, path)
        return _in_words_of_its_place(module, finding, self._index) if module is not None else finding

    @cached_property
    def _changes(self) -> dict[Worker, Change]:
        """What became of the Workers that the base has, too."""
        base = self._project.base
        return {} if base is None else {found.after: found for found in pairs_of(base, self._project).changes}

    @cached_property
    def _silent(self) -> dict[str, frozenset[str]]:
        """The ids of rules that mean nothing to the app of a unit, where there are any."""
        apps = [(unit_of(it), it.app) for it in self._project.workers if it.app is not None]
        return {unit: app.silent for unit, app in apps if app.silent}

    @cached_property
    def _templates(self) -> frozenset[str]:
        """The units whose configuration is filled in before wrangler reads it: of what stands in it, rules
        speak that say so (`templates`), of the Worker all."""
        return frozenset(it.path for it in self._loaded.configs if it.deployment.is_template)

    def _subjects_by_kind(
        self, units: Sequence[str], dependencies: _Dependencies
    ) -> dict[str, list[tuple[str, Any]]]:
        """The subjects in some units, with their unit, by the kind of trigger."""
        subjects: dict[str, list[tuple[str, Any]]] = {}
        for kind in dict.fromkeys(trigger.kind for _, trigger in self._index.model):
            subjects[kind] = []
            for unit in dict.fromkeys(units):
                for owner in self.owners[unit]:
                    subjects[kind].extend((unit, subject) for subject in self._subjects(kind, owner))
                dependencies.charge(unit, ())
        return subjects

    def _subjects(self, kind: str, owner: Worker | WranglerConfig) -> Iterator[object]:
        """The subjects of a kind that a Worker, or a configuration, is or holds."""
        if isinstance(owner, Worker):
            if kind == "worker":
                yield owner
            elif kind == "durable_object":
                yield from self._project.durable_objects.of(owner)
            elif kind == "change":
                found = self._changes.get(owner)
                if found is not None:
                    yield found
            elif kind == "section":
                section = self._project.sections.without_config(owner)
                if section is not None:
                    yield section
            return
        if kind == "config":
            yield owner
        elif kind == "environment":
            yield from owner.environments
        elif kind == "binding":
            for environment in owner.environments:
                yield from environment.bindings


class _Dependencies:
    """The findings and dependencies of each unit; nothing where the project keeps no ledger."""

    def __init__(self, project: Project) -> None:
        self._ledger = project.memo.ledger
        self._units: dict[str, tuple[list[Finding], set[str], set[str]]] = {}
        if self._ledger is not None:
            self._ledger.take()

    def charge(self, unit: str, findings: Iterable[Finding]) -> None:
        """Add findings to a unit, and what has been read since the last call."""
        if self._ledger is None:
            return
        found, texts, facts = self._units.setdefault(unit, ([], set(), set()))
        reads = self._ledger.take()
        found.extend(findings)
        texts.update(reads.texts)
        facts.update(reads.facts)

    def results(self) -> Iterator[ItemResult]:
        for unit, (found, texts, facts) in self._units.items():
            yield ItemResult(model_item(unit), found, Reads(frozenset(texts), frozenset(facts)))


def _place_of(subject: object) -> Location:
    """Where a subject of the model is, for a rule that raised."""
    nowhere = Location(Document("", b""), Span(0, 0))
    match subject:
        case Binding():
            return subject.location
        case Environment():
            return subject.place
        case DurableObject():
            return subject.location or subject.environment.place
        case Worker(section=Location() as section):
            return section
        case Change(after=Worker(config=WranglerConfig() as config)):
            return Location(config.document, Span(0, 0))
        case Section():
            return subject.at
        case Worker(config=WranglerConfig() as config) | (WranglerConfig() as config):
            return Location(config.document, Span(0, 0))
    return nowhere
