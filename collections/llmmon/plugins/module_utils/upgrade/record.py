# SPDX-License-Identifier: Apache-2.0
"""What the journal of an upgrade holds of each service: how far it came, and all that going back takes."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional

# How far a service has come. Up to DATA_KEPT its data are untouched; from STARTED on the new version may have written
# there.
WAITING = "waiting"
KEEPING = "keeping its data"
STOPPING = "stopping"
DATA_KEPT = "stopped, data kept"
STARTED = "new version started"
READY = "new version ready"
CLEARED = "data of the new version put aside"
RESTORED = "data put back"
PUT_BACK = "put back"
ACCEPTED = "proved"


@dataclasses.dataclass
class Record:
    """What the journal holds of one service."""

    name: str
    url: str
    config_root: str
    data_directory: str
    before: dict[str, str]
    after: dict[str, str]
    # Names and identities of the containers that get another image.
    containers: list[dict[str, str]]
    # Whether the service itself is among them, and not just its companion.
    main: bool
    # Every container of the service, also those that stay.
    members: list[str]
    releases: dict[str, Optional[str]]
    state: str = WAITING
    stopped_at: float = 0.0
    gap_seconds: float = 0.0
    silences_carried: int = 0
    why: str = ""
    inventory: dict[str, Any] = dataclasses.field(default_factory=dict)
    # How often the engine had started each new container anew when it was ready: one that ends later is not kept.
    restarts: dict[str, int] = dataclasses.field(default_factory=dict)
    ready_at: float = 0.0

    def row(self) -> dict[str, Any]:
        """The service's line of the report."""
        outcome = {PUT_BACK: "rolled back", ACCEPTED: "upgraded"}.get(self.state, "not attempted")
        return {
            "name": self.name,
            "before": self.before["version"],
            "after": self.after["version"],
            "outcome": outcome,
            "gap_seconds": round(self.gap_seconds, 2),
            "silences_carried": self.silences_carried,
            "why": self.why,
        }
