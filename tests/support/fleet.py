"""A small fleet for tests of sweeps: repositories that dulwich makes, with what can be wrong with one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from dulwich.objects import Blob, Commit, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

CODE = """export default {
  async fetch(request, env) {
    env.CACHE.put("a", "b");
    return new Response("ok");
  },
};
"""


def worker(name: str, date: str = "2025-01-01", *, room: bool = False) -> dict[str, str]:
    """The files of a Worker whose code has a finding."""
    more = ""
    if room:
        more = '[[durable_objects.bindings]]\nname = "ROOM"\nclass_name = "Room"\n'
        more += '[[migrations]]\ntag = "v1"\nnew_classes = ["Room"]\n'
    return {
        "wrangler.toml": f'name = "{name}"\nmain = "src/index.js"\ncompatibility_date = "{date}"\n'
        'compatibility_flags = ["nodejs_compat"]\n'
        f'[[kv_namespaces]]\nbinding = "CACHE"\nid = "{"a" * 32}"\n{more}',
        "src/index.js": CODE + ("export class Room {}\n" if room else ""),
        "package.json": '{"devDependencies": {"wrangler": "^4.1.0"}}',
    }


def bare(folder: Path, files: dict[str, str], *, time: int = 1_700_000_000, branch: str = "main") -> str:
    """A commit of files, without a parent, in a bare repository that is made if need be; the commit's id."""
    if folder.exists():
        repository = Repo(str(folder))
    else:
        folder.mkdir(parents=True)
        repository = Repo.init_bare(str(folder))
    with closing(repository):
        commit = Commit()
        commit.tree = _tree(repository, files).id
        commit.message = b"files"
        commit.author = commit.committer = b"a <a@example.com>"
        commit.author_time = commit.commit_time = time
        commit.author_timezone = commit.commit_timezone = 0
        repository.object_store.add_object(commit)
        repository.refs[Ref(f"refs/heads/{branch}".encode())] = commit.id
        if branch == "main":
            repository.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/main"))
        return commit.id.decode()


def _tree(repository: Repo, files: dict[str, str]) -> Tree:
    tree = Tree()
    for name in sorted({path.partition("/")[0] for path in files}):
        inner = {path[len(name) + 1 :]: text for path, text in files.items() if path.startswith(f"{name}/")}
        if inner:
            tree.add(name.encode(), 0o40000, _tree(repository, inner).id)
        else:
            blob = Blob.from_string(files[name].encode())
            repository.object_store.add_object(blob)
            tree.add(name.encode(), 0o100644, blob.id)
    repository.object_store.add_object(tree)
    return tree


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files into a plain folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def fleet(root: Path) -> list[str]:
    """Eight repositories below a folder; their names, sorted."""
    owned = {**worker("shop", room=True), ".github/CODEOWNERS": "* @shop\n/src/ @code @more\n"}
    bare(root / "shop.git", owned)
    with (root / "shop.git" / "config").open("a") as config:
        config.write('[remote "origin"]\n\turl = git@github.com:acme/shop.git\n')
    bare(root / "shop-fork.git", owned, time=1_700_000_001)
    bare(root / "cron.git", worker("cron", "2022-03-04"))
    bare(root / "cron.git", worker("cron", "2026-03-04"), branch="release/2")
    bare(root / "docs.git", {"README.md": "# Nothing of a Worker\n"})
    bare(root / "mistaken.git", {**worker("mistaken"), "cflint.toml": "presett = 'all'\n"})
    commit = bare(root / "damaged.git", worker("damaged"))
    (root / "damaged.git" / "objects" / commit[:2] / commit[2:]).chmod(0o644)
    (root / "damaged.git" / "objects" / commit[:2] / commit[2:]).write_bytes(b"no object")
    write(root / "plain", worker("plain"))
    write(root / "plain", {"node_modules/hono/package.json": '{"version": "4.0.0"}'})
    (root / "empty" / ".git").mkdir(parents=True)
    return sorted(path.name for path in root.iterdir())
