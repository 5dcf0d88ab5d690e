"""Write docs/rules.md, the table of all rules, from the rules and the docstrings of their groups."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path

from cflint.cli.rules import markdown_table
from cflint.rule import RuleSet

TARGET = Path(__file__).resolve().parent.parent / "docs" / "rules.md"

HEAD = """\
<!-- Written by scripts/write_rules_page.py: do not edit. -->
# Rules

{rules} rules in {groups} groups. `cflint explain RULE` prints a rule's page: the reason, examples, what the
fix does, its options and its source. The name of each rule below leads to the file with this page.

- **Severity** is the default. `[severity]` in the [settings](guides/settings.md) changes it.
- **Fix** is the least safe fix that the rule offers. `safe`: `--fix` applies it. `unsafe`: it may change
  behaviour, so only `--fix --unsafe-fixes` applies it, and the change needs a review. `manual`: it is
  described and never applied. `-`: none. A rule marked `unsafe` can offer a safe fix as well, where the
  code leaves no doubt (as `binding-not-declared` in the README's example), and not every finding has a fix:
  the output shows what holds for it.
- **Preset** is where the rule belongs. `recommended` runs by default and is part of the others.
  `reference` adds advice for documentation and for judging an answer, `strict` adds opinionated rules,
  `preview` adds new rules until they have been right on enough code that they were not tried on. `-`: in
  none; select it by its name, or run `--preset all`.
- **Right** is how many findings were right of those that readers judged in code that cflint was not tuned to;
  what is arguable counts half. `-`: none was read yet. [Accuracy](accuracy.md) says how it was done.

`--select` and `--ignore` take names of rules, groups and presets.

{index}

"""


def page() -> str:
    """The whole page, in Markdown."""
    rules = sorted(RuleSet.discover(packages=False).values(), key=lambda rule: (rule.group, rule.id))
    counts = Counter(rule.group for rule in rules)
    index = ", ".join(f"[{group}](#{group}) ({count})" for group, count in counts.items())
    table = markdown_table(rules).replace("](rules/", "](../rules/").replace("\n### ", "\n## ")
    listed = textwrap.fill(f"Groups: {index}.", 115, break_on_hyphens=False)
    head = HEAD.format(rules=len(rules), groups=len(counts), index=listed)
    return head + table.replace("### ", "## ", 1)


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
