"""The rules that a server knows: policies come when a folder is read, and change."""

from __future__ import annotations

from cflint.lsp.known import KnownRules
from cflint.project.files.workspace import Workspace
from cflint.rule import Rule, RuleSet
from cflint.settings import SettingsTree

KNOWN = RuleSet([])


def policies(text: str) -> tuple[Rule, ...]:
    """The rules that settings define."""
    workspace = Workspace.in_memory({"cflint.toml": text.encode()})
    return tuple(SettingsTree(workspace, KNOWN).for_folder("").policy_rules)


def policy(name: str, value: str) -> str:
    return f'[[policy]]\nname = "{name}"\npath = "logpush"\nequals = {value}\n'


def test_policies_are_joined_when_they_come_or_change() -> None:
    rules = KnownRules(KNOWN)
    assert rules.loaded is KNOWN
    rules.learn(policies(policy("logs", "true")))
    first = rules.loaded
    assert list(first) == ["policy-logs"] and rules.loaded is first
    rules.learn(policies(policy("logs", "true")))
    assert rules.loaded is first, "the same policy, read again"
    rules.learn(policies(policy("logs", "false")))
    changed = rules.loaded
    assert changed["policy-logs"].made_of != first["policy-logs"].made_of
    rules.learn(policies("# moved\n" + policy("logs", "false")))
    assert rules.loaded["policy-logs"].defined_in == "cflint.toml:3"
    rules.learn(policies(policy("more", "true")))
    assert list(rules.loaded) == ["policy-logs", "policy-more"]
