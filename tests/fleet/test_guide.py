"""The commands of the guide, tried on a small fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cflint.cli import run
from tests.doors.test_guide_commands import commands
from tests.support.fleet import fleet
from tests.support.paths import ROOT


def test_the_commands_of_the_guide_run(
    embedded: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("duckdb", reason="the extra `sweep-report` is not installed")
    fleet(tmp_path / "all")
    monkeypatch.chdir(tmp_path / "all")
    tried = [words for words in commands(ROOT / "docs" / "guides" / "sweep.md") if words[0] == "sweep"]
    assert len(tried) >= 6
    for words in tried:
        assert run(words) == 0, (words, capfd.readouterr().err)
    assert (tmp_path / "swept.html").stat().st_size > 1000
    assert len(embedded) == 1
