"""Where configurations, and the variables of local development beside them, name bindings."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.finding import Location
from cflint.naming.mention import Mention, Role, mention_of
from cflint.platform.bindings import Shape
from cflint.project.config.dev_vars import dev_vars_of
from cflint.project.config.wrangler import Binding, WranglerConfig
from cflint.project.files.workspace import Workspace


def mentions_in_config(config: WranglerConfig, name: str | None = None) -> Iterator[Mention]:
    """The keys of a configuration that declare bindings, all or those of a name, in every environment."""
    seen: set[tuple[str, tuple[int, int]]] = set()
    for environment in config.environments:
        found = environment.bindings if name is None else environment.bindings_named(name)
        for binding in found:
            at = name_place(binding)
            mention = mention_of(at.document, at.span, binding.name, Role.DECLARATION)
            if mention.place not in seen:
                seen.add(mention.place)
                yield mention


def name_place(binding: Binding) -> Location:
    """Where the name of a binding is written, maybe with quotes, maybe in a file that the configuration
    imports."""
    tree = binding.environment.tree
    if tree is not None:
        is_node = binding.kind.shape in (Shape.MAP, Shape.NAMES)
        named = binding.node if is_node else binding.node.get(binding.kind.name_key)
        if named is not None and named in tree.keys:
            return tree.keys[named]
    return binding.location


def mentions_in_variables(workspace: Workspace, folder: str, name: str | None = None) -> Iterator[Mention]:
    """The variables of `.dev.vars…` and `.env…` in a folder, all or those of a name."""
    for file in dev_vars_of(workspace, folder):
        for variable in file.variables:
            if name is None or variable.name == name:
                yield Mention(variable.name, variable.location, Role.DECLARATION)
