"""What code asks of the world by a name: random values, the time, bodies, responses, logs.

Names are those of `usual_name` in `cflint.platform.exports`, as (module, name); "" is the module of globals.
"""

from __future__ import annotations

PREDICTABLE_RANDOM = frozenset(
    {("", "Math.random"), ("nanoid/non-secure", "nanoid"), ("nanoid/non-secure", "customAlphabet")}
)
"""Functions whose random values an attacker can foresee."""

RANDOM = PREDICTABLE_RANDOM | {
    ("", "crypto.randomUUID"),
    ("", "crypto.getRandomValues"),
    ("node:crypto", "randomUUID"),
    ("node:crypto", "randomBytes"),
    ("node:crypto", "randomInt"),
    ("node:crypto", "randomFillSync"),
    ("node:crypto", "getRandomValues"),
    ("node:crypto", "webcrypto.randomUUID"),
    ("node:crypto", "webcrypto.getRandomValues"),
    ("nanoid", "nanoid"),
    ("nanoid", "default"),
    ("uuid", "v1"),
    ("uuid", "v4"),
    ("uuid", "v6"),
    ("uuid", "v7"),
    ("uuid", "default"),
    ("@lukeed/uuid", "v4"),
    ("uuidv7", "uuidv7"),
    ("@paralleldrive/cuid2", "createId"),
    ("cuid", "default"),
    ("ulid", "ulid"),
    ("ulidx", "ulid"),
}
"""Functions that give another value at every call."""

RANDOM_KEYS = frozenset(
    {("", "crypto.subtle.generateKey"), ("node:crypto", "webcrypto.subtle.generateKey")}
    | {("node:crypto", "generateKeyPairSync"), ("node:crypto", "generateKeySync")}
)
"""Functions that make a key of random values."""

TIME = frozenset(
    {("", "Date.now"), ("", "performance.now"), ("node:perf_hooks", "performance.now")}
    | {("", "process.hrtime"), ("", "process.hrtime.bigint")}
    | {("node:process", "hrtime"), ("node:process", "hrtime.bigint")}
    | {
        ("", f"Temporal.Now.{name}")
        for name in ("instant", "plainDateISO", "plainDateTimeISO", "zonedDateTimeISO")
    }
)
"""Functions that tell the time."""

TIME_WITHOUT_ARGUMENTS = frozenset({("", "Date"), ("dayjs", "default"), ("moment", "default")})
"""What tells the time when it is given nothing: `new Date()`, `dayjs()`."""

BODY_READS = frozenset({"json", "text", "arrayBuffer", "blob", "formData", "bytes"})
"""The methods that use up the body of a `Request`, a `Response` or an object of R2."""

HONO_BODY_READS = BODY_READS | {"parseBody"}

HONO_RESPONSES = frozenset({"json", "text", "html", "body", "newResponse"})
"""The methods of Hono's context that make a response of a content, a status and headers."""

RESPONSE_FUNCTIONS = frozenset(
    {("itty-router", "json"), ("itty-router", "text"), ("itty-router", "html")}
    | {("@remix-run/cloudflare", "json"), ("react-router", "data")}
)
"""Functions of routers that make a response of a content and an `init`."""

NULL_BODY_STATUSES = frozenset({101, 204, 205, 304})
"""The statuses of a response that cannot have a body."""

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})

CONSOLE_METHODS = frozenset(
    {"log", "info", "warn", "error", "debug", "trace", "dir", "table", "assert", "group", "groupCollapsed"}
)
"""The methods of `console` that print what they are given."""

LOGGER_METHODS = frozenset({"log", "trace", "debug", "info", "warn", "warning", "error", "fatal", "critical"})
"""The methods of loggers that print what they are given."""

LOGGER_MAKERS = frozenset(
    {("pino", "default"), ("pino", "pino"), ("winston", "createLogger"), ("bunyan", "createLogger")}
    | {("consola", "consola"), ("consola", "createConsola"), ("consola", "default"), ("loglevel", "default")}
    | {("loglevel", "getLogger"), ("tslog", "Logger"), ("workers-tagged-logger", "WorkersLogger")}
    | {("@logtape/logtape", "getLogger"), ("debug", "default")}
)
"""What a logger is made with, or is."""

BINDING_WRITES: dict[str, frozenset[str]] = {
    "kv": frozenset({"put", "delete"}),
    "r2": frozenset({"put", "delete", "createMultipartUpload"}),
    "d1": frozenset({"batch", "exec"}),
    "queue": frozenset({"send", "sendBatch"}),
    "workflow": frozenset({"create", "createBatch"}),
    "vectorize": frozenset({"insert", "upsert", "deleteByIds"}),
    "send_email": frozenset({"send"}),
    "ai": frozenset({"run"}),
    "service": frozenset({"fetch"}),
}
"""By kind of binding, the methods of which it matters how often they are called: they write, send or cost."""
