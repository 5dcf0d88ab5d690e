"""The test kit: what it accepts, and that each thing that is wrong with a case or a page fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from cflint.testing import CONFIG, Case, Page, cases, check, expected, pages
from tests.support.fixture_cases import KNOWN
from tests.support.paths import FIXTURES

pytestmark = pytest.mark.portable

RULE = "kv-ttl-too-small"
CODE = """\
interface Env {
  KV: KVNamespace;
}
export default {
  async fetch(request, env): Promise<Response> {
    await env.KV.put("a", "1", { expirationTtl: 30 });
    return new Response();
  },
} satisfies ExportedHandler<Env>;
"""
MARKED = CODE.replace("30 });", f"30 }}); // error: {RULE}")
FIXED = MARKED.replace("30", "60")


def test_a_text_is_a_project() -> None:
    result = check(CODE, RULE, known=KNOWN)
    assert result.lines == [("src/index.ts", 6, RULE)]
    assert result.messages == ["`expirationTtl` is 30 seconds, and has to be at least 60: this throws"]
    assert result.fixed() == {"src/index.ts": CODE.replace("30", "60")}
    assert [finding.rule for finding in result.findings] == [RULE]
    assert set(result.files) == {"wrangler.jsonc", "src/index.ts"}
    assert check("export {};\n", "all", known=KNOWN).report.workers_checked == 1


def test_options_are_those_of_rules() -> None:
    config = CONFIG.replace("2026-08-01", "2026-07-01")
    files = {"wrangler.jsonc": config, "src/index.ts": CODE}
    rule = "compat-date-stale"
    assert check(files, rule, known=KNOWN).lines == []
    options = {rule: {"days": 3}}
    assert check(files, rule, options=options, known=KNOWN).lines == [("wrangler.jsonc", 4, rule)]
    for wrong in ({rule: {"day": 3}}, {RULE: {"days": 3}}, {"nothing": {"days": 3}}):
        with pytest.raises(ValueError, match="there is no option"):
            check(files, rule, options=wrong, known=KNOWN)
    with pytest.raises(ValueError, match="did you mean `kv-ttl-too-small`"):
        check(files, "kv-ttl-to-small", known=KNOWN)


def test_markers() -> None:
    text = "a // error: x\n# warning: y, z\n<!-- note-next-line: x -->\nb /* error: x */ // error: x\n"
    found, severities = expected({"a": text, "b": b""})
    assert found == {("a", 1, "x"): 1, ("a", 2, "y"): 1, ("a", 2, "z"): 1, ("a", 4, "x"): 3}
    assert {key: severity.label for key, severity in severities.items()} == {
        ("a", 2, "y"): "warning",
        ("a", 2, "z"): "warning",
        ("a", 4, "x"): "note",
    }


def case(folder: Path, code: str, fixed: str | None = None, name: str = "reports") -> Case:
    place = folder / RULE / name
    (place / "src").mkdir(parents=True)
    (place / "wrangler.jsonc").write_text(CONFIG)
    (place / "src" / "index.ts").write_text(code)
    if fixed is not None:
        (place / "fixed" / "src").mkdir(parents=True)
        (place / "fixed" / "src" / "index.ts").write_text(fixed)
    (found,) = cases(folder, KNOWN)
    return found


def test_a_case_that_holds(tmp_path: Path) -> None:
    found = case(tmp_path, MARKED, FIXED)
    assert (str(found), found.rule) == (f"{tmp_path.name}/{RULE}/reports", RULE)
    found.check()


@pytest.mark.parametrize(
    ("code", "fixed", "name", "why"),
    [
        (CODE, FIXED, "clean", f"reported and not marked: src/index.ts:6: {RULE}: `expirationTtl` is 30"),
        (FIXED, None, "reports", f"marked and not reported: src/index.ts:6: {RULE}"),
        (MARKED, None, "reports", "fixes change src/index.ts, and there is no fixed/src/index.ts"),
        (MARKED, MARKED, "reports", r"\+    await env\.KV\.put\(.*60"),
        (CODE.replace("30", "60"), CODE, "clean", "there is fixed/src/index.ts, and no fix changes"),
        (MARKED, FIXED, "clean", "has to be called `reports` or `reports-WHAT`"),
        (MARKED, FIXED, "reports_x", "has to be called `reports` or `reports-WHAT`"),
        (CODE.replace("30", "60"), None, "reports", "has to be called `clean` or `clean-WHAT`"),
        (MARKED.replace("error:", "note:"), FIXED, "reports", "the severity is error, not note"),
    ],
)
def test_a_case_that_does_not_hold(tmp_path: Path, code: str, fixed: str | None, name: str, why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        case(tmp_path, code, fixed, name).check()


def test_what_fixes_make_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = case(tmp_path, MARKED)
    monkeypatch.setenv("CFLINT_FIXED", "write")
    found.check()
    assert (found.fixed_folder / "src" / "index.ts").read_text() == FIXED


def test_folders_that_are_no_cases(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no case"):
        cases(tmp_path, KNOWN)
    (tmp_path / "kv-ttl-to-small").mkdir()
    with pytest.raises(ValueError, match="is called like no rule; did you mean `kv-ttl-too-small`"):
        cases(tmp_path, KNOWN)


def test_groups_may_be_folders() -> None:
    found = cases(FIXTURES / "kv", KNOWN)
    assert {it.rule for it in found} == {path.name for path in (FIXTURES / "kv").iterdir()}


class Written(Page):
    """A page with another text."""

    replaced: tuple[str, str]

    @property
    def text(self) -> str:
        return super().text.replace(*self.replaced)


@pytest.mark.parametrize(
    ("replaced", "why"),
    [
        (("cache.\n", "cache\n"), "has to begin with a sentence"),
        (("## Incorrect", "## Wrong"), "has no `## Incorrect`"),
        (("expirationTtl: 30", "expirationTtl: 90"), "does not report its example"),
        (("expirationTtl: 60", "expirationTtl: 50"), r"reports something below \['Correct'\]"),
        (("## Fix safety", "## Fixes"), "has no `## Fix safety`"),
    ],
)
def test_a_page_that_does_not_hold(replaced: tuple[str, str], why: str) -> None:
    (page,) = pages(RULE, known=KNOWN)
    page.check("recommended")
    assert replaced[0] in page.text
    written = Written(RULE, KNOWN)
    object.__setattr__(written, "replaced", replaced)
    with pytest.raises(AssertionError, match=why):
        written.check()
