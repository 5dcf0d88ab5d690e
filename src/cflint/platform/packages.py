"""Packages of npm, by what they mean for the code that imports them."""

from __future__ import annotations

from collections.abc import Mapping

from cflint.pattern import pattern

_FOR_BROWSERS = pattern(r"(?:^|/)(?:react|client|ai-react|vite|tsconfig|chat-react|x402-client)(?:$|[/-])")

NEEDING_NODE = {
    "@cloudflare/ai-chat": False,
    "@cloudflare/playwright": False,
    "@cloudflare/puppeteer": False,
    "@cloudflare/think": False,
    "agents": False,
    "express": True,
    "ioredis": True,
    "jsonwebtoken": True,
    "knex": True,
    "mongodb": True,
    "mysql2": True,
    "nodemailer": True,
    "pg": True,
    "postgres": False,
    "redis": True,
}
"""Packages whose code for Workers imports modules of Node.js, and whether it does so without `node:`."""

DRIVERS: Mapping[tuple[str, str], str] = {
    ("drizzle-orm", "mysql2"): "mysql2",
    ("drizzle-orm", "node-postgres"): "pg",
    ("drizzle-orm", "postgres-js"): "postgres",
}
"""Parts of packages, and the one of `NEEDING_NODE` that they import themselves."""

NODE_NEEDED_FROM: Mapping[str, tuple[int, int, int]] = {"agents": (0, 0, 46)}
"""From which version on those that did not always do so. `@cloudflare/puppeteer`, `@cloudflare/playwright`
and `postgres` did in the oldest versions that were bundled (November 2026); of the others it is assumed."""

NODE_POLYFILLS = (
    "@esbuild-plugins/node-globals-polyfill",
    "@esbuild-plugins/node-modules-polyfill",
    "esbuild-plugin-polyfill-node",
    "node-polyfill-webpack-plugin",
    "node-stdlib-browser",
    "rollup-plugin-polyfill-node",
    "vite-plugin-node-polyfills",
)
"""Packages by which a build replaces the modules of Node.js."""

RETIRED: Mapping[str, str] = {
    "@cloudflare/ai": "the binding itself: `env.AI.run()`",
    "@cloudflare/next-on-pages": "`@opennextjs/cloudflare` or `vinext`",
    "@cloudflare/wrangler": "`wrangler`",
    "@sveltejs/adapter-cloudflare-workers": "`@sveltejs/adapter-cloudflare`",
    "jest-environment-miniflare": "`@cloudflare/vitest-pool-workers`",
    "vitest-environment-miniflare": "`@cloudflare/vitest-pool-workers`",
}
"""Packages that their authors call deprecated, and what to use instead. Source: their pages on npmjs.com, of
which none gives a day."""

USER_INTERFACES = (
    "react",
    "preact",
    "vue",
    "svelte",
    "solid-js",
    "next",
    "@remix-run/react",
    "@tanstack/react",
)
"""What the code of a user interface imports, by the start of the name."""


def is_for_browsers(subpath: str) -> bool:
    """Whether a part of one of `NEEDING_NODE` (`react` of `agents/react`) is for a browser or a build."""
    return _FOR_BROWSERS.search(subpath) is not None
