"""Modules of JavaScript and TypeScript: nodes, names, values, promises, flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.platform.base_members import base_members as base_members
    from cflint.platform.credentials import is_example as is_example
    from cflint.platform.credentials import is_random as is_random
    from cflint.platform.credentials import is_secret_name as is_secret_name
    from cflint.platform.credentials import known_secret as known_secret
    from cflint.project.code.env_uses import EnvUse as EnvUse
    from cflint.project.code.env_uses import env_uses as env_uses
    from cflint.project.code.env_uses import is_guard as is_guard
    from cflint.project.code.env_uses import kind_with_method as kind_with_method
    from cflint.project.code.flow import can_reach as can_reach
    from cflint.project.code.flow import completes as completes
    from cflint.project.code.flow import falls_through as falls_through
    from cflint.project.code.import_edits import is_typescript as is_typescript
    from cflint.project.code.origins import alternatives as alternatives
    from cflint.project.code.origins import callee_name as callee_name
    from cflint.project.code.origins import header_read as header_read
    from cflint.project.code.origins import is_global as is_global
    from cflint.project.code.origins import is_open_object as is_open_object
    from cflint.project.code.origins import key_of as key_of
    from cflint.project.code.origins import number_of as number_of
    from cflint.project.code.origins import origins as origins
    from cflint.project.code.origins import property_value as property_value
    from cflint.project.code.origins import reads_credential as reads_credential
    from cflint.project.code.origins import reads_request as reads_request
    from cflint.project.code.paging import list_without_pagination as list_without_pagination
    from cflint.project.code.promises import PromiseOutcome as PromiseOutcome
    from cflint.project.code.promises import PromiseSource as PromiseSource
    from cflint.project.code.promises import PromiseUse as PromiseUse
    from cflint.project.code.promises import calls_on as calls_on
    from cflint.project.code.promises import calls_on_name as calls_on_name
    from cflint.project.code.promises import can_await as can_await
    from cflint.project.code.promises import source_of as source_of
    from cflint.project.code.promises import use_of_callback as use_of_callback
    from cflint.project.code.promises import use_of_promise as use_of_promise
    from cflint.project.code.promises import use_of_promises as use_of_promises
    from cflint.project.code.promises import wait_until_at as wait_until_at
    from cflint.project.code.provenance import Provenance as Provenance
    from cflint.project.code.provenance import Trust as Trust
    from cflint.project.code.provenance import provenance as provenance
    from cflint.project.code.sockets import PairEnd as PairEnd
    from cflint.project.code.sockets import called_function as called_function
    from cflint.project.code.sockets import hibernatable_accepts as hibernatable_accepts
    from cflint.project.code.sockets import method_called_on as method_called_on
    from cflint.project.code.sockets import name_of_function as name_of_function
    from cflint.project.code.sockets import pair_end as pair_end
    from cflint.project.code.sockets import pair_ends as pair_ends
    from cflint.project.code.sockets import parameter_for as parameter_for
    from cflint.project.code.sockets import uses_of_end as uses_of_end
    from cflint.project.code.values import UNKNOWN as UNKNOWN
    from cflint.project.modules.facts import BaseRef as BaseRef
    from cflint.project.modules.facts import ClassFacts as ClassFacts
    from cflint.project.modules.facts import FunctionFacts as FunctionFacts
    from cflint.project.modules.facts import LiteralKind as LiteralKind
    from cflint.project.modules.facts import Member as Member
    from cflint.project.modules.facts import MemberKind as MemberKind
    from cflint.project.modules.facts import ModuleFacts as ModuleFacts
    from cflint.project.modules.facts import TopLevel as TopLevel
    from cflint.project.modules.facts import TypeFacts as TypeFacts
    from cflint.project.modules.facts import TypeMember as TypeMember
    from cflint.project.modules.imports import Import as Import
    from cflint.project.modules.imports import ImportKind as ImportKind
    from cflint.project.modules.resolve import Builtin as Builtin
    from cflint.project.modules.resolve import Edge as Edge
    from cflint.project.modules.resolve import Local as Local
    from cflint.project.modules.resolve import Package as Package
    from cflint.project.modules.resolve import Unknown as Unknown
    from cflint.scope import Declaration as Declaration
    from cflint.scope import DeclarationKind as DeclarationKind
    from cflint.scope import ImportRef as ImportRef
    from cflint.source import Document as Document
    from cflint.syntax.anchors import Anchors as Anchors
    from cflint.syntax.javascript import CLASSES as CLASSES
    from cflint.syntax.javascript import FUNCTIONS as FUNCTIONS
    from cflint.syntax.javascript import Syntax as Syntax
    from cflint.syntax.javascript import Typo as Typo
    from cflint.syntax.javascript import TypoKind as TypoKind
    from cflint.syntax.javascript import arguments_of as arguments_of
    from cflint.syntax.javascript import block_end as block_end
    from cflint.syntax.javascript import body_of as body_of
    from cflint.syntax.javascript import first_named as first_named
    from cflint.syntax.javascript import is_async as is_async
    from cflint.syntax.javascript import is_fragment as is_fragment
    from cflint.syntax.javascript import is_generator as is_generator
    from cflint.syntax.javascript import property_name as property_name
    from cflint.syntax.javascript import span_of as span_of
    from cflint.syntax.javascript import string_value as string_value
    from cflint.syntax.javascript import unwrap as unwrap
    from cflint.syntax.javascript import walk as walk
    from cflint.syntax.javascript import with_wrappers as with_wrappers

_ORIGINS = {
    "cflint.platform.base_members": ("base_members"),
    "cflint.platform.credentials": ("is_example is_random is_secret_name known_secret"),
    "cflint.project.code.env_uses": ("EnvUse env_uses is_guard kind_with_method"),
    "cflint.project.code.flow": ("can_reach completes falls_through"),
    "cflint.project.code.import_edits": ("is_typescript"),
    "cflint.project.code.origins": (
        "alternatives callee_name header_read is_global is_open_object key_of number_of origins "
        "property_value reads_credential reads_request"
    ),
    "cflint.project.code.paging": ("list_without_pagination"),
    "cflint.project.code.promises": (
        "PromiseOutcome PromiseSource PromiseUse calls_on calls_on_name can_await source_of "
        "use_of_callback use_of_promise use_of_promises wait_until_at"
    ),
    "cflint.project.code.provenance": ("Provenance Trust provenance"),
    "cflint.project.code.sockets": (
        "PairEnd called_function hibernatable_accepts method_called_on name_of_function pair_end "
        "pair_ends parameter_for uses_of_end"
    ),
    "cflint.project.code.values": ("UNKNOWN"),
    "cflint.project.modules.facts": (
        "BaseRef ClassFacts FunctionFacts LiteralKind Member MemberKind ModuleFacts TopLevel "
        "TypeFacts TypeMember"
    ),
    "cflint.project.modules.imports": ("Import ImportKind"),
    "cflint.project.modules.resolve": ("Builtin Edge Local Package Unknown"),
    "cflint.scope": ("Declaration DeclarationKind ImportRef"),
    "cflint.source": ("Document"),
    "cflint.syntax.anchors": ("Anchors"),
    "cflint.syntax.javascript": (
        "CLASSES FUNCTIONS Syntax Typo TypoKind arguments_of block_end body_of first_named is_async "
        "is_fragment is_generator property_name span_of string_value unwrap walk with_wrappers"
    ),
}

__getattr__ = lazily(globals(), _ORIGINS)

__all__ = [
    "CLASSES",
    "FUNCTIONS",
    "UNKNOWN",
    "Anchors",
    "BaseRef",
    "Builtin",
    "ClassFacts",
    "Declaration",
    "DeclarationKind",
    "Document",
    "Edge",
    "EnvUse",
    "FunctionFacts",
    "Import",
    "ImportKind",
    "ImportRef",
    "LiteralKind",
    "Local",
    "Member",
    "MemberKind",
    "ModuleFacts",
    "Package",
    "PairEnd",
    "PromiseOutcome",
    "PromiseSource",
    "PromiseUse",
    "Provenance",
    "Syntax",
    "TopLevel",
    "Trust",
    "TypeFacts",
    "TypeMember",
    "Typo",
    "TypoKind",
    "Unknown",
    "alternatives",
    "arguments_of",
    "base_members",
    "block_end",
    "body_of",
    "called_function",
    "callee_name",
    "calls_on",
    "calls_on_name",
    "can_await",
    "can_reach",
    "completes",
    "env_uses",
    "falls_through",
    "first_named",
    "header_read",
    "hibernatable_accepts",
    "is_async",
    "is_example",
    "is_fragment",
    "is_generator",
    "is_global",
    "is_guard",
    "is_open_object",
    "is_random",
    "is_secret_name",
    "is_typescript",
    "key_of",
    "kind_with_method",
    "known_secret",
    "list_without_pagination",
    "method_called_on",
    "name_of_function",
    "number_of",
    "origins",
    "pair_end",
    "pair_ends",
    "parameter_for",
    "property_name",
    "property_value",
    "provenance",
    "reads_credential",
    "reads_request",
    "source_of",
    "span_of",
    "string_value",
    "unwrap",
    "use_of_callback",
    "use_of_promise",
    "use_of_promises",
    "uses_of_end",
    "wait_until_at",
    "walk",
    "with_wrappers",
]
