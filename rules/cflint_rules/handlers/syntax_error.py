"""Repair code that does not parse: no Worker can be built from it.

Where the cause of an error can be distinguished from its consequences, one place is reported: the bracket
that is never closed, the comma that stands between two methods of a class, the `:` that is missing before a
return type. Other rules still look at what is intact, but conclude nothing from what is absent in such a
file.

## Incorrect

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async enter(name: string): Promise<void> {
    await this.ctx.storage.put(name, Date.now());
  },

  async leave(name: string) Promise<void> {
    await this.ctx.storage.delete(name);
  }
}
```

## Correct

```ts
import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject<Env> {
  async enter(name: string): Promise<void> {
    await this.ctx.storage.put(name, Date.now());
  }

  async leave(name: string): Promise<void> {
    await this.ctx.storage.delete(name);
  }
}
```

## What to do

Repair the code at this place: no Worker can be built as it is.

- "code was left out": Write the code for which `...` stands.
- "merge conflict": Delete the side that is not wanted, and the lines with `<<<<<<<`, `=======` and `>>>>>>>`.
- "a sign of another script": Write the sign of ASCII in its place: `,` for a full-width comma.
- "cflint cannot read": Nothing is wrong with the code. Rules are silent about what they cannot read; leave
  it, or write it another way.

## Not reported

In documentation: code that was left out (`...`), pieces that export nothing, and pieces that are the inside
of a class or an object. What is right but newer than the grammar that cflint reads with is a note at most:
the rules do not see that line.

An error is what shows by its shape: a bracket or a string that is never closed, a bracket that closes
nothing, a merge conflict, code that was left out, what nothing can be assigned to, the mistakes that
have a fix. Where the grammar only stumbles ("unexpected …", "… is missing"), the finding is a warning:
code that is right but unknown to the grammar (tree-sitter-typescript 0.23.2) looks the same. Most such
constructs are now read as something else. Seen in November 2026 on 48,539 files of the test suites of
Babel, Biome, Oxc, Prettier, typescript-eslint, esbuild and test262 that TypeScript 5.9.3 and esbuild
0.28.2 accept: of 1,000, 14.3 had an error before, and 0.25 an error and 6.5 a warning afterwards.
Nearly all of what is left are constructs that no project has.

## Errors

```text title="esbuild"
Expected "…" but found "…"
Unexpected end of file
```

```text title="Cloudflare"
10006: Could not parse your Worker's code.
```

```text title="workerd"
Uncaught SyntaxError: …
```

Seen in https://developers.cloudflare.com/workers/observability/errors/#errors-on-worker-upload.

## Fix safety

Safe: the four mistakes that have a fix (a comma between the members of a class, a missing `:` before a return
type, a missing comma between two handlers, `function` before a method's name) can only mean one thing.

Source: https://tc39.es/ecma262/multipage/ecmascript-language-functions-and-classes.html
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    Edit,
    Finding,
    Fix,
    Location,
    Module,
    Safety,
    Severity,
    Span,
    js,
    module,
    python,
    python_module,
    quoted,
    rule,
)

_MOST = 10  # places in one file; what comes after so many follows from them
_MOST_IN_DOCUMENT = 3  # a block with more is not meant to be code
_UNPROVED = frozenset(
    {js.SyntaxProblemKind.UNEXPECTED, js.SyntaxProblemKind.MISSING, js.SyntaxProblemKind.MISSING_COMMA}
    | {js.SyntaxProblemKind.OTHER_SIGN}
)
"""What the grammar stumbles over. What it does not know of the language looks the same."""
_OF_PIECES = frozenset({js.SyntaxProblemKind.NOT_READABLE, js.SyntaxProblemKind.UNCLOSED})
"""What is no mistake in a block of a Markdown file: that may be the start of something longer."""


@rule(module(), severity=Severity.ERROR, fix=Safety.SAFE, unread=True)
def check(module: Module) -> Iterator[Finding]:
    for typo in module.syntax.typos:
        yield _of_typo(module, typo)
    if not module.root.has_error:
        return
    conflicts = [found for found in js.merge_conflicts(module.document.data) if _is_code(module, found)]
    if conflicts:
        yield from (_of_conflict(module.document, found) for found in conflicts)
        return
    problems = list(js.problems_of(module.syntax))
    if module.document.is_block:
        problems = [problem for problem in problems if problem.kind not in _OF_PIECES]
        if not problems or len(problems) > _MOST_IN_DOCUMENT or not _is_whole(module):
            return
    lines: set[int] = set()
    for problem in problems:
        line = module.document.line_of(problem.span.start)
        if line not in lines and len(lines) < _MOST:
            lines.add(line)
            yield _of_problem(module.document, problem)


@check.on(python_module())
def check_python(module: python.PythonModule) -> Iterator[Finding]:
    """The first place that Python would not take; it reads no further. A block of a page may be a piece."""
    problem = module.syntax_error if not module.is_document else None
    if problem is None:
        return
    conflicts = list(js.merge_conflicts(module.document.data))
    if conflicts:
        yield from (_of_conflict(module.document, found) for found in conflicts)
        return
    yield Finding(f"syntax error: {problem.message}", Location(module.document, problem.span))


def _is_whole(module: Module) -> bool:
    """Whether a block of a Markdown file is meant to be a module, all of it, not a piece of one."""
    syntax = module.syntax
    return js.exports_something(syntax) and not js.leaves_code_out(syntax) and not js.is_fragment(syntax)


# -- typos -----------------------------------------------------------------------------------------------

_TYPOS = {
    js.TypoKind.COMMA_BETWEEN_CLASS_MEMBERS: (
        "unexpected `,`: no comma stands between the members of a class",
        "Remove the comma",
    ),
    js.TypoKind.MISSING_RETURN_TYPE_COLON: (
        "a `:` is missing before the return type {word}",
        "Insert the `:`",
    ),
    js.TypoKind.MISSING_COMMA_BETWEEN_HANDLERS: (
        "a `,` is missing between two members of an object, before {word}",
        "Insert the comma",
    ),
    js.TypoKind.FUNCTION_KEYWORD_IN_OBJECT: (
        "unexpected `function`: a method of an object is written without it",
        "Remove `function`",
    ),
}


def _of_typo(module: Module, typo: js.Typo) -> Finding:
    message, title = _TYPOS[typo.kind]
    at = Location(module.document, typo.at)
    edit = Edit(module.document, typo.span, typo.text)
    word = quoted(module.document.text(typo.at))
    return Finding(message.format(word=word), at, fix=Fix(title, (edit,), Safety.SAFE))


# -- merge conflicts -------------------------------------------------------------------------------------


def _is_code(module: Module, conflict: js.MergeConflict) -> bool:
    """Whether a conflict is no example of one in a comment or a text."""
    return not js.is_in_text(module.syntax, Span(conflict.start.start, conflict.end.end))


def _of_conflict(document: js.Document, conflict: js.MergeConflict) -> Finding:
    sides = [Location(document, span, "the other side starts here") for span in conflict.separators]
    return Finding(
        "merge conflict: keep one of the two sides, and remove the markers",
        Location(document, conflict.start),
        (*sides, Location(document, conflict.end, "and ends here")),
    )


# -- other errors ----------------------------------------------------------------------------------------

_NAMES = {
    "identifier": "a name",
    "type_identifier": "the name of a type",
    "property_identifier": "a name",
    "string": "a string",
    "regex_pattern": "a pattern",
}


def _of_problem(document: js.Document, problem: js.SyntaxProblem) -> Finding:
    related: tuple[Location, ...] = ()
    if problem.closed_early is not None:
        closer, opener = problem.closed_early
        related = (
            Location(document, closer, "what was open is closed here already"),
            Location(document, opener, "this is what it closes"),
        )
    severity = Severity.WARNING if problem.kind in _UNPROVED else None
    if problem.kind is js.SyntaxProblemKind.NOT_READABLE:
        severity = Severity.NOTE
    return Finding(_message(problem), Location(document, problem.span), related, severity=severity)


def _message(problem: js.SyntaxProblem) -> str:
    what = problem.what
    match problem.kind:
        case js.SyntaxProblemKind.NOT_READABLE:
            return f"cflint cannot read {what} yet, so its rules do not see what stands here"
        case js.SyntaxProblemKind.UNCLOSED:
            return f"this `{what}` is never closed"
        case js.SyntaxProblemKind.UNOPENED:
            return f"unexpected `{what}`: nothing is open that it could close"
        case js.SyntaxProblemKind.LEFT_OUT:
            return "unexpected `...`: code was left out here"
        case js.SyntaxProblemKind.MISSING if what == ";":
            return "a `;` or a line break is missing after this"
        case js.SyntaxProblemKind.MISSING:
            return f"{_NAMES.get(what, f'`{what}`')} is missing after this"
        case js.SyntaxProblemKind.UNCLOSED_STRING:
            return "this string is never closed"
        case js.SyntaxProblemKind.SPLIT_ARROW:
            return "unexpected `= >`: an arrow is written `=>`"
        case js.SyntaxProblemKind.MISSING_COMMA:
            return f"a `,` is missing before {quoted(what, 40)}"
        case js.SyntaxProblemKind.NOT_ASSIGNABLE:
            return "no value can be assigned to this"
        case js.SyntaxProblemKind.OTHER_SIGN:
            return f"unexpected {quoted(what)}: a sign of another script, which code does not know"
    return f"unexpected {quoted(what, 40)}"
