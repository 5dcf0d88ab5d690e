"""Classes of Workers in Python: which one a name means, and where it is declared.

Imported where used: libcst is loaded when a Worker has a module of Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.project.workers.model import Project
from cflint.project.workers.worker import Worker

if TYPE_CHECKING:
    from cflint.project.python.module import PythonClass, PythonModule

_MOST_HOPS = 20


def class_at(module: PythonModule, offset: int) -> PythonClass | None:
    """The class at the top level whose name in its definition is at a byte offset."""
    from cflint.project.python.pointing import name_at

    name = name_at(module, offset)
    return next((owner for owner in module.classes if owner.node.name is name and owner.is_top_level), None)


def class_of_worker(project: Project, worker: Worker, name: str) -> PythonClass | None:
    """The class that a Worker in Python gives the runtime under a name; imports of modules are followed."""
    from cflint.project.python.module import python_module_of

    for entry in worker.entries:
        module = python_module_of(project, entry)
        found = _class_named(project, module, name) if module is not None else None
        if found is not None:
            return found
    return None


def _class_named(project: Project, module: PythonModule, name: str) -> PythonClass | None:
    from cflint.project.python.module import python_module_named

    for _ in range(_MOST_HOPS):
        found = module.class_named(name)
        if found is not None:
            return found
        imported = [
            entry.imported for entry in module.top_level_names.get(name, ()) if entry.kind == "import"
        ]
        if not imported:
            return None
        other = python_module_named(project, imported[-1], module.path)
        if other is None or other is module:
            return None
        module, name = other, imported[-1].rpartition(".")[2]
    return None


def classes_of_worker(project: Project, worker: Worker) -> Iterator[PythonClass]:
    """The classes that a Worker in Python gives the runtime, those that it imports too."""
    from cflint.project.python.module import python_module_of

    for entry in worker.entries:
        module = python_module_of(project, entry)
        for name in module.top_level_names if module is not None else ():
            found = class_of_worker(project, worker, name)
            if found is not None:
                yield found


def place_of(owner: PythonClass) -> Location:
    """The name in the definition of a class."""
    return owner.module.at(owner.node.name)
