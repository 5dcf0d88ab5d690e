"""Which addresses lead to the machine itself."""

from __future__ import annotations

import pytest

from cflint.platform.addresses import is_local_address

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        ("http://localhost", True),
        ("https://127.0.0.1:8787/api?a=b", True),
        ("ws://0.0.0.0:1", True),
        ("postgres://user:secret@localhost:5432/app", True),
        ("http://localhost?a", True),
        ("https://localhost.example.com", False),
        ("https://localhost@example.com/", False),
        ("https://example.com/?next=http://localhost", False),
        ("localhost:8787", False),
    ],
)
def test_local_addresses(text: str, is_local: bool) -> None:
    assert is_local_address(text) is is_local
