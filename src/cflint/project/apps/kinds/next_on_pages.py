"""Next.js on Pages with `@cloudflare/next-on-pages`.

Source: https://developers.cloudflare.com/pages/framework-guides/nextjs/, and the package (1.13).
"""

from __future__ import annotations

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import PLATFORM, Accessors, AppKind, CallAccessor, Layout
from cflint.project.apps.kinds import next as base
from cflint.record import replace

_PACKAGE = "@cloudflare/next-on-pages"
_ACCESSORS = Accessors(
    calls=(
        CallAccessor("@cloudflare/next-on-pages", "getRequestContext", PLATFORM),
        CallAccessor("@cloudflare/next-on-pages", "getOptionalRequestContext", PLATFORM),
    )
)


def layout(folder: AppFolder) -> Layout | None:
    """The layout of an app: its build writes a `_worker.js`. Without a configuration the package alone proves
    nothing: a script runs it, or next.config sets it up."""
    options = folder.options("next.config")
    is_set_up = options is not None and any(name.startswith(_PACKAGE) for name in options.imports)
    if folder.config is None and not is_set_up and not folder.scripts_say("next-on-pages"):
        return None
    found = base.layout(folder)
    return replace(found, pages_worker=True, pages_only=True) if found is not None else None


KIND = AppKind(
    id="next-on-pages",
    title="Next.js with next-on-pages",
    packages=frozenset({"@cloudflare/next-on-pages"}),
    files=base.CONFIG_FILES,
    mains=("**/.vercel/output/static",),
    layout=layout,
    proves_itself=True,
    islands=base.ISLANDS,
    accessors=_ACCESSORS,
    handlers=base.HANDLERS,
    virtual=base.VIRTUAL,
    directives=True,
    never=base.NEVER,
    env_types=base.CLOUDFLARE_ENV_TYPES,
)
