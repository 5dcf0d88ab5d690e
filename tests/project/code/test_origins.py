"""What object literals hold."""

from __future__ import annotations

import pytest

from cflint.api import js
from tests.support.modules import marked

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("literal", "found"),
    [
        ("{ a: (1 as number), 'b': 2, c }", {"a": "1", "b": "2", "c": "c"}),
        ("{ a() { return 1; } }", {"a": "a() { return 1; }"}),
        ("{ a: 1, /* b: 2 */ a: 3 }", {"a": "3"}),
        ("({})", {}),
        ("{ ...rest, a: 1 }", None),
        ("{ [a]: 1 }", None),
        ("rest", None),
    ],
)
def test_properties_by_name(literal: str, found: dict[str, str] | None) -> None:
    module, node = marked(f"const rest = {{ b: 2 }}; f(«{literal}»);")
    properties = module.properties_of(node)
    shown = None if properties is None else {name: module.text(value) for name, value in properties.items()}
    assert shown == found


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ('"http://a.example/x"', "http://a.example/x"),
        ("`${HOST}/x/${name}/y`", "http://a.example/x/"),
        ("`${name}/x`", ""),
        ('HOST + "/x"', "http://a.example"),
        ('name + "/x"', ""),
        ("new URL(`${HOST}${name}`)", "http://a.example"),
        ("new URL(name, HOST)", ""),
        ("target", "http://a.example/t/"),
        ("name", ""),
    ],
)
def test_the_beginning_of_a_text(text: str, beginning: str) -> None:
    names = 'const HOST = "http://a.example"; const target = `${HOST}/t/${name}`;'
    assert js.beginning_of(*marked(f"{names} declare const name: string; f(«{text}»);")) == beginning
