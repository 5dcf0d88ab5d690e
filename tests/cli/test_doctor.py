"""`cflint doctor`: what is shown of a project and of cflint itself, and what is starred out."""

from __future__ import annotations

import io
import json
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from cflint import __version__
from cflint.cli import run
from cflint.platform.clock import today
from cflint.platform.compatibility import NEWEST_DATE

KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
CONFIG = """{
  "name": "shop", "main": "src/index.ts", "compatibility_date": "2026-08-01",
  "kv_namespaces": [{ "binding": "KV", "id": "1" }, { "binding": "CACHE", "id": "2" }],
  "env": { "staging": { "compatibility_flags": ["global_fetch_strictly_public"] } }
}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    (tmp_path / "wrangler.toml").write_text('name = "old"\n')
    (tmp_path / "src/index.ts").write_text("export default { async fetch() { return new Response(); } };\n")
    (tmp_path / "src/types.d.ts").write_text("interface Env {}\n")
    (tmp_path / "cflint.toml").write_text('ignore = ["d1"]\n')
    return tmp_path


def doctor(root: Path, *arguments: str) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with chdir(root), redirect_stdout(out):
        assert run(["doctor", *arguments]) == 0
    out.seek(0)
    return out.read()


def as_json(root: Path) -> Any:
    return json.loads(doctor(root, "--output-format", "json"))


def test_what_is_recognised(root: Path) -> None:
    found = as_json(root)
    (worker,) = found["workers"]
    assert (worker["name"], worker["format"], worker["modules"]) == ("shop", "JSONC", 1)
    top, staging = worker["environments"]
    assert (top["compatibilityDate"], top["bindings"]) == ("2026-08-01", {"kv": 2})
    assert (staging["name"], staging["compatibilityFlags"]) == ("staging", ["global_fetch_strictly_public"])
    assert found["settings"][0]["file"] == "cflint.toml"
    assert found["settings"][0]["ignore"] == ["d1"]
    assert {"path": "src/types.d.ts", "reason": "declarations only"} in found["leftOut"]
    assert any("wrangler.toml" in notice["message"] for notice in found["notices"])


def test_what_it_rests_on(root: Path) -> None:
    found = as_json(root)
    assert found["cflint"]["version"] == __version__
    assert found["cflint"]["packages"]["tree-sitter"]
    tables = {table["name"]: table for table in found["tables"]}
    flags = tables["compatibility flags"]
    assert flags["asOf"] == NEWEST_DATE.isoformat()
    assert flags["daysOld"] == (today() - NEWEST_DATE).days


def test_text_says_the_same(root: Path) -> None:
    text = doctor(root)
    assert f"cflint {__version__}" in text
    assert f"compatibility flags: {NEWEST_DATE.isoformat()}, {(today() - NEWEST_DATE).days} days old" in text
    assert "Worker shop: wrangler.jsonc\n  JSONC, product, 1 module\n" in text
    assert "top level: 2026-08-01; 2 kv" in text
    assert "left out (declarations only): src/types.d.ts" in text
    assert "settings of .: cflint.toml" in text


def test_secrets_are_starred_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLINT_TOKEN", KEY)
    (root / "wrangler.jsonc").write_text(CONFIG.replace('"shop"', f'"{KEY}"'))
    for text in (doctor(root), doctor(root, "--output-format", "json")):
        assert "CFLINT_TOKEN" in text
        assert KEY not in text


def test_mistakes_in_settings_are_shown(root: Path) -> None:
    (root / "cflint.toml").write_text("ignore = [\n")
    assert "the project cannot be looked at: " in doctor(root)
    assert "cflint.toml" in as_json(root)["failure"]


def test_no_project_is_no_failure(tmp_path: Path) -> None:
    assert "no Worker was found" in doctor(tmp_path)


def test_what_another_run_removes_from_the_cache_is_not_counted(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("CFLINT_CACHE_DIR", str(cache))
    (cache / "findings").mkdir(parents=True)
    (cache / "findings" / "gone.json").symlink_to(
        "nowhere.json"
    )  # listed, and not there when it is asked for
    (cache / "findings" / "kept.json").write_bytes(b"{}")
    assert as_json(root)["cache"] == {"folder": str(cache), "files": 1, "bytes": 2}


def test_without_a_cache(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLINT_CACHE_DIR", "")
    assert "cache: switched off" in doctor(root)
