"""What the tests of commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from cflint.rule import RuleSet
from tests.support.cli_samples import Cli, sample_rules


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """Runs commands in an empty folder, with the rules of the samples."""
    for name in ("NO_COLOR", "FORCE_COLOR", "FORCE_HYPERLINK", "COLUMNS", "_CFLINT_COMPLETE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(RuleSet, "discover", classmethod(lambda cls, **_: sample_rules()))
    return Cli(capsysbinary)
