"""The Workers that Markdown files show: the code and configuration under one heading."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.pattern import pattern
from cflint.project.config.wrangler import WranglerConfig, read_config
from cflint.project.files.discovery import TOOLING_NAME, TYPESCRIPT_NAME
from cflint.project.workers.recognition import is_python_of_a_worker
from cflint.project.workers.typescript_config import read_shown_config
from cflint.project.workers.worker import Worker
from cflint.source import Document
from cflint.syntax.data import Kind
from cflint.syntax.documents import read
from cflint.syntax.suffixes import EXTENSIONS

if TYPE_CHECKING:
    from cflint.syntax.markdown import Block

_HELPERS = pattern(
    rb"""from\s+["'](?:cf/config|@cloudflare/config(?:/public)?|wrangler/experimental-config"""
    rb"""|@cloudflare/vite-plugin/experimental-config)["']"""
)
_WRANGLER_KEYS = frozenset(
    {
        "compatibility_date",
        "compatibility_flags",
        "durable_objects",
        "migrations",
        "kv_namespaces",
        "d1_databases",
    }
    | {
        "r2_buckets",
        "queues",
        "hyperdrive",
        "workflows",
        "triggers",
        "vectorize",
        "send_email",
        "observability",
    }
    | {
        "services",
        "ai",
        "vars",
        "assets",
        "main",
        "analytics_engine_datasets",
        "ratelimits",
        "containers",
        "routes",
    }
)
"""A block of JSON or TOML with one of these at its top level is taken for wrangler's."""


class MarkdownWorkers:
    """Reads sections of Markdown; `blocks` are the code blocks that were found, by path, `titles` what they
    are called."""

    def __init__(self) -> None:
        self.blocks: dict[str, Document] = {}
        self.titles: dict[str, str] = {}

    def sections(self, document: Document) -> Iterator[Worker]:
        """The virtual Workers of a Markdown file: the code and configuration blocks under one heading."""
        # Imported where used: most projects that are checked show no Markdown.
        from cflint.syntax.markdown import fenced_blocks, worker_groups

        found = fenced_blocks(document)
        for group in worker_groups(found):
            titles = (block.title for block in found if block.heading == group.heading)
            files = frozenset(posixpath.basename(title) for title in titles if title)
            blocks = [block.document for block in group.config]
            manifest = next((block for block in blocks if _is_manifest(block)), None)
            config = next((read_config(block) for block in blocks if _is_wrangler_block(block)), None)
            code: list[str] = []
            python: list[str] = []
            written: WranglerConfig | None = None  # in TypeScript
            for block in group.code:
                name = posixpath.basename(block.title or "")
                if name in (TYPESCRIPT_NAME, TOOLING_NAME) or _imports_helpers(block):
                    if written is None and name != TOOLING_NAME and _is_whole(block):
                        written = read_shown_config(block.document)
                elif block.document.path.endswith(EXTENSIONS):
                    code.append(block.document.path)
                elif block.document.path.endswith(".py") and is_python_of_a_worker(block.document):
                    python.append(block.document.path)
                else:
                    continue
                self.blocks[block.document.path] = block.document
                self.titles[block.document.path] = block.title or ""
            if not code and not python and config is None and written is None:
                continue
            first = (*group.code, *group.config)[0]
            place = group.heading.span if group.heading is not None else first.content
            at = Location(document, place)
            if code and python:  # the same in two languages, and the configuration may be that of one
                yield Worker(None, tuple(python), tuple(python), at, files=files)
            if config is not None and written is not None:  # the same in two formats
                yield Worker(written, (), (), at, files=files)
            config = config or written
            entries = tuple(code or python)
            yield Worker(config, entries, entries, at, manifest=manifest, files=files)


def _is_manifest(document: Document) -> bool:
    dependencies = read(document).root.get("dependencies") if b'"dependencies"' in document.data else None
    return dependencies is not None and dependencies.kind is Kind.OBJECT


def _imports_helpers(block: Block) -> bool:
    """Whether a block of code without a title takes what a configuration in TypeScript is written with."""
    data = block.file.data[block.content.start : block.content.end]
    return block.title is None and _HELPERS.search(data) is not None


def _is_whole(block: Block) -> bool:
    """Whether a block is a configuration, not a piece of one."""
    return b"export default" in block.file.data[block.content.start : block.content.end]


def _is_wrangler_block(document: Document) -> bool:
    return any(member.key in _WRANGLER_KEYS for member in read(document).root.members)
