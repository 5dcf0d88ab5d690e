"""Patterns of a .gitignore, with git as the judge."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cflint.project.files.ignore import Ignore
from tests.fuzz.config_targets import is_ignored

pytestmark = pytest.mark.portable

NAMES = ["a", "b", "ab", "a.b", ".a", "a-b", "]", "!a", "#a", "a b", "ba.ts", "**"]
PATHS = sorted(
    {
        *(f"{x}/{y}" for x in NAMES for y in NAMES[:5]),
        *(f"{x}/{y}/{z}" for x in NAMES[:4] for y in NAMES[:4] for z in NAMES[:5]),
        *(f"a/b/{x}/a/{y}" for x in NAMES[:5] for y in NAMES[:5]),
        *(f"top-{x}" for x in NAMES),
    }
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is the oracle")
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


def ask_git(repository: Path, lines: list[str]) -> set[str]:
    (repository / ".gitignore").write_bytes("\n".join(lines).encode())
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    answer = subprocess.run(
        ["git", "-C", repository, "check-ignore", "--no-index", "-z", "--stdin"],
        input=b"\0".join(map(os.fsencode, PATHS)),
        capture_output=True,
        env=environment,
        check=False,
    )
    assert answer.returncode in (0, 1), answer.stderr
    return set(os.fsdecode(answer.stdout).split("\0")) - {""}


SEGMENT = st.one_of(
    st.sampled_from(
        ["a", "b", "*", "**", "?", "*.b", "a*", "*b*", "[ab]", "[!a]", "[]a]", "*.ts", "a\\*", "\\!a"]
    ),
    st.lists(
        st.sampled_from(["a", "b", "*", "?", ".", "[a-z]", "[^b]", "[[:alpha:]]", "\\a", "-", " "]),
        max_size=4,
    ).map("".join),
)
PATTERN = st.builds(
    lambda mark, head, segments, tail: mark + head + "/".join(segments) + tail,
    st.sampled_from(["", "", "", "!", "#"]),
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(SEGMENT, min_size=1, max_size=4),
    st.sampled_from(["", "", "/", "/**", " ", "\r"]),
)


@given(st.lists(PATTERN, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_agrees(repository: Path, lines: list[str]) -> None:
    # git compares a literal beginning by itself, so that `**` behind it counts as if it began the pattern
    assume(not any(re.search(r"[^/*!]\*\*", line) for line in lines))
    ignore = Ignore("", lines)
    assert {path for path in PATHS if is_ignored(ignore, path)} == ask_git(repository, lines)


@pytest.mark.parametrize(
    ("pattern", "path", "verdict"),
    [
        ("*.log", "a/b.log", True),
        ("*.log", "a/b.log.txt", None),
        ("/a", "a", True),
        ("/a", "b/a", None),
        ("a/", "a", None),
        ("a/", "a/", True),
        ("!a", "a", False),
        ("a/**", "a/", None),
        ("a/**", "a/b", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("[z-a]", "z", True),
        ("[z-a]", "y", None),
        ("[a", "[a", None),
        ("a\\", "a\\", None),
        ("a\\ ", "a ", True),
        ("\\#a", "#a", True),
        ("[[:digit:]]x", "1x", True),
        ("[[:nonsense:]]x", "1x", None),
        ("a?c", "a/c", None),
        ("caf\udce9", "caf\udce9", True),
        ("", "", None),
    ],
)
def test_single_patterns(pattern: str, path: str, verdict: bool | None) -> None:
    assert Ignore("", [pattern]).verdict(path) is verdict


def test_patterns_are_relative_to_their_folder() -> None:
    ignore = Ignore("packages/a", ["/src", "x"])
    assert ignore.verdict("packages/a/src/") is True
    assert ignore.verdict("packages/a/b/src/") is None
    assert ignore.verdict("packages/a/b/x") is True
    assert not Ignore("", ["", "# only a comment", "   "])


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 100 + "*b", "a" * 4000),
        ("**/a/" * 50 + "b", "a/" * 1500),
        ("*a*/" * 100 + "b", "aa/" * 1000),
        ("?" * 2000 + "*" * 2000 + "x", "a" * 4000),
        ("[" * 5000, "["),
        ("[[:" * 3000, "["),
    ],
)
def test_no_pattern_is_slow(pattern: str, path: str) -> None:
    start = time.process_time()
    assert Ignore("", [pattern]).verdict(path) is None
    assert time.process_time() - start < 5
