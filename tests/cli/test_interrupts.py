"""Checks that are interrupted at random times. `benchmarks/interrupts.py` does it longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import ROOT

WORKER = 'export default {\n  fetch: (request, env) => env.KV.get(Math.random() + "%d"),\n};\n'
READ = "// a line of words that have to be read\n" * 300
CONFIG = '{ "name": "w%d", "main": "index.ts", "compatibility_date": "2026-08-01" }\n'


@pytest.mark.usefixtures("signals_arrive")
def test_a_check_ends_well_whenever_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/proc/self/task").exists():
        pytest.skip("processes are counted in /proc")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    interrupts = pytest.importorskip("interrupts")
    for number in range(40):  # with what is to be read in them, enough for two processes
        folder = tmp_path / f"w{number}"
        folder.mkdir()
        (folder / "wrangler.jsonc").write_text(CONFIG % number)
        (folder / "index.ts").write_text(WORKER % number + READ)
    ways = [interrupts.Way(1, True, True), interrupts.Way(2, True, False), interrupts.Way(2, False, True)]
    tally = interrupts.hold([tmp_path], 8, 3, ways)
    assert tally.broken == []
    assert tally.codes[130] + tally.codes[143] > 0
