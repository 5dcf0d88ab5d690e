"""An app that was recognised: its kinds, its folder, and where its modules run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from cflint.project.apps.kind import Accessors, AppKind, Handlers, Islands, Layout, Target
from cflint.project.apps.realms import Realm
from cflint.project.modules.imports import Import
from cflint.record import field, record
from cflint.syntax.suffixes import COMPONENT_SUFFIXES

MAIN = "`main`"
"""Why a `main` of one's own runs in the Worker."""


@record(frozen=True)
class Placed:
    """A module's realm and why: a reason in words, and the module that imports it (None of a seed). With
    `shared` the browser runs what is of the server, too."""

    realm: Realm
    why: str
    importer: str | None = None
    shared: bool = False

    @property
    def label(self) -> str:
        """The realm in words."""
        return f"{self.realm.label}, and in the browser, too" if self.shared else self.realm.label


@record(frozen=True)
class Borders:
    """What ends or begins a realm: whether directives count, the islands, and specifiers (globs) that no file
    stands behind. `says` is what seeds ask of a module's text, `shares` whether the browser shares modules
    with `main`, `components` are modules (globs) that the browser may get wherever they are used.
    """

    directives: bool = False
    islands: Islands = field(default_factory=Islands)
    virtual: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    shares: bool = False
    components: tuple[str, ...] = ()


@record(frozen=True, eq=False)
class App:
    """One app. `kinds` are its framework and what adds to it, the framework first; `folder` is that of its
    package.json, `signs` say by what it was recognised, `placed` the realms of its modules by path."""

    kinds: tuple[AppKind, ...]
    folder: str
    signs: tuple[str, ...]
    layout: Layout
    placed: Mapping[str, Placed] = field(default_factory=dict)

    @property
    def kind(self) -> AppKind:
        """The framework."""
        return self.kinds[0]

    @property
    def title(self) -> str:
        """What the framework is called, with what adds to it."""
        return " + ".join(kind.title for kind in self.kinds)

    def summary(self, is_left_out: Callable[[str], bool], *, is_configured: bool = False) -> str:
        """What was recognised, by what, and how many modules run where, without those of types alone, of
        which `is_left_out` tells. Of files with components only the imports are read. `is_configured`: a
        configuration of wrangler deploys it."""
        many = dict.fromkeys(Realm, 0)
        shared = components = 0
        for path, placed in self.placed.items():
            if path.endswith(COMPONENT_SUFFIXES):
                components += 1
            elif not is_left_out(path):
                many[placed.realm] += 1
                shared += placed.shared
        listed = ", ".join(f"{count} {realm.label}" for realm, count in many.items() if count)
        if shared:
            listed += f"; {shared} of the server run in the browser, too"
        if components:
            listed += f"; of {components} components the imports"
        is_known = is_configured or self.target is Target.PROVED
        guess = "" if is_known else "; nothing says that it is built for Cloudflare"
        return f"{self.title}, by {', '.join(self.signs)}{guess} (modules: {listed or 'none'})"

    @property
    def outside(self) -> Iterator[str]:
        """The modules that no Worker runs."""
        return (path for path, found in self.placed.items() if not found.realm.in_worker)

    def is_configured_by(self, path: str) -> bool:
        """Whether a file may be one that the layout was read from."""
        folder, _, name = path.rpartition("/")
        return folder == self.folder and (".config." in name or name == "package.json")

    @property
    def target(self) -> Target:
        """Whether it is known to be built for Cloudflare."""
        return self.layout.target

    def realm(self, path: str) -> Realm | None:
        """Where a module runs; None when the app does not reach it."""
        found = self.placed.get(path)
        return found.realm if found is not None else None

    def modules(self, *realms: Realm) -> Iterator[str]:
        """The modules of some realms, in the order in which they were reached."""
        return (path for path, found in self.placed.items() if found.realm in realms)

    def why(self, path: str) -> tuple[str, ...]:
        """Why a module has its realm: the way from it back to a seed, in words."""
        steps: list[str] = []
        while (found := self.placed.get(path)) is not None and len(steps) < len(self.placed):
            if found.importer is None:
                steps.append(found.why)
                break
            steps.append(f"{found.why} {found.importer}")
            path = found.importer
        return tuple(steps)

    def loads_with_main(self, path: str) -> bool:
        """Whether a module is one that a `main` of one's own imports. A framework loads the others when it
        needs them, so that their top level may run for a request."""
        return path in self._loaded_with_main

    @cached_property
    def _loaded_with_main(self) -> frozenset[str]:
        known: dict[str, bool] = {}
        for start in self.placed:
            way: dict[str, None] = {}
            path: str | None = start
            result = False
            while path is not None and path not in way and path in self.placed:
                if path in known:
                    result = known[path]
                    break
                way[path] = None
                found = self.placed[path]
                result = found.importer is None and found.why == MAIN
                path = found.importer
            known.update(dict.fromkeys(way, result))
        return frozenset(path for path, result in known.items() if result)

    @cached_property
    def borders(self) -> Borders:
        """What ends or begins a realm."""
        return borders_of(self.kinds, self.layout)

    @cached_property
    def accessors(self) -> Accessors:
        """The accessors of all kinds."""
        every = [kind.accessors for kind in self.kinds]
        owners = {name: offer for one in reversed(every) for name, offer in one.owners.items()}
        return Accessors(
            tuple(it for one in every for it in one.calls),
            tuple(it for one in every for it in one.imports),
            tuple(it for one in every for it in one.types),
            owners,
            tuple(it for one in every for it in one.contexts),
            tuple(it for one in every for it in one.keys),
        )

    @cached_property
    def handlers(self) -> tuple[Handlers, ...]:
        """The functions that the frameworks call."""
        return tuple(it for kind in self.kinds for it in kind.handlers)

    @cached_property
    def never(self) -> frozenset[str]:
        """Names of functions of the frameworks that never return."""
        return frozenset(name for kind in self.kinds for name in kind.never)

    @cached_property
    def silent(self) -> frozenset[str]:
        """Ids of rules that mean nothing here."""
        return self.layout.silent.union(*(kind.silent for kind in self.kinds))

    @cached_property
    def bindings(self) -> frozenset[str]:
        """Names of bindings that code of the frameworks reads."""
        return frozenset((*(name for kind in self.kinds for name in kind.bindings), *self.implied))

    @cached_property
    def implied(self) -> Mapping[str, str]:
        """Bindings that the build adds to the configuration: the ids of their kinds by name."""
        found = {name: id for kind in self.kinds for name, id in kind.implied.items()}
        return {**found, **self.layout.implied}


def borders_of(kinds: tuple[AppKind, ...], layout: Layout) -> Borders:
    """The borders of an app of some kinds."""
    seeds = (*layout.seeds, *kinds[0].seeds)
    return Borders(
        any(kind.directives for kind in kinds),
        kinds[0].islands,
        tuple(glob for kind in kinds for glob in kind.virtual),
        tuple(dict.fromkeys(seed.says for seed in seeds if seed.says)),
        any(kind.shares for kind in kinds),
        tuple(glob for kind in kinds for glob in kind.components),
    )


@record(frozen=True, eq=False)
class Found:
    """An app with its realms, and what its Worker is by them.

    `modules` are those that run in the Worker, `idle` those of which no function runs (see `Worker`);
    `unread` and `unresolved` are files and imports that should lead to code and do not. `wraps` are the mains
    of one's own, which wrap the generated entry.
    """

    app: App
    modules: tuple[str, ...]
    idle: frozenset[str]
    unread: tuple[str, ...]
    unresolved: tuple[tuple[str, Import], ...]
    wraps: tuple[str, ...]
