"""Configurations that nobody deploys: left over beside a program of Node.js, or for development alone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.placeholders import is_for_a_script
from cflint.project.modules.installed import manifest_above
from cflint.project.modules.resolve.files import upwards
from cflint.syntax.suffixes import SOURCE_SUFFIXES

if TYPE_CHECKING:
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.files.workspace import Workspace
    from cflint.project.modules.manifest import Manifest
    from cflint.source import Document

LEFT_OVER = "it is left over: `main` is a program that runs in Node.js"
_SERVES_IN_NODE = pattern(rb"[\"']@hono/node-server[\"']|\bprocess\.exit\(")
_WITH_NODE = pattern(r"\bnode\s+\S")
_IN_NODE = pattern(r"(?:node|pm2|nodemon|tsx|ts-node)\s+\S")
_IS_WORKER = pattern(rb"\bexport\s+default\b|\bas\s+default\b|\bmodule\.exports\b|addEventListener\b")
_MAY_BE_WORKER = pattern(rb"(?:export|exports|addEventListener)\b")
_OF_CLOUDFLARE = pattern(r"wrangler|cloudflare|miniflare|workerd", re.IGNORECASE)
_OF_CLOUDFLARE_BYTES = pattern(_OF_CLOUDFLARE.pattern.encode(), re.IGNORECASE)
_PACKAGES = frozenset({"package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"})
_TEST_WORKER = pattern(r"(?:^|/)(?:tests?|e2e)(?:[-_]workers?)?/")
_OF_DEVELOPMENT = pattern(r"wrangler[.-](?:dev|development|local)\.")
_CALLED_LOCAL = pattern(r"[-_.]local$")
_OTHER = pattern(r"wrangler\.[\w-]+\.(?:toml|jsonc?)")
_ID = pattern(r"[0-9a-f-]{32,36}", re.IGNORECASE)
_ID_KEYS = {"d1": "database_id", "kv": "id"}


def is_named_in_tests(
    workspace: Workspace, config: WranglerConfig, folders: Iterable[str], text: Callable[[str], str]
) -> bool:
    """Whether vitest's configuration in some folders names a configuration, or its entry stands among tests.
    `text` gives that of a file."""
    return is_test_worker(config) or any(
        config.file_name in text(posixpath.join(folder, name))
        for folder in dict.fromkeys(folders)
        for name in workspace.entries(folder)
        if name.startswith("vitest.") and name.endswith(SOURCE_SUFFIXES)
    )


def is_test_worker(config: WranglerConfig) -> bool:
    """Whether the entry of a Worker stands in a folder for tests, below its configuration."""
    mains = (main.removeprefix(f"{config.directory}/") for main in config.mains)
    return any(map(_TEST_WORKER.search, mains))


def why_development(config: WranglerConfig) -> str:
    """Why nobody deploys a configuration that no command names, a phrase: it is called after development, and
    all its databases and namespaces have ids that Cloudflare gives none, nor does a script. "" of others."""
    if _OF_DEVELOPMENT.match(config.file_name) is None or not _has_no_ids(config):
        return ""
    return f"{config.file_name} is for development only"


def _has_no_ids(config: WranglerConfig) -> bool:
    """Whether a configuration has databases or namespaces, and none with an id as Cloudflare gives it, or as
    a script fills it in."""
    ids = [
        node.text or ""
        for environment in config.environments
        for kind, key in _ID_KEYS.items()
        for binding in environment.bindings_of(kind)
        if (node := binding.field(key)) is not None
    ]
    return bool(ids) and not any(_ID.fullmatch(text) or is_for_a_script(text) for text in ids)


def _why_local(workspace: Workspace, config: WranglerConfig) -> str:
    """Why nobody deploys a configuration, a phrase: its Worker is called local, its databases and namespaces
    have ids that Cloudflare gives none, and others of wrangler's stand beside it. "" of others."""
    named = config.top.own("name")
    name = named.text if named is not None else None
    if name is None or _CALLED_LOCAL.search(name) is None or not _has_no_ids(config):
        return ""
    has_others = any(_OTHER.fullmatch(other) for other in workspace.entries(config.directory))
    return f"{name} is for local development only" if has_others else ""


def why_program(
    workspace: Workspace, config: WranglerConfig, scripts: Iterable[str], *, is_deployed: bool
) -> str:
    """Why a configuration is left over, a phrase: it is for local development, or its `main` exports nothing,
    the nearest package starts in Node.js, and no package, lock file or script (`scripts` are their texts)
    speaks of wrangler, or that package does not, and `main` is a server or a command line by what it calls.
    "" of all others, and where a command deploys it."""
    local = _why_local(workspace, config)
    if local:
        return local
    manifest = manifest_above(workspace, config.directory)
    started = manifest.scripts.get("start", "") if manifest is not None else ""
    if manifest is None or _IN_NODE.search(started) is None:
        return ""
    mains = [workspace.read(main) for main in config.mains if workspace.is_file(main)]
    if not is_deployed and _is_server(manifest, mains):
        return LEFT_OVER
    if not mains or any(main is None or _MAY_BE_WORKER.search(main.data) is not None for main in mains):
        return ""
    if any(_OF_CLOUDFLARE.search(text) is not None for text in scripts):
        return ""
    for folder in upwards(config.directory):
        for name in _PACKAGES.intersection(workspace.entries(folder)):
            document = workspace.read(posixpath.join(folder, name))
            if document is None or _OF_CLOUDFLARE_BYTES.search(document.data) is not None:
                return ""
    return LEFT_OVER


def _is_server(manifest: Manifest, mains: Sequence[Document | None]) -> bool:
    """Whether `main` has no default export, and serves in Node.js or ends the process, and the package
    starts in Node.js and does not speak of Cloudflare."""
    started = manifest.scripts.get("start", "")
    if _WITH_NODE.search(started) is None or _OF_CLOUDFLARE_BYTES.search(manifest.document.data) is not None:
        return False
    return bool(mains) and all(
        main is not None
        and _SERVES_IN_NODE.search(main.data) is not None
        and _IS_WORKER.search(main.data) is None
        for main in mains
    )
