"""The whole of it: `check` on any project, its reports, and what fixes make of it."""

from __future__ import annotations

import json
import os
import random
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from lxml import etree

from cflint.engine import Options, analyse
from cflint.engine.parsing import parses_worse, syntax_errors
from cflint.finding import Finding, Location, Report, Safety
from cflint.fixer import applicable, apply, converge, plan
from cflint.project.files.workspace import Workspace
from cflint.report import FORMATS
from cflint.report import Options as ReportOptions
from cflint.rule import RuleSet
from cflint.source import Document
from cflint.syntax.javascript import EXTENSIONS
from tests.fuzz.code_targets import CODE_WORDS
from tests.fuzz.config_targets import EDIT_WORDS
from tests.fuzz.target import Features, Target, ensure, pack, unpack, words_of
from tests.support.paths import EXAMPLES, FIXTURES

os.environ["CFLINT_TODAY"] = "2026-09-01"

KNOWN = RuleSet.discover()
ALL = KNOWN.select(["all"])
CONFIG = b"""{
  "name": "w",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "KV", "id": "0123456789abcdef0123456789abcdef" }],
  "d1_databases": [{ "binding": "DB", "database_id": "0b1c2d3e-0000-4000-8000-0123456789ab" }],
  "durable_objects": { "bindings": [{ "name": "ROOM", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
  "queues": { "consumers": [{ "queue": "q" }], "producers": [{ "binding": "Q", "queue": "q" }] }
}
"""


def project(raw: bytes) -> dict[str, bytes]:
    """The files of a packed project; a text without headers is the module of a Worker."""
    files = unpack(raw)
    if not files:
        return {"wrangler.jsonc": CONFIG, "src/index.ts": raw}
    return {path: data for path, data in files.items() if len(path) < 120}


def run(files: Mapping[str, bytes]) -> Report:
    """Analyse with every rule; a rule that raises is let through."""
    paths = ["", *(path for path in files if path.endswith((".md", ".mdx")))]
    options = Options(ALL, KNOWN, jobs=1, debug=True)
    return analyse(Workspace.in_memory(files), paths, options, Path("/"))


def check_report(report: Report) -> None:
    """What holds of every report."""
    places = [
        (f.at.document.path, f.at.span.start, f.at.span.end, f.rule, f.message) for f in report.findings
    ]
    ensure(places == sorted(places), "findings are out of order")
    ensure(len(places) == len(set(places)), "a finding stands there twice")
    for finding in (*report.findings, *report.silenced):
        rule = finding.rule
        ensure(rule in KNOWN, f"{rule} is no rule")
        ensure(rule != "internal-error", f"a rule raised: {finding.message}")
        ensure(finding.message and not re.search(r"[\r\n]", finding.message), f"{rule}: not one line")
        for location in (finding.at, *finding.related):
            check_location(rule, location)
        spec = KNOWN[rule].spec
        ensure(finding.severity is not None and finding.severity <= spec.severity, f"{rule}: too severe")
        if finding.fix is None:
            continue
        ranks = {None: 0, Safety.SAFE: 1, Safety.UNSAFE: 2, Safety.MANUAL: 3}
        ensure(ranks[finding.fix.safety] <= ranks[spec.fix], f"{rule}: less safe than it says")
        ensure(finding.fix.title and "\n" not in finding.fix.title, f"{rule}: a title that is not one line")
        for edit in finding.fix.edits:
            check_location(rule, Location(edit.document, edit.span))


def check_location(rule: str, location: Location) -> None:
    size = len(location.document.data)
    ensure(0 <= location.span.start <= location.span.end <= size, f"{rule}: a place outside of its file")
    ensure("\n" not in location.message, f"{rule}: a related message that is not one line")


def check_formats(report: Report) -> None:
    """Every format says it, in its own syntax."""
    for name, render in FORMATS.items():
        text = render(report, ReportOptions(color=name == "text", hyperlinks=name == "text"))
        ensure(not text or text.endswith("\n"), f"{name}: the end has no line end")
        text.encode()
        if name in ("json", "sarif", "gitlab", "rdjson"):
            json.loads(text)
        elif name in ("junit", "checkstyle"):
            etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, huge_tree=True))
        elif name in ("concise", "text"):
            ensure(
                not re.search("[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e]", text),
                f"{name}: raw controls",
            )


def check_check(raw: bytes) -> Features:
    files = project(raw)
    report = run(files)
    check_report(report)
    number = zlib.crc32(raw)
    if number % 8 == 0:
        check_formats(report)
    if number % 8 == 1:
        again = run(files)
        ensure(lines(again) == lines(report), "a second run says something else")
    return {finding.rule for finding in report.findings}


def lines(report: Report) -> list[tuple[str, int, str, str]]:
    """A report as path, 1-based line, rule and message."""
    return [
        (f.at.document.path, f.at.document.line_of(f.at.span.start), f.rule, f.message)
        for f in report.findings
    ]


# -- fixes ---------------------------------------------------------------------------------------------


def check_fixes(raw: bytes) -> Features:
    """A subset of the fixes (the bytes decide which) is made: at once, and until all comes to rest."""
    files = project(raw)
    chance = random.Random(zlib.crc32(raw))
    share = chance.choice((0.3, 0.6, 1.0, 1.0))
    wanted = {id for id in KNOWN if chance.random() < share}
    allowed = chance.choice((Safety.SAFE, Safety.UNSAFE, Safety.UNSAFE))

    def analyse_with(overlay: Mapping[str, bytes]) -> Report:
        report = run({**files, **overlay})
        return replace(report, findings=tuple(f for f in report.findings if f.rule in wanted))

    first = analyse_with({})
    offered = [finding for finding in first.findings if applicable(finding.fix, allowed)]
    if not offered:
        return ()
    some = [finding for finding in offered if chance.random() < 0.6]
    check_kept(some, allowed)
    result = converge(analyse_with, allowed, parses_worse=parses_worse, report=first)
    whole = not any(syntax_errors(Document(path, data)) for path, data in files.items())
    for notice in result.notices:
        ensure("keep changing each other" not in notice.message, notice.message)
        ensure("stopped after" not in notice.message, notice.message)
        ensure("would not parse" not in notice.message or not whole, f"{notice.path}: {notice.message}")
        ensure("cannot be applied" not in notice.message or "UTF-8" in notice.message, notice.message)
    after = dict(files)
    for change in result.changes:
        after[change.path] = change.after
        before = Document(change.path, change.before)
        ensure(not parses_worse(before, Document(change.path, change.after)), "it parses worse")
    again = converge(lambda overlay: analyse_with({**after, **overlay}), allowed, parses_worse=parses_worse)
    rules = {finding.rule for finding in again.applied}
    ensure(not again.changes, f"a second run changes more: {sorted(rules)}")
    return {finding.rule for finding in result.applied}


def check_kept(findings: list[Finding], allowed: Safety) -> None:
    """Every byte outside the spans of the chosen fixes is kept, and theirs become the new text."""
    chosen = plan(findings, allowed)
    made = apply(chosen)
    for path, edits in chosen.edits.items():
        before, after = edits[0].document.data, made[path]
        ensure(all(a.span.end <= b.span.start for a, b in pairwise(edits)), "edits overlap")
        old = new = 0
        for edit in edits:
            size = edit.span.start - old
            ensure(after[new : new + size] == before[old : edit.span.start], "bytes outside are changed")
            new += size
            text = edit.text.encode("utf-8", "surrogateescape")
            ensure(after[new : new + len(text)] == text, "an edit is not made")
            old, new = edit.span.end, new + len(text)
        ensure(after[new:] == before[old:], "bytes behind are changed")


# -- seeds ---------------------------------------------------------------------------------------------


def project_seeds() -> Iterator[bytes]:
    """Every case of every rule as one text, and the examples."""
    folders = sorted(path for path in FIXTURES.glob("*/*/*") if path.is_dir())
    folders += sorted(path for path in EXAMPLES.iterdir() if path.is_dir())
    for folder in folders:
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "fixed" not in path.relative_to(folder).parts
        }
        if sum(map(len, files.values())) < 12_000:
            yield pack(files)


def wrap_project(path: str, data: bytes) -> bytes | None:
    """A real file inside of a Worker."""
    if re.search(r"(?:^|/)wrangler[^/]*\.(?:toml|jsonc?)$", path):
        name = "wrangler.toml" if path.endswith(".toml") else "wrangler.jsonc"
        module = b'export default { async fetch() { return new Response("ok"); } };\n'
        return pack({name: data, "src/index.ts": module})
    if path.endswith((*EXTENSIONS, ".py", ".md", ".mdx")) and not path.endswith(".d.ts"):
        name = f"src/index.{path.rpartition('.')[2]}"
        return pack({"wrangler.jsonc": CONFIG.replace(b"src/index.ts", name.encode()), name: data})
    return None


PROJECT_WORDS = (
    *CODE_WORDS,
    *EDIT_WORDS,
    *words_of("cflint-ignore binding main name migrations env vars id"),
)

EVERYTHING = ("cflint", "cflint_rules")

TARGETS = (
    Target("check", check_check, project_seeds, wrap_project, PROJECT_WORDS, 16_000, 5.0, EVERYTHING),
    Target("fixes", check_fixes, project_seeds, wrap_project, PROJECT_WORDS, 12_000, 20.0, EVERYTHING),
)
