"""What other files than its configuration say of a Worker, and what rules then say no more."""

from __future__ import annotations

import json

import pytest

from cflint.project.config.deployment import Deployment
from cflint.project.workers import bundles
from cflint.source import Document
from cflint.syntax import javascript
from cflint.syntax.javascript import Syntax
from tests.support.projects import Files, found, loaded

WORKER = """
import { DurableObject } from "cloudflare:workers";
interface Env { DB: D1Database; ROOM: DurableObjectNamespace<Room>; JOBS: Queue }
export class Room extends DurableObject<Env> {}
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    await env.JOBS.send(request.url);
    await env.ROOM.getByName("a").fetch(request);
    return Response.json(await env.DB.prepare("SELECT 1").all());
  },
  async queue(batch: MessageBatch, env: Env): Promise<void> {
    for (const message of batch.messages) message.ack();
  },
  async scheduled(): Promise<void> {},
} satisfies ExportedHandler<Env>;
"""
CONFIG = 'name = "api"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-01"\n'
PLAIN: Files = {"wrangler.toml": CONFIG, "src/index.ts": WORKER, "package.json": "{}"}
ABSENT = {"queue-handler-without-consumer"}
"""What is said of a Worker whose configuration lacks what its code uses."""

TERRAFORM = """
resource "cloudflare_workers_script" "api" {
  account_id  = var.account
  script_name = "api"
  content     = file("${path.module}/dist/index.js")
  bindings = [{ name = "DB", type = "d1", id = cloudflare_d1_database.db.id }]
}
"""
ALCHEMY = """
import alchemy from "alchemy";
import { Worker, D1Database } from "alchemy/cloudflare";
const app = await alchemy("app");
export const worker = await Worker("api", {
  entrypoint: "./src/index.ts",
  bindings: { DB: await D1Database("db") },
});
"""
SST = """
export default $config({
  async run() {
    new sst.cloudflare.Worker("Api", { handler: "src/index.ts", url: true });
  },
});
"""
OTHER_TERRAFORM = """
resource "cloudflare_workers_script" "other" {
  content = "// no comment", script_name = "other" # not name = "api"
}
"""
PULUMI = """
import * as pulumi from "@pulumi/pulumi";
import * as cloudflare from "@pulumi/cloudflare";
new cloudflare.WorkersScript("api", { accountId, name: "api", content: readFileSync("dist/index.js") });
"""


def deployment(files: Files, path: str = "wrangler.toml") -> Deployment:
    (config,) = (config for config in loaded(files).configs if config.path == path)
    return config.deployment


def test_a_plain_project_has_nothing_elsewhere() -> None:
    assert deployment(PLAIN) == Deployment()
    assert found(PLAIN) >= ABSENT


@pytest.mark.parametrize(
    ("maker", "files"),
    [
        ("deploy.tf declares the Worker (Terraform)", {"deploy.tf": TERRAFORM}),
        ("infra/main.tf declares the Worker (Terraform)", {"infra/main.tf": TERRAFORM}),
        ("terraform/a/b/w.tf declares the Worker (Terraform)", {"terraform/a/b/w.tf": TERRAFORM}),
        (
            "deploy.tf declares the Worker (Terraform)",
            {"deploy.tf": TERRAFORM.replace('"api"\n', '"${var.name}"\n').replace('" "api"', '" "x"')},
        ),
        ("alchemy.run.ts declares the Worker (Alchemy)", {"alchemy.run.ts": ALCHEMY}),
        ("sst.config.ts declares the Worker (SST)", {"sst.config.ts": SST}),
        ("infra/index.ts declares the Worker (Pulumi)", {"infra/index.ts": PULUMI}),
        ("index.ts declares the Worker (Pulumi)", {"Pulumi.yaml": "name: x", "index.ts": PULUMI}),
    ],
)
def test_what_something_else_declares_is_open(maker: str, files: Files) -> None:
    assert deployment(PLAIN | files).open == maker
    assert not found(PLAIN | files) & ABSENT


@pytest.mark.parametrize(
    "files",
    [
        {"deploy.tf": TERRAFORM.replace('"api"', '"another"')},
        {"deploy.tf": 'resource "cloudflare_record" "api" {\n  name = "api"\n}\n'},
        {"deploy.tf": 'resource "aws_lambda_function" "api" {}\n'},
        {"infra/index.ts": 'import * as aws from "@pulumi/aws";\nnew aws.lambda.Function("api", {});\n'},
        {"docs/alchemy.run.ts": ALCHEMY},
        {"sst.config.ts": 'new sst.aws.Function("Api", { handler: "src/index.ts" });\n'},
        {"infra/main.tf": TERRAFORM.strip().replace("\n", "\n# ").join(("# ", "\n"))},
        {"infra/main.tf": TERRAFORM.strip().replace("\n", "\n  // ").join(("  // ", "\n"))},
        {"infra/main.tf": f"/*{TERRAFORM}*/\n"},
        {"infra/main.tf": f"# {TERRAFORM.strip().replace(chr(10), chr(10) + '# ')}\n{OTHER_TERRAFORM}"},
        {"alchemy.run.ts": ALCHEMY.strip().replace("\n", "\n// ").join(("// ", "\n"))},
        {"infra/index.ts": f"/*{PULUMI}*/\n"},
    ],
)
def test_what_declares_something_else_is_not(files: Files) -> None:
    assert deployment(PLAIN | files).open == ""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".github/workflows/deploy.yml", "    - run: cat extra.toml >> wrangler.toml\n"),
        (
            ".github/workflows/deploy.yaml",
            '    - run: |\n        echo "[[d1_databases]]" | tee -a wrangler.toml\n',
        ),
        (
            ".github/workflows/deploy.yml",
            "    - run: sed -i 's/compatibility_date/[triggers]/' wrangler.toml\n",
        ),
        ("scripts/deploy.sh", "yq -i '.name = \"x\"' wrangler.toml\n"),
        (".github/workflows/deploy.yml", "    - run: envsubst < a.tpl > ./wrangler.toml\n"),
        ("package.json", '{"scripts": {"deploy": "cp wrangler.prod.toml wrangler.toml && wrangler deploy"}}'),
        ("scripts/deploy.sh", "cat >> wrangler.toml <<EOF\n[vars]\nEOF\n"),
        ("Makefile", "deploy:\n\tsed -i -e '$a x=1' wrangler.toml\n"),
    ],
)
def test_a_configuration_that_a_script_changes_is_open(path: str, text: str) -> None:
    files = PLAIN | {path: text}
    assert deployment(files).open == f"{path} changes wrangler.toml before it is deployed"
    assert not found(files) & ABSENT


def test_a_program_that_writes_the_configuration() -> None:
    files = PLAIN | {
        "package.json": '{"scripts": {"deploy": "node scripts/config.mjs && wrangler deploy -c x.json"}}',
        "scripts/config.mjs": 'const all = read("wrangler.toml");\nwriteFileSync(target, all + more);\n',
    }
    assert deployment(files).open == "scripts/config.mjs writes what is deployed"
    files["scripts/config.mjs"] = 'console.log(read("wrangler.toml"));\n'
    assert deployment(files).open == ""


EDITOR = 'temp=$(mktemp)\nenvsubst < "$1" > "$temp"\nmv "$temp" "$1"\n'


@pytest.mark.parametrize(
    ("command", "program", "text"),
    [
        ("./fill.sh wrangler.toml", "fill.sh", EDITOR),
        ("bash scripts/fill.sh --quiet ./wrangler.toml", "scripts/fill.sh", EDITOR),
        ("python3 fill.py wrangler.toml", "fill.py", 'open(sys.argv[1], "w").write(text)\n'),
        ("node fill.mjs 'wrangler.toml'", "fill.mjs", "writeFileSync(process.argv[2], text);\n"),
    ],
)
def test_a_program_that_is_handed_the_configuration_may_edit_it(
    command: str, program: str, text: str
) -> None:
    workflow = ".github/workflows/deploy.yml"
    files = PLAIN | {workflow: f"    - run: {command}\n", program: text}
    assert deployment(files).open == f"{workflow} changes wrangler.toml before it is deployed"
    files[program] = "echo $1\n"
    assert deployment(files).open == ""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".github/workflows/deploy.yml", "    - run: npx wrangler deploy -c wrangler.toml > log.txt\n"),
        (".github/workflows/deploy.yml", "    - run: ./nothing.sh wrangler.toml\n"),
        (".github/workflows/deploy.yml", "    - run: cat wrangler.toml | grep name\n"),
        (".github/workflows/deploy.yml", "    - run: cp wrangler.toml /tmp/wrangler.toml\n"),
        (".github/workflows/deploy.yml", "    - run: sed -n 1p wrangler.toml.bak\n"),
        ("package.json", '{"scripts": {"x": "cp wrangler.toml dist/wrangler.toml"}}'),
        ("scripts/deploy.sh", "cat >> other/wrangler.toml <<EOF\n"),
        ("scripts/deploy.sh", "echo wrangler.toml\n"),
        ("scripts/deploy.sh", "jq .name wrangler.toml\nyq .name wrangler.toml\n"),
        (
            "package.json",
            '{"scripts": {"d": "wrangler d1 migrations apply DB --remote -c wrangler.toml && '
            'wrangler deploy -c wrangler.toml"}}',
        ),
    ],
)
def test_what_only_reads_it_changes_nothing(path: str, text: str) -> None:
    assert deployment(PLAIN | {path: text}).open == ""


IDS = CONFIG + '[[d1_databases]]\nbinding = "DB"\ndatabase_id = "REPLACE_ME"\n'
"""A configuration in which an id is filled in later."""
FILLS = [
    'toml = toml.replace(/\\bdatabase_id\\s*=\\s*"[^"]*"/, `database_id = "${id}"`);',
    'toml = toml.replace("REPLACE_ME", `${id}`);',
    "if (!toml.includes(id)) toml = toml.replaceAll(/REPLACE_ME/g, `${id}`);",
]
ADDS = [
    "toml = toml.replace('# MORE', `[triggers]`);",
    "toml = toml.replace(/$/, `\n[triggers]\ncrons = []`);",
    'toml = toml.replace(/main = "[^"]*"/, `main = "x.js"`);',
    "toml += more;",
    "toml = add(toml);",
    "toml = toml.replace('REPLACE_ME', (found) => found + more);",
]
PROGRAM = """
import fs from "node:fs";
const PATH = process.argv[2] || "wrangler.toml";
fs.writeFileSync(".dev.vars", secrets);
let toml = fs.readFileSync(PATH, "utf8");
%s
fs.writeFileSync(PATH, toml);
"""


def program(text: str) -> Files:
    return PLAIN | {
        "wrangler.toml": IDS,
        "package.json": '{"scripts": {"setup": "node scripts/setup.js && wrangler deploy"}}',
        "scripts/setup.js": text,
    }


@pytest.mark.parametrize("code", FILLS)
def test_a_program_that_only_fills_in_values_opens_nothing(code: str) -> None:
    files = program(PROGRAM % code)
    assert deployment(files) == Deployment(filled="scripts/setup.js writes what is deployed")
    assert found(files) >= ABSENT
    assert "config-placeholder-id" not in found(files)


def test_a_program_that_writes_where_it_is_not_seen_opens_all() -> None:
    hidden = 'const toml = read("wrangler.toml");\nclass A { write(text) { writeFileSync(%s, text); } }\n'
    for path in ("this.path()", "where()", "place"):
        assert deployment(program(hidden % path)).open == "scripts/setup.js writes what is deployed"


OTHER_FILES = [
    'if (!existsSync(".dev.vars")) writeFileSync(".dev.vars", readFileSync(".dev.vars.example"));',
    "await writeFile(join(process.env.OUT, where(), 'a.txt'), 'a');",
    "await writeFile(`${folder}/${name}/a.html`, 'a');",
    "const out = `${process.cwd()}/public`;\nfs.writeFileSync(`${out}/index.html`, html);",
    "writeFileSync(resolve(folder(), `sync-cache-${process.argv[2]}.json`), 'a');",
    'fs.copyFileSync("wrangler.toml", "build/copy.toml");\nfs.writeFileSync("a.txt", "a");',
]
MAY_WRITE = [
    "writeFileSync(`${process.argv[2]}.toml`, text);",
    "writeFileSync(`conf/${process.argv[2]}.toml`, text);",
    "writeFileSync(`wrangler-${process.argv[2]}.toml`, text);",
    "writeFileSync(process.argv[2], text);",
    'const write = promisify(writeFile);\nawait write("a.txt", text);',
    'import { TARGET } from "./target.js";\nwriteFileSync(TARGET, text);',
    'writeFileSync("a.txt", text);\nfs.renameSync("a.txt", "wrangler.toml");',
    'writeFileSync("a.txt", "a");\nexecSync("sed -i s/a/b/ wrangler.toml");',
    'const save = (name) => writeFileSync(name, text);\nsave("wrangler" + ".toml");',
]


@pytest.mark.parametrize("code", OTHER_FILES)
def test_a_program_that_writes_other_files_opens_nothing(code: str) -> None:
    said = 'console.log("then update the ids in wrangler.toml");\n'
    assert deployment(program(said + code)) == Deployment()


@pytest.mark.parametrize("code", MAY_WRITE)
def test_a_program_that_may_write_the_configuration_opens_it(code: str) -> None:
    said = 'console.log("then update the ids in wrangler.toml");\n'
    opened = deployment(program(code.partition(";")[0] + ";\n" + said + code.partition(";")[2]))
    assert opened.open == "scripts/setup.js writes what is deployed"


def test_a_module_of_a_program_writes_the_configuration() -> None:
    files = program('import { save } from "./save.js";\nsave();\n')
    files["scripts/save.js"] = 'export const save = (text) => writeFileSync("wrangler.toml", text);\n'
    assert deployment(files).open == "scripts/save.js writes what is deployed"


def test_the_name_of_the_worker_is_filled_in() -> None:
    code = (
        'let content = readFileSync("wrangler.jsonc", "utf8");\n'
        'content = content.replace(/"name"\\s*:\\s*"[^"]*"/, `"name": "${NAME}"`);\n'
        'writeFileSync("wrangler.jsonc", content);\n'
    )
    rooms = '"durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]}'
    files: Files = {
        "wrangler.jsonc": '{"name": "api", "main": "src/index.ts", ' + rooms + "}",
        "src/index.ts": WORKER,
        "package.json": '{"scripts": {"prepare": "node setup.js"}}',
        "setup.js": code,
    }
    assert deployment(files, "wrangler.jsonc") == Deployment(filled="setup.js writes what is deployed")
    everywhere = files | {"setup.js": code.replace('"/,', '"/g,')}
    assert deployment(everywhere, "wrangler.jsonc").open == "setup.js writes what is deployed"
    files["wrangler.jsonc"] = "{" + rooms + ', "name": "api", "main": "src/index.ts"}'
    assert deployment(files, "wrangler.jsonc").open == "setup.js writes what is deployed"


@pytest.mark.parametrize("code", ADDS)
def test_a_program_that_may_add_something_opens_all(code: str) -> None:
    files = program(PROGRAM % code)
    assert deployment(files).open == "scripts/setup.js writes what is deployed"
    assert not found(files) & ABSENT


JSON = """
import { readFileSync, writeFileSync } from "node:fs";
const config = JSON.parse(readFileSync("wrangler.json", "utf8"));
%s
writeFileSync("wrangler.tmp.json", `${JSON.stringify(config, null, 2)}\n`);
"""


@pytest.mark.parametrize(
    ("code", "keys"),
    [
        ("config.d1_databases[0].database_id = id;", ()),
        ('console.log(config.name); config.kv_namespaces[0]["id"] = id;', ()),
        ("if (!config.routes) config.routes = [{ pattern: domain, custom_domain: true }];", ("routes",)),
        ("config.vars.A = 1; config.d1_databases.push(database);", ("d1_databases", "vars")),
        ("const first = config.queues; first.consumers.push(x);", ("queues",)),
        ("add(config);", None),
        ("const copy = { ...config }; copy.x = 1;", None),
        ("Object.assign(config, more);", None),
        ("config[name] = 1;", None),
        ("config.env.production.vars = {};", None),
        ("export default config;", ()),
    ],
)
def test_the_keys_that_a_program_adds_to(code: str, keys: tuple[str, ...] | None) -> None:
    files: Files = {
        "wrangler.json": '{"name": "api", "main": "src/index.ts", "d1_databases": [{"binding": "DB"}]}',
        "src/index.ts": WORKER,
        "package.json": '{"scripts": {"deploy": "node deploy.mjs"}}',
        "deploy.mjs": JSON % code,
    }
    told = deployment(files, "wrangler.json")
    assert (told.keys if not told.open else None) == keys
    (config,) = loaded(files).configs
    assert config.top.is_open("triggers", "crons") is (keys is None)
    assert config.top.has_open_bindings is (
        keys is None or bool({"vars", "d1_databases", "queues"} & set(keys))
    )
    assert Deployment.of_row(told.row) == told


def test_edits_of_jsonc_name_their_keys() -> None:
    code = """
import * as jsonc from "jsonc-parser";
const text = await fs.readFile("wrangler.jsonc", "utf-8");
const edits = jsonc.modify(text, env ? ["env", env, "d1_databases", 0, "database_id"] : ["d1_databases", 0,
  "database_id"], id, {});
const PATH = ["kv_namespaces", 0, "id"];
const more = jsonc.modify(text, PATH, other, {});
await fs.writeFile("wrangler.jsonc", jsonc.applyEdits(text, more));
await fs.writeFile("wrangler.jsonc", jsonc.applyEdits(text, edits));
"""
    files: Files = {
        "wrangler.jsonc": '{"name": "api", "main": "src/index.ts"}',
        "src/index.ts": WORKER,
        "package.json": '{"scripts": {"reset": "tsx reset.ts"}}',
        "reset.ts": code,
    }
    assert deployment(files, "wrangler.jsonc") == Deployment(filled="reset.ts writes what is deployed")
    more = files | {"reset.ts": code.replace('"d1_databases", 0,\n  "database_id"', '"triggers"')}
    assert deployment(more, "wrangler.jsonc").keys == ("triggers",)


@pytest.mark.parametrize(
    ("command", "opens"),
    [
        ("sed -i 's/REPLACE_ME/'\"$ID\"'/' wrangler.toml", False),
        ('sed -i -E \'s/database_id = ".*"/database_id = "x"/\' wrangler.toml', False),
        ("sed -i 's|REPLACE_ME|a|; s|X|b|' wrangler.toml", True),
        ("sed -i '/MORE/r more.toml' wrangler.toml", True),
        ("sed -i 's/main/x/' wrangler.toml", True),
        ('sed -i \'/\\[env.a\\]/,/X = / s/ISSUER = ".*"/ISSUER = "a"/\' wrangler.toml', False),
        ("sed -i '1,/a/d' wrangler.toml", True),
        ('sed -i "s/name = \\"api\\"/name = \\"$NAME\\"/g" wrangler.toml', False),
        ('sed -i \'s/name = ".*"/name = "a"/\' wrangler.toml', True),
    ],
)
def test_what_sed_changes(command: str, opens: bool) -> None:
    files = PLAIN | {"wrangler.toml": IDS, "deploy.sh": f"{command}\n"}
    reason = "deploy.sh changes wrangler.toml before it is deployed"
    assert deployment(files) == (Deployment(open=reason) if opens else Deployment(filled=reason))


def test_sed_that_finds_nothing_changes_nothing() -> None:
    files = PLAIN | {"wrangler.toml": IDS, "deploy.sh": "sed -i 's/NOT_THERE/[triggers]/' wrangler.toml\n"}
    assert deployment(files) == Deployment()


# -- the entry ------------------------------------------------------------------------------------------

NO_MAIN = 'name = "api"\ncompatibility_date = "2026-08-01"\n'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", '{"scripts": {"deploy": "wrangler deploy --minify src/index.ts --name x"}}'),
        ("package.json", '{"scripts": {"deploy": "wrangler publish ./src/index.ts"}}'),
        ("package.json", '{"scripts": {"dev": "wrangler dev src/index.ts"}}'),
        (".github/workflows/a.yml", "steps:\n  - run: npx wrangler deploy src/index.ts\n"),
        (
            ".github/workflows/a.yml",
            "steps:\n - uses: cloudflare/wrangler-action@v3\n   with:\n    command: deploy src/index.ts\n",
        ),
        ("Makefile", "deploy:\n\tnpx wrangler deploy src/index.ts\n"),
        ("deploy.sh", "#!/bin/sh\nwrangler deploy src/index.ts\n"),
    ],
)
def test_a_command_names_the_entry(path: str, text: str) -> None:
    files = {"wrangler.toml": NO_MAIN, "src/index.ts": WORKER, path: text}
    assert deployment(files).entry == "src/index.ts"
    (worker,) = loaded(files).project.workers
    assert worker.entries == worker.modules == ("src/index.ts",)
    assert found(files) >= ABSENT


@pytest.mark.parametrize(
    "script",
    [
        "wrangler deploy src/index.ts --dry-run",
        "wrangler deploy src/index.ts -c other.toml",
        "cd sub && wrangler deploy index.ts",
        "wrangler deploy src/none.ts",
        "wrangler deploy $ENTRY",
        "wrangler pages deploy src",
        "vitest src/index.ts",
    ],
)
def test_a_command_that_is_about_something_else(script: str) -> None:
    files = {
        "wrangler.toml": NO_MAIN,
        "src/index.ts": WORKER,
        "package.json": f'{{"scripts": {{"x": "{script}"}}}}',
    }
    assert deployment(files).entry == ""


@pytest.mark.parametrize(
    ("site", "path"),
    [
        ('bucket = "public"', "workers-site/index.js"),
        ('bucket = "public"\nentry-point = "site"', "site/index.js"),
        ('bucket = "public"\nentry-point = "./src/worker.js"', "src/worker.js"),
    ],
)
def test_the_entry_of_workers_sites(site: str, path: str) -> None:
    script = 'addEventListener("fetch", (event) => event.respondWith(new Response()));\n'
    files: Files = {"wrangler.toml": f"{NO_MAIN}[site]\n{site}\n", path: script}
    assert deployment(files).entry == path
    (worker,) = loaded(files).project.workers
    assert worker.entries == (path,)
    assert deployment(files | {"wrangler.toml": f"{CONFIG}[site]\n{site}\n"}).entry == ""
    assert deployment({"wrangler.toml": files["wrangler.toml"]}).entry == ""


def test_a_main_of_its_own_is_not_looked_for() -> None:
    files = PLAIN | {
        "package.json": '{"scripts": {"deploy": "wrangler deploy src/other.ts"}}',
        "src/other.ts": "",
    }
    assert deployment(files).entry == ""


def test_the_command_of_a_monorepo() -> None:
    files = {
        "workers/a/wrangler.toml": NO_MAIN,
        "workers/a/src/index.ts": WORKER,
        "package.json": '{"scripts": {"a": "cd workers/a && wrangler deploy src/index.ts"}}',
    }
    assert deployment(files, "workers/a/wrangler.toml").entry == "workers/a/src/index.ts"


def test_a_command_gives_the_date() -> None:
    files = {
        "wrangler.toml": 'name = "api"\n',
        "src/index.ts": WORKER,
        "package.json": '{"scripts": {"d": "wrangler deploy src/index.ts --compatibility-date 2026-08-02"}}',
    }
    assert deployment(files).date == "2026-08-02"
    assert "compat-date-missing" not in found(files)


def test_a_date_beside_a_main_counts_when_all_commands_give_one() -> None:
    dated = "wrangler deploy --compatibility-date 2026-08-02"
    files = PLAIN | {"wrangler.toml": CONFIG.replace('compatibility_date = "2026-08-01"\n', "")}
    script = f'{{"scripts": {{"a": "{dated}", "b": "%s"}}}}'
    assert deployment(files | {"package.json": script % dated}).date == "2026-08-02"
    assert deployment(files | {"package.json": script % "wrangler deploy"}).date == ""
    assert deployment(PLAIN | {"package.json": script % dated}).date == ""


@pytest.mark.parametrize(
    ("script", "keys"),
    [
        ("wrangler deploy --var STAGE:prod --var X:y", ("vars",)),
        ("wrangler deploy --assets ./public", ("assets",)),
        ("wrangler deploy --route a.example/* --triggers '* * * * *'", ("routes", "triggers")),
        ("wrangler deploy --compatibility-flags nodejs_compat", ("compatibility_flags",)),
        ("wrangler deploy --dry-run --var X:y", ()),
        ("wrangler dev --var X:y", ()),
        ("wrangler deploy -c other.toml --var X:y", ()),
    ],
)
def test_what_a_command_gives_beside_the_configuration(script: str, keys: tuple[str, ...]) -> None:
    files = PLAIN | {"package.json": f'{{"scripts": {{"deploy": "{script}"}}}}'}
    assert deployment(files).keys == keys
    (config,) = loaded(files).configs
    assert config.top.has_open_bindings is bool({"vars", "assets"} & set(keys))
    assert (config.top.enables("nodejs_compat") is None) is ("compatibility_flags" in keys)


# -- what nobody deploys --------------------------------------------------------------------------------

LIBRARY = (
    '{"name": "lib", "exports": "./src/index.ts", "scripts": {"test": "vitest"}, '
    '"devDependencies": {"wrangler": "4.107.0"}}'
)
VITEST = 'cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })\n'


def test_a_library_with_a_configuration_for_its_tests() -> None:
    files = {
        "wrangler.toml": 'name = "lib"\nmain = "src/index.ts"\n',
        "src/index.ts": "export const add = (a: number, b: number) => a + b;\n",
        "package.json": LIBRARY,
        "vitest.config.ts": VITEST,
    }
    assert deployment(files).local == "it is used by the tests of a library only"
    assert not found(files) & {"missing-default-export", "compat-date-missing"}
    for change in (
        {"package.json": LIBRARY.replace('"vitest"', '"vitest", "deploy": "wrangler deploy"')},
        {"package.json": LIBRARY.replace('"exports"', '"private": true, "exports"')},
        {"vitest.config.ts": ""},
    ):
        assert deployment(files | change).local == ""
        assert "missing-default-export" in found(files | change)


def test_a_worker_of_a_library_in_a_folder_for_tests() -> None:
    files = {
        "wrangler.toml": 'name = "lib-test"\nmain = "test-worker/index.ts"\n',
        "test-worker/index.ts": "export default { fetch() { return new Response('a'); } };\n",
        "package.json": LIBRARY,
    }
    assert deployment(files).local == "it is used by the tests of a library only"
    deployed = LIBRARY.replace('"vitest"', '"vitest", "deploy": "wrangler deploy"')
    assert deployment(files | {"package.json": deployed}).local == ""


def test_a_configuration_beside_a_program_for_node() -> None:
    program = '{"name": "bot", "scripts": {"start": "tsc && node dist/index.js"}}'
    files = {
        "wrangler.toml": 'name = "bot"\nmain = "src/index.ts"\nnode_compat = true\n',
        "src/index.ts": 'import { Client } from "discord.js";\nnew Client({}).login("a");\n',
        "package.json": program,
    }
    assert deployment(files).local == "it is left over: `main` is a program that runs in Node.js"
    assert not found(files) & {"compat-date-missing", "observability-not-enabled"}
    for change in (
        {"src/index.ts": "export default { fetch() {} };\n"},
        {"src/index.ts": 'addEventListener("fetch", () => {});\n'},
        {"package.json": program.replace("node dist", "serve dist")},
        {"package.json": program.replace('"name"', '"devDependencies": {"wrangler": "4.107.0"}, "name"')},
        {"package-lock.json": '{"packages": {"node_modules/wrangler": {"version": "4.107.0"}}}'},
        {".github/workflows/deploy.yml": "jobs:\n  a:\n    steps:\n      - run: npx wrangler deploy\n"},
    ):
        assert deployment(files | change).local == ""


DEPLOYS_SERVER = "jobs:\n  a:\n    steps:\n      - run: cd packages/server && npx wrangler deploy\n"


def test_a_configuration_beside_a_server_of_node_in_a_workspace() -> None:
    server = (
        'import { serve } from "@hono/node-server";\n'
        "export const main = async () => {\n"
        "  fetch('https://a.example/');\n  serve({ fetch: () => new Response() });\n};\n"
        "export const answer = () => { try { main(); } catch (error) {\n"
        "  return new Response(error.message, { status: 500 });\n} };\nmain();\n"
    )
    manifest = '{"name": "studio", "scripts": {"start": "HOST=127.0.0.1 node dist/index.js"}}'
    files = {
        "packages/server/wrangler.toml": 'name = "studio"\nmain = "src/index.ts"\n',
        "packages/server/src/index.ts": server,
        "packages/server/package.json": manifest,
        "package.json": '{"workspaces": ["packages/*"], "devDependencies": {"wrangler": "4.107.0"}}',
    }
    name = "packages/server/wrangler.toml"
    assert deployment(files, name).local == "it is left over: `main` is a program that runs in Node.js"
    assert not found(files) & {
        *("missing-default-export", "floating-promise", "compat-date-missing", "error-detail-leak"),
    }
    for change in (
        {"packages/server/src/index.ts": server + "export default { fetch() {} };\n"},
        {"packages/server/package.json": manifest.replace("start", "serve")},
        {
            "packages/server/package.json": manifest.replace(
                '"name"', '"devDependencies": {"wrangler": "4"}, "name"'
            )
        },
        {".github/workflows/deploy.yml": DEPLOYS_SERVER},
    ):
        assert deployment(files | change, name).local == ""


def test_a_worker_of_the_test_pool_that_a_workspace_of_vitest_above_names() -> None:
    worker = "export default { async fetch() { fetch('https://a.example/'); return new Response('a'); } };\n"
    files = {
        "workers/wrangler.rooms.jsonc": (
            '{"name": "rooms", "main": "./rooms-test-worker.ts", "compatibility_date": "2026-08-01"}'
        ),
        "workers/rooms-test-worker.ts": worker,
        "vitest.workspace.ts": "export default [{ configPath: 'workers/wrangler.rooms.jsonc' }];\n",
    }
    name = "workers/wrangler.rooms.jsonc"
    assert deployment(files, name).local == "wrangler.rooms.jsonc is used by tests only"
    assert "floating-promise" not in found(files)
    assert "floating-promise" in found({name: files[name], "workers/rooms-test-worker.ts": worker})
    deployed = {"package.json": '{"scripts": {"deploy": "wrangler deploy -c workers/wrangler.rooms.jsonc"}}'}
    assert deployment(files | deployed, name).local == ""
    assert "floating-promise" in found(files | deployed)


def test_a_configuration_for_development_alone() -> None:
    name = "wrangler.dev.toml"
    text = (
        'name = "shop-dev"\nmain = "src/index.ts"\n'
        '[[d1_databases]]\nbinding = "DB"\ndatabase_name = "shop"\ndatabase_id = "local-placeholder"\n'
    )
    files = {name: text, "src/index.ts": "export default { fetch() {} };\n"}
    assert deployment(files, name).local == "wrangler.dev.toml is for development only"
    for change in (
        {name: text.replace("local-placeholder", "8f3c1a9b-7d2e-4c6f-a0b1-d5e7c9f2a3b4")},
        {name: text.replace("local-placeholder", "${DATABASE_ID}")},
        {name: text.replace('database_id = "local-placeholder"\n', "")},
        {"package.json": '{"scripts": {"deploy": "wrangler deploy -c wrangler.dev.toml"}}'},
    ):
        assert deployment(files | change, name).local == ""


def test_a_sample_without_code_among_the_examples() -> None:
    files = {
        "action.yml": "runs:\n  using: node20\n",
        "examples/preview/wrangler.toml": 'name = "shop"\nmain = "src/index.js"\n',
        "examples/preview/README.md": "Copy it.\n",
    }
    path = "examples/preview/wrangler.toml"
    assert deployment(files, path).local == "it is a sample without code among the examples"
    for change in (
        {"examples/preview/src/other.js": "export default {};\n"},
        {"examples/preview/worker/Cargo.toml": "[package]\n"},
        {"package.json": '{"scripts": {"deploy": "wrangler deploy -c examples/preview/wrangler.toml"}}'},
    ):
        assert deployment(files | change, path).local == ""


@pytest.mark.parametrize(
    ("script", "local"),
    [
        ("wrangler d1 migrations apply DB --local -c wrangler.ci.toml", True),
        ("wrangler deploy -c wrangler.ci.toml", False),
        ("wrangler dev -c wrangler.ci.toml", False),
        ("wrangler d1 migrations apply DB --remote -c wrangler.ci.toml", False),
        ("wrangler secret put TOKEN -c wrangler.ci.toml", False),
        ("wrangler types -c wrangler.ci.toml", True),
        ("echo", False),
    ],
)
def test_a_configuration_for_local_commands(script: str, local: bool) -> None:
    files = PLAIN | {
        "wrangler.ci.toml": 'name = "ci"\n[[d1_databases]]\nbinding = "DB"\ndatabase_id = "x"\n',
        "package.json": f'{{"scripts": {{"x": "{script}"}}}}',
    }
    assert bool(deployment(files, "wrangler.ci.toml").local) is local


# -- the name -------------------------------------------------------------------------------------------

UNNAMED = 'main = "src/index.ts"\ncompatibility_date = "2026-08-01"\n'


@pytest.mark.parametrize(
    ("command", "names", "worker"),
    [
        ("wrangler deploy --name shop", ("shop",), "shop"),
        ("wrangler deploy --var 'A:1 2' --triggers '0 * * * *' --name=shop", ("shop",), "shop"),
        ("wrangler deploy --name a -e x && wrangler deploy --name b", ("a", "b"), None),
        ("wrangler deploy --name $NAME", (), None),
        ("wrangler dev --name shop", (), None),
        ("wrangler deploy --name shop -c other.toml", (), None),
    ],
)
def test_a_command_gives_the_name(command: str, names: tuple[str, ...], worker: str | None) -> None:
    files = PLAIN | {"wrangler.toml": UNNAMED, "package.json": json.dumps({"scripts": {"d": command}})}
    told = deployment(files)
    assert (told.names, Deployment.of_row(told.row)) == (names, told)
    (loaded_worker,) = loaded(files).project.workers
    assert (loaded_worker.name, loaded_worker.names) == (worker, frozenset(names))


def test_the_names_are_those_of_environments_and_of_commands() -> None:
    command = json.dumps({"scripts": {"d": "wrangler deploy --name shop"}})
    files = PLAIN | {"wrangler.toml": CONFIG + "[env.next]\n", "package.json": command}
    (worker,) = loaded(files).project.workers
    assert worker.names == {"api", "api-next", "shop"}


def test_a_service_may_be_called_what_a_command_calls_it() -> None:
    service = '[[services]]\nbinding = "API"\nservice = "api-staging"\n'
    files = {
        "web/wrangler.toml": CONFIG.replace("api", "web") + service,
        "web/src/index.ts": WORKER,
        "api/wrangler.toml": CONFIG.replace('"api"', '"api-stagin"'),
        "api/src/index.ts": WORKER,
        "api/package.json": "{}",
    }
    assert "service-target-unknown" in found(files)
    files["api/package.json"] = json.dumps({"scripts": {"d": "wrangler deploy --name api-staging"}})
    assert "service-target-unknown" not in found(files)


# -- what scripts make ----------------------------------------------------------------------------------

PUT = CONFIG.replace("src/index.ts", "dist/worker.js")


@pytest.mark.parametrize(
    ("command", "copied_to"),
    [
        ("vite build && cp src/worker.ts dist/worker.js && wrangler deploy", "dist"),
        ("copyfiles -f src/worker.ts dist/worker.js", "dist"),
        ("esbuild src/worker.ts --bundle --format=esm --outfile=dist/worker.js", None),
        ("esbuild src/worker.ts --bundle --outdir dist", None),
        ("bun build src/worker.ts --outfile dist/worker.js", None),
        ("rollup -i src/worker.ts -o dist/worker.js", None),
        ("cd src && esbuild worker.ts --outfile=../dist/worker.js", None),
        ("sh -c 'cp src/worker.ts dist/worker.js'", "dist"),
        ("esbuild src/worker.ts src/b.ts --outdir=dist", None),
        ("tsup src/worker.ts --format esm", None),
        ("tsdown src/worker.ts --out-dir dist", None),
        ("rolldown src/worker.ts -d dist", None),
        ("webpack --entry ./src/worker.ts -o dist", None),
        ("vite build --ssr src/worker.ts --outDir dist", None),
        ("swc src -d dist", None),
        ("babel src --out-dir dist", None),
        ("tsc --outDir dist", None),
    ],
)
def test_a_main_that_a_script_makes_is_what_it_is_made_of(command: str, copied_to: str | None) -> None:
    files = {
        "wrangler.toml": PUT,
        "src/worker.ts": WORKER,
        "package.json": json.dumps({"scripts": {"build": command}}),
    }
    told = deployment(files)
    assert (told.entry, told.copied_to) == ("src/worker.ts", copied_to)
    assert Deployment.of_row(told.row) == told
    (worker,) = loaded(files).project.workers
    assert worker.entries == ("src/worker.ts",)
    assert found(files) >= ABSENT


@pytest.mark.parametrize(
    "command",
    [
        "cp src/none.ts dist/worker.js",
        "cp src/worker.ts dist/other.js",
        "cp src/*.ts dist/worker.js",
        "esbuild src/worker.ts src/b.ts --outfile=dist/worker.js",
        "esbuild src/worker.ts --outdir=public",
        "swc other -d dist",
        "tsc --outDir lib",
        "echo 'cp src/worker.ts dist/worker.js'",
        "cp -r src dist",
    ],
)
def test_what_makes_something_else_is_no_entry(command: str) -> None:
    files = {
        "wrangler.toml": PUT,
        "src/worker.ts": WORKER,
        "src/b.ts": "",
        "package.json": json.dumps({"scripts": {"build": command}}),
    }
    assert deployment(files).entry == ""


def test_what_is_bundled_under_its_own_name() -> None:
    files = {
        "wrangler.toml": PUT.replace("worker.js", "index.js"),
        "src/worker.ts": WORKER,
        "package.json": json.dumps({"scripts": {"build": "ncc build src/worker.ts -o dist"}}),
    }
    assert deployment(files).entry == "src/worker.ts"


BUNDLERS = {
    "rollup.config.js": "export default { input: 'src/worker.ts', output: { file: 'dist/worker.js' } };",
    "rolldown.config.ts": "export default { input: './src/worker.ts', output: { dir: 'dist' } };",
    "webpack.config.js": "module.exports = { entry: './src/worker.ts', "
    "output: { path: path.resolve(__dirname, 'dist'), filename: 'worker.js' } };",
    "tsup.config.ts": "export default defineConfig({ entry: ['src/worker.ts', 'src/b.ts'] });",
    "tsdown.config.ts": "export default { entry: { worker: 'src/worker.ts', b: 'src/b.ts' } };",
    "build.config.ts": "export default defineBuildConfig({ entries: ['src/worker'] });",
    "vite.config.ts": "export default { build: { lib: { entry: resolve(here, 'src/worker.ts'), "
    "fileName: () => 'worker.js' }, outDir: 'dist' } };",
    "vite.worker.config.mts": "export default { build: { ssr: 'src/worker.ts', outDir: `dist` } };",
    "esbuild.config.mjs": "const shared = { outdir: 'dist' };\n"
    "await build({ ...shared, entryPoints: ['./src/worker.ts'] });",
}


@pytest.mark.parametrize("name", BUNDLERS)
def test_a_main_that_a_bundler_makes_by_its_configuration(name: str) -> None:
    files = {"wrangler.toml": PUT, "src/worker.ts": WORKER, "src/b.ts": "", name: BUNDLERS[name]}
    files["package.json"] = '{"scripts": {"build": "make"}}'
    assert deployment(files).entry == "src/worker.ts"
    assert found(files) >= ABSENT


@pytest.mark.parametrize(
    "program",
    [
        "esbuild.build({ entryPoints: ['src/worker.ts'], outfile: 'dist/worker.js' });",
        "await Promise.all([esbuild.build({ entryPoints: ['src/b.ts'], outfile: 'dist/b.js' }), "
        "esbuild.build({ entryPoints: ['src/worker.ts'], outfile: 'dist/worker.js' })]);",
        "await Bun.build({ entrypoints: ['./src/worker.ts'], outdir: './dist' });",
    ],
)
def test_a_main_that_a_program_makes(program: str) -> None:
    files = {
        "wrangler.toml": PUT + '[build]\ncommand = "node scripts/make.mjs"\n',
        "src/worker.ts": WORKER,
        "src/b.ts": "",
        "scripts/make.mjs": program if "Bun" in program else f"import esbuild from 'esbuild';\n{program}",
    }
    assert deployment(files).entry == "src/worker.ts"
    del files["scripts/make.mjs"]
    assert deployment(files).entry == ""


def test_the_configuration_of_a_bundler_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(document: Document) -> Syntax:
        parsed.append(document.path)
        return javascript.parse(document)

    monkeypatch.setattr(bundles, "parse", parse)
    files = {"vite.config.ts": "export default { build: { ssr: 'a.ts' } };", "a.ts": WORKER}
    for folder in ("a", "b"):
        files[f"{folder}/wrangler.toml"] = NO_MAIN + 'pages_build_output_dir = "dist"\n'
    loaded({**files, "package.json": "{}"})
    assert parsed == ["vite.config.ts"]


def test_the_command_of_the_configuration_makes_its_main() -> None:
    build = '[build]\ncommand = "esbuild worker.ts --outfile=../dist/worker.js"\ncwd = "src"\n'
    assert deployment({"wrangler.toml": PUT + build, "src/worker.ts": WORKER}).entry == "src/worker.ts"


@pytest.mark.parametrize(
    "config",
    [
        "export default { build: { rollupOptions: { input: 'src/worker.ts' }, outDir: 'public' } };",
        "export default { build: { rollupOptions: { input: 'src/b.ts' } } };",
        "export default { build: { lib: { entry: ['src/a.ts', 'src/b.ts'] } } };",
        "export default { build: { lib: { entry: make('worker') } } };",
        "export default [{ input: 'src/worker.ts', output: { file: 'dist/b.js' } }];",
        "export default {{",
    ],
)
def test_a_configuration_that_makes_something_else(config: str) -> None:
    files = {"wrangler.toml": PUT, "src/worker.ts": WORKER, "src/a.ts": "", "src/b.ts": ""}
    assert deployment({**files, "vite.config.ts": config}).entry == ""


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ({"outDir": "dist", "rootDir": "./src"}, "src/worker.ts"),
        ({"outDir": "./dist"}, "src/worker.ts"),
        ({"outDir": "./dist"}, "worker.ts"),
    ],
)
def test_a_main_that_the_compiler_makes(options: dict[str, str], source: str) -> None:
    files = {
        "wrangler.toml": PUT,
        source: WORKER,
        "tsconfig.base.json": json.dumps({"compilerOptions": options}),
        "tsconfig.json": '{"extends": "./tsconfig.base.json", "compilerOptions": {"strict": true}}',
    }
    assert deployment(files).entry == source
    files["tsconfig.base.json"] = files["tsconfig.base.json"].replace("dist", "lib")
    assert deployment(files).entry == ""


def test_the_entry_of_the_first_version() -> None:
    config = 'name = "api"\ntype = "javascript"\ncompatibility_date = "2026-08-01"\n'
    files = {
        "wrangler.toml": config + '[build.upload]\nformat = "modules"\nmain = "./worker.mjs"\n',
        "src/worker.ts": WORKER,
        "rollup.config.js": "export default { input: 'src/worker.ts', output: { file: 'dist/worker.mjs' } };",
    }
    assert deployment(files).entry == "src/worker.ts"
    files["wrangler.toml"] += 'dir = "src"\n'
    files["src/worker.mjs"] = WORKER
    assert deployment(files).entry == "src/worker.mjs"
    files["wrangler.toml"] = config
    assert deployment(files).entry == ""
    files["package.json"] = '{"main": "dist/worker.mjs"}'
    assert deployment(files).entry == "src/worker.ts"
    files["wrangler.toml"] = config.replace("javascript", "rust")
    assert deployment(files).entry == ""


def test_a_main_that_is_there_is_itself() -> None:
    files = {
        "wrangler.toml": PUT,
        "dist/worker.js": WORKER,
        "src/worker.ts": WORKER,
        "package.json": json.dumps({"scripts": {"build": "cp src/worker.ts dist/worker.js"}}),
    }
    assert deployment(files).entry == ""


def test_imports_of_a_copy_lead_from_where_it_is_copied_to() -> None:
    entry = 'export { Room } from "../src/room.js";\nimport app from "./made.js";\nexport default app;\n'
    files = {
        "wrangler.toml": PUT,
        "src/workers/entry.js": entry,
        "src/room.ts": 'import { DurableObject } from "cloudflare:workers";\n'
        "export class Room extends DurableObject {}\n",
        "package.json": json.dumps({"scripts": {"build": "cp src/workers/entry.js dist/worker.js"}}),
    }
    (worker,) = loaded(files).project.workers
    assert worker.modules == ("src/workers/entry.js", "src/room.ts")


# -- Pages ----------------------------------------------------------------------------------------------

KIT: Files = {
    "wrangler.toml": 'name = "site"\nmain = ".cloudflare/worker.js"\ncompatibility_date = "2026-08-01"\n',
    "svelte.config.js": 'import adapter from "@sveltejs/adapter-cloudflare";\n'
    "export default { kit: { adapter: adapter() } };\n",
    "package.json": '{"devDependencies": {"@sveltejs/kit": "1", "@sveltejs/adapter-cloudflare": "^1.0.3"}}',
    "src/routes/+server.js": "export const GET = ({ platform }) => new Response(platform.env.X);\n",
}
TO_PAGES = '{"scripts": {"deploy": "vite build && wrangler pages deploy dist"}}'
DARK = "observability-not-enabled"


def test_an_app_whose_adapter_is_for_pages_alone() -> None:
    assert "Pages" in deployment(KIT).open
    (worker,) = loaded(KIT).project.workers
    assert worker.modules == ("src/routes/+server.js",)
    assert not found(KIT) & {DARK, "binding-not-declared"}
    newer = KIT | {"package.json": KIT["package.json"].replace("^1.0.3", "^7.0.0")}
    assert deployment(newer).open == ""
    assert DARK in found(newer)
    named = KIT | {"wrangler.toml": KIT["wrangler.toml"].replace(".cloudflare/", ".svelte-kit/cloudflare/_")}
    assert deployment(named).open == ""


FUNCTIONS = {
    "functions/a.ts": "export const onRequestGet = async ({ env }) => {\n"
    "  const { keys } = await env.KV.list();\n"
    "  return new Response(keys.length + await env.OTHER.get('a'));\n};\n"
}
KV = '[[kv_namespaces]]\nbinding = "KV"\nid = "0123456789abcdef0123456789abcdef"\n'


def test_functions_beside_a_configuration_without_code_are_its_own() -> None:
    files: Files = {"wrangler.toml": NO_MAIN + KV, "package.json": "{}", **FUNCTIONS}
    (worker,) = loaded(files).project.workers
    assert worker.config is not None and worker.modules == ("functions/a.ts",)
    assert worker.config.deployment.open.startswith("Pages, which deploys `functions/`")
    assert "kv-list-incomplete" in found(files) and "binding-not-declared" not in found(files)
    with_assets = files | {"wrangler.toml": NO_MAIN + '[assets]\ndirectory = "dist"\n'}
    assert len(loaded(with_assets).project.workers) == 2  # they are all that it deploys


@pytest.mark.parametrize(
    "build", ['command = "node bin/tool.js build"', 'command = "node tool.js build"\ncwd = "bin"']
)
def test_functions_that_a_build_makes_the_main_of(build: str) -> None:
    files: Files = {
        "wrangler.toml": f"{PUT}{KV}[build]\n{build}\n",
        "bin/tool.js": 'import { build } from "./build.js";\nbuild();\n',
        "bin/build.js": 'exec("npx wrangler pages functions build --outdir=./dist/");\n',
        "package.json": "{}",
        **FUNCTIONS,
    }
    (worker,) = loaded(files).project.workers
    assert worker.config is not None and worker.config.deployment.open == ""
    assert worker.modules == ("functions/a.ts",)
    del files["bin/build.js"]
    (worker,) = loaded(files).project.workers
    assert worker.config is not None and "`main`" in worker.config.deployment.open
    assert len(loaded(files | {"dist/worker.js": WORKER}).project.workers) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"package.json": '{"scripts": {"build": "bun build worker/main.ts --outfile public/_worker.js"}}'},
        {
            "rollup.config.mjs": "export default { input: 'worker/main.ts', output: "
            "{ file: 'public/_worker.js' } };"
        },
        {
            "vite.config.ts": "export default { build: { ssr: 'worker/main.ts', outDir: 'public', "
            "rollupOptions: { output: { entryFileNames: '_worker.js' } } } };"
        },
    ],
)
def test_the_worker_of_a_pages_project_that_a_build_makes(more: Files) -> None:
    pages = NO_MAIN + 'pages_build_output_dir = "public"\n'
    (worker,) = loaded({"wrangler.toml": pages, "worker/main.ts": WORKER, **more}).project.workers
    assert worker.entries == ("worker/main.ts",)


def test_what_a_script_deploys_to_pages() -> None:
    files = {
        "wrangler.toml": NO_MAIN,
        "package.json": TO_PAGES,
        "functions/a.js": "export const onRequest = 1;",
    }
    assert deployment(files).open == (
        "package.json deploys to Pages, which reads no configuration without `pages_build_output_dir`"
    )
    assert deployment(files | {"wrangler.toml": NO_MAIN + 'pages_build_output_dir = "dist"\n'}).open == ""
    assert deployment(PLAIN | {"package.json": TO_PAGES}).open == ""  # its own code stands behind `main`
    both = TO_PAGES.replace("deploy dist", "deploy dist && wrangler deploy")
    assert deployment(files | {"package.json": both}).open == ""


def test_a_program_that_only_prints_the_name_writes_nothing() -> None:
    says = 'import { writeFileSync } from "fs";\nwriteFileSync(".dev.vars", "");\n'
    scripts = {"setup": "node scripts/setup.js", "deploy": "wrangler deploy"}
    files = {**PLAIN, "package.json": json.dumps({"scripts": scripts})}
    said = loaded({**files, "scripts/setup.js": says + 'console.log("now edit wrangler.toml");\n'})
    assert said.project.workers[0].config is not None
    assert not said.project.workers[0].config.deployment.open


def test_a_program_that_only_runs_commands_on_data_writes_nothing() -> None:
    says = """import { execSync } from "child_process";
import { writeFileSync } from "fs";
export const dump = (options) => {
  const rows = execSync(`npx wrangler d1 execute db -c wrangler.toml --command 'SELECT 1' --json`);
  writeFileSync(options.output, rows);
};
"""
    files = {**PLAIN, "package.json": '{ "scripts": { "dump": "tsx scripts/dump.ts" } }'}
    assert deployment({**files, "scripts/dump.ts": says}).open == ""
    writes = says.replace("d1 execute db", "deploy")
    assert deployment({**files, "scripts/dump.ts": writes}).open == "scripts/dump.ts writes what is deployed"


@pytest.mark.parametrize(
    ("config", "source", "entry"),
    [
        ('name = "a"\ntype = "webpack"\n', "index.js", "index.js"),
        (
            'name = "a"\n[build.upload]\nformat = "modules"\nmain = "./index.mjs"\n',
            "src/index.ts",
            "src/index.ts",
        ),
        ('name = "a"\n[build.upload]\ndir = "src"\nmain = "w.js"\n', "src/w.js", "src/w.js"),
        ('name = "a"\n', "src/index.ts", None),
    ],
)
def test_the_entry_behind_a_configuration_for_wrangler_1(config: str, source: str, entry: str | None) -> None:
    files: Files = {"wrangler.toml": config, source: "export class Room {}\n", "package.json": "{}"}
    workers = loaded(files).project.workers
    assert workers[0].entries == ((entry,) if entry is not None else ())


# -- environments that nobody deploys --------------------------------------------------------------------

ENVIRONMENTS = """
name = "api"
main = "src/index.ts"
compatibility_date = "2026-08-01"
routes = [{ pattern = "api.example.com", custom_domain = true }]
[observability]
enabled = true
[env.dev]
vars = { STAGE = "dev" }
[env.dev.observability]
enabled = false
[env.staging]
vars = { STAGE = "staging" }
routes = []
"""


def scripts(**lines: str) -> Files:
    manifest = json.dumps({"scripts": lines})
    return {"wrangler.toml": ENVIRONMENTS, "src/index.ts": WORKER, "package.json": manifest}


OF_DEPLOYED = {"observability-not-enabled", "env-inherits-production-trigger"}


def test_an_environment_that_commands_only_run_locally_is_not_deployed() -> None:
    files = scripts(dev="wrangler dev --env dev", deploy="wrangler deploy --env staging")
    assert deployment(files).local_environments == ("dev",)
    assert Deployment.of_row(deployment(files).row) == deployment(files)
    assert not found(files) & OF_DEPLOYED


@pytest.mark.parametrize(
    "lines",
    [
        {"dev": "wrangler dev --env dev"},
        {"dev": "wrangler dev --env dev --remote", "deploy": "wrangler deploy"},
        {"dev": "wrangler dev", "deploy": "wrangler deploy"},
        {"dev": "wrangler dev --env dev", "deploy": "wrangler deploy --env $STAGE"},
        {"dev": "wrangler dev --env dev", "deploy": "wrangler deploy", "try": "wrangler deploy -e dev"},
        {"dev": "wrangler dev --env dev", "deploy": "wrangler deploy", "key": "wrangler secret put A -e dev"},
    ],
)
def test_an_environment_that_may_be_deployed(lines: dict[str, str]) -> None:
    assert deployment(scripts(**lines)).local_environments == ()
    assert found(scripts(**lines)) >= OF_DEPLOYED


def test_only_local_is_sure_to_be_local_where_no_command_deploys() -> None:
    files = scripts(dev="wrangler dev --env local")
    files["wrangler.toml"] = ENVIRONMENTS.replace("env.dev", "env.local")
    assert deployment(files).local_environments == ("local",)
    assert not found(files) & OF_DEPLOYED
