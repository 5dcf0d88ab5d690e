"""What of a repository matters for setting cflint up: its host, and what is there already."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

from cflint.cli.check.request import BASELINE
from cflint.project.files.workspace import Workspace
from cflint.record import record
from cflint.report.repository import branch_of_remote, repository_of
from cflint.settings import settings_file

PRE_COMMIT = ".pre-commit-config.yaml"
GITLAB = ".gitlab-ci.yml"
WORKFLOWS = ".github/workflows"
EDITOR = ".vscode/settings.json"
_RUNS_CFLINT = re.compile(
    rb"/cflint@|\bcflint check\b|/cflint(?:\.git)?['\"]?\s*$|\bid:\s*['\"]?cflint\b", re.MULTILINE
)


class Ci(Enum):
    """Where jobs run; the value is what `--ci` takes."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


@record(frozen=True)
class Survey:
    """What there is. `ci` is where jobs run, `ci_reason` what says so; `branch` the default branch. The
    others are paths, from the root, of what has cflint in it already; None where nothing has."""

    workspace: Workspace
    root: Path
    has_git: bool
    ci: Ci
    ci_reason: str
    branch: str
    settings: str | None
    pre_commit: str | None
    job: str | None
    baseline: str | None
    editor: str | None
    has_editor: bool


def survey(workspace: Workspace, root: Path, ci: Ci | None) -> Survey:
    """What there is below a root; `ci` is what the user says of jobs."""
    found, reason = (ci, "as `--ci` says") if ci is not None else _ci(workspace, root)
    repository = repository_of(root)
    branch = branch_of_remote(root) or (repository.branch if repository is not None else None)
    job = None
    if found is Ci.GITHUB:
        names = (f"{WORKFLOWS}/{name}" for name in workspace.list(WORKFLOWS))
        files = (path for path in names if path.endswith((".yml", ".yaml")))
        job = next((path for path in files if _runs_cflint(workspace, path)), None)
    elif found is Ci.GITLAB and _runs_cflint(workspace, GITLAB):
        job = GITLAB
    return Survey(
        workspace=workspace,
        root=root,
        has_git=workspace.exists(".git") or (root / ".git").exists(),
        ci=found,
        ci_reason=reason,
        branch=branch or "main",
        settings=settings_file(workspace, ""),
        pre_commit=PRE_COMMIT if _runs_cflint(workspace, PRE_COMMIT) else None,
        job=job,
        baseline=BASELINE if workspace.exists(BASELINE) else None,
        editor=EDITOR if _mentions(workspace, EDITOR) else None,
        has_editor=workspace.is_dir(".vscode"),
    )


def _ci(workspace: Workspace, root: Path) -> tuple[Ci, str]:
    """The host of the remote, else what folders say."""
    repository = repository_of(root)
    host = repository.uri.split("/")[2].rpartition("@")[2].partition(":")[0] if repository is not None else ""
    if host == "github.com" or host.startswith("github."):
        return Ci.GITHUB, f"the remote is at {host}"
    if host == "gitlab.com" or host.startswith("gitlab."):
        return Ci.GITLAB, f"the remote is at {host}"
    if workspace.is_file(GITLAB):
        return Ci.GITLAB, f"there is {GITLAB}"
    if workspace.is_dir(".github"):
        return Ci.GITHUB, "there is .github"
    return Ci.NONE, "no remote and no folder says where"


def _runs_cflint(workspace: Workspace, path: str) -> bool:
    document = workspace.read(path)
    return document is not None and _RUNS_CFLINT.search(document.data) is not None


def _mentions(workspace: Workspace, path: str) -> bool:
    document = workspace.read(path)
    return document is not None and b"cflint" in document.data
