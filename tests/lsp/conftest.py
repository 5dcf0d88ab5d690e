"""What the tests of the server share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lsp_project import write_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The small project, in a folder of its own."""
    return write_project(tmp_path / "chat")
