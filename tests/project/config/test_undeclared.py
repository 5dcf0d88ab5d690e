"""Names of bindings that no configuration has."""

from __future__ import annotations

import pytest

from cflint.platform.bindings import kind_by_id
from cflint.project.config.undeclared import declare_binding, is_misspelling, similar_binding
from cflint.project.config.wrangler import WranglerConfig, read_config
from cflint.source import Document

pytestmark = pytest.mark.portable


def config(text: str) -> WranglerConfig:
    return read_config(Document("wrangler.json", text.encode()))


@pytest.mark.parametrize(
    ("one", "other", "misspelt"),
    [
        ("PAGES", "PAGE", True),
        ("PAGE", "PAGES", True),
        ("PAGES", "PAGED", True),
        ("PAGES", "pages", True),
        ("PAGES", "PGAES", False),
        ("PAGES", "PAGESES", False),
        ("PAGES", "STATS", False),
    ],
)
def test_one_letter_apart(one: str, other: str, misspelt: bool) -> None:
    assert is_misspelling(one, other) is misspelt


def test_the_binding_that_may_be_meant() -> None:
    found = config(
        '{"vars": {"PAGES": "x"}, "kv_namespaces": [{"binding": "PAGE", "id": "a"}],'
        ' "hyperdrive": [{"binding": "PAGE_DB", "id": "b"}]}'
    )
    environments = found.environments
    kv = similar_binding(environments, "PAGES", "get")
    assert kv is not None and kv.name == "PAGE"
    assert similar_binding(environments, "PAGES", "prepare") is None
    assert similar_binding(environments, "OTHER", "get") is None
    database = similar_binding(environments, "PAGES_DB", "connectionString")
    assert database is not None and database.name == "PAGE_DB"


def added(kind: str, text: str = "{}", class_name: str | None = None) -> object:
    found, wanted = config(text), kind_by_id(kind)
    assert wanted is not None
    edits = declare_binding(found, wanted, "MY_NAME", class_name=class_name)
    if edits is None:
        return None
    data = found.document.data
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        data = data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]
    return config(data.decode()).root.plain


def test_declaring() -> None:
    assert added("kv") == {"kv_namespaces": [{"binding": "MY_NAME"}]}
    assert added("queue") == {"queues": {"producers": [{"binding": "MY_NAME", "queue": "my-name"}]}}
    assert added("ai") == {"ai": {"binding": "MY_NAME"}}
    assert added("ai", '{"ai": {"binding": "AI"}}') is None
    assert added("durable_object") is None
    bound = [{"name": "MY_NAME", "class_name": "Room"}]
    assert added("durable_object", class_name="Room") == {"durable_objects": {"bindings": bound}}
    assert added("hyperdrive") is None
    assert added("kv", "{") is None


def test_named_environments_inherit_no_binding() -> None:
    bound = [{"binding": "MY_NAME"}]
    there = '{"env": {"dev": {"vars": {"A": "a"}}, "prod": {"kv_namespaces": [{"binding": "MY_NAME"}]}}}'
    assert added("kv", there) == {
        "kv_namespaces": bound,
        "env": {"dev": {"vars": {"A": "a"}, "kv_namespaces": bound}, "prod": {"kv_namespaces": bound}},
    }
