"""A small project and rules of its own for the tests of the command line, whatever rules there are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from cflint.api import Crash, Finding, Fix, Match, Safety, Severity, call, crash, rule
from cflint.cli import run
from cflint.rule import Definition, Rule, RuleSet

if TYPE_CHECKING:
    import pytest  # the processes of tests that use this do not need it

CONFIG = """\
{
  "name": "chat",
  "main": "src/index.ts",
  "compatibility_date": "2026-01-01"
}
"""
CODE = """\
export default {
  async fetch(request: Request): Promise<Response> {
    careful(request);
    risky(request);
    return new Response("hello");
  },
};
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str


class Cli:
    """Runs commands in this process."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> Outcome:
        self._capture.readouterr()
        code = run(arguments)
        out, err = self._capture.readouterr()
        return Outcome(code, out.decode("utf-8"), err.decode("utf-8"))


def project(folder: Path, code: str = CODE) -> Path:
    """A Worker in a folder."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "wrangler.jsonc").write_text(CONFIG)
    (folder / "src" / "index.ts").write_text(code)
    return folder


@rule(call("careful"), severity=Severity.ERROR, fix=Safety.SAFE)
def _careful(match: Match) -> Iterator[Finding]:
    assert match.callee is not None
    edit = match.replace(match.callee, "careless")
    yield Finding("careful() is slow", match.at(), fix=Fix("Call `careless()`", (edit,), Safety.SAFE))


@rule(call("risky"), severity=Severity.WARNING, fix=Safety.UNSAFE, presets=("strict",))
def _risky(match: Match) -> Iterator[Finding]:
    assert match.callee is not None
    edit = match.replace(match.callee, "bold")
    yield Finding("risky() is risky", match.at(), fix=Fix("Call `bold()`", (edit,), Safety.UNSAFE))


@rule(call("gentle"), severity=Severity.NOTE)
def _gentle(match: Match) -> Iterator[Finding]:
    yield Finding("gentle() could be gentler", match.at())


@rule(call("boom"), severity=Severity.WARNING)
def _boom(match: Match) -> Iterator[Finding]:
    raise ValueError("a hole in the rule")
    yield


@rule(crash(), severity=Severity.ERROR)
def _failed(failed: Crash) -> Iterator[Finding]:
    yield Finding(f"the rule `{failed.rule}` failed", failed.at)


def _made(id: str, group: str, check: Definition, page: str) -> Rule:
    name = f"cflint_test_rules.{group}.{id.replace('-', '_')}"
    package = sys.modules.setdefault(f"cflint_test_rules.{group}", ModuleType(group, f"Rules about {group}."))
    assert package.__doc__
    module = ModuleType(name, page)
    module.__dict__["check"] = check
    return Rule(id, group, check.spec, lambda: module)


def sample_rules() -> RuleSet:
    """Five rules in three groups."""
    return RuleSet(
        (
            _made("no-careful", "manners", _careful, "Be careless.\n\nIt is `quick | cheap`.\n"),
            _made("no-risky", "manners", _risky, "Be bold.\n\n## Fix safety\n\nUnsafe.\n"),
            _made("be-gentle", "advice", _gentle, "Be gentle.\n"),
            _made("explode", "advice", _boom, "Raise an error.\n"),
            _made("internal-error", "meta", _failed, "A rule failed on this code.\n"),
        )
    )
