"""Triggers: what makes a check look, and the type of what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from cflint.project.code.module import ClassDefinition, Handler, Module
from cflint.project.config.wrangler import Binding, Environment, WranglerConfig
from cflint.project.workers.change import Change
from cflint.project.workers.sections import Section
from cflint.project.workers.worker import DurableObject, Worker
from cflint.record import record
from cflint.rule.subjects import Crash, Match, SuppressionUse

if TYPE_CHECKING:
    from cflint.project.python.module import PythonModule

Subject = TypeVar("Subject", covariant=True)


@record(frozen=True)
class Trigger(Generic[Subject]):
    """What makes a rule look. `words` are what has to stand in a file; the first parameter of the rule's
    check has the type `Subject`. Made by the functions below."""

    kind: str
    words: frozenset[str] = frozenset()

    def finds(self, subject: object) -> bool:
        """Whether a subject that some trigger of the rule found is one of this trigger's."""
        if self.kind == "python":
            return type(subject) not in _SUBJECTS.values()
        if type(subject) is not _SUBJECTS.get(self.kind):
            return False
        match subject:
            case Match():
                types = _NODES.get(self.kind)
                return subject.word in self.words and (types is None or subject.node.type in types)
            case Handler():
                return subject.name in self.words
            case Binding():
                return not self.words or subject.kind.id in self.words
        return True


def sort_of(subject: object) -> object:
    """A key that is the same for subjects which the same triggers find (see `Trigger.finds`)."""
    match subject:
        case Match():
            return (Match, subject.word, subject.node.type)
        case Handler():
            return (Handler, subject.name)
        case Binding():
            return (Binding, subject.kind.id)
    return type(subject)


def call(*names: str) -> Trigger[Match]:
    """Calls of a function or method of these names."""
    return Trigger("call", frozenset(names))


def new(*names: str) -> Trigger[Match]:
    """`new` of a class of these names."""
    return Trigger("new", frozenset(names))


def tagged(*names: str) -> Trigger[Match]:
    """Tagged templates whose tag ends in one of these names."""
    return Trigger("tagged", frozenset(names))


def member_access(*names: str) -> Trigger[Match]:
    """Member accesses of these names that are not called; assignments to them too."""
    return Trigger("member_access", frozenset(names))


def destructured(*names: str) -> Trigger[Match]:
    """Keys of these names in a destructuring pattern; the node is the key's identifier."""
    return Trigger("destructured", frozenset(names))


def identifier(*names: str) -> Trigger[Match]:
    """Identifiers of these names that stand for themselves: neither a property nor the callee of a call."""
    return Trigger("identifier", frozenset(names))


def keyword(*words: str) -> Trigger[Match]:
    """Keywords: `async`, `catch`, `class`; the node is the construct that the keyword belongs to."""
    return Trigger("keyword", frozenset(words))


def type_name(*names: str) -> Trigger[Match]:
    """Names of types in annotations, heritage and type arguments; the node is the identifier."""
    return Trigger("type_name", frozenset(names))


def import_of(*modules: str) -> Trigger[Match]:
    """Import statements (and re-exports) of these modules; the node is the statement."""
    return Trigger("import_of", frozenset(modules))


def class_definition() -> Trigger[ClassDefinition]:
    """Classes."""
    return Trigger("class_definition", frozenset({"class"}))


def handler(*names: str) -> Trigger[Handler]:
    """Functions that the runtime calls, by the handler's name; `Handler.module` tells where."""
    return Trigger("handler", frozenset(names))


def module(*words: str) -> Trigger[Module]:
    """Modules, each once, when one of the words stands in them or anything else made them be parsed."""
    return Trigger("module", frozenset(words))


def hint(*words: str) -> Trigger[Module]:
    """Words that have a module parsed, beside another trigger that takes whatever is parsed."""
    return Trigger("hint", frozenset(words))


def mark(*parts: str) -> Trigger[Module]:
    """Parts of words, or of texts, that have a module parsed which holds no word of any rule, beside another
    trigger that takes whatever is parsed."""
    return Trigger("mark", frozenset(parts))


def python_module(*words: str) -> Trigger[PythonModule]:
    """Modules of Python Workers, each once, when one of the words stands in them; all of them without any.

    Nothing is parsed until the rule asks for something of the module."""
    return Trigger("python", frozenset(words))


def worker() -> Trigger[Worker]:
    """Workers, each once."""
    return Trigger("worker")


def section() -> Trigger[Section]:
    """Sections of Markdown files that show code and no configuration; `deployed` does not leave them out."""
    return Trigger("section")


def configuration() -> Trigger[WranglerConfig]:
    """wrangler configurations, each once."""
    return Trigger("config")


def environment() -> Trigger[Environment]:
    """Environments of configurations, the top level included."""
    return Trigger("environment")


def binding(*kinds: str) -> Trigger[Binding]:
    """Bindings of these kinds (of all kinds when none is given)."""
    return Trigger("binding", frozenset(kinds))


def durable_object() -> Trigger[DurableObject]:
    """Durable Object classes that a configuration names, once per environment."""
    return Trigger("durable_object")


def change() -> Trigger[Change]:
    """Workers that the base has, too, in runs that have a base; what became of each."""
    return Trigger("change")


def suppression() -> Trigger[SuppressionUse]:
    """Suppression comments that silenced nothing."""
    return Trigger("suppression")


def crash() -> Trigger[Crash]:
    """Rules that raised."""
    return Trigger("crash")


_SUBJECTS: Mapping[str, type] = {
    **dict.fromkeys(("call", "new", "tagged", "member_access", "destructured", "identifier"), Match),
    **dict.fromkeys(("keyword", "type_name", "import_of"), Match),
    "class_definition": ClassDefinition,
    "handler": Handler,
    "module": Module,
    "worker": Worker,
    "section": Section,
    "config": WranglerConfig,
    "environment": Environment,
    "binding": Binding,
    "durable_object": DurableObject,
    "change": Change,
    "suppression": SuppressionUse,
    "crash": Crash,
}
"""What the triggers find, by kind. A `PythonModule` is none of them: its module, which loads libcst, is not
imported for this."""
_NODES: Mapping[str, frozenset[str]] = {
    "call": frozenset({"call_expression"}),
    "tagged": frozenset({"call_expression"}),
    "new": frozenset({"new_expression"}),
    "member_access": frozenset({"member_expression"}),
}
"""The nodes of triggers of which one word may find two."""


def subject_type(kind: str) -> type | None:
    """What the triggers of a kind find; None for Python modules."""
    return _SUBJECTS.get(kind)


SYNTAX_TRIGGERS = frozenset(
    {"call", "new", "tagged", "member_access", "destructured", "identifier", "keyword", "type_name"}
    | {"import_of", "class_definition", "handler", "module", "hint", "mark", "python"}
)
MODEL_TRIGGERS = frozenset(
    {"worker", "section", "config", "environment", "binding", "durable_object", "change"}
)
