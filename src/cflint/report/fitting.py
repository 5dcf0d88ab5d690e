"""Code in a sentence, written as it would be at a place: by the place's names, in its language.

Pages show edits as a handler of a Worker has them, in TypeScript, and configurations as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from cflint.pattern import pattern
from cflint.project.code.answers import Answer

_CODE = pattern(r"``[^\n]+?``|`[^`\n]+`")
_UNTYPED = (".js", ".mjs", ".cjs", ".jsx")
_TYPES = pattern(
    r"(?<=[\w\])])\??: (?:string|number|boolean|unknown|Error|WebSocket|ArrayBuffer|KVNamespace|R2Bucket"
    r"|KVNamespaceListOptions|R2ListOptions|Promise<[^<>]*>)"
    r"(?: \| (?:string|undefined|null|ArrayBuffer))*(?= ?[,;)={])"
    r"| as (?:Record<[^<>]*>|string|number|const)(?: \| (?:null|undefined))?|(?<=\w)<\{[^{}]*\}>(?=\()"
)
"""Types in code that JavaScript does not have."""
_OF_TYPES = pattern(
    r" \(in TypeScript (?:with )?`[^`]+` (?:in|to|for) the type of `env`\)"
    r"|, in TypeScript (?:with )?`[^`]+` (?:in|to|for) the type of `env`"
)
"""What an edit asks for in TypeScript alone."""
_TYPE_ARGUMENTS = pattern(r"(?<=\b(?:Map|Set))<[\w, |<>\[\]]+>(?=\()")
_ANSWER = pattern(
    r"\bnew Response\((?P<body>null|\"[^\"]*\"|[\w.]+)(?:, \{ status: (?P<status>\d+) \})?\)"
    r"|\bResponse\.json\((?P<json>\{(?:[^{}]|\{[^{}]*\})*\}|[\w.]+)(?:, \{ status: (?P<jsonstatus>\d+) \})?\)"
)
_HEADER = pattern(r"(?<![\w.])(?P<request>[\w.]+)\.req\.raw\.headers\.get\((?P<name>\"[^\"]+\")\)")
_ENTRY = pattern(r"\"(?P<key>[\w.]+)\": (?P<value>[\[{\"].*|true|false|\d+)")
_TOML = pattern(r"\.toml(?:\.[\w-]+)?$")
"""A file in TOML, or a template of one (`wrangler.toml.example`)."""
_EXPLAINED = pattern(r"(?:,| and|, and)? \(?with [^`.,;:()]+? for `([^`]+)`(?:\)|(?=[.,;:)]))")
"""What a name in an example stands for: not needed where that is said in its place."""
RESPONSE = "new Response"
"""The word whose meaning is the name of Hono's context."""


def fitted(
    text: str,
    words: Iterable[tuple[str, str]],
    path: str,
    related: Sequence[str] = (),
    answers: Answer | None = None,
) -> str:
    """A text with what stands in backticks as it would be written at a place: `words` are pairs of a name
    and what it is there; the language is that of the file `path`, the one of configurations that of it or of
    the first `related` one. What the text says of a name (`, with the database for ...`) goes where the name
    is replaced. `answers` is how the code around answers errors."""
    given = {general: here for general, here in words if here}
    bare = {general: here for general, here in given.items() if general.startswith("<")}
    for general, here in bare.items():
        text = text.replace(general, here)
    named = {general: here for general, here in given.items() if general not in bare}
    text = _EXPLAINED.sub(lambda found: "" if found[1] in named else found[0], text)
    context = named.pop(RESPONSE, "")
    is_untyped = path.endswith(_UNTYPED)
    if is_untyped:
        text = _OF_TYPES.sub("", text)
    is_toml = any(_TOML.search(it) is not None for it in (path, *related[:3]))

    def code(found: re.Match[str]) -> str:
        span = found[0]
        if named and not span.startswith("`import "):
            span = _named(span, named)
        if answers is not None:
            span = _ANSWER.sub(partial(_as_others, answers), span).replace("return throw ", "throw ")
        if context:
            span = _HEADER.sub(r"\g<request>.req.header(\g<name>)", _ANSWER.sub(_by_context(context), span))
        if is_untyped:
            span = _TYPE_ARGUMENTS.sub("", _TYPES.sub("", span))
        return _as_toml(span) if is_toml else span

    return _CODE.sub(code, text)


def _named(span: str, names: dict[str, str]) -> str:
    """A span of code with names in the place of others, each as a whole; `NAME` also behind a dot. What takes
    a place is not looked at again: `env` of a name that stands there is what it is."""
    behind_dots = {True: r"(?<![\w$])", False: r"(?<![\w$.])"}
    longest_first = sorted(names, key=len, reverse=True)
    listed = "|".join(f"{behind_dots['NAME' in it]}{re.escape(it)}" for it in longest_first)
    texts = r"|(?<![\w$.])\"[^\"]*\""  # texts stay as they are, but for a NAME in them
    found = re.compile(rf"(?:{listed})(?!\w){texts}")

    def here(match: re.Match[str]) -> str:
        text = match[0]
        if text in names:
            return names[text]
        return _in_text(text, names)

    return found.sub(here, span)


def _in_text(text: str, names: dict[str, str]) -> str:
    """A text in quotation marks with the names of variables in it replaced."""
    variables = sorted((it for it in names if "NAME" in it), key=len, reverse=True)
    if not variables:
        return text
    listed = "|".join(map(re.escape, variables))
    return re.sub(rf"(?<![\w$])(?:{listed})(?!\w)", lambda found: names[found[0]], text)


def _as_others(answers: Answer, found: re.Match[str]) -> str:
    """An answer to an error, as other code of the file gives one."""
    body, status = found["body"], found["status"]
    if body is None or status is None or not body.startswith('"') or int(status) < 400:
        return found[0]
    return answers(body, status) or found[0]


def _by_context(context: str) -> Any:
    """How Hono's context answers what a `Response` does in an example."""

    def answer(found: re.Match[str]) -> str:
        if found["json"] is not None:
            rest = f", {found['jsonstatus']}" if found["jsonstatus"] else ""
            return f"{context}.json({found['json']}{rest})"
        rest = f", {found['status']}" if found["status"] else ""
        method = "body" if found["body"] == "null" else "text"
        return f"{context}.{method}({found['body']}{rest})"

    return answer


def _as_toml(span: str) -> str:
    """An entry of a configuration, `"key": value`, as TOML has it; anything else as it is."""
    found = _ENTRY.fullmatch(span.strip("`").strip())
    if found is None:
        return span
    try:
        value = json.loads(found["value"])
    except ValueError:
        return span
    key = found["key"]
    while isinstance(value, dict) and len(value) == 1:  # `durable_objects.bindings`
        ((inner, only),) = value.items()
        if not isinstance(only, list):
            break
        key, value = f"{key}.{inner}", only
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        # beside other tables of that name, where `key = [...]` would be the same key twice
        fields = ", ".join(f"`{name} = {_toml(it)}`" for name, it in value[0].items())
        return f"`[[{key}]]` with {fields} (at the end of the file)"
    return f"`{key} = {_toml(value)}` (above the first `[table]`)"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(it)}" for key, it in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
