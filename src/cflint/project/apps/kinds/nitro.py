"""Nitro 2 (`nitropack`) and 3 (`nitro`), by itself.

Source: https://nitro.build/deploy/providers/cloudflare, and the packages (nitropack 2.13, nitro 3.0 beta).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.platform.handlers import Owes
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    PLATFORM,
    Accessors,
    AppKind,
    GeneratedEntry,
    Given,
    Handlers,
    Layout,
    Offer,
    Seed,
    Shape,
    Target,
    TypeAccessor,
)
from cflint.project.apps.options import OPEN
from cflint.project.apps.realms import Realm

_PRESET = pattern(r"cloudflare(?:[-_]\w+)*")
_PRESET_IN_SCRIPT = pattern(r"NITRO_PRESET=[\"']?([\w-]+)|--preset[ =][\"']?([\w-]+)")

_CONTEXT = Shape({"cloudflare": PLATFORM}, waits=frozenset({"waitUntil"}))
_RUNTIME = Shape({"cloudflare": PLATFORM})
EVENT = Shape(
    {"context": _CONTEXT, "req": Shape({"runtime": _RUNTIME}, waits=frozenset({"waitUntil"}))},
    waits=frozenset({"waitUntil"}),
)
"""`event` of a handler, in Nitro 2 and 3."""

_HOOK = Shape(
    {"env": Given.ENV, "context": Given.CONTEXT, "controller": Given.CONTROLLER, "batch": Given.BATCH}
)

WRAPPERS = frozenset(
    {"defineEventHandler", "eventHandler", "defineCachedEventHandler", "cachedEventHandler", "defineHandler"}
    | {"defineCachedHandler", "defineLazyEventHandler", "defineWebSocketHandler"}
)

_OWNERS: dict[str, Offer] = {"cloudflare": PLATFORM}
ACCESSORS = Accessors(
    types=(TypeAccessor("h3", "H3Event", EVENT), TypeAccessor("", "H3Event", EVENT)), owners=_OWNERS
)

HANDLERS = (
    Handlers(wrappers=WRAPPERS, gives=(EVENT,)),
    Handlers(files=("**/middleware/**",), wrappers=WRAPPERS, gives=(EVENT,), owes=Owes.NOTHING),
    *(
        Handlers(wrappers=frozenset({f"hook:cloudflare:{name}"}), gives=(_HOOK,), owes=Owes.NOTHING)
        for name in ("scheduled", "queue", "email", "tail", "trace")
    ),
)

ENTRY = GeneratedEntry(
    handlers=frozenset({"fetch", "scheduled", "email", "queue", "tail", "trace"}), complete=False
)

VIRTUAL = ("#{imports,components}", "#{build,app,nitro,internal}{,/**}", "nitro/**")


def target_of(folder: AppFolder, preset: object) -> Target | None:
    """What a preset says, or a script that gives one; None of another platform's. `preset` is a literal, OPEN
    or None."""
    if isinstance(preset, str):
        return Target.PROVED if _PRESET.fullmatch(preset) is not None else None
    named = [
        found[1] or found[2]
        for script in folder.manifest.scripts.values()
        for found in _PRESET_IN_SCRIPT.finditer(script)
    ]
    ours = [_PRESET.fullmatch(name) is not None for name in named]
    if any(ours) if folder.config is not None else ours and all(ours) and preset is not OPEN:
        return Target.PROVED
    return Target.GUESSED if folder.config is not None else None


def server_seeds(server: str) -> Iterator[Seed]:
    """The modules that Nitro finds in its folder (`server`, or "" for the app's)."""
    prefix = f"{server}/" if server else ""
    code = "{ts,js,mts,mjs}"
    for name, why in (
        ("api", "an API route"),
        ("routes", "a route"),
        ("middleware", "middleware of the server"),
        ("plugins", "a plugin of the server"),
        ("utils", "auto-imported on the server"),
        ("tasks", "a task"),
    ):
        yield Seed(f"{prefix}{name}/**/*.{code}", Realm.SERVER, why)
    yield Seed(f"{prefix}exports.cloudflare.{code}", Realm.SERVER, "exported by the generated entry")


def _layout(folder: AppFolder) -> Layout | None:
    options = folder.options("nitro.config")
    vite = folder.options("vite.config")
    preset = options.value("preset") if options is not None else None
    if preset is None and vite is not None:
        preset = next(
            (it for it in (_preset_in(args) for args in vite.calls("nitro")) if it is not None), None
        )
    target = target_of(folder, preset)
    if target is None:
        return None
    places = []
    for key in ("serverDir", "srcDir"):
        written = options.value(key) if options is not None else None
        if isinstance(written, str):
            places.append(written.removeprefix("./").rstrip("/"))
    server = places[0] if places else ("server" if folder.is_dir("server") else "")
    return Layout(
        target, tuple(server_seeds("" if server == "." else server)), {"~~/*": "*", "~/*": "*", "@/*": "*"}
    )


def _preset_in(arguments: tuple[object, ...]) -> object:
    first = arguments[0] if arguments else None
    return first.get("preset") if isinstance(first, dict) else None


KIND = AppKind(
    id="nitro",
    title="Nitro",
    packages=frozenset({"nitropack", "nitro"}),
    files=("nitro.config.{ts,js,mts,mjs}",),
    mains=("**/.output/server{,/index.{mjs,js}}",),
    layout=_layout,
    proves_itself=True,
    seeds=(Seed("{nitro,vite}.config.*", Realm.BUILD, "it configures the build"),),
    accessors=ACCESSORS,
    handlers=HANDLERS,
    entry=ENTRY,
    entry_imports=("**.output/server/**",),
    virtual=VIRTUAL,
    env_types=frozenset({"H3EventContext"}),
)
