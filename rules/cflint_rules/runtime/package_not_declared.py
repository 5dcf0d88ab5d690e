"""Declare in package.json every package that a Worker imports.

A package that only another one brings along is there by chance: a new version of that one, another package
manager or a clean install takes it away, or brings another version, and the build fails or the code breaks.

Of a Python Worker, pywrangler uploads the packages that pyproject.toml declares, with those that they need. A
module that imports another when it is loaded ends the start of the Worker with a `ModuleNotFoundError` (a
warning; the others are notes).

## Incorrect

```json title="package.json"
{ "dependencies": { "@hono/zod-validator": "^0.7.0", "hono": "^4.9.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="src/index.ts"
import { z } from "zod";

const query = z.object({ name: z.string() });

export default {
  async fetch(request): Promise<Response> {
    const found = query.safeParse(Object.fromEntries(new URL(request.url).searchParams));
    return Response.json(found.success);
  },
} satisfies ExportedHandler;
```

## Correct

```json title="package.json"
{ "dependencies": { "@hono/zod-validator": "^0.7.0", "hono": "^4.9.0", "zod": "^4.1.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "example",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="src/index.ts"
import { z } from "zod";

const query = z.object({ name: z.string() });

export default {
  async fetch(request): Promise<Response> {
    const found = query.safeParse(Object.fromEntries(new URL(request.url).searchParams));
    return Response.json(found.success);
  },
} satisfies ExportedHandler;
```

## What to do

Install it where it is imported, in the version that is used today (`npm ls NAME` shows it): `npm install
NAME@VERSION`, in the folder of that package.json (with pnpm or yarn `add`). Nothing changes then but that
it stays; without it, the build fails once the other package drops it.

- "a package of types": In the folder of `<file>`: `npm install -D <name>`. Nothing of it is in the build;
  without it, the types go once nothing else brings them.

- "a locked version": In the folder of `<file>`: `npm install <name>@<version>`, which is the version that the
  lock file has today, and commit the lock file along. Nothing changes then but that it stays; without it, the
  build fails once nothing else brings it.

- "`<file>` does not declare `<name>`": In the folder of `<file>`: `npm install <name>`, at the version that
  is used today (`npm ls <name>` shows it; with pnpm or yarn `add`). Nothing changes then but that it stays;
  without it, the build fails once nothing else brings it.

- "installs no package": In the folder of pyproject.toml: `uv add <package>`, by the name that the package has
  on PyPI, which may be another than that of its module; then deploy again.

## Not reported

In Python: imports in a `try` or under an `if`, and in functions; packages of the lock file, whichever needs
them; projects without a lock file that declare any package which may bring others along; what is vendored.

Packages that any package.json from the module's folder up to the root declares; imports of types; frameworks,
whose builds know modules of their own; projects with an import map (`imports`, `deno.json`) or aliases.

## Errors

```text title="esbuild"
Could not resolve "…"
```

## Fix safety

There is no fix: which version is wanted is up to the author.

Source: https://nodejs.org/api/packages.html,
https://docs.npmjs.com/cli/v11/configuring-npm/package-json#dependencies,
https://developers.cloudflare.com/workers/languages/python/packages/
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator

from cflint.api import (
    Documents,
    Finding,
    Location,
    Project,
    Severity,
    Span,
    Worker,
    config,
    js,
    pattern,
    python,
    rule,
    worker,
)

_NAME = pattern(r"(?:@[a-z0-9][\w.-]*/)?[a-z0-9][\w.-]*")
_LOCKED = pattern(rb"^name = \"([^\"\n]+)\"", re.MULTILINE)
_LOCKS = ("uv.lock", "pylock.toml", "poetry.lock")
_ALONE = frozenset({"workers-py", "workers-runtime-sdk", "webtypy"})
"""Packages of which it is known what they bring along: the modules of the platform, and nothing else."""
_GIVEN = frozenset({"workers", "js", "pyodide", "pyodide_js", "asgi", "wsgi", "cloudflare", "micropip"})
"""Modules that the runtime gives every Worker."""
_OTHER_NAMES = {
    "jwt": "pyjwt",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "PIL": "pillow",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jose": "python-jose",
    "multipart": "python-multipart",
    "Crypto": "pycryptodome",
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "OpenSSL": "pyopenssl",
    "attr": "attrs",
}
"""Modules whose package has another name."""
_SHARED = frozenset(
    {"google", "azure", "opentelemetry", "zope", "ruamel", "pkg_resources", "typing_extensions"}
)
"""Modules that many packages fill."""
_MAPS = ("deno.json", "deno.jsonc", "import_map.json", "jsconfig.json")


@rule(worker(), severity=Severity.WARNING, documents=Documents.NOTHING)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if subject.is_document or subject.app is not None or subject.config is None:
        return
    if subject.config.aliases or subject.config.root.get("build") is not None:
        return
    yield from _in_python(subject, project)
    seen: set[str] = set()
    for path in js.running_paths(subject):
        document = project.sources.document(path)
        folder = posixpath.dirname(path)
        if document is None or "node_modules" in path or not path.endswith(js.suffixes.MODULE_SUFFIXES):
            continue
        for edge in project.imports.of(path):
            if not isinstance(edge.to, js.Package) or edge.item.type_only or edge.to.name in seen:
                continue
            name = edge.to.name
            if _NAME.fullmatch(name) is None or not edge.item.specifier.startswith(name):
                continue
            seen.add(name)
            manifests = [
                config.Manifest(found) for found in config.manifests_above(project.workspace, folder)
            ]
            if not manifests or not any(one.dependencies for one in manifests):
                continue
            if any(_knows(one, name) for one in manifests) or _is_mapped(project, folder, name):
                continue
            if not _is_import(project, path, edge.item.span):
                continue
            beside = config.declared_beside(project.workspace, folder, name)
            why = "only if another package brings it"
            if beside is not None:
                why = f"as long as `{beside.path}` does and the package manager puts it above both"
            yield Finding(
                f"`{manifests[0].document.path}` does not declare `{name}`: it is there {why}",
                Location(document, edge.item.span),
                severity=Severity.NOTE,
                words=_version_words(project, folder, name),
            )


def _version_words(project: Project, folder: str, name: str) -> js.Words:
    """The case of the page for a package: which version of it the lock file has."""
    if name.startswith("@types/") or name == "@cloudflare/workers-types":
        return (("a package of types", ""),)
    found = config.installed_version(project.workspace, folder, name)
    if found is None or not found.exact:
        return ()
    return (("a locked version", ""), ("<version>", ".".join(map(str, found.lowest))))


def _in_python(subject: Worker, project: Project) -> Iterator[Finding]:
    """The packages that modules of Python import and that nothing installs."""
    read = subject.config
    if read is None or not any(entry.endswith(".py") for entry in subject.entries):
        return
    declared = next(python.pyprojects_above(project.workspace, read.directory), None)
    known = _installed(project, declared) if declared is not None else None
    if declared is None or known is None:
        return
    # Imported where used: libcst is slow to load.
    import libcst as cst

    seen: set[str] = set()
    for path in js.running_paths(subject):
        module = python.python_module_of(project, path) if path.endswith(".py") else None
        if module is None or module.has_errors or not module.loads_at_startup:
            continue
        for statement in (*module.find(cst.Import), *module.find(cst.ImportFrom)):
            if module.is_guarded(statement) or not module.runs_at_import(statement):
                continue
            for name in _named(module, statement):
                first = name.partition(".")[0]
                if first in seen or _is_there(first, known) or _is_folder(project, subject, path, first):
                    continue
                if project.imports.resolve(name, path) is not None:
                    continue
                seen.add(first)
                yield Finding(
                    f"`{declared.document.path}` installs no package that has the module `{first}`: the"
                    " Worker does not start",
                    module.at(statement),
                )


def _named(module: python.PythonModule, statement: object) -> Iterator[str]:
    import libcst as cst

    if isinstance(statement, cst.Import):
        yield from (module.dotted(alias.name) for alias in statement.names)
    elif isinstance(statement, cst.ImportFrom) and statement.module is not None and not statement.relative:
        yield module.dotted(statement.module)


def _is_folder(project: Project, subject: Worker, path: str, name: str) -> bool:
    """Whether a name may be that of a folder of the project without an `__init__.py`."""
    folders = {posixpath.dirname(one) for one in (path, *subject.entries)}
    return any(project.workspace.is_dir(posixpath.join(folder, name)) for folder in folders)


def _is_there(first: str, known: frozenset[str]) -> bool:
    """Whether a module is Python's, the platform's, or one of packages whose names are known."""
    if first in sys.stdlib_module_names or first in _GIVEN or first in _SHARED or first.startswith("_"):
        return True
    plain = first.lower().replace("_", "-")
    wanted = _OTHER_NAMES.get(first, plain)
    return any(wanted == name or plain in name or name in plain for name in known)


def _installed(project: Project, declared: python.PyProject) -> frozenset[str] | None:
    """The packages that are uploaded with a Worker, and perhaps others; None where that is not known."""
    folder = posixpath.dirname(declared.document.path)
    entries = project.workspace.entries(folder)
    if "python_modules" in entries or "vendor" in entries:
        return None
    for name in _LOCKS:
        document = project.workspace.read(posixpath.join(folder, name)) if name in entries else None
        if document is not None:
            locked = {found.decode("utf-8", "replace").lower() for found in _LOCKED.findall(document.data)}
            return declared.packages | locked
    if declared.root.at("project", "dependencies") is None or not declared.packages <= _ALONE:
        return None
    return declared.packages


def _is_import(project: Project, path: str, span: Span) -> bool:
    """Whether a specifier is that of an import in code, and not in a text that holds code."""
    module = js.module_of(project, path)
    text = module.node_at(span.start, span.end) if module is not None else None
    if module is None or text is None or text.type not in ("string", "string_fragment"):
        return False
    literal = text if text.type == "string" else module.parent(text)
    around = module.parent(literal) if literal is not None else None
    return around is not None and around.type in ("import_statement", "export_statement", "arguments")


def _knows(manifest: config.Manifest, name: str) -> bool:
    """Whether a package.json declares a package, or is that package's own."""
    return name in manifest.dependencies or manifest.name == name


def _is_mapped(project: Project, folder: str, name: str) -> bool:
    """Whether something else may tell what a name means: an import map, or paths of tsconfig."""
    quoted = f'"{name}'.encode()
    while True:
        entries = project.workspace.entries(folder)
        if any(one in entries for one in _MAPS):
            return True
        for one in entries:
            if one.startswith(("tsconfig", "vite.config", "rollup.config", "webpack.config", "esbuild")):
                document = project.workspace.read(posixpath.join(folder, one))
                if document is not None and quoted in document.data:
                    return True
        if not folder:
            return False
        folder = posixpath.dirname(folder)
