"""The JSON schema of a settings file.

Imported where used: policies, whose keys only their own table has.
"""

from __future__ import annotations

from cflint.rule import PRESETS, RuleSet
from cflint.settings.definition import KEYS, LEVELS


def schema(known: RuleSet) -> dict[str, object]:
    """The JSON schema of a settings file, for editors. It lists the names that are known, for completion, and
    takes others: an installed package may bring them, of which an editor knows nothing."""
    rules, groups = list(known), list(known.groups)
    other = {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"}
    selector: dict[str, object] = {"anyOf": [{"enum": [*PRESETS, *groups, *rules]}, other]}
    names: dict[str, object] = {"anyOf": [{"enum": [*groups, *rules]}, other]}
    selectors: dict[str, object] = {"type": "array", "items": selector}
    types: dict[str, dict[str, object]] = {
        "extends": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "preset": {"enum": list(PRESETS)},
        "preview": {"type": "boolean"},
        "select": selectors,
        "extend-select": selectors,
        "ignore": selectors,
        "severity": {
            "type": "object",
            "propertyNames": names,
            "additionalProperties": {"enum": list(LEVELS)},
        },
        "per-file-ignores": {"type": "object", "additionalProperties": selectors},
        "options": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "integer"},
            },
            "properties": {
                id: {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        option.name: {
                            "description": option.meaning,
                            "type": "integer",
                            "minimum": option.least,
                            "default": option.default,
                        }
                        for option in rule.spec.options
                    },
                }
                for id, rule in known.items()
                if rule.spec.options
            },
        },
        "exclude": {"type": "array", "items": {"type": "string"}},
        "policy": _policy_schema(),
        "rule-packages": {"type": "boolean", "default": True},
        "fail-on": {"enum": [*LEVELS[1:], "never"]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cflint settings",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: {"description": KEYS[key], **types[key]} for key in KEYS},
    }


def _policy_schema() -> dict[str, object]:
    from cflint.policy import POLICY_KEYS

    text: dict[str, object] = {"type": "string", "minLength": 1}
    bound: dict[str, object] = {"type": ["number", "string"]}
    several: dict[str, object] = {"type": "array", "minItems": 1}
    types: dict[str, dict[str, object]] = {
        "name": {**text, "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"},
        "path": text,
        "message": text,
        "severity": {"enum": [*LEVELS[1:]], "default": "error"},
        "optional": {"type": "boolean"},
        "present": {"const": True},
        "absent": {"const": True},
        "one-of": several,
        "none-of": several,
        "matches": text,
        "not-matches": text,
        "at-least": bound,
        "at-most": bound,
    }
    return {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "path"],
            "properties": {
                key: {"description": meaning, **types.get(key, {})} for key, meaning in POLICY_KEYS.items()
            },
        },
    }
