"""Keep `Env` and the configuration in step: every name in one is a name in the other.

Nothing checks a hand-written `Env`. When a binding is renamed, the code still compiles, and `env.CACHE` is
undefined when it runs. `wrangler types` writes `Env` from the configuration.

## Incorrect

```jsonc
{
  "kv_namespaces": [{ "binding": "KV_CACHE", "id": "0f2ac74b498b48028cb68387c421e279" }]
}
```

```ts
interface Env {
  CACHE: KVNamespace;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return new Response(await env.CACHE.get(request.url));
  },
};
```

## Correct

```jsonc
{
  "kv_namespaces": [{ "binding": "CACHE", "id": "0f2ac74b498b48028cb68387c421e279" }]
}
```

```ts
interface Env {
  CACHE: KVNamespace;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return new Response(await env.CACHE.get(request.url));
  },
};
```

## What to do

Declare each that the code reads in the configuration, in the list of its kind and under this name, and delete
the others from the type: as it is, they are `undefined`.

- "run `wrangler types`": Run `npx wrangler types`: it writes the file from the configuration. Until then
  the types are not those of the deployed Worker.
- "but not in the configuration, which binds `<other>`": Write `<other>` for it in the type, and at each place
  that is shown where it is read: as it is, that is `undefined`.
- "a member of a binding": Add `MEMBER;` to the type that is shown (its type is one of the platform).
- "has no member `<name>`": Add `<name>: string;` to the type (of a binding its type, `KVNamespace` or the
  like), and see that it is set: a secret by `npx wrangler secret put <name>`. If it is a slip, write the
  name that the type has instead: as it is, it is `undefined`.
- "neither bound": If the message names another, write that in the code. Otherwise add it to
  `secrets.required` in the configuration, or to `vars`: as it is, it is `undefined` in `wrangler dev`.
- "nothing but a comment": Run `npx wrangler types`, delete the `Env` that is written by hand, and import
  nothing for it: the generated one is global.
- "nothing reads it": Delete it from the type: no code of the Worker reads it, and no configuration binds it.
- "one of a kind": Declare it in the configuration: `ENTRY`, with the name or id of its resource, which is
  made first if there is none. As it is, it is `undefined` where the code reads it.

## Not reported

Members that are strings or optional: secrets are set elsewhere. Where `secrets.required` names them, a name
that is read beside those is reported all the same. Names that another
configuration of the same module binds; an `Env` that extends or indexes something unknown; code for which no
configuration is known, unless a comment in `Env` requires that names are kept equal by hand.

## Fix safety

Safe where a member that the configuration binds and the code uses is added to `Env`. Unsafe where one is
deleted that nothing reads: a test that makes an `env` of this type may name it, too.

- "did you mean": the name may be that of a secret of its own, which is set and not listed
- "neither bound": wrangler refuses to deploy until the secret is set (`npx wrangler secret put`)

Source: https://developers.cloudflare.com/workers/languages/typescript/#generate-types
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Location,
    Module,
    Project,
    Safety,
    Severity,
    Span,
    Worker,
    config,
    fixes,
    join_names,
    js,
    module,
    pattern,
    quoted,
    rule,
    worker,
)

_INJECTED = frozenset({"ASSETS", "__STATIC_CONTENT"})  # by Pages, by Workers Sites
_SHOWN = 3
_MOST_NAMES = 6
_REST_OF_LINE = pattern(rb"[;,]?[ \t]*(?://[^\n]*)?")
_PACKAGE = "@cloudflare/workers-types"
_KEEP_EQUAL = (
    pattern(r"wrangler|configuration|config file", re.I),
    pattern(r"\bbindings?\b|\bvariable name\b|\banother name\b", re.I),
    pattern(r"\b(?:replace|rename|change|update)\b", re.I),
)
"""What a comment speaks of that tells to keep a name equal to the one in the configuration."""
_ENTRIES = {
    "KVNamespace": '"kv_namespaces": [{{ "binding": "{}" }}]',
    "D1Database": '"d1_databases": [{{ "binding": "{}", "database_name": "DATABASE" }}]',
    "R2Bucket": '"r2_buckets": [{{ "binding": "{}", "bucket_name": "BUCKET" }}]',
    "Queue": '"queues": {{ "producers": [{{ "binding": "{}", "queue": "QUEUE" }}] }}',
    "DurableObjectNamespace": (
        '"durable_objects": {{ "bindings": [{{ "name": "{}", "class_name": "CLASS" }}] }}'
    ),
    "Ai": '"ai": {{ "binding": "{}" }}',
    "VectorizeIndex": '"vectorize": [{{ "binding": "{}", "index_name": "INDEX" }}]',
}
"""How a configuration binds what has a type."""


@rule(module(), severity=Severity.NOTE, fix=Safety.UNSAFE, both=True)
def check(module: Module) -> Iterator[Finding]:
    yield from _not_listed(module)
    if module.is_typescript:
        yield from _unbound(module)
        yield from _kept_by_hand(module)
        yield from _not_typed(module)


def _unbound(module: Module) -> Iterator[Finding]:
    """What is in `Env` and not in the configuration."""
    members = tuple(module.env_members())
    if not members or not module.workers or any(found.config is None for found in module.workers):
        return  # without a configuration what is bound is not known
    environments = module.environments
    if any(found.has_open_bindings for found in environments):
        return
    bound = {binding.name: binding for found in environments for binding in found.bindings}
    declared = {member.name for member in members}
    lost: dict[int, list[js.EnvMember]] = {}
    for member in members:
        if member.name in bound or member.member.optional or member.name in _INJECTED:
            continue
        if not member.has_binding_type:
            continue
        near = next(
            (
                b
                for name, b in bound.items()
                if name not in declared
                and _is_near(name, member)
                and b.kind in config.kinds_by_type(member.base)
            ),
            None,
        )
        if near is not None:
            yield Finding(
                f"`{member.name}` is in `Env` but not in the configuration, which binds `{near.name}`",
                member.at_name,
                (near.location.saying("this is what it binds"), *_reads(module, member.name)),
            )
        elif not any(found.config and found.config.is_commented_out(member.name) for found in module.workers):
            lost.setdefault(member.owner.span.start, []).append(member)
    for found in lost.values():
        names = join_names([f"`{member.name}`" for member in found], _SHOWN)
        verb = "are" if len(found) > 1 else "is"
        message = f"{names} {verb} in `{found[0].owner.name}` but not in the configuration"
        words = _words(module, found)
        edits = _without(found) if ("nothing reads it", "") in words else None
        fix = Fix.of(f"Delete {names}", edits, Safety.UNSAFE)
        yield Finding(message, found[0].at_name, fix=fix, words=words)


def _without(found: Sequence[js.EnvMember]) -> tuple[Edit, ...] | None:
    """The edits that delete members, each on a line of its own; None where one is not, or nothing is left."""
    if len(found) == len(found[0].owner.members):
        return None
    edits = []
    for member in found:
        document, start, end = member.at_name.document, *_ends(member)
        line = document.line_span(document.line_of(start))
        before, after = document.data[line.start : start], document.data[end : line.end]
        if before.strip() or end > line.end or _REST_OF_LINE.fullmatch(after) is None:
            return None
        following = min(len(document.data), line.end + len(b"\r\n"))
        newline = document.data.find(b"\n", line.end, following)
        edits.append(Edit(document, Span(line.start, newline + 1 if newline >= 0 else line.end), ""))
    return tuple(edits)


def _ends(member: js.EnvMember) -> tuple[int, int]:
    return member.member.name_span.start, member.at_type.span.end


def _reads(module: Module, name: str) -> Iterator[Location]:
    """Where code reads a name of `env`, in the module and in those around it."""
    for path in dict.fromkeys((module.path, *js.paths_around(module))):
        if path == module.path or js.is_named(module.project, (path,), name):
            other = module if path == module.path else js.module_of(module.project, path)
            uses = other.env_uses_of(name) if other is not None else ()
            yield from (other.at(use.node, "it is read here") for use in uses if other is not None)


def _words(module: Module, found: list[js.EnvMember]) -> js.Words:
    """Whether code reads the members, and the entry that would bind the one."""
    member = found[0]
    others = [path for path in js.paths_around(module) if path != module.path]
    if len(found) > 1:
        is_read = not others or any(_is_read(module, others, it.name) for it in found)
        return () if is_read else (("nothing reads it", ""),)
    data = member.at_name.document.data
    said = data[member.at_name.span.end : data.find(b"\n", member.at_name.span.end)].decode(errors="replace")
    if others and not _is_read(module, others, member.name):
        return (("nothing reads it", ""),)
    return _entry_of(member.name, said)


def _is_read(module: Module, others: Sequence[str], name: str) -> bool:
    """Whether a module, or one around it, has a name elsewhere than as a member of a type of `env`."""
    word = pattern(rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])")
    for path in (module.path, *others):
        if path != module.path and not js.is_named(module.project, (path,), name):
            continue
        other = module if path == module.path else js.module_of(module.project, path)
        if other is None:
            return True
        declared = sum(1 for it in other.env_members() if it.name == name)
        if len(word.findall(other.document.data)) > declared:
            return True
    return False


def _fate(project: Project, paths: Sequence[str], name: str, type_: str) -> js.Words:
    """What becomes of a member that nothing binds: nothing names it in some modules, or there is an entry
    that binds what has its type."""
    if paths and not js.is_named(project, paths, name):
        return (("nothing reads it", ""),)
    return _entry_of(name, type_)


def _entry_of(name: str, type_: str) -> js.Words:
    """The entry of a configuration that binds what has a type."""
    entry = next((entry for kind, entry in _ENTRIES.items() if kind in type_), None)
    return (("one of a kind", ""), ("ENTRY", entry.format(name))) if entry is not None else ()


def _not_listed(module: Module) -> Iterator[Finding]:
    """What the code reads and neither the configuration binds nor `secrets.required` names, where it names
    the secrets."""
    environments = module.environments
    if not environments or not all(found.lists_secrets for found in environments):
        return
    names = {binding.name for found in environments for binding in found.bindings}
    reported: set[str] = set()
    for use in module.env_uses():
        name = use.name
        if name in reported or use.written or use.method is not None or not name.isupper():
            continue
        if config.may_be_declared(module.project, module.workers, name) or config.is_injected(name):
            continue
        if any(one.guarded or one.written for one in module.env_uses_of(name)):
            continue
        types = module.project.env_types.members(module.path, name)
        if any(one.optional or "undefined" in one.type for one in types) or js.is_given_by_code(module, name):
            continue
        reported.add(name)
        near = next((known for known in names if js.spelling(known) == js.spelling(name)), None)
        hint = f"; did you mean `{near}`?" if near is not None else ""
        message = (
            f"`{name}` is neither bound nor named by `secrets.required`: `wrangler dev` leaves it out{hint}"
        )
        yield Finding(message, module.at(use.node), fix=_fix_of_secret(module, use, near))


def _fix_of_secret(module: Module, use: js.EnvUse, near: str | None) -> Fix | None:
    """The name that is meant; without one, that it is required in each environment that names its secrets."""
    if near is not None:
        return Fix(f"Write `{near}`", (module.replace(use.node, near),), Safety.UNSAFE)
    edits: list[Edit] = []
    for environment in module.environments:
        if environment.config.is_typescript or environment.own("secrets") is None:
            return None
        added = fixes.append_item(environment.config.data, environment.path("secrets", "required"), use.name)
        if added is None:
            return None
        edits.extend(added)
    return Fix.of(f"Add `{use.name}` to `secrets.required`", tuple(edits), Safety.UNSAFE)


def _is_near(name: str, member: js.EnvMember) -> bool:
    one, other = js.spelling(name), js.spelling(member.name)
    return one in other or other in one


def _kept_by_hand(module: Module) -> Iterator[Finding]:
    """A comment tells to keep a name equal to the configuration's, and no configuration is known."""
    if any(found.config is not None for found in module.workers):
        return
    for member in module.env_members():
        if not member.has_binding_type:
            continue
        name = module.node_at(member.member.name_span.start, member.member.name_span.end)
        signature = module.parent(name) if name is not None else None
        above = module.comments_above(signature) if signature is not None else ()
        comment = "\n".join(module.text(part) for part in above)
        if all(word.search(comment) for word in _KEEP_EQUAL):
            yield Finding(
                f"nothing but a comment keeps `{member.name}` equal to the name in the configuration:"
                " let `wrangler types` write `Env`",
                member.at_name,
            )


def _not_typed(module: Module) -> Iterator[Finding]:
    """What the code reads and `Env` does not have."""
    if not module.knows_env_type():
        return
    reported: set[str] = set()
    for use in module.env_uses():
        if use.name in reported or use.written or use.name == "default":
            continue  # `default`: an import that is mistaken for `env`
        if module.enclosing(use.node, frozenset({"type_query"})) is not None:
            continue  # the type checker looks at it
        target = use.whole.child_by_field_name("object") if use.whole.type == "member_expression" else None
        found = module.env_type_at(target) if target is not None else None
        if found is None or found.is_open or found.extends or not found.members:
            continue  # there may be more members
        if all(use.name != member.name for member in found.members):
            reported.add(use.name)
            yield _untyped(module, use, found)


def _untyped(module: Module, use: js.EnvUse, found: js.TypeFacts) -> Finding:
    bindings = module.bindings_named(use.name)
    document = module.project.sources.document(found.path)
    related: list[Location] = []
    if document is not None:
        start = found.span.start
        related.append(Location(document, Span(start, start + len("interface")), "what `env` is typed as"))
    fix = wanted = None
    if bindings:
        related.append(bindings[0].location.saying("it is bound here"))
        owner = module if found.path == module.path else js.module_of(module.project, found.path)
        wanted = owner.type_for(bindings[0]) if owner is not None else None
        known = owner is not None and wanted is not None and _is_in_scope(owner, wanted)
        edit = owner.member_added(found, use.name, wanted) if owner and wanted and known else None
        title = f"Add `{use.name}: {wanted}` to `{found.name}`"
        fix = Fix(title, (edit,), Safety.SAFE) if edit is not None else None
    is_member = use.whole.type == "member_expression"
    read = quoted(module.text(use.whole), 60) if is_member else f"`{use.name}` of `env`"
    message = f"{read} is read, but `{found.name}` has no member `{use.name}`"
    words = (("a member of a binding", ""), ("MEMBER", f"{use.name}: {wanted}")) if wanted is not None else ()
    return Finding(message, module.at(use.node), tuple(related), fix, words=words)


def _is_in_scope(module: Module, wanted: str) -> bool:
    """Whether a module may name a type: it declares or imports it, or those of the platform are global."""
    name = re.split(r"[<.]", wanted)[0]
    if name in ("string", "number", "boolean") or name in module.scope.top_level:
        return True
    if name in module.scope.top_level_types:
        return True
    imported = (found.imported for found in module.scope.imports)
    return all(found is None or found.module != _PACKAGE for found in imported)


@check.on(worker())
def check_worker(subject: Worker, project: Project) -> Iterator[Finding]:
    yield from _generated(subject, project)
    yield from _of_framework(subject, project)


def _of_framework(subject: Worker, project: Project) -> Iterator[Finding]:
    """What the types have that an app declares for its framework, and the configuration does not bind."""
    app = subject.app
    if app is None or any(found.has_open_bindings for found in subject.environments):
        return
    bound = {binding.name for found in subject.environments for binding in found.bindings}
    for types in js.ambient_env(project, subject):
        document = project.sources.document(types.path)
        lost = [
            member
            for member in types.members
            if member.name not in bound | app.bindings | _INJECTED
            and not member.optional
            and member.type[:1].isupper()
            and config.kinds_by_type(member.type.split("<", 1)[0].strip())
        ]
        if lost and document is not None:
            verb = "are" if len(lost) > 1 else "is"
            names = join_names([f"`{member.name}`" for member in lost], _SHOWN)
            message = f"{names} {verb} in `{types.name}` but not in the configuration"
            paths = [path for path in js.running_paths(subject) if not path.endswith(".d.ts")]
            words = _fate(project, paths, lost[0].name, lost[0].type) if len(lost) == 1 else ()
            yield Finding(message, Location(document, lost[0].name_span), words=words)


def _generated(subject: Worker, project: Project) -> Iterator[Finding]:
    """`worker-configuration.d.ts` does not say what the configuration says."""
    stale = config.stale_types(project, subject)
    if stale is None or subject.config is None:
        return
    parts = []
    if stale.missing:
        names = dict.fromkeys(f"`{binding.name}`" for binding in stale.missing)
        parts.append(f"lacks {join_names(list(names), _MOST_NAMES)}")
    if stale.left:
        parts.append(f"still has {join_names([f'`{member.name}`' for member in stale.left], _MOST_NAMES)}")
    at = stale.missing[0].location if stale.missing else subject.config.top.place
    if subject.config.is_typescript:
        message = (
            f"`worker-configuration.d.ts` {parts[0]}, beside the types that are inferred: remove the file"
        )
    else:
        message = f"`worker-configuration.d.ts` {' and '.join(parts)}: run `wrangler types`"
    # as it was run before: `--env-interface Bindings` names the type that the code uses
    words = (("npx wrangler types", f"npx {stale.command}"),) if stale.command.startswith("wrangler ") else ()
    yield Finding(message, at, (stale.at,), words=words)
