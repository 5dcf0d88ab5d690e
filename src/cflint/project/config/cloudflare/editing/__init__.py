"""Edits of `cloudflare.config.ts`: from wrangler's keys back to the text.

From the ground: `literals` (object and array literals, and how values are written), `helpers` (the imports),
`session` (edits in the configuration's own words, each on what the one before left), `unlowering` (wrangler's
keys in those words), `operations` (what a fix takes; each is read again before it is offered).
"""
