# SPDX-License-Identifier: Apache-2.0
"""What a drill does: which worlds, with which series, and which alerts are to arrive. Does nothing itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.drill import (
    budget_cases,
    gateway_cases,
    host_cases,
    stack_cases,
)
from ansible_collections.llmmon.stack.plugins.module_utils.drill.cases import LOUD, OWN, WORLDS, Gateway, alive
from ansible_collections.llmmon.stack.plugins.module_utils.drill.loaded import Loaded, Rule
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import SCRAPED, Series, openmetrics
from ansible_collections.llmmon.stack.plugins.module_utils.drill.traffic import Kind

# How an alert gets into the drill.
BY_SERIES, BY_ROUTE, NOT_AT_ALL = "series", "route only", "no series"
# About the stack itself, and the machines under the models.
_OF_NO_GATEWAY = {**stack_cases.CASES, **host_cases.CASES}


@dataclasses.dataclass(frozen=True)
class Expected:
    """An alert that is to arrive, and of which gateways; of none when it is about no gateway in particular."""

    alert: str
    world: str
    how: str
    jobs: tuple[str, ...] = ()
    waits: str = ""
    # Whether it fires on what is scraped alone, without anything that was recorded before.
    live: bool = False
    rule: Rule = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Plan:
    """Worlds in which something is to fire, and every alert."""

    expected: list[Expected]
    gateways: list[Gateway]
    # The series of the user's own alerts.
    own: dict[str, list[Series]] = dataclasses.field(default_factory=dict)

    @property
    def worlds(self) -> list[str]:
        """Those that have an alert in them, in their order."""
        wanted = {one.world for one in self.expected if one.how == BY_SERIES}
        return [world for world in WORLDS if world in wanted]

    def page(self, world: str, now: int) -> str:
        """The samples of a world, as OpenMetrics text."""
        return openmetrics(self._series(world, now), now)

    def _series(self, world: str, now: int) -> Iterator[Series]:
        names = {one.alert for one in self.expected if one.how == BY_SERIES}
        if world in OWN:
            yield from (one for own in self.expected if own.world == world for one in self.own[own.alert])
            return
        for gateway in self.gateways if world == LOUD else []:
            yield from alive(gateway)
        for alert, case in gateway_cases.CASES.items():
            for gateway in self.gateways:
                if alert in names and case.world == world and case.fits(gateway):
                    yield from case.make(gateway)
        for alert, stack_case in _OF_NO_GATEWAY.items():
            if alert in names and stack_case.world == world:
                yield from stack_case.make(now)
        if names & set(budget_cases.CASES):
            yield from budget_cases.series(world, self.gateways, now)


def plan_of(
    groups: list[dict[str, Any]],
    gateways: Iterable[dict[str, Any]],
    presets: dict[str, Any],
    settings: dict[str, Any],
    only: list[str],
    own: dict[str, list[Series]],
) -> Plan:
    """The plan for the loaded rules (``/api/v1/rules``).

    ``gateways`` have name, kind and sample_limit; ``settings`` have failure_definition and minimum_requests. ``only``
    names the alerts that are wanted; when it is empty, all are. ``own`` are the series of the user's own alerts.
    """
    loaded = Loaded(groups)
    known = [
        Gateway(
            one["name"],
            Kind(presets[one["kind"]], settings["failure_definition"]),
            int(one.get("sample_limit") or 0),
            loaded,
            float(settings["minimum_requests"]),
        )
        for one in gateways
        if one["kind"] in presets
    ]
    worlds = _worlds_of_own(own)
    found: dict[str, Expected] = {}
    for of_user in (False, True):
        for rule in loaded.alerts(of_user):
            if not only or rule["name"] in only:
                one = _own(rule, worlds) if of_user else _expected(rule, known)
                found.setdefault(rule["name"], one)
    return Plan(list(found.values()), known, own)


def _worlds_of_own(own: dict[str, list[Series]]) -> dict[str, str]:
    """Alert to world. Series of one metric make two alerts fire in two worlds, as long as there are worlds."""
    found: dict[str, str] = {}
    taken: dict[str, set[str]] = {world: set() for world in OWN}
    for alert, series in own.items():
        names = {one.name for one in series}
        world = next((world for world in OWN if not taken[world] & names), "")
        if world:
            found[alert] = world
            taken[world] |= names
    return found


def _own(rule: Rule, worlds: dict[str, str]) -> Expected:
    name, waits = rule["name"], _written(float(rule.get("duration") or 0))
    if name in worlds:
        return Expected(name, worlds[name], BY_SERIES, waits=waits, rule=rule)
    return Expected(name, "", BY_ROUTE, waits=waits, rule=rule)


def _expected(rule: Rule, gateways: list[Gateway]) -> Expected:
    name = rule["name"]
    waits = _written(float(rule.get("duration") or 0))
    if name in gateway_cases.CASES:
        case = gateway_cases.CASES[name]
        limited = name.startswith("LLMSampleLimit")
        jobs = [one.job for one in gateways if case.fits(one) and (one.sample_limit or not limited)]
        live = bool(jobs) and all(one.ages is SCRAPED for gateway in gateways[:1] for one in case.make(gateway))
        return Expected(name, case.world, BY_SERIES, tuple(jobs), waits, live, rule)
    if name in budget_cases.CASES:
        return Expected(name, budget_cases.CASES[name], BY_SERIES, waits=waits, rule=rule)
    if name in _OF_NO_GATEWAY:
        return Expected(name, _OF_NO_GATEWAY[name].world, BY_SERIES, waits=waits, rule=rule)
    return Expected(name, "", NOT_AT_ALL, waits=waits, rule=rule)


def _written(seconds: float) -> str:
    """A duration as people write it, such as 90s, 5m or 1h; empty for none."""
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s" if seconds else ""
