"""Run the Worker first for its routes that browsers navigate to.

With `not_found_handling: "single-page-application"`, and a compatibility date since 2025-04-01, a request
that the browser sends to show a page (`Sec-Fetch-Mode: navigate`) gets `index.html`, and the Worker is not
asked. A link to a route of the Worker, `location.href = …`, and the return from a sign-in at another site
are such requests. `fetch()` is none.

## Incorrect

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()] };
```

```html title="index.html"
<div id="root"></div>
<script type="module" src="/src/main.ts"></script>
```

```ts title="src/main.ts"
document.querySelector("#sign-in")?.addEventListener("click", () => {
  location.href = "/api/sign-in";
});
```

```ts title="worker/index.ts"
export default {
  async fetch(request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/api/sign-in") {
      return Response.redirect("https://accounts.example.com/");
    }
    return new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "worker/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": { "not_found_handling": "single-page-application" },
}
```

## Correct

```json title="package.json"
{ "devDependencies": { "@cloudflare/vite-plugin": "^1.64.0" } }
```

```ts title="vite.config.ts"
import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare()] };
```

```html title="index.html"
<div id="root"></div>
<script type="module" src="/src/main.ts"></script>
```

```ts title="src/main.ts"
document.querySelector("#sign-in")?.addEventListener("click", () => {
  location.href = "/api/sign-in";
});
```

```ts title="worker/index.ts"
export default {
  async fetch(request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/api/sign-in") {
      return Response.redirect("https://accounts.example.com/");
    }
    return new Response(null, { status: 404 });
  },
} satisfies ExportedHandler<Env>;
```

```jsonc title="wrangler.jsonc"
{
  "name": "site",
  "main": "worker/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "assets": {
    "not_found_handling": "single-page-application",
    "run_worker_first": ["/api/*"],
  },
}
```

## What to do

Add the route to `assets.run_worker_first`: `["/join", "/api/*"]`; a browser that goes there gets the
Worker's answer then, and no static file.

## Not reported

`run_worker_first` that covers the route; a date before 2025-04-01, or the flag
`assets_navigation_has_no_effect`; routes that code of the browser only fetches; paths that the Worker does
not compare with, or that computed parts lead to; a Worker without `main`.

## Fix safety

Unsafe: the fix adds the first part of the path to `run_worker_first`, where there is none, and the Worker
then runs for all that is below it.

Source: https://developers.cloudflare.com/workers/static-assets/routing/single-page-application/ and
https://developers.cloudflare.com/workers/static-assets/routing/worker-script/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from cflint.api import (
    PREVIEW,
    Documents,
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
    pattern,
    rule,
    worker,
)

_FLAG = "assets_navigation_prefers_asset_serving"
_ROUTES = pattern(
    rb"(\.(?:get|all|route)\(\s*|[!=]==?\s*|\.startsWith\(\s*|\bcase\s+)[\"'`](/[^\"'`\s$]+)[\"'`]"
)
"""Where code compares a path, or gives it to a router."""
_GOES = pattern(
    rb"<a\b[^<>]{0,300}?\bhref\s*=\s*\{?\s*[\"'`](/[^\"'`\s?#$]+)"
    rb"|\blocation(?:\.href)?\s*=\s*[\"'`](/[^\"'`\s?#$]+)"
    rb"|\blocation\.(?:assign|replace)\(\s*[\"'`](/[^\"'`\s?#$]+)"
    rb"|\bwindow\.open\(\s*[\"'`](/[^\"'`\s?#$]+)"
)
"""Where code of a page has the browser go somewhere."""
_COMES_BACK = pattern(
    rb"\bredirect_?ur[il]\b[\"']?\s*[:=,][^\n;]{0,80}?(/(?:[\w.-]+/)*[\w.-]*callback[\w.-]*)(?![\w./-])",
    re.IGNORECASE,
)
"""Where another site is told to send the browser."""
_MOST = 400


@rule(
    worker(),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    presets=(PREVIEW,),
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    configuration = subject.config
    if configuration is None or configuration.is_excerpt or not subject.entries or subject.unresolved:
        return
    found: tuple[str, Location] | None = None
    for environment in subject.environments:
        assets = environment.own("assets")
        handling = assets.get("not_found_handling") if assets is not None else None
        if assets is None or handling is None or handling.text != "single-page-application":
            continue
        if environment.enables(_FLAG) is not True or environment.is_open("assets"):
            continue
        first = assets.get("run_worker_first")
        if first is not None and first.kind is not config.NodeKind.ARRAY and first.value is not False:
            continue
        covered = _covered(first)
        found = next((it for it in _hidden(subject, project) if not covered(it[0])), None)
        if found is not None:
            path, at = found
            yield Finding(
                f"a browser that goes to `{path}` gets `index.html`, not this Worker's answer",
                environment.location(handling),
                related=(at.saying("the browser goes there"),),
                fix=_fix(environment, path) if first is None else None,
            )


def _hidden(subject: Worker, project: Project) -> Iterator[tuple[str, Location]]:
    """The paths that the Worker answers and that browsers navigate to, with the place that says so."""
    routes: list[tuple[str, bool]] = []
    returns: list[tuple[str, Location]] = []
    for path in subject.modules[:_MOST]:
        document = project.sources.document(path)
        if document is None or path in subject.idle:
            continue
        for match in _ROUTES.finditer(document.data):
            text = match[2].decode("utf-8", "replace")
            is_prefix = match[1].lstrip(b".").startswith((b"starts", b"route"))
            routes.append((text, is_prefix))
        for match in _COMES_BACK.finditer(document.data):
            at = Location(document, Span(match.start(1), match.end(1)))
            returns.append((match[1].decode("utf-8", "replace"), at))
    if routes:
        for target, at in (*returns, *_navigations(subject, project)):
            if any(_answers(route, is_prefix, target) for route, is_prefix in routes):
                yield target, at


def _navigations(subject: Worker, project: Project) -> Iterator[tuple[str, Location]]:
    app = subject.app
    if app is None:
        return
    pages = [name for name in project.workspace.entries(app.folder) if name.endswith(".html")]
    outside = [path for path in app.outside if app.realm(path) is not None]
    for path in (*(posixpath.join(app.folder, name) for name in pages), *outside[:_MOST]):
        document = project.sources.document(path)
        for match in _GOES.finditer(document.data) if document is not None else ():
            group = match.lastindex or 1
            assert document is not None
            at = Location(document, Span(match.start(group), match.end(group)))
            yield match[group].decode("utf-8", "replace"), at


def _answers(route: str, is_prefix: bool, target: str) -> bool:
    """Whether a route of the Worker means a path: the path itself, one with parameters, or all below."""
    fixed = re.split(r"[:*{]", route)[0]
    if fixed == route and not is_prefix:
        return target == route
    below = fixed if fixed.endswith("/") else f"{fixed}/"
    return len(fixed) > 1 and (target == fixed or ((f"{target}/").startswith(below) and target != below))


def _covered(first: config.ConfigNode | None) -> Callable[[str], bool]:
    """Whether a path is one for which the Worker runs first."""
    items = first.items if first is not None else ()
    texts = [item.text for item in items if item.text and not item.text.startswith("!")]
    every = [re.compile(".*".join(map(re.escape, text.split("*")))) for text in texts]
    return lambda path: any(it.fullmatch(path) is not None for it in every)


def _fix(environment: Environment, path: str) -> Fix | None:
    head, slash, _ = path.strip("/").partition("/")
    pattern_text = f"/{head}/*" if slash else path
    edits = fixes.set_key(environment.config, environment.path("assets", "run_worker_first"), [pattern_text])
    return Fix.of(f"Run the Worker first for `{pattern_text}`", edits, Safety.UNSAFE)
