"""What other modules need to know of a module, as plain data without trees.

Facts are what crosses files: a tree is dropped after its facts were taken, and rules about one module read
the facts of the others.
"""

from cflint.project.modules.facts.data import (
    BaseRef,
    ClassFacts,
    Export,
    FunctionFacts,
    LiteralKind,
    Member,
    MemberKind,
    ModuleFacts,
    ObjectFacts,
    TopLevel,
    TypeFacts,
    TypeMember,
)
from cflint.project.modules.facts.declarations import class_facts, object_type_facts, type_facts
from cflint.project.modules.facts.reader import facts_of

__all__ = [
    "BaseRef",
    "ClassFacts",
    "Export",
    "FunctionFacts",
    "LiteralKind",
    "Member",
    "MemberKind",
    "ModuleFacts",
    "ObjectFacts",
    "TopLevel",
    "TypeFacts",
    "TypeMember",
    "class_facts",
    "facts_of",
    "object_type_facts",
    "type_facts",
]
