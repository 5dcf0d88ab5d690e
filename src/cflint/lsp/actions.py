"""Code actions: fix, fix all, ignore with a reason, explain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from lsprotocol import types

from cflint.engine.ignoring import ignore_edit
from cflint.engine.parsing import parses_worse
from cflint.engine.session import Configure, Session
from cflint.finding import Edit, Finding, Report, Safety
from cflint.fixer import applicable, converge
from cflint.lsp.analysis import Analysis
from cflint.lsp.convert import Client, diagnostic, workspace_edit
from cflint.lsp.protocol import ContentModified
from cflint.lsp.roots import Root
from cflint.lsp.state import State
from cflint.lsp.text import lines_of
from cflint.report.escape import encodable, escape_message
from cflint.rule import RuleSet
from cflint.source import Document, Span

FIX_ALL = "source.fixAll.cflint"
EXPLAIN = "cflint.explain"
_QUICK_FIX = types.CodeActionKind.QuickFix.value

OPTIONS = types.CodeActionOptions(
    code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL], resolve_provider=True
)


@dataclass(frozen=True, slots=True)
class Context:
    """What code actions are made for: a document of a client, and the kinds of actions that it wants."""

    known: RuleSet
    client: Client
    uri_of: Callable[[str], str]
    versions: Mapping[str, int]
    document: Document
    only: Sequence[str] | None


async def code_actions(
    state: State, analysis: Analysis, params: types.CodeActionParams
) -> list[types.CodeAction]:
    """`textDocument/codeAction`."""
    uri = params.text_document.uri
    only = params.context.only
    if only is not None and not any(concerns(kind) for kind in only):
        return []
    found = await analysis.present(uri)
    if found is None or found[0].report is None:
        return []
    root, path = found
    source = state.source(root, path, uri)
    if source is None:
        return []
    start, end = (
        lines_of(source).offset(at.line, at.character, state.client.encoding)
        for at in (params.range.start, params.range.end)
    )
    span = Span(min(start, end), max(start, end))
    findings = root.findings.get(path, ())
    if not all(finding.at.document.data == source.data for finding in findings):
        return []
    context = Context(state.known, state.client, state.uri_of(root), state.versions(), source, only)
    actions = list(offered(findings, span, context))
    if wants_fix_all(only) and any(fixes_only(path, finding) for finding in findings):
        version = state.version(uri)
        if state.client.resolves_edits:
            actions.append(fix_all({"uri": uri, "version": version}))
        elif only is not None:  # where the client does not want it alone, it is not worth an analysis
            action = fix_all(None)
            action.edit = await _fix_all_edit(state, root, path, uri)
            actions.append(action)
    return actions


async def resolve(state: State, analysis: Analysis, action: types.CodeAction) -> types.CodeAction:
    """`codeAction/resolve`: the edit of the action that makes all safe fixes."""
    data = action.data
    if isinstance(data, dict) and isinstance(data.get("uri"), str):
        uri = data["uri"]
        if state.version(uri) != data.get("version"):
            raise ContentModified()
        found = await analysis.present(uri)
        if found is not None:
            action.edit = await _fix_all_edit(state, *found, uri)
        if state.version(uri) != data.get("version"):
            raise ContentModified()
    return action


async def _fix_all_edit(state: State, root: Root, path: str, uri: str) -> types.WorkspaceEdit | None:
    """All safe fixes of a file as one edit, applied until none is left to make."""
    source = state.source(root, path, uri)
    if source is None:
        return None
    excludes = await state.worker.call(root.excludes)
    mended = await state.worker.call(lambda: converged(root.session, root.configure, excludes, path))
    if mended is None:
        return None
    return whole_edit(source, mended, uri, state.client, state.versions())


async def explain(state: State, rule: str) -> None:
    """Show the page of a rule, or its summary where the client opens no documents."""
    found = state.known.get(state.known.current(rule))
    if found is None:
        return
    if found.info.uri and state.client.shows_documents:
        await state.server.window_show_document_async(
            types.ShowDocumentParams(uri=found.info.uri, external=True)
        )
    else:
        state.show_message(types.MessageType.Info, f"{found.id}: {found.summary}. {found.info.uri or ''}")


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


def offered(findings: Iterable[Finding], span: Span, context: Context) -> Iterator[types.CodeAction]:
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
    ignored: set[tuple[str, int]] = set()
    for finding in touched:
        line = context.document.line_of(finding.at.span.start)
        if (finding.rule, line) in ignored:
            continue
        ignored.add((finding.rule, line))
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
            command=types.Command(title, EXPLAIN, arguments=[rule]),
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
