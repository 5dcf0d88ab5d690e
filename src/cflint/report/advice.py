"""What the page of a rule says in a sentence or two to who is to mend a finding."""

from __future__ import annotations

from cflint.finding import RuleInfo, Safety
from cflint.pattern import pattern

_NEXT_SENTENCE = pattern(r"(?<=\.)\s+(?=[A-Z`])")
_VERDICT = pattern(r"(?:Unsafe|By hand)(?: otherwise)?[:.,]?\s*")
_LINK = pattern(r"\[([^\[\]\n]+)\]\([^()\s]+\)")


def what_to_do(info: RuleInfo) -> str:
    """The first paragraph below `## What to do`: the edit, and what decides where there are several. Without
    it the summary, which names what is right."""
    return _first_paragraph(info.page, "What to do") or info.summary


def why_unsafe(info: RuleInfo, safety: Safety) -> str:
    """What a fix may change beyond what it mends: the first sentence below `## Fix safety` that begins with
    "Unsafe", or "By hand", or the one after a bare "Unsafe."; "" for a safe fix, and where there is none."""
    opening = {Safety.UNSAFE: "Unsafe", Safety.MANUAL: "By hand"}.get(safety)
    sentences = _NEXT_SENTENCE.split(_first_paragraph(info.page, "Fix safety"))
    for at, sentence in enumerate(sentences):
        opened = _VERDICT.match(sentence) if opening and sentence.startswith(opening) else None
        if opened is not None:
            return (sentence[opened.end() :] or "".join(sentences[at + 1 : at + 2])).rstrip(".")
    return ""


def _first_paragraph(page: str, heading: str) -> str:
    """The text below a heading up to an empty line, on one line, without links."""
    _, _, below = page.partition(f"\n## {heading}\n\n")
    return _LINK.sub(r"\1", " ".join(below.partition("\n\n")[0].split()))
