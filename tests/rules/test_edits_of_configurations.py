"""Edits of configurations name what has to be there first, what goes along, and no more names than help."""

from __future__ import annotations

import pytest

from cflint.finding import Finding
from cflint.report.advice import advice_for
from cflint.testing import check
from tests.support.fixture_cases import KNOWN

pytestmark = pytest.mark.portable

DATED = '"compatibility_date": "2026-08-01"'
CONFIG = f'{{ "name": "a", "main": "i.ts", {DATED}'
ANSWERS = "export default { fetch() { return new Response('x'); } };"


def found(files: dict[str, str], rule: str) -> list[Finding]:
    return list(check(files, rule).findings)


def advice(finding: Finding, rule: str) -> str:
    return advice_for(finding, KNOWN[rule].info)[1]


@pytest.mark.parametrize(
    ("scripts", "is_made"),
    [
        ('"deploy": "wrangler deploy", "migrate": "wrangler d1 migrations apply DB --remote"', True),
        ('"deploy": "wrangler d1 migrations apply DB --remote && wrangler deploy"', False),
        ('"deploy": "wrangler deploy && wrangler d1 migrations apply DB --remote"', True),
        ('"deploy": "wrangler d1 migrations apply DB --local && wrangler deploy"', True),
        ('"deploy": "wrangler d1 migrations apply OTHER --remote && wrangler deploy"', True),
        ('"m": "wrangler d1 execute DB --remote --file a.sql", "deploy": "pnpm m && wrangler deploy"', False),
        ('"predeploy": "wrangler d1 execute DB --remote --file a.sql", "deploy": "wrangler deploy"', False),
    ],
)
def test_a_database_that_is_migrated_before_the_deployment_has_to_be_there(
    scripts: str, is_made: bool
) -> None:
    rule = "config-placeholder-id"
    config = CONFIG + ', "d1_databases": [{ "binding": "DB", "database_id": "<ID>" }] }'
    files = {"wrangler.json": config, "i.ts": ANSWERS, "package.json": f'{{ "scripts": {{ {scripts} }} }}'}
    (finding,) = found(files, rule)
    assert (finding.fix is not None) is is_made
    assert ("wrangler d1 create DB" in advice(finding, rule)) is not is_made
    rule = "binding-not-declared"
    code = (
        "export default { async fetch(r, env) { return Response.json(await env.DB.prepare('x').all()); } };"
    )
    (finding,) = found({**files, "wrangler.json": CONFIG + " }", "i.ts": code}, rule)
    assert (finding.fix is not None) is is_made
    assert "wrangler d1 create" in advice(finding, rule)


def test_a_step_of_ci_counts_like_one_of_a_script() -> None:
    rule = "config-placeholder-id"
    config = CONFIG + ', "kv_namespaces": [{ "binding": "KV", "id": "<ID>" }] }'
    steps = "\n".join(
        (
            "jobs:",
            "  ship:",
            "    steps:",
            "      - run: npx wrangler kv bulk put a.json --binding KV --remote",
            "      - run: npx wrangler deploy",
        )
    )
    files = {"wrangler.json": config, "i.ts": ANSWERS, ".github/workflows/ship.yml": steps}
    (finding,) = found(files, rule)
    assert finding.fix is None
    assert "`wrangler kv bulk put a.json --binding KV --remote` runs before" in advice(finding, rule)
    assert "`npx wrangler kv namespace create KV`" in advice(finding, rule)


def test_of_many_exports_four_are_named() -> None:
    names = [f"A{at}" for at in range(7)]
    code = "\n".join(f"export class {name} {{}}" for name in names)
    files = {
        "wrangler.json": CONFIG + " }",
        "i.ts": code,
        "package.json": '{ "devDependencies": { "wrangler": "4.20.0" } }',
    }
    (finding,) = found(files, "missing-default-export")
    assert finding.message.endswith("without `A0`, `A1`, `A2`, `A3` and 3 more")


@pytest.mark.parametrize(
    ("ignored", "added"),
    [
        ("dist/\n", ".dev.vars\n"),
        ("dist/", "\n.dev.vars"),
        ("dist/\r\nout/\r\n", ".dev.vars\r\n"),
        (".dev.vars*\n", None),
        (None, None),
    ],
)
def test_the_file_of_secrets_is_kept_out_of_the_repository(ignored: str | None, added: str | None) -> None:
    value = "0b6f1c9e2a7d4f83b5c1e09d7a2f4c68"
    pages = f'{{ "name": "a", "pages_build_output_dir": "d", {DATED}, "vars": {{ "A_SECRET": "{value}" }} }}'
    files = {"wrangler.json": pages, "d/a.txt": "a"}
    if ignored is not None:
        files[".gitignore"] = ignored
    (finding,) = found(files, "secret-in-vars")
    assert "set it with `wrangler pages secret put A_SECRET` instead" in finding.message
    assert finding.fix is not None
    edits = [it.text for it in finding.fix.edits if it.document.path == ".gitignore"]
    assert edits == ([added] if added is not None else [])


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("https://www.a.dev/* https://a.dev/:splat 301", ""),
        ("/old /new 301!", "/old /new 301"),
        ("  /ä/* /ä/b/index.html   200! # all", "  /ä/* /ä/b/   200 # all"),
        ("/ö /ö 200!", "/ö /ö 200"),
        ("/* /index.html 200!", ""),
        ("/a /b 404", None),
        ("/a /b 302 Country=us", None),
    ],
)
def test_lines_of_netlify_are_written_as_cloudflare_reads_them(line: str, after: str | None) -> None:
    pages = f'{{ "name": "a", "pages_build_output_dir": "d", {DATED} }}'
    files = {"wrangler.json": pages, "d/a.txt": "a", "d/_redirects": f"/x /y\n{line}\n"}
    (finding,) = found(files, "redirects-line-invalid")
    if after is None:
        assert finding.fix is None
        return
    assert finding.fix is not None
    data = files["d/_redirects"].encode()
    for edit in sorted(finding.fix.edits, key=lambda it: it.span.start, reverse=True):
        data = data[: edit.span.start] + edit.text.encode() + data[edit.span.end :]
    assert data.decode() == f"/x /y\n{after}\n" if after else "/x /y\n"


def test_a_line_for_a_host_names_the_rule_of_the_zone() -> None:
    pages = f'{{ "name": "a", "pages_build_output_dir": "d", {DATED} }}'
    line = "https://old.a.dev/* /new/:splat"
    files = {"wrangler.json": pages, "d/a.txt": "a", "d/_redirects": line}
    (finding,) = found(files, "redirects-line-invalid")
    assert dict(finding.words) == {
        "<from>": "https://old.a.dev/*",
        "<to>": "https://old.a.dev/new/${1}",
        "<status>": "302",
    }


@pytest.mark.parametrize(
    ("packages", "is_said"),
    [
        ('"react-router-dom": "7.1.0"', True),
        ('"vue-router": "4.0.0"', True),
        ('"react-router": "7.1.0", "@react-router/dev": "7.1.0"', False),
        ('"vue-router": "4.0.0", "nuxt": "4.0.0"', False),
        ('"react": "19.0.0"', False),
    ],
)
def test_pages_that_route_in_the_browser_get_the_one_page(packages: str, is_said: bool) -> None:
    rule, key = "workers-sites-deprecated", '"not_found_handling": "single-page-application"'
    config = f'{{ "name": "a", "main": "i.ts", {DATED}, "site": {{ "bucket": "./dist" }} }}'
    files = {"wrangler.json": config, "i.ts": ANSWERS}
    files["package.json"] = f'{{ "dependencies": {{ {packages} }} }}'
    (finding,) = found(files, rule)
    assert (key in advice(finding, rule)) is is_said
    (finding,) = found({**files, "wrangler.json": config.replace('"main": "i.ts", ', "")}, rule)
    assert finding.fix is not None
    assert any("single-page-application" in it.text for it in finding.fix.edits) is is_said


@pytest.mark.parametrize(
    ("entry", "version", "is_left_out"),
    [
        ('"kv_namespaces": [{ "binding": "A", "id": "" }]', "4.45.0", True),
        ('"kv_namespaces": [{ "binding": "A", "id": "" }]', "4.44.0", False),
        ('"queues": { "producers": [{ "binding": "A", "queue": "" }] }', "4.112.0", False),
        ('"queues": { "producers": [{ "binding": "A", "queue": "" }] }', "4.113.0", True),
    ],
)
def test_what_is_empty_is_left_out_where_wrangler_makes_the_resource(
    entry: str, version: str, is_left_out: bool
) -> None:
    package = f'{{ "devDependencies": {{ "wrangler": "{version}" }} }}'
    files = {"wrangler.json": f"{CONFIG}, {entry} }}", "i.ts": ANSWERS, "package.json": package}
    (finding,) = (it for it in found(files, "config-invalid-value") if "is empty" in it.message)
    assert (finding.fix is not None) is is_left_out
