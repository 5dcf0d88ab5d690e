"""Global names that every Worker has, and that none has: what `typeof name` gives.

Left out is what depends on a flag or a date (`process`, `Buffer`, `navigator`, `FinalizationRegistry`).
Source: workerd `src/workerd/api/global-scope.h`;
https://developers.cloudflare.com/workers/runtime-apis/web-standards/
"""

from __future__ import annotations

_FUNCTIONS = """
AbortController AbortSignal Blob CompressionStream CryptoKey DecompressionStream Event EventTarget File
FormData HTMLRewriter Headers ReadableStream Request Response TextDecoder TextEncoder TransformStream URL
URLPattern URLSearchParams WebSocket WebSocketPair WritableStream addEventListener atob btoa
clearInterval clearTimeout fetch queueMicrotask setInterval setTimeout structuredClone
"""
_OBJECTS = "caches console crypto globalThis performance self"
_ABSENT = """
Bun DedicatedWorkerGlobalScope Deno EdgeRuntime HTMLElement Netlify Window XMLHttpRequest alert document
history indexedDB localStorage sessionStorage window
"""

TYPE_OF_GLOBAL: dict[str, str] = {
    **dict.fromkeys(_FUNCTIONS.split(), "function"),
    **dict.fromkeys(_OBJECTS.split(), "object"),
    **dict.fromkeys(_ABSENT.split(), "undefined"),
}
"""What `typeof` of a global name gives in a Worker, whatever its date and flags."""
