"""SARIF 2.1.0, for code scanning and editors. The only user of sarif-om, and as slow to import.

GitHub's demands and limits: https://docs.github.com/en/code-security/code-scanning (SARIF support).

Imported where used: the counts, which few runs ask for.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import attr
import sarif_om as om

from cflint import ADDRESS, __version__
from cflint.engine.suppression import Suppression, read_suppressions
from cflint.finding import Finding, Fix, Location, Notice, Report, RuleInfo, Severity
from cflint.fixer import exact
from cflint.pattern import pattern
from cflint.platform.cwe import WEAKNESSES
from cflint.platform.precision import precision_of
from cflint.report import DEFAULT, Options, severity_of
from cflint.report.escape import encodable, holds_secret, masked, masked_source, uri
from cflint.report.fingerprint import fingerprints, github_hashes
from cflint.report.layout import sarif_log, sarif_rule
from cflint.report.repository import Repository
from cflint.report.shard import shard_of
from cflint.source import Document, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
PLATFORM = "https://developers.cloudflare.com/workers/"
"""Where to read on about a rule of ours whose page names no source."""
ROOT_ID = "%SRCROOT%"

MAX_RESULTS = 25_000
MAX_TAGS = 20
MAX_RELATED = 100
MAX_TEXT = 1_024
MAX_GZIP = 10_000_000
"""GitHub's limits; above one of them it refuses the file, or drops what it pleases."""

_LINKED = 10
"""How many related places a message links to."""

_MESSAGE = "default"
"""The id of the message of every rule; its only argument is what the finding says."""

_SNIPPET = 1_000
"""A region is cut after so many UTF-16 code units, and its surroundings to as many."""

_ORIGIN = pattern(r"\b(?:comes from|(?:is )?taken from|sends it|is read|is caught)\b")
"""What a related place says when the value that the finding is about has passed through it."""

_TARGET = pattern(r"\bgo(?:es)? there\b")
"""What a related place says when that value is on its way to it."""

_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}

Node = Any
"""An instance of one of sarif-om's classes, which have no types."""


def render(report: Report, options: Options = DEFAULT) -> str:
    """One run with the report's rules, findings and notices; ASCII, columns in UTF-16 code units.

    With `options.suppressions` also what comments silence, marked as suppressed. Above GitHub's limits the
    most severe findings are kept and a notification says how many are left out.
    """
    rules = _rules(report)
    open_ones = len(report.findings)
    findings = report.findings + (report.silenced if options.suppressions else ())
    every = list(zip(findings, fingerprints(findings), github_hashes(findings), strict=True))
    limit = MAX_RESULTS
    index = {info.id: at for at, info in enumerate(rules)}
    while True:
        kept = _most_severe(findings, open_ones, limit)
        results = [_result(*every[at], index) for at in kept]
        if options.suppressions:
            for at, result in zip(kept, results, strict=True):
                result.suppressions = _suppressions(findings[at], report) if at >= open_ones else []
        log = om.SarifLog(
            schema_uri=SCHEMA,
            version="2.1.0",
            runs=[_run(report, options, index, left_out=len(every) - len(kept))],
        )
        tree = serialise(log)
        if options.statistics:
            from cflint.report.statistics import as_data, statistics

            tree["runs"][0]["properties"] = {"statistics": as_data(statistics(report))}
        if report.shard is not None:
            tree["runs"][0]["properties"] = {
                "shard": {**shard_of(report), "left_out": len(every) - len(kept)}
            }
        text = sarif_log(tree, serialise(results), list(map(_described, rules)))
        size = _gzip_size(text)
        if size <= MAX_GZIP or not kept:
            return text
        limit = min(len(kept) * 9 // 10, len(kept) * MAX_GZIP // size)


def _gzip_size(text: str) -> int:
    if len(text) <= MAX_GZIP:
        return len(text)
    return len(zlib.compress(text.encode("ascii"), 6)) + 32


def serialise(value: Node) -> Any:
    """A tree of sarif-om's objects as JSON values, without what is None or the schema's default."""
    if isinstance(value, list | tuple):
        return [serialise(item) for item in value]
    if isinstance(value, dict):
        return {key: serialise(item) for key, item in value.items()}
    if isinstance(value, str):
        return encodable(value)
    kind: Any = type(value)
    if not attr.has(kind):
        return value
    out: dict[str, Any] = {}
    for name, key, default in _plan(kind):
        item = getattr(value, name)
        if item is not None and item != default:
            out[key] = serialise(item)
    return out


_MISSING = object()


@cache
def _plan(kind: Any) -> tuple[tuple[str, str, Any], ...]:
    """Attribute, JSON name and default of each of a class's fields, in the order of the JSON names."""
    plan = []
    for field in attr.fields(kind):
        default = field.default
        if default is attr.NOTHING or (kind is om.Result and field.name == "level"):
            default = _MISSING  # a result without a level takes its rule's, not the schema's default
        elif isinstance(default, attr.Factory):  # type: ignore[arg-type]
            default = default.factory()
        plan.append((field.name, field.metadata["schema_property_name"], default))
    first = {"$schema": 0, "version": 1, "id": 2, "name": 3, "ruleId": 4}
    return tuple(sorted(plan, key=lambda entry: (first.get(entry[1], 9), entry[1])))


def _rules(report: Report) -> list[RuleInfo]:
    """The rules by id, with a stand-in for a rule that only a finding names."""
    rules = dict(report.rules)
    for finding in report.findings + report.silenced:
        if finding.rule not in rules:
            text = finding.rule.replace("-", " ").capitalize() + "."
            rules[finding.rule] = RuleInfo(finding.rule, "cflint", severity_of(finding), text, text)
    return [rules[name] for name in sorted(rules)]


def _most_severe(findings: Sequence[Finding], open_ones: int, limit: int) -> list[int]:
    """The indexes of at most `limit` findings, the most severe ones, in the report's order; from `open_ones`
    on they are suppressed, and the first to go."""
    if len(findings) <= limit:
        return list(range(len(findings)))
    ranked = sorted(range(len(findings)), key=lambda at: (at >= open_ones, -severity_of(findings[at])))
    return sorted(ranked[:limit])


def _run(
    report: Report,
    options: Options,
    index: dict[str, int],
    left_out: int,
) -> Node:
    driver = om.ToolComponent(
        name="cflint",
        version=__version__,
        semantic_version=__version__,
        information_uri=ADDRESS,
        rules=[],  # see `_described`
    )
    notices = [_notification(notice, index) for notice in report.notices]
    if left_out:
        message = (
            f"{left_out} findings are left out, the least severe ones: "
            f"GitHub takes at most {MAX_RESULTS} results and {MAX_GZIP} bytes (compressed) in a file."
        )
        notices.append(om.Notification(message=om.Message(text=message), level="warning"))
    if report.partial:
        message = "The analysis is partial: not everything could be read."
        notices.append(om.Notification(message=om.Message(text=message), level="error"))
    return om.Run(
        tool=om.Tool(driver=driver),
        automation_details=om.RunAutomationDetails(id=(options.category or "cflint").rstrip("/") + "/"),
        column_kind="utf16CodeUnits",
        invocations=[
            om.Invocation(
                execution_successful=not report.partial, tool_execution_notifications=notices or None
            )
        ],
        original_uri_base_ids={
            ROOT_ID: om.ArtifactLocation(description=om.Message(text="The root of the analysed workspace."))
        },
        results=[],
        version_control_provenance=_provenance(options.repository),
    )


def _provenance(repository: Repository | None) -> list[Node] | None:
    if repository is None:
        return None
    return [
        om.VersionControlDetails(
            repository_uri=repository.uri,
            revision_id=repository.revision,
            branch=repository.branch,
            mapped_to=om.ArtifactLocation(uri_base_id=ROOT_ID),
        )
    ]


@cache
def _described(info: RuleInfo) -> str:
    """A rule, laid out; the rules are most of the text of a small report, and the same in the next one."""
    return sarif_rule(serialise(_descriptor(info)))


def _descriptor(info: RuleInfo) -> Node:
    page = info.page.strip() or info.summary
    weakness = WEAKNESSES.get(info.id)
    tags = ["cloudflare-workers", info.group, info.id, *sorted(info.presets)]
    properties: dict[str, Any] = {
        "precision": precision_of(info.id).level.value,
        "problem.severity": _PROBLEM[info.severity],
    }
    if weakness is not None:
        tags += ["security", *(f"external/cwe/cwe-{number:03}" for number in weakness.cwe)]
        properties["security-severity"] = f"{weakness.score:.1f}"
    if info.package is not None:
        properties["package"] = info.package
    properties["tags"] = list(dict.fromkeys(tag for tag in tags if tag))[:MAX_TAGS]
    help = (
        f"{page}\n\nThis rule is `{info.id}`; `cflint-ignore {info.id}: REASON` in a comment silences it.\n"
    )
    return om.ReportingDescriptor(
        id=info.id,
        deprecated_ids=list(info.aliases) or None,
        name="".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", info.id)),
        short_description=om.MultiformatMessageString(text=_shortened(_sentence(info.summary))),
        full_description=om.MultiformatMessageString(text=_shortened(_introduction(page))),
        message_strings={_MESSAGE: om.MultiformatMessageString(text="Found: '{0}'.")},
        help=om.MultiformatMessageString(text=help, markdown=help),
        help_uri=info.uri or (PLATFORM if info.package is None else None),
        default_configuration=om.ReportingConfiguration(level=info.severity.label),
        properties=properties,
    )


def _introduction(page: str) -> str:
    """What a page says before its first heading, each paragraph on a line."""
    head = re.split(r"(?m)^#", page, maxsplit=1)[0].strip() or page
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in head.split("\n\n"))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3].rstrip() + "..."


def _result(finding: Finding, key: str, line_hash: str | None, index: dict[str, int]) -> Node:
    related = finding.related[:MAX_RELATED]
    prints = {"cflint/v1": key}
    if line_hash is not None:
        prints["primaryLocationLineHash"] = line_hash
    return om.Result(
        rule_id=finding.rule,
        rule_index=index[finding.rule],
        level=severity_of(finding).label,
        message=_message(finding.message, related),
        locations=[om.Location(physical_location=_in_context(finding.at))],
        code_flows=_code_flows(finding),
        related_locations=[
            om.Location(
                id=number,
                physical_location=_physical(place),
                message=om.Message(text=_sentence(_plain(masked(_label(place))))),
            )
            for number, place in enumerate(related, 1)
        ]
        or None,
        partial_fingerprints=prints,
        fixes=_fixes(finding.fix),
    )


def _code_flows(finding: Finding) -> list[Node] | None:
    """The way of a value from where it comes from to where it does harm; only of rules about weaknesses."""
    if finding.rule not in WEAKNESSES:
        return None
    places = finding.related[:MAX_RELATED]
    before = [place for place in places if _ORIGIN.search(place.message)]
    after = [place for place in places if _TARGET.search(place.message)]
    if not before and not after:
        return None
    message = "it comes from here" if after else "it ends up here"
    steps = (*before, finding.at if finding.at.message else finding.at.saying(message), *after)
    return [
        om.CodeFlow(
            thread_flows=[
                om.ThreadFlow(
                    locations=[
                        om.ThreadFlowLocation(
                            location=om.Location(
                                physical_location=_physical(place),
                                message=om.Message(text=_sentence(_plain(masked(place.message)))),
                            )
                        )
                        for place in steps
                    ]
                )
            ]
        )
    ]


def _suppressions(finding: Finding, report: Report) -> list[Node]:
    """The comment that silences a finding, with the reason that it gives."""
    info = report.rules.get(finding.rule)
    names = {finding.rule, *((info.group, *info.aliases) if info is not None else ())}
    document = finding.at.document
    line = document.line_of(min(finding.at.span.start, len(document.data)))
    reasons = (
        _reason(document.text(comment.span))
        for comment in _comments(document)
        if not comment.has_ended
        and (comment.lines is None or line in comment.lines)
        and (not comment.names or any(name in names for name, _ in comment.names))
    )
    reason = next(reasons, None)
    return [
        om.Suppression(
            kind="inSource",
            justification=_sentence(_plain(masked(reason))) if reason else None,
        )
    ]


def _comments(document: Document) -> tuple[Suppression, ...]:
    return document.memoized("comments", lambda document: read_suppressions(document).comments)


def _reason(comment: str) -> str | None:
    """What stands after the names of a suppression comment."""
    _, colon, reason = comment.partition(":")
    reason = reason.removesuffix("*/").removesuffix("-->").strip()
    return reason if colon and reason else None


def _message(text: str, related: Sequence[Location]) -> Node:
    """The message with a link to each related place: `[declared here](1)`."""
    sentence = _sentence(_plain(masked(text)))
    links = [f"[{_bracketed(masked(_label(place)))}]({number})" for number, place in enumerate(related, 1)]
    whole = f"{sentence} See: {', '.join(links[:_LINKED])}." if links else sentence
    return om.Message(text=whole, id=_MESSAGE, arguments=[whole.removesuffix(".")])


def _label(place: Location) -> str:
    return place.message or "related place"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def _plain(text: str) -> str:
    """Text that SARIF does not take for an embedded link."""
    return re.sub(r"\[(?=[^\[\]]{0,1000}\]\()", r"\\[", " ".join(text.splitlines()))


def _bracketed(text: str) -> str:
    return re.sub(r"([\\\[\]])", r"\\\1", " ".join(text.splitlines()))


def _physical(place: Location) -> Node:
    return om.PhysicalLocation(artifact_location=_artifact(place.document.path), region=_first_line(place))


def _in_context(place: Location) -> Node:
    """The place with its text and the lines around."""
    document = place.document
    region = _first_line(place)
    line, first, last = region.start_line, region.start_column, region.end_column
    text = _line_text(document, line)
    if last - first > _SNIPPET:
        last = region.end_column = first + _SNIPPET
    region.snippet = om.ArtifactContent(text=_cut(text, first, last))
    lines = range(max(1, line - 1), min(line + 1, document.line_count) + 1)
    around = "\n".join(_line_text(document, number) for number in lines)
    if len(around) <= 2 * _SNIPPET:
        context = om.Region(start_line=lines[0], end_line=lines[-1], snippet=om.ArtifactContent(text=around))
    else:
        start = max(1, first - _SNIPPET // 4)
        end = min(last + _SNIPPET // 4, len(text.encode("utf-16-le", "surrogatepass")) // 2 + 1)
        context = om.Region(
            start_line=line,
            start_column=start,
            end_column=end,
            snippet=om.ArtifactContent(text=_cut(text, start, end)),
        )
    return om.PhysicalLocation(
        artifact_location=_artifact(document.path), region=region, context_region=context
    )


def _line_text(document: Document, line: int) -> str:
    """A line without its end, secrets starred out."""
    span = document.line_span(line)
    text = document.data[span.start : span.end].decode("utf-8", "replace")
    return masked_source(document.path, text)


def _cut(text: str, start: int, end: int) -> str:
    """What stands between two 1-based columns in UTF-16 code units."""
    if text.isascii():
        return text[start - 1 : end - 1]
    data = text.encode("utf-16-le", "surrogatepass")
    return data[2 * start - 2 : 2 * end - 2].decode("utf-16-le", "surrogatepass")


def _artifact(path: str) -> Node:
    return om.ArtifactLocation(uri=uri(path), uri_base_id=ROOT_ID)


def _first_line(place: Location) -> Node:
    """The region of a place, cut to its first line: code scanning shows it there, and nowhere else."""
    document = place.document
    start = min(place.span.start, len(document.data))
    line = document.line_of(start)
    bounds = document.line_span(line)
    column = document.utf16_column(start)
    end_column = document.utf16_column(min(place.span.end, bounds.end))
    if end_column <= column:
        end_column = column + 1 if start < bounds.end else column
    return om.Region(start_line=line, start_column=column, end_column=end_column)


def _region(document: Document, span: Span) -> Node:
    first, last = document.line_of(span.start), document.line_of(span.end)
    return om.Region(
        start_line=first,
        start_column=document.utf16_column(span.start),
        end_line=last if last != first else None,
        end_column=document.utf16_column(span.end),
    )


def _fixes(fix: Fix | None) -> list[Node] | None:
    """The fix, exact to the byte; none when an edit would carry a secret into the report."""
    if fix is None or not fix.edits:
        return None
    if any(holds_secret(edit.document.path, edit.text) for edit in fix.edits):
        return None
    changes: dict[str, list[Node]] = {}
    for edit in sorted(map(exact, fix.edits), key=lambda edit: (edit.document.path, edit.span)):
        changes.setdefault(edit.document.path, []).append(
            om.Replacement(
                deleted_region=_region(edit.document, edit.span),
                inserted_content=om.ArtifactContent(text=edit.text) if edit.text else None,
            )
        )
    return [
        om.Fix(
            description=om.Message(text=_sentence(_plain(masked(fix.title)))),
            artifact_changes=[
                om.ArtifactChange(artifact_location=_artifact(path), replacements=replacements)
                for path, replacements in changes.items()
            ],
            properties={"safety": fix.safety.value},
        )
    ]


def _notification(notice: Notice, index: dict[str, int]) -> Node:
    locations = None
    if notice.path is not None:
        region = om.Region(start_line=notice.line) if notice.line is not None else None
        physical = om.PhysicalLocation(artifact_location=_artifact(notice.path), region=region)
        locations = [om.Location(physical_location=physical)]
    rule = None
    if notice.rule in index:
        rule = om.ReportingDescriptorReference(id=notice.rule, index=index[notice.rule])
    return om.Notification(
        message=om.Message(text=_sentence(_plain(masked(notice.message)))),
        level="warning" if notice.level == "warning" else "note",
        locations=locations,
        associated_rule=rule,
    )
