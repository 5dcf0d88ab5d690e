"""Resources that wrangler makes when it deploys, and what wants to have them sooner."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.project.modules.commands import scripts_called, wrangler_calls
from cflint.project.modules.installed import is_older, manifest_above
from cflint.project.modules.modes import pipeline_calls

if TYPE_CHECKING:
    from cflint.project.config.wrangler import WranglerConfig
    from cflint.project.modules.commands import WranglerCall
    from cflint.project.workers.model import Project

_SINCE = {"kv": (4, 45, 0), "r2": (4, 45, 0), "d1": (4, 102, 0), "queue": (4, 113, 0)}
"""The first wrangler that makes what an entry gives no id of when it deploys a Worker, and finds it again:
before 4.102 commands such as `d1 migrations apply --remote` ask for the id, before 4.45 all do."""
_ON_DATA = frozenset({"d1", "kv", "r2"})
_MOST_INNER = 4


def provisions(project: Project, config: WranglerConfig, kind: str) -> bool:
    """Whether the deployment makes the resource that an entry of a configuration names no id of; `kind` is
    the id of its kind of binding."""
    since = _SINCE.get(kind)
    return (
        since is not None
        and not config.is_pages
        and not is_older(project.workspace, config.directory, "wrangler", since)
    )


def used_before_deployment(project: Project, config: WranglerConfig, *names: str) -> WranglerCall | None:
    """A command about the deployed data of a resource, given by its names, that a script or CI runs before
    the one that deploys the configuration: the resource has to exist by then."""
    wanted = {name for name in names if name}
    for calls in _sequences(project, config):
        before: list[WranglerCall] = []
        for call in calls:
            if call.deploys and call.reads(config.path):
                found = next((it for it in before if not wanted.isdisjoint(it.words)), None)
                if found is not None:
                    return found
            elif call.words[0] in _ON_DATA and call.has("--remote"):
                before.append(call)
    return None


def _sequences(project: Project, config: WranglerConfig) -> Iterator[Iterator[WranglerCall]]:
    """What runs one after the other: the calls of each script that deploys, with those of the scripts that it
    runs; and those of each file of CI."""
    workspace, folder = project.workspace, config.directory
    manifest = manifest_above(workspace, folder)
    scripts = manifest.scripts if manifest is not None else {}
    home = posixpath.dirname(manifest.document.path) if manifest is not None else ""

    def run(name: str, depth: int) -> Iterator[WranglerCall]:
        script = scripts.get(name)
        if script is None or depth == 0:
            return
        yield from run(f"pre{name}", depth - 1)
        for part in script.split("&&"):
            for called in scripts_called(part):
                yield from run(called, depth - 1)
        yield from wrangler_calls(script, home)

    for name in scripts:
        if "deploy" in name or "deploy" in scripts[name]:
            yield run(name, _MOST_INNER)
    yield from pipeline_calls(workspace, folder)
