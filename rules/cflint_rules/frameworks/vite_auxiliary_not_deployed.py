"""Deploy the auxiliary Workers of the Vite plugin, too.

`wrangler deploy` deploys the entry Worker that `vite build` has made, and nothing else. Each auxiliary
Worker needs a deployment of its own: `wrangler deploy -c dist/<worker>/wrangler.json`. Until there is one,
the entry's service binding leads to no Worker, or to an old one.

## Incorrect

```json title="package.json"
{
  "scripts": { "deploy": "vite build && wrangler deploy" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" }
}
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default {
  plugins: [cloudflare({ auxiliaryWorkers: [{ configPath: "./mail/wrangler.jsonc" }] })],
};
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "services": [{ "binding": "MAIL", "service": "mail" }],
}
```

```ts title="src/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    return env.MAIL.fetch(request);
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="mail/wrangler.jsonc"
{
  "name": "mail",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="mail/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("sent");
  },
} satisfies ExportedHandler<Env>;
```

## Correct

```json title="package.json"
{
  "scripts": { "deploy": "vite build && wrangler deploy -c dist/mail/wrangler.json && wrangler deploy" },
  "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" }
}
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default {
  plugins: [cloudflare({ auxiliaryWorkers: [{ configPath: "./mail/wrangler.jsonc" }] })],
};
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "services": [{ "binding": "MAIL", "service": "mail" }],
}
```

```ts title="src/index.ts"
export default {
  async fetch(request, env): Promise<Response> {
    return env.MAIL.fetch(request);
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="mail/wrangler.jsonc"
{
  "name": "mail",
  "main": "index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
}
```

```ts title="mail/index.ts"
export default {
  async fetch(): Promise<Response> {
    return new Response("sent");
  },
} satisfies ExportedHandler<Env>;
```

## What to do

Deploy it as well: `wrangler deploy -c dist/NAME/wrangler.json` after the build.

## Not reported

A project whose deploy commands are not known, or run a script; a command that names the auxiliary Worker's
folder, configuration or output; a package.json beside its configuration; `devOnly`; a Worker that the entry
does not bind.

## Fix safety

There is no fix: it belongs to wherever the entry is deployed.

Source: https://developers.cloudflare.com/workers/vite-plugin/reference/api/, and the code of the packages
(@cloudflare/vite-plugin 1.64.0, `writeDeployConfig`; wrangler 4.164.0, `findRedirectedWranglerConfig`, which
reads `configPath` alone)
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Binding,
    Documents,
    Finding,
    Project,
    Severity,
    Worker,
    config,
    pattern,
    rule,
    worker,
)

_RUNS = pattern(
    r"(?:^|[\s&;|])(?:node|tsx|bun|bunx|deno|sh|bash|zx|make|turbo|nx|lerna)[ \t]+\S"
    r"|\./[\w/-]+\.(?:sh|m?[jt]s)\b"
    r"|(?:pnpm|yarn|npm|bun)[^\n&;|]*[ \t](?:-r|-w|--filter|--recursive|workspaces?)\b"
)
"""What may deploy in a way that is not in sight."""


@rule(
    worker(),
    severity=Severity.WARNING,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    app = subject.app
    if app is None or subject.config is None or not app.layout.auxiliary or _is_for_dev(project, subject):
        return
    calls = [it for it in config.wrangler_calls_of(project.workspace, app.folder) if it.deploys]
    texts = list(config.commands_of(project.workspace, app.folder))
    if not calls or any("$" in " ".join(it.words) for it in calls) or any(_RUNS.search(it) for it in texts):
        return
    for path in app.layout.auxiliary:
        other = next((it for it in project.workers if it.config is not None and it.config.path == path), None)
        name = other.name if other is not None else None
        binding = _binding(subject, name) if name is not None else None
        folder = posixpath.dirname(path)
        if name is None or binding is None or _has_own_scripts(project, app.folder, folder):
            continue
        if not any(_is_of(it, name, path, app.folder) for it in calls):
            message = f"no command deploys `{name}`: `wrangler deploy` deploys the entry Worker alone"
            yield Finding(message, binding.location)


def _is_for_dev(project: Project, subject: Worker) -> bool:
    """Whether an auxiliary Worker may be one of development only."""
    app = subject.app
    assert app is not None
    options = config.app_options(project, app, "vite.config")
    return options is None or b"devOnly" in options.document.data


def _binding(subject: Worker, name: str) -> Binding | None:
    for environment in subject.environments:
        for binding in environment.bindings:
            if name in (binding.service, binding.script_name):
                return binding
    return None


def _has_own_scripts(project: Project, top: str, folder: str) -> bool:
    return folder != top and project.workspace.is_file(posixpath.join(folder, "package.json"))


def _is_of(call: config.WranglerCall, name: str, path: str, top: str) -> bool:
    """Whether a call may deploy an auxiliary Worker."""
    given = call.value("-c", "--config")
    if given is not None:
        steps = posixpath.normpath(posixpath.join(call.folder, given)).replace("_", "-").split("/")
        return (
            name.replace("_", "-") in steps or posixpath.normpath(posixpath.join(call.folder, given)) == path
        )
    return call.value("--name") == name or (call.folder != top and call.folder == posixpath.dirname(path))
