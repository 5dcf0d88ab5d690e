"""Apply fixes: choose those that do not overlap, apply, analyse again until nothing changes, write safely.

`plan` and `apply` are pure and serve an editor as well; `converge` works on bytes in memory; only `write`
touches the disk. What is written has been analysed again, and never parses worse than before.
"""

from __future__ import annotations

import os
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from stat import S_IMODE, S_ISREG

from cflint.cachedir import temporary_of
from cflint.finding import Edit, Finding, Fix, Notice, Report, Safety
from cflint.record import field, record
from cflint.source import BOM, Document, Span

MAX_ROUNDS = 10
"""Rounds that may pass without fewer fixes being left; after that the rules at work do not converge."""

HARD_LIMIT = 200
"""Rounds at most, however well they go: each is an analysis."""

Analyse = Callable[[Mapping[str, bytes]], Report]
"""From the new bytes of changed documents, by path (they stand over what is on disk), to a report."""

ParsesWorse = Callable[[Document, Document], bool]
"""(before, after): whether `after` has more syntax problems than `before`."""

_RANK = {Safety.SAFE: 0, Safety.UNSAFE: 1}


@record(frozen=True)
class Plan:
    """Fixes that can be made at once.

    `findings` are those that they mend; `edits` has for each path its edits, exact and in order, none of them
    overlapping; `notices` are about fixes that cannot be applied.
    """

    findings: tuple[Finding, ...] = ()
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@record(frozen=True)
class Change:
    """A file before and after. One `group` shares fixes over several files: all or none is written."""

    path: str
    before: bytes
    after: bytes
    group: int = 0


@record(frozen=True)
class FixResult:
    """The outcome of `converge`: what to write, the findings that were mended, the report on the result."""

    changes: tuple[Change, ...]
    applied: tuple[Finding, ...]
    report: Report
    notices: tuple[Notice, ...] = ()


@record(frozen=True)
class Written:
    """The outcome of `write`: the paths written, and why the others were not."""

    paths: tuple[str, ...]
    notices: tuple[Notice, ...] = ()


def applicable(fix: Fix | None, allowed: Safety) -> bool:
    """Whether a fix may be applied when `allowed` is the least safe that is wanted; a manual one never."""
    if fix is None or not fix.edits or fix.safety not in _RANK or allowed not in _RANK:
        return False
    return _RANK[fix.safety] <= _RANK[allowed]


def exact(edit: Edit) -> Edit:
    """The edit as it is applied: its line ends those of the document, its span not touching a BOM."""
    document, span = edit.document, edit.span
    text = edit.text.replace("\r\n", "\n")
    if document.newline != "\n":
        text = text.replace("\n", document.newline)
    if span.start < len(BOM) and document.data.startswith(BOM):
        span = Span(len(BOM), max(len(BOM), span.end))
    return Edit(document, span, text)


def plan(
    findings: Iterable[Finding], allowed: Safety, refuse: Callable[[Finding], bool] = lambda finding: False
) -> Plan:
    """Choose fixes of the allowed safety, left to right; one that touches a chosen one waits for its round.

    A fix is taken whole or not at all, over all its documents. An edit that two fixes share is made once.
    """
    chosen: list[Finding] = []
    notices: list[Notice] = []
    documents: dict[str, Document] = {}
    taken: dict[str, list[Span]] = {}
    made: set[tuple[str, Span, str]] = set()
    for finding in sorted(findings, key=_first_edit):
        fix = finding.fix
        if fix is None or not applicable(fix, allowed) or refuse(finding):
            continue
        edits = [exact(edit) for edit in fix.edits]
        problem = _problem(edits, documents)
        if problem is not None:
            notices.append(_notice(f"a fix cannot be applied: {problem}", finding))
            continue
        if all(_old(edit) == edit.text.encode("utf-8", "surrogateescape") for edit in edits):
            continue
        new = [edit for edit in edits if _key(edit) not in made]
        if any(_touches(taken.get(edit.document.path, ()), edit.span) for edit in new):
            continue
        for edit in edits:
            documents.setdefault(edit.document.path, edit.document)
        for edit in new:
            insort(taken.setdefault(edit.document.path, []), edit.span)
        made.update(map(_key, new))
        chosen.append(finding)
    return Plan(tuple(chosen), _merged(chosen), tuple(notices))


def apply(plan: Plan) -> dict[str, bytes]:
    """The new bytes of every document that the plan edits, by path; every byte outside the edits is kept."""
    out: dict[str, bytes] = {}
    for path, edits in plan.edits.items():
        data = edits[0].document.data
        pieces: list[bytes] = []
        at = 0
        for edit in edits:
            pieces += (data[at : edit.span.start], edit.text.encode("utf-8", "surrogateescape"))
            at = edit.span.end
        pieces.append(data[at:])
        out[path] = b"".join(pieces)
    return out


def converge(
    analyse: Analyse, allowed: Safety, *, parses_worse: ParsesWorse, report: Report | None = None
) -> FixResult:
    """Fix and analyse again, in memory, until no fix of the allowed safety is left to make.

    `report` is the first analysis, if there is one. A fix whose result parses worse is dropped with a notice.
    Rules whose fixes go round in circles are named in a notice and all their changes are left out.
    """
    first = analyse({}) if report is None else report
    restless: set[str] = set()
    notices: list[Notice] = []
    while True:
        run = _Run(analyse, allowed, parses_worse, frozenset(restless))
        circling = run.go(first)
        if not circling:
            return FixResult(run.changes(), tuple(run.applied), run.report, (*notices, *run.notices))
        restless |= circling
        for rule in sorted(circling):
            notices.append(
                Notice(
                    f"the fixes of {rule} keep changing each other's result; none was applied",
                    level="warning",
                    rule=rule,
                )
            )


class _Run:
    """One attempt to come to rest: the state between its rounds."""

    def __init__(
        self, analyse: Analyse, allowed: Safety, parses_worse: ParsesWorse, restless: frozenset[str]
    ) -> None:
        self.analyse = analyse
        self.allowed = allowed
        self.parses_worse = parses_worse
        self.restless = restless
        self.refused: set[object] = set()
        self.originals: dict[str, bytes] = {}
        self.overlay: dict[str, bytes] = {}
        self.applied: list[Finding] = []
        self.notices: list[Notice] = []
        self.report: Report

    def go(self, first: Report) -> set[str]:
        """Run the rounds. Returns the rules that keep on changing things, none when all came to rest."""
        self.report = first
        fewest = self._left()
        patience = MAX_ROUNDS
        recent: list[set[str]] = []
        for _ in range(HARD_LIMIT):
            step = plan(self.report.findings, self.allowed, self._refuses)
            self._add_notices(step.notices)
            step = self._parsing(step)
            if not step.findings:
                return set()
            if patience == 0:
                return set().union(*recent)
            for path, edits in step.edits.items():
                self.originals.setdefault(path, edits[0].document.data)
            self.overlay.update(apply(step))
            self.applied += step.findings
            recent = [*recent[-1:], {finding.rule for finding in step.findings}]
            self.report = self.analyse(dict(self.overlay))
            left = self._left()
            if left < fewest:
                fewest = left
            else:
                patience -= 1
        self._add_notices([Notice(f"stopped after {HARD_LIMIT} rounds of fixes: run again for the rest")])
        return set()

    def changes(self) -> tuple[Change, ...]:
        """What has become of the documents, with those that share a fix in one group."""
        group: dict[str, str] = {}

        def leader(path: str) -> str:
            while group.setdefault(path, path) != path:
                group[path] = group[group[path]]
                path = group[path]
            return path

        for finding in self.applied:
            if finding.fix is not None:
                paths = [edit.document.path for edit in finding.fix.edits]
                for path in paths[1:]:
                    group[leader(path)] = leader(paths[0])
        numbers: dict[str, int] = {}
        return tuple(
            Change(path, before, self.overlay[path], numbers.setdefault(leader(path), len(numbers)))
            for path, before in sorted(self.originals.items())
            if before != self.overlay[path]
        )

    def _left(self) -> int:
        return sum(
            1
            for finding in self.report.findings
            if applicable(finding.fix, self.allowed) and not self._refuses(finding)
        )

    def _refuses(self, finding: Finding) -> bool:
        return finding.rule in self.restless or _identity(finding) in self.refused

    def _add_notices(self, notices: Iterable[Notice]) -> None:
        self.notices.extend(notice for notice in notices if notice not in self.notices)

    def _parsing(self, step: Plan) -> Plan:
        """The plan without the fixes that make a document parse worse, found by halving."""
        broken = self._broken(step)
        if not broken:
            return step
        suspects = [finding for finding in step.findings if _paths(finding) & broken]
        kept = [finding for finding in step.findings if not _paths(finding) & broken]
        stack = [suspects]
        while stack:
            batch = stack.pop()
            trial = Plan(edits=_merged(kept + batch))
            if not self._broken(trial, set().union(*map(_paths, batch))):
                kept += batch
            elif len(batch) == 1:
                if kept and not self._broken(Plan(edits=_merged(batch))):
                    continue  # only with the others: its round comes, unless they have mended it, too
                self.refused.add(_identity(batch[0]))
                self._add_notices([_notice("a fix was not applied: the result would not parse", batch[0])])
            else:
                middle = len(batch) // 2
                stack += (batch[middle:], batch[:middle])
        return Plan(tuple(kept), _merged(kept), step.notices)

    def _broken(self, step: Plan, paths: set[str] | None = None) -> set[str]:
        """The paths (of `paths`, or all) that parse worse after a plan."""
        return {
            path
            for path, after in apply(step).items()
            if (paths is None or path in paths)
            and self.parses_worse(step.edits[path][0].document, Document(path, after))
        }


def write(changes: Sequence[Change], root: Path, *, sync: bool = False) -> Written:
    """Write changed files below `root`, each atomically, only if it still has the bytes that were analysed.

    A file keeps its mode and, where allowed, its owner; through a link its target is written, if that lies
    within `root`. Of a group either every file is written or none. `sync` waits for the disk. Never raises an
    OSError: what cannot be written is in a notice.
    """
    groups: dict[int, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.group, []).append(change)
    paths: list[str] = []
    notices: list[Notice] = []
    for group in groups.values():
        done, failed = _write_group(group, root, sync=sync)
        paths += done
        notices += failed
    return Written(tuple(sorted(paths)), tuple(notices))


def _write_group(group: Sequence[Change], root: Path, *, sync: bool) -> tuple[list[str], list[Notice]]:
    ready: list[tuple[Change, Path, Path]] = []
    done: list[str] = []
    change = group[0]
    try:
        for change in group:
            target = _target(change, root)
            ready.append((change, target, temporary_of(target)))
            _fill(ready[-1][2], target, change.after, sync=sync)
        for change, target, _ in ready:
            if target.read_bytes() != change.before:
                raise _NotWritten("it has changed since it was analysed")
        for change, target, temporary in ready:
            temporary.replace(target)
            done.append(change.path)
    except (OSError, _NotWritten) as error:
        reason = str(error) if isinstance(error, _NotWritten) else (error.strerror or type(error).__name__)
        rest = [other.path for other in group if other is not change and other.path not in done]
        also = f" (nor {', '.join(rest)}, which belongs to the same fix)" if rest else ""
        return done, [Notice(f"the fix was not written: {reason}{also}", change.path, level="warning")]
    finally:
        for _, _, temporary in ready:
            temporary.unlink(missing_ok=True)
    return done, []


class _NotWritten(Exception):
    """Why a file is left as it is."""


def _target(change: Change, root: Path) -> Path:
    """The file to replace: real, regular, within the root, writable, with the expected bytes."""
    target = (root / change.path).resolve()
    if not target.is_relative_to(root.resolve()):
        raise _NotWritten("it lies outside the workspace")
    status = target.stat()
    if not S_ISREG(status.st_mode):
        raise _NotWritten("it is not a regular file")
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise _NotWritten("it is read-only")
    if target.read_bytes() != change.before:
        raise _NotWritten("it has changed since it was analysed")
    return target


def _fill(temporary: Path, target: Path, data: bytes, *, sync: bool) -> None:
    status = target.stat()
    # Only Windows tells binary files from text.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    made = temporary.stat()
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid) and hasattr(os, "chown"):
        with suppress(OSError):  # only root may give a file away; the bytes and the mode matter more
            os.chown(temporary, status.st_uid, status.st_gid)
    temporary.chmod(S_IMODE(status.st_mode))


def _merged(findings: Iterable[Finding]) -> dict[str, tuple[Edit, ...]]:
    """The exact edits of compatible fixes, by path, in order, shared ones once."""
    edits: dict[str, list[Edit]] = {}
    made: set[tuple[str, Span, str]] = set()
    for finding in findings:
        own = [
            edit for edit in map(exact, finding.fix.edits if finding.fix else ()) if _key(edit) not in made
        ]
        made.update(map(_key, own))
        for edit in own:
            edits.setdefault(edit.document.path, []).append(edit)
    return {path: tuple(sorted(edits[path], key=lambda edit: edit.span)) for path in sorted(edits)}


def _first_edit(finding: Finding) -> tuple[str, Span, str]:
    at = finding.at
    place = (
        min(((edit.document.path, edit.span) for edit in finding.fix.edits), default=None)
        if finding.fix
        else None
    )
    path, span = place or (at.document.path, at.span)
    return path, span, finding.rule


def _key(edit: Edit) -> tuple[str, Span, str]:
    return edit.document.path, edit.span, edit.text


def _old(edit: Edit) -> bytes:
    return edit.document.data[edit.span.start : edit.span.end]


def _identity(finding: Finding) -> object:
    """What makes a fix the same in another round, when its place has moved."""
    fix = finding.fix
    edits = tuple((edit.document.path, _old(edit), edit.text) for edit in fix.edits) if fix else ()
    return finding.rule, finding.at.document.path, finding.message, edits


def _paths(finding: Finding) -> set[str]:
    return {edit.document.path for edit in finding.fix.edits} if finding.fix else set()


def _touches(taken: Sequence[Span], span: Span) -> bool:
    """Whether a span overlaps or touches one of the sorted spans: then the order of edits would matter."""
    at = bisect_right(taken, span)
    return (at > 0 and taken[at - 1].end >= span.start) or (at < len(taken) and taken[at].start <= span.end)


def _problem(edits: Sequence[Edit], documents: Mapping[str, Document]) -> str | None:
    """Why the edits of one fix cannot be made, or None."""
    for edit in edits:
        document, span = edit.document, edit.span
        data = document.data
        if not 0 <= span.start <= span.end <= len(data):
            return "an edit lies outside its document"
        known = documents.get(document.path, document)
        if known is not document and known.data != data:
            return "it was made for another state of the document"
        for offset in (span.start, span.end):
            if offset < len(data) and data[offset] & 0xC0 == 0x80:
                valid = _is_in_character(data, offset)
                return "an edit cuts a character in two" if valid else "the bytes there are no UTF-8"
        if "\ufffd" in edit.text and "\ufffd".encode() not in data:
            return "it would replace bytes that are no UTF-8"
        try:
            edit.text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return "its text is no Unicode text"
    return "its edits overlap" if any(_overlaps(edits)) else None


def _is_in_character(data: bytes, offset: int) -> bool:
    """Whether a byte that continues a character belongs to one, and is not a byte by itself."""
    start = offset
    while start > max(offset - 3, 0) and data[start] & 0xC0 == 0x80:
        start -= 1
    lead = data[start]
    length = 2 if lead >> 5 == 0b110 else 3 if lead >> 4 == 0b1110 else 4 if lead >> 3 == 0b11110 else 1
    try:
        data[start : start + length].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return start + length > offset


def _overlaps(edits: Sequence[Edit]) -> Iterator[bool]:
    spans = sorted((edit.document.path, edit.span) for edit in edits)
    for (path, span), (other_path, other) in pairwise(spans):
        yield path == other_path and other.start < span.end


def _notice(message: str, finding: Finding) -> Notice:
    document = finding.at.document
    line = document.position(finding.at.span.start).line
    return Notice(f"{message} ({finding.rule})", document.path, line, "warning", finding.rule)
