"""A repository whose author means no good, beside files that are none of its business."""

from __future__ import annotations

import json
from pathlib import Path

CANARY = "CANARY_OUTSIDE"
"""A word that is only in files outside of the repository."""

OWNED = "pwned"
"""The name of the file that code of the repository would write, were it run."""

RUN_ME = f'import pathlib; pathlib.Path("{OWNED}").write_text("{{}}")\n'

CODE = """\
import { helper } from "../../../outside/lib";
import { linked } from "./linked";
import thing from "@out/lib";
import pkg from "outside-pkg";
import abs from "/etc/passwd";
import sql from "../../../outside/dump.sql";

import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    const pair = new WebSocketPair();
    pair[1].accept();
    this.ctx.storage.sql.exec("SELECT * FROM people");
    return new Response(null, { status: 101, webSocket: pair[0] });
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    env.KV.put("a", helper(linked, thing, pkg, abs, sql));
    const rows = await env.DB.prepare("SELECT * FROM secrets").all();
    return Response.json(rows);
  },
} satisfies ExportedHandler<Env>;
"""

PYTHON = f"""\
from workers import Response, WorkerEntrypoint
import lib
{RUN_ME}

class Default(WorkerEntrypoint):
    async def fetch(self, request):
        return Response("ok")
"""


def write_hostile(folder: Path) -> Path:
    """Write the repository and what is outside into a folder that exists; the repository's path."""
    outside, repository = folder / "outside", folder / "repository"
    for path, text in {
        "lib.ts": f'export const helper = (...all: unknown[]) => "{CANARY}";\n',
        "lib.py": f'{CANARY} = "x"\n',
        "index.ts": f"export default {{ {CANARY}: 1 }};\n",
        "tsconfig.json": f'{{ "compilerOptions": {{ "paths": {{ "{CANARY}": ["./lib"] }} }} }}\n',
        "package.json": f'{{ "name": "{CANARY}", "main": "lib.ts" }}\n',
        "wrangler.jsonc": f'{{ "name": "{CANARY}", "main": "index.ts" }}\n',
        "config-schema.json": f'{{ "{CANARY}": 1 }}\n',
        "cflint.toml": f'ignore = ["{CANARY}"]\n',
        "ignore": f"{CANARY}\n",
        "sql/0001.sql": f"CREATE TABLE {CANARY} (id INTEGER);\n",
        "dump.sql": f"-- {CANARY}\n",
        ".dev.vars": f"TOKEN={CANARY}\n",
        "env.d.ts": f"interface Env {{ {CANARY}: KVNamespace }}\n",
        "refs/heads/main": f"{CANARY}\n",
    }.items():
        _write(outside / path, text)
    config = {
        "name": "good",
        "main": "src/index.ts",
        "compatability_date": "2026-08-01",
        "tsconfig": "../../outside/tsconfig.json",
        "build": {"command": f"touch {OWNED}", "cwd": "../../outside"},
        "assets": {"directory": "../../outside"},
        "kv_namespaces": [{"binding": "KV", "id": "0f2ac74b498b48028cb68387c421e279"}],
        "d1_databases": [
            {"binding": "DB", "database_name": "d", "database_id": "1", "migrations_dir": "../../outside/sql"}
        ],
        "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
        "text_blobs": {"BLOB": "../../outside/dump.sql"},
        "containers": [{"class_name": "Room", "image": "../../outside/Dockerfile"}],
    }
    files = {
        "good/wrangler.jsonc": json.dumps(config, indent=2),
        "good/src/index.ts": CODE,
        "good/tsconfig.json": json.dumps(
            {
                "extends": "../../outside/tsconfig.json",
                "compilerOptions": {"paths": {"@out/*": ["../../outside/*"]}, "baseUrl": "../../outside"},
                "references": [{"path": "../../outside"}],
            }
        ),
        "good/package.json": json.dumps(
            {
                "name": "good",
                "scripts": {"preinstall": f"touch {OWNED}", "build": f"touch {OWNED}"},
                "dependencies": {"outside-pkg": "file:../../outside"},
            }
        ),
        "package.json": '{ "workspaces": ["good", "../outside", "../../*", "/etc"] }',
        "pnpm-workspace.yaml": 'packages: ["../outside/**", "/etc/*"]\n',
        "up/wrangler.toml": 'name = "up"\nmain = "../../../../../../../../etc/passwd"\n',
        "absolute/wrangler.toml": 'name = "absolute"\nmain = "/etc/passwd"\n',
        "python/wrangler.toml": 'name = "py"\nmain = "entry.py"\ncompatibility_date = "2026-08-01"\n'
        'compatibility_flags = ["python_workers"]\n',
        "python/entry.py": PYTHON,
        "python/requirements.txt": "-r ../../outside/dump.sql\n",
        "README.md": f"# A Worker\n\n```ts\n{CODE}```\n",
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": '[remote "origin"]\n\turl = https://user:hunter2secret@example.com/o/r.git\n',
    }
    for name in ("click", "json", "sarif_om", "tree_sitter", "libcst", "pygls", "conftest", "setup"):
        files[f"{name}.py"] = RUN_ME
    for name in ("sitecustomize", "usercustomize", "cflint_rules/__init__", "cflint_plugin", "rules/evil"):
        files[f"{name}.py"] = RUN_ME
    for path, text in files.items():
        _write(repository / path, text)
    for link, target in {
        "good/src/linked.ts": outside / "lib.ts",
        "good/node_modules/outside-pkg": outside,
        "good/node_modules/wrangler": outside,
        "good/.dev.vars": outside / ".dev.vars",
        "good/.env": outside / ".dev.vars",
        "good/worker-configuration.d.ts": outside / "env.d.ts",
        "linked/wrangler.jsonc": outside / "wrangler.jsonc",
        "folder": outside,
        "python/lib.py": outside / "lib.py",
        "python/pyproject.toml": outside / "cflint.toml",
        ".gitignore": outside / "ignore",
        ".git/info": outside,
        ".git/refs": outside / "refs",
        ".git/packed-refs": outside / "ignore",
    }.items():
        place = repository / link
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)
    return repository


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
