"""How broken a document is: what a fixer compares before it writes."""

# Imported where used: a parser, when there is a document of its language.

from __future__ import annotations

from cflint.source import Document
from cflint.syntax.suffixes import MODULE_SUFFIXES


def parses_worse(before: Document, after: Document) -> bool:
    """Whether `after` has more syntax errors than `before`; of files that cflint cannot parse, never."""
    return syntax_errors(after) > syntax_errors(before)


def syntax_errors(document: Document) -> int:
    """How many places of a module, configuration or Markdown file (its blocks) do not parse."""
    path = document.path
    if path.endswith((".md", ".mdx")):
        from cflint.syntax.markdown import fenced_blocks

        return sum(syntax_errors(block.document) for block in fenced_blocks(document))
    if path.endswith((".json", ".jsonc", ".toml")):
        from cflint.syntax.documents import read

        return sum(1 for problem in read(document).problems if not problem.duplicate)
    if path.endswith(MODULE_SUFFIXES):
        from cflint.syntax.javascript import ParseTimeout, parse

        try:
            syntax = parse(document)
        except ParseTimeout:
            return 1_000_000
        return sum(1 for _ in syntax.errors()) + len(syntax.typos)
    if path.endswith(".py"):
        from cflint.syntax.python import syntax_error

        return 0 if syntax_error(document) is None else 1
    return 0
