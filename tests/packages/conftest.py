"""One environment of Python for all tests of packages of rules: each finds it as it was made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.environments import Environment


@pytest.fixture(scope="session")
def _environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with Environment(tmp_path_factory.mktemp("python") / "environment") as made:
        yield made


@pytest.fixture
def environment(_environment: Environment) -> Iterator[Environment]:
    yield _environment
    _environment.restore()
