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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("jq .a x > wrangler.json", ["wrangler.json"]),
        ("tee -a\n\n  wrangler.toml", ["wrangler.toml"]),
        ("dasel\nput -f\n'wrangler.toml'", ["'wrangler.toml"]),
        ("sed -i s/a/b/\nwrangler.toml", ["wrangler.toml"]),
        ("writeFileSync(\n\n\n'a/wrangler.jsonc')", ["a/wrangler.jsonc"]),
        ("cp wrangler.a.toml wrangler.toml\n" + "echo\n" * 9 + "echo >> wrangler.b.toml", None),
        ("open('wrangler.toml', 'w')\n\n\n\n\nopen('wrangler.json', 'a')", None),
        ("cat wrangler.toml\nwrangler deploy", []),
    ],
)
def test_around_a_name_is_found_what_is_found_in_the_whole_text(text: str, found: list[str] | None) -> None:
    whole = [(next(filter(None, it.groups())), it[0]) for it in file_commands._WRITTEN.finditer(text)]
    assert list(file_commands.written(text)) == whole
    if found is None:
        assert len(whole) == 2
    else:
        assert [path.strip("'\"") for path, _ in whole] == [name.strip("'\"") for name in found]


@pytest.mark.parametrize("text", ["wrangler.toml ", "wrangler.toml\n", "wrangler.json" + "\n" * 5, "\n" * 5])
def test_time_to_find_what_is_written_grows_with_the_length(text: str) -> None:
    start = process_time()
    list(file_commands.written("\n" * 20_000 + text * 20_000))
    assert process_time() - start < 5
