"""Where the page of a rule is: at its source until the documentation has an address, then there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cflint
from cflint.engine import Options, analyse
from cflint.finding import Report
from cflint.lsp.convert import Client, diagnostic
from cflint.project.files.workspace import Workspace
from cflint.report import FORMATS
from cflint.report import Options as Rendering
from cflint.rule import Rule, RuleSet, ruleset

pytestmark = pytest.mark.portable

RULE = "immutable-headers"
CODE = b"""
export default {
  async fetch(request: Request): Promise<Response> {
    const response = await fetch("https://origin.example/");
    response.headers.set("x-frame-options", "DENY");
    return response;
  },
} satisfies ExportedHandler;
"""


@pytest.fixture(autouse=True)
def rules_are_found_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process sees two addresses; a rule keeps the one that it has told."""
    monkeypatch.setattr(ruleset, "_own", ruleset._own.__wrapped__)


def reported() -> tuple[Report, RuleSet]:
    known = RuleSet.discover(packages=False)
    files = {
        "index.ts": CODE,
        "wrangler.json": b'{"name": "w", "main": "index.ts", "compatibility_date": "2026-08-01"}',
    }
    options = Options(known.select([RULE]), known, jobs=1)
    return analyse(Workspace.in_memory(files), [""], options, Path("/")), known


def test_a_rule_that_is_not_ours_has_no_page_on_our_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cflint, "SITE", "https://docs.example/cflint")
    ours = RuleSet.discover(packages=False)[RULE]
    theirs = Rule("acme-rule", "acme", ours.spec, ours.load, defined_in="cflint.toml")
    assert ours.info.uri == "https://docs.example/cflint/rules/immutable-headers/"
    assert theirs.info.uri == "https://developers.cloudflare.com/workers/examples/alter-headers/"


@pytest.mark.parametrize(
    ("site", "address"),
    [
        (None, "https://developers.cloudflare.com/workers/examples/alter-headers/"),
        ("https://docs.example/cflint", "https://docs.example/cflint/rules/immutable-headers/"),
        ("https://docs.example/cflint/", "https://docs.example/cflint/rules/immutable-headers/"),
    ],
)
def test_the_address_stands_wherever_a_rule_is_named(
    monkeypatch: pytest.MonkeyPatch, site: str | None, address: str
) -> None:
    monkeypatch.setattr(cflint, "SITE", site)
    report, known = reported()
    (finding,) = report.findings
    text = FORMATS["text"](report, Rendering(color=True, hyperlinks=True))
    assert f"\x1b]8;;{address}\x1b\\[{RULE}]\x1b]8;;\x1b\\" in text
    sarif = json.loads(FORMATS["sarif"](report, Rendering()))
    (rule,) = [it for it in sarif["runs"][0]["tool"]["driver"]["rules"] if it["id"] == RULE]
    assert rule["helpUri"] == address
    shown = diagnostic(finding, known, Client(code_description=True), lambda path: f"file:///{path}")
    assert shown.code_description is not None and shown.code_description.href == address
    assert json.loads(FORMATS["json"](report, Rendering()))["findings"][0]["url"] == address
