"""Where code touches what a compatibility flag changes: a function for each flag, for JavaScript.

A detector finds places that the flag has to do with, whether they come out well or not: who reads a report
about an upgrade looks at them. What a name means comes from the model, so that a method of that name of
something else is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from cflint.pattern import pattern
from cflint.platform.flag_effects import NODE_MODULES
from cflint.project.code.nodes import Call
from cflint.project.code.values import ValueKind
from cflint.project.modules.resolve import Builtin
from cflint.record import record
from cflint.syntax.javascript import FUNCTIONS

if TYPE_CHECKING:
    from tree_sitter import Node

    from cflint.project.code.module import Module

_SOCKETS = frozenset(
    (ValueKind.WEBSOCKET_PAIR_END, ValueKind.HIBERNATED_WEBSOCKET, ValueKind.OUTGOING_WEBSOCKET)
)
_MOST_REASON = 123
_CACHE_SETTINGS = ("cacheTtl", "cacheTtlByStatus", "cacheEverything", "cacheKey", "cacheTags")
_ADDRESSES = frozenset(("to", "cc", "bcc", "reply-to"))
_KEEPS_OR_CLEARS = frozenset(("clearTimeout", "clearInterval", "clear", "set", "add", "push"))
_TLS_OPTIONS = ("checkServerIdentity", "minDHSize", "pskCallback", "pfx", "secureContext", "ALPNCallback")
_CJK = pattern(r"(?:big5|gb|euc-|shift|sjis|iso-2022|ks_c|x-gbk|chinese|korean|csbig5).*", re.IGNORECASE)
_UTF16 = pattern(r"(?:utf-16|ucs-2|unicode|iso-10646-ucs-2|csunicode).*", re.IGNORECASE)
_BOM = pattern(rb"(?i:\\ufeff|0xfeff)|\xef\xbb\xbf")


@record(frozen=True)
class Detector:
    """Finds places in a module. One of the `words` stands in every module that has any."""

    words: tuple[str, ...]
    find: Callable[[Module], Iterator[Node]]


# -- names and calls ---------------------------------------------------------------------------------------


def _globals(module: Module, *names: str) -> Iterator[Node]:
    """Where a global is named."""
    for name in names:
        for leaf in module.leaves(name, module.root):
            if leaf.type in ("identifier", "shorthand_property_identifier"):
                if module.is_global(leaf, name):
                    yield leaf
            elif module.is_global(above := module.parent(leaf), name) and above is not None:
                yield above


def _made(module: Module, *names: str) -> Iterator[Call]:
    """Where an instance of a class of the runtime is made."""
    for leaf in _globals(module, *names):
        above = module.parent(leaf)
        call = module.call(above)
        if call is not None and call.is_new and call.callee == leaf:
            yield call


def _constructed(module: Module, *names: str) -> Iterator[Node]:
    return (call.node for call in _made(module, *names))


def _members(module: Module, name: str, *owners: str) -> Iterator[Node]:
    """Where a member of a name is read, of one of some globals if any are given."""
    for leaf in module.leaves(name, module.root):
        access = module.member(module.parent(leaf))
        if access is not None and access.name_node == leaf:
            above = module.parent(leaf)
            if above is not None and (not owners or module.is_global(access.object, *owners)):
                yield above


def _calls_of_global(module: Module, *names: str) -> Iterator[Call]:
    for name in names:
        for call in module.calls(name):
            if not call.is_new and module.is_global(call.callee, name):
                yield call


def _request_options(module: Module) -> Iterator[Node]:
    """The options of requests: of `fetch()`, also a binding's, and of `new Request()`."""
    for call in (*module.calls("fetch"), *_made(module, "Request")):
        options = call.argument(1)
        if options is not None:
            yield options


# -- requests and responses --------------------------------------------------------------------------------


def _cache_mode(mode: str, module: Module) -> Iterator[Node]:
    for options in _request_options(module):
        given = module.property_value(options, "cache")
        if given is not None and module.string_of(given) == mode:
            yield given


def _cf_settings(module: Module) -> Iterator[Node]:
    for options in _request_options(module):
        given = module.property_value(options, "cf")
        if given is not None and any(
            module.property_value(given, key) is not None for key in _CACHE_SETTINGS
        ):
            yield given


def _cf_of_cached(module: Module) -> Iterator[Node]:
    if next(_globals(module, "caches"), None) is not None:
        yield from _cf_settings(module)


def _authorized(module: Module) -> Iterator[Node]:
    """Requests with `Authorization` that follow redirects by themselves."""
    for options in _request_options(module):
        redirect = module.property_value(options, "redirect")
        if redirect is not None and module.string_of(redirect) in ("manual", "error"):
            continue
        headers = module.property_value(options, "headers")
        for name in ("Authorization", "authorization"):
            given = module.property_value(headers, name) if headers is not None else None
            if given is not None:
                yield given


def _iterable_bodies(module: Module) -> Iterator[Node]:
    bodies = [call.argument(0) for call in _made(module, "Response")]
    bodies += [module.property_value(options, "body") for options in _request_options(module)]
    for body in bodies:
        if body is not None and module.initializer(body).type == "array":
            yield body


# -- streams, text, sockets --------------------------------------------------------------------------------


def _writers_released(module: Module) -> Iterator[Node]:
    """Where a writer is released, in a module that waits for `closed` or `ready` of something."""
    if not any(True for name in ("closed", "ready") for _ in _members(module, name)):
        return
    for call in module.calls("releaseLock"):
        made = module.call(module.initializer(call.receiver)) if call.receiver is not None else None
        if made is not None and made.name == "getWriter":
            yield call.node


def _decoders(labels: re.Pattern[str], module: Module) -> Iterator[Node]:
    """Decoders of some encodings, or of one that is not known here."""
    for call in _made(module, "TextDecoder"):
        label = call.argument(0)
        text = module.string_of(label) if label is not None else "utf-8"
        if text is None or labels.fullmatch(text.strip()):
            yield call.node


def _is_socket(module: Module, node: Node | None) -> bool:
    return node is not None and (module.value_of(node).kind in _SOCKETS or bool(module.pair_ends(node)))


def _socket_listeners(event: str, module: Module) -> Iterator[Node]:
    for call in module.calls("addEventListener"):
        given = call.argument(0)
        if given is not None and module.string(given) == event and _is_socket(module, call.receiver):
            yield call.node
    for leaf in module.leaves(f"on{event}", module.root):
        access = module.member(module.parent(leaf))
        if access is not None and access.name_node == leaf and _is_socket(module, access.object):
            yield leaf


def _binary_messages(module: Module) -> Iterator[Node]:
    if not module.document.has_word("binaryType"):
        yield from _socket_listeners("message", module)


def _long_reasons(module: Module) -> Iterator[Node]:
    for call in module.calls("close"):
        reason = call.argument(1)
        if reason is None or not _is_socket(module, call.receiver) or _is_of_a_frame(module, reason):
            continue
        text = module.string_of(reason)
        if text is None or len(text.encode("utf-8", "replace")) > _MOST_REASON:
            yield call.node


def _is_of_a_frame(module: Module, reason: Node) -> bool:
    """Whether a reason is what `webSocketClose()` was given, which came in a frame and is short."""
    declaration = module.scope.resolve(reason) if reason.type == "identifier" else None
    handler = module.handler_around(reason)
    if declaration is None or handler is None or handler.name != "webSocketClose":
        return False
    return any(parameter.id == declaration.owner.id for parameter in handler.parameters)


def _states_at_close(module: Module) -> Iterator[Node]:
    """Reads of `readyState` in what runs when a socket was closed."""
    listeners = [module.call(node) for node in _socket_listeners("close", module)]
    given = [call.argument(1) for call in listeners if call is not None]
    functions = [module.function_value(node) for node in given if node is not None]
    functions += [handler.function for handler in module.handlers if handler.name == "webSocketClose"]
    for function in functions:
        if function is not None:
            yield from module.leaves("readyState", function)


# -- events, errors, RPC -----------------------------------------------------------------------------------


def _listeners_with_this(module: Module) -> Iterator[Node]:
    for call in module.calls("addEventListener"):
        given = call.argument(1)
        function = module.function_value(given) if given is not None else None
        if function is None or function.type not in ("function_expression", "function_declaration"):
            continue
        for leaf in module.leaves("this", function):
            around = module.enclosing(leaf, FUNCTIONS - {"arrow_function"})
            if around == function:
                yield leaf


def _rejections(module: Module) -> Iterator[Node]:
    for call in (*module.calls("addEventListener"), *module.calls("on")):
        given = call.argument(0)
        if given is not None and module.string(given) in (
            "unhandledrejection",
            "rejectionhandled",
            "unhandledRejection",
        ):
            yield call.node


def _cloned_errors(module: Module) -> Iterator[Node]:
    yield from (call.node for call in _calls_of_global(module, "structuredClone"))


def _stubs_given(module: Module) -> Iterator[Node]:
    """Arguments of calls of other Workers and objects that may be stubs: instances of an `RpcTarget`,
    functions, and stubs; and copies that are made by hand."""
    for node in module.descendants(module.root, "call_expression"):
        call = module.call(node)
        if call is None or call.receiver is None:
            continue
        if module.value_of(call.receiver).kind is not ValueKind.STUB and not module.value_of(
            call.receiver
        ).is_binding("service"):
            continue
        if call.name == "dup":
            yield node
        for argument in call.arguments if call.name != "fetch" else ():
            kind = module.value_of(argument).kind
            if argument.type in FUNCTIONS or kind in (ValueKind.STUB, ValueKind.INSTANCE):
                yield argument


def _deleted_all(module: Module) -> Iterator[Node]:
    for call in module.calls("deleteAll"):
        if call.receiver is not None and module.value_of(call.receiver).kind is ValueKind.STORAGE:
            yield call.node


def _address_headers(module: Module) -> Iterator[Node]:
    """Reads of headers with addresses in a module that has a handler of emails."""
    if not any(handler.name == "email" for handler in module.handlers):
        return
    for call in module.calls("get"):
        name = call.argument(0)
        owner = module.member(call.receiver) if call.receiver is not None else None
        if name is not None and owner is not None and owner.name == "headers":
            text = module.string_of(name)
            if text is not None and text.lower() in _ADDRESSES:
                yield call.node


# -- Node.js and modules -----------------------------------------------------------------------------------


def _imported(names: tuple[str, ...], module: Module) -> Iterator[Node]:
    wanted = {f"node:{name}" for name in names}
    for edge in module.project.imports.of(module.path):
        if isinstance(edge.to, Builtin) and edge.to.name in wanted and not edge.item.type_only:
            found = module.node_at(edge.item.span.start, edge.item.span.end)
            if found is not None:
                yield found


def _looks_for_node(module: Module) -> Iterator[Node]:
    """Tests for what only Node.js used to have: `typeof process`, `globalThis.Buffer`."""
    for leaf in _globals(module, "process", "Buffer", "global"):
        above = module.parent(leaf)
        if above is not None and (
            (above.type == "unary_expression" and module.text(above).startswith("typeof"))
            or leaf.type == "member_expression"
        ):
            yield above if above.type == "unary_expression" else leaf


def _process_env(module: Module) -> Iterator[Node]:
    """Reads of `process.env`, but for what a build puts the value in place of."""
    for node in _members(module, "env", "process"):
        access = module.member(module.parent(node))
        if access is None or not (access.name == "NODE_ENV" or access.name.startswith("NEXT_PUBLIC_")):
            yield node


def _process_members(module: Module) -> Iterator[Node]:
    for leaf in _globals(module, "process"):
        access = module.member(module.parent(leaf))
        if access is not None and access.name not in ("env", "nextTick", "exit", "platform"):
            yield access.name_node


def _kept_timers(module: Module) -> Iterator[Node]:
    """Timers of which the value is used for more than to be kept, tested and cleared."""
    for call in _calls_of_global(module, "setTimeout", "setInterval"):
        given = module.given_name(call.node)
        if given is None:
            if _is_passed_on(module, call.node):
                yield call.node
            continue
        declaration = module.scope.resolve(given) if given.type == "identifier" else None
        uses = module.scope.references(declaration) if declaration is not None else ()
        if any(_is_passed_on(module, use) for use in uses):
            yield call.node


def _is_passed_on(module: Module, node: Node) -> bool:
    """Whether a timer is asked for its type, or an argument of what does not clear it. In arithmetic and
    texts it goes on being a number."""
    above = module.parent(module.with_wrappers(node))
    if above is not None and above.type == "unary_expression":
        return module.text(above).startswith("typeof")
    around = module.call_around(node)
    return around is not None and around[0].name not in _KEEPS_OR_CLEARS


def _has_subscribers(module: Module) -> Iterator[Node]:
    yield from _members(module, "hasSubscribers")


def _tls_options(module: Module) -> Iterator[Node]:
    if next(_imported(("tls",), module), None) is None:
        return
    for call in (*module.calls("connect"), *module.calls("TLSSocket")):
        for options in call.arguments:
            for name in _TLS_OPTIONS:
                given = module.property_value(options, name)
                if given is not None:
                    yield given


def _is_bundled(module: Module) -> bool:
    """Whether wrangler bundles the module, so that imports of constant names are not the runtime's."""
    found = (environment.value("no_bundle") for environment in module.environments)
    return not any(node is not None and node.plain is True for node in found)


def _required(module: Module) -> Iterator[Node]:
    is_bundled = _is_bundled(module)
    for call in _calls_of_global(module, "require"):
        name = call.argument(0)
        if not is_bundled or (name is not None and module.string_of(name) is None):
            yield call.node
    yield from (call.node for call in module.calls("createRequire"))


def _bound_snapshots(module: Module) -> Iterator[Node]:
    if next(_imported(("async_hooks",), module), None) is None:
        return
    for name in ("bind", "snapshot"):
        for call in module.calls(name):
            if call.receiver is not None and module.text(call.receiver).endswith("AsyncLocalStorage"):
                yield call.node
    for leaf in module.leaves("AsyncResource", module.root):
        above = module.parent(leaf)
        if above is not None and above.type == "new_expression":
            yield above


def _attributes(module: Module) -> Iterator[Node]:
    if _is_bundled(module):
        return  # esbuild leaves none of them
    for node in module.descendants(module.root, "import_attribute"):
        if not re.fullmatch(r"(?:with|assert)\s*\{\s*[\"']?type[\"']?\s*:[^,]*,?\s*\}", module.text(node)):
            yield node


def _eval_at_start(module: Module) -> Iterator[Node]:
    found = (*(call.node for call in _calls_of_global(module, "eval")), *_constructed(module, "Function"))
    yield from (node for node in found if module.enclosing_function(node) is None)


def _messages(words: re.Pattern[bytes], module: Module) -> Iterator[Node]:
    yield from module.mentions(words)


def _dispatched(module: Module) -> Iterator[Node]:
    yield from (call.node for call in module.calls("dispatchEvent"))


def _held_by_tasks(module: Module) -> Iterator[Node]:
    for call in module.calls("waitUntil"):
        if module.value_of(call.receiver).kind is ValueKind.DURABLE_OBJECT_STATE:
            yield call.node


_OF_META = frozenset({"", "url", "main", "resolve", "dirname", "filename"})


def _module_addresses(module: Module) -> Iterator[Node]:
    """`import.meta` (`env` and other names of it are what build tools replace, not the runtime), and
    `import()` of a name that is not written down."""
    for node in module.descendants(module.root, "meta_property"):
        access = module.member(module.parent(node))
        is_other = access is not None and access.object.id == node.id and access.name not in _OF_META
        if module.text(node) == "import.meta" and not is_other:
            yield node
    for leaf in module.leaves("import", module.root):
        call = module.call(module.enclosing(leaf, frozenset({"call_expression"})))
        starts = call is not None and call.node.start_byte == leaf.start_byte
        name = call.argument(0) if call is not None and starts else None
        if name is not None and module.string_of(name) is None:
            yield leaf


def _signals_of_requests(module: Module) -> Iterator[Node]:
    for node in _members(module, "signal"):
        access = module.member(node)
        if access is not None and module.value_of(access.object).kind is ValueKind.REQUEST:
            yield node


def _versions_of_node(module: Module) -> Iterator[Node]:
    for name in ("version", "versions"):
        yield from _members(module, name, "process")


def _context_exports(module: Module) -> Iterator[Node]:
    for node in _members(module, "exports"):
        access = module.member(node)
        if access is not None and module.value_of(access.object).kind in (
            ValueKind.EXECUTION_CONTEXT,
            ValueKind.DURABLE_OBJECT_STATE,
        ):
            yield node


def _nothing_but(name: str, module: Module) -> Iterator[Node]:
    yield from module.leaves(name, module.root)


def _of_globals(*names: str) -> Detector:
    return Detector(names, lambda module: _globals(module, *names))


def _of_instances(*names: str) -> Detector:
    """Of classes of the runtime."""
    return Detector(names, lambda module: _constructed(module, *names))


DETECTORS: Mapping[str, Detector] = {
    "cache_option_enabled": Detector(("no-store",), partial(_cache_mode, "no-store")),
    "cache_no_cache_enabled": Detector(("no-cache",), partial(_cache_mode, "no-cache")),
    "disable_top_level_await_in_require": Detector(("require", "createRequire"), _required),
    "fixup-transform-stream-backpressure": _of_instances("TransformStream"),
    "nodejs_compat_populate_process_env": Detector(("process",), _process_env),
    "request_cf_overrides_cache_rules": Detector(_CACHE_SETTINGS, _cf_settings),
    "urlpattern_standard": _of_instances("URLPattern"),
    "enable_weak_ref": _of_globals("WeakRef", "FinalizationRegistry"),
    "cache_api_request_cf_overrides_cache_rules": Detector(("caches",), _cf_of_cached),
    "enable_navigator_language": Detector(
        ("navigator",), lambda module: _members(module, "language", "navigator")
    ),
    "allow_eval_during_startup": Detector(("eval", "Function"), _eval_at_start),
    "bind_asynclocalstorage_snapshot_to_request": Detector(
        ("AsyncLocalStorage", "AsyncResource"), _bound_snapshots
    ),
    "throw_on_unrecognized_import_assertion": Detector(("with", "assert"), _attributes),
    "set_event_target_this": Detector(("addEventListener",), _listeners_with_this),
    "set_forwardable_email_full_headers": Detector(("headers",), _address_headers),
    "expose_global_message_channel": _of_globals("MessageChannel", "MessagePort"),
    "strip_authorization_on_cross_origin_redirect": Detector(("Authorization", "authorization"), _authorized),
    "enable_nodejs_process_v2": Detector(("process",), _process_members),
    "enable_ctx_exports": Detector(("exports",), _context_exports),
    "strip_bom_in_read_all_text": Detector(
        ("ufeff", "uFEFF", "0xFEFF", "0xfeff", "\ufeff"), partial(_messages, _BOM)
    ),
    "rpc_params_dup_stubs": Detector(("env", "ctx", "stub", "dup"), _stubs_given),
    "require_returns_default_export": Detector(("require", "createRequire"), _required),
    "enable_nodejs_global_timers": Detector(("setTimeout", "setInterval"), _kept_timers),
    "fetch_iterable_type_support": Detector(("Response", "body"), _iterable_bodies),
    "fetch_iterable_type_support_override_adjustment": Detector(("Response", "body"), _iterable_bodies),
    "delete_all_deletes_alarm": Detector(("deleteAll",), _deleted_all),
    "text_decoder_replace_surrogates": Detector(("TextDecoder",), partial(_decoders, _UTF16)),
    "text_decoder_cjk_decoder": Detector(("TextDecoder",), partial(_decoders, _CJK)),
    "unhandled_rejection_after_microtask_checkpoint": Detector(
        ("unhandledrejection", "rejectionhandled", "unhandledRejection"), _rejections
    ),
    "websocket_close_reason_byte_limit": Detector(("close",), _long_reasons),
    "enable_global_performance_classes": _of_globals(
        "PerformanceObserver", "PerformanceMark", "PerformanceEntry"
    ),
    "websocket_standard_binary_type": Detector(("message", "onmessage"), _binary_messages),
    "encoder_stream_spec_compliant_backpressure": _of_instances("TextEncoderStream", "TextDecoderStream"),
    "writable_stream_spec_compliant_writer": Detector(("getWriter",), _writers_released),
    "web_socket_auto_reply_to_close": Detector(("readyState",), _states_at_close),
    "enhanced_error_serialization": Detector(("structuredClone",), _cloned_errors),
    "workflows_preserve_non_retryable_error_message": Detector(
        ("NonRetryableError",), partial(_nothing_but, "NonRetryableError")
    ),
    "diagnostics_channel_has_subscribers_getter": Detector(("hasSubscribers",), _has_subscribers),
    "throw_on_not_implemented_tls_options": Detector(_TLS_OPTIONS, _tls_options),
    "spec_compliant_dispatch_exceptions": Detector(("dispatchEvent",), _dispatched),
    "durable_object_io_tasks_prevent_eviction": Detector(("waitUntil",), _held_by_tasks),
    "new_module_registry": Detector(("import",), _module_addresses),
    "enable_request_signal": Detector(("signal",), _signals_of_requests),
    "nodejs_process_version_24": Detector(("version", "versions"), _versions_of_node),
    "nodejs_compat": Detector(("process", "Buffer", "global"), _looks_for_node),
    "nodejs_compat_v2": Detector(("process", "Buffer", "global"), _looks_for_node),
    **{
        flag: Detector(tuple(re.split(r"\W", name)[0] for name in names), partial(_imported, names))
        for flag, names in NODE_MODULES.items()
    },
}
"""By the name that enables the flag."""
