"""What one framework is to cflint, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.handlers import Owes
from cflint.project.apps.realms import Realm
from cflint.record import field, record

if TYPE_CHECKING:
    from cflint.project.apps.folder import AppFolder


# -- what code is given -------------------------------------------------------------------------------------


class Given(Enum):
    """What a framework hands to code. LOAD_CONTEXT is the object that the Worker made for it: see
    `LoadContext`."""

    __hash__ = object.__hash__  # that of Enum is written in Python

    ENV = "env"
    CONTEXT = "ExecutionContext"
    REQUEST = "Request"
    URL = "URL of the Request"
    CACHES = "CacheStorage"
    CONTROLLER = "ScheduledController"
    BATCH = "MessageBatch"
    LOAD_CONTEXT = "load context"


@record(frozen=True)
class Bound:
    """A binding by its name and the id of its kind, which a framework's own function or import gives."""

    name: str
    kind: str


@record(frozen=True, eq=False)
class Shape:
    """An object of a framework: what its members are. `lookup` is a method that takes a binding's name and
    gives it (`get` of Qwik's `requestEvent.env`); `waits` are methods that keep the Worker alive for a
    promise (`event.waitUntil`)."""

    members: Mapping[str, Offer] = field(default_factory=dict)
    lookup: str | None = None
    waits: frozenset[str] = frozenset()


Offer = Given | Bound | Shape
"""What an accessor gives."""

PLATFORM = Shape(
    {
        "env": Given.ENV,
        "ctx": Given.CONTEXT,
        "context": Given.CONTEXT,
        "caches": Given.CACHES,
        "request": Given.REQUEST,
    }
)
"""What most frameworks call `cloudflare`, `platform` or `runtime`."""


@record(frozen=True)
class CallAccessor:
    """A function that gives something: `name` imported from `module`, or without an import where `module` is
    "". With `promised_by` it gives a promise when its argument has that key, set to `true`."""

    module: str
    name: str
    gives: Offer
    promised_by: str | None = None


@record(frozen=True)
class ImportAccessor:
    """A name that is imported and is what one wants: `kv` of `hub:kv`."""

    module: str
    name: str
    gives: Offer


@record(frozen=True)
class TypeAccessor:
    """A type that says what a parameter is: `RequestEvent` of `@sveltejs/kit`. `module` is a prefix."""

    module: str
    name: str
    gives: Offer


@record(frozen=True)
class Handlers:
    """Functions that a framework calls, in files that match one of the globs (below the app's folder).

    They are exported under one of `names` (`default` too), methods of an exported object in `objects`
    (`actions` of SvelteKit), or arguments of a function in `wrappers`, whatever file that is in when `files`
    is empty. A wrapper is a name (`defineEventHandler`), a method in a chain of calls
    (`createServerFn.handler`), or a key of a call's argument that the function lies below
    (`createFileRoute(server)`). `gives` is what their parameters are, `owes` what they return.
    """

    files: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    gives: tuple[Offer | None, ...] = ()
    owes: Owes = Owes.VALUE


@record(frozen=True)
class LoadContext:
    """Where a Worker makes the object that a framework hands on to its code.

    `maker` is a function imported from a module whose name begins with `module`. The object is argument
    `position` of what the maker returns (`createRequestHandler(build)(request, CONTEXT)`) or, with `option`,
    what a function of that name in the maker's own argument returns (`getLoadContext`). `path` are the keys
    that lead to it in that (`context` of `handler.fetch(request, { context })`), `method` what is called of
    what the maker returns (`fetch`). With the maker `default`, what is imported by default from `module` (a
    glob) is what others make.
    """

    module: str
    maker: str
    position: int = 1
    option: str | None = None
    method: str | None = None
    path: tuple[str, ...] = ()


@record(frozen=True)
class ContextKey:
    """Keys under which code keeps things for later code of the same request: `key = createContext()` of
    `module`, then `X.set(key, VALUE)` and `X.get(key)`, whatever `X` is."""

    module: str
    maker: str


@record(frozen=True)
class Accessors:
    """All ways in which code of a framework reaches `env`, the context and the request.

    `owners` are names of members whose `env` is the Worker's, whatever they are members of
    (`locals.runtime.env`); `contexts` say where `Given.LOAD_CONTEXT` is made, `keys` how keys are.
    """

    calls: tuple[CallAccessor, ...] = ()
    imports: tuple[ImportAccessor, ...] = ()
    types: tuple[TypeAccessor, ...] = ()
    owners: Mapping[str, Offer] = field(default_factory=dict)
    contexts: tuple[LoadContext, ...] = ()
    keys: tuple[ContextKey, ...] = ()


_ROUTES = pattern(r"(?:^|[/},])(?:routes|pages|app|api|functions)/.*\*|^[^*]+$")


# -- where code runs ----------------------------------------------------------------------------------------


@record(frozen=True)
class Seed:
    """Modules that a framework finds by their paths (a glob below the app's folder), and where they run.

    `why` is said by `cflint inspect`. With `says` only modules are meant whose text has what this expression
    matches. Of several seeds that match, the first counts.
    """

    glob: str
    realm: Realm
    why: str
    says: str = ""

    @property
    def routes(self) -> bool:
        """Whether the folders below it become parts of addresses, or the file is named as it is: a folder may
        be called `test`."""
        return _ROUTES.search(self.glob) is not None


@record(frozen=True)
class Islands:
    """Parts of modules of both realms that run on one side only.

    `server_exports`, `browser_exports`: names of exports. `server_calls`, `browser_calls`: functions or
    methods whose function arguments run there; `method of builder` is written `createServerFn.handler`: a
    method in a chain of calls that begins with that function. `server_keys` are keys of objects whose values
    run there, as a path from the argument of a call: `createFileRoute.server`. With `directives` a function
    whose body begins with `"use server"` does.
    """

    server_exports: frozenset[str] = frozenset()
    browser_exports: frozenset[str] = frozenset()
    server_calls: frozenset[str] = frozenset()
    browser_calls: frozenset[str] = frozenset()
    server_keys: frozenset[str] = frozenset()
    directives: bool = False

    @property
    def words(self) -> frozenset[str]:
        """Words one of which stands in every module that has a server island."""
        calls = {name.split(".")[0] for name in (*self.server_calls, *self.server_keys)}
        return frozenset(self.server_exports | calls | ({"use server"} if self.directives else set()))


NO_ISLANDS = Islands()


class Target(Enum):
    """Whether an app is built for Cloudflare."""

    PROVED = "its configuration names Cloudflare"
    GUESSED = "nothing names another platform"


@record(frozen=True)
class Layout:
    """What a framework's configuration says of one app: see `AppKind.layout`.

    `aliases` are specifiers (with `*` at the end for what is below) and the paths below the app's folder that
    they mean. `seeds` are added in front of the kind's own, `implied` to those of the kind.
    With `pages_worker` the build writes a `_worker.js` for Pages, beside which `functions/` does not count;
    with `pages_only` it can be deployed to nothing else, unless the configuration names what was built.
    `major` is the major version of the adapter, where it is known; `auxiliary` are the configurations of
    further Workers of the same build, as paths of the workspace. `needs` are the names of bindings that parts
    which the configuration chooses read, and the name of the part. `entries` are the modules, as paths of the
    workspace, of which the build makes what `main` names. `silent` are rules beside the kind's own that mean
    nothing here.
    """

    target: Target = Target.PROVED
    seeds: tuple[Seed, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    implied: Mapping[str, str] = field(default_factory=dict)
    pages_worker: bool = False
    pages_only: bool = False
    major: int | None = None
    auxiliary: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()


@record(frozen=True)
class GeneratedEntry:
    """What the entry exports that a framework generates: the names of handlers and of classes. Without
    `complete` there may be more."""

    handlers: frozenset[str] = frozenset({"fetch"})
    classes: frozenset[str] = frozenset()
    complete: bool = True


@record(frozen=True, eq=False)
class AppKind:
    """One framework on Cloudflare.

    Signs, of which two have to be there: a dependency on one of `packages`, a file of `files` beside the
    package.json (a glob), and a `main` (or output folder of Pages) that `mains` matches (a glob below the
    configuration's folder, or the name of a package).

    `layout` reads the framework's configuration; None says that the app is built for another platform. A kind
    without it adds to another one in the same folder (NuxtHub to Nuxt).

    `entry_imports` are specifiers (globs) that a `main` of one's own imports when it wraps the generated
    entry; with `own_entry` any `main` is one's own and the app's. With `shares`, what both `main` and modules
    of the browser reach is of both realms; `components` are globs of modules that the browser may get
    wherever they are used. `virtual` are specifiers that no file stands behind. `directives`: whether
    `"use client"` and `"use server"` mean something. Without `needs_main` a configuration that has assets and
    no `main` deploys such an app as well: to other frameworks that is a static site. `bindings` are names of
    bindings that the framework's own code reads, `implied` those that it adds to the configuration, by name
    with the id of their kind.
    With `proves_itself` a layout whose target is `PROVED` needs no wrangler configuration beside it to be
    believed. `env_types` are types that say what `env`, or what holds it, is. `never` are names of its
    functions that never return (`error` of SvelteKit). `silent` are ids of rules that mean nothing here.
    """

    id: str
    title: str
    packages: frozenset[str]
    files: tuple[str, ...] = ()
    mains: tuple[str, ...] = ()
    layout: Callable[[AppFolder], Layout | None] | None = None
    seeds: tuple[Seed, ...] = ()
    islands: Islands = NO_ISLANDS
    accessors: Accessors = field(default_factory=Accessors)
    handlers: tuple[Handlers, ...] = ()
    entry: GeneratedEntry = field(default_factory=GeneratedEntry)
    entry_imports: tuple[str, ...] = ()
    own_entry: bool = False
    shares: bool = False
    components: tuple[str, ...] = ()
    virtual: tuple[str, ...] = ()
    directives: bool = False
    needs_main: bool = True
    proves_itself: bool = False
    bindings: frozenset[str] = frozenset()
    implied: Mapping[str, str] = field(default_factory=dict)
    env_types: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
