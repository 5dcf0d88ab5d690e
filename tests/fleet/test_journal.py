"""What a sweep keeps while it runs, and what is damaged of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cflint.fleet.isolation import Outcome
from cflint.fleet.journal import Journal

KEY = "ab" * 16
FOUND = {"status": "checked", "findings": [{"rule": "a", "path": f"{number}.ts"} for number in range(50)]}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path)) as made:
        yield made


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:20] + bytes(byte ^ 255 for byte in data[20:40]) + data[40:],
        lambda data: data[:-6] + b"\0\0" + data[-4:],
        lambda data: b"what is this",
        lambda data: b"",
        lambda data: gzip.compress(b'{"status": '),
    ],
)
def test_a_damaged_result_is_found_anew(journal: Journal, damage: Callable[[bytes], bytes]) -> None:
    journal.keep_result(KEY, Outcome(FOUND))
    assert journal.is_done(KEY) and journal.result(KEY) == FOUND
    (place,) = journal.folder.glob("results/*/*.json.gz")
    place.write_bytes(damage(place.read_bytes()))
    assert journal.result(KEY) == {"status": "killed", "reason": "its result is gone, or damaged"}
    assert not journal.is_done(KEY), "the next run examines the content again"
    journal.keep_result(KEY, Outcome(FOUND))
    assert journal.result(KEY) == FOUND
    assert json.loads(gzip.decompress(place.read_bytes())) == FOUND


def test_whether_a_content_is_unreadable_is_known_without_its_result(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, damaged, late, crashed = ("a1", "b2", "c3", "d4")
    journal.keep_result(found, Outcome(FOUND))
    for key, status in ((damaged, "unreadable"), (late, "unreadable"), (crashed, "crashed")):
        journal.keep_result(key, Outcome(None, status, "why"))
    journal.keep_result(late, Outcome(FOUND))
    assert [journal.result(key)["status"] for key in (found, damaged, late, crashed)] == [
        "checked",
        "unreadable",
        "checked",
        "crashed",
    ]
    monkeypatch.setattr(gzip, "decompress", None)
    unreadable = [key for key in (found, damaged, late, crashed, "e5") if journal.is_unreadable(key)]
    assert unreadable == [damaged] and all(map(journal.is_done, (found, damaged, late, crashed)))
