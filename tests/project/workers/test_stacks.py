"""Bindings that Terraform, Pulumi, SST and Alchemy give a Worker: names, kinds, and what rules then say."""

from __future__ import annotations

import pytest

from cflint.project.workers.stacks.hcl import read_hcl
from cflint.project.workers.stacks.programs import declared_by_program
from cflint.project.workers.stacks.terraform import declared_by_terraform
from cflint.source import Document
from tests.support.projects import Files, found, loaded

V5 = """
locals { more = [{ name = "MORE", type = "queue", queue_name = "x" }] }
# resource "cloudflare_workers_script" "old" { bindings = [{ name = "OLD", type = "d1" }] }
resource "cloudflare_workers_script" "api" {
  account_id     = var.account
  script_name    = "api"
  content_file   = "${path.module}/dist/index.js"
  content_sha256 = filesha256("${path.module}/${var.x["a"]}/index.js")
  text = <<-EOT
    } "
  EOT
  bindings = concat(local.more, [
    { name = "DB", type = "d1", id = cloudflare_d1_database.db.id },
    { name = "KV", namespace_id = "a", type = "kv_namespace" }, // the cache
    { name = "ROOM", type = "durable_object_namespace", class_name = "Room" },
    { name = "TOKEN", type = "secret_text", text = var.token },
    { name = "OF_${var.stage}", type = "d1" },
    { name = "NEW", type = "of_the_future" },
  ])
}
"""
V4 = """
resource "cloudflare_worker_script" "api" {
  name    = "api"
  content = file("dist/worker.js")
  kv_namespace_binding {
    name         = "KV"
    namespace_id = cloudflare_workers_kv_namespace.kv.id
  }
  queue_binding {
    binding = "JOBS"
    queue   = "jobs"
  }
  d1_database_binding {
    name = "DB"
    database_id = "x"
  }
  dynamic "secret_text_binding" {
    for_each = var.secrets
    content {
      name = secret_text_binding.key
    }
  }
}
"""
VERSION = """
resource "cloudflare_worker" "api" { name = "the-api" }
resource "cloudflare_worker_version" "api" {
  worker_id = cloudflare_worker.api.id
  modules   = [{ name = "index.js", content_file = "dist/index.js" }]
  bindings  = var.many ? [{ type = "r2_bucket", name = "FILES" }] : []
}
"""
PAGES = """
resource "cloudflare_pages_project" "site" {
  name = "site"
  deployment_configs = {
    production = { kv_namespaces = { KV = { namespace_id = "a" } }, browsers = { B = {} } }
  }
}
resource "cloudflare_pages_project" "old" {
  name = "old"
  deployment_configs {
    production {
      d1_databases = { DB = "id" }
    }
  }
}
"""
ALCHEMY = """
import alchemy, { type Scope } from "alchemy";
import { Worker, D1Database, KVNamespace, R2Bucket, Queue, Self } from "alchemy/cloudflare";
import { DurableObjectNamespace as Objects } from "alchemy/cloudflare";
const app = await alchemy("app");
const database = await D1Database("db", { migrationsDir: "./migrations" });
const [cache, files] = await Promise.all([KVNamespace("cache"), R2Bucket("files")]);
export const worker = await Worker("api", {
  name: `${app.name}-api`,
  entrypoint: "./src/index.ts",
  bindings: {
    DB: database,
    CACHE: cache,
    FILES: files,
    JOBS: await Queue("jobs"),
    ROOMS: Objects("rooms", { className: "Room" }),
    ME: Self,
    TOKEN: alchemy.secret(process.env.TOKEN),
    STAGE: app.stage,
    MODE: "on",
    OTHER: somewhere.else,
  },
});
"""
ALCHEMY_2 = """
import * as Alchemy from "alchemy";
import * as Cloudflare from "alchemy/Cloudflare";
import * as Config from "effect/Config";
const DB = Cloudflare.D1.Database("db").pipe(retain());
const Bucket = Cloudflare.R2Bucket("files");
export const Api = Cloudflare.Worker("Api", {
  main: "./src/index.ts",
  env: { DB, FILES: Bucket, ROOM: Cloudflare.DurableObject<Room>("Room"), TOKEN: Config.redacted("TOKEN") },
});
export class Website extends Cloudflare.Vite<Website>()("Website", { rootDir: "web", env: { DB } }) {}
"""
SST = """
export default $config({
  async run() {
    const bucket = new sst.cloudflare.Bucket("Files");
    const db = new sst.cloudflare.D1("Data");
    const token = new sst.Secret("Token");
    new sst.cloudflare.Worker("Api", {
      handler: "src/index.ts",
      link: [bucket, db, token],
      environment: { DEBUG: "1" },
      transform: { worker: (args) => { args.kvNamespaceBindings = [{ name: "CACHE", namespaceId: "x" }]; } },
    });
    new sst.cloudflare.Cron("Nightly", { job: { handler: "src/nightly.ts", link: [db] }, schedules });
  },
});
"""
PULUMI = """
import * as pulumi from "@pulumi/pulumi";
import * as cloudflare from "@pulumi/cloudflare";
new cloudflare.WorkersScript("api", {
  scriptName: "api",
  contentFile: "dist/index.js",
  bindings: [{ type: "d1", name: "DB", id: db.id }, { type, name: "X" }],
  queueBindings: [{ binding: "JOBS", queue: "jobs" }],
});
"""


@pytest.mark.parametrize(
    ("text", "names", "bindings"),
    [
        (
            V5,
            {"api"},
            {"MORE": "queue", "DB": "d1", "KV": "kv", "ROOM": "durable_object", "TOKEN": "secret"},
        ),
        (V4, {"api"}, {"KV": "kv", "JOBS": "queue", "DB": "d1"}),
        (VERSION, {"the-api"}, {"FILES": "r2"}),
        (PAGES, {"site"}, {"KV": "kv", "B": "browser"}),
        ('resource "cloudflare_workers_script" "a" { bindings = [{ name = "A"', set(), {}),
    ],
)
def test_terraform(text: str, names: set[str], bindings: dict[str, str]) -> None:
    first = next(declared_by_terraform(text))
    assert set(first.names) == names
    assert first.bindings == bindings


def test_all_resources_of_a_file() -> None:
    assert [one.bindings for one in declared_by_terraform(PAGES)] == [
        {"KV": "kv", "B": "browser"},
        {"DB": "d1"},
    ]
    assert [set(one.paths) for one in declared_by_terraform(V5)] == [{"dist/index.js"}]


@pytest.mark.parametrize("text", ["", "}", "a = [", '"', 'x "y" {', "<<A\n", "a = {{{{[[((", 'a = "${', "/*"])
def test_anything_is_read(text: str) -> None:
    assert list(declared_by_terraform(text)) == []
    read_hcl(text * 2000)


@pytest.mark.parametrize(
    ("text", "bindings"),
    [
        (
            ALCHEMY,
            [
                {
                    "DB": "d1",
                    "CACHE": "kv",
                    "FILES": "r2",
                    "JOBS": "queue",
                    "ROOMS": "durable_object",
                    "ME": "service",
                    "TOKEN": "secret",
                    "MODE": "var",
                }
            ],
        ),
        (
            ALCHEMY_2,
            [{"DB": "d1", "FILES": "r2", "ROOM": "durable_object", "TOKEN": "secret"}, {"DB": "d1"}],
        ),
        (SST, [{"CACHE": "kv", "DEBUG": "var", "Files": "r2", "Data": "d1"}, {"Data": "d1"}]),
        (PULUMI, [{"DB": "d1", "JOBS": "queue"}]),
        ('import { D1Database } from "alchemy/cloudflare";\nawait D1Database("x", {});', []),
        ('import { Worker } from "./own";\nWorker("x", { bindings: { A: "b" } });', []),
    ],
)
def test_programs(text: str, bindings: list[dict[str, str]]) -> None:
    declared = list(declared_by_program(Document("a.ts", text.encode())))
    assert [one.bindings for one in declared] == bindings


# -- what it means for a Worker ---------------------------------------------------------------------------

CODE = """
export default {
  async fetch(request, env) {
    env.DB.prepare("SELECT 1").run();
    return new Response(await env.KV.get("a"));
  },
};
"""
CONFIG = 'name = "api"\nmain = "src/index.js"\ncompatibility_date = "2026-08-01"\n'


def bound(files: Files) -> list[dict[str, str]]:
    return [dict(worker.bound) for worker in loaded(files).project.workers]


def test_the_worker_of_a_name_has_the_bindings_of_that_name() -> None:
    other = V4.replace('"api"', '"other"').replace("KV", "THEIRS")
    files = {"wrangler.toml": CONFIG, "src/index.js": CODE, "infra/a.tf": V4 + other}
    assert bound(files) == [{"DB": "d1", "JOBS": "queue", "KV": "kv"}]


def test_alchemy_takes_a_worker_from_the_folder_that_it_names() -> None:
    text = ALCHEMY.replace(
        'entrypoint: "./src/index.ts"', 'cwd: "../../apps/server", entrypoint: "src/index.ts"'
    )
    files = {
        "packages/infra/alchemy.run.ts": text,
        "packages/infra/package.json": "{}",
        "apps/server/package.json": "{}",
        "apps/server/src/index.ts": "import { Hono } from 'hono';\nexport default new Hono();\n",
        "apps/web/src/index.ts": "export const page = 1;\n",
    }
    (worker,) = loaded(files).project.workers
    assert worker.modules == ("apps/server/src/index.ts",)
    assert worker.bound["DB"] == "d1" and worker.bound["FILES"] == "r2"
    assert bound(files | {"packages/infra/alchemy.run.ts": text.replace("../../apps", "../../old")}) == []


def test_a_name_of_two_kinds_is_of_none() -> None:
    other = V4.replace("d1_database_binding", "r2_bucket_binding")
    files = {"wrangler.toml": CONFIG, "src/index.js": CODE, "infra/a.tf": V4, "infra/b.tf": other}
    assert bound(files) == [{"JOBS": "queue", "KV": "kv"}]


def test_what_is_declared_for_another_worker_is_not_its_own() -> None:
    other = V4.replace('"api"', '"other"')
    files = {"wrangler.toml": CONFIG, "src/index.js": CODE, "infra/a.tf": other}
    assert bound(files) == [{}]


@pytest.mark.parametrize("config", [CONFIG, None])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("infra/main.tf", V4),
        ("alchemy.run.ts", ALCHEMY.replace("index.ts", "index.js")),
        ("sst.config.ts", SST.replace("index.ts", "index.js").replace('D1("Data")', 'D1("DB")')),
        ("infra/index.ts", PULUMI),
    ],
)
def test_rules_speak_of_what_is_bound(config: str | None, path: str, text: str) -> None:
    files = {"src/index.js": CODE, path: text, "package.json": '{"devDependencies": {"wrangler": "4"}}'}
    if config is not None:
        files["wrangler.toml"] = config
    assert "binding-floating-promise" in found(files)
    assert bound(files)[0]["DB"] == "d1"
    assert bound({name: files[name] for name in files if name != path}) == [{}]  # known by its use alone


def test_what_sst_links_is_called_resource() -> None:
    code = CODE.replace("env.DB.", "Resource.Data.").replace(
        "export", 'import { Resource } from "sst";\nexport', 1
    )
    files = {"src/index.ts": code, "sst.config.ts": SST}
    assert "binding-floating-promise" in found(files)
    assert "binding-floating-promise" not in found({"src/index.ts": code})


def test_nothing_is_called_undeclared() -> None:
    more = CODE.replace("env.KV.", "env.MORE.")
    files = {"wrangler.toml": CONFIG, "src/index.js": more, "infra/a.tf": V4}
    assert "binding-not-declared" not in found(files)


def test_python_knows_them_too() -> None:
    code = "from workers import WorkerEntrypoint, Response\n\nclass Default(WorkerEntrypoint):\n"
    code += "    async def fetch(self, request):\n        self.env.KV.put('a', 'b')\n"
    code += "        return Response('')\n"
    files = {"wrangler.toml": CONFIG.replace("index.js", "entry.py"), "src/entry.py": code}
    assert "py-unawaited-binding" in found(files | {"infra/a.tf": V4})
    assert "py-unawaited-binding" not in found(files)


def test_a_job_and_a_worker_of_which_another_one_needs_the_type() -> None:
    files = {
        "sst.config.ts": """
          const trpc = new sst.cloudflare.Worker("Trpc", { handler: "index.ts" });
          new sst.cloudflare.Worker("Client", { handler: "client.ts", link: [trpc] });
          new sst.cloudflare.Cron("Nightly", { job: "job.ts", schedules });
        """,
        "index.ts": CODE + "export type Router = string;\n",
        "client.ts": 'import type { Router } from "./index";\n' + CODE,
        "job.ts": "export default { async scheduled() {} };\n",
    }
    workers = loaded(files).project.workers
    assert [(it.entries, dict(it.bound)) for it in workers] == [
        (("index.ts",), {}),
        (("client.ts",), {"Trpc": "service"}),
        (("job.ts",), {}),
    ]


@pytest.mark.parametrize("comment", ["{}", "/*\n{}\n*/"])
def test_a_comment_of_sst_declares_no_worker(comment: str) -> None:
    worker = '  new sst.cloudflare.Worker("Api", { handler: "src/index.ts" });\n'
    text = comment.format(f"// {worker}") if comment == "{}" else comment.format(worker)
    files = {"wrangler.toml": CONFIG, "src/index.js": CODE, "infra/worker.ts": text}
    said = loaded(files).project.workers[0].config
    assert said is not None and said.deployment.open == ""


def test_a_resource_of_sst_alone_declares_no_worker() -> None:
    database = 'export const db = new sst.cloudflare.Hyperdrive("Data", { origin: {} });\n'
    files = {
        "wrangler.toml": CONFIG,
        "src/index.js": CODE,
        "infra/database.ts": database,
        "infra/worker.ts": SST,
    }
    said = loaded(files).project.workers[0].config
    assert said is not None and said.deployment.open == "infra/worker.ts declares the Worker (SST)"
