"""How cflint and wrangler read one configuration, side by side; what they disagree about, as text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cflint.finding import Severity
from cflint.project.config.lifecycle import Backend, LifecycleProblem
from cflint.project.config.wrangler import Binding, Environment, WranglerConfig, read_config
from cflint.project.files.roles import is_test_config
from cflint.source import Document
from cflint.syntax.data import Kind
from tests.support.fixture_cases import KNOWN, run

KIND_OF_TYPE = {
    "plain_text": "var",
    "json": "var",
    "kv_namespace": "kv",
    "durable_object_namespace": "durable_object",
    "r2_bucket": "r2",
    "unsafe_hello_world": "hello_world",
}
"""cflint's kinds, by wrangler's types of bindings, where the two have different names."""

FIELDS = ("class_name", "script_name", "service", "entrypoint", "queue")
"""What is compared of a binding beside its kind."""

_JUDGES = KNOWN.select(["wrangler-config", "migrations"])
ABOUT_WRANGLER = frozenset(
    {
        "config-parse-error",
        "config-invalid-value",
        "config-removed-key",
        "config-unknown-key",
        "compat-date-invalid",
        "duplicate-binding-name",
        "migration-and-exports",
        "migration-replay-invalid",
        "toml-misplaced-key",
    }
)
"""The rules that say what wrangler says, too."""


def findings(path: str, data: bytes) -> list[tuple[str, Severity | None, str]]:
    """(rule, severity, message) of all that the rules about configurations say."""
    report = run({path: data}, _JUDGES)
    return [
        (found.rule, found.severity, found.message)
        for found in report.findings
        if found.at.document.path == path
    ]


KEPT = {
    "transferred": (
        "wrangler's local replay of migrations leaves out `transferred_classes`; the service does not, "
        "and so a class that came from another Worker can be bound, renamed and deleted"
    ),
    "rename-target": (
        "a rename in `exports` to a class that `exports` does not have, and a rename in migrations to "
        "one that is there already, are refused by the service only, when it reconciles"
    ),
    "removed-and-created": (
        "wrangler replays deletions before creations, so that an entry may remove a class and create "
        "one of its name; what the service does with it is not documented: a warning"
    ),
    "duplicate-tag": (
        "wrangler looks for the tag that was deployed last, and takes the first of two equal ones: what "
        "stands between them is applied again; it says nothing"
    ),
    "unknown-directive": (
        "both tell of an unknown key of a migration; to cflint what such an entry does is unknown"
    ),
    "history": (
        "the first entry may speak of classes whose creation is no longer listed, which a deployment "
        "allows; wrangler's replay is for local development"
    ),
    "other-type": (
        "where the schema wants a string (a cron, a flag) and there is another value, or an empty one, "
        "wrangler keeps it without a word; to cflint it is absent, and `config-invalid-value` reports "
        "it"
    ),
    "no-environment": (
        "an environment that is no object is one for wrangler, with nothing in it; to cflint it is "
        "none, and `config-invalid-value` reports it"
    ),
    "nameless": (
        "wrangler only warns about some bindings without a name, or with an empty one, or says nothing; "
        "`env` cannot have such a property, and `config-invalid-value` reports those that the schema "
        "forbids"
    ),
    "named-name": (
        "wrangler does not look at bindings that have a `name` instead of a `binding` (rate limits, "
        "email) when it looks for two of one name; one of the two is lost all the same"
    ),
    "test-config": ("an empty name in a configuration for tests, which is never deployed, is not reported"),
    "lenient-type": (
        "wrangler takes what its own schema forbids (a string for an empty list, a list for variables)"
    ),
}
"""The disagreements that stay, each with its reason."""


@dataclass(frozen=True)
class Disagreement:
    """One thing that the two read differently; `kind` is a key of `KEPT`, or "" when it has to be mended."""

    kind: str
    text: str


def compare(place: Path, theirs: dict[str, Any]) -> Iterator[Disagreement]:
    """Every disagreement about a configuration. `theirs` is what the driver `wrangler.cjs` answered."""
    path, data = place.name, place.read_bytes()
    config = read_config(Document(path, data))
    assert "crash" not in theirs, theirs["crash"]
    if "parse" in theirs:
        if not config.data.broken:
            yield Disagreement("", f"wrangler cannot read it: {theirs['parse']}")
        return
    if config.data.broken:
        yield Disagreement("", f"only cflint cannot read it: {config.problems[0].message}")
        return
    environments = theirs["environments"]
    said = [one for one in findings(path, data) if one[0] in ABOUT_WRANGLER]
    yield from _compare_names(config, environments, {rule for rule, _, _ in said})
    complaints = [text for what in environments.values() for text in _complaints(what)]
    strict = [one for one in said if one[1] is Severity.ERROR]
    if complaints and not said:
        replays = all(text.startswith("Cannot apply") for text in complaints)
        kind = "history" if replays else "test-config" if is_test_config(path) else ""
        yield Disagreement(kind, f"only wrangler objects: {complaints[0]}")
    if strict and not complaints and not any(what["warnings"] for what in environments.values()):
        for rule, _, message in strict:
            yield Disagreement(_kind_of_objection(config, rule, message), f"only cflint: {rule}: {message}")
    for environment in config.environments:
        what = environments.get(environment.name or "")
        if what is not None and not what.get("errors") and "thrown" not in what:
            for kind, text in _compare_environment(place.parent, environment, what):
                yield Disagreement(kind, f"{environment.label}: {text}")


def _complaints(what: dict[str, Any]) -> Iterator[str]:
    for text in (*what.get("errors", ()), what.get("thrown"), what.get("replay")):
        if text:
            yield " ".join(str(text).split())


def _compare_names(
    config: WranglerConfig, environments: dict[str, Any], rules: set[str]
) -> Iterator[Disagreement]:
    names = {found.name or "" for found in config.environments}
    if set(environments) == names:
        return
    named = config.root.get("env")
    objects = {member.key for member in named.members if member.value.kind is Kind.OBJECT} if named else set()
    odd = objects | {""} == names and names < set(environments) and "config-invalid-value" in rules
    text = f"environments: {sorted(environments)} for wrangler, {sorted(names)} for cflint"
    yield Disagreement("no-environment" if odd else "", text)


def _kind_of_objection(config: WranglerConfig, rule: str, message: str) -> str:
    problems = [problem for environment in config.environments for problem in environment.lifecycle.problems]
    if rule == "duplicate-binding-name":
        named = {"rate limiter", "email binding", "unsafe binding", "logfwdr binding"}
        return "named-name" if any(label in message for label in named) else ""
    if rule == "config-invalid-value":
        return "other-type" if "has to be a string" in message else "lenient-type"
    return next((_kind_of_problem(problem.kind) for problem in problems if problem.message == message), "")


def _kind_of_problem(kind: LifecycleProblem) -> str:
    return {
        LifecycleProblem.RENAME_TARGET_MISSING: "rename-target",
        LifecycleProblem.RENAME_TARGET_LIVE: "rename-target",
        LifecycleProblem.RECREATED_AT_ONCE: "removed-and-created",
        LifecycleProblem.DUPLICATE_TAG: "duplicate-tag",
        LifecycleProblem.UNKNOWN_DIRECTIVE: "unknown-directive",
    }.get(kind, "")


Difference = tuple[str, str]
"""(key of `KEPT` or "", text)."""


def _compare_environment(
    folder: Path, environment: Environment, what: dict[str, Any]
) -> Iterator[Difference]:
    main = environment.main
    date = environment.text("compatibility_date")
    one: dict[str, str | None] = {
        "name": environment.worker_name,
        "main": os.path.normpath(folder / (main.text or "")) if main else None,
        "compatibility_date": date.text if date else None,
    }
    for key, value in one.items():
        if value != (what[key] or None):
            yield "", f"{key} is {what[key]!r} for wrangler, {value!r} for cflint"
    several: dict[str, list[str | None]] = {
        "compatibility_flags": list(environment.compatibility_flags),
        "crons": [node.text for node in environment.crons],
        "consumers": [consumer.queue for consumer in environment.queue_consumers],
        "tails": [tail.service for tail in environment.tail_consumers],
        "required_secrets": [binding.name for binding in environment.bindings_of("secret")],
    }
    for key, values in several.items():
        if values != what[key]:
            strings = [item for item in what[key] if isinstance(item, str) and item]
            kind = "other-type" if values == strings else ""
            yield kind, f"{key}: wrangler has {what[key]!r}, cflint {values!r}"
    yield from _compare_bindings(environment, what["bindings"])
    yield from _compare_classes(environment, what)


def _compare_bindings(environment: Environment, theirs: dict[str, dict[str, Any]]) -> Iterator[Difference]:
    gathered: dict[str, list[Binding]] = {}
    for binding in environment.bindings:
        if binding.kind.id != "secret":
            gathered.setdefault(binding.name, []).append(binding)
    for name in sorted(theirs.keys() - gathered.keys()):
        variables = environment.own("vars")
        kind = "nameless" if name in ("", "undefined") else ""
        if variables is not None and variables.kind is Kind.ARRAY and name.isdigit():
            kind = "lenient-type"
        yield kind, f"binding {name!r}: only wrangler has it, {theirs[name]}"
    for name in sorted(gathered.keys() - theirs.keys()):
        yield "", f"binding {name!r}: only cflint has it, a {gathered[name][0].kind.id}"
    for name in sorted(theirs.keys() & gathered.keys()):
        other = theirs[name]
        kind_id = _kind_id(other["type"])
        of_kind = [binding for binding in gathered[name] if binding.kind.id == kind_id]
        if not of_kind:
            yield "", f"binding {name}: {other['type']} for wrangler, {gathered[name][0].kind.id} for cflint"
            continue
        if len(gathered[name]) > 1:
            continue  # which of the two counts is nobody's business: see `named-name`
        binding = of_kind[0]
        for key in FIELDS:
            if key in other and getattr(binding, key) != (other[key] or None):
                yield (
                    "",
                    f"binding {name}: {key} is {other[key]!r} for wrangler, not {getattr(binding, key)!r}",
                )
        resources = [other.get(key) for key in binding.kind.resource_keys]
        if binding.resource is not None and kind_id != "assets" and binding.resource not in resources:
            yield "", f"binding {name}: cflint has the resource {binding.resource!r}, wrangler {other}"


def _kind_id(wranglers: str) -> str:
    if wranglers in KIND_OF_TYPE:
        return KIND_OF_TYPE[wranglers]
    return "unsafe" if wranglers.startswith("unsafe_") else wranglers


def _compare_classes(environment: Environment, what: dict[str, Any]) -> Iterator[Difference]:
    lifecycle = environment.lifecycle
    transfers = any(migration.node.get("transferred_classes") for migration in lifecycle.migrations)
    if "replay" in what:
        if not lifecycle.problems:
            yield "transferred" if transfers else "", f"wrangler cannot replay: {what['replay']}"
        return
    for problem in lifecycle.problems:
        kind = _kind_of_problem(problem.kind) or ("transferred" if transfers else "")
        yield kind, f"cflint cannot replay: {problem.message}"
    if lifecycle.problems:
        return
    sqlite = {Backend.SQLITE: True, Backend.KEY_VALUE: False, Backend.UNKNOWN: None}
    ours = {name: sqlite[live.backend] for name, live in lifecycle.classes.items()}
    if ours != what["classes"]:
        known = {name: backend for name, backend in ours.items() if backend is not None}
        kind = "transferred" if transfers and known == what["classes"] else ""
        yield kind, f"wrangler has the classes {what['classes']}, cflint {ours}"
