"""Rules that had another name before: the old name works wherever a name does, and is reported once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cflint.api import Finding, Match, Option, Severity, call, rule
from cflint.rule import Definition, Rule, RuleSet, Spec
from tests.support.cli_samples import CODE, Cli, project, sample_rules

OPTION = Option("cflint_test_rules.manners.no_hasty", "most", 0, "how much is too much", 0)
MESSAGE = "the rule `no-quick` is now called `no-hasty`"
HASTY = CODE.replace("careful(request)", "hasty(request)").replace("    risky(request);\n", "")
CHECK = ("check", "--no-cache", "--output-format", "concise")


@rule(call("hasty"), severity=Severity.WARNING, options=(OPTION,), aliases=("no-quick", "no-fast"))
def _hasty(match: Match) -> Iterator[Finding]:
    yield Finding("hasty() is hasty", match.at())


def made(id: str, group: str, check: Definition) -> Rule:
    module = ModuleType(f"cflint_test_rules.{group}.{id.replace('-', '_')}", "Be slow.\n")
    module.__dict__["check"] = check
    return Rule(id, group, check.spec, lambda: module)


def rules() -> RuleSet:
    return RuleSet((*sample_rules().values(), made("no-hasty", "manners", _hasty)))


@pytest.fixture
def renamed(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs commands over a Worker that the renamed rule reports once."""
    monkeypatch.setattr(RuleSet, "discover", classmethod(lambda cls, **_: rules()))
    project(tmp_path, HASTY)
    return cli


def test_the_current_name_is_not_reported(renamed: Cli) -> None:
    result = renamed(*CHECK, "--select", "no-hasty")
    assert result.code == 1
    assert "warning[no-hasty]" in result.out
    assert "now called" not in result.out + result.err


def test_on_the_command_line(renamed: Cli) -> None:
    result = renamed(*CHECK, "--select", "no-quick,no-quick")
    assert result.code == 1
    assert result.out.count("warning[no-hasty]") == 1
    assert (result.out + result.err).count(MESSAGE) == 1
    result = renamed(*CHECK, "--select", "all", "--ignore", "no-fast")
    assert "no-hasty]" not in result.out
    assert "the rule `no-fast` is now called `no-hasty`" in result.out + result.err
    result = renamed(*CHECK, "--select", "no-fast", "--ignore", "manners")
    assert "warning[no-hasty]" in result.out


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ('select = ["no-quick"]', "warning[no-hasty]"),
        ('select = ["manners"]\nignore = ["no-quick"]', None),
        ('[severity]\nno-quick = "error"', "error[no-hasty]"),
        ('[severity]\nno-quick = "off"', None),
        ('[per-file-ignores]\n"src/" = ["no-quick"]\n"lib/" = ["no-quick"]', None),
        ("[options.no-quick]\nmost = 3", "warning[no-hasty]"),
    ],
)
def test_in_settings(renamed: Cli, settings: str, shown: str | None) -> None:
    Path("cflint.toml").write_text(settings)
    result = renamed(*CHECK)
    assert ("no-hasty]" in result.out) == (shown is not None)
    assert shown is None or shown in result.out
    assert (result.out + result.err).count(MESSAGE) == 1
    assert renamed("check", "--show-settings").out.count("no-quick") == 0


def test_an_option_of_an_old_name_is_the_rules(renamed: Cli) -> None:
    Path("cflint.toml").write_text("[options.no-quick]\nmost = 3\n")
    assert "options.no-hasty.most = 3\n" in renamed("check", "--show-settings").out


def test_the_notice_has_the_place_in_the_settings(renamed: Cli) -> None:
    Path("cflint.toml").write_text('fail-on = "error"\nselect = ["no-quick"]\n')
    data = json.loads(renamed("check", "--no-cache", "--output-format", "json").out)
    (notice,) = data["notices"]
    assert (notice["message"], notice["path"], notice["line"]) == (MESSAGE, "cflint.toml", 2)


def test_in_comments(renamed: Cli) -> None:
    code = HASTY.replace("hasty(request);", "hasty(request); // cflint-ignore no-quick: soon\n" * 2)
    Path("src/index.ts").write_text(code)
    result = renamed(*CHECK)
    assert result.code == 0
    assert "no-hasty]" not in result.out
    assert (result.out + result.err).count(MESSAGE) == 1
    data = json.loads(renamed("check", "--no-cache", "--output-format", "json").out)
    assert [(it["path"], it["line"]) for it in data["notices"]] == [("src/index.ts", 3)]


def test_a_cached_run_reports_it_as_well(renamed: Cli, tmp_path: Path) -> None:
    command = ("check", "--cache-dir", str(tmp_path / "cache"), "--output-format", "concise")
    first, second = (renamed(*command, "--select", "no-quick") for _ in range(2))
    assert first == second
    assert MESSAGE in first.out + first.err


def test_in_shards(renamed: Cli) -> None:
    Path("src/index.ts").write_text(
        HASTY.replace("hasty(request);", "hasty(request); // cflint-ignore no-quick")
    )
    for number in (1, 2):
        out = ("--output-format", "json", "--output-file", f"{number}.json")
        renamed("check", "--no-cache", "--shard", f"{number}/2", *out)
    data = json.loads(renamed("merge", "1.json", "2.json").out)
    assert data["findings"] == []
    assert [notice["message"] for notice in data["notices"]] == [MESSAGE]


def test_in_baselines(renamed: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    was = RuleSet((*sample_rules().values(), made("no-quick", "manners", _under_its_old_name)))
    monkeypatch.setattr(RuleSet, "discover", classmethod(lambda cls, **_: was))
    baseline = ("--baseline", "base.json")
    assert renamed(*CHECK, *baseline, "--write-baseline").code == 0
    assert '"rule": "no-quick"' in Path("base.json").read_text()
    monkeypatch.setattr(RuleSet, "discover", classmethod(lambda cls, **_: rules()))
    assert renamed(*CHECK, *baseline).code == 0
    Path("src/index.ts").rename("src/moved.ts")
    Path("wrangler.jsonc").write_text(Path("wrangler.jsonc").read_text().replace("index.ts", "moved.ts"))
    assert renamed(*CHECK, *baseline).code == 0
    code = HASTY.replace("hasty(request);", "hasty(request);\n    hasty(request);")
    Path("src/moved.ts").write_text(code)
    result = renamed(*CHECK, *baseline)
    assert result.code == 1
    assert result.out.count("warning[no-hasty]") == 1


@rule(call("hasty"), severity=Severity.WARNING)
def _under_its_old_name(match: Match) -> Iterator[Finding]:
    yield Finding("hasty() is hasty", match.at())


def test_explain_and_rules(renamed: Cli) -> None:
    result = renamed("explain", "No_Quick")
    assert result.code == 0
    assert result.out.startswith("no-hasty\n")
    assert "formerly `no-quick`,\n`no-fast`" in result.out
    assert result.err == f"cflint: warning: {MESSAGE}\n"
    result = renamed("rules", "--select", "no-quick", "--output-format", "json")
    (row,) = json.loads(result.out)["rules"]
    assert (row["id"], row["aliases"]) == ("no-hasty", ["no-quick", "no-fast"])
    assert result.err == f"cflint: warning: {MESSAGE}\n"


def test_near_names_are_those_of_today() -> None:
    assert rules().near("no-quikc") == ("no-hasty",)


@pytest.mark.parametrize(
    "alias", ["no-careful", "manners", "strict", "no-hasty", "no-quick", "CFL1907", "a b", ""]
)
def test_an_alias_is_a_name_that_nothing_else_has(alias: str) -> None:
    @rule(call("hasty"), severity=Severity.WARNING, aliases=(alias,))
    def other(match: Match) -> Iterator[Finding]:
        yield Finding("hasty() is hasty", match.at())

    known = RuleSet((*rules().values(), made("other", "manners", other)))
    with pytest.raises(ValueError, match="alias"):
        assert known.aliases


def test_names_of_the_rules_there_are() -> None:
    known = RuleSet.discover()
    assert set(known.aliases.values()) <= known.keys()
    assert not known.keys() & {*known.groups, "recommended", "reference", "strict", "all"}


def test_a_spec_is_kept_with_its_aliases() -> None:
    assert Spec.from_data(json.loads(json.dumps(_hasty.spec.as_data))) == _hasty.spec
