"""What is said of all alerts together."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.alive.judging import Found
from ansible_collections.llmmon.stack.plugins.module_utils.alive.verdict import summary

ALERTS = [f"A{number:02}" for number in range(15)]


def test_alerts_that_can_fire_need_no_more_words() -> None:
    said = summary(ALERTS, [Found("A01", note="no request has failed"), Found("A02", note="no request has failed")], {})
    assert (said["line"], said["problem"], said["cannot_fire"]) == ("alerts: 15 can fire", "", [])
    assert said["notes"] == [{"why": "no request has failed", "alerts": ["A01", "A02"]}]


def test_those_that_cannot_are_named_by_reason_ten_at_a_time() -> None:
    found = [Found(name, "x is gone", job="gw") for name in ALERTS[:12]] + [Found("A00", "it is muted")]
    said = summary(ALERTS, found, {})
    ten = ", ".join(ALERTS[:10])
    assert said["line"] == f"alerts: 3 can fire, 12 cannot: {ten} and 2 more"
    assert said["problem"] == (
        f"alerts that cannot fire here: 12 (3 can). {ten} and 2 more of gw: x is gone | A00: it is muted"
    )
    assert said["cannot_fire"][-1] == {"alert": "A00", "gateway": "", "why": "it is muted"}


def test_what_the_user_knows_of_fails_nothing_and_is_said() -> None:
    known = {"A00": "the proxy counts no tokens", "A05": "long ago"}
    said = summary(ALERTS, [Found("A00", "x is gone")], known)
    assert (said["problem"], said["line"]) == ("", "alerts: 14 can fire, 1 cannot: A00")
    assert (said["known"], said["superfluous"]) == (["A00: the proxy counts no tokens"], ["A05"])
    assert "A01: y" in summary(ALERTS, [Found("A00", "x"), Found("A01", "y")], known)["problem"]
