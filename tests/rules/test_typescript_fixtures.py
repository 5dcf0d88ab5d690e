"""The cases of the rules once more, with their wrangler configuration as a `cloudflare.config.ts`.

The markers say what is reported: in code at the same lines, in the configuration as often as before. What has
a fix in the formats of wrangler has one here, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

import pytest

from cflint.engine.parsing import parses_worse, syntax_errors
from cflint.finding import Finding, Report, Safety
from cflint.fixer import converge
from cflint.project.config.wrangler import WranglerConfig, read_config
from cflint.rule import RuleSet
from cflint.source import Document
from tests.support.fixture_cases import (
    KNOWN,
    Case,
    cases,
    cases_by_rule,
    expected,
    hold,
    reported,
    rules_for,
    run,
)
from tests.support.to_typescript import NoCounterpart, converted

NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")

_NEW = "cloudflare.config.ts"

Rows = Counter[tuple[str, str, int]]
"""(rule, path, line); of a configuration ("", 0)."""

NOT_THERE = {
    "binding-missing-in-environment": "environments inherit no bindings; a mode is written whole",
    "deploy-config-bypasses-build": "a command that names wrangler's file does not name this one",
    "do-script-name-self": "a mode is written whole, and is no copy of the top level",
    "env-inherits-production-trigger": "environments inherit triggers; a mode is written whole",
    "migration-duplicate-tag": "there are no migrations",
    "migration-prefer-sqlite": "there are no migrations; whether a class of `exports` is new is not known",
    "migration-replay-invalid": "there are no migrations; only what is live was converted",
    "missing-env-type-argument": "a class that says no type gets the one that is inferred",
    "nitro-deploy-config-env": "Nitro copies wrangler's file, and a mode is none of its environments",
    "nitro-wrangler-key-overridden": "Nitro reads wrangler's file, and knows no other",
    "pages-config-ignored": "Pages reads wrangler's file, and no other",
    "pages-key-refused": "Pages reads wrangler's file, and no other",
    "sveltekit-main-is-source": "the adapter asks wrangler's reader for `main`, which knows no such file",
    "toml-misplaced-key": "it is no TOML",
    "vite-ignored-key": "a configuration in TypeScript has none of these keys, or Vite reads them",
}
"""Rules that have nothing to say of a configuration in TypeScript, and why."""

_MIGRATIONS = "migrations were not converted, and wrangler's schema with them"
_COMMANDS = "which databases wrangler's commands find by it is not known"

DIFFERENT = {
    "compat-flag-redundant/clean": "a mode is written whole: none with an earlier date gets its flags",
    "config-parse-error/reports-dates": "it is no TOML, and dates are strings",
    "config-parse-error/reports-equal-keys": "of two equal keys only the one that counts was converted",
    "config-invalid-value/reports-older-wrangler": "wrangler's schema says nothing of it",
    "cron-weekday-numbering/clean": "comments were not converted to the places where they stood",
    "env-binding-drift/reports-name-in-text": "a class that says no type gets the one that is inferred",
    "nonexistent-path/reports-no-main": "without `entrypoint` it is assets that a build makes",
    "nonexistent-path/reports-nothing-to-deploy": "without `entrypoint` it is assets that a build makes",
    "nonexistent-path/reports-script-called-vite": "without `entrypoint` it is assets that a build makes",
    "queue-consumer-limits/clean": "null is no value there",
    "d1-migration-fails/reports-folders": "the folder of migrations is a word of the command",
    "migration-and-exports/reports-json": _MIGRATIONS,
    "migration-and-exports/reports-toml": _MIGRATIONS,
    "migration-duplicate-tag/reports-jsonc": _MIGRATIONS,
    "migration-replay-invalid/reports-jsonc": _MIGRATIONS,
    "script-database-unknown/reports": _COMMANDS,
    "script-database-unknown/reports-no-database": _COMMANDS,
    "script-database-unknown/reports-environment": _COMMANDS,
}
"""Cases that cannot say the same, and why."""

NO_FIX_THERE = {
    "migration-deleted-class-in-use": "`exports` does not say what a class was before",
}
"""Rules whose fixes are about migrations alone, and why."""


def _converted(case: Case) -> tuple[str, dict[str, bytes]] | None:
    """The path of a case's configuration, and the case with one in TypeScript; None when there is none."""
    files = case.files
    if case.base is not None:
        return None  # what was there before would have to be converted, too
    paths = [path for path in files if path.rpartition("/")[2] in NAMES]
    if len(paths) != 1 or any("wrangler" in path.rpartition("/")[2] for path in files if path != paths[0]):
        return None
    (path,) = paths
    if path.rpartition("/")[0] in {name.rpartition("/")[0] for name in files if name.endswith(_NEW)}:
        return None  # it is about both
    config: WranglerConfig = read_config(Document(path, files[path]))
    if config.data.broken:
        return None
    try:
        written = converted(config)
    except NoCounterpart:
        return None
    folder = path[: -len(config.file_name)]
    others = {name: _as_modules(name, data) for name, data in files.items() if name != path}
    return path, others | {folder + name: text.encode() for name, text in written.items()}


def _as_modules(name: str, data: bytes) -> bytes:
    """A package.json as a project with a configuration in TypeScript has it."""
    if name.rpartition("/")[2] != "package.json" or b'"type"' in data:
        return data
    return data.replace(b"{", b'{ "type": "module", ', 1)


def test_most_cases_are_compared() -> None:
    compared = [case for case in cases() if _converted(case) is not None]
    assert len(compared) > 500
    assert len({case.rule for case in compared}) > 130
    assert sum(_has_fixes(case) for case in compared) > 200


BY_RULE = dict(cases_by_rule())


@pytest.mark.parametrize("rule", BY_RULE)
def test_a_rule_says_the_same_of_both_formats(rule: str) -> None:
    configurations: set[frozenset[bytes]] = set()
    hold(partial(_says_the_same, configurations), BY_RULE[rule])


def _says_the_same(before: set[frozenset[bytes]], case: Case) -> None:
    """All rules look at a case with a configuration that no case before it has; at another case with the same
    one, whose code all rules have seen beside wrangler's file, those look that it is about. Of a few rules
    that says less, since they look where others have to look anyway: then all rules decide."""
    found = _converted(case)
    if found is None:
        return  # how many are compared is known
    path, files = found
    marked = expected(case.files)[0]
    wanted: Rows = Counter()
    for (where, line, rule), count in marked.items():
        if rule not in NOT_THERE:
            wanted[(rule, "" if where == path else where, 0 if where == path else line)] += count
    is_different = case.name.partition("/")[2] in DIFFERENT
    configuration = frozenset(files[name] for name in files if name.endswith((_NEW, "package.json")))
    about = {case.rule, *(rule for _, _, rule in marked)}
    rules = KNOWN.select(sorted(about))
    report = run(files, rules) if configuration in before and not is_different else None
    before.add(configuration)
    if report is None or _rows(report) != wanted:
        rules = rules_for(case.rule)
        report = run(files, rules)
    if is_different:
        assert _rows(report) != wanted
    else:
        assert _rows(report) == wanted
        if _has_fixes(case):
            _check_fixes(case, path, files, report, rules)


def _rows(report: Report) -> Rows:
    said: Rows = Counter()
    for (where, line, rule), count in reported(report.findings).items():
        in_config = where.endswith(".config.ts")
        said[(rule, "" if in_config else where, 0 if in_config else line)] += count
    return said


def _has_fixes(case: Case) -> bool:
    has_fix = KNOWN[case.rule].spec.fix is not None
    is_there = case.rule not in NOT_THERE and case.rule not in NO_FIX_THERE
    return has_fix and is_there and not case.folder.name.startswith("clean")


def _check_fixes(case: Case, path: str, files: Mapping[str, bytes], report: Report, rules: RuleSet) -> None:
    """As many findings have a fix of the configuration, and their fixes mend them."""
    alone = KNOWN.select([case.rule])  # whose findings no other rule changes
    before = _fixed(run(case.files, alone).findings, case.rule, path)
    if not before:
        return
    new = next(name for name in files if name.endswith(_NEW))
    assert _fixed(report.findings, case.rule, new) == before

    def analyse(overlay: Mapping[str, bytes]) -> Report:
        return run({**files, **overlay}, rules)

    result = converge(analyse, Safety.UNSAFE, parses_worse=parses_worse, report=report)
    assert not result.notices
    for change in result.changes:
        errors = syntax_errors(Document(change.path, change.after))
        assert errors <= syntax_errors(Document(change.path, files[change.path]))
    applied = [found for found in report.findings if found.rule == case.rule and _is_applied(found)]
    left = [found for found in result.report.findings if found.rule == case.rule and _is_applied(found)]
    assert not applied or len(left) < len(applied)


def _fixed(findings: tuple[Finding, ...], rule: str, path: str) -> int:
    """How many findings of a rule have a fix that edits a file."""
    return sum(
        found.rule == rule
        and found.fix is not None
        and any(edit.document.path == path for edit in found.fix.edits)
        for found in findings
    )


def _is_applied(found: Finding) -> bool:
    return found.fix is not None and found.fix.safety is not Safety.MANUAL
