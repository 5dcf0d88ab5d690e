"""Which SDK a Python Worker runs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.project.modules.pyproject import pyprojects_above

if TYPE_CHECKING:
    from cflint.project.python.module import PythonModule

_SDK = frozenset({"workers-py", "workers-runtime-sdk"})


def converts_arguments(module: PythonModule) -> bool | None:
    """Whether the SDK makes JavaScript of what a binding is given: it does once it is a package of its own
    (compatibility date 2026-04-21, or named in a `pyproject.toml`). None where that is not known."""
    is_external = module.enables("enable_python_external_sdk")
    if is_external is not False:
        return is_external
    workspace = module.project.workspace
    for worker in module.workers:
        if worker.config is None:
            return None
        above = pyprojects_above(workspace, worker.config.directory)
        if any(_SDK & one.packages for one in above):
            return True
    return False
