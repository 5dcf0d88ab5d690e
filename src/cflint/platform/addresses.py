"""Addresses that lead to the machine itself, where on Cloudflare nothing listens."""

from __future__ import annotations

from cflint.pattern import pattern

_LOCAL = pattern(
    r"(?:https?|wss?|postgres(?:ql)?|redis)://(?:[^/@\s]*@)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?:[:/?#].*)?"
)


def is_local_address(text: str) -> bool:
    """Whether a text is a URL of a server or database on the developer's own machine."""
    return _LOCAL.fullmatch(text) is not None
