"""The test kit for rules: check code, compare findings and fixes, run the cases of a folder, try a page.

    import pytest
    from cflint.testing import cases, check, pages

    @pytest.mark.parametrize("case", cases("fixtures"), ids=str)
    def test_case(case):
        case.check()

    @pytest.mark.parametrize("page", pages("acme"), ids=str)
    def test_page(page):
        page.check()

    def test_snippet():
        found = check("fetch(atob(url));", "acme-hidden-address")
        assert found.lines == [("src/index.ts", 1, "acme-hidden-address")]

A case is a folder that holds a tiny project. A comment marks each line that is reported: `// error: RULE`
(`#`, `/* */` and `<!-- -->` work, too; `error-next-line` means the line below; `warning` and `note` say the
severity as well; names of several rules have commas between). On a line without a marker nothing may be
reported. What stands in the folder `base/` of the case is the project as it was, for rules about
a change. What fixes change stands in the folder `fixed/` of the case; with `CFLINT_FIXED=write` in the
environment it is written. The name of a case says what it shows: `reports`, `reports-WHAT`, `clean` or
`clean-WHAT`.

Rules of packages have to be installed, which an editable installation does. Nothing here reads settings, and
rules about dates take the day from `CFLINT_TODAY` (2026-09-01), where it is set.

Imported where used: what finds the caller's folder, for a folder without a whole path.
"""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

from cflint.engine import Options, analyse_loaded
from cflint.engine.parsing import parses_worse, syntax_errors
from cflint.finding import Finding, Report, Safety, Severity
from cflint.fixer import FixResult, applicable, converge
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.rule import Documents, Rule, RuleSet
from cflint.rule.discovery import page_problem
from cflint.source import Document
from cflint.syntax.markdown import fenced_blocks

__all__ = ["CONFIG", "Case", "Files", "Line", "Page", "Result", "cases", "check", "expected", "pages"]

CONFIG = """{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true }
}
"""
"""The `wrangler.jsonc` of code that is checked by itself."""

Files = Mapping[str, str | bytes]
"""A project: the text or the bytes of its files, by path, with `/` between folders."""

Line = tuple[str, int, str]
"""What is reported, and where: path, 1-based line, the rule's name."""

_MARKER = re.compile(
    r"(?://|\#|/\*|<!--|\{/\*)\s*(error|warning|note)(-next-line)?:\s*([\w-]+(?:\s*,\s*[\w-]+)*)"
)
_OMISSION = re.compile(r"no (?:configuration|default export) is shown\b")
_CASE = re.compile(r"(reports|clean)(-[a-z0-9]+)*")


@cache
def _installed() -> RuleSet:
    return RuleSet.discover()


@dataclass(frozen=True)
class Result:
    """What rules found in a project. `findings` are sorted by path and place; `report` has everything."""

    files: Mapping[str, bytes] = field(repr=False)
    report: Report = field(repr=False)
    rules: RuleSet = field(repr=False)
    known: RuleSet = field(repr=False)
    options: Mapping[tuple[str, str], int] = field(default_factory=dict, repr=False)
    base: Mapping[str, bytes] | None = field(default=None, repr=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that no comment suppresses."""
        return self.report.findings

    @property
    def lines(self) -> list[Line]:
        """The findings as path, 1-based line and rule, in their order."""
        return [_line_of(finding) for finding in self.findings]

    @property
    def messages(self) -> list[str]:
        """The messages of the findings, in their order."""
        return [finding.message for finding in self.findings]

    def fixed(self, *, unsafe: bool = False) -> dict[str, str]:
        """The files that safe fixes change (with `unsafe`, all that `--unsafe-fixes` applies), as they are
        after it: the text by path. Fixes are applied until nothing changes."""
        result = self.converged(Safety.UNSAFE if unsafe else Safety.SAFE)
        return {change.path: change.after.decode("utf-8", "replace") for change in result.changes}

    def converged(self, allowed: Safety) -> FixResult:
        """All rounds of fixes of a safety."""

        def again(overlay: Mapping[str, bytes]) -> Report:
            files = {**self.files, **overlay}
            return _report(files, self.rules, self.known, self.options, self.base)

        return converge(again, allowed, parses_worse=parses_worse, report=self.report)


def check(
    files: str | Files,
    *rules: str | RuleSet,
    options: Mapping[str, Mapping[str, int]] | None = None,
    known: RuleSet | None = None,
    base: Files | None = None,
) -> Result:
    """Run rules on a project. A text is the module `src/index.ts` of a project with the configuration
    `CONFIG`; of a mapping all that is checked is what it holds.

    `rules` are names of rules, groups or presets. `options` are options of rules, by rule and name. `known`
    are all rules there are, those of cflint and of installed packages unless they are given. `base` is the
    project as it was, for rules about a change. Raises ValueError for a name that is none, and whatever a
    rule raises.
    """
    every = _installed() if known is None else known
    given = {"wrangler.jsonc": CONFIG, "src/index.ts": files} if isinstance(files, str) else files
    data = _bytes(given)
    sets = [name for name in rules if isinstance(name, RuleSet)]
    chosen = sets[0] if sets else every.select([name for name in rules if isinstance(name, str)])
    settings = {
        (rule, name): value for rule, values in (options or {}).items() for name, value in values.items()
    }
    for rule, name in settings:
        if rule not in every or all(option.name != name for option in every[rule].spec.options):
            raise ValueError(f"there is no option `{name}` of a rule `{rule}`")
    before = None if base is None else _bytes(base)
    report = _report(data, chosen, every, settings, before)
    return Result(data, report, chosen, every, settings, before)


def _bytes(files: Files) -> dict[str, bytes]:
    return {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}


def _report(
    files: Mapping[str, bytes],
    rules: RuleSet,
    known: RuleSet,
    options: Mapping[tuple[str, str], int],
    base: Mapping[str, bytes] | None = None,
) -> Report:
    """Analyse files in memory; Markdown files count as given by name."""
    workspace = Workspace.in_memory(files)
    paths = ["", *(path for path in files if path.endswith((".md", ".mdx")))]
    loaded = load(workspace, paths, preferences=lambda path: options)
    if base is not None:
        before = Workspace.in_memory(base)
        loaded.project.base = load(before, [""], preferences=lambda path: options).project
    return analyse_loaded(loaded, Options(rules, known, jobs=1, debug=True), Path("/"))


def _line_of(finding: Finding) -> Line:
    document = finding.at.document
    return document.path, document.line_of(finding.at.span.start), finding.rule


def expected(files: Files) -> tuple[Counter[Line], dict[Line, Severity]]:
    """What the markers in files say: what is reported, and the severity of what is marked `warning` or
    `note`."""
    found: Counter[Line] = Counter()
    severities: dict[Line, Severity] = {}
    for path, data in files.items():
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        for number, line in enumerate(text.split("\n"), 1):
            for level, next_line, names in _MARKER.findall(line):
                for name in re.split(r"\s*,\s*", names):
                    key = (path, number + bool(next_line), name)
                    found[key] += 1
                    if level != "error":
                        severities[key] = Severity[level.upper()]
    return found, severities


# -- cases ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A case of a rule: the project in a folder, with markers, and in `fixed/` what fixes make of it. The
    folder's files are read once."""

    folder: Path
    rule: str
    known: RuleSet = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The case's folder and the two around it: of `GROUP/RULE/CASE` all three."""
        return "/".join(self.folder.parts[-3:])

    @property
    def fixed_folder(self) -> Path:
        """The folder of what fixes make of the files."""
        return self.folder / "fixed"

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The project's files, by path, without `fixed/` and `base/`."""
        found = _files_below(self.folder)
        return MappingProxyType(
            {path: found[path] for path in found if not path.startswith(("fixed/", "base/"))}
        )

    @property
    def base(self) -> dict[str, bytes] | None:
        """The files of `base/`, by their paths in it: the project as it was; None without that folder."""
        return _files_below(self.folder / "base") or None

    @property
    def fixed(self) -> dict[str, bytes]:
        """The files of `fixed/`, by the path that they replace."""
        return _files_below(self.fixed_folder)

    def check(self, *also: str) -> Result:
        """Run the rule, and `also` other rules, groups or presets, on the project: what they find. Raises
        AssertionError when findings, severities or fixes are not what markers and `fixed/` say, when a fix
        parses worse, changes something again when it was applied, or is less safe than the rule declares, or
        when the name of the folder is wrong."""
        __tracebackhide__ = True
        files = self.files
        wanted, severities = expected(files)
        self._check_name(wanted)
        result = check(files, self.rule, *also, known=self.known, base=self.base)
        _require(not result.report.partial, "the analysis is partial")
        found = Counter(result.lines)
        _require(found == wanted, _difference(result, found, wanted))
        for finding in result.findings:
            self._check_finding(finding, severities)
        self._check_fixes(result)
        return result

    def _check_name(self, wanted: Counter[Line]) -> None:
        __tracebackhide__ = True
        word = "reports" if any(rule == self.rule for _, _, rule in wanted) else "clean"
        named = _CASE.fullmatch(self.folder.name)
        _require(
            named is not None and named[1] == word,
            f"the folder of this case has to be called `{word}` or `{word}-WHAT`: its markers say so",
        )

    def _check_finding(self, finding: Finding, severities: Mapping[Line, Severity]) -> None:
        __tracebackhide__ = True
        line = _line_of(finding)
        severity = severities.get(line)
        if severity is not None and finding.severity is not severity:
            found = finding.severity.label if finding.severity is not None else "none"
            raise AssertionError(f"{_shown(line)}: the severity is {found}, not {severity.label}")
        offered = finding.fix.safety if finding.fix is not None else None
        declared = self.known[finding.rule].spec.fix
        _require(
            _SAFETIES.index(offered) <= _SAFETIES.index(declared),
            f"{_shown(line)}: the rule declares the fix {declared} and offers {offered}",
        )
        _require("\n" not in finding.message, f"{_shown(line)}: a message is one line")

    def _check_fixes(self, result: Result) -> None:
        __tracebackhide__ = True
        files = result.files
        made = result.converged(Safety.UNSAFE)
        changed = {change.path: change.after for change in made.changes if change.after != files[change.path]}
        if os.environ.get("CFLINT_FIXED") == "write":
            for path, data in changed.items():
                target = self.fixed_folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
        _require(not made.notices, f"fixes could not be applied: {[it.message for it in made.notices]}")
        _require(changed == (fixed := self.fixed), _fixed_difference(changed, fixed))
        for path, data in changed.items():
            worse = syntax_errors(Document(path, data)) > syntax_errors(Document(path, files[path]))
            _require(not worse, f"{path} parses worse when it is fixed")
        if not changed:  # another round would start from the same files
            left = [it for it in made.report.findings if applicable(it.fix, Safety.UNSAFE)]
            _require(not left, f"fixes change nothing: {[_shown(_line_of(it)) for it in left]}")
            return
        after = Result(
            {**files, **changed}, made.report, result.rules, result.known, result.options, result.base
        )
        again = after.converged(Safety.UNSAFE).changes
        _require(not again, f"fixes change again what they fixed: {[change.path for change in again]}")
        safe = made if all(map(_is_safe, made.applied)) else result.converged(Safety.SAFE)  # the same rounds
        for applied in safe.applied:
            _require(_is_safe(applied), f"{_shown(_line_of(applied))}: not safe, and applied as a safe fix")
        left = [it for it in safe.report.findings if applicable(it.fix, Safety.SAFE)]
        _require(not left, f"safe fixes that are not applied: {[_shown(_line_of(it)) for it in left]}")


def _is_safe(finding: Finding) -> bool:
    return finding.fix is not None and finding.fix.safety is Safety.SAFE


_SAFETIES = (None, Safety.SAFE, Safety.UNSAFE, Safety.MANUAL)
"""Fixes, from none over the safest."""


def _files_below(folder: Path) -> dict[str, bytes]:
    """The files in a folder, if there is one, by their paths in it, sorted."""
    found: dict[str, bytes] = {}
    for above, _, names in os.walk(folder):
        place = Path(above)
        for name in names:
            found[(place / name).relative_to(folder).as_posix()] = (place / name).read_bytes()
    return dict(sorted(found.items()))


def cases(folder: str | Path, known: RuleSet | None = None) -> list[Case]:
    """The cases in a folder, `RULE/CASE` or `GROUP/RULE/CASE`; a relative folder is one beside the test file
    that calls this, or of the current folder. Raises ValueError for a folder that is called like no rule, and
    when there is no case."""
    every = _installed() if known is None else known
    root = _beside_caller(Path(folder))
    found = list(_cases(root, every, root))
    if not found:
        raise ValueError(f"there is no case in {root}")
    return found


def _beside_caller(folder: Path) -> Path:
    if folder.is_absolute():
        return folder
    import inspect

    frame = inspect.currentframe()
    caller = frame.f_back.f_back if frame is not None and frame.f_back is not None else None
    beside = Path(caller.f_code.co_filename).parent / folder if caller is not None else folder
    return beside if beside.is_dir() else Path.cwd() / folder


def _cases(folder: Path, known: RuleSet, root: Path) -> Iterator[Case]:
    for entry in sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._"):
        if entry.name in known:
            yield from (Case(case, entry.name, known) for case in sorted(entry.iterdir()) if case.is_dir())
        elif entry.name in known.groups and folder == root:
            yield from _cases(entry, known, root)
        else:
            raise ValueError(f"{entry} is called like no rule{_near(entry.name, known)}")


def _near(name: str, known: RuleSet) -> str:
    near = known.near(name)
    if near:
        return f"; did you mean `{near[0]}`?"
    return ": install the package of the rule, for one under development with `pip install -e .`"


# -- pages ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """The page of a rule: the docstring of its module."""

    rule: str
    known: RuleSet = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.rule

    @property
    def text(self) -> str:
        """The page, in Markdown."""
        return self.known[self.rule].page

    def check(self, *also: str) -> None:
        """Run the rule on the examples of its page. Raises AssertionError when the page has no summary, when
        the rule does not report something below `## Incorrect` and nothing elsewhere, when `also` other
        rules, groups or presets report something below `## Correct`, or when a rule with a fix has no
        `## Fix safety`. A rule that says nothing of Markdown (`Documents.NOTHING`) needs files beside each
        other: the title of each block is the path of a file, and the blocks below a heading are a project;
        what those in a folder `base/` show is what it was.
        """
        __tracebackhide__ = True
        found: Rule = self.known[self.rule]
        page = self.text
        problem = page_problem(page)
        _require(problem is None, f"the page of `{self.rule}` {problem}")
        headings = re.findall(r"^## (.+?) *$", page, re.MULTILINE)
        wanted = ["Incorrect", "Correct", *(["Fix safety"] if found.spec.fix is not None else [])]
        for heading in wanted:
            _require(heading in headings, f"the page of `{self.rule}` has no `## {heading}`")
        blocks = fenced_blocks(Document("page.md", page.encode()))
        shown = {block.heading.text for block in blocks if block.heading is not None}
        for heading in wanted[:2]:
            _require(heading in shown, f"there is no example below `## {heading}`")
        if self._shows_projects:
            result = self._checked("Incorrect", self.rule)
            reporting = {"Incorrect"} if result.findings else set()
            also = (self.rule, *also)
        else:
            result = check({"page.md": page}, self.rule, known=self.known)
            reporting = {self.section(it) for it in result.findings if it.rule == self.rule}
        _require("Incorrect" in reporting, f"`{self.rule}` does not report its example below `## Incorrect`")
        others = sorted(reporting - {"Incorrect"})
        _require(not others, f"`{self.rule}` reports something below {others}: {result.messages}")
        wrong = self.reported_below_correct(*also)
        _require(not wrong, f"reported below `## Correct`: {wrong}")

    def reported_below_correct(self, *rules: str) -> list[str]:
        """What rules report below `## Correct`, but for notes that an example shows a part of a project only:
        rule and message."""
        if not rules:
            return []
        if self._shows_projects:
            found = self._checked("Correct", *rules).findings
            return [f"{finding.rule}: {finding.message}" for finding in found]
        found = check({"page.md": self.text}, *rules, known=self.known).findings
        return [
            f"{finding.rule}: {finding.message}"
            for finding in found
            if self.section(finding) == "Correct" and not _OMISSION.match(finding.message)
        ]

    @property
    def _shows_projects(self) -> bool:
        return self.known[self.rule].spec.documents is Documents.NOTHING

    def _checked(self, heading: str, *rules: str) -> Result:
        """What rules find in the project that the blocks below a heading show."""
        files = self._project(heading)
        base = {path.removeprefix("base/"): data for path, data in files.items() if path.startswith("base/")}
        now = {path: data for path, data in files.items() if not path.startswith("base/")}
        return check(now, *rules, known=self.known, base=base or None)

    def _project(self, heading: str) -> dict[str, bytes]:
        """The files that the blocks below a heading show, by path."""
        found = fenced_blocks(Document("page.md", self.text.encode()))
        blocks = [block for block in found if block.heading is not None and block.heading.text == heading]
        _require(
            all(block.title for block in blocks), f"a block below `## {heading}` has no path as its title"
        )
        return {block.title or "": block.document.data for block in blocks}

    def section(self, finding: Finding) -> str:
        """The heading above a finding in the page; "" before the first one."""
        before = self.text.encode()[: finding.at.span.start].decode("utf-8", "replace")
        headings = re.findall(r"^## (.+?) *$", before, re.MULTILINE)
        return str(headings[-1]) if headings else ""


def pages(*names: str, known: RuleSet | None = None) -> list[Page]:
    """The pages of rules: `names` are rules or groups. Raises ValueError for a name that is none."""
    every = _installed() if known is None else known
    return [Page(rule, every) for rule in every.select(names)]


# -- messages ---------------------------------------------------------------------------------------------


def _require(holds: bool, message: str) -> None:
    __tracebackhide__ = True
    if not holds:
        raise AssertionError(message)


def _shown(line: Line) -> str:
    return f"{line[0]}:{line[1]}: {line[2]}"


def _difference(result: Result, found: Counter[Line], wanted: Counter[Line]) -> str:
    lines = [f"marked and not reported: {_shown(line)}" for line in (wanted - found).elements()]
    more = found - wanted
    for finding in result.findings:
        line = _line_of(finding)
        if more[line] > 0:
            more[line] -= 1
            lines.append(f"reported and not marked: {_shown(line)}: {finding.message}")
    return "\n".join(lines)


def _fixed_difference(changed: Mapping[str, bytes], fixed: Mapping[str, bytes]) -> str:
    lines: list[str] = []
    for path in sorted(changed.keys() | fixed.keys()):
        if path not in fixed:
            lines.append(f"fixes change {path}, and there is no fixed/{path}: CFLINT_FIXED=write writes it")
        elif path not in changed:
            lines.append(f"there is fixed/{path}, and no fix changes {path}")
        elif changed[path] != fixed[path]:
            lines += _diff(path, fixed[path], changed[path])
    return "\n".join(lines)


def _diff(path: str, wanted: bytes, found: bytes) -> Iterable[str]:
    before, after = (data.decode("utf-8", "replace").splitlines() for data in (wanted, found))
    return difflib.unified_diff(before, after, f"fixed/{path}", f"{path} after the fixes", lineterm="")
