"""Fenced code blocks of Markdown and MDX (CommonMark 0.31), and those that together make one Worker.

In MDX the indentation of a fence says nothing, since components may be indented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property

from cflint.pattern import pattern
from cflint.record import field, record
from cflint.source import BOM, Document, Span


class Language(Enum):
    """The language of a block, whatever its alias; the value is the ending of a file in it."""

    TYPESCRIPT = "ts"
    TSX = "tsx"
    JAVASCRIPT = "js"
    JSX = "jsx"
    PYTHON = "py"
    JSON = "json"
    JSONC = "jsonc"
    TOML = "toml"
    OTHER = "txt"

    @property
    def is_code(self) -> bool:
        return self in _CODE

    @property
    def is_config(self) -> bool:
        return self in _CONFIG


_CODE = frozenset((Language.TYPESCRIPT, Language.TSX, Language.JAVASCRIPT, Language.JSX, Language.PYTHON))
_CONFIG = frozenset((Language.JSON, Language.JSONC, Language.TOML))
_LANGUAGES = {
    "ts": Language.TYPESCRIPT,
    "typescript": Language.TYPESCRIPT,
    "mts": Language.TYPESCRIPT,
    "cts": Language.TYPESCRIPT,
    "tsx": Language.TSX,
    "js": Language.JAVASCRIPT,
    "javascript": Language.JAVASCRIPT,
    "mjs": Language.JAVASCRIPT,
    "cjs": Language.JAVASCRIPT,
    "jsx": Language.JSX,
    "py": Language.PYTHON,
    "python": Language.PYTHON,
    "python3": Language.PYTHON,
    "json": Language.JSON,
    "jsonc": Language.JSONC,
    "json5": Language.JSONC,
    "toml": Language.TOML,
}


@record(frozen=True)
class Heading:
    """An ATX or setext heading: its text without marks, the bytes of its line or lines, level 1 to 6.

    `parent` is the nearest heading before it of a lower level.
    """

    text: str
    span: Span
    level: int
    parent: Heading | None = field(default=None, repr=False)


@record(frozen=True)
class Block:
    """A fenced block of `file`.

    `content` covers whole lines, with their ends, and with the marks of quotes around the block. `info` is
    the text after the fence. `indent` is how many bytes stand before the fence in its line, so as many blanks
    begin each line in `document`, but for shorter ones (a reader of Python takes them away). `title` is the
    file's name if the info string or a comment in the first line gives one.
    """

    file: Document
    number: int
    language: Language
    info: str
    content: Span
    indent: int
    title: str | None
    heading: Heading | None
    quotes: tuple[Span, ...] = field(default=(), repr=False)

    @cached_property
    def document(self) -> Document:
        """The block as a document whose offsets are those of the file: all else is blank, but line ends stay.

        Its path is the file's, `#`, the block's 1-based number and the language's ending.
        """
        data = self.file.data
        content = bytearray(data[self.content.start : self.content.end])
        for mark in self.quotes:
            start = mark.start - self.content.start
            content[start : start + mark.end - mark.start] = b" " * (mark.end - mark.start)
        before = _blank(data[: self.content.start])
        path = f"{self.file.path}#{self.number}.{self.language.value}"
        return Document(path, before + bytes(content) + _blank(data[self.content.end :]), origin=self.file)


@record(frozen=True)
class Group:
    """The blocks under one heading (None: before the first one) that make one virtual Worker."""

    heading: Heading | None
    code: tuple[Block, ...]
    config: tuple[Block, ...]


_TAB = 4
_NOT_LINE_END = bytes(byte if byte in b"\r\n" else 0x20 for byte in range(256))
_FENCE = pattern(rb"(`{3,})([^`]*)$|(~{3,})(.*)$", re.DOTALL)
_ATX = pattern(rb"(#{1,6})(?:[ \t]+(.*))?$", re.DOTALL)
_SETEXT = pattern(rb"(=+|-+)$")
_HTML = pattern(rb"<(?:/?[A-Za-z]|!--)")
_BLANKS = pattern(rb"[ \t]*")
_WIDEST_INDENT = 256
_DEEPEST = 64
_LONGEST_INFO = 1000
_ITEM = pattern(rb"(?:[-+*]|(\d{1,9})[.)])(?=[ \t]|$)")
_RULE = pattern(rb"(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})$")
_RAW_HTML = pattern(rb"<(pre|script|style|textarea)(?=[ \t>]|$)", re.IGNORECASE)
_TITLE = pattern(
    r"""(?:^|[\s{,])(?:title|filename|file|name)\s*=\s*\\?(?:"([^"]*)"|'([^']*)'|([^\s"'},]+))"""
)
_FILE = r"[\w@$()\[\]./-]{0,200}\.(?:[cm]?[jt]sx?|py|jsonc?|toml|txt)"
_TITLE_AFTER_COLON = pattern(rf"[\w+-]+:({_FILE})$")
_TITLE_COMMENT = pattern(
    rf"[ \t>]*(?://|\#|/\*+)[ \t]*(?:(?:file|filename|path)[ \t]*:[ \t]*)?({_FILE})[ \t]*(?:\*/)?\s*$",
    re.IGNORECASE,
)
_UNTOLD = frozenset({"", "text", "txt", "code", "title", "filename", "file"})
"""First words of an info string that say nothing of the language."""
_HEAD = 4000
_LIKE_CODE = pattern(
    rb"^[ \t]*(?:export[ \t]+default\b|export[ \t]+(?:class|const|async|function)\b"
    rb"|import[ \t][^\n;]{1,200}[ \t]from[ \t]*[\"'])",
    re.MULTILINE,
)
_LIKE_JSON = pattern(
    rb"(?:\s|//[^\n]*\n|/\*)*\{\s*(?:(?://[^\n]*\n|/\*[^*]*\*/)\s*)*\"[\w$]+\"[ \t]*:", re.ASCII
)
_LIKE_TOML = pattern(
    rb"^(?:compatibility_date[ \t]*=|\[\[?(?:kv_namespaces|d1_databases|durable_objects|migrations|r2_buckets"
    rb"|queues|vars|observability|triggers|assets|build|env\.[\w.-]+)[\]. ])",
    re.MULTILINE,
)
_TAG = pattern(rb"[ \t]*<(code|configuration)(?:[ \t][^<>\n]{0,200})?>[ \t]*\Z", re.IGNORECASE)
_TAG_LANGUAGE = pattern(r"language=[\"']?(\w+)")
_HEADED_FILE = pattern(rf"[`*]*({_FILE})[`*]*(?:[ \t]*\(.{{0,60}}\))?", re.IGNORECASE)
_FIRST_WORD = pattern(r"\{?\.?([\w+#-]*)")


def fenced_blocks(document: Document) -> tuple[Block, ...]:
    """The blocks that a reader of the document sees, in source order; none of those inside a comment."""
    return tuple(_Scanner(document).blocks())


def worker_groups(blocks: Iterable[Block]) -> tuple[Group, ...]:
    """The blocks of code and configuration, per heading that has some of its own."""
    under: dict[Heading | None, list[Block]] = {}
    for block in blocks:
        if block.language is not Language.OTHER:
            heading = block.heading
            if _file_of(heading) is not None and heading is not None:
                heading = heading.parent  # a file under its own name, beside others
            under.setdefault(heading, []).append(block)
    _join_configuration(under)
    return tuple(
        Group(
            heading,
            code=tuple(block for block in members if block.language.is_code),
            config=tuple(block for block in members if block.language.is_config),
        )
        for heading, members in under.items()
    )


def _join_configuration(under: dict[Heading | None, list[Block]]) -> None:
    """Put the only configuration of a document beside the only code that it shows."""
    code = [heading for heading, members in under.items() if any(one.language.is_code for one in members)]
    configs = [
        heading for heading, members in under.items() if any(one.language.is_config for one in members)
    ]
    if len(code) == 1 and len(configs) == 1 and code != configs:
        under[code[0]] += under.pop(configs[0])


def _file_of(heading: Heading | None) -> str | None:
    """The name of a file that a heading consists of: `src/index.ts`."""
    found = _HEADED_FILE.fullmatch(heading.text) if heading is not None else None
    return found[1] if found is not None else None


def _blank(data: bytes) -> bytes:
    return data.translate(_NOT_LINE_END)


@record
class _Container:
    """A quote, or a list item whose content begins `width` columns after the containers around it."""

    quote: bool
    width: int = 0


@record
class _Open:
    """A fence that waits for its end."""

    mark: bytes
    info: str
    content_start: int
    indent: int
    depth: int
    title: str | None = None
    closing: bytes | None = None
    """The tag that ends it (`</code>`) where a tag and no fence began it."""
    quotes: list[Span] = field(default_factory=list)


class _Line:
    """A place in a line that knows its column, since a tab reaches to the next multiple of four."""

    __slots__ = ("at", "column", "data", "end", "owed", "text")

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self.data = data
        self.at = start
        self.end = end
        self.column = 0
        self.owed = 0  # columns of a tab that is partly used up
        self.text = self._after_blanks()
        """Where the next byte is that is no blank; `end` if there is none."""

    def _after_blanks(self) -> int:
        blanks = _BLANKS.match(self.data, self.at, self.end)
        return blanks.end() if blanks else self.at

    @property
    def blank(self) -> bool:
        return self.text == self.end

    def starts(self, *marks: bytes) -> bool:
        """Whether the text ahead begins with one of these."""
        return self.data.startswith(marks, self.text, self.end)

    def indent(self) -> int:
        """The columns of blanks ahead; very many are not counted."""
        column = self.column
        for at in range(self.at, min(self.text, self.at + _WIDEST_INDENT)):
            column += 1 if self.data[at] == 0x20 else _TAB - column % _TAB
        return column - self.column + self.owed

    def skip(self, columns: int) -> None:
        """Pass over so many columns of blanks, or fewer if there are fewer."""
        while columns > 0:
            if self.owed:
                used = min(columns, self.owed)
                self.owed -= used
                columns -= used
            elif self.at == self.text:
                return
            else:
                width = 1 if self.data[self.at] == 0x20 else _TAB - self.column % _TAB
                self.at += 1
                self.column += width
                self.owed = max(0, width - columns)
                columns -= width

    def advance(self, count: int) -> None:
        """Pass over so many bytes of text without tabs."""
        self.at = self.text + count
        self.column += count
        self.text = self._after_blanks()

    def rest(self) -> bytes:
        """What is left, without blanks around it."""
        return self.data[self.text : self.end].rstrip(b" \t")


class _Scanner:
    """One pass over the lines, with the containers that are open."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._data = document.data
        self._mdx = document.path.endswith(".mdx")
        self._containers: list[_Container] = []
        self._paragraph: int | None = None
        self._empty_items = False  # whether the line before opened an item and had nothing else
        self._heading: Heading | None = None
        self._number = 0
        self._unclosed: set[bytes] = set()  # tags of which there is no more

    def blocks(self) -> Iterator[Block]:
        opened: _Open | None = None
        hidden_until: re.Pattern[bytes] | None = None
        for start, end in self._lines():
            line = _Line(self._data, start, end)
            matched, marks = self._continue(line)
            if opened is not None:
                if matched >= opened.depth:
                    if self._closes(line, opened):
                        yield self._block(opened, start)
                        opened = None
                    else:
                        opened.quotes.extend(marks)
                    continue
                yield self._block(opened, start)
                opened = None
            if hidden_until is not None:
                if hidden_until.search(self._data, line.at, end):
                    hidden_until = None
                continue
            if line.blank:
                self._paragraph = None
                # A quote does not outlast a blank line; an item does, unless nothing has come before it.
                del self._containers[matched - self._empty_items :]
                self._empty_items = False
                continue
            if matched < len(self._containers):
                if self._paragraph is not None and not self._starts_a_block(line):
                    continue  # a lazy continuation keeps the containers open
                del self._containers[matched:]
                self._paragraph = None
            self._enter(line)
            self._empty_items = line.blank
            if line.blank or (line.indent() >= _TAB and not self._mdx):
                continue  # an empty item, indented code, or a paragraph that goes on
            opened = self._fence(line, start, end) or self._tagged(line, start, end)
            if opened is None:
                hidden_until = self._hiding(line)
                if hidden_until is None:
                    self._leaf(line, start)
        if opened is not None:
            yield self._block(opened, len(self._data))

    def _lines(self) -> Iterator[tuple[int, int]]:
        """Each line's start and end without line end, after a front matter."""
        data = self._data
        at = len(BOM) if data.startswith(BOM) else 0
        front = re.compile(rb"(---|\+\+\+)[ \t]*\r?\n(?s:.*?)^\1[ \t]*\r?$\n?", re.MULTILINE).match(data, at)
        if front:
            at = front.end()
        while at < len(data):
            newline = data.find(b"\n", at)
            end = len(data) if newline == -1 else newline
            yield at, end - 1 if end > at and data[end - 1] == 0x0D else end
            at = end + 1

    def _continue(self, line: _Line) -> tuple[int, list[Span]]:
        """How many of the open containers go on in this line, and where the marks of quotes are."""
        marks: list[Span] = []
        for count, container in enumerate(self._containers):
            indent = line.indent()
            if container.quote:
                at = line.at
                if indent >= _TAB or not self._takes_quote(line, indent):
                    return count, marks
                marks.append(Span(at, line.at))
            elif indent >= container.width or line.blank:
                line.skip(container.width)
            else:
                return count, marks
        return len(self._containers), marks

    def _takes_quote(self, line: _Line, indent: int) -> bool:
        if not line.starts(b">"):
            return False
        line.skip(indent)
        line.advance(1)
        line.skip(1)
        return True

    def _enter(self, line: _Line) -> None:
        """Open the quotes and list items that begin here."""
        while len(self._containers) < _DEEPEST:
            indent = line.indent()
            if indent >= _TAB and not self._mdx:
                return
            if self._takes_quote(line, indent):
                self._containers.append(_Container(quote=True))
                self._paragraph = None
                continue
            item = _ITEM.match(self._data, line.text, line.end)
            if item is None or _RULE.match(self._data, line.text, line.end):
                return
            if self._paragraph is not None and (item.end() == line.end or item[1] not in (None, b"1")):
                return  # such an item cannot interrupt a paragraph
            width = item.end() - item.start()
            line.skip(indent)
            line.advance(width)
            padding = line.indent()
            # More than four blanks are one blank and indented code; nothing at all is one blank, too.
            padding = 1 if padding > _TAB or line.blank else padding
            line.skip(padding)
            self._containers.append(_Container(quote=False, width=indent + width + padding))
            self._paragraph = None

    def _starts_a_block(self, line: _Line) -> bool:
        if line.indent() >= _TAB and not self._mdx:
            return False
        rest = line.rest()
        patterns = (_FENCE, _ATX, _ITEM, _RULE)
        return rest.startswith((b">", b"<!--")) or any(pattern.match(rest) for pattern in patterns)

    def _fence(self, line: _Line, start: int, end: int) -> _Open | None:
        match = _FENCE.match(line.rest())
        if match is None:
            return None
        self._paragraph = None
        return _Open(
            mark=match[1] or match[3],
            info=(match[2] or match[4] or b"")[:_LONGEST_INFO].decode("utf-8", "replace").strip(),
            content_start=min(self._data.find(b"\n", end) + 1 or len(self._data), len(self._data)),
            indent=line.text - start,
            depth=len(self._containers),
        )

    def _tagged(self, line: _Line, start: int, end: int) -> _Open | None:
        """The block that a tag begins, as in prompts; None where a fence follows it."""
        tag = _TAG.match(self._data, line.text, end)
        after = self._data.find(b"\n", end) + 1
        if tag is None or not after or self._data[after : after + 200].lstrip().startswith((b"```", b"~~~")):
            return None
        closing = b"</" + tag[1].lower() + b">"
        if closing in self._unclosed or self._data.find(closing, after) == -1:
            self._unclosed.add(closing)
            return None
        language = _TAG_LANGUAGE.search(tag[0].decode("utf-8", "replace"))
        self._paragraph = None
        return _Open(
            mark=b"",
            info=language[1] if language is not None else "",
            content_start=after,
            indent=line.text - start,
            depth=len(self._containers),
            closing=closing,
        )

    def _closes(self, line: _Line, opened: _Open) -> bool:
        rest = line.rest()
        if opened.closing is not None:
            return rest.lower() == opened.closing
        enough = len(rest) >= len(opened.mark) and not rest.strip(opened.mark[:1])
        return enough and (line.indent() < _TAB or self._mdx)

    def _hiding(self, line: _Line) -> re.Pattern[bytes] | None:
        """What ends the comment or raw HTML that begins in this line and goes on after it."""
        rest = line.rest()
        if rest.startswith(b"<!--"):
            until, after = _COMMENT_END, rest[4:]
        elif self._mdx and rest.startswith(b"{/*"):
            until, after = _MDX_COMMENT_END, rest[3:]
        elif not self._mdx and (tag := _RAW_HTML.match(rest)):
            until, after = _RAW_HTML_END, rest[tag.end() :]
        else:
            return None
        self._paragraph = None
        return None if until.search(after) else until

    def _leaf(self, line: _Line, start: int) -> None:
        """A heading, a rule, or a line of a paragraph."""
        rest = line.rest()
        span = Span(line.text, line.text + len(rest))
        if atx := _ATX.match(rest):
            text = atx[2] or b""
            bare = text.rstrip(b"#")
            ends_in_marks = not bare or bare.endswith((b" ", b"\t"))
            self._add_heading(bare if ends_in_marks else text, span, len(atx[1]))
        elif self._paragraph is not None and (setext := _SETEXT.match(rest)):
            text = self._data[self._paragraph : start].strip()
            level = 1 if setext[1].startswith(b"=") else 2
            self._add_heading(text, Span(self._paragraph, span.end), level)
        elif _RULE.match(rest) or _HTML.match(rest):
            self._paragraph = None
        elif self._paragraph is None:
            self._paragraph = line.text

    def _add_heading(self, text: bytes, span: Span, level: int) -> None:
        self._paragraph = None
        parent = self._heading
        while parent is not None and parent.level >= level:
            parent = parent.parent
        decoded = " ".join(text.decode("utf-8", "replace").split())
        self._heading = Heading(decoded, span, level, parent)

    def _block(self, opened: _Open, end: int) -> Block:
        self._number += 1
        content = Span(min(opened.content_start, end), end)
        first = _FIRST_WORD.match(opened.info)
        name = first[1].lower() if first else ""
        title = self._title(opened.info, content) or opened.title or _file_of(self._heading)
        language = _LANGUAGES.get(name, Language.OTHER)
        if language is Language.OTHER and name in _UNTOLD:
            language = _LANGUAGES.get((title or "").rpartition(".")[2]) or self._guessed(content)
        return Block(
            file=self._document,
            number=self._number,
            language=language,
            info=opened.info,
            content=content,
            indent=opened.indent,
            title=title,
            heading=self._heading,
            quotes=tuple(opened.quotes),
        )

    def _guessed(self, content: Span) -> Language:
        """The language of a block whose fence does not tell, by what it begins with."""
        text = self._data[content.start : min(content.end, content.start + _HEAD)]
        if _LIKE_CODE.search(text):
            return Language.TYPESCRIPT
        if _LIKE_JSON.match(text):
            return Language.JSONC
        return Language.TOML if _LIKE_TOML.search(text) else Language.OTHER

    def _title(self, info: str, content: Span) -> str | None:
        if given := _TITLE.search(info):
            return given[1] or given[2] or given[3] or None
        if given := _TITLE_AFTER_COLON.match(info.split()[0] if info else ""):
            return given[1]
        newline = self._data.find(b"\n", content.start, min(content.end, content.start + 300))
        first_line = self._data[content.start : newline if newline != -1 else content.end][:300]
        comment = _TITLE_COMMENT.match(first_line.decode("utf-8", "replace"))
        return comment[1] if comment else None


_COMMENT_END = pattern(rb"-->")
_MDX_COMMENT_END = pattern(rb"\*/\}")
_RAW_HTML_END = pattern(rb"</(?:pre|script|style|textarea)>", re.IGNORECASE)
