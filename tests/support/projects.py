"""Projects in memory, loaded and checked as on the disk."""

from __future__ import annotations

from pathlib import Path

from cflint.engine.analysis import Run
from cflint.engine.plan import Options
from cflint.finding import Report
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from cflint.rule import RuleSet

Files = dict[str, str]


def memory(files: Files) -> Workspace:
    """A workspace with these files."""
    return Workspace.in_memory({path: text.encode() for path, text in files.items()})


def loaded(files: Files, *paths: str) -> Loaded:
    """What paths of a project, the whole of it by default, load."""
    return load(memory(files), paths or ("",), preferences=no_preferences)


def report(files: Files, *paths: str) -> Report:
    """The report of all rules on a project, each as loud as its file says."""
    rules = RuleSet.discover().as_harmful()
    options = Options(rules, rules, jobs=1, debug=True)
    run = Run(loaded(files, *paths), options)
    return run.report(run.everything(), Path())


def found(files: Files, *paths: str) -> set[str]:
    """The names of the rules that report something in a project."""
    return {finding.rule for finding in report(files, *paths).findings}
