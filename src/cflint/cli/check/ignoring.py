"""`--add-ignore REASON`: comments that silence what is found, proved before they are written.

Each comment is written in memory, in the best of its forms; what it is in must mean the same with it, and
another analysis must not report any more what it is to silence. One that fails is tried in its next form, and
left out where none is left, which the report says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import accumulate

from cflint.cli.check.analysis import Analysis
from cflint.cli.check.delivery import deliver, deliver_report, is_colored
from cflint.cli.check.fixing import write_held_back
from cflint.cli.check.plan import Plan
from cflint.cli.console import counted, say
from cflint.cli.exits import Exit, Failure
from cflint.engine.ignoring import Commenter, Obstacle, comment_for, keeps_meaning, with_comments
from cflint.engine.suppression import read_day
from cflint.finding import Edit, Finding, Notice, Report
from cflint.fixer import Change
from cflint.pattern import pattern
from cflint.platform.clock import today
from cflint.record import record, replace
from cflint.report.diff import diffs
from cflint.report.escape import paths_for
from cflint.source import Document

_UNTIL = pattern(r"(?<![\w-])until=([^\s,;:()\[\]]*)")
_ELSEWHERE = "ignore the rule in the settings (`per-file-ignores`), or keep the finding in a baseline"


def check_reason(reason: str) -> None:
    """Raise Failure for a reason that no comment can give, or whose `until=` is no day to come."""
    if not reason.strip():
        raise Failure("`--add-ignore` needs the reason, which the comments give")
    if any(mark in reason for mark in ("*/", "-->", "\n", "\r")) or not reason.isprintable():
        raise Failure("the reason of `--add-ignore` has to be one line, without `*/` and `-->`")
    until = _UNTIL.search(reason)
    if until is not None:
        day = read_day(until[1])
        if day is None:
            raise Failure(f"`{until[0]}` names no date: write `until=2027-01-31`")
        if day < today():
            raise Failure(f"`{until[0]}` is over: the comments would silence nothing")


@record(frozen=True)
class Ignored:
    """What comments do: the files to change, how many comments were added for how many findings by path, the
    report with them, and why there is none for the rest."""

    changes: tuple[Change, ...]
    comments: Mapping[str, tuple[int, int]]
    report: Report
    notices: tuple[Notice, ...]


def add_ignores(plan: Plan, analysis: Analysis, first: Report) -> Exit:
    """Write the comments, or show them with `--diff`; report what is left."""
    reason = plan.request.add_ignore
    assert reason is not None
    about_comments = frozenset(
        id
        for id, rule in plan.settings.known.items()
        if any(trigger.kind == "suppression" for trigger in rule.spec.triggers)
    )
    result = ignored(analysis, first, reason.strip(), about_comments)
    if plan.request.diff:
        (output,) = plan.request.outputs
        deliver(plan, output, diffs(result.changes, color=is_colored(plan, output)))
        if not plan.request.quiet:
            say(f"Would add {_sum(result.comments)}.")
        if first.partial:
            return Exit.INTERNAL
        return Exit.FINDINGS if result.changes and not plan.request.exit_zero else Exit.CLEAN
    report, notices, done = result.report, [*result.notices], dict(result.comments)
    root = plan.place.workspace.root
    if result.changes and root is not None:
        written = write_held_back(result.changes, root)
        if len(written.paths) < len(result.changes):
            done = {path: done[path] for path in written.paths}
            report = analysis.again()
            notices += (_not_written(notice) for notice in written.notices)
    if done and not plan.request.quiet:
        shown = paths_for(report)
        say(
            f"Added {_sum(done)}:\n" + "".join(f"  {shown(path)}: {done[path][0]}\n" for path in sorted(done))
        )
    return deliver_report(plan, analysis, replace(report, notices=(*report.notices, *notices)))


def _not_written(notice: Notice) -> Notice:
    return replace(notice, message=notice.message.replace("the fix was", "the comments were", 1))


def _sum(comments: Mapping[str, tuple[int, int]]) -> str:
    if not comments:
        return "nothing"
    number = sum(count for count, _ in comments.values())
    findings = sum(count for _, count in comments.values())
    files = counted(len(comments), "file")
    return f"{counted(number, 'comment')} for {counted(findings, 'finding')} in {files}"


def ignored(
    analyse: Callable[[Mapping[str, bytes]], Report],
    first: Report,
    reason: str,
    about_comments: Collection[str] = (),
) -> Ignored:
    """Comments for the findings of a report. `analyse` makes a report of changed bytes laid over the disk, by
    path; `about_comments` are the rules that report comments, which no other comment is to silence."""
    files: dict[str, _File] = {}
    notices: list[Notice] = []
    for finding in first.findings:
        document = finding.at.document.file
        if finding.rule in about_comments:
            notices.append(_notice(finding, "it is about a comment; `--fix` removes it"))
            continue
        file = files.get(document.path)
        if file is None:
            file = files[document.path] = _File(document, reason)
        file.add(finding)
    report = first
    while True:
        for file in files.values():
            file.settle()
        overlay = {path: file.after.data for path, file in files.items() if file.edits}
        report = analyse(overlay) if overlay else first
        if not _reject(files, first, report, about_comments):
            break
    for file in files.values():
        notices += file.notices()
    changes = tuple(
        Change(path, files[path].document.data, overlay[path], number)
        for number, path in enumerate(sorted(overlay))
    )
    comments = {path: (len(file.edits), file.silenced) for path, file in files.items() if file.edits}
    return Ignored(changes, comments, report, tuple(notices))


def _reject(
    files: Mapping[str, _File], first: Report, report: Report, about_comments: Collection[str]
) -> bool:
    """Take back the comments that did not do what they are for; whether there were any."""
    had, has = _places(first, about_comments), _places(report, about_comments)
    before, after = _tally(first.findings), _tally(report.findings)
    found = False
    for path, file in files.items():
        failed = file.without_effect(has.get(path, ()), had.get(path, ()))
        for line in failed:
            file.reject(line)
        if not failed and file.edits:
            silenced = file.silenced_by_rule()
            more = {
                rule
                for at, rule in after
                if at == path
                and rule not in about_comments
                and after[at, rule] > before[at, rule] - silenced[rule]
            }
            failed = file.give_up(more)  # what is reported has moved, or is read otherwise with the comments
        found = found or bool(failed)
    return found


def _places(report: Report, about_comments: Collection[str]) -> dict[str, set[tuple[int, str]]]:
    """The lines of findings with their rules, by path; "" for those about comments."""
    found: dict[str, set[tuple[int, str]]] = {}
    for finding in report.findings:
        document = finding.at.document
        line = document.line_of(finding.at.span.start)
        rule = "" if finding.rule in about_comments else finding.rule
        found.setdefault(document.path, set()).add((line, rule))
    return found


def _tally(findings: Iterable[Finding]) -> Counter[tuple[str, str]]:
    return Counter((finding.at.document.path, finding.rule) for finding in findings)


class _File:
    """The comments of one file in the making. `edits` are those that stand at the moment, by line."""

    def __init__(self, document: Document, reason: str) -> None:
        self.document = document
        self.after = document
        self.edits: dict[int, Edit] = {}
        self._reason = reason
        self._commenter = Commenter(document)
        self._findings: dict[int, list[Finding]] = {}
        self._forms: dict[int, list[Edit]] | None = None
        self._obstacles: dict[int, Obstacle] = {}

    def add(self, finding: Finding) -> None:
        line = self.document.line_of(finding.at.span.start)
        self._findings.setdefault(line, []).append(finding)

    @property
    def silenced(self) -> int:
        """How many findings the comments silence."""
        return sum(len(self._findings[line]) for line in self.edits)

    def settle(self) -> None:
        """Choose for each line the first form that is left and that keeps the meaning of the file."""
        if self._forms is None:
            self._forms = self._all_forms()
        while True:
            self.edits = {line: forms[0] for line, forms in self._forms.items() if forms}
            self.after = with_comments(self.document, list(self.edits.values()))
            wrong = self._wrong(sorted(self.edits)) if self.edits else []
            if not wrong:
                return
            for line in wrong:
                self._drop_form(line, Obstacle.TEXT)

    def _all_forms(self) -> dict[int, list[Edit]]:
        found: dict[int, list[Edit]] = {}
        for line, findings in self._findings.items():
            rules = list(dict.fromkeys(finding.rule for finding in findings))
            edits = self._commenter.edits(line, comment_for(rules, self._reason))
            if isinstance(edits, Obstacle):
                self._obstacles[line] = edits
            else:
                found[line] = list(edits)
        return found

    def _wrong(self, lines: list[int]) -> list[int]:
        """The lines (sorted) whose comment changes the meaning of the file, found by halving."""
        wrong: list[int] = []
        stack = [lines]
        while stack:
            some = stack.pop()
            if keeps_meaning(self.document, with_comments(self.document, [self.edits[at] for at in some])):
                continue
            if len(some) == 1:
                wrong += some
            else:
                middle = len(some) // 2
                stack += (some[middle:], some[:middle])
        return wrong

    def _drop_form(self, line: int, why: Obstacle) -> None:
        assert self._forms is not None
        del self._forms[line][0]
        if not self._forms[line]:
            self._obstacles[line] = why

    def reject(self, line: int) -> None:
        """Try the next form of a line's comment: this one has no effect."""
        self._drop_form(line, Obstacle.NO_EFFECT)

    def silenced_by_rule(self) -> Counter[str]:
        """How many findings the comments silence, by rule."""
        return Counter(finding.rule for line in self.edits for finding in self._findings[line])

    def give_up(self, rules: Collection[str]) -> list[int]:
        """Take back the comments about some rules, or all where none names such a rule; returns the lines."""
        if not rules:
            return []
        assert self._forms is not None
        lines = [line for line in self.edits if any(it.rule in rules for it in self._findings[line])]
        for line in (gone := lines or list(self.edits)):
            self._obstacles[line] = Obstacle.NO_EFFECT
            self._forms[line] = []
        return gone

    def without_effect(
        self, still: Collection[tuple[int, str]], before: Collection[tuple[int, str]]
    ) -> list[int]:
        """The lines whose comment silences not all that it names, or is reported itself. `still` are the
        lines, as they are now, and the rules of what is reported ("" for those about comments), `before`
        those without the comments."""
        if not self.edits or not still:
            return []
        own = {line: edit.text.endswith("\n") for line, edit in self.edits.items()}
        lines = sorted(own)
        added = dict(zip(lines, accumulate(own[line] for line in lines), strict=True))
        failed: list[int] = []
        for line in lines:
            now = line + added[line]
            rules = {finding.rule for finding in self._findings[line]}
            places = {now, now - 1} if own[line] else {now}
            is_reported = (line, "") not in before and any((at, "") in still for at in places)
            if is_reported or any((now, rule) in still for rule in rules):
                failed.append(line)
        return failed

    def notices(self) -> Iterator[Notice]:
        """Why some findings have no comment."""
        for line, why in sorted(self._obstacles.items()):
            if line not in self.edits:
                for finding in {finding.rule: finding for finding in self._findings[line]}.values():
                    yield _notice(finding, f"{why.value}; {_ELSEWHERE}")


def _notice(finding: Finding, why: str) -> Notice:
    document = finding.at.document
    line = document.line_of(finding.at.span.start)
    return Notice(
        f"no comment was added for {finding.rule}: {why}", document.path, line, "warning", finding.rule
    )
