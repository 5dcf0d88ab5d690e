"""Weaknesses: which rules are about one of the Common Weakness Enumeration, and how bad that is.

Code scanning makes a security alert of a finding whose rule stands here. The scores follow the bands of CVSS
(from 7.0 high, from 4.0 medium, below low). Source: https://cwe.mitre.org/data/ (version 4.18).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Weakness(NamedTuple):
    """Numbers of CWE, the closest first, and a score from 0.1 to 10.0."""

    cwe: tuple[int, ...]
    score: float


WEAKNESSES: Mapping[str, Weakness] = MappingProxyType(
    {
        "api-without-auth": Weakness((306,), 6.5),
        "auth-open-without-secret": Weakness((1188, 306), 7.4),
        "auth-undefined-equals": Weakness((287,), 7.4),
        "bearer-prefix-unchecked": Weakness((1286,), 3.1),
        "better-auth-rate-limit": Weakness((307, 799), 5.3),
        "body-length-trusted": Weakness((770,), 3.7),
        "committed-dev-vars": Weakness((540, 312), 6.5),
        "cookie-flags-missing": Weakness((1004, 614), 4.2),
        "cookie-regex-unanchored": Weakness((777,), 4.2),
        "cors-suffix-match": Weakness((942, 1023), 6.5),
        "cors-wildcard-credentials": Weakness((942,), 4.2),
        "cors-wildcard-with-auth": Weakness((942,), 6.5),
        "credential-in-query": Weakness((598,), 5.3),
        "credential-over-http": Weakness((319,), 5.9),
        "error-detail-leak": Weakness((209,), 4.3),
        "forwarded-host-trusted": Weakness((345, 601), 4.7),
        "hardcoded-secret": Weakness((798, 312), 8.2),
        "html-unescaped": Weakness((79,), 6.1),
        "identity-header-append": Weakness((290, 348), 7.4),
        "insecure-random": Weakness((338,), 5.9),
        "isolate-rate-limiter": Weakness((799,), 3.7),
        "jwt-decoded-not-verified": Weakness((347,), 8.1),
        "jwt-without-expiry": Weakness((613,), 4.8),
        "layout-guards-no-action": Weakness((862, 425), 8.2),
        "log-credential": Weakness((532,), 5.5),
        "log-personal-data": Weakness((532, 359), 4.0),
        "login-without-limit": Weakness((307,), 5.3),
        "no-log-env": Weakness((532, 200), 7.5),
        "oauth-state-unchecked": Weakness((352,), 6.5),
        "open-proxy": Weakness((918, 441), 5.8),
        "open-redirect": Weakness((601,), 6.1),
        "password-hash-cpu": Weakness((400,), 3.7),
        "password-hash-fast": Weakness((916,), 5.9),
        "password-plain-text": Weakness((256,), 7.4),
        "predictable-salt": Weakness((760,), 5.9),
        "py-router-without-auth": Weakness((306,), 6.5),
        "queue-forwards-credentials": Weakness((522, 532), 5.5),
        "route-without-auth": Weakness((306,), 6.5),
        "secret-fallback-literal": Weakness((798, 1188), 7.4),
        "secret-in-vars": Weakness((312, 798), 8.0),
        "sql-interpolation": Weakness((89,), 8.8),
        "timing-unsafe-compare": Weakness((208,), 5.9),
        "body-limit-after-read": Weakness((770,), 3.7),
        "unbounded-body-read": Weakness((770,), 3.7),
        "upload-content-type": Weakness((79, 434), 5.4),
        "upload-unbounded": Weakness((770,), 3.7),
        "url-part-unencoded": Weakness((116, 74), 4.3),
        "user-id-trusted": Weakness((639,), 7.5),
        "vary-missing": Weakness((524,), 3.7),
        "verify-unchecked": Weakness((347, 252), 7.5),
        "webhook-unverified": Weakness((345, 306), 7.4),
    }
)
"""By rule. Missing on purpose is what weakens nothing: a wrong status (`auth-missing-credential-status`), a
detour (`prefer-binding-over-rest`), a header that browsers refuse (`cors-origin-invalid`), a cookie that does
not arrive (`auth-cookie-dropped`, `set-cookie-lost`)."""
