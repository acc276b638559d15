# SPDX-License-Identifier: Apache-2.0
"""Carry silences from one Alertmanager to another by the API, since what one writes to disk another may not read."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment, utc_now

_CONTENT = ("matchers", "startsAt", "endsAt", "createdBy", "comment")


def in_force(client: HttpClient) -> list[dict[str, Any]]:
    """The silences that are active or will be."""
    answer: list[dict[str, Any]] = client.get("/api/v2/silences")
    return [silence for silence in answer if silence["status"]["state"] in {"active", "pending"}]


def missing(wanted: list[dict[str, Any]], present: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Silences to send: those that have not ended and that nobody has, by what they say and not by their id."""
    known = {_essence(silence) for silence in present}
    now = utc_now()
    return [
        {key: silence[key] for key in _CONTENT}
        for silence in wanted
        if _essence(silence) not in known and moment(silence["endsAt"]) > now
    ]


def carry_over(wanted: list[dict[str, Any]], client: HttpClient) -> int:
    """Create the silences that are missing; returns how many there were."""
    lacking = missing(wanted, in_force(client))
    for silence in lacking:
        client.send("POST", "/api/v2/silences", silence)
    return len(lacking)


def is_silence(found: Any) -> bool:
    """Whether something that anybody may have written can be sent as a silence."""
    return (
        isinstance(found, dict)
        and all(isinstance(found.get(key), str) for key in _CONTENT if key != "matchers")
        and isinstance(found.get("matchers"), list)
        and all(isinstance(matcher, dict) for matcher in found["matchers"])
    )


def _essence(silence: dict[str, Any]) -> str:
    """What makes two silences the same; a silence that was sent again starts later, since none starts in the past."""
    matchers = sorted(json.dumps({"isEqual": True, **matcher}, sort_keys=True) for matcher in silence["matchers"])
    return json.dumps([matchers, moment(silence["endsAt"]).isoformat(), silence["createdBy"], silence["comment"]])
