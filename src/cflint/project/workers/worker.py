"""Plain data of the model: a Worker, what it exports, its entrypoint, its Durable Objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cflint.finding import Location
from cflint.project.config.wrangler import Binding, Environment, WranglerConfig
from cflint.project.modules.facts import ClassFacts
from cflint.record import field, record
from cflint.source import Document

if TYPE_CHECKING:
    from cflint.project.apps.app import App
    from cflint.project.config.lifecycle import ActiveClass


@record(frozen=True, eq=False)
class Worker:
    """One deployable: a configuration and the code that its `main` reaches.

    `config` is None where code stands without one (a Markdown section, say). `entries` are the modules whose
    exports the runtime sees: `main`, or all code blocks of a Markdown section; empty when `main` is missing,
    generated or unresolved. `modules` are all modules reached; no function of those in `idle` runs: they
    are reached by types alone, or by modules that hand on their names to nobody. `section`
    is the heading of a Markdown section, `manifest` the package.json that it shows, `files` the names that
    it gives to what it shows, `app` the framework app that it is. `without_config` is how code was seen to be
    a Worker that has no configuration anywhere. `bound` are the kinds (ids) of bindings that Terraform,
    Alchemy or their like give it, by name; there may be more.
    """

    config: WranglerConfig | None
    entries: tuple[str, ...]
    modules: tuple[str, ...]
    section: Location | None = None
    unresolved: bool = False
    idle: frozenset[str] = frozenset()
    manifest: Document | None = None
    files: frozenset[str] = frozenset()
    app: App | None = None
    without_config: str = ""
    bound: Mapping[str, str] = field(default_factory=dict)

    @property
    def environments(self) -> tuple[Environment, ...]:
        return self.config.environments if self.config is not None else ()

    @property
    def name(self) -> str | None:
        """The Worker's name, as the top level of its configuration gives it."""
        return self.config.top.worker_name if self.config is not None else None

    @property
    def names(self) -> frozenset[str]:
        """All names that it is deployed under."""
        return self.config.names if self.config is not None else frozenset()

    @property
    def is_deployed(self) -> bool:
        """Whether the Worker has a configuration that is not there for tests (see `WranglerConfig.role`)."""
        return self.config is not None and self.config.role.is_deployed

    @property
    def is_pages(self) -> bool:
        """Whether it is a project of Pages, by its configuration, or by how it was recognised without one."""
        return self.config.is_pages if self.config is not None else "Pages" in self.without_config

    @property
    def is_document(self) -> bool:
        """Whether the Worker is a section of a Markdown file."""
        return self.section is not None


@record(frozen=True)
class ExportSet:
    """The names that an entry exports; `complete` is false when there may be more."""

    names: Mapping[str, ExportTarget]
    complete: bool

    def __contains__(self, name: str) -> bool:
        return name in self.names


@record(frozen=True)
class ExportTarget:
    """Where an exported name is declared: the module and the local name (None when it could not be followed),
    and the span of the export in the entry."""

    module: str
    local: str | None
    at: Location


@record(frozen=True)
class Entrypoint:
    """The handlers of a default export: their names; `complete` is false when there may be others.

    `at` is the place of the default export, `owner` the class when it is one. `places` are those of the
    handlers' names, where they are written down.
    """

    handlers: frozenset[str]
    complete: bool
    at: Location
    owner: ClassFacts | None = None
    places: Mapping[str, Location] = field(default_factory=dict)


@record(frozen=True, eq=False)
class DurableObject:
    """A Durable Object class of one environment of a Worker: the configuration and the code side by side.

    `name` is the name under which `main` exports it; `binding` its first binding there, `live` its entry in
    the lifecycle; `facts` the class, when it was found.
    """

    name: str
    worker: Worker
    environment: Environment
    binding: Binding | None
    live: ActiveClass | None
    facts: ClassFacts | None
    location: Location | None = field(default=None)
