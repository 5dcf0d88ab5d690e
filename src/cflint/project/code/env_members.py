"""What `env` holds where a module runs, by the configurations and by all code of its Workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cflint.project.code.calls import modules_naming, running_paths
from cflint.project.config.dev_vars import dev_var_names

if TYPE_CHECKING:
    from cflint.project.code.module import Module
    from cflint.project.workers.model import Project
    from cflint.project.workers.worker import Worker


def may_be_declared(project: Project, workers: Sequence[Worker], name: str) -> bool:
    """Whether a configuration of some Workers, or a file of local development beside one, declares a member
    of `env`, or a framework adds it; also where that is not known: without a configuration, or with one that
    is incomplete."""
    configurations = [worker.config for worker in workers if worker.config is not None]
    if not workers or len(configurations) < len(workers):
        return True
    if any(worker.app is not None and name in worker.app.implied for worker in workers):
        return True  # the build adds it
    environments = (environment for worker in workers for environment in worker.environments)
    if any(found.has_open_bindings or found.binding(name) is not None for found in environments):
        return True
    if any(worker.app is not None and name in worker.app.bindings for worker in workers):
        return True
    return any(
        name in dev_var_names(project.workspace, found.directory)
        for found in configurations
        if not all(environment.lists_secrets for environment in found.environments)
    )


def is_given_by_code(module: Module, name: str) -> bool:
    """Whether code of the module's Workers may give `env` a member; see `Module.gives_env_member`."""
    paths = {path: None for worker in module.workers for path in running_paths(worker)}
    modules = modules_naming(module.project, paths, name, at_hand=module)
    return any(found.gives_env_member(name) for found in modules)
