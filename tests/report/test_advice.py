"""What the pages of the rules say to who is to mend a finding."""

from __future__ import annotations

from cflint.finding import Finding, Location, RuleInfo, Safety, Severity
from cflint.project.workers.circumstances import PLAIN, Circumstances
from cflint.project.workers.runtime_types import RuntimeTypes
from cflint.record import replace
from cflint.report.advice import advice_for, what_to_do, why_unsafe
from cflint.report.fitting import fitted
from cflint.source import Document, Span
from tests.support.fixture_cases import KNOWN


def test_whoever_is_offered_an_unsafe_fix_is_told_why() -> None:
    found = {rule.id: why_unsafe(rule.info, Safety.UNSAFE) for rule in map(KNOWN.__getitem__, KNOWN)}
    offering = [name for name in KNOWN if KNOWN[name].spec.fix is Safety.UNSAFE]
    silent = [name for name in offering if len(found[name]) < 20]
    assert len(offering) > 60
    assert silent == []
    assert found["observability-not-enabled"] == "stored logs count against a quota and may cost money"
    assert found["env-binding-type-mismatch"].startswith("for variables: right where")
    assert found["astro-pass-through-throws"].startswith("The fix removes the call: ")
    assert why_unsafe(KNOWN["secret-in-vars"].info, Safety.MANUAL).startswith("the value is known by now")
    assert why_unsafe(KNOWN["observability-not-enabled"].info, Safety.SAFE) == ""


def test_whoever_is_offered_no_fix_is_told_what_to_do() -> None:
    """Rules that speak by default and never offer a fix; a summary alone is not always the edit."""
    silent = {
        name
        for name in KNOWN
        if KNOWN[name].spec.fix is None
        and "recommended" in KNOWN[name].info.presets
        and what_to_do(KNOWN[name].info) == KNOWN[name].summary
    }
    assert silent == set()
    assert what_to_do(KNOWN["unguarded-decode"].info).startswith("Write `let value; try {")


def test_an_edit_fits_the_configuration_of_its_worker() -> None:
    info = RuleInfo("r", "g", Severity.NOTE, "Sum", _PAGE)
    finding = Finding("m", Location(Document("src/a.ts", b"a"), Span(0, 1)), rule="r")
    plain = Circumstances(
        PLAIN, "a", "wrangler.toml", "4.20.0", None, False, (), (), RuntimeTypes.UNKNOWN, "", frozenset()
    )
    assert advice_for(finding, info)[1] == 'Add `"ratelimits": [{ "name": "A" }]`.'
    toml = 'Add `[[ratelimits]]` with `name = "A"` (at the end of the file).'
    assert advice_for(finding, info, (plain,))[1] == toml
    old = replace(plain, refused=frozenset({"ratelimits"}))
    assert advice_for(finding, info, (old,))[1] == (
        f"{toml} `ratelimits` needs wrangler 4.36: `npm install -D wrangler@latest` first."
    )
    pages = replace(old, kind="Pages project", config="wrangler.jsonc")
    assert advice_for(finding, info, (pages,))[1].startswith('Add `"ratelimits": [{ "name": "A" }]`. Pages')
    assert advice_for(finding, info, (replace(old, refused=frozenset({"secrets"})),))[1] == toml


def found_at(path: str, text: str = "a", related: bool = False) -> Finding:
    at = Location(Document(path, text.encode()), Span(0, 1))
    return Finding("m", at, (at,) if related else (), rule="r")


def page(edit: str) -> RuleInfo:
    return RuleInfo("r", "g", Severity.NOTE, "Sum", f"Sum\n\n## What to do\n\n{edit}\n\n## Not reported\n")


def test_a_comment_that_keeps_the_code_is_written_out() -> None:
    info = page("Unless it stays small (then suppress it): write a limit. Really, suppress this.")
    assert advice_for(found_at("src/a.ts"), info)[1] == (
        "Unless it stays small (then suppress it by `// cflint-ignore r: why` above it): write a"
        " limit. Really, suppress this."
    )
    assert "`# cflint-ignore r: why`" in advice_for(found_at("wrangler.toml"), info)[1]


def test_commands_are_those_of_the_package_manager() -> None:
    info = page("Run `npm install -D wrangler@latest`, `npm install left-pad` and `npx wrangler types`.")
    bun = Circumstances(
        PLAIN, "a", "web/wrangler.json", "4.1.0", None, False, (), (), RuntimeTypes.UNKNOWN, "", manager="bun"
    )
    finding = found_at("web/a.ts")
    assert advice_for(finding, info, (bun,))[1] == (
        "Run `bun add -d wrangler@latest`, `bun add left-pad` and `bunx wrangler types`."
    )
    elsewhere = replace(bun, manager="pnpm", wrangler_manifest="api/package.json")
    assert advice_for(finding, info, (elsewhere,))[1] == (
        "Run `pnpm add -D wrangler@latest` in `api`, whose package.json has it, `pnpm add left-pad` and"
        " `pnpm exec wrangler types`."
    )
    assert advice_for(finding, info)[1] == info.page.split("\n\n")[2], "npm, where nothing is known"
    pages = replace(bun, manager="npm", kind="Pages project")
    assert advice_for(finding, page("`npx wrangler secret put KEY`"), (pages,))[1] == (
        "`npx wrangler pages secret put KEY`"
    )


def test_other_places_are_spoken_of_only_where_they_are_shown() -> None:
    info = page(
        "Write `1` here; do the same at each other place that is shown. Or `2`, here and at the other places."
    )
    assert advice_for(found_at("a.ts"), info)[1] == "Write `1` here. Or `2`."
    assert advice_for(found_at("a.ts", related=True), info)[1] == info.page.split("\n\n")[2]


def test_what_an_edit_answers_has_the_shape_of_the_answers_around() -> None:
    info = page('Before it: `if (!id) return new Response("malformed", { status: 400 })`.')
    finding = found_at("a.ts", "return Response.json({ error: 'no' }, { status: 404 });")
    assert advice_for(finding, info)[1] == (
        'Before it: `if (!id) return Response.json({ error: "malformed" }, { status: 400 })`.'
    )


_PAGE = """Sum

## What to do

Add `"ratelimits": [{ "name": "A" }]`.

## Not reported
"""


def test_what_stands_for_a_name_is_not_replaced_again() -> None:
    words = (("env.NAME", "env.TOKEN"), ("NAME", "TOKEN"), ("env", "locals.runtime.env"))
    text = '`if (!env.NAME) throw new Error("NAME is not set in env")`, and `env.KV`'
    assert fitted(text, words, "a.ts") == (
        '`if (!env.TOKEN) throw new Error("TOKEN is not set in env")`, and `locals.runtime.env.KV`'
    )
