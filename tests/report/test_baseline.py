"""Baselines: what was found before is not reported, wherever it has moved to; everything else is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cflint import __version__
from cflint.record import replace
from cflint.report import FORMATS
from cflint.report.baseline import baseline_of, compared, read_baseline, written
from tests.support.cli_samples import Cli
from tests.support.fixture_cases import KNOWN, cases, rules_for, run
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
    once = "no longer occurs: `cflint baseline prune --baseline base.json` removes it"
    assert outcome.out.count("no longer occurs") == 1
    assert once in " ".join(outcome.out.split())


def test_fault_34_a_file_that_is_renamed_keeps_its_findings(cli: Cli) -> None:
    write(cli)
    Path("src/index.ts").rename("src/main.ts")
    Path("wrangler.jsonc").write_text(CONFIG.replace("index", "main"))
    assert concise(cli) == []
    write(cli)
    assert "index.ts" not in Path("base.json").read_text()


COPY = CODE + "".join(f"export const more{number} = {number};\n" for number in range(60))
"""A module that has the same code and more, so that it is no other state of the first."""


def test_fault_34_a_copy_is_not_taken_for_a_renamed_file(cli: Cli) -> None:
    write(cli)
    Path("lib").mkdir()
    Path("lib/copy.ts").write_text(COPY)
    assert concise(cli) == ["ws-legacy-accept"]


def test_fault_34_a_renamed_file_stands_for_one(cli: Cli) -> None:
    write(cli)
    Path("src/index.ts").rename("src/main.ts")
    Path("lib").mkdir()
    Path("lib/copy.ts").write_text(COPY)
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
            b'{"cflint-baseline": 1, "findings": [], "written-with": {"cflint": 1, "rules": []}}',
            "what it was written with is no version and list of rules",
        ),
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
    data = (GOLDEN / "before-names.baseline.json").read_bytes()
    old = read_baseline(data)
    outcome = compared(CHAT, old, lambda path: True)
    assert (outcome.report.findings, outcome.hidden, outcome.gone) == ((), CHAT.findings, ())
    assert outcome.newer == ()
    assert (old.version, old.rules) == (None, None)
    assert written(old).encode() == data
    new = baseline_of(CHAT)
    assert new.entries == old.entries
    assert (new.version, new.rules) == (__version__, frozenset(CHAT.rules))
    assert read_baseline(written(new).encode()) == new
    assert all(it in json.loads(written(new))["findings"] for it in json.loads(data)["findings"])


# -- age: rules that came since, findings that are gone ----------------------------------------------------


def notices(cli: Cli, *more: str) -> list[str]:
    outcome = cli("check", "--baseline", "base.json", "--output-format", "json", *more)
    return [it["message"] for it in json.loads(outcome.out)["notices"]]


def test_rules_that_came_since_are_said_once(cli: Cli) -> None:
    write(cli)
    assert notices(cli, "--select", "websockets") == []
    whole = json.loads(Path("base.json").read_text())
    assert whole["written-with"]["cflint"] == __version__
    whole["written-with"]["rules"].remove("ws-legacy-accept")
    whole["findings"] = [it for it in whole["findings"] if it["rule"] != "ws-legacy-accept"]
    Path("base.json").write_text(json.dumps(whole))
    (said,) = notices(cli, "--select", "websockets")
    assert said == (
        "the baseline base.json was written before 1 rule (`ws-legacy-accept`): `cflint baseline update "
        "--baseline base.json` takes in what they find (1 finding)"
    )
    assert notices(cli, "--select", "ws-close-code") == []
    assert cli(*BASE, "-q").err == ""
    assert cli("baseline", "update", "--baseline", "base.json", "--select", "websockets").code == 0
    assert notices(cli, "--select", "websockets") == []
    assert concise(cli) == []


def test_settings_that_add_rules_make_a_baseline_old(cli: Cli) -> None:
    write(cli)
    (said,) = notices(cli)
    assert re.match(
        r"the baseline base.json was written before \d+ rules \(`[\w-]+`, .* and \d+ more\): ", said
    )


def test_a_renamed_rule_is_no_new_one() -> None:
    id = next(iter(CHAT.rules))
    renamed = replace(CHAT, rules={**CHAT.rules, id: replace(CHAT.rules[id], aliases=("old-name",))})
    others = frozenset(CHAT.rules) - {id}
    for rules, newer in ((others, (id,)), (others | {"old-name"}, ()), (None, ())):
        old = replace(baseline_of(CHAT), rules=rules)
        assert compared(renamed, old, lambda path: True).newer == newer


def test_what_other_rules_found_is_not_gone(cli: Cli) -> None:
    write(cli)
    said = notices(cli, "--select", "ws-close-code")
    assert said == []
    Path("src/index.ts").write_text(CODE.replace("    pair[1].accept();\n", ""))
    assert any("no longer occur" in it for it in notices(cli, "--select", "websockets"))


def test_prune_removes_what_is_mended_and_adds_nothing(cli: Cli) -> None:
    write(cli)
    before = read_baseline(Path("base.json").read_bytes())
    mended = CODE.replace("    pair[1].accept();\n", "")
    Path("src/index.ts").write_text(f"const seed = crypto.randomUUID();\n{mended}")
    prune = ("baseline", "prune", "--baseline", "base.json")
    assert cli(*prune, "--select", "d1").err == "nothing to remove: 2 findings of base.json still occur\n"
    outcome = cli(*prune)
    after = read_baseline(Path("base.json").read_bytes())
    assert outcome.code == 0
    assert (
        outcome.err
        == f"removed {before.count - after.count} findings from base.json, {after.count} are left\n".replace(
            "1 findings", "1 finding"
        )
    )
    assert set(after.entries) < set(before.entries)
    assert after.rules == before.rules
    assert notices(cli, "--select", "websockets") == []
    data = Path("base.json").read_bytes()
    assert "nothing to remove" in cli(*prune).err
    assert Path("base.json").read_bytes() == data


def test_prune_keeps_what_lies_outside_the_paths(cli: Cli) -> None:
    for name in ("one", "two"):
        Path(name, "src").mkdir(parents=True)
        Path(name, "wrangler.jsonc").write_text(CONFIG.replace('"w"', f'"{name}"'))
        Path(name, "src/index.ts").write_text(CODE)
    assert cli("check", "--baseline", "base.json", "--write-baseline").code == 0
    before = read_baseline(Path("base.json").read_bytes())
    for name in ("one", "two"):
        Path(name, "src/index.ts").write_text(CODE.replace("    pair[1].accept();\n", ""))
    assert cli("baseline", "prune", "one", "--baseline", "base.json").code == 0
    after = read_baseline(Path("base.json").read_bytes())
    gone = set(before.entries) - set(after.entries)
    assert gone
    assert {entry.path for entry in gone} == {"one/src/index.ts"}
    assert cli("baseline", "update", "two", "--baseline", "base.json").code == 0
    last = read_baseline(Path("base.json").read_bytes())
    assert {entry.path for entry in set(after.entries) - set(last.entries)} == {"two/src/index.ts"}


def test_prune_follows_a_renamed_file(cli: Cli) -> None:
    write(cli)
    Path("src/index.ts").rename("src/main.ts")
    Path("wrangler.jsonc").write_text(CONFIG.replace("index", "main"))
    assert cli("baseline", "prune", "--baseline", "base.json").code == 0
    entries = read_baseline(Path("base.json").read_bytes()).entries
    assert {entry.path for entry in entries} == {"src/main.ts"}
    assert concise(cli) == []


def test_update_says_what_changed(cli: Cli) -> None:
    update = ("baseline", "update", "--select", "websockets")
    first = cli(*update)
    assert (first.code, first.err) == (0, "wrote 2 findings to cflint-baseline.json\n")
    again = cli(*update)
    assert again.err == "wrote 2 findings to cflint-baseline.json (0 added, 0 removed)\n"
    Path("src/index.ts").write_text(CODE.replace("    pair[1].accept();\n", ""))
    left = len(rules(cli("check", "--select", "websockets", "--output-format", "concise").out))
    assert (
        cli(*update).err
        == f"wrote {left} finding{'s' * (left != 1)} to cflint-baseline.json (0 added, {2 - left} removed)\n"
    )
    assert cli(*update, "-q").err == ""


def test_show(cli: Cli) -> None:
    write(cli)
    Path("src/index.ts").write_text(CODE.replace("    pair[1].accept();\n", ""))
    outcome = cli("baseline", "show", "--baseline", "base.json", "--select", "websockets")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "base.json: 2 findings in 1 file"
    assert re.fullmatch(rf"written with cflint {re.escape(__version__)} and \d+ rules", lines[1])
    assert "1  ws-legacy-accept, 1 of them no longer" in lines
    assert any(line.startswith("2  src/index.ts, ") for line in lines)
    assert lines[-1].endswith("`cflint baseline prune`")
    data = Path("base.json").read_bytes()
    assert "came since: " in cli("baseline", "show", "--baseline", "base.json").out
    assert Path("base.json").read_bytes() == data


@pytest.mark.parametrize("action", ["prune", "show"])
def test_commands_without_a_baseline(cli: Cli, action: str) -> None:
    outcome = cli("baseline", action)
    assert outcome.code == 2
    assert outcome.err.startswith("cflint: error: there is no baseline cflint-baseline.json\n")


@pytest.mark.parametrize("action", ["update", "prune"])
def test_a_partial_analysis_changes_no_baseline(cli: Cli, action: str) -> None:
    write(cli)
    before = Path("base.json").read_bytes()
    Path("src/other.ts").write_bytes(b"a\0b")
    outcome = cli("baseline", action, "src/other.ts", "--baseline", "base.json")
    assert outcome.code == 4
    assert outcome.err.startswith("cflint: error: base.json was left as it is: src/other.ts was not analysed")
    assert Path("base.json").read_bytes() == before


def test_commands_of_a_folder_without_a_worker(cli: Cli) -> None:
    write(cli)
    Path("empty").mkdir()
    assert cli("baseline", "prune", "empty", "--baseline", "base.json").code == 3


def test_no_finding_is_known_by_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known by its message has the same one tomorrow."""
    dated = {id for id, rule in KNOWN.items() if "today()" in Path(str(rule.module.__file__)).read_text()}
    assert "compat-date-stale" in dated
    compared_findings = 0
    for case in cases():
        if case.rule not in dated or not case.folder.name.startswith("reports"):
            continue
        found = []
        for day in ("2026-09-01", "2026-09-20"):
            monkeypatch.setenv("CFLINT_TODAY", day)
            findings = [it for it in run(case.files, rules_for(case.rule)).findings if it.rule == case.rule]
            found.append({(it.at.document.path, it.at.span): it.message for it in findings})
        compared_findings += len(found[0].keys() & found[1].keys())
        for at in found[0].keys() & found[1].keys():
            assert found[0][at] == found[1][at], case.name
    assert compared_findings > 3
