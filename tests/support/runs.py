"""What a run does, while it runs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cflint.engine.outcome import Outcome
from cflint.engine.run import ModuleChecks


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that the rules are asked about, in order."""
    paths: list[str] = []
    check = ModuleChecks.check

    def recorded(self: ModuleChecks, wanted: Sequence[str]) -> Outcome:
        paths.extend(wanted)
        return check(self, wanted)

    monkeypatch.setattr(ModuleChecks, "check", recorded)
    return paths
