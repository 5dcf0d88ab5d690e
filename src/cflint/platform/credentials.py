"""What a secret looks like: by the name of a variable, and by the shape of known tokens."""

from __future__ import annotations

import math
import re
from collections import Counter

from cflint.pattern import pattern

_SECRET_NAME = pattern(
    r"(?:^|_)(?:ACCESS|ADMIN|API|AUTH|BEARER|BOT|CLIENT|DB|JWT)?"
    r"(?:SECRET|PASSWORD|PASSWD|PASSPHRASE|PWD|TOKEN|CREDENTIALS?)(?:_KEY)?(?:_\d+)?$"
    r"|(?:^|_)(?:API|PRIVATE|ACCESS|AUTH|SERVICE|SERVICE_ROLE|SECRET|ENCRYPTION|SIGNING|MASTER|ADMIN|JWT|HMAC|"
    r"SESSION|COOKIE|WEBHOOK|OPENAI|ANTHROPIC|STRIPE|RESEND|SENDGRID|GEMINI|GROQ|MISTRAL|DEEPSEEK|OPENROUTER|"
    r"ELEVENLABS|DEEPGRAM|MAILGUN|BREVO|SUBMIT|UPLOAD|CRON)_?KEY(?:_ID)?(?:_\d+)?$"
    r"|(?:^|_)(?:ADMIN|AUTH|BASIC|DB|DATABASE|EMAIL|FTP|IMAP|LOGIN|MAIL|MYSQL|PG|POSTGRES|REDIS|ROOT|SMTP|USER)"
    r"_?PASS$"
    r"|(?:^|_)(?:CONNECTION_STRING|DATABASE_URL|MONGO(?:DB)?_URI)$"
    r"|(?:^|_)SECRET(?:_|$)",
    re.IGNORECASE,
)
_PUBLIC_NAME = pattern(
    r"PUBLIC|PUBLISHABLE|SITE_?KEY|(?:^|_)ANON(?:_|$)|FIREBASE_API_KEY|SHOPIFY_API_KEY|INDEX_?NOW"
    r"|(?:^|_)(?:BEACON|WEB_ANALYTICS)_|CHALLENGE(?:_TOKEN)?$|(?:SITE|DOMAIN)_VERIFICATION"
    r"|KEY_ID$|_NAME$|_HEADER$|_URL_PREFIX$|_PREFIX$|_TTL$",
    re.IGNORECASE,
)
"""What is public by design, or belongs to a secret. The API key of a Shopify app is its client id; the token
of a beacon of Web Analytics, and that by which somebody sees whose a domain is, are served to everybody."""

_TOKENS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an OpenAI API key", pattern(r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,250}|sk-[A-Za-z0-9]{48}")),
    ("an Anthropic API key", pattern(r"sk-ant-[A-Za-z0-9_-]{24,200}")),
    ("an OpenRouter API key", pattern(r"sk-or-v1-[a-f0-9]{64}")),
    ("a Groq API key", pattern(r"gsk_[A-Za-z0-9]{40,60}")),
    ("a Perplexity API key", pattern(r"pplx-[A-Za-z0-9]{40,60}")),
    ("an xAI API key", pattern(r"xai-[A-Za-z0-9]{60,100}")),
    ("a Replicate API token", pattern(r"r8_[A-Za-z0-9]{37}")),
    ("a Shopify access token", pattern(r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}")),
    ("a DigitalOcean token", pattern(r"do[opr]_v1_[a-f0-9]{64}")),
    ("a Supabase access token", pattern(r"sbp_[a-f0-9]{40}")),
    ("a Linear API key", pattern(r"lin_api_[A-Za-z0-9]{40}")),
    ("a Telegram bot token", pattern(r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])")),
    ("a Stripe secret key", pattern(r"[sr]k_(?:live|test)_[A-Za-z0-9]{20,250}")),
    ("a Stripe webhook secret", pattern(r"whsec_[A-Za-z0-9+/=]{24,100}")),
    ("a GitHub token", pattern(r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255}")),
    ("an AWS access key", pattern(r"(?:AKIA|ASIA)[A-Z0-9]{16}")),
    ("a Google API key", pattern(r"AIza[A-Za-z0-9_-]{35}")),
    ("a Slack token", pattern(r"xox[abprs]-[A-Za-z0-9-]{20,250}")),
    ("a SendGrid API key", pattern(r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")),
    ("a Resend API key", pattern(r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}")),
    ("a GitLab token", pattern(r"glpat-[A-Za-z0-9_-]{20,100}")),
    ("an npm token", pattern(r"npm_[A-Za-z0-9]{36}")),
    ("a Hugging Face token", pattern(r"hf_[A-Za-z0-9]{34,60}")),
    (
        "a private key",
        pattern(r"-----BEGIN (?:[A-Z]{2,12} )?PRIVATE KEY-----(?:\\n|\s)*[A-Za-z0-9+/=]{40}"),
    ),
    (
        "a database URL with a password",
        pattern(
            r"(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|rediss?)://[^\s:/@]{1,80}:[^\s:/@$<{]{4,120}@[^\s/]{3}"
        ),
    ),
)
_LOOSE = pattern(r"(?<![A-Za-z0-9_-])sk[-_][a-z0-9]{2,12}(?:[-_][a-z0-9]{2,12})?[-_]([A-Za-z0-9]{16,200})\b")
"""What begins as keys do, `sk-live-…`, and is one only when the rest is random."""
_EXAMPLE = pattern(
    r"xxx|\.\.\.|your|example|placeholder|change.?me|dummy|sample|fake|test|mock|todo|redacted|random.{0,12}(?:string|chars?)|<|>|\*{3}|"
    r"0{6}|1234|abcd|localhost|127\.0\.0\.1|password|secret|user:pass|postgres:postgres",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Whether a variable of that name holds a secret: `OPENAI_API_KEY`, `JWT_SECRET`, `DB_PASSWORD`,
    `ADMIN_PASS`; not `TURNSTILE_SITE_KEY`, `VAPID_PUBLIC_KEY`."""
    return len(name) <= 100 and _SECRET_NAME.search(name) is not None and _PUBLIC_NAME.search(name) is None


def known_secret(text: str) -> str | None:
    """What credential a text holds, as one says it in a message (`a Stripe secret key`); None when its shape
    is that of none, or it is an example's."""
    for label, shape in _TOKENS:
        found = shape.search(text)
        if found is not None and not is_example(found.group()):
            return label
    loose = _LOOSE.search(text)
    if loose is not None and is_random(loose[1]) and not is_example(loose.group()):
        return "an API key"
    return None


def is_example(text: str) -> bool:
    """Whether a text is a placeholder for a secret, not one: `your-api-key`, `sk-xxxx`."""
    return _EXAMPLE.search(text) is not None or len(set(text)) < 6


_PLAIN = pattern(r"[A-Za-z0-9+/=_.~-]{16,500}")
_WORDS = pattern(r"[A-Za-z]+(?:[-_.:/][A-Za-z]+)*")
_RANDOM_BITS = 3.2  # per character; words and versions have less


def is_random(text: str) -> bool:
    """Whether a text is one long word that nobody would make up: a key, a token, a digest."""
    if not _PLAIN.fullmatch(text) or _WORDS.fullmatch(text) or not any(letter.isdigit() for letter in text):
        return False
    counts = Counter(text)
    bits = -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
    return bits >= _RANDOM_BITS
