"""Whether code that no Worker reaches is a Worker's: it uses what only Workers have."""

from __future__ import annotations

import re
from functools import cache

from cflint.pattern import LINE_START, pattern
from cflint.project.modules.imports import import_specifiers
from cflint.source import Document
from cflint.syntax.anchors import Anchors

_WORKERS_PACKAGES = pattern(
    r"cloudflare:.*|partyserver|@cloudflare/workers-types.*|(?:agents|@cloudflare/(?:workers-oauth-provider|containers"
    r"|sandbox|actors|ai-chat|think|codemode|voice|shell|worker-bundler|puppeteer|playwright|kv-asset-handler))"
    r"(?:/(?!(?:.*/)?(?:react|ai-react|client|vite|ui|transport|webmcp|compile)$).*)?"
)
"""Packages that run in a Worker, without their parts for browsers and for building."""
_WORKERS_TYPES = (
    *("DurableObjectState", "DurableObjectNamespace", "ExportedHandler", "KVNamespace", "D1Database"),
    *("R2Bucket", "WebSocketPair", "ExecutionContext", "MessageBatch"),
)
_TOOLS = pattern(
    r"(?:node:)?(?:fs|fs/promises|child_process|os|readline|worker_threads|cluster|repl|v8|vm)|esbuild|vite|vitest|rollup"
    r"|miniflare|wrangler|undici|execa|jest"
)
"""Packages of programs that run on a developer's machine: they speak of Workers and are none."""
_PACKAGE_NEEDLES = ("cloudflare:", "@cloudflare/", "agents", "partyserver")
"""What the names of `_WORKERS_PACKAGES` begin with."""
_PYTHON_WORDS = pattern(
    LINE_START + rb"[ \t]*(?:(?:from|import)[ \t]+(?:cloudflare\.)?workers\b|from[ \t]+js[ \t]+import\b)"
    rb"|\bdef[ \t]+on_fetch\b",
    re.MULTILINE,
)
_LONGEST_NAME = 1000
_NAMES_OF_PACKAGE = pattern(
    rb"import(?<!\wimport)\s+(?:type\s+)?\{([^{}]{0,4000})\}\s*from\s*[\"']([^\"'\n]{1,200})[\"']"
)
_WORD = pattern(rb"\b\w+")


def is_python_of_a_worker(document: Document) -> bool:
    """Whether a module of Python imports the runtime's, or defines `on_fetch`."""
    return _PYTHON_WORDS.search(document.data) is not None


def is_of_a_worker(document: Document) -> bool:
    """Whether code that no Worker reaches uses what only Workers have."""
    data = document.data
    if document.path.endswith(".py"):
        return is_python_of_a_worker(document)
    types: set[str] = set()
    has_packages = False
    for start, end, word in _traces().find(data):
        if word in _PACKAGE_NEEDLES:
            has_packages = has_packages or _names_a_package(data, start)
        else:
            types.update((word,) if _is_word(data, start, end) else ())
    if not types and not has_packages:
        return False  # which settles most files before their imports are looked for
    imported = [item.specifier for item in import_specifiers(data) if not item.type_only]
    if any(_WORKERS_PACKAGES.fullmatch(specifier) for specifier in imported):
        return True
    if any(_TOOLS.fullmatch(specifier) for specifier in imported):
        return False
    return bool(types - _names_of_others(data))


def _names_of_others(data: bytes) -> set[str]:
    """What a module imports by name from packages that have nothing to do with Workers: NestJS has an
    `ExecutionContext`, too."""
    return {
        word.decode()
        for names, package in _NAMES_OF_PACKAGE.findall(data)
        if not package.startswith((b".", b"~", b"#", b"@/"))
        and not _WORKERS_PACKAGES.fullmatch(package.decode("utf-8", "replace"))
        for word in _WORD.findall(names)
        if word.isascii()
    }


@cache
def _traces() -> Anchors:
    return Anchors((*_WORKERS_TYPES, *_PACKAGE_NEEDLES), whole=False)


def _is_word(data: bytes, start: int, end: int) -> bool:
    match = _WORD.match(data, start)
    return match is not None and match.end() == end


def _names_a_package(data: bytes, start: int) -> bool:
    """Whether what begins there, between quotes, is the name of a package that runs in a Worker."""
    quote = data[start - 1 : start]
    if quote not in (b'"', b"'", b"`"):
        return False
    end = data.find(quote, start, start + _LONGEST_NAME)
    return _WORKERS_PACKAGES.fullmatch(data[start : max(start, end)].decode("utf-8", "replace")) is not None
