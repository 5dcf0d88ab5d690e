"""Next.js on Pages with `@cloudflare/next-on-pages`.

Source: https://developers.cloudflare.com/pages/framework-guides/nextjs/, and the package (1.13).
"""

from __future__ import annotations

from cflint.project.apps.kind import PLATFORM, Accessors, AppKind, CallAccessor
from cflint.project.apps.kinds import next as base

_ACCESSORS = Accessors(
    calls=(
        CallAccessor("@cloudflare/next-on-pages", "getRequestContext", PLATFORM),
        CallAccessor("@cloudflare/next-on-pages", "getOptionalRequestContext", PLATFORM),
    )
)

KIND = AppKind(
    id="next-on-pages",
    title="Next.js with next-on-pages",
    packages=frozenset({"@cloudflare/next-on-pages"}),
    files=base.CONFIG_FILES,
    mains=("**/.vercel/output/static",),
    layout=base.layout,
    islands=base.ISLANDS,
    accessors=_ACCESSORS,
    handlers=base.HANDLERS,
    virtual=base.VIRTUAL,
    directives=True,
    env_types=base.CLOUDFLARE_ENV_TYPES,
)
