"""Point to files and folders that exist.

`main`, the folder of assets, a Dockerfile: wrangler looks for them beside the configuration and stops when
one is not there. A configuration with neither `main` nor `assets` has nothing to deploy; one for wrangler 1
(with `type`) had its entry from package.json, which no later version looks into (a warning), and a `site`
without `main` means `workers-site/index.js`, which wrangler 1 made (a warning).
`wrangler d1 execute --file` in a script of package.json stops as well (a warning), and a script that runs a
file that is not there ends with an error, whatever it was for (a note).

## Incorrect

```jsonc
{
  "name": "gallery",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "r2_buckets": [{ "binding": "PICTURES", "bucket_name": "pictures" }],
}
```

## Correct

```jsonc
{
  "name": "gallery",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "r2_buckets": [{ "binding": "PICTURES", "bucket_name": "pictures" }],
}
```

## What to do

Write the path where the file is now, relative to this file; if a build makes it (`dist`, `build`), run that
before wrangler; if it is gone for good, delete this configuration. wrangler stops as it is.

- "<folder>, where another configuration": Delete this file: that one deploys the same code, and wrangler,
  which stops at this one, reads it where it is run.
- "it leads there from": Move this file there, as it is: `git mv <file> <place>`. Its paths are meant from
  there, and wrangler looks for it where it is run.
- "no migrations to apply": Make the folder, with the tables that the code needs:
  `npx wrangler d1 migrations create DATABASE init` writes an empty file into it; put
  `CREATE TABLE IF NOT EXISTS …` there, from the `.sql` file that makes them now, if there is one. As it is,
  `wrangler d1 migrations apply` stops.
- "`migrations_dir`": Delete the key: no command here applies migrations, and
  `npx wrangler d1 migrations create` makes `migrations` when there are some.
- "neither `main`": Add `main` with the path of the Worker's code, or, where there is only a folder of files
  to serve, `assets` with that as its `directory`. If the file is no configuration of a Worker, delete it.
- "routes in the browser": Write `"assets": { "directory": "<folder>", "not_found_handling":
  "single-page-application" }` in the place of `site` and its keys: the files are then served without code,
  and each path without a file gets `index.html`, since the pages find their way in the browser (`<router>`).
- "alone means": Write `"assets": { "directory": "<folder>" }` in the place of `site` and its keys: the files
  are then served without code. If code is to serve them, add `main`.
- "is no module": Delete `main`, and write `assets` with the folder of the file as its `directory`.
- "is a folder": Write the file in it that has the default export.
- "absolute path": Write it relative to this file.
- "the script `<name>`": Take the script `<name>` out, and what calls it (`run <name>` in other scripts,
  workflows and the README). If you have the file, and it was never committed, commit it instead.

## Not reported

What a build makes: paths in `dist`, `build` and their like, and anything that is missing where there is a
`build.command` that does more than `echo`, or a framework with a build of its own. Packages and virtual
modules as `main`. A missing `main` where a script names the entry on the command line, or package.json asks
for wrangler 1. `$schema` in `node_modules`. In documentation a whole configuration (one with a `name`)
without `main` gets a note; no paths are looked up there. A sample below `examples` or the like without any
code or package in its folder, which no command deploys.

In scripts: files that another script mentions, which may make them; paths with variables; what runs in a
folder that is not there.

## Errors

```text title="wrangler"
The entry-point file at "…" was not found.
The directory specified by the … does not exist:
```

```text title="Vite plugin"
The provided Wrangler config main field (…) doesn't point to an existing file
```

## Fix safety

Safe: when exactly one file of the same name and another ending is there (`src/index.ts` for `src/index.js`),
it is written instead. Unsafe otherwise: what is written, or goes, is most likely meant.

- "neither `main`": the code of that file is deployed then; run cflint again, which has not looked at it so
  far.
- "alone means": the files are served as they are, without code.
- "the script": what calls it (`run` in workflows, the README) has to go, too; if you have the file, and it
  was never committed, commit it instead.
- "is not there": another file of that folder is deployed than the one that was meant.

Source: https://github.com/cloudflare/workers-sdk/tree/main/packages/wrangler/src/deployment-bundle
"""

import posixpath
import re
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    pattern,
    quoted,
    rule,
)
from cflint_rules.wrangler_config._scripts import speaks_for_its_package
from cflint_rules.wrangler_config._sites import as_assets, folder_of_site, words_of_site

_SOMETHING = ("main", "assets", "site", "build", "type", "entry-point", "pages_build_output_dir")
_TODAY = frozenset(_SOMETHING) - {"type"}
_TYPES = frozenset({"javascript", "webpack", "rust"})
"""How wrangler 1 built a Worker, whose entry it took from package.json."""
_WRANGLER_1 = "@cloudflare/wrangler"
_NOTHING = "the configuration has neither `main` nor `assets`: there is nothing to deploy"
_ENTRY_OF_SITE = "workers-site/index.js"
"""The entry that wrangler takes where a `site` names none."""
_LONGEST = 80
_USUAL = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")
"""The configurations that wrangler finds by itself."""
_NEEDED = frozenset({"dev", "start", "build", "deploy", "test"})
"""Scripts that a project does not do without."""
_NO_CODE = frozenset((".html", ".htm", ".css", ".md", ".toml"))
"""Endings of files for which wrangler's bundler has no loader."""
_PLAIN = pattern(r"(?!_+$)[\w./@-]+")
"""A path of a template that is written out."""
_URL = pattern(r"[a-z][a-z0-9+.-]*://", re.I)


@rule(
    configuration(),
    severity=Severity.ERROR,
    fix=Safety.UNSAFE,
    documents=Documents.NOTES,
    templates=True,
    unread=True,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.document.origin is not None:
        is_excerpt = subject.top.incomplete or subject.leaves_out
        if subject.name is not None and not is_excerpt and not _has_something(subject):
            yield Finding(_NOTHING, subject.top.place)
        return
    if subject.data.broken or not subject.role.is_deployed:
        return
    paths = config.ConfigPaths(project.workspace, subject)
    yield from _in_scripts(subject, paths, project)
    found: dict[tuple[str, str | None], Finding] = {}
    for environment in subject.environments:
        for key, node, finding in _missing(environment, paths, project):
            if subject.deployment.is_template and _PLAIN.fullmatch(node.text or "") is None:
                continue  # something is put in there
            found.setdefault((key, node.text), finding)
    yield from found.values()
    if subject.deployment.is_template:
        return
    if not found and _is_for_wrangler_1(subject, paths):
        yield Finding(_NOTHING, subject.top.place, severity=Severity.WARNING)
        return
    site = _site_without_entry(subject, project) if not found else None
    if site is not None:
        named = subject.top.node.at("site", "bucket")
        folder = folder_of_site(subject.top, named.text, project) if named is not None and named.text else ""
        edits = as_assets(subject.top, folder, project) if folder else None
        yield Finding(
            f"{quoted('site')} alone means the entry `{_ENTRY_OF_SITE}`, which is not there",
            site,
            fix=Fix.of("Serve the folder as `assets`", edits, Safety.UNSAFE),
            severity=Severity.WARNING,
            words=words_of_site(subject.top, folder, project),
        )
        return
    if found or _has_something(subject) or not _is_deployed(subject, paths, project):
        return
    schema = config.config_schema(project.workspace, subject).schema
    if not config.is_misplaced(subject, schema, "main"):
        yield Finding(_NOTHING, subject.top.place, fix=_with_entry(subject, paths))


def _with_entry(subject: WranglerConfig, paths: config.ConfigPaths) -> Fix | None:
    """The fix that names the one module with which the Worker is likely to begin."""
    entry = paths.usual_entry()
    if entry is None:
        return None
    main = paths.relative(entry)
    return Fix.of(f"Write `main` with `{main}`", fixes.set_key(subject, ("main",), main), Safety.UNSAFE)


def _has_something(subject: WranglerConfig) -> bool:
    """Whether there is anything to deploy; in TypeScript, a build may see to the assets."""
    return subject.is_typescript or any(
        found.node.get(key) is not None for found in subject.environments for key in _SOMETHING
    )


def _site_without_entry(subject: WranglerConfig, project: Project) -> Location | None:
    """The place of a `site` that names no entry, where none is given or lies where wrangler looks for it, and
    nothing has to do with Pages, which ignores such a file."""
    site = subject.top.own("site")
    if site is None or site.get("bucket") is None or site.get("entry-point") is not None:
        return None
    if subject.deployment.entry or subject.name is None or subject.top.incomplete or subject.is_typescript:
        return None
    others = ("main", "assets", "type", "build", "pages_build_output_dir")
    if any(found.node.get(key) is not None for found in subject.environments for key in others):
        return None
    if any(
        project.workspace.exists(posixpath.join(subject.directory, name))
        for name in (_ENTRY_OF_SITE, "functions")
    ):
        return None
    is_of_pages = config.is_deployed_to_pages(project, subject)
    return None if is_of_pages else subject.top.location(site)


def _is_deployed(subject: WranglerConfig, paths: config.ConfigPaths, project: Project) -> bool:
    """Whether the configuration is there to be deployed as it is."""
    if (
        subject.deployment.entry
        or subject.name is None
        or subject.top.incomplete
        or subject.top.is_open("assets")
        or paths.is_built
        or paths.manifest is None
    ):
        return False
    if project.workspace.is_dir(posixpath.join(subject.directory, "functions")):
        return False
    calls = list(paths.manifest.wrangler_calls)
    own = posixpath.relpath(subject.path, paths.manifest.document.path.rpartition("/")[0] or ".")
    deploys = any(
        call.command in ("dev", "deploy", "publish")
        and call.reads(own)
        and (subject.file_name in _USUAL or call.value("-c", "--config") is not None)
        for call in calls
    )
    return deploys and all(call.entry is None for call in calls)


def _is_for_wrangler_1(subject: WranglerConfig, paths: config.ConfigPaths) -> bool:
    """Whether a configuration says what wrangler 1 made of it (`type`) and nothing that a later one deploys,
    although nothing asks for wrangler 1."""
    deployed = subject.deployment
    if subject.name is None or subject.top.incomplete or subject.is_typescript or deployed.local:
        return False
    if deployed.entry and not deployed.of_wrangler_1:
        return False
    kind = subject.top.node.get("type")
    if kind is None or kind.text not in _TYPES or subject.top.is_open("main"):
        return False
    if any(found.node.get(key) is not None for found in subject.environments for key in _TODAY):
        return False
    manifest = paths.manifest
    if manifest is None:
        return True
    return _WRANGLER_1 not in manifest.dependencies and all(
        call.entry is None for call in manifest.wrangler_calls
    )


_Missing = tuple[str, config.ConfigNode, Finding]
"""The key of a path, the path, and what is wrong with it."""


def _missing(environment: Environment, paths: config.ConfigPaths, project: Project) -> Iterator[_Missing]:
    main = environment.own("main")
    if main is not None and main.text:
        yield from _main(environment, main, paths, project)
    for key in ("assets.directory", "site.bucket"):
        table, _, name = key.partition(".")
        around = environment.own(table)
        node = around.get(name) if around is not None else None
        if node is not None and node.text:
            yield from _folder(environment, node, key, paths, project)
    for key, node, severity in _others(environment, paths):
        path = paths.resolve(node.text or "")
        if path is None or project.workspace.exists(path):
            continue
        if key == "migrations_dir":
            yield key, node, _no_migrations(environment, node, paths)
            continue
        yield key, node, _absent(environment, node, key, severity=severity)


def _main(
    environment: Environment, node: config.ConfigNode, paths: config.ConfigPaths, project: Project
) -> Iterator[_Missing]:
    text = node.text or ""
    main = environment.spelled("main")
    at = environment.location(node)
    if _URL.match(text) is not None:
        shown = quoted(text, _LONGEST)
        yield (
            "main",
            node,
            Finding(f"`main` is a URL, and wrangler wants a path in the repository: {shown}", at),
        )
        return
    if posixpath.splitext(text)[1].lower() in _NO_CODE:
        message = f"`{main}` is no module, so wrangler cannot build it: {quoted(text, _LONGEST)}"
        yield "main", node, Finding(message, at)
        return
    path = paths.resolve(text)
    if path is None:
        if not text.startswith("/"):
            yield "main", node, Finding(f"`{main}` leads out of the repository", at)
        elif not paths.may_be_made(environment, text):
            yield "main", node, Finding(f"`{main}` is an absolute path, which no other machine has", at)
        return
    if project.workspace.is_file(path):
        return
    if project.workspace.is_dir(path):
        yield "main", node, Finding(f"`{main}` is a folder: {quoted(text, _LONGEST)}", at)
        return
    what = paths.why_no_file(path)
    if what is not None:
        yield "main", node, Finding(f"`main` is {what}: {quoted(text, _LONGEST)}", at)
        return
    if paths.is_ignored(text):
        return
    near = paths.other_ending(path)
    if near is None and (":" in text or text.startswith("@") or paths.may_be_made(environment, text)):
        return
    if near is not None and paths.is_built and not posixpath.splitext(text)[1]:
        return  # Vite finds the ending itself
    dotted = "./" * text.startswith("./")
    if near is not None:
        yield "main", node, _absent(environment, node, "main", dotted + paths.relative(near))
        return
    above = paths.meant_from(text)
    if above is not None:
        yield "main", node, _from_above(environment, node, above, project)
        return
    other = paths.entry_in(posixpath.dirname(path))
    meant = dotted + paths.relative(other) if other is not None else None
    yield "main", node, _absent(environment, node, "main", meant, safety=Safety.UNSAFE)


def _from_above(environment: Environment, node: config.ConfigNode, above: str, project: Project) -> Finding:
    """What is wrong with a `main` that is written from a folder above that of the configuration."""
    name = environment.config.file_name
    there = next((it for it in _USUAL if project.workspace.is_file(posixpath.join(above, it))), None)
    shown = f"`{above}`" if above else "the root folder"
    end = f"{shown}, where another configuration is" if there is not None else shown
    return Finding(
        f"`main` is not there: {quoted(node.text or '', _LONGEST)}; it leads there from {end}",
        environment.location(node),
        words=(("<file>", environment.config.path), ("<place>", posixpath.join(above, name))),
    )


def _folder(
    environment: Environment,
    node: config.ConfigNode,
    key: str,
    paths: config.ConfigPaths,
    project: Project,
) -> Iterator[_Missing]:
    text = node.text or ""
    path = paths.resolve(text)
    if path is None or project.workspace.is_dir(path):
        return
    if project.workspace.is_file(path):
        message = f"`{_spelled(environment, key)}` is a file, not a folder: {quoted(text, _LONGEST)}"
        yield key, node, Finding(message, environment.location(node))
    elif not paths.may_be_made(environment, text) and not paths.has_build_script:
        yield key, node, _absent(environment, node, key)


def _others(
    environment: Environment, paths: config.ConfigPaths
) -> Iterator[tuple[str, config.ConfigNode, Severity | None]]:
    """What has to be there, whether a file or a folder: the key, the path, how bad it is when it is not."""
    for entry in environment.own_items("d1_databases"):
        node = entry.get("migrations_dir")
        if node is not None and node.text and not paths.may_be_made(environment, node.text):
            yield "migrations_dir", node, Severity.WARNING
    for entry in environment.own_items("containers"):
        node = entry.get("image")
        if node is not None and node.text and _is_file_name(node.text):
            yield "image", node, None
    node = environment.own("tsconfig")
    if node is not None and node.text and not paths.may_be_made(environment, node.text):
        yield "tsconfig", node, None
    node = environment.own("$schema") if environment.name is None else None
    if node is not None and node.text and "node_modules" not in node.text and "//" not in node.text:
        yield "$schema", node, Severity.NOTE


def _no_migrations(environment: Environment, node: config.ConfigNode, paths: config.ConfigPaths) -> Finding:
    """What is wrong with a folder of migrations that is not there: a command that applies them stops; without
    one the key does nothing."""
    calls = paths.manifest.wrangler_calls if paths.manifest is not None else ()
    applies = any(call.words[:2] == ("d1", "migrations") for call in calls)
    message = f"`{_spelled(environment, 'migrations_dir')}` is not there: {quoted(node.text or '', _LONGEST)}"
    entry = next(it for it in environment.own_items("d1_databases") if it.get("migrations_dir") is node)
    named = entry.get("database_name") or entry.get("binding")
    return Finding(
        message + (", so there are no migrations to apply" if applies else ""),
        environment.location(node),
        severity=Severity.WARNING,
        words=(("DATABASE", named.text),) if named is not None and named.text else (),
    )


def _is_file_name(image: str) -> bool:
    return image.startswith(("./", "../")) or posixpath.basename(image).startswith("Dockerfile")


def _spelled(environment: Environment, key: str) -> str:
    whole = {"image": ("containers", 0, "image"), "tsconfig": ("tsconfig",)}
    path = whole.get(key, tuple(key.split(".")))
    return environment.spelled(*path).rpartition(".")[2] if key == "image" else environment.spelled(*path)


def _absent(
    environment: Environment,
    node: config.ConfigNode,
    key: str,
    meant: str | None = None,
    severity: Severity | None = None,
    safety: Safety = Safety.SAFE,
) -> Finding:
    message = f"`{_spelled(environment, key)}` is not there: {quoted(node.text or '', _LONGEST)}"
    fix = None
    if meant is not None:
        message += f"; did you mean `{meant}`?"
        edits = fixes.replace_text(environment.config, node, text=meant)
        fix = Fix.of(f"Write `{meant}`", edits, safety)
    return Finding(message, environment.location(node), fix=fix, severity=severity)


def _in_scripts(subject: WranglerConfig, paths: config.ConfigPaths, project: Project) -> Iterator[Finding]:
    """The files that scripts of package.json need and that are not there."""
    manifest = paths.manifest
    if manifest is None or subject.role.is_shown:
        return
    folder = manifest.document.path.rpartition("/")[0]
    if not any(True for text in manifest.scripts.values() for _ in config.files_read(text, folder)):
        return  # as most: their places need not be known
    scripts = manifest.root.get("scripts")
    if scripts is None or not speaks_for_its_package(subject, project):
        return
    text = "\n".join(manifest.scripts.values())
    needed = [
        (member, read)
        for member in scripts.members
        for read in config.files_read(member.value.text or "", folder)
    ]
    said: set[str] = set()
    for member, read in needed:
        path, name = read.path, posixpath.basename(read.path)
        several = [other for other, it in needed if it.path == path]
        uses = sum(posixpath.basename(other.path) == name for _, other in needed)
        if path in said or text.count(name) > uses or not _is_missing(paths, project, path):
            continue
        said.add(path)
        is_sql = read.program == "--file"
        what = "wrangler has no file to run" if is_sql else "this fails"
        yield Finding(
            f"{what}: the script `{member.key}` needs {quoted(read.word, _LONGEST)}, which is not there",
            Location(manifest.document, member.value.span),
            tuple(
                Location(manifest.document, other.value.span).saying("and here")
                for other in several
                if other is not member
            ),
            _without(manifest, [other.key for other in several]),
            severity=Severity.WARNING if is_sql else Severity.NOTE,
        )


def _without(manifest: config.Manifest, names: list[str]) -> Fix | None:
    """The fix that takes a script out which does nothing but fail, and that no other script calls."""
    name = names[0]
    text = manifest.scripts[name]
    if len(names) > 1 or name in _NEEDED or "&&" in text or ";" in text:
        return None
    if any(name in config.scripts_called(other) for other in manifest.scripts.values()):
        return None
    removed = fixes.remove_key(manifest.data, ("scripts", name))
    return Fix.of(f"Take the script `{name}` out", removed, Safety.UNSAFE)


def _is_missing(paths: config.ConfigPaths, project: Project, path: str) -> bool:
    """Whether nothing is at a path of the workspace, and nothing may make it."""
    if path.startswith(("/", "../", "~")) or project.workspace.exists(path):
        return False
    folder = posixpath.dirname(path)
    if folder and not project.workspace.is_dir(folder) and project.workspace.is_file(".gitmodules"):
        return False  # it may be another repository's
    return not paths.is_made(path) and paths.other_ending(path) is None
