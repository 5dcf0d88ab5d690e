"""What a rule may use. A rule imports this module and nothing else of cflint.

The names are imported where they are first asked for: what no rule of a run needs is not loaded.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cflint.finding import Edit, Finding, Fix, Location, Safety, Severity
    from cflint.pattern import pattern
    from cflint.platform.base_members import base_members
    from cflint.platform.bindings import KINDS, BindingKind, kind_by_id, kinds_by_type, methods_of_type
    from cflint.platform.classes import ClassKind
    from cflint.platform.clock import today
    from cflint.platform.compatibility import (
        NEWEST_DATE,
        CompatibilityFlag,
        changes,
        find_flag,
        flag_names,
    )
    from cflint.platform.credentials import is_example, is_random, is_secret_name, known_secret
    from cflint.platform.cron import cron_error, cron_never_fires, cron_suggestion, weekday_numbers
    from cflint.platform.rule_codes import rule_of
    from cflint.platform.wrangler_keys import (
        WRANGLER_VERSION,
        KeySchema,
        KeyScope,
        RemovedKey,
        json_types,
        removed_key,
        scope_of,
        top_level_keys,
    )
    from cflint.project.code.env_uses import EnvUse, env_uses, is_guard, kind_with_method
    from cflint.project.code.flow import can_reach, completes, falls_through
    from cflint.project.code.import_edits import (
        add_imports,
        imported_parts,
        is_typescript,
        move_import,
        relative_specifier,
        remove_imports,
        set_import_source,
    )
    from cflint.project.code.module import ClassDefinition, Handler, Module
    from cflint.project.code.origins import (
        alternatives,
        callee_name,
        header_read,
        is_global,
        is_open_object,
        key_of,
        number_of,
        origins,
        property_value,
        reads_credential,
        reads_request,
    )
    from cflint.project.code.paging import list_without_pagination
    from cflint.project.code.promises import (
        PromiseOutcome,
        PromiseSource,
        PromiseUse,
        calls_on,
        calls_on_name,
        can_await,
        fix_by_async_handler,
        fix_by_await,
        fix_by_new_context,
        fix_by_wait_until,
        source_of,
        use_of_callback,
        use_of_promise,
        use_of_promises,
        wait_until_at,
    )
    from cflint.project.code.provenance import Provenance, Trust, provenance
    from cflint.project.code.sockets import (
        PairEnd,
        called_function,
        hibernatable_accepts,
        method_called_on,
        name_of_function,
        pair_end,
        pair_ends,
        parameter_for,
        uses_of_end,
    )
    from cflint.project.code.values import UNKNOWN, Value, ValueKind
    from cflint.project.config.class_edits import (
        add_durable_object_class,
        append_migration,
        classes_without_migration,
        create_classes,
        use_sqlite,
    )
    from cflint.project.config.edits import append_item, move_to_top_level, remove_key, rename_key, set_key
    from cflint.project.config.lifecycle import (
        ActiveClass,
        Backend,
        ClassState,
        DeletedClass,
        Lifecycle,
        LifecycleProblem,
        Migration,
        ReplayProblem,
        created_with,
    )
    from cflint.project.config.schema import ConfigProblem, ProblemKind, dotted, json_type
    from cflint.project.config.wrangler import (
        Binding,
        Environment,
        Export,
        QueueConsumer,
        TailConsumer,
        WranglerConfig,
        in_environments,
        join_names,
    )
    from cflint.project.modules.facts import (
        BaseRef,
        ClassFacts,
        FunctionFacts,
        LiteralKind,
        Member,
        MemberKind,
        ModuleFacts,
        TopLevel,
        TypeFacts,
        TypeMember,
    )
    from cflint.project.modules.imports import Import, ImportKind
    from cflint.project.modules.installed import (
        ConfigSchema,
        Fit,
        Installed,
        declares,
        installed_version,
        manifests_above,
    )
    from cflint.project.modules.resolve import Builtin, Edge, Local, Package, Unknown
    from cflint.project.python.module import PythonClass, PythonModule
    from cflint.project.sql.edits import bind_holes
    from cflint.project.sql.python import PythonStatement, python_statements
    from cflint.project.sql.statements import (
        SQL_CALLS,
        HolePosition,
        Interpolation,
        SqlDialect,
        SqlLiteral,
        SqlText,
        SqlUse,
        chained_call,
        executions,
        prepared_by,
        sql_text,
        sql_use,
    )
    from cflint.project.workers.env_types import binding_kind_of_type
    from cflint.project.workers.loading import is_demo_path, is_example_path, is_test_config, is_test_path
    from cflint.project.workers.model import Project
    from cflint.project.workers.packages import config_schema, shown_version
    from cflint.project.workers.worker import DurableObject, Entrypoint, ExportSet, Worker
    from cflint.record import record
    from cflint.rule import (
        RECOMMENDED,
        REFERENCE,
        STRICT,
        Crash,
        Match,
        Option,
        SuppressionUse,
        binding,
        call,
        class_definition,
        config,
        crash,
        destructured,
        durable_object,
        environment,
        handler,
        identifier,
        import_of,
        keyword,
        member_access,
        module,
        new,
        python,
        rule,
        suppression,
        tagged,
        type_name,
        worker,
    )
    from cflint.scope import Declaration, DeclarationKind, ImportRef
    from cflint.source import Document, Span
    from cflint.syntax.anchors import Anchors
    from cflint.syntax.data import Format
    from cflint.syntax.data import Kind as NodeKind
    from cflint.syntax.data import Node as ConfigNode
    from cflint.syntax.javascript import (
        CLASSES,
        FUNCTIONS,
        Syntax,
        Typo,
        TypoKind,
        arguments_of,
        block_end,
        body_of,
        first_named,
        is_async,
        is_fragment,
        is_generator,
        property_name,
        span_of,
        string_value,
        unwrap,
        walk,
        with_wrappers,
    )
    from cflint.syntax.sql import Statement, TableUse, Token, TokenKind, placeholders, statements, tables

_ORIGINS = {
    "cflint.finding": ("Edit Finding Fix Location Safety Severity"),
    "cflint.pattern": ("pattern"),
    "cflint.platform.base_members": ("base_members"),
    "cflint.platform.bindings": ("BindingKind KINDS kind_by_id kinds_by_type methods_of_type"),
    "cflint.platform.classes": ("ClassKind"),
    "cflint.platform.clock": ("today"),
    "cflint.platform.compatibility": ("CompatibilityFlag NEWEST_DATE changes find_flag flag_names"),
    "cflint.platform.credentials": ("is_example is_random is_secret_name known_secret"),
    "cflint.platform.cron": ("cron_error cron_suggestion cron_never_fires weekday_numbers"),
    "cflint.platform.rule_codes": ("rule_of"),
    "cflint.platform.wrangler_keys": (
        "KeySchema RemovedKey KeyScope WRANGLER_VERSION json_types removed_key scope_of top_level_keys"
    ),
    "cflint.project.config.wrangler": (
        "Binding Environment Export QueueConsumer TailConsumer WranglerConfig join_names in_environments"
    ),
    "cflint.project.config.edits": ("append_item move_to_top_level remove_key rename_key set_key"),
    "cflint.project.code.env_uses": ("EnvUse env_uses is_guard kind_with_method"),
    "cflint.project.modules.facts": (
        "BaseRef ClassFacts FunctionFacts Member MemberKind ModuleFacts TopLevel TypeFacts "
        "TypeMember LiteralKind"
    ),
    "cflint.project.code.flow": ("can_reach completes falls_through"),
    "cflint.project.code.import_edits": (
        "add_imports imported_parts is_typescript move_import relative_specifier remove_imports "
        "set_import_source"
    ),
    "cflint.project.modules.imports": ("Import ImportKind"),
    "cflint.project.modules.installed": (
        "ConfigSchema Fit Installed declares installed_version manifests_above"
    ),
    "cflint.project.config.class_edits": (
        "add_durable_object_class append_migration classes_without_migration create_classes use_sqlite"
    ),
    "cflint.project.config.lifecycle": (
        "Backend ClassState DeletedClass Lifecycle LifecycleProblem ActiveClass Migration ReplayProblem "
        "created_with"
    ),
    "cflint.project.workers.packages": ("config_schema shown_version"),
    "cflint.project.workers.loading": ("is_demo_path is_example_path is_test_config is_test_path"),
    "cflint.project.workers.env_types": ("binding_kind_of_type"),
    "cflint.project.workers.model": ("Project"),
    "cflint.project.workers.worker": ("DurableObject Entrypoint ExportSet Worker"),
    "cflint.project.code.module": ("ClassDefinition Handler Module"),
    "cflint.project.code.origins": (
        "alternatives callee_name header_read is_global is_open_object key_of number_of origins "
        "property_value reads_credential reads_request"
    ),
    "cflint.project.code.paging": ("list_without_pagination"),
    "cflint.project.code.promises": (
        "PromiseOutcome PromiseSource PromiseUse calls_on calls_on_name can_await "
        "fix_by_async_handler fix_by_await fix_by_new_context fix_by_wait_until source_of "
        "use_of_callback use_of_promise use_of_promises wait_until_at"
    ),
    "cflint.project.code.provenance": ("Provenance Trust provenance"),
    "cflint.project.python.module": ("PythonClass PythonModule"),
    "cflint.project.sql.python": ("PythonStatement python_statements"),
    "cflint.project.modules.resolve": ("Builtin Edge Local Package Unknown"),
    "cflint.project.config.schema": ("ConfigProblem ProblemKind dotted json_type"),
    "cflint.project.code.sockets": (
        "PairEnd called_function hibernatable_accepts method_called_on name_of_function pair_end "
        "pair_ends parameter_for uses_of_end"
    ),
    "cflint.project.sql.statements": (
        "SqlDialect Interpolation SqlLiteral HolePosition SQL_CALLS SqlText SqlUse chained_call executions prepared_by "
        "sql_text sql_use"
    ),
    "cflint.project.sql.edits": ("bind_holes"),
    "cflint.project.code.values": ("UNKNOWN Value ValueKind"),
    "cflint.record": ("record"),
    "cflint.rule": (
        "Crash Match Option RECOMMENDED REFERENCE STRICT SuppressionUse binding call "
        "class_definition config new crash destructured durable_object environment handler identifier "
        "import_of keyword member_access python rule module suppression tagged type_name worker"
    ),
    "cflint.scope": ("Declaration DeclarationKind ImportRef"),
    "cflint.source": ("Document Span"),
    "cflint.syntax.anchors": ("Anchors"),
    "cflint.syntax.data": ("Format Kind:NodeKind Node:ConfigNode"),
    "cflint.syntax.javascript": (
        "CLASSES FUNCTIONS Typo TypoKind Syntax arguments_of block_end body_of walk "
        "first_named is_async is_fragment is_generator with_wrappers property_name span_of string_value unwrap"
    ),
    "cflint.syntax.sql": ("Statement TableUse Token TokenKind placeholders statements tables"),
}
"""The module of each name; `name:other` is exported as `other`."""

_PLACES = {
    word.rpartition(":")[2]: (module, word.partition(":")[0])
    for module, words in _ORIGINS.items()
    for word in words.split()
}


def __getattr__(name: str) -> object:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(place[0]), place[1])
    globals()[name] = value
    return value


__all__ = [
    "CLASSES",
    "FUNCTIONS",
    "KINDS",
    "NEWEST_DATE",
    "RECOMMENDED",
    "REFERENCE",
    "SQL_CALLS",
    "STRICT",
    "UNKNOWN",
    "WRANGLER_VERSION",
    "ActiveClass",
    "Anchors",
    "Backend",
    "BaseRef",
    "Binding",
    "BindingKind",
    "Builtin",
    "ClassDefinition",
    "ClassFacts",
    "ClassKind",
    "ClassState",
    "CompatibilityFlag",
    "ConfigNode",
    "ConfigProblem",
    "ConfigSchema",
    "Crash",
    "Declaration",
    "DeclarationKind",
    "DeletedClass",
    "Document",
    "DurableObject",
    "Edge",
    "Edit",
    "Entrypoint",
    "EnvUse",
    "Environment",
    "Export",
    "ExportSet",
    "Finding",
    "Fit",
    "Fix",
    "Format",
    "FunctionFacts",
    "Handler",
    "HolePosition",
    "Import",
    "ImportKind",
    "ImportRef",
    "Installed",
    "Interpolation",
    "KeySchema",
    "KeyScope",
    "Lifecycle",
    "LifecycleProblem",
    "LiteralKind",
    "Local",
    "Location",
    "Match",
    "Member",
    "MemberKind",
    "Migration",
    "Module",
    "ModuleFacts",
    "NodeKind",
    "Option",
    "Package",
    "PairEnd",
    "ProblemKind",
    "Project",
    "PromiseOutcome",
    "PromiseSource",
    "PromiseUse",
    "Provenance",
    "PythonClass",
    "PythonModule",
    "PythonStatement",
    "QueueConsumer",
    "RemovedKey",
    "ReplayProblem",
    "Safety",
    "Severity",
    "Span",
    "SqlDialect",
    "SqlLiteral",
    "SqlText",
    "SqlUse",
    "Statement",
    "SuppressionUse",
    "Syntax",
    "TableUse",
    "TailConsumer",
    "Token",
    "TokenKind",
    "TopLevel",
    "Trust",
    "TypeFacts",
    "TypeMember",
    "Typo",
    "TypoKind",
    "Unknown",
    "Value",
    "ValueKind",
    "Worker",
    "WranglerConfig",
    "add_durable_object_class",
    "add_imports",
    "alternatives",
    "append_item",
    "append_migration",
    "arguments_of",
    "base_members",
    "bind_holes",
    "binding",
    "binding_kind_of_type",
    "block_end",
    "body_of",
    "call",
    "called_function",
    "callee_name",
    "calls_on",
    "calls_on_name",
    "can_await",
    "can_reach",
    "chained_call",
    "changes",
    "class_definition",
    "classes_without_migration",
    "completes",
    "config",
    "config_schema",
    "crash",
    "create_classes",
    "created_with",
    "cron_error",
    "cron_never_fires",
    "cron_suggestion",
    "declares",
    "destructured",
    "dotted",
    "durable_object",
    "env_uses",
    "environment",
    "executions",
    "falls_through",
    "find_flag",
    "first_named",
    "fix_by_async_handler",
    "fix_by_await",
    "fix_by_new_context",
    "fix_by_wait_until",
    "flag_names",
    "handler",
    "header_read",
    "hibernatable_accepts",
    "identifier",
    "import_of",
    "imported_parts",
    "in_environments",
    "installed_version",
    "is_async",
    "is_demo_path",
    "is_example",
    "is_example_path",
    "is_fragment",
    "is_generator",
    "is_global",
    "is_guard",
    "is_open_object",
    "is_random",
    "is_secret_name",
    "is_test_config",
    "is_test_path",
    "is_typescript",
    "join_names",
    "json_type",
    "json_types",
    "key_of",
    "keyword",
    "kind_by_id",
    "kind_with_method",
    "kinds_by_type",
    "known_secret",
    "list_without_pagination",
    "manifests_above",
    "member_access",
    "method_called_on",
    "methods_of_type",
    "module",
    "move_import",
    "move_to_top_level",
    "name_of_function",
    "new",
    "number_of",
    "origins",
    "pair_end",
    "pair_ends",
    "parameter_for",
    "pattern",
    "placeholders",
    "prepared_by",
    "property_name",
    "property_value",
    "provenance",
    "python",
    "python_statements",
    "reads_credential",
    "reads_request",
    "record",
    "relative_specifier",
    "remove_imports",
    "remove_key",
    "removed_key",
    "rename_key",
    "rule",
    "rule_of",
    "scope_of",
    "set_import_source",
    "set_key",
    "shown_version",
    "source_of",
    "span_of",
    "sql_text",
    "sql_use",
    "statements",
    "string_value",
    "suppression",
    "tables",
    "tagged",
    "today",
    "top_level_keys",
    "type_name",
    "unwrap",
    "use_of_callback",
    "use_of_promise",
    "use_of_promises",
    "use_sqlite",
    "uses_of_end",
    "wait_until_at",
    "walk",
    "weekday_numbers",
    "with_wrappers",
    "worker",
]
