"""Models that OpenAI, Anthropic and Google have shut down, by their lists of deprecations."""

AS_OF = "2026-11-28"

_OPENAI = {
    "2024-01-04": "text-davinci-003 text-davinci-002 text-curie-001 text-babbage-001 text-ada-001",
    "2024-09-13": "gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 gpt-3.5-turbo-16k-0613",
    "2024-12-06": "gpt-4-vision-preview gpt-4-1106-vision-preview",
    "2025-06-06": "gpt-4-32k gpt-4-32k-0613",
    "2025-07-14": "gpt-4.5-preview gpt-4.5-preview-2025-02-27",
    "2025-07-28": "o1-preview o1-preview-2024-09-12",
    "2025-10-27": "o1-mini o1-mini-2024-09-12",
    "2026-10-23": (
        "gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-4 gpt-4-0613 gpt-4-1106-preview gpt-4-turbo"
        " gpt-4-turbo-2024-04-09 gpt-4o-2024-05-13 o1 o1-2024-12-17 o1-pro o3-mini o3-mini-2025-01-31 o4-mini"
        " o4-mini-2025-04-16 gpt-4.1-nano gpt-4.1-nano-2025-04-14"
    ),
}
_ANTHROPIC = {
    "2024-11-06": "claude-1.3 claude-instant-1.1 claude-instant-1.2",
    "2025-07-21": "claude-2.0 claude-2.1 claude-3-sonnet-20240229",
    "2025-10-28": "claude-3-5-sonnet-20240620 claude-3-5-sonnet-20241022 claude-3-5-sonnet-latest",
    "2026-01-05": "claude-3-opus-20240229 claude-3-opus-latest",
    "2026-02-19": (
        "claude-3-7-sonnet-20250219 claude-3-7-sonnet-latest claude-3-5-haiku-20241022"
        " claude-3-5-haiku-latest"
    ),
    "2026-04-20": "claude-3-haiku-20240307",
    "2026-06-15": "claude-sonnet-4-20250514 claude-sonnet-4-0 claude-opus-4-20250514 claude-opus-4-0",
}
_GOOGLE = {
    "2025-09-29": (
        "gemini-pro gemini-1.0-pro gemini-1.5-pro gemini-1.5-pro-latest gemini-1.5-pro-001 gemini-1.5-pro-002"
        " gemini-1.5-flash gemini-1.5-flash-latest gemini-1.5-flash-001 gemini-1.5-flash-002"
        " gemini-1.5-flash-8b"
    ),
    "2026-03-09": "gemini-3-pro-preview",
    "2026-06-01": ("gemini-2.0-flash gemini-2.0-flash-001 gemini-2.0-flash-lite gemini-2.0-flash-lite-001"),
}

ENDED: dict[str, tuple[str, str]] = {
    name: (provider, day)
    for provider, days in (("OpenAI", _OPENAI), ("Anthropic", _ANTHROPIC), ("Google", _GOOGLE))
    for day, names in days.items()
    for name in names.split()
}
"""By the name of a model, who gave it and the day (ISO 8601) from which calls of it fail."""

SPOKEN_TO: dict[str, tuple[bytes, ...]] = {
    "OpenAI": (b"api.openai.com", b'@ai-sdk/openai"', b"@ai-sdk/openai'", b'from "openai"', b"from 'openai'"),
    "Anthropic": (b"api.anthropic.com", b"@anthropic-ai/sdk", b"@ai-sdk/anthropic"),
    "Google": (
        b"generativelanguage.googleapis.com",
        b"@google/generative-ai",
        b"@google/genai",
        b"@ai-sdk/google",
    ),
}
"""What stands in a module that calls a provider itself: its host, or a package."""
ELSEWHERE = (b"azure", b"Azure", b"vertex")
"""What stands in one whose calls may go to somebody else, who may have the model still."""
ADDRESSES = ("baseURL", "baseUrl", "base_url")
"""The names of options that give another address."""
