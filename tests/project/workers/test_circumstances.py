"""What an edit in a Worker may depend on."""

from __future__ import annotations

from datetime import date

from cflint.project.workers.circumstances import (
    PLAIN,
    Circumstances,
    circumstances_by_path,
)
from cflint.project.workers.runtime_types import RuntimeTypes
from tests.support.projects import Files, loaded

CODE = "export default { async fetch(request, env) { return new Response(await env.KV.get('a')); } };\n"
DECLARED = "export interface Env {\n  KV: KVNamespace;\n}\n"
CONFIG = '{ "name": "a", "main": "src/index.ts", "compatibility_date": "2024-05-01" }'
PACKAGE = '{ "devDependencies": { "wrangler": "^3.0.0", "@cloudflare/workers-types": "^4" } }'
LOCK = (
    '{ "lockfileVersion": 3, "packages": {\n    "": {},\n    "node_modules/wrangler": {\n'
    '      "version": "3.78.2"\n    }\n} }'
)


def of(files: Files, path: str = "src/index.ts") -> list[Circumstances]:
    """The circumstances of the Workers that a file of a project belongs to."""
    return list(circumstances_by_path(loaded(files).project, {path}).get(path, ()))


def test_a_worker_tells_its_configuration_and_its_tools() -> None:
    (found,) = of(
        {
            "wrangler.json": CONFIG.replace(
                " }", ', "compatibility_flags": ["nodejs_compat"], "env": { "staging": {} } }'
            ),
            "src/index.ts": f"// of the shop\n{DECLARED}{CODE}",
            "package.json": PACKAGE,
            "package-lock.json": LOCK,
        }
    )
    assert (found.kind, found.name, found.config) == (PLAIN, "a", "wrangler.json")
    assert found.wrangler == "3.78.2", "the lock file knows better than package.json"
    assert found.compatibility_date == date(2024, 5, 1)
    assert found.uses_nodejs and found.environments == ("staging",) and found.language == ""
    ((name, at),) = found.env_types
    assert (name, at.document.path, at.document.line_of(at.span.start)) == ("Env", "src/index.ts", 2)
    assert found.types is RuntimeTypes.PACKAGE


def test_places_that_say_a_node_too_old_for_the_newest_wrangler() -> None:
    files = {"wrangler.json": CONFIG, "src/index.ts": CODE, "package.json": PACKAGE, ".nvmrc": "18\n"}
    (found,) = of({**files, ".github/workflows/ci.yml": "a: { node-version: 24 }\n  node-version: 20\n" * 2})
    assert [(it.path, it.text) for it in found.older_nodes] == [
        (".nvmrc", "18"),
        (".github/workflows/ci.yml", "20"),
    ]
    (found,) = of({**files, ".nvmrc": "24\n"})
    assert found.older_nodes == ()


def test_what_is_not_known_is_empty() -> None:
    (found,) = of({"wrangler.json": CONFIG, "src/index.ts": CODE})
    assert (found.wrangler, found.env_types, found.environments) == ("", (), ())
    assert found.types is RuntimeTypes.UNKNOWN
    (found,) = of({"wrangler.json": CONFIG, "src/index.ts": CODE, "package.json": "{}"})
    assert found.types is RuntimeTypes.NONE, "a project that has packages, and none with types"


def test_generated_types_come_first_and_declarations_beside_count() -> None:
    generated = "interface Env {\n  KV: KVNamespace;\n}\n// Begin runtime types\ninterface KVNamespace {}\n"
    files = {"wrangler.json": CONFIG, "src/index.ts": f"{DECLARED}{CODE}"}
    (found,) = of({**files, "worker-configuration.d.ts": generated})
    assert [at.document.path for _, at in found.env_types] == ["worker-configuration.d.ts", "src/index.ts"]
    assert found.types is RuntimeTypes.GENERATED
    (found,) = of(
        {**files, "src/index.ts": CODE, "src/env.d.ts": "declare global {\n  interface Env {}\n}\n"}
    )
    ((_, at),) = found.env_types
    assert (at.document.path, at.document.line_of(at.span.start)) == ("src/env.d.ts", 2)
    apart = f'import "./a";\n{CODE}'
    for declared, places in (("interface Env {}\n", 0), ("export interface Env {}\n", 1)):
        (found,) = of({**files, "src/index.ts": apart, "src/a.ts": declared})
        assert len(found.env_types) == places, "what a module keeps to itself is no type for others"
    (found,) = of({**files, "src/index.ts": f"// interface Env {{}}\ntype Envelope = {{}};\n{CODE}"})
    assert found.env_types == (), "a comment declares nothing, nor does a longer name"


def test_kinds() -> None:
    (found,) = of(
        {"wrangler.json": CONFIG.replace("index.ts", "index.js"), "src/index.js": CODE}, "src/index.js"
    )
    assert found.language == "JavaScript" and found.kind == PLAIN and found.types is RuntimeTypes.UNKNOWN
    pages = '{ "name": "a", "pages_build_output_dir": "dist", "compatibility_date": "2024-05-01" }'
    function = "export const onRequestGet = async ({ env }) => new Response(await env.KV.get('a'));\n"
    path = "functions/api/a.ts"
    (found,) = of({"wrangler.json": pages, path: function}, path)
    assert (found.kind, found.config) == ("Pages project", "wrangler.json")
    (found,) = of(
        {
            "site/package.json": '{ "scripts": { "deploy": "wrangler pages deploy dist" } }',
            f"site/{path}": function,
        },
        f"site/{path}",
    )
    assert (found.kind, found.config, found.types) == ("Pages project", "", RuntimeTypes.NONE)


def test_a_worker_of_python_says_so() -> None:
    code = "from workers import WorkerEntrypoint\n\nclass Default(WorkerEntrypoint):\n    pass\n"
    (found,) = of(
        {"wrangler.json": CONFIG.replace("index.ts", "entry.py"), "src/entry.py": code}, "src/entry.py"
    )
    assert found.language == "Python" and found.types is RuntimeTypes.UNKNOWN


def test_keys_that_are_not_taken() -> None:
    files = {"wrangler.json": CONFIG, "src/index.ts": CODE}
    (found,) = of({**files, "package.json": '{ "devDependencies": { "wrangler": "4.40.0" } }'})
    assert found.refused == {"secrets", "exports"} and not found.is_pages
    (found,) = of({**files, "package.json": PACKAGE})
    assert found.refused == {"ratelimits", "secrets", "exports"}
    (found,) = of(files)
    assert found.refused == set(), "of the newest it is not known"
    function = "export const onRequestGet = async ({ env }) => new Response(await env.KV.get('a'));\n"
    config = '{ "name": "a", "compatibility_date": "2024-05-01" }'
    (found,) = of({"wrangler.json": config, "functions/a.ts": function}, "functions/a.ts")
    assert found.is_pages and "ratelimits" in found.refused, "though its configuration does not say so"


def test_of_several_workers_those_for_tests_count_only_where_there_is_no_other() -> None:
    named = CONFIG.replace('"a"', '"b"')
    files = {"src/index.ts": CODE, "tests/wrangler.json": named.replace("src/", "../src/")}
    assert [found.name for found in of(files)] == ["b"]
    assert [found.name for found in of({**files, "wrangler.json": CONFIG})] == ["a"]
    assert of({"README.md": "text"}, "README.md") == []


def test_where_the_types_of_the_platform_come_from() -> None:
    files = {"wrangler.json": CONFIG, "src/index.ts": CODE, "package.json": PACKAGE}

    def types(**more: str) -> RuntimeTypes:
        (found,) = of({**files, **more})
        return found.types

    named = '{ "compilerOptions": { "types": ["@cloudflare/workers-types/2023-07-01"] } }'
    assert types() is RuntimeTypes.PACKAGE, "no settings of TypeScript tell otherwise"
    assert types(**{"tsconfig.json": named}) is RuntimeTypes.PACKAGE
    assert types(**{"tsconfig.json": "{}"}) is RuntimeTypes.IMPORTED
    assert types(**{"tsconfig.json": '{ "extends": "@tsconfig/node" }'}) is RuntimeTypes.PACKAGE, (
        "may name it"
    )
    reference = '/// <reference types="@cloudflare/workers-types" />\n'
    assert types(**{"tsconfig.json": "{}", "src/a.d.ts": reference}) is RuntimeTypes.PACKAGE
    assert types(**{"tsconfig.json": "{}", "src/index.ts": reference + CODE}) is RuntimeTypes.PACKAGE
    assert types(**{"package.json": "{}", "tsconfig.json": "{}"}) is RuntimeTypes.NONE
    assert types(**{"package.json": "{}", "tsconfig.json": named}) is RuntimeTypes.UNKNOWN
    assert not RuntimeTypes.NONE.is_global and RuntimeTypes.UNKNOWN.is_global


def test_the_package_manager_and_the_package_with_wrangler_are_told() -> None:
    files = {
        "package.json": '{ "workspaces": ["web", "api"] }',
        "bun.lock": "{}",
        "api/package.json": PACKAGE,
        "web/package.json": '{ "name": "web" }',
        "web/wrangler.json": CONFIG,
        "web/src/index.ts": CODE,
    }
    (found,) = of(files, "web/src/index.ts")
    assert (found.manager, found.wrangler_manifest) == ("bun", "api/package.json")
    (found,) = of({**files, "web/package.json": PACKAGE, "package-lock.json": "{}"}, "web/src/index.ts")
    assert (found.manager, found.wrangler_manifest) == ("", ""), "two lock files; wrangler is beside it"
    said = '{ "workspaces": ["web", "api"], "packageManager": "pnpm@9.1.0" }'
    (found,) = of({**files, "package.json": said}, "web/src/index.ts")
    assert found.manager == "pnpm", "package.json decides"
