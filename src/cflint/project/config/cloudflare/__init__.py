"""`cloudflare.config.ts` and `wrangler.config.ts`: read without being run, into trees with wrangler's keys.

`reader` gives one tree for each mode and preview. The others, from the ground: `values` (what an expression
may be), `machine` (what an evaluation shares), `natives` (helpers and methods), `statements`, `evaluate`,
`modules` (imports), `shape` (the fields, and what the loader refuses), `links` (containers), `lowering`
(wrangler's keys).
"""
