# SPDX-License-Identifier: Apache-2.0
"""Which steps of a deployment have something to do on a host, by what the look at it has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SERVICES
from ansible_collections.llmmon.stack.plugins.module_utils.look.settled import ADMIN, DASHBOARDS, RECORD, service_step

BACKUP = "backup"
# What the look says of a service beyond its own step.
_FURTHER = {"grafana": {ADMIN, DASHBOARDS}}


def steps_to_do(
    host: Mapping[str, Any],
    services: Sequence[str],
    unseen: Mapping[str, Any],
    containers: Mapping[str, Sequence[str]],
    check_mode: bool,
) -> list[str]:
    """The services, companions and ``record`` whose steps have something to do.

    ``host`` is what host_check returned, and empty where nothing has looked. ``unseen`` is what the look does not
    compare: of a step what the settings want of it, empty or false for nothing. ``containers`` are those of the
    companions; one that is there though it is not wanted has to go. Check mode writes no record.
    """
    settled = set(host.get("look", {}).get("settled", ()))
    there = set(host.get("containers_there", ()))
    steps = [
        service
        for service in services
        if unseen.get(service) or not {service_step(service), *_FURTHER.get(service, ())} <= settled
    ]
    for companion, wanted in unseen.items():
        scheduled = companion == BACKUP and host.get("backups_scheduled")
        if companion not in SERVICES and (wanted or scheduled or there & set(containers.get(companion, ()))):
            steps.append(companion)
    if not check_mode and RECORD not in settled:
        steps.append(RECORD)
    return steps
