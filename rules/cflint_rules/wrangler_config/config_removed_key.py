"""Drop keys that wrangler no longer has.

`node_compat` and `legacy_env` make wrangler 4 refuse the configuration. Other old keys are ignored with a
warning, so that what they once did does not happen, or are deprecated.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-08-01",
  "usage_model": "unbound",
  "node_compat": true,
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
  "compatibility_flags": ["nodejs_compat"],
}
```

## What to do

Delete the key; where the message names a successor, write that in its place.

- "`unsafe.bindings`": Make it an entry of the list `ratelimits`, beside the others of its environment, with
  the same `name`, `namespace_id` and `simple`, and without `type` (in TOML `[[ratelimits]]` for
  `[[unsafe.bindings]]`); delete it here; do the same at each other place that is shown. It works as it is,
  but wrangler warns at each deployment.
- "`configuration` in": Write what is in `configuration` beside it, and delete the key: its `image` as
  `image`, its `vcpu`, `memory_mib` and `disk` as `instance_type`: the smallest of "lite" (1/16 vCPU,
  256 MiB), "basic" (1/4, 1 GiB), "standard-1" (1/2, 4 GiB), "standard-2" (1, 6 GiB), "standard-3"
  (2, 8 GiB) and "standard-4" (4, 12 GiB) that has as much. It works until a later version drops it.
- "in `site`": Delete the key, and write at the top level, before the first `[table]`, `main =
  "FOLDER/index.js"`: the file that `main` of the package.json in that folder names (`index.js` without). It
  works until a later version drops it.
- "is deprecated": Write what the message names, with what this key says, and delete the key: it works until
  a later version drops it.
- "has no effect": Delete the key: nothing changes. What it once did is done by what the message names.
- "refuses": Delete the key, and write what the message names: wrangler 4 stops until then.

## Not reported

Keys that the schema of the wrangler in `node_modules` still has. When the project's wrangler is of an older
major version, a key that version 4 refuses is a note. What wrangler only ignores or advises against is
always a warning, except where the project has an older tool that reads it: `miniflare` and `build.upload`
where its package.json asks for Miniflare 2 or before, and every key where it has wrangler 1
(`@cloudflare/wrangler`) and no later one.

## Errors

```text title="wrangler"
The "node_compat" field is no longer supported as of Wrangler v4. …
```

## Fix safety

Safe: a key that has only been renamed gets its new name, or goes where that one is there already, and one
without any effect is removed; tables of rate limits get their own name. With
wrangler 4, where nothing else works, `node_compat` becomes the flag `nodejs_compat`. Unsafe with an older
wrangler: the old polyfills still run there, and what they give may be missing then.

Source: https://developers.cloudflare.com/workers/wrangler/deprecations/, and for
Miniflare, which reads no configuration since version 3, https://www.npmjs.com/package/miniflare; instance
types: https://developers.cloudflare.com/containers/platform/limits/
"""

import re
from collections.abc import Iterator

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Span,
    WranglerConfig,
    config,
    configuration,
    fixes,
    pattern,
    replace,
    rule,
)

_WITHOUT_EFFECT = frozenset({"miniflare", "type", "usage_model", "queues.producers.*.delivery_delay"})
_RATE_LIMITS_SINCE = (4, 36, 0)
_UPLOAD = "build.upload"
_READ_BY_MINIFLARE_2 = ("miniflare", _UPLOAD)
_UNSAFE_HEADER = pattern(
    rb"^[ \t]*(?P<open>\[\[?)\s*(?:env\.[\w\"'-]+\.)?(?P<name>unsafe\.bindings)(?=[.\]\s])", re.MULTILINE
)
"""The header of a table of TOML about a binding that wrangler does not know."""
_INSTANCE_TYPES = {"dev": "lite", "standard": "standard-1"}


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE, templates=True)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if subject.is_typescript:
        return  # which has other keys, and a loader that refuses those that are gone
    is_wrangler_1 = _has(project, subject, "@cloudflare/wrangler", (2, 0, 0))
    if is_wrangler_1 and config.installed_version(project.workspace, subject.directory, "wrangler") is None:
        return
    found = config.config_schema(project.workspace, subject)
    wrangler = None
    if subject.document.origin is None:
        wrangler = config.installed_version(project.workspace, subject.directory, "wrangler")
    is_miniflare_2 = _has(project, subject, "miniflare", (3, 0, 0))
    groups: dict[str, list[config.Path]] = {}
    for path, _ in subject.root.paths():
        entry = config.removed_key(path) if path else None
        if entry is None or (is_miniflare_2 and config.general_path(path).startswith(_READ_BY_MINIFLARE_2)):
            continue
        if (
            entry.deprecated
            and wrangler is not None
            and wrangler.below <= tuple(map(int, entry.since.split(".")))
        ):
            continue  # what takes its place is not there yet
        if not (found.fit is config.Fit.OWN and _is_known(found, path, entry)):
            groups.setdefault(config.general_path(path), []).append(path)
    is_read = wrangler is not None or subject.role.is_deployed
    for paths in groups.values():
        entry = config.removed_key(paths[0])
        if entry is not None:
            told = _finding(subject, found, entry, paths)
            yield told if is_read else replace(told, severity=Severity.NOTE)
    yield from _instance_types(subject, project)
    if wrangler is None or wrangler.below > _RATE_LIMITS_SINCE:
        yield from _unsafe_rate_limits(subject)


def _has(project: Project, subject: WranglerConfig, package: str, below: tuple[int, int, int]) -> bool:
    """Whether the project surely has a package older than a version."""
    if subject.document.origin is not None:
        return False  # a block of a document is of no project
    version = config.installed_version(project.workspace, subject.directory, package)
    return version is not None and version.below <= below


def _is_known(found: config.ConfigSchema, path: config.Path, entry: config.RemovedKey) -> bool:
    known = found.schema.at(path)
    return known is not None and not known.deprecated and not entry.deprecated


def _finding(
    subject: WranglerConfig, found: config.ConfigSchema, entry: config.RemovedKey, paths: list[config.Path]
) -> Finding:
    key = str(paths[0][-1])
    place = f" in `{config.dotted(paths[0][:-1])}`" if len(paths[0]) > 1 else ""
    older = found.fit is config.Fit.OLDER
    if entry.rejected and older:
        effect = (
            f"wrangler {entry.since.split('.')[0]} refuses `{key}`{place}, which this project's still takes"
        )
    elif entry.rejected:
        effect = f"wrangler {entry.since.split('.')[0]} refuses `{key}`{place}"
    elif entry.deprecated:
        effect = f"`{key}`{place} is deprecated"
    else:
        effect = f"`{key}`{place} has no effect any more"
    is_code = " and " not in entry.replacement and " with " not in entry.replacement
    instead = f"`{entry.replacement}`" if is_code else entry.replacement
    gone_on_pages = subject.is_pages and config.dotted(entry.path) == _UPLOAD
    replacement = f"; use {instead} instead" if entry.replacement and not gone_on_pages else ""
    edits = _edits(subject, entry, paths)
    old_polyfills = entry.path[-1] == "node_compat" and (older or found.fit is config.Fit.OWN)
    safety = Safety.UNSAFE if old_polyfills else Safety.SAFE
    is_renamed = entry.renamed_to is not None and not any(_has_beside(subject, it, entry) for it in paths)
    title = f"Rename `{key}` to `{entry.renamed_to}`" if is_renamed else f"Remove `{key}`"
    if entry.path[-1] == "node_compat":
        title = "Use the flag `nodejs_compat`"
    first, *others = (_place(subject, path) for path in paths)
    return Finding(
        effect + replacement,
        first,
        tuple(others),
        Fix.of(title, edits, safety),
        (Severity.NOTE if older else None) if entry.rejected else Severity.WARNING,
    )


def _place(subject: WranglerConfig, path: config.Path) -> Location:
    around = subject.root.at(*path[:-1])
    member = around.member(str(path[-1])) if around is not None else None
    return subject.location(member.key_span if member is not None else subject.root)


def _edits(subject: WranglerConfig, entry: config.RemovedKey, paths: list[config.Path]) -> tuple[Edit, ...]:
    """The edits that bring all these keys up to date; none when that is not certain."""
    edits: list[Edit] = []
    for path in paths:
        node = subject.root.at(*path)
        key = str(path[-1])
        done: tuple[Edit, ...] | None = None
        if entry.renamed_to is not None:
            done = (
                fixes.remove_key(subject, path)  # the new key counts already
                if _has_beside(subject, path, entry)
                else fixes.rename_key(subject, path, entry.renamed_to)
            )
        elif config.general_path(path) in _WITHOUT_EFFECT or _is_without_effect(subject, path, node):
            done = fixes.remove_key(subject, path)
        elif key == "node_compat" and node is not None and node.kind is config.NodeKind.BOOLEAN:
            done = _node_compat(subject, path)
        if done is None:
            return ()
        edits += done
    return tuple(dict.fromkeys(edits))  # environments may share what is added


def _has_beside(subject: WranglerConfig, path: config.Path, entry: config.RemovedKey) -> bool:
    """Whether the new name of a key is there, too."""
    around = subject.root.at(*path[:-1])
    return entry.renamed_to is not None and around is not None and around.get(entry.renamed_to) is not None


def _is_without_effect(subject: WranglerConfig, path: config.Path, node: config.ConfigNode | None) -> bool:
    """Whether nothing has to take the place of a key: of what said how a Worker is uploaded, where its entry
    is named, or Pages deploys it."""
    if node is None or path[-1] == "legacy_env":
        return node is not None and node.value is True
    if config.general_path(path) != _UPLOAD:
        return False
    if subject.is_pages:
        return True  # which has no `main` and no `rules`
    said = {member.key for member in node.members}
    return said <= {"format", "dir"} or (
        said <= {"format", "dir", "main"} and subject.top.value("main") is not None
    )


def _node_compat(subject: WranglerConfig, path: config.Path) -> tuple[Edit, ...] | None:
    environment = subject.environment(str(path[1]) if path[0] == "env" else None)
    return (
        fixes.flag_for_key(environment, "node_compat", "nodejs_compat") if environment is not None else None
    )


def _instance_types(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    for environment in subject.environments:
        for entry in environment.own_items("containers"):
            node = entry.get("instance_type")
            new = _INSTANCE_TYPES.get(node.text or "") if node is not None else None
            if node is None or node.text is None or new is None:
                continue
            copies = tuple(config.script_texts(project, subject, "instance_type", node.text))
            edits = fixes.replace_text(subject, node, text=new)
            edits = (*edits, *(Edit(it.document, it.span, new) for it in copies)) if edits else None
            yield Finding(
                f"the instance type `{node.text}` is called `{new}` now",
                environment.location(node),
                tuple(it.saying("a script writes it, too") for it in copies),
                fix=Fix.of(f"Write `{new}`", edits, Safety.SAFE),
                severity=Severity.WARNING,
            )


def _unsafe_rate_limits(subject: WranglerConfig) -> Iterator[Finding]:
    paths: list[config.Path] = []
    places: list[Location] = []
    others = False
    for environment in subject.environments:
        for index, entry in enumerate(environment.own_items("unsafe", "bindings")):
            kind = entry.get("type")
            if kind is not None and kind.text == "ratelimit":
                paths.append(environment.path("unsafe", "bindings", index, "type"))
                places.append(environment.location(kind))
            else:
                others = True
    if places:
        edits = None if others else _as_rate_limits(subject, paths)
        yield Finding(
            "rate limits have a key of their own now: `ratelimits` instead of `unsafe.bindings`",
            places[0],
            tuple(places[1:]),
            fix=Fix.of("Call them `ratelimits`", edits, Safety.SAFE),
            severity=Severity.NOTE,  # the old way still works
        )


def _as_rate_limits(subject: WranglerConfig, paths: list[config.Path]) -> tuple[Edit, ...] | None:
    """The edits that give the tables of some rate limits their own name, and take what they no longer need
    out; None where they are not tables of TOML, each with a header."""
    data = subject.document.data
    headers = [found for found in _UNSAFE_HEADER.finditer(data) if found["open"] == b"[["]
    if len(headers) != len(paths) or subject.root.get("ratelimits") is not None:
        return None
    edits = [
        Edit(subject.document, Span(*found.span("name")), "ratelimits")
        for found in _UNSAFE_HEADER.finditer(data)
    ]
    removed = fixes.remove_keys(subject, paths)
    return (*edits, *removed) if removed is not None else None
