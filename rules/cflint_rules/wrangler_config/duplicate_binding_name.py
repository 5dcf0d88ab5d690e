"""Give every binding, variable and secret of an environment a name of its own.

`env` is one object: two entries of the same name would be the same property. wrangler refuses such a
configuration.

## Incorrect

```jsonc
{
  "kv_namespaces": [{ "binding": "DATA", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "r2_buckets": [{ "binding": "DATA", "bucket_name": "greetings" }],
}
```

## Correct

```jsonc
{
  "kv_namespaces": [{ "binding": "TEXTS", "id": "0f2ac74b498b48028cb68387c421e279" }],
  "r2_buckets": [{ "binding": "FILES", "bucket_name": "greetings" }],
}
```

## What to do

If both are the same resource, delete this one. Otherwise give this one another name, and write that in the
code where it is meant. While both have it, the code gets one of the two.

## Not reported

The same name in different environments. One resource that is bound twice under different names.

## Errors

```text title="wrangler"
Bindings must have unique names, so that they can all be referenced in the worker.
```

## Fix safety

There is no fix: only the author knows which of the two the code means.

Source: https://developers.cloudflare.com/workers/wrangler/configuration/
"""

from collections.abc import Iterator

from cflint.api import Binding, Environment, Finding, Location, Severity, environment, rule


@rule(environment(), severity=Severity.ERROR)
def check(subject: Environment) -> Iterator[Finding]:
    first: dict[str, Binding] = {}
    for found in subject.bindings:
        other = first.setdefault(found.name, found)
        if other is found or found.environment.source_of(found.kind.path[0]) is not subject:
            continue  # an inherited entry is told at the top level
        if subject.may_be_absent(found.node):
            continue  # it is one or the other
        same = other.kind.id == found.kind.id
        what = (
            f"two {_plural(found.kind.label)} are"
            if same
            else f"a {other.kind.label} and a {found.kind.label} are"
        )
        at = Location(other.location.document, other.location.span, "the first")
        yield Finding(f"{what} named `{found.name}` in {subject.label}", found.location, (at,))


def _plural(label: str) -> str:
    return f"{label[:-1]}ies" if label.endswith("y") else f"{label}s"
