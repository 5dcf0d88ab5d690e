"""Write each line of `_redirects` as `from to status`: what is no rule does nothing, or stops the deployment.

The file has the look of Netlify's, and less in it: a line is a path, a target and a status (200, 301, 302,
303, 307 or 308), at most 100 of them with `*` or `:name`. It knows no hosts and no countries, and each line
goes before files, for which Netlify has `!`. A status 200 shows another path of the same
deployment, never another host. `/* /index.html 200`, the usual fallback for an application with its own
routes, is a circle, since `/index.html` itself leads to `/`: a Worker with it is refused, Pages ignores it.

## Incorrect

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "compatibility_date": "2026-08-10",
  "assets": { "directory": "./public" }
}
```

```text title="public/_redirects"
/* /index.html 200
```

## Correct

```jsonc title="wrangler.jsonc"
{
  "name": "shop",
  "compatibility_date": "2026-08-10",
  "assets": { "directory": "./public", "not_found_handling": "single-page-application" }
}
```

```text title="public/_redirects"
/old /new 301
```

## What to do

Delete the line, or write it as `from to status` with a status of 200, 301, 302, 303, 307 or 308.

- "leads to itself": Delete the line, and write `"not_found_handling": "single-page-application"` into
  `assets` of the configuration: paths without a file then get `index.html`.
- "404.html": Delete the line, and `404.html` too if each unknown path is to get `index.html`: without a
  `404.html` Pages does that by itself.
- "another host": Write a status of 301 or 302 if the browser may go there. If it may not, have a function or
  a Worker `fetch` the other host.
- "where only a path": Delete the line, and make a redirect rule of the zone for it (in the dashboard below
  Rules, Redirect Rules): `<from>` to `<to>`, with status <status>. The path alone would redirect the other
  hosts, too, also the one that it leads to.
- "!` is none of the statuses": Write the status without `!`. The line then goes before files, as `!` says at
  Netlify: here all lines do.
- "`404` is none of the statuses": Delete the line: a path without a file gets `404.html` with a status of 404
  by itself on Pages, and in a Worker by `"not_found_handling": "404-page"` in `assets`.
- "are too many": Put the lines without `*` and `:name` above all others: those count up to 2000.

## Not reported

`/* /index.html 200` in a project of Pages without a `404.html`, where all paths get `index.html` anyhow;
second lines for the same path; folders that nothing of the configuration uploads, nor a build copies; a
project of Pages with a `netlify.toml`, whose file it is.

## Errors

```text title="Cloudflare"
Invalid _redirects configuration:
Line 1: Infinite loop detected in this rule. This would cause a redirect to strip `.html` or `/index` and end
  up triggering this rule again. [code: 10021]
```

```text title="wrangler"
Infinite loop detected in this rule and has been ignored.
Expected exactly 2 or 3 whitespace-separated tokens. Got ….
Proxy (200) redirects can only point to relative paths. Got …
Valid status codes are 200, 301, 302 (default), 303, 307, or 308. Got ….
```

## Fix safety

Unsafe: lines that lead to themselves go, and the assets of a Worker answer each path without a file with
`index.html`.

- "where only a path": what the line is for, a redirect rule of the zone does (in the dashboard below Rules,
  Redirect Rules: `<from>` to `<to>`, with status <status>); the path alone would redirect all hosts
- "!` is none of the statuses": the line then counts, and goes before files, as `!` says at Netlify; if it was
  only to be a fallback for paths without a file, delete it instead

There is no fix for other lines: what they are for is said elsewhere.

Source: https://developers.cloudflare.com/workers/static-assets/redirects/,
https://github.com/cloudflare/workers-sdk/issues/10992, and workers-sdk,
`packages/workers-shared/utils/configuration/parseRedirects.ts`
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from cflint.api import (
    Documents,
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
    js,
    pattern,
    quoted,
    rule,
)

_LONGEST = 2000
_MOST_DYNAMIC = 100
_STATUSES = frozenset(("200", "301", "302", "303", "307", "308"))
_HOST = pattern(r"https:/{2,}[^/]+")
_ELSEWHERE = pattern(r"[A-Za-z][A-Za-z0-9+.-]*:")
_COMMENT = pattern(r"\s#.*$")
_DYNAMIC = pattern(r"\*|:[A-Za-z]")
_INDEX = pattern(r"[^?#]*/index(?:\.html)?")
_SHOWN = 60
_CIRCLE = "leads to itself"
_HAS_HOST = "this is no redirect: it begins with a host, where only a path can stand"
_NO_STATUS = " is none of the statuses that one can have"
_ROOT_INDEX = ("/index.html", "/index")


@rule(
    configuration(),
    severity=Severity.WARNING,
    fix=Safety.UNSAFE,
    deployed=True,
    documents=Documents.NOTHING,
)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    if not subject.is_pages and subject.assets is None:
        return
    for document in config.asset_files(project, subject, "_redirects"):
        folder = posixpath.dirname(document.path)
        if subject.is_pages and _is_of_netlify(project, folder):
            continue
        is_plain = _serves_html_as_it_is(subject)
        found: dict[str, list[Location]] = {}
        for message, span in _faults(document, is_plain):
            if _CIRCLE in message and subject.is_pages:
                if not project.workspace.is_file(posixpath.join(folder, "404.html")):
                    continue
                message = "Pages ignores this line, a circle: unknown paths get `404.html`"
            elif _CIRCLE in message:
                message += ": the deployment is refused"
            found.setdefault(message, []).append(Location(document, span))
        for message, lines in found.items():
            yield Finding(
                message,
                lines[0],
                tuple(place.saying("and this") for place in lines[1:]),
                _fix(subject, message, lines),
                words=tuple(_as_rule_of_zone(lines[0])) if message == _HAS_HOST else (),
            )


def _fix(subject: WranglerConfig, message: str, lines: list[Location]) -> Fix | None:
    if _CIRCLE in message or "circle" in message:
        return _without(subject, lines)
    if message == _HAS_HOST:
        return Fix("Delete the line", tuple(map(_deleted, lines)), Safety.UNSAFE)
    if message.endswith(f"!`{_NO_STATUS}"):
        if any(_parts(line)[1] in _ROOT_INDEX for line in lines):
            return _without(subject, lines) if len(lines) == 1 else None
        edits = [edit for line in lines for edit in _without_mark(line)]
        return Fix("Write the status without `!`", tuple(edits), Safety.UNSAFE)
    return None


def _parts(line: Location) -> list[str]:
    return _COMMENT.sub("", line.document.text(line.span).strip()).split()


def _deleted(line: Location) -> Edit:
    data, end = line.document.data, line.span.end
    end += 2 if data[end : end + 2] == b"\r\n" else len(data[end : end + 1])
    return Edit(line.document, Span(line.span.start, end), "")


def _without_mark(line: Location) -> Iterator[Edit]:
    """A line without the `!` of its status, and without the file that would make a circle of its target."""
    source, target, status = _parts(line)
    text, start = line.document.text(line.span), line.span.start
    at = text.index(target, text.index(source) + len(source))
    end = text.index(status, at + len(target)) + len(status)
    if source.endswith("/*") and _INDEX.fullmatch(target) is not None:
        yield _cut(line, start, text, at + target.rindex("/") + 1, at + len(target))
    yield _cut(line, start, text, end - 1, end)


def _cut(line: Location, start: int, text: str, first: int, end: int) -> Edit:
    before = start + len(text[:first].encode())
    return Edit(line.document, Span(before, before + len(text[first:end].encode())), "")


def _as_rule_of_zone(line: Location) -> Iterator[tuple[str, str]]:
    """What a redirect rule of the zone asks for: addresses with `*`, and `${1}` for what stands there."""
    source, target, status = (*_parts(line), "302")[:3]
    host = _HOST.match(source)
    if target.startswith("/") and host is not None:
        target = host[0] + target
    yield "<from>", source
    yield "<to>", target.replace(":splat", "${1}")
    yield "<status>", status.rstrip("!")


def _without(subject: WranglerConfig, lines: list[Location]) -> Fix | None:
    """The fix that deletes lines which lead to `index.html`; the assets of a Worker do what they are for."""
    edits = [_deleted(line) for line in lines]
    is_for_all = any(line.document.text(line.span).split()[0].endswith("/*") for line in lines)
    assets = subject.top.own("assets")
    if is_for_all and assets is not None and assets.get("not_found_handling") is None:
        path = subject.top.path("assets", "not_found_handling")
        done = fixes.set_key(subject, path, "single-page-application")
        if done is None:
            return None
        edits += done
    return Fix.of("Delete the line", tuple(edits), Safety.UNSAFE)


def _is_of_netlify(project: Project, folder: str) -> bool:
    above = (folder, posixpath.dirname(folder), "")
    return any(project.workspace.is_file(posixpath.join(each, "netlify.toml")) for each in above)


def _serves_html_as_it_is(subject: WranglerConfig) -> bool:
    handling = subject.assets.get("html_handling") if subject.assets is not None else None
    return handling is not None and handling.text == "none"


def _faults(document: js.Document, is_plain: bool) -> Iterator[tuple[str, Span]]:
    """What the reader of Cloudflare takes for no rule, in its order of questions."""
    dynamic = 0
    for number in range(1, document.line_count + 1):
        span = document.line_span(number)
        line = document.text(span).strip()
        if not line or line.startswith("#"):
            continue
        if len(line) > _LONGEST:
            yield f"this line is ignored: it has more than {_LONGEST} characters", span
            continue
        parts = _COMMENT.sub("", line).split()
        if not 2 <= len(parts) <= 3:
            yield f"this is no redirect: it has {len(parts)} words, not `from to status`", span
            continue
        source, target, status = (*parts, "302")[:3]
        if _HOST.match(source) is not None:
            yield _HAS_HOST, span
            continue
        if dynamic or _DYNAMIC.search(source) is not None:
            dynamic += 1
            if dynamic > _MOST_DYNAMIC:
                yield (
                    f"redirects with `*` or `:name`, and all below the first of these, are too many:"
                    f" from here on none counts, {_MOST_DYNAMIC} do",
                    span,
                )
                return
        reason = _wrong_target(source, target, status, is_plain)
        if reason is not None:
            yield reason, span


def _wrong_target(source: str, target: str, status: str, is_plain: bool) -> str | None:
    is_host = _HOST.match(target) is not None
    if not is_host and not target.startswith("/"):
        kind = "no `https://`" if _ELSEWHERE.match(target) is not None else "neither `/` nor `https://`"
        return f"this is no redirect: {quoted(target, _SHOWN)} begins with {kind}"
    if status not in _STATUSES:
        return f"this is no redirect: {quoted(status, _SHOWN)}{_NO_STATUS}"
    leads_back = source.endswith("/*") or (source.endswith("/") and not is_plain)
    if leads_back and not is_host and _INDEX.fullmatch(target) is not None:
        return "this leads to itself, since `index.html` itself leads to `/`"
    if status == "200" and is_host:
        return "this is no redirect: with a status of 200 it cannot show another host"
    return None
