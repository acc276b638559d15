"""Where an alert ends."""

from __future__ import annotations

import datetime
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.alive.paths import (
    End,
    ends,
    known_labels,
    lasting,
    why_nobody_hears,
)

LABELS = {"alertname": "A", "job": "gw", "severity": "warning"}
NOW = datetime.datetime(2031, 1, 1, tzinfo=datetime.UTC)
NO_ROUTE = "its route ends at no receiver: set llmmon_default_receivers"


def path(receiver: str, *matchers: list[str], **more: Any) -> dict[str, Any]:
    usual = {"receiver": receiver, "matchers": list(matchers), "continue": False, "muted": "", "meant": True}
    return {**usual, "routes": [], **more}


def test_the_first_route_that_matches_takes_an_alert() -> None:
    tree = [
        path("other", ["job", "=", "elsewhere"]),
        path("first", ["job", "=~", "g."], **{"continue": True}),
        path("outer", ["severity", "!=", "info"], routes=[path("one", **{"continue": True}), path("two")]),
        path("never"),
    ]
    assert [end.receiver for end in ends(tree, LABELS)] == ["first", "one", "two"]


def test_what_depends_on_labels_that_are_not_known_may_be_either() -> None:
    tree = [path("perhaps", ["model", "=", "m"]), path("not", ["model", "=", "m"], ["job", "=", "x"]), path("else")]
    assert [end.receiver for end in ends(tree, LABELS)] == ["perhaps", "else"]
    assert [end.receiver for end in ends(tree, {**LABELS, "model": "m"})] == ["perhaps"]


def test_an_alert_is_heard_where_any_of_its_ends_is() -> None:
    def why(*found: End, failing: dict[str, str] | None = None) -> str:
        return why_nobody_hears(found, failing or {}, [], LABELS)

    assert why(End("slack")) == ""
    assert why(End("slack", "muted"), End("pager")) == ""
    assert why(End("slack", "muted")) == "muted"
    assert why(End("slack"), failing={"slack": "its token"}) == "its token"
    assert why(End("slack"), End("pager"), failing={"slack": "its token"}) == ""
    assert why(End("nobody")) == NO_ROUTE
    # Whoever writes a route to nobody means it.
    assert why(End("nobody", meant=True)) == ""
    assert why(End("nobody", "muted", meant=True)) == ""


def test_a_silence_for_ever_is_named() -> None:
    def silence(ends_at: str, **labels: str) -> dict[str, Any]:
        matchers = [{"name": name, "value": value, "isRegex": True, "isEqual": True} for name, value in labels.items()]
        return {"endsAt": ends_at, "matchers": matchers}

    short, long = (silence(at, job="g.*") for at in ("2031-03-01T00:00:00Z", "2041-01-01T00:00:00Z"))
    assert lasting([short, long], NOW) == [long]
    assert why_nobody_hears([End("slack")], {}, [long], LABELS) == "it is silenced until 2041-01-01"
    # Of some models only, or of another gateway.
    for other in (silence("2041-01-01T00:00:00Z", model="m"), silence("2041-01-01T00:00:00Z", job="other")):
        assert why_nobody_hears([End("slack")], {}, [other], LABELS) == ""
    unless = {
        "endsAt": "2041-01-01T00:00:00Z",
        "matchers": [{"name": "job", "value": "x", "isRegex": False, "isEqual": False}],
    }
    assert why_nobody_hears([End("slack")], {}, [unless], LABELS).startswith("it is silenced")


def test_labels_that_are_made_when_an_alert_fires_are_not_known() -> None:
    assert known_labels("A", {"team": "{{ $labels.t }}", "x": "y"}, {"team": "of the gateway", "job": "gw"}) == {
        "alertname": "A",
        "job": "gw",
        "x": "y",
    }
