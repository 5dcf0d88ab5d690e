"""Parts of a module that run on one side only."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cflint.project.apps.islands import imports_of_server, sides_of
from cflint.project.apps.kind import Islands
from cflint.project.apps.realms import NO_SIDES, Sides
from cflint.scope import ModuleScope
from cflint.source import Document, Span
from cflint.syntax.javascript import parse

ISLANDS = Islands(
    server_exports=frozenset({"loader"}),
    browser_exports=frozenset({"clientLoader"}),
    server_calls=frozenset({"createServerFn.handler", "server$"}),
    browser_calls=frozenset({"createClientOnlyFn"}),
    server_keys=frozenset({"createFileRoute.server"}),
    directives=True,
)


def sides(text: str) -> dict[str, str]:
    """The side of each `at("…")` of a module, by its letter."""
    document = Document("a.tsx", text.encode())
    syntax = parse(document)
    found = sides_of(syntax, ModuleScope(syntax), ISLANDS)
    result = {}
    at = text.find('at("')
    while at != -1:
        side = "server" if found.on_server(at) else "browser" if found.in_browser(at) else "both"
        result[text[at + 4]] = side
        at = text.find('at("', at + 1)
    return result


def test_exports() -> None:
    text = 'export async function loader() { at("a"); }\nexport const clientLoader = () => at("b");\n'
    text += 'function helper() { at("c"); }\nconst loader2 = () => at("d");\n'
    assert sides(text) == {"a": "server", "b": "browser", "c": "both", "d": "both"}


def test_a_function_of_that_name_that_is_not_exported_is_no_island() -> None:
    assert sides('function loader() { at("a"); }\n') == {"a": "both"}
    assert sides('const loader = () => at("a");\nexport { loader };\n') == {"a": "server"}


def test_calls_and_builders() -> None:
    text = 'const f = createServerFn({ method: "GET" }).validator(v).handler(async () => { at("a"); });\n'
    text += 'other().handler(() => at("b"));\nserver$(() => at("c"));\ncreateClientOnlyFn(() => at("d"));\n'
    text += 'useEffect(() => { at("e"); }, []);\n'
    assert sides(text) == {"a": "server", "b": "both", "c": "server", "d": "browser", "e": "browser"}


def test_keys_of_the_argument_of_a_call() -> None:
    text = 'export const Route = createFileRoute("/")({ server: { handlers: { GET: () => at("a") } },\n'
    text += '  component: () => at("b") });\nother({ server: { x: () => at("c") } });\n'
    assert sides(text) == {"a": "server", "b": "both", "c": "both"}


def test_directives_handlers_and_conditions() -> None:
    text = 'async function act() { "use server"; at("a"); }\n'
    text += 'const b = <a onClick={() => at("b")} href={at("c")} />;\n'
    text += 'if (typeof window !== "undefined") { at("d"); } else { at("e"); }\n'
    text += 'const x = import.meta.env.SSR ? at("f") : at("g");\n'
    assert sides(text) == {
        "a": "server",
        "b": "browser",
        "c": "both",
        "d": "browser",
        "e": "server",
        "f": "server",
        "g": "browser",
    }


def test_the_innermost_part_counts() -> None:
    text = 'export function loader() { useEffect(() => { at("a"); server$(() => at("b")); }); at("c"); }\n'
    assert sides(text) == {"a": "browser", "b": "server", "c": "server"}


def test_imports_that_only_the_server_side_uses() -> None:
    text = 'import { db } from "./db";\nimport { both } from "./both";\nimport "./effect";\n'
    text += 'import { unused } from "./unused";\nimport type { T } from "./types";\n'
    text += 'import * as all from "./all";\n'
    text += "export function loader() { db(); both(); all.x(); }\nboth();\n"
    syntax = parse(Document("a.tsx", text.encode()))
    scope = ModuleScope(syntax)
    assert imports_of_server(syntax, scope, sides_of(syntax, scope, ISLANDS)) == {"./db", "./all"}


@st.composite
def nested(draw: st.DrawFn) -> list[tuple[Span, bool]]:
    """Spans that lie in one another or apart, and their sides."""
    found: list[tuple[Span, bool]] = []

    def fill(start: int, end: int, depth: int) -> None:
        while start < end and depth < 4 and draw(st.booleans()):
            first = draw(st.integers(start, end - 1))
            last = draw(st.integers(first + 1, end))
            found.append((Span(first, last), draw(st.booleans())))
            fill(first, last, depth + 1)
            start = last

    fill(0, 40, 0)
    return found


@given(nested())
def test_a_side_is_that_of_the_innermost_span(spans: list[tuple[Span, bool]]) -> None:
    by_side = [
        tuple(dict.fromkeys(span for span, side in spans if side is wanted)) for wanted in (True, False)
    ]
    made = Sides(*by_side)
    for offset in range(42):
        around = [(span.end - span.start, side) for span, side in spans if offset in span]
        wanted = min(around)[1] if around else None  # of two that are equal the browser's
        assert made.on_server(offset) is (wanted is True)
        assert made.in_browser(offset) is (wanted is False)


def test_nothing_is_on_a_side_without_parts() -> None:
    assert not NO_SIDES.on_server(0)
    assert not NO_SIDES.in_browser(0)
