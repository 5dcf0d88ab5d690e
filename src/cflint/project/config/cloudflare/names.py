"""What wrangler calls the fields of `cloudflare.config.ts`, as its own conversion does."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from cflint.platform.bindings import KINDS
from cflint.record import record


class Each(Enum):
    """What the names of a field are for: the value itself, an array's elements, an object's members."""

    SELF = "self"
    ITEMS = "items"
    MEMBERS = "members"


@record(frozen=True)
class Name:
    """What a field is called for wrangler: `to`, "" where its members move up to the object around it.
    `inside` names the fields of the value (None: as they are), `values` its texts."""

    to: str
    inside: Names | None = None
    each: Each = Each.SELF
    values: Mapping[str, str] | None = None


Names = Mapping[str, Name]


@record(frozen=True)
class BindingRow:
    """Where a type of binding goes: to the list, or the one object, at `path`, under `name_key`."""

    path: tuple[str, ...]
    names: Names
    name_key: str = "binding"
    single: bool = False


def _names(text: str, **more: Name) -> Names:
    """`a b=c`: `a` keeps its name, `b` is called `c`."""
    pairs = (word.partition("=") for word in text.split())
    return {key: Name(to or key) for key, _, to in pairs} | more


def _list(path: str, text: str = "", name_key: str = "binding", **more: Name) -> BindingRow:
    return BindingRow(tuple(path.split(".")), _names(text, **more), name_key)


def _one(key: str) -> BindingRow:
    return BindingRow((key,), {}, single=True)


BINDINGS: Mapping[str, BindingRow] = {
    "agent-memory": _list("agent_memory", "namespace"),
    "ai": _one("ai"),
    "ai-search": _list("ai_search", "name=instance_name"),
    "ai-search-namespace": _list("ai_search_namespaces", "namespace"),
    "analytics-engine-dataset": _list("analytics_engine_datasets", "name=dataset"),
    "analytics-sql": _one("analytics"),
    "analytics": _one("analytics"),
    "artifacts": _list("artifacts", "namespace"),
    "browser": _one("browser"),
    "d1": _list("d1_databases", "id=database_id name=database_name jurisdiction"),
    "dispatch-namespace": _list(
        "dispatch_namespaces", "namespace", outbound=Name("outbound", _names("worker=service parameters"))
    ),
    "durable-object": _list(
        "durable_objects.bindings", "exportName=class_name worker=script_name", name_key="name"
    ),
    "flagship": _list("flagship", "id=app_id"),
    "hyperdrive": _list("hyperdrive", "id"),
    "images": _one("images"),
    "k2": _list("k2", "id=stream stream"),
    "kv": _list("kv_namespaces", "id"),
    "logfwdr": _list("logfwdr.bindings", "destination", name_key="name"),
    "media": _one("media"),
    "mtls-certificate": _list("mtls_certificates", "id=certificate_id"),
    "pipeline": _list("pipelines", "streamId=stream name=stream"),
    "queue": _list("queues.producers", "name=queue deliveryDelay=delivery_delay"),
    "r2": _list("r2_buckets", "name=bucket_name jurisdiction"),
    "rate-limit": _list("ratelimits", "namespace=namespace_id simple", name_key="name"),
    "secrets-store-secret": _list("secrets_store_secrets", "storeId=store_id secretName=secret_name"),
    "send-email": _list(
        "send_email",
        "destinationAddress=destination_address allowedDestinationAddresses=allowed_destination_addresses "
        "allowedSenderAddresses=allowed_sender_addresses",
        name_key="name",
    ),
    "stream": _one("stream"),
    "vectorize": _list("vectorize", "name=index_name"),
    "version-metadata": _one("version_metadata"),
    "vpc-network": _list("vpc_networks", "tunnelId=tunnel_id networkId=network_id"),
    "vpc-service": _list("vpc_services", "id=service_id"),
    "web-search": _one("websearch"),
    "worker": _list("services", "worker=service exportName=entrypoint props"),
    "worker-loader": _list("worker_loaders"),
    "workflow": _list("workflows", "name exportName=class_name worker=script_name"),
}
"""By type; those that are gone are here, too."""

DEVELOPMENT = _names(
    "remote connectionString=localConnectionString", experimentalS3Credentials=Name("local_dev")
)
"""What `dev` of a binding has."""

ENV_PATHS: tuple[tuple[str, ...], ...] = tuple(
    ("assets", "binding") if kind.id == "assets" else kind.path
    for kind in KINDS
    if kind.id not in ("wasm_module", "text_blob", "data_blob")
)
"""Where the bindings of `worker.env` go."""

TRIGGER_PATHS = (("triggers", "crons"), ("routes",), ("queues", "consumers"), ("connect",), ("addresses",))
"""Where the elements of `worker.triggers` go."""

_LOGS = _names("enabled headSamplingRate=head_sampling_rate persist destinations")

WORKER: Names = _names(
    "name compatibilityDate=compatibility_date compatibilityFlags=compatibility_flags entrypoint=main "
    "workersDev=workers_dev previewUrls=preview_urls logpush placement access "
    "firstPartyWorker=first_party_worker",
    limits=Name("limits", _names("cpuMs=cpu_ms subrequests")),
    cache=Name("cache", _names("enabled crossVersionCache=cross_version_cache")),
    observability=Name(
        "observability",
        _names(
            "enabled headSamplingRate=head_sampling_rate redactQueryString=redact_query_string",
            issues=Name("issues", _names("enabled")),
            logs=Name("logs", {**_LOGS, "invocationLogs": Name("invocation_logs")}),
            traces=Name("traces", _LOGS),
        ),
    ),
)
"""The fields of `worker` that go to one key each."""

ASSETS = _names(
    "htmlHandling=html_handling notFoundHandling=not_found_handling basePath=base_path "
    "runWorkerFirst=run_worker_first"
)
UNSAFE = _names(
    "metadata",
    capnp=Name(
        "capnp", _names("basePath=base_path sourceSchemas=source_schemas compiledSchema=compiled_schema")
    ),
)
DOMAIN = _names("hostname=pattern production=enabled previews=previews_enabled")
TAIL = _names("worker=service")

CONSUMER = _names(
    "name=queue deadLetterQueue=dead_letter_queue maxBatchSize=max_batch_size "
    "maxBatchTimeout=max_batch_timeout maxConcurrency=max_concurrency maxRetries=max_retries "
    "retryDelay=retry_delay visibilityTimeoutMs=visibility_timeout_ms"
)
TCP = _names("protocol port address")
UDP = _names("protocol port address idleTimeoutMs=idle_timeout_ms maxPendingBytes=max_pending_bytes")

DURABLE_OBJECT = _names(
    "type state storage container renamedTo=renamed_to transferredTo=transferred_to "
    "transferFrom=transfer_from"
)
WORKFLOW = _names(
    "type name limits concurrency schedules jurisdiction",
    defaultRetention=Name(
        "default_retention", _names("successRetention=success_retention errorRetention=error_retention")
    ),
)
EVENT = _names("type", filter=Name("filter", _names("namespace repoName=repo_name")))

CONTAINER = _names(
    "name unsafe ssh maxInstances=max_instances constraints",
    image=Name(
        "", _names("dockerfile=image reference=image buildContext=image_build_context buildVars=image_vars")
    ),
    images=Name(
        "images",
        _names("dockerfile reference=image buildContext=build_context buildVars=build_vars"),
        Each.MEMBERS,
    ),
    authorizedKeys=Name("authorized_keys", _names("name publicKey=public_key"), Each.ITEMS),
    instanceType=Name("instance_type", _names("vcpu memoryMib=memory_mib diskMb=disk_mb")),
    schedulingPolicy=Name("scheduling_policy", values={"durable-object": "durable_object"}),
    observability=Name(
        "observability",
        _names(
            "enabled logs targetInstancePercentage=target_instance_percentage "
            "targetInstanceCount=target_instance_count"
        ),
    ),
    rollout=Name(
        "",
        _names(
            "stepPercentage=rollout_step_percentage activeGracePeriod=rollout_active_grace_period",
            kind=Name("rollout_kind", values={"full-auto": "full_auto", "full-manual": "full_manual"}),
        ),
    ),
)

SETTINGS = _names(
    "accountId=account_id",
    complianceRegion=Name("compliance_region", values={"fedramp-high": "fedramp_high"}),
)
"""The fields beside `worker` and `containers`."""

TOOLING = _names(
    "noBundle=no_bundle minify keepNames=keep_names alias define "
    "findAdditionalModules=find_additional_modules preserveFileNames=preserve_file_names baseDir=base_dir "
    "rules wasmModules=wasm_modules textBlobs=text_blobs dataBlobs=data_blobs tsconfig "
    "jsxFactory=jsx_factory jsxFragment=jsx_fragment uploadSourceMaps=upload_source_maps "
    "sendMetrics=send_metrics",
    pythonModules=Name("python_modules", _names("exclude")),
    build=Name("build", _names("command cwd watchDir=watch_dir")),
    dev=Name(
        "dev",
        _names(
            "ip port inspectorPort=inspector_port inspectorIp=inspector_ip localProtocol=local_protocol "
            "upstreamProtocol=upstream_protocol host enableContainers=enable_containers "
            "containerEngine=container_engine"
        ),
    ),
)
"""The fields of `wrangler.config.ts`; `types` says nothing of the Worker, `assetsDirectory` has its place."""
