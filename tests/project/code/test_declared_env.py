"""Types of `env`: members, what they name, and the type of an `env` at hand."""

from __future__ import annotations

import pytest

from cflint.project.code.declared_env import (
    class_of_type,
    env_members,
    env_type_at,
    has_global_env,
    is_runtime_type,
    member_added,
    spelling,
    split_type,
    type_for,
    type_of_class,
)
from tests.support import modules

pytestmark = pytest.mark.portable

CONFIG = """{
  "name": "example", "main": "index.ts", "compatibility_date": "2026-08-01",
  "vars": { "LEVEL": 3 },
  "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] }
}"""
ROOM = "import { DurableObject } from 'cloudflare:workers';\nexport class Room extends DurableObject {}\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("KVNamespace", ("KVNamespace", None)),
        ("Queue<Job> | undefined", ("Queue", "Job")),
        ("A<B>, C<D>", ("", None)),
        ("A | B", ("", None)),
    ],
)
def test_split_type(text: str, wanted: tuple[str, str | None]) -> None:
    assert split_type(text) == wanted


def test_members() -> None:
    module = modules.module_of(ROOM + "interface Env {\n  ROOMS: DurableObjectNamespace<Room>;\n}\n", CONFIG)
    (member,) = env_members(module)
    assert (member.name, member.base, member.arguments) == ("ROOMS", "DurableObjectNamespace", "Room")
    assert member.has_binding_type
    bound = member.bound_class
    assert bound is not None
    assert type_of_class(module, bound) == "Room"
    assert class_of_type(module, "Room") == bound
    assert type_for(module, member.bindings[0]) == "DurableObjectNamespace<Room>"
    assert member.retyped("Fetcher").text == "Fetcher"
    added = member_added(module, member.owner, "LEVEL", "number")
    assert added is not None
    assert added.text == "\n  LEVEL: number;"
    assert member_added(module, member.owner, "no-name", "number") is None


def test_runtime_type() -> None:
    module = modules.module_of(
        "interface Queue {}\nimport { R2Bucket } from '@cloudflare/workers-types';", CONFIG
    )
    assert not is_runtime_type(module, "Queue")
    assert is_runtime_type(module, "R2Bucket")
    assert is_runtime_type(module, "KVNamespace")


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("interface Env { A: R2Bucket }\nfunction f(env: Env) { return «env».B; }", "Env"),
        ("interface Env { A: R2Bucket }\nfunction f(env: Other) { return «env».B; }", None),
        ("interface Env { A: R2Bucket }\nfunction f(env) { return «env».B; }", None),
    ],
)
def test_type_at(code: str, wanted: str | None) -> None:
    found = env_type_at(*modules.marked(code, CONFIG))
    assert (found.name if found is not None else None) == wanted


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("declare namespace Cloudflare { interface Env { A: R2Bucket } }", True),
        ("declare global { namespace Cloudflare { interface Env { A: R2Bucket } } }", True),
        ("// namespace Cloudflare\nconst one = 'namespace Cloudflare';", False),
    ],
)
def test_global_env(code: str, wanted: bool) -> None:
    assert has_global_env(modules.module_of(code, CONFIG)) is wanted


def test_spelling() -> None:
    assert spelling("ALARM_EXAMPLE") == spelling("AlarmExample")


def test_comments_above() -> None:
    code = "let a; // behind\n// one\n/* two */\n«let b;»\n"
    module, node = modules.marked(code, CONFIG)
    assert [module.text(found) for found in module.comments_above(node)] == ["// one", "/* two */"]
