"""What names of variables say of secrets."""

from __future__ import annotations

import pytest

from cflint.platform.credentials import is_secret_name

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "GEMINI_KEY", "GROQ_KEY_2", "SUBMIT_KEY", "JWT_SECRET", "DB_PASSWORD", "ADMIN_PASS"],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["TURNSTILE_SITE_KEY", "VAPID_PUBLIC_KEY", "CACHE_KEY", "SORT_KEY", "KEY_ID"]
)
def test_names_of_what_is_public(name: str) -> None:
    assert not is_secret_name(name)
