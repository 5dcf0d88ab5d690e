"""cflint: a static analyser for Cloudflare Workers."""

__version__ = "0.1.0"

ADDRESS: str | None = None
"""Where the repository is published, as `scripts/write_address.py` fills it in; None before."""

SITE: str | None = None
"""Where the documentation is published, as `scripts/write_address.py` fills it in; None before. The page of a
rule is `rules/ID/` below it."""
