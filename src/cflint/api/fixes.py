"""Edits that rules share: waiting for promises, imports, keys of configurations, migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.api.deprecations import DEPRECATED
from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.project.code.becoming_async import edits_to_await_in as edits_to_await_in
    from cflint.project.code.edits import append_text as append_text
    from cflint.project.code.edits import free_name as free_name
    from cflint.project.code.edits import statement_at_ends as statement_at_ends
    from cflint.project.code.homes import fix_by_import_from_beside as fix_by_import_from_beside
    from cflint.project.code.import_edits import add_imports as add_imports
    from cflint.project.code.import_edits import imported_parts as imported_parts
    from cflint.project.code.import_edits import move_import as move_import
    from cflint.project.code.import_edits import relative_specifier as relative_specifier
    from cflint.project.code.import_edits import remove_imports as remove_imports
    from cflint.project.code.import_edits import set_import_source as set_import_source
    from cflint.project.code.later import moved_to_uses as moved_to_uses
    from cflint.project.code.paging_edits import fix_by_pages as fix_by_pages
    from cflint.project.code.promises import fix_by_async_handler as fix_by_async_handler
    from cflint.project.code.promises import fix_by_await as fix_by_await
    from cflint.project.code.promises import fix_by_new_context as fix_by_new_context
    from cflint.project.code.promises import fix_by_wait_until as fix_by_wait_until
    from cflint.project.code.turn_edits import Gathered as Gathered
    from cflint.project.code.turn_edits import fix_by_gathering as fix_by_gathering
    from cflint.project.code.turn_edits import fix_in_pieces as fix_in_pieces
    from cflint.project.code.turn_edits import name_for_all as name_for_all
    from cflint.project.config.class_edits import add_durable_object_class as add_durable_object_class
    from cflint.project.config.class_edits import append_migration as append_migration
    from cflint.project.config.class_edits import create_classes as create_classes
    from cflint.project.config.class_edits import use_sqlite as use_sqlite
    from cflint.project.config.edits import add_flag as add_flag
    from cflint.project.config.edits import append_item as append_item
    from cflint.project.config.edits import flag_for_key as flag_for_key
    from cflint.project.config.edits import joined as joined
    from cflint.project.config.edits import mend_fault as mend_fault
    from cflint.project.config.edits import move_to_top_level as move_to_top_level
    from cflint.project.config.edits import remove_key as remove_key
    from cflint.project.config.edits import remove_keys as remove_keys
    from cflint.project.config.edits import rename_key as rename_key
    from cflint.project.config.edits import replace_text as replace_text
    from cflint.project.config.edits import require_secret as require_secret
    from cflint.project.config.edits import set_key as set_key
    from cflint.project.config.undeclared import declare_binding as declare_binding
    from cflint.project.files.ignored import ignoring as ignoring
    from cflint.project.sql.edits import bind_holes as bind_holes
_ORIGINS = {
    "cflint.project.code.becoming_async": ("edits_to_await_in"),
    "cflint.project.code.edits": ("append_text free_name statement_at_ends"),
    "cflint.project.code.homes": ("fix_by_import_from_beside"),
    "cflint.project.code.import_edits": (
        "add_imports imported_parts move_import relative_specifier remove_imports set_import_source"
    ),
    "cflint.project.code.later": ("moved_to_uses"),
    "cflint.project.code.paging_edits": ("fix_by_pages"),
    "cflint.project.code.promises": (
        "fix_by_async_handler fix_by_await fix_by_new_context fix_by_wait_until"
    ),
    "cflint.project.code.turn_edits": ("Gathered fix_by_gathering fix_in_pieces name_for_all"),
    "cflint.project.config.class_edits": (
        "add_durable_object_class append_migration create_classes use_sqlite"
    ),
    "cflint.project.config.edits": (
        "add_flag append_item flag_for_key joined mend_fault move_to_top_level remove_key "
        "remove_keys rename_key replace_text require_secret set_key"
    ),
    "cflint.project.config.undeclared": ("declare_binding"),
    "cflint.project.files.ignored": ("ignoring"),
    "cflint.project.sql.edits": ("bind_holes"),
}

__getattr__ = lazily(globals(), _ORIGINS, deprecated=DEPRECATED)

__all__ = [
    "Gathered",
    "add_durable_object_class",
    "add_flag",
    "add_imports",
    "append_item",
    "append_migration",
    "append_text",
    "bind_holes",
    "create_classes",
    "declare_binding",
    "edits_to_await_in",
    "fix_by_async_handler",
    "fix_by_await",
    "fix_by_gathering",
    "fix_by_import_from_beside",
    "fix_by_new_context",
    "fix_by_pages",
    "fix_by_wait_until",
    "fix_in_pieces",
    "flag_for_key",
    "free_name",
    "ignoring",
    "imported_parts",
    "joined",
    "mend_fault",
    "move_import",
    "move_to_top_level",
    "moved_to_uses",
    "name_for_all",
    "relative_specifier",
    "remove_imports",
    "remove_key",
    "remove_keys",
    "rename_key",
    "replace_text",
    "require_secret",
    "set_import_source",
    "set_key",
    "statement_at_ends",
    "use_sqlite",
]
