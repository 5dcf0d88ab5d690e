"""The names of `cflint.api` that will go, and how long they stay. docs/api.md lists them."""

from __future__ import annotations

from cflint.lazy import Deprecation

DEPRECATED: dict[str, Deprecation] = {}
"""By the name with its module: `"cflint.api.js.name": Deprecation("0.2", "`other_name`", "0.4")`. The name
stays in its table until the version in which it goes, at least two minor versions later."""
