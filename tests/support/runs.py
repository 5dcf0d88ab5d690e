"""What a run does, while it runs."""

from __future__ import annotations

import pytest

from cflint.engine import Run


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The modules that the rules are asked about, in order."""
    paths: list[str] = []
    modules = Run.modules

    def recorded(self: Run, wanted: list[str]) -> object:
        paths.extend(wanted)
        return modules(self, wanted)

    monkeypatch.setattr(Run, "modules", recorded)
    return paths
