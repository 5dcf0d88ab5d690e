"""The kinds of bindings that a Worker can have: where they are configured, what they are in code."""

from __future__ import annotations

from enum import Enum
from functools import cache

from cflint.platform._runtime_types import METHODS
from cflint.record import field, record


class Shape(Enum):
    """How a kind is written: a list of entries, one entry, a map from names, or a list of names."""

    ARRAY = "array"
    OBJECT = "object"
    MAP = "map"
    NAMES = "names"


@record(frozen=True)
class BindingKind:
    """One kind of binding.

    `path` is the key path below the top level or an environment; `name_key` the key that holds the name in
    `env` ("" where the name is a key or an item itself); `resource_keys` the keys that say which resource is
    bound, best first; `types` the TypeScript types that such a value has, first the one that `wrangler types`
    prints. `async_methods` return promises, `sync_methods` do not; when `methods_known` is false there may be
    more, and `rpc` says that those are remote procedure calls, which return promises.
    """

    id: str
    label: str
    path: tuple[str, ...]
    shape: Shape
    name_key: str = "binding"
    types: tuple[str, ...] = ()
    resource_keys: tuple[str, ...] = ()
    inheritable: bool = False
    top_level_only: bool = False
    methods_known: bool = True
    rpc: bool = False
    async_methods: frozenset[str] = field(init=False)
    sync_methods: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        tables = [METHODS[name] for name in self.types if name in METHODS]
        asynchronous = frozenset(method for table in tables for method in table[0])
        synchronous = frozenset(method for table in tables for method in table[1]) - asynchronous
        object.__setattr__(self, "async_methods", asynchronous)
        object.__setattr__(self, "sync_methods", synchronous)

    @property
    def key(self) -> str:
        """The key path with dots, as one writes it in a message: `durable_objects.bindings`."""
        return ".".join(self.path)

    @property
    def methods(self) -> frozenset[str]:
        return self.async_methods | self.sync_methods

    @property
    def is_value(self) -> bool:
        """Whether the binding is plain data (a variable, a secret, a blob), not a client of a service."""
        return self.id in {"var", "secret", "text_blob", "data_blob", "wasm_module"}


def _kind(
    id: str,
    label: str,
    path: str,
    types: str = "",
    resource: str = "",
    shape: Shape = Shape.ARRAY,
    **more: object,
) -> BindingKind:
    return BindingKind(
        id,
        label,
        tuple(path.split(".")),
        shape,
        types=tuple(types.split()),
        resource_keys=tuple(resource.split()),
        **more,  # type: ignore[arg-type]
    )


_ONE = Shape.OBJECT

KINDS: tuple[BindingKind, ...] = (
    _kind("var", "variable", "vars", shape=Shape.MAP, name_key="", methods_known=False),
    _kind(
        "secret", "secret", "secrets.required", "string", shape=Shape.NAMES, name_key="", methods_known=False
    ),
    _kind("kv", "KV namespace", "kv_namespaces", "KVNamespace", "id"),
    _kind(
        "durable_object",
        "Durable Object namespace",
        "durable_objects.bindings",
        "DurableObjectNamespace",
        "class_name",
        name_key="name",
    ),
    _kind("r2", "R2 bucket", "r2_buckets", "R2Bucket", "bucket_name"),
    _kind("d1", "D1 database", "d1_databases", "D1Database", "database_id database_name"),
    _kind("queue", "queue producer", "queues.producers", "Queue", "queue"),
    _kind("hyperdrive", "Hyperdrive configuration", "hyperdrive", "Hyperdrive", "id"),
    _kind("vectorize", "Vectorize index", "vectorize", "VectorizeIndex Vectorize", "index_name"),
    _kind(
        "service", "service binding", "services", "Fetcher Service", "service", methods_known=False, rpc=True
    ),
    _kind("workflow", "Workflow", "workflows", "Workflow", "name"),
    _kind("ai", "Workers AI binding", "ai", "Ai", shape=_ONE),
    _kind("browser", "Browser Run binding", "browser", "BrowserRun Fetcher", shape=_ONE),
    _kind("images", "Images binding", "images", "ImagesBinding", shape=_ONE),
    _kind("media", "Media binding", "media", "MediaBinding", shape=_ONE),
    _kind("stream", "Stream binding", "stream", "StreamBinding", shape=_ONE),
    _kind("analytics", "Analytics SQL binding", "analytics", "AnalyticsSQLBinding", shape=_ONE),
    _kind("version_metadata", "version metadata", "version_metadata", "WorkerVersionMetadata", shape=_ONE),
    _kind("websearch", "Web Search binding", "websearch", "WebSearch", shape=_ONE),
    _kind("assets", "static assets binding", "assets", "Fetcher", "directory", shape=_ONE, inheritable=True),
    _kind("send_email", "email binding", "send_email", "SendEmail", "destination_address", name_key="name"),
    _kind(
        "analytics_engine",
        "Analytics Engine dataset",
        "analytics_engine_datasets",
        "AnalyticsEngineDataset",
        "dataset",
    ),
    _kind(
        "dispatch_namespace", "dispatch namespace", "dispatch_namespaces", "DispatchNamespace", "namespace"
    ),
    _kind("mtls_certificate", "mTLS certificate", "mtls_certificates", "Fetcher", "certificate_id"),
    _kind("ratelimit", "rate limiter", "ratelimits", "RateLimit", "namespace_id", name_key="name"),
    _kind(
        "secrets_store_secret",
        "Secrets Store secret",
        "secrets_store_secrets",
        "SecretsStoreSecret",
        "secret_name",
    ),
    _kind("pipeline", "Pipeline", "pipelines", "Pipeline", "stream pipeline"),
    _kind("k2", "K2 stream", "k2", resource="stream", methods_known=False),
    _kind("worker_loader", "Worker Loader", "worker_loaders", "WorkerLoader"),
    _kind("vpc_service", "VPC service", "vpc_services", "Fetcher", "service_id"),
    _kind("vpc_network", "VPC network", "vpc_networks", "Fetcher", "tunnel_id network_id"),
    _kind(
        "ai_search_namespace", "AI Search namespace", "ai_search_namespaces", "AiSearchNamespace", "namespace"
    ),
    _kind("ai_search", "AI Search instance", "ai_search", "AiSearchInstance", "instance_name"),
    _kind("agent_memory", "Agent Memory namespace", "agent_memory", "AgentMemoryNamespace", "namespace"),
    _kind("artifacts", "Artifacts binding", "artifacts", "Artifacts", "namespace"),
    _kind("flagship", "Flagship binding", "flagship", "Flagship", "app_id"),
    _kind("hello_world", "hello world binding", "unsafe_hello_world", "HelloWorldBinding"),
    _kind(
        "logfwdr",
        "logfwdr binding",
        "logfwdr.bindings",
        resource="destination",
        name_key="name",
        inheritable=True,
        methods_known=False,
    ),
    _kind("unsafe", "unsafe binding", "unsafe.bindings", name_key="name", methods_known=False),
    _kind(
        "wasm_module",
        "WebAssembly module",
        "wasm_modules",
        "WebAssembly.Module",
        shape=Shape.MAP,
        name_key="",
        top_level_only=True,
        methods_known=False,
    ),
    _kind(
        "text_blob",
        "text blob",
        "text_blobs",
        "string",
        shape=Shape.MAP,
        name_key="",
        top_level_only=True,
        methods_known=False,
    ),
    _kind(
        "data_blob",
        "data blob",
        "data_blobs",
        "ArrayBuffer",
        shape=Shape.MAP,
        name_key="",
        top_level_only=True,
        methods_known=False,
    ),
)
"""All kinds, in the order in which bindings are listed."""


@cache
def _by_id() -> dict[str, BindingKind]:
    return {kind.id: kind for kind in KINDS}


@cache
def _by_key() -> dict[str, BindingKind]:
    return {kind.key: kind for kind in KINDS}


@cache
def _by_type() -> dict[str, tuple[BindingKind, ...]]:
    found: dict[str, list[BindingKind]] = {}
    for kind in KINDS:
        for name in kind.types:
            found.setdefault(name, []).append(kind)
    return {name: tuple(kinds) for name, kinds in found.items()}


def kind_by_id(id: str) -> BindingKind:
    """The kind with this id (`kv`, `durable_object`, …); KeyError when there is none."""
    return _by_id()[id]


def kind_by_key(key: str) -> BindingKind | None:
    """The kind that is configured at a dotted key path (`durable_objects.bindings`)."""
    return _by_key().get(key)


def kinds_by_type(type_name: str) -> tuple[BindingKind, ...]:
    """The kinds whose value may have this TypeScript type (no type arguments); several are a `Fetcher`."""
    return _by_type().get(type_name, ())


_USUAL_NAMES = {
    "WORKFLOW": "workflow",
    "QUEUE": "queue",
    "KV": "kv",
    "BUCKET": "r2",
    "R2": "r2",
    "DB": "d1",
    "D1": "d1",
}


def kind_by_usual_name(name: str) -> BindingKind | None:
    """The kind that a reader takes a binding for by its name alone: `MY_QUEUE`, `KV`. For documents that show
    no configuration; nothing else may rely on it."""
    id = _USUAL_NAMES.get(name.rpartition("_")[2])
    return kind_by_id(id) if id is not None else None


@cache
def methods_of_type(type_name: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """(methods that return a promise, other methods) of a type of the runtime; None when it is not known.

    Covers bindings and what one gets from them (`D1PreparedStatement`, `WorkflowInstance`, `SqlStorage`, …).
    """
    table = METHODS.get(type_name)
    return None if table is None else (frozenset(table[0]), frozenset(table[1]))


def async_methods(*type_names: str) -> frozenset[str]:
    """The methods of all kinds of bindings, and of some more types of the runtime, that return a promise."""
    tables = (methods_of_type(name) for name in type_names)
    found = frozenset(method for table in tables if table is not None for method in table[0])
    return found.union(*(kind.async_methods for kind in KINDS))
