"""Values that stand for something that is still to be filled in: by a person, or by a script."""

from __future__ import annotations

import re

from cflint.pattern import pattern

_PLACEHOLDER = pattern(
    r"<[^<>]*>|\{\{.*\}\}|\$\{.*\}|(?:^|[-_ ])your(?:$|[-_ ])|^my[-_ ]|^x{3,}|[-_]x{4,}|^todo\b"
    r"|replace[-_ ]?(?:me|with|this)|change[-_ ]?me|fill[-_ ]?(?:me|in)|place[-_ ]?holder|^insert[-_ ]"
    r"|[-_]here$|^\.\.\.$|^(?:id|uuid|tbd|dummy|null|none|undefined)$",
    re.IGNORECASE,
)
_BY_SCRIPT = pattern(
    r"\$\{?[A-Z_]\w*\}?|\$\{\{.*\}\}|\{\{.*\}\}|%\{?\w+\}?%?|__\w+__|#\{.*\}#?|@@?\w+@@?", re.ASCII
)


def is_placeholder(text: str) -> bool:
    """Whether a text stands for something else: `<your id>`, `${KV_ID}`, `todo`, `my-id`."""
    return _PLACEHOLDER.search(text) is not None


def is_for_a_script(text: str) -> bool:
    """Whether a text is a variable that a script fills in before wrangler reads it: `${KV_ID}`, `{{ id }}`,
    `__KV_ID__`."""
    return _BY_SCRIPT.fullmatch(text) is not None
