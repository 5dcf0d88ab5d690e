"""Which files of Terraform, Pulumi, SST and Alchemy declare a Worker, and which bindings they give it.

Looked at are the folder of a configuration, those above it, and their usual folders for such things; nothing
is evaluated.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.pattern import pattern
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.workspace import Entry, Workspace
from cflint.project.modules.resolve.files import upwards
from cflint.project.workers.stacks.declared import Declared, together
from cflint.syntax.suffixes import SOURCE_SUFFIXES

if TYPE_CHECKING:
    from cflint.project.workers.stacks import hcl, programs, terraform
else:
    hcl = Lazy("cflint.project.workers.stacks.hcl")
    programs = Lazy("cflint.project.workers.stacks.programs")
    terraform = Lazy("cflint.project.workers.stacks.terraform")

_STACK_FILES = frozenset(
    f"{name}.{suffix}" for name in ("alchemy.run", "sst.config") for suffix in ("ts", "js", "mts", "mjs")
)
_PULUMI_FILES = frozenset(("Pulumi.yaml", "Pulumi.yml"))
_STACK_FOLDERS = frozenset(
    (
        "terraform",
        "tf",
        "infra",
        "infrastructure",
        "iac",
        "deploy",
        "deployment",
        "pulumi",
        "alchemy",
        "stacks",
    )
)
_MOST_FILES = 100
_MOST_DEPTH = 3

_TERRAFORM = pattern(r"resource\s+\"cloudflare_(?:workers?(?:_script|_version|_deployment)?|pages_project)\"")
_PULUMI = pattern(r"\bnew\s+[\w.]*\b(?:Workers?Script|WorkerVersion|PagesProject)\s*\(")
_SST = pattern(r"\bsst\.cloudflare\.(?!(?:Ai|Bucket|D1|Hyperdrive|Kv)\b)\w+\s*\(")
"""What SST makes a Worker of; a resource alone is none."""
_COMMENT = pattern(r"(?m)^[ \t]*(?://[^\n]*|/\*(?s:.*?)\*/)")
"""A comment that begins its line: elsewhere two slashes may be those of an address."""
_ALCHEMY = pattern(r"[\"']alchemy/[cC]loudflare[\"']")
_NAME = pattern(r"\b(?:script_?[nN]ame|name|worker_?[nN]ame)\s*[=:]\s*[\"'`]([^\"'`\n]*)[\"'`]")
_WORKER_NAME = pattern(r"[a-z0-9][a-z0-9_-]*")  # as opposed to that of a binding
_ENTRY = pattern(
    r"\b(?:entrypoint|handler|job|main|content_file|contentFile|main_module)\s*[=:]\s*[\"'`]([^\"'`\n]{1,300})[\"'`]"
    r"|\bfile\(\s*\"([^\"\n]{1,300})\""
)
_FOLDER = "cwd"
"""The option of Alchemy that says from which folder the entry's path starts."""
_BASE = pattern(r"^\$\{(?:path\.(?:module|root)|import\.meta\.\w+|__dirname)\}/?")


class Stacks:
    """Answers for one workspace. `text` reads a file."""

    def __init__(self, workspace: Workspace, text: Callable[[str], str]) -> None:
        self._workspace = workspace
        self._text = text
        self._files: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, tuple[Declared, ...]] = {}
        self._codes: dict[str, tuple[str, str]] = {}
        self._sayers: dict[str, str] = {}

    def declare(self, config: WranglerConfig) -> str:
        """Why a Worker may have more than its configuration says, a phrase; "" when nothing else declares
        it."""
        return next((f"{path} declares the Worker ({maker})" for path, maker in self._about(config)), "")

    def bindings(self, config: WranglerConfig) -> Mapping[str, str]:
        """The kinds of the bindings that something else gives the Worker of a configuration, by their
        names, as far as they are written down."""
        files = [path for path, _ in self._about(config)]
        if not files:
            return {}
        return self._bindings(files, config.names, config.mains, config.directory)

    def bindings_without_config(self, folder: str, entries: Collection[str]) -> Mapping[str, str]:
        """The same for a Worker that no configuration speaks of; `folder` is its package's, `entries` are its
        entry modules. What has given one of them as an entry (see `entries`) counts wherever it lies."""
        near = dict.fromkeys(self._near(folder))
        near.update((self._sayers[entry], None) for entry in entries if entry in self._sayers)
        files = [path for path in near if self._code(path)[0]]
        return self._bindings(files, (), entries, folder) if files else {}

    def entries(self, folder: str) -> Iterator[tuple[str, str]]:
        """The modules that what declares Workers near a folder gives as entries, with the file that does."""
        for path in self._near(folder):
            maker, text = self._code(path)
            if maker:
                for entry in self._entries(path, text):
                    if entry.endswith(SOURCE_SUFFIXES) and self._workspace.is_file(entry):
                        self._sayers.setdefault(entry, path)
                        yield entry, path

    # -- which Worker is meant -----------------------------------------------------------------------------

    def _about(self, config: WranglerConfig) -> Iterator[tuple[str, str]]:
        """The files that may declare the Worker of a configuration, with the tools they are for."""
        for path in self._near(config.directory):
            maker, text = self._code(path)
            if maker and self._is_about(path, text, config):
                yield path, maker

    def _is_about(self, path: str, text: str, config: WranglerConfig) -> bool:
        """Whether what declares a Worker may mean that of a configuration: by its name, its folder or its
        entry, or because it names none."""
        said = {found[1] for found in _NAME.finditer(text)}
        if config.names & said:
            return True
        folder = config.directory
        entries = set(self._entries(path, text))
        if not entries.isdisjoint(config.mains) or (
            folder and any(e.startswith(f"{folder}/") for e in entries)
        ):
            return True
        return (not folder and not any(map(_WORKER_NAME.fullmatch, said))) or not (said or entries)

    def _bindings(
        self, files: Iterable[str], names: Collection[str], entries: Collection[str], folder: str
    ) -> Mapping[str, str]:
        found = [(path, one) for path in files for one in self._declared(path)]
        meant = [one for path, one in found if self._means(path, one, names, entries, folder)]
        if not meant and len(found) == 1:
            meant = [found[0][1]]  # there is no other that it could be
        return together(meant)

    def _means(
        self, path: str, one: Declared, names: Collection[str], entries: Collection[str], folder: str
    ) -> bool:
        if not one.names.isdisjoint(names):
            return True
        places = {place for written in one.paths for place in _places(path, written)}
        if not places.isdisjoint(entries):
            return True
        return bool(folder) and any(place == folder or place.startswith(f"{folder}/") for place in places)

    def _declared(self, path: str) -> tuple[Declared, ...]:
        found = self._known.get(path)
        if found is None:
            if path.endswith(".tf"):
                found = tuple(terraform.declared_by_terraform(self._text(path)))
            else:
                document = self._workspace.read(path)
                found = tuple(programs.declared_by_program(document)) if document is not None else ()
            self._known[path] = found
        return found

    def _entries(self, path: str, text: str) -> Iterator[str]:
        for found in _ENTRY.finditer(text):
            yield from _places(path, found[1] or found[2])
        if _FOLDER in text and not path.endswith(".tf"):
            for one in self._declared(path):
                for written in one.paths:
                    yield from _places(path, written)

    def _code(self, path: str) -> tuple[str, str]:
        """The tool by which a file declares a Worker ("" when it declares none), and its text, of one that
        declares some without comments."""
        found = self._codes.get(path)
        if found is None:
            text = self._text(path)
            maker = _maker(path, text)
            if maker:
                text = hcl.without_comments(text) if path.endswith(".tf") else _COMMENT.sub("", text)
                maker = _maker(path, text)
            found = self._codes[path] = (maker, text)
        return found

    # -- files ---------------------------------------------------------------------------------------------

    def _near(self, folder: str) -> Iterator[str]:
        """The files beside a folder, or above it, that may declare Workers."""
        for above in upwards(folder):
            if above not in self._files:
                self._files[above] = tuple(self._in(above))
            yield from self._files[above]

    def _in(self, folder: str) -> Iterator[str]:
        entries = self._workspace.entries(folder)
        pulumi = not _PULUMI_FILES.isdisjoint(entries)
        for name in sorted(entries):
            if name in _STACK_FILES or name.endswith(".tf") or (pulumi and name.endswith(SOURCE_SUFFIXES)):
                yield posixpath.join(folder, name)
        for name in sorted(_STACK_FOLDERS.intersection(entries)):
            yield from self._below(posixpath.join(folder, name), (".tf", *SOURCE_SUFFIXES))

    def _below(self, folder: str, suffixes: tuple[str, ...]) -> Iterator[str]:
        """The files of a folder and those in it, a few levels deep."""
        stack = [(folder, 0)]
        count = 0
        while stack:
            here, depth = stack.pop()
            for name, kind in sorted(self._workspace.entries(here).items()):
                if (
                    kind is Entry.FOLDER
                    and depth < _MOST_DEPTH
                    and name not in ("node_modules", ".terraform")
                ):
                    stack.append((posixpath.join(here, name), depth + 1))
                elif kind is Entry.FILE and name.endswith(suffixes) and count < _MOST_FILES:
                    count += 1
                    yield posixpath.join(here, name)


def _places(path: str, written: str) -> Iterator[str]:
    """Where a path may lead that a file names: from its folder, or from the one above."""
    given = _BASE.sub("", written)
    if "$" in given or given.startswith("/"):
        return
    for base in dict.fromkeys((posixpath.dirname(path), posixpath.dirname(posixpath.dirname(path)))):
        yield posixpath.normpath(posixpath.join(base, given))


def _maker(path: str, text: str) -> str:
    """The tool by which a file declares a Worker; "" when it declares none."""
    # `in` comes first: the texts are many, and to search them for a pattern takes fifty times as long
    if path.endswith(".tf"):
        return "Terraform" if "cloudflare_" in text and _TERRAFORM.search(text) else ""
    if "alchemy/" in text and _ALCHEMY.search(text):
        return "Alchemy"
    if "sst.cloudflare." in text and _SST.search(text):
        return "SST"
    return "Pulumi" if "pulumi" in text and _PULUMI.search(text) else ""
