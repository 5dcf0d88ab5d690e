"""NuxtHub, which gives a Nuxt app its database, key-value store and files.

Source: https://hub.nuxt.com/docs, and the package (@nuxthub/core 0.8 and 0.10).
"""

from __future__ import annotations

from cflint.project.apps.kind import Accessors, AppKind, Bound, CallAccessor

# `hubKV()`, `hubBlob()`, `kv` and `blob` have an interface of NuxtHub's own over `KV` and `BLOB`.
_DATABASE = Bound("DB", "d1")

KIND = AppKind(
    id="nuxthub",
    title="NuxtHub",
    packages=frozenset({"@nuxthub/core"}),
    accessors=Accessors(
        calls=(
            CallAccessor("", "hubDatabase", _DATABASE),
            CallAccessor("", "hubAI", Bound("AI", "ai")),
        ),
    ),
    virtual=("hub:**", "@nuxthub/db{,/**}", "@nuxthub/kv", "@nuxthub/blob"),
    bindings=frozenset({"DB", "KV", "BLOB", "CACHE", "AI", "BROWSER", "POSTGRES", "MYSQL"}),
)
