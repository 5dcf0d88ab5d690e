"""What settings say of the options of rules, as far as a project has to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Preferences = Callable[[str], Mapping[tuple[str, str], int]]
"""From a file's path to what the settings that count for it say: values by rule and option."""


def no_preferences(_path: str) -> Mapping[tuple[str, str], int]:
    """Nothing is said, the defaults count."""
    return {}
