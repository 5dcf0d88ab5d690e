"""Findings, places and edits in the protocol's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lsprotocol import types

from cflint.finding import Edit, Finding, Location, Severity
from cflint.fixer import exact
from cflint.lsp.text import Encoding, lines_of
from cflint.report import severity_of
from cflint.report.escape import encodable, escape_message
from cflint.rule import RuleSet
from cflint.source import Document, Span

SOURCE = "cflint"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}


@dataclass(frozen=True, slots=True)
class Client:
    """What the client can do, as far as the answers depend on it."""

    encoding: Encoding = Encoding.UTF16
    related: bool = False
    code_description: bool = False
    tags: frozenset[types.DiagnosticTag] = frozenset()
    versioned_edits: bool = False
    markdown: bool = False
    resolves_edits: bool = False
    shows_documents: bool = False
    pulls: bool = False
    pull_is_dynamic: bool = False
    refreshes: bool = False
    watches: bool = False
    shows_progress: bool = False
    refreshes_lenses: bool = False

    @classmethod
    def of(cls, able: types.ClientCapabilities, encoding: str) -> Client:
        """Read the capabilities that a client sent."""
        text = able.text_document or types.TextDocumentClientCapabilities()
        space = able.workspace or types.WorkspaceClientCapabilities()
        window = able.window or types.WindowClientCapabilities()
        published = text.publish_diagnostics or types.PublishDiagnosticsClientCapabilities()
        action = text.code_action or types.CodeActionClientCapabilities()
        hover = text.hover or types.HoverClientCapabilities()
        pull = text.diagnostic
        refreshes = bool(space.diagnostics and space.diagnostics.refresh_support)
        resolved = action.resolve_support.properties if action.resolve_support else ()
        return cls(
            encoding=Encoding(encoding),
            related=bool(published.related_information or (pull and pull.related_information)),
            code_description=bool(
                published.code_description_support or (pull and pull.code_description_support)
            ),
            tags=frozenset(published.tag_support.value_set if published.tag_support else ()),
            versioned_edits=bool(space.workspace_edit and space.workspace_edit.document_changes),
            markdown=types.MarkupKind.Markdown in (hover.content_format or ()),
            resolves_edits="edit" in resolved and bool(action.data_support),
            shows_documents=bool(window.show_document and window.show_document.support),
            # Findings depend on other files: without a refresh a client that pulls would show old ones.
            pulls=pull is not None and refreshes,
            pull_is_dynamic=bool(pull and pull.dynamic_registration),
            refreshes=refreshes,
            watches=bool(
                space.did_change_watched_files and space.did_change_watched_files.dynamic_registration
            ),
            shows_progress=bool(window.work_done_progress),
            refreshes_lenses=bool(space.code_lens and space.code_lens.refresh_support),
        )


def range_of(document: Document, span: Span, encoding: Encoding) -> types.Range:
    """The range of a span."""
    lines = lines_of(document)
    return types.Range(
        types.Position(*lines.position(span.start, encoding)),
        types.Position(*lines.position(span.end, encoding)),
    )


def location_of(place: Location, encoding: Encoding, uri_of: Callable[[str], str]) -> types.Location:
    """A place in the protocol's words."""
    return types.Location(uri_of(place.document.path), range_of(place.document, place.span, encoding))


def diagnostic(
    finding: Finding, known: RuleSet, client: Client, uri_of: Callable[[str], str]
) -> types.Diagnostic:
    """A finding as a diagnostic."""
    rule = known.get(finding.rule)
    uri = rule.info.uri if rule is not None else None
    described = types.CodeDescription(uri) if uri and client.code_description else None
    related = [
        types.DiagnosticRelatedInformation(
            location_of(place, client.encoding, uri_of),
            encodable(escape_message(place.message or "here")),
        )
        for place in (finding.related if client.related else ())
    ]
    tags = [tag for tag in _tags(finding.rule) if tag in client.tags]
    return types.Diagnostic(
        range=range_of(finding.at.document, finding.at.span, client.encoding),
        message=encodable(escape_message(finding.message)),
        severity=_SEVERITIES[severity_of(finding)],
        code=finding.rule,
        code_description=described,
        source=SOURCE,
        tags=tags or None,
        related_information=related or None,
    )


def _tags(rule: str) -> Iterable[types.DiagnosticTag]:
    words = rule.split("-")
    if "unused" in words:
        yield types.DiagnosticTag.Unnecessary
    if "deprecated" in words or "legacy" in words:
        yield types.DiagnosticTag.Deprecated


def workspace_edit(
    edits: Iterable[Edit],
    client: Client,
    uri_of: Callable[[str], str],
    versions: Mapping[str, int],
) -> types.WorkspaceEdit:
    """Edits of one or several documents as one; open documents, by URI in `versions`, carry their version."""
    by_uri: dict[str, list[types.TextEdit]] = {}
    for edit in map(exact, edits):
        span = range_of(edit.document, edit.span, client.encoding)
        by_uri.setdefault(uri_of(edit.document.path), []).append(types.TextEdit(span, encodable(edit.text)))
    if not client.versioned_edits:
        return types.WorkspaceEdit(changes=dict(by_uri))
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=versions.get(uri)), [*changes]
            )
            for uri, changes in by_uri.items()
        ]
    )
