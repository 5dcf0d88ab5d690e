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

## Not reported

Members that are strings (secrets are set elsewhere) or optional; names that another configuration of the same
module binds; an `Env` that extends or indexes something unknown; code for which no configuration is known,
unless a comment in `Env` requires that names are kept equal by hand.

## Fix safety

Safe: a member that the configuration binds and the code uses is added to `Env`.

Source: https://developers.cloudflare.com/workers/languages/typescript/#generate-types
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.api import (
    Binding,
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
    join_names,
    js,
    module,
    pattern,
    rule,
    worker,
)
from cflint_rules.types._env import (
    EnvMember,
    at_name,
    bindings_named,
    env_members,
    env_types,
    is_runtime_type,
    normalized,
    type_for,
)

if TYPE_CHECKING:
    from tree_sitter import Node


@rule(module(), severity=Severity.WARNING, fix=Safety.SAFE)
def check(subject: Module) -> Iterator[Finding]:
    if not subject.is_typescript:
        return
    yield from _unbound(subject)
    yield from _kept_by_hand(subject)
    yield from _untyped_uses(subject)


# -- in `Env`, not in the configuration ------------------------------------------------------------------

_INJECTED = frozenset({"ASSETS", "__STATIC_CONTENT"})  # by Pages, by Workers Sites


def _unbound(module: Module) -> Iterator[Finding]:
    if not module.workers or any(found.config is None for found in module.workers):
        return  # what is bound is not known
    environments = module.environments
    if any(found.incomplete for found in environments):
        return
    members = tuple(env_members(module))
    if not members:
        return
    names = {binding.name: binding for found in environments for binding in found.bindings}
    declared = {member.name for member in members}
    lost: dict[int, list[EnvMember]] = {}
    for member in members:
        if member.name in names or member.member.optional or member.name in _INJECTED:
            continue
        if not _is_binding_type(module, member):
            continue
        near = next((b for name, b in names.items() if name not in declared and _is_near(name, member)), None)
        if near is None:
            if not _is_commented_out(module, member.name):
                lost.setdefault(member.owner.span.start, []).append(member)
            continue
        yield Finding(
            f"`{member.name}` is in `Env` but not in the configuration, which binds `{near.name}`",
            at_name(module, member.member),
            (near.location.saying("this is what it binds"),),
        )
    for first, *others in lost.values():
        shown = [f"`{member.name}`" for member in (first, *others[:2])]
        if len(others) > 2:
            shown.append(f"{len(others) - 2} more")
        verb = "are" if others else "is"
        yield Finding(
            f"{join_names(shown)} {verb} in `{first.owner.name}` but not in the configuration",
            at_name(module, first.member),
        )


def _is_commented_out(module: Module, name: str) -> bool:
    """Whether the name stands in a comment of a configuration, to be switched on."""
    word = re.compile(rb"(?m)(?:#|//|^[ \t]*\*)[^\n]*?(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])")
    documents = {found.config.path: found.config.document for found in module.workers if found.config}
    return any(word.search(document.data) is not None for document in documents.values())


def _is_binding_type(module: Module, member: EnvMember) -> bool:
    kinds = config.kinds_by_type(member.base)
    return bool(kinds) and member.base[:1].isupper() and is_runtime_type(module, member.base)


def _is_near(name: str, member: EnvMember) -> bool:
    one, other = normalized(name), normalized(member.name)
    return one in other or other in one


# -- a comment says so -----------------------------------------------------------------------------------

_KEEP_EQUAL = (
    re.compile(r"wrangler|configuration|config file", re.I),
    re.compile(r"\bbindings?\b|\bvariable name\b|\banother name\b", re.I),
    re.compile(r"\b(?:replace|rename|change|update)\b", re.I),
)
"""What a comment speaks of that tells to keep a name equal to the one in the configuration."""


_COMMENT_BEFORE = pattern(r"(?:^[ \t]*(?://|/?\*)[^\n]*\n){1,12}[ \t]*\Z", re.M)


def _kept_by_hand(module: Module) -> Iterator[Finding]:
    """A comment tells to keep a name equal to the configuration's, and no configuration is known."""
    if any(found.config is not None for found in module.workers):
        return
    data = module.document.data
    for member in env_members(module):
        if not _is_binding_type(module, member):
            continue
        start = max(member.owner.span.start, member.member.name_span.start - 600)
        before = data[start : member.member.name_span.start].decode("utf-8", "replace")
        comment = _COMMENT_BEFORE.search(before)
        if comment is None or not all(word.search(comment[0]) for word in _KEEP_EQUAL):
            continue
        yield Finding(
            f"nothing but a comment keeps `{member.name}` equal to the name in the configuration:"
            " let `wrangler types` write `Env`",
            at_name(module, member.member),
            severity=Severity.NOTE,
        )


# -- used, but not in `Env` ------------------------------------------------------------------------------


def _untyped_uses(module: Module) -> Iterator[Finding]:
    if not _knows_env_type(module):
        return
    said: set[str] = set()
    for use in module.env_uses():
        if use.name in said or use.written:
            continue
        target = use.whole.child_by_field_name("object") if use.whole.type == "member_expression" else None
        found = _env_type_of(module, target) if target is not None else None
        names = _names_of(module, found) if found is not None else None
        if found is None or names is None or use.name in names:
            continue
        said.add(use.name)
        yield _untyped(module, use, found)


def _knows_env_type(module: Module) -> bool:
    """Whether the module declares or imports a type of `env`: else there is nothing to compare uses with."""
    if b"env" not in module.document.data:
        return False
    if any(True for _ in env_types(module)):
        return True
    return any(
        found.imported is not None and found.imported.name.endswith(("Env", "Bindings", "Environment"))
        for found in module.scope.imports
    )


def _untyped(module: Module, use: js.EnvUse, found: js.TypeFacts) -> Finding:
    bindings = bindings_named(module, use.name)
    document = module.project.sources.document(found.path)
    related: list[Location] = []
    fix = None
    if document is not None:
        start = found.span.start
        related.append(Location(document, Span(start, start + len("interface")), "what `env` is typed as"))
    if bindings:
        related.append(bindings[0].location.saying("it is bound here"))
        fix = _addition(module, found, bindings[0])
    message = f"`{use.name}` is read from `env`, but `{found.name}` has no such member"
    return Finding(message, module.at(use.node), tuple(related), fix)


def _addition(module: Module, found: js.TypeFacts, binding: Binding) -> Fix | None:
    """Add the member after the last one, in its style."""
    if found.path != module.path or not found.members:
        return None
    wanted = type_for(module, binding)
    last = found.members[-1]
    if wanted is None or not re.fullmatch(r"[A-Za-z_$][\w$]*", binding.name):
        return None
    document = module.document
    line = document.line_span(document.line_of(last.name_span.start))
    before = document.data[line.start : last.name_span.start].decode("utf-8", "replace")
    end = last.type_span.end
    mark = document.data[end : end + 1].decode("ascii", "ignore")
    if before.strip() or mark not in (";", ","):
        return None  # members that share a line
    edit = module.insert(end + 1, f"\n{before}{binding.name}: {wanted}{mark}")
    return Fix(f"Add `{binding.name}: {wanted}` to `{found.name}`", (edit,), Safety.SAFE)


def _env_type_of(module: Module, node: Node) -> js.TypeFacts | None:
    """The type that a parameter `env`, or `this.env` of a class, is declared to have."""
    if node.type == "member_expression":
        owner = module.this_class_of_member(node)
        if owner is None or not owner.kind.is_platform or owner.field_type("env") is not None:
            return None
        arguments = owner.facts.type_arguments
        if arguments is None:
            return _only_env_type(module)
        return _type_named(module, re.split(r"[<>,]", arguments)[1].strip())
    if node.type != "identifier":
        return None
    declared = module.scope.resolve(node)
    typed = js.first_named(declared.owner.child_by_field_name("type")) if declared is not None else None
    if declared is None or declared.path or typed is None:
        return None
    return _type_named(module, module.text(js.unwrap(typed)))


def _only_env_type(module: Module) -> js.TypeFacts | None:
    """The one `Env` of a module, where `this.env` has the default type: it is the one that is meant."""
    if any(module.project.env_types.generated(found) is not None for found in module.workers):
        return None
    if b"namespace Cloudflare" in module.document.data:
        return None
    found = list(env_types(module))
    return found[0] if len(found) == 1 else None


def _type_named(module: Module, name: str) -> js.TypeFacts | None:
    if name not in module.scope.top_level_types and name not in module.scope.top_level:
        return None
    declared = module.scope.top_level_types.get(name) or module.scope.top_level[name]
    path, local = module.path, name
    if declared.imported is not None:
        target = module.project.exports.declaration(module.path, declared.imported)
        if target is None:
            return None
        path, local = target
    facts = module.project.facts.of(path)
    return facts.types.get(local) if facts is not None and not path.endswith(".d.ts") else None


def _names_of(module: Module, found: js.TypeFacts) -> frozenset[str] | None:
    """The names of all members; None when there may be more."""
    if found.is_open or found.extends or not found.members:
        return None
    return frozenset(member.name for member in found.members)


# -- the generated file ----------------------------------------------------------------------------------

_GENERATED = pattern(rb"Generated by Wrangler by running `([^`\n]*)`")
_MAIN_CONFIG = pattern(r"wrangler\.(?:toml|jsonc?)")
_OTHER_CONFIG = pattern(rb"\s(?:-c|--config|--env|-e)(?:[ =]|$)")


@check.on(worker())
def check_generated(subject: Worker, project: Project) -> Iterator[Finding]:
    """`worker-configuration.d.ts` does not say what the configuration says."""
    configured = subject.config
    if configured is None or _MAIN_CONFIG.fullmatch(posixpath.basename(configured.path)) is None:
        return  # another configuration beside it: the file is made from the main one
    facts = project.env_types.generated(subject)
    if facts is None or facts.has_errors or any(e.incomplete for e in configured.environments):
        return
    document = project.sources.document(facts.path)
    command = _GENERATED.search(document.data[:600]) if document is not None else None
    if document is None or command is None or _OTHER_CONFIG.search(command[1]) is not None:
        return
    typed = {member.name: member for found in facts.types.values() for member in found.members}
    if not typed or any(found.is_open for found in facts.types.values()):
        return
    missing = [
        b for b in configured.top.bindings if b.name not in typed and (b.kind.types or b.kind.id == "var")
    ]
    missing = [binding for binding in missing if binding.kind.id != "secret"]
    bound = {binding.name for found in configured.environments for binding in found.bindings}
    left = [
        member
        for name, member in typed.items()
        if name not in bound and member.type[:1].isupper() and config.kinds_by_type(_base(member.type))
    ]
    if not missing and not left:
        return
    parts = []
    if missing:
        parts.append(f"lacks {join_names([f'`{name}`' for name in dict.fromkeys(b.name for b in missing)])}")
    if left:
        parts.append(f"still has {join_names([f'`{member.name}`' for member in left])}")
    related = Location(document, left[0].name_span if left else Span(0, 0), "the generated file")
    at = missing[0].location if missing else configured.top.place
    yield Finding(f"`worker-configuration.d.ts` {' and '.join(parts)}: run `wrangler types`", at, (related,))


def _base(text: str) -> str:
    return text.split("<", 1)[0].strip()
