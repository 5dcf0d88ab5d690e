"""The summary in Markdown: read back by a parser of Markdown, and no text of a project is more than text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cflint.finding import Finding, Location, Notice, RuleInfo, Severity
from cflint.record import replace
from cflint.report import FORMATS, Options
from cflint.report.markdown import MAX_LENGTH, MAX_ROWS, cell
from cflint.report.repository import Repository, repository_of_job
from cflint.source import Document, Span
from tests.support.report_samples import CHAT, MISSING_MIGRATION, ROOM, RULES, report

pytestmark = pytest.mark.portable

READER = MarkdownIt("commonmark", {"html": True}).enable("table")


def inline_of(text: str) -> list[Token]:
    """What stands in the cells and paragraphs, piece by piece."""
    return [child for token in READER.parse(text) for child in token.children or ()]


def rows_of(text: str) -> list[list[str]]:
    """The cells of the bodies of tables, as people read them."""
    rows: list[list[str]] = []
    for token in READER.parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level == 4 + (token.level > 4):
            rows[-1].append("".join(child.content for child in token.children or ()))
    return [row for row in rows if row]


def test_the_worst_come_first_with_links_to_their_lines() -> None:
    repository = Repository("https://github.com/o/r", "c0ffee")
    text = FORMATS["markdown"](CHAT, Options(repository=repository))
    assert "**1 error, 1 warning, 1 note** in 7 files of 2 Workers.\n" in text
    rows = [row for row in text.splitlines() if re.match(r"\| (error|warning|note) ", row)]
    assert [row.split()[1] for row in rows] == ["error", "warning", "note"]
    links = [token.attrs["href"] for token in inline_of(text) if token.type == "link_open"]
    assert links[0] == "https://github.com/o/r/blob/c0ffee/wrangler.jsonc#L5"
    assert links[1] == "https://example.test/rules/migration-missing-class"
    assert "- `cflint check --fix` fixes 1.\n" in text
    assert "- `cflint check --fix --unsafe-fixes` fixes 1 more: review the changes.\n" in text
    assert text.endswith("\n\n- ⚠️ wrangler.toml: wrangler reads wrangler.jsonc and ignores wrangler.toml\n")


def test_nothing_found_and_partial() -> None:
    text = FORMATS["markdown"](report(partial=True), Options(fixed=2))
    assert text == (
        "## cflint\n\n**The analysis is partial: not everything could be read.**\n\n"
        "Fixed 2 findings. No findings in 7 files of 2 Workers.\n"
    )


def test_statistics_stand_in_for_the_findings() -> None:
    workers = {"src/room.ts": ("chat", "api|x"), "wrangler.jsonc": ("chat",)}
    text = FORMATS["markdown"](replace(CHAT, workers=workers), Options(statistics=True))
    assert "location" not in text
    assert [row for row in rows_of(text) if row[0] in ("chat", "api|x")] == [
        ["chat", "3", "1", "1", "1", "3"],
        ["api|x", "2", "", "1", "1", "2"],
    ]


def test_it_fits_into_a_comment() -> None:
    many = [
        Finding("x" * 5_000, Location(ROOM, Span(number, number + 1)), rule="r", severity=Severity.ERROR)
        for number in range(MAX_ROWS * 2)
    ]
    text = FORMATS["markdown"](report(*many), Options())
    assert len(text) < MAX_LENGTH + 2_000
    shown = sum(row.startswith("| error |") for row in text.splitlines())
    assert 0 < shown < MAX_ROWS
    assert f"… and {len(many) - shown} more." in text
    text = FORMATS["markdown"](report(*(replace(one, message="short") for one in many)), Options())
    assert sum(row.startswith("| error |") for row in text.splitlines()) == MAX_ROWS


HOSTILE = (
    "</td><script>alert(1)</script> | x\n# y [a](javascript:b) ![i](//e) @octocat #12 https://evil.test `"
)


def test_a_hostile_project_is_only_text() -> None:
    document = Document(f"src/{HOSTILE}.ts", b"x\n")
    rules = {"r": RuleInfo("r", "g", Severity.ERROR, HOSTILE, HOSTILE, uri='javascript:x("y") | <b>')}
    finding = Finding(HOSTILE, Location(document, Span(0, 1)), rule="r", severity=Severity.ERROR)
    notice = Notice(HOSTILE, HOSTILE, 1, "warning")
    text = FORMATS["markdown"](
        report(finding, rules=rules, notices=(notice,)),
        Options(repository=Repository("https://github.com/o/r", "c0ffee")),
    )
    pieces = inline_of(text)
    assert {piece.type for piece in pieces} <= {
        "text",
        "text_special",
        "code_inline",
        "link_open",
        "link_close",
        "strong_open",
        "strong_close",
        "softbreak",
    }
    hrefs = [str(piece.attrs["href"]) for piece in pieces if piece.type == "link_open"]
    assert len(hrefs) == 1
    assert hrefs[0].startswith("https://github.com/o/r/blob/c0ffee/src/%3C/td%3E%3Cscript")
    assert not any(href.lower().startswith("javascript") for href in hrefs)
    shown = READER.render(text)
    assert "<script" not in shown
    assert not re.search(r"[@#]\w", re.sub(r"<code>.*?</code>|<[^>]*>", "", shown).replace("&#", ""))
    assert "https://evil" not in re.sub(r"<[^>]*>", "", shown)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.sampled_from("`|<>[]()\r\\&!_*@#:/"), st.characters()), max_size=40))
def test_a_text_is_one_cell_of_text_and_code(text: str) -> None:
    from cflint.report.escape import escape_message

    found = READER.parse(f"| a | b |\n|---|---|\n| {cell(escape_message(text))} | end |\n")
    cells = [token for token in found if token.type == "inline"]
    assert len(cells) == 4
    assert cells[3].content == "end"
    assert {child.type for child in cells[2].children or ()} <= {"text", "text_special", "code_inline"}


@pytest.mark.parametrize(
    ("variables", "page"),
    [
        (
            {"GITHUB_SERVER_URL": "https://git.corp.test", "GITHUB_REPOSITORY": "o/r", "GITHUB_SHA": "abc"},
            "https://git.corp.test/o/r/blob/abc/a.ts#L3",
        ),
        (
            {"CI_PROJECT_URL": "https://gitlab.corp.test/g/p", "CI_COMMIT_SHA": "abc"},
            "https://gitlab.corp.test/g/p/-/blob/abc/a.ts#L3",
        ),
        ({"GITHUB_SERVER_URL": "javascript:", "GITHUB_REPOSITORY": "o/r", "GITHUB_SHA": "abc"}, None),
        ({"CI_PROJECT_URL": "https://gitlab.test/g/p", "CI_COMMIT_SHA": "a) [x"}, None),
        ({}, None),
    ],
)
def test_the_repository_of_a_job(variables: dict[str, str], page: str | None) -> None:
    found = repository_of_job(variables)
    assert (found.page("a.ts", 3) if found is not None else None) == page


@pytest.mark.parametrize(
    ("uri", "page"),
    [
        ("https://gitlab.com/g/p", "https://gitlab.com/g/p/-/blob/abc/a.ts#L3"),
        ("https://bitbucket.org/g/p", "https://bitbucket.org/g/p/src/abc/a.ts#lines-3"),
        ("https://git.sr.ht/x/y", None),
    ],
)
def test_pages_of_hosts(uri: str, page: str | None) -> None:
    assert Repository(uri, "abc").page("a.ts", 3) == page
    assert Repository(uri).page("a.ts", 3) is None


def test_the_names_of_rules_are_links_where_they_have_a_page() -> None:
    text = FORMATS["markdown"](report(MISSING_MIGRATION, rules=RULES), Options())
    assert "[migration-missing-class](https://example.test/rules/migration-missing-class)" in text
    assert "[migration-missing-class]" not in FORMATS["markdown"](
        report(MISSING_MIGRATION, rules={}), Options()
    )
