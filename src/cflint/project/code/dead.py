"""Code that no Worker runs: functions and methods that nobody calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cflint.platform.classes import ClassKind
from cflint.project.code.calls import all_code_is_known, callers_of, running_paths
from cflint.project.code.module import Module

if TYPE_CHECKING:
    from tree_sitter import Node

_HOPS = 4
"""Over how many callers is looked."""


def is_never_called(module: Module, function: Node) -> bool:
    """Whether no code of the Workers of a module calls a function, as far as all of it is known."""
    callers = callers_of(module, function)
    return callers.complete and not callers.calls


def is_dead(module: Module, node: Node) -> bool:
    """Whether no Worker ever runs a node, since nobody calls the function around it, or only functions of
    which the same holds, as far as all code is known. What a framework calls by its name is not known."""
    return _is_dead(module, node, frozenset(), _HOPS)


def _is_dead(module: Module, node: Node, seen: frozenset[tuple[str, int]], hops: int) -> bool:
    if module.app is not None or hops == 0:
        return False
    function = module.enclosing_function(node)
    while function is not None:
        key = (module.path, function.id)
        if key in seen:
            return True  # it only calls itself
        if is_uncalled_method(module, function):
            return True
        callers = callers_of(module, function)
        if callers.complete and all(
            _is_dead(site.module, site.node, seen | {key}, hops - 1) for site in callers.calls
        ):
            return True
        function = module.enclosing_function(function)
    return False


def is_uncalled_method(module: Module, function: Node) -> bool:
    """Whether a function is a method of a class that extends nothing and that the runtime does not call, and
    no code of its Workers names it after a dot, in quotes or in braces, as far as all of it is known."""
    owner = module.enclosing_class(function) if function.type == "method_definition" else None
    name = function.child_by_field_name("name")
    if owner is None or name is None or name.type != "property_identifier":
        return False
    heritage = (part for part in owner.node.named_children if part.type == "class_heritage")
    is_own = all(clause.type == "implements_clause" for part in heritage for clause in part.named_children)
    if not is_own or owner.kind is not ClassKind.PLAIN or module.text(name) == "constructor":
        return False
    called = module.text(name)
    word = re.escape(called.encode())
    named = re.compile(rb"[.\"'`]\s*" + word + rb"(?![\w$])|[{,]\s*" + word + rb"\s*[,}=:]")
    for worker in module.workers:
        if not all_code_is_known(module.project, worker):
            return False
        for path in running_paths(worker):
            document = module.project.sources.document(path)
            if document is None or (document.has_word(called) and named.search(document.data) is not None):
                return False
    return bool(module.workers)
