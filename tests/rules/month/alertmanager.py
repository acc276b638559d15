"""What Alertmanager would have sent: a model of its routes, grouping, inhibition, repetition and resolved messages.

It reads the configuration that the role renders. Left out is what the month has no use for: silences, times to be
quiet, several Alertmanagers, receivers that fail. test_alertmanager.py holds it against the real one.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds

from tests.rules.month.episodes import Episode

Labels = tuple[tuple[str, str], ...]
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*(".*")')
_DEFAULTS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}


@dataclass(frozen=True)
class Message:
    """One message to one receiver, at a second; alerts by their labels."""

    at: float
    receiver: str
    group: Labels
    firing: tuple[Labels, ...]
    resolved: tuple[Labels, ...]


@dataclass(frozen=True)
class Route:
    """Where an alert ends up, with everything that it inherits."""

    place: tuple[int, ...]
    receiver: str
    group_by: tuple[str, ...]
    group_wait: float
    group_interval: float
    repeat_interval: float


def messages(episodes: Iterable[Episode], configuration: Mapping[str, Any], until: float) -> list[Message]:
    """All messages up to the second ``until``, in the order they are sent."""
    told = list(episodes)
    groups: dict[tuple[Route, Labels], list[Episode]] = {}
    for one in told:
        labels = dict(one.labels)
        for route in _routes(configuration["route"], labels):
            by = labels if "..." in route.group_by else route.group_by
            group = tuple((name, labels[name]) for name in sorted(by) if name in labels)
            groups.setdefault((route, group), []).append(one)
    quiet = _Inhibition(configuration.get("inhibit_rules") or [], told)
    found = [
        message
        for (route, group), members in groups.items()
        for message in _Group(route, group, quiet).messages(members, until)
    ]
    return sorted(found, key=lambda message: (message.at, message.group, message.receiver))


def _matches(matchers: Iterable[str], labels: Mapping[str, str]) -> bool:
    return all(_match(matcher, labels) for matcher in matchers)


def _match(matcher: str, labels: Mapping[str, str]) -> bool:
    parts = _MATCHER.fullmatch(matcher.strip())
    if not parts:
        raise ValueError(f"not a matcher: {matcher}")
    value, wanted = labels.get(parts[1], ""), json.loads(parts[3])
    same = bool(re.fullmatch(wanted, value)) if "~" in parts[2] else value == wanted
    return same is not parts[2].startswith("!")


def _routes(
    route: Mapping[str, Any],
    labels: Mapping[str, str],
    above: Mapping[str, Any] | None = None,
    place: tuple[int, ...] = (),
) -> list[Route]:
    """The routes that take an alert: the first child that matches, and those after one that says `continue`."""
    settings = {**_DEFAULTS, **(above or {}), **{key: value for key, value in route.items() if key != "routes"}}
    found: list[Route] = []
    for number, child in enumerate(route.get("routes") or []):
        if _matches(child.get("matchers") or [], labels):
            inherited = {key: value for key, value in settings.items() if key not in {"matchers", "continue"}}
            found += _routes(child, labels, inherited, (*place, number))
            if not child.get("continue"):
                break
    if found:
        return found
    seconds = {name: milliseconds(settings[name]) / 1000 for name in _DEFAULTS}
    return [Route(place, str(settings["receiver"]), tuple(settings.get("group_by") or ()), **seconds)]


class _Inhibition:
    """Which alert is quiet when."""

    def __init__(self, rules: Sequence[Mapping[str, Any]], told: Sequence[Episode]) -> None:
        self._rules = rules
        self._times: dict[Labels, list[tuple[float, float]]] = {}
        for one in told:
            self._times.setdefault(one.labels, []).append((one.start, one.end))
        self._sources: dict[Labels, list[Labels]] = {}

    def is_quiet(self, labels: Labels, now: float) -> bool:
        if labels not in self._sources:
            self._sources[labels] = [source for source in self._times if self._silences(dict(source), dict(labels))]
        return any(self._fires(source, now) for source in self._sources[labels])

    def _fires(self, labels: Labels, now: float) -> bool:
        times = self._times[labels]
        place = bisect_right(times, (now, float("inf"))) - 1
        return place >= 0 and times[place][1] > now

    def _silences(self, source: dict[str, str], target: dict[str, str]) -> bool:
        for rule in self._rules:
            both_ways = _matches(rule["source_matchers"], target) and _matches(rule["target_matchers"], source)
            if (
                _matches(rule["source_matchers"], source)
                and _matches(rule["target_matchers"], target)
                and all(source.get(name, "") == target.get(name, "") for name in rule.get("equal") or [])
                # What is on both sides of a rule does not keep its like quiet.
                and not both_ways
            ):
                return True
        return False


@dataclass
class _Group:
    """One group of alerts of one route: looked at every group_interval for as long as it has members."""

    route: Route
    group: Labels
    quiet: _Inhibition
    # What was told last, and when.
    told_at: float | None = None
    told_firing: set[Labels] = field(default_factory=set)
    told_resolved: set[Labels] = field(default_factory=set)

    def messages(self, members: Sequence[Episode], until: float) -> list[Message]:
        found: list[Message] = []
        arriving = sorted(members, key=lambda one: one.start)
        place = 0
        while place < len(arriving):
            now = arriving[place].start + self.route.group_wait
            present: dict[Labels, Episode] = {}
            while now <= until:
                while place < len(arriving) and arriving[place].start <= now:
                    present[arriving[place].labels] = arriving[place]
                    place += 1
                if not present:
                    # An empty group is forgotten; the next alert begins a new one.
                    break
                message = self._look(now, present)
                if message:
                    found.append(message)
                present = {labels: one for labels, one in present.items() if one.end > now}
                now += self.route.group_interval
            else:
                return found
        return found

    def _look(self, now: float, present: Mapping[Labels, Episode]) -> Message | None:
        heard = {labels: one for labels, one in present.items() if not self.quiet.is_quiet(labels, now)}
        firing = {labels for labels, one in heard.items() if one.end > now}
        resolved = heard.keys() - firing
        if not heard or not self._is_news(now, firing, resolved):
            return None
        self.told_at, self.told_firing, self.told_resolved = now, firing, set(resolved)
        return Message(now, self.route.receiver, self.group, tuple(sorted(firing)), tuple(sorted(resolved)))

    def _is_news(self, now: float, firing: set[Labels], resolved: set[Labels]) -> bool:
        """As DedupStage.needsUpdate of Alertmanager decides, for a receiver that is told of resolved alerts."""
        # Its log of messages forgets after two repeat intervals.
        if self.told_at is None or now - self.told_at > 2 * self.route.repeat_interval:
            return bool(firing)
        if not firing <= self.told_firing:
            return True
        if not firing:
            return bool(self.told_firing)
        if not resolved <= self.told_resolved:
            return True
        # Told a moment after it was looked at: at the very end of the interval it is a moment too early.
        return now - self.told_at > self.route.repeat_interval
