"""What other files than its configuration say of a Worker: who deploys it, and with what.

Terraform, Pulumi, SST and Alchemy declare Workers with bindings of their own; scripts and workflows add to
wrangler's file before they deploy, or name the entry on the command line. Looked at are the folder of a
configuration, those above it, and their usual folders for such things; nothing is evaluated.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING

from cflint.lazy import Lazy
from cflint.pattern import pattern
from cflint.project.config.deployment import Deployment
from cflint.project.config.wrangler import WranglerConfig
from cflint.project.files.discovery import is_template_name
from cflint.project.files.ignored import compiled_in_place
from cflint.project.files.roles import is_example_path
from cflint.project.files.workspace import Workspace
from cflint.project.modules.imports import import_specifiers
from cflint.project.modules.manifest import Manifest
from cflint.project.modules.resolve import Resolver
from cflint.project.modules.resolve.files import upwards
from cflint.record import record, replace
from cflint.source import Document
from cflint.syntax.suffixes import EXTENSIONS, SOURCE_SUFFIXES, TYPESCRIPT

if TYPE_CHECKING:
    from cflint.project.modules import commands
    from cflint.project.modules.commands import MadeFile, WranglerCall
    from cflint.project.workers import bundles, file_commands, programs, rewriting, samples
    from cflint.project.workers.rewriting import Programs
    from cflint.project.workers.stacks import finding
    from cflint.project.workers.stacks.finding import Stacks
else:
    bundles = Lazy("cflint.project.workers.bundles")
    commands = Lazy("cflint.project.modules.commands")
    file_commands = Lazy("cflint.project.workers.file_commands")
    finding = Lazy("cflint.project.workers.stacks.finding")
    programs = Lazy("cflint.project.workers.programs")
    rewriting = Lazy("cflint.project.workers.rewriting")
    samples = Lazy("cflint.project.workers.samples")

_SCRIPT_FOLDERS = frozenset(("scripts", "script", "bin", "ci", ".ci", "tools"))
_RUN_BY = pattern(
    r"(?:^|[\s&;|\"'])(?:node|tsx|bun(?:\s+run)?|deno\s+run|ts-node|python3?|zx|sh|bash)\s+(?:-\S+\s+)*([\w./-]+\.\w+)"
)
_NEW_TOOL = pattern(
    r"(?<![\w@/.-])(?:cf|cf-wrangler|vite)(?:@[\w.^~-]+)?(?=[ \t]+[\w-]|[ \t]*$)", re.MULTILINE
)
_VITE_CHANGE = pattern(r"\bcloudflare\s*\(\s*\{(?:[^{}()]|\{[^{}]*\}|\([^()]*\))*?\bconfig\s*[:(,}]")
_NAME = pattern(r"[a-z0-9][a-z0-9_-]*")
_LOCAL_ENVIRONMENT = pattern(r"(?:local|dev|development|test|testing|e2e)(?:[-_]\w*)?", re.IGNORECASE)
_CALLED_LOCAL = pattern(r"local(?:[-_]\w*)?", re.IGNORECASE)
_BUILDS_FUNCTIONS = pattern(r"wrangler(?:@[\w.^~-]+)?\s+pages\s+functions\s+build\b")
_USUAL_SOURCES = tuple(
    f"{stem}.{suffix}"
    for stem in ("src/index", "src/worker", "src/main", "index", "worker")
    for suffix in ("ts", "js", "mjs")
)
"""Where the source of a Worker for wrangler 1 stands, as its templates had it."""
_TO_PAGES = frozenset({"pages deploy", "pages publish"})
_GIVEN = {
    "--var": "vars",
    "--assets": "assets",
    "--triggers": "triggers",
    "--schedule": "triggers",
    "--schedules": "triggers",
    "--route": "routes",
    "--routes": "routes",
    "--compatibility-flag": "compatibility_flags",
    "--compatibility-flags": "compatibility_flags",
}
"""Options of a deployment that add to a configuration, and the keys that they stand for."""


@record(frozen=True)
class _Script:
    """A text with commands, the folder it starts in, and its calls of wrangler."""

    path: str
    text: str
    calls: tuple[WranglerCall, ...]
    folder: str = ""

    @cached_property
    def made(self) -> tuple[MadeFile, ...]:
        """The files that its commands copy or bundle into place."""
        return tuple(commands.files_made(self.text, self.folder, by_line=not self.path.endswith(".sh")))

    @cached_property
    def written(self) -> tuple[tuple[str, str], ...]:
        """The configurations that its commands write: the path, and the command as far as it."""
        return tuple(file_commands.written(self.text)) if "wrangler" in self.text else ()

    @cached_property
    def handed(self) -> tuple[tuple[str, str, str], ...]:
        """The programs that its commands hand a configuration to: see `file_commands.handed`."""
        return tuple(file_commands.handed(self.text))


class Elsewhere:
    """Answers for the configurations of one workspace; what it read is in `read`."""

    def __init__(self, workspace: Workspace, resolver: Resolver) -> None:
        self.read: dict[str, None] = {}
        self._workspace = workspace
        self._resolver = resolver
        self._texts: dict[str, str] = {}
        self._scripts: dict[str, tuple[_Script, ...]] = {}
        self._writers: dict[str, tuple[tuple[str, Document, str], ...]] = {}
        self._edits: dict[str, tuple[tuple[str, str], ...]] = {}
        self._calls: dict[str, tuple[tuple[_Script, WranglerCall], ...]] = {}

    @cached_property
    def _programs(self) -> Programs:
        return rewriting.Programs()

    @cached_property
    def stacks(self) -> Stacks:
        """What declares Workers besides wrangler."""
        return finding.Stacks(self._workspace, self._text)

    def deployment(self, config: WranglerConfig, *, is_template: bool = False) -> Deployment:
        """What other files say of a configuration. What they say of wrangler's files says nothing of one in
        TypeScript."""
        if config.is_typescript:
            opened = self.stacks.declare(config) or self._changed_by_vite(config.directory)
            return Deployment(open=opened, local=self._sample(config))
        entry = date = old = ""
        if not config.is_pages and all(found.main is None for found in config.environments):
            entry, date = self._deployed(config)
            entry = entry or self._of_a_site(config)
            old = "" if entry else self._of_wrangler_1(config)
            entry = entry or old
        made = self._made(config) if not entry and not config.is_pages and not is_template else None
        if made is not None:
            entry = made.source
        if not date and all(found.text("compatibility_date") is None for found in config.environments):
            date = self._date(config)
        changed = self._changed(config, is_template=is_template)
        return replace(
            changed,
            open=self.stacks.declare(config) or changed.open or self._goes_to_pages(config),
            entry=entry,
            of_wrangler_1=bool(old),
            copied_to=posixpath.dirname(made.target) if made is not None and made.is_copy else None,
            date=date,
            keys=tuple(sorted({*changed.keys, *self._given(config)})),
            names=tuple(self._names(config)),
            local_environments=() if is_template else tuple(self._local_environments(config)),
            local="" if is_template else self._local(config),
            is_template=is_template,
        )

    # -- who changes the file ------------------------------------------------------------------------------

    def _changed(self, config: WranglerConfig, *, is_template: bool) -> Deployment:
        """What scripts change in a configuration before it is deployed."""
        written = real_name(config.file_name) if is_template else config.file_name
        data = config.document.data
        filled, keys = "", set[str]()
        for script in self._scripts_for(config.directory):
            for path, command in (*script.written, *self._edited(script)):
                is_made = is_template and command.startswith(("cp", "mv", "install"))
                if is_made or not file_commands.may_be(path, config.directory, written):
                    continue
                reason = f"{script.path} changes {written} before it is deployed"
                if not command.startswith("sed") or rewriting.changed_by_sed(command, data) is None:
                    return Deployment(open=reason)
                if not rewriting.finds_nothing(command, data):
                    filled = filled or reason
            maker = self._writer_among(script, written)
            if maker:
                document = self._workspace.read(maker)
                added = self._programs.changes(document, data) if document is not None else None
                if added is None:
                    return Deployment(open=f"{maker} writes what is deployed")
                filled, keys = filled or f"{maker} writes what is deployed", keys | added
        return Deployment(filled=filled, keys=tuple(sorted(keys)))

    def _edited(self, script: _Script) -> tuple[tuple[str, str], ...]:
        """The configurations that a script hands to programs which may edit them, and the commands."""
        found = self._edits.get(script.path)
        if found is None:
            found = self._edits[script.path] = tuple(self._edits_of(script))
        return found

    def _edits_of(self, script: _Script) -> Iterator[tuple[str, str]]:
        for program, path, command in script.handed:
            found = self._beside(script, program)
            may_edit = partial(file_commands.may_edit, self._text(found)) if found is not None else None
            if may_edit is not None and self._workspace.memoized(("may edit", found), may_edit):
                yield path, command

    def _changed_by_vite(self, folder: str) -> str:
        """Cloudflare's plugin takes a `config` that changes the one in TypeScript."""
        for name in sorted(self._workspace.entries(folder)):
            if name.startswith("vite.config.") and _VITE_CHANGE.search(self._text(_join(folder, name))):
                return f"{_join(folder, name)} changes it before it is deployed"
        return ""

    def _writer_among(self, script: _Script, written: str) -> str:
        """A program that a script runs, and that reads or writes a configuration."""
        writers = self._writers.get(script.path)
        if writers is None:
            writers = self._writers[script.path] = tuple(self._writers_of(script))
        named = ((path, document) for path, document, text in writers if written in text)
        return next((path for path, document in named if self._programs.may_write(document)), "")

    def _writers_of(self, script: _Script) -> Iterator[tuple[str, Document, str]]:
        """The programs that a script runs, and the modules that these import, which write files and call
        wrangler, each with its text."""
        for path in dict.fromkeys(self._programs_of(script)):
            document, text = self._workspace.read(path), self._text(path)
            if document is not None and "wrangler" in text and file_commands.writes_files(text):
                yield path, document, file_commands.without_data_commands(text)

    def _programs_of(self, script: _Script) -> Iterator[str]:
        """The programs that a script runs, and the modules that these import."""
        for path in self._run_by(script):
            yield path
            document = self._workspace.read(path) if path.endswith(EXTENSIONS) else None
            for item in import_specifiers(document.data) if document is not None else ():
                if item.specifier.startswith(("./", "../")):
                    module = posixpath.normpath(posixpath.join(posixpath.dirname(path), item.specifier))
                    imported = self._resolver.module_at(module) if not module.startswith("../") else None
                    if imported is not None:
                        yield imported

    def _run_by(self, script: _Script) -> Iterator[str]:
        """The programs that a script runs itself."""
        found = (self._beside(script, found[1]) for found in _RUN_BY.finditer(script.text))
        return (path for path in found if path is not None)

    def _beside(self, script: _Script, named: str) -> str | None:
        """The file that a script runs by a path: from where it starts, or beside a shell script."""
        bases = (script.folder, *((posixpath.dirname(script.path),) if script.path.endswith(".sh") else ()))
        paths = (posixpath.normpath(posixpath.join(base, named)) for base in dict.fromkeys(bases))
        inside = (path for path in paths if not path.startswith(("../", "/")))
        return next(filter(self._workspace.is_file, inside), None)

    # -- what commands say ---------------------------------------------------------------------------------

    def _deployed(self, config: WranglerConfig) -> tuple[str, str]:
        """The entry that a command deploys with a configuration, and the date that it gives."""
        found: dict[str, str] = {}
        for script, call in self._calls_for(config):
            given = call.entry
            if given is None or not (call.deploys or call.command == "dev"):
                continue
            entry = self._entry(script, call, given)
            if entry is not None:
                date = call.value("--compatibility-date") or ""
                found[entry] = found.get(entry) or date
        return next(iter(found.items()), ("", ""))

    def _date(self, config: WranglerConfig) -> str:
        """The date that all commands give which deploy a configuration; "" when one gives none."""
        dates = [call.value("--compatibility-date") for _, call in self._calls_for(config) if call.deploys]
        return dates[0] or "" if dates and all(dates) else ""

    def _given(self, config: WranglerConfig) -> Iterator[str]:
        """The keys of which a command that deploys a configuration gives more than it has."""
        for _, call in self._calls_for(config):
            if call.deploys:
                yield from (key for option, key in _GIVEN.items() if call.has(option))

    def _made(self, config: WranglerConfig) -> MadeFile | None:
        """What a build makes the one file of that `main` names and that is not there."""
        return self.made_of(config, config.mains[0]) if len(config.mains) == 1 else None

    def made_of(self, config: WranglerConfig, target: str) -> MadeFile | None:
        """What a build makes a file of that is not there, a path of the workspace: by the words of a script,
        what the configuration of a bundler says, or the compiler's."""
        if self._workspace.is_file(target):
            return None
        scripts = (*self._scripts_for(config.directory), *self._build_commands(config))
        for script in scripts:
            for made in script.made:
                written = made.source_of(target)
                source = self._resolver.module_at(written) if written is not None else None
                if source is not None:
                    return commands.MadeFile(source, target, made.is_copy)
        for path, folder in self._bundlers(config.directory, scripts):
            document, resolve = self._workspace.read(path), self._resolver.module_at
            source = bundles.source_of(document, target, resolve, folder) if document is not None else None
            if source is not None:
                return commands.MadeFile(source, target)
        source = self._resolver.compiled_from(target, config.directory) or self._copied(config, target)
        source = source or compiled_in_place(self._workspace, target)
        return commands.MadeFile(source, target) if source is not None else None

    def entries_of_worker_js(self, config: WranglerConfig) -> tuple[str, ...]:
        """The module of which a build makes the `_worker.js` of a Pages project."""
        output = config.root.get("pages_build_output_dir")
        folder = posixpath.join(config.directory, (output.text if output is not None else None) or "dist")
        names = ("_worker.js", "_worker.js/index.js")
        targets = (posixpath.normpath(posixpath.join(folder, name)) for name in names)
        made = next((made for target in targets if (made := self.made_of(config, target)) is not None), None)
        return (made.source,) if made is not None else ()

    def _copied(self, config: WranglerConfig, target: str) -> str | None:
        """The module of TypeScript that a file of the same path in another folder is a copy of: no build tool
        writes TypeScript."""
        below = posixpath.relpath(target, config.directory or ".")
        copied = _join(config.directory, below.partition("/")[2])
        is_copy = target.endswith(TYPESCRIPT) and not below.startswith("..") and "/" in below
        return copied if is_copy and self._workspace.is_file(copied) else None

    def _build_commands(self, config: WranglerConfig) -> Iterator[_Script]:
        """The commands that wrangler runs before it looks for `main`."""
        for environment in config.environments:
            build = environment.value("build")
            command = build.get("command") if build is not None else None
            if build is not None and command is not None and command.text:
                inside = build.get("cwd")
                folder = _join(config.directory, (inside.text if inside is not None else None) or ".")
                folder = posixpath.normpath(folder)
                yield _Script(config.path, command.text, (), "" if folder == "." else folder)

    def _bundlers(self, folder: str, scripts: Iterable[_Script]) -> Iterator[tuple[str, str]]:
        """The configurations of bundlers for a folder, and the programs that its scripts run to call one;
        each with the folder in which it works."""
        package = self._resolver.package_of(folder)
        homes = dict.fromkeys((folder, *((package,) if package is not None else ())))
        for home in homes:
            for name in sorted(self._workspace.entries(home)):
                if bundles.is_configuration(name):
                    self.read[_join(home, name)] = None
                    yield _join(home, name), home
        for script in scripts:
            if script.folder in homes:
                for path in self._run_by(script):
                    if path.endswith(EXTENSIONS) and bundles.calls_one(self._text(path)):
                        yield path, script.folder

    def _of_wrangler_1(self, config: WranglerConfig) -> str:
        """The entry by the keys of the first version: `build.upload`, whose `dir` is `dist` where it says
        nothing, or the `main` of package.json beside a `type`; where a bundler of which nothing is known
        makes that, the source by its usual names. Source:
        https://developers.cloudflare.com/workers/wrangler/migration/v1-to-v2/wrangler-legacy/configuration/"""
        build = config.top.value("build")
        upload = build.get("upload") if build is not None else None
        named = upload.get("main") if upload is not None else None
        kind = config.root.get("type")
        told = kind.text if kind is not None else None
        if upload is not None and named is not None:
            inside = upload.get("dir")
            written = _join((inside.text if inside is not None else None) or "dist", named.text or "")
        elif told in ("javascript", "webpack"):
            manifest = self._manifest(config.directory)
            node = manifest.root.get("main") if manifest is not None else None
            written = (node.text if node is not None else None) or ""
        else:
            return ""
        target = posixpath.normpath(posixpath.join(config.directory, written)) if written else ""
        if target and self._workspace.is_file(target):
            return target
        made = self.made_of(config, target) if target else None
        if made is not None:
            return made.source
        if upload is None and told != "webpack":
            return ""
        usual = (posixpath.join(config.directory, path) for path in _USUAL_SOURCES)
        return next(filter(self._workspace.is_file, usual), "")

    def _goes_to_pages(self, config: WranglerConfig) -> str:
        """Why a configuration counts for nothing: all that is deployed in its folder goes to Pages, which
        reads none without `pages_build_output_dir`, and no code of its own stands behind `main`."""
        if config.is_pages or not _is_usual(config.file_name) or config.assets is not None:
            return ""
        if any(self._workspace.is_file(main) for main in config.mains):
            return ""
        reason = ""
        for script, call in self._calls_for(config):
            if call.deploys:
                return ""
            if call.command in _TO_PAGES and not reason:
                reason = f"{script.path} deploys to Pages, which reads no configuration without "
                reason += "`pages_build_output_dir`"
        return reason

    def is_deployed(self, config: WranglerConfig) -> bool:
        """Whether a command deploys a configuration as that of a plain Worker."""
        return any(call.deploys for _, call in self._calls_for(config))

    def builds_functions(self, config: WranglerConfig) -> bool:
        """Whether a script, or a program that one runs, makes a Worker of a folder's functions of Pages."""
        for script in (*self._scripts_for(config.directory), *self._build_commands(config)):
            texts = (script.text, *map(self._text, self._programs_of(script)))
            if any(_BUILDS_FUNCTIONS.search(text) is not None for text in texts):
                return True
        return False

    def _names(self, config: WranglerConfig) -> dict[str, None]:
        """The names that commands deploy a configuration under, in order."""
        given = (call.value("--name") for _, call in self._calls_for(config) if call.deploys)
        return {name: None for name in given if name is not None and _NAME.fullmatch(name)}

    def _of_a_site(self, config: WranglerConfig) -> str:
        """The entry of Workers Sites: what `site.entry-point` names, a file or the folder of an `index.js`,
        or that of the folder `workers-site`. As wrangler's `getEntry` does (4.164.0)."""
        site = config.top.value("site")
        if site is None:
            return ""
        named = site.get("entry-point")
        given = (named.text if named is not None else None) or "workers-site"
        if not posixpath.splitext(given)[1]:
            given = posixpath.join(given, "index.js")
        path = posixpath.normpath(posixpath.join(config.directory, given))
        return path if path.endswith(SOURCE_SUFFIXES) and self._workspace.is_file(path) else ""

    def _entry(self, script: _Script, call: WranglerCall, given: str) -> str | None:
        for base in dict.fromkeys((call.folder, posixpath.dirname(script.path), "")):
            path = posixpath.normpath(posixpath.join(base, given))
            if path.endswith(SOURCE_SUFFIXES) and not path.startswith("..") and self._workspace.is_file(path):
                return path
        return None

    def _calls_for(self, config: WranglerConfig) -> tuple[tuple[_Script, WranglerCall], ...]:
        """The calls that use a configuration, or what becomes of a template: they name it, or run in its
        folder and name none."""
        found = self._calls.get(config.path)
        if found is None:
            found = self._calls[config.path] = tuple(self._find_calls(config))
        return found

    def _find_calls(self, config: WranglerConfig) -> Iterator[tuple[_Script, WranglerCall]]:
        name = real_name(config.file_name) if is_template_name(config.path) else config.file_name
        for script in self._scripts_for(config.directory):
            for call in script.calls:
                named = call.value("-c", "--config")
                if named is None:
                    uses = call.folder == config.directory and _is_usual(name)
                else:
                    uses = posixpath.normpath(posixpath.join(call.folder, named)) == _join(
                        config.directory, name
                    )
                if uses:
                    yield script, call

    def deployed_without_config(self, folder: str) -> Iterator[tuple[str, str]]:
        """The entries that commands deploy in a folder in which there is no configuration, with the file that
        has the command."""
        for script in self._scripts_for(folder):
            for call in script.calls:
                given = call.entry
                if given is None or call.folder != folder or call.value("-c", "--config") is not None:
                    continue
                entry = self._entry(script, call, given) if call.deploys or call.command == "dev" else None
                if entry is not None:
                    yield entry, script.path

    def uses_wrangler(self, folder: str) -> bool:
        """Whether plain wrangler, which reads no `cloudflare.config.ts`, deploys a folder's Worker, and
        neither `cf` nor Vite is called, which read no file of wrangler's."""
        is_called = False
        for script in self._scripts_for(folder):
            if _NEW_TOOL.search(script.text):
                return False
            for call in script.calls:
                if call.folder == folder and (call.deploys or call.command == "dev"):
                    if call.has("--x-new-config", "--experimental-new-config"):
                        return False
                    is_called = True
        return is_called

    def _local(self, config: WranglerConfig) -> str:
        """Why nobody deploys a configuration: only tests or local commands name it, or it is a sample."""
        name = config.file_name
        if _is_usual(name):
            return self._of_a_tested_library(config) or self._sample(config) or self._of_a_program(config)
        commands = [call for _, call in self._calls_for(config)]
        in_tests = self._names_in_tests(config)
        if commands:
            is_remote = any(_may_deploy(call) or call.is_remote for call in commands)
            return "" if is_remote else f"{name} is used by local commands only"
        return f"{name} is used by tests only" if in_tests else programs.why_development(config)

    def _sample(self, config: WranglerConfig) -> str:
        may_be = is_example_path(config.path) and not self.is_deployed(config)
        return samples.why_sample(self._workspace, config) if may_be else ""

    def _of_a_program(self, config: WranglerConfig) -> str:
        texts = (script.text for script in self._scripts_for(config.directory))
        is_deployed = self.is_deployed(config)
        return programs.why_program(self._workspace, config, texts, is_deployed=is_deployed)

    def _local_environments(self, config: WranglerConfig) -> list[str]:
        """The environments that are called as only local ones are, that `wrangler dev` runs, and that no
        command uses at Cloudflare. Where no command deploys anything, only those called `local`: the others
        are deployed by hand, or by what is not seen."""
        run: set[str] = set()
        elsewhere: set[str] = set()
        deployed: set[str] = set()
        for _, call in self._calls_for(config):
            named = call.value("-e", "--env") or ""
            if call.deploys:
                deployed.add(named)
            if call.command == "dev" and not call.has("--remote"):
                run.add(named)
            elif call.is_remote:
                elsewhere.add(named)
        if any("$" in name for name in deployed):
            return []
        names = (found.name or "" for found in config.environments[1:])
        called = _LOCAL_ENVIRONMENT if deployed else _CALLED_LOCAL
        run -= elsewhere | deployed
        return [name for name in names if name in run and called.fullmatch(name) is not None]

    def _of_a_tested_library(self, config: WranglerConfig) -> str:
        manifest = self._manifest(config.directory)
        if manifest is None or not manifest.is_library:
            return ""
        if not self._names_in_tests(config) or any(_may_deploy(call) for _, call in self._calls_for(config)):
            return ""
        return "it is used by the tests of a library only"

    def _names_in_tests(self, config: WranglerConfig) -> bool:
        above = () if _is_usual(config.file_name) else upwards(config.directory)
        return programs.is_named_in_tests(self._workspace, config, (config.directory, *above), self._text)

    # -- files ---------------------------------------------------------------------------------------------

    def _scripts_for(self, folder: str) -> Iterator[_Script]:
        for above in upwards(folder):
            if above not in self._scripts:
                self._scripts[above] = tuple(self._scripts_in(above))
            yield from self._scripts[above]

    def _scripts_in(self, folder: str) -> Iterator[_Script]:
        entries = self._workspace.entries(folder)
        manifest = self._manifest(folder)
        if manifest is not None:
            text = "\n".join(manifest.scripts.values())
            lines = manifest.scripts.values()
            calls = (call for line in lines for call in commands.wrangler_calls(line, folder))
            yield _Script(manifest.document.path, text, tuple(calls), folder)
        for name in sorted(entries):
            if name in ("Makefile", "justfile", "Justfile", "Taskfile.yml") or name.endswith(".sh"):
                yield self._script(_join(folder, name), folder)
        for inner in sorted(_SCRIPT_FOLDERS.intersection(entries)):
            for name in self._workspace.list(_join(folder, inner)):
                if name.endswith(".sh"):
                    yield self._script(_join(_join(folder, inner), name), folder)
        if ".github" in entries:
            workflows = _join(folder, ".github/workflows")
            for name in self._workspace.list(workflows):
                if name.endswith((".yml", ".yaml")):
                    text = self._text(_join(workflows, name))
                    called = tuple(commands.calls_in_workflow(text, folder))
                    yield _Script(_join(workflows, name), text, called, folder)

    def _script(self, path: str, folder: str) -> _Script:
        text = self._text(path)
        by_line = not path.endswith(".sh")
        return _Script(path, text, tuple(commands.wrangler_calls(text, folder, by_line=by_line)), folder)

    def _manifest(self, folder: str) -> Manifest | None:
        path = _join(folder, "package.json")
        if "package.json" not in self._workspace.entries(folder):
            return None
        self.read[path] = None
        document = self._workspace.read(path)
        return Manifest(document) if document is not None else None

    def _text(self, path: str) -> str:
        if path not in self._texts:
            self.read[path] = None
            document = self._workspace.read(path)
            self._texts[path] = document.data.decode("utf-8", "replace") if document is not None else ""
        return self._texts[path]


def real_name(name: str) -> str:
    """The name under which wrangler reads what a template becomes: `wrangler.toml` of `wrangler.tpl.toml`."""
    found = re.search(r"\.(toml|jsonc?)(?:\.|$)", name)
    return f"wrangler.{found[1]}" if found is not None else name


def _is_usual(name: str) -> bool:
    """Whether wrangler finds a configuration of this name by itself."""
    return name in ("wrangler.toml", "wrangler.json", "wrangler.jsonc")


def _may_deploy(call: WranglerCall) -> bool:
    return call.deploys or call.command in ("dev", "pages deploy", "") or call.command.startswith("versions")


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
