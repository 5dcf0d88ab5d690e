"""Files that a configuration's `rules` make text or data: they are uploaded as they are, and are no modules.

Source: https://developers.cloudflare.com/workers/wrangler/bundling/#including-non-javascript-modules
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from cflint.project.config.wrangler import WranglerConfig

_TYPES = frozenset(("Text", "Data"))
_LONGEST_GLOB = 300


def data_files(config: WranglerConfig) -> Callable[[str], bool] | None:
    """Whether a path of the workspace is such a file; None when the configuration makes none."""
    globs = list(dict.fromkeys(_globs(config)))
    if not globs:
        return None
    matches = re.compile("|".join(map(_regex, globs))).fullmatch
    skip = len(config.directory) + 1 if config.directory else 0

    def is_data(path: str) -> bool:
        below = path[skip:] if not skip or path.startswith(f"{config.directory}/") else path
        return matches(below) is not None

    return is_data


def _globs(config: WranglerConfig) -> Iterator[str]:
    for environment in config.environments:
        rules = environment.value("rules")
        for rule in rules.items if rules is not None else ():
            kind, globs = rule.get("type"), rule.get("globs")
            if kind is not None and kind.text in _TYPES and globs is not None:
                yield from (glob.text for glob in globs.items if glob.text and len(glob.text) < _LONGEST_GLOB)


def _regex(glob: str) -> str:
    """A glob as wrangler reads it, as a regular expression: `**/` any folders, `*` within a name, `{a,b}`."""
    pattern = ""
    at, depth = 0, 0
    glob = glob.removeprefix("./")
    while at < len(glob):
        letter = glob[at]
        if glob.startswith("**/", at):
            pattern += "(?:[^/]+/)*"
            at += 3
            continue
        if glob.startswith("**", at):
            pattern += ".*"
            at += 2
            continue
        if letter == "{" and "}" in glob[at:]:
            pattern += "(?:"
            depth += 1
        elif letter == "}" and depth:
            pattern += ")"
            depth -= 1
        elif letter == "," and depth:
            pattern += "|"
        else:
            pattern += {"*": "[^/]*", "?": "[^/]"}.get(letter, re.escape(letter))
        at += 1
    return f"(?:{pattern}{')' * depth})"
