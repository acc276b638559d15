# SPDX-License-Identifier: Apache-2.0
"""Which receivers do not take what they are sent, such as one whose token has expired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.llmmon.stack.plugins.module_utils.alive.prometheus import Seen
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Try

# The last time something was sent is in the first of them that has any.
_WINDOWS = ("15m", "1h", "6h", "1d", "7d")
_SENT, _FAILED = "alertmanager_notifications_total", "alertmanager_notifications_failed_total"

# Integration and receiver, which is empty where Alertmanager does not tell receivers apart.
Key = tuple[str, str]


def failing(seen: Seen, receivers: Sequence[Mapping[str, str]], tries: Mapping[str, Try]) -> dict[str, str]:
    """Receivers (each with its name and integration) that fail, with the reason.

    What Alertmanager counted last decides. Where it counted nothing, it is how the last test alert fared, if ``tries``
    has it.
    """
    last = _last_sent(seen)
    found = {}
    for receiver in receivers:
        name, integration = receiver["name"], receiver["integration"]
        counted = last.get((integration, name), last.get((integration, "")))
        if counted is None:
            tried = tries.get(name)
            if tried is not None and not tried.reached:
                found[name] = f"its receiver {name} did not take the test alert of {tried.at[:16]}Z"
        elif counted[1] >= counted[0]:
            found[name] = f"its receiver {name} has taken no notification in the last {counted[2]}, all of them failed"
    return found


def _last_sent(seen: Seen) -> dict[Key, tuple[float, float, str]]:
    """How much was sent, how much of it failed, and in which window that was."""
    found: dict[Key, tuple[float, float, str]] = {}
    for window in _WINDOWS:
        sent, failed = (_grown(seen, name, window) for name in (_SENT, _FAILED))
        for key, number in sent.items():
            if number > 0:
                found.setdefault(key, (number, failed.get(key, 0.0), window))
    return found


def _grown(seen: Seen, name: str, window: str) -> dict[Key, float]:
    series = f'{name}{{job="alertmanager"}}[{window}]'
    asked = f"sum by (integration, receiver_name) (last_over_time({series}) - min_over_time({series}))"
    return {
        (labels.get("integration", ""), labels.get("receiver_name", "")): value for labels, value in seen.ask(asked)
    }
