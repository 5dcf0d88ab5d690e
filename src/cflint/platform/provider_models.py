"""Models that their providers have shut down, and the day.

Sources: https://platform.claude.com/docs/en/about-claude/model-deprecations,
https://ai.google.dev/gemini-api/docs/deprecations, https://developers.openai.com/api/docs/deprecations,
https://console.groq.com/docs/deprecations. Written by hand: none of these pages is made for programs.
Models of which a call is answered by another one are not in it.
"""

from __future__ import annotations

from datetime import date

PROVIDER_MODELS_AS_OF = date(2026, 11, 28)

ENDED = {
    "Anthropic": {
        "2024-11-06": "claude-1.0 claude-1.1 claude-1.2 claude-1.3 claude-instant-1.0 claude-instant-1.1"
        " claude-instant-1.2",
        "2025-07-21": "claude-2.0 claude-2.1 claude-3-sonnet-20240229",
        "2025-10-28": "claude-3-5-sonnet-20240620 claude-3-5-sonnet-20241022 claude-3-5-sonnet-latest",
        "2026-01-05": "claude-3-opus-20240229 claude-3-opus-latest",
        "2026-02-19": "claude-3-7-sonnet-20250219 claude-3-7-sonnet-latest claude-3-5-haiku-20241022"
        " claude-3-5-haiku-latest",
        "2026-04-20": "claude-3-haiku-20240307",
        "2026-06-15": "claude-sonnet-4-20250514 claude-sonnet-4-0 claude-opus-4-20250514 claude-opus-4-0",
        "2026-08-05": "claude-opus-4-1-20250805 claude-opus-4-1",
    },
    "Google": {
        "2025-09-24": "gemini-1.5-flash gemini-1.5-flash-002 gemini-1.5-flash-latest gemini-1.5-flash-8b"
        " gemini-1.5-pro gemini-1.5-pro-002 gemini-1.5-pro-latest",
        "2026-06-01": "gemini-2.0-flash gemini-2.0-flash-001 gemini-2.0-flash-lite gemini-2.0-flash-lite-001",
    },
    "OpenAI": {
        "2024-01-04": "text-davinci-003 text-davinci-002 text-davinci-001 text-curie-001 text-babbage-001"
        " text-ada-001",
        "2024-12-06": "gpt-4-vision-preview gpt-4-1106-vision-preview",
        "2026-01-16": "codex-mini-latest",
        "2026-02-17": "chatgpt-4o-latest",
        "2026-03-26": "gpt-4-0314 gpt-4-0125-preview gpt-4-turbo-preview",
        "2026-07-23": "gpt-5-chat-latest gpt-5-codex gpt-5.1-chat-latest gpt-5.1-codex gpt-5.1-codex-max"
        " gpt-5.1-codex-mini gpt-5.2-codex o3-deep-research o4-mini-deep-research",
        "2026-09-28": "gpt-3.5-turbo-instruct gpt-3.5-turbo-1106",
        "2026-10-23": "gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-4 gpt-4-0613 gpt-4-1106-preview gpt-4-turbo"
        " gpt-4-turbo-2024-04-09 gpt-4o-2024-05-13 o1 o1-2024-12-17 o1-pro o1-pro-2025-03-19 o3-mini"
        " o3-mini-2025-01-31 o4-mini o4-mini-2025-04-16 gpt-4.1-nano gpt-4.1-nano-2025-04-14 gpt-image-1",
    },
    "Groq": {
        "2025-03-20": "mixtral-8x7b-32768",
        "2025-04-14": "llama-3.2-11b-vision-preview llama-3.2-90b-vision-preview",
        "2026-08-16": "llama-3.3-70b-versatile llama-3.1-8b-instant",
    },
}

_SUCCESSORS = (
    ("claude-3-5-haiku claude-3-haiku claude-instant", "claude-haiku-4-5"),
    ("claude-3-5-sonnet claude-3-7-sonnet claude-3-sonnet claude-sonnet-4-", "claude-sonnet-4-6"),
    ("claude-3-opus claude-opus-4-", "claude-opus-4-8"),
    ("gemini-1.5-flash-8b gemini-2.0-flash-lite", "gemini-3.5-flash-lite"),
    ("gemini-1.5-flash gemini-2.0-flash", "gemini-3.5-flash"),
    ("gemini-1.5-pro", "gemini-3.8-flash"),
    ("gpt-3.5-turbo-instruct gpt-4-vision", ""),
    ("gpt-3.5-turbo o4-mini-2 gpt-4.1-nano", "gpt-5.6-terra"),
    ("gpt-4-0 gpt-4-1106-preview gpt-4-turbo gpt-4o-2024-05-13 o1 o3-mini", "gpt-5.6-sol"),
)
"""What models begin with, and what its provider names for them, or the one of the kind that it serves; ""
where there is no such. The first that fits counts. Anthropic's and Google's are from their lists and release
notes, OpenAI's from its list of 2026-10."""
_EXACT = {
    "gpt-4": "gpt-5.6-sol",
    "o4-mini": "gpt-5.6-terra",
    "llama-3.3-70b-versatile": "openai/gpt-oss-120b",  # Groq's notice of 2026, beside others
}


def model_after(model: str) -> str:
    """The model to call in the place of one that was shut down; "" where none is known."""
    if model in _EXACT:
        return _EXACT[model]
    found = (after for begins, after in _SUCCESSORS if model.startswith(tuple(begins.split())))
    return next(found, "")


def models_ended_by(provider: str) -> dict[str, date]:
    """The models of a provider that were shut down, with the day."""
    return {
        model: date.fromisoformat(day) for day, models in ENDED[provider].items() for model in models.split()
    }
