"""The literals of a framework's own configuration, and their places."""

from __future__ import annotations

from cflint.project.apps.options import OPEN, Options
from cflint.source import Document

TEXT = """
import adapter from "adapter";
import { more } from "./more";

const cache = { kind: "memory" };

export default defineConfig({
  output: "server",
  adapter: adapter({ cache, limit: 3, name: more() }),
  plugins: [adapter(), adapter(more)],
});
"""


def _options(text: str = TEXT) -> Options:
    return Options(Document("app.config.ts", text.encode()))


def test_what_a_call_is_given_is_a_configuration_of_its_own() -> None:
    first, empty, unknown = _options().given_to("adapter")
    assert [first.value("cache", "kind"), first.value("limit"), first.value("name")] == ["memory", 3.0, OPEN]
    assert first.value("other") is None
    assert empty.value("cache") is None, "nothing was given, and so no such key"
    assert unknown.value("cache") is OPEN
    assert list(_options().given_to("another")) == []


def test_places_are_those_of_the_values() -> None:
    options = _options()
    place = options.place_of("output")
    assert place is not None and place.document.text(place.span) == '"server"'
    (first, *_) = options.given_to("adapter")
    inner = first.place_of("cache", "kind")
    assert inner is not None and inner.document.text(inner.span) == '"memory"'
    assert first.place_of("other") is None and options.place_of("output", "deeper") is None


def test_a_configuration_that_a_call_computes_is_open() -> None:
    assert _options("export default make();\n").value("output") is OPEN
    assert _options("export default make();\n").place_of("output") is None
