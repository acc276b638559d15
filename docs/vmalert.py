"""Write docs/operations/vmalert.md from what tests saw of VictoriaMetrics's evaluation: `python -m docs.generate`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.engines.differences import Found, known
from tests.engines.evaluating import PROMETHEUS, VERSION, Difference, Why

TARGET = Path(__file__).resolve().parent / "operations" / "vmalert.md"

INTRODUCTION = f"""\
# Rules evaluated by vmalert

Written by `make docs` from what `make engines` holds; change it there.

llmmon's rules are for Prometheus, which evaluates them on its own host. Whoever loads the same files into
VictoriaMetrics's vmalert gets the same alerts and the same numbers, but for what is below. Each of the rules' test
cases was run through Prometheus {PROMETHEUS} (promtool) and vmalert {VERSION} (vmalert-tool). Compared was, at each
moment that a case looks at, every recorded series and every alert that fires, in the end every alert that ever fired,
and the words of those alerts whose words have a test. What is not named here was the same in all {{cases}} cases. Most
of their series are a few minutes old, so most of what follows is about the minutes after a series begins or ends.

No rule uses `increase()`, which counts what a new series begins with in MetricsQL and not in Prometheus: alerts about
counters of failures do not depend on who evaluates them.

| it is called | why | what that means |
|---|---|---|
"""
REASONS = {
    Why.COUNTED: (
        "`rate()` of MetricsQL divides what a counter grew, since the last sample before the window, by the time"
        " between the samples; Prometheus extrapolates from the samples within the window, and divides by all of it",
        "the rate of a new series is full from its second sample on, where that of Prometheus rises for 5 minutes, and"
        " it ends sooner; what sums rates, such as an hour's requests or a new team's dollars, is larger by that; one"
        " request is one, where Prometheus extrapolates it to 1.25 (at one sample a minute)",
    ),
    Why.LATE: (
        "vmalert shows a rule what earlier rules of its group have recorded only at the next evaluation",
        "a value comes one evaluation later for each recorded series that it is computed from, and so does an alert; a"
        " ratio whose parts come at different times is off while they change; when a target gets other labels, what it"
        " has ever counted may be a surge for one evaluation",
    ),
    Why.WORDED: ("its texts are templated otherwise", "the message reads otherwise"),
}
# What each difference of an alert means for the person who is told, or not.
ALERTS = {
    "LLMErrorBudgetBurnFast": (
        "Of a gateway that is some minutes old and has just about the requests that an alert needs, it may fire at"
        " another minute."
    ),
    "LLMHighFailureRatio": (
        "Failures that appear for the first time count in full from their second sample, so the alert comes some"
        " minutes earlier. Of many new users, whose first requests fail, it comes one evaluation later."
    ),
    "LLMLowTrafficFailing": (
        "When all series of a gateway end at once, Prometheus still sees few requests, of which many failed, for some"
        " minutes, and tells so; vmalert does not. LLMTargetDown tells of the gateway in both."
    ),
}


def document(found: Found) -> str:
    """The whole page."""
    seen = {difference.why for names in found.values() for difference in names.values()}
    reasons = [f"| {why} | {REASONS[why][0]} | {REASONS[why][1]} |" for why in REASONS if why in seen]
    return "\n".join(
        [
            INTRODUCTION.replace("{cases}", str(len(found))) + "\n".join(reasons),
            "\n## Alerts\n",
            "| alert | differs | what that means |",
            "|---|---|---|",
            *_alerts(found),
            "\n## Recorded series\n",
            "With what both said where they were furthest apart; *none* is no series at all.\n",
            "| series | it is called | case | Prometheus | vmalert |",
            "|---|---|---|---|---|",
            *_series(found),
            "",
        ]
    )


def alerts(found: Found) -> list[str]:
    """Those that differ; the name of a recorded series has a colon in it."""
    return sorted({name for names in found.values() for name in names if ":" not in name})


def _alerts(found: Found) -> Iterator[str]:
    for alert in alerts(found):
        said = "; ".join(
            f"{difference.why} in the case `{case}`: Prometheus {difference.prometheus}, vmalert {difference.victoria}"
            for case, difference in _of(found, alert)
        )
        yield f"| [{alert}](../runbooks/{alert}.md) | {said} | {ALERTS[alert]} |"


def _series(found: Found) -> Iterator[str]:
    for name in sorted({name for names in found.values() for name in names if ":" in name}):
        rows = _of(found, name)
        for why in Why:
            of_it = [(case, difference) for case, difference in rows if difference.why == why]
            if of_it:
                case, worst = max(of_it, key=lambda row: _apart(row[1]))
                yield f"| `{name}` | {why} | `{case}` | {_shown(worst.prometheus)} | {_shown(worst.victoria)} |"


def _of(found: Found, name: str) -> list[tuple[str, Difference]]:
    return [(case, names[name]) for case, names in sorted(found.items()) if name in names]


def _shown(said: str) -> str:
    """A number as people write it."""
    return f"{float(said):,.12g}" if "e+" in said else said


def _apart(difference: Difference) -> float:
    """How far, from 0 to 1; further, if one says nothing."""
    try:
        one, other = float(difference.prometheus), float(difference.victoria)
    except ValueError:
        return 2
    return abs(one - other) / max(abs(one), abs(other))


def page() -> str:
    return document(known())
