"""Paths that builds write to."""

from __future__ import annotations

from cflint.pattern import pattern

_BUILT = pattern(
    r"(?:^|/)(?:dist|build|out|output|\.open-next|\.svelte-kit|\.output|\.next|\.vercel|\.wrangler|_worker\.js)(?:/|$)"
)


def is_built(path: str) -> bool:
    """Whether a path, below the folder of a configuration, is one that builds write to."""
    return _BUILT.search(path) is not None
