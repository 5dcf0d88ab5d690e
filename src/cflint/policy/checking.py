"""What a configuration says where a policy looks, in each of its environments.

Imported where used: editors of configurations, for what a fix sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cflint.finding import Finding, Fix, Location, Safety
from cflint.policy.definition import ConfigPolicy, Demand, shown
from cflint.project.config.schema import Path
from cflint.project.config.wrangler import Environment, WranglerConfig, has_placeholder
from cflint.record import record
from cflint.syntax.data import Kind, Node

if TYPE_CHECKING:
    from cflint.project.config.edits import Edits

_PAGES_KEYS = """
    pages_build_output_dir name compatibility_date compatibility_flags send_metrics no_bundle limits placement
    vars durable_objects kv_namespaces queues r2_buckets d1_databases vectorize hyperdrive services
    analytics_engine_datasets ai version_metadata dev mtls_certificates browser upload_source_maps
"""
PAGES_KEYS = frozenset(_PAGES_KEYS.split())
"""The keys that a configuration of Pages may have: nobody can demand others of it. Source: workers-sdk,
packages/workers-utils/src/config/validation-pages.ts, read on 2026-11-27."""


@record(frozen=True, eq=False)
class Place:
    """Where the path of a policy leads in an environment: `path` in wrangler's keys from the environment on,
    the value there or None, and where to point."""

    environment: Environment
    path: Path
    node: Node | None
    at: Location


def places_of(policy: ConfigPolicy, environment: Environment) -> Iterator[Place]:
    """The places that a policy looks at; none where that cannot be known."""
    source = environment.source_of(policy.path.key)
    key, *steps = policy.path.steps
    top = Place(source, (), source.node, source.place)
    for place in _below(top, key):
        yield from _walked(place, steps)
    if key == "routes":
        yield from _route(top, steps)


def _walked(place: Place, steps: list[str]) -> Iterator[Place]:
    """The places that are some steps below one, in source order; an absent one when the first key is
    missing that is no wildcard."""
    places = [place]
    for step in steps:
        places = [below for found in places for below in _below(found, step)]
    yield from places


def _below(place: Place, step: str) -> Iterator[Place]:
    node, environment = place.node, place.environment
    if node is None or node.kind is Kind.UNKNOWN:
        if node is None and step not in ("*", "[*]"):
            yield Place(environment, (*place.path, step), None, place.at)
        return
    if step == "[*]":
        for index, item in enumerate(node.items):
            yield Place(environment, (*place.path, index), item, environment.location(item))
    elif step == "*":
        for member in {member.key: member for member in node.members}.values():
            path = (*place.path, member.key)
            yield Place(environment, path, member.value, environment.config.location(member.key_span))
    else:
        yield from _at_key(place, node, step)


def _at_key(place: Place, node: Node, key: str) -> Iterator[Place]:
    environment = place.environment
    path = (*place.path, key)
    if node.text is not None and place.path[:1] == ("routes",):  # the short form of a route
        if key == "pattern":
            yield Place(environment, place.path, node, place.at)
        else:
            yield Place(environment, path, None, place.at)
        return
    member = node.member(key)
    if member is None or member.value.kind is Kind.NULL:
        names = tuple(step for step in path if isinstance(step, str))
        if node.kind is Kind.OBJECT and not node.is_unknown(key) and not environment.is_open(*names):
            yield Place(environment, path, None, place.at)
        return
    yield Place(environment, path, member.value, environment.config.location(member.key_span))


def _route(top: Place, steps: list[str]) -> Iterator[Place]:
    """The one route of `route`, which is short for `routes`."""
    member = top.node.member("route") if top.node is not None else None
    if member is None or steps[:1] != ["[*]"]:
        return
    at = top.environment.config.location(member.key_span)
    if member.value.text is None:
        yield from _walked(Place(top.environment, ("route",), member.value, at), steps[1:])
    elif steps[1:] in ([], ["pattern"]):
        yield Place(top.environment, ("route",), member.value, at)


def check(policy: ConfigPolicy, config: WranglerConfig) -> Iterator[Finding]:
    """What of a configuration is not as a policy demands: each place once, with the environments that get it
    from there."""
    if config.is_pages and policy.path.key not in PAGES_KEYS:
        return
    seen: set[object] = set()
    for environment in config.environments:
        for place in places_of(policy, environment):
            if _is_met(policy, place):
                continue
            key = place.node if place.node is not None else (place.environment, place.path)
            if key not in seen:
                seen.add(key)
                yield _finding(policy, place)


def _is_met(policy: ConfigPolicy, place: Place) -> bool:
    """Whether a place is as demanded, or cannot be known."""
    node = place.node
    if node is None:
        return not policy.wants_value
    if node.kind in (Kind.UNKNOWN, Kind.INVALID) or any(it.kind is Kind.UNKNOWN for it in node.items):
        return True
    looks_at_value = any(it.demand not in (Demand.PRESENT, Demand.ABSENT) for it in policy.conditions)
    if looks_at_value and node.text is not None and has_placeholder(node.text):
        return True  # what is put in there later
    return policy.is_met_by(node)


def _finding(policy: ConfigPolicy, place: Place) -> Finding:
    environment, node = place.environment, place.node  # the value of a variable may be a secret
    name = environment.spelled(*place.path, node=node)
    where = "" if environment.name is None else f" in {environment.quoted_label}"
    text = f"`{name}` {policy.sentence}"
    if node is None:
        text += f", and is not set{where}"
    elif node.kind in (Kind.OBJECT, Kind.ARRAY):
        text += where
    elif place.path[0] != "vars" and any(it.demand is not Demand.ABSENT for it in policy.conditions):
        text += f", and is {shown(node.plain)}{where}"
    else:
        text += where
    if policy.message:
        text += f": {policy.message}"
    return Finding(text, place.at, (), _fix(policy, place))


def _fix(policy: ConfigPolicy, place: Place) -> Fix | None:
    if not policy.new_value:
        return None
    from cflint.project.config.edits import set_key

    value = policy.new_value[0]
    environment = place.environment
    edits: Edits = set_key(environment.config, environment.path(*place.path), value)
    name = environment.spelled(*place.path, node=place.node)
    return Fix.of(f"Set `{name}` to {shown(value)}", edits, Safety.UNSAFE)
