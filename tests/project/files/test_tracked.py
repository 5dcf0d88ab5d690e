"""What git tracks although it is ignored: the index of every version, worktrees, submodules, damage."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cflint.project.files.discovery import Reason, discover
from cflint.project.files.tracked import Tracked, index_names
from cflint.project.files.workspace import Workspace

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes the indexes")

Git = Callable[..., None]
NAMES = [
    *("wrangler.toml", "src/index.ts", "src/deep/er/a.ts", "src/deep/er/b.ts", "src/deeper.ts"),
    *("x" * 200 + "/" + "y" * 200 + ".ts", "zz.ts", "häuser/größe.ts", "a/" + "b" * 200 + "/c.ts"),
]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    environment = {
        **os.environ,
        **{f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }

    def run(*words: str, at: Path = tmp_path) -> None:
        subprocess.run(["git", *words], cwd=at, env=environment, check=True, capture_output=True)

    return run


def write(root: Path, *names: str, **texts: str) -> None:
    for name, text in {**dict.fromkeys(names, ""), **texts}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("format", ["sha1", "sha256"])
def test_names_of_every_version(tmp_path: Path, git: Git, version: str, format: str) -> None:
    write(tmp_path, *NAMES)
    git("init", "-q", f"--object-format={format}")
    git("add", ".")
    git("update-index", f"--index-version={version}")
    if version == "3":  # git writes it only when an entry has one of its flags
        write(tmp_path, "later.ts")
        git("add", "--intent-to-add", "later.ts")
    data = (tmp_path / ".git" / "index").read_bytes()
    assert int.from_bytes(data[4:8], "big") == int(version)
    names = list(index_names(data, 20 if format == "sha1" else 32))
    assert names == sorted([*NAMES, *(["later.ts"] if version == "3" else [])], key=os.fsencode)
    tracked = Tracked(tmp_path)
    assert all(name in tracked for name in NAMES)
    assert "src/deep/" in tracked and "src/" in tracked and "a/" in tracked
    assert not any(path in tracked for path in ("src/deep", "src/de/", "index.ts", "zz.ts/", "zzz"))


def test_a_split_index(tmp_path: Path, git: Git) -> None:
    write(tmp_path, *NAMES)
    git("init", "-q")
    git("add", ".")
    git("update-index", "--split-index")
    write(tmp_path, "more.ts")
    git("add", "more.ts")
    assert "more.ts" in Tracked(tmp_path) and "src/index.ts" in Tracked(tmp_path)


def test_a_damaged_index_is_read_as_far_as_it_goes(tmp_path: Path, git: Git) -> None:
    write(tmp_path, *NAMES)
    git("init", "-q")
    git("add", ".")
    for version in ("2", "4"):
        git("update-index", f"--index-version={version}")
        data = (tmp_path / ".git" / "index").read_bytes()
        whole = list(index_names(data))
        for end in range(0, len(data), 7):
            assert len(list(index_names(data[:end]))) <= len(whole)
        for at in range(0, len(data), 5):
            list(index_names(data[:at] + b"\xff" + data[at + 1 :]))
    assert list(index_names(b"DIRC\0\0\0\x09\0\0\0\x01" + b"x" * 100)) == []


def test_tracked_files_count_although_they_are_ignored(tmp_path: Path, git: Git) -> None:
    write(
        tmp_path,
        *("src/index.ts", "made/worker.ts", "made/left.ts", "made/in/a.ts", "made/in/b.ts", "other/x.ts"),
        **{
            ".gitignore": "wrangler.toml\n/made/\n/other/\nscratch.ts\n",
            "wrangler.toml": 'name = "a"\nmain = "made/worker.ts"\n',
            "scratch.ts": "",
        },
    )
    git("init", "-q")
    git("add", "-f", "wrangler.toml", "made/worker.ts", "made/in/a.ts", "src/index.ts")
    found = discover(Workspace(tmp_path))
    assert found.configs == ("wrangler.toml",)
    assert found.sources == ("made/in/a.ts", "made/worker.ts", "src/index.ts")
    reasons = {item.path: item.reason for item in found.left_out}
    assert reasons == dict.fromkeys(
        ("made/in/b.ts", "made/left.ts", "other/", "scratch.ts"), Reason.GITIGNORED
    )


def test_a_folder_that_is_named_is_looked_at_whole(tmp_path: Path, git: Git) -> None:
    write(tmp_path, "made/a.ts", "made/b.ts", **{".gitignore": "/made/\n"})
    git("init", "-q")
    git("add", "-f", "made/a.ts")
    assert discover(Workspace(tmp_path), ["made"]).sources == ("made/a.ts", "made/b.ts")


def test_worktrees_and_submodules(tmp_path: Path, git: Git) -> None:
    inner, outer, side = tmp_path / "inner", tmp_path / "outer", tmp_path / "side"
    for root in (inner, outer):
        write(root, "kept.ts", "not.ts", **{".gitignore": "*.ts\n"})
        git("init", "-q", at=root)
        git("add", "-f", "kept.ts", ".gitignore", at=root)
        git("commit", "-qm", "a", at=root)
    git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub", at=outer)
    git("commit", "-qm", "b", at=outer)
    git("worktree", "add", "-q", str(side), at=outer)
    write(outer, "sub/not.ts")
    write(side, "not.ts")
    assert (outer / "sub" / ".git").is_file() and (side / ".git").is_file()
    assert discover(Workspace(outer)).sources == ("kept.ts", "sub/kept.ts")
    assert discover(Workspace(side)).sources == ("kept.ts",)


def test_nothing_ignored_needs_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "src/index.ts", "env.d.ts", **{".gitignore": "*.d.ts\nnode_modules/\n*.log\n"})
    write(tmp_path, "node_modules/a/index.js", "x.log", ".git/HEAD")
    workspace = Workspace(tmp_path)

    def refuse(path: str) -> bool:
        raise AssertionError(f"the index was asked for {path}")

    monkeypatch.setattr(workspace, "is_tracked", refuse)
    assert discover(workspace).sources == ("src/index.ts",)


def test_a_git_file_that_leads_nowhere(tmp_path: Path) -> None:
    write(tmp_path, "a.ts", **{".gitignore": "a.ts\n"})
    for text in ("", "gitdir: /nowhere/at/all", "gitdir:\0", "something else"):
        (tmp_path / ".git").write_text(text)
        assert discover(Workspace(tmp_path)).sources == ()


def test_links_are_not_followed(tmp_path: Path, git: Git) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    write(inner, "kept.ts")
    git("init", "-q", at=inner)
    git("add", "kept.ts", at=inner)
    write(outer, "kept.ts", **{".gitignore": "*.ts\n"})
    (outer / ".git").symlink_to(inner / ".git")
    assert "kept.ts" in Tracked(inner) and "kept.ts" not in Tracked(outer)
    (outer / ".git").unlink()
    write(outer, ".git/HEAD")
    (outer / ".git" / "index").symlink_to(inner / ".git" / "index")
    assert "kept.ts" not in Tracked(outer)
