"""The documentation's site: places of pages, links, and a search that is that of the command."""

from __future__ import annotations

import json
import random
import re
import runpy
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cflint
from cflint.platform._error_texts import TEXTS
from cflint.rule import RuleSet
from cflint.rule.errors import ErrorText, ErrorTexts
from tests.support.oracle_tools import modules, node
from tests.support.paths import ROOT

SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "build_site.py"))
RULES = RuleSet.discover(packages=False)
ELSEWHERE = re.compile(r"(?:src|href)=[\"']?(?:https?:)?//|url\(|@import|fetch\(|XMLHttpRequest|sendBeacon")


@cache
def pages() -> dict[str, str]:
    """All pages of the site, in Markdown."""
    found: dict[str, str] = SCRIPT["pages"](RULES.values())
    return found


def test_every_page_has_a_place() -> None:
    config = tomllib.loads("[project]\n" + SCRIPT["navigation"](pages(), RULES.values()))

    def paths(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        values = entry.values() if isinstance(entry, dict) else entry
        assert not isinstance(values, (int, float)) and values is not None
        return [path for value in values for path in paths(value)]  # type: ignore[attr-defined]

    placed = paths(config["project"]["nav"])
    assert sorted(placed) == sorted(pages()), "each page once"
    assert {f"rules/{rule}.md" for rule in RULES} < set(placed)


def test_a_page_without_a_place_is_told() -> None:
    with pytest.raises(SystemExit, match=r"no place for other\.md"):
        SCRIPT["navigation"]({**pages(), "other.md": "# Other\n"}, RULES.values())
    added = SCRIPT["navigation"]({**pages(), "guides/new.md": "# New\n"}, RULES.values())
    assert '{ "New" = "guides/new.md" },' in added


def links(path: str) -> list[str]:
    bare = SCRIPT["FENCE"].sub("", pages()[path])
    return [match[2].partition("#")[0] for match in SCRIPT["LINK"].finditer(bare)]


def test_links_lead_to_pages() -> None:
    seen = 0
    for path in pages():
        for target in links(path):
            if not target or "://" in target or target.startswith("mailto:"):
                continue
            found = (Path("/") / Path(path).parent / target).resolve().relative_to("/").as_posix()
            assert found in pages() or (ROOT / "docs" / found).suffix == ".json", (path, target)
            seen += 1
    assert seen > 400


def test_a_file_that_is_no_page_is_text_until_the_repository_has_an_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = ("README.md", "index.md", {"README.md": "index.md"})
    text = "the [licence](LICENSE), [itself](README.md#use)"
    assert SCRIPT["_linked"](text, *source) == "the licence, [itself](index.md#use)"
    monkeypatch.setattr(cflint, "ADDRESS", "https://github.com/a/cflint")
    linked = SCRIPT["_linked"](text, *source)
    assert linked.startswith("the [licence](https://github.com/a/cflint/blob/main/LICENSE)")
    with pytest.raises(SystemExit, match="there is no nowhere"):
        SCRIPT["_linked"]("[x](nowhere)", *source)


def test_the_page_of_a_rule() -> None:
    page = pages()["rules/immutable-headers.md"]
    assert page.startswith('---\ntitle: "immutable-headers"\n')
    assert "\n# immutable-headers\n" in page and ", group: handlers, preset: recommended" in page
    assert '```text title="workerd"\nTypeError: Can\'t modify immutable headers.\n```' in page


def test_what_is_ours_loads_nothing_from_elsewhere() -> None:
    for file in (ROOT / "site").iterdir():
        found = ELSEWHERE.findall(file.read_text(encoding="utf-8"))
        assert found == [], file.name
    config = tomllib.loads((ROOT / "site" / "zensical.toml").read_text(encoding="utf-8"))
    assert config["project"]["theme"]["font"] is False


def test_it_is_built_with_the_versions_of_a_lock() -> None:
    lock = (ROOT / "requirements-site.lock").read_text(encoding="utf-8").split()
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", line) for line in lock) and lock == sorted(lock)
    command = (ROOT / ".ci" / "build-site").read_text(encoding="utf-8")
    assert "-e '.[site]' -c requirements-site.lock" in command
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = extras["optional-dependencies"]["site"]
    assert wanted.partition(">")[0] in {line.partition("==")[0] for line in lock}


def test_what_is_wrong_with_pages_is_found(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<h1 id="x">a</h1>')
    (tmp_path / "s.css").write_text("@import 'https://fonts.example/f.css';")
    (tmp_path / "index.html").write_text(
        '<script src="https://cdn.example/a.js"></script><a href="a/#x">1</a><a href="a/#y">2</a>'
        '<a href="b/">3</a><a href="https://elsewhere.example">4</a>'
    )
    assert list(SCRIPT["problems"](tmp_path)) == [
        "index.html: loads https://cdn.example/a.js",
        "index.html: there is no place a/#y",
        "index.html: there is no b/",
        "s.css: loads https://fonts.example/f.css",
    ]


def pasted() -> list[str]:
    """Texts as people have them: whole, with a log around, a part, some of the words, with a code."""
    chance = random.Random(1)
    texts = [
        "",
        "the moon is blue today",
        "10061",
        "code: 10021",
        "Error 1101",
        "URIError",
        "TypeError",
        "TS1064",
    ]
    for _, _, text in TEXTS[::3]:
        filled = text.replace("…", "some thing")
        words = filled.split()
        texts += [
            filled,
            f"✘ [ERROR] \x1b[31mUncaught\x1b[0m {filled}\n    at index.js:1",
            " ".join(words[1:4]),
        ]
        texts.append(
            " ".join(chance.sample(words, min(len(words), 5))) + " [code: 10143]" * chance.randrange(2)
        )
    return texts


@pytest.mark.skipif(modules() is None, reason="there is no Node.js: .ci/install-oracles has one")
def test_the_search_in_the_browser_is_that_of_the_command() -> None:
    tools = modules()
    assert tools is not None
    texts = pasted()
    script = (ROOT / "site" / "errors.js").read_text(encoding="utf-8") + (
        f"const finder = new CflintErrorTexts({json.dumps(TEXTS)});"
        f"console.log(JSON.stringify({json.dumps(texts)}.map((text) => finder.find(text)"
        ".map((hit) => [hit.rule, hit.text, hit.match]))));"
    )
    done = subprocess.run([node(tools), "-"], input=script, capture_output=True, text=True, check=True)
    finder = ErrorTexts(ErrorText(*row) for row in TEXTS)
    expected = [[[hit.known.rule, hit.known.text, hit.match] for hit in finder.find(text)] for text in texts]
    assert json.loads(done.stdout) == expected
    assert sum(map(bool, expected)) > 200
