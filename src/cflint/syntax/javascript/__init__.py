"""TypeScript and JavaScript: parsing, and what is needed of a tree.

A tree comes from the bytes of a `Document`, so every offset is a byte offset of that document. What the
grammar cannot read is replaced before, without moving a byte:

- the grammar knows neither type arguments of a tagged template (``this.sql<Row>`…` ``) nor `using`, so the
  former are blanked and the latter is read as `const` (`Syntax.text` still says what is written);
- it reads `await a.b<T>(c)` as `(await a.b)<T>(c)`, so these type arguments are blanked, too;
- it takes `import("a").B` for a call also where a type stands, and stumbles over the brackets of `…B[]`,
  `…B<T>` and `…["b"]`, so before these the `import("a")` is read as a name;
- of code that does not parse, names that the grammar takes for keywords (`i < unique.length`, a line that
  begins with `in_`) are spelled otherwise, which is kept if it leaves fewer errors;
- a known typo (a comma between class members, a missing `:` before a return type, …) is mended by replacing
  one byte of white space or punctuation, so that one typo does not hide the rest of the file. The typos stay
  on record: they are syntax errors all the same.
"""

from cflint.syntax.javascript.nodes import (
    CLASSES,
    FUNCTIONS,
    arguments_of,
    block_end,
    body_of,
    contains,
    first_named,
    is_async,
    is_generator,
    is_static,
    may_be_cut,
    property_name,
    span_of,
    string_value,
    unwrap,
    walk,
    with_wrappers,
)
from cflint.syntax.javascript.parsing import (
    PARSE_SECONDS,
    ParseTimeout,
    is_fragment,
    parse,
    parse_again,
)
from cflint.syntax.javascript.tree import (
    Syntax,
)
from cflint.syntax.suffixes import EXTENSIONS

__all__ = [
    "CLASSES",
    "EXTENSIONS",
    "FUNCTIONS",
    "PARSE_SECONDS",
    "ParseTimeout",
    "Syntax",
    "arguments_of",
    "block_end",
    "body_of",
    "contains",
    "first_named",
    "is_async",
    "is_fragment",
    "is_generator",
    "is_static",
    "may_be_cut",
    "parse",
    "parse_again",
    "property_name",
    "span_of",
    "string_value",
    "unwrap",
    "walk",
    "with_wrappers",
]
