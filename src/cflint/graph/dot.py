"""A picture as a graph for Graphviz, in its language DOT, and drawn by it as SVG.

Imported where used: pygraphviz, which an extra installs.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from math import sqrt
from pathlib import Path

from cflint.finding import Location, Severity
from cflint.graph.picture import ROLES, Item, Link, Picture, Role, Trouble, worst
from cflint.report.escape import encodable

Address = Callable[[Location], str]
"""Where a click on something written at a place leads."""

_WIDTH = 34
_SHAPES = {
    Role.WORKER: ("box", "#dbeafe", "#1d4ed8"),
    Role.ELSEWHERE: ("box", "#f1f5f9", "#64748b"),
    Role.TRIGGER: ("cds", "#fef9c3", "#a16207"),
    Role.CLASS: ("component", "#ede9fe", "#6d28d9"),
    Role.MODULE: ("note", "#f8fafc", "#475569"),
    Role.STORE: ("cylinder", "#dcfce7", "#15803d"),
    Role.QUEUE: ("box", "#ffedd5", "#c2410c"),
    Role.SERVICE: ("ellipse", "#cffafe", "#0e7490"),
    Role.VALUES: ("folder", "#f8fafc", "#475569"),
}
"""Shape, fill and outline; every pair of fill and text has a contrast of 7 to 1 or more."""
_BROKEN = {Severity.ERROR: "#b91c1c", Severity.WARNING: "#b45309"}
_LEAST_CELLS, _MOST_IN_CELL = 4, 12
"""From how many parts on, of so many items at most, the parts stand in rows and columns."""
_CELL = 2.6
"""How much wider than high such a part is, mostly, over how much wider than high a screen is."""
_STYLES = {"has": "dotted", "module": "dotted", "trigger": "solid", "service": "dashed"}


def as_dot(picture: Picture, address: Address) -> str:
    """The picture in DOT."""
    return "".join(f"{line}\n" for line in _lines(picture, address))


def as_svg(picture: Picture, address: Address) -> bytes:
    """The picture laid out and drawn by Graphviz. Raises ImportError when pygraphviz, which the extra `graph`
    installs, is not there."""
    import pygraphviz

    graph = pygraphviz.AGraph(string=encodable(as_dot(picture, address)))
    with _without_remarks():
        drawn = graph.draw(format="svg", prog="dot")
    assert isinstance(drawn, bytes)
    return drawn


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Keep from the terminal what Fontconfig, a library in C, remarks on the system's fonts: it is no concern
    of the user's, and a drawing that fails raises an error."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _lines(picture: Picture, address: Address) -> Iterator[str]:
    names = picture.names
    title = f"environment {picture.environment}" if picture.environment is not None else ""
    yield "digraph workers {"
    yield '  graph [rankdir=LR, fontname="Helvetica,Arial,sans-serif", nodesep=0.25, ranksep=0.9,'
    yield f"   {_packing(picture)}"
    yield f"    newrank=true, labelloc=b, labeljust=l, fontsize=10, label={_legend(picture, title)}];"
    yield '  node [fontname="Helvetica,Arial,sans-serif", fontsize=11, style=filled, margin="0.15,0.07"];'
    yield '  edge [fontname="Helvetica,Arial,sans-serif", fontsize=9, color="#475569", arrowsize=0.7,'
    yield '    fontcolor="#334155"];'
    for number, group in enumerate(picture.groups):
        yield f"  subgraph cluster_{number} {{"
        label = "\n".join((group.label, *group.details))
        yield f'    label={_text(label)}; style="rounded"; color="#94a3b8";'
        yield "    fontsize=12; labelloc=t; labeljust=l;"
        for item in picture.by_group[group.id]:
            yield f"    {_node(names[item.id], item, address)}"
        yield "  }"
    for item in picture.by_group[""]:
        yield f"  {_node(names[item.id], item, address)}"
    for link in picture.links:
        yield f"  {_edge(names[link.source], names[link.target], link, address)}"
    yield "}"


def _packing(picture: Picture) -> str:
    """How parts that do not hang together are placed, so that they fill a screen and not one tall column:
    those of much the same size in rows and columns, others as they fit. A picture with groups is left as it
    is: with `newrank`, Graphviz crashes there."""
    sizes = picture.sizes
    if len(sizes) < 2 or picture.groups:
        return ""
    if len(sizes) >= _LEAST_CELLS and max(sizes) <= _MOST_IN_CELL:
        return f' pack=16, packmode="array_c{max(2, round(sqrt(len(sizes) / _CELL)))}",'
    return ' pack=16, packmode="graph",'


def _node(name: str, item: Item, address: Address) -> str:
    shape, fill, outline = _SHAPES[item.role]
    broken = worst(item.troubles)
    label = "\n".join(
        (
            _short(item.label) + _marks(item.troubles),
            *(line for detail in item.details for line in textwrap.wrap(detail, _WIDTH) or [""]),
        )
    )
    attributes = {
        "label": label,
        "shape": shape,
        "fillcolor": "#fee2e2" if broken is Severity.ERROR else fill,
        "color": _BROKEN[broken] if broken is not None else outline,
        "tooltip": "\n".join((item.label, *(f"{t.number}: {t.message}" for t in item.troubles))),
    }
    if broken is not None:
        attributes["penwidth"] = "2.2"
    if item.is_gone:
        attributes |= {"style": "filled,dashed", "fontcolor": "#64748b"}
    if item.at is not None:
        attributes["URL"] = address(item.at)
    return f"{name} [{_attributes(attributes)}];"


def _edge(source: str, target: str, link: Link, address: Address) -> str:
    broken = worst(link.troubles)
    attributes = {"style": _STYLES.get(link.kind, "solid")}
    if link.label or link.troubles:
        attributes["label"] = _short(link.label) + _marks(link.troubles)
        attributes["tooltip"] = "\n".join((link.label, *(f"{t.number}: {t.message}" for t in link.troubles)))
    if link.kind in ("has", "module"):
        attributes |= {"arrowhead": "none", "weight": "3"}
    if broken is not None:
        attributes |= {"color": _BROKEN[broken], "fontcolor": _BROKEN[broken], "penwidth": "2"}
    if link.at is not None:
        attributes["URL"] = address(link.at)
    return f"{source} -> {target} [{_attributes(attributes)}];"


def _marks(troubles: Iterable[Trouble]) -> str:
    """The numbers of what is wrong, behind a label."""
    numbers = [str(trouble.number) for trouble in troubles]
    if not numbers:
        return ""
    shown = [*numbers[:4], f"+{len(numbers) - 4}"] if len(numbers) > 5 else numbers
    return f"  ⚠ {', '.join(shown)}"


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _legend(picture: Picture, title: str) -> str:
    """What the colours mean, and what the numbers are: a table in the HTML of Graphviz."""
    roles = [role for role in ROLES if any(item.role is role for item in picture.items)]
    cells = "".join(
        f'<TD BGCOLOR="{_SHAPES[role][1]}" COLOR="{_SHAPES[role][2]}" BORDER="1"> {_html(ROLES[role])} </TD>'
        for role in roles
    )
    rows = [f'<TR><TD ALIGN="LEFT">{_html(title)}</TD></TR>'] if title else []
    key = f'<TABLE BORDER="0" CELLSPACING="4" CELLPADDING="3"><TR>{cells}</TR></TABLE>'
    rows.append(f'<TR><TD ALIGN="LEFT">{key}</TD></TR>')
    for trouble in picture.troubles:
        place = trouble.at.document.path.rpartition("/")[2]
        line = trouble.at.document.line_of(trouble.at.span.start)
        text = (
            f"{trouble.number}  {trouble.severity.label} {trouble.rule}: {trouble.message} ({place}:{line})"
        )
        wrapped = '<BR ALIGN="LEFT"/>'.join(map(_html, textwrap.wrap(text, 110)))
        rows.append(
            f'<TR><TD ALIGN="LEFT"><FONT COLOR="{_BROKEN[trouble.severity]}">'
            f'{wrapped}<BR ALIGN="LEFT"/></FONT></TD></TR>'
        )
    return f'<<TABLE BORDER="0" CELLSPACING="0" CELLPADDING="2">{"".join(rows)}</TABLE>>'


def _attributes(attributes: dict[str, str]) -> str:
    return ", ".join(f"{key}={_text(value)}" for key, value in attributes.items())


def _text(text: str) -> str:
    """A quoted string; backslashes are no escapes of Graphviz then."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
