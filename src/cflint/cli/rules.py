"""`cflint rules`: all rules in a table."""

# Imported where used: what `--help` does not need.

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from cflint.cli.console import COLOR_CHOICES
from cflint.cli.selection import complete_selectors

if TYPE_CHECKING:
    from cflint.finding import Safety
    from cflint.rule import Rule


@click.command(
    epilog="""\b
Examples:
  cflint rules --select websockets        the rules of a group
  cflint rules --select strict --ignore recommended"""
)
@click.option(
    "--select",
    multiple=True,
    metavar="NAMES",
    shell_complete=complete_selectors,
    help="Only these rules, groups or presets, with commas between; may be repeated.",
)
@click.option(
    "--ignore", multiple=True, metavar="NAMES", shell_complete=complete_selectors, help="All but these."
)
@click.option(
    "--output-format",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="How to write the table.",
)
@click.option("--isolated", is_flag=True, help="Leave out the rules of installed packages.")
@click.option("--color", type=click.Choice(COLOR_CHOICES), default="auto", show_default=True, help="Colours.")
def command(
    *, select: tuple[str, ...], ignore: tuple[str, ...], output_format: str, isolated: bool, color: str
) -> None:
    """List the rules: severity, fix, preset, what each finds, and from which package it is, if not from
    cflint."""
    from cflint.cli.console import write
    from cflint.cli.selection import known_here, names, selected
    from cflint.rule import ALL

    rules = selected(known_here(isolated=isolated), names(select) or (ALL,), names(ignore))
    ordered = sorted(rules.values(), key=lambda rule: (rule.group, rule.id))
    match output_format:
        case "json":
            write(_json(ordered), "utf-8")
        case "markdown":
            write(markdown_table(ordered), "utf-8")
        case _:
            write("".join(f"{row}\n" for row in _text(ordered, color)))


def preset_label(presets: Iterable[str]) -> str:
    """The presets that hold a rule, the smallest standing for those around it; `-` when only `all` does."""
    members = set(presets) - {"all"}
    if "recommended" in members:
        return "recommended"
    return ", ".join(sorted(members)) or "-"


def precision_label(rule: str) -> str:
    """How many of the findings that readers judged were right, as `8.5 of 9`; `-` when none was read."""
    from cflint.platform.precision import precision_of

    read = precision_of(rule)
    return f"{read.true + read.arguable / 2:g} of {read.places}" if read.places else "-"


def fix_label(fix: Safety | None) -> str:
    """The least safe fix that a rule offers, or `-`."""
    return "-" if fix is None else fix.value


def as_data(rule: Rule) -> dict[str, object]:
    """The facts of a rule in the JSON outputs; `fix` is null without one, `presets` sorted; `package` has the
    name and version of what the rule comes from."""
    from cflint import __version__
    from cflint.platform.precision import precision_of, proof_of

    spec = rule.spec
    package = rule.package
    read = precision_of(rule.id)
    return {
        "id": rule.id,
        "group": rule.group,
        "severity": spec.severity.label,
        "harm": spec.harm.label,
        "fix": None if spec.fix is None else spec.fix.value,
        "presets": sorted(spec.presets),
        "since": spec.since,
        "aliases": list(spec.aliases),
        "precision": {
            "level": read.level.value,
            "true": read.true,
            "arguable": read.arguable,
            "false": read.false,
            "projects": read.projects,
            "proof": None if package is not None else proof_of(rule.id),
            "least": None if read.least is None else round(read.least, 3),
        },
        "summary": rule.summary,
        "url": rule.info.uri,
        "defined_in": rule.defined_in,
        "package": {
            "name": "cflint" if package is None else package.name,
            "version": __version__ if package is None else package.version,
        },
    }


def markdown_table(rules: Iterable[Rule]) -> str:
    """A table for each group, in Markdown, every id a link to its page; the rules sorted by group."""
    from itertools import groupby

    return "\n".join(
        _group(group, list(members)) for group, members in groupby(rules, lambda rule: rule.group)
    )


def _group(group: str, rules: list[Rule]) -> str:
    rows = [f"### {group}", ""]
    about = _about(rules[0])
    if about:
        rows += [about, ""]
    if rules[0].package is not None:
        rows += [f"From the package `{rules[0].package.name}` {rules[0].package.version}.", ""]
    rows += ["| Rule | What it says | Severity | Fix | Preset | Right |", "|---|---|---|---|---|---|"]
    for rule in rules:
        summary = rule.summary.replace("|", "\\|")
        spec = rule.spec
        is_own = rule.package is None and rule.defined_in is None
        link = f"[`{rule.id}`]({_page(rule)})" if is_own else f"`{rule.id}`"
        cells = (
            *(link, summary, spec.severity.label, fix_label(spec.fix), preset_label(spec.presets)),
            precision_label(rule.id),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "".join(f"{row}\n" for row in rows)


def _page(rule: Rule) -> str:
    """The file of the repository that begins with the rule's page."""
    return f"rules/{rule.module.__name__.replace('.', '/')}.py"


def _about(rule: Rule) -> str:
    """The docstring of the package of a rule's group: what the group is about."""
    import sys

    package = sys.modules.get(rule.module.__name__.rpartition(".")[0])
    return ((package.__doc__ if package is not None else None) or "").strip().split("\n", 1)[0]


def _json(rules: Iterable[Rule]) -> str:
    import json

    return json.dumps({"version": 1, "rules": [as_data(rule) for rule in rules]}, indent=2) + "\n"


_LEAST_SUMMARY = 20
_STYLES = {"error": "31", "warning": "33", "note": "36"}


def _text(rules: list[Rule], color: str) -> Iterator[str]:
    """Aligned columns, on a terminal cut at its width; on one too narrow for them a paragraph each."""
    import sys

    from cflint.cli.console import is_terminal, wants_color, width_of

    colored = wants_color(color, sys.stdout)
    room = width_of(sys.stdout) if is_terminal(sys.stdout) else None
    rows: list[tuple[str, ...]] = [
        ("RULE", "GROUP", "SEVERITY", "FIX", "PRESET", "RIGHT", "PACKAGE", "SUMMARY"),
        *(
            (
                rule.id,
                rule.group,
                rule.spec.severity.label,
                fix_label(rule.spec.fix),
                preset_label(rule.spec.presets),
                precision_label(rule.id),
                "-" if rule.package is None else rule.package.label,
                rule.summary,
            )
            for rule in rules
        ),
    ]
    if all(rule.package is None for rule in rules):
        rows = [(*row[:6], row[7]) for row in rows]
    head = rows[0]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    left = None if room is None else room - sum(widths) - 2 * len(widths)
    if room is not None and left is not None and left < _LEAST_SUMMARY:
        yield from _paragraphs(rows[1:], room, colored=colored)
        return
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row[:-1], widths, strict=True)]
        summary = row[-1] if left is None or len(row[-1]) <= left else f"{row[-1][: max(0, left - 3)]}..."
        if colored and row is head:
            yield f"\x1b[1m{'  '.join([*cells, summary]).rstrip()}\x1b[0m"
            continue
        if colored:
            cells[0] = f"\x1b[1m{cells[0]}\x1b[0m"
            cells[2] = f"\x1b[{_STYLES[row[2]]}m{cells[2]}\x1b[0m"
        yield "  ".join([*cells, summary]).rstrip()


def _paragraphs(rows: Iterable[tuple[str, ...]], room: int, *, colored: bool) -> Iterator[str]:
    """The name of each rule, and below it the rest, wrapped for so many cells."""
    from cflint.report.wrapping import wrapped

    for name, *others, summary in rows:
        yield f"\x1b[1m{name}\x1b[0m" if colored else name
        facts = ", ".join(cell for cell in others if cell != "-")
        yield from (f"  {row}" for row in wrapped(f"{facts}: {summary}", room - 2, room - 2))
