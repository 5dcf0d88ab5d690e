"""The tables that a sweep writes: their columns, and what these mean. `docs/sweep-output.md` is made of
this."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

VERSION = 1
"""Raised when a column is taken away or changes its meaning; a new one does not raise it."""

TEXT, NUMBER, FLAG, TEXTS, DATE, TIME = "text", "number", "flag", "texts", "date", "time"


class Column(NamedTuple):
    """A column: its name, its type, whether it may be null, and what it means, in Markdown."""

    name: str
    type: str
    meaning: str
    is_optional: bool = False


class Table(NamedTuple):
    """A table: its name, what a row is, and the columns."""

    name: str
    row: str
    columns: tuple[Column, ...]


STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "checked": "it has Workers, and the rules ran",
        "no-workers": "nothing of a Worker is in it",
        "unreadable": "it is no repository that can be read, or has no such commit",
        "wrong-settings": "its settings have a mistake",
        "crashed": "cflint, or the parser, crashed",
        "out-of-time": "it took more time than a repository may",
        "out-of-memory": "it took more memory than a repository may",
        "killed": "what worked on it was killed",
    }
)
"""What became of a state, and what that means."""

_STATE = (
    Column("repository", TEXT, "what was given: the path, or the one below the folder that was given"),
    Column("ref", TEXT, "the name of the commit that was asked for; null for a folder as it is", True),
    Column("commit", TEXT, "git's id of the commit; null for a folder", True),
)
_WORKER = (
    Column("worker", TEXT, "the Worker's name, as the top level of its configuration gives it", True),
    Column("config", TEXT, "the path of its configuration; null without one", True),
    Column("place", TEXT, "where it is: `config`, else the file that it begins with"),
)

_TABLES = (
    Table(
        "repositories",
        "A state of a repository: a commit, or a folder as it is.",
        (
            *_STATE,
            Column("uri", TEXT, "the address of its remote for browsers", True),
            Column("committed", TIME, "when the commit was made", True),
            Column(
                "content", TEXT, "what it holds: git's id of the tree, or a hash of the folder's files", True
            ),
            Column(
                "same_as", TEXT, "the first repository with the same content, when that is another row", True
            ),
            Column("status", TEXT, "what became of it, see below"),
            Column("reason", TEXT, "why it could not be examined", True),
            Column("partial", FLAG, "whether not all of it could be analysed"),
            Column("workers", NUMBER, "how many Workers it has"),
            Column("modules", NUMBER, "how many files were analysed"),
            Column("errors", NUMBER, "findings of that severity"),
            Column("warnings", NUMBER, "findings of that severity"),
            Column("notes", NUMBER, "findings of that severity"),
            Column("suppressed", NUMBER, "findings that comments silence"),
            Column("cflint", TEXT, "the version of cflint, and a hash of it with its rules and parsers"),
        ),
    ),
    Table(
        "workers",
        "A Worker.",
        (
            *_STATE,
            *_WORKER,
            Column("format", TEXT, "the suffix of its configuration: `toml`, `json`, `jsonc`, `ts`", True),
            Column("product", TEXT, "`workers` or `pages`"),
            Column("role", TEXT, "what it is there for: `product`, `example`, `demo`, `test`", True),
            Column("framework", TEXT, "the framework that it is built with", True),
            Column("main", TEXT, "the entry that its configuration names", True),
            Column("environments", TEXTS, "the names of its environments"),
            Column("compatibility_date", DATE, "that of the top level", True),
            Column("compatibility_flags", TEXTS, "those of the top level"),
            Column("modules", NUMBER, "how many modules it has"),
            Column("owners", TEXTS, "who owns `place`, as CODEOWNERS says"),
        ),
    ),
    Table(
        "facts",
        "A part of what an environment of a Worker deploys, or a package or framework that it uses.",
        (
            *_STATE,
            *_WORKER,
            Column("environment", TEXT, "the environment; null for the top level", True),
            Column(
                "kind",
                TEXT,
                "`name`, `entry`, `date`, `flag`, `binding`, `variable`, `secret`, `class`, `migration`, "
                "`export`, `route`, `domain`, `schedule`, `queue`, `tail consumer`, `assets`, `limits`, "
                "`placement`, `observability`, `container`, `framework`, `package`",
            ),
            Column("name", TEXT, "which: the date, the flag, the binding, the class, the route's pattern, …"),
            Column("type", TEXT, "of a binding: `kv`, `d1`, `r2`, `durable_object`, `service`, …", True),
            Column(
                "resource",
                TEXT,
                "of a binding: the id, bucket, queue, class or Worker that it is bound to",
                True,
            ),
            Column(
                "detail",
                TEXT,
                "how it is set (never the value of a variable); of a class its storage, of a "
                "package the version that is wanted",
            ),
        ),
    ),
    Table(
        "findings",
        "A finding.",
        (
            *_STATE,
            Column("workers", TEXTS, "the Workers that the file belongs to"),
            Column("rule", TEXT, "the rule"),
            Column("group", TEXT, "its group", True),
            Column("severity", TEXT, "`error`, `warning` or `note`"),
            Column("message", TEXT, "what is wrong, in a line; secrets are masked"),
            Column("path", TEXT, "the file, from the root of the repository"),
            Column("line", NUMBER, "from 1"),
            Column("column", NUMBER, "from 1, in characters"),
            Column("end_line", NUMBER, "from 1"),
            Column("end_column", NUMBER, "from 1, in characters"),
            Column("owners", TEXTS, "who owns the file, as CODEOWNERS says"),
            Column(
                "fingerprint", TEXT, "what it is known by when lines have moved, see [JSON](json-output.md)"
            ),
            Column("fix", TEXT, "`safe`, `unsafe` or `manual`; null when there is no fix", True),
            Column(
                "package", TEXT, "the package of rules that the rule comes from; null for cflint's own", True
            ),
            Column("cflint", TEXT, "the version of cflint, and a hash of it with its rules and parsers"),
        ),
    ),
    Table(
        "notices",
        "Something that was said aside: a file that was skipped, an import that leads nowhere.",
        (
            *_STATE,
            Column("level", TEXT, "`info` or `warning`"),
            Column("message", TEXT, "what there is to know"),
            Column("path", TEXT, "the file", True),
            Column("line", NUMBER, "from 1", True),
            Column("rule", TEXT, "the rule that it is about", True),
        ),
    ),
)

TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _TABLES})
"""The tables by name."""
