"""What the loader refuses in a configuration: unknown and missing fields, values of another kind."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from cflint.finding import Location
from cflint.platform.cloudflare_config import (
    ConfigFields,
    FieldSchema,
    binding_types,
    config_fields,
    retired_types,
)
from cflint.project.config.cloudflare.links import check_links
from cflint.project.config.cloudflare.machine import Fault, Machine, describe
from cflint.project.config.cloudflare.names import BINDINGS
from cflint.project.config.cloudflare.resolution import Resolved
from cflint.project.config.cloudflare.values import (
    UNDEFINED,
    Arr,
    Choice,
    Func,
    Native,
    Obj,
    Promised,
    Scalar,
    Unknown,
    Value,
    options,
)
from cflint.record import record
from cflint.source import Document

Path = tuple[str | int, ...]

_ARTICLES = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}
_MEANT = {
    "binding": "the key in `env` is the name of the binding",
    "migrations_dir": "`cf d1 migrations apply --dir` takes the folder",
    "preview_id": "branch on `isPreview` instead",
    "preview_bucket_name": "branch on `isPreview` instead",
    "preview_database_id": "branch on `isPreview` instead",
    "migrations": "`exports` says which classes there are",
    "vars": "write `env: { NAME: bindings.text(…) }`",
    "routes": "write `triggers: [triggers.fetch({ pattern: … })]`, or `domains`",
    "crons": "write `triggers: [triggers.scheduled({ schedule: … })]`",
    "directory": "it is `assetsDirectory` of `wrangler.config.ts`, or Vite's build",
    "main": "it is `entrypoint` here",
}
_RENAMED = {"queue": "name", "route": "pattern", "remote": "dev", "main": "entrypoint", "vars": "env"}


@record(frozen=True)
class _Check:
    """One check of a configuration: the fields and where what is wrong is noted."""

    machine: Machine
    fields: ConfigFields

    def report(self, fault: Fault, message: str, place: Location, path: Path, suggestion: str | None) -> None:
        self.machine.report(fault, message, place, path=path, suggestion=suggestion)


def check_config(machine: Machine, resolved: Resolved, document: Document) -> None:
    """Note what the loader refuses in a `cloudflare.config.ts`."""
    config = resolved.config
    check = _Check(machine, config_fields())
    if config is None:
        _check_value(check, resolved.value, check.fields.config, resolved.value.place, (), "")
        return
    if resolved.is_worker:
        machine.report(
            Fault.NOT_A_CONFIG,
            "the default export is a Worker: since wrangler 4.136 it has to be `defineConfig({ worker: … })`",
            config.place,
        )
        return
    _check_value(check, config, check.fields.config, config.place, (), "")
    if "worker" not in config.members and not config.openings:
        check.report(Fault.MISSING_KEY, "the configuration lacks `worker`", config.place, ("worker",), None)
    check_links(machine, config, check.fields.singletons)


def check_tooling(machine: Machine, value: Value) -> None:
    """Note what the loader refuses in a `wrangler.config.ts`."""
    check = _Check(machine, config_fields())
    if isinstance(value, Obj):
        worker = check.fields.config.fields["worker"].fields
        for key, entry in value.members.items():
            if key not in check.fields.wrangler.fields and (key in worker or key in ("worker", "accountId")):
                message = f"`{key}` belongs in `cloudflare.config.ts`"
                check.report(Fault.UNKNOWN_KEY, message, entry.key, (key,), None)
        kept = {
            key: entry
            for key, entry in value.members.items()
            if key in check.fields.wrangler.fields or not (key in worker or key in ("worker", "accountId"))
        }
        value = Obj(kept, value.openings, value.place)
    _check_value(check, value, check.fields.wrangler, value.place, (), "")


def _check_value(
    check: _Check, value: Value, schema: FieldSchema, use: Location, path: Path, trail: str
) -> None:
    """Check a value; `trail` is the path as the table's history has it."""
    check.machine.step()
    for option in options(value):
        is_absent = isinstance(value, Choice) and _is_undefined(option)
        if not isinstance(option, Unknown) and not is_absent:
            _check_option(check, option, schema, use, path, trail)


def _check_option(
    check: _Check, value: Value, schema: FieldSchema, use: Location, path: Path, trail: str
) -> None:
    if schema.alternatives:
        chosen = _alternative(check, value, schema, use, path, trail)
        if chosen is None:
            return
        label = _label(chosen)
        schema, trail = chosen, f"{trail}<{label}>" if label else trail
    place = _place(value, use)
    if not schema.types and not schema.choices:
        return  # anything may stand here
    if not _fits(value, schema):
        _wrong_type(check, value, (schema,), place, path)
        return
    if schema.choices and isinstance(value, Scalar) and value.value not in schema.choices:
        _bad_choice(check, value, schema.choices, place, path)
        return
    limits = _limits(value, schema)
    if limits:
        check.report(Fault.BAD_VALUE, f"`{dotted(path)}` has to be {limits}", place, path, None)
    if isinstance(value, Arr) and schema.items is not None:
        for index, item in enumerate(value.items):
            _check_value(check, item.value, schema.items, item.use, (*path, index), f"{trail}[]")
    elif isinstance(value, Obj):
        _check_object(check, value, schema, place, path, trail)


def _check_object(
    check: _Check, value: Obj, schema: FieldSchema, place: Location, path: Path, trail: str
) -> None:
    for key in schema.required:
        entry = value.members.get(key)
        absent = entry is None or _is_undefined(entry.value)
        if absent and not (entry is None and value.openings) and not _is_taken(value, key):
            message = f"`{dotted(path)}` lacks `{key}`"
            check.report(Fault.MISSING_KEY, message, place, (*path, key), None)
    for key, entry in value.members.items():
        inner = schema.fields.get(key)
        below = f"{trail}.{key}" if trail else key
        if inner is not None:
            if not _is_undefined(entry.value):
                _check_value(check, entry.value, inner, entry.use, (*path, key), below)
        elif schema.other is not None:
            if path == ("worker", "env"):
                _check_binding(check, entry.value, schema.other, entry.use, (*path, key), f"{trail}.*")
            else:
                _check_value(check, entry.value, schema.other, entry.use, (*path, key), f"{trail}.*")
        elif not (_is_undefined(entry.value) and key in schema.renamed):
            _unknown_key(check, schema, key, entry.key, path, trail)


def _is_undefined(value: Value) -> bool:
    return isinstance(value, Scalar) and value.value is UNDEFINED


def _is_taken(value: Obj, key: str) -> bool:
    """Whether a field that is missing is there under a name that is reported as unknown."""
    return any(_RENAMED.get(other) == key or _camel(other) == key for other in value.members if other != key)


def _check_binding(
    check: _Check, value: Value, schema: FieldSchema, use: Location, path: Path, trail: str
) -> None:
    for option in options(value):
        if isinstance(option, Unknown):
            continue
        place = _place(option, use)
        kind = option.members.get("type") if isinstance(option, Obj) else None
        if kind is None and not (isinstance(option, Obj) and option.openings):
            hint = ""
            if isinstance(option, Scalar) and isinstance(option.value, str):
                hint = "; a text is `bindings.text(…)`, a secret `bindings.secret()`"
            elif isinstance(option, Obj):
                hint = "; data is `bindings.json(…)`"
            message = f"`{dotted(path)}` has to be a binding, not {describe(option)}{hint}"
            check.report(Fault.NOT_A_BINDING, message, place, path, None)
            continue
        name = kind.value.value if kind is not None and isinstance(kind.value, Scalar) else None
        if not isinstance(name, str):
            continue
        if name.startswith("unsafe:"):
            _check_option(check, option, check.fields.unsafe, use, path, trail)
            continue
        if name not in binding_types():
            _unknown_type(check, name, kind.value.place if kind is not None else place, path)
            continue
        _check_option(check, option, schema, use, path, trail)


def _unknown_type(check: _Check, name: str, place: Location, path: Path) -> None:
    until = retired_types().get(name)
    if until is not None:
        message = f"wrangler knows the binding `{name}` only up to {until}"
        check.machine.report(Fault.REMOVED_KEY, message, place, path=(*path, "type"), until=until)
        return
    near = difflib.get_close_matches(name, binding_types(), 1, 0.6)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    message = f"there is no kind of binding `{name}`{hint}"
    check.report(Fault.BAD_VALUE, message, place, (*path, "type"), near[0] if near else None)


def _place(value: Value, use: Location) -> Location:
    """Where to point for a value: at its literal when that is part of the expression."""
    inside = value.place.document is use.document and use.span.covers(value.place.span)
    return value.place if inside else use


# -- types and alternatives ------------------------------------------------------------------------------


def json_type(value: Value) -> str | None:
    """The JSON type of a value; None of what JSON does not have, and of what is not known."""
    match value:
        case Scalar(value=bool()):
            return "boolean"
        case Scalar(value=str()):
            return "string"
        case Scalar(value=None):
            return "null"
        case Scalar(value=int()):
            return "integer"
        case Scalar(value=float()):
            return "number"
        case Obj():
            return "object"
        case Arr():
            return "array"
    return None


def _fits(value: Value, schema: FieldSchema) -> bool:
    found = json_type(value)
    return not schema.types or found in schema.types or (found == "integer" and "number" in schema.types)


def _wrong_type(
    check: _Check, value: Value, schemas: tuple[FieldSchema, ...], place: Location, path: Path
) -> None:
    types = [name for name in _ARTICLES if any(name in schema.types for schema in schemas)]
    expected = " or ".join(_ARTICLES[name] for name in types)
    found = describe(value)
    if isinstance(value, Func | Native | Promised) or not path:
        found = f"{found}; the loader does not call functions here" if isinstance(value, Func) else found
    message = f"`{dotted(path)}` has to be {expected}, not {found}"
    check.report(Fault.WRONG_TYPE, message, place, path, None)


def _bad_choice(
    check: _Check, value: Scalar, choices: tuple[object, ...], place: Location, path: Path
) -> None:
    listed = ", ".join(f"`{choice}`" for choice in choices)
    only = "one of " if len(choices) > 1 else ""
    texts = [choice for choice in choices if isinstance(choice, str)]
    near = difflib.get_close_matches(value.value, texts, 1, 0.6) if isinstance(value.value, str) else []
    message = f"`{dotted(path)}` has to be {only}{listed}"
    check.report(Fault.BAD_VALUE, message, place, path, near[0] if near else None)


def _limits(value: Value, schema: FieldSchema) -> str:
    """What a number or a length has to be, when it is not."""
    if isinstance(value, Scalar) and isinstance(value.value, int | float):
        low, high = schema.minimum, schema.maximum
        if (low is not None and value.value < low) or (high is not None and value.value > high):
            parts = [f"at least {low:g}"] if low is not None else []
            parts += [f"at most {high:.15g}"] if high is not None else []
            return " and ".join(parts)
    if isinstance(value, Scalar) and isinstance(value.value, str) and len(value.value) < schema.shortest:
        return "a text that is not empty"
    if isinstance(value, Arr) and not value.openings and len(value.items) < schema.shortest:
        return "a list that is not empty"
    return ""


def _label(schema: FieldSchema) -> str:
    constants = [str(inner.choices[0]) for inner in schema.fields.values() if len(inner.choices) == 1]
    return "/".join(constants)


def _alternative(
    check: _Check, value: Value, schema: FieldSchema, use: Location, path: Path, trail: str
) -> FieldSchema | None:
    """The alternative that a value most likely means; None when none fits, which is noted."""
    place = _place(value, use)
    fitting = [choice for choice in schema.alternatives if _fits(value, choice)]
    if not fitting:
        _wrong_type(check, value, schema.alternatives, place, path)
        return None
    if not isinstance(value, Obj):
        return _best_of_scalars(check, value, fitting, place, path)
    agreeing = [choice for choice in fitting if not list(_conflicts(value, choice))]
    if not agreeing:
        key = _discriminator(value, fitting)
        entry = value.members.get(key)
        kinds = dict.fromkeys(
            one for choice in fitting if key in choice.fields for one in choice.fields[key].choices
        )
        if entry is not None and isinstance(entry.value, Scalar):
            _bad_choice(check, entry.value, tuple(kinds), entry.use, (*path, key))
        return None
    return min(agreeing, key=lambda choice: _distance(value, choice))


def _best_of_scalars(
    check: _Check, value: Value, fitting: list[FieldSchema], place: Location, path: Path
) -> FieldSchema | None:
    free = [choice for choice in fitting if not choice.choices]
    if free or not isinstance(value, Scalar):
        return (free or fitting)[0]
    choices = tuple(one for choice in fitting for one in choice.choices)
    if value.value in choices:
        return next(choice for choice in fitting if value.value in choice.choices)
    _bad_choice(check, value, choices, place, path)
    return None


def _conflicts(value: Obj, schema: FieldSchema) -> Iterator[str]:
    """The fields whose only allowed value is another than theirs."""
    for key, inner in schema.fields.items():
        entry = value.members.get(key)
        if entry is None or len(inner.choices) != 1 or not isinstance(entry.value, Scalar):
            continue
        if entry.value.value is not UNDEFINED and entry.value.value != inner.choices[0]:
            yield key


def _discriminator(value: Obj, choices: list[FieldSchema]) -> str:
    """The field in which a value differs from all of them, or from the nearest ones."""
    found = [list(_conflicts(value, choice)) for choice in choices]
    nearest = min(found, key=len)
    everywhere = set(found[0]).intersection(*found[1:])
    return next(iter(sorted(everywhere)), nearest[0])


def _distance(value: Obj, schema: FieldSchema) -> tuple[int, int]:
    missing = sum(key not in value.members for key in schema.required)
    unknown = sum(key not in schema.fields and schema.other is None for key in value.members)
    mistyped = sum(
        not inner.alternatives and isinstance(entry.value, Scalar) and not _fits(entry.value, inner)
        for key, entry in value.members.items()
        if (inner := schema.fields.get(key)) is not None
    )
    return (missing + unknown, mistyped)


# -- keys ------------------------------------------------------------------------------------------------


def _unknown_key(
    check: _Check, schema: FieldSchema, key: str, place: Location, path: Path, trail: str
) -> None:
    whole = dotted((*path, key))
    below = f"{trail}.{key}" if trail else key
    _, until = check.fields.history.get(below, (None, None))
    meant = _meant(schema, key, trail)
    hint = f"; it is `{meant}`" if meant else f": {_MEANT[key]}" if key in _MEANT else ""
    if until is not None:
        message = f"wrangler takes `{whole}` only up to {until}{hint}"
        check.machine.report(
            Fault.REMOVED_KEY, message, place, path=(*path, key), suggestion=meant, until=until
        )
        return
    where = f" in `{dotted(path)}`" if path else ""
    message = f"there is no field `{key}`{where}{hint}"
    check.report(Fault.UNKNOWN_KEY, message, place, (*path, key), meant)


def _meant(schema: FieldSchema, key: str, trail: str) -> str | None:
    """The field that a key was probably meant to be: wrangler's name for it, or one that is much alike."""
    kind = re.search(r"<([\w-]+)>$", trail)
    if key in _RENAMED and _RENAMED[key] in schema.fields:
        return _RENAMED[key]
    if kind is not None and kind[1] in BINDINGS:
        for own, name in BINDINGS[kind[1]].names.items():
            if name.to == key and own in schema.fields:
                return own
    camel = _camel(key)
    if camel in schema.fields:
        return camel
    near = difflib.get_close_matches(camel, schema.fields, 1, 0.75)
    return near[0] if near else None


def _camel(key: str) -> str:
    return re.sub(r"[_-]([a-z])", lambda match: match[1].upper(), key)


def dotted(path: Path) -> str:
    """A path as people write it: `worker.triggers[0].schedule`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "the configuration"
