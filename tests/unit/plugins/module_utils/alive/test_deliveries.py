"""Which receivers do not take what they are sent."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.alive.deliveries import failing
from ansible_collections.llmmon.stack.plugins.module_utils.alive.prometheus import Labels, Seen
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Try

SLACK, PAGER = ({"name": name, "integration": kind} for name, kind in (("slack", "slack"), ("pager", "webhook")))
TRIED = {"slack": Try("2031-01-02T03:04:05", False, "0a")}


def seen(sent: dict[str, dict[str, float]], failed: dict[str, dict[str, float]], receiver: str = "slack") -> Seen:
    """What was counted in each window of the receiver; "" for an Alertmanager that does not tell them apart."""

    def ask(query: str) -> list[tuple[Labels, float]]:
        table = failed if "failed_total" in query else sent
        window = query.partition("[")[2].partition("]")[0]
        return [({"integration": kind, "receiver_name": receiver}, n) for kind, n in table.get(window, {}).items()]

    return Seen(ask, lambda _: set())


def test_the_last_window_with_notifications_decides() -> None:
    old = {"6h": {"slack": 9.0}, "1d": {"slack": 9.0}}
    expired = seen({"15m": {"slack": 0.0}, "1h": {"slack": 2.0}, **old}, {"1h": {"slack": 2.0}, "6h": {"slack": 2.0}})
    assert failing(expired, [SLACK, PAGER], {}) == {
        "slack": "its receiver slack has taken no notification in the last 1h, all of them failed"
    }
    renewed = seen({"15m": {"slack": 1.0}, **old}, {"6h": {"slack": 8.0}})
    # What was counted last is newer than any test alert.
    assert failing(renewed, [SLACK], TRIED) == {}


def test_one_that_counts_by_integration_alone_tells_of_all_its_receivers() -> None:
    assert set(failing(seen({"1h": {"webhook": 1.0}}, {"1h": {"webhook": 1.0}}, ""), [SLACK, PAGER], {})) == {"pager"}


def test_without_a_notification_the_last_test_alert_decides() -> None:
    quiet = seen({}, {})
    assert failing(quiet, [SLACK, PAGER], TRIED) == {
        "slack": "its receiver slack did not take the test alert of 2031-01-02T03:04Z"
    }
    assert failing(quiet, [SLACK], {"slack": Try("2031-01-02T03:04:05", True, "0a")}) == {}
