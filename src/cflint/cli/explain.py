"""`cflint explain`: the pages of rules, by their names or by the text of an error."""

# Imported where used: what `--help` does not need.

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cflint.cli.console import COLOR_CHOICES
from cflint.cli.selection import complete_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cflint.rule import Rule, RuleSet


@click.command(
    short_help="Explain rules, by name or by the text of an error.",
    epilog="""\b
Examples:
  cflint explain ws-legacy-accept
  cflint explain "Can't modify immutable headers."
  npx wrangler deploy 2>&1 | cflint explain -""",
)
@click.argument("what", metavar="RULE|TEXT", nargs=-1, required=True, shell_complete=complete_rules)
@click.option(
    "--output-format",
    type=click.Choice(("text", "markdown", "json")),
    default="text",
    show_default=True,
    help="How to write the pages.",
)
@click.option("--isolated", is_flag=True, help="Leave out the rules of installed packages.")
@click.option("--color", type=click.Choice(COLOR_CHOICES), default="auto", show_default=True, help="Colours.")
def command(*, what: tuple[str, ...], output_format: str, isolated: bool, color: str) -> None:
    """Explain rules: what each finds, why that matters, what to do, and what its fix changes.

    The text of an error that the runtime, wrangler, the API or a framework prints (or its code, or `-` for
    what stands on stdin) finds the rules that are about it. No network is used."""
    from cflint.cli.console import write
    from cflint.cli.explain_error import explained, given_text
    from cflint.cli.selection import known_here

    known = known_here(isolated=isolated)
    text = given_text(what, known)
    if text is not None:
        found = explained(text, known)
        match output_format:
            case "json":
                write(found.as_json(), "utf-8")
            case "markdown":
                write(found.as_markdown(page_markdown), "utf-8")
            case _:
                write(_rendered([found.as_markdown(page_markdown)], color))
        return
    rules = list(dict.fromkeys(named_rule(name, known) for name in what))
    match output_format:
        case "json":
            write(_json(rules), "utf-8")
        case "markdown":
            write("\n".join(page_markdown(found) for found in rules), "utf-8")
        case _:
            write(_rendered(map(page_markdown, rules), color))


def page_markdown(rule: Rule) -> str:
    """A rule's page with its name and facts on top, in Markdown."""
    return f"# {rule.id}\n\n{facts(rule)}\n\n{rule.page}"


def facts(rule: Rule) -> str:
    """The facts of a rule in Markdown: severity, presets, fix, what readers found, its options."""
    from cflint.cli.rules import fix_label, preset_label
    from cflint.platform.precision import ORACLES, precision_of, proof_of
    from cflint.rule.loudness import why_quieter

    spec = rule.spec
    facts = (
        f"Severity: {spec.severity.label}, group: {rule.group}, preset: {preset_label(spec.presets)}, "
        f"fix: {fix_label(spec.fix)}"
    )
    if rule.defined_in is not None:
        return f"{facts}, defined in `{rule.defined_in}`"
    if rule.package is not None:
        facts += f", from the package `{rule.package.name}` {rule.package.version}"
    else:
        facts += f", since {spec.since}"
    if spec.aliases:
        facts += f", formerly {', '.join(f'`{name}`' for name in spec.aliases)}"
    read = []
    if rule.package is None:
        read.append(f"In code that it was not tuned to: {precision_of(rule.id).as_text()}.")
        if (oracle := proof_of(rule.id)) is not None:
            read.append(f"Proved: {ORACLES[oracle]}.")
        if (why := why_quieter(rule.id, spec)) is not None:
            read.append(why)
    options = [f"`{it.name}` ({it.default} by default): {it.meaning}" for it in spec.options]
    return "\n\n".join([facts, *read, *(f"Option {option}" for option in options)])


def _rendered(pages: Iterable[str], color: str) -> str:
    """Pages in Markdown for the terminal that stdout is, or for none."""
    import sys

    from cflint.cli.console import takes_hyperlinks, wants_color, width_of
    from cflint.report.pages import render

    colored = wants_color(color, sys.stdout)
    width = min(width_of(sys.stdout), 100)
    links = colored and takes_hyperlinks(sys.stdout)
    return "\n\n".join(render(page, width=width, color=colored, hyperlinks=links) for page in pages)


def _json(rules: list[Rule]) -> str:
    import json

    from cflint.cli.rules import as_data

    data = {"version": 1, "rules": [{**as_data(found), "page": found.page} for found in rules]}
    return json.dumps(data, indent=2) + "\n"


def named_rule(name: str, known: RuleSet) -> Rule:
    """The rule of a name, or of a name that is nearly one; print a warning when it is an old name. Raises
    Failure for any other."""
    from difflib import get_close_matches

    from cflint.cli.console import warn
    from cflint.cli.exits import Exit, Failure
    from cflint.rule import PRESETS, renamed_notice

    given = name.strip().lower().replace("_", "-")
    id = known.current(given)
    if id != given:
        warn(renamed_notice(given, id).message)
    if id in known:
        return known[id]
    if id in known.groups or id in PRESETS:
        kind = "group" if id in known.groups else "preset"
        raise Failure(
            f"`{name}` is a {kind}, not a rule", Exit.USAGE, f"`cflint rules --select {id}` lists its rules"
        )
    near = get_close_matches(id, known, n=2, cutoff=0.6)
    if near:
        meant = " or ".join(f"`{other}`" for other in near)
        raise Failure(f"there is no rule `{name}`; did you mean {meant}?")
    hint = "`cflint rules` lists them all"
    if known.leaves_packages_out:
        hint = "rules of packages are left out by `--isolated` or `rule-packages = false`"
    raise Failure(f"there is no rule `{name}`", Exit.USAGE, hint)
