"""The month as text."""

from __future__ import annotations

from collections.abc import Sequence

from tests.rules.month.calendar import DAY, Incident
from tests.rules.month.judgement import Judgement, Noticed, Told
from tests.rules.month.simulation import Month, Outcome

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def text(title: str, month: Month, outcome: Outcome) -> str:
    """A title, the numbers that count, a row for each alert, and one for each incident."""
    judgement = Judgement(month, outcome)
    rows = judgement.alerts()
    alerts = _aligned(
        [
            ["alert", "severity", "episodes", "false", "minutes", "messages", "false"],
            *(
                [
                    row.alert,
                    row.severity,
                    str(row.episodes),
                    str(row.false_episodes),
                    str(row.false_minutes),
                    str(row.messages),
                    str(row.false_messages),
                ]
                for row in rows
            ),
        ]
    )
    incidents = _aligned(
        [["incident", "where", "when", "fired", "told", "by", "critical"], *map(_incident, judgement.incidents())]
    )
    return "\n".join(
        [
            f"{title}: {len(judgement.messages)} messages a channel in {month.days - month.history} days,"
            f" {judgement.critical_and_false} of them critical and false",
            "",
            *alerts,
            "",
            *incidents,
            "",
        ]
    )


def _incident(noticed: Noticed) -> list[str]:
    incident, first, critical = noticed.incident, noticed.first, noticed.critical
    return [
        incident.kind.value,
        incident.gateway + (f"/{incident.model}" if incident.model else ""),
        _when(incident),
        f"{first.fired:g} min" if first else "missed",
        _minutes(first),
        first.alert if first else "",
        f"{_minutes(critical)} {critical.alert}" if critical else "never",
    ]


def _minutes(told: Told | None) -> str:
    return f"{told.message:g} min" if told else "missed"


def _when(incident: Incident) -> str:
    day, minute = divmod(incident.start, DAY)
    return f"day {day + 1} {_DAYS[day % 7]} {minute // 60:02}:{minute % 60:02}, {incident.end - incident.start} min"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
