"""From where cflint is installed: the repository and the commit that hooks and jobs are to install, too.

There is no release, and the name is not ours on PyPI, so that nothing but a commit of the repository can be
written into a file that others run.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cflint import ADDRESS
from cflint.cli.exits import Failure
from cflint.packages import folders_of_packages
from cflint.record import record
from cflint.report.repository import browsable, is_published, repository_of

_COMMIT = re.compile(r"[0-9a-f]{40}")
EXAMPLE = f"{ADDRESS or 'https://github.com/OWNER/cflint'}@COMMIT"


@record(frozen=True)
class Origin:
    """The address of cflint's repository, and a commit of it, 40 hex digits."""

    address: str
    commit: str

    @property
    def repository(self) -> str:
        """`OWNER/cflint`, as GitHub names an action; the whole path elsewhere."""
        return urlsplit(self.address).path.strip("/")

    @property
    def is_on_github(self) -> bool:
        """Whether an action can be used from there."""
        return urlsplit(self.address).hostname == "github.com"


def read_origin(text: str) -> Origin:
    """`https://github.com/OWNER/cflint@COMMIT`. Raises Failure."""
    address, _, commit = text.removeprefix("git+").rpartition("@")
    found = browsable(address)
    if found is None or not found.startswith("https://") or not _COMMIT.fullmatch(commit):
        raise Failure(f"`--from` has to be an address and the full hash of a commit, as in {EXAMPLE}")
    return Origin(found, commit)


def known_origin(name: str = "cflint") -> Origin | None:
    """From where the package of this process was installed, as pip has recorded it (PEP 610): a commit of a
    repository, or a clone whose commit the remote has. None where nothing says so."""
    # Only where installers put packages: a folder that is checked may hold metadata of any name.
    found = next(iter(distributions(name=name, path=folders_of_packages())), None)
    try:
        text = found.read_text("direct_url.json") if found is not None else None
        data = json.loads(text) if text else {}
    except (OSError, ValueError):
        return None
    url, git = (data.get("url"), data.get("vcs_info")) if isinstance(data, dict) else (None, None)
    if not isinstance(url, str):
        return None
    if isinstance(git, dict):
        address, commit = browsable(url), git.get("commit_id")
        if address is None or not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            return None
        return Origin(address, commit)
    parts = urlsplit(url)
    return origin_of_clone(Path(unquote(parts.path))) if parts.scheme == "file" else None


def origin_of_clone(folder: Path) -> Origin | None:
    """The origin that a clone is at; None without a remote, and at a commit that no branch of it is at."""
    found = repository_of(folder)
    if found is None or found.revision is None or not _COMMIT.fullmatch(found.revision):
        return None
    return Origin(found.uri, found.revision) if is_published(folder, found.revision) else None
