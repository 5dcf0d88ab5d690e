"""`cflint inspect`: what the model knows of a place, and why a rule reported something there or nothing.

Imported where used: everything that reads a project, which `--help` does not need.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cflint.cli.check.place import current_folder
from cflint.cli.console import width_of, write
from cflint.cli.exits import Exit, Failure
from cflint.cli.selection import complete_rules
from cflint.report.escape import visible

if TYPE_CHECKING:
    from cflint.engine.inspection import Inspection
    from cflint.project.workers.loaded import Loaded
    from cflint.source import Document


@click.command(short_help="Show what cflint knows of a place, and why a rule reported nothing there.")
@click.argument("place", metavar="FILE:LINE[:COLUMN]")
@click.option(
    "--rule", metavar="NAME", shell_complete=complete_rules, help="Show what this rule did at the place."
)
@click.option("--isolated", is_flag=True, help="Use no settings file and no rules of installed packages.")
@click.option(
    "--output-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How to write the answer.",
)
def command(place: str, rule: str | None, isolated: bool, output_format: str) -> None:
    """Show what cflint knows of a place: the node, its value and where that comes from, the class, the
    handler, the Worker, its environments and where the code runs. Lines and columns begin at 1, columns are
    characters.

    With --rule, also why that rule reported something there or nothing: which of its checks ran on what, and
    at which line of the rule each ended.
    """
    from cflint.report import inspection

    found = _inspect(place, rule, isolated=isolated)
    if output_format == "json":
        write(inspection.as_json(found), "utf-8")
    else:
        write(inspection.as_text(found, max(40, min(width_of(sys.stdout), 110))), "utf-8")


def _inspect(place: str, name: str | None, *, isolated: bool) -> Inspection:
    from cflint.cli.explain import named_rule
    from cflint.engine.inspection import inspect_place
    from cflint.engine.plan import Options
    from cflint.project.files.workspace import Workspace
    from cflint.project.workers.loading import load
    from cflint.rule import RuleSet
    from cflint.settings import Policy, SettingsError, SettingsTree, allows_packages

    file, line, column = _parsed(place)
    current_folder()
    if not Path(file).is_file():
        raise Failure(f"no such file: {visible(file)}")
    workspace = Workspace.around([file])
    path = workspace.relative(file)
    document = workspace.read(path) if path is not None else None
    if path is None or document is None:
        raise Failure(f"{visible(file)} cannot be read")
    known = RuleSet.discover(packages=not isolated and allows_packages(workspace, [path]))
    policy = Policy(SettingsTree(workspace, known, isolated=isolated), known, lambda settings: settings)
    try:
        known = policy.known_for([path])
        rule = named_rule(name, known) if name is not None else None
        settings = policy.settings_for(path)
        rules = settings.rules(known)
        loaded = load(workspace, (path,), settings.exclude, preferences=policy.options_for)
    except SettingsError as error:
        raise Failure(str(error)) from error
    options = Options(rules, known, settings.exclude, jobs=1, apply_policy=policy.apply_policy)
    document = _block_at(loaded, path, document, line)
    return inspect_place(loaded, options, document, _offset(document, line, column), rule)


def _parsed(place: str) -> tuple[str, int, int | None]:
    """File, line and column of `FILE:LINE[:COLUMN]`; a file's name may hold colons."""
    parts = place.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdecimal() and parts[2].isdecimal():
        return parts[0], int(parts[1]), int(parts[2])
    file, colon, line = place.rpartition(":")
    if not colon or not line.isdecimal():
        raise Failure(f"`{visible(place)}` is no place: write FILE:LINE or FILE:LINE:COLUMN", Exit.USAGE)
    return file, int(line), None


def _offset(document: Document, line: int, column: int | None) -> int:
    """The byte offset of a place; without a column that of the first character that is no blank."""
    from cflint.source import Position

    lines = document.line_count
    if not 1 <= line <= lines:
        raise Failure(f"{visible(document.file.path)} has {lines} lines, so no line {line}")
    if column is not None:
        return document.offset(Position(line, max(column, 1)))
    span = document.line_span(line)
    text = document.data[span.start : span.end]
    return span.start + len(text) - len(text.lstrip())


def _block_at(loaded: Loaded, path: str, file: Document, line: int) -> Document:
    """The code block of a Markdown file that holds a line; the file itself where none does."""
    span = file.line_span(min(max(line, 1), file.line_count))
    for name in (*loaded.modules, *(config.path for config in loaded.configs)):
        block = loaded.project.sources.document(name)
        is_block = block is not None and block.origin is not None and block.origin.path == path
        if block is not None and is_block and block.data[span.start : span.end].strip():
            return block
    return file
