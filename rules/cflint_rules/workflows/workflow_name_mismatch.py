"""Give a Workflow one name, where its class is exported and where it is bound.

An entry of `exports` deploys a Workflow under its name, with its limits and schedules. A binding of the own
Worker with another name for the same class deploys a second Workflow, which has none of them: instances that
the code creates are of that one. One name for two classes stops the deployment.

## Incorrect

```ts
import { bindings, defineConfig, exports } from "cf/config";

export default defineConfig({
  worker: {
    name: "shop",
    entrypoint: "./src/index.ts",
    compatibilityDate: "2026-08-01",
    observability: { enabled: true },
    env: {
      ORDERS: bindings.workflow({ name: "order", worker: "shop", exportName: "Order" }),
    },
    exports: {
      Order: exports.workflow({ name: "orders", limits: { steps: 100 } }),
    },
  },
});
```

```ts
import { WorkflowEntrypoint } from "cloudflare:workers";

export class Order extends WorkflowEntrypoint<Env> {
  async run(): Promise<void> {}
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const instance = await env.ORDERS.create();
    return new Response(instance.id);
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```ts
import { bindings, defineConfig, exports } from "cf/config";

export default defineConfig({
  worker: {
    name: "shop",
    entrypoint: "./src/index.ts",
    compatibilityDate: "2026-08-01",
    observability: { enabled: true },
    env: {
      ORDERS: bindings.workflow({ name: "orders", worker: "shop", exportName: "Order" }),
    },
    exports: {
      Order: exports.workflow({ name: "orders", limits: { steps: 100 } }),
    },
  },
});
```

```ts
import { WorkflowEntrypoint } from "cloudflare:workers";

export class Order extends WorkflowEntrypoint<Env> {
  async run(): Promise<void> {}
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const instance = await env.ORDERS.create();
    return new Response(instance.id);
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Write the name of the export in the binding.

- "stops the deployment": Give each class a name of its own, in `exports` and where it is bound.
- "as one of": Bind the Workflow of this Worker (`worker: name`), or give one of the two another name: which
  of them runs depends on the deployment.

## Not reported

A Workflow of another Worker. Names that are not known before the configuration runs. Bindings of classes that
`exports` does not have: these deploy the Workflow themselves.

## Fix safety

Unsafe: the binding gets the name of the export, and instances that run under the old name are no longer
found.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/deploy-helpers/src/deploy/helpers/owned-workflows.ts
"""

from collections.abc import Iterator

from cflint.api import Binding, Environment, Finding, Fix, Safety, Severity, config, environment, fixes, rule


@rule(environment(), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(found: Environment) -> Iterator[Finding]:
    exported: dict[str, tuple[config.Export, config.ConfigNode]] = {}
    for export in found.exports:
        name = export.node.get("name")
        if export.type == "workflow" and name is not None and name.text:
            exported[export.name] = export, name
    by_name = {name.text: export for export, name in exported.values()}
    for index, binding in enumerate(found.workflows if exported else ()):
        name = binding.field("name")
        if name is None or name.text is None:
            continue
        same = by_name.get(name.text)
        if same is not None and not binding.is_local and binding.script_name is not None:
            yield Finding(
                f"the Workflow `{name.text}` is bound as one of `{binding.script_name}`, and `{same.name}` of"
                " this Worker is deployed under that name",
                found.location(name),
                (same.location.saying("the class that is deployed"),),
            )
        elif same is not None and binding.is_local and same.name != binding.class_name:
            yield Finding(
                f"the Workflow `{name.text}` is said to be both `{binding.class_name}` and `{same.name}`,"
                " which stops the deployment",
                found.location(name),
                (same.location.saying("the other class"),),
            )
        elif same is None and binding.is_local and binding.class_name in exported:
            yield _second(found, index, binding, name, *exported[binding.class_name])


def _second(
    found: Environment,
    index: int,
    binding: Binding,
    name: config.ConfigNode,
    export: config.Export,
    named: config.ConfigNode,
) -> Finding:
    edits = fixes.set_key(found.config, found.path("workflows", index, "name"), named.text)
    return Finding(
        f"`{binding.name}` binds a Workflow `{name.text}`, but `{export.name}` is deployed as `{named.text}`:"
        " there are two, and the limits and schedules are those of the other",
        found.location(name),
        (found.location(named).saying("its name here"),),
        Fix.of(f"Bind `{named.text}`", edits, Safety.UNSAFE),
        Severity.NOTE,
    )
