"""How far a run is: what is told of it while it works, in one process and in several."""

from __future__ import annotations

from pathlib import Path

import pytest

from cflint.engine import plan
from cflint.engine.analysis import analyse
from cflint.engine.progress import Progress, Standing
from cflint.project.files.workspace import Workspace
from cflint.rule import RuleSet

CONFIG = '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01" }\n'
CODE = 'import "./more";\nexport default { fetch: (r, env) => env.KV.get(Math.random()) };\n'


def told(folder: Path, *, jobs: int, workers: int = 6) -> list[Standing]:
    """Where a run over Workers of two modules each stood, each time it was to be shown."""
    for number in range(workers):
        source = folder / f"w{number}" / "src"
        source.mkdir(parents=True)
        (source.parent / "wrangler.jsonc").write_text(CONFIG)
        (source / "index.ts").write_text(CODE)
        (source / "more.ts").write_text("export const a = Math.random();\n")
    (folder / "loose.ts").write_text(CODE.replace("./more", "cloudflare:workers"))
    found: list[Standing] = []

    def show(progress: Progress) -> None:
        found.append(progress.standing)

    rules = RuleSet.discover()
    analyse(Workspace(folder), ("",), plan.Options(rules, rules, jobs=jobs, show=show), folder)
    return found


def test_one_process_tells_each_worker(tmp_path: Path) -> None:
    found = told(tmp_path, jobs=1)
    assert (found[0].workers_done, found[0].workers, found[0].modules_done) == (0, 7, 0)
    assert (found[-1].workers_done, found[-1].modules_done) == (7, found[0].modules)
    assert found[-1].current == ""
    done = [standing.workers_done for standing in found]
    assert done == sorted(done)
    assert set(done) == set(range(8))
    assert {standing.current for standing in found} == {"", "loose.ts", *(f"w{n}" for n in range(6))}


def test_two_processes_tell_what_both_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "PARALLEL_BYTES", 0)
    found = told(tmp_path, jobs=2)
    last = found[-1]
    assert last.modules == 13
    done = [standing.modules_done for standing in found]
    assert done == sorted(done)
    assert len(found) > 13
    assert last.workers == 7


def test_nothing_is_told_of_a_run_without_modules(tmp_path: Path) -> None:
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    shown: list[Standing] = []
    rules = RuleSet.discover()
    options = plan.Options(rules, rules, jobs=1, show=lambda progress: shown.append(progress.standing))
    analyse(Workspace(tmp_path), ("",), options, tmp_path)
    assert {(one.workers_done, one.workers, one.modules, one.current) for one in shown} == {(1, 1, 0, "")}
