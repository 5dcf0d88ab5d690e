"""The parts of `benchmarks/run.py`: what it measures and how, what it shows, and the peers' rule sets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from cflint.rule import RuleSet
from tests.support.paths import ROOT

BENCHMARKS = ROOT / "benchmarks"
PEERS = BENCHMARKS / "peers"

EXAMPLE = BENCHMARKS.parent / "examples" / "chat-room"
FLOATING = """\
export default {
  async fetch(request, env) {
    env.CACHE.put("a", "b");
    return new Response("ok");
  },
} satisfies ExportedHandler<Env>;
"""

PEER_RULES = {
    "ast-grep": PEERS / "ast-grep" / "rules" / "workers.yml",
    "oxlint": PEERS / "oxlint" / "plugin.oxlintrc.json",
    "biome": PEERS / "biome" / "workers.grit",
    "eslint": PEERS / "eslint" / "eslint.config.mjs",
    "semgrep": PEERS / "semgrep.yml",
}


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def trees() -> Any:
    return import_module("trees")


@pytest.fixture
def stopwatch() -> Any:
    return import_module("stopwatch")


@pytest.fixture
def tools() -> Any:
    return import_module("competitors")


@pytest.fixture
def run() -> Any:
    return import_module("run")


def write(root: Path, *paths: str, text: str = "export const one = 1;\n") -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


# -- repositories -------------------------------------------------------------------------------------


def test_what_a_source_file_is(tmp_path: Path, trees: Any) -> None:
    write(
        tmp_path, "b.ts", "a/c.tsx", "a/d.mjs", "a/types.d.ts", "a/x.py", "README.md", "a/node_modules/y/i.js"
    )
    write(tmp_path, "large.js", text="x" * (1 << 20))
    write(tmp_path, "larger.js", text="x" * ((1 << 20) + 1))
    found = trees.sources(tmp_path)
    assert [file.path for file in found] == ["a/c.tsx", "a/d.mjs", "a/types.d.ts", "b.ts", "large.js"]
    assert [file.path for file in found if file.is_declaration] == ["a/types.d.ts"]
    assert {file.path: file.size for file in found}["large.js"] == 1 << 20


def test_the_floor_parses_those_files(tmp_path: Path) -> None:
    write(tmp_path, "a.ts", "b/types.d.ts", "node_modules/c.ts")
    script = (
        "import runpy, sys, tree_sitter\n"
        "parsed = []\n"
        "class Parser:\n"
        "    def __init__(self, language): pass\n"
        "    def parse(self, data): parsed.append(data)\n"
        "tree_sitter.Parser = Parser\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "print(len(parsed))\n"
    )
    counts = [
        subprocess.run(
            [sys.executable, "-c", script, str(BENCHMARKS / "floor.py"), *options, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for options in ((), ("--declarations",))
    ]
    assert counts == ["1\n", "2\n"]


def test_a_copy_has_no_history_and_no_packages(tmp_path: Path, trees: Any) -> None:
    write(tmp_path / "from", "a.ts", ".git/HEAD", "p/node_modules/x.js", "p/b.ts")
    trees.copy_of(tmp_path / "from", tmp_path / "to")
    copied = {path.relative_to(tmp_path / "to").as_posix() for path in (tmp_path / "to").rglob("*")}
    assert copied == {"a.ts", "p", "p/b.ts"}


def test_smaller_repositories_are_parts_of_larger_ones(tmp_path: Path, trees: Any) -> None:
    root = tmp_path / "from"
    for number in range(6):
        write(root, *(f"w{number}/src/f{file}.ts" for file in range(4)))
        write(root, f"w{number}/wrangler.jsonc", "package.json", text="{}")
    files = trees.sources(root)
    cuts = []
    for count in (3, 10, 24):
        target = tmp_path / str(count)
        trees.cut(root, files, count, target)
        kept = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
        assert sum(path.endswith(".ts") for path in kept) == count
        assert "package.json" in kept
        assert {path.split("/")[0] for path in kept if path.endswith(".ts")} == {
            path.split("/")[0] for path in kept if path.endswith(".jsonc")
        }
        cuts.append(kept)
    assert cuts[0] < cuts[1] < cuts[2]


def test_files_of_workers_are_spread(tmp_path: Path, trees: Any) -> None:
    write(tmp_path, *(f"a/{number}.ts" for number in range(9)), "b.ts")
    write(tmp_path, "a/wrangler.toml", text="")
    files = trees.sources(tmp_path)
    workers = trees.of_workers(tmp_path, files)
    assert [file.path for file in workers] == [f"a/{number}.ts" for number in range(9)]
    assert [file.path for file in trees.spread(workers, 3)] == ["a/1.ts", "a/4.ts", "a/7.ts"]
    assert trees.spread(workers, 20) == workers
    sized = [trees.Source(name, size) for name, size in (("x", 5), ("y", 1), ("z", 3))]
    assert trees.of_median_size(sized).path == "z"


# -- the watch ----------------------------------------------------------------------------------------


def test_what_a_run_takes_is_measured(tmp_path: Path, stopwatch: Any) -> None:
    script = "import time; kept = bytearray(60 << 20); time.sleep(0.2); sum(range(300_000))"
    taken = stopwatch.measure(stopwatch.Case("x", [sys.executable, "-c", script], tmp_path))
    assert taken.wall >= 0.2
    assert taken.processor > 0
    assert taken.memory > 60


def test_a_run_that_fails(tmp_path: Path, stopwatch: Any) -> None:
    case = stopwatch.Case("x", [sys.executable, "-c", "raise SystemExit(2)"], tmp_path)
    with pytest.raises(stopwatch.Failed, match="x ended with 2"):
        stopwatch.measure(case)


def test_cases_take_turns(tmp_path: Path, stopwatch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def measure(case: Any) -> Any:
        order.append(case.name)
        if case.name == "broken":
            raise stopwatch.Failed("broken ended with 7")
        return stopwatch.Taken({"quick": 1.0, "slow": 25.0, "slower": 61.0}[case.name], 1.0, 10.0)

    monkeypatch.setattr(stopwatch, "measure", measure)
    cases = [stopwatch.Case(name, [], tmp_path) for name in ("quick", "broken", "slow", "slower")]
    said: list[str] = []
    taken = stopwatch.in_turn(cases, 4, 60, said.append)
    assert order == ["quick", "broken", "slow", "slower", "quick", "slow", "quick", "quick", "quick"]
    assert {name: len(runs) for name, runs in taken.items()} == {"quick": 4, "slow": 1, "slower": 1}
    assert "left out: broken ended with 7" in said


def test_medians(stopwatch: Any) -> None:
    runs = [stopwatch.Taken(*values) for values in ((1, 9, 5), (3, 7, 5), (2, 8, 6))]
    assert stopwatch.median(runs) == stopwatch.Taken(2, 8, 5)
    assert stopwatch.median(runs[:2]) == stopwatch.Taken(2, 8, 5)


# -- the tables ---------------------------------------------------------------------------------------


def medians(**walls: float) -> dict[str, dict[str, float]]:
    return {
        name: {"wall": wall, "processor": wall * 2, "memory": 40.0, "runs": 3} for name, wall in walls.items()
    }


def result(tools: Any) -> dict[str, Any]:
    measured = {
        tools.PYTHON: medians(x=0.01)["x"],
        tools.FLOOR: medians(x=2.0)["x"],
        tools.COLD: {**medians(x=0.9)["x"], "memory": 81.0},
        tools.WARM: medians(x=0.3)["x"],
        tools.AST_GREP: medians(x=1.2)["x"],
    }
    one = {"name": "a/b", "files": 1200, "bytes": 3_000_000, "all_files": 1300, "all_bytes": 4_000_000}
    steps = [
        {"files": 10, "bytes": 20_000, "measured": {tools.FLOOR: medians(x=0.05)["x"]}},
        {"files": 1200, "bytes": 3_000_000, "measured": measured},
    ]
    return {
        "machine": {"processors": 2, "system": "Linux x86_64"},
        "versions": {"Python": "3.11.7"},
        "repositories": [{**one, "measured": measured}],
        "grown": "a/b",
        "growth": steps,
    }


def test_the_tables(tools: Any, run: Any) -> None:
    made = run.as_markdown(result(tools))
    assert "1,200 source files, 3.0 MB; with declarations 1,300 and 4.0 MB." in made
    assert "| cflint, cold, no cache | 0.9 | 0.45 | 1.8 | 81 | 3 |" in made
    assert "| cold, of the floor with .d.ts | ≤ 1 |  |" in made
    assert "| cold, of ast-grep | ≤ 1.25 | 0.75 |" in made
    assert "| cold, of Semgrep | ≤ 0.1 |  |" in made
    assert "| nothing changed, of `python -c pass` | ≤ 6 | **30.0** |" in made
    assert "| most memory of a process (MB) | ≤ 80 | **81** |" in made
    assert "| 10 | 0.02 | 0.05 |  |  |  |  |" in made
    for block in re.findall(r"(?:^\|.*\n)+", made, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1


@pytest.mark.parametrize(
    ("asked", "schemes", "said"),
    [
        ("'--enable-optimizations' '--with-lto'", ("posix_prefix",), "built with --enable-optimizations"),
        ("'--enable-shared'", ("posix_prefix", "deb_system"), "Debian's build"),
        ("'--enable-shared'", ("posix_prefix",), "built without optimisation"),
        (None, ("posix_prefix",), "built without optimisation"),
    ],
)
def test_how_the_interpreter_was_built(
    run: Any, monkeypatch: pytest.MonkeyPatch, asked: str | None, schemes: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", {"CONFIG_ARGS": asked}.get)
    monkeypatch.setattr(sysconfig, "get_scheme_names", lambda: schemes)
    assert run.build().startswith(said)
    assert sys.executable in run.versions({})["Python"]


def test_another_interpreter_has_rows_of_its_own(
    run: Any, tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"-c": "3.13", "--interpreter": "3.13.5 (/usr/bin/python3, Debian's build)"}
    monkeypatch.setattr(tools, "said_by", lambda _python, *words: said[next(filter(said.get, words))])
    other = Path("/usr/bin/python3")
    assert run.versions({}, [other])["Python 3.13"].endswith("Debian's build)")
    cases = {case.name: case for case in tools.ours(EXAMPLE, tmp_path, 1, "recommended", 1, [other])}
    own = {name for name in cases if name.endswith(", Python 3.13")}
    assert {name.removesuffix(", Python 3.13") for name in own} == {
        tools.PYTHON,
        tools.COLD,
        tools.ONE_FILE_WARM,
        tools.ALONE,
    }
    assert all(cases[name].command[0] == other for name in own)


def test_numbers_have_the_digits_that_say_something(run: Any) -> None:
    given = (0.04567, 0.5, 1.2345, 12.345, 123.45)
    assert [run.digits(value) for value in given] == ["0.0457", "0.5", "1.23", "12.3", "123"]


def test_a_saved_result_is_shown(
    tmp_path: Path, tools: Any, run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "result.json"
    saved.write_text(json.dumps(result(tools)))
    run.main(["--read", str(saved)])
    assert capsys.readouterr().out == run.as_markdown(result(tools))


def test_without_a_repository_there_is_nothing_to_measure(
    run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(["--runs", "1"])
    assert ended.value.code == 2
    assert "no REPOSITORY is given" in capsys.readouterr().err


def test_a_small_repository_is_measured(
    tmp_path: Path, tools: Any, run: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "peers", lambda folders: {})
    root = write(tmp_path / "small", "src/index.ts", text="export default {};\n")
    write(root, "wrangler.jsonc", text='{ "name": "small", "main": "src/index.ts" }')
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    run.main(["--runs", "1", "-j", "2", "--sizes", "1", "--output", "json", str(root)])
    out, err = capsys.readouterr()
    made = json.loads(out)
    measured = made["repositories"][0]["measured"]
    assert "left out" not in err
    assert list(measured)[:3] == [tools.PYTHON, tools.FLOOR, tools.FLOOR_WITH_DECLARATIONS]
    assert len(measured) == 14
    assert all(
        taken["wall"] > 0 and taken["memory"] > 0 and taken["runs"] == 1 for taken in measured.values()
    )
    assert [step["files"] for step in made["growth"]] == [1]
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


# -- long lives ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_runs_leave_nothing_behind_in_their_process(tmp_path: Path) -> None:
    root = write(tmp_path / "small", "src/index.ts", text=FLOATING)
    write(root, "wrangler.jsonc", text='{ "name": "small", "main": "src/index.ts" }')
    write(root, "package.json", text='{ "devDependencies": { "wrangler": "^4.0.0" } }')
    write(root, "pnpm-lock.yaml", text="\n  wrangler:\n    specifier: ^4.0.0\n    version: 4.30.0\n")
    ran = subprocess.run(
        [sys.executable, BENCHMARKS / "soak.py", "check", root, EXAMPLE, "--rounds", "4"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    objects = [int(found) for found in re.findall(r"2 repositories, \d+ MB, (\d+) objects", ran.stdout)]
    assert len(objects) == 4
    assert abs(objects[-1] - objects[-2]) < 20  # a run keeps thousands while it is under way


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_server_does_not_grow() -> None:
    ran = subprocess.run(
        [sys.executable, BENCHMARKS / "soak.py", "server", EXAMPLE, "--edits", "200"],
        capture_output=True,
        text=True,
        check=False,
    )
    told = re.match(r"200 edits: (\d+) MB after 100, (\d+) MB at the end", ran.stdout)
    assert told is not None, ran.stderr
    assert int(told[2]) <= int(told[1]) * 1.1  # of the time so few edits say nothing


# -- the peers ----------------------------------------------------------------------------------------


def test_programs_are_found_in_folders_and_native_ones_first(
    tmp_path: Path, tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def program(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\necho 'Version: 1.2.3'\n")
        path.chmod(0o755)
        return path

    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    modules = tmp_path / "npm" / "node_modules"
    wrapper = program(modules / "@ast-grep" / "cli" / "ast-grep")
    (modules / ".bin").mkdir()
    (modules / ".bin" / "ast-grep").symlink_to(wrapper)
    native = program(modules / "@ast-grep" / "cli-linux-x64-gnu" / "ast-grep")
    semgrep = program(tmp_path / "venv" / "bin" / "semgrep")
    eslint = program(tmp_path / "path" / "eslint")
    found = tools.peers([tmp_path / "npm", tmp_path / "venv"])
    assert {name: peer.program for name, peer in found.items()} == {
        "ast-grep": native,
        "eslint": eslint,
        "semgrep": semgrep,
    }
    assert found["ast-grep"].modules == modules
    assert tools.peers([])["eslint"].program == eslint


def patterns_of(peer: str) -> Iterator[str]:
    """The names of cflint's rules that a peer's rule set mimics."""
    text = PEER_RULES[peer].read_text()
    if peer == "ast-grep":
        yield from (document["id"] for document in yaml.safe_load_all(text))
    elif peer == "semgrep":
        yield from (rule["id"] for rule in yaml.safe_load(text)["rules"])
    elif peer == "oxlint":
        yield from (name.removeprefix("workers/") for name in json.loads(text)["rules"])
    else:
        pattern = r'message="([a-z0-9-]+)"' if peer == "biome" else r'^  "([a-z0-9-]+)":'
        yield from re.findall(pattern, text, re.MULTILINE)


@pytest.mark.parametrize("peer", PEER_RULES)
def test_each_peer_has_patterns_for_the_same_rules(peer: str) -> None:
    names = list(patterns_of(peer))
    assert len(names) == len(set(names)) == 18
    assert sorted(names) == sorted(patterns_of("eslint"))
    known = RuleSet.discover()
    assert [name for name in names if name not in known] == []


def test_oxlint_has_as_many_rules_of_its_own() -> None:
    rules = json.loads((PEERS / "oxlint" / ".oxlintrc.json").read_text())["rules"]
    assert len(rules) >= 12


@pytest.mark.parametrize("peer", PEER_RULES)
def test_an_installed_peer_finds_each_mistake(peer: str, tmp_path: Path, tools: Any) -> None:
    found = tools.peers([])
    if peer not in found:
        pytest.skip(f"no {peer} on the PATH")
    rules = tools.rule_sets(tmp_path, found)
    root = write(tmp_path / "sample", "sample.ts", text=(PEERS / "sample.ts").read_text())
    case = [case for case in tools.theirs(root, found, rules) if case.command[0] == found[peer].program][-1]
    said = subprocess.run(
        [str(part) for part in case.command], cwd=root, capture_output=True, text=True, check=False
    )
    assert said.returncode in case.exits, said.stderr
    missed = [name for name in patterns_of(peer) if name not in said.stdout + said.stderr]
    assert missed == []


def test_a_fleet_of_repositories_is_made_for_sweeps(tmp_path: Path) -> None:
    for name in ("dulwich", "psutil"):
        pytest.importorskip(name, reason="the extra `sweep` is not installed")
    from cflint.fleet.examine import examine, look

    fleet = import_module("fleet")
    fleet.make(tmp_path / "all", 10)
    assert len(list((tmp_path / "all").iterdir())) == 10
    first, fork = (str(tmp_path / "all" / f"repository-{number}.git") for number in (8, 9))
    (state,), (other,) = (look({"path": path, "ref": "HEAD"})["states"] for path in (first, fork))
    assert (state["content"], state["commit"]) == (other["content"], other["commit"])
    found = examine({"path": first, "commit": state["commit"], "options": ["--isolated"]})
    assert [row["rule"] for row in found["findings"]] == ["binding-floating-promise"]
    (tmp_path / fleet._MEASURES).write_text(
        '{"job": "look", "seconds": 1}\n{"job": "examine", "seconds": 2}\n{"jo'
    )
    assert fleet.looked(tmp_path, 0) == (1, 63), "what is not written yet is counted the next time"
    assert fleet.looked(tmp_path, 63) == (0, 63)
    (tmp_path / fleet._MEASURES).write_text('{"job": "look", "seconds": 1}\n')
    assert [row["seconds"] for row in fleet.rows(tmp_path)] == [1]
    (tmp_path / "findings.jsonl").write_text("12345")
    assert fleet.written(tmp_path)[0] == 5
    sizes = (80_000_000, 83_000_000, 120_000_000, 76_000_000, 59_000_000, 49_000_000, 10_000_000, 3_000_000)
    taken = fleet.Taken(61.2, 10.0, 5.0, *sizes)
    row = "| 1,000 | 61 | 10 | 10 | 5 | 5 | 80 | 83 | 4.0 | 120 | 76 | 59 | 49 | 10 | 3 |\n"
    assert fleet.line(1000, taken) == row
    assert len(fleet.HEADS) == fleet.line(1000, taken).count("|") - 1
