"""Modules of Python Workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.api.deprecations import DEPRECATED
from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.platform.handlers import python_handler as python_handler
    from cflint.platform.handlers import python_handlers_of as python_handlers_of
    from cflint.project.modules.pyproject import PyProject as PyProject
    from cflint.project.modules.pyproject import pyprojects_above as pyprojects_above
    from cflint.project.python.calls import PythonCall as PythonCall
    from cflint.project.python.calls import PythonFunction as PythonFunction
    from cflint.project.python.calls import awaited_calls as awaited_calls
    from cflint.project.python.calls import escapes_python_handler as escapes_python_handler
    from cflint.project.python.calls import goes_through_data as goes_through_data
    from cflint.project.python.calls import is_handler as is_handler
    from cflint.project.python.calls import is_left as is_left
    from cflint.project.python.calls import is_upload as is_upload
    from cflint.project.python.calls import loop_around as loop_around
    from cflint.project.python.calls import python_function_called as python_function_called
    from cflint.project.python.calls import reached as reached
    from cflint.project.python.calls import reads_python_request as reads_python_request
    from cflint.project.python.env_uses import PythonEnvUse as PythonEnvUse
    from cflint.project.python.module import PythonClass as PythonClass
    from cflint.project.python.module import PythonModule as PythonModule
    from cflint.project.python.module import python_module_of as python_module_of
    from cflint.project.python.sdk import converts_arguments as converts_arguments
    from cflint.project.sql.python import PythonStatement as PythonStatement
    from cflint.project.sql.python import d1_query as d1_query
    from cflint.project.sql.python import provenance_of as provenance_of
    from cflint.project.sql.python import python_statements as python_statements
_ORIGINS = {
    "cflint.platform.handlers": ("python_handler python_handlers_of"),
    "cflint.project.modules.pyproject": ("PyProject pyprojects_above"),
    "cflint.project.python.calls": (
        "PythonCall PythonFunction awaited_calls escapes_python_handler goes_through_data "
        "is_handler is_left is_upload loop_around python_function_called reached "
        "reads_python_request"
    ),
    "cflint.project.python.env_uses": ("PythonEnvUse"),
    "cflint.project.python.module": ("PythonClass PythonModule python_module_of"),
    "cflint.project.python.sdk": ("converts_arguments"),
    "cflint.project.sql.python": ("PythonStatement d1_query provenance_of python_statements"),
}

__getattr__ = lazily(globals(), _ORIGINS, deprecated=DEPRECATED)

__all__ = [
    "PyProject",
    "PythonCall",
    "PythonClass",
    "PythonEnvUse",
    "PythonFunction",
    "PythonModule",
    "PythonStatement",
    "awaited_calls",
    "converts_arguments",
    "d1_query",
    "escapes_python_handler",
    "goes_through_data",
    "is_handler",
    "is_left",
    "is_upload",
    "loop_around",
    "provenance_of",
    "pyprojects_above",
    "python_function_called",
    "python_handler",
    "python_handlers_of",
    "python_module_of",
    "python_statements",
    "reached",
    "reads_python_request",
]
