"""What the pages of the rules say to who is to mend a finding."""

from __future__ import annotations

from cflint.finding import Finding, Location, RuleInfo, Safety, Severity
from cflint.platform.wrangler_keys import NODE_NEEDED
from cflint.project.modules.node import NodeSaid
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
    assert found["env-binding-type-mismatch"].startswith("for variables: where code computes")
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


def test_secrets_of_pages_have_a_command_of_their_own() -> None:
    info = page("Set it: `npx wrangler secret put TOKEN`.")
    plain = Circumstances(
        PLAIN, "a", "wrangler.json", "4.1.0", None, False, (), (), RuntimeTypes.UNKNOWN, "", manager="pnpm"
    )
    pages = replace(plain, kind="Pages project")
    asked = [advice_for(found_at("a.ts"), info, (it,))[1] for it in (plain, pages)]
    assert asked == [
        "Set it: `pnpm exec wrangler secret put TOKEN`.",
        "Set it: `pnpm exec wrangler pages secret put TOKEN`.",
    ]


def test_what_a_rule_says_of_waiting_goes_before_what_the_place_asks() -> None:
    info = page("As the first line, `await ask()`.")
    finding = replace(found_at("a.ts"), words=(("becomes async", "`f()` becomes `async`"),))
    assert advice_for(finding, info)[1] == "As the first line, `await ask()`. `f()` becomes `async`."
    elsewhere = replace(finding, words=(*finding.words, ("becomes async", "")))
    assert advice_for(elsewhere, info)[1] == "As the first line, `await ask()`."


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


def test_a_function_that_gives_no_response_answers_in_its_own_way() -> None:
    info = page(
        'Before it: `if (!id) return new Response("no", { status: 400, headers: { "a": "b" } })`. Then go on.'
    )
    finding = found_at("a.ts", "return Response.json({ error: 'no' }, { status: 404 });")
    truth = replace(finding, words=(("gives a boolean", ""),))
    assert advice_for(truth, info)[1] == "Before it: `if (!id) return false`. Then go on."
    other = replace(finding, words=(("gives no response", "`read()` gives no response: who calls it (3:4)"),))
    assert advice_for(other, info)[1] == (
        'Before it: `if (!id) throw new Error("no")`. Then go on. `read()` gives no response: who calls it'
        " (3:4) catches that and answers with 400."
    )
    bare = page("Before it: `if (!id) return new Response(null, { status: 403 })`.")
    assert '`if (!id) throw new Error("refused")`' in advice_for(other, bare)[1]


def test_an_edit_throws_where_the_file_answers_by_errors() -> None:
    info = page('Before it: `if (!id) return new Response("no id", { status: 400 })`.')
    finding = found_at("a.ts", "throw createError({ statusCode: 404, statusMessage: 'no note' });")
    assert advice_for(finding, info)[1] == (
        'Before it: `if (!id) throw createError({ statusCode: 400, statusMessage: "no id" })`.'
    )


def test_an_edit_in_the_handler_answers_whatever_the_function_around_the_place_gives() -> None:
    info = page('As the first lines of `fetch()`: `if (!id) return new Response("no", { status: 401 })`.')
    truth = replace(found_at("a.ts"), words=(("gives a boolean", ""),))
    assert advice_for(truth, info)[1] == info.page.split("\n\n")[2]


def test_a_name_that_is_taken_is_not_declared_again() -> None:
    info = page("Write `let value; try { value = parse(given); } catch { }`, and `value` here.")
    assert advice_for(found_at("a.ts", "const other = 1;"), info)[1] == info.page.split("\n\n")[2]
    taken = found_at("a.ts", "return decode(value);")
    assert advice_for(replace(taken, words=(("given", "value"),)), info)[1] == (
        "Write `let result; try { result = parse(value); } catch { }`, and `result` here."
    )
    all_taken = found_at("a.ts", "value(result, parsed, checked, valueHere);")
    assert "`let valueHere2;" in advice_for(all_taken, info)[1]


def test_an_update_of_wrangler_names_the_places_that_say_an_older_node() -> None:
    info = page("Update it: `npm install -D wrangler@latest`, then look: `npm ls workerd`.")
    worker = Circumstances(
        PLAIN, "a", "w.json", "4.1.0", None, False, (), (), RuntimeTypes.UNKNOWN, "", manager="pnpm"
    )
    finding = found_at("a.ts")
    plain = "Update it: `pnpm add -D wrangler@latest`, then look: `pnpm why workerd`."
    assert advice_for(finding, info, (worker,))[1] == plain
    old = replace(
        worker,
        older_nodes=(
            NodeSaid("package.json", ">=18", (18, 0, 0)),
            NodeSaid(".github/workflows/ci.yml", "20", (20, 0, 0)),
        ),
    )
    needed = ".".join(map(str, NODE_NEEDED[:2]))
    assert advice_for(finding, info, (old,))[1] == (
        f"{plain} The newest wrangler runs with Node {needed} and later: raise `>=18` in `package.json` and"
        " `20` in `.github/workflows/ci.yml` along."
    )
    other = page("Write `npm install -D typescript@latest`.")
    assert "Node" not in advice_for(finding, other, (old,))[1]


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


def test_why_a_fix_is_unsafe_is_what_concerns_the_finding() -> None:
    missing = KNOWN["binding-missing-in-environment"].info
    for case, part in (
        ("variables alone", "the values are"),
        ("resources alone", "databases"),
        ("objects alone", "the Durable Objects"),
    ):
        assert why_unsafe(missing, Safety.UNSAFE, "", ((case, ""),)).startswith(part)
    decoded = KNOWN["unguarded-decode"].info
    assert why_unsafe(decoded, Safety.UNSAFE, "", (), "Take it as it is").startswith("a client that encodes")
    assert why_unsafe(decoded, Safety.UNSAFE, "", (), "Answer 400").startswith("what can throw is caught")
    longest = {
        name: max(map(len, (why_unsafe(KNOWN[name].info, it) for it in (Safety.UNSAFE, Safety.MANUAL))))
        for name in KNOWN
    }
    assert [name for name, length in longest.items() if length > 200] == []
