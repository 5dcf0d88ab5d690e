"""Thirty findings as `--output-format agent` writes them, and what they cost beside text and JSON.

`python benchmarks/agent_output.py` prints the counts, `--show FORMAT` the output itself, for a reader who is
to say of each finding, with nothing else at hand: in which file, where, what is wrong, what is to be changed.

The findings are those of thirty rules, each in one of its own fixtures, every so many of the rules with
fixtures, so that all groups are met; `--offset` takes others. The comments in which fixtures say what is
expected are taken out. Tokens are estimated as characters / 4: no vocabulary of a model is at hand, and what
is compared is one text with another.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from cflint.cli.check.analysis import Analysis
from cflint.cli.check.arguments import asked
from cflint.cli.check.delivery import circumstances_in
from cflint.cli.check.place import Place
from cflint.cli.check.plan import plan_at
from cflint.finding import Finding, Report
from cflint.project.files.workspace import Workspace
from cflint.record import replace
from cflint.report import FORMATS, Options

ROOT = Path(__file__).resolve().parent.parent
FINDINGS = 30
EXPECTATION = re.compile(
    rb"[ \t]*(?://|#|--|/\*|<!--)[ \t]*(?:note|warning|error): [a-z0-9]+(?:-[a-z0-9]+)+[^\n]*", re.IGNORECASE
)
"""What a fixture says of the line that it stands on."""
COMPARED = ("agent", "concise", "text", "json")


def chosen(offset: int) -> dict[str, Path]:
    """By the name of a rule a fixture that it reports in, more rules than are needed: not every fixture has a
    finding once it stands among others."""
    reporting: dict[str, Path] = {}
    for case in sorted((ROOT / "fixtures").glob("*/*/reports*")):
        if case.is_dir() and case.parent.parent.name not in ("projects", "apps", "changes"):
            reporting.setdefault(case.parent.name, case)
    names = list(reporting)
    step = max(1, len(names) // (FINDINGS * 3 // 2))
    return {name: reporting[name] for name in names[offset % step :: step]}


def laid_out(cases: dict[str, Path], folder: Path) -> None:
    """Each fixture as a Worker of its own in a folder of the rule's name."""
    for name, case in cases.items():
        shutil.copytree(case, folder / name, ignore=shutil.ignore_patterns("fixed*", "expected*"))
        for path in (folder / name).rglob("*"):
            if path.is_file():
                path.write_bytes(EXPECTATION.sub(b"", path.read_bytes()))


def report_of(folder: Path, rules: list[str]) -> tuple[Report, Options]:
    """What the rules report there, one finding of each, thirty at most; and what the command would tell a
    format of them."""
    workspace = Workspace(folder)
    selected = [option for rule in rules for option in ("--select", rule)]
    place = Place(workspace, ("",), folder)
    analysis = Analysis(plan_at(asked(*selected, isolated=True), place))
    report = analysis.first()
    first: dict[str, Finding] = {}
    for finding in report.findings:
        if finding.at.document.path.startswith(f"{finding.rule}/"):
            first.setdefault(finding.rule, finding)
    kept = sorted(list(first.values())[:FINDINGS], key=lambda it: (it.at.document.path, it.at.span.start))
    report = replace(report, findings=tuple(kept), notices=())
    return report, Options(circumstances=circumstances_in(analysis, report))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--show", choices=COMPARED, help="print the output in this format instead of counts")
    parser.add_argument("--offset", type=int, default=0, help="take other rules")
    given = parser.parse_args()
    cases = chosen(given.offset)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        laid_out(cases, folder)
        report, options = report_of(folder, list(cases))
        texts = {name: FORMATS[name](report, options) for name in COMPARED}
    if given.show:
        sys.stdout.write(texts[given.show])
        return 0
    base = len(texts["agent"])
    rows = [f"{len(report.findings)} findings; tokens are characters / 4"]
    rows += [
        f"{name:8} {len(text):6} characters, about {len(text) // 4:5} tokens, {len(text) / base:.2f} of it"
        for name, text in texts.items()
    ]
    sys.stdout.write("\n".join(rows) + "\n")
    return 0 if len(report.findings) == FINDINGS else 1


if __name__ == "__main__":
    sys.exit(main())
