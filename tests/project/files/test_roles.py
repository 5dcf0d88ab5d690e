"""What files are there for, and how they are called."""

from __future__ import annotations

import pytest

from cflint.platform.env_types import ENV_TYPE_NAMES, UNSEEN_ENV_TYPE_NAMES, may_be_env_type
from cflint.project.files.roles import Role, config_role, is_example_path, is_test_path
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loading import load
from cflint.project.workers.model import Worker
from cflint.project.workers.preferences import no_preferences
from cflint.syntax.suffixes import is_declaration_file, is_typescript, without_extension

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("wrangler.jsonc", Role.PRODUCT),
        ("apps/latest/wrangler.toml", Role.PRODUCT),
        ("attest/wrangler.toml", Role.PRODUCT),
        ("contest-api/wrangler.toml", Role.PRODUCT),
        ("test/wrangler.toml", Role.TEST),
        ("wrangler.test.jsonc", Role.TEST),
        ("wrangler-e2e.toml", Role.TEST),
        ("packages/api/fixtures/wrangler.json", Role.TEST),
        ("examples/tests/wrangler.json", Role.TEST),
        ("demos/chat/wrangler.json", Role.DEMO),
        ("demo.toml", Role.PRODUCT),
        ("examples/chat/wrangler.json", Role.EXAMPLE),
        ("my-template/wrangler.json", Role.EXAMPLE),
    ],
)
def test_the_role_of_a_configuration(path: str, role: Role) -> None:
    assert config_role(path) is role


def test_only_tests_are_not_deployed() -> None:
    assert [role for role in Role if not role.is_deployed] == [Role.TEST]
    assert [role for role in Role if role.is_shown] == [Role.EXAMPLE, Role.DEMO]


def test_a_worker_says_whether_it_is_deployed() -> None:
    config = b'{ "name": "a", "main": "index.ts" }'
    code = b"export default { fetch() { return new Response(); } };"
    files = {
        folder + name: data
        for folder in ("api/", "test/")
        for name, data in {"wrangler.json": config, "index.ts": code}.items()
    }
    project = load(Workspace.in_memory(files), [""], preferences=no_preferences).project
    deployed = {worker.config.path: worker.is_deployed for worker in project.workers if worker.config}
    assert deployed == {"api/wrangler.json": True, "test/wrangler.json": False}
    assert not Worker(None, (), ()).is_deployed


def test_paths_of_code() -> None:
    assert is_test_path("src/a.test.ts") and is_test_path("test_a.py")
    assert not is_test_path("src/latest.ts") and not is_test_path("src/contest/a.ts")
    assert is_example_path("docs/a.ts") and not is_example_path("docs.ts")


def test_suffixes() -> None:
    assert [is_typescript(path) for path in ("a.ts", "a.tsx", "a.d.mts", "a.js", "a.tsx.js")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert is_declaration_file("a.d.cts") and not is_declaration_file("a.ts")
    assert [without_extension(path) for path in ("src/a.tsx", "a.b.mjs", "a.py", "a")] == [
        "src/a", "a.b", "a.py", "a",
    ]  # fmt: skip


def test_names_of_env_types() -> None:
    assert "Env" in ENV_TYPE_NAMES and "Environment" not in ENV_TYPE_NAMES
    assert UNSEEN_ENV_TYPE_NAMES > ENV_TYPE_NAMES and "Cloudflare.Env" in UNSEEN_ENV_TYPE_NAMES
    assert may_be_env_type("WorkerEnv") and may_be_env_type("AppBindings")
    assert not may_be_env_type("EnvReader")
