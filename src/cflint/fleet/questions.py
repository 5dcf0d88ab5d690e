"""The questions that an organisation asks of a sweep, as SQL over its Parquet files.

Imported where used: DuckDB, which an extra installs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cflint.fleet.journal import About, JournalError, read_about
from cflint.fleet.schema import TABLES

if TYPE_CHECKING:
    import duckdb

DAYS = 365
"""A compatibility date is old after so many days, unless a date is given."""

_PRODUCT = "coalesce(role, 'product') = 'product'"
_OWNERS = "array_to_string(owners, ' ')"


class Question(NamedTuple):
    """A question: its name, what it asks, and the statement that answers it. `$before` in it is a date."""

    name: str
    title: str
    sql: str


_QUESTIONS = (
    Question(
        "dates",
        "Which Workers are on a compatibility date before {before}, or on none?",
        f"""select compatibility_date as date, repository, coalesce(worker, place) as worker, config,
              {_OWNERS} as owners
            from workers
            where config is not null and {_PRODUCT} and product = 'workers'
              and (compatibility_date is null or compatibility_date < $before)
            order by date nulls first, repository, config""",
    ),
    Question(
        "rules",
        "Which rules fire, how often, and in how many repositories?",
        """select rule, "group", severity, count(*) as findings, count(distinct repository) as repositories,
              count(fix) as with_fix
            from findings group by all order by repositories desc, findings desc, rule, severity""",
    ),
    Question(
        "repositories",
        "Which repositories have the most errors and warnings?",
        """select repository, ref, workers, errors, warnings, notes, suppressed
            from repositories where errors + warnings > 0
            order by errors desc, warnings desc, repository, ref""",
    ),
    Question(
        "owners",
        "Who has what to do?",
        """select coalesce(owner, '(nobody)') as owner, count(*) filter (severity = 'error') as errors,
              count(*) filter (severity = 'warning') as warnings, count(*) filter (severity = 'note') as
              notes, count(distinct repository) as repositories
            from (select severity, repository,
                    unnest(if(len(owners) = 0, [null], owners)) as owner from findings)
            group by all order by errors desc, warnings desc, owner""",
    ),
    Question(
        "frameworks",
        "Which frameworks are Workers built with?",
        """select coalesce(framework, '(none)') as framework, count(*) as workers,
              count(distinct repository) as repositories
            from workers group by all order by workers desc, framework""",
    ),
    Question(
        "bindings",
        "Which products are bound, and by how many Workers?",
        """select type as kind, count(distinct (repository, ref, place)) as workers,
              count(distinct repository) as repositories, count(distinct resource) as resources
            from facts where kind = 'binding' group by all order by workers desc, kind""",
    ),
    Question(
        "flags",
        "Which compatibility flags are set, and how old are the Workers that set them?",
        f"""select flag, count(*) as workers, count(distinct repository) as repositories,
              min(compatibility_date) as oldest, max(compatibility_date) as newest
            from (select repository, compatibility_date, unnest(compatibility_flags) as flag
                  from workers where {_PRODUCT})
            group by all order by workers desc, flag""",
    ),
    Question(
        "classes",
        "Which Durable Object classes are there, and on which storage?",
        """select detail as storage, count(distinct (repository, ref, place, name)) as classes,
              count(distinct repository) as repositories,
              array_to_string(list_sort(list(distinct name))[1:5], ' ') as some
            from facts where kind = 'class' group by all order by classes desc, storage""",
    ),
    Question(
        "shared",
        "Which resources do several repositories use, and which routes do several Workers claim?",
        """select coalesce(type, kind) as kind, resource as name, count(distinct repository) as repositories,
              array_to_string(list_sort(list(distinct repository))[1:5], ' ') as some
            from facts where kind = 'binding' and resource is not null
              and type in ('kv', 'd1', 'r2', 'queue', 'service', 'hyperdrive', 'vectorize',
              'dispatch_namespace') group by all having count(distinct repository) > 1
            union all
            select kind, name, count(distinct repository),
              array_to_string(list_sort(list(distinct repository))[1:5], ' ')
            from facts where kind in ('route', 'domain')
            group by kind, name having count(distinct (repository, ref, place)) > 1
            order by repositories desc, kind, name""",
    ),
    Question(
        "unread",
        "What could not be examined, or not all of it, and why?",
        """select status, repository, ref, coalesce(reason, 'a part was skipped') as reason
            from repositories where status not in ('checked', 'no-workers') or partial
            order by status, repository, ref""",
    ),
)

QUESTIONS: Mapping[str, Question] = MappingProxyType({question.name: question for question in _QUESTIONS})
"""The ten questions by their names."""

TREND = Question(
    "trend",
    "What has changed since the older sweep?",
    """with now as (select rule, fingerprint, repository, coalesce(ref, '') as ref from findings),
              was as (select rule, fingerprint, repository, coalesce(ref, '') as ref from older_findings),
              swept as (select distinct repository, coalesce(ref, '') as ref from older_repositories
                where status in ('checked', 'no-workers')),
              pairs as (select coalesce(now.rule, was.rule) as rule, now.rule is not null as is_now,
                  was.rule is not null as is_was
                from now full join was using (repository, ref, rule, fingerprint)
                where (coalesce(now.repository, was.repository), coalesce(now.ref, was.ref))
                  in (select (repository, ref) from swept))
            select rule, count(*) filter (is_was) as before, count(*) filter (is_now) as after,
              count(*) filter (is_now and not is_was) as new, count(*) filter (is_was and not is_now) as gone
            from pairs group by rule having new + gone > 0 order by new + gone desc, rule""",
)
"""Asked when an older sweep is given: of the repositories that both have."""


class Answer(NamedTuple):
    """The answer to a question: names of columns, and rows of texts, numbers, dates and null."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class MissingDuckDB(Exception):
    """That DuckDB is not installed."""


class Asked(NamedTuple):
    """A sweep that was asked: its folder, the day that it was in it (ISO), and the answers."""

    folder: Path
    day: str
    answers: Sequence[Answer]


def ask(folder: Path, names: Sequence[str], before: date | None, older: Path | None) -> Asked:
    """Ask the sweep in a folder some questions. Raises MissingDuckDB and JournalError."""
    about = read_about(folder)
    if about is None:
        raise JournalError(f"there is no sweep in {folder}")
    _refuse_unfinished(folder, about)
    if older is not None:
        _refuse_unfinished(older, read_about(older))
    before = before or date.fromisoformat(about.day) - timedelta(days=DAYS)
    return Asked(folder, about.day, list(_answers(folder, names, before, older)))


def _answers(folder: Path, names: Sequence[str], before: date, older: Path | None) -> Iterator[Answer]:
    with _opened(folder, older) as connection:
        for name in names:
            question = TREND if name == TREND.name else QUESTIONS[name]
            given = {"before": before} if "$before" in question.sql else None
            found = connection.execute(question.sql, given)
            columns = [column[0] for column in found.description or ()]
            yield Answer(name, question.title.format(before=before), columns, found.fetchall())


def _refuse_unfinished(folder: Path, about: About | None) -> None:
    """Raise JournalError for a sweep that goes on: its tables are those of an earlier end."""
    if about is not None and not about.finished:
        raise JournalError(f"{folder}: the sweep has not come to its end")


@contextmanager
def _opened(folder: Path, older: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that has the tables of a sweep, and those of an older one as `older_…`."""
    try:
        import duckdb
    except ImportError as error:
        raise MissingDuckDB from error
    with duckdb.connect(":memory:") as connection:
        connection.execute("set autoinstall_known_extensions = false")
        for prefix, place in (("", folder), ("older_", older)):
            for name in TABLES if place is not None else ():
                assert place is not None
                path = place / f"{name}.parquet"
                if not path.is_file():
                    raise JournalError(f"{path} is not there: the sweep has not come to its end")
                connection.read_parquet(str(path)).create_view(f"{prefix}{name}")
        yield connection
