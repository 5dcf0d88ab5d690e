"""What holds for every framework: `fixtures/apps/<kind>/<case>` is an app with code on both sides of borders.

A file that the app reaches says where it runs (`// realm: server`); what is reported stands in markers, as in
the fixtures of rules. See docs/contributing/frameworks.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from cflint.project.apps.realms import Realm
from cflint.project.apps.registry import ROWS, kind_of
from cflint.project.files.workspace import Workspace
from cflint.project.workers.loaded import Loaded
from cflint.project.workers.loading import load
from cflint.project.workers.preferences import no_preferences
from tests.support.fixture_cases import KNOWN, Case, expected, rules_for, run
from tests.support.paths import FIXTURES

_REALM = re.compile(rb"realm: (\w+)")
_CODE = (".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs", ".svelte", ".vue", ".astro")
CASES = [
    Case(case, case.parent.name, KNOWN)
    for kind in sorted((FIXTURES / "apps").iterdir())
    for case in sorted(kind.iterdir())
]


def _written(files: Mapping[str, bytes]) -> dict[str, str]:
    """What the files say of their realm."""
    found = {path: _REALM.search(data[:200]) for path, data in files.items() if path.endswith(_CODE)}
    return {path: match[1].decode() for path, match in found.items() if match is not None}


def _loaded(files: Mapping[str, bytes]) -> Loaded:
    return load(Workspace.in_memory(files), ("",), preferences=no_preferences)


def _reported(files: Mapping[str, bytes]) -> set[tuple[str, int, str]]:
    report = run(files, rules_for("floating-promise"))
    places = [(finding.at.document, finding) for finding in report.findings]
    return {(it.path, it.line_of(finding.at.span.start), finding.rule) for it, finding in places}


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@each_case
def test_each_module_runs_where_it_says(case: Case) -> None:
    loaded = _loaded(case.files)
    (app,) = loaded.project.realms.apps
    assert app.kind.id == case.rule
    assert {path: app.placed[path].realm.label for path in app.placed} == _written(case.files)
    assert all(app.why(path) for path in app.placed)


@each_case
def test_the_worker_of_the_app_has_what_runs_in_it_and_nothing_else(case: Case) -> None:
    (worker,) = _loaded(case.files).project.workers
    inside = {path for path, realm in _written(case.files).items() if realm in ("server", "both")}
    assert set(worker.modules) - worker.idle == inside


@each_case
def test_what_is_reported_is_what_the_markers_say(case: Case) -> None:
    found = {key for key in _reported(case.files) if not key[0].endswith((".json", ".jsonc", ".toml"))}
    assert found == set(expected(case.files)[0])


@each_case
def test_no_module_outside_the_worker_is_analysed(case: Case) -> None:
    outside = {path for path, realm in _written(case.files).items() if realm not in ("server", "both")}
    assert outside
    assert outside.isdisjoint(_loaded(case.files).modules)
    named = load(Workspace.in_memory(case.files), sorted(outside), preferences=no_preferences)
    assert named.project.realms.apps
    assert outside.isdisjoint(named.modules)


@each_case
def test_silence_about_a_module_is_the_realm_s_doing(case: Case) -> None:
    """What is silent in the browser and in shared code would be reported were it the `main` of a Worker."""
    marked = {path for path, _, _ in expected(case.files)[0]}
    files = case.files
    quiet = [
        path
        for path, realm in _written(files).items()
        if realm != "server"
        and path not in marked
        and b"fetch(" in files[path]
        and not path.endswith((".astro", ".vue", ".tsx"))
    ]
    assert {_written(files)[path] for path in quiet} >= {"browser", "both"} & set(_written(files).values())
    for path in quiet:
        alone = {"wrangler.toml": f'name = "a"\nmain = "{path}"\n'.encode(), path: files[path]}
        assert any(found[0] == path for found in _reported(alone)), path


def test_every_kind_has_a_name_and_a_fixture() -> None:
    kinds = [kind_of(row.module) for row in ROWS]
    assert [kind.id for kind in kinds] == [row.module.replace("_", "-") for row in ROWS]
    assert all(set(row.packages) == kind.packages for row, kind in zip(ROWS, kinds, strict=True))
    frameworks = {kind.id for kind in kinds if kind.layout is not None}
    assert frameworks == {case.rule for case in CASES}


def test_no_realm_outside_a_worker_is_called_one_of_it() -> None:
    assert [realm for realm in Realm if realm.in_worker] == [Realm.SERVER, Realm.BOTH]


def _kinds(files: Mapping[str, bytes]) -> list[str]:
    return [app.kind.id for app in _loaded(files).project.realms.apps]


SVELTE = {
    "package.json": b'{ "devDependencies": { "@sveltejs/kit": "2", "@sveltejs/adapter-cloudflare": "7" } }',
    "svelte.config.js": b'import a from "@sveltejs/adapter-cloudflare";\nexport default kit(a());\n',
    "wrangler.toml": b'name = "a"\nmain = ".svelte-kit/cloudflare/_worker.js"\n',
    "src/routes/+server.ts": b"export function GET() { return new Response(); }\n",
}


NODE = b'import a from "@sveltejs/adapter-node";\nexport default { kit: { adapter: a() } };\n'


@pytest.mark.parametrize(
    ("changed", "kinds"),
    [
        ({}, ["sveltekit"]),
        ({"package.json": b"{}"}, []),
        ({"package.json": b'{ "dependencies": { "@sveltejs/kit-other": "1" } }'}, []),
        ({"svelte.config.js": NODE}, []),
        ({"svelte.config.js": b'import b from "@sveltejs/adapter-cloudflare";\n' + NODE}, []),
        (
            {"wrangler.toml": b'name = "a"\npages_build_output_dir = ".svelte-kit/cloudflare"\n'},
            ["sveltekit"],
        ),
        ({"wrangler.toml": b'name = "a"\n[assets]\ndirectory = "build"\n'}, []),
        ({"wrangler.toml": b'name = "a"\nmain = "worker.ts"\n', "worker.ts": b"export default {};\n"}, []),
        (
            {
                "wrangler.toml": b'name = "a"\nmain = "worker.ts"\n',
                "worker.ts": b'import app from "./.svelte-kit/cloudflare/_worker.js";\nexport default app;\n',
            },
            ["sveltekit"],
        ),
        ({"svelte.config.js": b"export default {", "package.json": b'{ "devDependencies": {'}, []),
    ],
)
def test_two_signs_and_the_target_make_an_app(changed: dict[str, bytes], kinds: list[str]) -> None:
    assert _kinds(SVELTE | changed) == kinds


def test_a_worker_below_an_app_is_none_of_it() -> None:
    below = {
        "jobs/wrangler.toml": b'name = "jobs"\nmain = "job.ts"\n',
        "jobs/job.ts": b"export default {};\n",
    }
    workers = _loaded(SVELTE | below).project.workers
    assert {worker.name: worker.app is not None for worker in workers} == {"a": True, "jobs": False}
    assert [worker.modules for worker in workers if worker.name == "jobs"] == [("jobs/job.ts",)]


def test_an_app_of_an_unknown_framework_is_said_once() -> None:
    files = {
        f"{name}/{file}": data
        for name in ("one", "two")
        for file, data in {
            "package.json": b'{ "scripts": { "build": "mystery build" } }',
            "wrangler.toml": b'name = "a"\nmain = "dist/server/entry.js"\n',
        }.items()
    }
    messages = [notice.message for notice in _loaded(files).notices]
    assert messages == [
        "`main` of the Worker in one and two is made by a framework that is not known: of its modules only"
        " those that use Workers APIs are checked"
    ]


def test_what_a_main_imports_loads_with_it_and_routes_do_not() -> None:
    files = {
        "wrangler.toml": b'name = "a"\nmain = "worker.ts"\n',
        "worker.ts": b'import "./one";\nimport app from ".svelte-kit/cloudflare/_worker.js";\n',
        "one.ts": b'import "./two";\n',
        "two.ts": b'import "./one";\n',
    }
    (app,) = _loaded(SVELTE | files).project.realms.apps
    assert {path for path in app.placed if app.loads_with_main(path)} == {"worker.ts", "one.ts", "two.ts"}
