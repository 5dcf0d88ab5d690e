"""SARIF: what code scanning demands, exact regions, fingerprints, limits."""

from __future__ import annotations

import json
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
import sarif_om
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.finding import Edit, Finding, Fix, Location, Notice, Safety, Severity
from cflint.fixer import apply, plan
from cflint.platform.cwe import WEAKNESSES
from cflint.report import FORMATS, Options, sarif
from cflint.report.fingerprint import fingerprints, line_hashes
from cflint.report.repository import Repository, browsable, repository_of
from cflint.rule import RuleSet
from cflint.source import BOM, Document, Span
from tests.support.golden import GOLDEN
from tests.support.report_samples import (
    CHAT,
    CONFIG,
    LEGACY_ACCEPT,
    LISTENER,
    MISSING_MIGRATION,
    RULES,
    place,
    report,
)
from tests.support.schemas import closed_object

pytestmark = pytest.mark.portable

_TEXT = {"type": "string", "minLength": 1}
_SHORT = _TEXT | {"maxLength": 1024}
_POSITIVE = {"type": "integer", "minimum": 1}
_MESSAGE = closed_object("text", text=_TEXT)
_SNIPPET = closed_object("text", text={"type": "string"})
_ARTIFACT = closed_object(
    "uri uriBaseId",
    uri={"type": "string", "pattern": r"^(?!/)([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"},
    uriBaseId={"const": "%SRCROOT%"},
)
_ONE_LINE = closed_object(
    "startLine startColumn endColumn", startLine=_POSITIVE, startColumn=_POSITIVE, endColumn=_POSITIVE
)
_REGION = closed_object(
    "startLine startColumn endColumn",
    startLine=_POSITIVE,
    startColumn=_POSITIVE,
    endLine=_POSITIVE,
    endColumn=_POSITIVE,
)
_PHYSICAL = closed_object("artifactLocation region", artifactLocation=_ARTIFACT, region=_ONE_LINE)
_IN_CONTEXT = closed_object(
    "artifactLocation region contextRegion",
    artifactLocation=_ARTIFACT,
    region=_ONE_LINE
    | {
        "required": ["startLine", "startColumn", "endColumn", "snippet"],
        "properties": {**_ONE_LINE["properties"], "snippet": _SNIPPET},
    },
    contextRegion=closed_object(
        "startLine snippet",
        startLine=_POSITIVE,
        startColumn=_POSITIVE,
        endLine=_POSITIVE,
        endColumn=_POSITIVE,
        snippet=_SNIPPET,
    ),
)
_STEP = closed_object(
    "location",
    location=closed_object("message physicalLocation", message=_MESSAGE, physicalLocation=_PHYSICAL),
)
_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"}
_FIX = closed_object(
    "description artifactChanges",
    description=_MESSAGE,
    artifactChanges={
        "type": "array",
        "minItems": 1,
        "items": closed_object(
            "artifactLocation replacements",
            artifactLocation=_ARTIFACT,
            replacements={
                "type": "array",
                "minItems": 1,
                "items": closed_object("deletedRegion", deletedRegion=_REGION, insertedContent=_MESSAGE),
            },
        ),
    },
    properties=closed_object("safety", safety={"enum": ["safe", "unsafe", "manual"]}),
)
_LEVEL = {"enum": ["error", "warning", "note"]}
_RESULT = closed_object(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId=_NAME,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=closed_object(
        "text id arguments",
        text=_TEXT,
        id={"const": "default"},
        arguments={"type": "array", "minItems": 1, "maxItems": 1, "items": _TEXT},
    ),
    locations={
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": closed_object("physicalLocation", physicalLocation=_IN_CONTEXT),
    },
    codeFlows={
        "type": "array",
        "minItems": 1,
        "items": closed_object(
            "threadFlows",
            threadFlows={
                "type": "array",
                "minItems": 1,
                "items": closed_object(
                    "locations", locations={"type": "array", "minItems": 2, "items": _STEP}
                ),
            },
        ),
    },
    suppressions={
        "type": "array",
        "maxItems": 1,
        "items": closed_object("kind", kind={"const": "inSource"}, justification=_TEXT),
    },
    relatedLocations={
        "type": "array",
        "maxItems": 100,
        "items": closed_object(
            "id message physicalLocation", id=_POSITIVE, message=_MESSAGE, physicalLocation=_PHYSICAL
        ),
    },
    partialFingerprints={
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]+:[0-9]+$"},
    },
    fixes={"type": "array", "items": _FIX},
)
_RULE = closed_object(
    "id name shortDescription fullDescription messageStrings help helpUri properties",
    id=_NAME,
    deprecatedIds={"type": "array", "minItems": 1, "items": _NAME},
    messageStrings=closed_object("default", default=closed_object("text", text=_TEXT)),
    name={"type": "string", "pattern": "^[A-Za-z0-9]+$"},
    shortDescription=closed_object("text", text=_SHORT),
    fullDescription=closed_object("text", text=_SHORT),
    help=closed_object("text markdown", text=_TEXT, markdown=_TEXT),
    helpUri={"type": "string", "format": "uri"},
    defaultConfiguration=closed_object("", level=_LEVEL),
    properties=closed_object(
        "tags precision problem.severity",
        **{
            "tags": {"type": "array", "maxItems": 20, "uniqueItems": True, "items": _TEXT},
            "precision": {"enum": ["very-high", "high", "medium", "low"]},
            "problem.severity": {"enum": ["error", "warning", "recommendation"]},
            "security-severity": {"type": "string", "pattern": r"^([0-9]|10)\.[0-9]$"},
        },
    ),
)
_NOTIFICATION = closed_object(
    "message",
    message=_MESSAGE,
    level=_LEVEL,
    locations={"type": "array"},
    associatedRule=closed_object("id index", id=_NAME, index={"type": "integer", "minimum": 0}),
)
_RUN = closed_object(
    "tool results columnKind automationDetails invocations originalUriBaseIds",
    tool=closed_object(
        "driver",
        driver=closed_object(
            "name version rules",
            name={"const": "cflint"},
            version=_TEXT,
            semanticVersion=_TEXT,
            informationUri={"type": "string", "format": "uri"},
            rules={"type": "array", "items": _RULE},
        ),
    ),
    automationDetails=closed_object("id", id={"type": "string", "pattern": "/$"}),
    columnKind={"const": "utf16CodeUnits"},
    invocations={
        "type": "array",
        "items": closed_object(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications={"type": "array", "items": _NOTIFICATION},
        ),
    },
    originalUriBaseIds=closed_object(
        "%SRCROOT%", **{"%SRCROOT%": closed_object("description", description=_MESSAGE)}
    ),
    results={"type": "array", "maxItems": 25_000, "items": _RESULT},
    versionControlProvenance={
        "type": "array",
        "items": closed_object(
            "repositoryUri mappedTo",
            repositoryUri={"type": "string", "pattern": "^https?://"},
            revisionId={"type": "string", "pattern": "^[0-9a-f]{40}$"},
            branch=_TEXT,
            mappedTo=closed_object("uriBaseId", uriBaseId={"const": "%SRCROOT%"}),
        ),
    },
)
_LOG = closed_object(
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
    assert len({rule["id"] for rule in rules}) == len(rules)
    return run


def named(run: Any) -> dict[str, Any]:
    """The rules of a run by the names that people know."""
    return {rule["properties"]["tags"][2]: rule for rule in run["tool"]["driver"]["rules"]}


def rule_names(run: Any) -> list[str]:
    """The rules of the results by their names."""
    rules = run["tool"]["driver"]["rules"]
    return [rules[result["ruleIndex"]]["properties"]["tags"][2] for result in run["results"]]


def test_a_report() -> None:
    run = log_run(FORMATS["sarif"](CHAT, Options(category="pull/7")))
    assert run["automationDetails"]["id"] == "pull/7/"
    assert list(named(run)) == sorted(RULES)
    accept = run["results"][0]
    assert accept["level"] == "warning"  # although it is the schema's default: the rule's could be another
    assert accept["message"]["text"].endswith(". See: [the server end comes from here](1).")
    listener = run["results"][1]["locations"][0]["physicalLocation"]["region"]
    assert listener == {
        "startLine": 7,
        "startColumn": 3,
        "endColumn": 50,
        "snippet": {"text": 'server.addEventListener("message", (event) => {'},
    }
    notifications = run["invocations"][0]["toolExecutionNotifications"]
    assert [item.get("level", "warning") for item in notifications] == ["note", "warning"]


def test_only_rules_about_weaknesses_become_security_alerts() -> None:
    rules = named(run_of())
    vars_rule = rules["secret-in-vars"]["properties"]
    assert vars_rule["security-severity"] == "8.0"
    assert {"security", "external/cwe/cwe-312", "external/cwe/cwe-798"} <= set(vars_rule["tags"])
    assert [name for name, rule in rules.items() if "security-severity" in rule["properties"]] == [
        "secret-in-vars"
    ]
    assert "security" not in rules["ws-legacy-accept"]["properties"]["tags"]


def test_every_security_rule_says_its_weakness() -> None:
    known = RuleSet.discover()
    security = {id for id in known if known[id].group == "security"}
    harmless = {
        "auth-cookie-dropped",
        "auth-missing-credential-status",
        "cors-origin-invalid",
        "prefer-binding-over-rest",
        "set-cookie-lost",
    }
    assert security - harmless <= WEAKNESSES.keys()
    assert WEAKNESSES.keys() <= known.keys()
    assert all(0 < weakness.score <= 10 for weakness in WEAKNESSES.values())


def test_the_ids_of_rules_are_their_names() -> None:
    run = run_of(Finding("x", place(CONFIG, "ROOM"), rule="secret-in-vars", severity=Severity.ERROR))
    assert run["results"][0]["ruleId"] == "secret-in-vars"
    rule = named(run)["secret-in-vars"]
    assert rule["id"] == "secret-in-vars" and rule["name"] == "SecretInVars"
    assert "`cflint-ignore secret-in-vars: REASON`" in rule["help"]["text"]


def test_fingerprints_are_those_of_logs_whose_rules_had_codes() -> None:
    """The golden file is of the last version that wrote codes (`CFL1907`) as ids of rules."""
    before = json.loads((GOLDEN / "before-names.sarif.json").read_text())
    results = log_run(FORMATS["sarif"](CHAT, Options()))["results"]
    assert len(results) == len(before) == 3
    for result, old in zip(results, before, strict=True):
        assert old["ruleId"].startswith("CFL")
        assert result["partialFingerprints"] == old["partialFingerprints"]


def test_a_renamed_rule_has_its_old_names() -> None:
    renamed = replace(RULES["ws-legacy-accept"], aliases=("ws-accept",))
    document = Document("a.ts", b"a(); // cflint-ignore ws-accept: old clients\n")
    finding = Finding("m", place(document, "a()"), severity=Severity.ERROR, rule="ws-legacy-accept")
    whole = replace(CHAT, rules={**RULES, "ws-legacy-accept": renamed}, silenced=(finding,), suppressed=1)
    run = log_run(FORMATS["sarif"](whole, Options(suppressions=True)))
    assert named(run)["ws-legacy-accept"]["deprecatedIds"] == ["ws-accept"]
    assert "deprecatedIds" not in named(run)["secret-in-vars"]
    assert run["results"][-1]["suppressions"] == [{"kind": "inSource", "justification": "old clients."}]


def test_a_rule_that_only_a_finding_names_is_described() -> None:
    run = run_of(Finding("it broke", place(CONFIG, "ROOM"), rule="internal-error", severity=Severity.ERROR))
    assert rule_names(run) == ["internal-error"]


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
    assert region == {"startLine": 1, "startColumn": 7, "endColumn": 8, "snippet": {"text": "x"}}


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
    assert rule_names(run) == ["ws-legacy-accept", "migration-missing-class"]
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
    assert regions == [{"startLine": 2, "startColumn": 1, "endColumn": 1, "snippet": {"text": ""}}] * 2


def context_of(document: Document, text: str) -> Any:
    item = Finding("m", place(document, text), rule="r")
    return run_of(item)["results"][0]["locations"][0]["physicalLocation"]


def test_the_text_of_a_finding_and_the_lines_around_it() -> None:
    physical = context_of(CONFIG, '"class_name": "Room"')
    assert physical["region"]["snippet"]["text"] == '"class_name": "Room"'
    lines = CONFIG.data.decode().split("\n")
    assert physical["contextRegion"] == {
        "startLine": 4,
        "endLine": 6,
        "snippet": {"text": "\n".join(lines[3:6])},
    }


def test_of_a_long_line_the_surroundings_are_columns() -> None:
    document = Document("a.js", ("é😀" * 900 + "HERE" + "z" * 3000).encode())
    physical = context_of(document, "HERE")
    region, context = physical["region"], physical["contextRegion"]
    assert region["startColumn"] == 2701
    assert region["snippet"]["text"] == "HERE"
    assert (context["startColumn"], context["endColumn"]) == (2451, 2955)
    assert "HERE" in context["snippet"]["text"]
    long = context_of(document, "z" * 3000)["region"]
    assert long["endColumn"] - long["startColumn"] == len(long["snippet"]["text"]) == 1000


def test_no_secret_gets_into_a_snippet() -> None:
    document = Document(".dev.vars", b"API_TOKEN=supersecret\nOTHER=alsosecret\n")
    shown = FORMATS["sarif"](report(Finding("m", place(document, "API_TOKEN"), rule="r")), Options())
    assert "API_TOKEN" in shown
    assert "supersecret" not in shown
    assert "alsosecret" not in shown


SQL = Document("src/db.ts", b"const id = request.url;\nconst q = id;\ndb.prepare(`SELECT ${q}`);\n")


def test_a_value_that_flows_has_a_code_flow() -> None:
    item = Finding(
        "`q` is written into SQL",
        place(SQL, "${q}"),
        (place(SQL, "request.url", "it comes from here"), place(SQL, "db", "so is this")),
        severity=Severity.ERROR,
        rule="sql-interpolation",
    )
    plain = Finding(
        "m", place(SQL, "${q}"), (place(SQL, "db", "it comes from here"),), rule="ws-legacy-accept"
    )
    with_flow, without = run_of(item, plain)["results"]
    assert "codeFlows" not in without
    (thread,) = with_flow["codeFlows"][0]["threadFlows"]
    steps = [
        (step["location"]["physicalLocation"]["region"]["startLine"], step["location"]["message"]["text"])
        for step in thread["locations"]
    ]
    assert steps == [(1, "it comes from here."), (3, "it ends up here.")]


def test_what_comments_silence_is_listed_as_suppressed() -> None:
    document = Document(
        "src/room.ts",
        b"// cflint-ignore websockets: a [link](http://evil.test)\na();\n"
        b"b(); // cflint-ignore ws-legacy-accept\n",
    )
    silenced = (
        Finding("m", place(document, "a()"), severity=Severity.ERROR, rule="ws-legacy-accept"),
        Finding("m", place(document, "b()"), severity=Severity.ERROR, rule="ws-legacy-accept"),
    )
    whole = replace(CHAT, silenced=silenced, suppressed=2)
    assert len(log_run(FORMATS["sarif"](whole, Options()))["results"]) == 3
    results = log_run(FORMATS["sarif"](whole, Options(suppressions=True)))["results"]
    assert [result["suppressions"] for result in results] == [
        [],
        [],
        [],
        [{"kind": "inSource", "justification": r"a \[link](http://evil.test)."}],
        [{"kind": "inSource"}],
    ]


def test_suppressed_findings_are_the_first_to_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 3)
    silenced = (Finding("m", place(CONFIG, "ROOM"), severity=Severity.ERROR, rule="secret-in-vars"),)
    run = log_run(FORMATS["sarif"](replace(CHAT, silenced=silenced), Options(suppressions=True)))
    assert "secret-in-vars" not in rule_names(run)
    assert len(run["results"]) == 3


def test_the_repository_is_told() -> None:
    repository = Repository("https://github.com/o/r", "a" * 40, "main")
    (told,) = run_of(options=Options(repository=repository))["versionControlProvenance"]
    assert told["repositoryUri"] == "https://github.com/o/r"
    assert (told["revisionId"], told["branch"]) == ("a" * 40, "main")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/o/r.git", "https://github.com/o/r"),
        ("https://user:s3cret@github.com/o/r", "https://github.com/o/r"),
        ("https://x-access-token:ghs_abc@ghe.example.com:8443/o/r.git/", "https://ghe.example.com:8443/o/r"),
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("ssh://git@gitlab.example.com:2222/group/sub/r.git", "https://gitlab.example.com/group/sub/r"),
        ("http://localhost:3000/o/r?token=1#x", "http://localhost:3000/o/r"),
        ("file:///home/me/r", None),
        ("/home/me/r", None),
        ("../r", None),
        ("C:\\r", None),
        ("https://[bad", None),
        ("https://github.com", None),
        ("ext::sh -c evil", None),
    ],
)
def test_addresses_of_remotes(url: str, expected: str | None) -> None:
    assert browsable(url) == expected


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_reading_a_repository_never_fails(head: str, config: str) -> None:
    assert browsable(head) is None or browsable(head).startswith(("http://", "https://"))  # type: ignore[union-attr]
    with TemporaryDirectory() as folder:
        git = Path(folder) / ".git"
        git.mkdir()
        (git / "HEAD").write_bytes(head.encode("utf-8", "replace"))
        (git / "config").write_bytes(
            b'[remote "origin"]\n\turl = https://h.test/o\n' + config.encode("utf-8", "replace")
        )
        found = repository_of(Path(folder))
        assert found is not None
        assert found.uri.startswith(("http://", "https://"))


def test_the_repository_is_read_without_git(tmp_path: Path) -> None:
    assert repository_of(tmp_path) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q", "-b", "topic/x"], check=True)
    assert repository_of(tmp_path) is None  # nobody else could find it
    subprocess.run([*git, "remote", "add", "upstream", "https://h.test/up/stream"], check=True)
    subprocess.run([*git, "remote", "add", "origin", "git@h.test:o/r.git"], check=True)
    assert repository_of(tmp_path) == Repository("https://h.test/o/r", None, "topic/x")
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert repository_of(tmp_path) == Repository("https://h.test/o/r", commit, "topic/x")
    subprocess.run([*git, "pack-refs", "--all"], check=True)
    assert repository_of(tmp_path) == Repository("https://h.test/o/r", commit, "topic/x")
    subprocess.run([*git, "checkout", "-q", "--detach"], check=True)
    assert repository_of(tmp_path) == Repository("https://h.test/o/r", commit)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/../../../etc/passwd")
    assert repository_of(tmp_path) == Repository("https://h.test/o/r")
