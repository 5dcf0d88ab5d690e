"""Where an import leads, and which modules a `main` reaches; nothing is parsed but configuration.

The order is esbuild's, since wrangler bundles with it: a relative path, tsconfig's `paths` and `baseUrl`,
package.json's `imports`, a builtin, the package itself, a package of the monorepo, another package. Only
files of the workspace are looked at, node_modules never. What does not lead to an existing file is
`Unknown`: no name is guessed.
"""

from cflint.project.modules.imports import Import, ImportKind, import_specifiers
from cflint.project.modules.resolve.graph import Edge, ModuleGraph, Reach
from cflint.project.modules.resolve.resolver import Resolver
from cflint.project.modules.resolve.targets import Builtin, Local, Package, Resolution, Unknown

__all__ = [
    "Builtin",
    "Edge",
    "Import",
    "ImportKind",
    "Local",
    "ModuleGraph",
    "Package",
    "Reach",
    "Resolution",
    "Resolver",
    "Unknown",
    "import_specifiers",
]
