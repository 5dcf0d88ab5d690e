"""What the compatibility flags of the last two years change for code, in words.

Sources: the comments in workerd's `src/workerd/io/compatibility-date.capnp` of 2026-08-22, and
https://developers.cloudflare.com/workers/configuration/compatibility-flags/. What code can feel was tried in
workerd on both sides of the date: `tests/oracles/test_flags.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from cflint.record import record

SINCE = "2024-11-01"
"""Flags that become the default from this day on have an entry here."""

_UNSEEN = "it is about how Cloudflare runs the Worker"

_UNDOCUMENTED = "Cloudflare's list of flags does not describe it yet"


@record(frozen=True)
class FlagEffect:
    """What a flag changes.

    `todo` is what to do about the places that it touches. `harmless`: what works goes on working there, as
    where it only adds something. `unfelt` says why no code notices it, `untold` why code cannot be looked at
    for it; "" where that is not so.
    """

    what: str
    todo: str = ""
    harmless: bool = False
    unfelt: str = ""
    untold: str = ""


NODE_MODULES: Mapping[str, tuple[str, ...]] = {
    "nodejs_zlib": ("zlib",),
    "enable_nodejs_http_modules": ("http", "https", "_http_agent", "_http_client", "_http_common"),
    "enable_nodejs_http_server_modules": ("_http_server",),
    "enable_nodejs_http2_module": ("http2",),
    "enable_nodejs_fs_module": ("fs", "fs/promises"),
    "enable_nodejs_os_module": ("os",),
    "enable_nodejs_console_module": ("console",),
    "enable_nodejs_vm_module": ("vm",),
    "enable_nodejs_perf_hooks_module": ("perf_hooks",),
    "enable_nodejs_domain_module": ("domain",),
    "enable_nodejs_v8_module": ("v8",),
    "enable_nodejs_tty_module": ("tty",),
    "enable_nodejs_punycode_module": ("punycode",),
    "enable_nodejs_cluster_module": ("cluster",),
    "enable_nodejs_child_process_module": ("child_process",),
    "enable_nodejs_worker_threads_module": ("worker_threads",),
    "enable_nodejs_stream_wrap_module": ("_stream_wrap",),
    "enable_nodejs_wasi_module": ("wasi",),
    "enable_nodejs_dgram_module": ("dgram",),
    "enable_nodejs_inspector_module": ("inspector", "inspector/promises"),
    "enable_nodejs_trace_events_module": ("trace_events",),
    "enable_nodejs_readline_module": ("readline", "readline/promises"),
    "enable_nodejs_repl_module": ("repl",),
    "enable_nodejs_sqlite_module": ("sqlite",),
}
"""The modules of Node.js that a flag makes the runtime's own."""


def _node_module(names: tuple[str, ...]) -> FlagEffect:
    listed = " and ".join(f"`node:{name}`" for name in names[:2])
    return FlagEffect(
        f"{listed} {'are' if len(names) > 1 else 'is'} the runtime's own, no longer the bundler's stand-in",
        "run what uses it: the runtime's own may throw where the stand-in did nothing",
    )


EFFECTS: Mapping[str, FlagEffect] = {
    "cache_option_enabled": FlagEffect('`fetch()` takes `cache: "no-store"`, which threw', harmless=True),
    "cache_no_cache_enabled": FlagEffect('`fetch()` takes `cache: "no-cache"`, which threw', harmless=True),
    "disable_top_level_await_in_require": FlagEffect(
        "`require()` of a module with an `await` at its top level throws",
        "`import` such modules",
    ),
    "fixup-transform-stream-backpressure": FlagEffect(
        "a `TransformStream` holds writes back until its other side is read",
        "see to it that the readable side is read while the other one is written, not after it",
    ),
    "unique_ctx_per_invocation": FlagEffect(
        "each event has a `ctx` of its own",
        unfelt="it counts at all dates by now",
    ),
    "assets_navigation_prefers_asset_serving": FlagEffect(
        "navigations of a browser get the assets' page for what is not found; the Worker does not see them",
        "list the Worker's own paths in `assets.run_worker_first`",
    ),
    "nodejs_compat_populate_process_env": FlagEffect(
        "`process.env` has the variables and secrets of the configuration; it was empty",
        "look at what code does when such a variable is set, and at what sends all of `process.env` away",
    ),
    "request_cf_overrides_cache_rules": FlagEffect(
        "cache settings in `cf` of a `fetch()` count before the zone's cache rules",
        "compare the settings with the cache rules of the zone",
    ),
    "cache_api_compat_flags": FlagEffect(
        "Cloudflare's cache is told the flags of the Worker", unfelt=_UNSEEN
    ),
    "urlpattern_standard": FlagEffect(
        "`URLPattern` follows the standard: other results for groups that matched nothing, and it has"
        " `hasRegExpGroups`",
        "run the patterns that have optional groups, and check the values of the groups",
    ),
    "enable_weak_ref": FlagEffect("`WeakRef` and `FinalizationRegistry` are there", harmless=True),
    "cache_api_request_cf_overrides_cache_rules": FlagEffect(
        "cache settings in `cf` of a request that the Cache API is given count before the zone's cache rules",
        "compare the settings with the cache rules of the zone",
    ),
    "enable_navigator_language": FlagEffect("`navigator.language` is a string", harmless=True),
    "allow_eval_during_startup": FlagEffect(
        "`eval()` and `new Function()` work at the top level of modules, where they threw", harmless=True
    ),
    "bind_asynclocalstorage_snapshot_to_request": FlagEffect(
        "what `AsyncLocalStorage.bind()` and `.snapshot()` give belongs to its request, and throws in others",
        "keep no such function in a global variable",
    ),
    "throw_on_unrecognized_import_assertion": FlagEffect(
        "an import with an attribute that the runtime does not know throws",
        "drop attributes other than `type`; what esbuild bundles has none left",
    ),
    "set_event_target_this": FlagEffect(
        "`this` in a listener is what it listens to; it was undefined",
        "look at listeners that use `this`",
    ),
    "set_forwardable_email_full_headers": FlagEffect(
        "`message.headers` of an email has all addresses of `To` and `Cc`; it had the first",
        "split what is read of these headers",
    ),
    "python_workers_force_new_vendor_path": FlagEffect(
        "packages are found in `python_modules/` only, no longer in `vendor/`",
        "move the packages, which `pywrangler` does",
    ),
    "python_no_global_handlers": FlagEffect(
        "handlers are methods of a class `Default`; functions `on_fetch` and the like are never called",
        "write the class",
    ),
    "expose_global_message_channel": FlagEffect(
        "`MessageChannel` and `MessagePort` are there", harmless=True
    ),
    "remove_nodejs_compat_eol": FlagEffect(
        "what Node.js itself has removed is taken out of its modules",
        untold="which names are gone is not listed by the runtime, and none was seen to be",
    ),
    "strip_authorization_on_cross_origin_redirect": FlagEffect(
        "`fetch()` drops `Authorization` when a redirect leads to another origin",
        "ask the new address, or follow redirects by hand",
    ),
    "enable_nodejs_process_v2": FlagEffect(
        "`process` has all members of Node.js, some of which do nothing; it had `env` and few more",
        "look at tests like `typeof process.versions` by which a library decides that it runs in Node.js",
    ),
    "enable_validate_workflow_entrypoint": FlagEffect(
        "a deployment is refused whose Workflow names no class that extends `WorkflowEntrypoint`",
        "mend the name or the class",
    ),
    "python_workflows": FlagEffect("Workflows can be written in Python", harmless=True),
    "python_workers_20250116": FlagEffect(
        "Pyodide 0.27 with Python 3.12.7 runs the Worker",
        untold="which packages a newer Python breaks, only a run can tell",
    ),
    "python_dedicated_snapshot": FlagEffect(
        "a snapshot is taken of the Worker after its modules ran, when it is deployed",
        "have modules keep nothing at their top level that must be new in each isolate",
        untold="what a package does at its top level is not read",
    ),
    "enable_ctx_exports": FlagEffect("`ctx.exports` is there; it was undefined", harmless=True),
    "enable_fast_jsg_struct": FlagEffect(
        'plain objects that the runtime gives have all their keys, some undefined: `"crv" in key` is true',
        untold="where such an object's keys are listed or tested is not followed",
    ),
    "python_check_rng_state": FlagEffect(
        "random numbers at the top level of a Python module end the start, as the snapshot would repeat them",
        "draw them in a handler",
    ),
    "strip_bom_in_read_all_text": FlagEffect(
        "`.text()` of a body drops a byte order mark at its start",
        "nothing: code that cuts the mark off finds none",
        harmless=True,
    ),
    "fetch_iterable_type_support_override_adjustment": FlagEffect(
        "a body that can be iterated and has a `toString()` of its own is turned into text",
        "give the text itself",
    ),
    "rpc_params_dup_stubs": FlagEffect(
        "a stub that is an argument of a call is copied; the caller's own one lives on",
        "dispose of the caller's stub when it is not used any more",
    ),
    "require_returns_default_export": FlagEffect(
        "`require()` gives a module's default export; it gave the namespace with `default` in it",
        "drop `.default` behind such calls; what esbuild bundles is not touched",
    ),
    "enable_nodejs_global_timers": FlagEffect(
        "`setTimeout()` and `setInterval()` give an object, as in Node.js; they gave a number",
        "look at where it is stored, sent, written as JSON or tested by `typeof`; arithmetic still works",
    ),
    "python_request_headers_preserve_commas": FlagEffect(
        "a header of a Python `Request` keeps its commas; it was cut into several values",
        "look at what is read of headers with commas",
    ),
    "fetch_iterable_type_support": FlagEffect(
        'an array or another iterable as a body is sent piece by piece, and pieces have to be bytes: `["a"]`'
        " throws where it was sent as `a`",
        "give a string: `body.join()` is what it was",
    ),
    "delete_all_deletes_alarm": FlagEffect(
        "`storage.deleteAll()` deletes the alarm, too",
        "set the alarm again behind it where it has to stay",
    ),
    "text_decoder_replace_surrogates": FlagEffect(
        '`TextDecoder("utf-16le")` replaces halves of pairs by U+FFFD',
        "look at whether text with such halves is stored as UTF-16 and has to come back unchanged",
    ),
    "python_workflows_implicit_dependencies": FlagEffect(
        "a step of a Python Workflow depends on the steps that are its parameters, in place of `depends=`",
        "make parameters of what `depends=` lists",
    ),
    "text_decoder_cjk_decoder": FlagEffect(
        "`TextDecoder` reads Chinese, Japanese and Korean encodings as the standard says",
        "decode a text with rare characters, and compare",
    ),
    "unhandled_rejection_after_microtask_checkpoint": FlagEffect(
        "`unhandledrejection` no longer fires for promises that are handled a few steps later",
        "nothing, as a rule: fewer events come",
        harmless=True,
    ),
    "websocket_close_reason_byte_limit": FlagEffect(
        "`close(code, reason)` of a WebSocket throws when the reason has more than 123 bytes",
        "cut the reason",
    ),
    "queue_expose_error_codes": FlagEffect(
        "errors of queues have a code and a cause",
        untold="who reads the text of such an error is not followed",
    ),
    "enable_global_performance_classes": FlagEffect(
        "`PerformanceMark` and its like are there", harmless=True
    ),
    "websocket_standard_binary_type": FlagEffect(
        "binary messages of a WebSocket are a `Blob`, no `ArrayBuffer` (but for `webSocketMessage()`)",
        'set `socket.binaryType = "arraybuffer"`',
    ),
    "encoder_stream_spec_compliant_backpressure": FlagEffect(
        "writes to a `TextEncoderStream` or `TextDecoderStream` wait until its other side is read",
        "see to it that the readable side is read while the other one is written, not after it",
    ),
    "writable_stream_spec_compliant_writer": FlagEffect(
        "what `closed` and `ready` of a released writer are follows the standard",
        "look at what waits for these promises after `releaseLock()`",
    ),
    "containers_pid_namespace": FlagEffect(
        "a container sees its own processes only",
        "look at scripts in the image that count on numbers of processes",
    ),
    "web_socket_auto_reply_to_close": FlagEffect(
        "the runtime answers a close frame; `readyState` is 3 in the event (it was 2)",
        "look at what tests `readyState`; `close()` in a close handler has nothing left to do, and may stay",
    ),
    "enable_python_external_sdk": FlagEffect(
        "the module `workers` comes from a package of the project, no longer from the runtime",
        "have `workers-py` in pyproject.toml, and `pywrangler` install it",
    ),
    "enhanced_error_serialization": FlagEffect(
        "errors keep their own properties in `structuredClone()` and calls of other Workers, not their stack",
        "look at what is done with such errors: more is sent, and `stack` is that of the receiver",
    ),
    "workflows_preserve_non_retryable_error_message": FlagEffect(
        "a `NonRetryableError` keeps its message and name; it was replaced by a general text",
        "look at what compares the message, and at whether it may be shown",
    ),
    "diagnostics_channel_has_subscribers_getter": FlagEffect(
        "`channel.hasSubscribers` is true or false; it was a method",
        "drop the parentheses; a test without them was always true, and now it is not",
    ),
    "python_process_pth_files": FlagEffect(
        "`.pth` files in `python_modules/` count",
        untold="what is in packages that are installed at deployment is not read",
    ),
    "throw_on_not_implemented_tls_options": FlagEffect(
        "`tls.connect()` throws for options that were ignored, as `checkServerIdentity`",
        "leave the options out",
    ),
    "nodejs_compat": FlagEffect(
        "modules of Node.js can be imported, and `process` and `Buffer` are there",
        "look at tests like `typeof process` by which a library decides where it runs;"
        " `no_nodejs_compat` switches it off",
    ),
    "nodejs_compat_v2": FlagEffect(
        "modules of Node.js have their names without `node:`, too; `process` and `Buffer` are global",
        "look at tests like `typeof process` by which a library decides where it runs",
    ),
    "workflows_enable_fast_engine_creation": FlagEffect(
        "instances of Workflows get other internal ids and start sooner", unfelt=_UNSEEN
    ),
    "python_workers_314": FlagEffect(
        "Pyodide 314 with Python 3.14 runs the Worker",
        untold="which packages a newer Python breaks, only a run can tell",
    ),
    "spec_compliant_dispatch_exceptions": FlagEffect(
        "`dispatchEvent()` reports what a listener throws and calls the others; it threw, and called no more",
        "catch errors in the listener where the caller has to know of them",
    ),
    "durable_object_io_tasks_prevent_eviction": FlagEffect(
        "pending calls and `ctx.waitUntil()` keep a Durable Object in memory, for up to 15 minutes",
        "nothing, as a rule: what was cut off is finished, and its duration is paid for",
        harmless=True,
    ),
    "new_module_registry": FlagEffect(
        "modules are found by URL, and `import.meta.url` and its like are there; `import()` of a name that is"
        " made at run time follows other rules",
        "look at tests of `import.meta.url` by which code decides where it runs, and at computed imports",
    ),
    "enable_request_signal": FlagEffect(
        "`request.signal` of a request that came in is aborted when its client goes away; it never was",
        "look at what listens to the signal or is given it: it may be cut off now",
    ),
    "pipe_to_backward_propagation": FlagEffect(
        "how an end of what a stream is piped to reaches its source", untold=_UNDOCUMENTED
    ),
    "cache_option_preserves_cache_control": FlagEffect(
        "a `Cache-Control` header of a `fetch()` stays beside the option `cache`", untold=_UNDOCUMENTED
    ),
    "python_shared_standard_library": FlagEffect("Python Workers share one standard library", unfelt=_UNSEEN),
    "nodejs_process_version_24": FlagEffect(
        "`process.version` says 24; it said 22",
        "look at what a library does by that version",
    ),
    **{name: _node_module(modules) for name, modules in NODE_MODULES.items()},
}
"""By the name that enables the flag."""


def effect_of(flag: str) -> FlagEffect | None:
    """What a flag changes; None of one that became the default before `SINCE`, or that the table lacks."""
    return EFFECTS.get(flag)
