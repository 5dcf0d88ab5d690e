"""From what the rules found to a report: suppressions and settings applied, sorted, with notices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from cflint.engine.outcome import Outcome, order, unique
from cflint.engine.plan import Options, unit_of
from cflint.engine.run import attributed
from cflint.engine.suppression import Suppressions, Use, read_suppressions
from cflint.finding import Finding, Notice, Report, RuleInfo
from cflint.project.workers.loading import Loaded
from cflint.project.workers.worker import Worker
from cflint.record import replace
from cflint.rule import Rule, RuleSet, SuppressionUse, renamed_notice
from cflint.source import Document


def report_of(
    loaded: Loaded,
    options: Options,
    outcome: Outcome,
    base: Path,
    *,
    incomplete_paths: Collection[str] = (),
    carried_over: Iterable[Finding] = (),
) -> Report:
    """An outcome as a report; `base` is where the user stands.

    Not all findings in the files of `incomplete_paths` are there yet, so that no comment in them is reported
    as unused. `carried_over` are findings that are no part of the report, but that comments silence.
    """
    findings = [*outcome.findings]
    for rule in _rules_on("crash", options):
        for crash in outcome.crashes:
            findings.extend(attributed(rule, finding) for finding in rule.check(crash, loaded.project))
    sorting = _Silencing(loaded, options, incomplete_paths)
    sorting.sort(unique(_included(loaded, findings)), _included(loaded, carried_over))
    kept = sorted(policed(sorting.kept, options), key=order)
    silenced = sorted(policed(sorting.silenced, options), key=order)
    found = {finding.rule for finding in (*kept, *silenced)}
    paths = {finding.at.document.path for finding in (*kept, *silenced)}
    return Report(
        findings=tuple(kept),
        rules=_Infos(options.known, sorted({*options.rules, *found})),
        notices=(*general_notices(loaded, options), *_notices(outcome)),
        files_checked=len(loaded.modules) + len(loaded.configs),
        workers_checked=len(loaded.project.workers),
        root=loaded.project.workspace.root or base,
        base=base,
        suppressed=len(silenced),
        partial=bool(outcome.crashes or outcome.unparsed or outcome.skipped or _is_unread(loaded)),
        silenced=tuple(silenced),
        workers=_workers(loaded, paths),
    )


def _is_unread(loaded: Loaded) -> bool:
    """Whether nothing is checked although there is a configuration, which cannot be read."""
    return loaded.unchecked and not loaded.empty


def _workers(loaded: Loaded, paths: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The Workers of files, by names that tell them apart, in order."""
    units: dict[str, set[str]] = {path: set() for path in paths}
    labels: dict[str, str] = {}
    for worker in loaded.project.workers:
        unit = unit_of(worker)
        own = [*worker.modules]
        if worker.config is not None:
            own += (document.path for document in worker.config.documents)
        if worker.section is not None:
            own.append(worker.section.document.path)
        for path in own:
            if path in units:
                units[path].add(unit)
                labels[unit] = _label(worker, unit)
    shared = {label for label, times in Counter(labels.values()).items() if times > 1}
    for unit, label in labels.items():
        if label in shared and label != unit:
            labels[unit] = f"{label} ({unit.removeprefix('#')})"
    return {path: tuple(sorted({labels[unit] for unit in found})) for path, found in sorted(units.items())}


def _label(worker: Worker, unit: str) -> str:
    """What people call a Worker: its name, or the file that it begins with."""
    if worker.section is not None:
        return worker.section.document.path
    return worker.name or next(iter(worker.entries), None) or unit.removeprefix("#")


def open_findings(
    loaded: Loaded, options: Options, findings: Iterable[Finding], document: Document
) -> Iterator[Finding]:
    """Those of some findings in a document that a report would list as open ones."""
    comments = read_suppressions(document)
    here = (
        finding
        for finding in unique(_included(loaded, findings))
        if finding.at.document is document and comments.use_by(finding, _names(options, finding)) is None
    )
    return policed(here, options)


def policed(findings: Iterable[Finding], options: Options) -> Iterator[Finding]:
    """The findings as the settings want them, without those that they exclude."""
    apply_policy = options.apply_policy
    if apply_policy is None:
        yield from findings
        return
    for finding in findings:
        changed = apply_policy(finding)
        if changed is not None:
            yield changed


def commented_documents(loaded: Loaded) -> Iterator[Document]:
    """The files that may hold suppression comments, each once."""
    seen: set[str] = set()
    paths = [*loaded.modules, *(config.path for config in loaded.configs)]
    for document in (*(loaded.project.sources.document(path) for path in paths), *loaded.markdown):
        if document is not None and document.file.path not in seen:
            seen.add(document.file.path)
            yield document.file


def uses_in(comments: Suppressions, findings: Iterable[Finding], options: Options) -> set[Use]:
    """What of the comments of a document silences one of its findings."""
    found = (comments.use_by(finding, _names(options, finding)) for finding in findings)
    return {use for use in found if use is not None}


def by_file(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the path of their document."""
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.at.document.path, []).append(finding)
    return grouped


def _names(options: Options, finding: Finding) -> tuple[str, ...]:
    return options.known[finding.rule].names


def general_notices(loaded: Loaded, options: Options) -> tuple[Notice, ...]:
    """The notices about the whole project: what was noticed while it was loaded, and old names of rules, each
    name once, in the settings or in the first comment that has it."""
    aliases = options.known.aliases
    renamed = dict(options.renamed)
    if aliases:
        for document in commented_documents(loaded):
            for comment in read_suppressions(document).comments:
                for name, span in comment.names:
                    if name in aliases and name not in renamed:
                        line = document.line_of(span.start)
                        renamed[name] = renamed_notice(name, aliases[name], document.path, line)
    return (*loaded.notices, *renamed.values())


def _notices(outcome: Outcome) -> list[Notice]:
    skipped = [(path, "took too long to parse, or cannot be read") for path in outcome.unparsed]
    skipped += outcome.skipped
    notices = [Notice(f"skipped: {why}", path=path, level="warning") for path, why in skipped]
    notices.sort(key=lambda notice: (notice.path or "", notice.message))
    return notices


def _included(loaded: Loaded, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings that are not in excluded files, without fixes that would change such files."""
    excluded = loaded.excluded
    for finding in findings:
        if excluded.covers(finding.at.document.path):
            continue
        fix = finding.fix
        if fix is not None and any(excluded.covers(edit.document.path) for edit in fix.edits):
            finding = replace(finding, fix=None)
        yield finding


def _rules_on(kind: str, options: Options) -> Iterator[Rule]:
    """The rules with a trigger of that kind; a crash is reported whichever rules run."""
    for rule in options.known.derived(_about_the_run).get(kind, ()):
        if kind == "crash" or rule.id in options.rules:
            yield rule


def _about_the_run(rules: RuleSet) -> dict[str, list[Rule]]:
    """The rules about what a run meets, by the kind of their triggers."""
    found: dict[str, list[Rule]] = {}
    for rule in rules.values():
        for kind in dict.fromkeys(trigger.kind for trigger in rule.spec.triggers):
            if kind in ("crash", "suppression"):
                found.setdefault(kind, []).append(rule)
    return found


class _Silencing:
    """Sorts findings into those that stay open, `kept`, and those that comments silence; adds what comments
    that silence nothing deserve."""

    def __init__(self, loaded: Loaded, options: Options, incomplete_paths: Collection[str]) -> None:
        self._loaded = loaded
        self._options = options
        self._incomplete_paths = incomplete_paths
        self._rules = list(_rules_on("suppression", options))
        self.kept: list[Finding] = []
        self.silenced: list[Finding] = []

    def sort(self, findings: Iterable[Finding], carried_over: Iterable[Finding]) -> None:
        """Sort findings; comments silence those of `carried_over` as well."""
        open_by_file, carried_by_file = by_file(findings), by_file(carried_over)
        for document in commented_documents(self._loaded):
            comments = read_suppressions(document)
            used = uses_in(comments, carried_by_file.get(document.path, ()), self._options)
            used |= self._sort_by(comments, open_by_file.pop(document.path, ()))
            if document.path not in self._incomplete_paths:
                self._report_unused(document, comments, used)
        for rest in open_by_file.values():  # in files that no rule is run on, as declarations
            self._sort_by(read_suppressions(rest[0].at.document.file), rest)

    def _sort_by(self, comments: Suppressions, findings: Iterable[Finding]) -> set[Use]:
        """Sort findings of a document by its comments; returns what of these silences one."""
        used: set[Use] = set()
        for finding in findings:
            use = comments.use_by(finding, _names(self._options, finding))
            if use is None:
                self.kept.append(finding)
            else:
                used.add(use)
                self.silenced.append(finding)
        return used

    def _report_unused(self, document: Document, comments: Suppressions, used: set[Use]) -> None:
        for unused in self._unused(document, comments, used):
            for rule in self._rules:
                for found in rule.check(unused, self._loaded.project):
                    finding = attributed(rule, found)
                    line = document.line_of(finding.at.span.start)
                    use = comments.use_for(rule.names, line)
                    if use is not None:
                        used.add(use)
                    (self.kept if use is None else self.silenced).append(finding)

    def _ran(self, name: str) -> bool:
        """Whether a rule could have found something."""
        rule = self._options.rules.get(name)
        has_base = self._loaded.project.base is not None
        return rule is not None and (has_base or not rule.spec.needs_base)

    def _unused(
        self, document: Document, comments: Suppressions, used: Collection[Use]
    ) -> Iterator[SuppressionUse]:
        known = (*self._options.known, *self._options.known.groups)
        current = self._options.known.current
        for comment in comments.comments:
            names = dict(comment.names)
            until = comment.until
            if until is not None and comment.has_ended:
                yield SuppressionUse(document, comment.span, names, (), (), known, until.span, until.day)
                continue  # what it names is reported again, whether it was needed or not
            unreadable = until.span if until is not None and until.day is None else None
            unknown = tuple(name for name in names if current(name) not in known)
            if unknown and self._options.known.leaves_packages_out:
                unknown = ()  # they may be names of rules of theirs
            unused = tuple(name for name in names if self._ran(current(name)) and (comment, name) not in used)
            if unknown or unused or unreadable is not None:
                yield SuppressionUse(document, comment.span, names, unused, unknown, known, unreadable)


class _Infos(Mapping[str, RuleInfo]):
    """The facts of rules in a report, read when they are needed: a page is in the rule's module."""

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
