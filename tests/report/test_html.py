"""The page for browsers, as text: what is in it, and that nothing of a project is markup. `test_page.py`
drives it in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.finding import Edit, Finding, Fix, Location, Notice, Report, RuleInfo, Safety, Severity
from cflint.record import replace
from cflint.report import FORMATS, Options
from cflint.report.comparing import Earlier, Incomparable, compared, read_earlier
from cflint.report.repository import Repository
from cflint.source import Document, Span
from tests.support.report_samples import CHAT, LEGACY_ACCEPT, MISSING_MIGRATION, ROOM, place, report

pytestmark = pytest.mark.portable


class Page(HTMLParser):
    """The elements of a page, and the texts of those that hold no markup."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else ""
        if self._inside:
            self.raw.append((tag if dict(attrs).get("type") is None else str(dict(attrs)["id"]), ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[-1] = (self.raw[-1][0], self.raw[-1][1] + data)

    @property
    def data(self) -> Any:
        return json.loads(dict(self.raw)["data"])


def rendered(found: Report, **options: Any) -> str:
    return FORMATS["html"](found, Options(**options))


def data_of(found: Report, **options: Any) -> Any:
    return Page(rendered(found, **options)).data


EMPTY_TAGS = Page(rendered(report())).tags
"""The elements of a page without findings: no page has others."""


def test_it_needs_no_network_and_allows_nothing_but_its_own_parts() -> None:
    page = Page(rendered(CHAT, picture=b"<svg/>"))
    policies = [attrs["content"] or "" for _, attrs in page.tags if attrs.get("http-equiv")]
    assert len(policies) == 1
    parts = dict(page.raw)
    for name in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(parts[name].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}';" in policies[0]
    assert policies[0].startswith("default-src 'none';")
    assert "unsafe" not in policies[0]
    for tag, attrs in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attrs), (tag, attrs)
        assert "src" not in attrs
        assert tag not in ("iframe", "object", "embed", "base")
        assert attrs.get("href") in (None, "data:,", "#list")
    assert base64.b64decode(parts["drawing"]) == b"<svg/>"


def test_findings_with_their_source_and_fixes() -> None:
    workers = {"src/room.ts": ("chat", "other")}
    data = data_of(replace(CHAT, workers=workers), repository=Repository("https://github.com/o/r", "abc"))
    accept, listener, migration = data["findings"]
    assert [found[0] for found in data["findings"]] == [2, 1, 3]
    assert [data["workers"][at] for at in accept[3]] == ["chat", "other"]
    assert migration[3] == []
    first, related = accept[5]
    assert data["paths"][first[0]] == "src/room.ts"
    assert first[1:] == [6, 3, 6, 18, "cannot hibernate"]
    assert related[5] == "the server end comes from here"
    lines = data["lines"][str(first[0])]
    assert lines["6"] == "\t\tserver.accept();"
    assert {"4", "5", "6", "7", "8"} <= lines.keys()
    assert data["fixes"][accept[7]] == [
        "Accept it with `this.ctx.acceptWebSocket(server)`",
        "unsafe",
        [
            [
                first[0],
                [["-", 6, "\t\tserver.accept();"], ["+", 6, "\t\tthis.ctx.acceptWebSocket(server);"]],
                0,
            ]
        ],
    ]
    assert data["fixes"][listener[7]][1] == "manual"
    assert data["rules"][accept[1]] == [
        "ws-legacy-accept",
        "websockets",
        "Accept a Durable Object's WebSockets with `ctx.acceptWebSocket()`.",
        "https://example.test/rules/ws-legacy-accept",
    ]
    assert data["pages"][first[0]] == "https://github.com/o/r/blob/abc/src/room.ts#L"
    assert data["past"] is None


def test_a_long_line_is_shown_around_the_place() -> None:
    document = Document("a.js", b"x" * 50 + b"; " + b"y;" * 5_000 + b"HERE(1)" + b";z" * 5_000 + b"\n")
    data = data_of(report(Finding("m", place(document, "HERE(1)"), rule="r")))
    (found,) = data["findings"][0][5]
    text, start, end = found[6]
    assert text[start:end] == "HERE(1)"
    assert len(text) <= 400
    assert len(data["lines"]["0"]["1"]) <= 401


def test_secrets_are_starred_wherever_they_stand() -> None:
    secret = "sk_live_0123456789abcdefABCDEF"
    document = Document("src/a.ts", f'const API_KEY = "{secret}";\nfetch();\n'.encode())
    env = Document(".dev.vars", b"NAME=verysecretvalue\n")
    fix = Fix("Move it", (Edit(document, Span(0, 0), f'const k = "{secret}";\n'),), Safety.UNSAFE)
    findings = (
        Finding(
            f"has {secret}", place(document, "fetch"), (place(env, "NAME", f"see {secret}"),), fix, rule="r"
        ),
        Finding(
            "m",
            place(document, "fetch"),
            fix=Fix(f"{secret}", (Edit(document, Span(0, 5), "let"),), Safety.SAFE),
            rule="r",
        ),
    )
    text = rendered(report(*findings, notices=(Notice(secret, "p", 1, "warning"),)))
    assert secret[8:] not in text
    assert "verysecret" not in text
    data = Page(text).data
    assert data["fixes"][0][2] is None
    assert "".join(data["lines"]["1"].values()).startswith("NAME=****")


HOSTILE = (
    "</script><script>alert(1)</script><!--<script>",
    "]]>",
    "--><img src=x onerror=alert(1)>",
    "\u2028\u2029\x00\x1b[31m",
    "{{data}}{{picture}}",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "\u202e\u200b",
    "\ud83d\udc80\udcff",
)


def hostile(text: str) -> Report:
    """A report in which everything that comes from a project is a text."""
    source = Document(
        f"src/{text}.ts",
        f"{text}\n{text}\n".encode("utf-8", "surrogateescape" if "\udcff" not in text else "replace"),
    )
    fix = Fix(text, (Edit(source, Span(0, 0), text),), Safety.SAFE)
    rules = {text: RuleInfo(text, text, Severity.ERROR, text, text, uri=text)}
    finding = Finding(
        text,
        Location(source, Span(0, 2), text),
        (Location(source, Span(1, 2), text),),
        fix,
        Severity.ERROR,
        text,
    )
    return replace(
        report(finding, notices=(Notice(text, text, 1, "warning"),), rules=rules),
        workers={source.path: (text,)},
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_project_adds_no_element(text: str) -> None:
    found = hostile(text)
    page = Page(rendered(found, no_picture=text))
    shape = [(tag, sorted(attrs)) for tag, attrs in page.tags]
    assert shape == [(tag, sorted(attrs)) for tag, attrs in EMPTY_TAGS]
    data = page.data
    assert len(data["findings"]) == 1
    assert data["rules"][0][3] == ""
    assert not re.search(
        "[\x00-\x08\x0a-\x1f\x7f\u202a-\u202e\u2028\u2029\u200b\ud800-\udfff]",
        json.dumps(data["findings"] + data["paths"] + list(data["lines"].values()), ensure_ascii=False),
    )


@settings(max_examples=100, deadline=None)
@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("<>&\"'/!-{}"), st.characters(exclude_categories=["Cs"])),
        max_size=30,
    )
)
def test_any_text_stays_text(text: str) -> None:
    page = Page(rendered(hostile(text + "x")))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in EMPTY_TAGS]
    assert len(page.data["findings"]) == 1


# -- earlier reports -------------------------------------------------------------------------------------


def earlier(*findings: Finding) -> Earlier:
    return read_earlier("old.json", FORMATS["json"](report(*findings), Options()).encode())


def test_what_has_come_gone_and_moved() -> None:
    below = Document("src/room.ts", b"// one more line\n" + ROOM.data)
    moved = replace(LEGACY_ACCEPT, at=place(below, "server.accept()"))
    old = earlier(LEGACY_ACCEPT, MISSING_MIGRATION)
    new = Finding("new", place(below, "client"), rule="r")
    found = compared(report(moved, new), old)
    assert [None if before is None else before.line for before in found.before] == [None, 6]
    assert [gone.rule for gone in found.gone] == ["migration-missing-class"]
    data = data_of(report(moved, new), earlier=(earlier(), old))
    assert data["past"]["before"] == [0, ["src/room.ts", 6]]
    assert data["past"]["gone"] == [
        [3, "migration-missing-class", MISSING_MIGRATION.message, "wrangler.jsonc", 5]
    ]
    assert data["past"]["counts"] == [["old.json", 0, 0, 0], ["old.json", 1, 1, 0]]


def test_a_finding_whose_file_was_renamed_is_the_same() -> None:
    renamed = Document("src/hall.ts", ROOM.data)
    found = compared(
        report(replace(LEGACY_ACCEPT, at=place(renamed, "server.accept()"))), earlier(LEGACY_ACCEPT)
    )
    assert found.before[0] is not None
    assert found.before[0].path == "src/room.ts"
    assert found.gone == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"nope", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no JSON report of cflint"),
        (b'{"runs": []}', "no JSON report of cflint"),
        (b'{"tool": {"name": "cflint"}}', "no list of findings"),
        (b'{"tool": {"name": "cflint"}, "findings": [{}]}', "its finding 1 lacks something"),
        (b'{"tool": {"name": "cflint"}, "findings": [3]}', "its finding 1 lacks something"),
        (
            b'{"tool": {"name": "cflint"}, "findings": [{"rule": 1, "severity": "error", "message": "",'
            b' "path": "", "fingerprint": "", "start": {"line": 1}}]}',
            "its finding 1 is none of cflint's",
        ),
    ],
)
def test_what_is_no_report_is_said(data: bytes, said: str) -> None:
    with pytest.raises(Incomparable, match=said):
        read_earlier("x", data)
