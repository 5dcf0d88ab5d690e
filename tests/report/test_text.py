"""Text and concise output: frames, escapes, cuts, secrets, the summary."""

from __future__ import annotations

import re
from time import process_time
from unicodedata import east_asian_width

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.finding import Finding, Fix, Location, Notice, Safety, Severity
from cflint.report import FORMATS, Options
from cflint.report.cells import cells_of
from cflint.report.escape import masked, masked_source, uri, visible
from cflint.report.frame import Mark, frame, lay_out
from cflint.source import Document, Span
from tests.support.golden import compare
from tests.support.report_samples import CHAT, CONFIG, LEGACY_ACCEPT, ROOM, ROOT, between, place, report, span

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def text(*findings: Finding, **options: object) -> str:
    return FORMATS["text"](report(*findings), Options(**options))  # type: ignore[arg-type]


def finding(at: Location, *related: Location, message: str = "wrong", rule: str = "a-rule") -> Finding:
    return Finding(message, at, related, None, Severity.ERROR, rule)


@pytest.mark.parametrize(
    ("name", "format", "options"),
    [
        ("report.txt", "text", Options()),
        ("report.color.txt", "text", Options(color=True, hyperlinks=True)),
        ("report.concise.txt", "concise", Options()),
        ("report.json", "json", Options()),
        ("report.sarif", "sarif", Options()),
    ],
)
def test_golden(name: str, format: str, options: Options) -> None:
    compare(name, FORMATS[format](CHAT, options))


def test_color_only_adds_escape_sequences() -> None:
    assert ANSI.sub("", FORMATS["text"](CHAT, Options(color=True))) == FORMATS["text"](CHAT, Options())


def test_single_line_marks_share_their_row() -> None:
    document = Document("a.ts", b"const a = foo(bar, baz);\n")
    shown = text(
        finding(place(document, "foo", "call"), place(document, "bar", "one"), place(document, "baz", "two"))
    )
    assert "\n".join(shown.split("\n")[1:9]) == "\n".join(
        (
            " --> a.ts:1:11",
            "   |",
            " 1 | const a = foo(bar, baz);",
            "   |           ^^^ ---  --- two",
            "   |           |   |",
            "   |           |   one",
            "   |           call",
            "",
        )
    )


def test_nested_spans_of_several_lines() -> None:
    document = Document("a.ts", b"x = f({\n  a: [\n    1,\n  ],\n});\n")
    shown = text(finding(between(document, "{", "}", "object"), between(document, "[", "]", "array")))
    assert shown.split("\n")[2:13] == [
        "   |",
        " 1 |     x = f({",
        "   |  _________^",
        " 2 | |     a: [",
        "   | |  ______-",
        " 3 | | |     1,",
        " 4 | | |   ],",
        "   | | |___- array",
        " 5 | |   });",
        "   | |___^ object",
        "",
    ]


def test_long_spans_are_elided() -> None:
    document = Document("a.ts", b"{\n" + b"  a;\n" * 50 + b"}\n")
    rows = text(finding(Location(document, Span(0, len(document.data) - 1), "all"))).split("\n")
    assert [row for row in rows if row.startswith(("...", " 1", " 2", "52"))] == [
        " 1 | / {",
        " 2 | |   a;",
        "...| |",
        "52 | | }",
    ]
    assert len(rows) < 15


def test_related_places_far_away_and_in_other_files_get_their_own_frame() -> None:
    far = Document("far.ts", b"first\n" + b"\n" * 60 + b"last\n")
    shown = text(finding(place(far, "last"), place(far, "first", "begins"), place(CONFIG, "ROOM", "bound")))
    assert " --> far.ts:62:1\n" in shown
    assert " ::: far.ts:1:1\n" in shown
    assert " ::: wrangler.jsonc:5:29\n" in shown
    assert "^^^^" in shown
    assert "----- begins" in shown
    assert "---- bound" in shown


def test_nothing_from_a_file_reaches_the_terminal_raw() -> None:
    evil = "\x1b[31m\u202e\x07\x9b\u2028\r"
    document = Document(f"src/{evil}\n::error::.ts", f"a = '{evil}';\nb\n".encode())
    item = Finding(
        f"bad {evil}\nerror: fake",
        place(document, "a", f"label {evil}\n"),
        (place(document, "b", evil),),
        Fix(f"mend {evil}", (), Safety.MANUAL),
        Severity.ERROR,
        f"rule{evil}",
    )
    notices = (Notice(f"said {evil}\n", f"p{evil}"), Notice(evil, level="warning"))
    for format in ("text", "concise"):
        shown = FORMATS[format](report(item, notices=notices), Options())
        assert all(char == "\n" or char.isprintable() for char in shown)
        assert r"\x1b[31m\u202e\x07\x9b\u2028\r" in shown
    concise = FORMATS["concise"](report(item), Options())
    assert concise.count("\n") == 1
    assert r"\n::error::.ts:1:1: error[" in concise


def test_a_name_that_is_no_utf8_is_encodable_everywhere() -> None:
    document = Document("caf\udce9.ts", b"caf\xe9\n")
    for render in FORMATS.values():
        shown = render(report(finding(place(document, "caf"))), Options())
        shown.encode("utf-8")
    assert "caf\\xe9.ts:1:1" in text(finding(place(document, "caf")))
    assert uri("caf\udce9 ü/a:b%.ts") == "caf%E9%20%C3%BC/a%3Ab%25.ts"


def test_wide_characters_tabs_and_escapes_keep_the_carets_in_place() -> None:
    document = Document("a.ts", "\t漢字 é e\u0301 \x1b \u202e here\n".encode())
    rows = text(finding(place(document, "here"))).split("\n")
    source = next(row for row in rows if row.startswith(" 1 |"))
    carets = next(row for row in rows if "^" in row)
    cells = sum(
        0 if char == "\u0301" else 2 if east_asian_width(char) in "WF" else 1
        for char in source[: source.index("here")]
    )
    assert cells == carets.index("^^^^")


def test_long_lines_are_cut_around_the_span() -> None:
    document = Document("a.js", b"x" * 90_000 + b"NEEDLE" + b"y" * 90_000)
    rows = text(finding(place(document, "NEEDLE")), width=80).split("\n")
    source, carets = rows[3], rows[4]
    assert source.startswith(" 1 | ...x")
    assert source.endswith("y...")
    assert len(source) <= 80
    assert carets.index("^^^^^^") == source.index("NEEDLE")


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet="ab\t\n\r é漢\u0301\u202e\x1b", max_size=60).map(str.encode),
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 80)), min_size=1, max_size=5),
    st.integers(20, 60),
)
def test_any_marks_on_any_text_make_a_frame(data: bytes, spans: list[tuple[int, int]], width: int) -> None:
    document = Document("a.ts", data)
    marks = [Mark(Span(a, a + b), f"m{index}", index == 0) for index, (a, b) in enumerate(spans)]
    rows = list(frame(document, marks, gutter=2, width=width, paint=lambda text, style: text))
    joined = "\n".join(rows)
    assert all(f"m{index}" in joined for index in range(len(marks)) if spans[index][1] == 0)
    assert all(row == row.rstrip() and row.isprintable() for row in rows)
    assert "^" in joined


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.integers(0, 300), st.integers(20, 50))
def test_a_line_never_outgrows_its_budget(line: str, offset: int, budget: int) -> None:
    document = Document("a.ts", line.encode("utf-8", "replace"))
    bounds = document.line_span(1)
    at = min(max(offset, bounds.start), bounds.end)
    shown = lay_out(document, 1, Span(at, at), budget)
    cells = sum(2 if east_asian_width(char) in "WF" else 1 for char in shown.text)
    assert sum(1 for char in shown.text if ord(char) < 0x300) <= budget
    assert visible(shown.text) == shown.text
    assert shown.column(at) <= max(budget, cells)


def test_secrets_are_starred_out() -> None:
    config = Document(
        "wrangler.toml", b'[vars]\nAPI_TOKEN = "hunter2hunter2"\nK = "sk_live_51Habcdefghij0"\n'
    )
    variables = Document(".dev.vars", b"PASSWORD=correct-horse\n")
    shown = text(
        finding(place(config, "hunter2hunter2"), place(config, "51H")),
        finding(place(variables, "PASSWORD"), message="is postgres://me:swordfish@db/x"),
    )
    for secret in ("hunter2hunter2", "51H", "correct-horse", "swordfish"):
        assert secret not in shown
    assert 'API_TOKEN = "hunt**********"' in shown
    assert "PASSWORD=*************" in shown
    assert "postgres://me:*********@db/x" in shown


@pytest.mark.parametrize(
    "harmless",
    [
        'TOKEN_TTL = 3600',
        'secret_name = "my-secret-name"',
        'TURNSTILE_SITE_KEY = "0x4AAAAAAAB"',
        'pattern = "task-some-very-long-identifier"',
        'import a from "npm_package_without_digits"',
        'route = "https://example.com:8080/a@b"',
    ],
)  # fmt: skip
def test_what_is_no_secret_stays(harmless: str) -> None:
    assert masked_source("wrangler.toml", harmless) == harmless


@settings(max_examples=200)
@given(st.text(alphabet="sk_live-ghpAKIA0123:/@.'\"= TOKEN\\", max_size=80))
def test_masking_keeps_the_length_and_is_stable(line: str) -> None:
    for path in ("wrangler.toml", ".dev.vars", "a.ts"):
        once = masked_source(path, line)
        assert len(once) == len(line)
        assert len(masked(line)) == len(line)


@given(st.text(max_size=30))
def test_visible_is_printable_and_keeps_what_is(value: str) -> None:
    shown = visible(value)
    assert visible(shown) == shown
    assert shown.replace("\u200d", "").isprintable()
    if value.isprintable():
        assert visible(value) == value


def test_paths_are_from_where_the_user_stands() -> None:
    item = LEGACY_ACCEPT
    for base, expected in (
        (ROOT / "src", "room.ts"),
        (ROOT / "docs", "../src/room.ts"),
        (ROOT, "src/room.ts"),
    ):
        assert FORMATS["concise"](report(item, base=base), Options()).startswith(f"{expected}:6:3: ")


def test_summary() -> None:
    assert FORMATS["text"](report(), Options()) == "All checks passed in 7 files of 2 Workers.\n"
    assert FORMATS["text"](report(), Options(fixed=2)) == (
        "Fixed 2 findings. All checks passed in 7 files of 2 Workers.\n"
    )
    partial = FORMATS["text"](report(partial=True), Options())
    assert "All checks passed" not in partial
    assert "partial" in partial
    assert "Found 1 error, 1 warning, 1 note in 2 files (1 fixable with `--fix`, 1 more" in FORMATS["text"](
        CHAT, Options()
    )
    assert FORMATS["concise"](report(), Options()) == ""


def test_links_go_only_to_harmless_addresses() -> None:
    linked = text(LEGACY_ACCEPT, hyperlinks=True)
    assert (
        "\x1b]8;;https://example.test/rules/ws-legacy-accept\x1b\\[ws-legacy-accept]\x1b]8;;\x1b\\" in linked
    )


def test_many_notices_are_counted() -> None:
    notices = tuple(Notice("skipped", f"{number}.js") for number in range(50))
    shown = FORMATS["text"](report(notices=notices), Options())
    assert "... and 30 more notices" in shown


def test_empty_documents_and_ends_of_files() -> None:
    empty = Document("wrangler.jsonc", b"")
    assert " 1 |\n   | ^\n" in text(finding(Location(empty, Span(0, 0))))
    end = len(ROOM.data)
    assert f" --> src/room.ts:{ROOM.line_count}:1" in text(finding(Location(ROOM, Span(end, end + 99))))
    assert span(ROOM, "import").start == 0


def test_many_related_places_are_counted() -> None:
    document = Document("a.ts", b"x;" * 400)
    others = [Location(document, Span(at, at + 1), f"m{at}") for at in range(2, 800, 2)]
    shown = text(finding(Location(document, Span(0, 1)), *others))
    assert "= note: 389 more related places" in shown
    assert "m20\n" in shown
    assert "m22" not in shown


@pytest.mark.parametrize(
    "unit", ["sk-", "sk-a", "://a:", "://", "token", "token='", "a.", "eyJ-", 'secret="\\\\', "1"]
)
def test_masking_is_linear(unit: str) -> None:
    start = process_time()
    masked_source("wrangler.json", unit * (200_000 // len(unit)))
    assert process_time() - start < 5


def test_long_headers_and_fixes_wrap_at_words_and_keep_short_code_whole() -> None:
    message = "the `message listener` keeps 漢字漢字漢字 in memory, " * 4 + "done"
    title = "Move `this and that` out of the way, " * 5 + "done"
    item = Finding(
        message, place(ROOM, "server.accept()"), (), Fix(title, (), Safety.UNSAFE), Severity.ERROR, "a-rule"
    )
    rows = text(item, width=60).split("\n")
    start = next(at for at, row in enumerate(rows) if row.startswith("   = fix: "))
    header = rows[: next(at for at, row in enumerate(rows) if "-->" in row)]
    offer = rows[start : rows.index("", start)]
    assert len(header) > 2
    assert len(offer) > 2
    assert all(row.startswith("  ") for row in header[1:])
    assert " ".join(row.strip() for row in header) == f"error[a-rule]: {message}"
    assert " ".join(row.strip() for row in offer) == (
        f"= fix: {title} (unsafe: review the change; apply with `--fix --unsafe-fixes`)"
    )
    for row in [*header, *offer]:
        assert row.count("`") % 2 == 0
        assert sum(2 if east_asian_width(char) in "WF" else 1 for char in row) <= 60
    colored = FORMATS["text"](report(item), Options(width=60, color=True))
    assert ANSI.sub("", colored).split("\n") == rows


@pytest.mark.parametrize("width", [40, 47, 60, 79, 100])
def test_on_a_terminal_no_row_is_wider_than_it(width: int) -> None:
    many = Finding(
        "nothing waits for `this.ctx.storage.put()` here",
        place(ROOM, "server.accept()", "the socket is accepted here, and keeps the object awake"),
        (
            place(ROOM, "Object.values(new WebSocketPair())", "both ends of the socket come from here"),
            place(ROOM, "WebSocketPair", "the class of `workerd` that makes them"),
        ),
        None,
        Severity.WARNING,
        "a-rule-with-a-long-name",
    )
    note = Notice("skipped: the file is larger than the limit of 1 MiB: it has 1,600,000 bytes", path="a.ts")
    listed = report(many, *CHAT.findings, notices=(note, *CHAT.notices))
    rows = FORMATS["text"](listed, Options(width=width, on_terminal=True)).split("\n")
    assert [row for row in rows if cells_of(row) > width and "-->" not in row and ":::" not in row] == []
    whole = " ".join(" ".join(row.strip(" |") for row in rows).split())
    for said in ("the socket is accepted here, and keeps", "1,600,000 bytes", "for the reasons and the fix."):
        assert said in whole
    if width > 60:
        assert "both ends of the socket come from here" in whole


def test_off_a_terminal_a_notice_is_one_row() -> None:
    note = Notice("a long notice " * 20 + "ends", path="a.ts")
    assert note.message in FORMATS["text"](report(notices=(note,)), Options(width=40))
    assert note.message not in FORMATS["text"](report(notices=(note,)), Options(width=40, on_terminal=True))


def test_an_emoji_of_several_characters_keeps_the_carets_in_place() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    document = Document(f"{family}.ts", f'say("{family}\u202e", NEEDLE);'.encode())
    shown = text(finding(Location(document, span(document, "NEEDLE"))))
    assert f" --> {family}.ts:1:" in shown
    source, carets = (row for row in shown.split("\n") if "NEEDLE" in row or "^" in row)
    assert f'say("{family}\\u202e", NEEDLE);' in source
    assert carets.index("^") == cells_of(source[: source.index("NEEDLE")])


def test_quiet_is_the_findings_alone() -> None:
    quiet = FORMATS["text"](CHAT, Options(quiet=True))
    assert FORMATS["text"](CHAT, Options()).startswith(quiet + "\n")
    assert "Found" not in quiet
    assert "skipped" not in quiet
    assert FORMATS["text"](report(notices=CHAT.notices), Options(quiet=True)) == ""
    assert "warning: " not in FORMATS["concise"](report(notices=CHAT.notices), Options(quiet=True))


def test_where_to_read_more_is_said_when_there_is_something_to_read_of() -> None:
    assert text(LEGACY_ACCEPT).endswith("\nRun `cflint explain RULE` for the reasons and the fix.\n")
    assert "explain" not in text()
