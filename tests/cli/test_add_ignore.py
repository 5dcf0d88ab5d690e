"""`cflint check --add-ignore REASON`: comments that are proved, in every language, and what can have none."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.cli.check.ignoring import ignored
from cflint.engine.ignoring import Commenter, Obstacle, comment_for, keeps_meaning, with_comments
from cflint.source import Document
from tests.support.cli_samples import Cli, project
from tests.support.fixture_cases import Case, cases, expected, rules_for, run

ABOUT_COMMENTS = frozenset({"unused-suppression", "expired-suppression"})
CONFIG = (
    '{ "name": "w", "main": "src/index.ts", "compatibility_date": "2026-08-01", '
    '"observability": { "enabled": true } }\n'
)
REASON = "known at the start"


@cache
def speaking() -> list[Case]:
    """The cases in which something is reported: found when the first of them is asked for, since all files of
    all cases are read for it."""
    return [case for case in cases() if expected(case.files)[0]]


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Cli:
    """Runs commands in a folder with a configuration, with the real rules."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "wrangler.jsonc").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return Cli(capsysbinary)


def added(cli: Cli, path: str, text: str, *more: str) -> str:
    """A file after comments were added to the project, in which nothing is left to report."""
    Path(path).write_bytes(text.encode())
    outcome = cli("check", "--add-ignore", REASON, *more)
    assert outcome.code == 0, outcome
    again = cli("check", "--output-format", "json", *more)
    assert json.loads(again.out)["findings"] == []
    return Path(path).read_bytes().decode()


def test_one_comment_for_the_findings_of_a_line(cli: Cli, tmp_path: Path) -> None:
    project(
        tmp_path,
        "export default { fetch(r: Request) { careful(r); careful(r); gentle(r);\n  return 1; } };\n",
    )
    outcome = cli("check", "--add-ignore", "they are old, until=2026-09-01")
    assert outcome.code == 0
    assert outcome.err == "Added 1 comment for 3 findings in 1 file:\n  src/index.ts: 1\n"
    lines = (tmp_path / "src/index.ts").read_text().splitlines()
    assert lines[0] == "// cflint-ignore no-careful, be-gentle: they are old, until=2026-09-01"
    assert cli("check").code == 0


def test_an_ended_comment_lets_the_findings_come_back(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path)
    assert cli("check", "--add-ignore", "until=2026-09-01").code == 0
    monkeypatch.setenv("CFLINT_TODAY", "2026-09-02")
    assert "careful() is slow" in cli("check").out


def test_diff_shows_and_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    project(tmp_path)
    before = (tmp_path / "src/index.ts").read_bytes()
    outcome = cli("check", "--add-ignore", REASON, "--diff")
    assert outcome.code == 1
    assert f"+    // cflint-ignore no-careful: {REASON}\n" in outcome.out
    assert outcome.err == "Would add 1 comment for 1 finding in 1 file.\n"
    assert (tmp_path / "src/index.ts").read_bytes() == before


def test_the_diff_is_a_patch_of_the_same_change(cli: Cli, tmp_path: Path) -> None:
    project(tmp_path)
    patch = cli("check", "--add-ignore", REASON, "--diff").out
    (tmp_path / "p.patch").write_text(patch)
    if subprocess.run(["git", "--version"], check=False, capture_output=True).returncode == 0:
        subprocess.run(["git", "apply", "p.patch"], cwd=tmp_path, check=True)
        assert cli("check").code == 0


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("", "`--add-ignore` needs the reason, which the comments give"),
        ("  ", "`--add-ignore` needs the reason, which the comments give"),
        ("a */ b", "the reason of `--add-ignore` has to be one line, without `*/` and `-->`"),
        ("a\nb", "the reason of `--add-ignore` has to be one line, without `*/` and `-->`"),
        ("a \x1b[31m", "the reason of `--add-ignore` has to be one line, without `*/` and `-->`"),
        ("until=soon", "`until=soon` names no date: write `until=2027-01-31`"),
        ("x, until=2026-08-31", "`until=2026-08-31` is over: the comments would silence nothing"),
    ],
)
def test_a_reason_that_cannot_be(cli: Cli, tmp_path: Path, reason: str, why: str) -> None:
    project(tmp_path)
    outcome = cli("check", "--add-ignore", reason)
    assert (outcome.code, outcome.err) == (2, f"cflint: error: {why}\n")


@pytest.mark.parametrize("other", [("--fix",), ("--shard", "1/2"), ("--baseline", "b", "--write-baseline")])
def test_what_does_not_go_together(cli: Cli, tmp_path: Path, other: tuple[str, ...]) -> None:
    project(tmp_path)
    outcome = cli("check", "--add-ignore", REASON, *other)
    assert outcome.code == 2
    assert "takes findings as they are, so it does not go with `" in outcome.err


JSX = """import { env } from "cloudflare:workers";
export function Page({ name }: { name: string }) {
  return (
    <main>
      Hello
      {env.STORE.put("a", "1") && name}
      <b
        title="x"
        id={String(env.STORE.delete("b"))}
      />
      and then {String(env.STORE.delete("c"))}
      more
    </main>
  );
}
export default { fetch() { return new Response(String(Page)); } } satisfies ExportedHandler;
"""


def test_in_jsx_each_place_has_its_form(real: Cli) -> None:
    Path("wrangler.jsonc").write_text(CONFIG.replace("index.ts", "index.tsx"))
    document = Document("src/index.tsx", JSX.encode())
    lines = JSX.splitlines()

    def written(line: int) -> str:
        edits = Commenter(document).edits(line, comment_for(["a-rule"], REASON))
        assert not isinstance(edits, Obstacle)
        after = next(
            after for edit in edits if keeps_meaning(document, after := with_comments(document, [edit]))
        )
        text = after.data.decode().splitlines()
        return next(it for it in text if it not in lines)

    comment = f"cflint-ignore a-rule: {REASON}"
    assert written(6) == f"      {{/* {comment} */}}"
    assert written(8) == f"        /* {comment} */"
    assert written(9) == f"        /* {comment} */"
    assert written(3) == f"  // {comment}"
    assert written(11) == f"      {{/* {comment} */}}"  # between an element and text
    assert written(12) == f"      {{/* {comment} */}}"  # between code and text


def test_a_text_between_tags_is_not_taken_apart() -> None:
    before = Document("a.tsx", b"x = <p>\n  one\n  two {y}\n</p>;")
    apart = Document("a.tsx", b"x = <p>\n  one\n  {/* c */}\n  two {y}\n</p>;")
    behind = Document("a.tsx", b"x = <p>\n  one\n  two {y}{/* c */}\n</p>;")
    blank = Document("a.tsx", b"x = <p>\n  one\n  two {y} {/* c */}\n</p>;")
    assert not keeps_meaning(before, apart)
    assert keeps_meaning(before, behind)
    assert not keeps_meaning(before, blank)
    element = Document("a.tsx", b"x = <p>\n  <b/>\n  two\n</p>;")
    assert keeps_meaning(element, Document("a.tsx", b"x = <p>\n  <b/>\n  {/* c */}\n  two\n</p>;"))


TEMPLATE = """export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const text = `begin
      ${env.STORE.put("a", "1")} and
      ${request.url} end`; env.STORE.put("b", "2");
    return new Response(text);
  },
} satisfies ExportedHandler<Env>;
interface Env { STORE: KVNamespace }
"""


def test_in_a_template_the_comment_stands_in_the_code(real: Cli) -> None:
    store = CONFIG.replace(
        " }\n", ', "kv_namespaces": [{ "binding": "STORE", "id": "0123456789abcdef0123456789abcdef" }] }\n'
    )
    Path("wrangler.jsonc").write_text(store)
    after = added(real, "src/index.ts", TEMPLATE, "--select", "binding-floating-promise")
    assert f'; env.STORE.put("b", "2"); // cflint-ignore binding-floating-promise: {REASON}\n' in after
    assert after.count("cflint-ignore") == after.count("binding-floating-promise") >= 1


def lay_out(rule: str, name: str, ending: str) -> Case:
    """A case of a rule that reports something in a file whose path ends so, in the current folder."""
    case = next(
        it
        for it in speaking()
        if it.rule.startswith(rule)
        and it.folder.name.startswith(name)
        and any(path.endswith(ending) for path, _, _ in expected(it.files)[0])
    )
    for path, data in case.files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)
    return case


def test_sql_in_a_text_over_several_lines_has_no_place(real: Cli) -> None:
    Path("wrangler.jsonc").unlink()
    lay_out("d1-exec-multiline", "reports", "index.ts")
    before = real("check", "--select", "d1-exec-multiline", "--output-format", "json")
    number = len(json.loads(before.out)["findings"])
    outcome = real(
        *("check", "--select", "d1-exec-multiline", "--add-ignore", REASON, "--output-format", "json"),
        *("--fail-on", "note"),
    )
    assert outcome.code == 1
    assert len(json.loads(outcome.out)["findings"]) == 1
    assert number > 1
    (said,) = [it for it in json.loads(outcome.out)["notices"] if it["message"].startswith("no comment was")]
    assert said["message"].startswith(
        "no comment was added for d1-exec-multiline: a comment would become part of a text over several lines"
    )
    assert (said["path"], said["line"]) == ("src/index.ts", 9)


def test_strict_json_says_the_other_ways(real: Cli) -> None:
    case = next(
        it for it in speaking() if any(path.endswith("package.json") for path, _, _ in expected(it.files)[0])
    )
    for path, data in case.files.items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(data)
    before = Path("package.json").read_bytes()
    outcome = real("check", "--select", case.rule, "--add-ignore", REASON, "--output-format", "json")
    notices = [it["message"] for it in json.loads(outcome.out)["notices"]]
    assert (
        f"no comment was added for {case.rule}: JSON of this kind has no comments; ignore the rule in the "
        "settings (`per-file-ignores`), or keep the finding in a baseline"
    ) in notices
    assert Path("package.json").read_bytes() == before


def test_what_is_about_a_line_below_stays_there(cli: Cli, tmp_path: Path) -> None:
    code = """export default {
  fetch(request: Request) {
    // eslint-disable-next-line no-undef
    careful(request);
  },
};
"""
    project(tmp_path, code)
    assert cli("check", "--add-ignore", REASON).code == 0
    after = (tmp_path / "src/index.ts").read_text()
    assert after == code.replace(
        "careful(request);", f"careful(request); // cflint-ignore no-careful: {REASON}"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_bytes_around_stay(cli: Cli, tmp_path: Path, newline: str, bom: str) -> None:
    code = bom + newline.join(["careful(1);", "export default {};", ""])
    project(tmp_path)
    (tmp_path / "src/index.ts").write_bytes(code.encode())
    assert cli("check", "--add-ignore", REASON).code == 0
    after = (tmp_path / "src/index.ts").read_bytes().decode()
    assert after == f"{bom}// cflint-ignore no-careful: {REASON}{newline}{code.removeprefix(bom)}"


def test_a_file_that_cannot_be_written_is_said(cli: Cli, tmp_path: Path) -> None:
    project(tmp_path)
    file = tmp_path / "src/index.ts"
    file.chmod(0o444)
    before = file.read_bytes()
    outcome = cli("check", "--add-ignore", REASON, "--output-format", "concise")
    assert outcome.code == 1
    assert "the comments were not written: it is read-only" in outcome.out + outcome.err
    assert file.read_bytes() == before
    assert os.access(tmp_path, os.W_OK)


def test_in_a_quote_of_markdown_it_stands_behind(real: Cli) -> None:
    page = """# A

> ```ts
> export default {
>   async fetch(request: Request, env: Env): Promise<Response> {
>     env.STORE.put("a", "1");
>     return new Response("x");
>   },
> } satisfies ExportedHandler<Env>;
> interface Env { STORE: KVNamespace }
> ```
"""
    Path("a.md").write_text(page)
    assert real("check", "a.md", "--select", "binding-floating-promise").code == 1
    outcome = real("check", "a.md", "--select", "binding-floating-promise", "--add-ignore", REASON)
    assert outcome.code == 0
    put = '>     env.STORE.put("a", "1");\n'
    assert Path("a.md").read_text() == page.replace(
        put, f"{put.rstrip()} // cflint-ignore binding-floating-promise: {REASON}\n"
    )


@settings(max_examples=25, deadline=None)
@given(st.deferred(lambda: st.sampled_from(speaking())))
def test_whatever_is_reported_is_silenced_or_said(case: Case) -> None:
    files, rules = case.files, rules_for(case.rule)
    first = run(files, rules)

    def analyse(overlay: Mapping[str, bytes]) -> object:
        return run({**files, **overlay}, rules)

    result = ignored(analyse, first, REASON, ABOUT_COMMENTS)  # type: ignore[arg-type]
    left = Counter((it.at.document.path, it.rule) for it in result.report.findings)
    assert {(it.path, it.rule) for it in result.notices} == set(left)
    assert sum(left.values()) + sum(count for _, count in result.comments.values()) == len(first.findings)
    for change in result.changes:
        assert keeps_meaning(Document(change.path, change.before), Document(change.path, change.after))
        kept = iter(change.after)
        assert all(byte in kept for byte in change.before), "something was taken away"
