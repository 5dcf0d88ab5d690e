"""Plain data of a picture: items and links between them, in groups, and what is broken about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cached_property

from cflint.finding import Location, Severity
from cflint.record import field, record


class Role(StrEnum):
    """What an item is to a Worker; it decides how the item is drawn."""

    WORKER = "worker"
    ELSEWHERE = "elsewhere"
    TRIGGER = "trigger"
    CLASS = "class"
    MODULE = "module"
    STORE = "store"
    QUEUE = "queue"
    SERVICE = "service"
    VALUES = "values"


ROLES: dict[Role, str] = {
    Role.WORKER: "Worker",
    Role.ELSEWHERE: "Worker that is not here",
    Role.TRIGGER: "route, cron, address",
    Role.CLASS: "class of a Worker",
    Role.MODULE: "module",
    Role.STORE: "storage",
    Role.QUEUE: "queue",
    Role.SERVICE: "service of the platform",
    Role.VALUES: "variables and secrets",
}
"""What the legend says of each."""


@record(frozen=True)
class Trouble:
    """A finding, as the picture shows it: its number there, from 1."""

    number: int
    rule: str
    severity: Severity
    message: str
    at: Location


def worst(troubles: Iterable[Trouble]) -> Severity | None:
    """The highest severity; None when nothing is wrong."""
    return max((trouble.severity for trouble in troubles), default=None)


@record(frozen=True)
class Item:
    """One thing of the picture.

    `id` is unique there and the same in every run; `kind` says what it is (`d1`, `durable_object`, `cron`),
    `label` is its name, `details` are lines about it; `group` is the id of its Worker's group, or "" for what
    belongs to none; `at` is where it is written down.
    """

    id: str
    role: Role
    kind: str
    label: str
    details: tuple[str, ...] = ()
    group: str = ""
    at: Location | None = None
    troubles: tuple[Trouble, ...] = ()
    is_gone: bool = False


@record(frozen=True)
class Link:
    """A directed link between items, by their ids: what is named in `label` (a binding, mostly)."""

    source: str
    target: str
    label: str = ""
    kind: str = "binding"
    at: Location | None = None
    troubles: tuple[Trouble, ...] = ()


@record(frozen=True)
class Group:
    """A Worker and what is its own: `id` is that of the Worker's item, `label` its name."""

    id: str
    label: str
    details: tuple[str, ...] = ()


@record(frozen=True)
class Picture:
    """A picture of one environment of all Workers: `environment` is its name, None for the top level.
    `is_folded` says that Workers are drawn as single items, with counts of what is theirs."""

    groups: tuple[Group, ...]
    items: tuple[Item, ...]
    links: tuple[Link, ...]
    environment: str | None = None
    is_folded: bool = False
    troubles: tuple[Trouble, ...] = field(default=())

    @cached_property
    def by_group(self) -> dict[str, Sequence[Item]]:
        """The items of each group, by its id, in order; under "" those of none."""
        found: dict[str, list[Item]] = {"": [], **{group.id: [] for group in self.groups}}
        for item in self.items:
            found.get(item.group, found[""]).append(item)
        return dict(found)

    @cached_property
    def sizes(self) -> Sequence[int]:
        """How many items hang together by links: a number for each of these parts."""
        leaders = {item.id: item.id for item in self.items}

        def leader(id: str) -> str:
            while leaders[id] != id:
                leaders[id] = id = leaders[leaders[id]]
            return id

        for link in self.links:
            leaders[leader(link.source)] = leader(link.target)
        return tuple(Counter(map(leader, leaders)).values())

    @cached_property
    def names(self) -> dict[str, str]:
        """A short name for each item, by its id, for formats in which ids are identifiers."""
        return {item.id: f"n{number}" for number, item in enumerate(self.items)}
