"""Diagnostics: published where the client does not pull them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2s

from lsprotocol import types

from cflint.engine.preview import Preview
from cflint.engine.session import Progress
from cflint.finding import Finding
from cflint.lsp.analysis import Analysis
from cflint.lsp.convert import SOURCE, diagnostic
from cflint.lsp.roots import Root
from cflint.lsp.state import State
from cflint.report.escape import encodable, escape_message


def of_file(state: State, root: Root, path: str) -> list[types.Diagnostic]:
    """The diagnostics of a file after the last report, with an error in the settings that it holds."""
    found = of_findings(state, root, root.findings.get(path, ()))
    error = root.settings_error
    if error is not None and error.path == path:
        place = types.Position(error.line - 1, error.column - 1)
        message = str(error).partition(": ")[2]
        found.append(
            types.Diagnostic(
                types.Range(place, place),
                encodable(escape_message(message)),
                severity=types.DiagnosticSeverity.Error,
                code="settings",
                source=SOURCE,
            )
        )
    return found


def of_findings(state: State, root: Root, findings: Iterable[Finding]) -> list[types.Diagnostic]:
    """Findings as diagnostics."""
    uri_of = state.uri_of(root)
    return [diagnostic(finding, state.known, state.client, uri_of) for finding in findings]


# -- publishing ----------------------------------------------------------------------------------------------


def publish(state: State, uri: str, version: int | None, found: list[types.Diagnostic]) -> None:
    """Send the diagnostics of a document."""
    state.server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=found)
    )


def publish_report(
    state: State, root: Root, versions: dict[str, int], progress: Progress, paths: list[str]
) -> None:
    """Send what a report changed, or have the client pull it."""
    _publish_settings_error(state, root)
    state.show_package_error()
    if state.client.pulls:
        if not progress.incomplete_paths or paths:
            _refresh_pulls(state, root)
        return
    uri_of = state.uri_of(root)
    for path in paths:
        uri = uri_of(path)
        if not state.owns(root, uri):
            continue
        found = of_file(state, root, path)
        key = hash(repr(found))
        version = versions.get(uri)
        if state.version(uri) != version:
            continue
        if root.published.get(uri) != key or version is not None:
            root.published[uri] = key
            publish(state, uri, version, found)
        if not found:
            root.published.pop(uri, None)


def publish_preview(state: State, root: Root, uri: str, preview: Preview) -> None:
    """Send what is known of an open document before the whole of it is analysed."""
    root.published[uri] = 0
    publish(state, uri, state.version(uri), of_findings(state, root, preview.findings))


def withdraw(state: State, root: Root) -> None:
    """Take back what was published of a root that is no more."""
    if not state.client.pulls:
        for uri in root.published:
            if state.root_of(uri) is None:
                publish(state, uri, None, [])


def _publish_settings_error(state: State, root: Root) -> None:
    """Publish an error in the settings, or that there is none any more."""
    error = root.settings_error
    path = error.path if error is not None else root.published_error
    root.published_error = error.path if error is not None else None
    if path is not None and not state.client.pulls:
        uri = state.uri_of(root)(path)
        publish(state, uri, state.version(uri), of_file(state, root, path))


# -- pulled by the client ------------------------------------------------------------------------------------


def _refresh_pulls(state: State, root: Root) -> None:
    """Have the client pull again when something changed that it did not pull."""
    key = hash(repr([(path, of_file(state, root, path)) for path in sorted(root.findings)]))
    if root.published.get("") != key:
        root.published[""] = key
        state.server.workspace_diagnostic_refresh(None)


async def pull(
    state: State, analysis: Analysis, params: types.DocumentDiagnosticParams
) -> types.DocumentDiagnosticReport:
    """`textDocument/diagnostic`."""
    found = await analysis.present(params.text_document.uri, takes_preview=True)
    items = _pullable(state, *found) if found is not None else []
    result = _result_id(items)
    if params.previous_result_id == result:
        return types.RelatedUnchangedDocumentDiagnosticReport(result)
    return types.RelatedFullDocumentDiagnosticReport(items=items, result_id=result)


def _pullable(state: State, root: Root, path: str) -> list[types.Diagnostic]:
    preview = root.previewed(path)
    if preview is None:
        return of_file(state, root, path)
    root.published[""] = 0  # the client has to pull the whole
    return of_findings(state, root, preview)


async def pull_all(
    state: State, analysis: Analysis, params: types.WorkspaceDiagnosticParams
) -> types.WorkspaceDiagnosticReport:
    """`workspace/diagnostic`."""
    before = {item.uri: item.value for item in params.previous_result_ids}
    items: list[types.WorkspaceDocumentDiagnosticReport] = []
    for root in list(state.roots):
        await analysis.settled(root)
        uri_of = state.uri_of(root)
        paths = {uri: path for path in root.findings if state.owns(root, uri := uri_of(path))}
        for uri in before:
            of = state.root_of(uri)
            if of is not None and of[0] is root:
                paths.setdefault(uri, of[1])
        for uri, path in paths.items():
            found = of_file(state, root, path)
            result = _result_id(found)
            version = state.version(uri)
            if before.get(uri) == result:
                items.append(types.WorkspaceUnchangedDocumentDiagnosticReport(uri, result, version=version))
            else:
                items.append(
                    types.WorkspaceFullDocumentDiagnosticReport(uri, found, version=version, result_id=result)
                )
    return types.WorkspaceDiagnosticReport(items)


def _result_id(items: list[types.Diagnostic]) -> str:
    return blake2s(repr(items).encode("utf-8", "backslashreplace")).hexdigest()[:16]
