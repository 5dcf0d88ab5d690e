"""The names that rules may use: given twice, once for type checkers and once for the import."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.portable

SUBJECTS = ("cflint.api", *(f"cflint.api.{name}" for name in ("js", "config", "sql", "python", "fixes")))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_the_type_checker_sees_is_what_is_imported(subject: str) -> None:
    api = importlib.import_module(subject)
    seen = {
        (node.module, name.name, name.asname or name.name)
        for block in ast.parse(Path(str(api.__file__)).read_text(encoding="utf-8")).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    imported = {
        (module, word.partition(":")[0], word.rpartition(":")[2])
        for module, words in api._ORIGINS.items()
        for word in words.split()
    }
    assert seen == imported
    assert sorted(api.__all__) == sorted(exported for _, _, exported in seen)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_names_are_listed(subject: str) -> None:
    api = importlib.import_module(subject)
    assert set(api.__all__) <= set(dir(api))


def test_subjects_are_attributes() -> None:
    api = importlib.import_module("cflint.api")
    for subject in SUBJECTS[1:]:
        assert getattr(api, subject.rpartition(".")[2]) is importlib.import_module(subject)
        assert subject.rpartition(".")[2] in dir(api)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_name_is_there(subject: str) -> None:
    api = importlib.import_module(subject)
    for name in api.__all__:
        assert getattr(api, name) is not None
    with pytest.raises(AttributeError):
        api.nothing_of_this_name  # noqa: B018


def test_no_name_is_in_two_subjects() -> None:
    names = [name for subject in SUBJECTS for name in importlib.import_module(subject).__all__]
    assert len(names) == len(set(names))
