"""Give every setting a value that wrangler accepts.

wrangler checks the configuration before it builds anything, and refuses values of a wrong type, bindings
without a name, names with capital letters, and choices that do not exist. Some limits only the API checks,
at the end of a deployment.

## Incorrect

```jsonc
{
  "name": "Signup_Service",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "SESSIONS", "id": "" }],
  "ratelimits": [
    { "name": "SIGNUPS", "namespace_id": "1001", "simple": { "limit": 5, "period": 30 } },
  ],
}
```

## Correct

```jsonc
{
  "name": "signup-service",
  "main": "src/index.ts",
  "compatibility_date": "2026-08-01",
  "observability": { "enabled": true },
  "kv_namespaces": [{ "binding": "SESSIONS" }],
  "ratelimits": [
    { "name": "SIGNUPS", "namespace_id": "1001", "simple": { "limit": 5, "period": 60 } },
  ],
}
```

## What to do

As it stands, wrangler refuses to deploy (where it is a warning, it does something else than is written).
Write a value of the kind that the message names.

- "`assets` has to be an object": Write `"assets": { "directory": "FOLDER" }` with what stands here for
  `FOLDER`: as it is, no files are deployed.
- "no provisioning": Write the id, or the name, of one that exists: wrangler refuses it as it is, and nothing
  makes one without it on Pages, with a wrangler before 4.45 (for queues 4.113), or before a script uses it.
  Only who has the account knows it (`npx wrangler kv namespace list`, `npx wrangler r2 bucket list`, `npx
  wrangler queues list`).
- "is empty": Delete the key, and one beside it that is as empty (`preview_id`): wrangler refuses it as it is,
  and without an id it makes the resource when it deploys, an empty one. To use one that exists, write its id.
- "needs `enabled`": Write `"enabled": true` beside what stands there: wrangler refuses it as it is.
- "`route` and `routes`": Write the `route` as one more item of `routes`, and delete `route`: wrangler refuses
  both.
- "`zone_id` and `zone_name`": Delete `zone_name`: the id names the zone already, and wrangler refuses both.
- "cannot be used together": Write the one address as one more item of the list, and delete its key: wrangler
  refuses both.
- "a route needs a `zone_name`": Write `"zone_name"` with the domain in the account that the host of `pattern`
  belongs to (`acme.dev` of `api.acme.dev/*`): wrangler refuses it as it is.
- "cannot be called": Write a name of those characters, and the same one wherever it is meant: wrangler
  refuses this one.
- "is a share": Write the share, from 0 to 1: `0.1` for one request in ten, `1` for all: wrangler refuses it
  as it is.

## Not reported

Dates without quotes and a document that is no object, which `config-parse-error` reports. Limits of queue
consumers have a rule of their own. The schema of the wrangler in `node_modules` decides when there is one;
when the project's wrangler is newer than the table of cflint, or of an older major version, what only the
schema objects to is a warning.

## Errors

```text title="wrangler"
Expected "…" to be of type … but got …
"…" bindings should have a string "…" field but got …
The field "…" should be an object but got …
The field "…" should be an array but got …
```

## Fix safety

Safe: a number, `true` or a text that stands in the wrong quotes or without them loses or gets them, and one
value where a list has to be becomes a list of it. Unsafe otherwise: the value is the one that wrangler takes
and that is most likely meant.

- "is empty": wrangler (4.45 or later) makes an empty resource at the next deployment; to use one that exists,
  write its id or name instead.
- "lacks `namespace_id`": limits of the account that have the same number count together.
- "`env.": what stands here become variables, which wrangler refuses as environments.
- "a Worker cannot be called": who means the Worker by its name (`services`, `script_name`) has to write the
  new one, too.
- "at most (five minutes)": the Worker ends after that time.
- "has to be a number": the unit goes; wrangler counts in seconds there.

There is no fix where only the author knows the right value.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/workers-utils/src/config/validation.ts
"""

from collections.abc import Iterator
from itertools import count

from cflint.api import (
    Environment,
    Finding,
    Fix,
    Project,
    Safety,
    Severity,
    WranglerConfig,
    config,
    configuration,
    fixes,
    pattern,
    rule,
)

_NAME = pattern(r"[a-z0-9_][a-z0-9_-]*")
_BUCKET = pattern(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_WORKFLOW = pattern(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,63}")
_OTHERS = pattern(r"[^a-z0-9_]+")
_NUMBER = pattern(r"\s*(\d+(?:\.\d+)?)\s*(s|secs?|seconds?)?\s*")
_MOST_CPU_MS = 300_000
_MOST_STEPS = 25_000


@rule(configuration(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    found = config.config_schema(project.workspace, subject)
    own = found.fit is config.Fit.OWN
    problems = tuple(subject.check(found.schema)) if own else subject.schema_problems
    lowered = Severity.WARNING if found.fit in (config.Fit.NEWER, config.Fit.OLDER) else None
    for problem in problems:
        if problem.kind is not config.ProblemKind.UNKNOWN_KEY and _is_ours(subject, problem, found.schema):
            fix = _as_meant(subject, problem, found.schema)
            yield Finding(problem.message, subject.location(problem.span), fix=fix, severity=lowered)
    for environment in subject.environments:
        yield from _names(environment, project)
        yield from _routes(environment)
        yield from _numbers(environment)


def _is_ours(subject: WranglerConfig, problem: config.ConfigProblem, schema: config.KeySchema) -> bool:
    """Whether no other rule says it, and nothing below does so better."""
    if not problem.path:
        return False
    if problem.kind is not config.ProblemKind.MISSING_KEY:
        node = subject.root.at(*problem.path)
        return node is None or node.kind is not config.NodeKind.DATE  # `config-parse-error`
    around = subject.root.at(*problem.path[:-1])
    if around is None or config.general_path(problem.path).startswith(("routes.*.", "route.")):
        return False
    return not any(  # `config-unknown-key` says that the key has another name
        config.key_meant(schema, around, problem.path[:-1], member.key) == problem.path[-1]
        for member in around.members
        if schema.at((*problem.path[:-1], member.key)) is None
    )


def _as_meant(subject: WranglerConfig, problem: config.ConfigProblem, schema: config.KeySchema) -> Fix | None:
    """The fix that writes what can only be meant by a value."""
    path = problem.path
    node, wanted = subject.root.at(*path), schema.at(path)
    if problem.kind is config.ProblemKind.MISSING_KEY:
        if path[-1] != "namespace_id" or "ratelimits" not in path:
            return None
        number = next(it for it in map(str, count(1001)) if f'"{it}"'.encode() not in subject.document.data)
        return Fix.of(f"Write `{number}`", fixes.set_key(subject, path, number), Safety.UNSAFE)
    if node is None or wanted is None:
        return None
    environments = subject.root.get("env")
    if path[:1] == ("env",) and len(path) == 2 and environments is not None:
        if subject.root.get("vars") is not None or any(it.value.members for it in environments.members):
            return None
        return Fix.of("Call them `vars`", fixes.rename_key(subject, ("env",), "vars"), Safety.UNSAFE)
    number_meant = _NUMBER.fullmatch(node.text or "")
    if number_meant is not None and wanted.of_type("number") is not None:
        number_of = float(number_meant[1])
        value: int | float = int(number_of) if number_of.is_integer() else number_of
        if wanted.choices and value not in wanted.choices:
            return None
        safety = Safety.UNSAFE if number_meant[2] else Safety.SAFE
        return Fix.of(f"Write the number {value}", fixes.set_key(subject, path, value), safety)
    if node.text in ("true", "false") and wanted.of_type("boolean") is not None:
        edits = fixes.set_key(subject, path, node.text == "true")
        return Fix.of(f"Write `{node.text}` without quotes", edits, Safety.SAFE)
    if isinstance(node.number, int) and wanted.of_type("string") is not None:
        return Fix.of("Write it in quotes", fixes.set_key(subject, path, str(node.number)), Safety.SAFE)
    listed = wanted.of_type("array")
    given = config.json_type(node)
    inside = listed.items.of_type(given) if listed is not None and listed.items and given else None
    if inside is not None and given in ("object", "string") and (node.members or node.text):
        return Fix.of("Write a list of it", fixes.set_key(subject, path, [node.plain]), Safety.SAFE)
    return None


def _names(environment: Environment, project: Project) -> Iterator[Finding]:
    name = environment.own("name")
    if name is not None and name.text and not name.broken and _NAME.fullmatch(name.text) is None:
        plain = _OTHERS.sub("-", name.text.lower()).strip("-")
        edits = fixes.replace_text(environment.config, name, text=plain) if plain else None
        yield Finding(
            f"a Worker cannot be called `{name.text}`: lower-case letters, digits, `-` and `_` only",
            environment.location(name),
            fix=Fix.of(f"Call it `{plain}`", edits, Safety.UNSAFE),
        )
    for index, node in enumerate(environment.own_items("kv_namespaces")):
        yield from _empty(environment, node, ("kv_namespaces", index, "id"), "kv", project)
    for index, node in enumerate(environment.own_items("r2_buckets")):
        yield from _empty(environment, node, ("r2_buckets", index, "bucket_name"), "r2", project)
        for key in ("bucket_name", "preview_bucket_name"):
            bucket = node.get(key)
            if bucket is None or not bucket.text or not set(bucket.text).isdisjoint("<>{}$"):
                continue  # `config-placeholder-id`
            if not _is_bucket(bucket.text):
                yield _finding(
                    environment,
                    bucket,
                    f"a bucket cannot be called `{bucket.text}`: 3 to 63 lower-case letters, digits and `-`, "
                    "which neither begins nor ends with `-`",
                )
    for index, node in enumerate(environment.own_items("queues", "producers")):
        yield from _empty(environment, node, ("queues", "producers", index, "queue"), "queue", project)
    for node in environment.own_items("send_email"):
        one, several = node.get("destination_address"), node.get("allowed_destination_addresses")
        if one is not None and several is not None:
            yield Finding(
                "`destination_address` and `allowed_destination_addresses` cannot be used together",
                environment.location(several),
                (environment.location(one).saying("the one address"),),
            )
    for node in environment.own_items("workflows"):
        workflow = node.get("name")
        if workflow is not None and workflow.text and _WORKFLOW.fullmatch(workflow.text) is None:
            yield _finding(
                environment,
                workflow,
                f"a Workflow cannot be called `{workflow.text}`: at most 64 letters, digits, `-` and `_`",
            )


def _is_bucket(name: str) -> bool:
    """Whether a bucket can have that name; placeholders are the business of `config-placeholder-id`."""
    return _BUCKET.fullmatch(name) is not None or not set(name).isdisjoint("<>{}$%")


def _empty(
    environment: Environment,
    node: config.ConfigNode,
    path: tuple[str | int, ...],
    kind: str,
    project: Project,
) -> Iterator[Finding]:
    key = str(path[-1])
    value = node.get(key)
    if value is None or value.text != "" or not environment.is_deployed:
        return
    where = ".".join(str(step) for step in path[:-1] if isinstance(step, str))
    message = f"{_of(environment, value, key, where)} is empty, which wrangler refuses"
    binding = node.get("binding")
    named = (binding.text or "") if binding is not None else ""
    if not config.provisions(project, environment.config, kind) or config.used_before_deployment(
        project, environment.config, named
    ):
        yield Finding(message, environment.location(value), words=(("no provisioning", ""),))
        return
    edits = fixes.remove_key(environment.config, environment.path(*path))
    fix = Fix.of(f"Take `{key}` out", edits, Safety.UNSAFE)
    yield Finding(f"{message}; leave it out instead", environment.location(value), fix=fix)


def _of(environment: Environment, node: config.ConfigNode, key: str, where: str) -> str:
    if environment.config.is_typescript:
        return f"`{environment.spelled(node=node)}`"
    return f"`{key}` of `{where}`"


def _routes(environment: Environment) -> Iterator[Finding]:
    route, routes = environment.own("route"), environment.own("routes")
    if route is not None and routes is not None and route.text != "":
        at = environment.location(route)
        yield Finding(
            "`route` and `routes` cannot be used together",
            at,
            (environment.location(routes).saying("`routes` is here"),),
        )
    for item in (*environment.own_items("routes"), *([route] if route is not None else [])):
        if item.kind is not config.NodeKind.OBJECT or item.broken:
            continue
        if item.get("pattern") is None:
            yield _finding(environment, item, "a route needs a `pattern`")
        elif item.get("zone_id") is not None and item.get("zone_name") is not None:
            yield _finding(environment, item, "`zone_id` and `zone_name` of a route cannot be used together")
        elif all(item.get(key) is None for key in ("zone_id", "zone_name", "custom_domain")):
            yield _finding(
                environment, item, "a route needs a `zone_name`, a `zone_id`, or `custom_domain: true`"
            )


def _numbers(environment: Environment) -> Iterator[Finding]:
    limits = environment.own("limits")
    cpu = limits.get("cpu_ms") if limits is not None else None
    if cpu is not None and cpu.number is not None and cpu.number > _MOST_CPU_MS:
        edits = fixes.set_key(environment.config, environment.path("limits", "cpu_ms"), _MOST_CPU_MS)
        yield Finding(
            f"`{environment.spelled('limits', 'cpu_ms')}` can be {_MOST_CPU_MS} at most (five minutes)",
            environment.location(cpu),
            fix=Fix.of(f"Write {_MOST_CPU_MS}", edits, Safety.UNSAFE),
        )
    observability = environment.own("observability")
    if (
        observability is not None
        and observability.kind is config.NodeKind.OBJECT
        and not observability.broken
    ):
        switches = (("enabled",), ("logs", "enabled"), ("traces", "enabled"), ("issues", "enabled"))
        if all(observability.at(*path) is None for path in switches):
            yield _finding(
                environment,
                observability,
                f"`{environment.spelled('observability')}` needs `enabled`, for all of it or in"
                " `logs`, `traces` or `issues`",
            )
    for path in ((), ("logs",), ("traces",)):
        rate = observability.at(*path, "head_sampling_rate") if observability is not None else None
        if rate is not None and rate.number is not None and not 0 <= rate.number <= 1:
            key = environment.spelled("observability", "head_sampling_rate").rpartition(".")[2]
            yield _finding(environment, rate, f"`{key}` is a share, from 0 to 1")
    for node in environment.own_items("workflows"):
        steps = node.at("limits", "steps")
        if steps is None or steps.number is None:
            continue
        if steps.number < 1 or steps.number != int(steps.number):
            yield _finding(environment, steps, "`limits.steps` has to be a whole number, at least 1")
        elif steps.number > _MOST_STEPS:
            yield Finding(
                f"a Workflow has {_MOST_STEPS} steps at most in production",
                environment.location(steps),
                severity=Severity.WARNING,
            )


def _finding(environment: Environment, node: config.ConfigNode, message: str) -> Finding:
    return Finding(message, environment.location(node))
