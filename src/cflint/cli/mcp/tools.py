"""What an assistant may ask of a folder, answered in text by the functions that the other commands use.

Nothing here knows the protocol. Each answer reads the files anew, uses no cache and no other process. Every
member raises Failure for what the caller can mend: a path that is not there or lies outside, a name that is
none, a mistake in the settings.

Imported where used: what one of the tools alone needs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cflint.cli.check.analysis import Analysis
from cflint.cli.check.arguments import asked
from cflint.cli.check.delivery import circumstances_in
from cflint.cli.check.place import Place, meant, path_inside
from cflint.cli.check.plan import Plan, plan_at
from cflint.cli.console import counted
from cflint.cli.exits import Failure
from cflint.finding import Finding, Report, Safety
from cflint.project.files.workspace import Workspace
from cflint.record import replace
from cflint.report import FORMATS, Options
from cflint.report.escape import uri, visible

if TYPE_CHECKING:
    from cflint.finding import Location
    from cflint.fixer import FixResult
    from cflint.rule import RuleSet

LANGUAGES: Mapping[str, str] = {
    "typescript": "snippet.ts",
    "tsx": "snippet.tsx",
    "javascript": "snippet.js",
    "jsx": "snippet.jsx",
    "python": "snippet.py",
    "markdown": "answer.md",
    "wrangler.jsonc": "wrangler.jsonc",
    "wrangler.toml": "wrangler.toml",
    "cloudflare.config.ts": "cloudflare.config.ts",
}
"""What a text that is no file may be, and the path under which it is read."""

MOST = 50
"""Findings in an answer, unless more are asked for."""


class Tools:
    """The answers about the files inside a folder. One is worked out at a time; `writing` is held while files
    are written."""

    def __init__(self, root: Path, *, is_isolated: bool = False) -> None:
        self._root = root.resolve()
        self._is_isolated = is_isolated
        self._turn = Lock()
        self.writing = Lock()

    def check(self, paths: Sequence[str] = (), rules: Sequence[str] = (), limit: int = MOST) -> str:
        """The findings in files and folders (all without any), as `--output-format agent` writes them, at
        most `limit` of them. `rules` are rules, groups or presets; without any the settings decide."""
        with self._turn:
            analysis = Analysis(self._plan(paths, rules))
            report = analysis.first()
            if analysis.loaded.empty:
                raise Failure(f"no Worker project found in {', '.join(map(visible, paths)) or 'this folder'}")
            return _listed(analysis, report, limit)

    def check_text(self, text: str, language: str | None = None, path: str | None = None) -> str:
        """The findings in a text: one of LANGUAGES alone, or what a file is to be, in the midst of the
        others. Nothing is written."""
        if (language is None) == (path is None):
            raise Failure("say the language of a text alone, or the path of the file that it is to be")
        with self._turn:
            if path is not None:
                return self._check_as(path, text.encode())
            name = LANGUAGES.get(language or "")
            if name is None:
                raise Failure(f"`{language}` is no language here; there are {', '.join(LANGUAGES)}")
            place = Place(Workspace.in_memory({name: text.encode()}), (name,), Path("/"))
            analysis = Analysis(self._plan_at(place))
            return _listed(analysis, analysis.first(), MOST)

    def _check_as(self, path: str, data: bytes) -> str:
        target = self._inside(path)
        if target.is_dir():
            raise Failure(f"{visible(path)} is a folder")
        workspace = Workspace.around([target])
        inside = path_inside(workspace, str(target))
        workspace.overlay(inside, data)
        place = Place(workspace, (inside,), self._root, ("-",), inside, data)
        analysis = Analysis(self._plan_at(place))
        return _listed(analysis, analysis.first(), MOST)

    def explain(self, what: str) -> str:
        """The page of a rule, in Markdown, or the rules that are about the text of an error."""
        from cflint.cli.explain import named_rule, page_markdown
        from cflint.cli.explain_error import explained, given_text

        with self._turn:
            known = self._known()
            # `-` is stdin on a command line, which is the protocol's here
            text = what if what.strip() == "-" else given_text([what], known)
            if text is not None:
                return explained(text, known).as_markdown(page_markdown)
            return page_markdown(named_rule(what, known))

    def fix(
        self,
        paths: Sequence[str] = (),
        rules: Sequence[str] = (),
        line: int | None = None,
        *,
        is_unsafe_allowed: bool = False,
        apply: bool = False,
    ) -> str:
        """What fixes change, as a diff, and with `apply` change it. Only fixes of the rules, and of findings
        on a line (1-based) of the one file that is named; without them all. Files outside the folder are
        not changed, and no fix that would is applied."""
        from cflint.engine.parsing import parses_worse
        from cflint.fixer import converge
        from cflint.report.diff import diffs

        if line is not None and len(paths) != 1:
            raise Failure("a line is that of one file: name it alone")
        with self._turn:
            plan = self._plan(paths, rules)
            chosen = _Chosen(Analysis(plan), lambda path: self._holds(plan.place.workspace, path))
            allowed = Safety.UNSAFE if is_unsafe_allowed else Safety.SAFE
            first = chosen.on(line)
            result = converge(chosen, allowed, parses_worse=parses_worse, report=first)
            said = [notice.message for notice in result.notices]
            if not result.changes:
                return "\n".join([_nothing(first, allowed), *said]) + "\n"
            number = counted(len(result.applied), "finding")
            workspace = plan.place.workspace
            shown = [replace(it, path=self._shown(workspace, it.path)) for it in result.changes]
            if not apply:
                head = f"This would fix {number}. Nothing was written: `apply` writes it."
                return "\n".join([head, *said, "", diffs(shown)])
            failed = self._write(workspace, result)
            if failed:
                raise Failure("not everything was written: " + "; ".join([*said, *failed]))
            return "\n".join([f"Fixed {number}; this was written:", *said, "", diffs(shown)])

    def _write(self, workspace: Workspace, result: FixResult) -> list[str]:
        """Write what fixes change; why some was not."""
        from cflint.fixer import write

        assert workspace.root is not None, "a folder is on the disk"
        with self.writing:
            written = write(result.changes, workspace.root)
        return [
            f"{self._shown(workspace, notice.path or '')}: {notice.message}" for notice in written.notices
        ]

    def workers(self, paths: Sequence[str] = ()) -> str:
        """The Workers, and what each environment deploys: bindings with type and resource, triggers,
        Durable Objects, routes. JSON."""
        from cflint.fleet.facts import facts_of, workers_of
        from cflint.fleet.owners import Owners

        with self._turn:
            loaded = Analysis(self._plan(paths, ())).loaded
            rows = workers_of(loaded, Owners.of(loaded.project.workspace))
            if not rows:
                raise Failure("no Worker project found")
            facts: dict[object, list[dict[str, object]]] = {}
            for fact in facts_of(loaded):
                facts.setdefault(fact["place"], []).append(_said(fact, "worker", "config", "place"))
            workspace = loaded.project.workspace
            workers = [
                {
                    **_said(row, "owners", "config"),
                    "place": self._shown(workspace, row["place"]),
                    "deploys": facts.get(row["place"], []),
                }
                for row in rows
            ]
            return json.dumps({"workers": workers}, indent=1) + "\n"

    def graph(self, paths: Sequence[str] = (), format: str = "mermaid", env: str | None = None) -> str:
        """The picture of the Workers and of what is broken, as Mermaid or JSON. A reader of either finds
        the places as paths from the folder."""
        from cflint.cli.graph import refuse_unknown, written
        from cflint.graph.drawing import Wishes, draw

        with self._turn:
            analysis = Analysis(self._plan(paths, ()))
            report = analysis.first()
            loaded = analysis.loaded
            if all(worker.is_document for worker in loaded.project.workers):
                raise Failure("no Worker project found")
            if env is not None:
                refuse_unknown(loaded, env)
            picture = draw(loaded.project, report.findings, Wishes(env))

            def address(at: Location) -> str:
                path = self._shown(loaded.project.workspace, at.document.path)
                return f"{uri(path)}#L{at.document.line_of(at.span.start)}"

            return written(picture, format, address).decode()

    # -- where ---------------------------------------------------------------------------------------------

    def _plan(self, paths: Sequence[str], rules: Sequence[str]) -> Plan:
        """What `cflint check` would plan for the paths, with nothing cached."""
        targets = [self._inside(path) for path in paths or (".",)]
        for path, target in zip(paths, targets, strict=False):
            if not target.exists():
                raise Failure(f"no such file or folder: {visible(path)}")
        workspace = Workspace.around(targets)
        inside = tuple(meant(workspace, str(target)) for target in targets)
        return self._plan_at(Place(workspace, inside, self._root, tuple(paths)), rules)

    def _plan_at(self, place: Place, rules: Sequence[str] = ()) -> Plan:
        selected = [option for rule in rules for option in ("--select", rule)]
        return plan_at(asked("--jobs", "1", *selected, isolated=self._is_isolated), place)

    def _inside(self, path: str) -> Path:
        """A path that is meant from the folder. Raises Failure for one that lies outside, or leads there."""
        try:
            target = (self._root / path).resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise Failure(f"no such file or folder: {visible(path)}") from error
        if not target.is_relative_to(self._root):
            raise Failure(f"{visible(path)} lies outside {visible(str(self._root))}, which is what is served")
        return target

    def _holds(self, workspace: Workspace, path: str) -> bool:
        """Whether a file of the workspace lies in the folder; the workspace may reach above it."""
        there = workspace.on_disk(path)
        return there is not None and there.resolve().is_relative_to(self._root)

    def _shown(self, workspace: Workspace, path: str) -> str:
        """A path of the workspace as one from the folder."""
        assert workspace.root is not None, "a folder is on the disk"
        return os.path.relpath(workspace.root / path, self._root).replace(os.sep, "/")

    def _known(self) -> RuleSet:
        from cflint.cli.selection import known_here

        return known_here(isolated=self._is_isolated, folder=self._root)


class _Chosen:
    """An analysis whose report has only those fixes that were asked for, and none that changes files which
    `may_change` does not allow."""

    def __init__(self, analysis: Analysis, may_change: Callable[[str], bool]) -> None:
        self._analysis = analysis
        self._may_change = may_change
        self._line: int | None = None

    def on(self, line: int | None) -> Report:
        """The first report; on a line, if one is given, and then later ones offer no fix."""
        self._line = line
        report = self._analysis.first()
        if line is None:
            return self._limited(report, lambda _: True)
        paths = self._analysis_paths()
        there = [it for it in report.findings if _is_on(it, paths, line)]
        if not there:
            raise Failure(f"there is no finding on line {line}")
        return self._limited(report, lambda finding: _is_on(finding, paths, line))

    def __call__(self, overlay: Mapping[str, bytes]) -> Report:
        """The report with changed bytes laid over the disk."""
        return self._limited(self._analysis(overlay), lambda _: self._line is None)

    def _analysis_paths(self) -> Collection[str]:
        return self._analysis.place.paths

    def _limited(self, report: Report, is_wanted: Callable[[Finding], bool]) -> Report:
        def limited(finding: Finding) -> Finding:
            fix = finding.fix
            if fix is None:
                return finding
            if is_wanted(finding) and all(self._may_change(edit.document.path) for edit in fix.edits):
                return finding
            return replace(finding, fix=None)

        return replace(report, findings=tuple(map(limited, report.findings)))


def _is_on(finding: Finding, paths: Collection[str], line: int) -> bool:
    document = finding.at.document
    return document.path in paths and document.position(finding.at.span.start).line == line


def _listed(analysis: Analysis, report: Report, limit: int) -> str:
    """A report with its first findings; behind it, how many there are."""
    limit = max(1, limit)
    shown = replace(report, findings=report.findings[:limit])
    text = FORMATS["agent"](shown, Options(circumstances=circumstances_in(analysis, shown)))
    if len(report.findings) > limit:
        text += (
            f"These are the first {limit} of {len(report.findings)} findings: name paths or rules, or raise "
            "`limit`.\n"
        )
    return text


def _nothing(report: Report, allowed: Safety) -> str:
    """Why there is nothing to fix."""
    fixes = [finding.fix.safety for finding in report.findings if finding.fix is not None]
    if Safety.UNSAFE in fixes and allowed is Safety.SAFE:
        number = counted(fixes.count(Safety.UNSAFE), "finding")
        return f"There is no safe fix. `unsafe` allows those that may change behaviour: for {number}."
    return f"There is no fix for what was asked ({counted(len(report.findings), 'finding')})."


def _said(row: Mapping[str, object], *others: str) -> dict[str, object]:
    """What a row says, without what it leaves open and without other columns."""
    return {name: value for name, value in row.items() if value not in (None, "", []) and name not in others}
