"""The page for browsers, driven in Chromium: filters, links, the keyboard, print, a phone, 20,000 findings,
what axe-core says. `.ci/install-browser` installs what it takes; without it these tests are skipped."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cflint.finding import Edit, Finding, Fix, Location, Report, Safety, Severity
from cflint.fleet.page import as_html
from cflint.fleet.questions import Answer, Asked
from cflint.record import replace
from cflint.report import FORMATS, Options
from cflint.report.comparing import read_earlier
from cflint.source import Document, Span
from tests.report.test_html import HOSTILE, hostile
from tests.support.report_samples import CHAT, LEGACY_ACCEPT, LISTENER, RULES, report

sync_api: Any = pytest.importorskip("playwright.sync_api", reason=".ci/install-browser installs it")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(os.environ.get("CFLINT_AXE", ".oracles/node_modules/axe-core/axe.min.js"))
SHOTS = os.environ.get("CFLINT_SCREENSHOTS")
"""A folder for pictures of the pages, to be looked at."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.xdist_group("browser"),
]

needs_axe = pytest.mark.skipif(not AXE.is_file(), reason=f"no {AXE}: .ci/install-browser installs it")

PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="300"
 height="80"><script>alert(1)</script>
<g class="node"><title>n0</title><a xlink:href="src/room.ts#L4" xlink:title="ChatRoom &amp; all">
<text x="9" y="40" fill="#000000">Workers</text></a></g>
<a xlink:href="javascript:alert(1)"><text x="9" y="60">harmless</text></a>
<image href="https://x.example/a.png"/><foreignObject><p>no</p></foreignObject></svg>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Pages:
    """Opens reports as pages; `problems` is what a console had, or a page asked of a network."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._contexts: list[Any] = []
        self.problems: list[str] = []

    def open(
        self,
        found: Report,
        fragment: str = "",
        *,
        size: tuple[int, int] = (1280, 900),
        scheme: str = "light",
        **options: Any,
    ) -> Any:
        return self.show(FORMATS["html"](found, Options(**options)), fragment, size=size, scheme=scheme)

    def show(
        self, html: str, fragment: str = "", *, size: tuple[int, int] = (1280, 900), scheme: str = "light"
    ) -> Any:
        """Open a page by its text."""
        file = self._folder / "report.html"
        file.write_text(html, encoding="utf-8")
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
        )
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.problems.append(message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: self.problems.append(f"dialog {dialog.message}"))
        page.on(
            "request",
            lambda request: (
                None if request.url.startswith(("file:", "data:")) else self.problems.append(request.url)
            ),
        )
        page.goto(f"{file.as_uri()}{fragment}")
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def pages(browser: Any, tmp_path: Path) -> Iterator[Pages]:
    made = Pages(browser, tmp_path)
    yield made
    made.close()
    assert made.problems == []


WORKERS = {"src/room.ts": ("chat", "rooms"), "wrangler.jsonc": ("chat",)}
SAMPLE = replace(CHAT, workers=WORKERS)


def earlier() -> Any:
    return read_earlier(
        "old.json",
        FORMATS["json"](report(LEGACY_ACCEPT, replace(LISTENER, message="gone")), Options()).encode(),
    )


def shown(page: Any) -> list[str]:
    """The rules of the findings in the list."""
    return [
        text.split("\n")[1]
        for text in page.locator("#findings .meta").evaluate_all(
            "all => all.map(it => [...it.children].map(c => c.textContent).join('\\n'))"
        )
    ]


def seen(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_what_is_where_at_a_glance(pages: Pages) -> None:
    page = pages.open(SAMPLE, picture=PICTURE)
    assert (
        page.locator("#summary").text_content()
        == "3 findings; 7 files of 2 Workers checked. 1 finding suppressed by comments."
    )
    assert page.locator(".tile").all_text_contents() == ["1error", "1warning", "1note"]
    assert page.locator(".panel h2").all_text_contents() == ["Workers (2)", "Rules (3)", "Files (2)"]
    assert shown(page) == ["migration-missing-class", "ws-legacy-accept", "ws-event-listener-in-do"]
    page.click("#picture > summary")
    assert page.locator("#picture svg").evaluate("it => it.getBoundingClientRect().width") == 300
    page.click("#notices > summary")
    assert page.locator("#notices li").count() == 2


def test_the_picture_has_links_and_nothing_that_acts(pages: Pages) -> None:
    page = pages.open(SAMPLE, picture=PICTURE)
    page.click("#picture > summary")
    link, other = page.locator("#picture svg a").all()
    assert link.get_attribute("href") == "src/room.ts#L4"
    assert link.locator("title").text_content() == "ChatRoom & all"
    assert other.get_attribute("href") is None and other.text_content() == "harmless"
    names = page.evaluate("[...document.querySelectorAll('#picture svg *')].map((it) => it.localName)")
    assert sorted(names) == ["a", "a", "g", "text", "text", "title"]
    written = page.locator("#picture svg").evaluate("it => it.outerHTML")
    assert "alert" not in written and "x.example" not in written
    link.focus()
    assert page.evaluate("document.activeElement.href.baseVal") == "src/room.ts#L4"


def test_filters_change_the_list_and_the_address_which_can_be_shared(pages: Pages) -> None:
    page = pages.open(SAMPLE)
    page.select_option("#worker", "rooms")
    assert shown(page) == ["ws-legacy-accept", "ws-event-listener-in-do"]
    page.click(".tile.note")
    assert shown(page) == ["ws-event-listener-in-do"]
    assert page.locator("#count").text_content() == "1 of 3 findings"
    fragment = page.evaluate("location.hash")
    assert fragment == "#severity=note&worker=rooms"
    again = pages.open(SAMPLE, fragment)
    assert shown(again) == ["ws-event-listener-in-do"]
    assert again.input_value("#worker") == "rooms"
    again.click("#clear")
    assert len(shown(again)) == 3
    assert again.evaluate("location.hash") == ""
    again.click(".row >> text=wrangler.jsonc")
    assert shown(again) == ["migration-missing-class"]
    again.click(".row >> text=wrangler.jsonc")
    assert len(shown(again)) == 3
    assert len(shown(pages.open(SAMPLE, "#worker=nobody&severity=x&page=99&finding=none"))) == 3


def test_search(pages: Pages) -> None:
    page = pages.open(SAMPLE)
    page.fill("#q", "HIBERNATING room.ts")
    sync_api.expect(page.locator("#count")).to_have_text("1 of 3 findings")
    assert shown(page) == ["ws-event-listener-in-do"]
    assert page.evaluate("location.hash") == "#q=HIBERNATING+room.ts"
    page.fill("#q", "nothing like it")
    sync_api.expect(page.locator("#count")).to_have_text("0 of 3 findings")


def test_a_finding_has_its_source_related_places_and_fix_and_a_link(pages: Pages) -> None:
    page = pages.open(SAMPLE)
    details = page.locator("#findings details").nth(1)
    details.locator("summary").click()
    assert details.locator("mark").all_text_contents() == ["server.accept()", "new WebSocketPair()"]
    assert details.locator(".removed").text_content().endswith("- \t\tserver.accept();")
    assert details.locator(".added").text_content().endswith("+ \t\tthis.ctx.acceptWebSocket(server);")
    assert "the server end comes from here" in details.text_content()
    details.locator("button.copy").click()
    details.locator("button.copy >> text=/Copied|address bar/").wait_for()
    key = details.get_attribute("data-key")
    again = pages.open(SAMPLE, f"#finding={key}")
    assert again.locator("#findings details[open]").count() == 1
    assert again.evaluate("document.activeElement.textContent").startswith("warning")


def test_by_keyboard_alone(pages: Pages) -> None:
    page = pages.open(SAMPLE, picture=PICTURE)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "q"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#findings details").nth(1).get_attribute("open") is not None
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    assert page.locator("#findings details[open]").count() == 2
    page.keyboard.press("End")
    assert "listener" in page.evaluate("document.activeElement.textContent")
    page.focus(".tile.error")
    page.keyboard.press("Space")
    assert shown(page) == ["migration-missing-class"]
    assert "tile error" in page.evaluate("document.activeElement.className"), "the focus stays where it was"


def test_what_has_changed(pages: Pages) -> None:
    page = pages.open(SAMPLE, earlier=(earlier(), earlier()))
    assert "Since old.json: 2 new, 1 gone, 0 moved." in page.locator("#past").text_content()
    assert page.locator("#past tbody tr").count() == 3
    page.select_option("#state", "new")
    assert shown(page) == ["migration-missing-class", "ws-event-listener-in-do"]
    page.click("#gone > summary")
    assert page.locator("#gone li").count() == 1
    seen(page, "changes")


def test_print_has_all_that_is_chosen_with_its_source(pages: Pages) -> None:
    page = pages.open(large(120))
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#findings details[open] pre").count() >= 120
    assert not page.locator("#filters").is_visible()
    assert not page.locator("#pager").is_visible()
    seen(page, "print")
    assert page.pdf()[:5] == b"%PDF-"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#findings > li").count() == 50


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_project_acts(pages: Pages, text: str) -> None:
    page = pages.open(hostile(text), no_picture=text)
    page.locator("#findings summary").click()
    assert page.locator("#findings details script, #findings img, #findings iframe").count() == 0
    assert page.locator("#findings a").count() == 0
    assert "alert(1)" in page.locator("#findings").text_content() or "alert" not in text
    page.wait_for_timeout(50)


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """What axe-core says against a page: rules, each with the markup."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10
    return [(it["id"], [node["html"] for node in it["nodes"]]) for it in found["violations"]]


SIZES = [
    pytest.param(size, scheme, id=f"{scheme}-{size[0]}", marks=needs_axe)
    for size in ((1280, 900), (360, 740))
    for scheme in ("light", "dark")
]


@pytest.mark.parametrize(("size", "scheme"), SIZES)
def test_axe_and_width(pages: Pages, scheme: str, size: tuple[int, int]) -> None:
    page = pages.open(SAMPLE, size=size, scheme=scheme, picture=PICTURE, earlier=(earlier(),), no_picture="")
    for summary in page.locator("summary:visible").all():
        summary.click()
    seen(page, f"{scheme}-{size[0]}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert violations(page) == []


def large(number: int) -> Report:
    """A report of many findings in many files of many Workers."""
    findings: list[Finding] = []
    workers: dict[str, tuple[str, ...]] = {}
    names = list(RULES)
    for file in range(number // 40):
        lines = "".join(f"export const value{at} = await env.KV{at}.get('key-{at}');\n" for at in range(40))
        document = Document(f"workers/w{file % 25}/src/module{file}.ts", lines.encode())
        workers[document.path] = (f"worker-{file % 25}",)
        for at in range(40):
            start = document.line_span(at + 1).start + 13
            edit = Edit(document, Span(start, start + 5), "other")
            fix = Fix("Replace it", (edit,), Safety.SAFE) if at % 3 else None
            findings.append(
                Finding(
                    f"`KV{at}` is read, number {len(findings)}",
                    Location(document, Span(start, start + 9)),
                    (),
                    fix,
                    Severity(1 + len(findings) % 3),
                    names[len(findings) % len(names)],
                )
            )
    return replace(report(*findings), workers=workers)


def test_twenty_thousand_findings_stay_usable(pages: Pages) -> None:
    found = large(20_000)
    page = pages.open(found)
    assert page.locator("#findings > li").count() == 50
    assert page.locator("#page").text_content() == "Page 1 of 400"
    began = time.monotonic()
    page.fill("#q", "number 19999")
    sync_api.expect(page.locator("#count")).to_have_text("1 of 20,000 findings")
    assert time.monotonic() - began < 5
    page.click("#clear")
    page.click("#next")
    assert page.locator("#page").text_content() == "Page 2 of 400"
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.evaluate("location.hash") == "#page=2"
    assert page.evaluate("document.querySelectorAll('*').length") < 5_000
    page.select_option("#worker", "worker-17")
    assert page.locator("#count").text_content() == "800 of 20,000 findings"
    assert page.locator(".row[aria-pressed=true] .name").all_text_contents() == ["worker-17"]
    assert page.locator(".row .name").all_text_contents()[:3] == ["worker-17", "worker-0", "worker-1"]
    seen(page, "large")


def test_nothing_found(pages: Pages) -> None:
    page = pages.open(report(partial=True), no_picture="There is no Worker to draw.")
    assert page.locator("#count").text_content() == "Nothing was found."
    assert "The analysis is partial" in page.locator("#summary").text_content()
    assert page.locator("#no-picture").text_content() == "There is no Worker to draw."
    assert re.search("cflint [0-9.]+", page.locator("#made").text_content())


# -- the page of a sweep -----------------------------------------------------------------------------------


def swept() -> str:
    """The page of a sweep, with an answer that is empty, one that is long, and texts that try to act."""
    answers = [
        Answer(
            "dates",
            "Which Workers are on a compatibility date before 2025-09-01, or on none?",
            ("date", "repository", "worker", "config", "owners"),
            [
                (None, "github.com/acme/shop", "shop", "workers/shop/wrangler.jsonc", "@acme/shop @ada"),
                (date(2024, 5, 1), "acme/pay", HOSTILE[0], "a/b/c/" + "long-folder-name/" * 8, ""),
            ],
        ),
        Answer(
            "rules",
            "Which rules fire, how often, and in how many repositories?",
            ("rule", "group", "severity", "findings", "repositories", "with_fix"),
            [(f"rule-{at}", "durable-objects", "warning", 3 * at, at, 0) for at in range(30, 0, -1)],
        ),
        Answer("flags", "Which compatibility flags are set?", ("flag", "workers"), []),
    ]
    return as_html(Asked(Path("fleet/2026-09"), "2026-09-01", answers))


@pytest.mark.parametrize(("size", "scheme"), SIZES)
def test_a_sweep_is_read_by_anyone(pages: Pages, scheme: str, size: tuple[int, int]) -> None:
    page = pages.show(swept(), size=size, scheme=scheme)
    assert page.locator("details[open] summary h2").all_text_contents() == [
        "Which Workers are on a compatibility date before 2025-09-01, or on none?"
    ]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "scroll", "a table is scrolled by keys"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#rules tbody tr:visible").count() == 30
    assert page.locator("#rules tbody rect").nth(1).get_attribute("width") == "96.7"
    seen(page, f"sweep-{scheme}-{size[0]}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    heights = page.locator("#rules tbody tr").evaluate_all("all => all.map(it => it.offsetHeight)")
    assert max(heights) < 70, "words are not broken into letters where a table can be scrolled"
    assert page.locator("main script, main img, main iframe, main a").count() == 0
    assert violations(page) == []
