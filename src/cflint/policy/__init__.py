"""Policies: what an organisation demands of configurations, as `[[policy]]` in the settings says.

A policy is a path of wrangler's keys with a condition. It becomes a rule of the group `policy`, with a page,
so that suppressions, baselines, severities, `explain` and SARIF treat it as any other rule.
"""

from cflint.policy.definition import ConfigPolicy, Demand, KeyPath, PolicyError
from cflint.policy.reading import POLICY_KEYS, read_policies
from cflint.policy.rules import rules_of

__all__ = [
    "POLICY_KEYS",
    "ConfigPolicy",
    "Demand",
    "KeyPath",
    "PolicyError",
    "read_policies",
    "rules_of",
]
