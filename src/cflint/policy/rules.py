"""The rule that a policy becomes.

Imported where used: what looks at configurations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from cflint.finding import Safety
from cflint.policy.definition import ConfigPolicy
from cflint.rule import POLICY_GROUP, PRESETS, Definition, Documents, Rule, configuration, rule

if TYPE_CHECKING:
    from cflint.finding import Finding
    from cflint.project.config.wrangler import WranglerConfig


def rules_of(policies: Iterable[ConfigPolicy]) -> list[Rule]:
    """A rule for each policy, of every preset: an organisation's demands hold whatever else is looked at."""
    return [_rule(policy) for policy in policies]


def _rule(policy: ConfigPolicy) -> Rule:
    @rule(
        configuration(),
        severity=policy.severity,
        fix=Safety.UNSAFE if policy.new_value else None,
        presets=PRESETS,
        since="",
        deployed=True,
        documents=Documents.NOTHING,
    )
    def definition(subject: WranglerConfig) -> Iterator[Finding]:
        from cflint.policy.checking import check

        yield from check(policy, subject)

    load = partial(_module, policy, definition)
    return Rule(policy.rule, POLICY_GROUP, definition.spec, load, defined_in=policy.place, made_of=policy)


def _module(policy: ConfigPolicy, definition: Definition) -> ModuleType:
    """What the rule would have as its file, made when it is asked for: by `Rule.module`, once."""
    module = ModuleType(policy.rule.replace("-", "_"), page_of(policy))
    module.check = definition  # type: ignore[attr-defined]
    module.__file__ = str(Path(__file__).with_name("checking.py"))
    return module


def page_of(policy: ConfigPolicy) -> str:
    """The page of a policy's rule, in Markdown."""
    summary = f"Policy: `{policy.path.text}` {policy.sentence}."
    parts = [summary, *([policy.message] if policy.message else [])]
    absent = "An absent key is fine." if not policy.wants_value else "An absent key is reported, too."
    parts.append(
        f"Defined as the policy `{policy.name}` in {policy.place}. The top level and every environment are"
        f" looked at, with the value that counts there. {absent}"
    )
    parts.append(
        "## Not reported\n\nConfigurations of tests and in documents; what cannot be known: values that"
        " a script or a template fills in, and what a `cloudflare.config.ts` computes."
    )
    if policy.new_value:
        parts.append("## Fix safety\n\nUnsafe: it changes what is deployed, as the policy says.")
    return "\n\n".join(parts) + "\n"
