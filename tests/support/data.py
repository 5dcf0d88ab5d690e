"""Documents of JSONC and TOML, as tests compare them."""

from __future__ import annotations

from cflint.syntax.data import DataDocument


def problems_of(data: DataDocument) -> list[tuple[str, str]]:
    """Each problem's message and the text it stands at."""
    return [(problem.message, data.document.text(problem.span)) for problem in data.problems]
