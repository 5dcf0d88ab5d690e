"""List compatibility flags that exist, each once, and none together with its opposite.

The runtime refuses a Worker with a flag that it does not know, with one that is listed twice, and with two
that contradict each other. wrangler does not check them, so that the deployment fails at its last step.
Experimental flags work in local development only.

## Incorrect

```jsonc
{
  "compatibility_date": "2026-03-01",
  "compatibility_flags": ["nodejs_compatt", "global_navigator", "no_global_navigator"],
}
```

## Correct

```jsonc
{
  "compatibility_date": "2026-03-01",
  "compatibility_flags": ["nodejs_compat", "global_fetch_strictly_public"],
}
```

## What to do

The deployment is refused until it is mended.

- "contradict": Delete the one that says what the compatibility date means anyway.
- "flag `<flag>` is experimental": Delete `<flag>` from the list. Only accounts for which Cloudflare has
  allowed it can deploy with it: who has one keeps it and suppresses this.
- "there is no": Delete it: no runtime has such a flag.

## Not reported

An unknown flag beside a compatibility date that is newer than the table of flags is only a note, since the
flag may be newer, too. Experimental flags in configurations of tests. A flag that is the default anyway is
the business of `compat-flag-redundant`.

## Errors

```text title="workerd"
No such compatibility flag: …
Compatibility flag specified multiple times: …
Compatibility flags are mutually contradictory: … vs …
The compatibility flag … is experimental and cannot yet be used in Workers deployed to Cloudflare.
```

## Fix safety

Safe: a flag listed twice is removed once, and a flag that differs from a known one by a letter or two gets
its name. Unsafe otherwise: a flag goes that was meant to do something.

- "contradict": the other one was meant, maybe.
- "is experimental": what the flag switches on is gone; accounts that Cloudflare has allowed it may keep it.
- "there is no": what was meant by it does not happen, as it does not now.

No fix where there is no date, so that neither of two that contradict each other is the default.

Source: https://github.com/cloudflare/workerd/blob/main/src/workerd/io/compatibility-date.c++
"""

from collections.abc import Iterator

from cflint.api import Environment, Finding, Fix, Safety, Severity, config, environment, fixes, quoted, rule


@rule(environment(), severity=Severity.ERROR, fix=Safety.UNSAFE)
def check(subject: Environment) -> Iterator[Finding]:
    seen: dict[str, config.ConfigNode] = {}
    for index, node in enumerate(subject.own_items("compatibility_flags")):
        name = node.text
        if not name:
            continue
        at = subject.location(node)
        first = seen.setdefault(name, node)
        if first is not node:
            edits = fixes.remove_key(subject.config, subject.path("compatibility_flags", index))
            yield Finding(
                f"the compatibility flag `{name}` is listed twice",
                at,
                (subject.location(first).saying("the first one"),),
                Fix.of(f"Remove the second `{name}`", edits, Safety.SAFE),
            )
            continue
        flag = config.find_flag(name)
        if flag is None:
            yield _unknown(subject, node, name, seen)
            continue
        opposite = flag.disable if name == flag.enable else flag.enable
        if opposite is not None and opposite in seen:
            yield Finding(
                f"the compatibility flags `{opposite}` and `{name}` contradict each other",
                at,
                (subject.location(seen[opposite]).saying(f"`{opposite}` is here"),),
                _without_default(subject, flag),
            )
        elif flag.experimental and name == flag.enable and subject.config.role.is_deployed:
            yield Finding(
                f"the compatibility flag `{name}` is experimental: a Worker with it cannot be deployed",
                at,
                fix=_without(subject, name),
                severity=Severity.WARNING,  # some accounts of Cloudflare's own may
            )


def _without(subject: Environment, name: str) -> Fix | None:
    """The fix that takes a flag out of the list."""
    items = [node.text for node in subject.own_items("compatibility_flags")]
    edits = fixes.remove_key(subject.config, subject.path("compatibility_flags", items.index(name)))
    return Fix.of(f"Delete `{name}`", edits, Safety.UNSAFE)


def _without_default(subject: Environment, flag: config.CompatibilityFlag) -> Fix | None:
    """The fix that takes out the one of two opposite flags that the date means anyway."""
    date = subject.compatibility_date
    if date is None or flag.disable is None:
        return None
    is_default = flag.default_from is not None and flag.default_from <= date
    return _without(subject, flag.enable if is_default else flag.disable)


def _unknown(
    subject: Environment, node: config.ConfigNode, name: str, seen: dict[str, config.ConfigNode]
) -> Finding:
    near = config.nearest_name(name, sorted(config.flag_names() - seen.keys()))
    fix = None
    if near is not None and all(item.text != near for item in subject.own_items("compatibility_flags")):
        edits = fixes.replace_text(subject.config, node, text=near)
        fix = Fix.of(f"Write `{near}`", edits, Safety.SAFE)
    date = subject.compatibility_date
    newer = near is None and date is not None and date > config.NEWEST_DATE
    if near is None and not newer:
        fix = _without(subject, name)
    hint = f"; did you mean `{near}`?" if near else ""
    return Finding(
        f"there is no compatibility flag {quoted(name)}, so that the deployment is refused{hint}",
        subject.location(node),
        fix=fix,
        severity=Severity.NOTE if newer else None,
    )
