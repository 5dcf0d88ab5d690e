"""What the results of a sweep depend on: the code, packages of rules included."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cflint.fleet import identity
from cflint.packages import Package
from tests.support.environments import write_metadata


def made(folder: Path) -> Package:
    """An editable package of rules below a folder."""
    rules = folder / "acme_identity"
    rules.mkdir(parents=True)
    for name in ("__init__.py", "acme_bad.py", "words.txt"):
        (rules / name).write_text(f"# {name}\n")
    info = folder / "acme-1.0.dist-info"
    write_metadata(info, "acme", "1.0", {"acme": "acme_identity"})
    url = {"url": folder.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(url))
    return Package("acme", "1.0", (("acme", "acme_identity"),), str(info), str(folder))


def identified(package: Package, monkeypatch: pytest.MonkeyPatch) -> str:
    """The identity of the code with a package alone, which is looked at anew."""
    fresh = Package(package.name, package.version, package.entries, package.info, package.editable)
    monkeypatch.setattr(identity, "installed", lambda: (fresh,))
    monkeypatch.setattr(identity, "_hashes_below", lambda root: iter(()))
    monkeypatch.setattr(sys, "path", [package.editable, *sys.path])
    return identity.code_identity.__wrapped__()


def test_an_editable_package_is_what_its_files_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, other = made(tmp_path / "one"), made(tmp_path / "two")
    first = identified(package, monkeypatch)
    assert [name for name, _ in package.files] == [
        "acme_identity/__init__.py",
        "acme_identity/acme_bad.py",
        "acme_identity/words.txt",
    ]
    assert identified(other, monkeypatch) == first, "it does not count where the package is"
    rules = tmp_path / "one" / "acme_identity"
    seen = {first}
    (rules / "acme_bad.py").write_text("# changed\n")
    seen.add(identified(package, monkeypatch))
    (rules / "words.txt").rename(rules / "names.txt")
    seen.add(identified(package, monkeypatch))
    (rules / "__init__.py").unlink()
    seen.add(identified(package, monkeypatch))
    assert len(seen) == 4
    (rules / "acme_bad.pyc").write_bytes(b"compiled")
    assert identified(package, monkeypatch) in seen, "what Python compiles is no code of its own"


def test_a_package_that_cannot_be_used_has_an_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = made(tmp_path / "one")
    whole = identified(package, monkeypatch)
    (tmp_path / "one" / "acme_identity").rename(tmp_path / "one" / "gone")
    assert identified(package, monkeypatch) != whole
