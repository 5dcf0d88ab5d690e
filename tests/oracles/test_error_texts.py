"""What pages say that workerd, wrangler, esbuild and TypeScript print stands in these tools."""

from __future__ import annotations

import re
from functools import cache

import pytest

from cflint.platform._error_texts import TEXTS
from cflint.rule.errors import ANYTHING
from tests.support.oracle_tools import modules, needs_tools

pytestmark = needs_tools()

TOOLS = {
    "workerd": ("@cloudflare/workerd-linux-64/bin/workerd", "miniflare/dist/src/**/*.js"),
    "Workflows": ("miniflare/dist/src/**/*.js", "wrangler/wrangler-dist/cli.js"),
    "wrangler": ("wrangler/wrangler-dist/cli.js",),
    "esbuild": ("@esbuild/linux-x64/bin/esbuild",),
    "TypeScript": ("typescript/lib/_tsc.js", "typescript/lib/typescript.js"),
}
"""Where the texts of each stand: KV, D1 and Workflows answer in miniflare what the platform does."""

KIND = re.compile(r"^(?:Uncaught )?(?:\w*Error: |error TS\d+: )?(?:D1_\w+: )?")

MADE = {
    "Cannot read properties of % (reading '%')": "workerd",
    "Cannot destructure property '%' of '%' as it is %.": "workerd",
    "% is not defined": "workerd",
    "% is not a function": "workerd",
    "% is not iterable": "workerd",
    '"%" is not valid JSON': "workerd",
    "Unexpected token '%', %\"%\" is not valid JSON": "workerd",
    "The requested module '%' does not provide an export named '%'": "workerd",
    "No matching export in %q for import %q": "esbuild",
    "Could not resolve %q": "esbuild",
    "Expected %s but found %s": "esbuild",
    "Cannot find name '{0}'.": "TypeScript",
    "Cannot extend an interface '{0}'. Did you mean 'implements'?": "TypeScript",
    "too many SQL variables": "workerd",
    "no such table: %s": "workerd",
    "not authorized": "workerd",
    "No such module %": "workerd",
}
"""What tools print with something filled in: how it stands in the tool, with what is filled in as there."""

PYTHON = re.compile(
    r"AttributeError: '…' object has no attribute '\w+'|ModuleNotFoundError: No module named '…'"
    r"|UnboundLocalError: cannot access local variable '…' where it is not associated with a value"
)
BY_RUN = re.compile(
    r"Failed to construct 'DurableObjectBase'|Incorrect type for Promise|KV \S+ failed: |D1_EXEC_ERROR"
    r"|Failed to execute 'waitUntil'|handlers is not iterable"
)
"""Put together from pieces that are no texts: test_workerd.py runs the examples that end with them."""


@cache
def stands_in(tool: str) -> bytes:
    folder = modules()
    assert folder is not None
    paths = [path for pattern in TOOLS[tool] for path in folder.glob(pattern)]
    assert paths, f"{tool} is there"
    return b"\n".join(
        re.sub(rb"\\([\"'`])", rb"\1", path.read_bytes()) if path.suffix == ".js" else path.read_bytes()
        for path in paths
    )


def test_what_is_filled_in_stands_there() -> None:
    for text, tool in MADE.items():
        pieces = re.split(r"%[qs]?|\{\d\}", text) if tool == "workerd" and "no such" not in text else [text]
        assert any(text.encode() in stands_in(tool) for text in (text, *pieces) if len(text) > 8), text


def is_made(text: str) -> bool:
    """Whether a text is one of `MADE`, filled in."""
    for known in MADE:
        expression = re.sub(r"%[qs]?|\\\{\d\\\}", ".*", re.escape(known).replace("%q", '".*"'))
        if re.search(expression, text):
            return True
    return False


@pytest.mark.parametrize("tool", TOOLS)
def test_texts_are_those_of_the_tool(tool: str) -> None:
    unknown = []
    texts = [(rule, text) for rule, by, text in TEXTS if by == tool]
    assert texts
    for rule, text in texts:
        if PYTHON.fullmatch(text) or BY_RUN.search(text) or is_made(text):
            continue
        pieces = re.split(rf"{ANYTHING}|(?<=[.:]) ", KIND.sub("", text))
        for piece in map(str.strip, pieces):
            if len(piece) > 5 and piece.encode() not in stands_in(tool):
                unknown.append((rule, piece))
    assert unknown == []
