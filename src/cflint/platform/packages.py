"""Packages of npm, by what they mean for the code that imports them."""

from __future__ import annotations

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
