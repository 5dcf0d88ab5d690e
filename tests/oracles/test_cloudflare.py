"""cflint's reading of `cloudflare.config.ts` against wrangler's own: generated files, and cases by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.cloudflare_reading import ACCEPTED, REFUSED, case
from tests.support.oracle_cloudflare import POINTS, disagreements, read_folder, sample, write_stub
from tests.support.oracle_tools import converse, needs_tools

pytestmark = needs_tools()

COUNT = int(os.environ.get("CFLINT_ORACLE_COUNT", "400"))
CORPUS = os.environ.get("CFLINT_ORACLE_CLOUDFLARE")

Answers = dict[Any, dict[str, Any]]


def ask(folders: list[Path]) -> list[Answers]:
    """What wrangler makes of the configuration in each folder, for each mode and preview."""
    requests = [
        {"path": str(folder / "cloudflare.config.ts"), "mode": mode, "isPreview": is_preview}
        for folder in folders
        for mode, is_preview in POINTS
    ]
    answers: Any = converse("cloudflare_config.cjs", requests)
    return [{point: next(answers) for point in POINTS} for _ in folders]


def write(base: Path, name: str, files: dict[str, str]) -> Path:
    folder = base / name
    folder.mkdir()
    for path, text in files.items():
        (folder / path).write_text(text)
    return folder


def test_generated_configurations(tmp_path: Path) -> None:
    base = tmp_path.resolve()
    write_stub(base)
    samples = [sample(number) for number in range(COUNT)]
    folders = [write(base, str(number), one.files) for number, one in enumerate(samples)]
    closed = accepted = 0
    for one, folder, answers in zip(samples, folders, ask(folders), strict=True):
        config = read_folder(folder)
        closed += all(tree.is_closed for tree in config.trees)
        accepted += all("config" in answer for answer in answers.values())
        assert not list(disagreements(config, answers, folder)), (one.spoilt, one.files)
    assert closed > 0.9 * COUNT, "what is not known says nothing"
    assert 0.4 * COUNT < accepted < 0.9 * COUNT


def test_what_is_refused_and_what_is_not(tmp_path: Path) -> None:
    base = tmp_path.resolve()
    write_stub(base)
    bodies = {name: body for name, (body, _) in REFUSED.items()}
    names = [*bodies, *ACCEPTED]
    folders = [
        write(base, f"case{number}", {"cloudflare.config.ts": case({**bodies, **ACCEPTED}[name])})
        for number, name in enumerate(names)
    ]
    refused = {
        name: "config" not in answers[None, False] for name, answers in zip(names, ask(folders), strict=True)
    }
    assert refused == {name: name in bodies for name in names}


@pytest.mark.skipif(CORPUS is None, reason="CFLINT_ORACLE_CLOUDFLARE names no folder of configurations")
def test_real_configurations() -> None:
    assert CORPUS is not None
    folders = sorted(path.parent for path in Path(CORPUS).resolve().glob("*/cloudflare.config.ts"))
    closed = 0
    for folder, answers in zip(folders, ask(folders), strict=True):
        config = read_folder(folder)
        closed += all(tree.is_closed for tree in config.trees)
        loaded = {point: answer for point, answer in answers.items() if "load" not in answer}
        assert not list(disagreements(config, loaded, folder)), folder.name
    assert closed >= 0.85 * len(folders)
