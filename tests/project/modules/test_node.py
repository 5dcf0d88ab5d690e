"""Which Node a project says that it runs with."""

from __future__ import annotations

import pytest

from cflint.project.modules.node import nodes_said
from tests.support.projects import loaded

ANY = 1 << 30


def said(files: dict[str, str], folder: str = "") -> list[tuple[str, str, tuple[int, int, int]]]:
    """Places, words and lowest versions."""
    workspace = loaded({"wrangler.json": "{}", **files}).project.workspace
    return [(it.path, it.text, it.lowest) for it in nodes_said(workspace, folder)]


@pytest.mark.parametrize(
    ("path", "text", "words", "lowest"),
    [
        (".nvmrc", "v18.17.0\n", "v18.17.0", (18, 17, 0)),
        (".node-version", "20\n", "20", (20, ANY, 0)),
        (".tool-versions", "python 3.12.1\nnodejs 20.3.1\n", "20.3.1", (20, 3, 1)),
        ("package.json", '{ "engines": { "node": ">=18.0.0 <23" } }', ">=18.0.0 <23", (18, 0, 0)),
        ("package.json", '{ "volta": { "node": "20.11.1" } }', "20.11.1", (20, 11, 1)),
        (".github/workflows/ci.yml", "with:\n  node-version: '20.x'\n", "20.x", (20, ANY, 0)),
        (".github/workflows/ci.yml", "matrix:\n  node: [22, 18, 20]\n", "22, 18, 20", (18, ANY, 0)),
        (".gitlab-ci.yml", "image: node:18.19\n", "18.19", (18, 19, 0)),
    ],
)
def test_each_file_that_says_it(path: str, text: str, words: str, lowest: tuple[int, int, int]) -> None:
    assert said({path: text}) == [(path, words, lowest)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".nvmrc", "lts/*\n"),
        (".tool-versions", "python 3.12.1\n"),
        ("package.json", '{ "engines": { "node": "*" } }'),
        (
            ".github/workflows/ci.yml",
            "with:\n  node-version: ${{ matrix.node }}\n  node-version-file: .nvmrc\n",
        ),
    ],
)
def test_names_and_expressions_say_nothing(path: str, text: str) -> None:
    assert said({path: text}) == []


def test_those_of_the_folders_above_count_too() -> None:
    files = {".nvmrc": "18", "api/package.json": '{ "engines": { "node": "22.12.0" } }'}
    assert [it[0] for it in said(files, "api")] == [".nvmrc", "api/package.json"]
    assert [it[0] for it in said(files)] == [".nvmrc"]
