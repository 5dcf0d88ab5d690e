"""How long it takes to see whether commands write a configuration."""

from __future__ import annotations

from time import process_time

import pytest

from cflint.project.workers import file_commands

pytestmark = pytest.mark.portable


@pytest.mark.parametrize("text", ["open(", 'open("x', "sed ", "mv $", "File.", "> "])
def test_time_grows_with_the_length(text: str) -> None:
    start = process_time()
    file_commands.may_edit(text * 40_000)
    assert process_time() - start < 2


def test_what_may_edit() -> None:
    assert file_commands.may_edit('open(sys.argv[1], encoding="utf-8", mode="w")')
    assert not file_commands.may_edit("open(sys.argv[1])")
