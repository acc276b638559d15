"""What a month's alerts and messages were worth: which were about an incident, and how soon each incident was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.rules.month.alertmanager import Message
from tests.rules.month.calendar import BEGINNING, Incident
from tests.rules.month.episodes import Episode
from tests.rules.month.simulation import Month, Outcome

# An alert that begins so long after an incident is not about it any more: rates look back 5 minutes, and alerts wait.
AFTERWARDS = 10


@dataclass(frozen=True)
class Told:
    """Minutes from an incident's beginning until an alert about it fired, and until that was told."""

    alert: str
    fired: float
    message: float


@dataclass(frozen=True)
class Noticed:
    """How soon an incident was told, by any alert and by a critical one."""

    incident: Incident
    first: Told | None
    critical: Told | None


@dataclass(frozen=True)
class OfAlert:
    """One alert's month. Minutes are those of false episodes, messages all about it, false ones about no incident."""

    alert: str
    severity: str
    episodes: int
    false_episodes: int
    false_minutes: int
    messages: int
    false_messages: int


class Judgement:
    """Counts what happened after the history."""

    def __init__(self, month: Month, outcome: Outcome) -> None:
        self._month = month
        self._episodes = [one for one in outcome.episodes if one.end > month.counted_from]
        self.messages = [message for message in outcome.messages if message.at >= month.counted_from]

    @property
    def critical_and_false(self) -> int:
        return sum(self._is_false(message) for message in self.messages if _of(message, "severity") == "critical")

    def alerts(self) -> list[OfAlert]:
        """One row for each alert and severity that fired."""
        rows = []
        for name, severity in sorted({(one.label("alertname"), one.label("severity")) for one in self._episodes}):
            own = [one for one in self._episodes if (one.label("alertname"), one.label("severity")) == (name, severity)]
            false = [one for one in own if not self._incident_of(one)]
            told = [one for one in self.messages if (_of(one, "alertname"), _of(one, "severity")) == (name, severity)]
            rows.append(
                OfAlert(
                    name,
                    severity,
                    len(own),
                    len(false),
                    round(sum(self._seconds(one) for one in false) / 60),
                    len(told),
                    sum(self._is_false(one) for one in told),
                )
            )
        return rows

    def incidents(self) -> list[Noticed]:
        return [
            Noticed(incident, self._told(incident, {"critical", "warning", "info"}), self._told(incident, {"critical"}))
            for incident in self._month.incidents
        ]

    def _seconds(self, one: Episode) -> float:
        return min(one.end, self._month.end) - max(one.start, self._month.counted_from)

    def _told(self, incident: Incident, severities: set[str]) -> Told | None:
        about = [
            one for one in self._episodes if one.label("severity") in severities and self._incident_of(one) == incident
        ]
        begun = BEGINNING + incident.start * 60
        found = [
            Told(one.label("alertname"), (one.start - begun) / 60, (message.at - begun) / 60)
            for one in about
            if (message := self._first_message(one))
        ]
        return min(found, key=lambda told: (told.message, told.fired, told.alert), default=None)

    def _first_message(self, one: Episode) -> Message | None:
        return next(
            (told for told in self.messages if one.start <= told.at < one.end and one.labels in told.firing), None
        )

    def _is_false(self, message: Message) -> bool:
        return not any(
            self._incident_of(one)
            for labels in (*message.firing, *message.resolved)
            if (one := self._latest(labels, message.at))
        )

    def _latest(self, labels: Sequence[tuple[str, str]], at: float) -> Episode | None:
        return max(
            (one for one in self._episodes if one.labels == labels and one.start <= at),
            key=lambda one: one.start,
            default=None,
        )

    def _incident_of(self, one: Episode) -> Incident | None:
        """The incident that an episode is about: it begins during it, or soon after, at the same gateway and model."""
        minute = (one.start - BEGINNING) / 60
        return next(
            (
                incident
                for incident in self._month.incidents
                if incident.start <= minute <= incident.end + AFTERWARDS
                and incident.concerns(one.label("job"), one.label("model"))
            ),
            None,
        )


def _of(message: Message, label: str) -> str:
    return dict(message.group).get(label, "")
