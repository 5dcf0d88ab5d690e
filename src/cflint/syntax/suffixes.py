"""How the names of files end, by what is written in them."""

from __future__ import annotations

TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts")
"""Where types may be written, declaration files included."""

TYPESCRIPT_WITHOUT_JSX = (".ts", ".mts", ".cts")
"""Where `<T>x` is a cast and no element."""

JAVASCRIPT = (".js", ".jsx", ".mjs", ".cjs")

EXTENSIONS = (*TYPESCRIPT, *JAVASCRIPT)
"""What the grammars of TypeScript and JavaScript read."""

JSX = (".tsx", ".jsx")

PYTHON = ".py"

SOURCE_SUFFIXES = (*EXTENSIONS, PYTHON)
"""What code may be written in."""

FRONTMATTER = ".astro"
"""Where a module of TypeScript stands between two lines of `---`."""

MODULE_SUFFIXES = (*EXTENSIONS, FRONTMATTER)
"""Files that are, or hold, a module of JavaScript or TypeScript."""

EMBEDDED_SUFFIXES = (".astro", ".svelte", ".vue")
"""Files of other languages that have scripts in them."""

COMPONENT_SUFFIXES = (".svelte", ".vue")
"""Those of which only the imports are read."""

DECLARATION_SUFFIXES = (".d.ts", ".d.mts", ".d.cts")
"""Declarations without code."""


def is_typescript(path: str) -> bool:
    """Whether types may be written in a file: in TypeScript, declaration files included."""
    return path.endswith(TYPESCRIPT)


def is_declaration_file(path: str) -> bool:
    """Whether a file has declarations and no code (`.d.ts`)."""
    return path.endswith(DECLARATION_SUFFIXES)


def without_extension(path: str) -> str:
    """The path of a module as an import may name it: `src/room` of `src/room.ts`; others as they are."""
    for ending in EXTENSIONS:
        if path.endswith(ending):
            return path[: -len(ending)]
    return path
