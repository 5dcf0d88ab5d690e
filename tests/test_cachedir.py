"""Files that are written whole, or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import cflint
from cflint import cachedir
from cflint.cachedir import wheel_record, write_whole

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links as POSIX has them")


@posix
def test_a_new_file_has_the_mode_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    file = tmp_path / ("x" * 200)
    write_whole(file, b"secret", 0o600)
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"secret", 0o600)
    file.chmod(0o640)
    write_whole(file, b"more")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"more", 0o640)
    assert list(tmp_path.iterdir()) == [file]


@posix
def test_a_link_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"kept")
    link.symlink_to(target)
    write_whole(link, b"new", 0o600)
    assert not link.is_symlink() and link.stat().st_mode & 0o777 == 0o600
    assert (link.read_bytes(), target.read_bytes()) == (b"new", b"kept")


def test_what_fails_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old" and list(tmp_path.iterdir()) == [file]


def test_a_wheel_is_known_by_what_it_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cachedir, "__file__", str(tmp_path / "cflint/cachedir.py"))
    assert wheel_record() is None  # a clone
    record = tmp_path / f"cflint-{cflint.__version__}.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text("_editable_impl_cflint.pth,sha256=a,1\n")
    assert wheel_record() is None  # the files are elsewhere, and may change
    seen = set()
    for digest in "ab":
        record.write_text(f"cflint/__init__.py,sha256=c,1\ncflint/cachedir.py,sha256={digest},1\n")
        seen.add(wheel_record())
    assert None not in seen and len(seen) == 2
