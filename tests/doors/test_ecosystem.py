"""The comparison of two commits over checkouts shows what is new, gone and changed."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "ecosystem.py"))


def said(*findings: dict[str, Any], code: int = 1, trouble: str = "") -> Any:
    """A run with some findings."""
    rows = {(row["rule"], row["path"], row["message"], "1"): row for row in findings}
    return SCRIPT["Run"](code, rows, trouble)


def finding(rule: str, line: int = 1, **more: Any) -> dict[str, Any]:
    """A finding as JSON has it, as far as it is looked at."""
    plain = {"rule": rule, "path": "a.ts", "message": "m", "severity": "warning", "fix": None}
    return {**plain, "start": {"line": line}, **more}


def test_new_gone_and_changed_findings_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    old = said(finding("gone"), finding("moved", line=1), finding("changed"))
    new = said(finding("new", line=7), finding("moved", line=9), finding("changed", severity="error"), code=4)
    assert SCRIPT["report"](iter([(Path("shop"), [old, new])])) == 4
    shown = capsys.readouterr().out
    assert "gone\n  - warning  shop/a.ts:1: m" in shown
    assert "new\n  + warning  shop/a.ts:7: m" in shown
    assert "changed\n  ~ severity  shop/a.ts: m" in shown
    assert "shop: ended with 1 , now with 4" in shown
    assert "moved" not in shown
    assert shown.endswith("3 findings before, 3 after, 4 differences\n")


def test_the_files_as_they_are_equal_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "checkouts" / "shop"
    project.mkdir(parents=True)
    (project / "wrangler.jsonc").write_text('{"name": "shop", "main": "index.ts"}')
    (project / "index.ts").write_text("export default { fetch(r, env) { console.log(env) } };\n")
    monkeypatch.setattr(sys, "argv", ["ecosystem.py", ".", ".", str(project.parent), "--", "--preset", "all"])
    assert SCRIPT["main"]() == 0
    before, after, differences = [int(word) for word in capsys.readouterr().out.split() if word.isdigit()]
    assert before == after > 0
    assert differences == 0
