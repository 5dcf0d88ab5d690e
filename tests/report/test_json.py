"""The JSON output holds to its schema and its documentation."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cflint.cli import run
from cflint.finding import Edit, Finding, Fix, Location, Notice, Safety, Severity
from cflint.report import FORMATS, Options
from cflint.source import BOM, Document, Span
from tests.support.paths import ROOT
from tests.support.report_samples import CHAT, place, report

pytestmark = pytest.mark.portable

DOCS = ROOT / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "json-output.schema.json").read_text())


def parsed(*findings: Finding, **more: Any) -> Any:
    text = FORMATS["json"](report(*findings, **more), Options())
    assert text.isascii()
    return checked(json.loads(text))


def checked(value: Any) -> Any:
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    return value


def test_the_schema_is_one_and_is_strict_about_what_is_missing() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    value = json.loads(FORMATS["json"](CHAT, Options()))
    del value["findings"][0]["end"]
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(value)


def test_the_documented_report_is_what_the_documented_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (DOCS / "json-output.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"```sh\ncflint (.*)\n```", page)
    documented, notice = map(json.loads, re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    shutil.copytree(ROOT / "examples" / "chat-room", tmp_path, dirs_exist_ok=True)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run(command.split()) == 1
    assert checked(json.loads(capsys.readouterr().out)) == documented

    (tmp_path / notice["path"]).write_text("export const one = 1;\n" * 50_000)
    with (tmp_path / "src" / "index.ts").open("a") as entry:
        entry.write('import "./bundle.js";\n')
    assert run(command.split()) == 1
    assert checked(json.loads(capsys.readouterr().out))["notices"] == [notice]


def test_the_real_output_has_the_members_of_the_documented_one() -> None:
    (example, _) = re.findall(r"```json\n(.*?)```", (DOCS / "json-output.md").read_text(), re.DOTALL)
    documented = checked(json.loads(example))
    real = checked(json.loads(FORMATS["json"](CHAT, Options())))
    assert documented.keys() == real.keys()
    assert documented["findings"][0].keys() == real["findings"][2].keys()
    assert documented["summary"].keys() == real["summary"].keys()


def test_every_field_that_comes_out_is_in_the_schema() -> None:
    value = json.loads(FORMATS["json"](CHAT, Options()))
    defined = SCHEMA["$defs"]
    known = set(defined["finding"]["properties"]) | set(defined["place"]["properties"])
    assert all(set(item) == known for item in value["findings"])
    assert set(value["summary"]) == set(defined["summary"]["properties"])
    assert all(set(item) == set(defined["notice"]["properties"]) for item in value["notices"])


def test_columns_count_code_points_and_offsets_bytes() -> None:
    document = Document("a.ts", BOM + "\t'漢😀' x\n".encode())
    found = parsed(Finding("m", place(document, "x"), rule="r"))["findings"][0]
    assert found["start"] == {"line": 1, "column": 7, "offset": 14}
    assert found["severity"] == "warning"
    assert found["group"] is None


def test_edits_are_exact() -> None:
    document = Document("wrangler.toml", BOM + b"a = 1\r\nb = 2\r\n")
    fix = Fix("Add `c`", (Edit(document, Span(0, 0), "c = 3\n"),), Safety.SAFE)
    found = parsed(Finding("m", place(document, "a"), fix=fix, rule="r"))["findings"][0]
    (edit,) = found["fix"]["edits"]
    assert edit["text"] == "c = 3\r\n"
    assert edit["start"]["offset"] == 3


def test_no_secret_is_printed() -> None:
    document = Document("wrangler.toml", b"[vars]\n")
    text = 'API_KEY = "verysecretvalue"\n'
    fix = Fix("Move it", (Edit(document, Span(7, 7), text),), Safety.UNSAFE)
    found = parsed(Finding("has sk_live_0123456789abcdef", place(document, "vars"), fix=fix, rule="r"))[
        "findings"
    ][0]
    assert found["fix"]["edits"] is None
    assert found["message"] == "has sk_live_****************"


def test_strange_names_are_valid_strings() -> None:
    document = Document("a\ud83d\udce9\n\x1b.ts", b"x")
    text = FORMATS["json"](
        report(
            Finding("\udc80", Location(document, Span(0, 1)), rule="r", severity=Severity.NOTE),
            notices=(Notice("\udfff", "p\udcff", 3, "warning", "r"),),
        ),
        Options(),
    )
    value = checked(json.loads(text))
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    assert value["findings"][0]["path"] == "a\\ud83d\\xe9\n\x1b.ts"
    assert value["notices"][0]["path"] == "p\\xff"


def test_no_findings() -> None:
    value = parsed()
    assert value["findings"] == []
    assert value["summary"]["fixable"] == {"safe": 0, "unsafe": 0, "manual": 0}
