"""The end of `make demo`, as plain text: numbers and how they came, models, what fires, and the message about it."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.demo import overview
from tests.demo.overview import Alert, Message, Model, Number

WIDTH = 100
_INDENT = 2
_LABEL, _VALUE = 26, 20
_SPARKS = "▁▂▃▄▅▆▇█"
_NOTHING = "-"
_SHOWN = 3
# Slack's form of a link.
_LINK = re.compile(r"<([^|<>]+)\|([^<>]+)>")
# How to write what the board's titles begin with, and what stands behind it.
_UNITS: dict[str, tuple[Callable[[float], str], str]] = {
    "Requests": (lambda value: f"{value:.2f}", " per second"),
    "Failed": (lambda value: f"{value:.1%}", ""),
    "P95": (lambda value: f"{value:.3g} s" if value >= 1 else f"{value * 1000:.0f} ms", ""),
    "Tokens": (lambda value: f"{value:.1f}", " per second"),
    overview.COST: (lambda value: f"${value:.2f}" if value >= 1 else f"${value:.4f}", ""),
}


@dataclass(frozen=True)
class Seen:
    """The demo at a moment."""

    moment: float
    numbers: Sequence[Number]
    models: Sequence[Model]
    alerts: Sequence[Alert]
    message: Message | None
    has_traffic: bool

    def of(self, model: str) -> list[Alert]:
        return [alert for alert in self.alerts if alert.model == model]


def missing(seen: Seen, model: str) -> str:
    """What is not there yet of the alert about a model and its message; nothing when both are."""
    found = seen.of(model)
    firing = [alert for alert in found if alert.is_firing]
    if firing:
        if seen.message is not None and seen.message.is_firing:
            return ""
        names = ", ".join(alert.name for alert in firing)
        return f"no message has come yet: {names} of {model} fires, and Alertmanager is about to tell"
    if found:
        longest = min(found, key=lambda alert: alert.since + alert.holds_seconds - seen.moment)
        waited = f"{_duration(seen.moment - longest.since)} of {_duration(longest.holds_seconds)}"
        return f"no alert fires yet: {longest.name} of {model} is pending for {waited}"
    if not seen.has_traffic:
        return f"no alert fires: no traffic flows any more, so {model} has nothing to fail; 'make demo' starts it again"
    return f"no alert is pending yet: {model} was not asked often enough so far"


def lines(seen: Seen, model: str) -> Iterator[str]:
    """The view; ``model`` is the one whose alert and message are shown."""
    unknown = min((_unknown(number.history) for number in seen.numbers), default=0)
    yield f"LLM overview at {_clock(seen.moment)}; each sign is {overview.STEP_SECONDS} seconds, the last one now"
    yield ""
    yield from (_number(number, unknown) for number in seen.numbers)
    yield ""
    yield from _models(seen.models)
    yield ""
    yield from _alerts(seen, model)
    gap = missing(seen, model)
    if gap:
        yield ""
        yield from _wrapped(gap)
    if seen.message is not None:
        yield ""
        yield from _message(seen.message)


def sparks(history: Sequence[float | None]) -> str:
    """A sign for each value, from 0 to the highest; nothing where there is none."""
    most = max((value for value in history if value is not None), default=0.0)
    return "".join(" " if value is None else _spark(value, most) for value in history)


def _spark(value: float, most: float) -> str:
    return _SPARKS[round(value / most * (len(_SPARKS) - 1))] if most > 0 else _SPARKS[0]


def _unknown(history: Sequence[float | None]) -> int:
    """How long there was nothing at first."""
    return next((place for place, value in enumerate(history) if value is not None), len(history))


def _number(number: Number, unknown: int) -> str:
    write, unit = _unit(number.title)
    value = "not recorded yet" if number.now is None else f"{write(number.now)}{unit}"
    most = max((value for value in number.history if value is not None), default=0.0)
    scale = f"  0 to {write(most)}" if most > 0 else ""
    drawn = sparks(number.history[unknown:])
    return f"{'':{_INDENT}}{number.title:<{_LABEL}}{value:<{_VALUE}}{drawn}{scale}".rstrip()


def _models(models: Sequence[Model]) -> Iterator[str]:
    yield f"{'':{_INDENT}}{'Model':<{_LABEL}}" + "".join(f"{column:>18}" for column in overview.COLUMNS)
    for model in models:
        cells = [_cell(column, model.values[column]) for column in overview.COLUMNS]
        name = textwrap.shorten(model.name, _LABEL - 1, placeholder="…")
        yield f"{'':{_INDENT}}{name:<{_LABEL}}" + "".join(f"{cell:>18}" for cell in cells)


def _alerts(seen: Seen, model: str) -> Iterator[str]:
    """Those that fire, that of the model first."""
    firing = sorted(
        (alert for alert in seen.alerts if alert.is_firing), key=lambda alert: (alert.model != model, alert.since)
    )
    if not firing:
        return
    yield "Alerts that fire"
    yield ""
    for alert in firing[:_SHOWN]:
        about = " at ".join(part for part in (alert.model, alert.job) if part)
        since = _duration(seen.moment - alert.since - alert.holds_seconds)
        yield from _wrapped(f"{alert.severity}  {alert.name}  {about}, for {since}")
        yield from _wrapped(alert.description, indent=2 * _INDENT)
    if len(firing) > _SHOWN:
        yield from _wrapped(f"and {', '.join(alert.name for alert in firing[_SHOWN:])}")


def _message(message: Message) -> Iterator[str]:
    yield f"The message as it came to the demo's Slack receiver at {_clock(message.received)}"
    yield ""
    yield from _wrapped(message.title)
    for line in message.text.strip().splitlines():
        links = _LINK.findall(line)
        # Half an address opens nothing: one that is too long for a line is only named.
        plain = _LINK.sub(r"\2", line)
        yield from _wrapped(html.unescape(plain))
        for address, name in links:
            whole = f"{'':{_INDENT}}{name}: {html.unescape(address)}"
            if len(whole) <= WIDTH:
                yield whole


def _cell(column: str, value: float | None) -> str:
    if value is None:
        return _NOTHING
    write, unit = _unit(column)
    return f"{write(value)}{unit}"


def _unit(title: str) -> tuple[Callable[[float], str], str]:
    return next(unit for name, unit in _UNITS.items() if title.startswith(name))


def _wrapped(text: str, indent: int = _INDENT) -> list[str]:
    space = " " * indent
    return textwrap.wrap(text, WIDTH, initial_indent=space, subsequent_indent=space, break_on_hyphens=False)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return " ".join([*([f"{minutes} min"] if minutes else []), *([f"{rest} s"] if rest or not minutes else [])])


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment).astimezone().strftime("%H:%M:%S %Z")
