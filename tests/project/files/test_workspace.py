"""The map from paths to documents: roots, links, special files, overlays."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.project.files.workspace import Entry, Unreadable, Workspace, find_root

pytestmark = pytest.mark.portable

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX files")


def write(root: Path, path: str, data: bytes = b"x") -> Path:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return target


def test_a_file_is_read_once_and_under_its_path(tmp_path: Path) -> None:
    write(tmp_path, "src/index.ts", b"\xef\xbb\xbfexport {}\r\n")
    workspace = Workspace(tmp_path)
    document = workspace.read("src/index.ts")
    assert document is not None
    assert (document.path, document.data) == ("src/index.ts", b"\xef\xbb\xbfexport {}\r\n")
    assert workspace.read("./src/../src//index.ts") is document
    assert workspace.problem("src/index.ts") is None


def test_memory_has_files_and_the_folders_they_imply() -> None:
    workspace = Workspace.in_memory({"src/a/b.ts": b"1", "wrangler.toml": b""})
    assert workspace.list("") == ("src", "wrangler.toml")
    assert workspace.entries("src") == {"a": Entry.FOLDER}
    assert workspace.is_dir("src/a") and workspace.is_dir("") and not workspace.is_dir("src/a/b.ts")
    assert workspace.exists("src/a/b.ts") and not workspace.exists("src/b.ts")
    assert workspace.problem("src/b.ts") is Unreadable.ABSENT
    assert workspace.problem("src") is Unreadable.FOLDER
    assert workspace.list("nowhere") == ()


def test_memory_never_touches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "src/index.ts")
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.in_memory({"a.ts": b""})
    assert workspace.read("src/index.ts") is None
    assert workspace.list("") == ("a.ts",)
    assert workspace.on_disk("a.ts") is None


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "/etc/passwd", "..", "a\0b"])
def test_nothing_outside_the_root_is_read(tmp_path: Path, path: str) -> None:
    write(tmp_path, "secret")
    write(tmp_path, "root/a/x")
    workspace = Workspace(tmp_path / "root")
    assert workspace.read(path) is None
    assert workspace.problem(path) is Unreadable.OUTSIDE
    assert not workspace.exists(path)


@posix_only
def test_links_are_followed_inside_the_root_only(tmp_path: Path) -> None:
    write(tmp_path, "outside/secret.ts")
    root = tmp_path / "root"
    write(root, "real/a.ts", b"a")
    (root / "file.ts").symlink_to("real/a.ts")
    (root / "folder").symlink_to("real")
    (root / "out.ts").symlink_to("../outside/secret.ts")
    (root / "outfolder").symlink_to(tmp_path / "outside")
    (root / "broken.ts").symlink_to("nothing")
    (root / "loop1").symlink_to("loop2")
    (root / "loop2").symlink_to("loop1")
    (root / "real/up").symlink_to("..")
    workspace = Workspace(root)
    document = workspace.read("real/a.ts")
    assert document is not None
    assert workspace.read("file.ts") is document
    assert workspace.read("folder/a.ts") is document
    assert workspace.read("real/up/real/up/real/a.ts") is document
    assert workspace.real("folder/a.ts") == "real/a.ts"
    problems = {path: workspace.problem(path) for path in ("out.ts", "outfolder/secret.ts", "outfolder")}
    assert set(problems.values()) == {Unreadable.OUTSIDE}
    assert workspace.problem("broken.ts") is Unreadable.LINK_NOWHERE
    assert workspace.problem("loop1") is Unreadable.LINK_NOWHERE
    assert workspace.problem("loop1/x.ts") is Unreadable.LINK_NOWHERE
    assert workspace.entries("outfolder") == {}


@posix_only
def test_a_folder_whose_name_begins_like_the_root_is_outside(tmp_path: Path) -> None:
    write(tmp_path, "root-of-others/a.ts")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/link.ts").symlink_to("../root-of-others/a.ts")
    assert Workspace(tmp_path / "root").problem("link.ts") is Unreadable.OUTSIDE


@posix_only
def test_special_files_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ts")
    (tmp_path / "zero.ts").symlink_to("/dev/zero")
    (tmp_path / "link.ts").symlink_to("pipe.ts")
    workspace = Workspace(tmp_path)
    assert workspace.problem("pipe.ts") is Unreadable.NOT_A_FILE
    assert workspace.problem("link.ts") is Unreadable.NOT_A_FILE
    assert workspace.problem("zero.ts") is Unreadable.OUTSIDE
    assert not workspace.is_file("pipe.ts")
    assert workspace.entries("")["pipe.ts"] is Entry.OTHER


@posix_only
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_missing_permission_is_told(tmp_path: Path) -> None:
    write(tmp_path, "closed.ts").chmod(0)
    write(tmp_path, "folder/a.ts").parent.chmod(0)
    try:
        workspace = Workspace(tmp_path)
        assert workspace.problem("closed.ts") is Unreadable.DENIED
        assert workspace.problem("folder/a.ts") is Unreadable.DENIED
        assert workspace.problem("folder") is Unreadable.DENIED
        assert workspace.list("folder") == ()
    finally:
        (tmp_path / "folder").chmod(0o700)


def test_what_became_a_link_or_went_away_since_the_listing_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "secret", b"secret")
    first, second = write(tmp_path, "root/a.ts"), write(tmp_path, "root/b.ts")
    workspace = Workspace(tmp_path / "root")
    assert workspace.list("") == ("a.ts", "b.ts")
    first.unlink()
    second.unlink()
    if sys.platform != "win32":
        second.symlink_to("../secret")
        assert workspace.read("b.ts") is None
    assert workspace.problem("a.ts") is Unreadable.ABSENT


def test_too_large_and_binary(tmp_path: Path) -> None:
    files = {
        "large.ts": b"x" * 101,
        "fits.ts": b"x" * 100,
        "utf16.ts": "\ufeffexport {}".encode("utf-16-le"),
        "utf16-without-bom.ts": "export {}".encode("utf-16-le"),
        "binary.ts": b"\x7fELF\0\0",
        "latin1.ts": b"// caf\xe9",
        "nul.ts": b'const separator = "' + b"\0" + b'"; // as it stands',
        "nul.toml": b'name = "' + b"\0" + b'" # as it stands here',
        "nuls.ts": b'const a = "' + b"\0" * 9 + b'"; // as it stands',
    }
    for path, data in files.items():
        write(tmp_path, path, data)
    expected = {
        "large.ts": Unreadable.TOO_LARGE,
        "utf16.ts": Unreadable.BINARY,
        "utf16-without-bom.ts": Unreadable.BINARY,
        "binary.ts": Unreadable.BINARY,
        "nul.toml": Unreadable.BINARY,
        "nuls.ts": Unreadable.BINARY,
    }
    for workspace in (Workspace(tmp_path, limit=100), Workspace.in_memory(files, limit=100)):
        problems = {path: workspace.problem(path) for path in files}
        assert {path: why for path, why in problems.items() if why} == expected
        assert workspace.read("latin1.ts") is not None


def test_overlays_cover_the_disk_and_can_be_taken_away(tmp_path: Path) -> None:
    write(tmp_path, "src/a.ts", b"disk")
    workspace = Workspace(tmp_path)

    def text(path: str) -> bytes | None:
        document = workspace.read(path)
        return None if document is None else document.data

    assert text("src/a.ts") == b"disk"
    workspace.overlay("src/a.ts", b"buffer")
    assert text("src/a.ts") == b"buffer"
    workspace.overlay("src/a.ts", b"buffer 2")
    assert text("./src/a.ts") == b"buffer 2"
    workspace.overlay("new/folder/b.ts", b"new")
    assert text("new/folder/b.ts") == b"new"
    assert workspace.list("") == ("new", "src")
    workspace.overlay("src/a.ts", None)
    workspace.overlay("new/folder/b.ts", None)
    assert text("src/a.ts") == b"disk"
    assert not workspace.exists("new") and text("new/folder/b.ts") is None
    workspace.overlay("../outside.ts", b"no")
    assert workspace.problem("../outside.ts") is Unreadable.OUTSIDE


@posix_only
def test_an_overlay_of_a_link_covers_what_it_leads_to(tmp_path: Path) -> None:
    write(tmp_path, "real.ts", b"disk")
    (tmp_path / "link.ts").symlink_to("real.ts")
    workspace = Workspace(tmp_path)
    workspace.overlay("link.ts", b"buffer")
    document = workspace.read("real.ts")
    assert document is not None and document.data == b"buffer"


def test_refresh_sees_what_changed(tmp_path: Path) -> None:
    write(tmp_path, "a.ts", b"1")
    workspace = Workspace(tmp_path)
    assert workspace.read("a.ts") is not None and workspace.read("b.ts") is None
    write(tmp_path, "a.ts", b"2")
    write(tmp_path, "b.ts", b"3")
    workspace.refresh()
    data = [document.data for path in ("a.ts", "b.ts") if (document := workspace.read(path))]
    assert data == [b"2", b"3"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\n.ts")
    write(tmp_path, name, b"x")
    workspace = Workspace(tmp_path)
    assert workspace.list("") == (name,)
    document = workspace.read(name)
    assert document is not None and os.fsencode(document.path) == b"caf\xe9\n.ts"


def test_paths_of_the_system_become_paths_of_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "root/src/a.ts")
    workspace = Workspace(tmp_path / "root")
    monkeypatch.chdir(tmp_path / "root/src")
    assert workspace.relative("a.ts") == "src/a.ts"
    assert workspace.relative("..") == ""
    assert workspace.relative(".") == "src"
    assert workspace.relative("") == "src"
    assert workspace.relative("../src/") == "src"
    assert workspace.relative(tmp_path / "root/new.ts") == "new.ts"
    assert workspace.relative("../../other.ts") is None
    assert workspace.relative("../..") is None
    assert workspace.on_disk("src/a.ts") == (tmp_path / "root/src/a.ts").resolve()


@posix_only
def test_a_link_that_is_named_stays_a_link_and_a_linked_root_is_one(tmp_path: Path) -> None:
    write(tmp_path, "root/a.ts")
    (tmp_path / "root/link.ts").symlink_to("/etc/hostname")
    (tmp_path / "alias").symlink_to("root")
    workspace = Workspace(tmp_path / "alias")
    assert workspace.relative(tmp_path / "alias/link.ts") == "link.ts"
    assert workspace.relative(tmp_path / "root/a.ts") == "a.ts"


def test_the_root_is_the_nearest_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path, "inner/.git", b"gitdir: ../.git/modules/inner")
    write(tmp_path, "inner/src/a.ts")
    write(tmp_path, "other/b.ts")
    root = tmp_path.resolve()
    assert find_root([tmp_path / "inner/src/a.ts"], tmp_path) == root / "inner"
    assert find_root([tmp_path / "inner/src/a.ts", tmp_path / "other"], tmp_path) == root
    assert find_root([], tmp_path / "other") == root
    assert find_root(["not/there.ts"], tmp_path / "inner") == root / "inner"


def test_without_a_repository_the_root_holds_the_project(tmp_path: Path) -> None:
    write(tmp_path, "project/wrangler.toml")
    write(tmp_path, "project/src/a.ts")
    write(tmp_path, "bare/src/a.ts")
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path.resolve()
    if any((above / ".git").exists() for above in root.parents):
        pytest.skip("the temporary folder is in a repository")
    assert find_root([tmp_path / "project/src/a.ts"], tmp_path) == root
    assert find_root([tmp_path / "project/src/a.ts"], tmp_path / "elsewhere") == root / "project"
    assert find_root([tmp_path / "bare/src/a.ts"], tmp_path / "elsewhere") == root / "bare/src"
    assert Workspace.around(["src/a.ts"], cwd=tmp_path / "bare").list("") == ("src",)


@given(st.lists(st.sampled_from(["a", "b", "..", ".", "", "c.ts"]), max_size=8).map("/".join))
@settings(max_examples=100, deadline=None)
def test_any_spelling_of_a_path_gives_a_file_of_the_workspace_or_nothing(path: str) -> None:
    files = {"a/c.ts": b"1", "a/b/c.ts": b"2", "b/c.ts": b"3"}
    workspace = Workspace.in_memory(files)
    document = workspace.read(path)
    assert (document is None) == (workspace.problem(path) is not None)
    if document is not None:
        assert files[document.path] == document.data
        assert os.path.normpath(path) == document.path


def test_what_was_drawn_from_files_is_remembered_until_one_may_have_changed() -> None:
    workspace = Workspace.in_memory({"a.txt": b"1"})

    def content() -> bytes | None:
        document = workspace.read("a.txt")
        return document.data if document is not None else None

    assert workspace.memoized("content", content) == b"1"
    assert workspace.memoized("content", lambda: b"not asked") == b"1"
    assert workspace.memoized("other", lambda: None) is None
    workspace.overlay("a.txt", b"2")
    assert workspace.memoized("content", content) == b"2"
    workspace.refresh()
    assert workspace.memoized("content", lambda: b"asked again") == b"asked again"


def test_a_file_is_read_to_its_end_although_it_grew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"x" * 100)
    before = os.fstat

    def too_small(descriptor: int) -> os.stat_result:
        status = before(descriptor)
        return os.stat_result((*status[:6], 10, *status[7:10]))

    monkeypatch.setattr("cflint.project.files.workspace.os.fstat", too_small)
    document = Workspace(tmp_path).read("a.txt")
    assert document is not None and document.data == b"x" * 100
    assert Workspace(tmp_path, limit=50).problem("a.txt") is Unreadable.TOO_LARGE
