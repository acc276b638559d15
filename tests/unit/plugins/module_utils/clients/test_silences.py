"""Silences go from one Alertmanager to another, in both versions, once and as long as they are in force."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.silences import carry_over, in_force, missing
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment, utc_now

from tests.support import services
from tests.support.services import Service
from tests.support.versions import EVERYWHERE

CONFIGURATION = "route: {receiver: none}\nreceivers: [{name: none}]\n"


def silence(comment: str, begins: float = 0, ends: float = 3600, **matcher: Any) -> dict[str, Any]:
    now = utc_now()
    return {
        "matchers": [{"name": "alertname", "value": "a", "isRegex": False, "isEqual": True, **matcher}],
        "startsAt": (now + datetime.timedelta(seconds=begins)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "endsAt": (now + datetime.timedelta(seconds=ends)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "createdBy": "me",
        "comment": comment,
    }


@pytest.mark.parametrize("change", [{"comment": "x"}, {"createdBy": "x"}, {"matchers": []}])
def test_silences_that_say_something_else_are_not_the_same(change: dict[str, Any]) -> None:
    wanted = {**silence("s"), "id": "1", "status": {"state": "active"}}
    assert missing([wanted], [wanted]) == []
    # It was sent again: another id, and a later start.
    assert missing([wanted], [{**wanted, "id": "2", "startsAt": "2020-01-02T03:04:05Z"}]) == []
    assert [found["comment"] for found in missing([wanted], [{**wanted, **change}])] == ["s"]


def test_what_has_ended_is_not_sent_and_the_id_stays_at_home() -> None:
    assert missing([silence("over", -20, -10)], []) == []
    assert set(missing([{**silence("s"), "id": "1", "status": {"state": "active"}}], [])[0]) == {
        *("matchers", "startsAt", "endsAt", "createdBy", "comment")
    }


@pytest.fixture(params=EVERYWHERE["alertmanager"])
def alertmanager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """Alertmanager without silences."""
    if not services.can_have_own_mounts():
        pytest.skip("Alertmanager needs a file system view of its own")
    with services.alertmanager(request.param, tmp_path, CONFIGURATION) as service:
        yield service


def test_a_real_alertmanager_gets_what_it_lacks_once(alertmanager: Service) -> None:
    client = alertmanager.client
    wanted = [
        silence("now"),
        silence("later", 1800),
        silence("began long ago", -86400),
        silence("by pattern", value="a.*", isRegex=True, isEqual=False),
        silence("over", -20, -10),
    ]
    assert carry_over(wanted, client) == 4
    found = {entry["comment"]: entry for entry in in_force(client)}
    assert set(found) == {"now", "later", "began long ago", "by pattern"}
    assert found["later"]["status"]["state"] == "pending"
    assert found["by pattern"]["matchers"] == [{"name": "alertname", "value": "a.*", "isRegex": True, "isEqual": False}]
    for entry in wanted[:4]:
        assert moment(found[entry["comment"]]["endsAt"]) == moment(entry["endsAt"])
    # What it answers is what a backup holds.
    assert carry_over(client.get("/api/v2/silences"), client) == 0
    assert carry_over(wanted, client) == 0
    assert len(client.get("/api/v2/silences")) == 4
    client.send("DELETE", f"/api/v2/silence/{found['now']['id']}")
    assert carry_over(wanted, client) == 1
