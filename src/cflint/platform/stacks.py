"""What tools other than wrangler call the kinds of bindings: Terraform, Pulumi, SST, Alchemy.

Sources: cloudflare/terraform-provider-cloudflare (docs/resources: workers_script.md, pages_project.md of v5,
internal/services/workers_script/migration/v500 for the blocks of v4), the same names in camel case of
@pulumi/cloudflare, sst/sst (platform/src/components/cloudflare), alchemy-run/alchemy
(alchemy/src/cloudflare/bindings.ts of v1, packages/alchemy/src/Cloudflare of v2).
"""

from __future__ import annotations

from collections.abc import Mapping

API_TYPES: Mapping[str, str] = {
    "ai": "ai",
    "ai_search": "ai_search",
    "ai_search_namespace": "ai_search_namespace",
    "analytics_engine": "analytics_engine",
    "assets": "assets",
    "browser": "browser",
    "d1": "d1",
    "data_blob": "data_blob",
    "dispatch_namespace": "dispatch_namespace",
    "durable_object_namespace": "durable_object",
    "flagship": "flagship",
    "hyperdrive": "hyperdrive",
    "images": "images",
    "json": "var",
    "kv_namespace": "kv",
    "media": "media",
    "mtls_certificate": "mtls_certificate",
    "pipelines": "pipeline",
    "plain_text": "var",
    "queue": "queue",
    "r2_bucket": "r2",
    "ratelimit": "ratelimit",
    "secret_text": "secret",
    "secrets_store_secret": "secrets_store_secret",
    "send_email": "send_email",
    "service": "service",
    "text_blob": "text_blob",
    "vectorize": "vectorize",
    "version_metadata": "version_metadata",
    "vpc_network": "vpc_network",
    "vpc_service": "vpc_service",
    "wasm_module": "wasm_module",
    "workflow": "workflow",
}
"""The kind of binding by the `type` that Cloudflare's API gives it, which Terraform and Pulumi write."""

LISTS: Mapping[str, str] = {
    "analytics_engine": "analytics_engine",
    "d1_database": "d1",
    "hyperdrive_config": "hyperdrive",
    "kv_namespace": "kv",
    "plain_text": "var",
    "queue": "queue",
    "r2_bucket": "r2",
    "secret_text": "secret",
    "service": "service",
    "webassembly": "wasm_module",
}
"""The kind by the block `<key>_binding` of Terraform's provider up to version 4; Pulumi and SST have a list
`<key>Bindings`, in camel case."""

PAGES: Mapping[str, str] = {
    "ai_bindings": "ai",
    "analytics_engine_datasets": "analytics_engine",
    "browsers": "browser",
    "d1_databases": "d1",
    "durable_object_namespaces": "durable_object",
    "hyperdrive_bindings": "hyperdrive",
    "kv_namespaces": "kv",
    "mtls_certificates": "mtls_certificate",
    "queue_producers": "queue",
    "r2_buckets": "r2",
    "services": "service",
    "vectorize_bindings": "vectorize",
}
"""The kind by the map of a Pages project's `deployment_configs`, from names of bindings to resources."""

SST: Mapping[str, str] = {
    "Ai": "ai",
    "Bucket": "r2",
    "D1": "d1",
    "Hyperdrive": "hyperdrive",
    "Kv": "kv",
    "Queue": "queue",
    "Vectorize": "vectorize",
    "Worker": "service",
    "Workflow": "workflow",
}
"""The kind by the class of a component `new sst.cloudflare.Bucket("Name")` that is linked to a Worker."""

ALCHEMY: Mapping[str, str] = {
    "AI": "ai",
    "Ai": "ai",
    "AnalyticsEngine.Dataset": "analytics_engine",
    "AnalyticsEngineDataset": "analytics_engine",
    "Artifacts": "artifacts",
    "Assets": "assets",
    "Browser": "browser",
    "BrowserRendering": "browser",
    "D1.Database": "d1",
    "D1Database": "d1",
    "DispatchNamespace": "dispatch_namespace",
    "DurableObject": "durable_object",
    "DurableObjectNamespace": "durable_object",
    "Hyperdrive": "hyperdrive",
    "HyperdriveRef": "hyperdrive",
    "Images": "images",
    "KV.Namespace": "kv",
    "KVNamespace": "kv",
    "Pipeline": "pipeline",
    "Queue": "queue",
    "R2.Bucket": "r2",
    "R2Bucket": "r2",
    "RateLimit": "ratelimit",
    "Secret": "secrets_store_secret",
    "Self": "service",
    "VectorizeIndex": "vectorize",
    "VersionMetadata": "version_metadata",
    "Worker": "service",
    "WorkerLoader": "worker_loader",
    "WorkerRef": "service",
    "WorkerStub": "service",
    "Workflow": "workflow",
}
"""The kind by the function or class that makes a resource, as the last one or two names of how it is reached:
`D1Database(…)`, `Cloudflare.D1.Database(…)`."""
