"""Baselines: what was found before is not reported, wherever it has moved to; everything else is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cflint.report import FORMATS
from cflint.report.baseline import compared, read_baseline, written
from tests.support.cli_samples import Cli
from tests.support.golden import GOLDEN
from tests.support.report_samples import CHAT

CONFIG = '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01" }\n'
SOCKET = """  const [, server%d] = Object.values(new WebSocketPair());
  server%d.accept();
"""
CODE = """import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  async fetch(): Promise<Response> {
    const pair = new WebSocketPair();
    pair[1].accept();
    return new Response(null, { status: 101, webSocket: pair[0] });
  }
}
export default { fetch() { return new Response(); } } satisfies ExportedHandler;
"""
BASE = ("check", "--select", "websockets", "--baseline", "base.json")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Cli:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    (tmp_path / "src/index.ts").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return Cli(capsysbinary)


def rules(out: str) -> list[str]:
    return re.findall(r"^\S+:\d+:\d+: \w+\[([\w-]+)\]", out, re.MULTILINE)


def concise(cli: Cli, *more: str) -> list[str]:
    return rules(cli(*BASE, "--output-format", "concise", *more).out)


def write(cli: Cli) -> None:
    assert cli(*BASE, "--write-baseline").code == 0


def test_what_the_baseline_holds_is_not_reported(cli: Cli) -> None:
    before = cli("check", "--select", "websockets")
    assert before.code == 1
    outcome = cli(*BASE, "--write-baseline")
    number = len(json.loads(Path("base.json").read_text())["findings"])
    assert number == 2
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"wrote {number} findings to base.json\n"
    after = cli(*BASE)
    assert after.code == 0
    assert after.err == "2 findings of the baseline not shown\n"
    assert cli(*BASE, "-q").err == ""


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_leaves_them_out(cli: Cli, format: str) -> None:
    write(cli)
    outcome = cli(*BASE, "--output-format", format)
    assert outcome.code == 0
    if format == "sarif":
        assert json.loads(outcome.out)["runs"][0]["results"] == []
    else:
        assert "accept()` keeps" not in outcome.out
    if format == "json":
        assert json.loads(outcome.out)["summary"]["warnings"] == 0


def test_a_baseline_is_the_same_for_the_same_findings(cli: Cli) -> None:
    write(cli)
    first = Path("base.json").read_bytes()
    write(cli)
    assert Path("base.json").read_bytes() == first
    assert first.isascii()
    assert b"keeps" not in first
    assert all(len(line) < 250 for line in first.split(b"\n"))


def test_fault_34_lines_that_move_are_no_matter(cli: Cli) -> None:
    write(cli)
    path = Path("src/index.ts")
    path.write_text("// one\n\n// two\n" + path.read_text().replace("    pair", "        pair"))
    assert concise(cli) == []


def test_fault_34_of_what_is_twice_one_more_is_new(cli: Cli) -> None:
    path = Path("src/index.ts")
    accept = "    pair[1].accept();\n"
    path.write_text(path.read_text().replace(accept, accept * 2))
    write(cli)
    assert [row["count"] for row in json.loads(Path("base.json").read_text())["findings"]] == [2, 1]
    assert concise(cli) == []
    path.write_text("\n" + CODE.replace(accept, accept * 3))
    assert concise(cli) == ["ws-legacy-accept"]
    path.write_text(CODE)
    outcome = cli(*BASE)
    assert outcome.err.endswith("1 baseline finding no longer occurs: run `--write-baseline` to remove it\n")


def test_fault_34_a_file_that_is_renamed_keeps_its_findings(cli: Cli) -> None:
    write(cli)
    Path("src/index.ts").rename("src/main.ts")
    Path("wrangler.jsonc").write_text(CONFIG.replace("index", "main"))
    assert concise(cli) == []
    write(cli)
    assert "index.ts" not in Path("base.json").read_text()


def test_fault_34_a_copy_is_not_taken_for_a_renamed_file(cli: Cli) -> None:
    write(cli)
    Path("lib").mkdir()
    Path("lib/copy.ts").write_text(CODE)
    assert concise(cli) == ["ws-legacy-accept"]


def test_fault_34_a_renamed_file_stands_for_one(cli: Cli) -> None:
    write(cli)
    Path("src/index.ts").rename("src/main.ts")
    Path("lib").mkdir()
    Path("lib/copy.ts").write_text(CODE)
    Path("wrangler.jsonc").write_text(CONFIG.replace("index", "main"))
    assert concise(cli) == ["ws-legacy-accept"]


ENTRY = {"path": "a.ts", "rule": "x", "key": "0", "moved": "0", "count": 1}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is no JSON"),
        (b"\xff\0", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it is no baseline of cflint"),
        (b'{"findings": []}', "it is no baseline of cflint"),
        (b'{"cflint-baseline": 2, "findings": []}', "its version is not 1: another cflint has written it"),
        (b'{"cflint-baseline": "1", "findings": []}', "its version is not 1: another cflint has written it"),
        (b'{"cflint-baseline": true, "findings": []}', "its version is not 1: another cflint has written it"),
        (b'{"cflint-baseline": 1}', "it has no list of findings"),
        (b'{"cflint-baseline": 1, "findings": [7]}', "entry 1 is no object"),
        (b'{"cflint-baseline": 1, "findings": [{}]}', "entry 1 lacks a path, a rule or a key"),
        (
            json.dumps({"cflint-baseline": 1, "findings": [ENTRY, {**ENTRY, "count": 0}]}).encode(),
            "the count of entry 2 is no number above 0",
        ),
    ],
)
def test_fault_34_what_is_no_baseline(cli: Cli, data: bytes, why: str) -> None:
    Path("base.json").write_bytes(data)
    outcome = cli(*BASE)
    assert outcome.code == 2
    assert outcome.err == (
        f"cflint: error: base.json cannot be used as a baseline: {why}\n"
        "hint: `cflint check --baseline base.json --write-baseline` writes one anew\n"
    )
    write(cli)
    assert cli(*BASE).code == 0


def test_fault_34_no_baseline_there(cli: Cli) -> None:
    outcome = cli(*BASE)
    assert outcome.code == 2
    assert outcome.err == (
        "cflint: error: there is no baseline base.json\n"
        "hint: `cflint check --baseline base.json --write-baseline` writes one\n"
    )


def test_fault_30_no_secret_is_in_a_baseline(cli: Cli) -> None:
    secret = "sk_live_" + "51HqLyjWDarjtT1zdp7dcQvKm"
    Path("src/index.ts").write_text(f'const key = "{secret}";\n' + CODE)
    outcome = cli("check", "--preset", "all", "--baseline", "base.json", "--write-baseline")
    assert outcome.code == 0
    text = Path("base.json").read_text()
    assert "hardcoded-secret" in text
    assert secret[8:] not in text


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--write-baseline",), "`--write-baseline` needs `--baseline FILE`: the file to write"),
        (
            ("--baseline", "b.json", "--write-baseline", "--fix"),
            "`--write-baseline` takes findings as they are, so it does not go with `--fix`",
        ),
        (
            ("--baseline", "b.json", "--shard", "1/2"),
            "`--baseline` counts findings of the whole run, so it does not go with `--shard`",
        ),
        (("--baseline", "no/such/folder.json", "--write-baseline"), "cannot write no/such/folder.json"),
    ],
)
def test_what_does_not_go_together(cli: Cli, arguments: tuple[str, ...], why: str) -> None:
    outcome = cli("check", *arguments)
    assert outcome.code in (2, 4)
    assert outcome.err.startswith(f"cflint: error: {why}")


def test_what_the_baseline_holds_is_not_fixed(cli: Cli) -> None:
    path = Path("wrangler.jsonc")
    path.write_text(CONFIG.replace(" }\n", ', "kv_namespace": [] }\n'))
    arguments = ("check", "--baseline", "base.json", "--fix", "--unsafe-fixes")
    assert cli("check", "--baseline", "base.json", "--write-baseline").code == 0
    before = path.read_bytes()
    assert cli(*arguments).code == 0
    assert path.read_bytes() == before
    path.write_bytes(before.replace(b" }\n", b', "d1_database": [] }\n'))
    cli(*arguments)
    assert path.read_bytes() == before.replace(b" }\n", b', "d1_databases": [] }\n')


def test_the_cache_knows_nothing_of_baselines(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CFLINT_NO_CACHE")
    monkeypatch.setenv("CFLINT_CACHE_DIR", str(tmp_path / "cache"))
    whole = cli("check", "--select", "websockets")
    write(cli)
    for _ in range(2):
        assert cli(*BASE).code == 0
        assert cli("check", "--select", "websockets").out == whole.out


def test_a_baseline_of_before_rules_had_names_in_sarif_still_counts() -> None:
    """The golden file was written by the last version whose SARIF had codes as ids of rules."""
    entries = read_baseline((GOLDEN / "before-names.baseline.json").read_bytes())
    outcome = compared(CHAT, entries, lambda path: True)
    assert (outcome.report.findings, outcome.hidden, outcome.gone) == ((), len(CHAT.findings), 0)
    assert written(CHAT.findings).encode() == (GOLDEN / "before-names.baseline.json").read_bytes()
