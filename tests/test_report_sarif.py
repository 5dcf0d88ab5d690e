"""SARIF: what code scanning demands, exact regions, fingerprints, limits."""

from __future__ import annotations

import json
import zlib
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
import sarif_om
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.finding import Edit, Finding, Fix, Location, Notice, Safety, Severity
from cflint.fixer import apply, plan
from cflint.report import FORMATS, Options, sarif
from cflint.report.fingerprint import fingerprints, line_hashes
from cflint.source import BOM, Document, Span
from report_samples import CHAT, CONFIG, LEGACY_ACCEPT, LISTENER, MISSING_MIGRATION, RULES, place, report


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_SHORT = _TEXT | {"maxLength": 1024}
_POSITIVE = {"type": "integer", "minimum": 1}
_MESSAGE = _object("text", text=_TEXT)
_ARTIFACT = _object(
    "uri uriBaseId",
    uri={"type": "string", "pattern": r"^(?!/)([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"},
    uriBaseId={"const": "%SRCROOT%"},
)
_ONE_LINE = _object(
    "startLine startColumn endColumn", startLine=_POSITIVE, startColumn=_POSITIVE, endColumn=_POSITIVE
)
_REGION = _object(
    "startLine startColumn endColumn",
    startLine=_POSITIVE,
    startColumn=_POSITIVE,
    endLine=_POSITIVE,
    endColumn=_POSITIVE,
)
_PHYSICAL = _object("artifactLocation region", artifactLocation=_ARTIFACT, region=_ONE_LINE)
_FIX = _object(
    "description artifactChanges",
    description=_MESSAGE,
    artifactChanges={
        "type": "array",
        "minItems": 1,
        "items": _object(
            "artifactLocation replacements",
            artifactLocation=_ARTIFACT,
            replacements={
                "type": "array",
                "minItems": 1,
                "items": _object("deletedRegion", deletedRegion=_REGION, insertedContent=_MESSAGE),
            },
        ),
    },
    properties=_object("safety", safety={"enum": ["safe", "unsafe", "manual"]}),
)
_LEVEL = {"enum": ["error", "warning", "note"]}
_RESULT = _object(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations={
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": _object("physicalLocation", physicalLocation=_PHYSICAL),
    },
    relatedLocations={
        "type": "array",
        "maxItems": 100,
        "items": _object(
            "id message physicalLocation", id=_POSITIVE, message=_MESSAGE, physicalLocation=_PHYSICAL
        ),
    },
    partialFingerprints={
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]+:[0-9]+$"},
    },
    fixes={"type": "array", "items": _FIX},
)
_RULE = _object(
    "id shortDescription fullDescription help properties",
    id=_TEXT,
    name={"type": "string", "pattern": "^[A-Za-z0-9]+$"},
    shortDescription=_object("text", text=_SHORT),
    fullDescription=_object("text", text=_SHORT),
    help=_object("text markdown", text=_TEXT, markdown=_TEXT),
    helpUri={"type": "string", "format": "uri"},
    defaultConfiguration=_object("", level=_LEVEL),
    properties=_object(
        "tags precision problem.severity",
        **{
            "tags": {"type": "array", "maxItems": 20, "uniqueItems": True, "items": _TEXT},
            "precision": {"enum": ["very-high", "high", "medium", "low"]},
            "problem.severity": {"enum": ["error", "warning", "recommendation"]},
            "security-severity": {"type": "string", "pattern": r"^([0-9]|10)\.[0-9]$"},
        },
    ),
)
_NOTIFICATION = _object(
    "message",
    message=_MESSAGE,
    level=_LEVEL,
    locations={"type": "array"},
    associatedRule=_object("id index", id=_TEXT, index={"type": "integer", "minimum": 0}),
)
_RUN = _object(
    "tool results columnKind automationDetails invocations originalUriBaseIds",
    tool=_object(
        "driver",
        driver=_object(
            "name version informationUri rules",
            name={"const": "cflint"},
            version=_TEXT,
            semanticVersion=_TEXT,
            informationUri={"type": "string", "format": "uri"},
            rules={"type": "array", "items": _RULE},
        ),
    ),
    automationDetails=_object("id", id={"type": "string", "pattern": "/$"}),
    columnKind={"const": "utf16CodeUnits"},
    invocations={
        "type": "array",
        "items": _object(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications={"type": "array", "items": _NOTIFICATION},
        ),
    },
    originalUriBaseIds=_object("%SRCROOT%", **{"%SRCROOT%": _object("description", description=_MESSAGE)}),
    results={"type": "array", "maxItems": 25_000, "items": _RESULT},
)
_LOG = _object(
    "$schema version runs",
    **{
        "$schema": _TEXT,
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "maxItems": 1, "items": _RUN},
    },
)
"""What cflint writes of SARIF 2.1.0: stricter than the standard, and with all that GitHub demands."""


def run_of(*findings: Finding, options: Options | None = None, **more: Any) -> Any:
    return log_run(FORMATS["sarif"](report(*findings, **more), options or Options()))


def log_run(text: str) -> Any:
    assert text.isascii()
    log = json.loads(text)
    jsonschema.Draft202012Validator(_LOG).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    return run


def test_a_report() -> None:
    run = log_run(FORMATS["sarif"](CHAT, Options(category="pull/7")))
    assert run["automationDetails"]["id"] == "pull/7/"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == sorted(RULES)
    accept = run["results"][0]
    assert accept["level"] == "warning"  # although it is the schema's default: the rule's could be another
    assert accept["message"]["text"].endswith(". See: [the server end comes from here](1).")
    listener = run["results"][1]["locations"][0]["physicalLocation"]["region"]
    assert listener == {"startLine": 7, "startColumn": 3, "endColumn": 50}
    notifications = run["invocations"][0]["toolExecutionNotifications"]
    assert [item.get("level", "warning") for item in notifications] == ["note", "warning"]


def test_only_security_rules_become_security_alerts() -> None:
    rules = {rule["id"]: rule for rule in run_of()["tool"]["driver"]["rules"]}
    assert rules["secret-in-vars"]["properties"]["security-severity"] == "8.0"
    assert [name for name, rule in rules.items() if "security-severity" in rule["properties"]] == [
        "secret-in-vars"
    ]


def test_a_rule_that_only_a_finding_names_is_described() -> None:
    run = run_of(Finding("it broke", place(CONFIG, "ROOM"), rule="internal-error", severity=Severity.ERROR))
    assert run["results"][0]["ruleId"] == "internal-error"


@pytest.mark.parametrize("name", ["a b.ts", "ü:x.ts", "%41.ts", "\x1b\n\u202e.ts", "#?&.ts", "caf\udce9.ts"])
def test_paths_are_percent_encoded(name: str) -> None:
    document = Document(f"src/{name}", b"x")
    location = run_of(Finding("m", place(document, "x"), rule="r"))["results"][0]["locations"][0]
    encoded = location["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(encoded, errors="surrogateescape") == f"src/{name}"


def test_columns_are_utf16_units() -> None:
    document = Document("a.ts", BOM + "'😀漢' x\n".encode())
    region = run_of(Finding("m", place(document, "x"), rule="r"))["results"][0]["locations"][0][
        "physicalLocation"
    ]["region"]
    assert region == {"startLine": 1, "startColumn": 7, "endColumn": 8}


def test_brackets_in_a_message_are_no_links() -> None:
    item = Finding(
        "see [this](http://evil.test)", place(CONFIG, "ROOM"), (place(CONFIG, "Room", "a [b](2)"),), rule="r"
    )
    text = run_of(item)["results"][0]["message"]["text"]
    assert text == r"see \[this](http://evil.test). See: [a \[b\](2)](1)."


def _offset(document: Document, line: int, column: int) -> int:
    """The byte offset of a 1-based line and UTF-16 column."""
    start = document.line_span(line).start
    end = start
    while document.utf16_column(end) < column:
        end += 1
    return end


@pytest.mark.parametrize(
    "data",
    [
        BOM + "a = '😀';\r\nb = 2;\r\n".encode(),
        "a = '😀';\nb = 2;".encode(),
    ],
)
def test_fixes_are_exact_to_the_byte(data: bytes) -> None:
    document = Document("a.ts", data)
    smile = data.index("😀".encode())
    edits = (
        Edit(document, Span(0, 0), "// first\n"),
        Edit(document, Span(smile, smile + 4), "😁"),
        Edit(document, Span(data.index(b";"), data.index(b"b = 2")), ""),
        Edit(document, Span(len(data), len(data)), "\n// last"),
    )
    item = Finding("m", place(document, "a"), fix=Fix("Mend", edits, Safety.SAFE), rule="r")
    (fix,) = run_of(item)["results"][0]["fixes"]
    out, at = b"", 0
    for replacement in fix["artifactChanges"][0]["replacements"]:
        region = replacement["deletedRegion"]
        start = _offset(document, region["startLine"], region["startColumn"])
        end = _offset(document, region.get("endLine", region["startLine"]), region["endColumn"])
        out += data[at:start] + replacement.get("insertedContent", {"text": ""})["text"].encode()
        at = end
    assert out + data[at:] == apply(plan([item], Safety.SAFE))["a.ts"]


def test_defaults_and_nothing_are_left_out() -> None:
    run = sarif_om.Run(tool=sarif_om.Tool(driver=sarif_om.ToolComponent(name="x")))
    assert sarif.serialise(run) == {"tool": {"driver": {"name": "x"}}}
    assert sarif.serialise(sarif_om.SarifLog(runs=[], version="2.1.0", schema_uri="s")) == {
        "$schema": "s",
        "version": "2.1.0",
        "runs": [],
    }


def test_no_secret_gets_into_a_fix() -> None:
    fix = Fix("Move", (Edit(CONFIG, Span(0, 0), '"API_TOKEN": "verysecretvalue"'),), Safety.UNSAFE)
    assert "verysecret" not in FORMATS["sarif"](
        report(Finding("m", place(CONFIG, "ROOM"), fix=fix)), Options()
    )


def test_above_the_limit_the_least_severe_are_left_out_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    run = log_run(FORMATS["sarif"](CHAT, Options()))
    assert [result["ruleId"] for result in run["results"]] == ["ws-legacy-accept", "migration-missing-class"]
    last = run["invocations"][0]["toolExecutionNotifications"][-1]
    assert last["message"]["text"].startswith("1 findings are left out, the least severe ones")


def test_a_file_that_is_too_large_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = [LISTENER] * 40 + [MISSING_MIGRATION] * 2
    full = FORMATS["sarif"](report(*findings), Options())
    assert len(log_run(full)["results"]) == 42
    monkeypatch.setattr(sarif, "MAX_GZIP", len(zlib.compress(full.encode())))
    cut = run_of(*findings)
    assert 0 < len(cut["results"]) < 42
    assert "left out" in cut["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]
    assert cut["results"][-1]["level"] == "error"


def test_a_partial_analysis_is_told() -> None:
    run = run_of(partial=True, notices=(Notice("slow", "a.ts", 2, "warning", "secret-in-vars"),))
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["associatedRule"] == {
        "id": "secret-in-vars",
        "index": 1,
    }
    assert invocation["toolExecutionNotifications"][-1]["level"] == "error"


HELLO = ["e9496ae3ebfced30:1", "fb7c023a8b9ccb3f:1", "ce8ba1a563dcdaca:1", "e20e36e16fcb0cc8:1"]
HELLO += ["b3edc88f2938467e:1", "c8e28b0b4002a3a0:1", "c129715d7a2bc9a3:1"]
LOREM = [f"a7f2ff13bc495cf2:{count}" for count in range(1, 7)]
LOREM += ["a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1", HELLO[-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        (
            " a\nb\n  \t\tc\n d",
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
        ),
        (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", HELLO),
        (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", HELLO),
        (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", HELLO),
        (" hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n", HELLO),
        ("Lorem ipsum dolor sit amet.\n" * 10, LOREM),
    ],
)
def test_line_hashes_are_those_that_github_computes(text: str, expected: list[str]) -> None:
    """The values are what GitHub's own action gives for these texts."""
    assert line_hashes(text.encode(), 99) == expected
    assert line_hashes(text.encode(), 2) == expected[:2]


def rolling_hashes(text: str) -> list[str]:
    """The same by the description: one unit at a time through a window of 100."""
    raw = text.encode("utf-16-le")
    units = [int.from_bytes(raw[at : at + 2], "little") for at in range(0, len(raw), 2)]
    window, starts, out, counts = [0] * 100, [False] * 100, [], dict[str, int]()
    index = value = 0
    line_start, previous_cr = True, False

    def push(unit: int) -> None:
        nonlocal index, value
        value = (value * 37 + unit - pow(37, 100) * window[index]) % 2**64
        window[index] = unit
        index = (index + 1) % 100

    def emit() -> None:
        if starts[index]:
            starts[index] = False
            counts[f"{value:x}"] = counts.get(f"{value:x}", 0) + 1
            out.append(f"{value:x}:{counts[f'{value:x}']}")

    for unit in [*units, 0xFFFF]:
        if unit in (9, 32) or (previous_cr and unit == 10):
            previous_cr = False
            continue
        previous_cr = unit == 13
        emit()
        starts[index] = line_start
        line_start = unit in (10, 13)
        push(10 if unit == 13 else unit)
    for _ in range(100):
        emit()
        push(0)
    return out


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab \t\r\n😀é\ufeff", max_size=400))
def test_line_hashes_follow_the_description(text: str) -> None:
    assert line_hashes(text.encode(), 10_000) == rolling_hashes(text)


def test_our_fingerprint_does_not_know_the_line() -> None:
    moved = Document("src/room.ts", b"\n\n// new\n" + LEGACY_ACCEPT.at.document.data)
    again = Finding(LEGACY_ACCEPT.message, place(moved, "server.accept()"), rule=LEGACY_ACCEPT.rule)
    other = Finding("another", again.at, rule=again.rule)
    assert fingerprints([LEGACY_ACCEPT]) == fingerprints([again])
    assert len(set(fingerprints([again, again, other]))) == 3
    hashes = [result["partialFingerprints"] for result in run_of(again, other)["results"]]
    assert hashes[0]["primaryLocationLineHash"] == hashes[1]["primaryLocationLineHash"]
    assert hashes[0]["cflint/v1"] != hashes[1]["cflint/v1"]


def test_places_past_the_end_have_regions() -> None:
    document = Document("a.ts", b"x\n")
    run = run_of(
        Finding("m", Location(document, Span(2, 2)), rule="r"),
        Finding("n", Location(document, Span(9, 99)), rule="r"),
    )
    regions = [result["locations"][0]["physicalLocation"]["region"] for result in run["results"]]
    assert regions == [{"startLine": 2, "startColumn": 1, "endColumn": 1}] * 2
