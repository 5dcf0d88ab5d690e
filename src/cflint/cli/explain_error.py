"""`cflint explain "TEXT"`: the rules that are about the error of which somebody has the text.

Imported where used: the texts, which no other command needs, and stdin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cflint.cli.exits import Exit, Failure
from cflint.record import record

if TYPE_CHECKING:
    from cflint.rule import Rule, RuleSet
    from cflint.rule.errors import Hit

_NAME = re.compile(r"[A-Za-z][\w-]*")
_MOST = 6
"""Rules that are listed."""
_MOST_READ = 1_000_000
"""Characters of stdin in which a text is looked for: its last ones."""


@record(frozen=True)
class Explanation:
    """The rules that are about a text, the best first, each with the text that it knows. `certain` says that
    the text is one that they know; otherwise it is like those."""

    given: str
    rules: tuple[tuple[Rule, Hit], ...]
    certain: bool

    def as_markdown(self, page: Callable[[Rule], str]) -> str:
        """A list; when one rule alone is about the text, its page follows."""
        single = self.rules[0][0] if self.certain and len(self.rules) == 1 else None
        lines = []
        if not self.certain:
            lines += ["No rule knows this text. These know one like it, or one of the same code:", ""]
        for rule, hit in self.rules[:_MOST]:
            known = hit.known
            lines.append(f"- **{rule.id}**: {rule.summary}.")
            lines.append(f"  Printed by {known.printed_by}: {_code(known.text)}")
        if len(self.rules) > _MOST:
            rest = ", ".join(f"`{rule.id}`" for rule, _ in self.rules[_MOST:])
            lines += ["", f"And less likely {rest}."]
        if single is not None:
            return "\n".join([*lines, "", page(single)])
        return "\n".join([*lines, "", "Run `cflint explain RULE` for the reasons and the fix."])

    def as_json(self) -> str:
        """The facts and pages of the rules, each with the text that it knows."""
        import json

        from cflint.cli.rules import as_data

        rules = [
            {
                **as_data(rule),
                "page": rule.page,
                "error": {
                    "text": hit.known.text,
                    "printedBy": hit.known.printed_by,
                    "match": hit.match.name.lower(),
                },
            }
            for rule, hit in self.rules
        ]
        return json.dumps({"version": 1, "certain": self.certain, "rules": rules}, indent=2) + "\n"


def given_text(arguments: Sequence[str], known: RuleSet) -> str | None:
    """The text of an error that the arguments are, in one or in several; None when they are names of rules.
    `-` stands for what is on stdin. Raises Failure when that cannot be read."""
    if list(arguments) == ["-"]:
        return _read()
    if any(_id(argument, known) in known for argument in arguments):
        return None
    if len(arguments) > 1 or _NAME.fullmatch(arguments[0].strip()) is None:
        return " ".join(arguments)
    word = arguments[0].strip()
    groups = {*known.groups, "all", "recommended", "reference", "strict", "preview"}
    is_name = "-" in word or word.islower() or word in groups
    return None if is_name else word


def _id(argument: str, known: RuleSet) -> str:
    return known.current(argument.strip().lower().replace("_", "-"))


def _read() -> str:
    import sys

    try:
        data = sys.stdin.buffer.read()
    except (OSError, ValueError, AttributeError) as error:
        raise Failure(f"stdin cannot be read: {error}") from error
    return data.decode("utf-8", "replace")[-_MOST_READ:]


def explained(text: str, known: RuleSet) -> Explanation:
    """The rules that are about a text. Raises Failure when there is none."""
    from cflint.platform._error_texts import TEXTS
    from cflint.rule.errors import ErrorText, ErrorTexts, texts_of

    texts = [ErrorText(*row) for row in TEXTS]
    for rule in known.values():
        if rule.package is not None:
            texts += texts_of(rule.id, rule.page)
    hits = ErrorTexts(texts).find(text)
    if not hits:
        hint = "`cflint rules` lists what cflint finds; many errors of the platform are about none of that"
        raise Failure("no rule knows this text", Exit.USAGE, hint)
    rules = tuple((known[hit.known.rule], hit) for hit in hits)
    return Explanation(text, rules, hits[0].match.is_certain)


def _code(text: str) -> str:
    """A text as code in Markdown, whatever stands in it."""
    if "`" not in text:
        return f"`{text}`"
    return f"`` {text} ``"
