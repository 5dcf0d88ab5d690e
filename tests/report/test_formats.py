"""The formats that other programs read: each taken by a reader or a schema, none open to injection."""

from __future__ import annotations

import json
import re
from datetime import date
from io import BytesIO
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from lxml import etree

from cflint.finding import Edit, Finding, Fix, Location, Notice, Report, RuleInfo, Safety, Severity
from cflint.fixer import apply, plan
from cflint.project.workers.circumstances import PLAIN, Circumstances
from cflint.project.workers.runtime_types import RuntimeTypes
from cflint.record import replace
from cflint.report import FORMATS, Options
from cflint.report.changes import changed_lines
from cflint.report.excerpt import code_of
from cflint.source import BOM, Document, Span
from tests.support import paths
from tests.support.github_actions import command_in
from tests.support.golden import compare
from tests.support.report_samples import (
    CHAT,
    CONFIG,
    LEGACY_ACCEPT,
    MISSING_MIGRATION,
    ROOM,
    ROOT,
    place,
    report,
)
from tests.support.schemas import closed_object

pytestmark = pytest.mark.portable

MACHINE = ("github", "gitlab", "junit", "checkstyle", "rdjson", "json", "sarif")


def render(format: str, *findings: Finding, **options: Any) -> str:
    return FORMATS[format](report(*findings), Options(**options))


@pytest.mark.parametrize("format", ["github", "gitlab", "junit", "checkstyle", "rdjson", "agent"])
def test_golden(format: str) -> None:
    compare(f"report.{format}.txt", FORMATS[format](CHAT, Options()))


# -- readers --------------------------------------------------------------------------------------------


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands as the runner reads them: one a line, nothing else on it."""
    found = []
    assert text.endswith("\n") or not text
    for line in text.split("\n")[:-1]:
        assert line.startswith("::")
        command = command_in(line)
        assert command is not None
        assert command[1].keys() <= {"file", "line", "endLine", "col", "endColumn", "title"}
        found.append(command)
    return found


_LINE = {"type": "integer", "minimum": 1}
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}:[0-9]+$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "additionalProperties": False,
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "additionalProperties": False,
                        "properties": {"begin": _LINE, "end": _LINE},
                    },
                },
            },
        },
    },
}
"""What GitLab's documentation asks of the report, with nothing besides."""


_POSITION = closed_object("line column", line=_LINE, column=_LINE)
_RANGE = closed_object("start end", start=_POSITION, end=_POSITION)
_PLACE = closed_object("path range", path={"type": "string", "minLength": 1}, range=_RANGE)
RDJSON = closed_object(
    "source diagnostics",
    source=closed_object("name", name={"const": "cflint"}),
    diagnostics={
        "type": "array",
        "items": closed_object(
            "message location severity code",
            message={"type": "string", "minLength": 1},
            location=_PLACE,
            severity={"enum": ["ERROR", "WARNING", "INFO"]},
            code=closed_object("value", value={"type": "string"}, url={"type": "string", "format": "uri"}),
            suggestions={
                "type": "array",
                "maxItems": 1,
                "items": closed_object("range text", range=_RANGE, text={"type": "string"}),
            },
            related_locations={
                "type": "array",
                "items": closed_object("message location", message={"type": "string"}, location=_PLACE),
            },
        ),
    },
)
"""What cflint writes of reviewdog's format; the names are those of its `reviewdog.proto`."""

_XSD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{}</xs:schema>'
CHECKSTYLE = etree.XMLSchema(
    etree.fromstring(
        _XSD.format(
            """
<xs:element name="checkstyle"><xs:complexType><xs:sequence>
  <xs:element name="file" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
    <xs:element name="error" maxOccurs="unbounded"><xs:complexType>
      <xs:attribute name="line" type="xs:positiveInteger" use="required"/>
      <xs:attribute name="column" type="xs:positiveInteger" use="required"/>
      <xs:attribute name="severity" use="required"><xs:simpleType><xs:restriction base="xs:string">
        <xs:enumeration value="error"/><xs:enumeration value="warning"/><xs:enumeration value="info"/>
      </xs:restriction></xs:simpleType></xs:attribute>
      <xs:attribute name="message" type="xs:string" use="required"/>
      <xs:attribute name="source" type="xs:string" use="required"/>
    </xs:complexType></xs:element>
  </xs:sequence><xs:attribute name="name" type="xs:string" use="required"/></xs:complexType></xs:element>
</xs:sequence><xs:attribute name="version" type="xs:string" use="required"/></xs:complexType></xs:element>
"""
        )
    )
)
_COUNTS = """<xs:attribute name="name" type="xs:string" use="required"/>
<xs:attribute name="tests" type="xs:positiveInteger" use="required"/>
<xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
<xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
<xs:attribute name="time" type="xs:decimal" use="required"/>"""
JUNIT = etree.XMLSchema(
    etree.fromstring(
        _XSD.format(
            f"""
<xs:element name="testsuites"><xs:complexType><xs:sequence>
  <xs:element name="testsuite" maxOccurs="unbounded"><xs:complexType><xs:sequence>
    <xs:element name="testcase" maxOccurs="unbounded"><xs:complexType>
      <xs:choice minOccurs="0">
        <xs:element name="failure"><xs:complexType mixed="true">
          <xs:attribute name="type" type="xs:string" use="required"/>
          <xs:attribute name="message" type="xs:string" use="required"/>
        </xs:complexType></xs:element>
        <xs:element name="error"><xs:complexType mixed="true">
          <xs:attribute name="type" type="xs:string" use="required"/>
          <xs:attribute name="message" type="xs:string" use="required"/>
        </xs:complexType></xs:element>
        <xs:element name="skipped"><xs:complexType>
          <xs:attribute name="message" type="xs:string" use="required"/>
        </xs:complexType></xs:element>
      </xs:choice>
      <xs:attribute name="classname" type="xs:string" use="required"/>
      <xs:attribute name="name" type="xs:string" use="required"/>
      <xs:attribute name="time" type="xs:decimal" use="required"/>
    </xs:complexType></xs:element>
  </xs:sequence>{_COUNTS}
  <xs:attribute name="file" type="xs:string"/>
  <xs:attribute name="skipped" type="xs:nonNegativeInteger" use="required"/></xs:complexType></xs:element>
</xs:sequence>{_COUNTS}</xs:complexType></xs:element>
"""
        )
    )
)


def parsed_xml(text: str, schema: Any) -> Any:
    tree = etree.parse(BytesIO(text.encode("utf-8")), etree.XMLParser(resolve_entities=False))
    schema.assertValid(tree)
    return tree.getroot()


def parsed_rdjson(text: str) -> Any:
    assert text.isascii()
    data = json.loads(text)
    jsonschema.Draft202012Validator(RDJSON).validate(data)
    return data["diagnostics"]


def parsed_gitlab(text: str) -> Any:
    assert text.isascii()
    data = json.loads(text)
    jsonschema.Draft202012Validator(GITLAB).validate(data)
    assert len({item["fingerprint"] for item in data}) == len(data)
    return data


# -- what they read -------------------------------------------------------------------------------------


def test_github() -> None:
    found = commands(FORMATS["github"](CHAT, Options()))
    assert [name for name, _, _ in found] == ["warning", "notice", "error", "warning"]
    assert found[0][1] == {
        "file": "src/room.ts",
        "line": "6",
        "endLine": "6",
        "col": "3",
        "endColumn": "18",
        "title": "cflint: ws-legacy-accept",
    }
    assert found[0][2].endswith("closes\nfix: Accept it with `this.ctx.acceptWebSocket(server)`")
    assert found[1][1].keys() == {"file", "line", "endLine", "title"}  # over several lines: no columns
    assert (found[1][1]["line"], found[1][1]["endLine"]) == ("7", "13")
    partial = commands(FORMATS["github"](report(partial=True), Options()))
    assert [name for name, _, _ in partial] == ["error"]


def test_paths_are_from_the_root_for_platforms_and_from_here_for_tools() -> None:
    here = report(MISSING_MIGRATION, base=ROOT / "workers" / "api")
    assert commands(FORMATS["github"](here, Options()))[0][1]["file"] == "wrangler.jsonc"
    assert parsed_gitlab(FORMATS["gitlab"](here, Options()))[0]["location"]["path"] == "wrangler.jsonc"
    away = "../../wrangler.jsonc"
    assert parsed_rdjson(FORMATS["rdjson"](here, Options()))[0]["location"]["path"] == away
    assert parsed_xml(FORMATS["checkstyle"](here, Options()), CHECKSTYLE)[0].get("name") == away
    assert parsed_xml(FORMATS["junit"](here, Options()), JUNIT)[0].get("name") == away
    assert FORMATS["agent"](here, Options()).startswith(away + "\n")


def test_gitlab() -> None:
    found = parsed_gitlab(FORMATS["gitlab"](CHAT, Options()))
    assert [item["severity"] for item in found] == ["minor", "info", "major"]
    assert found[1]["location"] == {"path": "src/room.ts", "lines": {"begin": 7, "end": 13}}
    assert parsed_gitlab(render("gitlab")) == []


def test_junit() -> None:
    text = FORMATS["junit"](CHAT, Options())
    parsed_xml(text, JUNIT)
    suites = list(JUnitXml.fromstring(text.encode()))
    assert [(suite.name, suite.tests, suite.failures, suite.skipped) for suite in suites] == [
        ("src/room.ts", 2, 1, 1),
        ("wrangler.jsonc", 1, 1, 0),
    ]
    case = next(iter(suites[1]))
    assert case.name == "migration-missing-class (5:36)"
    (failure,) = case.result
    assert failure.type == "error"
    assert failure.message == MISSING_MIGRATION.message
    assert failure.text.endswith("\nfix: Add a migration with `new_sqlite_classes`")
    counted = JUnitXml.fromstring(text.encode())
    counted.update_statistics()  # type: ignore[no-untyped-call]
    assert (counted.tests, counted.failures) == (3, 2)


@pytest.mark.parametrize(("partial", "errors"), [(False, 0), (True, 1)])
def test_junit_without_findings_is_one_test(partial: bool, errors: int) -> None:
    text = FORMATS["junit"](report(partial=partial), Options())
    root = parsed_xml(text, JUNIT)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "0", str(errors))
    (suite,) = JUnitXml.fromstring(text.encode())
    assert (suite.tests, suite.errors) == (1, errors)


def test_checkstyle() -> None:
    root = parsed_xml(FORMATS["checkstyle"](CHAT, Options()), CHECKSTYLE)
    assert [(file.get("name"), len(file)) for file in root] == [("src/room.ts", 2), ("wrangler.jsonc", 1)]
    assert dict(root[0][0].attrib) == {
        "line": "6",
        "column": "3",
        "severity": "warning",
        "message": LEGACY_ACCEPT.message,
        "source": "cflint.ws-legacy-accept",
    }
    assert len(parsed_xml(render("checkstyle"), CHECKSTYLE)) == 0


def test_rdjson() -> None:
    accept, listener, migration = parsed_rdjson(FORMATS["rdjson"](CHAT, Options()))
    assert accept["location"]["range"] == {
        "start": {"line": 6, "column": 3},
        "end": {"line": 6, "column": 18},
    }
    assert accept["suggestions"] == [
        {"range": accept["location"]["range"], "text": "this.ctx.acceptWebSocket(server)"}
    ]
    assert "suggestions" not in listener  # never applied by itself
    assert migration["related_locations"][0]["location"]["path"] == "src/room.ts"
    elsewhere = Fix("Mend", (Edit(ROOM, Span(0, 0), "//\n"),), Safety.SAFE)
    (other,) = parsed_rdjson(render("rdjson", Finding("m", place(CONFIG, "ROOM"), fix=elsewhere, rule="r")))
    assert "suggestions" not in other


def _offset(document: Document, position: dict[str, int]) -> int:
    return document.line_span(position["line"]).start + position["column"] - 1


@pytest.mark.parametrize("mark", [b"", BOM])
def test_suggestions_of_rdjson_do_what_the_fix_does(mark: bytes) -> None:
    document = Document("a.ts", mark + "a = '😀';\r\nb = 2;\r\n".encode())
    smile, end = document.data.index("😀".encode()), document.data.index(b"2;")
    edits = (
        Edit(document, Span(smile, smile + 4), "x\ny"),
        Edit(document, Span(end, end + 1), "3"),
    )
    item = Finding("m", place(document, "a"), fix=Fix("Mend", edits, Safety.SAFE), rule="r")
    ((suggestion,),) = [found["suggestions"] for found in parsed_rdjson(render("rdjson", item))]
    start, stop = (_offset(document, suggestion["range"][key]) for key in ("start", "end"))
    mended = document.data[:start] + suggestion["text"].encode() + document.data[stop:]
    assert mended == apply(plan([item], Safety.SAFE))["a.ts"]


def test_agent_says_each_fix_once_and_leaves_large_ones_to_the_tool() -> None:
    again = Finding("again", place(ROOM, "client"), (), LEGACY_ACCEPT.fix, Severity.NOTE, "ws-legacy-accept")
    shown = render("agent", LEGACY_ACCEPT, again)
    assert shown.count("acceptWebSocket(server);") == 1
    assert "fix: the same as that of 5:10\n" in shown
    large = Fix("Rewrite", (Edit(ROOM, Span(0, len(ROOM.data)), "x\n" * 40),), Safety.UNSAFE)
    shown = render("agent", Finding("m", place(ROOM, "client"), fix=large, rule="r"))
    every = "all by `cflint check --diff --unsafe-fixes`"
    assert f"  fix (unsafe): Rewrite (56 lines, the first 12 here, {every})\n" in shown
    assert [row.split()[0] for row in shown.splitlines()[3:-2]] == [f"-{line}" for line in range(1, 13)]
    assert "warning" not in FORMATS["agent"](report(notices=CHAT.notices), Options(quiet=True))
    assert render("agent") == "No findings.\n"


def circumstances(**given: Any) -> Circumstances:
    known: dict[str, Any] = {"kind": PLAIN, "name": "chat", "config": "wrangler.jsonc", "wrangler": "3.78.2"}
    known |= {"compatibility_date": date(2024, 5, 1), "uses_nodejs": True, "environments": ("a", "b")}
    known |= {
        "env_types": (("Env", place(ROOM, "export")),),
        "types": RuntimeTypes.NONE,
        "language": "",
    }
    return Circumstances(**{**known, **given})


def agent_rows(**by_path: tuple[Circumstances, ...]) -> list[str]:
    """What the format says of the Workers of `src/room.ts` (`room`) and `wrangler.jsonc` (`config`)."""
    paths = {"room": ROOM.path, "config": CONFIG.path}
    given = Options(circumstances={paths[name]: workers for name, workers in by_path.items()})
    return [row for row in FORMATS["agent"](CHAT, given).splitlines() if row.startswith("  of ")]


def test_agent_says_once_what_edits_of_a_worker_depend_on() -> None:
    known = circumstances()
    assert agent_rows(room=(known,), config=(known,)) == [
        "  of wrangler.jsonc, compatibility date 2024-05-01, nodejs_compat, wrangler 3.78.2, "
        "environments a/b, Env line 3, no types"
    ]
    (row,) = agent_rows(config=(known,))
    assert "wrangler.jsonc" not in row and "Env src/room.ts:3" in row
    assert "Env" not in agent_rows(room=(known,))[0], "who edits this file alone has it in sight"
    new = circumstances(compatibility_date=date(2026, 8, 1), env_types=(), types=RuntimeTypes.GENERATED)
    assert "compatibility date" not in agent_rows(room=(new,))[0], "a date of the last year"
    assert "no compatibility date" in agent_rows(room=(circumstances(compatibility_date=None),))[0]


def test_agent_names_workers_that_share_a_file_and_what_is_no_plain_one() -> None:
    two = (circumstances(), circumstances(name="other", config="other/wrangler.toml", kind="Pages project"))
    first, second = agent_rows(room=two)
    assert first.startswith("  of `chat`, wrangler.jsonc, ")
    assert second.startswith("  of `other`, Pages project, other/wrangler.toml, ")
    many = tuple(circumstances(name=str(at)) for at in range(5))
    assert len(agent_rows(room=many)) == 3
    far = circumstances(config="src/wrangler.jsonc", kind="Astro", language="JavaScript")
    (row,) = agent_rows(room=(far,))
    assert row.startswith("  of Astro, ./wrangler.jsonc, ") and row.endswith("JavaScript")
    nothing = circumstances(config="", compatibility_date=None, uses_nodejs=False, environments=())
    assert agent_rows(room=(replace(nothing, wrangler="", env_types=(), types=RuntimeTypes.UNKNOWN),)) == []
    odd = circumstances(environments=("a\nb ##[error]",))
    assert "a\\nb" in agent_rows(room=(odd,))[0]


def test_agent_says_what_to_do_where_no_fix_does() -> None:
    found = place(ROOM, "client")
    rows = render(
        "agent",
        Finding("m", found, (), None, Severity.NOTE, "ws-legacy-accept"),
        Finding("n", found, (), None, Severity.NOTE, "ws-legacy-accept"),
    ).splitlines()
    line = ROOM.data.decode().splitlines()[ROOM.position(found.span.start).line - 1].strip()
    assert rows.count(f"    | {line}") == 2, "the line of code tells the place after edits, too"
    assert [row for row in rows if row.startswith("    do: ")] == [
        f"    do: {CHAT.rules['ws-legacy-accept'].summary}"
    ]
    assert rows[-1].startswith("2 notes. More: ")
    assert not [row for row in rows if row.startswith("`-N` is")], "where none is shown"


def test_agent_says_once_why_a_fix_is_not_safe_and_what_to_do_without_one() -> None:
    page = (
        "Sum.\n\n## What to do\n\nWrite `a`,\nor `b`.\n\n"
        "## Fix safety\n\nSafe here. Unsafe there: it bites.\n"
    )
    rules = {"r": RuleInfo("r", "g", Severity.NOTE, "Sum", page)}
    fixes = [Fix("Mend", (Edit(ROOM, Span(at, at + 1), "x"),), Safety.UNSAFE) for at in (0, 1)]
    found = [Finding("m", place(ROOM, "client"), fix=fix, rule="r") for fix in (*fixes, None, None)]
    rows = FORMATS["agent"](replace(report(*found), rules=rules), Options()).splitlines()
    assert [row for row in rows if "why" in row] == ["      why: there: it bites"]
    assert rows.index("    fix (unsafe): Mend") + 1 == rows.index("      why: there: it bites")
    assert [row for row in rows if "do: " in row] == ["    do: Write `a`, or `b`."]


def test_agent_says_what_to_do_about_this_message() -> None:
    """Of several messages of one rule each gets its own edit, once."""
    page = (
        'Sum.\n\n## What to do\n\nMend it.\n\n- "is empty": Fill\n  it.\n- "is `x`": Write `y`.\n\n'
        "## Fix safety\n\nNo fix.\n"
    )
    rules = {"r": RuleInfo("r", "g", Severity.NOTE, "Sum", page)}
    messages = ["a is empty", "b is `x`", "c is odd", "d is empty"]
    found = [Finding(message, place(ROOM, "client"), rule="r") for message in messages]
    rows = FORMATS["agent"](replace(report(*found), rules=rules), Options()).splitlines()
    assert [row.strip() for row in rows if "do: " in row] == [
        "do: Fill it.",
        "do: Write `y`.",
        "do: Mend it.",
    ]


def test_what_is_added_after_a_bracket_is_shown_after_it() -> None:
    """And not before the next one like it, where a comparison from both ends would put it."""
    document = Document("a.json", b'{\n  "a": {\n    "b": 1\n  }\n}\n')
    end = document.data.index(b"  }") + 3
    fix = Fix("Add", (Edit(document, Span(end, end), ',\n  "c": {\n  }'),), Safety.SAFE)
    ((_, rows),) = changed_lines(fix)
    assert rows == [("-", 4, "  }"), ("+", 4, "  },"), ("+", 5, '  "c": {'), ("+", 6, "  }")]


def test_agent_shows_the_line_of_a_place_in_another_file() -> None:
    away = Document("wrangler.json", b'{\n  "new_classes": ["Room"],  \n  "long": "' + b"x" * 200 + b'"\n}\n')
    here = place(ROOM, "client").saying("here, too")
    there = (place(away, "Room").saying("chosen here"), place(away, "xxx").saying("long"))
    shown = render("agent", Finding("m", place(ROOM, "client"), (here, *there), rule="r")).splitlines()
    assert shown[2].startswith("    see ") and shown[2].endswith(" here, too")
    assert shown[3:6] == [
        "    see wrangler.json:2:20 chosen here",
        '      | "new_classes": ["Room"],',
        "    see wrangler.json:3:12 long",
    ]
    assert shown[6].startswith('      | "long": "xxx') and shown[6].endswith("xxx...") and len(shown[6]) < 120


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("@db.prepare(\n  `SELECT 1`\n)\n  .bind(a)\nnext();", ["db.prepare(", "`SELECT 1`", ".bind(a)"]),
        ("a = @await db\n  .run(b)\nnext();", ["a = await db", ".run(b)"]),
        ("try {\n} @catch (e) {\n  return [];\n}\nnext();", ["} catch (e) {", "return [];"]),
        ("super(\n@{\n  a: 1 }\n);", ["super(", "{"]),
        ("class A extends @B {\n  f() {}\n}", ["class A extends B {"]),
        ("f(@1,\n2,\n\n3)", ["f(1,", "2,"]),
        ("f(@1,\n2,\n3,\n4,\n5)", ["f(1,", "2,", "3,", "4,"]),
        ("f(@g.", ["f(g."]),
    ],
)
def test_code_is_shown_as_far_as_it_goes_on(code: str, shown: list[str]) -> None:
    at = code.index("@")
    document = Document("a.ts", code.replace("@", "").encode())
    assert list(code_of(Location(document, Span(at, at + 1)), 3)) == shown
    assert len(list(code_of(Location(document, Span(at, at + 1)), 0))) == 1


def test_agent_is_short() -> None:
    assert len(FORMATS["agent"](CHAT, Options())) < 0.75 * len(FORMATS["text"](CHAT, Options()))


# -- injection ------------------------------------------------------------------------------------------

_NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from("\n\r\t\x1b\x00\x0b\x85\u2028\u202e\ufeff\ufffe\ud800\udce9:,%;=&<>\"'/]["),
        st.characters(),
    ),
    max_size=30,
)
_PARTS = st.sampled_from(
    [
        "::error::x",
        "##[error]x",
        "##vso[task.complete]",
        "#",
        "\t::add-mask::x",
        "%0A",
        "]]>",
        "<!--",
        "&#27;",
        "]](",
        "\\",
        "fix: ",
        "a.ts",
    ]
)
_TEXT = st.lists(st.one_of(_NASTY, _PARTS), min_size=1, max_size=4).map("".join).filter(bool)


@settings(max_examples=150, deadline=None)
@given(name=_TEXT, message=_TEXT, rule=_TEXT, title=_TEXT, source=_TEXT)
def test_no_name_and_no_message_breaks_out(
    name: str, message: str, rule: str, title: str, source: str
) -> None:
    found = _report(f"src/{name}", message, rule, title, source)
    written = {format: FORMATS[format](found, Options()) for format in FORMATS}
    for text in written.values():
        text.encode("utf-8")
        assert all(char.isprintable() or char in "\n\t" for char in text)

    (command,) = commands(written["github"])
    assert command[0] == "error"
    assert command[1]["line"] == "1"
    if name.isprintable():
        assert command[1]["file"] == f"src/{name}"
    if message.isprintable() and title.isprintable() and "##" not in message + title:
        assert command[2] == f"{message}\nfix: {title}"

    (issue,) = parsed_gitlab(written["gitlab"])
    (diagnostic,) = parsed_rdjson(written["rdjson"])
    (suite,) = parsed_xml(written["junit"], JUNIT)
    (file,) = parsed_xml(written["checkstyle"], CHECKSTYLE)
    assert len(suite) == len(file) == 1
    if message.isprintable():
        assert issue["description"] == diagnostic["message"] == message
        assert suite[0][0].get("message") == file[0].get("message") == message
    if name.isprintable() and "/" not in name:
        assert issue["location"]["path"] == file.get("name") == suite.get("name") == f"src/{name}"
        assert diagnostic["location"]["path"] == f"src/{name}"

    for format in written.keys() - {"github"}:
        assert not [line for line in written[format].split("\n") if command_in(line)], format
        assert not re.search(r"##[A-Za-z]*\[", written[format])

    rows = written["agent"].split("\n")
    assert rows[-1] == ""
    assert [row for row in rows[:-1] if not row.startswith("  ")] == [rows[0], *rows[-3:-1]]
    assert rows[-3].startswith("`-N` is ")
    assert len(written["concise"].split("\n")) == 2


@pytest.mark.parametrize("name", ["::error::x.ts", " ::add-mask::a.ts", "##[error]x.ts", "a ##vso[x]y.ts"])
@pytest.mark.parametrize("format", [name for name in FORMATS if name != "github"])
def test_a_file_name_is_no_command_to_a_runner(name: str, format: str) -> None:
    shown = FORMATS[format](_report(name, "m", "r", "t", f"x{name}"), Options())
    assert not [line for line in shown.split("\n") if command_in(line)]
    assert "##[" not in shown and "##vso[" not in shown


def test_a_runners_command_in_a_line_of_code_moves_no_mark() -> None:
    document = Document("a.ts", b"x = '##[error]'; bad();\n")
    shown = render("text", Finding("m", place(document, "bad()"), rule="r"))
    code, marks = shown.split("\n")[3:5]
    assert code.index("bad()") == marks.index("^^^^^")


def _report(path: str, message: str, rule: str, title: str, source: str) -> Report:
    document = Document(path, source.encode("utf-8", "replace"))
    at = Location(document, Span(0, len(document.data)))
    fix = Fix(title, (Edit(document, Span(0, 0), title),), Safety.SAFE)
    return report(Finding(message, at, (), fix, Severity.ERROR, rule))


def test_no_secret_gets_out() -> None:
    token = "ghp_" + "a1B2" * 9
    document = Document("a.ts", f'const x = "{token}";\n'.encode())
    fix = Fix(
        f"Remove {token}",
        (Edit(document, Span(10, 10), f"/* {token} */"), Edit(document, Span(0, 5), "let")),
        Safety.SAFE,
    )
    item = Finding(
        f"`{token}` is a secret",
        place(document, "x", token),
        (place(document, "const", token),),
        fix,
        rule="r",
    )
    for format in FORMATS:
        shown = FORMATS[format](report(item, notices=(Notice(token, "a.ts", 1, "warning"),)), Options())
        assert "ghp_****" in shown, format
        assert token not in shown, format


def test_rules_without_a_page_to_link_to_are_fine() -> None:
    item = Finding("m", place(CONFIG, "ROOM"), severity=Severity.ERROR, rule="secret-in-vars")
    assert report(item).rules["secret-in-vars"].uri is None
    unknown = Finding("m", place(CONFIG, "ROOM"), severity=Severity.ERROR, rule="nobody-knows-it")
    for format in FORMATS:
        assert FORMATS[format](report(item, unknown), Options(hyperlinks=True, color=True))


def test_formats_are_documented_where_they_are_chosen() -> None:
    page = (paths.ROOT / "docs" / "guides" / "formats.md").read_text()
    assert all(f"`{format}`" in page for format in FORMATS)
