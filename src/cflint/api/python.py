"""Modules of Python Workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.api.deprecations import DEPRECATED
from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.platform.handlers import python_handler as python_handler
    from cflint.platform.handlers import python_handlers_of as python_handlers_of
    from cflint.project.modules.pyproject import pyprojects_above as pyprojects_above
    from cflint.project.python.env_uses import PythonEnvUse as PythonEnvUse
    from cflint.project.python.module import PythonClass as PythonClass
    from cflint.project.python.module import PythonModule as PythonModule
    from cflint.project.sql.python import PythonStatement as PythonStatement
    from cflint.project.sql.python import d1_query as d1_query
    from cflint.project.sql.python import provenance_of as provenance_of
    from cflint.project.sql.python import python_statements as python_statements
_ORIGINS = {
    "cflint.platform.handlers": ("python_handler python_handlers_of"),
    "cflint.project.modules.pyproject": ("pyprojects_above"),
    "cflint.project.python.env_uses": ("PythonEnvUse"),
    "cflint.project.python.module": ("PythonClass PythonModule"),
    "cflint.project.sql.python": ("PythonStatement d1_query provenance_of python_statements"),
}

__getattr__ = lazily(globals(), _ORIGINS, deprecated=DEPRECATED)

__all__ = [
    "PythonClass",
    "PythonEnvUse",
    "PythonModule",
    "PythonStatement",
    "d1_query",
    "provenance_of",
    "pyprojects_above",
    "python_handler",
    "python_handlers_of",
    "python_statements",
]
