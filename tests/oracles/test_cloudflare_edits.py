"""Edits of `cloudflare.config.ts` against wrangler: what it makes of the edited file."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

from tests.support.cloudflare_editing import Operation, after, edited, mended_files, operation_for, plain
from tests.support.cloudflare_reading import REFUSED, case
from tests.support.oracle_cloudflare import read_folder, sample, write_stub
from tests.support.oracle_tools import converse, needs_tools

pytestmark = needs_tools()

COUNT = int(os.environ.get("CFLINT_ORACLE_COUNT", "400")) // 4


def _ask(folders: list[Path]) -> list[Any]:
    """What wrangler makes of the configurations in the mode of a deployment; None of what it refuses."""
    requests = [
        {"path": str(folder / "cloudflare.config.ts"), "mode": None, "isPreview": False} for folder in folders
    ]
    answers: Any = converse("cloudflare_config.cjs", requests)
    found = [answer.get("config") for answer in answers]
    return [
        json.loads(json.dumps(one).replace(f"{folder}/", "./"))
        for one, folder in zip(found, folders, strict=True)
    ]


def _write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for path, text in files.items():
        (folder / path).write_text(text)
    return folder


def test_edited_configurations(tmp_path: Path) -> None:
    base = tmp_path.resolve()
    write_stub(base)
    tried: list[tuple[Operation, Path, Path]] = []
    for number in range(COUNT * 3):
        one = sample(number, seed=20261127)
        if one.spoilt or len(tried) >= COUNT:
            continue
        folder = _write(base / f"{number}", one.files)
        operation = operation_for(random.Random(number), read_folder(folder).trees[0].root.plain)
        new = edited(one.files, operation)
        if new is not None:
            tried.append((operation, folder, _write(base / f"{number}-new", new)))
    assert len(tried) >= COUNT
    before = _ask([old for _, old, _ in tried])
    now = _ask([new for _, _, new in tried])
    wrong = []
    loaded = 0
    for (operation, folder, edited_folder), first, second in zip(tried, before, now, strict=True):
        if first is None:
            continue
        loaded += 1
        try:
            wanted = plain(after(first, operation))
        except (KeyError, IndexError):
            continue  # the element stands elsewhere in wrangler's list
        if second is None or plain(second) != wanted:
            wrong.append((operation, folder, edited_folder))
    assert not wrong, (len(wrong), wrong[:3])
    assert loaded > 0.9 * len(tried)


def test_what_is_mended_is_no_longer_refused(tmp_path: Path) -> None:
    base = tmp_path.resolve()
    write_stub(base)
    folders = []
    for number, (body, _) in enumerate(REFUSED.values()):
        found = mended_files({"cloudflare.config.ts": case(body)})
        if found is not None:
            folders.append(_write(base / str(number), found[1]))
    assert len(folders) > 10
    assert all(answer is not None for answer in _ask(folders))
