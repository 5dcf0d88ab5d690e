"""A picture as a flowchart of Mermaid, as GitHub and GitLab draw it in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cflint.finding import Location, Severity
from cflint.graph.picture import Item, Picture, Role, Trouble, worst

Address = Callable[[Location], str]

_SHAPES = {
    Role.WORKER: ('["', '"]'),
    Role.ELSEWHERE: ('["', '"]'),
    Role.TRIGGER: ('>"', '"]'),
    Role.CLASS: ('[["', '"]]'),
    Role.MODULE: ('("', '")'),
    Role.STORE: ('[("', '")]'),
    Role.QUEUE: ('[/"', '"/]'),
    Role.SERVICE: ('(["', '"])'),
    Role.VALUES: ('{{"', '"}}'),
}
_ARROWS = {"has": "---", "module": "-.-", "service": "-.->"}
_CLASSES = (
    "  classDef error fill:#fee2e2,stroke:#b91c1c,stroke-width:3px,color:#450a0a",
    "  classDef warning fill:#fef3c7,stroke:#b45309,stroke-width:3px,color:#451a03",
    "  classDef gone stroke-dasharray:4 3,color:#64748b",
    "  classDef elsewhere stroke-dasharray:2 2",
)
_NAMES = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def as_mermaid(picture: Picture, address: Address) -> str:
    """The picture as the text of a flowchart; what is wrong is numbered, and listed below it as items."""
    return "".join(f"{line}\n" for line in _lines(picture, address))


def _lines(picture: Picture, address: Address) -> Iterator[str]:
    names = picture.names
    yield "flowchart LR"
    for number, group in enumerate(picture.groups):
        label = " · ".join((group.label, *group.details))
        yield f'  subgraph g{number}["{_text(label)}"]'
        for item in picture.by_group[group.id]:
            yield f"    {_node(names[item.id], item)}"
        yield "  end"
    for item in picture.by_group[""]:
        yield f"  {_node(names[item.id], item)}"
    broken = []
    for number, link in enumerate(picture.links):
        arrow = _ARROWS.get(link.kind, "-->")
        label = link.label + _marks(link.troubles)
        middle = f'{arrow}|"{_text(label)}"|' if label else arrow
        yield f"  {names[link.source]} {middle} {names[link.target]}"
        if link.troubles:
            broken.append(number)
    if broken:
        yield f"  linkStyle {','.join(map(str, broken))} stroke:#b91c1c,stroke-width:2px"
    if picture.troubles:
        yield '  subgraph findings["What is wrong"]'
        for trouble in picture.troubles:
            name = _NAMES[trouble.severity]
            text = f"{trouble.number}: {_text(trouble.message)}<br/>{_text(trouble.rule)}"
            yield f'    t{trouble.number}["{text}"]:::{name}'
        yield "  end"
    for item in picture.items:
        if item.at is not None:
            yield f'  click {names[item.id]} href "{_text(address(item.at))}"'
    yield from _CLASSES


def _node(name: str, item: Item) -> str:
    opening, closing = _SHAPES[item.role]
    text = "<br/>".join(map(_text, (item.label + _marks(item.troubles), *item.details)))
    broken = worst(item.troubles)
    style = ""
    if broken is not None:
        style = f":::{_NAMES[broken]}"
    elif item.is_gone:
        style = ":::gone"
    elif item.role is Role.ELSEWHERE:
        style = ":::elsewhere"
    return f"{name}{opening}{text}{closing}{style}"


def _marks(troubles: Iterable[Trouble]) -> str:
    numbers = [str(trouble.number) for trouble in troubles]
    return f" ⚠ {', '.join(numbers)}" if numbers else ""


def _text(text: str) -> str:
    """What stands in quotes: Mermaid reads entities there, of which `#` begins one, and backticks as
    Markdown."""
    for char, entity in (
        ("#", "#35;"),
        ("&", "#38;"),
        ('"', "#quot;"),
        ("<", "#lt;"),
        (">", "#gt;"),
        ("`", "#96;"),
    ):
        text = text.replace(char, entity)
    return " ".join(text.split())
