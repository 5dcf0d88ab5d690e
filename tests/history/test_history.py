"""What git remembers: bases, their files, what changed; repositories of every kind, and damaged ones."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cflint.history.base import Base
from cflint.history.changes import Changes
from cflint.history.lines import new_lines
from cflint.history.repository import HistoryError, Repository
from cflint.project.files.workspace import Unreadable, Workspace
from tests.support.git import GitRepository, needs_git

pytestmark = needs_git

FILES: dict[str, str | None] = {"a.ts": "1\n2\n3\n", "deep/er/b.ts": "b\n", ".gitignore": "made/\n*.log\n"}


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "repo")
    made.commit(FILES)
    return made


def changes(root: Path, name: str = "HEAD") -> Changes:
    return Changes(Base.of(root, name), Workspace(root))


def refusal(root: Path, name: str = "HEAD") -> HistoryError:
    with pytest.raises(HistoryError) as raised:
        Base.of(root, name).workspace().read("a.ts")
    return raised.value


# -- what changed ------------------------------------------------------------------------------------------


def test_what_changed_is_new_or_gone(repository: GitRepository) -> None:
    repository.write(
        {"a.ts": "1\nx\n3\n", "deep/er/b.ts": None, "new.ts": "n", "made/m.ts": "m", "x.log": ""}
    )
    found = changes(repository.root)
    assert [found.is_changed(path) for path in ("a.ts", "deep/er/b.ts", "new.ts")] == [True] * 3
    assert [found.is_changed(path) for path in ("made/m.ts", "x.log", ".gitignore", "absent")] == [False] * 4
    assert found.lines("a.ts") == frozenset({2})
    assert found.lines("new.ts") is None
    assert found.lines(".gitignore") == frozenset()


@pytest.mark.parametrize("path", ["/etc/passwd", "//x", "../outside", "..", "a.ts/b", "deep//er", ""])
def test_what_is_no_file_of_the_workspace_has_not_changed(repository: GitRepository, path: str) -> None:
    (repository.root.parent / "outside").write_text("x")
    assert not changes(repository.root).is_changed(path)


def test_what_is_tracked_although_it_is_ignored_counts(repository: GitRepository) -> None:
    repository.write({"made/kept.ts": "k"})
    repository("add", "--force", "made/kept.ts")
    assert changes(repository.root).is_changed("made/kept.ts")


def test_line_ends_alone_are_no_change(repository: GitRepository) -> None:
    repository.write({"a.ts": "1\r\n2\r\n3\r\n"})
    assert not changes(repository.root).is_changed("a.ts")
    repository.write({"a.ts": "1\r\nx\r\n3\r\n"})
    assert changes(repository.root).lines("a.ts") == frozenset({2})


def test_counted_is_from_where_the_histories_part(repository: GitRepository) -> None:
    repository("checkout", "-q", "-b", "topic")
    repository.commit({"mine.ts": "m"})
    repository("checkout", "-q", "main")
    repository.commit({"theirs.ts": "t", "a.ts": "changed on main"})
    repository("checkout", "-q", "topic")
    found = changes(repository.root, "main")
    assert found.is_changed("mine.ts")
    assert not found.is_changed("a.ts") and not found.is_changed("theirs.ts")


@pytest.mark.parametrize(
    "name", ["HEAD~1", "HEAD^", "v1", "light", "{id}", "{short}", "main^1", "{last}^", "{last}~1^0"]
)
def test_names_of_commits(repository: GitRepository, name: str) -> None:
    first = repository("rev-parse", "HEAD")
    repository("tag", "-a", "v1", "-m", "a tag with a message")
    repository("tag", "light")
    last = repository.commit({"a.ts": "changed"})[:8]
    repository("pack-refs", "--all")
    repository("gc", "-q")
    assert (
        Repository(repository.root).commit(name.format(id=first, short=first[:9], last=last)).decode()
        == first
    )


def test_of_several_meeting_points_the_newest(repository: GitRepository) -> None:
    for branch in ("one", "other"):
        repository("checkout", "-q", "-b", branch, "main")
        repository.commit({f"{branch}.ts": ""})
    first, second = repository("rev-parse", "one"), repository("rev-parse", "other")
    repository("merge", "-q", "-m", "m", first)
    repository("checkout", "-q", "one")
    repository("merge", "-q", "-m", "m", second)
    assert Base.of(repository.root, "other").commit in (first, second)


def test_the_default_branch(repository: GitRepository, tmp_path: Path) -> None:
    assert Repository(repository.root).default_branch() == "main"
    repository("clone", "-q", str(repository.root), str(tmp_path / "clone"))
    assert Repository(tmp_path / "clone").default_branch() == "remotes/origin/main"
    repository("branch", "-m", "trunk")
    with pytest.raises(HistoryError, match="not known which branch"):
        Repository(repository.root).default_branch()


# -- kinds of repositories ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [["--object-format=sha256"], ["--ref-format=reftable"], []])
def test_formats(tmp_path: Path, options: list[str]) -> None:
    try:
        made = GitRepository(tmp_path / "repo", *options)
    except subprocess.CalledProcessError:
        pytest.skip("this git does not make such repositories")
    made.commit(FILES)
    made.write({"a.ts": "x\n"})
    found = changes(made.root)
    assert found.is_changed("a.ts") and not found.is_changed("deep/er/b.ts")


def test_a_worktree(repository: GitRepository, tmp_path: Path) -> None:
    repository("worktree", "add", "-q", "-b", "topic", str(tmp_path / "tree"))
    (tmp_path / "tree" / "a.ts").write_text("x")
    found = changes(tmp_path / "tree", "main")
    assert found.is_changed("a.ts") and not found.is_changed("deep/er/b.ts")


def test_submodules(repository: GitRepository, tmp_path: Path) -> None:
    outer = GitRepository(tmp_path / "outer")
    outer("submodule", "-q", "add", str(repository.root), "lib")
    outer.commit({"main.ts": ""})
    inner = tmp_path / "outer" / "lib"
    assert not changes(outer.root).is_changed("lib/a.ts")
    (inner / "a.ts").write_text("x")
    assert changes(outer.root).is_changed("lib/a.ts")
    assert changes(inner).is_changed("a.ts")  # the submodule for itself
    Path(tmp_path, "other").mkdir()
    subprocess.run(["rm", "-rf", str(inner)], check=True)
    inner.mkdir()
    assert not changes(outer.root).is_changed("lib/a.ts")  # it is not checked out


def test_a_submodule_without_the_commit_of_the_base(repository: GitRepository, tmp_path: Path) -> None:
    outer = GitRepository(tmp_path / "outer")
    outer("submodule", "-q", "add", str(repository.root), "lib")
    tree = outer("write-tree")
    outer.commit({})
    forged = subprocess.run(
        ["git", "mktree"],
        input=f"160000 commit {'1' * 40}\tlib\n",
        cwd=outer.root,
        capture_output=True,
        text=True,
    ).stdout.strip()
    commit = outer("-c", "user.name=a", "commit-tree", "-m", "x", forged or tree)
    with pytest.raises(HistoryError, match=r"the submodule lib: git's object 1111111111 is not here"):
        Base.of(outer.root, commit, fork=None).workspace().read("lib/a.ts")


def test_a_shallow_clone(repository: GitRepository, tmp_path: Path) -> None:
    repository("checkout", "-q", "-b", "topic")
    repository.commit({"b.ts": ""})
    repository.commit({"c.ts": ""})
    repository(
        "clone", "-q", "--depth=1", "--no-single-branch", f"file://{repository.root}", str(tmp_path / "clone")
    )
    error = refusal(tmp_path / "clone", "origin/main")
    assert "the clone is shallow" in str(error) and "fetch-depth: 0" in (error.hint or "")
    assert "knows no commit `HEAD~1`" in str(error := refusal(tmp_path / "clone", "HEAD~1"))
    assert "fetch --unshallow" in (error.hint or "")
    assert not changes(tmp_path / "clone", "HEAD").is_changed("c.ts")


def test_a_partial_clone(repository: GitRepository, tmp_path: Path) -> None:
    repository("config", "uploadpack.allowFilter", "true")
    repository.commit({"a.ts": "newer"})
    url, clone = f"file://{repository.root}", tmp_path / "clone"
    repository("clone", "-q", "--filter=blob:none", url, str(clone))
    found = changes(clone, "HEAD~1")
    assert found.is_changed("a.ts") and not found.is_changed("deep/er/b.ts")
    with pytest.raises(HistoryError, match=r"is not here, which the base needs") as raised:
        found.lines("a.ts")
    assert "partial" in (raised.value.hint or "")


def test_borrowed_objects_are_not_read(repository: GitRepository, tmp_path: Path) -> None:
    repository("clone", "-q", "--shared", str(repository.root), str(tmp_path / "clone"))
    error = refusal(tmp_path / "clone")
    assert "repack" in (error.hint or "")


def test_nothing_was_committed_yet(tmp_path: Path) -> None:
    made = GitRepository(tmp_path / "repo")
    assert "nothing was ever committed" in str(refusal(made.root))


def test_no_repository(tmp_path: Path) -> None:
    assert "not in a repository" in str(refusal(tmp_path))
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    assert "leads to no repository" in str(refusal(tmp_path))
    (tmp_path / ".git").write_text("what is this")
    assert str(tmp_path) in str(refusal(tmp_path))


def test_branches_without_a_common_commit(repository: GitRepository) -> None:
    repository("checkout", "-q", "--orphan", "other")
    repository.commit({"b.ts": ""})
    assert "no commit in common" in str(refusal(repository.root, "main"))


@pytest.mark.parametrize(
    "name", ["", "nope", "HEAD:a.ts", ":a.ts", "-x", "HEAD~9", "HEAD@{9}", "a..b", "HEAD^{tree}"]
)
def test_what_names_no_commit(repository: GitRepository, name: str) -> None:
    assert "commit" in str(refusal(repository.root, name))


# -- what a stranger may have made -------------------------------------------------------------------------


def test_a_configuration_starts_and_includes_nothing(repository: GitRepository, tmp_path: Path) -> None:
    secret = tmp_path / "outside"
    secret.write_text("[core]\n\trepositoryformatversion = 7\n")
    with (repository.root / ".git" / "config").open("a") as config:
        config.write(f"[include]\n\tpath = {secret}\n[core]\n\tfsmonitor = touch owned\n")
        config.write('[filter "x"]\n\tclean = touch owned\n\tsmudge = touch owned\n')
    repository.write({".gitattributes": "* filter=x\n", "a.ts": "x"})
    assert changes(repository.root).is_changed("a.ts")
    assert not (repository.root / "owned").exists()


@pytest.mark.parametrize("place", ["objects/pack", "refs/heads/main", "packed-refs", "config", "HEAD"])
def test_links_out_of_the_repository_are_not_followed(
    repository: GitRepository, tmp_path: Path, place: str
) -> None:
    repository("pack-refs", "--all")
    target = repository.root / ".git" / place
    outside = tmp_path / "outside"
    if target.exists():
        target.rename(outside)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        outside.write_text("hunter2secret\n")
    target.symlink_to(outside)
    assert "is not followed" in str(error := refusal(repository.root))
    assert "hunter2" not in str(error)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_pipe_is_not_waited_for(repository: GitRepository) -> None:
    os.mkfifo(repository.root / ".git" / "refs" / "heads" / "pipe")
    assert "no regular file" in str(refusal(repository.root))


def test_damage_is_a_message(repository: GitRepository) -> None:
    generator = random.Random(1)
    objects = [path for path in (repository.root / ".git" / "objects").rglob("*") if path.is_file()]
    seen = set()
    for path in objects:
        whole = path.read_bytes()
        path.chmod(0o644)
        for damaged in (b"", whole[: len(whole) // 2], generator.randbytes(40)):
            path.write_bytes(damaged)
            try:
                found = Base.of(repository.root, "HEAD")
                files = found.workspace()
                for name in ("a.ts", "deep/er/b.ts"):
                    files.read(name)
            except HistoryError as error:
                seen.add(str(error).split()[0])
        path.write_bytes(whole)
    assert seen
    assert changes(repository.root).is_changed("a.ts") is False


def test_names_that_no_file_can_have(repository: GitRepository) -> None:
    from dulwich.objects import Blob, Commit, Tree
    from dulwich.repo import Repo

    repo = Repo(repository.root)
    blob = Blob.from_string(b"x")
    tree = Tree()
    for name in (b"..", b".", b".git", b".GIT", b"fine.ts"):
        tree.add(name, 0o100644, blob.id)
    commit = Commit()
    commit.tree, commit.message = tree.id, b"m"
    commit.author = commit.committer = b"a <a@b.c>"
    commit.author_time = commit.commit_time = commit.author_timezone = commit.commit_timezone = 0
    for item in (blob, tree, commit):
        repo.object_store.add_object(item)
    repo.close()
    assert Base.of(repository.root, commit.id.decode(), fork=None).workspace().list("") == ("fine.ts",)


# -- the files of a base -----------------------------------------------------------------------------------


def test_links_of_a_base(repository: GitRepository) -> None:
    links = {
        "file": "deep/er/b.ts",
        "folder": "deep",
        "chain": "folder/er/b.ts",
        "loop": "loop",
        "out": "../x",
        "absolute": "/etc/passwd",
        "nowhere": "absent",
    }
    for name, target in links.items():
        (repository.root / name).symlink_to(target)
    repository.commit({})
    files = Base.of(repository.root, "HEAD").workspace()
    assert [files.real(name) for name in ("file", "folder/er/b.ts", "chain")] == ["deep/er/b.ts"] * 3
    assert files.problem("loop") is Unreadable.LINK_NOWHERE
    assert files.problem("out") is files.problem("absolute") is Unreadable.OUTSIDE
    assert files.problem("nowhere") is Unreadable.LINK_NOWHERE


def test_installed_packages_are_those_of_the_disk(repository: GitRepository) -> None:
    repository.write({"node_modules/p/package.json": "{}", "deep/node_modules/q/index.d.ts": ""})
    (repository.root / "node_modules" / "linked").symlink_to("../deep")
    files = Base.of(repository.root, "HEAD").workspace()
    assert files.is_file("node_modules/p/package.json") and files.is_file("deep/node_modules/q/index.d.ts")
    assert files.real("node_modules/linked/er/b.ts") == "deep/er/b.ts"


# -- lines -------------------------------------------------------------------------------------------------

LINES = st.lists(st.sampled_from([b"a", b"b", b"c", b""]), max_size=12)


@given(LINES, LINES)
def test_what_is_not_new_was_there_in_that_order(before: list[bytes], after: list[bytes]) -> None:
    found = new_lines(b"".join(line + b"\n" for line in before), b"".join(line + b"\n" for line in after))
    kept = [line for at, line in enumerate(after, 1) if at not in found]
    rest = iter(before)
    assert all(line in rest for line in kept)


@given(
    st.lists(st.integers(0, 50), unique=True, max_size=20),
    st.lists(st.integers(0, 50), unique=True, max_size=20),
)
def test_of_lines_that_stand_once_as_few_are_new_as_can_be(before: list[int], after: list[int]) -> None:
    texts = ["".join(f"{line}\n" for line in lines).encode() for lines in (before, after)]
    matched = sum(
        block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    )
    assert len(new_lines(*texts)) <= len(after) - matched


def test_a_long_file_takes_no_time() -> None:
    text = b"x\n" * 100_000
    assert len(new_lines(text, b"y\n" + text + b"z\n" + text)) == 100_002


def test_without_dulwich_the_extra_is_named(
    repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dulwich.repo", None)
    assert "extra `git`" in (refusal(repository.root).hint or "")
