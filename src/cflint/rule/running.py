"""One function that runs all checks of a rule, without what the rule leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cflint.finding import Finding, Severity
from cflint.project.code.module import ClassDefinition, Handler
from cflint.project.config.wrangler import Binding, Environment, WranglerConfig
from cflint.project.workers.change import Change
from cflint.project.workers.sections import Section
from cflint.project.workers.worker import DurableObject, Worker
from cflint.record import replace
from cflint.rule.definition import Definition, Documents, Spec
from cflint.rule.triggers import Trigger, sort_of, subject_type
from cflint.source import Document

if TYPE_CHECKING:
    from cflint.project.workers.model import Project


Run = Callable[[Any, "Project"], Iterator[Finding]]


def run_of(spec: Spec, load: Callable[[], Definition]) -> Run:
    """One function for all checks of a rule, without what the rule leaves out. `load` gets the rule as its
    file defines it: at once, or when there is a subject that the spec does not leave out."""
    if not spec.deployed and spec.documents is Documents.ALL:
        return _checks_of(load())
    run: Run | None = None

    def run_some(subject: Any, project: Project) -> Iterator[Finding]:
        nonlocal run
        if spec.deployed and not _is_deployed(subject):
            return
        in_document = spec.documents is not Documents.ALL and _in_document(subject)
        if in_document and spec.documents is Documents.NOTHING:
            return
        if run is None:
            run = _checks_of(load())
        for finding in run(subject, project):
            yield replace(finding, severity=Severity.NOTE) if in_document else finding

    return run_some


def _checks_of(definition: Definition) -> Run:
    runs = [
        (check.triggers, _with_project(function, check.takes_project))
        for check, function in zip(definition.spec.checks, definition.functions, strict=True)
    ]
    return runs[0][1] if len(runs) == 1 else _by_subject(runs)


def _by_subject(runs: Sequence[tuple[tuple[Trigger[Any], ...], Run]]) -> Run:
    """One function that runs the checks of the subject's type: nearly always one, which then need not ask
    which of its triggers found the subject."""
    by_type: dict[type | None, list[tuple[tuple[Trigger[Any], ...], Run]]] = {}
    for triggers, run in runs:
        for kind in dict.fromkeys(
            subject_type(trigger.kind) for trigger in triggers if trigger.kind not in ("hint", "mark")
        ):
            by_type.setdefault(kind, []).append((triggers, run))

    known: dict[object, list[Run]] = {}

    def run_found(subject: Any, project: Project) -> Iterator[Finding]:
        found = by_type.get(type(subject)) or by_type.get(None) or []
        if len(found) == 1:
            return found[0][1](subject, project)
        key = sort_of(subject)
        runs = known.get(key)
        if runs is None:
            runs = known[key] = [
                run for triggers, run in found if any(trigger.finds(subject) for trigger in triggers)
            ]
        return runs[0](subject, project) if len(runs) == 1 else _several(runs, subject, project)

    return run_found


def _several(runs: Sequence[Run], subject: Any, project: Project) -> Iterator[Finding]:
    for run in runs:
        yield from run(subject, project)


def _with_project(function: Callable[..., Iterator[Finding]], takes_project: bool) -> Run:
    return function if takes_project else lambda subject, _project: function(subject)


def _is_deployed(subject: Any) -> bool:
    """Whether the configuration or environment that a subject of the model is of is deployed. A section
    without a configuration is what a check of its own asks for."""
    if isinstance(subject, Section):
        return True
    if isinstance(subject, Binding | DurableObject):
        return subject.environment.is_deployed
    if isinstance(subject, Environment):
        return subject.is_deployed
    config = _config_of(subject)
    return config is not None and config.role.is_deployed


def _in_document(subject: Any) -> bool:
    """Whether a subject stands in a Markdown file."""
    if isinstance(subject, Section):
        return True
    if isinstance(subject, Worker):
        return subject.is_document
    config = _config_of(subject)
    if config is not None:
        return config.document.origin is not None
    module = subject.module if isinstance(subject, ClassDefinition | Handler) else subject
    document: Document = module.document
    return document.is_block


def _config_of(subject: object) -> WranglerConfig | None:
    match subject:
        case WranglerConfig():
            return subject
        case Worker() | Environment():
            return subject.config
        case Binding() | DurableObject():
            return subject.environment.config
        case Change():
            return subject.after.config
    return None
