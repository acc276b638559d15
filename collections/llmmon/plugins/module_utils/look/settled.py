# SPDX-License-Identifier: Apache-2.0
"""Which steps of a deployment have nothing to do: a pure decision about what one look at the host has found.

A step is named by what it is about, for instance ``prometheus configuration``. It is settled when its own comparison
found no difference and nothing that comes before it, and that it builds on, has anything to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PLACES = "places"
RECORD = "record"


def configuration(service: str) -> str:
    """The step that installs a service's configuration."""
    return f"{service} configuration"


def container(service: str) -> str:
    """The step that runs a service's container, or removes it."""
    return f"{service} container"


def service_step(service: str) -> str:
    """The step that waits until a service is ready and runs its configuration."""
    return f"{service} service"


ADMIN = "grafana admin"
DASHBOARDS = "grafana dashboards"


def settled(found: Mapping[str, bool], containers: Mapping[str, Iterable[str]]) -> list[str]:
    """The steps that can be left out, in alphabetical order.

    ``found`` says of each step that was looked at whether its own comparison found nothing to do. ``containers`` are
    the services, each with those whose containers its steps run, its own and for instance the prober's.
    """
    if not found.get(PLACES):
        return []
    done = {PLACES}
    for service, beside in containers.items():
        own = {configuration(service), *(container(name) for name in beside)}
        done |= {step for step in own if found.get(step)}
        if own <= done:
            done |= {step for step in found if step.startswith(f"{service} ") and found[step]}
    if found.get(RECORD) and all(found[step] for step in found):
        done.add(RECORD)
    return sorted(done)
