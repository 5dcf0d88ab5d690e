"""`cflint check --output html`: the project is loaded once, and the picture leads somewhere."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from cflint.cli import run
from cflint.project.workers import loading

pytest.importorskip("pygraphviz")

FILES = {
    "wrangler.jsonc": '{"name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01"}',
    "src/index.ts": "export default { async fetch() { return new Response('') } };\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in FILES.items():
        (tmp_path / "work" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / path).write_text(text)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def picture_in(page: Path) -> str:
    """The drawing of a page."""
    found = re.search(r'id="drawing">([^<]+)<', page.read_text(encoding="utf-8"))
    assert found is not None
    return base64.b64decode(found[1]).decode()


def test_the_project_is_loaded_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    load = loading.load

    def counted(*arguments: Any, **options: Any) -> Any:
        loads.append(arguments)
        return load(*arguments, **options)

    monkeypatch.setattr(loading, "load", counted)
    check = ["check", "--isolated", "--quiet", "--exit-zero", "--output", "html:report.html"]
    assert run([*check, "--no-cache"]) == 0
    assert len(loads) == 1
    cached = [*check, "--cache-dir", str(project.parent / "cache")]
    assert run(cached) == 0
    assert len(loads) == 2, "the first run with a cache has loaded all of it"
    (project / "src" / "index.ts").write_text(FILES["src/index.ts"] + "// more\n")
    assert run(cached) == 0
    assert len(loads) == 3, "what was read only where something has changed is no picture of all"
    assert "src/index.ts" in (project / "report.html").read_text() or "index.ts" in picture_in(
        project / "report.html"
    )


def test_a_click_leads_to_the_file(project: Path) -> None:
    (project / "out").mkdir()
    options = ["--isolated", "--quiet", "--exit-zero", "--no-cache"]
    assert run(["check", *options, "--output", "html:out/report.html"]) == 0
    assert 'xlink:href="../wrangler.jsonc#L1"' in picture_in(project / "out" / "report.html")
