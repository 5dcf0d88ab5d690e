"""What of a source is looked at, whatever its references lead to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from dulwich.objects import Blob, ObjectID, Tag
from dulwich.refs import Ref
from dulwich.repo import Repo

from cflint.fleet.states import files_of, states_of
from cflint.history.repository import HistoryError
from tests.support.fleet import bare


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A bare repository with two branches; an annotated tag of one; tags of a file, which is no commit, and
    a reference to one that is gone."""
    folder = tmp_path / "source.git"
    first = bare(folder, {"a.txt": "a"})
    bare(folder, {"b.txt": "b"}, branch="release/2")
    with closing(Repo(str(folder))) as repository:
        blob = Blob.from_string(b"a key")
        tag, of_blob = Tag(), Tag()
        for made, name, kind, id in (
            (tag, b"v1", repository[ObjectID(first.encode())], first.encode()),
            (of_blob, b"key", blob, blob.id),
        ):
            made.name, made.object, made.message = name, (type(kind), ObjectID(id)), b"tag"
            made.tagger, made.tag_time, made.tag_timezone = b"a <a@example.com>", 0, 0
        for one in (blob, tag, of_blob):
            repository.object_store.add_object(one)
        refs = repository.refs
        refs[Ref(b"refs/tags/v1")] = tag.id
        refs[Ref(b"refs/tags/key")] = of_blob.id
        refs[Ref(b"refs/tags/plain-key")] = blob.id
    dangling = folder / "refs" / "remotes" / "origin" / "HEAD"
    dangling.parent.mkdir(parents=True)
    dangling.write_text("ref: refs/remotes/origin/gone\n")
    return folder


def refs_of(source: Path, ref: str) -> list[str | None]:
    _, states = states_of(source, ref)
    return [state.ref for state in states]


def test_references_to_no_commit_are_left_out(source: Path) -> None:
    assert refs_of(source, "refs/tags/*") == ["refs/tags/v1"]
    assert refs_of(source, "*") == ["refs/heads/main", "refs/heads/release/2", "refs/tags/v1"]
    _, (tagged,) = states_of(source, "refs/tags/*")
    _, (named,) = states_of(source, "main")
    assert (tagged.commit, tagged.content, tagged.committed) == (named.commit, named.content, named.committed)
    assert tagged.commit is not None and set(files_of(source, tagged.commit).entries("")) == {"a.txt"}
    for ref in ("refs/tags/k*", "refs/nothing/*"):
        with pytest.raises(HistoryError, match="no reference to a commit is called"):
            states_of(source, ref)


def test_a_commit_that_is_gone_is_said_where_it_is_wanted(source: Path) -> None:
    (source / "refs" / "heads" / "gone").write_text(f"{'ab' * 20}\n")
    with pytest.raises(HistoryError, match=r"ababababab is not here, which `refs/heads/gone` needs"):
        states_of(source, "refs/heads/*")
    assert refs_of(source, "refs/heads/r*") == ["refs/heads/release/2"]
    with pytest.raises(HistoryError, match="is not here"):
        files_of(source, "ab" * 20)


def test_a_branch_is_read_where_head_names_none(source: Path) -> None:
    (source / "HEAD").write_text("ref: refs/heads/trunk\n")
    assert refs_of(source, "release/2") == ["release/2"]
    assert refs_of(source, "refs/heads/*") == ["refs/heads/main", "refs/heads/release/2"]
    with pytest.raises(HistoryError, match="nothing was ever committed"):
        states_of(source, "HEAD")


def test_the_address_is_that_of_git_and_of_no_file_beside_it(source: Path, tmp_path: Path) -> None:
    said = '[remote "origin"]\n\turl = git@github.com:acme/shop.git\n'
    with (source / "config").open("a") as config:
        config.write(said)
    (tmp_path / "mounted").symlink_to(source.parent)
    for place in (source, tmp_path / "mounted" / source.name):
        assert states_of(place, "main")[0] == "https://github.com/acme/shop"
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {source}\n")
    (tree / "config").write_text(said.replace("shop", "another"))
    assert states_of(tree, "")[0] is None, "a file of the project, which is called config"
    (tree / ".git").unlink()
    (tree / ".git").symlink_to(source)
    assert states_of(tree, "")[0] is None, "no link is followed"
