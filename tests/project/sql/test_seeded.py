"""Tables whose rows come from SQL files alone."""

from __future__ import annotations

import pytest

from cflint.project.code.module import Module
from cflint.project.files.workspace import Workspace
from cflint.project.sql.seeded import is_seeded
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.modules import CONFIG

pytestmark = pytest.mark.portable

SEED = "CREATE TABLE user_roles (a); INSERT OR IGNORE INTO user_roles (a) VALUES (1);"


@pytest.mark.parametrize(
    ("code", "seeded"),
    [
        ("", True),
        ("db.prepare('INSERT INTO others (a) VALUES (?)');", True),
        ("db.prepare('insert into USER_ROLES (a) values (?)');", False),
        ("db.insert(userRoles).values({ a: 1 });", False),
        ("db.insertInto('user_roles').values({ a: 1 });", False),
        ("db.prepare(`REPLACE INTO ${table} VALUES (?)`);", False),
    ],
)
def test_no_code_adds_a_row(code: str, seeded: bool) -> None:
    files = {"wrangler.jsonc": CONFIG, "index.ts": f"{code}\nexport default {{}};", "seed.sql": SEED}
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    project = load(workspace, [""], preferences=no_preferences).project
    tree = project.trees.of("index.ts")
    assert tree is not None
    assert is_seeded(Module(project, *tree), "user_roles") is seeded
    assert not is_seeded(Module(project, *tree), "others")
