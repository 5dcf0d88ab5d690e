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
from cflint.packages import Package, PackageError, installed

_PARSERS = ("tree-sitter", "tree-sitter-typescript", "libcst", "ahocorasick-rs", "pyyaml")


@cache
def code_identity() -> str:
    """The version of this cflint with a hash of its files, of the packages that it parses with and of the
    packages of rules; the same wherever the same versions are installed."""
    parts = [f"{name} {metadata.version(name)}" for name in _PARSERS]
    for package in installed():
        parts += [package.label, *_hashes_of(package)]
    for name in ("cflint", "cflint_rules"):
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            parts += _hashes_below(Path(folder))
    return f"{cflint.__version__}+{hash_of(json.dumps(parts))[:12]}"


def _hashes_below(root: Path) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        if path.suffix != ".pyc" and path.is_file():
            yield _hashed(path.relative_to(root).as_posix(), path)


def _hashes_of(package: Package) -> Iterator[str]:
    """The files of a package of rules: an editable one changes while its version stays."""
    try:
        for name, path in package.files:
            if Path(path).is_file():
                yield _hashed(name, Path(path))
    except PackageError:
        yield "cannot be used"


def _hashed(name: str, path: Path) -> str:
    return f"{name} {hash_of(path.read_bytes())}"


def key_of(content: str, code: str, options: Sequence[str], settings: str, day: str) -> str:
    """The key of what is found in a content, in hex."""
    return hash_of(json.dumps([content, code, list(options), settings, day]))
