"""Reports and findings as data for JSON, without secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cflint.finding import Finding, Location, Report, RuleInfo
from cflint.project.files.workspace import Workspace
from cflint.rule import POLICY_PREFIX
from cflint.source import Document

Json = Any
Mask = Callable[[str, str], str]
"""From a path and a text meant for that file to the text with its secrets starred out, length kept."""


class Packer:
    """Findings as data for JSON. None stands for what cannot be kept."""

    def __init__(self, workspace: Workspace, mask: Mask) -> None:
        self._workspace = workspace
        self._mask = mask

    def report(self, report: Report, known: Mapping[str, Json]) -> Json:
        """A whole report, but for where the user stands; `known` is what of the rules has been packed before:
        a rule's page is in its module, which need not be loaded for it."""
        found = self.findings(report.findings)
        silenced = self.findings(report.silenced)
        notices = [[n.message, n.path, n.line, n.level, n.rule] for n in report.notices]
        if found is None or silenced is None or any(self._is_secret("", n.message) for n in report.notices):
            return None
        used = {finding.rule for finding in (*report.findings, *report.silenced)}
        used |= {id for id in report.rules if id.startswith(POLICY_PREFIX)}  # which only settings know
        return {
            "findings": found,
            "silenced": silenced,
            "notices": notices,
            "counts": [report.files_checked, report.workers_checked, report.suppressed],
            "workers": {path: list(names) for path, names in report.workers.items()},
            "rules": list(report.rules),
            "infos": {
                id: known.get(id) or _info(report.rules[id]) for id in sorted(used & set(report.rules))
            },
        }

    def findings(self, findings: Iterable[Finding]) -> list[Json] | None:
        """Findings whose documents are files of the workspace."""
        packed = [self._finding(finding) for finding in findings]
        return None if None in packed else packed

    def _finding(self, finding: Finding) -> Json:
        fix = finding.fix
        documents = {
            document.path: document
            for document in (
                finding.at.document,
                *(place.document for place in finding.related),
                *(edit.document for edit in (fix.edits if fix is not None else ())),
            )
        }
        if not all(self._is_file(document) for document in documents.values()):
            return None
        try:
            return [
                finding.rule,
                None if finding.severity is None else int(finding.severity),
                self._text(finding.message, finding.at.document.path, documents),
                self._place(finding.at, documents),
                [self._place(place, documents) for place in finding.related],
                None
                if fix is None
                else [
                    self._text(fix.title, finding.at.document.path, documents),
                    fix.safety.value,
                    [
                        [
                            edit.document.path,
                            edit.span.start,
                            edit.span.end,
                            self._text(edit.text, edit.document.path, documents),
                        ]
                        for edit in fix.edits
                    ],
                ],
                [
                    [general, self._text(here, finding.at.document.path, documents)]
                    for general, here in finding.words
                ],
            ]
        except _Secret:
            return None

    def _is_file(self, document: Document) -> bool:
        return self._workspace.read(document.path) is document

    def _place(self, place: Location, documents: Mapping[str, Document]) -> Json:
        path = place.document.path
        return [path, place.span.start, place.span.end, self._text(place.message, path, documents)]

    def _is_secret(self, path: str, text: str) -> bool:
        return bool(text) and self._masked(path, text) != text

    def _masked(self, path: str, text: str) -> str:
        return "\n".join(self._mask(path, line) for line in text.split("\n"))

    def _text(self, text: str, path: str, documents: Mapping[str, Document]) -> Json:
        """The text; with secrets in it a list of what stands between them and the places where they stand.
        Raises _Secret when one stands in none of the documents."""
        if not text or (masked := self._masked(path, text)) == text:
            return text
        if len(masked) != len(text):
            raise _Secret
        pieces: list[Json] = []
        at = 0
        while at < len(text):
            hidden = masked[at] != text[at]
            end = at + 1
            while end < len(text) and (masked[end] != text[end]) is hidden:
                end += 1
            pieces.append(_whereabouts(text[at:end], documents) if hidden else text[at:end])
            at = end
        return pieces


class _Secret(Exception):
    """A secret that would have to be written down."""


def _whereabouts(text: str, documents: Mapping[str, Document]) -> Json:
    data = text.encode("utf-8", "surrogateescape")
    for path, document in documents.items():
        at = document.data.find(data)
        if at >= 0:
            return [path, at, at + len(data)]
    raise _Secret


def _info(info: RuleInfo) -> Json:
    return [
        info.group,
        int(info.severity),
        info.summary,
        info.page,
        None if info.fix is None else info.fix.value,
        sorted(info.presets),
        info.since,
        info.uri,
        list(info.aliases),
        info.package,
    ]
