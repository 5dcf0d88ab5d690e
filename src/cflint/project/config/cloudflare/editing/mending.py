"""Edits that mend what the loader refuses, where one edit does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from cflint.finding import Edit
from cflint.project.config.cloudflare.editing.session import Refused, Session, find_in, points_of
from cflint.project.config.cloudflare.machine import ConfigFault, Fault
from cflint.project.config.cloudflare.names import BINDINGS
from cflint.project.config.cloudflare.nodes import Path
from cflint.project.config.cloudflare.reader import LoweredData, Point, Reading
from cflint.project.config.cloudflare.values import Obj, Scalar
from cflint.syntax.data import Value

Mended = tuple[str, tuple[Edit, ...]]
"""What an edit does, as an imperative, and the edits."""


def mended(data: LoweredData, fault: ConfigFault) -> Mended | None:
    """The edits after which a fault of a configuration is gone, and nothing else wrong that was not before;
    None when there is none."""
    source, way = data.source, _WAYS.get(fault.fault)
    if source is None or way is None or source.document.origin is not None:
        return None
    before = source.reading_to_edit()
    if before is None:
        return None
    same = next((one for one in before.config.faults if _key(one) == _key(fault)), None)
    point = _point_with(before, fault.path)
    if same is None or point is None:
        return None
    session = Session(source, before, point)
    try:
        title = way(session, same)
    except Refused:
        return None
    if title is None or not _is_mended(before, session.reading, same):
        return None
    return title, session.edits()


def _key(fault: ConfigFault) -> object:
    return (fault.fault, fault.message, fault.place.document.path, fault.place.span)


def _point_with(reading: Reading, path: Path) -> Point | None:
    """The first point at which there is something at a path, or what would hold it."""
    points = [point for point in points_of(reading) if point in reading.values]
    there = (point for point in points if find_in(reading.values[point], path) is not None)
    return next(there, points[0] if points else None)


def _is_mended(before: Reading, after: Reading, fault: ConfigFault) -> bool:
    """Whether a fault is gone, no other came, and there is as much of the configuration as before."""
    old = Counter((one.fault, one.message) for one in before.config.faults)
    new = Counter((one.fault, one.message) for one in after.config.faults)
    return not new - old and new[fault.fault, fault.message] < old[fault.fault, fault.message]


# -- the ways --------------------------------------------------------------------------------------------


def _rename(session: Session, fault: ConfigFault) -> str | None:
    """A field gets the name that was meant."""
    key = fault.path[-1] if fault.path else None
    if fault.path == ("worker", "assets", "binding"):
        return _bind_assets(session, fault)
    if key == "remote" and fault.suggestion == "dev":
        return _move_below(session, fault.path, "dev", "Move `remote` into `dev`")
    if fault.suggestion is None:
        return _move(session, fault)
    session.rename(fault.path, fault.suggestion)
    return f"Write `{fault.suggestion}`"


def _move(session: Session, fault: ConfigFault) -> str | None:
    """A field that has another place since."""
    if fault.path == ("worker", "firstPartyWorker"):
        return _move_below(session, fault.path, "experimental", "Move it into `experimental`")
    return None


def _move_below(session: Session, path: Path, key: str, title: str) -> str | None:
    spot = session.at(path)
    if not isinstance(spot.value, Scalar) or not isinstance(spot.value.value, bool):
        return None
    value = spot.value.value
    name = str(path[-1])
    session.remove(path)
    session.put((*path[:-1], key), name, value)
    return title


def _bind_assets(session: Session, fault: ConfigFault) -> str | None:
    """The binding of the assets is one of `env`."""
    spot = session.at(fault.path)
    name = spot.value.value if isinstance(spot.value, Scalar) else None
    if not isinstance(name, str):
        return None
    session.remove(fault.path)
    session.put(("worker", "env"), name, session.helper(("worker", "env"), "bindings", "assets", {}))
    return f"Declare `{name}` in `env`"


def _removed(session: Session, fault: ConfigFault) -> str | None:
    """A type of binding that has another name since, or a field."""
    if fault.path and fault.path[-1] == "type":
        new = _type_now(session, fault.path)
        if new is None:
            return None
        session.replace(fault.path, new)
        return f"Write `{new}`"
    return _rename(session, fault)


def _type_now(session: Session, path: Path) -> str | None:
    """The type that goes where a type goes that is gone."""
    spot = session.at(path)
    old = spot.value.value if isinstance(spot.value, Scalar) else None
    row = BINDINGS.get(old) if isinstance(old, str) else None
    if row is None:
        return None
    same = [type for type, other in BINDINGS.items() if other.path == row.path and type != old]
    return same[0] if len(same) == 1 else None


def _suggested_value(session: Session, fault: ConfigFault) -> str | None:
    if fault.suggestion is None:
        return None
    session.replace(fault.path, fault.suggestion)
    return f"Write `{fault.suggestion}`"


def _suggested_helper(session: Session, fault: ConfigFault) -> str | None:
    if fault.suggestion is None:
        return None
    session.replace_text(fault.place, fault.suggestion)
    return f"Call `{fault.suggestion}`"


def _binding(session: Session, fault: ConfigFault) -> str | None:
    """A value becomes a binding of that text, or that data."""
    value = session.at(fault.path).value
    if isinstance(value, Scalar) and isinstance(value.value, str):
        new: Value = session.helper(("worker", "env"), "bindings", "text", {"value": value.value})
        session.replace_expression(fault.path, new)
        return "Make it `bindings.text(…)`"
    if not isinstance(value, Obj) or value.openings:
        return None
    data: dict[str, Value] = {}
    for key, entry in value.members.items():
        found = entry.value.value if isinstance(entry.value, Scalar) else ...
        if not isinstance(found, str | int | float | bool | None):
            return None
        data[key] = found
    session.replace_expression(
        fault.path, session.helper(("worker", "env"), "bindings", "json", {"value": data})
    )
    return "Make it `bindings.json(…)`"


def _extension(session: Session, fault: ConfigFault) -> str | None:
    """The extension of the one file that there is."""
    if fault.suggestion is None:
        return None
    session.set_import_source(fault.place, fault.suggestion)
    return f"Import `{fault.suggestion}`"


def _entry(session: Session, fault: ConfigFault) -> str | None:
    """The attribute with which the entry module is named, not run."""
    session.add_import_attribute(fault.place, '{ type: "cf-worker" }')
    return 'Import it `with { type: "cf-worker" }`'


def _link(session: Session, fault: ConfigFault) -> str | None:
    """A definition of a container joins the list of them."""
    session.append_reference(("containers",), fault.path)
    return "List the container in `containers`"


def _missing(session: Session, fault: ConfigFault) -> str | None:
    """A new Durable Object keeps its data in SQLite."""
    *above, key = fault.path
    if key != "storage" or fault.path[:2] != ("worker", "exports"):
        return None
    if session.find((*above, "state")) is not None:
        return None
    session.put(tuple(above), "storage", "sqlite")
    return 'Add `storage: "sqlite"`'


_WAYS: dict[Fault, Callable[[Session, ConfigFault], str | None]] = {
    Fault.UNKNOWN_KEY: _rename,
    Fault.REMOVED_KEY: _removed,
    Fault.BAD_VALUE: _suggested_value,
    Fault.UNKNOWN_HELPER: _suggested_helper,
    Fault.NOT_A_BINDING: _binding,
    Fault.IMPORT_EXTENSION: _extension,
    Fault.ENTRYPOINT_IMPORT: _entry,
    Fault.CONTAINER_LINK: _link,
    Fault.MISSING_KEY: _missing,
}
