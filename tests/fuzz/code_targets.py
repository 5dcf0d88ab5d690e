"""Readers of code: Markdown, JavaScript and TypeScript, SQL, and the comments that silence findings."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt

from cflint.engine.suppression import read_suppressions
from cflint.source import Document
from cflint.syntax import javascript, sql
from cflint.syntax.javascript.masking import readable
from cflint.syntax.javascript.parsing import language_of, parse_bytes
from cflint.syntax.markdown import fenced_blocks, worker_groups
from tests.fuzz.oracles import NoVerdict, sqlite_complaint, sqlite_parameters
from tests.fuzz.target import Features, Target, ensure, files_below, words_of
from tests.support.paths import EXAMPLES, FIXTURES, ROOT

CODE = javascript.EXTENSIONS

# -- Markdown ------------------------------------------------------------------------------------------

_COMMONMARK = MarkdownIt("commonmark")
_UNSURE = re.compile(r"[<\[\\\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\t&]|\r(?!\n)|[^\x00-\x7f]")
"""Raw HTML, link definitions, escapes and odd blanks: here the two readers are known to differ in details
that hide no block."""


def check_markdown(raw: bytes) -> Features:
    for path in ("a.md", "a.mdx"):
        document = Document(path, raw)
        found = fenced_blocks(document)
        end = 0
        for number, block in enumerate(found, 1):
            ensure(block.number == number, "blocks are not numbered in order")
            ensure(end <= block.content.start <= block.content.end <= len(raw), "a block lies outside")
            end = block.content.end
            inside = block.document
            ensure(len(inside.data) == len(raw), "a block moves the places of its file")
            ensure(inside.data.count(b"\n") == raw.count(b"\n"), "a block loses line ends")
            for at in range(block.content.start, block.content.end):
                if inside.data[at] != raw[at]:
                    ensure(
                        any(mark.start <= at < mark.end for mark in block.quotes), "a block changes its text"
                    )
            outside = inside.data[: block.content.start] + inside.data[block.content.end :]
            ensure(not outside.strip(b" \r\n"), "something stands beside a block")
        in_groups = [block for group in worker_groups(found) for block in (*group.code, *group.config)]
        ensure(all(block in found for block in in_groups), "a group holds a block of its own")
    found = fenced_blocks(Document("a.md", raw))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return ()
    if _UNSURE.search(text):
        return (f"unsure {min(len(found), 3)}",)
    theirs = [token for token in _COMMONMARK.parse(text) if token.type == "fence"]
    ensure(
        [block.info for block in found] == [token.info.strip() for token in theirs],
        "CommonMark sees other blocks",
    )
    ensure(
        [block.document.data.split() for block in found]
        == [token.content.encode().split() for token in theirs],
        "CommonMark sees other text in the blocks",
    )
    return (f"{min(len(found), 4)} blocks", f"{sum(bool(block.quotes) for block in found)} quoted")


# -- TypeScript ----------------------------------------------------------------------------------------


def check_javascript(raw: bytes) -> Features:
    features: list[str] = []
    for path in ("a.ts", "a.tsx"):
        document = Document(path, raw)
        masked = readable(raw)
        ensure(len(masked) == len(raw), "what the grammar reads is longer or shorter")
        ensure(
            [at for at, byte in enumerate(masked) if byte == 10]
            == [at for at, byte in enumerate(raw) if byte == 10],
            "what the grammar reads has other lines",
        )
        syntax = javascript.parse(document)
        plain = parse_bytes(language_of(plain_typescript=path == "a.ts"), raw, time.thread_time() + 5.0)
        errors = [(node.start_byte, node.end_byte) for node in syntax.errors()]
        ensure(all(0 <= start <= end <= len(raw) for start, end in errors), "an error lies outside")
        ensure(errors == sorted(errors), "errors are out of order")
        if not plain.root_node.has_error:
            ensure(not errors and not syntax.typos, "it parses, and what is made readable does not")
        for slip in syntax.typos:
            ensure(0 <= slip.span.start <= slip.span.end <= len(raw), "a slip lies outside")
            mended = raw[: slip.span.start] + slip.text.encode() + raw[slip.span.end :]
            javascript.parse(Document(path, mended))
            features.append(slip.kind.value)
        at = 0
        for _, start, end in syntax.tokens():
            ensure(at <= start < end <= len(raw), "tokens overlap, or lie outside")
            at = end
        step = max(1, len(raw) // 16)
        for start in range(0, len(raw), step):
            node = syntax.node_at(start, min(len(raw), start + 1))
            ensure(node is not None, "no node covers a byte")
            if node is not None:
                above = list(syntax.ancestors(node))
                ensure(not above or above[-1].id == syntax.root.id, "the root is not the last ancestor")
                ensure(
                    all(
                        outer.start_byte <= node.start_byte <= node.end_byte <= outer.end_byte
                        for outer in above
                    ),
                    "an ancestor does not cover its descendant",
                )
                features.append(node.type)
            syntax.depth_at(start)
        javascript.is_fragment(syntax)
    return features


# -- SQL -----------------------------------------------------------------------------------------------


def check_sql(raw: bytes) -> Features:
    text = raw.decode("utf-8", "replace")
    features: list[str] = []
    for dialect in sql.Dialect:
        tokens = list(sql.tokenize(text, dialect))
        at = 0
        for token in tokens:
            ensure(at <= token.start < token.end <= len(text), "tokens overlap, or lie outside")
            ensure(text[token.start : token.end] == token.text, "a token has another text than its place")
            at = token.end
        found = sql.statements(text, dialect)
        inside = [token for statement in found for token in statement.tokens]
        left = [token for token in tokens if token not in set(inside)]
        ensure(all(token.kind is sql.TokenKind.SEMICOLON for token in left), "a token is in no statement")
        for statement in found:
            features.append(f"{dialect.name} {statement.verb[:12]} {statement.reads} {statement.is_trigger}")
            for use, token in sql.tables(statement):
                ensure(token in statement.tokens, "a table's name is no token of its statement")
                features.append(use.value)
        sql.placeholders(tokens)
    if sql.HOLE not in text and "\0" not in text:
        _ask_sqlite(text)
    return features


def _ask_sqlite(text: str) -> None:
    found = sql.statements(text)
    said = sqlite_complaint(text)
    missing = re.fullmatch(r"no such table: (.+)", said, re.DOTALL)
    if missing is not None and "." not in missing.group(1):
        names = {(token.name or "").lower() for statement in found for use, token in sql.tables(statement)}
        drops = (
            found[0].verb in ("DROP", "ALTER", "CREATE", "ANALYZE", "REINDEX", "PRAGMA") if found else True
        )
        # SQLite calls a table-valued function that it does not know a table.
        tokens = [token for statement in found for token in statement.tokens]
        called = {(one.name or "").lower() for one, other in pairwise(tokens) if other.text == "("}
        ensure(
            drops or missing.group(1).lower() in names | called or len(found) > 1,
            f"SQLite looks for the table {missing.group(1)!r}, and it is not seen",
        )
    try:
        wanted = sqlite_parameters(text)
    except NoVerdict:
        return
    ensure(len(found) <= 1, "SQLite sees one statement")
    placeholders = sql.placeholders(sql.tokenize(text))
    if not placeholders.named:
        ensure(placeholders.count == wanted, f"SQLite wants {wanted} values, not {placeholders.count}")


def sql_seeds() -> Iterator[bytes]:
    for _, data in files_below(FIXTURES, endings=(".sql",)):
        yield data
    quoted = re.compile(rb"[`\"]((?:SELECT|INSERT|UPDATE|DELETE|CREATE|WITH|ALTER|DROP)\b[^`\"]{4,400})[`\"]")
    seen: set[bytes] = set()
    for _, data in files_below(FIXTURES, endings=CODE):
        for found in quoted.finditer(data):
            if found.group(1) not in seen:
                seen.add(found.group(1))
                yield found.group(1)
    yield from (
        b"SELECT ?1, ?, 'a?b', \"c?\", [d?], `e?`, x'00', ?3 -- ?\n/* ? */",
        b"WITH a(x) AS (SELECT 1), b AS NOT MATERIALIZED (SELECT * FROM a) SELECT * FROM b JOIN c ON 1",
        b"CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; END; SELECT 1",
        b"INSERT INTO t VALUES (?, :a, @b, $c) ON CONFLICT DO UPDATE SET a = excluded.a",
        b"SELECT * FROM a, b JOIN (SELECT * FROM c) USING (x) WHERE y IN (SELECT z FROM d)",
    )


def wrap_sql(path: str, data: bytes) -> bytes | None:
    return data if path.endswith(".sql") else None


# -- comments that silence -----------------------------------------------------------------------------


def check_suppressions(raw: bytes) -> Features:
    document = Document("a.ts", raw)
    found = read_suppressions(document).comments
    at = 0
    features: list[str] = []
    for comment in found:
        span = comment.span
        ensure(at <= span.start < span.end <= len(raw), "comments overlap, or lie outside")
        at = span.start + 1
        text = raw[span.start : span.end]
        ensure(b"cflint-ignore" in text, "a comment does not say so")
        ensure(re.match(rb"//|/\*|#|<!--|\{/\*", text) is not None, "a comment does not begin like one")
        for name, place in comment.names:
            ensure(span.covers(place), "a name lies outside its comment")
            ensure(raw[place.start : place.end].decode("ascii", "replace") == name, "a name is elsewhere")
        first = document.line_of(span.start)
        if comment.lines is not None:
            ensure(
                all(first <= line <= document.line_count for line in comment.lines),
                "a comment speaks for lines before it, or beyond the end",
            )
            ensure(len(comment.lines) == 1, "a comment speaks for one line")
        features.append(f"{len(comment.names)} {comment.lines is None} {text[:4]!r}")
    seen = {comment.span.start for comment in found}
    for match in re.finditer(rb"(?m)^[ \t]*//[ \t]*cflint-ignore(?:-file)?(?![\w-])", raw):
        start = raw.index(b"//", match.start())
        ensure(any(start == place for place in seen), "a comment on a line of its own is not seen")
    comments = read_suppressions(document)
    for comment in found:
        if comment.until is not None:
            ensure(comment.span.covers(comment.until.span), "an end lies outside its comment")
        for name, _ in () if comment.has_ended else comment.names:
            for line in comment.lines or {1}:
                ensure(
                    comments.use_for((name,), line) is not None, "a comment does not silence what it names"
                )
    return features


def suppression_seeds() -> Iterator[bytes]:
    for _, data in files_below(FIXTURES, endings=(*CODE, ".py", ".toml", ".jsonc", ".md")):
        if b"cflint-ignore" in data:
            yield data
    yield b"// cflint-ignore a, b: why\nx(); // cflint-ignore c\n/* cflint-ignore-file */\n"
    yield b"# cflint-ignore d\ny\n"
    yield b"<!-- cflint-ignore a -->\n{/* cflint-ignore b */}\n\n// cflint-ignore a\n// cflint-ignore b\n\nz"


def _code(path: str, data: bytes) -> bytes | None:
    return data if path.endswith(CODE) else None


def _markdown(path: str, data: bytes) -> bytes | None:
    return data if path.endswith((".md", ".mdx")) else None


def _code_seeds() -> Iterator[bytes]:
    for _, data in files_below(FIXTURES, EXAMPLES, endings=CODE):
        yield data


def _markdown_seeds() -> Iterator[bytes]:
    for _, data in files_below(FIXTURES, ROOT / "docs", endings=(".md", ".mdx")):
        yield data[:6000]
    yield b"- a\n\n  ```ts\n  x\n  ```\n> ~~~js\n> y\n> ~~~\n1. ````\n   ```\n   ````\n"


CODE_WORDS = words_of(
    "{ } ( ) [ ] < > ` ${ } => ; , : . ?. ! = == await async function class extends super new return export "
    "default import from const let using try catch finally if else for of while switch case break throw "
    "this env ctx . fetch ( accept waitUntil <T> as satisfies static get set # @ /* */ // ' \" / \\n \\r\\n "
    "KV.get( DB.prepare(`SELECT this.sql< DurableObject WebSocketPair Response Promise"
)
SQL_WORDS = words_of(
    "SELECT FROM WHERE INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE TRIGGER BEGIN END CASE WHEN WITH AS "
    "JOIN ON USING IF NOT EXISTS ALTER DROP INDEX VIEW ( ) , ; . ? ?1 :a @b $c ' \" ` [ ] -- /* */ \\n "
    "x'00' 1 1.5e3 = || -> ->> UNION RETURNING CONFLICT DISTINCT $$ $a$ E' # LATERAL MAIN. main."
)
MARKDOWN_WORDS = words_of(
    "``` ~~~ ```` ```ts ```js ```toml ```jsonc > >> - * + 1. 1) # ## --- === *** <!-- --> <pre> </pre> <div> "
    '\\n \\r\\n \\t {/* */} title="a.ts" //a.ts ` ~'
)
COMMENT_WORDS = words_of(
    "// /* */ # <!-- --> {/* */} cflint-ignore cflint-ignore-file cflint-ignore-next : , a b-c reason "
    "\\n \\r\\n \\t"
)

_SILENCING = ("cflint.engine.suppression", "cflint.source")

TARGETS = (
    Target("markdown", check_markdown, _markdown_seeds, _markdown, MARKDOWN_WORDS, 6000),
    Target("javascript", check_javascript, _code_seeds, _code, CODE_WORDS, 12_000, 4.0),
    Target("sql", check_sql, sql_seeds, wrap_sql, SQL_WORDS, 3000),
    Target(
        "suppressions", check_suppressions, suppression_seeds, _code, COMMENT_WORDS, 8000, modules=_SILENCING
    ),
)
