"""Point to files and folders that exist.

`main`, the folder of assets, a Dockerfile: wrangler looks for them beside the configuration and stops when
one is not there. A configuration with neither `main` nor `assets` has nothing to deploy.

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

## Not reported

What a build makes: paths in `dist`, `build` and their like, and anything that is missing where there is a
`build.command` or a framework with a build of its own. Packages and virtual modules as `main`. A missing
`main` where a script names the entry on the command line. `$schema` in `node_modules`. In documentation a
whole configuration (one with a `name`) without `main` gets a note; no paths are looked up there.

## Fix safety

Safe: when exactly one file of the same name and another ending is there (`src/index.ts` for `src/index.js`),
it is written instead.

Source: https://github.com/cloudflare/workers-sdk/tree/main/packages/wrangler/src/deployment-bundle
"""

import json
import posixpath
import re
from collections.abc import Iterator

from cflint.api import (
    Edit,
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
    pattern,
    rule,
)

_MODULES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".py")
_BUILT = pattern(
    r"(?:^|/)(?:dist|build|out|output|public/build|target|worker|pkg|node_modules|generated|static|client)(?:/|$)"
    r"|(?:^|/)(?:\.[a-z][\w-]*|_\w[\w.]*)(?:/|$)"
)
_FRAMEWORKS = pattern(
    rb'"(?:next|nuxt|astro|nitro|nitropack|vinxi|waku|rwsdk|gatsby|vite|@sveltejs/kit|@remix-run/[\w-]+'
    rb"|@react-router/dev|@opennextjs/cloudflare|@cloudflare/(?:next-on-pages|vite-plugin|kumo)|@angular/[\w-]+"
    rb"|@builder\.io/qwik|@tanstack/[\w-]*start|@solidjs/start|solid-start|@docusaurus/core|@redwoodjs/sdk"
    rb'|partykit|alchemy|sst|worker-build|rollup|webpack|parcel|@analogjs/[\w-]+|vike|vitepress|hugo-bin)"\s*:'
)
_BUILD_SCRIPT = pattern(rb'"(?:pre|post)?build[\w:-]*"\s*:')
_ENTRY_SCRIPT = pattern(
    rb"wrangler(?:@[\w.]+)?\s+(?:dev|deploy|publish|versions\s+upload)\s+(?!-)[\w./]", re.ASCII
)


@rule(configuration(), severity=Severity.ERROR, fix=Safety.SAFE)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.document.origin is not None:
        if subject.name is not None and not _has_something(subject) and not _is_fragment(subject):
            yield Finding(
                "the configuration has neither `main` nor `assets`: there is nothing to deploy",
                subject.top.place,
                severity=Severity.NOTE,
            )
        return
    if subject.data.broken or config.is_test_config(subject.path):
        return
    lookup = _Lookup(subject, project)
    seen: dict[tuple[str, str], Finding] = {}
    for environment in subject.environments:
        for key, finding in lookup.missing(environment):
            first = seen.get(key)
            if first is None:
                seen[key] = finding
    yield from seen.values()
    if seen or _has_something(subject) or not lookup.is_deployed:
        return
    schema = config.config_schema(project.workspace, subject).schema
    if all(path[-1] != "main" for path in config.misplaced_keys(subject, schema)):
        yield Finding(
            "the configuration has neither `main` nor `assets`: there is nothing to deploy", subject.top.place
        )


def _has_something(subject: WranglerConfig) -> bool:
    keys = ("main", "assets", "site", "build", "type", "entry-point", "pages_build_output_dir")
    return any(found.node.get(key) is not None for found in subject.environments for key in keys)


def _is_fragment(subject: WranglerConfig) -> bool:
    data = subject.document.data
    return subject.top.incomplete or b"..." in data or "…".encode() in data


class _Lookup:
    """What is where, beside one configuration."""

    def __init__(self, subject: WranglerConfig, project: Project) -> None:
        self.subject = subject
        self.workspace = project.workspace
        manifests = list(config.manifests_above(self.workspace, subject.directory))
        self.manifest = manifests[0].data if manifests else b""
        self.framework = any(_FRAMEWORKS.search(document.data) for document in manifests[:1])

    @property
    def is_deployed(self) -> bool:
        """Whether the configuration is there to be deployed as it is."""
        subject = self.subject
        return not (
            subject.name is None
            or subject.top.incomplete
            or self.framework
            or _ENTRY_SCRIPT.search(self.manifest)
            or self.workspace.is_dir(posixpath.join(subject.directory, "functions"))
            or b"wrangler" not in self.manifest
            or not re.search(rb"wrangler(?:@[\w.]+)?\s+(?:dev|deploy|publish)", self.manifest)
        )

    def missing(self, environment: Environment) -> Iterator[tuple[tuple[str, str], Finding]]:
        main = environment.own("main")
        if main is not None and main.text:
            yield from self._main(environment, main, main.text)
        for path in (("assets", "directory"), ("site", "bucket")):
            table = environment.own(path[0])
            node = table.get(path[1]) if table is not None else None
            if node is not None and node.text:
                yield from self._folder(environment, node, node.text, ".".join(path))
        for entry in self._entries(environment, "d1_databases"):
            node = entry.get("migrations_dir")
            if node is not None and node.text and not self._is_made(environment, node.text):
                yield from self._other(environment, node, node.text, "migrations_dir", Severity.WARNING)
        for entry in self._entries(environment, "containers"):
            node = entry.get("image")
            if node is not None and node.text and self._is_file_name(node.text):
                yield from self._other(environment, node, node.text, "image", None)
        tsconfig = environment.own("tsconfig")
        if tsconfig is not None and tsconfig.text and not self._is_made(environment, tsconfig.text):
            yield from self._other(environment, tsconfig, tsconfig.text, "tsconfig", None)
        schema = environment.own("$schema") if environment.name is None else None
        if (
            schema is not None
            and schema.text
            and "node_modules" not in schema.text
            and "//" not in schema.text
        ):
            yield from self._other(environment, schema, schema.text, "$schema", Severity.NOTE)

    def _entries(self, environment: Environment, key: str) -> tuple[config.ConfigNode, ...]:
        node = environment.own(key)
        return node.items if node is not None else ()

    def _is_file_name(self, image: str) -> bool:
        return image.startswith(("./", "../")) or posixpath.basename(image).startswith("Dockerfile")

    def _main(
        self, environment: Environment, node: config.ConfigNode, text: str
    ) -> Iterator[tuple[tuple[str, str], Finding]]:
        at = environment.location(node)
        path = self._path(text)
        if path is None:
            if not text.startswith("/"):
                yield ("main", text), Finding("`main` leads out of the repository", at)
            elif not self._is_made(environment, text):
                yield ("main", text), Finding("`main` is an absolute path, which no other machine has", at)
            return
        if self.workspace.is_file(path):
            return
        if self.workspace.is_dir(path):
            yield ("main", text), Finding(f"`main` is a folder: `{text}`", at)
            return
        near = self._near(path)
        if near is None and (":" in text or text.startswith("@") or self._is_made(environment, text)):
            return
        if near is not None and self.framework and not posixpath.splitext(text)[1]:
            return  # Vite finds the ending itself
        yield ("main", text), self._absent(at, node, text, "main", near)

    def _folder(
        self, environment: Environment, node: config.ConfigNode, text: str, key: str
    ) -> Iterator[tuple[tuple[str, str], Finding]]:
        path = self._path(text)
        if path is None or self.workspace.is_dir(path):
            return
        at = environment.location(node)
        if self.workspace.is_file(path):
            yield (key, text), Finding(f"`{key}` is a file, not a folder: `{text}`", at)
        elif not self._is_made(environment, text) and not _BUILD_SCRIPT.search(self.manifest):
            yield (key, text), self._absent(at, node, text, key, None)

    def _other(
        self,
        environment: Environment,
        node: config.ConfigNode,
        text: str,
        key: str,
        severity: Severity | None,
    ) -> Iterator[tuple[tuple[str, str], Finding]]:
        path = self._path(text)
        if path is not None and not self.workspace.exists(path):
            finding = self._absent(environment.location(node), node, text, key, None, severity)
            yield (key, text), finding

    def _path(self, text: str) -> str | None:
        """The path in the workspace; None when it leads out of it."""
        path = posixpath.normpath(posixpath.join(self.subject.directory, text))
        return None if path.startswith(("/", "../")) or path == ".." else path

    def _is_made(self, environment: Environment, text: str) -> bool:
        """Whether something may make a path before wrangler looks for it."""
        build = environment.value("build")
        command = build.get("command") if build is not None and build.kind is config.NodeKind.OBJECT else None
        made = command is not None and bool(command.text)
        if made or self.framework or environment.own("type") is not None:
            return True
        return _BUILT.search(text) is not None or self._is_ignored(text)

    def _is_ignored(self, text: str) -> bool:
        """Whether git ignores a path, by a plain line of the .gitignore beside the configuration or above."""
        steps = {step for step in text.split("/") if step not in ("", ".", "..")}
        folder = self.subject.directory
        while True:
            document = self.workspace.read(posixpath.join(folder, ".gitignore"))
            if document is not None:
                lines = document.data.decode("utf-8", "replace").splitlines()
                if any(line.strip().strip("/").rpartition("/")[2] in steps for line in lines):
                    return True
            if not folder:
                return False
            folder = posixpath.dirname(folder)

    def _near(self, path: str) -> str | None:
        """The file of the same name with another ending, when there is exactly one."""
        stem, ending = posixpath.splitext(path)
        base = posixpath.basename(stem if ending in _MODULES else path)
        folder = posixpath.dirname(path)
        names = self.workspace.entries(folder)
        found = [base + other for other in _MODULES if base + other in names]
        return posixpath.join(folder, found[0]) if len(found) == 1 else None

    def _absent(
        self,
        at: Location,
        node: config.ConfigNode,
        text: str,
        key: str,
        near: str | None,
        severity: Severity | None = None,
    ) -> Finding:
        shown = text if len(text) < 80 else text[:77] + "…"
        if near is None:
            return Finding(f"`{key}` is not there: `{shown}`", at, severity=severity)
        written = posixpath.relpath(near, self.subject.directory or ".")
        if text.startswith("./"):
            written = f"./{written}"
        fix = Fix(f"Write `{written}`", (Edit(at.document, node.span, json.dumps(written)),), Safety.SAFE)
        return Finding(
            f"`{key}` is not there: `{shown}`; did you mean `{written}`?", at, fix=fix, severity=severity
        )
