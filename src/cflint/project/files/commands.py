"""With what a folder's Worker is deployed, by the scripts of its package.json and by what CI calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cflint.project.files.workspace import Workspace
from cflint.syntax.data import Format
from cflint.syntax.documents import read

_WRANGLER = re.compile(
    r"(?<![\w@/.-])wrangler(?:@[\w.^~-]+)?[ \t]+(?:deploy|dev|publish|versions[ \t]+upload)(?!\S)([^&|;\n]*)"
    r"|cloudflare/wrangler-action"
)
_OTHER = re.compile(
    r"(?<![\w@/.-])(?:cf|cf-wrangler|vite)(?:@[\w.^~-]+)?(?=[ \t]+[\w-]|[ \t]*$)", re.MULTILINE
)
_NEW_CONFIG = re.compile(r"--(?:x|experimental)-new-config\b")
_WORKFLOWS = ".github/workflows"
_PIPELINES = (".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml")


def deploys_by_wrangler(workspace: Workspace, folder: str) -> bool:
    """Whether what is called for a folder is plain `wrangler`, which reads no `cloudflare.config.ts`, and
    never `cf` or Vite, which read nothing else."""
    is_called = False
    for text in _commands(workspace, folder):
        if _OTHER.search(text):
            return False
        for found in _WRANGLER.finditer(text):
            if _NEW_CONFIG.search(found[1] or ""):
                return False
            is_called = True
    return is_called


def _commands(workspace: Workspace, folder: str) -> Iterator[str]:
    """The scripts of the package.json of a folder, and what CI says in the repository's root."""
    manifest = workspace.read(f"{folder}/package.json" if folder else "package.json")
    if manifest is not None:
        scripts = read(manifest, Format.JSON).root.get("scripts")
        yield from (member.value.text or "" for member in (scripts.members if scripts is not None else ()))
    names = workspace.entries(_WORKFLOWS) if workspace.is_dir(_WORKFLOWS) else ()
    paths = [f"{_WORKFLOWS}/{name}" for name in sorted(names) if name.endswith((".yml", ".yaml"))]
    for path in (*paths, *_PIPELINES):
        document = workspace.read(path) if workspace.is_file(path) else None
        if document is not None:
            yield document.data.decode("utf-8", "replace")
