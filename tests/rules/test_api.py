"""The names that rules may use: given twice, once for type checkers and once for the import."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

from cflint.api.deprecations import DEPRECATED
from cflint.lazy import Deprecation
from tests.support.paths import ROOT

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


def test_a_deprecated_name_warns_and_works(monkeypatch: pytest.MonkeyPatch) -> None:
    js = importlib.import_module("cflint.api.js")
    expected = js.PromiseOutcome
    monkeypatch.delitem(vars(js), "PromiseOutcome")
    deprecation = Deprecation("0.2", "`Outcome`", "0.4")
    monkeypatch.setitem(DEPRECATED, "cflint.api.js.PromiseOutcome", deprecation)
    message = r"`cflint.api.js.PromiseOutcome` is deprecated since 0.2: use `Outcome`; it goes in 0.4"
    for _ in range(2):  # whoever imports it, and not only the first
        with pytest.warns(DeprecationWarning, match=message) as caught:
            from cflint.api.js import PromiseOutcome
        assert PromiseOutcome is expected
        assert caught[0].filename == __file__


def test_deprecated_names_exist_and_stay_long_enough() -> None:
    for name, goes in DEPRECATED.items():
        module, _, own = name.rpartition(".")
        assert own in importlib.import_module(module).__all__
        first, last = (tuple(map(int, version.split("."))) for version in (goes.since, goes.until))
        assert last[0] > first[0] or last[1] >= first[1] + 2


@pytest.mark.parametrize("subject", (*SUBJECTS, "cflint.testing"))
def test_the_page_has_every_name(subject: str) -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {subject}\n")[1].split("\n## ")[0]
    shown = re.findall(r"^### (\w+)$", section, re.MULTILINE)
    subjects = {name.rpartition(".")[2] for name in SUBJECTS[1:]}
    assert set(shown) == set(importlib.import_module(subject).__all__) - subjects
    for entry in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
        assert "\n```python\n" in entry or re.search(r"\n\*(class|enum|module)\*", entry), entry
