"""The packages that a pyproject.toml names."""

from __future__ import annotations

import pytest

from cflint.project.files.workspace import Workspace
from cflint.project.modules.pyproject import PyProject, pyprojects_above
from cflint.source import Document

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ('[project]\ndependencies = ["Workers_Py>=1.2", "fast.api [all]"]', {"workers-py", "fast-api"}),
        ('[project.optional-dependencies]\nx = ["a~=1"]', {"a"}),
        ('[dependency-groups]\ndev = ["b", {include-group = "x"}]', {"b"}),
        ('[tool.uv]\ndev-dependencies = ["c"]\n[tool.poetry.dependencies]\nd = "^1"', {"c", "d"}),
        ('[project]\nname = "e" # workers-py\ndescription = "f"', set()),
        ("[project", set()),
    ],
)
def test_packages(text: str, packages: set[str]) -> None:
    assert PyProject(Document("pyproject.toml", text.encode())).packages == packages


def test_the_nearest_comes_first() -> None:
    files = {"pyproject.toml": b"", "a/b/pyproject.toml": b"", "c/pyproject.toml": b""}
    found = pyprojects_above(Workspace.in_memory(files), "a/b")
    assert [one.document.path for one in found] == ["a/b/pyproject.toml", "pyproject.toml"]
