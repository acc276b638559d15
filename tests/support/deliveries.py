"""Receivers of alerts, and what Alertmanager counts and says of them."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.delivery.counters import (
    Delivery,
    Receiver,
    assess_deliveries,
    counted,
)

SLACK, OPS = Receiver("slack", "slack", "llmmon_receivers.slack"), Receiver("ops", "slack", "llmmon_receivers.ops")
MAIL = Receiver("mail", "email", "llmmon_receivers.mail")

GIVEN_UP = (
    'time=2026-01-02T03:04:05Z level=ERROR source=dispatch.go:360 msg="Notify for alerts failed" component=dispatcher'
    ' num_alerts=1 err="ops/slack[0]: notify retry canceled due to unrecoverable error after 1 attempts:'
    ' channel \\"\\": received an error response from Slack: no_service"'
)


def page(*counts: tuple[str, str, int, int, int, int]) -> str:
    """A metrics page: integration, receiver, then notifications, failed ones, requests, failed ones."""
    lines = []
    for integration, receiver, *numbers in counts:
        labels = f'integration="{integration}"' + (f',receiver_name="{receiver}"' if receiver else "")
        begun, given_up, requests, failed = numbers
        lines += [
            f"alertmanager_notifications_total{{{labels}}} {begun}",
            f'alertmanager_notifications_failed_total{{{labels},reason="clientError"}} 0',
            f'alertmanager_notifications_failed_total{{{labels},reason="other"}} {given_up}',
            f"alertmanager_notification_requests_total{{{labels}}} {requests}",
            f"alertmanager_notification_requests_failed_total{{{labels}}} {failed}",
            f"alertmanager_notification_latency_seconds_count{{{labels}}} 99",
        ]
    return "\n".join([*lines, "alertmanager_alerts 3"])


def deliveries(before: str, after: str, *receivers: Receiver) -> list[Delivery]:
    """How the alert fared between two metrics pages."""
    return assess_deliveries(counted(before), counted(after), list(receivers))
