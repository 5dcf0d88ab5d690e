"""What the results of a sweep depend on besides the repositories: the code, the options, the day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import cflint
from cflint.cachedir import hash_of
from cflint.packages import installed

_PARSERS = ("tree-sitter", "tree-sitter-typescript", "libcst", "ahocorasick-rs", "pyyaml")


@cache
def code_identity() -> str:
    """The version of this cflint with a hash of its files, of the packages that it parses with and of the
    packages of rules; the same wherever the same versions are installed."""
    parts = [f"{name} {metadata.version(name)}" for name in _PARSERS]
    parts += sorted(package.label for package in installed())
    for package in ("cflint", "cflint_rules"):
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            parts += _hashes_below(Path(folder))
    return f"{cflint.__version__}+{hash_of(json.dumps(parts))[:12]}"


def _hashes_below(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        if path.suffix != ".pyc" and path.is_file():
            yield f"{path.relative_to(root).as_posix()} {hash_of(path.read_bytes())}"


def key_of(content: str, code: str, options: Sequence[str], settings: str, day: str) -> str:
    """The key of what is found in a content, in hex."""
    return hash_of(json.dumps([content, code, list(options), settings, day]))
