"""Make what comes from files harmless and shareable: control characters, undecodable names, secrets.

Imported where used: urllib, for addresses, which few formats have.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise

from cflint.finding import Report
from cflint.pattern import pattern
from cflint.quoting import visible_char, visible_text

RUNNER = pattern(r"##(?=[A-Za-z]{0,16}\[)")
"""The two `#` of what GitHub's runner (`##[error]`), Azure's (`##vso[`) and TeamCity (`##teamcity[`) take
for a command, wherever they stand in a line of the log. A pattern that begins with a text is found much
faster than one that looks back, and a report of many rules has more than a megabyte."""
SHOWN_HASH = "\\x23"

KEPT = 4
"""How many leading characters of a secret stay readable, so that one can tell which it is."""


def visible(text: str) -> str:
    """The text with everything a terminal could act on, or nobody could see, written as an escape.

    ESC becomes `\\x1b`, a bidi override `\\u202e`, a line end `\\n`; an undecodable byte of a file name
    (a surrogate escape) becomes `\\xff`. What joins the characters of an emoji stays. What a CI's runner
    would take for a command is none any more.
    """
    text = visible_text(text)
    return RUNNER.sub(lambda _: f"#{SHOWN_HASH}", text) if "##" in text else text


def encodable(text: str) -> str:
    """The text with lone surrogates written as escapes, so that every UTF encodes it."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join(visible_char(char) if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def uri(path: str) -> str:
    """A relative path as a relative URI reference: every byte but unreserved ones and `/` percent-encoded."""
    from urllib.parse import quote

    return quote(path.encode("utf-8", "surrogatepass" if _has_high_surrogate(path) else "surrogateescape"))


def _has_high_surrogate(path: str) -> bool:
    return any("\ud800" <= char <= "\udfff" and not "\udc80" <= char <= "\udcff" for char in path)


def relative_paths(report: Report) -> Callable[[str], str]:
    """A function from a document's path to the path from where the user stands, with `/`, not escaped."""

    @cache
    def relative(path: str) -> str:
        try:
            return os.path.relpath(report.root / path, report.base).replace(os.sep, "/")
        except ValueError:  # another drive
            return path

    return relative


def paths_for(report: Report) -> Callable[[str], str]:
    """A function from a document's path to the path from where the user stands, escaped. A line that begins
    with one is no command (`::error::`) to GitHub's runner, which takes no notice of blanks before it."""
    relative = relative_paths(report)

    def shown(path: str) -> str:
        found = visible(relative(path))
        return f"./{found}" if found.lstrip().startswith("::") else found

    return shown


_TOKEN = pattern(
    r"""
    (?<![A-Za-z0-9]) (?P<prefix>
        (?:sk|rk)_(?:live|test)_ | sk-(?:ant-|proj-)? | gh[pousr]_ | github_pat_ | glpat- | xox[abeprs]-
        | AKIA | ASIA | AIza | SG\. | whsec_ | npm_ | hf_ | eyJ
    )
    (?=[A-Za-z_\-.]{0,64}[0-9]) [A-Za-z0-9_\-.]{14,}
    | (?: ://[^\s/:@"'`]{1,64}: (?=[^\s/@"'`]{1,256}@) | PRIVATE\ KEY----- ) (?P<password>[^\s@"'`]{1,4096})
    """,
    re.VERBOSE,
)
_TOKEN_SIGN = pattern(
    r"://|PRIVATE KEY-----|sk[_-]|rk_|gh[pousr]_|github_pat_|glpat-|xox|AKIA|ASIA|AIza|SG\."
    r"|whsec_|npm_|hf_|eyJ"
)
"""One of them stands in every match of `_TOKEN`, which takes milliseconds to compile."""
_KEYED = pattern(
    r"""(?i)\b(?P<name>[\w.-]{0,48}(?:secret|token|pass(?:w|phrase)|credential"""
    r"""|connection_string|(?:api|private|access|auth|signing|encryption|master|admin|jwt|hmac|session|cookie"""
    r"""|webhook|service|role)_?key)[\w.-]{0,48})"""
    r"""["']?\s{0,16}[:=]\s{0,16}(?:bindings\.(?:text|json)\(\s{0,16})?(?P<quote>"{3}|'{3}|["'`])(?P<value>(?:(?!(?P=quote))[^\\]|\\.){8,4096})"""
)
_KEY_SIGNS = ("secret", "token", "pass", "credent", "connect", "key")
"""One of them stands, in any case, in every match of `_KEYED`, which takes milliseconds to compile."""
_HARMLESS_KEY = pattern(r"(?i)public|site_?key|secret_name|secrets_store")
_HARMLESS_VALUE = pattern(r"[^\d\s]*\s.*|[a-z]+://[^?@]*|.*\$\{.*|[A-Za-z]*(?:[-_./:][A-Za-z]+)*", re.DOTALL)
"""In code: a text of words, an address, a template, or a name (`x-auth-token`) is no secret."""
_LONG_WORD = pattern(r"(?<![A-Za-z0-9+=_-])[A-Za-z0-9+=_-]{20,4096}")
_CHANGES, _HEXADECIMAL_CHANGES = 0.4, 0.3
"""In a random word, more of its characters than this share follow one of another class; in names fewer do."""


def masked(text: str) -> str:
    """The text with every well-known token, URL password and random word starred out, length kept."""
    if _TOKEN_SIGN.search(text) is not None:
        text = _TOKEN.sub(_star, text)
    return _LONG_WORD.sub(_star_random, text)


@lru_cache(16)  # of a long line with many findings
def masked_source(path: str, text: str) -> str:
    """A line of the file `path` with its secrets starred out, length kept.

    Values of `.dev.vars` and `.env` files always; elsewhere also those whose key sounds like one, in code
    unless they are words, and in code the long hexadecimal ones, which in configuration are ids.
    """
    name = path.rpartition("/")[2]
    if name.startswith((".dev.vars", ".env")):
        return _mask_environment(text)
    is_config = name.endswith((".toml", ".json", ".jsonc", "cloudflare.config.ts"))
    if ('"' in text or "'" in text or "`" in text) and _names_a_key(text):
        text = _KEYED.sub(_star_value if is_config else _star_value_of_code, text)
    return masked(text) if is_config else _LONG_WORD.sub(_star_hexadecimal, masked(text))


def _names_a_key(text: str) -> bool:
    folded = text.casefold()
    return any(sign in folded for sign in _KEY_SIGNS)


def holds_secret(path: str, text: str) -> bool:
    """Whether `masked_source` would change any line of a text meant for the file `path`."""
    return any(masked_source(path, line) != line for line in text.splitlines())


def escape_message(text: str) -> str:
    """A message for a terminal: control characters escaped, secrets starred out."""
    return visible(masked(text))


def _star(match: re.Match[str]) -> str:
    if match["password"] is not None:
        start, end = match.span("password")
        whole = match[0]
        start, end = start - match.start(), end - match.start()
        return whole[:start] + "*" * (end - start) + whole[end:]
    kept = max(len(match["prefix"]), KEPT)
    return match[0][:kept] + "*" * (len(match[0]) - kept)


def _star_word(word: str) -> str:
    return word[:KEPT] + "*" * (len(word) - KEPT)


def _star_random(match: re.Match[str]) -> str:
    word = match[0]
    mixed = word.lower() != word and word.upper() != word
    return _star_word(word) if mixed and _is_random(word, _CHANGES) else word


def _star_hexadecimal(match: re.Match[str]) -> str:
    word = match[0]
    return _star_word(word) if len(word) >= 32 and _is_random(word, _HEXADECIMAL_CHANGES) else word


def _is_random(word: str, share: float) -> bool:
    """Whether nobody would make up a word: it has digits, and upper, lower and digits take turns."""
    kinds = [1 if char.isdigit() else 2 if char.isupper() else 3 if char.islower() else 0 for char in word]
    changes = sum(1 for one, other in pairwise(kinds) if one and other and one != other)
    return kinds.count(1) >= 2 and changes >= share * len(word)


def _star_value_of_code(match: re.Match[str]) -> str:
    return match[0] if _HARMLESS_VALUE.fullmatch(match["value"]) else _star_value(match)


def _star_value(match: re.Match[str]) -> str:
    if _HARMLESS_KEY.search(match["name"]):
        return match[0]
    value = match["value"]
    return match[0][: -len(value)] + value[:KEPT] + "*" * (len(value) - KEPT)


def _mask_environment(text: str) -> str:
    bare = text.lstrip()
    if not bare or bare.startswith("#"):
        return text
    name, equals, value = text.partition("=")
    if not equals:  # a further line of a quoted value
        return "*" * len(text)
    return name + equals + "*" * len(value)
