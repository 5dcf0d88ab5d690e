"""Nuxt 3 and 4.

Source: https://nuxt.com/docs/guide/directory-structure, and the packages (@nuxt/schema 3 and 4).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.pattern import pattern
from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import AppKind, Layout, Seed, Target
from cflint.project.apps.kinds import nitro
from cflint.project.apps.options import Open
from cflint.project.apps.realms import Realm

_SIGNS_OF_CLOUDFLARE = ("@nuxthub/core", "nitro-cloudflare-dev")
_OLD_HUB = pattern(r"[~^]?0\.[0-9]\.")
_CODE = "{ts,js,mts,mjs,tsx,jsx}"


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app; None when it is built for another platform."""
    options = folder.options("nuxt.config")
    preset = options.value("nitro", "preset") if options is not None else None
    target = nitro.target_of(folder, preset)
    if target is None and isinstance(preset, str):
        return None
    if folder.depends_on(*_SIGNS_OF_CLOUDFLARE) and (folder.config is not None or _is_for_cloudflare(folder)):
        target = Target.PROVED
    if target is None:
        return None
    source = _source(folder)
    server = _server(folder, source)
    ssr = options.value("ssr") if options is not None else None
    layers = _layers(folder)
    seeds = [seed for root in ("", *layers) for seed in _seeds(root, source, server, ssr=ssr is not False)]
    prefix = f"{source}/" if source else ""
    aliases = {
        "#shared/*": "shared/*",
        "#server/*": "server/*",
        "~~/*": "*",
        "@@/*": "*",
        "~/*": f"{prefix}*",
        "@/*": f"{prefix}*",
    }
    return Layout(target, tuple(seeds), aliases)


def _is_for_cloudflare(folder: AppFolder) -> bool:
    """Whether packages alone say it, where no configuration does: NuxtHub deploys elsewhere, too, since 0.10,
    and a preset that is computed may name any platform."""
    options = folder.options("nuxt.config")
    if options is None or options.value("nitro", "preset") is not None:
        return False
    hub = folder.manifest.dependency("@nuxthub/core")
    is_old = hub is not None and _OLD_HUB.match(hub.text or "") is not None
    return is_old or (hub is None and folder.depends_on("nitro-cloudflare-dev"))


def _source(folder: AppFolder) -> str:
    """`srcDir` below the folder: as written, else `app` in Nuxt 4, else the folder itself."""
    options = folder.options("nuxt.config")
    written = options.value("srcDir") if options is not None else None
    if isinstance(written, str):
        return written.removeprefix("./").rstrip("/").removeprefix(".")
    return "app" if _is_four(folder) and folder.is_dir("app") else ""


def _is_four(folder: AppFolder) -> bool:
    options = folder.options("nuxt.config")
    wanted = options.value("future", "compatibilityVersion") if options is not None else None
    major = folder.major("nuxt")
    return wanted == 4 or (major is not None and major >= 4) or (major is None and folder.is_dir("app"))


def _server(folder: AppFolder, source: str) -> str:
    options = folder.options("nuxt.config")
    written = options.value("serverDir") if options is not None else None
    if isinstance(written, str) and not isinstance(written, Open):
        return written.removeprefix("./").rstrip("/")
    if _is_four(folder) or not source:
        return "server"
    return f"{source}/server"


def _layers(folder: AppFolder) -> list[str]:
    """The folders of layers: what `extends` names below the app, and `layers/*`."""
    options = folder.options("nuxt.config")
    extends = options.value("extends") if options is not None else None
    named = extends if isinstance(extends, list) else [extends]
    found = [name.removeprefix("./") for name in named if isinstance(name, str) and name.startswith("./")]
    if folder.is_dir("layers"):
        found += [f"layers/{name}" for name in folder.workspace.list(folder.join("layers"))]
    return found


def _seeds(root: str, source: str, server: str, *, ssr: bool) -> Iterator[Seed]:
    prefix = f"{root}/" if root else ""
    yield from nitro.server_seeds(prefix + server)
    app = prefix + (f"{source}/" if source else "")
    both = Realm.BOTH if ssr else Realm.BROWSER
    side = "" if ssr else ", with `ssr: false`"
    yield Seed(f"{app}plugins/**/*.client.{_CODE}", Realm.BROWSER, "a plugin of the browser")
    yield Seed(f"{app}plugins/**/*.server.{_CODE}", Realm.SERVER, "a plugin of the server")
    yield Seed(f"{app}{{pages,components,layouts}}/**/*.vue", both, f"a component{side}")
    yield Seed(f"{app}{{app,error}}.vue", both, f"a component{side}")
    yield Seed(
        f"{app}{{plugins,composables,middleware,utils}}/**/*.{_CODE}", both, f"the app's own code{side}"
    )
    yield Seed(f"{app}app.config.{_CODE}", both, f"the app's configuration, which is bundled with it{side}")
    yield Seed(f"{prefix}shared/{{utils,types}}/**/*.{_CODE}", Realm.BOTH, "shared by server and app")
    yield Seed(f"{prefix}modules/**/*.{_CODE}", Realm.BUILD, "a module of the build")
    yield Seed(
        "{nuxt,vite,drizzle,tailwind,eslint,uno,vitest}.config.*", Realm.BUILD, "a configuration of the build"
    )


KIND = AppKind(
    id="nuxt",
    title="Nuxt",
    packages=frozenset({"nuxt"}),
    files=("nuxt.config.{ts,js,mts,mjs}",),
    mains=("**/.output/server{,/index.{mjs,js}}",),
    layout=layout,
    proves_itself=True,
    accessors=nitro.ACCESSORS,
    handlers=nitro.HANDLERS,
    entry=nitro.ENTRY,
    entry_imports=("**.output/server/**",),
    virtual=(*nitro.VIRTUAL, "nuxt/**", "virtual:**", "hub:**", "#content/**", "#ui/**", "#auth-utils"),
    env_types=frozenset({"H3EventContext"}),
)
