# SPDX-License-Identifier: Apache-2.0
"""Whether somebody is told of alerts: which receivers are in force, and when each was tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.told import Told, nobody_is_told, told_line
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Tries, fingerprint
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved

# An Alertmanager elsewhere may be out of reach of this host, and a look is not to wait for that.
_SECONDS = 5.0


def look_at_receivers(options: dict[str, Any]) -> dict[str, Any]:
    """Who is told, for ``options`` as the modules take them: names, whether nobody is, and the line of a summary."""
    told = Told({_place(url): _in_force(url) for url in options["urls"]}, options["own"])
    fingerprints = {
        receiver["name"]: fingerprint(receiver["name"], receiver["settings"], options["secrets_directory"])
        for receiver in options["wanted"]
    }
    tries = Tries(Path(options["record"])).read() if options["record"] else {}
    return {
        "names": told.people,
        "nobody": told.nobody,
        "line": told_line(told, fingerprints, tries, options["required"]),
        "why": nobody_is_told(told) if told.nobody else "",
    }


def verify_receivers(options: dict[str, Any]) -> dict[str, Any]:
    """The same, or NotProved where nobody is told and somebody has to be, if that is to be judged."""
    found = look_at_receivers(options)
    if found["nobody"] and options["required"] and options["judge"]:
        raise NotProved(found["why"], found)
    return found


def _in_force(url: str) -> Optional[list[str]]:
    try:
        answer = HttpClient(Connection(url=url, timeout=_SECONDS)).get("/api/v2/receivers")
    except HttpError:
        return None
    if not isinstance(answer, list):
        return None
    return [str(receiver.get("name", "")) for receiver in answer if isinstance(receiver, dict)]


def _place(url: str) -> str:
    return url.partition("://")[2].rstrip("/")
