"""What the platform itself sends to a queue. Sources:
https://developers.cloudflare.com/r2/buckets/event-notifications/ and
https://developers.cloudflare.com/queues/event-subscriptions/events-schemas/, read on 2026-11-27.
"""

from __future__ import annotations

EVENT_KEYS = frozenset({"account", "action", "bucket", "object", "eventTime", "copySource"}) | frozenset(
    {"type", "source", "payload", "metadata"}
)
"""Properties of the messages about changes in a bucket of R2, and of those of event subscriptions. Neither is
part of a Worker's configuration."""
