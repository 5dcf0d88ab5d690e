"""What the page of a rule says in a sentence or two to who is to mend a finding."""

from __future__ import annotations

from cflint.finding import RuleInfo, Safety
from cflint.pattern import pattern

_NEXT_SENTENCE = pattern(r"(?<=\.)\s+(?=[A-Z`])")
_VERDICT = pattern(r"(?:Unsafe|By hand)(?: otherwise)?[:.,]?\s*")
_NEXT_ITEM = pattern(r"\n(?=- )")
_CASE = pattern(r'- "([^"\n]+)": (.+)')
_LINK = pattern(r"\[([^\[\]\n]+)\]\([^()\s]+\)")


def what_to_do(info: RuleInfo, message: str = "") -> str:
    """What stands below `## What to do`: the edit, and what decides where there are several.

    Of a list of cases (`- "part of a message": the edit`) the first whose part the message contains;
    otherwise the first paragraph that is no list, and without one the summary, which names what is right.
    """
    paragraphs = _section(info.page, "What to do")
    for opening, edit in cases(info.page):
        if opening in message:
            return edit
    return next((_on_one_line(it) for it in paragraphs if not it.startswith("- ")), "") or info.summary


def cases(page: str) -> list[tuple[str, str]]:
    """The list below `## What to do`: parts of messages, each with the edit that it asks for."""
    items = (
        item
        for paragraph in _section(page, "What to do")
        if paragraph.startswith("- ")
        for item in _NEXT_ITEM.split(paragraph)
    )
    found = (_CASE.fullmatch(_on_one_line(item)) for item in items)
    return [(case[1], case[2]) for case in found if case is not None]


def why_unsafe(info: RuleInfo, safety: Safety) -> str:
    """What a fix may change beyond what it mends: the first sentence below `## Fix safety` that begins with
    "Unsafe", or "By hand", or the one after a bare "Unsafe."; "" for a safe fix, and where there is none."""
    opening = {Safety.UNSAFE: "Unsafe", Safety.MANUAL: "By hand"}.get(safety)
    paragraphs = _section(info.page, "Fix safety")
    sentences = _NEXT_SENTENCE.split(_on_one_line(paragraphs[0])) if paragraphs else []
    for at, sentence in enumerate(sentences):
        opened = _VERDICT.match(sentence) if opening and sentence.startswith(opening) else None
        if opened is not None:
            return (sentence[opened.end() :] or "".join(sentences[at + 1 : at + 2])).rstrip(".")
    return ""


def _section(page: str, heading: str) -> list[str]:
    """The paragraphs below a heading, up to the next one."""
    _, _, below = page.partition(f"\n## {heading}\n\n")
    return below.partition("\n## ")[0].strip("\n").split("\n\n") if below else []


def _on_one_line(paragraph: str) -> str:
    """Text without line breaks and links."""
    return _LINK.sub(r"\1", " ".join(paragraph.split()))
