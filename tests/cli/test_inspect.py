"""`cflint inspect`: what is known of a place, and why a rule reported something there or nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cflint.cli import run
from tests.support.cli_samples import Outcome

CONFIG = """\
{
  "name": "chat",
  "main": "src/index.ts",
  "compatibility_date": "2026-01-01",
  "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
  "kv_namespaces": [{ "binding": "STORE", "id": "5f2b8c4e9a1d4b7f8e3c6a0d2b9f1e7c" }],
  "env": { "staging": { "vars": { "STAGE": "yes" } } }
}
"""
INDEX = """\
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    this.ctx.storage.setAlarm(Date.now() + 1000);
    await this.ctx.storage.deleteAlarm();
    // cflint-ignore alarm-floating-set: it may fail
    this.ctx.storage.setAlarm(Date.now() + 2000);
    return new Response(await this.env.STORE.get("a"));
  }
  async alarm(): Promise<void> {}
}
export default { fetch: (request, env: Env) => env.ROOMS.getByName("a").fetch(request) };
"""
STRAY = "export const unused = 1;\n"
RULE = "alarm-floating-set"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    (tmp_path / "src/index.ts").write_text(INDEX)
    (tmp_path / "src/stray.ts").write_text(STRAY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


def inspect(capture: pytest.CaptureFixture[bytes], *arguments: str) -> Outcome:
    capture.readouterr()
    code = run(["inspect", *arguments])
    out, err = capture.readouterr()
    return Outcome(code, out.decode(), err.decode())


def as_data(capture: pytest.CaptureFixture[bytes], *arguments: str) -> Any:
    found = inspect(capture, *arguments, "--output-format", "json")
    assert found.code == 0, found.err
    return json.loads(found.out)


def facts(data: Any) -> dict[str, str]:
    return {fact["name"]: fact["text"] for fact in data["facts"]}


def test_what_is_known_of_code(project: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    data = as_data(capsysbinary, "src/index.ts:4:22")
    known = facts(data)
    assert data["realm"] == "worker"
    assert known["text"] == "`setAlarm`"
    assert known["receiver"].startswith("DurableObjectStorage")
    assert known["handler"] == "`fetch()`"
    assert known["class"] == "`Room`, Durable Object"
    assert known["Worker"] == "chat (wrangler.jsonc), which begins with this file"
    assert "staging" in known["environments"]
    assert data["rule"] is None
    binding = facts(as_data(capsysbinary, "src/index.ts:8:45"))
    assert binding["value"] == "binding `STORE` (kv)"


def test_what_is_known_of_a_configuration(project: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    data = as_data(capsysbinary, "wrangler.jsonc:7:35")
    assert data["realm"] == "configuration"
    assert facts(data)["key"] == "kv_namespaces.0.binding"
    assert facts(data)["binding"] == "`STORE`, kv"
    assert "staging" in facts(as_data(capsysbinary, "wrangler.jsonc:8:38"))["environment"]


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        ("src/index.ts:4:22", "reported"),
        ("src/index.ts:4", "reported"),
        ("src/index.ts:5:30", "nothing"),
        ("src/index.ts:7:22", "suppressed"),
        ("src/index.ts:8:10", "not_run"),
        ("src/stray.ts:1:1", "not_run"),
    ],
)
def test_verdicts(
    project: Path, capsysbinary: pytest.CaptureFixture[bytes], place: str, verdict: str
) -> None:
    assert as_data(capsysbinary, place, "--rule", RULE)["rule"]["verdict"] == verdict


def test_why_a_rule_is_silent(project: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    trace = as_data(capsysbinary, "src/index.ts:5:30", "--rule", RULE)["rule"]
    run_here = trace["runs"][0]
    assert run_here["subject"] == "call `deleteAlarm`"
    assert run_here["findings"] == []
    last = run_here["steps"][-1]
    source = Path(trace["path"]).read_text().splitlines()[last["line"] - 1]
    assert last["function"] == "check"
    assert source.strip() and last["source"].endswith(source.strip())
    waiting = as_data(capsysbinary, "src/index.ts:8:10", "--rule", RULE)["rule"]
    assert waiting["reasons"] == ["it waits for call `deleteAlarm`, `setAlarm`"]
    assert as_data(capsysbinary, "src/stray.ts:1:1")["realm"] == "outside"


def test_settings_are_named_as_the_reason(project: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (project / "cflint.toml").write_text(f'ignore = ["{RULE}"]\n')
    trace = as_data(capsysbinary, "src/index.ts:4:22", "--rule", RULE)["rule"]
    assert trace["verdict"] == "excluded"
    assert (
        "the settings do not select the rule for this file; it ran because it was named" in trace["reasons"]
    )
    alone = as_data(capsysbinary, "src/index.ts:4:22", "--rule", RULE, "--isolated")["rule"]
    assert alone["verdict"] == "reported"


def test_text(project: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    found = inspect(capsysbinary, "src/index.ts:5:30", "--rule", RULE)
    assert found.code == 0
    assert f"{RULE}: it ran here and found nothing" in found.out
    assert "`check` returned `None` at alarms/alarm_floating_set.py:" in found.out
    assert max(map(len, found.out.splitlines())) <= 110


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["src/index.ts"], "is no place: write FILE:LINE or FILE:LINE:COLUMN"),
        (["gone.ts:1:1"], "no such file: gone.ts"),
        (["src/index.ts:999:1"], "has 13 lines, so no line 999"),
        (["src/index.ts:1:1", "--rule", "alarm-floating-sett"], "did you mean `alarm-floating-set`"),
    ],
)
def test_mistakes(
    project: Path, capsysbinary: pytest.CaptureFixture[bytes], arguments: list[str], message: str
) -> None:
    found = inspect(capsysbinary, *arguments)
    assert found.code == 2
    assert message in found.err


def test_a_block_of_a_document(project: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (project / "notes.md").write_text(f"# Notes\n\n```ts\n{INDEX}```\n")
    trace = as_data(capsysbinary, "notes.md:7:22", "--rule", RULE)["rule"]
    assert trace["verdict"] == "reported"


ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_sample_of_the_guide_is_a_run(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "examples" / "chat-room")
    guide = (ROOT / "docs/guides/inspect.md").read_text(encoding="utf-8")
    command = re.search(r"```sh\ncflint inspect (\S+ --rule \S+)\n```", guide)
    sample = re.search(r"```text\n(.*?)```", guide, re.DOTALL)
    assert command is not None and sample is not None
    shown = inspect(capsysbinary, *command[1].split()).out
    assert " ".join(shown.split()).endswith(" ".join(sample[1].split()))


def test_what_ran_on_the_line_counts_without_a_column(
    project: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    out = inspect(capsysbinary, "src/index.ts:8", "--rule", "binding-floating-promise").out
    assert "binding-floating-promise: it did not run here" not in out
