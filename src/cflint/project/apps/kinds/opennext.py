"""Next.js on Workers with OpenNext (`@opennextjs/cloudflare`).

Source: https://opennext.js.org/cloudflare, and the package (1.20).
"""

from __future__ import annotations

from cflint.project.apps.kind import (
    PLATFORM,
    Accessors,
    AppKind,
    CallAccessor,
    GeneratedEntry,
)
from cflint.project.apps.kinds import next as base

_ACCESSORS = Accessors(
    calls=(CallAccessor("@opennextjs/cloudflare", "getCloudflareContext", PLATFORM, promised_by="async"),)
)

KIND = AppKind(
    id="opennext",
    title="Next.js with OpenNext",
    packages=frozenset({"@opennextjs/cloudflare"}),
    files=("{open-next,next}.config.{ts,mts,mjs,js,cjs}",),
    mains=("**/.open-next/{worker,index}.{js,mjs}",),
    layout=base.layout,
    islands=base.ISLANDS,
    accessors=_ACCESSORS,
    handlers=base.HANDLERS,
    entry=GeneratedEntry(classes=frozenset({"DOQueueHandler", "DOShardedTagCache", "BucketCachePurge"})),
    entry_imports=("**.open-next/worker{.js,}", "**.open-next/index{.js,}"),
    virtual=base.VIRTUAL,
    directives=True,
    bindings=frozenset(
        {
            "WORKER_SELF_REFERENCE",
            "ASSETS",
            "IMAGES",
            "NEXTJS_ENV",
            "NEXT_INC_CACHE_R2_BUCKET",
            "NEXT_INC_CACHE_KV",
        }
        | {"NEXT_TAG_CACHE_D1", "NEXT_TAG_CACHE_KV", "NEXT_TAG_CACHE_DO_SHARDED", "NEXT_CACHE_DO_QUEUE"}
        | {"NEXT_CACHE_DO_PURGE"}
    ),
    env_types=base.CLOUDFLARE_ENV_TYPES,
)
