"""Modules of JavaScript and TypeScript: nodes, names, values, promises, flow.

Longer than 600 lines: a list of names, each of them at three places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cflint.api.deprecations import DEPRECATED
from cflint.lazy import lazily

if TYPE_CHECKING:
    from cflint.platform.addresses import is_local_address as is_local_address
    from cflint.platform.ai_models import AI_MODELS_AS_OF as AI_MODELS_AS_OF
    from cflint.platform.ai_models import RetiredModel as RetiredModel
    from cflint.platform.ai_models import retired_model as retired_model
    from cflint.platform.base_members import base_members as base_members
    from cflint.platform.classes import bases_of_kinds as bases_of_kinds
    from cflint.platform.containers import ADDING as ADDING
    from cflint.platform.containers import COLLECTIONS as COLLECTIONS
    from cflint.platform.containers import COPYING as COPYING
    from cflint.platform.containers import MUTATING as MUTATING
    from cflint.platform.containers import PER_ELEMENT as PER_ELEMENT
    from cflint.platform.containers import REMOVING as REMOVING
    from cflint.platform.containers import REORDERING as REORDERING
    from cflint.platform.credentials import is_example as is_example
    from cflint.platform.credentials import is_random as is_random
    from cflint.platform.credentials import is_secret_name as is_secret_name
    from cflint.platform.credentials import known_secret as known_secret
    from cflint.platform.durable_objects import ID_METHODS as ID_METHODS
    from cflint.platform.durable_objects import NAMED_METHODS as NAMED_METHODS
    from cflint.platform.durable_objects import OBJECT_TYPES as OBJECT_TYPES
    from cflint.platform.durable_objects import STUB_MAKERS as STUB_MAKERS
    from cflint.platform.durable_objects import STUB_METHODS as STUB_METHODS
    from cflint.platform.effects import BINDING_WRITES as BINDING_WRITES
    from cflint.platform.effects import BODY_READS as BODY_READS
    from cflint.platform.effects import CONSOLE_METHODS as CONSOLE_METHODS
    from cflint.platform.effects import HONO_RESPONSES as HONO_RESPONSES
    from cflint.platform.effects import LOGGER_METHODS as LOGGER_METHODS
    from cflint.platform.effects import NULL_BODY_STATUSES as NULL_BODY_STATUSES
    from cflint.platform.effects import RANDOM as RANDOM
    from cflint.platform.effects import RANDOM_KEYS as RANDOM_KEYS
    from cflint.platform.effects import REDIRECT_STATUSES as REDIRECT_STATUSES
    from cflint.platform.env_types import ENV_TYPE_NAMES as ENV_TYPE_NAMES
    from cflint.platform.env_types import UNSEEN_ENV_TYPE_NAMES as UNSEEN_ENV_TYPE_NAMES
    from cflint.platform.env_types import may_be_env_type as may_be_env_type
    from cflint.platform.exports import EXPORTED_TYPES as EXPORTED_TYPES
    from cflint.platform.exports import EXPORTS as EXPORTS
    from cflint.platform.exports import HONO_APPS as HONO_APPS
    from cflint.platform.exports import MISSPELLED_MODULES as MISSPELLED_MODULES
    from cflint.platform.exports import NODE_BUILTINS as NODE_BUILTINS
    from cflint.platform.exports import RENAMED_PACKAGES as RENAMED_PACKAGES
    from cflint.platform.exports import RUNTIME_MODULES as RUNTIME_MODULES
    from cflint.platform.exports import RUNTIME_TYPES as RUNTIME_TYPES
    from cflint.platform.exports import SDK_MODULES as SDK_MODULES
    from cflint.platform.exports import TEST_MODULE as TEST_MODULE
    from cflint.platform.exports import TYPE_MODULES as TYPE_MODULES
    from cflint.platform.exports import PlatformName as PlatformName
    from cflint.platform.exports import home_of as home_of
    from cflint.platform.exports import usual_module as usual_module
    from cflint.platform.exports import usual_name as usual_name
    from cflint.platform.handlers import AGENT_HANDLERS as AGENT_HANDLERS
    from cflint.platform.handlers import DURABLE_OBJECT_HANDLERS as DURABLE_OBJECT_HANDLERS
    from cflint.platform.handlers import MODULE_HANDLERS as MODULE_HANDLERS
    from cflint.platform.handlers import NO_RPC_METHODS as NO_RPC_METHODS
    from cflint.platform.handlers import PAGES_HANDLERS as PAGES_HANDLERS
    from cflint.platform.handlers import WEBSOCKET_HANDLERS as WEBSOCKET_HANDLERS
    from cflint.platform.handlers import HandlerParameter as HandlerParameter
    from cflint.platform.handlers import HandlerSignature as HandlerSignature
    from cflint.platform.handlers import Owes as Owes
    from cflint.platform.handlers import handler_signature as handler_signature
    from cflint.platform.handlers import handlers_of as handlers_of
    from cflint.platform.handlers import pages_handler as pages_handler
    from cflint.platform.language import PROMISE_CHAIN as PROMISE_CHAIN
    from cflint.platform.language import PROMISE_COMBINATORS as PROMISE_COMBINATORS
    from cflint.platform.language import STRING_CUTS as STRING_CUTS
    from cflint.platform.orms import orm_maker as orm_maker
    from cflint.platform.orms import orm_package as orm_package
    from cflint.platform.provider_models import PROVIDER_MODELS_AS_OF as PROVIDER_MODELS_AS_OF
    from cflint.platform.provider_models import model_after as model_after
    from cflint.platform.provider_models import models_ended_by as models_ended_by
    from cflint.platform.queues import EVENT_KEYS as QUEUE_EVENT_KEYS
    from cflint.platform.websockets import AUTO_REPLY_FLAG as AUTO_REPLY_FLAG
    from cflint.platform.websockets import EVENT_PROPERTIES as EVENT_PROPERTIES
    from cflint.platform.websockets import SOCKET_EVENTS as SOCKET_EVENTS
    from cflint.platform.websockets import SOCKET_METHODS as SOCKET_METHODS
    from cflint.platform.workflows import INSTANCE_CHANGES as INSTANCE_CHANGES
    from cflint.platform.workflows import STEP_METHODS as STEP_METHODS
    from cflint.project.code.ambient_env import ambient_env as ambient_env
    from cflint.project.code.awaited import Awaited as Awaited
    from cflint.project.code.calls import Callers as Callers
    from cflint.project.code.calls import CallSite as CallSite
    from cflint.project.code.calls import all_code_is_known as all_code_is_known
    from cflint.project.code.calls import callers_of as callers_of
    from cflint.project.code.calls import calls_in_module as calls_in_module
    from cflint.project.code.calls import calls_named as calls_named
    from cflint.project.code.calls import has_leaf as has_leaf
    from cflint.project.code.calls import is_mentioned as is_mentioned
    from cflint.project.code.calls import is_named as is_named
    from cflint.project.code.calls import leaves_matching as leaves_matching
    from cflint.project.code.calls import makers_of as makers_of
    from cflint.project.code.calls import modules_naming as modules_naming
    from cflint.project.code.calls import name_of as name_of
    from cflint.project.code.calls import paths_around as paths_around
    from cflint.project.code.calls import running_paths as running_paths
    from cflint.project.code.calls import worker_calls as worker_calls
    from cflint.project.code.chains import Step as Step
    from cflint.project.code.chains import queue_steps as queue_steps
    from cflint.project.code.chains import service_steps as service_steps
    from cflint.project.code.chains import way_back as way_back
    from cflint.project.code.classes import default_is_entrypoint as default_is_entrypoint
    from cflint.project.code.constraints import optional_members as optional_members
    from cflint.project.code.contents import Content as Content
    from cflint.project.code.credentials import code_behind as code_behind
    from cflint.project.code.credentials import hyperdrive_behind as hyperdrive_behind
    from cflint.project.code.credentials import may_be_sent as may_be_sent
    from cflint.project.code.credentials import request_behind as request_behind
    from cflint.project.code.credentials import secret_behind as secret_behind
    from cflint.project.code.dead import is_dead as is_dead
    from cflint.project.code.dead import is_never_called as is_never_called
    from cflint.project.code.dead import is_uncalled_method as is_uncalled_method
    from cflint.project.code.declared_env import EnvMember as EnvMember
    from cflint.project.code.declared_env import spelling as spelling
    from cflint.project.code.dropped import DroppedCall as DroppedCall
    from cflint.project.code.effects import BodyRead as BodyRead
    from cflint.project.code.effects import Entropy as Entropy
    from cflint.project.code.effects import EntropyKind as EntropyKind
    from cflint.project.code.effects import Log as Log
    from cflint.project.code.effects import ResponseMade as ResponseMade
    from cflint.project.code.env_checks import is_env_looked_at as is_env_looked_at
    from cflint.project.code.env_members import is_given_by_code as is_given_by_code
    from cflint.project.code.env_uses import EnvUse as EnvUse
    from cflint.project.code.env_uses import env_uses as env_uses
    from cflint.project.code.env_uses import is_guard as is_guard
    from cflint.project.code.env_uses import kind_with_method as kind_with_method
    from cflint.project.code.flow import can_reach as can_reach
    from cflint.project.code.flow import completes as completes
    from cflint.project.code.flow import falls_through as falls_through
    from cflint.project.code.gives import always_gives_response as always_gives_response
    from cflint.project.code.headers import HEADER_SETTERS as HEADER_SETTERS
    from cflint.project.code.import_edits import is_typescript as is_typescript
    from cflint.project.code.invocations import Invocation as Invocation
    from cflint.project.code.invocations import goes_on as goes_on
    from cflint.project.code.invocations import invocations_of as invocations_of
    from cflint.project.code.invocations import loss_of as loss_of
    from cflint.project.code.module import module_of as module_of
    from cflint.project.code.mutations import Mutation as Mutation
    from cflint.project.code.mutations import MutationKind as MutationKind
    from cflint.project.code.mutations import overlaps as overlaps
    from cflint.project.code.nodejs import NodeNeed as NodeNeed
    from cflint.project.code.nodejs import node_needs as node_needs
    from cflint.project.code.nodes import Assignment as Assignment
    from cflint.project.code.nodes import Call as Call
    from cflint.project.code.nodes import Member as MemberAccess
    from cflint.project.code.nodes import Operation as Operation
    from cflint.project.code.nodes import Parameter as Parameter
    from cflint.project.code.origins import alternatives as alternatives
    from cflint.project.code.origins import beginning_of as beginning_of
    from cflint.project.code.origins import callee_name as callee_name
    from cflint.project.code.origins import header_read as header_read
    from cflint.project.code.origins import is_global as is_global
    from cflint.project.code.origins import is_open_object as is_open_object
    from cflint.project.code.origins import key_of as key_of
    from cflint.project.code.origins import number_of as number_of
    from cflint.project.code.origins import origins as origins
    from cflint.project.code.origins import property_value as property_value
    from cflint.project.code.origins import reads_credential as reads_credential
    from cflint.project.code.origins import reads_query as reads_query
    from cflint.project.code.origins import reads_request as reads_request
    from cflint.project.code.orms import OrmStatement as OrmStatement
    from cflint.project.code.overwritten import is_overwritten as is_overwritten
    from cflint.project.code.paging import list_without_pagination as list_without_pagination
    from cflint.project.code.patience import asks_model as asks_model
    from cflint.project.code.patience import giving_up as giving_up
    from cflint.project.code.patience import is_address_of_data as is_address_of_data
    from cflint.project.code.patience import is_request as is_request
    from cflint.project.code.patience import limited_edit as limited_edit
    from cflint.project.code.patience import starts_work as starts_work
    from cflint.project.code.payloads import Senders as Senders
    from cflint.project.code.payloads import Sent as Sent
    from cflint.project.code.payloads import mapped as mapped
    from cflint.project.code.payloads import sent_to_queues as sent_to_queues
    from cflint.project.code.payloads import sent_to_workflow as sent_to_workflow
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
    from cflint.project.code.provenance import provenance_as_json as provenance_as_json
    from cflint.project.code.received import Read as Read
    from cflint.project.code.received import message_bodies as message_bodies
    from cflint.project.code.received import payload_reads as payload_reads
    from cflint.project.code.received import reads_of as reads_of
    from cflint.project.code.received import unsent as unsent
    from cflint.project.code.refusals import catching_edit as catching_edit
    from cflint.project.code.refusals import refusing_edits as refusing_edits
    from cflint.project.code.refusals import refusing_statement as refusing_statement
    from cflint.project.code.remote import Bound as Bound
    from cflint.project.code.remote import RemoteMethod as RemoteMethod
    from cflint.project.code.remote import all_remote_calls as all_remote_calls
    from cflint.project.code.remote import bound_by_others as bound_by_others
    from cflint.project.code.remote import class_behind as class_behind
    from cflint.project.code.remote import names_that_only_one_has as names_that_only_one_has
    from cflint.project.code.remote import remote_calls as remote_calls
    from cflint.project.code.remote import remote_method as remote_method
    from cflint.project.code.replies import Reply as Reply
    from cflint.project.code.replies import replies_of as replies_of
    from cflint.project.code.rewritten import Write as Write
    from cflint.project.code.rewritten import is_counted_or_resized as is_counted_or_resized
    from cflint.project.code.rewritten import names_between as names_between
    from cflint.project.code.rewritten import reads_before as reads_before
    from cflint.project.code.rewritten import reads_before_write as reads_before_write
    from cflint.project.code.rewritten import writes_by as writes_by
    from cflint.project.code.secrets import Secret as Secret
    from cflint.project.code.secrets import holds_numbers as holds_numbers
    from cflint.project.code.services import ServiceCall as ServiceCall
    from cflint.project.code.serving import may_be_used_later as may_be_used_later
    from cflint.project.code.shadowed import RouteAdded as RouteAdded
    from cflint.project.code.shadowed import ShadowedRoute as ShadowedRoute
    from cflint.project.code.shadowed import shadowed_routes as shadowed_routes
    from cflint.project.code.sockets import PairEnd as PairEnd
    from cflint.project.code.sockets import SocketListener as SocketListener
    from cflint.project.code.sockets import called_function as called_function
    from cflint.project.code.sockets import hibernatable_accepts as hibernatable_accepts
    from cflint.project.code.sockets import method_called_on as method_called_on
    from cflint.project.code.sockets import name_of_function as name_of_function
    from cflint.project.code.sockets import pair_end as pair_end
    from cflint.project.code.sockets import pair_ends as pair_ends
    from cflint.project.code.sockets import parameter_for as parameter_for
    from cflint.project.code.sockets import uses_of_end as uses_of_end
    from cflint.project.code.thrown import catch_around as catch_around
    from cflint.project.code.thrown import escapes_handler as escapes_handler
    from cflint.project.code.thrown import thrown_by_null as thrown_by_null
    from cflint.project.code.thrown import throws_own_texts as throws_own_texts
    from cflint.project.code.tracing import Traced as Traced
    from cflint.project.code.tracing import function_called as function_called
    from cflint.project.code.tracing import function_given as function_given
    from cflint.project.code.tracing import traced as traced
    from cflint.project.code.turns import Turn as Turn
    from cflint.project.code.turns import awaits_only as awaits_only
    from cflint.project.code.turns import gets_one_message as gets_one_message
    from cflint.project.code.turns import repetition_of as repetition_of
    from cflint.project.code.turns import turn_around as turn_around
    from cflint.project.code.turns import turns_of as turns_of
    from cflint.project.code.values import UNKNOWN as UNKNOWN
    from cflint.project.code.words import NO_ENV as NO_ENV
    from cflint.project.code.words import Words as Words
    from cflint.project.code.words import awaited_word as awaited_word
    from cflint.project.code.words import database_word as database_word
    from cflint.project.code.words import env_at as env_at
    from cflint.project.code.words import environment_words as environment_words
    from cflint.project.code.words import list_words as list_words
    from cflint.project.code.words import word as word
    from cflint.project.code.words import words_at as words_at
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
    from cflint.syntax import suffixes as suffixes
    from cflint.syntax.anchors import Anchors as Anchors
    from cflint.syntax.conflicts import MergeConflict as MergeConflict
    from cflint.syntax.conflicts import merge_conflicts as merge_conflicts
    from cflint.syntax.javascript import CLASSES as CLASSES
    from cflint.syntax.javascript import FUNCTIONS as FUNCTIONS
    from cflint.syntax.javascript import Syntax as Syntax
    from cflint.syntax.javascript import arguments_of as arguments_of
    from cflint.syntax.javascript import block_end as block_end
    from cflint.syntax.javascript import body_of as body_of
    from cflint.syntax.javascript import contains as contains
    from cflint.syntax.javascript import first_named as first_named
    from cflint.syntax.javascript import is_async as is_async
    from cflint.syntax.javascript import is_fragment as is_fragment
    from cflint.syntax.javascript import is_generator as is_generator
    from cflint.syntax.javascript import is_static as is_static
    from cflint.syntax.javascript import property_name as property_name
    from cflint.syntax.javascript import span_of as span_of
    from cflint.syntax.javascript import string_value as string_value
    from cflint.syntax.javascript import unwrap as unwrap
    from cflint.syntax.javascript import walk as walk
    from cflint.syntax.javascript import with_wrappers as with_wrappers
    from cflint.syntax.javascript.problems import SyntaxProblem as SyntaxProblem
    from cflint.syntax.javascript.problems import SyntaxProblemKind as SyntaxProblemKind
    from cflint.syntax.javascript.problems import exports_something as exports_something
    from cflint.syntax.javascript.problems import is_in_text as is_in_text
    from cflint.syntax.javascript.problems import leaves_code_out as leaves_code_out
    from cflint.syntax.javascript.problems import problems_of as problems_of
    from cflint.syntax.javascript.typos import Typo as Typo
    from cflint.syntax.javascript.typos import TypoKind as TypoKind
    from cflint.syntax.phrases import Phrases as Phrases

_ORIGINS = {
    "cflint.platform.addresses": ("is_local_address"),
    "cflint.platform.ai_models": ("AI_MODELS_AS_OF RetiredModel retired_model"),
    "cflint.platform.base_members": ("base_members"),
    "cflint.platform.classes": ("bases_of_kinds"),
    "cflint.platform.containers": ("ADDING COLLECTIONS COPYING MUTATING PER_ELEMENT REMOVING REORDERING"),
    "cflint.platform.credentials": ("is_example is_random is_secret_name known_secret"),
    "cflint.platform.durable_objects": ("ID_METHODS NAMED_METHODS OBJECT_TYPES STUB_MAKERS STUB_METHODS"),
    "cflint.platform.effects": (
        "BINDING_WRITES BODY_READS CONSOLE_METHODS HONO_RESPONSES LOGGER_METHODS NULL_BODY_STATUSES "
        "RANDOM RANDOM_KEYS REDIRECT_STATUSES"
    ),
    "cflint.platform.env_types": ("ENV_TYPE_NAMES UNSEEN_ENV_TYPE_NAMES may_be_env_type"),
    "cflint.platform.exports": (
        "EXPORTED_TYPES EXPORTS HONO_APPS MISSPELLED_MODULES NODE_BUILTINS PlatformName "
        "RENAMED_PACKAGES RUNTIME_MODULES RUNTIME_TYPES SDK_MODULES TEST_MODULE TYPE_MODULES "
        "home_of usual_module usual_name"
    ),
    "cflint.platform.handlers": (
        "AGENT_HANDLERS DURABLE_OBJECT_HANDLERS HandlerParameter HandlerSignature MODULE_HANDLERS "
        "NO_RPC_METHODS Owes PAGES_HANDLERS WEBSOCKET_HANDLERS handler_signature handlers_of "
        "pages_handler"
    ),
    "cflint.platform.language": ("PROMISE_CHAIN PROMISE_COMBINATORS STRING_CUTS"),
    "cflint.platform.orms": ("orm_maker orm_package"),
    "cflint.platform.provider_models": ("PROVIDER_MODELS_AS_OF model_after models_ended_by"),
    "cflint.platform.queues": ("EVENT_KEYS:QUEUE_EVENT_KEYS"),
    "cflint.platform.websockets": ("AUTO_REPLY_FLAG EVENT_PROPERTIES SOCKET_EVENTS SOCKET_METHODS"),
    "cflint.platform.workflows": ("INSTANCE_CHANGES STEP_METHODS"),
    "cflint.project.code.ambient_env": ("ambient_env"),
    "cflint.project.code.awaited": ("Awaited"),
    "cflint.project.code.calls": (
        "CallSite Callers all_code_is_known callers_of calls_in_module calls_named has_leaf "
        "is_mentioned is_named leaves_matching makers_of modules_naming name_of paths_around "
        "running_paths worker_calls"
    ),
    "cflint.project.code.chains": ("Step queue_steps service_steps way_back"),
    "cflint.project.code.classes": ("default_is_entrypoint"),
    "cflint.project.code.constraints": ("optional_members"),
    "cflint.project.code.contents": ("Content"),
    "cflint.project.code.credentials": (
        "code_behind hyperdrive_behind may_be_sent request_behind secret_behind"
    ),
    "cflint.project.code.dead": ("is_dead is_never_called is_uncalled_method"),
    "cflint.project.code.declared_env": ("EnvMember spelling"),
    "cflint.project.code.dropped": ("DroppedCall"),
    "cflint.project.code.effects": ("BodyRead Entropy EntropyKind Log ResponseMade"),
    "cflint.project.code.env_checks": ("is_env_looked_at"),
    "cflint.project.code.env_members": ("is_given_by_code"),
    "cflint.project.code.env_uses": ("EnvUse env_uses is_guard kind_with_method"),
    "cflint.project.code.flow": ("can_reach completes falls_through"),
    "cflint.project.code.gives": ("always_gives_response"),
    "cflint.project.code.headers": ("HEADER_SETTERS"),
    "cflint.project.code.import_edits": ("is_typescript"),
    "cflint.project.code.invocations": ("Invocation goes_on invocations_of loss_of"),
    "cflint.project.code.module": ("module_of"),
    "cflint.project.code.mutations": ("Mutation MutationKind overlaps"),
    "cflint.project.code.nodejs": ("NodeNeed node_needs"),
    "cflint.project.code.nodes": ("Assignment Call Member:MemberAccess Operation Parameter"),
    "cflint.project.code.origins": (
        "alternatives beginning_of callee_name header_read is_global is_open_object key_of "
        "number_of origins property_value reads_credential reads_query reads_request"
    ),
    "cflint.project.code.orms": ("OrmStatement"),
    "cflint.project.code.overwritten": ("is_overwritten"),
    "cflint.project.code.paging": ("list_without_pagination"),
    "cflint.project.code.patience": (
        "asks_model giving_up is_address_of_data is_request limited_edit starts_work"
    ),
    "cflint.project.code.payloads": ("Senders Sent mapped sent_to_queues sent_to_workflow"),
    "cflint.project.code.promises": (
        "PromiseOutcome PromiseSource PromiseUse calls_on calls_on_name can_await source_of "
        "use_of_callback use_of_promise use_of_promises wait_until_at"
    ),
    "cflint.project.code.provenance": ("Provenance Trust provenance provenance_as_json"),
    "cflint.project.code.received": ("Read message_bodies payload_reads reads_of unsent"),
    "cflint.project.code.refusals": ("catching_edit refusing_edits refusing_statement"),
    "cflint.project.code.remote": (
        "Bound RemoteMethod all_remote_calls bound_by_others class_behind names_that_only_one_has "
        "remote_calls remote_method"
    ),
    "cflint.project.code.replies": ("Reply replies_of"),
    "cflint.project.code.rewritten": (
        "Write is_counted_or_resized names_between reads_before reads_before_write writes_by"
    ),
    "cflint.project.code.secrets": ("Secret holds_numbers"),
    "cflint.project.code.services": ("ServiceCall"),
    "cflint.project.code.serving": ("may_be_used_later"),
    "cflint.project.code.shadowed": ("RouteAdded ShadowedRoute shadowed_routes"),
    "cflint.project.code.sockets": (
        "PairEnd SocketListener called_function hibernatable_accepts method_called_on "
        "name_of_function pair_end pair_ends parameter_for uses_of_end"
    ),
    "cflint.project.code.thrown": ("catch_around escapes_handler thrown_by_null throws_own_texts"),
    "cflint.project.code.tracing": ("Traced function_called function_given traced"),
    "cflint.project.code.turns": ("Turn awaits_only gets_one_message repetition_of turn_around turns_of"),
    "cflint.project.code.values": ("UNKNOWN"),
    "cflint.project.code.words": (
        "NO_ENV Words awaited_word database_word env_at environment_words list_words word words_at"
    ),
    "cflint.project.modules.facts": (
        "BaseRef ClassFacts FunctionFacts LiteralKind Member MemberKind ModuleFacts TopLevel "
        "TypeFacts TypeMember"
    ),
    "cflint.project.modules.imports": ("Import ImportKind"),
    "cflint.project.modules.resolve": ("Builtin Edge Local Package Unknown"),
    "cflint.scope": ("Declaration DeclarationKind ImportRef"),
    "cflint.source": ("Document"),
    "cflint.syntax": ("suffixes"),
    "cflint.syntax.anchors": ("Anchors"),
    "cflint.syntax.conflicts": ("MergeConflict merge_conflicts"),
    "cflint.syntax.javascript": (
        "CLASSES FUNCTIONS Syntax arguments_of block_end body_of contains first_named is_async "
        "is_fragment is_generator is_static property_name span_of string_value unwrap walk "
        "with_wrappers"
    ),
    "cflint.syntax.javascript.problems": (
        "SyntaxProblem SyntaxProblemKind exports_something is_in_text leaves_code_out problems_of"
    ),
    "cflint.syntax.javascript.typos": ("Typo TypoKind"),
    "cflint.syntax.phrases": ("Phrases"),
}

__getattr__ = lazily(globals(), _ORIGINS, deprecated=DEPRECATED)

__all__ = [
    "ADDING",
    "AGENT_HANDLERS",
    "AI_MODELS_AS_OF",
    "AUTO_REPLY_FLAG",
    "BINDING_WRITES",
    "BODY_READS",
    "CLASSES",
    "COLLECTIONS",
    "CONSOLE_METHODS",
    "COPYING",
    "DURABLE_OBJECT_HANDLERS",
    "ENV_TYPE_NAMES",
    "EVENT_PROPERTIES",
    "EXPORTED_TYPES",
    "EXPORTS",
    "FUNCTIONS",
    "HEADER_SETTERS",
    "HONO_APPS",
    "HONO_RESPONSES",
    "ID_METHODS",
    "INSTANCE_CHANGES",
    "LOGGER_METHODS",
    "MISSPELLED_MODULES",
    "MODULE_HANDLERS",
    "MUTATING",
    "NAMED_METHODS",
    "NODE_BUILTINS",
    "NO_ENV",
    "NO_RPC_METHODS",
    "NULL_BODY_STATUSES",
    "OBJECT_TYPES",
    "PAGES_HANDLERS",
    "PER_ELEMENT",
    "PROMISE_CHAIN",
    "PROMISE_COMBINATORS",
    "PROVIDER_MODELS_AS_OF",
    "QUEUE_EVENT_KEYS",
    "RANDOM",
    "RANDOM_KEYS",
    "REDIRECT_STATUSES",
    "REMOVING",
    "RENAMED_PACKAGES",
    "REORDERING",
    "RUNTIME_MODULES",
    "RUNTIME_TYPES",
    "SDK_MODULES",
    "SOCKET_EVENTS",
    "SOCKET_METHODS",
    "STEP_METHODS",
    "STRING_CUTS",
    "STUB_MAKERS",
    "STUB_METHODS",
    "TEST_MODULE",
    "TYPE_MODULES",
    "UNKNOWN",
    "UNSEEN_ENV_TYPE_NAMES",
    "WEBSOCKET_HANDLERS",
    "Anchors",
    "Assignment",
    "Awaited",
    "BaseRef",
    "BodyRead",
    "Bound",
    "Builtin",
    "Call",
    "CallSite",
    "Callers",
    "ClassFacts",
    "Content",
    "Declaration",
    "DeclarationKind",
    "Document",
    "DroppedCall",
    "Edge",
    "Entropy",
    "EntropyKind",
    "EnvMember",
    "EnvUse",
    "FunctionFacts",
    "HandlerParameter",
    "HandlerSignature",
    "Import",
    "ImportKind",
    "ImportRef",
    "Invocation",
    "LiteralKind",
    "Local",
    "Log",
    "Member",
    "MemberAccess",
    "MemberKind",
    "MergeConflict",
    "ModuleFacts",
    "Mutation",
    "MutationKind",
    "NodeNeed",
    "Operation",
    "OrmStatement",
    "Owes",
    "Package",
    "PairEnd",
    "Parameter",
    "Phrases",
    "PlatformName",
    "PromiseOutcome",
    "PromiseSource",
    "PromiseUse",
    "Provenance",
    "Read",
    "RemoteMethod",
    "Reply",
    "ResponseMade",
    "RetiredModel",
    "RouteAdded",
    "Secret",
    "Senders",
    "Sent",
    "ServiceCall",
    "ShadowedRoute",
    "SocketListener",
    "Step",
    "Syntax",
    "SyntaxProblem",
    "SyntaxProblemKind",
    "TopLevel",
    "Traced",
    "Trust",
    "Turn",
    "TypeFacts",
    "TypeMember",
    "Typo",
    "TypoKind",
    "Unknown",
    "Words",
    "Write",
    "all_code_is_known",
    "all_remote_calls",
    "alternatives",
    "always_gives_response",
    "ambient_env",
    "arguments_of",
    "asks_model",
    "awaited_word",
    "awaits_only",
    "base_members",
    "bases_of_kinds",
    "beginning_of",
    "block_end",
    "body_of",
    "bound_by_others",
    "called_function",
    "callee_name",
    "callers_of",
    "calls_in_module",
    "calls_named",
    "calls_on",
    "calls_on_name",
    "can_await",
    "can_reach",
    "catch_around",
    "catching_edit",
    "class_behind",
    "code_behind",
    "completes",
    "contains",
    "database_word",
    "default_is_entrypoint",
    "env_at",
    "env_uses",
    "environment_words",
    "escapes_handler",
    "exports_something",
    "falls_through",
    "first_named",
    "function_called",
    "function_given",
    "gets_one_message",
    "giving_up",
    "goes_on",
    "handler_signature",
    "handlers_of",
    "has_leaf",
    "header_read",
    "hibernatable_accepts",
    "holds_numbers",
    "home_of",
    "hyperdrive_behind",
    "invocations_of",
    "is_address_of_data",
    "is_async",
    "is_counted_or_resized",
    "is_dead",
    "is_env_looked_at",
    "is_example",
    "is_fragment",
    "is_generator",
    "is_given_by_code",
    "is_global",
    "is_guard",
    "is_in_text",
    "is_local_address",
    "is_mentioned",
    "is_named",
    "is_never_called",
    "is_open_object",
    "is_overwritten",
    "is_random",
    "is_request",
    "is_secret_name",
    "is_static",
    "is_typescript",
    "is_uncalled_method",
    "key_of",
    "kind_with_method",
    "known_secret",
    "leaves_code_out",
    "leaves_matching",
    "limited_edit",
    "list_without_pagination",
    "list_words",
    "loss_of",
    "makers_of",
    "mapped",
    "may_be_env_type",
    "may_be_sent",
    "may_be_used_later",
    "merge_conflicts",
    "message_bodies",
    "method_called_on",
    "model_after",
    "models_ended_by",
    "module_of",
    "modules_naming",
    "name_of",
    "name_of_function",
    "names_between",
    "names_that_only_one_has",
    "node_needs",
    "number_of",
    "optional_members",
    "origins",
    "orm_maker",
    "orm_package",
    "overlaps",
    "pages_handler",
    "pair_end",
    "pair_ends",
    "parameter_for",
    "paths_around",
    "payload_reads",
    "problems_of",
    "property_name",
    "property_value",
    "provenance",
    "provenance_as_json",
    "queue_steps",
    "reads_before",
    "reads_before_write",
    "reads_credential",
    "reads_of",
    "reads_query",
    "reads_request",
    "refusing_edits",
    "refusing_statement",
    "remote_calls",
    "remote_method",
    "repetition_of",
    "replies_of",
    "request_behind",
    "retired_model",
    "running_paths",
    "secret_behind",
    "sent_to_queues",
    "sent_to_workflow",
    "service_steps",
    "shadowed_routes",
    "source_of",
    "span_of",
    "spelling",
    "starts_work",
    "string_value",
    "suffixes",
    "thrown_by_null",
    "throws_own_texts",
    "traced",
    "turn_around",
    "turns_of",
    "unsent",
    "unwrap",
    "use_of_callback",
    "use_of_promise",
    "use_of_promises",
    "uses_of_end",
    "usual_module",
    "usual_name",
    "wait_until_at",
    "walk",
    "way_back",
    "with_wrappers",
    "word",
    "words_at",
    "worker_calls",
    "writes_by",
]
