"""Templates of configurations: their names, their placeholders, and what is said of their Workers."""

from __future__ import annotations

import pytest

from cflint.project.config.templates import read_template, template_of
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.discovery import Reason, is_template_name
from cflint.source import Document
from cflint.syntax.documents import read
from tests.support.projects import Files, found, loaded, report

NAMES = [
    *("wrangler.toml.example", "wrangler.toml.template", "wrangler.toml.tpl", "wrangler.jsonc.tpl"),
    *("wrangler.json.sample", "wrangler.example.toml", "wrangler.template.jsonc", "wrangler.tpl.toml"),
    *("wrangler-example.toml", "example.wrangler.toml", "wrangler.toml.dist", "wrangler.prod.example.toml"),
]
WORKER = """
export interface Env { DB: D1Database }
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return Response.json(await env.DB.prepare("SELECT 1").all());
  },
  async queue(batch: MessageBatch): Promise<void> { for (const message of batch.messages) message.ack(); },
} satisfies ExportedHandler<Env>;
"""
TOML = """name = "<WORKER_NAME>"
main = "src/index.ts"
compatibility_date = "{{DATE}}"
unknown_key = 1
[[d1_databases]]
binding = "DB"
database_id = "${DATABASE_ID}"
[[kv_namespaces]]
binding = "CACHE"
id = "XXX"
"""
JSON = """{
  "name": "<WORKER_NAME>", "main": "src/index.ts", "unknown_key": 1,
  "d1_databases": [{ "binding": "DB", "database_id": "${DATABASE_ID}" }],
  "kv_namespaces": [{ "binding": "CACHE", "id": "XXX" }]
}
"""


def project(name: str, text: str | None = None) -> Files:
    given = (TOML if "toml" in name else JSON) if text is None else text
    return {name: given, "src/index.ts": WORKER, "package.json": '{"scripts": {"d": "wrangler deploy"}}'}


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_the_configuration_where_there_is_no_other(name: str) -> None:
    files = project(name)
    assert is_template_name(name)
    (config,) = loaded(files).configs
    assert config.path == name and config.deployment.is_template and not config.deployment.open
    assert [binding.name for binding in config.top.bindings] == ["CACHE", "DB"]
    (worker,) = loaded(files).project.workers
    assert worker.entries == ("src/index.ts",)
    rules = found(files)
    assert rules >= {"queue-handler-without-consumer", "binding-unused"}  # what it lacks and has counts
    assert not {rule for rule in rules if rule.startswith(("config-", "compat-"))}
    assert any("a template is taken" in notice.message for notice in report(files).notices)


@pytest.mark.parametrize("name", NAMES)
def test_beside_a_configuration_it_is_none(name: str) -> None:
    files = project(name) | {"wrangler.toml": 'name = "a"\nmain = "src/index.ts"\n'}
    assert [config.path for config in loaded(files).configs] == ["wrangler.toml"]
    assert (name, Reason.TEMPLATE) in [(item.path, item.reason) for item in loaded(files).discovered.left_out]


@pytest.mark.parametrize(
    "name",
    ["wrangler.toml", "wrangler.staging.toml", "wrangler copy.toml", "wrangler.md.example", "sample.toml"],
)
def test_other_names(name: str) -> None:
    assert not is_template_name(name)


def test_of_several_templates_the_plainest_counts() -> None:
    files = project("wrangler.prod.example.toml") | {"wrangler.example.toml": TOML, "wrangler.toml.tpl": TOML}
    assert [config.path for config in loaded(files).configs] == ["wrangler.toml.tpl"]


def test_a_template_that_is_named() -> None:
    assert [config.path for config in loaded(project(NAMES[0]), NAMES[0]).configs] == [NAMES[0]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wrangler.toml.example", 'name = {{ name }}\nmain = "a.ts"\n[vars]\nA = ${A}\n'),
        ("wrangler.toml.example", "name = <name>\nmain = 'a.ts'\n[vars]\nA = $A\n"),
        ("wrangler.toml.example", 'name = XXXX # <why>\nmain = "a.ts"\n[vars]\n{{KEY}} = <%= a %>\n'),
        ("wrangler.jsonc.tpl", '{ "name": ${name}, "main": "a.ts", // {{x}}\n "vars": { "A": {{a}} } }'),
    ],
)
def test_placeholders_outside_of_strings(name: str, text: str) -> None:
    document = Document(name, text.encode())
    template = read_template(document)
    assert not template.data.broken and template.data.document is document and template.gaps == ()
    main = template.data.root.get("main")
    assert main is not None and main.text == "a.ts" and document.text(main.span).strip("\"'") == "a.ts"
    assert WranglerConfig.of(template.data).top.bindings_of("var")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{{#if kv}}\n[[kv_namespaces]]\nbinding = 'KV'\n{{/if}}\n", "what is put in at line 4 of "),
        ("{% for x in y %}\n", "what is put in at line 4 of "),
        ('[[kv_namespaces]]\nbinding = "{{NAME}}"\n', "a placeholder stands for a name in "),
        ("[[kv_namespaces]]\nbinding = {{NAME}}\n", "a placeholder stands for a name in "),
    ],
)
def test_what_is_put_in_may_be_anything(text: str, reason: str) -> None:
    name = "wrangler.toml.example"
    files = project(name, f'name = "a"\nmain = "src/index.ts"\ncompatibility_date = "2026-08-01"\n{text}')
    (config,) = loaded(files).configs
    assert config.deployment.open == reason + name
    assert not found(files) & {"queue-handler-without-consumer", "binding-unused", "env-binding-drift"}


def test_a_template_that_cannot_be_read_says_so() -> None:
    (notice,) = report(project("wrangler.toml.example", 'name = "a"\nmain = = 3\n')).notices[:1]
    assert notice.line == 2 and notice.level == "warning" and "not all of it can be read" in notice.message


@pytest.mark.parametrize(
    "text",
    [
        TOML,
        TOML.replace('"<WORKER_NAME>"', "{{name}}"),
        'name = "a"\nmain = "src/index.ts"\naccount_id = ${A}\n',
    ],
)
def test_a_configuration_with_placeholders_is_a_template(text: str) -> None:
    files = project("wrangler.toml", text)
    (config,) = loaded(files).configs
    assert config.deployment.is_template
    assert any("is taken for a template" in notice.message for notice in report(files).notices)


@pytest.mark.parametrize(
    ("name", "text", "is_template"),
    [
        ("wrangler.exmaple.toml", 'name = "YOUR WORKER NAME"\nmain = "src/index.ts"\n', True),
        ("wrangler.staging.toml", 'name = "a worker"\nmain = "src/index.ts"\n', False),
        ("wrangler.staging.toml", 'name = "your-worker"\nmain = "src/index.ts"\n', False),
        ("wrangler.toml", 'name = "YOUR WORKER NAME"\nmain = "src/index.ts"\n', False),
    ],
)
def test_words_that_no_worker_can_be_called_make_a_template_of_what_wrangler_does_not_read(
    name: str, text: str, is_template: bool
) -> None:
    files = project(name, text + 'compatibility_date = "2026-08-01"\n')
    (config,) = loaded(files).configs
    assert config.deployment.is_template == is_template
    assert ("config-invalid-value" in found(files)) == (" " in text[8:20] and not is_template)


@pytest.mark.parametrize(
    "text",
    [
        'name = "a"\nmain = "src/index.ts"\n[vars]\nA = "Hello {{name}}"\nB = = 1\n',
        'name = "a"\nmain = "src/index.ts\n[vars]\nA = "{{name}}"\n',
        "name = {{name}}\nmain = = 3\n",
    ],
)
def test_a_broken_configuration_is_never_left_out_in_silence(text: str) -> None:
    files = project("wrangler.toml", text)
    (config,) = loaded(files).configs
    assert not config.deployment.is_template
    assert "config-parse-error" in found(files)


def test_a_plain_document_is_no_template() -> None:
    for text in ('name = "a"\n', 'name = "a"\n[vars]\nA = "<x>"\n', ""):
        assert template_of(read(Document("wrangler.toml", text.encode()))) is None


def test_a_script_that_makes_the_file_does_not_open_it_and_one_that_adds_does() -> None:
    files = project("wrangler.toml.example")
    files["deploy.sh"] = "cp wrangler.toml.example wrangler.toml\nnpx wrangler deploy\n"
    assert not loaded(files).configs[0].deployment.open
    files["deploy.sh"] += "cat more.toml >> wrangler.toml\n"
    assert loaded(files).configs[0].deployment.open


def test_a_configuration_inside_the_folder_of_wrangler() -> None:
    files = {".wrangler/wrangler.toml": 'name = "a"\nmain = "../src/index.ts"\n', "src/index.ts": WORKER}
    (worker,) = loaded(files).project.workers
    assert worker.entries == ("src/index.ts",)
    files["wrangler.toml"] = 'name = "b"\n'
    assert [config.path for config in loaded(files).configs] == ["wrangler.toml"]
    generated = {".wrangler/deploy/config.json": "{}", ".wrangler/tmp/wrangler.json": "{}"}
    assert loaded(generated).configs == ()


def test_a_template_that_says_something_comes_before_an_empty_one() -> None:
    files = {"wrangler.toml.example": "\n", "wrangler.jsonc.example": JSON, "src/index.ts": WORKER}
    configs = [worker.config for worker in loaded(files).project.workers]
    assert [config.path for config in configs if config is not None] == ["wrangler.jsonc.example"]
