"""What Workflows are made of: the methods of a step and of an instance."""

from __future__ import annotations

STEP_METHODS = frozenset({"do", "sleep", "sleepUntil", "waitForEvent"})
"""The methods of a `WorkflowStep`; all take the step's name first, and give a promise."""

INSTANCE_CHANGES = frozenset({"sendEvent", "pause", "resume", "terminate", "restart"})
"""The methods of a `WorkflowInstance` that change it."""
