"""Write the table of rules into the README, and their number above it."""

from __future__ import annotations

import re
from pathlib import Path

from cflint.cli.rules import markdown_table
from cflint.rule import RuleSet

README = Path(__file__).resolve().parent.parent / "README.md"

if __name__ == "__main__":
    known = RuleSet.discover()
    rules = sorted(known.values(), key=lambda rule: (rule.group, rule.id))
    text = README.read_text(encoding="utf-8")
    text = re.sub(
        r"(<!-- rules: .*? -->\n).*?(<!-- /rules -->)",
        lambda match: match.group(1) + markdown_table(rules) + match.group(2),
        text,
        flags=re.DOTALL,
    )
    text = re.sub(r"^\d+ rules\.", f"{len(rules)} rules.", text, flags=re.MULTILINE)
    README.write_text(text, encoding="utf-8")
