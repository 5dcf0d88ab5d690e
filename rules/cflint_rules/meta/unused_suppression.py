"""Remove suppression comments that silence nothing.

A `cflint-ignore` comment whose finding is gone hides the next one that appears on its line, and one that
names a rule which does not exist never silenced anything.

## Incorrect

```ts
export default {
  async fetch(): Promise<Response> {
    // cflint-ignore ws-legacy-acept: an old client
    return new Response("ok");
  },
};
```

## Correct

```ts
export default {
  async fetch(): Promise<Response> {
    return new Response("ok");
  },
};
```

## Not reported

Names of rules that did not run this time, and comments that name a group.

## Fix safety

Safe where a name goes (with its comment and line, when it was the only one). Unsafe where a name becomes the
rule that is spelled much like it: then that rule is silent.

Source: README.md, “Suppress a finding”.
"""

# Imported where used: difflib, for names that are nearly a rule's.

from collections.abc import Iterator

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Location,
    Safety,
    Severity,
    Span,
    SuppressionUse,
    rule,
    suppression,
)


@rule(suppression(), severity=Severity.WARNING, fix=Safety.UNSAFE)
def check(use: SuppressionUse) -> Iterator[Finding]:
    nearest = {name: _near(use, name) for name in use.unknown}
    gone = {*use.unused, *(name for name in use.unknown if nearest[name] is None)}
    for name, near in nearest.items():
        at = Location(use.document, use.names[name])
        if near is None:
            yield Finding(f"no rule or group is called `{name}`", at, fix=_removal(use, name, gone))
            continue
        rename = Edit(use.document, use.names[name], near)
        fix = Fix(f"Write `{near}`", (rename,), Safety.UNSAFE)
        yield Finding(f"no rule or group is called `{name}`; did you mean `{near}`?", at, fix=fix)
    for name in use.unused:
        at = Location(use.document, use.names[name])
        yield Finding(f"`{name}` reports nothing here to ignore", at, fix=_removal(use, name, gone))


def _near(use: SuppressionUse, name: str) -> str | None:
    """The rule or group that a name is spelled much like."""
    others = [known for known in use.known if known not in use.names]
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, others, n=1, cutoff=0.75)), None)


def _removal(use: SuppressionUse, name: str, gone: set[str]) -> Fix:
    if gone >= set(use.names):
        edit = Edit(use.document, use.whole, "")
        return Fix("Remove the comment", (edit,), _safety(use, gone))
    spans = sorted(use.names.values(), key=lambda span: span.start)
    own = use.names[name]
    index = spans.index(own)
    if index + 1 < len(spans):
        edit = Edit(use.document, Span(own.start, spans[index + 1].start), "")
    else:
        edit = Edit(use.document, Span(spans[index - 1].end, own.end), "")
    return Fix(f"Remove `{name}`", (edit,), _safety(use, {name}))


def _safety(use: SuppressionUse, names: set[str]) -> Safety:
    """A name that is not known may be a rule's of a package that is not installed here."""
    return Safety.UNSAFE if names & set(use.unknown) else Safety.SAFE
