"""Hover: the page of a rule in a comment, of a binding, of the rules whose findings are there.

Imported where used: plain text, for clients that show no Markdown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lsprotocol import types

from cflint.finding import Finding
from cflint.lsp import pages
from cflint.lsp.analysis import Analysis
from cflint.lsp.convert import range_of
from cflint.lsp.roots import Root
from cflint.lsp.state import State
from cflint.report.escape import encodable
from cflint.source import Document, Span
from cflint.syntax.javascript import EXTENSIONS

_WIDTH = 80
"""Columns of plain text; an editor that has fewer wraps it again."""
_CODE = (*EXTENSIONS, ".py")


async def hover(state: State, analysis: Analysis, params: types.HoverParams) -> types.Hover | None:
    """`textDocument/hover`."""
    uri = params.text_document.uri
    found = await analysis.present(uri)
    source = state.source(*found, uri) if found is not None else None
    if found is None or source is None:
        return None
    root, path = found
    offset = state.offset(source, params.position)
    named = pages.rule_in_comment(source, offset, state.known)
    if named is not None:
        return _hover(state, [pages.rule_page(named[0])], source, named[1])
    parts: list[str] = []
    span: Span | None = None
    binding = await analysis.query(lambda: _value_page(root, path, offset))
    if binding is not None:
        parts.append(binding[0])
        span = binding[1]
    for finding in _at(root.findings.get(path, ()), offset):
        rule = state.known.get(finding.rule)
        if rule is not None and finding.at.document.data == source.data:
            parts.append(pages.rule_page(rule))
            span = span or finding.at.span
    if not parts or span is None:
        return None
    return _hover(state, list(dict.fromkeys(parts)), source, span)


def _hover(state: State, pages: Sequence[str], document: Document, span: Span) -> types.Hover:
    """Pages in Markdown, as what the client shows."""
    if state.client.markdown:
        content = types.MarkupContent(types.MarkupKind.Markdown, encodable("\n\n---\n\n".join(pages)))
    else:
        from cflint.report.pages import render

        plain = "\n\n".join(render(page, width=_WIDTH, ticks=False) for page in pages)
        content = types.MarkupContent(types.MarkupKind.PlainText, encodable(plain))
    return types.Hover(content, range_of(document, span, state.client.encoding))


def _at(findings: Iterable[Finding], offset: int) -> Iterator[Finding]:
    for finding in findings:
        if finding.at.span.start <= offset <= finding.at.span.end:
            yield finding


def _value_page(root: Root, path: str, offset: int) -> tuple[str, Span] | None:
    """The page of what a name in code means, and the name's place; on the worker's thread."""
    loaded = root.session.loaded
    if loaded is None or not path.endswith(_CODE) or any(config.path == path for config in loaded.configs):
        return None
    project = loaded.project
    found = pages.value_at(project, path, offset)
    page = pages.value_page(project, found[0], found[1]) if found is not None else None
    project.trees.release(path)
    return (page, found[2]) if page is not None and found is not None else None
