"""Settings files as `cflint check` obeys them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cflint.cli import run

ROOM = """\
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  }
}

export default {};
"""
CONFIG = '{ "name": "w", "main": "src/index.ts" }'
ONLY = ["--output-format", "concise"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    (tmp_path / "src/index.ts").write_text(ROOM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CFLINT_TODAY", "2026-09-01")
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["check", *ONLY, *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_settings_file_selects(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "cflint.toml").write_text('select = ["ws-legacy-accept"]')
    code, out, _ = check(capsys)
    assert code == 1 and out.count("\n") == 1 and "warning[ws-legacy-accept]" in out


def test_a_settings_file_changes_severities(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "cflint.toml").write_text(
        'select = ["ws-legacy-accept"]\nfail-on = "error"\nseverity = { websockets = "note" }'
    )
    code, out, _ = check(capsys)
    assert code == 0 and "note[ws-legacy-accept]" in out
    code, _, _ = check(capsys, "--fail-on", "note")
    assert code == 1


def test_the_command_line_selects_instead(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "cflint.toml").write_text('select = ["ws-legacy-accept"]')
    code, out, _ = check(capsys, "--select", "meta")
    assert (code, out) == (0, "")
    code, out, _ = check(capsys, "--isolated", "--select", "websockets")
    assert code == 1 and "ws-legacy-accept" in out


def test_another_file_can_be_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "other.toml").write_text('select = ["meta"]')
    assert check(capsys, "--config", "other.toml")[:2] == (0, "")
    code, _, err = check(capsys, "--config", "gone.toml")
    assert code == 2 and "gone.toml" in err


def test_excludes_and_per_file_ignores(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "cflint.toml").write_text(
        'select = ["ws-legacy-accept"]\n[per-file-ignores]\n"src/" = ["websockets"]'
    )
    assert check(capsys)[:2] == (0, "")
    (project / "cflint.toml").write_text('select = ["ws-legacy-accept"]\nexclude = ["src/"]')
    assert check(capsys, "--allow-empty")[:2] == (0, "")


def test_a_mistake_is_an_error_with_a_place(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "cflint.toml").write_text('ignor = ["kv"]')
    code, _, err = check(capsys)
    assert code == 2
    assert "cflint.toml:1:1: unknown key `ignor`; did you mean `ignore`?" in err
    assert "Traceback" not in err


def test_show_settings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "cflint.toml").write_text(
        'extend-select = ["meta"]\nignore = ["kv"]\noptions.compat-date-stale.days = 90\n'
        'per-file-ignores."*.gen.ts" = ["websockets", "d1"]'
    )
    code, out, _ = check(capsys, "--show-settings", "src")
    assert code == 0
    assert "# src: cflint.toml" in out and 'ignore = ["kv"]' in out and 'preset = "recommended"' in out
    assert "unused-suppression" in out
    assert "options.compat-date-stale.days = 90\n" in out
    assert 'per-file-ignores."*.gen.ts" = ["d1", "websockets"]\n' in out
    shown = "\n".join(line for line in out.splitlines() if not line.startswith("#"))
    (project / "cflint.toml").write_text(shown)  # what is shown is a settings file
    assert check(capsys, "--show-settings", "src")[1] == out


def test_an_option_of_a_rule(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-06-01" }'
    (project / "wrangler.jsonc").write_text(old)
    (project / "cflint.toml").write_text('select = ["compat-date-stale"]')
    assert check(capsys)[:2] == (0, "")
    (project / "cflint.toml").write_text(
        'select = ["compat-date-stale"]\n[options.compat-date-stale]\ndays = 60'
    )
    _, out, _ = check(capsys)
    assert "is more than 60 days old" in out
    (project / "cflint.toml").write_text("[options.compat-date-stale]\nday = 60")
    code, _, err = check(capsys)
    assert (
        code == 2
        and "cflint.toml:2:1: `compat-date-stale` has no option `day`, only `days`; did you mean `days`?"
        in err
    )
