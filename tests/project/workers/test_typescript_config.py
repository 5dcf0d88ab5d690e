"""`cloudflare.config.ts`: found, read, and a Worker like any other."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cflint.finding import Report
from cflint.project.files.discovery import Reason
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.fixture_cases import KNOWN, run

HEAD = (
    'import { bindings, defineConfig, defineContainer, defineWorker, exports, triggers } from "cf/config";\n'
)
NAME = 'name: "app", compatibilityDate: "2026-08-01", entrypoint: "./src/index.ts"'
CODE = """
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {}
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    await env.DB.prepare("select 1").run();
    return new Response(await env.MISSING.get("x"));
  },
};
"""


def config(fields: str, head: str = "") -> str:
    """A configuration whose Worker has some fields."""
    return f"{HEAD}{head}export default defineConfig({{ worker: {{ {NAME}, {fields} }} }});\n"


def loaded(files: Mapping[str, str], *paths: str) -> Loaded:
    workspace = Workspace.in_memory({path: text.encode() for path, text in files.items()})
    return load(workspace, paths or ("",), preferences=no_preferences)


def report(files: Mapping[str, str], *rules: str) -> Report:
    return run({path: text.encode() for path, text in files.items()}, KNOWN.select(list(rules)))


def said(found: Report) -> list[tuple[str, str, str]]:
    """The findings: rule, path, and the text that they point at."""
    return [
        (one.rule, one.at.document.path, one.at.document.text(one.at.span).splitlines()[0])
        for one in found.findings
    ]


def test_it_is_a_worker_with_bindings_triggers_and_exports() -> None:
    fields = """
      env: { DB: bindings.d1({ name: "app" }), TOKEN: bindings.secret(), MODE: bindings.text("x") },
      triggers: [triggers.queue({ name: "jobs" }), triggers.scheduled({ schedule: "0 0 * * *" })],
      exports: { Counter: exports.durableObject({ storage: "sqlite" }) },
    """
    (worker,) = loaded({"cloudflare.config.ts": config(fields), "src/index.ts": CODE}).project.workers
    assert worker.name == "app"
    assert worker.entries == ("src/index.ts",)
    (environment,) = worker.environments
    assert {found.name: found.kind.id for found in environment.bindings} == {
        "DB": "d1",
        "TOKEN": "secret",
        "MODE": "var",
    }
    assert [consumer.queue for consumer in environment.queue_consumers] == ["jobs"]
    assert [node.text for node in environment.crons] == ["0 0 * * *"]
    assert list(environment.lifecycle.classes) == ["Counter"]
    assert not environment.is_open()


def test_rules_speak_at_places_in_the_configuration() -> None:
    fields = """
      env: { DB: bindings.d1(), ROOM: bindings.durableObject({ worker: "app", exportName: "Room" }) },
      triggers: [triggers.scheduled({ schedule: "61 * * * *" })],
    """
    files = {"cloudflare.config.ts": config(fields), "src/index.ts": CODE}
    rules = (
        "cron-invalid",
        "binding-not-declared",
        "entrypoint-class-not-exported",
        "migration-missing-class",
    )
    assert said(report(files, *rules)) == [
        ("entrypoint-class-not-exported", "cloudflare.config.ts", '"Room"'),
        ("migration-missing-class", "cloudflare.config.ts", '"Room"'),
        ("cron-invalid", "cloudflare.config.ts", '"61 * * * *"'),
        ("binding-not-declared", "src/index.ts", "MISSING"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        "env: { DB: bindings.d1(), ...more() }",
        "env: more()",
        "env: { DB: bindings.d1(), [process.env.NAME]: bindings.kv() }",
        "...more()",
    ],
)
def test_nothing_is_missing_where_not_all_is_known(fields: str) -> None:
    files = {"cloudflare.config.ts": config(fields), "src/index.ts": CODE}
    assert said(report(files, "binding-not-declared")) == []


def test_a_wrangler_configuration_beside_it_does_not_count() -> None:
    both = {
        "cloudflare.config.ts": config(""),
        "wrangler.jsonc": '{ "name": "old", "main": "src/index.ts" }',
        "src/index.ts": CODE,
    }
    found = loaded(both)
    assert [worker.name for worker in found.project.workers] == ["app"]
    assert [(left.path, left.reason) for left in found.discovered.left_out] == [
        ("wrangler.jsonc", Reason.SHADOWED)
    ]
    assert (
        found.notices[0].message == "`cloudflare.config.ts` is the configuration here, not `wrangler.jsonc`"
    )


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"package.json": '{ "scripts": { "deploy": "wrangler deploy" } }'}, "old"),
        ({"package.json": '{ "scripts": { "deploy": "wrangler deploy", "dev": "vite" } }'}, "app"),
        ({"package.json": '{ "scripts": { "deploy": "cf deploy", "dev": "wrangler dev" } }'}, "app"),
        ({"package.json": '{ "scripts": { "deploy": "wrangler deploy --x-new-config" } }'}, "app"),
        ({"package.json": '{ "scripts": { "types": "wrangler types" } }'}, "app"),
        ({".github/workflows/a.yml": "- uses: cloudflare/wrangler-action@v3\n"}, "old"),
        ({".github/workflows/a.yml": "- run: npx wrangler deploy\n- run: npx cf deploy\n"}, "app"),
        ({".github/workflows/a.yml": "- run: npx cf deploy\n"}, "app"),
        ({}, "app"),
    ],
)
def test_which_of_two_counts_is_told_by_what_is_called(files: dict[str, str], name: str) -> None:
    both = {
        "cloudflare.config.ts": config(""),
        "wrangler.jsonc": '{ "name": "old", "main": "src/index.ts" }',
        **files,
    }
    found = loaded(both)
    assert [worker.name for worker in found.project.workers] == [name]
    (left,) = [left.path for left in found.discovered.left_out if left.reason is Reason.SHADOWED]
    assert left == ("wrangler.jsonc" if name == "app" else "cloudflare.config.ts")


def test_what_is_generated_is_no_source() -> None:
    files = {
        "cloudflare.config.ts": config(""),
        ".cloudflare/output/v1/workers/default/bundle/index.js": "export default {};",
        "wrangler.config.ts": "export default {};",
        "src/index.ts": CODE,
    }
    found = loaded(files)
    assert found.discovered.sources == ("src/index.ts",)
    assert [left.path for left in found.discovered.left_out] == [".cloudflare/"]


def test_the_tooling_s_configuration_is_read_beside_it() -> None:
    files = {
        "cloudflare.config.ts": config('assets: { notFoundHandling: "404-page" }'),
        "wrangler.config.ts": 'export default { assetsDirectory: "./public", minify: true };',
    }
    (worker,) = loaded(files).project.workers
    assert worker.config is not None
    assert worker.config.assets_directory is not None
    assert worker.config.assets_directory.text == "./public"
    assert [document.path for document in worker.config.documents] == [
        "cloudflare.config.ts",
        "wrangler.config.ts",
    ]


def test_either_file_may_be_given() -> None:
    files = {
        "cloudflare.config.ts": config(""),
        "wrangler.config.ts": "export default {};",
        "src/index.ts": CODE,
    }
    for path in ("cloudflare.config.ts", "wrangler.config.ts"):
        assert [worker.name for worker in loaded(files, path).project.workers] == ["app"]
    assert loaded({"wrangler.config.ts": "export default {};"}, "wrangler.config.ts").empty
    assert [worker.name for worker in loaded(files, "src/index.ts").project.workers] == ["app"]


def test_modes_are_environments() -> None:
    text = f"""{HEAD}export default defineConfig(({{ mode, isPreview }}) => ({{
      worker: {{
        name: mode === "staging" ? "app-staging" : "app", compatibilityDate: "2026-08-01",
        env: {{ DB: bindings.d1(), ...(isPreview ? {{ DEBUG: bindings.text("1") }} : {{}}) }},
      }},
    }}));"""
    (worker,) = loaded({"cloudflare.config.ts": text}).project.workers
    assert [(found.name, found.label, found.worker_name) for found in worker.environments] == [
        (None, "the configuration", "app"),
        ("staging", 'mode "staging"', "app-staging"),
        ("a preview", "a preview", "app"),
        ('a preview in mode "staging"', 'a preview in mode "staging"', "app-staging"),
    ]
    assert [found.binding("DEBUG") is not None for found in worker.environments] == [False, False, True, True]
    assert not any(found.is_inherited("compatibility_date") for found in worker.environments)


def test_with_vite_a_deployment_is_of_the_mode_production() -> None:
    text = f"""{HEAD}export default defineConfig(({{ mode }}) => ({{
      worker: {{ name: mode === "production" ? "app" : "app-dev", compatibilityDate: "2026-08-01" }},
    }}));"""
    package = '{ "devDependencies": { "@cloudflare/vite-plugin": "2.0.0" } }'
    (worker,) = loaded({"cloudflare.config.ts": text, "package.json": package}).project.workers
    assert [found.worker_name for found in worker.environments] == ["app", "app-dev"]
    (worker,) = loaded({"cloudflare.config.ts": text}).project.workers
    assert [found.worker_name for found in worker.environments] == ["app-dev", "app"]


def test_the_files_that_it_imports_are_known() -> None:
    files = {
        "cloudflare.config.ts": config(
            "env: { DB: bindings.d1({ id: ids.db }) }", 'import { ids } from "./ids.ts";\n'
        ),
        "ids.ts": 'export const ids = { db: "11111111-1111-1111-1111-111111111111" };',
    }
    (worker,) = loaded(files).project.workers
    assert worker.config is not None
    assert [document.path for document in worker.config.documents] == ["cloudflare.config.ts", "ids.ts"]
    (bound,) = worker.environments[0].bindings
    assert bound.resource == "11111111-1111-1111-1111-111111111111"
    assert worker.config.document.text(bound.name_span) == "DB"


@pytest.mark.parametrize(
    ("text", "message", "at"),
    [
        ("export default defineConfig({ worker: {", "this cannot be parsed", 1),
        ("export const config = {};", "there is no default export", 1),
        ("\n\nexport default 1;", "`the configuration` has to be an object", 3),
        (
            'export default () => {\n  throw new Error("no");\n};',
            "the configuration throws in every mode: no",
            2,
        ),
    ],
)
def test_one_that_cannot_be_read_is_told(text: str, message: str, at: int) -> None:
    found = report({"cloudflare.config.ts": text, "src/index.ts": CODE}, "config-parse-error").findings
    assert [one.message[: len(message)] for one in found][:1] == [message]
    assert found[0].at.document.line_of(found[0].at.span.start) == at


def test_one_that_is_not_known_is_told() -> None:
    files = {"cloudflare.config.ts": 'import { make } from "tool";\nexport default make();\n'}
    found = loaded(files)
    assert [(one.message, one.path, one.line, one.level) for one in found.notices] == [
        (
            "what the configuration says is not known: `tool` is not a file of the repository",
            "cloudflare.config.ts",
            2,
            "warning",
        )
    ]
    assert said(report(files, "all")) == []


def test_wranglers_schema_says_nothing_of_it() -> None:
    files = {"cloudflare.config.ts": config('placement: { region: "aws:eu-west-1" }'), "src/index.ts": CODE}
    rules = ("config-unknown-key", "config-invalid-value", "config-removed-key", "toml-misplaced-key")
    assert said(report(files, *rules)) == []


OPEN = """
export default {
  async fetch(request: Request, env: Env): Promise<Response> { return new Response(); },
  async queue(batch: MessageBatch) {},
  async scheduled() {},
};
"""
CLASS = "import { DurableObject } from 'cloudflare:workers';\nexport class Counter extends DurableObject {}\n"
RENAMED = "exports.durableObject({ state: 'renamed', renamedTo: 'Counter' })"
ABSENCE = (
    *("binding-not-declared", "observability-not-enabled", "queue-handler-without-consumer", "queue-no-dlq"),
    *("entrypoint-class-not-exported", "migration-missing-class", "migration-deleted-class-in-use"),
    *("assets-config", "env-binding-drift", "nodejs-compat-missing", "migration-and-exports"),
    *("trigger-without-handler", "nonexistent-path", "duplicate-binding-name", "binding-wrong-method"),
)


@pytest.mark.parametrize(
    ("fields", "closed", "opened"),
    [
        ("", ["observability-not-enabled"], "observability: more()"),
        ("", ["observability-not-enabled"], "observability: { enabled: more() }"),
        ("observability: on", ["queue-handler-without-consumer"] * 2, "triggers: more()"),
        (
            "observability: on, triggers: [triggers.scheduled({ schedule: '0 0 * * *' })]",
            ["queue-handler-without-consumer"],
            "triggers: [triggers.scheduled({ schedule: '0 0 * * *' }), ...more()]",
        ),
        (
            "observability: on, env: { R: bindings.durableObject({ worker: 'app', exportName: 'Counter' }) }",
            ["migration-missing-class"],
            "exports: { ...more() }",
        ),
        (
            f"observability: on, exports: {{ Gone: {RENAMED} }}",
            ["migration-and-exports"],
            f"exports: {{ Gone: {RENAMED}, ...more() }}",
        ),
        (
            "observability: on, triggers: [triggers.queue({ name: 'a' })]",
            ["queue-no-dlq"],
            "triggers: [triggers.queue({ name: 'a', deadLetterQueue: more() })]",
        ),
    ],
)
def test_absence_proves_nothing_where_a_part_is_open(fields: str, closed: list[str], opened: str) -> None:
    code = OPEN + CLASS
    head = "const on = { enabled: true };\n"
    files = {"src/index.ts": code}
    found = [
        rule for rule, _, _ in said(report({"cloudflare.config.ts": config(fields, head), **files}, *ABSENCE))
    ]
    assert all(found.count(rule) >= closed.count(rule) for rule in closed), found
    more = [one for one in (fields, opened) if one]
    text = config(", ".join(more), f'import {{ more }} from "tool";\n{head}')
    after = [rule for rule, _, _ in said(report({"cloudflare.config.ts": text, **files}, *ABSENCE))]
    assert not set(closed) & set(after)


def test_of_two_kinds_of_one_name_nothing_is_said() -> None:
    fields = "env: { BOX: process.env.X ? bindings.kv() : bindings.r2() }"
    code = """
    export default {
      async fetch(request: Request, env: Env): Promise<Response> {
        await env.BOX.head("a");
        await env.BOX.getWithMetadata("a");
        return new Response();
      },
    };
    """
    files = {"cloudflare.config.ts": config(fields), "src/index.ts": code}
    assert said(report(files, "binding-wrong-method", "duplicate-binding-name", "binding-not-declared")) == []


def test_a_comment_silences_what_is_found_in_it() -> None:
    fields = """
    // cflint-ignore cron-invalid: as a test
    triggers: [triggers.scheduled({ schedule: "61 * * * *" })],
    """
    found = report({"cloudflare.config.ts": config(fields)}, "cron-invalid", "unused-suppression")
    assert said(found) == []
    assert [one.rule for one in found.silenced] == ["cron-invalid"]


def test_one_finding_where_modes_share_a_place() -> None:
    text = f"""{HEAD}export default defineConfig(({{ mode }}) => ({{
      worker: {{
        name: mode === "staging" ? "app-staging" : "app", compatibilityDate: "2020-01-01",
        triggers: [triggers.scheduled({{ schedule: "61 * * * *" }})],
      }},
    }}));"""
    found = report({"cloudflare.config.ts": text}, "cron-invalid", "compat-date-stale").findings
    assert [(one.rule, one.related, len(one.fix.edits) if one.fix else 0) for one in found] == [
        ("compat-date-stale", (), 1),
        ("cron-invalid", (), 0),
    ]


def test_a_string_is_replaced_and_what_is_none_is_not() -> None:
    literal = report(
        {"cloudflare.config.ts": config("compatibilityFlags: ['nodejs_compatt']")}, "compat-flag-invalid"
    )
    assert literal.findings[0].fix is not None
    assert [edit.text for edit in literal.findings[0].fix.edits] == ["'nodejs_compat'"]
    text = config("compatibilityFlags: [flag]", 'const flag = "nodejs_compatt";\n')
    named = report({"cloudflare.config.ts": text}, "compat-flag-invalid")
    assert named.findings[0].fix is not None
    (edit,) = named.findings[0].fix.edits
    assert edit.document.text(edit.span) == '"nodejs_compatt"'  # where it is written


def test_messages_call_keys_what_the_configuration_calls_them() -> None:
    fields = """
      env: {
        DB: bindings.d1({ id: "<id>" }),
        A: bindings.durableObject({ worker: "app", exportName: "Counter" }),
      },
      limits: { cpuMs: 999999999 },
      triggers: [triggers.queue({ name: "q", maxBatchSize: 1000 })],
    """
    files = {"cloudflare.config.ts": config(fields), "src/index.ts": CODE}
    rules = (
        "config-placeholder-id",
        "config-invalid-value",
        "queue-consumer-limits",
        "migration-missing-class",
    )
    messages = "\n".join(one.message for one in report(files, *rules).findings)
    for spelled in ("`worker.env.DB.id`", "`worker.limits.cpuMs`", "`maxBatchSize`", "`worker.exports`"):
        assert spelled in messages, messages
    assert "_" not in messages


def test_workers_of_a_workspace_know_each_other() -> None:
    api = f"""{HEAD}
    export const api = defineWorker({{
      name: "api", compatibilityDate: "2026-08-01", entrypoint: "./index.ts",
      observability: {{ enabled: true }},
    }});
    export default defineConfig({{ worker: api }});"""
    web = f"""{HEAD}import {{ api }} from "../api/cloudflare.config.ts";
    export default defineConfig({{ worker: {{
      name: "web", compatibilityDate: "2026-08-01", entrypoint: "./index.ts",
      env: {{
        API: bindings.worker({{ worker: api, exportName: "Admin" }}),
        BY_NAME: bindings.worker({{ worker: "appi" }}),
      }},
    }} }});"""
    files = {
        "apps/api/cloudflare.config.ts": api,
        "apps/api/index.ts": "export default { async fetch() { return new Response(); } };",
        "apps/web/cloudflare.config.ts": web,
        "apps/web/index.ts": "export default { async fetch() { return new Response(); } };",
    }
    assert [worker.name for worker in loaded(files).project.workers] == ["api", "web"]
    found = report(files, "service-target-unknown").findings
    assert [one.message for one in found] == ["the Worker `api` exports no `Admin`"]


def test_a_worker_that_a_mode_chooses() -> None:
    text = f"""{HEAD}
    const one = defineWorker({{ name: "one", compatibilityDate: "2026-08-01", env: {{ A: bindings.kv() }} }});
    const two = defineWorker({{ name: "two", compatibilityDate: "2026-08-01", env: {{ B: bindings.kv() }} }});
    export const unused = defineWorker({{ name: "three", compatibilityDate: "2026-08-01" }});
    export default defineConfig((ctx) => {{
      switch (ctx.mode) {{
        case "one": return {{ worker: one }};
        case "two": return {{ worker: two }};
        default: throw new Error("no such mode");
      }}
    }});"""
    (worker,) = loaded({"cloudflare.config.ts": text}).project.workers
    assert [(found.label, found.worker_name) for found in worker.environments] == [
        ('mode "one"', "one"),
        ('mode "two"', "two"),
    ]


def test_the_form_before_defineconfig_is_read() -> None:
    text = f"""import {{ bindings, defineSettings, defineWorker }} from "wrangler/experimental-config";
    export const settings = defineSettings({{ accountId: "1" }});
    export default defineWorker({{ {NAME}, env: {{ DB: bindings.d1() }} }});"""
    (worker,) = loaded({"cloudflare.config.ts": text, "src/index.ts": CODE}).project.workers
    assert worker.name == "app"
    assert [found.name for found in worker.environments[0].bindings] == ["DB"]


@pytest.mark.parametrize(
    ("plugin", "is_open"),
    [
        ("cloudflare()", False),
        ("cloudflare({ persistState: true })", False),
        ("cloudflare({ config: (loaded) => ({ ...loaded, name: 'x' }) })", True),
        ("cloudflare({ viteEnvironment: { name: 'ssr' }, config() {} })", True),
    ],
)
def test_what_vite_changes_is_not_known(plugin: str, is_open: bool) -> None:
    files = {
        "cloudflare.config.ts": config("env: { DB: bindings.d1() }"),
        "vite.config.ts": f"export default defineConfig({{ plugins: [{plugin}] }});",
        "src/index.ts": CODE,
    }
    (worker,) = loaded(files).project.workers
    assert worker.environments[0].is_open("d1_databases") is is_open
    assert bool(said(report(files, "binding-not-declared"))) is not is_open


@pytest.mark.parametrize(
    ("env", "use", "label"),
    [
        ("...(isPreview ? {} : { BOX: bindings.kv() })", 'env.BOX.get("a")', "a preview"),
        ("...(isPreview ? { BOX: bindings.kv() } : {})", 'env.BOX.get("a")', "the configuration"),
        ("...(isPreview ? { BOX: bindings.kv() } : {})", 'env.BOX?.get("a")', ""),
        ("...(isPreview ? { BOX: bindings.text('a') } : {})", "env.BOX.length", ""),
        ("BOX: bindings.kv()", 'env.BOX.get("a")', ""),
        ("...(isPreview ? {} : { BOX: bindings.kv() }), ...more()", 'env.BOX.get("a")', ""),
    ],
)
def test_what_previews_lack(env: str, use: str, label: str) -> None:
    text = f"""{HEAD}import {{ more }} from "tool";
    export default defineConfig(({{ isPreview }}) => ({{ worker: {{ {NAME}, env: {{ {env} }} }} }}));"""
    code = f"export default {{ async fetch(_: Request, env: Env) {{ return new Response(await {use}); }} }};"
    files = {"cloudflare.config.ts": text, "src/index.ts": code}
    found = report(files, "binding-missing-in-environment").findings
    assert [one.message for one in found] == (
        [f"{label} lacks `BOX` (KV namespace), which code uses"] if label else []
    )


def test_what_the_tooling_s_configuration_says_is_told_there() -> None:
    files = {
        "cloudflare.config.ts": config('assets: { notFoundHandling: "404-page" }'),
        "wrangler.config.ts": 'export default { assetsDirectory: "./pictures" };',
        "src/index.ts": CODE,
        "package.json": '{ "scripts": { "deploy": "cf deploy" } }',
    }
    found = report(files, "nonexistent-path")
    assert said(found) == [("nonexistent-path", "wrangler.config.ts", '"./pictures"')]
    assert "`assetsDirectory`" in found.findings[0].message
