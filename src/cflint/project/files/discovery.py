"""Which files of a workspace to look at: configurations, sources, and what was left out, and why."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum

from cflint.pattern import pattern
from cflint.project.files.ignore import Ignore
from cflint.project.files.workspace import Entry, Unreadable, Workspace
from cflint.record import field, record, replace
from cflint.source import Document
from cflint.syntax.suffixes import DECLARATION_SUFFIXES, EMBEDDED_SUFFIXES, SOURCE_SUFFIXES

MARKDOWN_SUFFIXES = (".md", ".mdx")

LONGEST_LINE = 5000
"""A file with a line of more bytes than this is minified or generated."""

_DEPTH_LIMIT = 100
_CONFIG_NAME = pattern(r"(?:[\w-]+\.)?wrangler[^/]*\.(?:toml|jsonc?)")
_CONFIG_SUFFIXES = (".toml", ".json", ".jsonc")
_PICK_ORDER = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")

TYPESCRIPT_NAME = "cloudflare.config.ts"
"""What a configuration in TypeScript is called; no other name is one."""

TOOLING_NAME = "wrangler.config.ts"
"""What bundlers and servers are told beside a configuration in TypeScript; no configuration by itself."""

_PARTYKIT = "partykit.json"
"""What `partykit deploy` reads: its `main` runs as a Durable Object, of which no configuration here tells."""

_TEMPLATE_WORDS = frozenset(("template", "tmpl", "tpl", "example", "sample"))
_TEMPLATE_PARTS = frozenset(("wrangler", "dist", "default", "toml", "json", "jsonc", *_TEMPLATE_WORDS))
_TEMPLATE_MARKS = _TEMPLATE_WORDS | {"dist", "default"}
_DEPENDENCIES = frozenset(
    (
        "node_modules",
        "bower_components",
        "jspm_packages",
        "python_modules",
        ".pnpm-store",
        ".yarn",
        ".venv",
        "venv",
    )
)
_BUILD_OUTPUT = frozenset(
    (
        *(".wrangler", ".cloudflare", ".next", ".open-next", ".svelte-kit", ".nuxt", ".output", ".nitro"),
        *(".astro", ".vinxi", ".react-router", ".vercel", ".netlify", ".turbo", ".cache", ".parcel-cache"),
        *(".nyc_output", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox"),
    )
)
_BUILD_OUTPUT_OUTSIDE_SRC = frozenset(("dist", "build", "coverage"))  # src/build/ is somebody's source
_CHECKOUTS = frozenset((".worktrees", ".trees"))
"""Where linked working trees of git are put, most of them by coding agents; also `worktrees/` in a folder
with a dot (`.claude/`, `.cursor/`, `.codex/`)."""
_METADATA = frozenset((".git", ".hg", ".svn", ".jj"))


class Reason(Enum):
    """Why something was left out although it can be read; the value completes "skipped: …"."""

    BUILD_OUTPUT = "build output"
    CHECKOUT = "another checkout of the repository"
    DECLARATION = "declarations only"
    DEPENDENCY = "dependencies"
    EXCLUDED = "excluded by the settings"
    GITIGNORED = "ignored by git"
    LINK = "a symbolic link, looked at where it leads"
    MINIFIED = f"minified (a line of more than {LONGEST_LINE:,} bytes)"
    NOT_A_CONFIGURATION = "not a Worker's configuration"
    PARTYKIT = "the configuration of a PartyKit project, which is not read"
    SHADOWED = "another configuration of this folder counts"
    TEMPLATE = "a template or an example"
    TOO_DEEP = f"more than {_DEPTH_LIMIT} folders deep"
    UNKNOWN_KIND = "neither source, configuration nor Markdown"


@record(frozen=True)
class LeftOut:
    """A file, or a whole folder (its path ends in `/`), that is not looked at."""

    path: str
    reason: Reason | Unreadable


@record(frozen=True)
class Discovered:
    """Paths of a workspace, sorted. `embedded`: files of other languages with scripts. `shadowed`: per
    configuration, those that wrangler passes over for it."""

    configs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    markdown: tuple[str, ...] = ()
    embedded: tuple[str, ...] = ()
    shadowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()

    @property
    def unread_configs(self) -> tuple[str, ...]:
        """The paths that have the name of a configuration and cannot be read."""
        unread = (item.path for item in self.left_out if isinstance(item.reason, Unreadable))
        return tuple(filter(is_config_name, unread))


IsConfig = Callable[[Document], bool]
"""Whether a document is a Worker's configuration."""

UsesWrangler = Callable[[str], bool]
"""Whether what is called in a folder reads wrangler's configuration, not the one in TypeScript beside it."""


def discover(
    workspace: Workspace,
    paths: Iterable[str] = ("",),
    excludes: Iterable[str] = (),
    *,
    is_config: IsConfig | None = None,
    uses_wrangler: UsesWrangler | None = None,
) -> Discovered:
    """Walk files and folders of the workspace.

    `excludes` are patterns as in a .gitignore of the root. A path that is given is looked at even if git
    ignores it or it is build output, but never if it is excluded. Without `is_config` the name alone decides
    what is a configuration. Sources are not opened: see `sift`.
    """
    gathering = _Gathering(workspace, Ignore("", excludes), is_config, uses_wrangler)
    for path in paths:
        gathering.given(path)
    return gathering.result()


def sift(workspace: Workspace, found: Discovered) -> Discovered:
    """Read all sources and leave out those that cannot be read or are minified."""
    reasons = [(path, unfit(workspace, path)) for path in found.sources]
    left_out = [*found.left_out, *(LeftOut(path, reason) for path, reason in reasons if reason)]
    return replace(
        found,
        sources=tuple(path for path, reason in reasons if reason is None),
        left_out=tuple(sorted(left_out, key=lambda item: item.path)),
    )


def unfit(workspace: Workspace, path: str) -> Reason | Unreadable | None:
    """Why a source is not to be analysed; reads it."""
    document = workspace.read(path)
    if document is None:
        return workspace.problem(path)
    return Reason.MINIFIED if is_minified(document.data) else None


def is_config_name(path: str) -> bool:
    """Whether a file is named as configurations are (`wrangler.toml`, `wrangler-do.jsonc`,
    `backend.wrangler.jsonc`)."""
    name = _name(path)
    return name == TYPESCRIPT_NAME or _CONFIG_NAME.fullmatch(name) is not None


def is_typescript_config(path: str) -> bool:
    """Whether a file is a configuration in TypeScript, or a block of Markdown that is titled so."""
    return _name(path) == TYPESCRIPT_NAME


def is_template_name(path: str) -> bool:
    """Whether a file is named as templates of configurations are (`wrangler.toml.example`,
    `wrangler.tpl.jsonc`, `example.wrangler.toml`)."""
    name = _name(path)
    if "wrangler" not in name or " " in name:
        return False
    words = re.split(r"[._-]", name)
    return (
        "wrangler" in words
        and not _TEMPLATE_MARKS.isdisjoint(words)
        and not {"toml", "json", "jsonc"}.isdisjoint(words)
        and words[-1] in _TEMPLATE_PARTS
    )


def is_minified(data: bytes) -> bool:
    """Whether a line is longer than `LONGEST_LINE` bytes."""
    start = 0
    while len(data) - start > LONGEST_LINE:
        end = data.rfind(b"\n", start, start + LONGEST_LINE + 1)
        if end == -1:
            return True
        start = end + 1
    return False


def configs_in(
    workspace: Workspace,
    folder: str = "",
    excludes: Iterable[str] = (),
    *,
    is_config: IsConfig | None = None,
    uses_wrangler: UsesWrangler | None = None,
) -> tuple[str, ...]:
    """All configurations under a folder, as `discover` finds them."""
    return discover(workspace, (folder,), excludes, is_config=is_config, uses_wrangler=uses_wrangler).configs


def configs_above(
    workspace: Workspace,
    path: str,
    excludes: Iterable[str] = (),
    *,
    is_config: IsConfig | None = None,
    uses_wrangler: UsesWrangler | None = None,
) -> tuple[str, ...]:
    """The configurations in a folder (or a file's folder) and in those above it, nearest first."""
    gathering = _Gathering(workspace, Ignore("", excludes), is_config, uses_wrangler)
    folder = path if workspace.is_dir(path) else _parent(path)
    found: list[str] = []
    while True:
        if not gathering.is_excluded(folder, folder=True):
            rules = gathering.rules_for(folder)
            names = [name for name in workspace.list(folder) if _may_be_config(name)]
            names = [name for name in names if not gathering.reason(rules, _join(folder, name))]
            found.extend(gathering.configs_of(folder, names))
        if not folder:
            return tuple(found)
        folder = _parent(folder)


def unread_above(workspace: Workspace, paths: Iterable[str]) -> Iterator[str]:
    """What is named as a configuration, in the folders of files or in those above, and cannot be read."""
    seen: set[str] = set()
    for folder in map(_parent, paths):
        while folder not in seen:
            seen.add(folder)
            names = (name for name in (*_PICK_ORDER, TYPESCRIPT_NAME) if name in workspace.entries(folder))
            yield from (found for name in names if workspace.problem(found := _join(folder, name)))
            folder = _parent(folder)


class _Rules:
    """The ignore files that hold in a folder, innermost last, and the settings' patterns."""

    __slots__ = ("excluded", "ignored")

    def __init__(self, excluded: Ignore, ignored: tuple[Ignore, ...]) -> None:
        self.excluded = excluded
        self.ignored = ignored

    def within(self, more: Ignore | None) -> _Rules:
        return self if not more else _Rules(self.excluded, (*self.ignored, more))

    def reason(self, path: str) -> Reason | None:
        """Why a file, or a folder whose path ends in `/`, is left out."""
        if self.excluded and self.excluded.verdict(path):
            return Reason.EXCLUDED
        for ignore in reversed(self.ignored):
            verdict = ignore.verdict(path)
            if verdict is not None:
                return Reason.GITIGNORED if verdict else None
        return None


class _Gathering:
    """What a walk has found so far."""

    def __init__(
        self,
        workspace: Workspace,
        excluded: Ignore,
        is_config: IsConfig | None,
        uses_wrangler: UsesWrangler | None,
    ) -> None:
        self._workspace = workspace
        self._uses_wrangler = uses_wrangler
        self._is_config = is_config
        self._excluded = excluded
        self._rules: dict[str, _Rules] = {}
        self._configs: set[str] = set()
        self._sources: set[str] = set()
        self._markdown: set[str] = set()
        self._embedded: set[str] = set()
        self._shadowed: dict[str, tuple[str, ...]] = {}
        self._left_out: dict[str, Reason | Unreadable] = {}
        self._walked: set[str] = set()
        self._tracked_only: set[str] = set()
        """Ignored folders that hold something that git tracks; nothing else in them counts."""

    def result(self) -> Discovered:
        looked_at = self._configs | self._sources | self._markdown | self._embedded
        left_out = (LeftOut(path, why) for path, why in self._left_out.items() if path not in looked_at)
        return Discovered(
            configs=tuple(sorted(self._configs)),
            sources=tuple(sorted(self._sources)),
            markdown=tuple(sorted(self._markdown)),
            embedded=tuple(sorted(self._embedded)),
            shadowed={path: self._shadowed[path] for path in sorted(self._shadowed)},
            left_out=tuple(sorted(left_out, key=lambda item: item.path)),
        )

    def given(self, path: str) -> None:
        """Look at a path that was asked for."""
        workspace = self._workspace
        real = workspace.real(path)
        if real is None:
            self._left_out[path] = workspace.problem(path) or Unreadable.ABSENT
        elif self.is_excluded(real, folder=workspace.is_dir(real)):
            self._left_out[real] = Reason.EXCLUDED
        elif workspace.is_dir(real):
            if is_config_name(real):
                self._left_out[real] = Unreadable.FOLDER
            self._walk(real)
        elif not workspace.is_file(real):
            self._left_out[real] = Unreadable.NOT_A_FILE
        elif _name(real) in (TYPESCRIPT_NAME, TOOLING_NAME):
            self._given_typescript(real)
        elif real.endswith(SOURCE_SUFFIXES):
            self._sources.add(real)
        elif real.endswith(EMBEDDED_SUFFIXES):
            self._embedded.add(real)
        elif real.endswith(MARKDOWN_SUFFIXES):
            self._markdown.add(real)
        elif is_template_name(real):
            self._configs.add(real)
        elif real.endswith(_CONFIG_SUFFIXES) and (_CONFIG_NAME.fullmatch(_name(real)) or self._is_config):
            self._add_config(real)
        else:
            self._left_out[real] = Reason.UNKNOWN_KIND

    def rules_for(self, folder: str) -> _Rules:
        """The rules that hold for the entries of a folder."""
        known = self._rules.get(folder)
        if known is None:
            chain = [folder]
            while chain[-1] and chain[-1] not in self._rules:
                chain.append(_parent(chain[-1]))
            known = self._rules.get(chain.pop()) or self._root_rules()
            for inner in reversed(chain):
                known = self._rules[inner] = known.within(self._ignore_file(inner, ".gitignore"))
        return known

    def reason(self, rules: _Rules, path: str, tracked_only: bool = False) -> Reason | None:
        """Why a file, or a folder whose path ends in `/`, is left out. What git tracks counts although it is
        ignored; with `tracked_only` the folder around it is ignored."""
        reason = rules.reason(path) or (Reason.GITIGNORED if tracked_only else None)
        if reason is Reason.GITIGNORED and self._workspace.is_tracked(path):
            if path.endswith("/"):
                self._tracked_only.add(path[:-1])
            return None
        return reason

    def configs_of(self, folder: str, names: list[str]) -> list[str]:
        """The configurations among the names of a folder, the one that wrangler picks first. Where there is
        none, a template is taken for it."""
        picked = [name for name in _PICK_ORDER if name in names]
        others = sorted(name for name in names if name not in (*_PICK_ORDER, TYPESCRIPT_NAME))
        if TYPESCRIPT_NAME in names:
            is_second = picked and self._uses_wrangler is not None and self._uses_wrangler(folder)
            picked.insert(1 if is_second else 0, TYPESCRIPT_NAME)
        if len(picked) > 1:
            beside = tuple(_join(folder, name) for name in picked[1:])
            self._shadowed[_join(folder, picked[0])] = beside
            self._left_out.update(dict.fromkeys(beside, Reason.SHADOWED))
        found: list[str] = []
        for name in (*picked[:1], *others):
            path = _join(folder, name)
            if name in others and (_is_copy(name) or is_template_name(name)):
                self._left_out[path] = Reason.TEMPLATE
            elif self._accepts_config(path):
                found.append(path)
        if not found:
            templates = filter(is_template_name, names)
            first = min(templates, key=lambda name: self._template_order(folder, name), default=None)
            return [_join(folder, first)] if first is not None else []
        return found

    def _template_order(self, folder: str, name: str) -> tuple[bool, int, int, str]:
        """Which of several templates comes first: one that says something, with the plainest name."""
        document = self._workspace.read(_join(folder, name))
        is_blank = document is None or not document.data.strip()
        return is_blank, len(name.split(".")), len(name), name

    def _root_rules(self) -> _Rules:
        known = self._rules.get("")
        if known is None:
            exclude = self._ignore_file(".git/info", "exclude", base="")
            known = _Rules(self._excluded, ()).within(exclude).within(self._ignore_file("", ".gitignore"))
            self._rules[""] = known
        return known

    def _ignore_file(self, folder: str, name: str, base: str | None = None) -> Ignore | None:
        if name not in self._workspace.entries(folder):
            return None
        document = self._workspace.read(_join(folder, name))
        if document is None:
            return None
        text = os.fsdecode(document.data.removeprefix(b"\xef\xbb\xbf"))
        return Ignore(folder if base is None else base, text.split("\n"))

    def is_excluded(self, path: str, *, folder: bool) -> bool:
        """Whether the settings exclude a path or a folder above it."""
        return self._excluded.covers(path + "/" if folder else path) if path else False

    def _accepts_config(self, path: str) -> bool:
        if self._is_config is None:
            return True
        document = self._workspace.read(path)
        if document is None:
            self._left_out[path] = self._workspace.problem(path) or Unreadable.ABSENT
            return False
        if not self._is_config(document):
            self._left_out[path] = Reason.NOT_A_CONFIGURATION
            return False
        return True

    def _given_typescript(self, path: str) -> None:
        """Look at a configuration in TypeScript, or at the one that a `wrangler.config.ts` stands beside."""
        config = _join(_parent(path), TYPESCRIPT_NAME)
        if self._workspace.is_file(config):
            self._add_config(config)
        else:
            self._left_out[path] = Reason.NOT_A_CONFIGURATION

    def _add_config(self, path: str) -> None:
        if self._accepts_config(path):
            self._configs.add(path)

    def _walk(self, top: str) -> None:
        workspace = self._workspace
        stack = [(top, top.count("/"))]
        while stack:
            folder, depth = stack.pop()
            if folder in self._walked:
                continue
            self._walked.add(folder)
            rules = self.rules_for(folder)
            tracked_only = folder in self._tracked_only
            entries = workspace.entries(folder)
            if not entries and workspace.problem(folder) is Unreadable.DENIED:
                self._left_out[folder + "/"] = Unreadable.DENIED
                continue
            prefix = f"{folder}/" if folder else ""
            config_names: list[str] = []
            for name, kind in entries.items():
                path = prefix + name
                if kind is Entry.FOLDER:
                    if name in _METADATA:
                        continue
                    is_config = name in _PICK_ORDER or name == TYPESCRIPT_NAME
                    path += "/"
                    if reason := (
                        _reason_of_folder(name, folder)
                        or self.reason(rules, path, tracked_only)
                        or _reason_of_checkout(name, folder)
                    ):
                        self._left_out[path] = reason
                    elif depth >= _DEPTH_LIMIT:
                        self._left_out[path] = Reason.TOO_DEEP
                    else:
                        if is_config:
                            self._left_out[path[:-1]] = Unreadable.FOLDER
                        stack.append((path[:-1], depth + 1))
                    continue
                is_source = name.endswith(SOURCE_SUFFIXES)
                is_config = "wrangler" in name and _may_be_config(name)
                if is_source and name in (TYPESCRIPT_NAME, TOOLING_NAME):
                    if name == TOOLING_NAME:
                        continue
                    is_config = True
                if not is_source and not is_config:
                    if name == _PARTYKIT and kind is Entry.FILE and not rules.reason(path):
                        self._left_out[path] = Reason.PARTYKIT
                    if name.endswith(EMBEDDED_SUFFIXES) and kind is Entry.FILE and not rules.reason(path):
                        self._embedded.add(path)
                    if kind is Entry.LINK and workspace.is_dir(path):
                        self._left_out[path + "/"] = Reason.LINK
                    continue
                if name.endswith(DECLARATION_SUFFIXES):  # before git's index is asked for generated types
                    self._left_out[path] = Reason.DECLARATION
                elif reason := self.reason(rules, path, tracked_only):
                    self._left_out[path] = reason
                elif kind is Entry.LINK:
                    problem = workspace.problem(path) if workspace.real(path) is None else None
                    self._left_out[path] = problem or Reason.LINK
                elif kind is Entry.OTHER:
                    self._left_out[path] = Unreadable.NOT_A_FILE
                elif is_config:
                    config_names.append(name)
                else:
                    self._sources.add(path)
            found = self.configs_of(folder, config_names) if config_names else []
            if ".wrangler" in entries and not found:  # where a few keep what others have beside it
                names = [name for name in workspace.list(f"{prefix}.wrangler") if name in _PICK_ORDER]
                found = self.configs_of(f"{prefix}.wrangler", names)
            self._configs.update(found)


class GitIgnored:
    """The files that git leaves out: a .gitignore names them or a folder above, and it tracks them not."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._gathering = _Gathering(workspace, Ignore("", ()), None, None)
        self._folders: dict[str, bool] = {"": False}

    def __contains__(self, path: str) -> bool:
        ignored = self._is_within(_parent(path)) or self._is_named(path)
        return ignored and not self._workspace.is_tracked(path)

    def _is_within(self, folder: str) -> bool:
        chain: list[str] = []
        while folder not in self._folders:
            chain.append(folder)
            folder = _parent(folder)
        ignored = self._folders[folder]
        for inner in reversed(chain):
            ignored = self._folders[inner] = ignored or self._is_named(inner + "/")
        return ignored

    def _is_named(self, path: str) -> bool:
        rules = self._gathering.rules_for(_parent(path.rstrip("/")))
        return rules.reason(path) is Reason.GITIGNORED


def _reason_of_folder(name: str, parent: str) -> Reason | None:
    if name in _DEPENDENCIES:
        return Reason.DEPENDENCY
    if name in _BUILD_OUTPUT or (name in _BUILD_OUTPUT_OUTSIDE_SRC and "src" not in parent.split("/")):
        return Reason.BUILD_OUTPUT
    return None


def _reason_of_checkout(name: str, parent: str) -> Reason | None:
    is_one = name in _CHECKOUTS or (name == "worktrees" and _name(parent).startswith("."))
    return Reason.CHECKOUT if is_one else None


def _may_be_config(name: str) -> bool:
    """Whether a name is that of a configuration or of a template of one."""
    if name == TYPESCRIPT_NAME:
        return True
    return "wrangler" in name and (_CONFIG_NAME.fullmatch(name) is not None or is_template_name(name))


def _is_copy(name: str) -> bool:
    return " " in name or not _TEMPLATE_WORDS.isdisjoint(re.split(r"[._-]", name))


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
