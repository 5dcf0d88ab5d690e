"""Write the texts of errors that the pages of rules have, by which `cflint explain "TEXT"` finds a rule."""

from __future__ import annotations

from pathlib import Path

from cflint.rule import RuleSet
from cflint.rule.errors import ErrorText, texts_of

WIDTH = 110
TARGET = Path(__file__).resolve().parent.parent / "src" / "cflint" / "platform" / "_error_texts.py"

HEAD = '''\
"""The texts of errors that rules know: the rule, who prints it, the text; `…` stands for anything.

Written by scripts/write_error_texts.py from the pages of the rules: do not edit.
"""

from __future__ import annotations

# ruff: noqa: E501 (texts of others)

TEXTS: tuple[tuple[str, str, str], ...] = (
'''


def known() -> list[ErrorText]:
    """What the pages of all rules say, sorted by rule."""
    rules = RuleSet.discover(packages=False)
    return [text for rule in rules.values() for text in texts_of(rule.id, rule.page)]


def module() -> str:
    """The generated module."""
    return f"{HEAD}{''.join(map(_row, known()))})\n"


def _row(text: ErrorText) -> str:
    """A row as the formatter writes it."""
    parts = [_quoted(part) for part in (text.rule, text.printed_by, text.text)]
    row = f"    ({', '.join(parts)}),\n"
    if len(row) <= WIDTH + 1:
        return row
    return "".join(["    (\n", *(f"        {part},\n" for part in parts), "    ),\n"])


def _quoted(text: str) -> str:
    """A string as the formatter writes it: in the quotes of which fewer occur."""
    assert "\\" not in text, f"a backslash in {text!r}"
    if text.count('"') > text.count("'"):
        return "'" + text.replace("'", "\\'") + "'"
    return '"' + text.replace('"', '\\"') + '"'


if __name__ == "__main__":
    TARGET.write_text(module(), encoding="utf-8")
