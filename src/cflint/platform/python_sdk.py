"""The SDK for Python Workers."""

from __future__ import annotations

NAMES = (
    "Blob",
    "Context",
    "DurableObject",
    "FetchResponse",
    "File",
    "FormData",
    "Headers",
    "Request",
    "Response",
    "WorkerEntrypoint",
    "WorkflowEntrypoint",
    "env",
    "fetch",
    "handler",
    "import_from_javascript",
    "patch_env",
    "python_from_rpc",
    "python_to_rpc",
    "wait_until",
)
"""What `from workers import …` gives: `__all__` of the `workers` package of 2026-08, without the types that
only annotations need and the old spelling `waitUntil`."""
