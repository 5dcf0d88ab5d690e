"""Frameworks and build tools, by their npm packages: what they make before wrangler looks for it."""

from __future__ import annotations

from cflint.pattern import pattern

_MAKES_FILES = pattern(
    r"next|nuxt|astro|nitro|nitropack|vinxi|waku|rwsdk|gatsby|vite|@sveltejs/kit|@remix-run/[\w-]+"
    r"|@react-router/dev|@opennextjs/cloudflare|@cloudflare/(?:next-on-pages|vite-plugin|kumo)|@angular/[\w-]+"
    r"|@builder\.io/qwik|@tanstack/[\w-]*start|@solidjs/start|solid-start|@docusaurus/core|@redwoodjs/sdk"
    r"|partykit|alchemy|sst|worker-build|rollup|webpack|parcel|@analogjs/[\w-]+|vike|vitepress|hugo-bin"
)
_GIVES_ENTRY = pattern(
    r"(?:@[\w-]+/)?(?:(?>[\w-]*?vite)[\w-]*+|astro|next|nuxt|nitro(?:pack)?|kit|remix[\w-]*|react-router"
    r"|qwik[\w-]*|solid-start|start|vinxi|rwsdk|redwoodsdk|honox)"
)
_BUILD_SCRIPT = pattern(r"(?:pre|post)?build[\w:-]*")


def makes_files(package: str) -> bool:
    """Whether a package builds files (a bundle, a folder of assets) that a configuration may name."""
    return _MAKES_FILES.fullmatch(package) is not None


def gives_entry(package: str) -> bool:
    """Whether a package may give wrangler the Worker's entry, so that the configuration needs no `main`."""
    return _GIVES_ENTRY.fullmatch(package) is not None


def is_build_script(name: str) -> bool:
    """Whether a script of a package.json builds something, by its name: `build`, `prebuild`, `build:css`."""
    return _BUILD_SCRIPT.fullmatch(name) is not None
