"""Next.js on Workers with OpenNext (`@opennextjs/cloudflare`).

Source: https://opennext.js.org/cloudflare, and the package (1.20).
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.project.apps.folder import AppFolder
from cflint.project.apps.kind import (
    PLATFORM,
    Accessors,
    AppKind,
    CallAccessor,
    GeneratedEntry,
    Layout,
)
from cflint.project.apps.kinds import next as base
from cflint.project.apps.options import Options
from cflint.record import replace

_OVERRIDES = "@opennextjs/cloudflare/overrides/"
_READ: dict[str, tuple[str, ...]] = {
    "incremental-cache/r2-incremental-cache": ("NEXT_INC_CACHE_R2_BUCKET",),
    "incremental-cache/kv-incremental-cache": ("NEXT_INC_CACHE_KV",),
    "tag-cache/d1-next-tag-cache": ("NEXT_TAG_CACHE_D1",),
    "tag-cache/kv-next-tag-cache": ("NEXT_TAG_CACHE_KV",),
    "tag-cache/do-sharded-tag-cache": ("NEXT_TAG_CACHE_DO_SHARDED",),
    "queue/memory-queue": ("WORKER_SELF_REFERENCE",),
    "queue/do-queue": ("NEXT_CACHE_DO_QUEUE", "WORKER_SELF_REFERENCE"),
}
_CHOSEN_BY = {"incremental-cache": "incrementalCache", "tag-cache": "tagCache", "queue": "queue"}

_ACCESSORS = Accessors(
    calls=(CallAccessor("@opennextjs/cloudflare", "getCloudflareContext", PLATFORM, promised_by="async"),)
)


def _layout(folder: AppFolder) -> Layout | None:
    found, options = base.layout(folder), folder.options("open-next.config")
    if found is None or options is None:
        return found
    return replace(found, needs=dict(_needs(options)))


def _needs(options: Options) -> Iterator[tuple[str, str]]:
    """The bindings that the overrides read, and which does; none of two for one purpose."""
    calls = [given[0] for given in options.calls("defineCloudflareConfig") if given]
    if len(calls) != 1 or not isinstance(calls[0], dict):
        return
    for folder, key in _CHOSEN_BY.items():
        prefix = f"{_OVERRIDES}{folder}/"
        imported = [name.removesuffix(".js") for name in options.imports if name.startswith(prefix)]
        named = [part for name in imported if (part := name.removeprefix(_OVERRIDES)) in _READ]
        if key in calls[0] and len(named) == 1:
            for binding in _READ[named[0]]:
                yield binding, named[0].rpartition("/")[2]


KIND = AppKind(
    id="opennext",
    title="Next.js with OpenNext",
    packages=frozenset({"@opennextjs/cloudflare"}),
    files=("{open-next,next}.config.{ts,mts,mjs,js,cjs}",),
    mains=("**/.open-next/{worker,index}.{js,mjs}",),
    layout=_layout,
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
    never=base.NEVER,
    env_types=base.CLOUDFLARE_ENV_TYPES,
)
