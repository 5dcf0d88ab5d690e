"""`cflint doctor`: what cflint sees of a project, and what it rests on, for a look and for a bug report.

Imported where used: everything that reads a project, which `--help` does not need.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cflint import __version__
from cflint.cli.console import counted, write
from cflint.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from cflint.cli.check.plan import Plan
    from cflint.project.workers.loaded import Loaded
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker

_READERS = ("tree-sitter", "tree-sitter-typescript", "libcst", "ahocorasick-rs", "dulwich", "click")
_MOST_LEFT_OUT = 20
"""Files that text names of those which are left out for one reason; the JSON has all."""

Facts = dict[str, Any]


@click.command(short_help="Show what cflint sees here and rests on, for a bug report.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(exists=True))
@click.option(
    "--output-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to write it.",
)
@click.option("--isolated", is_flag=True, help="Use no settings file and no rules of installed packages.")
def command(paths: tuple[str, ...], output_format: str, isolated: bool) -> int:
    """Show how old the tables are that findings rest on, which Workers, frameworks, formats and environments
    are recognised, what is left out and why, which settings and packages of rules count, and the cache.

    A bug report is complete with this, the output of `cflint check`, and the lines of code that it is about.
    Values that look like secrets are starred out; names and paths of the project are in it.
    """
    facts = _masked({**_itself(), **_project(paths, isolated=isolated)})
    if output_format == "json":
        write(json.dumps(facts, indent=2) + "\n", "utf-8")
    else:
        write("".join(f"{line}\n" for line in _lines(facts)))
    return Exit.CLEAN


def _masked(value: Any) -> Any:
    """A value in which no text holds a secret, or a control character."""
    from cflint.report.escape import encodable, masked

    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner) for inner in value]
    return encodable(masked(_from_home(value))) if isinstance(value, str) else value


def _from_home(text: str) -> str:
    """A path without the name of whose it is: `~/src` for `/home/ada/src`."""
    home = os.environ.get("HOME", "")
    return f"~{text[len(home) :]}" if len(home) > 1 and text.startswith(f"{home}/") else text


# -- cflint itself -----------------------------------------------------------------------------------------


def _itself() -> Facts:
    import platform

    return {
        "cflint": {
            "version": __version__,
            "python": sys.version.split()[0],
            "platform": platform.platform(terse=True),
            "folder": str(Path(__file__).parent.parent),
            "packages": dict(_versions()),
            "variables": {name: value for name, value in os.environ.items() if name.startswith("CFLINT_")},
        },
        "tables": list(_tables()),
        "cache": _cache(),
    }


def _versions() -> Iterator[tuple[str, str | None]]:
    from importlib.metadata import PackageNotFoundError, version

    for name in _READERS:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, None


def _tables() -> Iterator[Facts]:
    from cflint.platform.clock import today
    from cflint.platform.tables import dated_tables

    for table in dated_tables():
        yield {"name": table.name, "asOf": table.as_of, "daysOld": table.age(today())}


def _cache() -> Facts:
    from cflint.cache.storage import FOLDER
    from cflint.cachedir import cache_folder

    folder = cache_folder()
    if folder is None:
        return {"folder": None, "files": 0, "bytes": 0}
    sizes = [size for path in (folder / FOLDER).rglob("*") if (size := _size_of(path)) is not None]
    return {"folder": str(folder), "files": len(sizes), "bytes": sum(sizes)}


def _size_of(path: Path) -> int | None:
    """The size of a file, in bytes; None for what is none, or what another run has just removed."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


# -- the project -------------------------------------------------------------------------------------------


def _project(paths: tuple[str, ...], *, isolated: bool) -> Facts:
    from cflint.cli.check.analysis import Analysis
    from cflint.cli.check.arguments import asked
    from cflint.cli.check.plan import plan_of

    try:
        plan = plan_of(asked(paths=paths, isolated=isolated))
        settings = list(_settings(plan))
        loaded = Analysis(plan).loaded
    except Failure as failure:
        return {"failure": str(failure)}
    return {
        "root": str(plan.place.workspace.root),
        "settings": settings,
        "rulePackages": _packages(plan),
        "workers": [_worker(loaded.project, worker) for worker in loaded.project.workers],
        "leftOut": [{"path": it.path, "reason": it.reason.value} for it in loaded.discovered.left_out],
        "notices": [_notice(it) for it in (*_pages(loaded), *loaded.notices)],
    }


def _settings(plan: Plan) -> Iterator[Facts]:
    """For each path that was named, the file of settings that counts, and how many rules run by it."""
    for path in plan.place.paths:
        settings = plan.settings.of(path)
        yield {
            "path": path or ".",
            "file": settings.path or None,
            "preset": settings.preset,
            "preview": settings.preview,
            "rules": len(plan.settings.rules((path,))),
            "exclude": list(settings.exclude),
            "ignore": list(settings.ignore),
            "severity": {
                name: level.label if level is not None else "off" for name, level in settings.severity.items()
            },
        }


def _packages(plan: Plan) -> Facts:
    from cflint.packages import installed

    used = {rule.package for rule in plan.settings.known.values() if rule.package is not None}
    names = [package.label for package in installed()]
    return {"installed": names, "inUse": sorted(str(getattr(it, "label", it)) for it in used)}


def _worker(project: Project, worker: Worker) -> Facts:
    from cflint.project.code.calls import all_code_is_known
    from cflint.project.modules.installed import installed_version

    config = worker.config
    folder = config.directory if config is not None else ""
    tools = {name: installed_version(project.workspace, folder, name) for name in ("wrangler", "workerd")}
    has_types_alone = project.sources.has_types_alone
    app = (
        worker.app.summary(has_types_alone, is_configured=config is not None)
        if worker.app is not None
        else None
    )
    return {
        "name": worker.name,
        "path": config.path if config is not None else None,
        "is": worker.without_config or (config.role.name.lower() if config is not None else "code"),
        "format": _format(worker),
        "framework": app,
        "entries": list(worker.entries),
        "modules": len(worker.modules),
        "allCodeIsKnown": all_code_is_known(project, worker),
        "environments": [
            {
                "name": it.name,
                "compatibilityDate": str(it.compatibility_date) if it.compatibility_date else None,
                "compatibilityFlags": list(it.compatibility_flags),
                "bindings": dict(sorted(Counter(one.kind.id for one in it.bindings).items())),
                "allIsKnown": not it.is_open(),
            }
            for it in worker.environments
        ],
        "notKnown": config.deployment.open or config.deployment.filled or None
        if config is not None
        else None,
        "packages": {name: tool.text for name, tool in tools.items() if tool is not None},
    }


def _format(worker: Worker) -> str | None:
    if worker.is_document:
        return "Markdown"
    if worker.config is None:
        return None
    return "TypeScript" if worker.config.is_typescript else worker.config.path.rpartition(".")[2].upper()


def _pages(loaded: Loaded) -> tuple[Any, ...]:
    from cflint.project.workers.remarks import shadowed

    return tuple(shadowed(loaded.discovered.shadowed))


def _notice(notice: Any) -> Facts:
    return {"path": notice.path, "line": notice.line, "message": notice.message}


# -- text --------------------------------------------------------------------------------------------------


def _lines(facts: Facts) -> Iterator[str]:
    from cflint.report.escape import visible

    yield from map(visible, _of_itself(facts))
    if "failure" in facts:
        yield visible(f"the project cannot be looked at: {facts['failure']}")
    else:
        yield from map(visible, _of_project(facts))
    yield ""
    yield "For a bug report: this, the output of `cflint check`, and the lines of code that it is about."


def _of_itself(facts: Facts) -> Iterator[str]:
    own = facts["cflint"]
    yield f"cflint {own['version']}, Python {own['python']}, {own['platform']}"
    yield f"  in {own['folder']}"
    yield "  " + ", ".join(
        f"{name} {version or 'is not installed'}" for name, version in own["packages"].items()
    )
    for name, value in own["variables"].items():
        yield f"  {name}={value}"
    yield "tables that findings rest on:"
    for table in facts["tables"]:
        days = f", {counted(table['daysOld'], 'day')} old" if table["daysOld"] is not None else ""
        yield f"  {table['name']}: {table['asOf']}{days}"
    cache = facts["cache"]
    size = f"{cache['bytes'] / 1_000_000:.1f} MB"
    yield (
        f"cache: {cache['files']} files, {size}, in {cache['folder']}"
        if cache["folder"]
        else "cache: switched off"
    )


def _of_project(facts: Facts) -> Iterator[str]:
    yield f"root: {facts['root']}"
    for it in facts["settings"]:
        file = it["file"] or "no settings file, the defaults apply"
        preview = " with preview" if it["preview"] else ""
        yield f"settings of {it['path']}: {file}; {it['rules']} rules of the preset {it['preset']}{preview}"
        for key in ("ignore", "exclude"):
            if it[key]:
                yield f"  {key}: {', '.join(it[key])}"
        if it["severity"]:
            yield "  severity: " + ", ".join(f"{name} {level}" for name, level in it["severity"].items())
    packages = facts["rulePackages"]
    if packages["installed"]:
        in_use = ", ".join(packages["inUse"]) or "none of them is used"
        yield f"packages of rules: {', '.join(packages['installed'])}; in use: {in_use}"
    if not facts["workers"]:
        yield "no Worker was found"
    for worker in facts["workers"]:
        yield from _of_worker(worker)
    by_reason: dict[str, list[str]] = {}
    for it in facts["leftOut"]:
        by_reason.setdefault(it["reason"], []).append(it["path"])
    for reason, paths in by_reason.items():
        more = len(paths) - _MOST_LEFT_OUT
        listed = ", ".join(paths[:_MOST_LEFT_OUT]) + (f" and {more} more" if more > 0 else "")
        yield f"left out ({reason}): {listed}"
    for it in facts["notices"]:
        yield f"said aside: {it['path'] or ''}{': ' if it['path'] else ''}{it['message']}"


def _of_worker(worker: Facts) -> Iterator[str]:
    from cflint.report.lines import environment_name

    yield f"Worker {worker['name'] or '(no name)'}: {worker['path'] or 'no configuration'}"
    known = "" if worker["allCodeIsKnown"] else ", not all of its code is there"
    parts = [worker["format"], worker["is"], counted(worker["modules"], "module") + known]
    yield "  " + ", ".join(part for part in parts if part)
    if worker["framework"]:
        yield f"  app: {worker['framework']}"
    if worker["packages"]:
        yield "  " + ", ".join(f"{name} {version}" for name, version in worker["packages"].items())
    if worker["notKnown"]:
        yield f"  not all is known: {worker['notKnown']}"
    for it in worker["environments"]:
        name = environment_name(it["name"])
        date = it["compatibilityDate"] or "no date"
        flags = f" with {', '.join(it['compatibilityFlags'])}" if it["compatibilityFlags"] else ""
        bindings = ", ".join(f"{count} {kind}" for kind, count in it["bindings"].items()) or "no bindings"
        unknown = "" if it["allIsKnown"] else "; there may be more than is known"
        yield f"  {name}: {date}{flags}; {bindings}{unknown}"
