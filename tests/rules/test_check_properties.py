"""What changes no meaning of a project changes no finding, and damage breaks nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.source import BOM
from cflint.syntax.javascript import EXTENSIONS
from tests.fuzz.engines import mutations
from tests.fuzz.run_targets import PROJECT_WORDS, check_check
from tests.fuzz.target import pack
from tests.support.fixture_cases import Case, Expected, cases, reported, rules_for, run

pytestmark = pytest.mark.portable

CASES = cases()
CODE = (*EXTENSIONS, ".py")
CONFIG = (".toml", ".json", ".jsonc")

Files = Mapping[str, bytes]
Change = Callable[[Files], dict[str, bytes]]


def each(change: Callable[[str, bytes], bytes], *endings: str) -> Change:
    """A change of every file whose name ends so."""
    return lambda files: {
        path: change(path, data) if path.endswith(endings) else data for path, data in files.items()
    }


def with_carriage_returns(path: str, data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def with_mark(path: str, data: bytes) -> bytes:
    return BOM + data.removeprefix(BOM)


def indented(path: str, data: bytes) -> bytes:
    is_plain = b"`" not in data and b"<<<<<<<" not in data
    return data.replace(b"\n", b"\n  ") if is_plain else data


def with_tabs(path: str, data: bytes) -> bytes:
    return data if b"`" in data else data.replace(b"  ", b"\t")


def spaced_out(path: str, data: bytes) -> bytes:
    return data if b"`" in data or b'"""' in data else data.replace(b"\n", b"  \n")


HARMLESS: dict[str, Change] = {
    "CRLF": each(with_carriage_returns, *CODE, *CONFIG, ".md"),
    "a byte order mark": each(with_mark, *CODE, *CONFIG),
    "blank lines at the end": each(lambda path, data: data + b"\n\n", *CODE, *CONFIG),
    "no line end at the end": each(lambda path, data: data.rstrip(b"\r\n"), *CODE, *CONFIG),
    "indentation": each(indented, *EXTENSIONS),
    "tabs": each(with_tabs, *EXTENSIONS),
    "blanks at the ends of lines": each(spaced_out, *CODE, *CONFIG),
    "another order of the files": lambda files: dict(reversed(list(files.items()))),
}


def found_in(files: Files, case: Case) -> Expected:
    return reported(run(files, rules_for(case.rule)).findings)


@pytest.mark.parametrize("name", HARMLESS)
@settings(max_examples=12, deadline=None)
@given(st.sampled_from(CASES))
def test_what_changes_no_meaning_changes_no_finding(name: str, case: Case) -> None:
    files = case.files
    assert found_in(HARMLESS[name](files), case) == found_in(files, case)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(CASES), st.integers(1, 5))
def test_lines_above_move_findings_down(case: Case, count: int) -> None:
    moved = {path for path, data in case.files.items() if path.endswith(CODE) and not data.startswith(BOM)}
    files = {path: b"\n" * count + data if path in moved else data for path, data in case.files.items()}
    before = found_in(case.files, case)
    wanted = {(path, line + count * (path in moved), rule): n for (path, line, rule), n in before.items()}
    assert found_in(files, case) == wanted


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(CASES), st.sampled_from(["a/", "apps/web client/", "x/y/z/"]))
def test_a_project_is_the_same_in_a_folder(case: Case, folder: str) -> None:
    below = found_in({folder + path: data for path, data in case.files.items()}, case)
    wanted = Counter(
        {(folder + path, line, rule): n for (path, line, rule), n in found_in(case.files, case).items()}
    )
    assert below == wanted


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CASES), st.integers(0, 1 << 32))
def test_no_damage_breaks_a_run_or_its_report(case: Case, seed: int) -> None:
    pool = [pack(case.files)]
    chance = random.Random(seed)
    check_check(next(mutations(pool, PROJECT_WORDS, 20_000, chance)))
