"""Next's API on Vite with vinext.

Source: the package (1.4).
"""

from __future__ import annotations

from cflint.project.apps.kind import AppKind, Seed
from cflint.project.apps.kinds import next as base
from cflint.project.apps.realms import Realm

KIND = AppKind(
    id="vinext",
    title="vinext",
    packages=frozenset({"vinext"}),
    files=("vite.config.{ts,mts,mjs,js,cjs,cts}", *base.CONFIG_FILES),
    mains=("vinext/server/**",),
    layout=base.layout,
    seeds=(Seed("vite.config.*", Realm.BUILD, "it configures the build"),),
    islands=base.ISLANDS,
    handlers=base.HANDLERS,
    entry_imports=("vinext/server/**",),
    virtual=(*base.VIRTUAL, "vinext/**", "virtual:**"),
    directives=True,
    env_types=base.CLOUDFLARE_ENV_TYPES,
)
