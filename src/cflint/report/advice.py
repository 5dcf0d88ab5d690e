"""What a rule's page says to who is to mend a finding, in a sentence or two, in the words of its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from cflint.finding import Finding, RuleInfo, Safety
from cflint.pattern import pattern
from cflint.platform.wrangler_keys import KEYS_SINCE
from cflint.project.code.answers import answers_of
from cflint.project.workers.circumstances import Circumstances
from cflint.report.commands import for_project
from cflint.report.escape import masked_source
from cflint.report.fitting import RESPONSE, fitted

_NEXT_SENTENCE = pattern(r"(?<=\.)\s+(?=[A-Z`])")
_VERDICT = pattern(r"(?:Unsafe|By hand)(?: otherwise)?[:.,]?\s*")
_NEXT_ITEM = pattern(r"\n(?=- )")
_CASE = pattern(r'- "([^"\n]+)": (.+)')
_LINK = pattern(r"\[([^\[\]\n]+)\]\([^()\s]+\)")
_VARIABLE = pattern(r"`(?:\(?[\w. ]+\)?[.?]+)?([A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{5,})`")
IS_ASYNC = "async"
BECOMES_ASYNC = "becomes async"
ENVIRONMENTS = "named environments"
GIVES_TRUTH = "gives a boolean"
GIVES_OTHER = "gives no response"
_RETURNED = pattern(
    r"return (?:new Response|Response\.json)\((?:null|(?P<text>\"[^\"]*\")|\{(?:[^{}]|\{[^{}]*\})*\})"
    r"(?:, \{ status: (?P<status>\d+)(?:[^{}]|\{[^{}]*\})*\})?\)"
)
"""An answer to an error in an edit, as pages write it."""
_CODE = pattern(r"``[^\n]+?``|`[^`\n]+`")
_CALLBACK = pattern(r"async \([^()]*\) => (?:\{.*?\}\)|[^;`]*)")
_AWAIT = pattern(r"\bawait\b")
_ASYNC = pattern(
    r",? in an `async` function(?: whose callers await it)?"
    r"|,? and make the function around it `async`(?: \(its callers await it\)|; its callers await it)?"
    r"| The function around it has to be `async`, and its callers await it\."
)
"""What an edit says of the function around, where it is not known."""
_LISTS = r"(?:ratelimits|kv_namespaces|d1_databases|r2_buckets|ai|vectorize|services|workflows|queues|vars)"
_ENTRY = pattern(rf"`\"?{_LISTS}\"?(?:: | = )[\[{{]|`\[\[{_LISTS}\]\]")
"""An entry of a configuration that environments do not inherit."""
_KEY = pattern(r"\"?(?P<key>[a-z_]+)\"?(?:: | = )[\[{]|\[\[(?P<table>[a-z_]+)\]\]")
_AT_THE_TOP = pattern(r"\bfirst lines? of `")
"""An edit that is made in the handler, wherever the place is."""
_DECLARED = pattern(r"\blet (\w+)")
_WORD = pattern(r"[A-Za-z_$][\w$]*")
_OTHER_NAMES = {"value": ("result", "parsed", "checked")}
_AROUND = 1_500
"""Bytes before and after a place in which names are looked for that an edit must not declare again."""
_AN_ERROR = '"refused"'
IN_PYTHON = "in Python"
"""The name of a case: the finding is in a module of Python."""
_NAMED = pattern(r"<([a-z]+)>")
_SUPPRESS = pattern(r"\bsuppress(?:ed)?(?: this| it)?(?: there)?(?=[.,;:)])")
_ELSEWHERE = pattern(
    r", at each place that is shown,|; do the same at each other place that is shown"
    r"|,? (?:and do the like|and so|here and|and)? ?at (?:each|the)(?: other)? places?"
    r"(?: that (?:is|are) shown)?(?=[,.:;])"
)
"""What an edit says of further places, where none is shown."""
_WITH_HASHES = (".toml", ".py", ".yaml", ".yml")


def what_to_do(info: RuleInfo, message: str = "") -> str:
    """What stands below `## What to do`: the edit, and what decides where there are several.

    Of a list of cases (`- "part of a message": the edit`) the first whose part the message contains;
    otherwise the first paragraph that is no list, and without one the summary, which names what is right.
    """
    return _edit_for(info, message, ())[0]


def advice_for(finding: Finding, info: RuleInfo, workers: Sequence[Circumstances] = ()) -> tuple[str, str]:
    """The edit that the page names for a finding, and the same in the words of the place; `workers` are those
    that the place belongs to.

    A case may also be named by one of the finding's `words`. Its part of the message may have names
    (`` `<queue>` has no consumer ``): what stands there in the message takes their place in the edit.
    """
    path = finding.at.document.path
    edit, names = _edit_for(info, finding.message, _words_of(finding))
    configs = [worker.config for worker in workers[:1] if worker.config]
    related = configs or [place.document.path for place in finding.related]
    own = [(general, masked_source(path, here)) for general, here in finding.words]
    if not finding.related:
        edit = _ELSEWHERE.sub("", edit)
    answers = answers_of(finding.at.document, finding.at.span.start, dict(own).get(RESPONSE, ""))
    text = _by_what_is_given(edit, dict(own))
    fresh = _fresh(text, finding, {general for general, _ in (*names, *own)})
    text = fitted(text, (*_variable(finding.message), *names, *own, *fresh), path, related, answers)
    text = _with_what_follows(text, dict(own)) + _refused(text, workers)
    text = _SUPPRESS.sub(lambda found: f"{found[0]} by {_comment(info.id, path)}", text, count=1)
    return edit, for_project(text, workers[0]) if workers else text


def _by_what_is_given(text: str, words: dict[str, str]) -> str:
    """An edit that answers, in a function that gives no response: `false` where it gives a boolean,
    otherwise an error, with who is to answer then."""
    answer = _RETURNED.search(text)
    if answer is None or _AT_THE_TOP.search(text[: answer.start()]) is not None:
        return text
    if GIVES_TRUTH in words:
        return _RETURNED.sub("return false", text)
    if GIVES_OTHER in words:
        thrown = _RETURNED.sub(lambda found: f"throw new Error({found['text'] or _AN_ERROR})", text)
        status = f" with {answer['status']}" if answer["status"] else ""
        return f"{thrown} {_upper(words[GIVES_OTHER])} catches that and answers{status}."
    return text


def _fresh(text: str, finding: Finding, given: set[str]) -> Iterator[tuple[str, str]]:
    """Other names for those that an edit declares, where the code around has them already."""
    at = finding.at
    data = at.document.data
    around = data[max(0, at.span.start - _AROUND) : at.span.end + _AROUND].decode("utf-8", "replace")
    taken = set(_WORD.findall(around))
    declared = {found[1] for span in _CODE.findall(text) for found in _DECLARED.finditer(span)}
    for name in sorted((declared & taken) - given):
        others = (*_OTHER_NAMES.get(name, ()), f"{name}Here")
        yield name, next((it for it in others if it not in taken), f"{name}Here2")


def _upper(text: str) -> str:
    """A sentence's beginning: its first letter, unless code stands there."""
    return text[:1].upper() + text[1:]


def _comment(rule: str, path: str) -> str:
    """The comment that keeps the code as it is."""
    sign = "#" if path.endswith(_WITH_HASHES) else "//"
    return f"`{sign} cflint-ignore {rule}: why` above it"


def _refused(text: str, workers: Sequence[Circumstances]) -> str:
    """What has to be done first where the edit adds a key that this wrangler, or Pages, does not take."""
    wanted = [found["key"] or found["table"] for span in _CODE.findall(text) for found in _KEY.finditer(span)]
    for worker in workers[:1]:
        lacking = next((key for key in wanted if key in worker.refused), None)
        if lacking is not None and worker.is_pages:
            return (
                f" Pages takes no `{lacking}`: it belongs to a Worker of its own, which this project calls by"
                " a service binding (`services`)."
            )
        if lacking is not None:
            since = ".".join(map(str, KEYS_SINCE[lacking][:2]))
            return f" `{lacking}` needs wrangler {since}: `npm install -D wrangler@latest` first."
    return ""


def _with_what_follows(text: str, words: dict[str, str]) -> str:
    """An edit with what it asks for elsewhere: an `await` of the functions around it, an entry of the
    configuration of the environments that have a name."""
    spans = " ".join(_CODE.findall(text))
    waits = _AWAIT.search(_CALLBACK.sub("", spans)) is not None
    if waits and (BECOMES_ASYNC in words or IS_ASYNC in words):
        text = _ASYNC.sub("", text)
        if words.get(BECOMES_ASYNC):
            text = f"{text} {words[BECOMES_ASYNC]}."
    if ENVIRONMENTS in words and _ENTRY.search(text) is not None:
        text = f"{text} {words[ENVIRONMENTS]} inherits no such entry: write it there, too."
    return text


def is_for(opening: str, finding: Finding) -> bool:
    """Whether a case of a page is named by a finding's message or words."""
    return (opening, "") in _words_of(finding) or _opening(opening).search(finding.message) is not None


def _words_of(finding: Finding) -> tuple[tuple[str, str], ...]:
    is_python = finding.at.document.path.endswith(".py")
    return (*finding.words, (IN_PYTHON, "")) if is_python else finding.words


def _variable(message: str) -> list[tuple[str, str]]:
    """What `NAME` of an example is, where a message names one binding or variable only, and `env.NAME` where
    it says how the code reaches it."""
    found = {it[1]: it[0].strip("`") for it in _VARIABLE.finditer(message)}
    if len(found) != 1:
        return []
    ((name, read),) = found.items()
    return [("NAME", name), ("env.NAME", read)] if "." in read else [("NAME", name)]


def _edit_for(
    info: RuleInfo, message: str, words: tuple[tuple[str, str], ...]
) -> tuple[str, list[tuple[str, str]]]:
    given = {general for general, here in words if not here}
    for opening, edit in cases(info.page):
        if opening in given:
            return edit, _names_in(info, message)
        found = _opening(opening).search(message)
        if found is not None:
            return edit, [(f"<{name}>", text) for name, text in found.groupdict().items()]
    paragraphs = _section(info.page, "What to do")
    text = next((_on_one_line(it) for it in paragraphs if not it.startswith("- ")), "") or info.summary
    return text, []


def _names_in(info: RuleInfo, message: str) -> list[tuple[str, str]]:
    """What stands in a message where the openings of the page's cases have names."""
    found = (_opening(opening).search(message) for opening, _ in cases(info.page))
    return [(f"<{name}>", text) for it in found if it is not None for name, text in it.groupdict().items()]


@lru_cache(maxsize=1_000)
def _opening(text: str) -> re.Pattern[str]:
    """A part of messages, with `<name>` for what differs: text without a backtick."""
    parts = _NAMED.split(text)
    return re.compile(
        "".join(f"(?P<{part}>[^`]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    )


def cases(page: str) -> list[tuple[str, str]]:
    """The list below `## What to do`: parts of messages, each with the edit that it asks for."""
    return _cases(_section(page, "What to do"))


def _cases(paragraphs: list[str]) -> list[tuple[str, str]]:
    items = (item for it in paragraphs if it.startswith("- ") for item in _NEXT_ITEM.split(it))
    found = (_CASE.fullmatch(_on_one_line(item)) for item in items)
    return [(case[1], case[2]) for case in found if case is not None]


def why_unsafe(
    info: RuleInfo,
    safety: Safety,
    message: str = "",
    words: tuple[tuple[str, str], ...] = (),
    title: str = "",
) -> str:
    """What a fix may change beyond what it mends: of a list of cases below `## Fix safety` the first one for
    the message, one of the `words` of a finding, or the title of the fix; otherwise the first sentence that
    begins with "Unsafe", or "By hand", or the one after a bare "Unsafe."; "" for a safe fix, and where there
    is none."""
    opening = {Safety.UNSAFE: "Unsafe", Safety.MANUAL: "By hand"}.get(safety)
    paragraphs = _section(info.page, "Fix safety")
    for part, reason in _cases(paragraphs) if opening else ():
        if (part, "") in words:
            return reason.rstrip(".")
        found = _opening(part).search(message) or _opening(part).search(title)
        if found is not None:
            for name, text in found.groupdict().items():
                reason = reason.replace(f"<{name}>", text)
            return reason.rstrip(".")
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
