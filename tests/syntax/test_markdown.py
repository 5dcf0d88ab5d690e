"""Fenced blocks of Markdown, with markdown-it as the judge of what is one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cflint.source import Document, Span
from cflint.syntax.markdown import Block, Language, fenced_blocks, worker_groups

pytestmark = pytest.mark.portable


def blocks_of(text: str | bytes, path: str = "docs/page.md") -> tuple[Block, ...]:
    data = text.encode() if isinstance(text, str) else text
    return fenced_blocks(Document(path, data))


def content(block: Block) -> bytes:
    return block.file.data[block.content.start : block.content.end]


def test_a_block_is_a_document_in_the_place_of_the_file() -> None:
    text = "# Héading\r\n\r\n```ts\r\nconst a = 1\r\n\r\n```\r\ntail\r\n"
    (block,) = blocks_of(text)
    document = block.document
    assert document is block.document
    assert document.path == "docs/page.md#1.ts"
    assert document.origin is block.file
    assert len(document.data) == len(text.encode())
    assert document.data.strip() == b"const a = 1"
    assert document.data.count(b"\r\n") == 7
    offset = document.data.index(b"const")
    assert document.position(offset) == block.file.position(offset)
    assert block.file.data[offset : offset + 5] == b"const"


def test_content_runs_to_the_closing_fence() -> None:
    first, second = blocks_of("```ts\na\n```\n~~~~js\nb\n~~~\n```\n~~~~~\n")
    assert (content(first), content(second)) == (b"a\n", b"b\n~~~\n```\n")
    assert (first.number, second.number) == (1, 2)


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        ("````md\n```ts\na\n```\n````\n", [b"```ts\na\n```\n"]),
        ("```ts\nunclosed", [b"unclosed"]),
        ("```ts", [b""]),
        ("```ts\n", [b""]),
        ("```ts\n```", [b""]),
        ("   ```ts\n   a\n   ```\n", [b"   a\n"]),
        ("    ```ts\n    a\n    ```\n", []),
        ("- item\n\n  ```ts\n  a\n  ```\n", [b"  a\n"]),
        ("10. item\n    ```ts\n    a\n    ```\n", [b"    a\n"]),
        ("- a\n  - b\n\n    ```ts\n    c\n    ```\n", [b"    c\n"]),
        ("- ```ts\n  a\n  ```\n", [b"  a\n"]),
        ("- item\n\n  ```ts\n  a\nends the item\n", [b"  a\n"]),
        ("> ```ts\n> a\n> ```\n", [b"> a\n"]),
        ("> ```ts\n> a\nends the quote\n```js\nb\n```\n", [b"> a\n", b"b\n"]),
        ("> - ```ts\n>   a\n>   ```\n", [b">   a\n"]),
        ("text `code`\n```ts\na\n```\n", [b"a\n"]),
        ("``` not`a fence\n", []),
        ("``\nno fence\n``\n", []),
        ("```ts\na\n``` no end\n```\n", [b"a\n``` no end\n"]),
        ("```ts\na\n    ```\n```\n", [b"a\n    ```\n"]),
        ("\ufeff```ts\na\n```\n", [b"a\n"]),
        ("-\t```ts\n\ta\n\t```\n", [b"\ta\n"]),
        ("<pre>\n```ts\na\n```\n</pre>\n", []),
        ("<!--\n```ts\na\n```\n-->\n```js\nb\n```\n", [b"b\n"]),
        ("<!-- one line -->\n```js\nb\n```\n", [b"b\n"]),
        ("<!-- unclosed\n```js\nb\n```\n", []),
        ("---\ntitle: x\n# no heading\n---\n```js\nb\n```\n", [b"b\n"]),
    ],
)
def test_what_is_a_block(text: str, contents: list[bytes]) -> None:
    assert [content(block) for block in blocks_of(text)] == contents


def test_components_of_mdx_may_be_indented() -> None:
    text = '<Tabs>\n  <TabItem label="ts">\n      ```ts\n      a\n      ```\n  </TabItem>\n</Tabs>\n'
    (block,) = blocks_of(text, "page.mdx")
    assert content(block) == b"      a\n"
    assert block.indent == 6
    assert blocks_of("{/*\n```ts\na\n```\n*/}\n", "page.mdx") == ()
    assert len(blocks_of("{/*\n```ts\na\n```\n*/}\n", "page.md")) == 1


def test_marks_of_quotes_are_blank_in_the_document() -> None:
    (block,) = blocks_of("> - x\n>\n>   ```py\n>   def f():\n>\n>       pass\n>   ```\n")
    lines = block.document.data.split(b"\n")
    assert b">" not in block.document.data
    assert [line[block.indent :].rstrip() for line in lines[3:6]] == [b"def f():", b"", b"    pass"]


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("ts", Language.TYPESCRIPT),
        ("TypeScript", Language.TYPESCRIPT),
        ("ts{1,3-4}", Language.TYPESCRIPT),
        ("{.ts}", Language.TYPESCRIPT),
        ("typescript:src/a.ts", Language.TYPESCRIPT),
        ("tsx", Language.TSX),
        ("js", Language.JAVASCRIPT),
        ("mjs", Language.JAVASCRIPT),
        ("jsx", Language.JSX),
        ("py", Language.PYTHON),
        ("python title=a", Language.PYTHON),
        ("json", Language.JSON),
        ("jsonc", Language.JSONC),
        ("toml", Language.TOML),
        ("sh", Language.OTHER),
        ("", Language.OTHER),
        ("tsql", Language.OTHER),
    ],
)
def test_languages(info: str, language: Language) -> None:
    (block,) = blocks_of(f"~~~{info}\nx\n~~~\n")
    assert block.language is language
    assert block.info == info
    assert (block.language.is_code, block.language.is_config) == (
        language.value in ("ts", "tsx", "js", "jsx", "py"),
        language.value in ("json", "jsonc", "toml"),
    )


@pytest.mark.parametrize(
    ("info", "first_line", "title"),
    [
        ('ts title="src/index.ts"', "x", "src/index.ts"),
        ("ts title='a b.ts' {1}", "x", "a b.ts"),
        ("ts filename=worker.ts", "x", "worker.ts"),
        ("ts {1} file=worker.ts", "x", "worker.ts"),
        ("ts subtitle=x", "y", None),
        ("ts:src/room.ts", "x", "src/room.ts"),
        ("ts", "// src/index.ts", "src/index.ts"),
        ("ts", "  /* src/index.ts */", "src/index.ts"),
        ("py", "# src/entry.py", "src/entry.py"),
        ("jsonc", "// wrangler.jsonc", "wrangler.jsonc"),
        ("toml", "# file: wrangler.toml", "wrangler.toml"),
        ("txt", "# requirements.txt", "requirements.txt"),
        ("ts", "// see src/index.ts", None),
        ("ts", "// src/index.ts is the entry", None),
        ("ts", "const a = 1 // a.ts", None),
        ('ts title="given.ts"', "// other.ts", "given.ts"),
        ("ts title=", "x", None),
    ],
)
def test_titles(info: str, first_line: str, title: str | None) -> None:
    for newline in ("\n", "\r\n"):
        (block,) = blocks_of(newline.join([f"```{info}", first_line, "more", "```", ""]))
        assert block.title == title


def test_headings_know_their_place_and_their_parent() -> None:
    text = (
        "Title *x*\n=====\n\n```ts\na\n```\n\n## Second ##\n\n```ts\n# no heading\n```\n\n"
        "two\nlines\n---\n\n```ts\nb\n```\n\n#### Deep\n\n```ts\nc\n```\n\n####no\n\n"
        "- # In a list\n\n  ```ts\n  d\n  ```\n"
    )
    headings = [block.heading for block in blocks_of(text)]
    described = [
        None if heading is None else (heading.text, heading.level, heading.parent and heading.parent.text)
        for heading in headings
    ]
    assert described == [
        ("Title *x*", 1, None),
        ("Second", 2, "Title *x*"),
        ("two lines", 2, "Title *x*"),
        ("Deep", 4, "two lines"),
        ("In a list", 1, None),
    ]
    spans = [text.encode()[h.span.start : h.span.end] for h in headings if h is not None]
    assert spans == [b"Title *x*\n=====", b"## Second ##", b"two\nlines\n---", b"#### Deep", b"# In a list"]


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("```json5\n{}\n```\n", [Language.JSONC]),
        ("```\nexport default {\n```\n", [Language.TYPESCRIPT]),
        ('```\nimport { Hono } from "hono";\n```\n', [Language.TYPESCRIPT]),
        ('```\n// the configuration\n{\n  "name": "a"\n```\n', [Language.JSONC]),
        ('```\nname = "a"\n[[kv_namespaces]]\n```\n', [Language.TOML]),
        ("```text\nnpm install\n```\n", [Language.OTHER]),
        ("```bash\nexport default\n```\n", [Language.OTHER]),
        ('``` title="wrangler.toml"\na = 1\n```\n', [Language.TOML]),
        ("<code>\nexport default {};\n</code>\n", [Language.TYPESCRIPT]),
        ('<code language="javascript">\nf();\n</code>\n', [Language.JAVASCRIPT]),
        ('<configuration>\n{ "name": "a" }\n</configuration>\n', [Language.JSONC]),
        ("<code>\n```ts\nf();\n```\n</code>\n", [Language.TYPESCRIPT]),
        ("<code>\nexport default {};\n", []),
        ("text with <code>f()</code> in it\n", []),
    ],
)
def test_what_a_fence_does_not_tell(text: str, languages: list[Language]) -> None:
    assert [block.language for block in blocks_of(text)] == languages


def test_files_under_their_names_are_one_group() -> None:
    text = (
        "# Chat\n\n## `src/index.ts`\n\n```ts\na\n```\n\n"
        '## wrangler.jsonc (new)\n\n```\n{ "name": 1 }\n```\n\n'
        "## More\n\n```ts\nb\n```\n"
    )
    first, second = worker_groups(blocks_of(text))
    assert [block.title for block in (*first.code, *first.config)] == ["src/index.ts", "wrangler.jsonc"]
    assert [content(block) for block in second.code] == [b"b\n"]


def test_the_only_configuration_belongs_to_the_only_code() -> None:
    text = "# Code\n\n```ts\na\n```\n\n# Configuration\n\n```toml\nb = 1\n```\n"
    (group,) = worker_groups(blocks_of(text))
    assert (len(group.code), len(group.config)) == (1, 1)
    assert len(worker_groups(blocks_of(text + "\n# Other\n\n```ts\nc\n```\n"))) == 3


def test_groups_are_the_blocks_of_one_heading() -> None:
    text = (
        "```ts\nbefore\n```\n# A\n```ts\n1\n```\n```toml\n2\n```\n```sh\n3\n```\n"
        "## B\n```sh\n4\n```\n## C\n```json\n5\n```\n## Example\n```js\n6\n```\n### Key points\ntext\n"
        "## C\n```py\n7\n```\n"
    )
    groups = worker_groups(blocks_of(text))
    assert [
        (
            group.heading.text if group.heading else None,
            [content(block) for block in group.code],
            [content(block) for block in group.config],
        )
        for group in groups
    ] == [
        (None, [b"before\n"], []),
        ("A", [b"1\n"], [b"2\n"]),
        ("C", [], [b"5\n"]),
        ("Example", [b"6\n"], []),
        ("C", [b"7\n"], []),
    ]


LINES = """\
```|```ts|````|~~~|~~~ js|  ```|      ```ts|> ```|>```ts|>|- a|- ```ts|-|  - b|    - c|1. a|2. b|   1) a\
|10. x|* * *|---|===|- - -|text|  text|    text|# head|  ## h ##|> quote|> - item|>   in|> > ```||||\
`` ` ``|``` a`b|-\ta|\ttext|>\t```|  > a"""
LINE = st.sampled_from(LINES.split("|"))


@given(st.lists(LINE, max_size=12), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=180, deadline=None)
def test_commonmark_agrees(lines: list[str], newline: str) -> None:
    text = newline.join(["intro", "", *lines])
    found = blocks_of(text)
    expected = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]
    described = [
        (block.info, block.file.data[: block.content.start].count(b"\n"), block.document.data.split())
        for block in found
    ]
    places = [token.map[0] + 1 if token.map else -1 for token in expected]
    assert [item[:2] for item in described] == [
        (token.info.strip(), min(place, text.count("\n")))
        for token, place in zip(expected, places, strict=True)
    ]
    assert [words for *_, words in described] == [token.content.encode().split() for token in expected]


@given(st.binary(max_size=200) | st.text("`~>-# \t\r\nax1.<!*/{}", max_size=200).map(str.encode))
@settings(max_examples=120, deadline=None)
def test_any_bytes_give_blocks_within_the_file(data: bytes) -> None:
    for path in ("a.md", "a.mdx"):
        end = 0
        for block in blocks_of(data, path):
            assert end <= block.content.start <= block.content.end <= len(data)
            end = block.content.end
            document = block.document
            assert len(document.data) == len(data)
            changed = [
                at for at, (new, old) in enumerate(zip(document.data, data, strict=True)) if new != old
            ]
            assert all(document.data[at] == 0x20 and data[at] not in b"\r\n" for at in changed)
            assert not document.data[: block.content.start].strip()
            assert not document.data[block.content.end :].strip()
            assert block.heading is None or Span(0, len(data)).covers(block.heading.span)


@pytest.mark.parametrize(
    "data",
    [
        *(b">" * 75_000, b"- " * 25_000, b" " * 75_000 + b"x", (b"> " * 64 + b"\n") * 1000),
        *(
            b"# a" + b" " * 75_000 + b"#x",
            b"```ts\n" * 7_500,
            b"``` title " * 7_500,
            b"-" * 75_000 + b"x",
        ),
        *(
            (b" " * 250 + b"- a\n") * 1000,
            b"<!--\n" * 10_000,
            b"```ts\n// " + b"a/" * 37_500,
            b"---\n" * 10_000,
        ),
    ],
)
def test_hostile_documents_take_linear_time(data: bytes) -> None:
    for path in ("a.md", "a.mdx"):
        start = time.process_time()
        blocks_of(data, path)
        assert time.process_time() - start < 2
