"""What `cflint check` does, from the request to the exit code."""

# Imported where used: fixes, baselines and profiles, which few runs need, and what no cached one does.

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.cli.check.analysis import Analysis
from cflint.cli.check.delivery import deliver_report
from cflint.cli.check.place import unread
from cflint.cli.check.plan import Action, Plan, plan_of
from cflint.cli.check.request import Request
from cflint.cli.console import counted, remark, say, warn, write
from cflint.cli.exits import Exit, Failure
from cflint.cli.output import write_file
from cflint.finding import Report
from cflint.report.escape import visible
from cflint.syntax.suffixes import COMPONENT_SUFFIXES, SOURCE_SUFFIXES

if TYPE_CHECKING:
    from cflint.project.config.deployment import Deployment
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker


def perform(request: Request) -> Exit:
    """Do what was requested, and return the exit code. Raises Failure for what the user can mend, and
    OSError."""
    if request.watch:
        from cflint.cli.check.watching import watched

        return watched(request, _performed)
    return _performed(plan_of(request))


def _performed(plan: Plan) -> Exit:
    """Do what was planned."""
    request = plan.request
    if plan.action is Action.SHOW_SETTINGS:
        write(plan.settings.as_text())
        return Exit.CLEAN
    if request.add_ignore is not None:
        from cflint.cli.check.ignoring import check_reason

        check_reason(request.add_ignore)
    analysis = Analysis(plan)
    first = analysis.first()
    if request.verbose:
        say("".join(_background(plan, analysis)))
    if plan.kept is None and analysis.loaded.empty:
        return without_workers(plan, analysis, first)
    problems = list(unread(plan.place))
    for problem in problems:
        warn(problem)
    if plan.action is Action.WRITE_BASELINE:
        return Exit.INTERNAL if problems else _write_baseline(plan, first)
    report = analysis.compared(first)
    if plan.action is Action.REPORT:
        code = _report(plan, analysis, report)
    elif plan.action is Action.ADD_IGNORES:
        from cflint.cli.check.ignoring import add_ignores

        analysis.keep()
        code = add_ignores(plan, analysis, report)
    else:
        analysis.keep()
        code = _fix(plan, analysis, report)
    if plan.clock is not None:
        from cflint.engine.profile import table

        plan.clock.begun("start", plan.spent)
        say(table(plan.clock, report, plan.spent + time.perf_counter() - plan.started))
    if request.verbose:
        say(f"took {time.perf_counter() - plan.started:.2f} s")
    return Exit.INTERNAL if problems else code


def _report(plan: Plan, analysis: Analysis, report: Report) -> Exit:
    """Report the findings, then write the cache, for which nobody has to wait."""
    with analysis.clocked("write the report"):
        code = deliver_report(plan, analysis, report)
    if plan.request.unsafe_fixes and not plan.request.quiet:
        remark("`--unsafe-fixes` alone changes nothing: add `--fix` to apply the fixes, `--diff` to see them")
    analysis.keep()
    return code


def _fix(plan: Plan, analysis: Analysis, report: Report) -> Exit:
    from cflint.cli.check.fixing import apply_fixes, show_changes

    change = show_changes if plan.action is Action.DIFF else apply_fixes
    return change(plan, analysis, report)


def _write_baseline(plan: Plan, report: Report) -> Exit:
    from cflint.report.baseline import baseline_of, written

    target = plan.request.baseline
    assert target is not None
    write_file(target, written(baseline_of(report)).encode("ascii"))
    if not plan.request.quiet:
        remark(f"wrote {counted(len(report.findings), 'finding')} to {visible(target)}")
    return Exit.INTERNAL if report.partial else Exit.CLEAN


def without_workers(plan: Plan, analysis: Analysis, report: Report) -> Exit:
    """There is no Worker: an error, unless `--allow-empty`."""
    from cflint.project.files.discovery import Reason

    request = plan.request
    where = ", ".join(map(visible, request.paths[:3])) if request.paths else "this folder"
    message = (
        f"no Worker project found in {where}: no wrangler.json, wrangler.jsonc, wrangler.toml or "
        "cloudflare.config.ts, and no code that uses the APIs of Workers"
    )
    if request.allow_empty:
        if not request.is_for_people:
            return deliver_report(plan, analysis, report)
        if not request.quiet:
            remark(message)
        return Exit.CLEAN
    for problem in unread(plan.place):
        warn(problem)
    hint = "name the folder that holds the Worker, or allow none with `--allow-empty`"
    if _has_documents(plan):
        hint = "Markdown is checked when its files are named: `cflint check README.md`"
    skipped = analysis.loaded.discovered.left_out
    kit = next((item.path for item in skipped if item.reason is Reason.PARTYKIT), None)
    if kit is not None:
        hint = f"{visible(kit)} is PartyKit's, whose projects are not read; allow none with `--allow-empty`"
    if any(item.path in plan.place.paths for item in skipped) or request.exclude:
        hint = "`--verbose` prints what was skipped and why; `--allow-empty` makes this no error"
    raise Failure(message, Exit.NO_PROJECT, hint)


def _has_documents(plan: Plan) -> bool:
    """Whether there are Markdown files, and no code, in what was looked at."""
    from cflint.project.files.discovery import MARKDOWN_SUFFIXES

    folders = plan.place.workspace.seen.folders
    names = [name for names in folders.values() for name in names]
    has_code = any(name.endswith(SOURCE_SUFFIXES) for name in names)
    return not has_code and any(name.endswith(MARKDOWN_SUFFIXES) for name in names)


def _deployment(found: Deployment) -> Iterator[str]:
    """What `--verbose` prints of how a configuration is deployed, where other files say something."""
    if found.open:
        yield f"  its bindings are not all known: {visible(found.open)}\n"
    if found.filled:
        yield f"  its values are not all known: {visible(found.filled)}\n"
    if found.entry:
        yield f"  its entry, which `main` does not name: {visible(found.entry)}\n"
    if found.names:
        yield f"  commands call it {visible(', '.join(found.names))}\n"
    if found.local:
        yield f"  nobody deploys it: {visible(found.local)}\n"
    if found.is_template:
        yield "  it is a template\n"


def _modules(project: Project, worker: Worker) -> str:
    """What `--verbose` prints of the modules of a Worker: how many run, and what else is read."""
    read = [path for path in worker.modules if not path.endswith(COMPONENT_SUFFIXES)]
    idle = [path for path in read if path in worker.idle or project.sources.has_types_alone(path)]
    parts = [counted(len(read) - len(idle), "module")]
    if idle:
        parts.append(f"{len(idle)} more of which no function runs")
    if len(worker.modules) > len(read):
        parts.append(f"the imports of {counted(len(worker.modules) - len(read), 'component')}")
    return ", ".join(parts)


def _format(worker: Worker) -> str:
    """What `--verbose` prints of a configuration that is a program."""
    if worker.config is None or not worker.config.is_typescript:
        return ""
    modes = len(worker.config.environments)
    return f"TypeScript, {counted(modes, 'mode')}, " if modes > 1 else "TypeScript, "


def _unknown(config: WranglerConfig) -> Iterator[str]:
    """What `--verbose` prints of a configuration in TypeScript of which not all is known."""
    lines: dict[str, None] = {}
    for opening in config.source.openings if config.source is not None else ():
        at = opening.place.document.line_of(opening.place.span.start)
        part = ".".join(map(str, opening.source)) or "the configuration"
        lines[f"  not all of {part} is known: {opening.reason} ({opening.place.document.path}:{at})"] = None
    yield from (f"{visible(line)}\n" for line in lines)


def _background(plan: Plan, analysis: Analysis) -> Iterator[str]:
    """What `--verbose` prints: the root, the rules, the Workers, what was skipped."""
    loaded = analysis.loaded
    yield f"root: {visible(str(plan.place.workspace.root))}\n"
    yield f"rules: {len(analysis.rules)}\n"
    if plan.kept is not None:
        yield "nothing has changed since an earlier run: these are its findings\n"
    for worker in loaded.project.workers:
        where = worker.config.path if worker.config is not None else "no configuration"
        yield f"Worker: {visible(where)} ({_format(worker)}{_modules(loaded.project, worker)})\n"
        if worker.without_config:
            yield f"  it is one: {visible(worker.without_config)}\n"
        if worker.config is not None:
            yield from _deployment(worker.config.deployment)
            if not worker.config.role.is_deployed and not worker.config.deployment.local:
                yield f"  nobody deploys it: it is {worker.config.role.value}\n"
            yield from _unknown(worker.config)
        if worker.bound:
            yield f"  bindings that something else gives it: {visible(', '.join(worker.bound))}\n"
        if worker.app is not None:
            has_types_alone, is_configured = loaded.project.sources.has_types_alone, worker.config is not None
            summary = worker.app.summary(has_types_alone, is_configured=is_configured)
            yield f"app: {visible(summary)}\n"
    for item in loaded.discovered.left_out:
        yield f"skipped: {visible(item.path)} ({item.reason.value})\n"
