"""What a server imports before it forks, so that the processes have it.

Imported where used: dulwich, which an extra installs.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from typing import Any

from cflint.fleet import examine
from cflint.packages import PackageError
from cflint.project.files.workspace import Workspace
from cflint.rule import RuleSet


class Warmth:
    """What a server has done once, so that the processes need not: each job, with all that it imports where
    it is used, and the choice of rules by the options and settings of the requests that come."""

    def __init__(self) -> None:
        warm_up()
        self._chosen_by: tuple[object, ...] = _choice_of({"options": []})

    def prepare(self, request: Mapping[str, Any]) -> bool:
        """Make ready for requests like this one; whether there was anything to do."""
        if request["job"] != "examine" or _choice_of(request) == self._chosen_by:
            return False
        self._chosen_by = _choice_of(request)
        with contextlib.suppress(Exception):  # what is wrong with them is said by the job itself
            above = request.get("is_above", False)
            examine.examined(_sample(), request["options"], request.get("settings"), is_above=above)
        return True


def _choice_of(request: Mapping[str, Any]) -> tuple[object, ...]:
    return (*request["options"], request.get("settings"), request.get("is_above", False))


def _sample() -> Workspace:
    return Workspace.in_memory({path: text.encode() for path, text in SAMPLE.items()})


def warm_up() -> None:
    """Import the jobs, what they import where it is used, and all rules: each job is done once. What is
    wrong with a package of rules is said by the jobs that use packages."""
    for rule in RuleSet.discover(packages=False).values():
        _ = rule.module
    with contextlib.suppress(PackageError):
        examine.examined(_sample(), [])
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ImportError, examine.Unexamined):
            _write_commit(folder)  # without dulwich, which an extra installs, a job says what is missing
            seen = examine.look({"path": folder, "ref": "HEAD"})
            examine.examine({"path": folder, "commit": seen["states"][0]["commit"], "options": []})


def _write_commit(folder: str) -> None:
    """Make a bare repository with a commit that has a file."""
    from dulwich.objects import Blob, Commit, Tree
    from dulwich.refs import Ref
    from dulwich.repo import Repo

    with contextlib.closing(Repo.init_bare(folder)) as repository:
        blob, tree, commit = Blob.from_string(b"sample\n"), Tree(), Commit()
        tree.add(b"README.md", 0o100644, blob.id)
        commit.tree, commit.message = tree.id, b"sample"
        commit.author = commit.committer = b"cflint <cflint@example.com>"
        commit.author_time = commit.commit_time = commit.author_timezone = commit.commit_timezone = 0
        for one in (blob, tree, commit):
            repository.object_store.add_object(one)
        repository.refs[Ref(b"refs/heads/main")] = commit.id
        repository.refs.set_symbolic_ref(Ref(b"HEAD"), Ref(b"refs/heads/main"))


SAMPLE = {
    "package.json": '{"dependencies": {"hono": "^4"}, "devDependencies": {"wrangler": "^4"}}',
    "wrangler.jsonc": """{
  "name": "sample", "main": "src/index.ts", "compatibility_date": "2025-01-01", "vars": {"MODE": "on"},
  "kv_namespaces": [{"binding": "KV", "id": "0"}], "d1_databases": [{"binding": "DB", "database_name": "d"}],
  "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
  "migrations": [{"tag": "v1", "new_classes": ["Room"]}], "triggers": {"crons": ["* * * * *"]},
  "queues": {"producers": [{"binding": "Q", "queue": "q"}], "consumers": [{"queue": "q"}]},
  "env": {"staging": {"vars": {}}}
}
""",
    "src/index.ts": """import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import { helper } from "./helper";
const app = new Hono<{ Bindings: Env }>();
app.get("/:id", async (c) => {
  const { results } = await c.env.DB.prepare(`SELECT * FROM t WHERE id = ${c.req.param("id")}`).all();
  c.env.KV.put("key", JSON.stringify(results));
  return c.json(await fetch("https://example.com/").then((response) => response.json()));
});
export class Room extends DurableObject {
  constructor(state: DurableObjectState, env: Env) { super(state, env); this.ctx.storage.setAlarm(1); }
  async fetch(request: Request) {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    this.ctx.storage.sql.exec("SELECT 1");
    return new Response(null, { status: 101, webSocket: client });
  }
  async alarm() { try { await helper(this.env); } catch (error) { console.log(error); } }
}
export default {
  fetch: app.fetch,
  async scheduled(event, env: Env, ctx: ExecutionContext) { ctx.waitUntil(env.Q.send({})); },
  async queue(batch: MessageBatch, env: Env) { for (const message of batch.messages) message.ack(); },
};
""",
    "src/helper.ts": "export async function helper(env) { return env.KV.get('k') ?? Math.random(); }\n",
    "worker.py": "from js import Response\n\nasync def on_fetch(request):\n    return Response.new('x')\n",
}
"""A project that makes most of what is imported where it is used."""
