"""Move the compatibility date forward from time to time.

Behind the date, fixes and new defaults of the runtime stay off. The longer one waits, the more of them come
at once. The date can be moved at any time, and single changes can be switched off by their flags.

## Incorrect

```jsonc
{
  "compatibility_date": "2023-05-01",
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-08-01",
}
```

## What to do

Write today's date for it. Until then `FLAGS` become the default, among others, none of which is about what
this code names; `cflint upgrade` says of each what it changes.

- "runtime of the lock": Update wrangler first (`npm install -D wrangler@latest`), which brings a newer
  runtime, then write that one's date: `npm ls workerd` shows it (`1.20260901.0` is of 2026-09-01). Until then
  `FLAGS` become the default, among others; `cflint upgrade` says of each what it changes, and which code
  names what it is about.
- "is the default": Write today's date for it, once `cflint upgrade` has shown nothing that breaks: besides
  the flag of the message `FLAGS` become the default until then, among others.

## Not reported

Dates of the last 365 days. Dates of the last two years where no change since then is seen to touch the
Worker: no code of it names what a flag changes, or its code is not known. The option `days` sets another
number, and then that one counts for all. In folders of examples, demonstrations and templates, which are
seldom updated, it is two years in any case. Configurations without any code, and those of tests, which often
need an old date. A date that the runtime of the lock file does not know yet: that one is too old, which
`compat-date-invalid` says. The environment variable `CFLINT_TODAY` (`2026-09-01`, say) sets the day that
counts as today, so that a run can be repeated.

## Fix safety

Unsafe: what the runtime has mended and changed since the old date takes effect.

- "date of the runtime": what the runtime has mended and changed since the old date takes effect; the new date
  is that of the installed runtime (workerd), which knows no later one

The new date is today, or that of the installed runtime. No fix is offered where that runtime is too old
itself, and for a Python Worker, whose handlers and packages a later date may break
(`python_no_global_handlers`).

Source: https://developers.cloudflare.com/workers/configuration/compatibility-dates/
"""

from collections.abc import Iterator
from datetime import date, timedelta

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Option,
    Project,
    Safety,
    Severity,
    Worker,
    WranglerConfig,
    config,
    fixes,
    js,
    rule,
    worker,
)

_DAYS = Option(__name__, "days", 365, "A compatibility date may be this many days old.", least=30)
_DAYS_UNFELT = 730
"""From then on a date is old even where no change is seen to touch the code, and in examples."""
_RELEASE = timedelta(days=7)
"""A release of workerd also takes the dates until the next one."""
_SOCKETS = ("WebSocketPair", "acceptWebSocket", "webSocketMessage", "webSocketClose")
_NAVIGATIONS = "assets_navigation_prefers_asset_serving"
_MOST_FLAGS = 5
_FELT = {
    "web_socket_auto_reply_to_close": _SOCKETS,
    "streams_enable_constructors": ("ReadableStream", "WritableStream"),
    "transformstream_enable_standard_constructor": ("TransformStream",),
    "url_standard": ("URL",),
    "http_headers_getsetcookie": ("getSetCookie", "getAll"),
    "nodejs_compat": ("Buffer", "process"),
    "delete_all_deletes_alarm": ("deleteAll",),
    "queues_json_messages": ("sendBatch", "MessageBatch"),
    "rpc": ("DurableObject", "WorkerEntrypoint", "RpcTarget"),
    "rpc_params_dup_stubs": ("RpcTarget", "RpcStub"),
    "workflows_preserve_non_retryable_error_message": ("NonRetryableError",),
    "bind_asynclocalstorage_snapshot_to_request": ("AsyncLocalStorage",),
    "urlpattern_standard": ("URLPattern",),
    "set_forwardable_email_full_headers": ("ForwardableEmailMessage",),
    "strict_compression_checks": ("CompressionStream", "DecompressionStream"),
    "web_socket_compression": _SOCKETS,
    "enable_weak_ref": ("WeakRef", "FinalizationRegistry"),
    "expose_global_message_channel": ("MessageChannel",),
    "diagnostics_channel_has_subscribers_getter": ("hasSubscribers",),
    "throw_on_not_implemented_tls_options": ("checkServerIdentity",),
    "global_navigator": ("navigator",),
}
"""The flags by which code that names one of some words can feel a later date; the gravest first."""


_OLD = (4, 0, 0)
"""The first wrangler that still brings new runtimes."""


@rule(worker(), severity=Severity.NOTE, fix=Safety.UNSAFE, deployed=True, options=[_DAYS])
def check(subject: Worker, project: Project) -> Iterator[Finding]:
    found = subject.config
    if found is None or _is_static(subject, found):
        return
    now = config.today()
    newest = config.newest_date(project.workspace, found.directory)
    days = _DAYS_UNFELT if config.is_example_path(found.path) else _DAYS.value(project, found.path)
    old: dict[str, list[Environment]] = {}
    for environment in subject.environments:
        when = environment.compatibility_date
        node = environment.own("compatibility_date")
        if node is not None and when is not None and (now - when).days > days:
            old.setdefault(when.isoformat(), []).append(environment)
    for text, environments in old.items():
        when = environments[0].compatibility_date
        nodes = [node for each in environments if (node := each.own("compatibility_date")) is not None]
        if when is None or not nodes or when > newest + _RELEASE:
            continue
        is_old = newest == now and config.is_older(project.workspace, found.directory, "wrangler", _OLD)
        said = {name for each in environments for name in each.compatibility_flags}

        def changed(first: date, last: date, said: set[str] = said) -> set[str]:
            flags = config.changes(first, last)
            return {flag.enable for flag in flags if said.isdisjoint((flag.enable, flag.disable))}

        is_default = days == _DAYS.default  # who sets a number means it
        limit = _DAYS_UNFELT if is_default and (now - when).days > _DAYS_UNFELT else days
        age = (now - newest).days
        is_enough = age <= days or (
            age <= limit and _felt(subject, project, changed(newest, now), environments[0]) is None
        )
        can_move = newest > when and is_enough and not is_old and not _is_python(subject)
        since = changed(when, newest if can_move else now)
        known = _felt(subject, project, since, environments[0])
        if known is None and is_default and limit == days:
            continue
        # the text is the same tomorrow: baselines and code scanning know a finding by it
        effect = f": the runtime has changed since, `{known}` is the default" if known else ""
        where = config.in_environments(environments)
        first, *others = (environments[0].location(node) for node in nodes)
        edits = fixes.replace_text(found, *nodes, text=newest.isoformat()) if can_move else ()
        yield Finding(
            f"the compatibility date `{text}`{where} is more than {limit} days old{effect}",
            first,
            tuple(others),
            Fix.of(f"Set the compatibility date to {newest.isoformat()}", edits, Safety.UNSAFE)
            if can_move
            else None,
            words=(
                *((("runtime of the lock", ""),) if newest < now or is_old else ()),
                *((("date of the runtime", ""),) if newest < now else ()),
                ("FLAGS", "`, `".join(sorted(since - {known or ""})[:_MOST_FLAGS])),
            ),
        )


def _is_static(subject: Worker, found: WranglerConfig) -> bool:
    """Whether a configuration only has files that are served: no code runs at its date."""
    if subject.modules or subject.app is not None or found.top.own("main") is not None:
        return False
    return any(found.top.own(key) is not None for key in ("assets", "pages_build_output_dir", "site"))


def _is_python(subject: Worker) -> bool:
    return any(path.endswith(".py") for path in (*subject.entries, *subject.modules))


def _felt(subject: Worker, project: Project, since: set[str], environment: Environment) -> str | None:
    """The gravest of some flags that the Worker can feel."""
    assets = environment.value("assets")
    fallback = assets.get("not_found_handling") if assets is not None else None
    if _NAVIGATIONS in since and fallback is not None and environment.value("main") is not None:
        return _NAVIGATIONS
    code = [
        path
        for path in subject.modules
        if path not in subject.idle and js.module_of(project, path) is not None
    ]
    return next(
        (
            flag
            for flag, words in _FELT.items()
            if flag in since and any(js.is_mentioned(project, code, word) for word in words)
        ),
        None,
    )
