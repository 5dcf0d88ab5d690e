"""The fixer: what it chooses, that it comes to rest, and how it writes."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.finding import Edit, Finding, Fix, Location, Report, Safety, Severity
from cflint.fixer import Change, FixResult, apply, converge, exact, plan, write
from cflint.report.diff import diffs, unified_diff
from cflint.source import BOM, Document, Span

pytestmark = pytest.mark.portable

Rule = Callable[[Document], list[tuple[Span, str]]]
"""A rule for tests: spans of a document and what should stand there."""


def fixed(
    document: Document, *edits: tuple[int, int, str], safety: Safety = Safety.SAFE, rule: str = "r"
) -> Finding:
    made = tuple(Edit(document, Span(start, end), text) for start, end, text in edits)
    return across(made, safety, rule)


def across(edits: tuple[Edit, ...], safety: Safety = Safety.SAFE, rule: str = "r") -> Finding:
    at = Location(edits[0].document, edits[0].span)
    return Finding("wrong", at, fix=Fix("Mend it", edits, safety), severity=Severity.ERROR, rule=rule)


def report_on(findings: list[Finding]) -> Report:
    return Report(tuple(findings), {}, (), 1, 1, Path("/r"), Path("/r"))


class Workspace:
    """Files in memory, analysed by rules that replace text; counts its analyses."""

    def __init__(
        self, files: Mapping[str, bytes], rules: Mapping[str, Rule], safety: Safety = Safety.SAFE
    ) -> None:
        self.files = dict(files)
        self.rules = rules
        self.safety = safety
        self.runs = 0

    def analyse(self, overlay: Mapping[str, bytes]) -> Report:
        self.runs += 1
        findings = []
        for path, data in sorted({**self.files, **overlay}.items()):
            document = Document(path, data)
            for name, rule in self.rules.items():
                for span, text in rule(document):
                    findings.append(across((Edit(document, span, text),), self.safety, name))
        return report_on(findings)


def replacing(pattern: bytes, text: str) -> Rule:
    def rule(document: Document) -> list[tuple[Span, str]]:
        return [(Span(*match.span()), text) for match in re.finditer(pattern, document.data)]

    return rule


def never(before: Document, after: Document) -> bool:
    return False


def unbalanced(before: Document, after: Document) -> bool:
    def depth(document: Document) -> int:
        return abs(document.data.count(b"(") - document.data.count(b")"))

    return depth(after) > depth(before)


def result(
    files: Mapping[str, bytes], rules: Mapping[str, Rule], worse: Callable[[Document, Document], bool] = never
) -> FixResult:
    return converge(Workspace(files, rules).analyse, Safety.SAFE, parses_worse=worse)


# What is chosen.


def test_touching_fixes_wait_and_separate_ones_go_together() -> None:
    document = Document("a", b"0123456789")
    first, touching, apart = (
        fixed(document, (0, 3, "A")),
        fixed(document, (3, 5, "B")),
        fixed(document, (6, 7, "C")),
    )
    chosen = plan([apart, touching, first], Safety.SAFE)
    assert chosen.findings == (first, apart)
    assert apply(chosen) == {"a": b"A345C789"}


def test_only_the_allowed_safety_is_applied() -> None:
    document = Document("a", b"0123456789")
    items = [fixed(document, (at * 3, at * 3 + 1, "x"), safety=safety) for at, safety in enumerate(Safety)]
    assert plan(items, Safety.SAFE).findings == (items[0],)
    assert plan(items, Safety.UNSAFE).findings == (items[0], items[1])
    assert plan(items, Safety.MANUAL).findings == ()


def test_a_fix_over_several_documents_is_taken_whole_or_not_at_all() -> None:
    code, config = Document("code.ts", b"class A"), Document("wrangler.toml", b"name = 1\n")
    blocker = fixed(code, (0, 5, "klass"))
    both = across((Edit(code, Span(3, 4), "S"), Edit(config, Span(0, 4), "NAME")))
    chosen = plan([blocker, both], Safety.SAFE)
    assert chosen.findings == (blocker,)
    assert "wrangler.toml" not in apply(chosen)
    alone = plan([both], Safety.SAFE)
    assert apply(alone) == {"code.ts": b"claSs A", "wrangler.toml": b"NAME = 1\n"}


def test_an_edit_that_fixes_share_is_made_once() -> None:
    document = Document("a", b"one two three")
    shared = (0, 0, "import x;\n")
    items = [fixed(document, shared, (4, 7, "2")), fixed(document, shared, (8, 13, "3"))]
    chosen = plan(items, Safety.SAFE)
    assert chosen.findings == tuple(items)
    assert apply(chosen) == {"a": b"import x;\none 2 3"}


def test_inserts_of_one_fix_at_one_place_keep_their_order() -> None:
    document = Document("a", b"()")
    assert apply(plan([fixed(document, (1, 1, "a"), (1, 1, "b"))], Safety.SAFE)) == {"a": b"(ab)"}


def test_different_inserts_at_one_place_do_not_mix() -> None:
    document = Document("a", b"()")
    items = [fixed(document, (1, 1, "a")), fixed(document, (1, 1, "b"))]
    assert apply(plan(items, Safety.SAFE)) == {"a": b"(a)"}


@pytest.mark.parametrize(
    ("data", "edits", "reason"),
    [
        (b"abc", ((0, 2, "x"), (1, 3, "y")), "overlap"),
        (b"abc", ((0, 9, "x"),), "outside"),
        ("é".encode(), ((1, 2, "x"),), "in two"),
        (b"caf\xe9 b", ((0, 4, "caf\ufffd"),), "no UTF-8"),
        (b"abc", ((0, 1, "\ud800"),), "no Unicode"),
    ],
)
def test_a_broken_fix_is_left_out_and_told(
    data: bytes, edits: tuple[tuple[int, int, str], ...], reason: str
) -> None:
    chosen = plan([fixed(Document("a", data), *edits)], Safety.SAFE)
    assert chosen.findings == ()
    assert reason in chosen.notices[0].message


def test_a_fix_made_for_another_state_is_left_out() -> None:
    old, new = Document("a", b"abc"), Document("a", b"abcd")
    chosen = plan([fixed(new, (0, 1, "x")), fixed(old, (2, 3, "y"))], Safety.SAFE)
    assert apply(chosen) == {"a": b"xbcd"}
    assert "another state" in chosen.notices[0].message


def test_a_fix_that_changes_nothing_is_none() -> None:
    assert plan([fixed(Document("a", b"abc"), (0, 1, "a"))], Safety.SAFE).findings == ()


def test_inserted_lines_end_as_the_document_does_and_the_bom_stays_first() -> None:
    document = Document("a", BOM + b"a\r\nb\r\n")
    assert exact(Edit(document, Span(0, 4), "x\ny\r\n")) == Edit(document, Span(3, 4), "x\r\ny\r\n")
    assert apply(plan([fixed(document, (0, 0, "new\n"))], Safety.SAFE)) == {"a": BOM + b"new\r\na\r\nb\r\n"}


DATA = st.text(alphabet="ab\ncé", min_size=0, max_size=30).map(str.encode)
SPANS = st.lists(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 5), st.sampled_from(["", "X", "YY", "a"])),
        min_size=1,
        max_size=3,
    ),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(DATA, DATA, SPANS, st.lists(st.booleans(), min_size=24, max_size=24))
def test_any_subset_of_fixes_keeps_the_bytes_outside_their_spans(
    data: bytes, other: bytes, groups: list[list[tuple[int, int, str]]], sides: list[bool]
) -> None:
    documents = (Document("a", data), Document("b", other))
    side = iter(sides)
    findings = [
        across(tuple(Edit(documents[next(side)], Span(at, at + size), text) for at, size, text in group))
        for group in groups
    ]
    chosen = plan(findings, Safety.SAFE)
    for path, edits in chosen.edits.items():
        document = edits[0].document
        assert all(a.span.end <= b.span.start for a, b in pairwise(edits))
        out, kept = apply(chosen)[path], document.data
        assert len(out) == len(kept) + sum(
            len(edit.text.encode()) - (edit.span.end - edit.span.start) for edit in edits
        )
        shift = 0
        for edit in edits:  # what stands outside the spans stands there still, moved
            out_start = edit.span.start + shift
            assert out[out_start : out_start + len(edit.text)].decode() == edit.text
            shift += len(edit.text) - (edit.span.end - edit.span.start)
        outside = set(range(len(kept))) - {
            at for edit in edits for at in range(edit.span.start, edit.span.end)
        }
        for at in outside:
            moved = at + sum(
                len(edit.text) - (edit.span.end - edit.span.start) for edit in edits if edit.span.end <= at
            )
            assert out[moved] == kept[at]
    whole = [set(finding.fix.edits) for finding in chosen.findings if finding.fix]
    made = {edit for edits in chosen.edits.values() for edit in edits}
    assert all(edits <= made for edits in whole)
    assert plan(chosen.findings, Safety.SAFE).edits == chosen.edits


# Coming to rest.


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abcd ", max_size=40))
def test_converging_is_idempotent(text: str) -> None:
    rules = {"ab": replacing(b"ab", "b"), "b": replacing(b"bb", "c"), "c": replacing(b"cc", "")}
    done = result({"f": text.encode()}, rules)
    after = done.changes[0].after if done.changes else text.encode()
    assert not done.notices
    assert not done.report.findings
    assert not re.search(rb"ab|bb|cc", after)
    again = result({"f": after}, rules)
    assert (again.changes, again.applied) == ((), ())


def test_many_fixes_at_one_place_take_a_round_each_and_still_converge() -> None:
    def rule(document: Document) -> list[tuple[Span, str]]:
        missing = [name for name in "abcdefghijklmnopqrst" if f"<{name}>".encode() not in document.data]
        return [(Span(1, 1), f"<{name}>") for name in missing]

    done = result({"f": b"[]"}, {"r": rule})
    assert not done.notices
    assert len(done.applied) == 20
    assert len(done.changes[0].after) == 62


@pytest.mark.parametrize(
    "restless",
    [
        {"up": replacing(b"x", "y"), "down": replacing(b"y", "x")},
        {"grow": lambda document: [(Span(0, 0), "x")]},
        {"swap": replacing(b"[xy]", "yx")},
    ],
)
def test_fixes_that_go_in_circles_are_named_and_left_out(restless: Mapping[str, Rule]) -> None:
    workspace = Workspace({"f": b"x x; foo", "g": b"foo"}, {**restless, "good": replacing(b"foo", "bar")})
    done = converge(workspace.analyse, Safety.SAFE, parses_worse=never)
    assert [(change.path, change.after) for change in done.changes] == [("f", b"x x; bar"), ("g", b"bar")]
    assert {notice.rule for notice in done.notices} == set(restless)
    assert {finding.rule for finding in done.applied} == {"good"}
    assert workspace.runs < 40


def test_a_fix_that_breaks_the_syntax_is_left_out() -> None:
    rules = {"good": replacing(b"foo", "bar"), "bad": replacing(b"baz", "(")}
    done = result({"f": b"foo baz foo foo baz", "g": b"foo"}, rules, unbalanced)
    assert {change.path: change.after for change in done.changes} == {
        "f": b"bar baz bar bar baz",
        "g": b"bar",
    }
    assert {notice.rule for notice in done.notices} == {"bad"}
    assert {finding.rule for finding in done.report.findings} == {"bad"}


def test_a_broken_document_may_still_be_mended() -> None:
    done = result({"f": b"(( foo"}, {"good": replacing(b"foo", "bar")}, unbalanced)
    assert done.changes[0].after == b"(( bar"


def test_files_of_one_fix_are_one_group() -> None:
    def analyse(overlay: Mapping[str, bytes]) -> Report:
        if overlay:
            return report_on([])
        a, b, c = (Document(name, b"x") for name in "abc")
        shared = across((Edit(a, Span(0, 1), "1"), Edit(c, Span(0, 1), "2")))
        return report_on([shared, fixed(b, (0, 1, "3"))])

    done = converge(analyse, Safety.SAFE, parses_worse=never)
    groups = {change.path: change.group for change in done.changes}
    assert groups["a"] == groups["c"] != groups["b"]


# Writing.


def test_write_keeps_the_mode_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "src" / "a.ts"
    file.parent.mkdir()
    file.write_bytes(b"old")
    file.chmod(0o750)
    done = write([Change("src/a.ts", b"old", b"new")], tmp_path, sync=True)
    assert (done.paths, done.notices) == (("src/a.ts",), ())
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o750
    assert [path.name for path in file.parent.iterdir()] == ["a.ts"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: file.write_bytes(b"edited"), "changed since"),
        (lambda file: file.chmod(0o444), "read-only"),
        (lambda file: file.unlink(), "No such file"),
        (lambda file: (file.unlink(), file.mkdir()), "not a regular file"),
        (lambda file: [file.unlink(), *map(os.mkfifo, [file])], "not a regular file"),
    ],
)
def test_what_cannot_be_written_is_told_and_its_group_stays(
    tmp_path: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(b"old")
    spoil(tmp_path / "b")
    done = write(
        [Change("a", b"old", b"new"), Change("b", b"old", b"new"), Change("c", b"old", b"new", 1)], tmp_path
    )
    assert done.paths == ("c",)
    (notice,) = done.notices
    assert notice.path == "b"
    assert reason in notice.message
    assert "nor a" in notice.message
    assert (tmp_path / "a").read_bytes() == b"old"
    assert (tmp_path / "c").read_bytes() == b"new"
    assert not list(tmp_path.glob(".*"))


def test_links_are_followed_within_the_root_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").write_bytes(b"old")
    (root / "real").write_bytes(b"old")
    (root / "inner").symlink_to("real")
    (root / "outer").symlink_to(tmp_path / "outside")
    names = ("inner", "outer", "../outside", str(tmp_path / "outside"))
    done = write([Change(name, b"old", b"new", number) for number, name in enumerate(names)], root)
    assert done.paths == ("inner",)
    assert (root / "inner").is_symlink()
    assert (root / "real").read_bytes() == b"new"
    assert (tmp_path / "outside").read_bytes() == b"old"
    assert len(done.notices) == 3
    assert all("outside the workspace" in notice.message for notice in done.notices)


def test_an_interrupt_leaves_no_half_written_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def interrupted(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write([Change("a", b"old", b"new")], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    done = write([Change("a", b"old", b"new")], tmp_path)
    assert "No space left" in done.notices[0].message
    assert (tmp_path / "a").read_bytes() == b"old"


# Diffs.


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b\tc", "é", ""]), max_size=8),
    st.lists(st.sampled_from(["a", "x", "é"]), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_patch_takes_the_diff(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str], end: str, bom: bool
) -> None:
    head = BOM if bom else b""
    before, after = head + end.join(old).encode(), head + end.join(new).encode()
    if before == after:
        assert unified_diff("f", before, after) == ""
        return
    folder = tmp_path_factory.mktemp("patch")
    (folder / "f").write_bytes(before)
    text = unified_diff("f", before, after).encode()
    subprocess.run(
        ["git", "apply", "--unsafe-paths", "-"], input=text, cwd=folder, check=True, capture_output=True
    )
    assert ((folder / "f").read_bytes() if (folder / "f").exists() else b"") == after


def test_a_diff_cannot_act_on_the_terminal_nor_tell_a_secret() -> None:
    before = b'ok\n\x1b[31m\nTOKEN = "verysecretvalue"\n'
    text = diffs([Change("a\x1b.toml", before, before.replace(b"ok", b"fine"))])
    assert "\x1b" not in text
    assert "verysecret" not in text
    assert "-ok\n+fine\n \\x1b[31m\n" in text
    colored = unified_diff("a", b"x\n", b"y\n", color=True)
    assert "\x1b[31m-x\x1b[0m\n\x1b[32m+y\x1b[0m\n" in colored


def test_fixes_that_parse_only_one_by_one_take_a_round_each() -> None:
    def rule(word: str) -> Rule:
        def check(document: Document) -> list[tuple[Span, str]]:
            return (
                []
                if b"=" in document.data
                else [(Span(place := document.data.index(word.encode()), place), "=")]
            )

        return check

    def parses_worse(before: Document, after: Document) -> bool:
        return after.data.count(b"=") > 1

    workspace = Workspace({"f": b"a b"}, {"a": rule("a"), "b": rule("b")})
    done = converge(workspace.analyse, Safety.SAFE, parses_worse=parses_worse)
    assert [(change.after, done.notices) for change in done.changes] == [(b"=a b", ())]


def test_there_is_no_fix_without_edits() -> None:
    edit = Edit(Document("a", b"x"), Span(0, 1), "y")
    assert Fix.of("Mend it", (edit,), Safety.SAFE) == Fix("Mend it", (edit,), Safety.SAFE)
    assert Fix.of("Mend it", (), Safety.SAFE) is None
    assert Fix.of("Mend it", None, Safety.SAFE) is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [("sé".encode(), "an edit cuts a character in two"), (b"s \xaet", "the bytes there are no UTF-8")],
)
def test_an_edit_at_a_byte_that_begins_no_character(data: bytes, reason: str) -> None:
    document = Document("a.ts", data)
    fix = Fix("Cut", (Edit(document, Span(2, 2), "x"),), Safety.SAFE)
    found = Finding("it is cut", Location(document, Span(0, 1)), fix=fix)
    made = plan([found], Safety.SAFE)
    assert not made.edits
    assert [reason in notice.message for notice in made.notices] == [True]
