"""Which version of which repository was analysed: from `.git`, without running git, or as a CI's job says.

Imported where used: urllib, for repositories with a remote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cflint.pattern import pattern
from cflint.record import record

_SECTION = pattern(r"\s*\[\s*(?P<name>[A-Za-z0-9.-]+)(?:\s+\"(?P<sub>(?:[^\"\\]|\\.)*)\")?\s*\]")
_URL = pattern(r"\s*url\s*=\s*(?P<url>\S+)\s*$")
_SCP = pattern(r"(?:[^@/:\s]+@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/\\:].*)")
_REVISION = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = pattern(r"ref: (?P<ref>refs/[^\s\\:?*\[~^]{1,500})")
_MOST = 4 << 20
"""No file of `.git` that is larger (bytes) is read; `packed-refs` can be long."""


@record(frozen=True)
class Repository:
    """The address for browsers (no credentials in it), the commit in hex, and the branch's name.
    `is_github` says that the host is one of GitHub's whatever its name."""

    uri: str
    revision: str | None = None
    branch: str | None = None
    is_github: bool = False

    def page(self, path: str, line: int) -> str | None:
        """The address at which the host shows a line (1-based) of a file, `path` being a URI reference; None
        without a commit, and for a host whose addresses are not known.

        Sources: https://docs.github.com/en/repositories/working-with-files/using-files/getting-permanent-links-to-files
        and the pages of gitlab.com and bitbucket.org.
        """
        if self.revision is None:
            return None
        host = self.uri.partition("://")[2].partition("/")[0].lower()
        if "gitlab" in host:
            return f"{self.uri}/-/blob/{self.revision}/{path}#L{line}"
        if "bitbucket" in host:
            return f"{self.uri}/src/{self.revision}/{path}#lines-{line}"
        is_github = "github" in host or self.is_github
        return f"{self.uri}/blob/{self.revision}/{path}#L{line}" if is_github else None


def repository_of_job(variables: Mapping[str, str]) -> Repository | None:
    """The repository that a job of GitHub Actions or GitLab CI works on, by its environment; None elsewhere.

    Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/variables and
    https://docs.gitlab.com/ci/variables/predefined_variables/.
    """
    server, name, commit = (variables.get(f"GITHUB_{word}") for word in ("SERVER_URL", "REPOSITORY", "SHA"))
    if server and name and commit:
        uri = browsable(f"{server.rstrip('/')}/{name}")
        return Repository(uri, commit, is_github=True) if uri is not None and commit.isalnum() else None
    project, commit = variables.get("CI_PROJECT_URL"), variables.get("CI_COMMIT_SHA")
    uri = browsable(project) if project else None
    return Repository(uri, commit) if uri is not None and commit and commit.isalnum() else None


def repository_of(root: Path) -> Repository | None:
    """The repository whose working tree begins at `root`; None without `.git`, or without a remote that has
    an address others can use. Never raises; follows no link and reads nothing outside `.git`."""
    git = root.resolve() / ".git"
    uri = address_of(git)
    if uri is None:
        return None
    head = _read(git / "HEAD").strip()
    if _REVISION.fullmatch(head):
        return Repository(uri, head)
    found = _REF.fullmatch(head)
    if found is None or ".." in found["ref"]:
        return Repository(uri)
    ref = found["ref"]
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None
    return Repository(uri, _revision(git, ref), branch)


def address_of(git: Path) -> str | None:
    """The address for browsers of the remote that a folder of git (`.git`, or a bare repository) names; None
    without one. The path has to be a real one: no link is followed. Never raises."""
    return _remote(_read(git / "config"))


def is_published(root: Path, revision: str) -> bool:
    """Whether a branch of a remote was at a commit when it was last fetched or pushed. Never raises."""
    git = root.resolve() / ".git"
    for line in _read(git / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if commit == revision and name.startswith("refs/remotes/"):
            return True
    try:
        loose = sorted((git / "refs" / "remotes").rglob("*"))
    except OSError:
        return False
    return any(_read(path).strip() == revision for path in loose)


def branch_of_remote(root: Path) -> str | None:
    """The branch that the remote `origin` has as its default one, as a clone knows it. Never raises."""
    found = _REF.fullmatch(_read(root.resolve() / ".git" / "refs" / "remotes" / "origin" / "HEAD").strip())
    return found["ref"].removeprefix("refs/remotes/origin/") if found is not None else None


def _read(path: Path) -> str:
    """The text of a regular file; empty when there is none to be had."""
    try:
        if path.resolve() != path or not path.is_file():
            return ""  # a link, in any place of it
        if path.stat().st_size > _MOST:
            return ""
        return path.read_bytes().decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _revision(git: Path, ref: str) -> str | None:
    loose = _read(git / ref).strip()
    if _REVISION.fullmatch(loose):
        return loose
    for line in _read(git / "packed-refs").splitlines():
        revision, _, name = line.partition(" ")
        if name == ref and _REVISION.fullmatch(revision):
            return revision
    return None


def _remote(config: str) -> str | None:
    """The address of the remote `origin`, else of the first one."""
    remotes = {name: uri for name, url in _remotes(config) if (uri := browsable(url)) is not None}
    return remotes.get("origin") or next(iter(remotes.values()), None)


def _remotes(config: str) -> Iterator[tuple[str, str]]:
    remote: str | None = None
    for line in config.splitlines():
        section = _SECTION.match(line[:1000])
        if section is not None:
            remote = section["sub"] if section["name"].lower() == "remote" else None
        elif remote is not None:
            url = _URL.match(line[:2000])
            if url is not None:
                yield remote, url["url"].strip('"')


def browsable(url: str) -> str | None:
    """The https address that belongs to a remote's URL, without user, password and `.git`; None for a path,
    a `file:` URL and what is no URL."""
    from urllib.parse import quote, urlsplit

    scp = _SCP.fullmatch(url)
    if scp is not None and "://" not in url and len(scp["host"]) > 1:
        host, path, scheme = scp["host"], scp["path"], "https"
    else:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return None
        if parts.scheme not in ("https", "http", "ssh", "git", "git+ssh"):
            return None
        scheme = "http" if parts.scheme == "http" else "https"
        if port is not None and parts.scheme in ("http", "https"):
            host = f"{host}:{port}"
        path = parts.path
    path = path.strip("/").removesuffix(".git")
    if not path or not re.fullmatch(r"[a-z0-9.-]+(:[0-9]+)?", host, re.IGNORECASE):
        return None
    return f"{scheme}://{host}/{quote(path, safe='/%~')}"
