# SPDX-License-Identifier: Apache-2.0
"""What the module says of the deliveries: one sentence that says what to correct, and facts. Pure functions."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.delivery.counters import Delivery, Key
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.reasons import explained


def delivery_verdict(deliveries: list[Delivery], why: dict[Key, str], untried: str) -> Optional[str]:
    """One sentence a receiver that was not reached, or None when all were; ``untried`` is said of those never tried."""
    failing = [delivery for delivery in deliveries if not delivery.reached]
    if not failing:
        return None
    sentences = []
    for delivery in failing:
        found = [why.get((delivery.integration, name), "") for name in delivery.names]
        if delivery.counts.notifications:
            words = explained("; ".join(sorted({reason for reason in found if reason})), delivery.given_up)
        else:
            words = untried
        variables = " or ".join(receiver.variable for receiver in delivery.receivers)
        sentences.append(f"{delivery.integration} ({', '.join(delivery.names)}): {words}; correct {variables}")
    reached = [name for delivery in deliveries if delivery.reached for name in delivery.names]
    total = sum(len(delivery.receivers) for delivery in deliveries)
    return (
        f"{total - len(reached)} of {total} receivers did not get the synthetic alert. {' | '.join(sentences)}."
        f" Reached: {', '.join(reached) or 'none'}"
    )


def untried_because(alerts: list[dict[str, Any]]) -> str:
    """Why no notification was even begun, by what Alertmanager says of the alert."""
    for alert in alerts:
        status = alert.get("status", {})
        if status.get("silencedBy"):
            return f"Alertmanager did not try, because a silence covers the alert ({', '.join(status['silencedBy'])})"
        if status.get("inhibitedBy"):
            return "Alertmanager did not try, because another alert inhibits this one"
    return (
        "Alertmanager did not try: the running configuration has no route for it (run site.yml), or the timeout was"
        " too short"
    )


def facts_of(deliveries: list[Delivery], why: dict[Key, str]) -> dict[str, Any]:
    """Who was reached, who was not, and the counters and reason of each delivery."""
    return {
        "reached": [name for delivery in deliveries if delivery.reached for name in delivery.names],
        "unreached": [name for delivery in deliveries if not delivery.reached for name in delivery.names],
        "deliveries": [
            {
                "integration": delivery.integration,
                "receivers": delivery.names,
                **dataclasses.asdict(delivery.counts),
                "reason": "; ".join(
                    words
                    for (integration, name), words in why.items()
                    if integration == delivery.integration and name in delivery.names
                ),
            }
            for delivery in deliveries
        ],
    }
