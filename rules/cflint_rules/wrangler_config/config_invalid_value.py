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
- "is empty": Delete the key, and one beside it that is as empty (`preview_id`): wrangler refuses it as it
  is, and without an id it makes the resource when it deploys, an empty one. To use one that exists, write
  its id.
- "cannot be used together": Keep the one that is meant, and delete the other: wrangler refuses both.
- "cannot be called": Write a name of those characters, and the same one wherever it is meant: wrangler
  refuses this one.

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

There is no fix: only the author knows the right value.

Source: https://github.com/cloudflare/workers-sdk/blob/main/packages/workers-utils/src/config/validation.ts
"""

from collections.abc import Iterator

from cflint.api import (
    Environment,
    Finding,
    Project,
    Severity,
    WranglerConfig,
    config,
    configuration,
    pattern,
    rule,
)

_NAME = pattern(r"[a-z0-9_][a-z0-9_-]*")
_BUCKET = pattern(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_WORKFLOW = pattern(r"[a-zA-Z0-9_][a-zA-Z0-9_-]{0,63}")
_MOST_CPU_MS = 300_000
_MOST_STEPS = 25_000


@rule(configuration(), severity=Severity.ERROR)
def check(subject: WranglerConfig, project: Project) -> Iterator[Finding]:
    found = config.config_schema(project.workspace, subject)
    own = found.fit is config.Fit.OWN
    problems = tuple(subject.check(found.schema)) if own else subject.schema_problems
    lowered = Severity.WARNING if found.fit in (config.Fit.NEWER, config.Fit.OLDER) else None
    for problem in problems:
        if problem.kind is not config.ProblemKind.UNKNOWN_KEY and _is_ours(subject, problem, found.schema):
            yield Finding(problem.message, subject.location(problem.span), severity=lowered)
    for environment in subject.environments:
        yield from _names(environment)
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


def _names(environment: Environment) -> Iterator[Finding]:
    name = environment.own("name")
    if name is not None and name.text and not name.broken and _NAME.fullmatch(name.text) is None:
        yield _finding(
            environment,
            name,
            f"a Worker cannot be called `{name.text}`: lower-case letters, digits, `-` and `_` only",
        )
    for node in environment.own_items("kv_namespaces"):
        yield from _empty(environment, node, "id", "kv_namespaces")
    for node in environment.own_items("r2_buckets"):
        yield from _empty(environment, node, "bucket_name", "r2_buckets")
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
    for node in environment.own_items("queues", "producers"):
        yield from _empty(environment, node, "queue", "queues.producers")
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


def _empty(environment: Environment, node: config.ConfigNode, key: str, where: str) -> Iterator[Finding]:
    value = node.get(key)
    if value is not None and value.text == "" and environment.is_deployed:
        yield _finding(
            environment,
            value,
            f"{_of(environment, value, key, where)} is empty, which wrangler refuses; leave it out instead",
        )


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
        yield _finding(
            environment,
            cpu,
            f"`{environment.spelled('limits', 'cpu_ms')}` can be {_MOST_CPU_MS} at most (five minutes)",
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
