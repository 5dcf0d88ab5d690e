"""What a compatibility flag changes beside code of JavaScript: configurations, and modules of Python.

Imported where used: what reads Python, which few Workers are written in.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.platform.classes import ClassKind
from cflint.project.config.wrangler import Environment
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker

if TYPE_CHECKING:
    from cflint.project.python.module import PythonModule

_RANDOM = (
    "random.random",
    "random.randint",
    "random.choice",
    "secrets.token_hex",
    "uuid.uuid4",
    "os.urandom",
)
_VENDOR = ("vendor", "src/vendor")

InEnvironment = Callable[[Project, Worker, Environment], Iterator[Location]]
InPython = Callable[["PythonModule"], Iterator[Location]]


def _pages_for_navigations(project: Project, worker: Worker, environment: Environment) -> Iterator[Location]:
    """`assets.not_found_handling` beside a Worker that is not asked first."""
    assets = environment.value("assets")
    if assets is None or environment.main is None:
        return
    handling, first = assets.get("not_found_handling"), assets.get("run_worker_first")
    if handling is None or handling.text in (None, "none") or (first is not None and first.plain is True):
        return
    yield environment.location(handling)


def _containers(project: Project, worker: Worker, environment: Environment) -> Iterator[Location]:
    found = environment.value("containers")
    if found is not None and found.items:
        yield environment.location(found)


def _broken_workflows(project: Project, worker: Worker, environment: Environment) -> Iterator[Location]:
    """Workflows whose class is not exported, or surely is none."""
    if worker.unresolved or not project.exports.of_worker(worker).complete:
        return
    for name, binding in environment.workflow_classes.items():
        owner = project.exports.find_class(worker, name)
        if owner is None:
            if not project.exports.has(worker, name):
                yield binding.location
        elif project.classes.kind(owner) not in (ClassKind.WORKFLOW, ClassKind.UNKNOWN):
            yield binding.location


def _vendored(project: Project, worker: Worker, environment: Environment) -> Iterator[Location]:
    folder = worker.config.directory if worker.config is not None else ""
    is_python = any(path.endswith(".py") for path in worker.modules)
    if is_python and any(project.workspace.is_dir(posixpath.join(folder, name)) for name in _VENDOR):
        yield environment.place


IN_ENVIRONMENTS: Mapping[str, InEnvironment] = {
    "assets_navigation_prefers_asset_serving": _pages_for_navigations,
    "containers_pid_namespace": _containers,
    "enable_validate_workflow_entrypoint": _broken_workflows,
    "python_workers_force_new_vendor_path": _vendored,
}
"""By the name that enables the flag."""


# -- Python ------------------------------------------------------------------------------------------------


def _global_handlers(module: PythonModule) -> Iterator[Location]:
    if module.is_entry:
        yield from (module.at(function.name) for function in module.global_handlers)


def _headers(module: PythonModule) -> Iterator[Location]:
    import libcst as cst

    for node in module.find(cst.Attribute):
        if node.attr.value == "headers":
            yield module.at(node.attr)


def _sdk(module: PythonModule) -> Iterator[Location]:
    import libcst as cst

    for node in module.find(cst.ImportFrom):
        if isinstance(node.module, cst.Name) and node.module.value == "workers":
            yield module.at(node.module)


def _random_at_start(module: PythonModule) -> Iterator[Location]:
    for call in module.calls_of(*_RANDOM):
        if module.class_or_function_around(call) is None:
            yield module.at(call)


def _depends(module: PythonModule) -> Iterator[Location]:
    import libcst as cst

    for node in module.find(cst.Arg):
        if node.keyword is not None and node.keyword.value == "depends":
            yield module.at(node.keyword)


def _workflow_classes(module: PythonModule) -> Iterator[Location]:
    for one in module.classes:
        if one.kind is ClassKind.WORKFLOW:
            yield module.at(one.node.name)


IN_PYTHON: Mapping[str, InPython] = {
    "python_no_global_handlers": _global_handlers,
    "python_request_headers_preserve_commas": _headers,
    "enable_python_external_sdk": _sdk,
    "python_check_rng_state": _random_at_start,
    "python_workflows_implicit_dependencies": _depends,
    "python_workflows": _workflow_classes,
}
"""By the name that enables the flag."""


def in_python(flag: str, project: Project, worker: Worker) -> Iterator[Location]:
    """The places in a Worker's modules of Python that a flag touches."""
    paths = [path for path in worker.modules if path.endswith(".py")]
    if not paths:
        return
    from cflint.project.python.module import python_module_of

    for path in paths:
        module = python_module_of(project, path)
        if module is not None and not module.has_errors:
            yield from IN_PYTHON[flag](module)
