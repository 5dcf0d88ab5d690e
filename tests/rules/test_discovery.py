"""The index of what the decorators of rules say: of a clone by each file, of a wheel by what it lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import cflint.cache.storage
import cflint_rules
from cflint.cache.storage import code_key
from cflint.rule import discovery
from cflint.rule.discovery import own_rules

TWO = (
    ("websockets", "cflint_rules.websockets.ws_legacy_accept", 1, 1),
    ("security", "cflint_rules.security.no_log_env", 1, 1),
)


def as_wheel(monkeypatch: pytest.MonkeyPatch, record: str) -> None:
    monkeypatch.setattr(discovery, "wheel_record", lambda: record)
    monkeypatch.setattr(cflint.cache.storage, "wheel_record", lambda: record)


def found() -> list[tuple[str, str, object]]:
    return [(it.id, it.group, it.spec) for it in own_rules()]


def test_the_index_of_a_wheel_needs_no_file_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLINT_CACHE_DIR", str(tmp_path))
    listed: list[str] = []

    def files(root: str) -> Iterator[tuple[str, str, int, int]]:
        listed.append(root)
        yield from TWO

    monkeypatch.setattr(discovery, "_rule_files", files)
    in_a_clone = found()
    assert [id for id, _, _ in in_a_clone] == ["ws-legacy-accept", "no-log-env"] and len(listed) == 1
    assert found() == in_a_clone and len(listed) == 2

    as_wheel(monkeypatch, "one")
    assert found() == in_a_clone and len(listed) == 3
    assert found() == in_a_clone and len(listed) == 3
    as_wheel(monkeypatch, "another")
    assert found() == in_a_clone and len(listed) == 4


@pytest.mark.parametrize("damaged", [{}, [], {"cflint_rules.security.no_log_env": [[], 7]}, "text"])
def test_an_index_that_is_damaged_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: object
) -> None:
    monkeypatch.setenv("CFLINT_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(discovery, "_rule_files", lambda root: TWO)
    as_wheel(monkeypatch, "one")
    whole = found()
    (index,) = tmp_path.iterdir()
    kept = index.read_bytes()
    index.write_text(json.dumps(damaged))
    assert found() == whole and index.read_bytes() == kept


def test_the_cache_of_a_wheel_goes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cflint.cache.storage, "_files_below", lambda folder: pytest.fail(folder))
    keys = []
    for record in ("one", "another", "one"):
        as_wheel(monkeypatch, record)
        keys.append(code_key())
    assert keys[0] == keys[2] != keys[1]


def test_rules_of_javascript_load_no_parser_of_python() -> None:
    """An annotation like `python.PythonModule` is evaluated unless that is put off, and libcst is large."""
    folder = Path(cflint_rules.__file__).parent
    named = [path for path in folder.rglob("*.py") if "python.PythonModule" in path.read_text("utf-8")]
    mixed = [path for path in named if path.parent.name != "python_workers"]
    assert len(mixed) > 5
    eager = [
        path.name for path in mixed if "from __future__ import annotations" not in path.read_text("utf-8")
    ]
    assert eager == []
