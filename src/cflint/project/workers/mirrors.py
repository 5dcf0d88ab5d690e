"""Files that say the same Worker once more: wrangler's beside a `cloudflare.config.ts`, a template."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.project.config.templates import open_by_placeholders, read_template
from cflint.project.config.wrangler import WranglerConfig, read_config
from cflint.project.files.discovery import is_template_name
from cflint.project.modules.modes import wrangler_calls_of
from cflint.project.modules.resolve.files import upwards
from cflint.record import record
from cflint.source import Span

if TYPE_CHECKING:
    from cflint.project.workers.model import Project

_WRANGLER_FILES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
_PROGRAMS = (".mjs", ".js", ".cjs", ".ts", ".mts", ".sh", ".py")
_MOST_SCRIPTS = 40
_NEW_CONFIG = ("--x-new-config", "--experimental-new-config")


@record(frozen=True, eq=False)
class Mirror:
    """Another configuration of a Worker, and what reads it, a phrase; "" of a template, which people copy."""

    config: WranglerConfig
    reader: str


def mirrors_of(project: Project, config: WranglerConfig) -> Iterator[Mirror]:
    """The other configurations of the same Worker: of one in TypeScript, that of wrangler beside it which
    something reads still; of one of wrangler's, the template that is kept beside it. Not one that cannot be
    read whole, or that deploys nothing."""
    names = project.workspace.entries(config.directory)
    if config.is_typescript:
        name = next((name for name in _WRANGLER_FILES if name in names), None)
        reader = _reader(project, config.directory, name) if name is not None else ""
        other = _read(project, config, name) if name is not None and reader else None
        if other is not None and _is_whole(other):
            yield Mirror(other, reader)
        return
    ending = posixpath.splitext(config.file_name)[1]
    for name in sorted(names):
        if not is_template_name(name) or ending not in name or name == config.file_name:
            continue
        document = project.sources.document(posixpath.join(config.directory, name))
        template = read_template(document) if document is not None else None
        if template is None or template.data.broken:
            continue
        other = WranglerConfig.of(template.data)
        if not open_by_placeholders(other, template) and _is_whole(other):
            yield Mirror(other, "")


def script_texts(project: Project, config: WranglerConfig, key: str, text: str) -> Iterator[Location]:
    """Where programs in the folders of scripts around a configuration write a text beside a key of it: what
    they make of it has to change along."""
    for above in upwards(config.directory):
        for path in project.workspace.list(posixpath.join(above, "scripts"))[:_MOST_SCRIPTS]:
            name = posixpath.join(above, "scripts", path)
            document = project.workspace.read(name) if name.endswith(_PROGRAMS) else None
            if document is None or key.encode() not in document.data:
                continue
            wanted = rf"\b{re.escape(key)}\b[\"']?\s*[:=]\s*[\"']({re.escape(text)})[\"']"
            for found in re.finditer(wanted.encode(), document.data):
                yield Location(document, Span(*found.span(1)))


def _read(project: Project, config: WranglerConfig, name: str) -> WranglerConfig | None:
    document = project.sources.document(posixpath.join(config.directory, name))
    return read_config(document) if document is not None else None


def _is_whole(config: WranglerConfig) -> bool:
    """Whether a configuration could be read, and is one of a Worker rather than of a command or a test."""
    return not config.data.broken and (config.main is not None or config.assets is not None)


def _reader(project: Project, folder: str, name: str) -> str:
    """What reads wrangler's file in a folder, in words; "" when nothing is seen to do so."""
    path = posixpath.join(folder, name)
    for call in wrangler_calls_of(project.workspace, folder):
        given = call.value("-c", "--config")
        is_meant = given is None or posixpath.normpath(posixpath.join(call.folder, given)) == path
        if call.folder == folder and is_meant and not call.has(*_NEW_CONFIG) and not call.has("--version"):
            return f"`wrangler {call.command}`"
    for other in project.workspace.entries(folder):
        document = (
            project.sources.document(posixpath.join(folder, other)) if other.startswith("vitest.") else None
        )
        if document is not None and name.encode() in document.data:
            return other
    return ""
