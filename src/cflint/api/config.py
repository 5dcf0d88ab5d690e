"""Configurations: environments, bindings, the life cycle of Durable Objects, dates and flags, packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.api.deprecations import DEPRECATED
from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.platform.bindings import KINDS as KINDS
    from cflint.platform.bindings import BindingKind as BindingKind
    from cflint.platform.bindings import async_methods as async_methods
    from cflint.platform.bindings import kind_by_id as kind_by_id
    from cflint.platform.bindings import kinds_by_type as kinds_by_type
    from cflint.platform.bindings import methods_of_type as methods_of_type
    from cflint.platform.build_tools import gives_entry as gives_entry
    from cflint.platform.clock import today as today
    from cflint.platform.cloudflare_config import config_fields as config_fields
    from cflint.platform.cloudflare_config import version_of as version_of
    from cflint.platform.compatibility import NEWEST_DATE as NEWEST_DATE
    from cflint.platform.compatibility import CompatibilityFlag as CompatibilityFlag
    from cflint.platform.compatibility import changes as changes
    from cflint.platform.compatibility import find_flag as find_flag
    from cflint.platform.compatibility import flag_names as flag_names
    from cflint.platform.cron import cron_error as cron_error
    from cflint.platform.cron import cron_never_fires as cron_never_fires
    from cflint.platform.cron import cron_suggestion as cron_suggestion
    from cflint.platform.cron import weekday_numbers as weekday_numbers
    from cflint.platform.env_types import is_injected as is_injected
    from cflint.platform.env_types import is_read_by_others as is_read_by_others
    from cflint.platform.packages import NODE_POLYFILLS as NODE_POLYFILLS
    from cflint.platform.placeholders import is_for_a_script as is_for_a_script
    from cflint.platform.placeholders import is_placeholder as is_placeholder
    from cflint.platform.wrangler_keys import WRANGLER_VERSION as WRANGLER_VERSION
    from cflint.platform.wrangler_keys import KeySchema as KeySchema
    from cflint.platform.wrangler_keys import KeyScope as KeyScope
    from cflint.platform.wrangler_keys import RemovedKey as RemovedKey
    from cflint.platform.wrangler_keys import json_types as json_types
    from cflint.platform.wrangler_keys import removed_key as removed_key
    from cflint.platform.wrangler_keys import scope_of as scope_of
    from cflint.platform.wrangler_keys import top_level_keys as top_level_keys
    from cflint.project.apps.options import OPEN as OPEN
    from cflint.project.apps.options import Options as Options
    from cflint.project.code.env_members import may_be_declared as may_be_declared
    from cflint.project.config.class_edits import classes_without_migration as classes_without_migration
    from cflint.project.config.deployed import flipped as flipped
    from cflint.project.config.deployed import incoming_of as incoming_of
    from cflint.project.config.dev_vars import DevVariable as DevVariable
    from cflint.project.config.dev_vars import DevVars as DevVars
    from cflint.project.config.dev_vars import dev_vars_of as dev_vars_of
    from cflint.project.config.keys import general_path as general_path
    from cflint.project.config.keys import home_of_key as home_of_key
    from cflint.project.config.keys import is_misplaced as is_misplaced
    from cflint.project.config.keys import key_meant as key_meant
    from cflint.project.config.keys import misplaced_keys as misplaced_keys
    from cflint.project.config.keys import nearest_name as nearest_name
    from cflint.project.config.lifecycle import ActiveClass as ActiveClass
    from cflint.project.config.lifecycle import Backend as Backend
    from cflint.project.config.lifecycle import ClassState as ClassState
    from cflint.project.config.lifecycle import DeletedClass as DeletedClass
    from cflint.project.config.lifecycle import Lifecycle as Lifecycle
    from cflint.project.config.lifecycle import LifecycleProblem as LifecycleProblem
    from cflint.project.config.lifecycle import Migration as Migration
    from cflint.project.config.lifecycle import ReplayProblem as ReplayProblem
    from cflint.project.config.lifecycle import created_with as created_with
    from cflint.project.config.schema import ConfigProblem as ConfigProblem
    from cflint.project.config.schema import Path as Path
    from cflint.project.config.schema import ProblemKind as ProblemKind
    from cflint.project.config.schema import dotted as dotted
    from cflint.project.config.schema import json_type as json_type
    from cflint.project.config.undeclared import is_misspelling as is_misspelling
    from cflint.project.config.undeclared import similar_binding as similar_binding
    from cflint.project.config.wrangler import Export as Export
    from cflint.project.config.wrangler import QueueConsumer as QueueConsumer
    from cflint.project.config.wrangler import TailConsumer as TailConsumer
    from cflint.project.config.wrangler import in_environments as in_environments
    from cflint.project.files.roles import is_demo_path as is_demo_path
    from cflint.project.files.roles import is_example_path as is_example_path
    from cflint.project.files.roles import is_of_development as is_of_development
    from cflint.project.files.roles import is_test_config as is_test_config
    from cflint.project.files.roles import is_test_path as is_test_path
    from cflint.project.modules.browser_routes import browser_router as browser_router
    from cflint.project.modules.commands import FileRead as FileRead
    from cflint.project.modules.commands import WranglerCall as WranglerCall
    from cflint.project.modules.commands import files_read as files_read
    from cflint.project.modules.commands import scripts_called as scripts_called
    from cflint.project.modules.commands import wrangler_calls as wrangler_calls
    from cflint.project.modules.installed import Installed as Installed
    from cflint.project.modules.installed import declared_beside as declared_beside
    from cflint.project.modules.installed import declares as declares
    from cflint.project.modules.installed import installed_version as installed_version
    from cflint.project.modules.installed import is_older as is_older
    from cflint.project.modules.installed import manifest_above as manifest_above
    from cflint.project.modules.installed import manifests_above as manifests_above
    from cflint.project.modules.installed import may_be_older as may_be_older
    from cflint.project.modules.installed import newest_locked as newest_locked
    from cflint.project.modules.manifest import Manifest as Manifest
    from cflint.project.modules.modes import commands_of as commands_of
    from cflint.project.modules.modes import modes_called as modes_called
    from cflint.project.modules.modes import wrangler_calls_of as wrangler_calls_of
    from cflint.project.modules.toolchain import ConfigSchema as ConfigSchema
    from cflint.project.modules.toolchain import Fit as Fit
    from cflint.project.modules.toolchain import newest_date as newest_date
    from cflint.project.modules.toolchain import runtime_date as runtime_date
    from cflint.project.workers.app_options import app_options as app_options
    from cflint.project.workers.app_options import framework_options as framework_options
    from cflint.project.workers.config_paths import ConfigPaths as ConfigPaths
    from cflint.project.workers.env_types import binding_kind_of_type as binding_kind_of_type
    from cflint.project.workers.generated import StaleTypes as StaleTypes
    from cflint.project.workers.generated import stale_types as stale_types
    from cflint.project.workers.generated_entry import generated_entry as generated_entry
    from cflint.project.workers.migrations import migration_folder as migration_folder
    from cflint.project.workers.mirrors import Mirror as Mirror
    from cflint.project.workers.mirrors import mirrors_of as mirrors_of
    from cflint.project.workers.mirrors import script_texts as script_texts
    from cflint.project.workers.packages import config_schema as config_schema
    from cflint.project.workers.packages import shown_version as shown_version
    from cflint.project.workers.pages import asset_files as asset_files
    from cflint.project.workers.pages import functions_below as functions_below
    from cflint.project.workers.pages import is_deployed_to_pages as is_deployed_to_pages
    from cflint.project.workers.pages import routes_files as routes_files
    from cflint.project.workers.pages import sources_of_worker_js as sources_of_worker_js
    from cflint.project.workers.provisioning import provisions as provisions
    from cflint.project.workers.provisioning import used_before_deployment as used_before_deployment
    from cflint.project.workers.runtime_types import RuntimeTypes as RuntimeTypes
    from cflint.project.workers.runtime_types import runtime_types_of as runtime_types_of
    from cflint.project.workers.schedules import schedule_texts as schedule_texts
    from cflint.project.workers.worker import Entrypoint as Entrypoint
    from cflint.project.workers.worker import ExportSet as ExportSet
    from cflint.syntax.data import DataDocument as DataDocument
    from cflint.syntax.data import Format as Format
    from cflint.syntax.data import Kind as NodeKind
    from cflint.syntax.data import Node as ConfigNode
_ORIGINS = {
    "cflint.platform.bindings": ("BindingKind KINDS async_methods kind_by_id kinds_by_type methods_of_type"),
    "cflint.platform.build_tools": ("gives_entry"),
    "cflint.platform.clock": ("today"),
    "cflint.platform.cloudflare_config": ("config_fields version_of"),
    "cflint.platform.compatibility": ("CompatibilityFlag NEWEST_DATE changes find_flag flag_names"),
    "cflint.platform.cron": ("cron_error cron_never_fires cron_suggestion weekday_numbers"),
    "cflint.platform.env_types": ("is_injected is_read_by_others"),
    "cflint.platform.packages": ("NODE_POLYFILLS"),
    "cflint.platform.placeholders": ("is_for_a_script is_placeholder"),
    "cflint.platform.wrangler_keys": (
        "KeySchema KeyScope RemovedKey WRANGLER_VERSION json_types removed_key scope_of top_level_keys"
    ),
    "cflint.project.apps.options": ("OPEN Options"),
    "cflint.project.code.env_members": ("may_be_declared"),
    "cflint.project.config.class_edits": ("classes_without_migration"),
    "cflint.project.config.deployed": ("flipped incoming_of"),
    "cflint.project.config.dev_vars": ("DevVariable DevVars dev_vars_of"),
    "cflint.project.config.keys": (
        "general_path home_of_key is_misplaced key_meant misplaced_keys nearest_name"
    ),
    "cflint.project.config.lifecycle": (
        "ActiveClass Backend ClassState DeletedClass Lifecycle LifecycleProblem Migration "
        "ReplayProblem created_with"
    ),
    "cflint.project.config.schema": ("ConfigProblem Path ProblemKind dotted json_type"),
    "cflint.project.config.undeclared": ("is_misspelling similar_binding"),
    "cflint.project.config.wrangler": ("Export QueueConsumer TailConsumer in_environments"),
    "cflint.project.files.roles": (
        "is_demo_path is_example_path is_of_development is_test_config is_test_path"
    ),
    "cflint.project.modules.browser_routes": ("browser_router"),
    "cflint.project.modules.commands": ("FileRead WranglerCall files_read scripts_called wrangler_calls"),
    "cflint.project.modules.installed": (
        "Installed declared_beside declares installed_version is_older manifest_above "
        "manifests_above may_be_older newest_locked"
    ),
    "cflint.project.modules.manifest": ("Manifest"),
    "cflint.project.modules.modes": ("commands_of modes_called wrangler_calls_of"),
    "cflint.project.modules.toolchain": ("ConfigSchema Fit newest_date runtime_date"),
    "cflint.project.workers.app_options": ("app_options framework_options"),
    "cflint.project.workers.config_paths": ("ConfigPaths"),
    "cflint.project.workers.env_types": ("binding_kind_of_type"),
    "cflint.project.workers.generated": ("StaleTypes stale_types"),
    "cflint.project.workers.generated_entry": ("generated_entry"),
    "cflint.project.workers.migrations": ("migration_folder"),
    "cflint.project.workers.mirrors": ("Mirror mirrors_of script_texts"),
    "cflint.project.workers.packages": ("config_schema shown_version"),
    "cflint.project.workers.pages": (
        "asset_files functions_below is_deployed_to_pages routes_files sources_of_worker_js"
    ),
    "cflint.project.workers.provisioning": ("provisions used_before_deployment"),
    "cflint.project.workers.runtime_types": ("RuntimeTypes runtime_types_of"),
    "cflint.project.workers.schedules": ("schedule_texts"),
    "cflint.project.workers.worker": ("Entrypoint ExportSet"),
    "cflint.syntax.data": ("DataDocument Format Kind:NodeKind Node:ConfigNode"),
}

__getattr__ = lazily(globals(), _ORIGINS, deprecated=DEPRECATED)

__all__ = [
    "KINDS",
    "NEWEST_DATE",
    "NODE_POLYFILLS",
    "OPEN",
    "WRANGLER_VERSION",
    "ActiveClass",
    "Backend",
    "BindingKind",
    "ClassState",
    "CompatibilityFlag",
    "ConfigNode",
    "ConfigPaths",
    "ConfigProblem",
    "ConfigSchema",
    "DataDocument",
    "DeletedClass",
    "DevVariable",
    "DevVars",
    "Entrypoint",
    "Export",
    "ExportSet",
    "FileRead",
    "Fit",
    "Format",
    "Installed",
    "KeySchema",
    "KeyScope",
    "Lifecycle",
    "LifecycleProblem",
    "Manifest",
    "Migration",
    "Mirror",
    "NodeKind",
    "Options",
    "Path",
    "ProblemKind",
    "QueueConsumer",
    "RemovedKey",
    "ReplayProblem",
    "RuntimeTypes",
    "StaleTypes",
    "TailConsumer",
    "WranglerCall",
    "app_options",
    "asset_files",
    "async_methods",
    "binding_kind_of_type",
    "browser_router",
    "changes",
    "classes_without_migration",
    "commands_of",
    "config_fields",
    "config_schema",
    "created_with",
    "cron_error",
    "cron_never_fires",
    "cron_suggestion",
    "declared_beside",
    "declares",
    "dev_vars_of",
    "dotted",
    "files_read",
    "find_flag",
    "flag_names",
    "flipped",
    "framework_options",
    "functions_below",
    "general_path",
    "generated_entry",
    "gives_entry",
    "home_of_key",
    "in_environments",
    "incoming_of",
    "installed_version",
    "is_demo_path",
    "is_deployed_to_pages",
    "is_example_path",
    "is_for_a_script",
    "is_injected",
    "is_misplaced",
    "is_misspelling",
    "is_of_development",
    "is_older",
    "is_placeholder",
    "is_read_by_others",
    "is_test_config",
    "is_test_path",
    "json_type",
    "json_types",
    "key_meant",
    "kind_by_id",
    "kinds_by_type",
    "manifest_above",
    "manifests_above",
    "may_be_declared",
    "may_be_older",
    "methods_of_type",
    "migration_folder",
    "mirrors_of",
    "misplaced_keys",
    "modes_called",
    "nearest_name",
    "newest_date",
    "newest_locked",
    "provisions",
    "removed_key",
    "routes_files",
    "runtime_date",
    "runtime_types_of",
    "schedule_texts",
    "scope_of",
    "script_texts",
    "scripts_called",
    "shown_version",
    "similar_binding",
    "sources_of_worker_js",
    "stale_types",
    "today",
    "top_level_keys",
    "used_before_deployment",
    "version_of",
    "weekday_numbers",
    "wrangler_calls",
    "wrangler_calls_of",
]
