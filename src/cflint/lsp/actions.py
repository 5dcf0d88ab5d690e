"""What can be done about findings: fix, fix all, ignore with a reason, explain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lsprotocol import types

from cflint.engine.parsing import parses_worse
from cflint.engine.session import Configure, Session
from cflint.finding import Edit, Finding, Report, Safety
from cflint.fixer import applicable, converge
from cflint.lsp.convert import Client, diagnostic, workspace_edit
from cflint.lsp.ignoring import ignore_edit
from cflint.report.escape import encodable, escape_message
from cflint.rule import RuleSet
from cflint.source import Document, Span

FIX_ALL = "source.fixAll.cflint"
_QUICK_FIX = types.CodeActionKind.QuickFix.value


@dataclass(frozen=True, slots=True)
class Context:
    """What code actions are made for: a document of a client, and the kinds of actions that it wants."""

    known: RuleSet
    client: Client
    uri_of: Callable[[str], str]
    versions: Mapping[str, int]
    document: Document
    only: Sequence[str] | None


def concerns(kind: str) -> bool:
    """Whether a kind that a client wants holds an action of ours."""
    return any(_holds(kind, ours) for ours in (_QUICK_FIX, FIX_ALL)) or kind == ""


def wants_fix_all(only: Sequence[str] | None) -> bool:
    """Whether `source.fixAll.cflint` is among what a client wants."""
    return only is None or any(_holds(kind, FIX_ALL) for kind in only)


def _holds(kind: str, ours: str) -> bool:
    return kind == "" or ours == kind or ours.startswith(f"{kind}.")


def fixes_only(path: str, finding: Finding) -> bool:
    """Whether the fix of a finding is safe and changes no file but this one."""
    fix = finding.fix
    return (
        fix is not None
        and applicable(fix, Safety.SAFE)
        and all(edit.document.path == path for edit in fix.edits)
    )


def offered(
    findings: Iterable[Finding], span: Span, context: Context, explain: str
) -> Iterator[types.CodeAction]:
    """The actions about the findings that a span touches: first all fixes, then the rest."""
    if context.only is not None and not any(_holds(kind, _QUICK_FIX) for kind in context.only):
        return
    touched = [
        finding
        for finding in findings
        if finding.at.span.start <= span.end and span.start <= finding.at.span.end
    ]
    shown = {id(finding): _shown(finding, context) for finding in touched}
    for finding in touched:
        fix = finding.fix
        if fix is None or not applicable(fix, Safety.UNSAFE):
            continue
        is_safe = fix.safety is Safety.SAFE
        title = escape_message(fix.title) if is_safe else f"{escape_message(fix.title)} (unsafe: look at it)"
        yield types.CodeAction(
            encodable(title),
            kind=_QUICK_FIX,
            diagnostics=[shown[id(finding)]],
            is_preferred=True if is_safe else None,
            edit=_edit(fix.edits, context),
        )
    asked: set[tuple[str, int]] = set()
    for finding in touched:
        line = context.document.line_of(finding.at.span.start)
        if (finding.rule, line) in asked:
            continue
        asked.add((finding.rule, line))
        comment = ignore_edit(context.document, finding.at.span.start, finding.rule)
        if comment is not None:
            yield types.CodeAction(
                f"Ignore {finding.rule} here, with a reason",
                kind=_QUICK_FIX,
                diagnostics=[shown[id(finding)]],
                edit=_edit([comment], context),
            )
    for rule in dict.fromkeys(finding.rule for finding in touched):
        title = f"Explain {rule}"
        yield types.CodeAction(
            title,
            kind=_QUICK_FIX,
            diagnostics=[shown[id(finding)] for finding in touched if finding.rule == rule],
            command=types.Command(title, explain, arguments=[rule]),
        )


def _shown(finding: Finding, context: Context) -> types.Diagnostic:
    return diagnostic(finding, context.known, context.client, context.uri_of)


def _edit(edits: Iterable[Edit], context: Context) -> types.WorkspaceEdit:
    return workspace_edit(edits, context.client, context.uri_of, context.versions)


def fix_all(data: object) -> types.CodeAction:
    """The action that makes all safe fixes of a file; `data` is what it takes to make its edit later."""
    return types.CodeAction("Fix all that cflint can fix safely", kind=FIX_ALL, data=data)


def converged(session: Session, configure: Configure, excludes: Collection[str], path: str) -> bytes | None:
    """A file after all safe fixes that change nothing else, made until none is left; None: nothing to make.

    For the worker's thread. The session is afterwards as it was.
    """
    before = session.workspace.read(path)
    if before is None:
        return None
    laid: set[str] = set()

    def analyse(overlay: Mapping[str, bytes]) -> Report:
        for other, data in overlay.items():
            session.change(other, data)
            laid.add(other)
        report = session.look_at(configure, {path}, excludes)
        return replace(
            report, findings=tuple(finding for finding in report.findings if fixes_only(path, finding))
        )

    was_laid = session.workspace.overlaid(path)
    with session.aside():
        try:
            result = converge(analyse, Safety.SAFE, parses_worse=parses_worse)
        finally:
            if path in laid:
                session.change(path, was_laid)
    return next((change.after for change in result.changes if change.path == path), None)


def whole_edit(
    document: Document, after: bytes, uri: str, client: Client, versions: Mapping[str, int]
) -> types.WorkspaceEdit:
    """The edit that makes a document what it is after, as small runs of lines, so that cursors stay."""
    return workspace_edit(_differences(document, after), client, lambda _: uri, versions)


def _differences(document: Document, after: bytes) -> Iterator[Edit]:
    from difflib import SequenceMatcher

    old = document.data.splitlines(keepends=True)
    new = after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, low, high, new_low, new_high in matcher.get_opcodes():
        if tag != "equal":
            text = b"".join(new[new_low:new_high]).decode("utf-8", "surrogatepass")
            yield Edit(document, Span(starts[low], starts[high]), text)
