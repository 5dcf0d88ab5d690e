"""The floor: read and parse every source file of a repository in one process, and do nothing else.

    python benchmarks/floor.py [--declarations] REPOSITORY

What a source file is says `trees.sources`; without `--declarations` those named `*.d.ts` are left out.
"""

from __future__ import annotations

import os
import sys

ENDINGS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
PLAIN = (".ts", ".mts", ".cts")
DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")
LEFT_OUT = ("node_modules", ".git")
LIMIT = 1 << 20


def main() -> None:
    import tree_sitter_typescript
    from tree_sitter import Language, Parser

    *options, root = sys.argv[1:]
    declarations = "--declarations" in options
    plain = Parser(Language(tree_sitter_typescript.language_typescript()))
    with_jsx = Parser(Language(tree_sitter_typescript.language_tsx()))
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in files:
            if not name.endswith(ENDINGS) or (not declarations and name.endswith(DECLARATIONS)):
                continue
            try:
                with open(os.path.join(folder, name), "rb") as file:  # noqa: PTH118, PTH123 - the floor is bare
                    data = file.read()
            except OSError:
                continue
            if len(data) <= LIMIT:
                (plain if name.endswith(PLAIN) else with_jsx).parse(data)


if __name__ == "__main__":
    main()
