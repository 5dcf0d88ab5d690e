"""Policies on the command line: suppressed, in a baseline, explained, kept in the cache, from a package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cflint.cli import run
from cflint.cli.mcp.tools import Tools
from cflint.packages import installed
from cflint.report.baseline import read_baseline
from tests.support.environments import write_metadata

POLICIES = """\
[[policy]]
name = "no-workers-dev"
path = "workers_dev"
equals = false
fix = false
severity = "warning"
message = "Workers are reached by their routes"
"""
CONFIG = """\
{
  "name": "w",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "workers_dev": true
}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "cflint.toml").write_text(POLICIES)
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    (tmp_path / "index.ts").write_text(
        'export default { fetch: () => new Response("x") } satisfies ExportedHandler;\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CFLINT_TODAY", "2026-09-01")
    monkeypatch.setenv("CFLINT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["check", "--output-format", "concise", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_policy_is_a_finding_and_is_mended(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys)
    assert code == 1
    assert "wrangler.jsonc:6:3: warning[policy-no-workers-dev] `workers_dev` has to be `false`" in out
    assert "Workers are reached by their routes" in out
    code, out, _ = check(capsys, "--fix", "--unsafe-fixes")
    assert code == 0 and '"workers_dev": false' in (project / "wrangler.jsonc").read_text()


def test_the_cache_knows_the_policies(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        code, out, _ = check(capsys)
        assert code == 1 and "policy-no-workers-dev" in out
    (project / "cflint.toml").write_text(POLICIES.replace("equals = false\nfix = false", "equals = true"))
    assert check(capsys)[0] == 0
    (project / "cflint.toml").write_text(POLICIES)
    assert check(capsys)[0] == 1


def test_a_cached_report_tells_of_its_policies(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "wrangler.jsonc").write_text(CONFIG.replace("true\n}", "false\n}"))
    for _ in range(2):
        assert run(["check", "--output-format", "sarif"]) == 0
        sarif = json.loads(capsys.readouterr().out)
        rules = {rule["id"]: rule for rule in sarif["runs"][0]["tool"]["driver"]["rules"]}
        assert "policy-no-workers-dev" in rules


def test_a_policy_is_suppressed_and_stands_in_a_baseline(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--baseline", "base.json", "--write-baseline"]) == 0
    assert "policy-no-workers-dev" in (project / "base.json").read_text()
    capsys.readouterr()
    assert check(capsys, "--baseline", "base.json")[0] == 0
    comment = "  // cflint-ignore policy-no-workers-dev: only for a week\n"
    (project / "wrangler.jsonc").write_text(CONFIG.replace('  "workers_dev"', comment + '  "workers_dev"'))
    code, out, _ = check(capsys, "--no-cache")
    assert code == 0 and "unused-suppression" not in out


def test_prune_keeps_entries_of_policies_of_folders_below_that_did_not_run(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "cflint.toml").unlink()
    (project / "wrangler.jsonc").unlink()
    (project / "api").mkdir()
    (project / "api/cflint.toml").write_text(POLICIES)
    (project / "api/wrangler.jsonc").write_text(CONFIG.replace("index.ts", "../index.ts"))
    assert run(["check", "--baseline", "base.json", "--write-baseline"]) == 0
    before = (project / "base.json").read_text()
    assert "policy-no-workers-dev" in before
    prune = ["baseline", "prune", "--baseline", "base.json"]
    assert run([*prune, "--select", "d1"]) == 0
    assert (project / "base.json").read_text() == before
    (project / "api/cflint.toml").write_text("")  # now nobody demands it any more
    assert run([*prune, "--select", "d1"]) == 0
    assert read_baseline((project / "base.json").read_bytes()).entries == ()
    capsys.readouterr()


def test_prune_takes_entries_of_any_path(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = ("/etc/x.ts", "../x.ts", "//x.ts", "a/" * 3000 + "x.ts")
    row = {"rule": "gone", "count": 1, "key": "k", "moved": "m"}
    rows = [{**row, "path": path, "key": path} for path in paths]
    (project / "base.json").write_text(json.dumps({"cflint-baseline": 1, "findings": rows}))
    assert run(["baseline", "prune", "--baseline", "base.json"]) == 0
    assert "removed 4 findings" in capsys.readouterr().err


def test_policies_are_selected_by_name_and_group(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "policy-no-workers-dev" in check(capsys, "--select", "policy")[1]
    assert "policy-no-workers-dev" in check(capsys, "--select", "policy-no-workers-dev")[1]
    assert "policy-no-workers-dev" not in check(capsys, "--select", "d1")[1]
    assert "policy-no-workers-dev" not in check(capsys, "--ignore", "policy")[1]
    code, _, err = check(capsys, "--select", "policy-other")
    assert code == 2 and "unknown rule" in err
    code, _, err = check(capsys, "--isolated", "--select", "policy")
    assert code == 2 and "unknown rule" in err


def test_a_policy_is_explained(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "policy-no-workers-dev"]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert "defined in `cflint.toml:2`" in page and "Workers are reached by their routes" in page
    assert run(["rules", "--select", "policy", "--output-format", "json"]) == 0
    (rule,) = json.loads(capsys.readouterr().out)["rules"]
    assert rule["defined_in"] == "cflint.toml:2"
    assert run(["rules", "--select", "policy", "--output-format", "markdown"]) == 0
    assert "`policy-no-workers-dev`" in capsys.readouterr().out
    assert run(["inspect", "wrangler.jsonc:6:3", "--rule", "policy-no-workers-dev"]) == 0


def test_a_policy_is_known_where_rules_of_packages_are_left_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "cflint.toml").write_text("rule-packages = false\n" + POLICIES)
    assert run(["explain", "policy-no-workers-dev"]) == 0
    assert "Workers are reached by their routes" in capsys.readouterr().out
    assert run(["rules", "--select", "policy", "--output-format", "json"]) == 0
    assert [rule["id"] for rule in json.loads(capsys.readouterr().out)["rules"]] == ["policy-no-workers-dev"]
    assert "Workers are reached by their routes" in Tools(project).explain("policy-no-workers-dev")


def test_a_wrong_policy_ends_the_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "cflint.toml").write_text(POLICIES.replace("workers_dev", "worker_dev"))
    code, _, err = check(capsys)
    assert code == 2 and "cflint.toml:3:8:" in err and "did you mean `workers_dev`?" in err
    assert run(["explain", "policy-no-workers-dev"]) != 0
    assert "policies are left out" in capsys.readouterr().err


@pytest.fixture
def site(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages with one that brings settings."""
    site = project / "site"
    (site / "acme_settings").mkdir(parents=True)
    (site / "acme_settings/__init__.py").write_text("raise RuntimeError('imported')\n")
    (site / "acme_settings/cflint.toml").write_text(POLICIES)
    info = site / "acme_settings-1.0.dist-info"
    write_metadata(info, "acme-settings", "1.0", {})
    (info / "entry_points.txt").write_text("[cflint.settings]\ndefault = acme_settings\n")
    monkeypatch.setattr("cflint.packages.folders_of_packages", lambda: [str(site)])
    monkeypatch.syspath_prepend(str(site))
    return site


def test_a_package_of_settings_is_stamped_by_its_settings_file(site: Path) -> None:
    def stamp() -> list[object]:
        (package,) = installed()
        return package.stamp

    first = stamp()
    (site / "acme_settings/data.bin").write_bytes(b"x" * 1000)
    (site / "acme_settings/__init__.py").write_text("raise RuntimeError('changed')\n")
    assert stamp() == first  # nothing of it is imported
    (site / "acme_settings/cflint.toml").write_text(POLICIES + "# changed\n")
    second = stamp()
    assert second != first
    (site / "acme_settings/cflint.toml").unlink()
    assert stamp() != second


def test_a_package_of_settings_that_are_none_is_no_matter_to_others(
    project: Path, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = site / "acme_settings-1.0.dist-info/entry_points.txt"
    entries.write_text("[cflint.settings]\ndefault = acme_settings/cflint.toml\n")
    code, out, err = check(capsys)
    assert (code, err) == (1, "") and "policy-no-workers-dev" in out
    (project / "cflint.toml").write_text('extends = "package:acme-settings"\n')
    code, _, err = check(capsys)
    assert code == 2 and "cflint.toml:1:11:" in err and "has to name a module" in err


def test_settings_come_from_a_package(project: Path, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "cflint.toml").write_text('extends = ["package:acme-settings"]\n')
    code, out, err = check(capsys)
    assert "policy-no-workers-dev" in out, err
    settings = site / "acme_settings/cflint.toml"
    settings.write_text(POLICIES.replace("equals = false\nfix = false", "equals = true"))
    assert check(capsys)[0] == 0  # the cache knows what the package says
    settings.write_text('extends = "other.toml"\n')
    code, _, err = check(capsys)
    assert code == 2 and "package:acme-settings:1:11: the settings of a package" in err
    (project / "cflint.toml").write_text('extends = "package:acme-other"\n')
    code, _, err = check(capsys)
    assert code == 2 and "cflint.toml:1:11:" in err and "not installed beside cflint" in err
    settings.unlink()
    (project / "cflint.toml").write_text('extends = "package:acme-settings"\n')
    code, _, err = check(capsys)
    assert code == 2 and "there is no `cflint.toml` in its `acme_settings`" in err
