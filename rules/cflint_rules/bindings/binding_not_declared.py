"""Declare in the configuration every binding that the code uses.

`env` holds what the wrangler configuration declares, and secrets. A name that is not there is `undefined`,
and calling a method on it throws at the first request. TypeScript does not notice when `Env` is written by
hand.

## Incorrect

```ts
export default {
  async fetch(request, env): Promise<Response> {
    const page = await env.PAGES.get(new URL(request.url).pathname);
    return new Response(page ?? "Not found", { status: page === null ? 404 : 200 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "kv_namespaces": [{ "binding": "PAGE", "id": "0f2ac74b498b48028cb68387c421e279" }],
}
```

## Correct

```ts
export default {
  async fetch(request, env): Promise<Response> {
    const page = await env.PAGES.get(new URL(request.url).pathname);
    return new Response(page ?? "Not found", { status: page === null ? 404 : 200 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "kv_namespaces": [{ "binding": "PAGES", "id": "0f2ac74b498b48028cb68387c421e279" }],
}
```

## Not reported

Only what is used as a binding is, in a call such as `env.PAGES.get(…)`. Not: uses that check whether the
binding is there (`if (env.PAGES)`, `env.PAGES?.`, `"PAGES" in env`), names that some code assigns, names that
a library puts into `env`, names in `.dev.vars` or `.env`, members that `Env` declares optional or as strings,
names that one of several Workers with this module declares, and code without a configuration, where nothing
is known. Documentation whose sections use bindings and show no configuration gets one note per section.

## Fix safety

Safe when the name differs in one letter or in case from a binding with that method, and `Env` does not
declare it: the code takes the configured name. Unsafe otherwise: an entry is added to the configuration, for
kinds that wrangler can provision by itself.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cflint.api import (
    Binding,
    Edit,
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Project,
    Safety,
    Section,
    Severity,
    Value,
    ValueKind,
    Worker,
    call,
    config,
    fixes,
    join_names,
    js,
    member_access,
    pattern,
    python,
    python_module,
    rule,
    section,
)

if TYPE_CHECKING:
    import libcst as cst


_METHODS = (
    *("get", "put", "list", "delete", "getWithMetadata", "head", "createMultipartUpload"),
    *("prepare", "batch", "exec", "withSession", "idFromName", "idFromString", "getByName", "newUniqueId"),
    *("send", "sendBatch", "create", "createBatch", "run", "toMarkdown", "limit", "writeDataPoint"),
    *("query", "upsert", "insert", "getByIds", "deleteByIds", "fetch", "launch"),
)

_INJECTED = frozenset({"ASSETS", "OAUTH_PROVIDER", "WORKER_SELF_REFERENCE"})
_INJECTED_PREFIXES = ("__STATIC_CONTENT", "NEXT_", "CF_PAGES", "__")


@rule(
    call(*_METHODS),
    member_access("connectionString"),
    severity=Severity.ERROR,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    value = match.receiver_value
    name = value.name
    if value.kind is not ValueKind.BINDING or name is None or value.detail == "exports":
        return
    if _is_known(module, name) or match.receiver is None or _asks(match) or _is_copied(match):
        return
    method = match.text(match.name)
    if name == "ASSETS" and method == "fetch":
        yield from _assets(match)
        return
    if _is_injected(name) or _is_optional(module, name) or _is_given(module, name):
        return
    uses = [use for use in module.env_uses() if use.name == name]
    if any(use.guarded or use.written for use in uses):
        return
    yield _missing(match, name, value, uses)


def _missing(match: Match, name: str, value: Value, uses: list[js.EnvUse]) -> Finding:
    """The finding at the first use: the same, whichever use was looked at, so that it is reported once."""
    module = match.module
    method = next((use.method for use in uses if use.method is not None), match.text(match.name))
    configs = [found.config for found in module.workers if found.config is not None]
    kind = value.binding or js.kind_with_method(method)
    near = _near(module, name, method)
    label = f" ({kind.label})" if kind is not None and not kind.is_value else ""
    what = f"`{name}`{label} is used, but no configuration that has this module declares it"
    if len(configs) == 1:
        what = f"`{name}`{label} is used, but `{_file(configs[0].path)}` does not declare it"
    if near is not None:
        what += f"; did you mean `{near.name}`?"
    places = [module.at(use.node) for use in uses] or [match.at(match.receiver)]
    related = (near.location,) if near is not None else ()
    return Finding(
        what,
        places[0],
        (*related, *places[1:]),
        _fix(module, name, kind, near, uses),
        # a page may show a part of its configuration
        severity=Severity.NOTE if any(found.is_document for found in module.workers) else None,
    )


def _file(path: str) -> str:
    return path.rsplit("/", 1)[-1]


# What is no finding


def _is_known(module: Module | python.PythonModule, name: str) -> bool:
    """Whether a configuration declares the name, or nothing can be said."""
    if not module.workers:
        return True
    for found in module.workers:
        if found.config is None:
            return True
        for environment in found.environments:
            if environment.incomplete or environment.binding(name) is not None:
                return True
    return any(name in _secrets(module, found) for found in module.workers)


_NAME = pattern(rb"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=", re.MULTILINE)


def _secrets(module: Module | python.PythonModule, subject: Worker) -> frozenset[str]:
    """The names, and only these, in `.dev.vars` and `.env` files beside the configuration."""
    assert subject.config is not None
    workspace = module.project.workspace
    folder = subject.config.directory
    names: set[str] = set()
    for file in workspace.entries(folder):
        if not file.startswith((".dev.vars", ".env")):
            continue
        document = workspace.read(f"{folder}/{file}" if folder else file)
        if document is not None:
            names.update(found.decode() for found in _NAME.findall(document.data))
    return frozenset(names)


def _is_injected(name: str) -> bool:
    return name in _INJECTED or name.startswith(_INJECTED_PREFIXES)


def _is_optional(module: Module, name: str) -> bool:
    """Whether `Env` says that the member may be missing, or is a string, that is a secret."""
    return any(
        entry.name == name
        and (entry.optional or entry.type in ("string", "any") or "undefined" in entry.type)
        for found in module.project.env_types(module.path)
        for entry in found.members
    )


def _is_given(module: Module, name: str) -> bool:
    """Whether code of the Workers gives `env` the member: by an assignment, or in a copy of `env`."""
    word = re.escape(name.encode())
    assigned = re.compile(rb"[.\]!]\s*" + word + rb"\s*(?:\?\?|\|\||&&)?=(?![=>])")
    copied = re.compile(rb"\.\.\.[\w.?]{0,40}(?:env|Env|bindings)\b[^{}]{0,2000}?\b" + word + rb"\b")
    for found in module.workers:
        for path in found.modules:
            document = module.project.document(path)
            if document is None or name.encode() not in document.data:
                continue
            if assigned.search(document.data) or copied.search(document.data):
                return True
    return False


def _is_copied(match: Match) -> bool:
    """Whether the use is of a variable that several places may fill, not of `env` itself or a constant."""
    receiver = js.unwrap(match.receiver) if match.receiver is not None else None
    if receiver is None or receiver.type != "identifier":
        return False
    declaration = match.module.scope.resolve(receiver)
    return declaration is None or not declaration.constant


def _asks(match: Match) -> bool:
    """Whether the use itself is conditional: `env.X?.get()`, `env.X && env.X.get()`."""
    receiver = match.receiver
    if receiver is None:
        return True
    if match.module.is_guard(receiver):
        return True
    callee = match.callee if match.node.type == "call_expression" else match.node
    return callee is not None and any(part.type == "optional_chain" for part in callee.children)


# Static assets


def _assets(match: Match) -> Iterator[Finding]:
    """`env.ASSETS` exists when `assets.binding` says so; a framework may see to it, so only then."""
    for found in match.module.workers:
        configured = found.config
        if configured is None or configured.is_pages or not found.entries:
            return
        assets = configured.assets
        if assets is None or assets.get("directory") is None:
            return
    configured = match.module.workers[0].config
    if configured is None or match.receiver is None:
        return
    if any(use.name == "ASSETS" and (use.guarded or use.written) for use in match.module.env_uses()):
        return
    assets = configured.assets
    edits = fixes.set_key(configured, ("assets", "binding"), "ASSETS")
    yield Finding(
        f"`ASSETS` is used, but `assets` in `{_file(configured.path)}` has no `binding`",
        match.at(match.receiver),
        (configured.location(assets),) if assets is not None else (),
        Fix("Bind the assets as `ASSETS`", edits, Safety.SAFE) if edits else None,
    )


# What to do


def _near(module: Module | python.PythonModule, name: str, method: str) -> Binding | None:
    """A declared binding that was probably meant: spelled much the same, with that method."""
    from difflib import SequenceMatcher

    best: tuple[float, Binding] | None = None
    for environment in module.environments:
        for found in environment.bindings:
            kind = found.kind
            if kind.is_value or (kind.methods_known and method not in kind.methods | {"connectionString"}):
                continue
            if kind.methods_known and method == "connectionString" and kind.id != "hyperdrive":
                continue
            ratio = SequenceMatcher(None, name.upper(), found.name.upper()).ratio()
            if ratio > 0.75 and (best is None or ratio > best[0]):
                best = ratio, found
    return best[1] if best is not None else None


def _is_slip(name: str, other: str) -> bool:
    """Whether two names are one letter, or only their case, apart."""
    if name.upper() == other.upper():
        return True
    if abs(len(name) - len(other)) > 1:
        return False
    shared = 0
    while shared < min(len(name), len(other)) and name[shared] == other[shared]:
        shared += 1
    return name[shared + 1 :] in (other[shared:], other[shared + 1 :]) or name[shared:] == other[shared + 1 :]


def _fix(
    module: Module, name: str, kind: config.BindingKind | None, near: Binding | None, uses: list[js.EnvUse]
) -> Fix | None:
    declared = any(
        entry.name == name for found in module.project.env_types(module.path) for entry in found.members
    )
    if near is not None:
        if (
            not _is_slip(name, near.name)
            or declared
            or any(use.whole.type != "member_expression" for use in uses)
        ):
            return None
        edits = tuple(module.replace(use.node, near.name) for use in uses)
        return Fix(f"Use `{near.name}`", edits, Safety.SAFE) if edits else None
    if kind is None or len(module.workers) != 1 or module.workers[0].is_document:
        return None
    added = _entry(module, module.workers[0], name, kind)
    return Fix(f"Declare `{name}` ({kind.label})", added, Safety.UNSAFE) if added else None


_PROVISIONED = frozenset({"kv", "r2", "d1"})
_SINGLE = frozenset({"ai", "browser", "images"})


def _entry(module: Module, subject: Worker, name: str, kind: config.BindingKind) -> tuple[Edit, ...] | None:
    configured = subject.config
    if configured is None or configured.root.broken:
        return None
    path = configured.top.path(*kind.path)
    if kind.id in _PROVISIONED:
        return fixes.append_item(configured, path, {"binding": name})
    if kind.id in _SINGLE and configured.top.own(kind.path[0]) is None:
        return fixes.set_key(configured, path, {"binding": name})
    if kind.id == "queue":
        return fixes.append_item(configured, path, {"binding": name, "queue": name.lower().replace("_", "-")})
    if kind.id == "durable_object":
        owner = _class_bound_as(module, subject, name)
        return fixes.append_item(configured, path, {"name": name, "class_name": owner}) if owner else None
    return None


def _class_bound_as(module: Module, subject: Worker, name: str) -> str | None:
    """The exported class that `Env` gives as the type argument of the namespace."""
    exports = module.project.worker_exports(subject)
    for found in module.project.env_types(module.path):
        for entry in found.members:
            argument = re.search(r"<\s*(?:import\([^)]*\)\.)?(\w+)\s*>", entry.type)
            if entry.name == name and argument is not None and argument[1] in exports:
                return argument[1]
    return None


# Documentation


@check.on(section())
def check_section(shown: Section, project: Project) -> Iterator[Finding]:
    """A page that shows code with bindings, and nowhere the configuration that it needs."""
    declared = {found.name for environment in shown.elsewhere for found in environment.bindings}
    needed: dict[str, tuple[config.BindingKind, Location]] = {}
    for path in shown.worker.modules:
        module = project.module(path)
        if module is not None:
            for name, found in _needs(module).items():
                if name not in declared and not _is_injected(name):
                    needed.setdefault(name, found)
    if not needed:
        return
    parts = join_names([f"`{name}` ({kind.label})" for name, (kind, _) in needed.items()])
    yield Finding(
        f"no configuration is shown: it has to declare {parts}",
        next(at for _, at in needed.values()),  # uses come before types
        severity=Severity.NOTE,
    )


def _needs(module: Module) -> Mapping[str, tuple[config.BindingKind, Location]]:
    """The bindings that a code block uses, and those that its `Env` has; with the places that say so."""
    found: dict[str, tuple[config.BindingKind, Location]] = {}
    uses: dict[str, js.EnvUse] = {}
    for use in module.env_uses():
        kind = module.binding(use.name).binding or (js.kind_with_method(use.method) if use.method else None)
        uses.setdefault(use.name, use)
        if kind is not None and not kind.is_value:
            found.setdefault(use.name, (kind, module.at(use.node)))
    facts = module.project.facts(module.path)
    if facts is None or not (facts.classes or facts.exports.keys() & {"default"}):
        return found  # only types
    for types in module.project.env_types(module.path):
        for entry in types.members:
            kind = config.binding_kind_of_type(entry.type)
            if entry.type.startswith("AgentNamespace"):
                kind = config.kind_by_id("durable_object")
            if kind is not None and not kind.is_value and types.path == module.path:
                named = uses.get(entry.name)
                declared = Location(module.document, entry.name_span)
                found.setdefault(entry.name, (kind, module.at(named.node) if named is not None else declared))
    return found


# -- Python ----------------------------------------------------------------------------------------------


@check.on(python_module("env"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    """Undeclared names on which the module calls a method of some binding, each at its first place."""
    for name, (method, nodes) in _used_as_bindings(module).items():
        if not name.isupper() or _is_injected(name) or _is_known(module, name):
            continue
        if any(_may_be_missing(module, node) for node in nodes) or _is_asked_for(module, name):
            continue
        configs = [found.config for found in module.workers if found.config is not None]
        near = _near(module, name, method)
        kind = js.kind_with_method(method)
        label = f" ({kind.label})" if kind is not None and not kind.is_value else ""
        what = f"`{name}`{label} is used, but no configuration that has this module declares it"
        if len(configs) == 1:
            what = f"`{name}`{label} is used, but `{_file(configs[0].path)}` does not declare it"
        fix: Fix | None = None
        if near is not None:
            what += f"; did you mean `{near.name}`?"
            edits = tuple(module.replace(node.attr, near.name) for node in nodes)
            safety = Safety.SAFE if _is_slip(name, near.name) else Safety.UNSAFE
            fix = Fix(f"Use `{near.name}`", edits, safety)
        places = [module.at(node.attr) for node in nodes]
        related = (near.location,) if near is not None else ()
        severity = Severity.NOTE if module.is_document else None
        yield Finding(what, places[0], (*related, *places[1:]), fix, severity)


def _used_as_bindings(module: python.PythonModule) -> dict[str, tuple[str, list[cst.Attribute]]]:
    """The members of `env` of which a method of a binding is called: that method, and all their places."""
    import libcst as cst

    places: dict[str, list[cst.Attribute]] = {}
    methods: dict[str, str] = {}
    for node in module.find(cst.Attribute):
        if module.value_of(node.value).kind is not ValueKind.ENV:
            continue
        places.setdefault(node.attr.value, []).append(node)
        above = module.parent(node)
        if isinstance(above, cst.Attribute) and above.attr.value in _METHODS:
            around = module.parent(above)
            if isinstance(around, cst.Call) and around.func is above:
                methods.setdefault(node.attr.value, above.attr.value)
    return {name: (method, places[name]) for name, method in methods.items()}


def _may_be_missing(module: python.PythonModule, node: cst.Attribute) -> bool:
    """Whether a place asks whether the binding is there, catches that it is not, or makes it."""
    import libcst as cst

    above = module.parent(node)
    if isinstance(above, (cst.If, cst.IfExp, cst.BooleanOperation, cst.UnaryOperation, cst.Comparison)):
        return True
    if isinstance(above, (cst.AssignTarget, cst.Assert)):
        return True
    return any(isinstance(one, (cst.Try, cst.TryStar)) for one in module.ancestors(node))


def _is_asked_for(module: python.PythonModule, name: str) -> bool:
    """Whether the name stands in a `hasattr`, `getattr` or `setattr`."""
    found = map(module.arguments, module.calls("hasattr", "getattr", "setattr"))
    return any(len(given) > 1 and module.string_of(given[1]) == name for given in found)
