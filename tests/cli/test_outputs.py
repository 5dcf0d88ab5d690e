"""Several outputs of one run, and counts by rule, Worker and severity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cflint.report import FORMATS, WITH_STATISTICS
from tests.support.cli_samples import CODE, Cli, project
from tests.support.paths import ROOT

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "json-output.schema.json").read_text())


def test_each_output_is_what_a_run_of_its_own_writes(cli: Cli) -> None:
    project(Path())
    alone = {name: cli("check", "--output-format", name) for name in FORMATS}
    options = [f"--output={name}:{name}.out" for name in FORMATS if name != "concise"]
    together = cli("check", *options, "--output", "concise")
    assert together.code == 1
    assert together.out == alone["concise"].out
    for name in FORMATS:
        if name != "concise":
            assert Path(f"{name}.out").read_text() == alone[name].out, name
            assert f"wrote 1 finding to {name}.out\n" in together.err


def test_no_output_but_files(cli: Cli) -> None:
    project(Path())
    result = cli("check", "--output", "json:a:b.json", "--quiet")
    assert (result.code, result.out, result.err) == (1, "", "")
    assert len(json.loads(Path("a:b.json").read_text())["findings"]) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--output", "xml"), "`xml` is no format: there are text, concise, json"),
        (("--output", "sarif:"), "`sarif:FILE` writes to one"),
        (("--output", "text", "--output", "json"), "only one output goes to stdout"),
        (("--output", "text:a", "--output", "json:./a"), "two outputs would be written to "),
        (("--output", "text", "--output-format", "json"), "does not go with `--output-format`"),
        (("--output", "text", "--output-file", "x"), "does not go with `--output-file`"),
        (("--output", "json:absent/x.json"), "there is no folder absent"),
        (("--output", "text", "--output", "concise:x", "--diff"), "it takes one `--output`"),
        (("--output", "junit:x", "--output", "text", "--statistics"), "`junit` has no place for"),
        (("--statistics", "--shard", "1/2"), "does not go with `--shard`"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_written(
    cli: Cli, options: tuple[str, ...], said: str
) -> None:
    project(Path())
    before = sorted(Path().iterdir())
    result = cli("check", *options)
    assert result.code in (2, 4)
    assert result.out == ""
    assert said in result.err
    assert sorted(Path().iterdir()) == before


def two_workers() -> None:
    """Two Workers that share a module, one of which has no name."""
    project(Path("a"))
    project(Path("b"), "import '../../shared/x';\n" + CODE)
    Path("b/wrangler.jsonc").write_text('{"main": "src/index.ts", "compatibility_date": "2026-01-01"}')
    Path("shared").mkdir()
    Path("shared/x.ts").write_text("careful();\n")
    with Path("a/src/index.ts").open("a") as entry:
        entry.write("import '../../shared/x';\n")


ALL = ("check", "--select", "no-careful,no-risky", "--statistics")


@pytest.mark.parametrize("is_cached", [False, True])
def test_counts_by_rule_worker_and_severity(cli: Cli, is_cached: bool) -> None:
    two_workers()
    if is_cached:
        cli(*ALL)
    assert cli(*ALL).out.splitlines() == [
        "by rule",
        "3  no-careful  error    3 fixes    Be careless",
        "2  no-risky    warning  2 fixes    Be bold",
        "",
        "by Worker",
        "3  b/src/index.ts  2 errors, 1 warning",
        "3  chat            2 errors, 1 warning",
        "",
        "by severity",
        "3  error",
        "2  warning",
    ]


def test_workers_of_the_same_name_are_told_apart(cli: Cli) -> None:
    project(Path("a"))
    project(Path("b"))
    assert cli(*ALL).out.splitlines()[4:7] == [
        "by Worker",
        "2  chat (a/wrangler.jsonc)  1 error, 1 warning",
        "2  chat (b/wrangler.jsonc)  1 error, 1 warning",
    ]


def test_data_has_the_counts_beside_the_findings(cli: Cli) -> None:
    two_workers()
    cli(*ALL, "--output", "json:o.json", "--output", "sarif:o.sarif", "--output", "concise")
    found = json.loads(Path("o.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    assert len(found["findings"]) == 5
    shared = next(finding for finding in found["findings"] if finding["path"] == "shared/x.ts")
    assert shared["workers"] == ["b/src/index.ts", "chat"]
    statistics = found["statistics"]
    assert statistics["severities"] == {"error": 3, "warning": 2, "note": 0}
    assert statistics["rules"][0] == {
        "name": "no-careful",
        "findings": 3,
        "errors": 3,
        "warnings": 0,
        "notes": 0,
        "fixable": 3,
    }
    assert [row["name"] for row in statistics["workers"]] == ["b/src/index.ts", "chat"]
    (run,) = json.loads(Path("o.sarif").read_text())["runs"]
    assert run["properties"]["statistics"] == statistics


@pytest.mark.parametrize("name", [name for name in WITH_STATISTICS if name != "html"])
def test_every_format_with_a_place_for_counts_has_them(cli: Cli, name: str) -> None:
    project(Path())
    plain = cli("check", "--select", "no-careful", "--output", name)
    counted = cli("check", "--select", "no-careful", "--output", name, "--statistics")
    assert counted.out != plain.out
    assert "chat" in counted.out
    assert counted.code == plain.code == 1
