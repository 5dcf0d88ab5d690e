"""Sweeps of a small fleet: what is found, that it is the same however it came about, what is said of it."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet
import pytest

from cflint.cli import run
from cflint.cli.check.analysis import Analysis
from cflint.cli.check.arguments import asked
from cflint.cli.check.place import Place
from cflint.cli.check.plan import plan_at
from cflint.fleet import warming
from cflint.fleet.examine import ROOT
from cflint.fleet.identity import code_identity
from cflint.fleet.isolation import Limits
from cflint.fleet.journal import Journal, JournalError, read_about
from cflint.fleet.schema import STATUSES, TABLES
from cflint.fleet.sources import sources_of
from cflint.fleet.sweep import Progress, Settings, Sweep, about_of
from cflint.packages import Package, PackageError
from cflint.project.files.workspace import Workspace
from cflint.rule import RuleSet
from tests.support.fleet import bare, fleet, worker

if TYPE_CHECKING:
    from distributed import Client

LIMITS = Limits(60, 4 << 30)
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def swept(client: Client, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a fleet, and that of a sweep of all of it."""
    root = tmp_path_factory.mktemp("fleet")
    names = fleet(root / "repositories")
    output = root / "output"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root / "repositories")
        sweep(client, output, names)
    return root / "repositories", output


def sweep(client: Client, output: Path, names: list[str], stop_after: int | None = None) -> int:
    """Sweep repositories below the current folder, and write the tables; how much was done for it. With
    `stop_after` it is interrupted when so much was done."""
    from cflint.cli.sweep import _written

    def show(progress: Progress) -> None:
        if stop_after is not None and progress.looked + progress.examined >= stop_after:
            raise KeyboardInterrupt

    journal = Journal(output)
    settings = Settings(about_of(code_identity(), [], None, "2026-09-01"), None, LIMITS)
    journal.begin(settings.about)
    sources = sources_of(names, [], ())
    done = len(lines(output / "measures.jsonl"))
    try:
        Sweep(journal, settings, sources, show).run(client)
        _written(journal, settings, sources)
    except KeyboardInterrupt:
        assert stop_after is not None
    finally:
        journal.close()
    return len(lines(output / "measures.jsonl")) - done


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def tables(output: Path) -> dict[str, bytes]:
    """All that a sweep has for readers, by the name of the file."""
    found = [
        *output.glob("*.parquet"),
        *output.glob("sarif/*"),
        *(output / f"{name}.jsonl" for name in TABLES),
    ]
    return {str(path.relative_to(output)): path.read_bytes() for path in found}


def test_every_source_is_a_row(swept: tuple[Path, Path]) -> None:
    root, output = swept
    rows = {row["repository"]: row for row in lines(output / "repositories.jsonl")}
    assert list(rows) == sorted(path.name for path in root.iterdir())
    statuses = {name: row["status"] for name, row in rows.items()}
    assert statuses == {
        "cron.git": "checked",
        "damaged.git": "unreadable",
        "docs.git": "no-workers",
        "empty": "unreadable",
        "mistaken.git": "wrong-settings",
        "plain": "checked",
        "shop-fork.git": "checked",
        "shop.git": "checked",
    }
    assert set(statuses.values()) <= set(STATUSES)
    assert "cflint.toml:1:1: " in rows["mistaken.git"]["reason"]
    assert rows["damaged.git"]["reason"] and rows["empty"]["reason"]
    assert rows["shop.git"]["same_as"] == "shop-fork.git" and rows["shop-fork.git"]["same_as"] is None
    assert rows["shop.git"]["content"] == rows["shop-fork.git"]["content"]
    assert rows["shop.git"]["commit"] != rows["shop-fork.git"]["commit"]
    assert rows["shop.git"]["uri"] == "https://github.com/acme/shop"
    assert rows["shop.git"]["committed"] == "2023-11-14T22:13:20Z"
    assert rows["plain"]["commit"] is None
    jobs = Counter(row["job"] for row in lines(output / "measures.jsonl"))
    assert jobs == {"look": 8, "examine": 5}, "equal trees are examined once"


def test_findings_are_those_of_check(
    swept: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    root, output = swept
    monkeypatch.chdir(root / "plain")
    run(["check", "--output-format", "json", "--no-cache"])
    said = json.loads(capfd.readouterr().out)["findings"]
    found = [row for row in lines(output / "findings.jsonl") if row["repository"] == "plain"]
    assert {row["rule"] for row in found} >= {"binding-floating-promise", "observability-not-enabled"}
    assert [
        (row["rule"], row["severity"], row["message"], row["path"], row["line"], row["fingerprint"])
        for row in found
    ] == [
        (it["rule"], it["severity"], it["message"], it["path"], it["start"]["line"], it["fingerprint"])
        for it in said
    ]


def test_workers_facts_and_owners(swept: tuple[Path, Path]) -> None:
    _, output = swept
    shop = next(row for row in lines(output / "workers.jsonl") if row["repository"] == "shop.git")
    assert (shop["worker"], shop["format"], shop["role"], shop["main"]) == (
        "shop",
        "toml",
        "product",
        "src/index.js",
    )
    assert (shop["compatibility_date"], shop["compatibility_flags"]) == ("2025-01-01", ["nodejs_compat"])
    assert shop["owners"] == ["@shop"]
    facts = {
        (row["kind"], row["name"]): row
        for row in lines(output / "facts.jsonl")
        if row["repository"] == "shop.git"
    }
    assert facts["class", "Room"]["detail"] == "legacy-kv"
    assert (facts["binding", "CACHE"]["type"], facts["binding", "CACHE"]["resource"]) == ("kv", "a" * 32)
    assert facts["package", "wrangler"]["detail"] == "^4.1.0"
    assert ("flag", "nodejs_compat") in facts and ("date", "compatibility_date") in facts
    code = [row for row in lines(output / "findings.jsonl") if row["path"] == "src/index.js"]
    assert {tuple(row["owners"]) for row in code if row["repository"] == "shop.git"} == {("@code", "@more")}
    assert {tuple(row["owners"]) for row in code if row["repository"] == "plain"} == {()}


def test_parquet_has_what_the_lines_have(swept: tuple[Path, Path]) -> None:
    _, output = swept
    for name, table in TABLES.items():
        read = pyarrow.parquet.read_table(output / f"{name}.parquet")
        assert read.column_names == [column.name for column in table.columns]
        rows = lines(output / f"{name}.jsonl")
        assert read.num_rows == len(rows)
        for column in table.columns:
            values = [row[column.name] for row in rows]
            if column.type in ("text", "number", "flag", "texts"):
                assert read.column(column.name).to_pylist() == values
            if not column.is_optional:
                assert None not in values, (name, column.name)
    assert pyarrow.parquet.read_schema(output / "workers.parquet").metadata[b"cflint-sweep"] == b"1"


def test_a_log_says_of_which_commit_it_is(swept: tuple[Path, Path]) -> None:
    _, output = swept
    names = sorted(path.name for path in (output / "sarif").iterdir())
    assert names == ["cron.git.sarif", "plain.sarif", "shop-fork.git.sarif", "shop.git.sarif"]
    (log,) = json.loads((output / "sarif" / "shop.git.sarif").read_text())["runs"]
    commit = next(row for row in lines(output / "repositories.jsonl") if row["repository"] == "shop.git")[
        "commit"
    ]
    (version,) = log["versionControlProvenance"]
    assert (version["repositoryUri"], version["revisionId"]) == ("https://github.com/acme/shop", commit)
    found = {row["rule"] for row in lines(output / "findings.jsonl") if row["repository"] == "shop.git"}
    assert {rule["id"] for rule in log["tool"]["driver"]["rules"]} == found
    assert {result["ruleId"] for result in log["results"]} == found


def test_a_sweep_that_was_ended_goes_on(
    swept: tuple[Path, Path], client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, output = swept
    monkeypatch.chdir(root)
    names = sorted(path.name for path in root.iterdir())
    first = sweep(client, tmp_path / "again", names[::-1], stop_after=6)
    assert not list((tmp_path / "again").glob("*.parquet"))
    with (tmp_path / "again" / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"kind":"look","name":"plain","pa')
    second = sweep(client, tmp_path / "again", names)
    assert first >= 6 and second >= 1
    assert first + second == 13, "nothing is done twice"
    assert tables(tmp_path / "again") == tables(output)
    assert sweep(client, tmp_path / "again", names) == 0
    assert tables(tmp_path / "again") == tables(output)


def test_a_tree_that_one_repository_lacks_is_read_in_another(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.git", "b.git", "c.git"):
        bare(tmp_path / name, worker("shop"))
    for name in ("a.git", "c.git"):
        for path in (tmp_path / name / "objects").glob("??/*"):
            if b"compatibility_date" in zlib.decompress(path.read_bytes()):
                path.unlink()
    for names in (["a.git", "b.git", "c.git"], ["c.git", "b.git"], ["a.git", "c.git"]):
        sweep(client, tmp_path / "out", names)
        found = {row["repository"]: row["status"] for row in lines(tmp_path / "out" / "repositories.jsonl")}
        assert found == dict.fromkeys(names, "checked")
    sweep(client, tmp_path / "alone", ["a.git"])
    (row,) = lines(tmp_path / "alone" / "repositories.jsonl")
    assert row["status"] == "unreadable" and "is not here" in row["reason"]
    sweep(client, tmp_path / "alone", ["a.git", "b.git"])
    assert {row["status"] for row in lines(tmp_path / "alone" / "repositories.jsonl")} == {"checked"}


def test_one_folder_is_written_by_one_sweep(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with pytest.raises(JournalError, match="another sweep is writing"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


# -- the command -------------------------------------------------------------------------------------------


def test_the_command_sweeps_lists_and_references(
    embedded: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    fleet(tmp_path / "all")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("# two of them\nall/cron.git\trefs/heads/release/*\nall/plain\n\n")
    out = ["--output", "out"]
    assert (
        run(["sweep", "--from", "list.txt", "all/cron.git", *out, "--isolated", "--select", "kv,runtime"])
        == 0
    )
    said = capfd.readouterr().err
    assert "3 states of 3 sources (3 checked)" in said and "0 known before" in said
    rows = {(row["repository"], row["ref"]): row for row in lines(tmp_path / "out" / "repositories.jsonl")}
    assert list(rows) == [
        ("all/cron.git", "HEAD"),
        ("all/cron.git", "refs/heads/release/2"),
        ("all/plain", None),
    ]
    dates = {row["ref"]: row["compatibility_date"] for row in lines(tmp_path / "out" / "workers.jsonl")}
    assert dates == {"HEAD": "2022-03-04", "refs/heads/release/2": "2026-03-04", None: "2025-01-01"}
    assert {row["group"] for row in lines(tmp_path / "out" / "findings.jsonl")} <= {"kv", "runtime"}

    assert run(["sweep", "all/cron.git", *out]) == 2
    assert "has a sweep with other options or settings" in capfd.readouterr().err
    (tmp_path / "house.toml").write_text('select = ["binding-floating-promise"]\n')
    assert (
        run(["sweep", "all/cron.git", "all/mistaken.git", *out, "--again", "--config", "house.toml", "-q"])
        == 0
    )
    assert capfd.readouterr().err == ""
    assert {row["rule"] for row in lines(tmp_path / "out" / "findings.jsonl")} == {"binding-floating-promise"}
    assert {row["status"] for row in lines(tmp_path / "out" / "repositories.jsonl")} == {"checked"}
    (tmp_path / "house.toml").write_text('[severity]\nbinding-floating-promise = "error"\n')
    (tmp_path / "all" / "plain" / "cflint.toml").write_text('ignore = ["observability"]\n')
    assert run(["sweep", "all/plain", *out, "--again", "--config-above", "house.toml", "-q"]) == 0
    found = {row["rule"]: row["severity"] for row in lines(tmp_path / "out" / "findings.jsonl")}
    assert found["binding-floating-promise"] == "error" and "observability-not-enabled" not in found
    about = read_about(tmp_path / "out")
    assert about is not None and about.finished and about.day == "2026-09-01"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no such folder: nowhere"),
        (["--from", "nowhere.txt"], "the list nowhere.txt cannot be read"),
        (["--from", "list.txt"], "no such folder: list.txt:2: gone"),
        ([], "nothing to sweep"),
        (["."], "the output out lies inside of ."),
        ([".", "--working-tree", "--ref", "main"], "`--working-tree` looks at no commit"),
        (["inner", "--select", "no-rule"], "no-rule"),
        (["inner", "--config", "nowhere.toml"], "the settings nowhere.toml cannot be read"),
    ],
)
def test_mistakes_are_said(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner").mkdir()
    (tmp_path / "list.txt").write_text(".\ngone\n")
    assert run(["sweep", *arguments, "--output", "out"]) == 2
    assert message in capfd.readouterr().err


def test_a_line_shows_how_far_a_sweep_is(
    embedded: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    bare(tmp_path / "cron.git", worker("cron"))
    monkeypatch.setattr("cflint.cli.sweep.takes_progress", lambda stream: True)
    monkeypatch.setattr("cflint.cli.sweep._PAUSE", 0.0)
    assert run(["sweep", "cron.git", "--output", "out"]) == 0
    line, last = capfd.readouterr().err.split("\r")[-3:-1]
    assert line.startswith("Looked at 1 of 1 repositories (") and line.rstrip().endswith(
        "1 of 1 contents, 0 failed"
    )
    assert last.isspace() and len(last) >= len(line), "it is gone at the end"


def test_an_isolated_sweep_asks_no_package(
    embedded: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    package = Package("acme", "1", (("acme", "acme_rules"),), str(tmp_path))

    def broken(rules: RuleSet) -> RuleSet:
        raise PackageError(package, "its module is broken")

    monkeypatch.setattr(RuleSet, "with_packages", broken)
    monkeypatch.setattr("cflint.cli.sweep._sources", lambda *_: [])
    command = ["sweep", "--output", "out", "--quiet"]
    assert run(command) == 2 and "acme 1 cannot be used" in capfd.readouterr().err
    assert run([*command, "--isolated"]) == 0, capfd.readouterr().err


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["--select", "no-rule"], "unknown rule"),
        (["--select", "policy", "--ignore", "policies"], "unknown rule"),
        (["--ignore", "all"], "no rules selected"),
        (["--select", "policy", "--isolated"], "unknown rule, group or preset `policy`"),
        (["--select", "policy-x", "--config", "house.toml"], "unknown rule, group or preset `policy-x`"),
        (["--select", "policy-x", "--isolated", "--config-above", "house.toml"], "preset `policy-x`"),
        (["--preset", "every"], "'every' is not one of"),
        (["--config", "mistake.toml"], "mistake.toml:1:11: unknown rule, group or preset `no-rule`"),
        (["--config-above", "mistake.toml"], "mistake.toml:1:11: unknown rule"),
    ],
)
def test_a_mistake_that_all_repositories_would_have_is_said_at_once(
    names: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cflint.cli.sweep._sources", lambda *_: [])
    (tmp_path / "house.toml").write_text(policy("logs"))
    (tmp_path / "mistake.toml").write_text('select = ["no-rule"]\n')
    assert run(["sweep", "--output", "out", *names]) == 2
    assert message in capfd.readouterr().err and not (tmp_path / "out").exists()


def policy(name: str) -> str:
    """Settings with a policy that no Worker of the tests keeps."""
    return f'[[policy]]\nname = "{name}"\npath = "observability.enabled"\nequals = true\n'


def test_a_policy_of_some_repositories_can_be_chosen(
    embedded: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    bare(tmp_path / "all" / "with.git", {**worker("with"), "cflint.toml": policy("logs")})
    bare(tmp_path / "all" / "without.git", worker("without"))
    command = ["sweep", "all", "--output", "out", "--again", "--quiet"]

    def found(*options: str) -> list[tuple[str, str]]:
        assert run([*command, *options]) == 0
        assert capfd.readouterr().err == ""
        assert {row["status"] for row in lines(tmp_path / "out" / "repositories.jsonl")} == {"checked"}
        return [(row["repository"], row["rule"]) for row in lines(tmp_path / "out" / "findings.jsonl")]

    assert found("--select", "policy-logs") == [("all/with.git", "policy-logs")]
    assert found("--select", "policy-other", "--ignore", "all") == []
    rules = {rule for _, rule in found("--ignore", "policy-logs")}
    assert rules and "policy-logs" not in rules
    (tmp_path / "house.toml").write_text(policy("house"))
    above = [("all/with.git", "policy-house"), ("all/without.git", "policy-house")]
    assert found("--isolated", "--select", "policy-house", "--config-above", "house.toml") == above


def test_a_server_warms_up_beside_a_broken_package(monkeypatch: pytest.MonkeyPatch) -> None:
    package = Package("acme", "1", (("acme", "acme_rules"),), "")
    asked: list[object] = []

    def broken(*arguments: object) -> None:
        asked.append(arguments)
        raise PackageError(package, "its module is broken")

    monkeypatch.setattr(RuleSet, "discover", lambda **_: RuleSet([]))
    monkeypatch.setattr("cflint.fleet.examine.examined", broken)
    warming.warm_up()
    assert len(asked) == 1


def test_a_server_makes_ready_for_the_rules_of_a_sweep_once(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[object, ...]] = []

    def examined(_: object, options: list[str], settings: str | None = None, *, is_above: bool) -> None:
        given.append((options, settings, is_above))

    monkeypatch.setattr(warming, "warm_up", lambda: None)
    monkeypatch.setattr("cflint.fleet.examine.examined", examined)
    warmth = warming.Warmth()
    request: dict[str, object] = {"job": "examine", "options": [], "settings": None, "is_above": False}
    others = {**request, "options": ["--select", "all"]}
    assert not warmth.prepare({"job": "look", "path": "a", "ref": "HEAD"})
    assert not warmth.prepare(request), "that was done when it started"
    assert [warmth.prepare(it) for it in (others, others, {**others, "settings": "ignore = []"})] == [1, 0, 1]
    assert given == [(["--select", "all"], None, False), (["--select", "all"], "ignore = []", False)]


def test_sources_with_equal_settings_share_what_is_derived_of_their_rules() -> None:
    files = {"wrangler.toml": b'name = "a"\n', "cflint.toml": b'ignore = ["kv"]\n'}
    plans = [plan_at(asked(), Place(Workspace.in_memory(files), ("",), ROOT)) for _ in range(2)]
    first, second = (Analysis(plan).rules for plan in plans)
    assert first is second


def test_what_failed_is_tried_again_when_asked(
    embedded: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    fleet(tmp_path)
    monkeypatch.chdir(tmp_path)
    command = ["sweep", "damaged.git", "plain", "--output", "out"]
    assert run(command) == 0
    damaged = tmp_path / "damaged.git"
    commit = (damaged / "refs" / "heads" / "main").read_text().strip()
    (damaged / "objects" / commit[:2] / commit[2:]).unlink()
    bare(damaged, worker("damaged"))
    assert run(command) == 0
    assert "1 unreadable" in capfd.readouterr().err
    assert run([*command, "--retry"]) == 0
    assert "(2 checked)" in capfd.readouterr().err
    assert len(lines(tmp_path / "out" / "measures.jsonl")) == 5, "two looks, one look again, two contents"
