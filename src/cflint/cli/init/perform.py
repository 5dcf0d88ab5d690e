"""What `cflint init` does: look, show each part, ask, and write all of it at the end.

Imported where used: the parts for agents, which few ask for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import click

from cflint.cli.check.analysis import Analysis
from cflint.cli.check.arguments import read
from cflint.cli.check.perform import without_workers
from cflint.cli.check.plan import plan_of
from cflint.cli.check.request import BASELINE
from cflint.cli.console import counted, is_terminal, say, wants_color, warn, write
from cflint.cli.exits import Exit, Failure
from cflint.cli.init.origin import Origin, known_origin, read_origin
from cflint.cli.init.parts import (
    SETTINGS,
    File,
    Part,
    baseline_part,
    ci_part,
    editor_part,
    generated_files,
    pre_commit_part,
    settings_part,
)
from cflint.cli.init.survey import Ci, Survey, survey
from cflint.cli.signals import held_back
from cflint.finding import Report
from cflint.fixer import Change
from cflint.fixer import write as write_changes
from cflint.project.workers.loaded import Loaded
from cflint.record import replace
from cflint.report.diff import diffs
from cflint.report.escape import visible


def perform(
    *,
    yes: bool,
    skipped: Collection[str],
    ci: str | None,
    editor: str | None,
    agents: bool,
    origin: str | None,
) -> Exit:
    """Set cflint up in the repository around the current folder. Raises Failure, and OSError."""
    source = read_origin(origin) if origin is not None else known_origin()
    request = read([], os.environ)
    if request is None:
        why = "a variable of the environment has a value that `cflint check` does not take"
        raise Failure(why, Exit.USAGE, "`cflint check` says which")
    plan = plan_of(request)
    root = plan.place.workspace.root
    assert root is not None  # the current folder is on a disk
    if root != plan.place.base:
        plan = plan_of(replace(request, paths=(os.path.relpath(root),)))
    analysis = Analysis(plan)
    report = analysis.first()
    if analysis.loaded.empty:
        return without_workers(plan, analysis, report)
    analysis.keep()
    seen = survey(plan.place.workspace, root, Ci(ci) if ci is not None else None)
    write("".join(f"{line}\n" for line in _heading(seen, report, source)))
    asks = not yes and is_terminal(sys.stdin)
    makers = _makers(
        seen, analysis.loaded, report, source, is_editor_wanted=editor is not None, agents=agents
    )
    files = _propose(makers, skipped, _is_wanted if asks else lambda _: True)
    if not yes and not asks:
        raise Failure(
            "stdin is no terminal, so nobody can be asked", hint="`--yes` writes what is shown above"
        )
    return _write_all(root, files)


def _heading(seen: Survey, report: Report, origin: Origin | None) -> Iterator[str]:
    yield f"Setting cflint up in {visible(str(seen.root))}"
    yield f"  {counted(report.workers_checked, 'Worker')}, {counted(len(report.findings), 'finding')}"
    host = {Ci.GITHUB: "GitHub", Ci.GITLAB: "GitLab", Ci.NONE: "nowhere"}[seen.ci]
    yield (
        f"  jobs run at {host}: {visible(seen.ci_reason)}"
        if seen.ci is not Ci.NONE
        else "  no host of jobs is seen"
    )
    if origin is not None:
        yield f"  hooks and jobs install {visible(origin.address)} at {origin.commit[:12]}"


Maker = Callable[[Collection[str]], Part]
"""Makes a part, given the paths that were taken before."""


def _makers(
    seen: Survey,
    loaded: Loaded,
    report: Report,
    origin: Origin | None,
    *,
    is_editor_wanted: bool,
    agents: bool,
) -> dict[str, Maker]:
    """The parts by name, in their order. The settings leave generated files out, whose findings are then in
    no baseline; the hook and the job name the baseline that is there or was taken."""
    generated = frozenset(generated_files(report.findings))

    def baseline(taken: Collection[str]) -> Part:
        left_out = generated if SETTINGS in taken else frozenset()
        found = tuple(it for it in report.findings if it.at.document.path not in left_out)
        return baseline_part(seen, replace(report, findings=found))

    def has_baseline(taken: Collection[str]) -> bool:
        return seen.baseline is not None or BASELINE in taken

    makers: dict[str, Maker] = {
        "settings": lambda _: settings_part(seen, loaded, report),
        "baseline": baseline,
        "pre-commit": lambda taken: pre_commit_part(seen, origin, baseline=has_baseline(taken)),
        "ci": lambda taken: ci_part(seen, origin, baseline=has_baseline(taken)),
        "editor": lambda _: editor_part(seen, wanted=is_editor_wanted),
    }
    if not agents:
        return makers
    from cflint.cli.init.agents import hook_part, instructions_part, server_part, skill_part

    return makers | {
        "agents": lambda taken: instructions_part(seen, baseline=has_baseline(taken)),
        "skill": lambda taken: skill_part(seen, baseline=has_baseline(taken)),
        "hook": lambda taken: hook_part(seen, baseline=has_baseline(taken)),
        "mcp": lambda _: server_part(seen),
    }


def _propose(
    makers: Mapping[str, Maker], skipped: Collection[str], is_taken: Callable[[File], bool]
) -> list[File]:
    """Show each part, and return the files that are taken."""
    taken: dict[str, File] = {}
    for name, make in makers.items():
        if name in skipped:
            continue
        part = make(taken)
        write("\n")
        if not isinstance(part, File):
            write(f"{name}: nothing to write: {visible(part.why)}\n")
            write("".join(f"    {visible(line)}\n" for line in part.text.splitlines()))
            continue
        write(_shown(name, part))
        if is_taken(part):
            taken[part.path] = part
    return list(taken.values())


def _shown(name: str, file: File) -> str:
    """What would be written: an addition as a diff, a new file as it is, one that nobody reads in a line."""
    color = wants_color("auto", sys.stdout)
    if file.before is not None:
        change = Change(file.path, file.before, file.after)
        return f"{name}: add to {file.path} ({file.purpose})\n{diffs([change], color=color)}"
    if file.summary is not None:
        return f"{name}: write {file.path} ({file.purpose})\n    {visible(file.summary)}\n"
    text = file.after.decode("utf-8", "replace")
    body = "".join(f"    {visible(line)}".rstrip() + "\n" for line in text.splitlines())
    return f"{name}: write {file.path} ({file.purpose})\n{body}"


def _is_wanted(file: File) -> bool:
    verb = "Write" if file.before is None else "Change"
    return click.confirm(f"{verb} {file.path}?", default=True)


def _write_all(root: Path, files: list[File]) -> Exit:
    """Write what was taken; a file that came to be meanwhile stays as it is."""
    done: list[str] = []
    problems: list[str] = []
    with held_back():
        for file in files:
            problem = _write(root, file)
            if problem is None:
                done.append(file.path)
            else:
                problems.append(f"{file.path} was not written: {problem}")
    for problem in problems:
        warn(problem)
    write("\n" + (f"Wrote {', '.join(done)}.\n" if done else "Nothing was written.\n"))
    if ".pre-commit-config.yaml" in done:
        say("`pre-commit install` makes git run the hook")
    if BASELINE in done:
        say(f"from now on: `cflint check --baseline {BASELINE}`")
    return Exit.INTERNAL if problems else Exit.CLEAN


def _write(root: Path, file: File) -> str | None:
    """Write a file; why it was not written, or None."""
    if file.before is not None:
        written = write_changes([Change(file.path, file.before, file.after)], root)
        return written.notices[0].message if written.notices else None
    target = root / file.path
    try:
        if not target.parent.resolve().is_relative_to(root.resolve()):
            return "its folder lies outside the repository"
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as opened:  # never over another file, nor through a link
            opened.write(file.after)
    except FileExistsError:
        return "it is there meanwhile"
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    return None
