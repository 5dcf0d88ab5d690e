"""Python trees: what the bytes of a node are, and what happens to code that is not Python."""

from __future__ import annotations

import os
import signal
import time

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cflint.engine.parsing import syntax_errors
from cflint.source import Document
from cflint.syntax import python_limits
from cflint.syntax.markdown import fenced_blocks
from cflint.syntax.python import class_outline, parse, syntax_error
from cflint.syntax.python_limits import MAX_BRACKETS, MAX_CHAIN

pytestmark = [pytest.mark.portable, pytest.mark.interpreter]

CODE = """# é
import a


@deco
class A(B):
    async def f(self):
        return (await (self.é.x)).y(1, k="ö")
"""


def texts(document: Document, kind: type[cst.CSTNode]) -> list[str]:
    syntax = parse(document)
    assert syntax.problems == ()
    return [syntax.text(node) for node in syntax.walk() if isinstance(node, kind)]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_spans_are_bytes(bom: bytes, newline: str) -> None:
    document = Document("a.py", bom + CODE.replace("\n", newline).encode())
    assert texts(document, cst.Attribute) == ["(await (self.é.x)).y", "self.é.x", "self.é"]
    assert texts(document, cst.Await) == ["await (self.é.x)"]
    assert texts(document, cst.SimpleString) == ['"ö"']


def test_parents_and_walk() -> None:
    syntax = parse(Document("a.py", CODE.encode()))
    call = next(node for node in syntax.walk() if isinstance(node, cst.Call))
    kinds = [type(node).__name__ for node in syntax.ancestors(call)]
    assert kinds[0] == "Return" and kinds[-1] == "Module" and "ClassDef" in kinds
    assert syntax.parent(syntax.root) is None
    names = [node.name.value for node in syntax.walk() if isinstance(node, (cst.ClassDef, cst.FunctionDef))]
    assert names == ["A", "f"]


def test_a_block_of_markdown_loses_its_indentation() -> None:
    page = "# T\n\n- item\n\n  ```python\n  def f(x):\n      return x.é\n\n  y = f(1)\n  ```\n"
    block = fenced_blocks(Document("a.md", page.encode()))[0].document
    syntax = parse(block)
    assert syntax.problems == ()
    spans = [syntax.span(node) for node in syntax.walk() if isinstance(node, (cst.Attribute, cst.Call))]
    assert [block.data[span.start : span.end].decode() for span in spans] == ["x.é", "f(1)"]
    assert syntax_errors(Document("a.md", page.encode())) == 0


@pytest.mark.parametrize(
    ("code", "at"),
    [
        ("a = (\nb = 1\n", "("),
        ("def f(x)\n    pass\n", "\n"),
        ("x = = 1\n", "="),
        ("def f():\nreturn 1\n", "return"),
    ],
)
def test_a_syntax_error_has_a_place(code: str, at: str) -> None:
    document = Document("a.py", code.encode())
    problem = syntax_error(document)
    assert problem is not None and problem.message
    assert code[problem.span.start :].startswith(at)
    assert "\n" not in code[problem.span.start : problem.span.end]
    broken = parse(document)
    assert broken.problems and not broken.refused and list(broken.walk()) == [broken.root]
    assert syntax_errors(document) == 1


@pytest.mark.parametrize("line", ["a = '\u2028'", "\x0ca = 1", "# \x1c \x85"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_where_python_says(line: str, end: str) -> None:
    data = f"{line}{end}{line}{end}b = ){end}".encode()
    problem = syntax_error(Document("a.py", data))
    assert problem is not None and problem.span.start == data.index(b")")


def test_newer_python_than_the_interpreter_is_no_error() -> None:
    code = b"type Name = str\n\n\ndef f[T](x: T) -> T:\n    return f'{d['a']}'\n"
    assert syntax_error(Document("a.py", code)) is None
    assert parse(Document("a.py", code)).problems == ()


@pytest.mark.parametrize(
    "data", [b"x = '\xff'\n", b"x = 1\x00\n", "x = '\ud800'".encode("utf-8", "surrogatepass")]
)
def test_bytes_that_are_no_text(data: bytes) -> None:
    found = parse(Document("a.py", data))
    assert found.problems
    assert found.problems[0].span.end <= len(data)
    assert syntax_error(Document("a.py", data)) is not None


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "(" * (MAX_BRACKETS + 1) + "1" + ")" * (MAX_BRACKETS + 1),
        "x = " + "1+" * (MAX_CHAIN + 1) + "1",
        "x = " + "lambda: " * 20_000 + "1",
        "x = a" + ".b" * 100_000,
        "x = " + "not " * 100_000 + "1",
        "x = " + "'a' " * 20_000,
        "x = [" + "-" * 100_000 + "1]",
        "x = " + "lambda a, b: " * 20_000 + "1",
        "x = f'{" + "(" * 20_000 + "1" + ")" * 20_000 + "}'",
        "x = f'{" + "not " * 20_000 + "1}'",
        "x = " + "-\\\n" * 10_000 + "1",
        "x = " + "not \\\n" * 10_000 + "1",
        "x = " + "1+\\\r\n" * 10_000 + "1",
        "x = a" + "\\\n.b" * 10_000,
        "x = " + "(1 + 1 + 1 + 1 + 1 + " * 190 + "1" + ")" * 190,
        "if a:\n  pass\n" + "elif b:\n  # or else\n\n  pass\n" * 10_000,
        "match x:\n  case " + "[" * 60 + "a" + "]" * 60 + ":\n    pass\n",
        "match x:\n" + ("  case " + "{1: " * 7 + "a" + "}" * 7 + ":\n    pass\n") * 60,
    ],
)
def test_what_is_too_deep_is_refused(code: str) -> None:
    found = parse(Document("a.py", code.encode()))
    assert found.refused and found.problems[0].message.startswith("nested too deeply")
    assert syntax_error(Document("a.py", code.encode())) is None


@pytest.mark.parametrize(
    "code",
    [
        "x = " + "(" * (MAX_BRACKETS - 2) + "1" + ")" * (MAX_BRACKETS - 2),
        "x = " + "1+" * (MAX_CHAIN - 5) + "1",
        "x = a" + ".b" * (MAX_CHAIN - 5),
        "x = " + "lambda: " * (MAX_CHAIN - 5) + "1",
        "x = [" + "1, -2, " * (2 * MAX_CHAIN) + "]",
        "x = f'" + "<p>{{a.b-c}}</p> {a.b} " * (2 * MAX_CHAIN) + "'",
        "x = '''" + "a.b + c " * (2 * MAX_CHAIN) + "'''",
        "x = '''{" + "a.b + c " * (2 * MAX_CHAIN) + "}'''",
        "x = 1\n" + "if a:\n  pass\nelif b:\n  pass\n" * (2 * MAX_CHAIN),
    ],
)
def test_what_is_nearly_too_deep_is_read(code: str) -> None:
    document = Document("a.py", code.encode())
    syntax = parse(document)
    assert syntax.problems == ()
    first = next(node for node in syntax.walk() if isinstance(node, cst.Assign))
    assert code.startswith(syntax.text(first).strip())


def test_what_the_parser_takes_too_long_for_is_tried_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "match x:\n  case " + "{1: " * 14 + "a" + "}" * 14 + ":\n    pass\n"
    monkeypatch.setattr(python_limits, "MAX_PATTERNS", 10**12)
    python_limits.refusal.cache_clear()
    found = parse(Document("a.py", code.encode()))
    python_limits.refusal.cache_clear()
    assert found.refused and found.problems[0].message == "takes too long to parse"


@pytest.mark.parametrize("sent", [signal.SIGUSR1, signal.SIGALRM])
def test_a_parser_that_crashes_ends_a_child(monkeypatch: pytest.MonkeyPatch, sent: signal.Signals) -> None:
    monkeypatch.setattr(python_limits, "_try", lambda text: os.kill(os.getpid(), sent))
    code = "x = " + "(" * 100 + "1" + ")" * 100
    python_limits.refusal.cache_clear()
    assert python_limits.refusal(code) is not None
    python_limits.refusal.cache_clear()
    monkeypatch.setenv("CFLINT_NO_FORK", "1")
    assert python_limits.refusal(code) is None


def test_a_trial_is_interrupted_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_limits, "_try", lambda text: time.sleep(60))
    children: list[int] = []
    real = os.fork

    def fork() -> int:
        children.append(real())
        return children[-1]

    monkeypatch.setattr(os, "fork", fork)
    python_limits.refusal.cache_clear()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    start = time.process_time()
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            python_limits.refusal("x = " + "(" * 100 + "1" + ")" * 100)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.process_time() - start < 5
    with pytest.raises(ProcessLookupError):
        os.kill(children[0], 0)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, len(CODE)),
    st.integers(0, 12),
    st.sampled_from(["", "(", "'", '"""', "\t", "\x0c", "é", "lambda "]),
)
def test_nothing_raises_on_damaged_code(start: int, length: int, put: str) -> None:
    code = CODE[:start] + put + CODE[start + length :]
    document = Document("a.py", code.encode())
    syntax = parse(document)
    for node in syntax.walk():
        span = syntax.span(node)
        assert 0 <= span.start <= span.end <= len(document.data)
    problem = syntax_error(document)
    assert problem is None or 0 <= problem.span.start <= problem.span.end <= len(document.data)


@pytest.mark.parametrize(
    ("code", "outline"),
    [
        (
            "from workers import WorkerEntrypoint as W\nimport workers\nclass A(W): pass\n"
            "class B(workers.DurableObject, Plain): pass\nclass C(make()): pass",
            {"A": ("workers.WorkerEntrypoint",), "B": ("workers.DurableObject", "Plain"), "C": ("",)},
        ),
        ('"""\nclass A(B):\n"""\nif x:\n    class C: pass', {}),
        ("class A(B): pass\nclass A: pass", {"A": ()}),
        ("class", None),
    ],
)
def test_classes_without_a_tree(code: str, outline: dict[str, tuple[str, ...]] | None) -> None:
    assert class_outline(Document("a.py", code.encode())) == outline
