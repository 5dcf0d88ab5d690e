"""What `env` is called in types, and the names in it that no configuration speaks of."""

from __future__ import annotations

ENV_TYPE_NAMES = frozenset({"Env", "Bindings", "CloudflareBindings", "CloudflareEnv"})
"""Names of types that describe `env`, wherever they are declared: those of `wrangler types`, of templates and
of frameworks."""

UNSEEN_ENV_TYPE_NAMES = ENV_TYPE_NAMES | {"Environment", "Cloudflare.Env"}
"""Names that mean `env` where their declaration is not in sight. A type of one's own called `Environment` may
as well say which stage it is."""

_INJECTED = frozenset({"ASSETS", "OAUTH_PROVIDER", "WORKER_SELF_REFERENCE"})
_INJECTED_STARTS = ("__STATIC_CONTENT", "NEXT_", "CF_PAGES", "__")
_READ_BY_OTHERS = frozenset({"OAUTH_KV", "MCP_OBJECT", "WORKER_SELF_REFERENCE", "NODE_ENV", "DEBUG"})
_READ_BY_OTHERS_STARTS = ("NEXT_", "__", "CF_", "SENTRY_")
_ENDINGS = ("env", "bindings", "environment")


def is_injected(name: str) -> bool:
    """Whether a platform, a framework or a library puts such a member into `env`."""
    return name in _INJECTED or name.startswith(_INJECTED_STARTS)


def is_read_by_others(name: str) -> bool:
    """Whether a framework or a library reads such a member of `env`, so that no code need mention it."""
    return name in _READ_BY_OTHERS or name.startswith(_READ_BY_OTHERS_STARTS)


def may_be_env_type(name: str) -> bool:
    """Whether a type may describe `env` by its name (`WorkerEnv`, `AppBindings`); its members tell."""
    return name.lower().endswith(_ENDINGS)
