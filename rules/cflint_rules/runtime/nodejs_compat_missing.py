"""Switch on `nodejs_compat` where code or a package needs Node.js.

Modules such as `node:crypto`, names without the prefix (`crypto`), and the global `Buffer` are there only
with the compatibility flag `nodejs_compat`, or from the compatibility date 2026-08-04, which has it by
default. Without it the bundle fails to build, or the deployment is refused because there is no such module.
Database drivers and the Agents SDK import them as well. Names without the prefix and `Buffer` also need the
date 2024-09-23 or the flag `nodejs_compat_v2`.

## Incorrect

```ts
import { Client } from "pg";

export default {
  async fetch(_request, env, ctx): Promise<Response> {
    const client = new Client({ connectionString: env.HYPERDRIVE.connectionString });
    try {
      await client.connect();
      const { rows } = await client.query("SELECT now()");
      return Response.json(rows);
    } finally {
      ctx.waitUntil(client.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "compatibility_date": "2026-08-01",
  "hyperdrive": [{ "binding": "HYPERDRIVE", "id": "57b7076f58be42419276f058a8968187" }],
}
```

## Correct

```ts
import { Client } from "pg";

export default {
  async fetch(_request, env, ctx): Promise<Response> {
    const client = new Client({ connectionString: env.HYPERDRIVE.connectionString });
    try {
      await client.connect();
      const { rows } = await client.query("SELECT now()");
      return Response.json(rows);
    } finally {
      ctx.waitUntil(client.end());
    }
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
  "hyperdrive": [{ "binding": "HYPERDRIVE", "id": "57b7076f58be42419276f058a8968187" }],
}
```

## Not reported

Imports of types, and imports that only types use; `import()`, which may be guarded; packages of npm with the
name of a module (`events`, `buffer`); projects whose build brings polyfills or aliases; `node:async_hooks`
with the flag `nodejs_als`; Workers without a compatibility date. Documentation that shows such code and no
configuration gets one note per section.

## Fix safety

Safe: the flag is added to `compatibility_flags`.

Source: https://developers.cloudflare.com/workers/runtime-apis/nodejs/
"""

from collections.abc import Iterator, Sequence

from cflint.api import (
    Edit,
    Environment,
    Finding,
    Fix,
    Location,
    Module,
    Project,
    Safety,
    Section,
    Severity,
    Span,
    Worker,
    WranglerConfig,
    config,
    fixes,
    join_names,
    js,
    pattern,
    rule,
    section,
    worker,
)

_ON_BY_DEFAULT = "2026-08-04"
_SECOND_VERSION = "2024-09-23"
_SCRIPTS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")

# Packages whose code for Workers imports modules of Node.js, and whether it does so without the prefix.
_PACKAGES = {
    "@cloudflare/ai-chat": False,
    "@cloudflare/playwright": False,
    "@cloudflare/puppeteer": False,
    "@cloudflare/think": False,
    "agents": False,
    "express": True,
    "ioredis": True,
    "jsonwebtoken": True,
    "knex": True,
    "mongodb": True,
    "mysql2": True,
    "nodemailer": True,
    "pg": True,
    "postgres": False,
    "redis": True,
}
_FOR_BROWSERS = pattern(r"(?:^|/)(?:react|client|ai-react|vite|tsconfig|chat-react|x402-client)(?:$|[/-])")
_POLYFILLS = (
    "@esbuild-plugins/node-globals-polyfill",
    "@esbuild-plugins/node-modules-polyfill",
    "esbuild-plugin-polyfill-node",
    "node-polyfill-webpack-plugin",
    "node-stdlib-browser",
    "rollup-plugin-polyfill-node",
    "vite-plugin-node-polyfills",
)
_BUFFER = pattern(rb"(?<![\w$.])Buffer\s*\.\s*(?:from|alloc|concat|byteLength|isBuffer|compare)\b")
_GUARDED = pattern(rb"typeof\s+(?:globalThis\.)?Buffer|globalThis\.Buffer|\bBuffer\s*=|as Buffer\b")


class _Need:
    """Something that needs Node.js: what to call it, where it is, and whether version 1 is not enough."""

    __slots__ = ("at", "name", "second")

    def __init__(self, name: str, at: Location, second: bool) -> None:
        self.name = name
        self.at = at
        self.second = second


@rule(worker(), severity=Severity.ERROR, fix=Safety.SAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    configured = subject.config
    if configured is None or not subject.entries or _has_polyfills(subject, project):
        return
    if _flags_are_misplaced(configured):
        return
    doubtful = [found for found in subject.environments if not _may_be_fine(found)]
    if not doubtful:
        return
    needs = list(_needs(subject, project))
    failing: dict[tuple[str, ...], list[Environment]] = {}
    for environment in doubtful:
        unmet = tuple(dict.fromkeys(need.name for need in needs if _is_unmet(environment, need)))
        if unmet:
            failing.setdefault(unmet, []).append(environment)
    for names, environments in failing.items():
        first = environments[0]
        places = [need.at for need in needs if need.name in names]
        yield Finding(
            _message(names, environments),
            _place(first),
            tuple(place.saying("needed here") for place in places[:5]),
            _fix(environments),
        )


def _flags_are_misplaced(configured: WranglerConfig) -> bool:
    """Whether a table has swallowed the flags, which `toml-misplaced-key` says and mends."""
    own = {id(environment.node) for environment in configured.environments}
    return configured.top.own("compatibility_flags") is None and any(
        id(node) not in own and node.get("compatibility_flags") is not None for node in configured.root.walk()
    )


def _may_be_fine(environment: Environment) -> bool:
    """Whether nothing that needs Node.js can be missing there: it is all on, or the date is not known."""
    return (
        environment.enables("nodejs_compat_v2") is not False or environment.value("node_compat") is not None
    )


def _is_unmet(environment: Environment, need: _Need) -> bool:
    second = environment.enables("nodejs_compat_v2")
    first = environment.enables("nodejs_compat")
    if second is not False or first is None:
        return False
    if need.name == "node:async_hooks" and environment.enables("nodejs_als"):
        return False
    return need.second or not first


def _message(names: Sequence[str], environments: Sequence[Environment]) -> str:
    first = environments[0]
    shown = [f"`{name}`" for name in names[:4]] + ([f"{len(names) - 4} more"] if len(names) > 4 else [])
    needs = "need" if len(names) > 1 else "needs"
    date = first.compatibility_date
    at = f" at {date.isoformat()}" if date is not None else ""
    if first.enables("nodejs_compat"):
        return (
            f"{join_names(shown)} {needs} the second version of `nodejs_compat`"
            f"{config.in_environments(environments)}, which is on from {_SECOND_VERSION}, not{at}"
        )
    where = config.in_environments(environments)
    return f"{join_names(shown)} {needs} `nodejs_compat`, which is not on{at}{where}"


def _place(environment: Environment) -> Location:
    for key in ("compatibility_flags", "compatibility_date"):
        node = environment.own(key)
        if node is not None:
            return environment.location(node)
    source = environment.source_of("compatibility_date")
    node = source.own("compatibility_date")
    return environment.location(node) if node is not None else environment.place


def _fix(environments: Sequence[Environment]) -> Fix | None:
    sources = dict.fromkeys(found.source_of("compatibility_flags") for found in environments)
    edits: list[Edit] = []
    for source in sources:
        if source.enables("nodejs_compat") or "no_nodejs_compat" in source.compatibility_flags:
            return None
        added = fixes.append_item(source.config, source.path("compatibility_flags"), "nodejs_compat")
        if not added:
            return None
        edits += added
    return Fix("Add the compatibility flag `nodejs_compat`", tuple(edits), Safety.SAFE)


def _has_polyfills(subject: Worker, project: Project) -> bool:
    configured = subject.config
    if configured is None:
        return False
    for environment in configured.environments:
        build = environment.value("build")
        command = build.get("command") if build is not None else None
        if (command is not None and command.text) or environment.own("node_compat") is not None:
            return True
    if subject.is_document:
        return False
    return any(config.declares(project.workspace, configured.directory, name) for name in _POLYFILLS)


def _needs(subject: Worker, project: Project) -> Iterator[_Need]:
    """What the code of a Worker needs of Node.js, in the order of its modules."""
    aliases = _aliases(subject)
    for path in subject.modules:
        document = project.sources.document(path)
        if (
            document is None
            or not path.endswith(_SCRIPTS)
            or path in subject.type_only
            or config.is_test_path(path)
        ):
            continue
        module: Module | None = None
        for edge in project.imports.of(path):
            found = _need_of(edge, path, project)
            if found is None or edge.item.specifier in aliases:
                continue
            module = module or js.module_of(project, path)
            if module is None or not _is_for_types(module, edge.item.span):
                yield _Need(found[0], Location(document, edge.item.span), found[1])
        match = _BUFFER.search(document.data)
        if match is not None and not _GUARDED.search(document.data):
            module = module or js.module_of(project, path)
            if module is not None and _is_global(module, match.start()):
                at = Span(match.start(), match.start() + len("Buffer"))
                yield _Need("Buffer", Location(document, at), True)


def _aliases(subject: Worker) -> frozenset[str]:
    alias = subject.config.root.get("alias") if subject.config is not None else None
    if alias is None or alias.kind is not config.NodeKind.OBJECT:
        return frozenset()
    return frozenset(member.key for member in alias.members)


def _need_of(edge: js.Edge, path: str, project: Project) -> tuple[str, bool] | None:
    item, to = edge.item, edge.to
    if item.type_only or item.kind not in (js.ImportKind.STATIC, js.ImportKind.REEXPORT):
        return None
    if isinstance(to, js.Builtin):
        if not to.name.startswith("node:"):
            return None
        if item.specifier.startswith("node:"):
            return item.specifier, False
        package = item.specifier.partition("/")[0]
        folder = path.rpartition("/")[0]
        return None if config.declares(project.workspace, folder, package) else (item.specifier, True)
    if isinstance(to, js.Package) and to.name in _PACKAGES and not _FOR_BROWSERS.search(to.subpath):
        return to.name, _PACKAGES[to.name]
    return None


def _is_for_types(module: Module, specifier: Span) -> bool:
    """Whether an import is left out of the bundle, because nothing but types uses what it names."""
    if not module.is_typescript:
        return False
    statement = module.node_at(specifier.start, specifier.end)
    while statement is not None and statement.type != "import_statement":
        statement = module.parent(statement)
    if statement is None:
        return False
    names = [
        found
        for found in module.scope.imports
        if statement.start_byte <= found.node.start_byte and found.node.end_byte <= statement.end_byte
    ]
    used = (node for found in names for node in module.scope.references(found))
    return bool(names) and all(node.type == "type_identifier" for node in used)


def _is_global(module: Module, at: int) -> bool:
    node = module.node_at(at, at + len("Buffer"))
    return node is not None and node.type == "identifier" and module.scope.resolve(node) is None


@check.on(section())
def check_section(shown: Section, project: Project) -> Iterator[Finding]:
    """Documentation that shows such code has to say that it needs the flag."""
    if any(environment.enables("nodejs_compat") for environment in shown.elsewhere):
        return
    needs = [need for need in _needs(shown.worker, project) if need.name != "Buffer"]
    names = list(dict.fromkeys(need.name for need in needs))
    if not names:
        return
    listed = join_names([f"`{name}`" for name in names[:4]])
    verb = "need" if len(names) > 1 else "needs"
    yield Finding(
        f"no configuration is shown: {listed} {verb} `nodejs_compat` before {_ON_BY_DEFAULT}",
        needs[0].at,
        severity=Severity.NOTE,
    )
