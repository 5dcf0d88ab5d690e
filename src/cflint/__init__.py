"""cflint: a static analyser for Cloudflare Workers."""

__version__ = "0.1.0"
