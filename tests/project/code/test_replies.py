"""Responses that functions of the project make of what they are given."""

from __future__ import annotations

import pytest

from cflint.project.code.replies import replies_of
from tests.support.modules import module_of

pytestmark = pytest.mark.portable

LIB = """
export function failure(message: string, status = 500, details?: unknown): Response {
  return new Response(JSON.stringify({ message, details }), { status });
}
export const refusal = (options: { text: string }) => Response.json(options.text, { status: 403 });
export const shown = ({ text }: { text: string }) => Response.json({ text }, { status: 502 });
export const problem = (text: string, status?: number) => failure(text, status);
export const broken = (text: string, status = 503) => problem(text, status);
export const json = (body: unknown, init: ResponseInit = {}) =>
  new Response(JSON.stringify(body), { ...init, headers: { "x-version": "2" } });
export const plain = (text: string, init?: ResponseInit) => new Response(text, init);
export const handed = (body: unknown, init?: ResponseInit) => json(body, init);
export const mixed = (text: string, init: ResponseInit, more: ResponseInit) =>
  new Response(text, { ...init, ...more });
export function nothing(message: string): Response {
  console.log(message);
  return new Response("nothing");
}
"""

NAMES = "broken, failure, handed, json, mixed, plain, problem, shown"


@pytest.mark.parametrize(
    ("call", "contents", "status"),
    [
        ("failure(a)", ["a"], 500),
        ("failure(a, 404)", ["a"], 404),
        ("failure(a, 404, b)", ["a", "b"], 404),
        ("failure(a, status)", ["a"], None),
        ("shown({ text: a })", ["a"], 502),
        ("problem(a, 400)", ["a"], 400),
        ("broken(a)", ["a"], 503),
        ("broken(a, 404)", ["a"], 404),
        ("json(a, { status: 500 })", ["a"], 500),
        ("json(a, { statusText: b })", ["a"], None),
        ("json(a)", ["a"], None),
        ("plain(a, { status: 503 })", ["a"], 503),
        ("handed(a, { status: 502 })", ["a"], 502),
        ("mixed(a, { status: 500 }, b)", ["a"], None),
    ],
)
def test_replies(call: str, contents: list[str], status: float | None) -> None:
    module = module_of(f"import {{ {NAMES} }} from './lib';\nlet status: number;\n{call};", lib=LIB)
    node = next(module.calls_of(call.partition("(")[0], module.root))
    found = replies_of(module, node)
    assert [(sorted(map(module.text, reply.contents)), reply.status) for reply in found] == [
        (contents, status)
    ]


@pytest.mark.parametrize("call", ["nothing(a)", "refusal(a)", "unknown(a)", "failure(...a)"])
def test_no_replies(call: str) -> None:
    module = module_of(f"import {{ failure, nothing, refusal }} from './lib';\n{call};", lib=LIB)
    node = next(module.calls_of(call.partition("(")[0], module.root))
    assert replies_of(module, node) == ()
