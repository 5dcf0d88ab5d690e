"""`cflint explain` and `cflint rules`, and Markdown in a terminal."""

from __future__ import annotations

import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint import __version__
from cflint.cli import run
from cflint.report.pages import render
from cflint.rule import RuleSet
from tests.support.cli_samples import Cli, sample_rules

# -- explain ------------------------------------------------------------------------------------------


def test_explain(cli: Cli) -> None:
    result = cli("explain", "no-risky")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "no-risky\n"
        "========\n"
        "\n"
        "Severity: warning, group: manners, preset: strict, fix: unsafe, since 0.1\n"
        "\n"
        "In code that it was not tuned to: none of its findings read yet.\n"
        "\n"
        "Be bold.\n"
        "\n"
        "Fix safety\n"
        "----------\n"
        "\n"
        "Unsafe.\n"
    )


def test_explain_several_in_the_order_asked_for_each_once(cli: Cli) -> None:
    out = cli("explain", "no_risky", "be-gentle", "no-risky").out
    assert re.findall(r"^(no-risky|be-gentle)\n=", out, re.MULTILINE) == ["no-risky", "be-gentle"]


def test_explain_as_json_and_markdown(cli: Cli) -> None:
    data = json.loads(cli("explain", "no-careful", "--output-format", "json").out)
    assert data["version"] == 1
    assert data["rules"] == [
        {
            "id": "no-careful",
            "group": "manners",
            "severity": "error",
            "harm": "error",
            "fix": "safe",
            "presets": ["all", "preview", "recommended", "reference", "strict"],
            "since": "0.1",
            "aliases": [],
            "precision": {
                "level": "medium",
                "true": 0,
                "arguable": 0,
                "false": 0,
                "projects": 0,
                "proof": None,
                "least": None,
            },
            "summary": "Be careless",
            "url": sample_rules()["no-careful"].info.uri,
            "defined_in": None,
            "package": {"name": "cflint", "version": __version__},
            "page": "Be careless.\n\nIt is `quick | cheap`.\n",
        }
    ]
    out = cli("explain", "no-careful", "--output-format", "markdown").out
    assert out.startswith("# no-careful\n\nSeverity: error, group: manners, preset: recommended, fix: safe")
    assert out.endswith("\n\nBe careless.\n\nIt is `quick | cheap`.\n")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-carefull", "there is no rule `no-carefull`; did you mean `no-careful`"),
        ("zzz", "there is no rule `zzz`\nhint: `cflint rules` lists them all"),
        ("manners", "`manners` is a group, not a rule\nhint: `cflint rules --select manners`"),
        ("strict", "`strict` is a preset, not a rule"),
    ],
)
def test_explaining_what_is_no_rule(cli: Cli, name: str, said: str) -> None:
    result = cli("explain", "no-careful", name)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_every_page_there_is_can_be_explained() -> None:
    for found in RuleSet.discover().values():
        plain = render(found.page, width=80)
        assert "\x1b" not in plain
        colored = render(found.page, width=80, color=True, hyperlinks=True)
        shown = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\", "", colored)
        assert "\x1b" not in shown
        assert words(shown) == words(found.page), found.id


def words(text: str) -> str:
    """The letters of a text, without Markdown's marks, the ends of tables and the names of languages."""
    text = re.sub(r"^\s*```\S*(?: title=\"([^\"]*)\")?$|^\|?[\s:|-]+\|?$", r"\1", text, flags=re.MULTILINE)
    return "".join(re.findall(r"\w+", re.sub(r"\]\([^)]*\)|\(https?://[^)\s]*\)", "", text)))


# -- rules --------------------------------------------------------------------------------------------


def test_rules(cli: Cli) -> None:
    result = cli("rules")
    assert result.out.splitlines() == [
        "RULE            GROUP    SEVERITY  FIX     PRESET       RIGHT  SUMMARY",
        "be-gentle       advice   note      -       recommended  -      Be gentle",
        "explode         advice   warning   -       recommended  -      Raise an error",
        "no-careful      manners  error     safe    recommended  -      Be careless",
        "no-risky        manners  warning   unsafe  strict       -      Be bold",
        "internal-error  meta     error     -       recommended  -      A rule failed on this code",
    ]


def test_rules_may_be_selected(cli: Cli) -> None:
    out = cli("rules", "--select", "manners", "--ignore", "recommended", "--output-format", "json").out
    assert [found["id"] for found in json.loads(out)["rules"]] == ["no-risky"]
    result = cli("rules", "--select", "manner")
    assert result.code == 2
    assert "did you mean `manners`?" in result.err


def test_rules_as_markdown(cli: Cli) -> None:
    out = cli("rules", "--output-format", "markdown", "--select", "manners,meta").out
    link = "rules/cflint_test_rules/manners/no_careful.py"
    assert out.startswith("### manners\n\nRules about manners.\n\n| Rule | What it says |")
    assert f"\n| [`no-careful`]({link}) | Be careless | error | safe | recommended | - |\n" in out
    assert "\n\n### meta\n" in out


def test_rules_in_colour(cli: Cli) -> None:
    out = cli("rules", "--color", "always").out
    assert re.sub(r"\x1b\[[0-9;]*m", "", out) == cli("rules").out
    assert "\x1b[31merror" in out


# -- Markdown -----------------------------------------------------------------------------------------

PAGE = """\
# Title

A paragraph with `code here`, **strong words**, *emphasis* and [a link](https://x.example/y_z) that has
to be wrapped because it is long.

- an item
  goes on
- another `with code`
  1. below

```ts
const   a = "`not inline`";

  deep();
```

| Name | Meaning |
|---|---|
| `a|b` | **x** |
| c | d |

See <https://y.example/a>, snake_case_names and 2 * 3 * 4.
"""


def test_a_page_in_plain_text() -> None:
    assert render(PAGE.replace("`a|b`", "`a\\|b`"), width=60) == (
        "Title\n"
        "=====\n"
        "\n"
        "A paragraph with `code here`, strong words, emphasis and a\n"
        "link (https://x.example/y_z) that has to be wrapped because\n"
        "it is long.\n"
        "\n"
        "- an item goes on\n"
        "- another `with code`\n"
        "  1. below\n"
        "\n"
        '    const   a = "`not inline`";\n'
        "\n"
        "      deep();\n"
        "\n"
        "Name   Meaning\n"
        "-----  -------\n"
        "`a|b`  x\n"
        "c      d\n"
        "\n"
        "See https://y.example/a, snake_case_names and 2 * 3 * 4.\n"
    )


def test_a_page_in_colour() -> None:
    out = render(
        "Use `a b` and **c d**, see [x y](https://z.example).\n\n## H\n", color=True, hyperlinks=True
    )
    assert out == (
        "Use \x1b[36ma\x1b[0m \x1b[36mb\x1b[0m and \x1b[1mc\x1b[0m \x1b[1md\x1b[0m, see "
        "\x1b]8;;https://z.example\x1b\\x y\x1b]8;;\x1b\\.\n\n\x1b[1mH\x1b[0m\n"
    )


def test_a_code_block_without_an_end_and_crooked_input() -> None:
    assert render("```ts\na\n\nb\n") == "    a\n\n    b\n\n"
    assert render("") == "\n"
    assert render("|\n|-|\n")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab `*_[]()<>|-#\n\\1.~https:/", max_size=120), st.booleans())
def test_rendering_never_fails(text: str, color: bool) -> None:
    out = render(text, width=30, color=color, hyperlinks=color)
    assert out.endswith("\n")
    assert "\0" not in out


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=40), min_size=1, max_size=30), st.booleans())
def test_wrapping_keeps_the_words_and_the_width(words: list[str], item: bool) -> None:
    rows = render(("- " if item else "") + " ".join(words), width=30).rstrip("\n").split("\n")
    assert " ".join(rows).split() == ["-"] * item + words
    assert all(len(row) <= 30 or len(row.replace("- ", "").split()) == 1 for row in rows)
    assert all(row.startswith("  ") for row in rows[1:]) or not item


# -- explain the text of an error -----------------------------------------------------------------------


def real(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """`cflint explain` with cflint's own rules."""
    code = run(["explain", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_explain_the_text_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = real(capsys, "Uncaught TypeError: Can't modify immutable headers.")
    assert (code, err) == (0, "")
    assert re.findall(r"^- ([\w-]+): ", out, re.MULTILINE) == ["hono-immutable-response", "immutable-headers"]
    assert "Printed by workerd: `TypeError: Can't modify immutable headers.`" in " ".join(out.split())
    assert "Run `cflint explain RULE`" in out
    several = real(capsys, "Can't", "modify", "immutable", "headers.")
    assert several == (code, out, err), "without quotes as well"


def test_explain_an_error_that_one_rule_knows_shows_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = real(capsys, "Cannot perform I/O on behalf of a different request")
    assert code == 0
    assert out.startswith("- global-request-state: ")
    assert "\nglobal-request-state\n====" in out and "\nIncorrect\n" in out


def test_explain_a_text_that_no_rule_knows(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = real(capsys, "the moon is blue today")
    assert (code, out) == (2, "")
    assert err.startswith("cflint: error: no rule knows this text\n")
    code, out, _ = real(capsys, "modify headers immutable")
    assert code == 0 and out.startswith("No rule knows this text. These know one like it")


def test_explain_what_stands_on_stdin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x\xff\nTypeError: Illegal invocation\n")))
    code, out, _ = real(capsys, "-", "--output-format", "json")
    data = json.loads(out)
    assert (code, data["version"], data["certain"]) == (0, 1, True)
    assert [rule["id"] for rule in data["rules"]] == ["ctx-destructured", "unbound-global-fetch"]
    assert data["rules"][0]["error"] == {
        "text": "TypeError: Illegal invocation",
        "printedBy": "workerd",
        "match": "whole",
    }
    assert "## Incorrect" in data["rules"][0]["page"]


def test_explain_takes_names_for_names_and_codes_for_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no rule `no-such-rule`" in real(capsys, "no-such-rule")[2]
    assert "there is no rule `worker`" in real(capsys, "worker")[2]
    assert "is a group" in real(capsys, "agents")[2]
    assert real(capsys, "immutable-headers", "Illegal")[0] == 2, "a name, and another that is none"
    assert real(capsys, "1042")[1].startswith("- same-zone-fetch: ")
    assert real(capsys, "TS1064")[1].startswith("- async-return-type: ")
