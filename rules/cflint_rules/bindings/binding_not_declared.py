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

## What to do

- "by a constant": Write `"<other>"` for the value of the constant `CONSTANT`, where it is declared, and
  `<other>` wherever else this name is read: that is how the configuration calls it. As it is, it is
  `undefined`.
- "did you mean `<other>`": Write `<other>` for it, here and at the other places: that is how the
  configuration calls it. As it is, it is `undefined`.
- "in a comment": Take the comment marks away from the entry of `<name>`, which stands in the configuration as
  a comment, with the id or name of a resource that exists. As it is, it is `undefined`.
- "`<name>` (KV namespace) is used": Run `npx wrangler kv namespace create <name>` (unless there is one for
  it: `npx wrangler kv namespace list`), and add `"kv_namespaces": [{ "binding": "<name>", "id": "ID" }]` to
  the configuration, with the id that it prints for `ID`. As it is, it is `undefined`.
- "`<name>` (D1 database) is used": Run `npx wrangler d1 create DATABASE` with a name of your choice (unless
  there is one for it: `npx wrangler d1 list`), and add `"d1_databases": [{ "binding": "<name>",
  "database_name": "DATABASE", "database_id": "ID" }]` to the configuration, with the id that it prints for
  `ID`. As it is, it is `undefined`.
- "`<name>` (R2 bucket) is used": Run `npx wrangler r2 bucket create BUCKET` with a name of your choice
  (unless there is one for it: `npx wrangler r2 bucket list`), and add `"r2_buckets": [{ "binding": "<name>",
  "bucket_name": "BUCKET" }]` to the configuration. As it is, it is `undefined`.
- "`<name>` (Durable Object namespace) is used": Add `"durable_objects": { "bindings": [{ "name": "<name>",
  "class_name": "Class" }] }` to the configuration, with the class that `main` exports for `Class`, and,
  unless one names it already, a migration: `"migrations": [{ "tag": "v1", "new_sqlite_classes": ["Class"]
  }]`. As it is, it is `undefined`.

Declare it in the configuration, in the list of its kind (`kv_namespaces`, `d1_databases`, `r2_buckets`,
`queues.producers`, `services`, `workflows`, …), with this name as `binding` and the id or name of the
resource; a secret is set by `npx wrangler secret put NAME`. If the configuration has it under another name,
write that in the code. As it is, it is `undefined`.

## Not reported

Only what is used as a binding is, in a call such as `env.PAGES.get(…)`. Not: uses that check whether the
binding is there (`if (env.PAGES)`, `env.PAGES?.`, `"PAGES" in env`), names that some code assigns, names that
a library puts into `env`, names in `.dev.vars` or `.env`, members that `Env` declares optional or as strings,
names that one of several Workers with this module declares, and code without a configuration, where nothing
is known. Documentation whose sections use bindings and show no configuration gets one note per section.

## Errors

```text title="workerd"
TypeError: Cannot read properties of undefined (reading '…')
TypeError: Cannot read properties of undefined (reading 'prepare')
TypeError: Cannot read properties of undefined (reading 'idFromName')
TypeError: Cannot read properties of undefined (reading 'fetch')
TypeError: Cannot read properties of undefined (reading 'get')
TypeError: Cannot read properties of undefined (reading 'put')
TypeError: Cannot read properties of undefined (reading 'send')
```

## Fix safety

Safe when the name differs in one letter or in case from a binding with that method, and `Env` does not
declare it: the code takes the configured name. Unsafe otherwise: the next deployment makes what the entry
stands for.

- "(Durable Object namespace)": the next deployment binds the class, and creates it where no migration did
- "KV namespace": the next deployment makes an empty namespace for it; one that exists needs its id beside it
- "D1 database": the next deployment makes an empty database for it; one that exists needs its id beside it
- "queue producer": a queue of that name is needed (`npx wrangler queues create <queue>`), which wrangler
  makes from 4.113 on
- "R2 bucket": the next deployment makes an empty bucket for it; one that exists needs its name beside it

An entry is added for kinds that wrangler can provision by itself, and for queues. A class of objects that no
migration makes gets one. There is no fix where a script uses the resource before the deployment that would
make it. Not on Pages, and not before wrangler 4.45 (4.102 for D1, which asks for the id until then), which
provision nothing.

Source: https://developers.cloudflare.com/workers/runtime-apis/bindings/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cflint.api import (
    Binding,
    Finding,
    Fix,
    Location,
    Match,
    Module,
    Project,
    Safety,
    Section,
    Severity,
    Span,
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
    replace,
    rule,
    section,
)

_ENTRY_OF = rb"\"?\b(?:binding|name)\"?\s*[:=]\s*[\"'](?P<name>%s)[\"']"
"""An entry of a configuration that binds a name."""
_CALLED = {
    "ai": ("_AI_", "WORKERSAI"),
    "vectorize": ("VECT", "INDEX", "EMBED"),
    "workflow": ("FLOW",),
    "ratelimit": ("LIMIT", "RATE", "THROTTLE"),
}
"""Parts of names of bindings whose methods (`run()`, `query()`, `create()`) others have, too."""
_PROVISIONED = frozenset({"kv", "d1", "r2"})
_METHODS = (
    *("get", "put", "list", "delete", "getWithMetadata", "head", "createMultipartUpload"),
    *("prepare", "batch", "exec", "withSession", "idFromName", "idFromString", "getByName", "newUniqueId"),
    *("send", "sendBatch", "create", "createBatch", "run", "toMarkdown", "limit", "writeDataPoint"),
    *("query", "upsert", "insert", "getByIds", "deleteByIds", "fetch", "launch"),
)


@rule(
    call(*_METHODS),
    member_access("connectionString"),
    severity=Severity.ERROR,
    fix=Safety.UNSAFE,
)
def check(match: Match) -> Iterator[Finding]:
    module, value = match.module, match.receiver_value
    name = value.name
    if value.kind is not ValueKind.BINDING or name is None or value.detail == "exports":
        return
    if match.receiver is None or _is_conditional(match) or _is_copied(match):
        return
    if config.may_be_declared(module.project, module.workers, name):
        return
    method = match.text(match.name)
    uses = list(module.env_uses_of(name))
    if any(use.guarded or use.written for use in uses):
        return
    if name == "ASSETS" and method == "fetch":
        yield from _assets(match)
        return
    if config.is_injected(name) or module.project.env_types.may_lack(module.path, name):
        return
    if js.is_given_by_code(module, name):
        return
    # the same finding, at the first use, whichever use is looked at, so that it is reported once
    method = next((use.method for use in uses if use.method is not None), method)
    kind = value.binding or _guessed(method, name)
    near = config.similar_binding(module.environments, name, method)
    places = [module.at(use.node) for use in uses] or [match.at(match.receiver)]
    found = _undeclared(module, name, kind, near, places, _fix(module, name, kind, near, uses))
    if near is not None:
        yield replace(found, words=_words(module, name, uses))
        return
    comment = next(_in_comments(module, name), None)
    if comment is None:
        yield found
        return
    related = (comment.saying("it stands here as a comment"), *found.related)
    yield replace(found, related=related, fix=None, words=(("in a comment", ""), ("<name>", name)))


def _guessed(method: str, name: str) -> config.BindingKind | None:
    """The kind of binding that has a method. Where another Worker may well have one of that name, for its
    callers, the binding has to be called so, too."""
    kind = js.kind_with_method(method)
    called = _CALLED.get(kind.id) if kind is not None else None
    return kind if called is None or any(part in f"_{name.upper()}_" for part in called) else None


def _in_comments(module: Module, name: str) -> Iterator[Location]:
    """Where the configuration has an entry for a name as a comment."""
    for subject in module.workers:
        configuration = subject.config
        if configuration is None or not configuration.is_commented_out(name):
            continue
        document, entry = configuration.document, pattern(_ENTRY_OF % re.escape(name.encode()))
        for span in configuration.comments:
            found = entry.search(document.data, span.start, span.end)
            if found is not None:
                yield Location(document, Span(found.start("name"), found.end("name")))


def _words(module: Module, name: str, uses: list[js.EnvUse]) -> js.Words:
    """The case that a constant says which name is read."""
    by = next(
        (use.node for use in uses if use.node.type == "identifier" and module.text(use.node) != name), None
    )
    return (("by a constant", ""), *js.word("CONSTANT", module, by)) if by is not None else ()


def _undeclared(
    module: Module | python.PythonModule,
    name: str,
    kind: config.BindingKind | None,
    near: Binding | None,
    places: Sequence[Location],
    fix: Fix | None,
) -> Finding:
    configurations = [found.config for found in module.workers if found.config is not None]
    label = f" ({kind.label})" if kind is not None and not kind.is_value else ""
    what = f"`{name}`{label} is used, but no configuration that has this module declares it"
    if len(configurations) == 1:
        what = f"`{name}`{label} is used, but `{configurations[0].file_name}` does not declare it"
    if near is not None:
        what += f"; did you mean `{near.name}`?"
    related = (near.location,) if near is not None else ()
    # a page may show a part of its configuration
    severity = Severity.NOTE if any(found.is_document for found in module.workers) else None
    is_queue = kind is not None and kind.id == "queue"
    words = (("<queue>", name.lower().replace("_", "-")),) if is_queue else ()
    return Finding(what, places[0], (*related, *places[1:]), fix, severity, words=words)


def _is_copied(match: Match) -> bool:
    """Whether the use is of a variable that several places may fill, not of `env` itself or a constant."""
    receiver = js.unwrap(match.receiver) if match.receiver is not None else None
    if receiver is None or receiver.type != "identifier":
        return False
    declaration = match.module.scope.resolve(receiver)
    return declaration is None or not declaration.constant


def _is_conditional(match: Match) -> bool:
    """Whether the use itself asks first: `env.X?.get()`, `env.X && env.X.get()`."""
    member = match.module.member_read(match.receiver) if match.receiver is not None else None
    return member is None or member.is_optional or match.module.is_guard(member.object)


def _assets(match: Match) -> Iterator[Finding]:
    """`env.ASSETS` exists when `assets.binding` says so; a framework may see to it, so only then."""
    configurations = [found.config for found in match.module.workers if found.entries]
    first = next(iter(configurations), None)
    if first is None or first.assets is None or len(configurations) < len(match.module.workers):
        return
    if any(found is None or found.assets_directory is None for found in configurations):
        return
    edits = fixes.set_key(first, ("assets", "binding"), "ASSETS")
    yield Finding(
        f"`ASSETS` is used, but `assets` in `{first.file_name}` has no `binding`"
        if not first.is_typescript
        else f"`ASSETS` is used, but `{first.spelled('assets', 'binding')}` has no `bindings.assets()`",
        match.at(match.call.receiver or match.node),
        (first.location(first.assets).saying("it belongs here"),),
        Fix("Bind the assets as `ASSETS`", edits, Safety.SAFE) if edits else None,
    )


def _fix(
    module: Module, name: str, kind: config.BindingKind | None, near: Binding | None, uses: list[js.EnvUse]
) -> Fix | None:
    if near is not None:
        is_declared = any(True for _ in module.project.env_types.members(module.path, name))
        can_rename = all(use.whole.type == "member_expression" for use in uses)
        if is_declared or not can_rename or not config.is_misspelling(name, near.name):
            return None
        edits = tuple(module.replace(use.node, near.name) for use in uses)
        return Fix(f"Use `{near.name}`", edits, Safety.SAFE) if edits else None
    subject = module.workers[0]
    if kind is None or len(module.workers) != 1 or subject.is_document or subject.config is None:
        return None
    if kind.id in _PROVISIONED and not config.provisions(module.project, subject.config, kind.id):
        return None
    if kind.id in _PROVISIONED and config.used_before_deployment(module.project, subject.config, name):
        return None  # it has to exist before the deployment that would make it
    owner = _class_for(module, subject, name) if kind.id == "durable_object" else None
    if owner is not None and (subject.is_pages or owner in subject.config.top.lifecycle.gone):
        return None
    added = fixes.declare_binding(subject.config, kind, name, class_name=owner)
    created = fixes.add_durable_object_class(subject.config.top, owner) if owner is not None else ()
    if not added or created is None:
        return None
    return Fix(f"Declare `{name}` ({kind.label})", (*added, *created), Safety.UNSAFE)


def _class_for(module: Module, subject: Worker, name: str) -> str | None:
    """The class of the objects in a namespace: the one that its type names; otherwise the exported class of
    objects that nothing else binds, of several the one that is called so."""
    project = module.project
    exported = project.exports.of_worker(subject)
    typed = project.env_types.class_bound_as(module.path, name)
    if typed is not None:
        return typed if typed in exported else None
    if not exported.complete:
        return None
    bound = {it.class_name for each in subject.environments for it in each.bindings_of("durable_object")}
    free = [
        word
        for word in exported.names
        if word not in bound
        and (facts := project.exports.find_class(subject, word)) is not None
        and (project.classes.kind(facts).runs_as_durable_object or js.spelling(word) == js.spelling(name))
    ]
    return next((word for word in free if js.spelling(word) == js.spelling(name)), None) or (
        free[0] if len(free) == 1 else None
    )


@check.on(section())
def check_section(shown: Section, project: Project) -> Iterator[Finding]:
    """A page that shows code with bindings, and nowhere the configuration that it needs."""
    declared = {found.name for environment in shown.elsewhere for found in environment.bindings}
    needed: dict[str, tuple[config.BindingKind, Location]] = {}
    for path in shown.worker.modules:
        module = js.module_of(project, path)
        for name, found in module.bindings_needed().items() if module is not None else ():
            if name not in declared and not config.is_injected(name):
                needed.setdefault(name, found)
    if not needed:
        return
    parts = join_names([f"`{name}` ({kind.label})" for name, (kind, _) in needed.items()])
    yield Finding(
        f"no configuration is shown: it has to declare {parts}",
        next(at for _, at in needed.values()),  # uses come before types
        severity=Severity.NOTE,
    )


@check.on(python_module("env"))
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    """Undeclared names on which the module calls a method of some binding, each at its first place."""
    by_name: dict[str, list[python.PythonEnvUse]] = {}
    for use in module.env_uses():
        by_name.setdefault(use.name, []).append(use)
    for name, uses in by_name.items():
        method = next((use.method for use in uses if use.method in _METHODS), None)
        if method is None or not name.isupper() or any(use.guarded for use in uses):
            continue
        if config.is_injected(name) or config.may_be_declared(module.project, module.workers, name):
            continue
        near = config.similar_binding(module.environments, name, method)
        fix = None
        if near is not None:
            edits = tuple(module.replace(use.node, near.name) for use in uses)
            safety = Safety.SAFE if config.is_misspelling(name, near.name) else Safety.UNSAFE
            fix = Fix(f"Use `{near.name}`", edits, safety)
        places = [module.at(use.node) for use in uses]
        yield _undeclared(module, name, js.kind_with_method(method), near, places, fix)
