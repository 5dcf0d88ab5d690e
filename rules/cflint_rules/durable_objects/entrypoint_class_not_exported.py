"""Export from `main` every class that the configuration names.

The runtime looks up Durable Object and Workflow classes, and the entry points in `exports`, by name among the
exports of the entry module. A class that is declared somewhere, but not exported there, does not exist for
it: the deployment is refused. The same happens when a class is renamed, but not in the configuration.

## Incorrect

```ts
import { WorkflowEntrypoint } from "cloudflare:workers";

class Signup extends WorkflowEntrypoint<Env> {
  async run(): Promise<void> {}
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.SIGNUP.create();
    return new Response(null, { status: 202 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "workflows": [{ "name": "signup", "binding": "SIGNUP", "class_name": "Signup" }],
}
```

## Correct

```ts
import { WorkflowEntrypoint } from "cloudflare:workers";

export class Signup extends WorkflowEntrypoint<Env> {
  async run(): Promise<void> {}
}

export default {
  async fetch(request, env): Promise<Response> {
    await env.SIGNUP.create();
    return new Response(null, { status: 202 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc
{
  "workflows": [{ "name": "signup", "binding": "SIGNUP", "class_name": "Signup" }],
}
```

## What to do

- "did you mean `<near>`": Write `<near>` for it in the configuration: in each `class_name`, and in
  `migrations` where it stands there, too (a name that the code does not export cannot have been deployed).
  Only if an earlier version of the code had a class of the old name, and its objects are to stay, add a
  migration: `"migrations": [{ "tag": "renamed-1", "renamed_classes": [{ "from": "OldName", "to": "<near>" }]
  }]`, behind those that are there.
- "generates": Write a module that has `export * from` and `export { default } from` the framework's entry,
  and exports the class, and name it in `main`. Or deploy the class as a Worker of its own, and name that in
  `script_name`.
- "declared nowhere": Take the binding of this class, and its name in `migrations` or `workflows`, out of
  the configuration: the project has no class of that name. If it is to have one, write it in a module that
  `main` exports it from (`export class … extends DurableObject`).
- "does not export the class `<name>`": Export it from the module that `main` names: `export { <name> } from
  "./path"`, with the module that is shown.

## Not reported

Classes of other Workers (`script_name`). Entry modules that are missing, are not JavaScript, or re-export
everything of a package, and those that a build makes, unless by a framework that is known and no script
writes to them: what they export is not known. In documentation, classes
that the section does not show at all.

## Errors

```text title="wrangler"
Your Worker depends on the following Durable Objects, which are not exported in your entrypoint file: …
Your Worker depends on the following Workflows, which are not exported in your entrypoint file: …
```

```text title="Cloudflare"
Cannot create binding for class … that is not exported by the script [API code: 10061]
Cannot apply new-class migration to class … that is not exported by script [code: 10070]
```

Seen in https://github.com/cloudflare/workers-sdk/issues/1792,
https://github.com/cloudflare/workers-sdk/issues/4943.

## Fix safety

Safe. There is a fix when exactly one module of the program declares a class of that name: it is exported
there and from `main`.

Source: https://developers.cloudflare.com/durable-objects/get-started/
"""

import posixpath
from collections.abc import Iterator, Mapping

from cflint.api import (
    Edit,
    Environment,
    Finding,
    Fix,
    Location,
    Project,
    Safety,
    Severity,
    Span,
    Worker,
    config,
    fixes,
    js,
    rule,
    worker,
)


@rule(worker(), severity=Severity.ERROR, fix=Safety.SAFE, deployed=True)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    if not subject.entries:
        yield from _not_generated(subject, project)
        return
    if project.entrypoints.is_service_worker(subject):
        return  # `service-worker-unsupported`
    named: dict[str, list[tuple[Environment, Location]]] = {}
    for environment in subject.environments:
        if environment.incomplete:
            return
        for name, at in _names(environment).items():
            if not project.exports.has(subject, name):
                named.setdefault(name, []).append((environment, at))
    exports = project.exports.of_worker(subject) if named else None
    if exports is None or not exports.complete:
        return
    for name, places in named.items():
        declared = project.classes.named(subject, name)
        near = _nearest(name, exports)
        if subject.is_document and not declared and near is None:
            continue  # the section just does not show the class
        environments = config.in_environments([environment for environment, _ in places])
        first = places[0][1]
        main = posixpath.basename(subject.entries[0]) if not subject.is_document else "the code"
        which = main if subject.is_document else f"`{main}`"
        if declared:
            hint = "; it is declared, but not exported" if declared[0].path in subject.entries else ""
        else:
            hint = f"; did you mean `{near}`?" if near else ""
        related = [at for _, at in places[1:]]
        for owner in declared:
            document = project.sources.document(owner.path)
            if document is not None:
                related.append(Location(document, owner.name_span, "the class is declared here"))
        if not declared and near is not None:
            related.append(exports.names[near].at.saying("this is exported"))
        yield Finding(
            f"{which} does not export the class `{name}`{environments}, so that the deployment is"
            f" refused{hint}",
            first,
            tuple(related),
            _fix(subject, project, declared) if len(declared) == 1 else None,
            words=(("declared nowhere", ""),) if not declared and near is None else (),
        )


def _not_generated(subject: Worker, project: Project) -> Iterator[Finding]:
    """The classes that the entry lacks which a framework generates."""
    entry = config.generated_entry(project, subject)
    if entry is None or subject.app is None:
        return
    named: dict[str, list[tuple[Environment, Location]]] = {}
    for environment in subject.environments:
        if environment.incomplete:
            return
        for name, at in _names(environment).items():
            if name not in entry.classes:
                named.setdefault(name, []).append((environment, at))
    for name, places in named.items():
        where = config.in_environments([environment for environment, _ in places])
        yield Finding(
            f"the entry that {subject.app.kind.title} generates exports no class `{name}`{where}: give"
            " `main` a module of your own that wraps it, or the class a Worker of its own",
            places[0][1],
            tuple(at for _, at in places[1:]),
        )


def _names(environment: Environment) -> Mapping[str, Location]:
    """The classes that have to be exported, each with the first place that says so."""
    found: dict[str, Location] = {}
    for bound in (environment.durable_object_classes, environment.workflow_classes):
        for name, binding in bound.items():
            found.setdefault(name, binding.place("class_name"))
    if not environment.config.is_pages and environment.lifecycle.complete:
        for name, live in environment.lifecycle.classes.items():
            found.setdefault(name, environment.location(live.span))
    for export in environment.exports:
        if export.type in ("worker", "workflow"):
            found.setdefault(export.name, export.location)
    containers = environment.value("containers")
    for entry in containers.items if containers is not None else ():
        node = entry.get("class_name")
        if node is not None and node.text:
            found.setdefault(node.text, environment.location(node))
    found.pop("default", None)
    return found


def _nearest(name: str, exports: config.ExportSet) -> str | None:
    others = [other for other in exports.names if other != "default" and other[:1].isupper()]
    folded = {other.lower(): other for other in others}
    if name.lower() in folded:
        return folded[name.lower()]
    # Imported where used: a name that only looks like another is rare.
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, others, n=1, cutoff=0.75)), None)


def _fix(subject: Worker, project: Project, declared: tuple[js.ClassFacts, ...]) -> Fix | None:
    owner = declared[0]
    main = subject.entries[0]
    title = f"Export {owner.label}"
    module = project.sources.document(owner.path)
    entry = project.sources.document(main)
    facts = project.facts.of(owner.path)
    if module is None or entry is None or facts is None:
        return None
    if len(subject.entries) > 1 and not subject.is_document:
        return None  # each environment has a `main` of its own: which one is meant?
    edits = [] if owner.name in facts.exports else [_export_in_place(module, owner)]
    if owner.path != main and not subject.is_document:
        specifier = _specifier(project, main, owner)
        text = f'export {{ {owner.name} }} from "{specifier}";\n'
        edits.append(fixes.append_text(entry, text))
        title = f"Export {owner.label} from `{posixpath.basename(main)}`"
    return Fix(title, tuple(edits), Safety.SAFE) if edits else None


def _export_in_place(document: js.Document, owner: js.ClassFacts) -> Edit:
    start = owner.span.start
    line = document.line_span(document.line_of(start))
    before = document.data[line.start : start].strip()
    if (
        not before
        and not owner.decorated
        and document.data[start : start + 8].startswith((b"class", b"abstract"))
    ):
        return Edit(document, Span(start, start), "export ")
    return fixes.append_text(document, f"export {{ {owner.name} }};\n")


def _specifier(project: Project, main: str, owner: js.ClassFacts) -> str:
    """How `main` imports that module already, or how it imports others."""
    facts = project.facts.of(main)
    imported = [ref.module for ref in facts.imports.values()] if facts is not None else []
    for module in imported:
        if module.startswith(".") and project.imports.resolve(module, main) == owner.path:
            return module
    path = posixpath.relpath(owner.path, posixpath.dirname(main) or ".")
    path = path if path.startswith(".") else f"./{path}"
    stem, ending = posixpath.splitext(path)
    if ending in (".mjs", ".cjs", ".mts", ".cts"):
        return path
    local = [module for module in imported if module.startswith(".")]
    written = {posixpath.splitext(module)[1] for module in local} & {".js", ".ts", ".tsx", ".jsx"}
    if not written:
        return stem
    return path if ending in written else stem + ".js"
