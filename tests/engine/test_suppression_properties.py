"""A comment silences exactly what it names, where it stands."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cflint.engine.suppression import read_suppressions
from cflint.source import BOM, Document
from cflint.syntax.javascript import EXTENSIONS, parse
from tests.fuzz.code_targets import check_suppressions
from tests.support.fixture_cases import Case, cases, expected, reported, rules_for, run

pytestmark = pytest.mark.portable

SPEAKING = [
    case
    for case in cases()
    if expected(case.files)[0] and not any(b"cflint-ignore" in data for data in case.files.values())
]
MARKS = {".py": "#", ".toml": "#", ".json": "//", ".jsonc": "//", **dict.fromkeys(EXTENSIONS, "//")}


def _is_in_template(path: str, data: bytes, line: int) -> bool:
    """Whether a line, 1-based, begins within a template literal, where a comment is text."""
    if not path.endswith(EXTENSIONS):
        return False
    document = Document(path, data)
    syntax = parse(document)
    start = document.line_span(line).start
    node = syntax.node_at(start, start + 1)
    return node is not None and syntax.enclosing(node, frozenset({"template_string"})) is not None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SPEAKING), st.data())
def test_a_comment_above_silences_one_finding(case: Case, data: st.DataObject) -> None:
    files, rules = case.files, rules_for(case.rule)
    before = reported(run(files, rules).findings)
    places = sorted(
        place
        for place in before
        if place[0].endswith(tuple(MARKS)) and not place[0].endswith(("package.json", "_routes.json"))
    )  # these have no comments
    assume(places)
    path, line, rule = data.draw(st.sampled_from(places))
    group = rules[rule].group
    name = data.draw(st.sampled_from([rule, group, f"other-rule, {rule}"]))
    lines = files[path].split(b"\n")
    mark = next(mark for ending, mark in MARKS.items() if path.endswith(ending))
    assume(line > 1 or not files[path].startswith(BOM))
    # markers of fixtures are comments between which another may stand
    lines.insert(line - 1, f"{mark} cflint-ignore {name}: it is meant".encode())
    text = b"\n".join(lines)
    assume(not _is_in_template(path, files[path], line))
    assume(rule != "syntax-error")  # a line more can move the place where the grammar gives up
    report = run({**files, path: text}, rules)
    after = reported(report.findings)
    assert not any(
        at == (path, line + 1, rule) or (at[:2] == (path, line + 1) and name == group == rules[at[2]].group)
        for at in after
    )
    others = {
        (where, at + (where == path and at >= line), what): count
        for (where, at, what), count in before.items()
        if (where, at) != (path, line)
    }
    own = {"unused-suppression"}
    assert {at: n for at, n in after.items() if at[:2] != (path, line + 1) and at[2] not in own} == {
        at: n for at, n in others.items() if at[2] not in own
    }


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "// ",
                "/* ",
                " */",
                "# ",
                "<!-- ",
                " -->",
                "{/* ",
                "*/}",
                "cflint-ignore",
                "-file",
                " ",
                ", ",
                ": ",
                "a-rule",
                "kv",
                "x();",
                "\n",
                "\r\n",
                "é",
                '"',
                "`",
                "\t",
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_comments_lie_in_the_text_and_in_order(text: str) -> None:
    check_suppressions(text.encode())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["a-rule", "kv", "b2"]), min_size=1, max_size=3, unique=True),
    st.sampled_from(["// {}", "/* {} */", "# {}", "<!-- {} -->", "{{/* {} */}}", "//{}", "/** {} */"]),
    st.sampled_from(["", ": because, and so", " -- reason"]),
    st.sampled_from([None, "2026-08-31", "2026-09-01", "soon", "2026-9-1"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_way_to_write_one(
    names: list[str], form: str, reason: str, until: str | None, last: bool, alone: bool, newline: str
) -> None:
    """In tests it is 2026-09-01."""
    end = f" until={until}" if until is not None else ""
    words = f"{', '.join(names)}{reason}{end}" if last else f"{', '.join(names)}{end}{reason}"
    comment = form.format(f"cflint-ignore {words}")
    text = newline.join(["first();", comment, "", "next();"] if alone else [f"first(); {comment}", "next();"])
    (found,) = read_suppressions(Document("a.ts", text.encode())).comments
    assert [name for name, _ in found.names] == names
    assert found.lines == frozenset({4 if alone else 1})
    assert text.encode()[found.span.start : found.span.end].decode() == comment.removesuffix("}")
    if until is None:
        assert found.until is None
        assert not found.has_ended
        return
    assert found.until is not None
    assert text.encode()[found.until.span.start : found.until.span.end].decode() == f"until={until}"
    assert found.until.day == (date.fromisoformat(until) if until.startswith("2026-0") else None)
    assert found.has_ended == (until == "2026-08-31")
    by_name = read_suppressions(Document("a.ts", text.encode())).use_for(names[:1], 4 if alone else 1)
    assert (by_name is None) == found.has_ended
