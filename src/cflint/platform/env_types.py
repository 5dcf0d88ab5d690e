"""What the type of `env` is called."""

from __future__ import annotations

ENV_TYPE_NAMES = frozenset({"Env", "Bindings", "CloudflareBindings", "CloudflareEnv"})
"""Names of types that describe `env`, wherever they are declared: those of `wrangler types`, of templates and
of frameworks."""

UNSEEN_ENV_TYPE_NAMES = ENV_TYPE_NAMES | {"Environment", "Cloudflare.Env"}
"""Names that mean `env` where their declaration is not in sight. A type of one's own called `Environment` may
as well say which stage it is."""

_ENDINGS = ("env", "bindings", "environment")


def may_be_env_type(name: str) -> bool:
    """Whether a type may describe `env` by its name (`WorkerEnv`, `AppBindings`); its members tell."""
    return name.lower().endswith(_ENDINGS)
