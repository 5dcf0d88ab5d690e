"""What the model knows of one place, and why a rule reported something there or nothing: `cflint inspect`.

Imported where used: Python modules need libcst.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from types import FrameType
from typing import TYPE_CHECKING, Any

from cflint.engine.index import RuleIndex
from cflint.engine.outcome import Outcome
from cflint.engine.plan import Options, owners_of, unit_of
from cflint.engine.report import policed
from cflint.engine.run import ModelChecks, ModuleChecks, attributed
from cflint.engine.suppression import read_suppressions
from cflint.finding import Finding, Location
from cflint.project.apps import realms as apps
from cflint.project.code import pointing
from cflint.project.code.module import ClassDefinition, Handler, Module, module_of
from cflint.project.code.values import Value, ValueKind
from cflint.project.config.wrangler import Binding, Environment, WranglerConfig
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.worker import DurableObject, Worker
from cflint.quoting import quoted
from cflint.record import record
from cflint.rule import Match, Rule, RuleSet
from cflint.source import Document, Span
from cflint.syntax.data import Node as DataNode
from cflint.syntax.suffixes import MODULE_SUFFIXES

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_RUNS = 5
_MOST_STEPS = 8
"""How many returns of helpers are shown before that of the check."""


class Realm(Enum):
    """Where the code of a file runs."""

    WORKER = "a Worker runs it"
    BOTH = "a Worker runs it while it renders, and the browser runs it"
    BROWSER = "the browser runs it"
    BUILD = "it runs when the app is built"
    DEAD = "nothing runs it: it is not deployed"
    IDLE = "no function of it runs: a Worker needs its types alone, or nobody takes what it exports"
    TESTS = "tests run it"
    CONFIGURATION = "a configuration"
    OUTSIDE = "no Worker reaches it"


@record(frozen=True)
class Fact:
    """One thing that the model knows of a place: what it is about, the answer, and where that stands."""

    name: str
    text: str
    at: Location | None = None


class Verdict(Enum):
    """What became of a rule at a place."""

    REPORTED = "it reports something here"
    SUPPRESSED = "it reports something here, which a comment suppresses"
    EXCLUDED = "it reports something here, which the settings exclude"
    NOTHING = "it ran here and found nothing"
    NOT_RUN = "it did not run here"


@record(frozen=True)
class Step:
    """A return of a function of the rule: its name, what it returned, and the line that did (1-based)."""

    function: str
    returned: str
    line: int
    source: str


@record(frozen=True)
class CheckRun:
    """One run of a check: what it looked at, what it found, and where it ended."""

    subject: str
    at: Location
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]


@record(frozen=True)
class RuleTrace:
    """What a rule did: the verdict for the place, the reasons why it may not have run, and its runs, those
    about the place first. `path` is the rule's file."""

    rule: str
    path: str
    verdict: Verdict
    reasons: tuple[str, ...]
    runs: tuple[CheckRun, ...]
    left_out: int


@record(frozen=True)
class Inspection:
    """What is known of a place: `at` is the construct that stands there, `facts` what the model says of it,
    `trace` what a rule did, if one was named."""

    at: Location
    realm: Realm
    facts: tuple[Fact, ...]
    trace: RuleTrace | None


def inspect_place(
    loaded: Loaded, options: Options, document: Document, offset: int, rule: Rule | None
) -> Inspection:
    """Inspect a byte offset of a document of a loaded project. `options.rules` are the rules that the
    settings select for the file."""
    path = document.path
    config = next((config for config in loaded.configs if config.path == path), None)
    if config is not None:
        span, facts = _of_config(config, offset)
    elif path.endswith(MODULE_SUFFIXES):
        span, facts = _of_module(module_of(loaded.project, path), offset)
    elif path.endswith(".py"):
        span, facts = _of_python(loaded, path, offset)
    else:
        span, facts = Span(offset, offset), []
    workers = loaded.project.owners.of(path)
    owner = [worker for worker in loaded.project.workers if worker.config is config and config is not None]
    facts += [fact for worker in (*workers, *owner) for fact in _of_worker(worker, path)]
    facts += _of_app(loaded, path)
    trace = _trace(loaded, options, document, offset, rule) if rule is not None else None
    realm = _realm(loaded, path, config, workers)
    return Inspection(Location(document, span), realm, tuple(facts), trace)


def _realm(loaded: Loaded, path: str, config: WranglerConfig | None, workers: Sequence[Worker]) -> Realm:
    if config is not None:
        return Realm.CONFIGURATION
    if loaded.project.realms.is_test(path):
        return Realm.TESTS
    of_app = loaded.project.realms.of(path)
    if of_app is not apps.Realm.SERVER:
        return Realm[of_app.name]
    if not workers:
        return Realm.OUTSIDE
    return Realm.IDLE if all(path in worker.idle for worker in workers) else Realm.WORKER


# -- what the model knows ---------------------------------------------------------------------------------


def _of_module(module: Module | None, offset: int) -> tuple[Span, list[Fact]]:
    node = module.node_at(offset, offset) if module is not None else None
    if module is None or node is None:
        return Span(offset, offset), [Fact("node", "the module cannot be read or parsed")]
    above = [each for each in module.ancestors(node) if each.is_named]
    kinds = [each.type for each in (node, *above[:3])]
    facts = [Fact("node", " in ".join(kinds)), Fact("text", quoted(module.text(node)))]
    facts += _value_facts(module, node, offset)
    facts += _surroundings(module, node)
    return Span(node.start_byte, node.end_byte), facts


def _value_facts(module: Module, node: Node, offset: int) -> Iterator[Fact]:
    found = pointing.value_at(module, offset)
    value = found[0] if found is not None else module.value_of(node)
    origin = value.origin
    at = module.at(origin) if origin is not None and origin.id != node.id else None
    yield Fact("value", value_text(value), at)
    yield from _call_facts(module, node)
    declared = module.scope.resolve(node) if node.type.endswith("identifier") else None
    if declared is not None:
        ref = declared.imported
        source = (
            f"{declared.kind.value}, imported from {ref.module}" if ref is not None else declared.kind.value
        )
        yield Fact("declared", source, module.at(declared.node))


def _call_facts(module: Module, node: Node) -> Iterator[Fact]:
    """What the receiver of a call is of whose callee a node is the name, and what the call gives."""
    callee = module.parent(node) if node.type == "property_identifier" else node
    above = module.parent(module.with_wrappers(callee)) if callee is not None else None
    call = module.call(above)
    if call is None or call.callee is None or callee is None or call.callee.id != callee.id:
        return
    if call.receiver is not None:
        yield Fact("receiver", value_text(module.value_of(call.receiver)), module.at(call.receiver))
    yield Fact("gives", value_text(module.value_of(call.node)), module.at(call.node))


def value_text(value: Value) -> str:
    """A value in words: its kind, its name, what is inside."""
    if value.kind is ValueKind.UNKNOWN:
        return "unknown"
    words = [value.kind.value]
    if value.name is not None:
        words.append(f"`{value.name}`")
    if value.binding is not None:
        words.append(f"({value.binding.id})")
    if value.detail:
        words.append(f"[{value.detail}]")
    if value.inner is not None and value.inner.kind is not ValueKind.UNKNOWN:
        words.append(f"of {value_text(value.inner)}")
    return " ".join(words)


def _surroundings(module: Module, node: Node) -> Iterator[Fact]:
    function = module.enclosing_function(node)
    if function is not None:
        yield Fact("function", module.name_of_function(function), module.at(function))
    handler = module.handler_around(node)
    if handler is not None:
        yield Fact("handler", f"`{handler.name}()`", module.at(handler.function))
    owner = module.enclosing_class(node)
    if owner is not None:
        yield Fact("class", f"`{owner.name}`, {owner.kind.value}", owner.at)


def _of_python(loaded: Loaded, path: str, offset: int) -> tuple[Span, list[Fact]]:
    from cflint.project.python import pointing as python_pointing
    from cflint.project.python.module import python_module_of

    module = python_module_of(loaded.project, path)
    found = python_pointing.value_at(module, offset) if module is not None else None
    if module is None or found is None:
        return Span(offset, offset), [Fact("node", "no name stands here")]
    value, span = found
    facts = [Fact("text", quoted(module.document.text(span))), Fact("value", value_text(value))]
    owners = [owner for owner in module.classes if offset in module.span(owner.node)]
    facts += [Fact("class", f"`{owner.name}`, {owner.kind.value}") for owner in owners[-1:]]
    return span, facts


def _of_config(config: WranglerConfig, offset: int) -> tuple[Span, list[Fact]]:
    if config.is_typescript:
        return _of_typescript(config, offset)
    path, node = _data_at(config.root, offset)
    spelled = ".".join(map(str, path)) or "the whole configuration"
    facts = [Fact("key", spelled), Fact("node", node.kind.value)]
    environment = config.environment(str(path[1])) if path[:1] == ["env"] and len(path) > 1 else config.top
    if environment is not None:
        facts.append(Fact("environment", environment.label, environment.place))
        facts += [
            Fact("binding", f"`{found.name}`, {found.kind.id}", found.location)
            for found in environment.bindings
            if offset in found.node.span or offset in found.name_span
        ]
    return node.span, facts


def _of_typescript(config: WranglerConfig, offset: int) -> tuple[Span, list[Fact]]:
    """What is known of a place by the modes: one value may be several keys, and several values one."""
    facts: dict[Fact, None] = {}
    narrowest = config.root.span
    for environment in config.environments:
        held = [
            (node.span.end - node.span.start, len(path), index, path, node)
            for index, (path, node) in enumerate(environment.node.paths())
            if node.span.start <= offset <= node.span.end
        ]
        if not held:
            continue
        _, _, _, path, node = min(held, key=lambda row: (row[0], -row[1], row[2]))
        if node.span.end - node.span.start <= narrowest.end - narrowest.start:
            narrowest = node.span
        own = environment.spelled(*path, node=node) if path else "the whole configuration"
        facts[Fact("key", own)] = None
        facts[Fact("in wrangler", ".".join(map(str, path)) or "the whole configuration")] = None
        facts[Fact("node", node.kind.value)] = None
        facts[Fact("environment", environment.label, environment.place)] = None
        for found in environment.bindings:
            if offset in found.node.span or offset in found.name_span:
                facts[Fact("binding", f"`{found.name}`, {found.kind.id}", found.location)] = None
        if environment.is_open(*(step for step in path if isinstance(step, str))):
            facts[Fact("open", "there may be more than is known")] = None
    return narrowest, list(facts)


def _data_at(root: DataNode, offset: int) -> tuple[list[str | int], DataNode]:
    """The innermost value that holds a byte offset, or whose key does, and its path."""
    path: list[str | int] = []
    node = root
    while True:
        inner: tuple[str | int, DataNode] | None = next(
            (
                (member.key, member.value)
                for member in node.members
                if offset in member.key_span or member.value.span.start <= offset <= member.value.span.end
            ),
            None,
        ) or next(
            (
                (index, item)
                for index, item in enumerate(node.items)
                if item.span.start <= offset <= item.span.end
            ),
            None,
        )
        if inner is None:
            return path, node
        path.append(inner[0])
        node = inner[1]


def _of_worker(worker: Worker, path: str) -> Iterator[Fact]:
    where = worker.config.path if worker.config is not None else "no configuration"
    entry = ", which begins with this file" if path in worker.entries else ""
    yield Fact("Worker", f"{worker.name or 'without a name'} ({where}){entry}")
    labels = [environment.label for environment in worker.environments]
    if labels:
        yield Fact("environments", ", ".join(labels))


def _of_app(loaded: Loaded, path: str) -> Iterator[Fact]:
    """The app that a module belongs to, and why it runs where it does."""
    app = loaded.project.realms.app_of(path)
    if app is None:
        return
    yield Fact("app", f"{app.title} in {app.folder or 'the root'} ({', '.join(app.signs)})")
    yield Fact("realm", f"{app.placed[path].label}: {'; '.join(app.why(path))}")


# -- what a rule did ----------------------------------------------------------------------------------------


def _trace(loaded: Loaded, options: Options, document: Document, offset: int, rule: Rule) -> RuleTrace:
    runs = _runs(loaded, options, document, rule)
    line = document.line_of(offset)
    in_file = [run for run in runs if run.at.document is document.file]
    here = [run for run in in_file if _holds(run.at.span, offset)]
    here.sort(key=lambda run: run.at.span.end - run.at.span.start)
    here += [run for run in in_file if run not in here and document.line_of(run.at.span.start) == line]
    whole = [run for run in runs if run not in here and _is_whole(run, document)]
    at_place = [
        finding
        for run in runs
        for finding in run.findings
        if finding.at.document is document.file and _touches(document, finding.at.span, line)
    ]
    reporting = [run for run in runs if any(finding in at_place for finding in run.findings)]
    shown = list(dict.fromkeys((*reporting, *here, *whole)))
    verdict = _verdict(options, rule, document, at_place, ran=bool(here or whole))
    reasons = tuple(_reasons(loaded, options, document, rule, runs, verdict))
    path = str(rule.module.__file__)
    return RuleTrace(
        rule.id, path, verdict, reasons, tuple(shown[:_MOST_RUNS]), len(runs) - len(shown[:_MOST_RUNS])
    )


def _verdict(
    options: Options, rule: Rule, document: Document, found: Sequence[Finding], *, ran: bool
) -> Verdict:
    if not found:
        return Verdict.NOTHING if ran else Verdict.NOT_RUN
    if rule.id not in options.rules or not list(policed(found, options)):
        return Verdict.EXCLUDED
    comments = read_suppressions(document.file)
    if all(comments.use_by(finding, rule.names) is not None for finding in found):
        return Verdict.SUPPRESSED
    return Verdict.REPORTED


def _reasons(
    loaded: Loaded,
    options: Options,
    document: Document,
    rule: Rule,
    runs: Sequence[CheckRun],
    verdict: Verdict,
) -> Iterator[str]:
    """Why a rule may say nothing of a place, beside what its checks decide."""
    path = document.path
    if rule.id not in options.rules:
        yield "the settings do not select the rule for this file; it ran because it was named"
    if loaded.excluded.covers(path):
        yield "the settings exclude the file"
    elif path not in loaded.modules and all(config.path != path for config in loaded.configs):
        yield "the file is not checked: no Worker reaches it, and it uses nothing of Workers"
    realm = loaded.project.realms.of(path)
    if not realm.in_worker:
        yield f"the module runs {realm.value}"
    elif realm is apps.Realm.BOTH and not rule.spec.both:
        yield "the module runs in the browser, too: the rule is given what comes from `env`, and server code"
    if loaded.project.realms.is_test(path) and not rule.spec.tests:
        yield "the rule leaves out tests"
    if any(run.at.document is document.file and not run.steps and not run.findings for run in runs):
        yield "the rule's decorator leaves some subjects out (`deployed`, `documents`)"
    if verdict is Verdict.NOT_RUN:
        yield f"it waits for {', '.join(_waits_for(rule))}"


def _waits_for(rule: Rule) -> Iterator[str]:
    for trigger in rule.spec.triggers:
        words = ", ".join(f"`{word}`" for word in sorted(trigger.words)[:8])
        more = f" and {len(trigger.words) - 8} more" if len(trigger.words) > 8 else ""
        yield f"{trigger.kind} {words}{more}".rstrip()


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end and span.end > span.start


def _touches(document: Document, span: Span, line: int) -> bool:
    return document.line_of(span.start) <= line <= document.line_of(max(span.start, span.end - 1))


def _is_whole(run: CheckRun, document: Document) -> bool:
    """Whether a run is about all of a file, or about the model, so that it may speak of any place."""
    return run.at.span.empty or run.at.document is not document.file


def _runs(loaded: Loaded, options: Options, document: Document, rule: Rule) -> list[CheckRun]:
    """All runs of a rule on the module or configuration, and on the Workers that it belongs to."""
    recorder = _Recorder(loaded, rule)
    index = RuleIndex(RuleSet([rule]))
    path = document.path
    if path in loaded.modules:
        ModuleChecks(loaded, index, recorder, None).check([path])
    wanted = {unit_of(worker) for worker in loaded.project.owners.of(path)}
    wanted |= {unit for unit in owners_of(loaded) if unit == path}
    units = [unit for unit in owners_of(loaded) if unit in wanted]
    ModelChecks(loaded, index, recorder).check(units)
    return recorder.runs


class _Recorder:
    """Runs a rule as the engine does, and keeps of each run what it was about and where it ended."""

    def __init__(self, loaded: Loaded, rule: Rule) -> None:
        self._project = loaded.project
        self._rule = rule
        self._file = str(rule.module.__file__)
        self.runs: list[CheckRun] = []

    def check(self, rule: Rule, subject: object, outcome: Outcome, place: Callable[[], Location]) -> None:
        """Run the rule on a subject. What it raises is raised."""
        at = place()
        steps: list[Step] = []
        before = sys.gettrace()
        sys.settrace(_tracer(self._file, steps))
        try:
            found = [attributed(rule, finding) for finding in rule.check(subject, self._project)]
        finally:
            sys.settrace(before)
        outcome.findings.extend(found)
        self.runs.append(CheckRun(_subject_text(subject), at, tuple(found), tuple(steps[-_MOST_STEPS:])))


def _tracer(file: str, steps: list[Step]) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that notes the returns of the functions of a file; what a generator yields is none."""

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        if event == "return" and not isinstance(argument, Finding):
            code, line = frame.f_code, frame.f_lineno
            if not code.co_name.startswith("<"):
                steps.append(Step(code.co_name, _short(argument), line, _source_of(file, line)))
        return local

    def enter(frame: FrameType, _event: str, _argument: Any) -> Any:
        return local if frame.f_code.co_filename == file else None

    return enter


def _source_of(file: str, line: int) -> str:
    """A line of a file, with the condition that it stands under."""
    text = linecache.getline(file, line)
    indent = len(text) - len(text.lstrip())
    for above in range(line - 1, max(line - 8, 0), -1):
        other = linecache.getline(file, above)
        if other.strip() and len(other) - len(other.lstrip()) < indent and not other.lstrip().startswith(")"):
            rest = [linecache.getline(file, number).strip() for number in range(above, line + 1)]
            return " ".join(rest) if other.lstrip().startswith(("if ", "elif ", "else")) else text.strip()
    return text.strip()


def _short(value: object) -> str:
    """A returned value, as far as it says something in one word."""
    if value is None or isinstance(value, bool | int | str):
        return quoted(repr(value), 40)
    return type(value).__name__


def _subject_text(subject: object) -> str:
    match subject:
        case Worker():
            return f"Worker {subject.name or 'without a name'}"
        case WranglerConfig():
            return f"configuration {subject.path}"
        case Environment():
            return f"environment {subject.label}"
        case Binding():
            return f"binding `{subject.name}`"
        case Module():
            return f"module {subject.path}"
        case Match():
            return f"{subject.node.type.removesuffix('_expression')} `{subject.word}`"
        case ClassDefinition() | Handler() | DurableObject():
            return f"{_KINDS[type(subject)]} `{subject.name}`"
    return type(subject).__name__


_KINDS = {ClassDefinition: "class", Handler: "handler", DurableObject: "Durable Object"}
