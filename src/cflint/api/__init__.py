"""What a rule may use: a rule imports from here, and from nothing else of cflint.

Here is what nearly every rule needs: findings and fixes, triggers, the subjects that they find. The rest
is by subject: `js` (modules of JavaScript and TypeScript, values, promises), `config` (configurations,
bindings, the life cycle of Durable Objects, dates), `sql`, `python`, and `fixes` (edits that rules share).
Names are imported where they are first used: what no rule of a run needs is not loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.api.deprecations import DEPRECATED
from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.finding import Edit as Edit
    from cflint.finding import Finding as Finding
    from cflint.finding import Fix as Fix
    from cflint.finding import Location as Location
    from cflint.finding import Safety as Safety
    from cflint.finding import Severity as Severity
    from cflint.pattern import pattern as pattern
    from cflint.platform.classes import ClassKind as ClassKind
    from cflint.project.code.module import ClassDefinition as ClassDefinition
    from cflint.project.code.module import Handler as Handler
    from cflint.project.code.module import Module as Module
    from cflint.project.code.values import Value as Value
    from cflint.project.code.values import ValueKind as ValueKind
    from cflint.project.config.wrangler import Binding as Binding
    from cflint.project.config.wrangler import Environment as Environment
    from cflint.project.config.wrangler import WranglerConfig as WranglerConfig
    from cflint.project.config.wrangler import join_names as join_names
    from cflint.project.workers.change import Change as Change
    from cflint.project.workers.model import Project as Project
    from cflint.project.workers.sections import Section as Section
    from cflint.project.workers.worker import DurableObject as DurableObject
    from cflint.project.workers.worker import Worker as Worker
    from cflint.quoting import quoted as quoted
    from cflint.record import field as field
    from cflint.record import record as record
    from cflint.record import replace as replace
    from cflint.rule import PREVIEW as PREVIEW
    from cflint.rule import REFERENCE as REFERENCE
    from cflint.rule import STRICT as STRICT
    from cflint.rule import Crash as Crash
    from cflint.rule import Documents as Documents
    from cflint.rule import Match as Match
    from cflint.rule import Option as Option
    from cflint.rule import SuppressionUse as SuppressionUse
    from cflint.rule import binding as binding
    from cflint.rule import call as call
    from cflint.rule import change as change
    from cflint.rule import class_definition as class_definition
    from cflint.rule import configuration as configuration
    from cflint.rule import crash as crash
    from cflint.rule import destructured as destructured
    from cflint.rule import durable_object as durable_object
    from cflint.rule import environment as environment
    from cflint.rule import handler as handler
    from cflint.rule import hint as hint
    from cflint.rule import identifier as identifier
    from cflint.rule import import_of as import_of
    from cflint.rule import keyword as keyword
    from cflint.rule import mark as mark
    from cflint.rule import member_access as member_access
    from cflint.rule import module as module
    from cflint.rule import new as new
    from cflint.rule import python_module as python_module
    from cflint.rule import rule as rule
    from cflint.rule import section as section
    from cflint.rule import suppression as suppression
    from cflint.rule import tagged as tagged
    from cflint.rule import type_name as type_name
    from cflint.rule import worker as worker
    from cflint.source import Span as Span

_ORIGINS = {
    "cflint.finding": ("Edit Finding Fix Location Safety Severity"),
    "cflint.pattern": ("pattern"),
    "cflint.platform.classes": ("ClassKind"),
    "cflint.project.code.module": ("ClassDefinition Handler Module"),
    "cflint.project.code.values": ("Value ValueKind"),
    "cflint.project.config.wrangler": ("Binding Environment WranglerConfig join_names"),
    "cflint.project.workers.change": ("Change"),
    "cflint.project.workers.model": ("Project"),
    "cflint.project.workers.sections": ("Section"),
    "cflint.project.workers.worker": ("DurableObject Worker"),
    "cflint.quoting": ("quoted"),
    "cflint.record": ("field record replace"),
    "cflint.rule": (
        "Crash Documents Match Option PREVIEW REFERENCE STRICT SuppressionUse binding call change "
        "class_definition configuration crash destructured durable_object environment handler hint "
        "identifier import_of keyword mark member_access module new python_module rule section "
        "suppression tagged type_name worker"
    ),
    "cflint.source": ("Span"),
}

__getattr__ = lazily(
    globals(),
    _ORIGINS,
    submodules=("js", "config", "sql", "python", "fixes"),
    deprecated=DEPRECATED,
)

__all__ = [
    "PREVIEW",
    "REFERENCE",
    "STRICT",
    "Binding",
    "Change",
    "ClassDefinition",
    "ClassKind",
    "Crash",
    "Documents",
    "DurableObject",
    "Edit",
    "Environment",
    "Finding",
    "Fix",
    "Handler",
    "Location",
    "Match",
    "Module",
    "Option",
    "Project",
    "Safety",
    "Section",
    "Severity",
    "Span",
    "SuppressionUse",
    "Value",
    "ValueKind",
    "Worker",
    "WranglerConfig",
    "binding",
    "call",
    "change",
    "class_definition",
    "configuration",
    "crash",
    "destructured",
    "durable_object",
    "environment",
    "field",
    "handler",
    "hint",
    "identifier",
    "import_of",
    "join_names",
    "keyword",
    "mark",
    "member_access",
    "module",
    "new",
    "pattern",
    "python_module",
    "quoted",
    "record",
    "replace",
    "rule",
    "section",
    "suppression",
    "tagged",
    "type_name",
    "worker",
]
