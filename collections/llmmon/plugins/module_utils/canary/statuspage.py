# SPDX-License-Identifier: Apache-2.0
"""The status page: each model now, and over a day, a week and a month. One file of HTML without a script.

It is written to a file as well, so that it can be read when nothing else runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from .history import WINDOWS, Figures, History
from .watch import IS_FAILING, IS_SLOW, IS_WRONG, NOTHING, kind_of

ENGLISH: Mapping[str, str] = {
    "title": "Models",
    "gateway": "Gateway",
    "model": "Model",
    "now": "Now",
    "answered": "answered",
    "median": "median",
    NOTHING: "answers",
    IS_FAILING: "fails",
    IS_WRONG: "answers wrongly",
    IS_SLOW: "slow",
    "silent": "not asked yet",
    "written": "Written",
    "history": "History as of",
    "no_history": "No history: ",
}
TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": ENGLISH,
    "ko": {
        "title": "모델",
        "gateway": "게이트웨이",
        "model": "모델",
        "now": "지금",
        "answered": "응답",
        "median": "중앙값",
        NOTHING: "응답함",
        IS_FAILING: "실패함",
        IS_WRONG: "잘못 응답함",
        IS_SLOW: "느림",
        "silent": "아직 묻지 않음",
        "written": "작성",
        "history": "기록 시각",
        "no_history": "기록 없음: ",
    },
}
_STYLE = """
body { font: 16px/1.5 sans-serif; margin: 2em; color: #222; background: #fff }
table { border-collapse: collapse }
th, td { border-bottom: 1px solid #ccc; padding: .4em 1em; text-align: left; vertical-align: top }
.failing { background: #f8d0d0 } .wrong, .slow { background: #fbe8c0 } .fine { background: #d8f0d8 }
small { color: #555 }
"""


@dataclass(frozen=True)
class Now:
    """One canary's state: what is told of it, and whether it has asked at all."""

    canary: str
    gateway: str
    model: str
    told: str
    asked: bool


def render(
    states: Sequence[Now], history: History | None, asked_at: float, problem: str, language: str, now: float
) -> str:
    """The page. ``history`` is that of ``asked_at``, None before there is one; ``problem`` is why there is no newer."""
    texts = TEXTS.get(language, ENGLISH)
    rows = []
    for gateway, model in dict.fromkeys((state.gateway, state.model) for state in states):
        of_model = [state for state in states if (state.gateway, state.model) == (gateway, model)]
        figures = [(history or History()).of((gateway, model), window) for window in WINDOWS]
        cells = "".join(f"<td>{_figures(one, texts)}</td>" for one in figures)
        names = f"<td>{escape(gateway)}</td><td>{escape(model)}</td>"
        rows.append(f"<tr>{names}<td>{_now(of_model, texts)}</td>{cells}</tr>")
    heads = "".join(f"<th>{head}</th>" for head in (texts["gateway"], texts["model"], texts["now"], *WINDOWS))
    notes = [f"{texts['written']} {_time(now)}"]
    notes += [f"{texts['history']} {_time(asked_at)}"] if history else []
    notes += [texts["no_history"] + problem] if problem else []
    return f"""<!DOCTYPE html>
<html lang="{escape(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="60">
<title>{texts["title"]}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{texts["title"]}</h1>
<table>
<tr>{heads}</tr>
{chr(10).join(rows)}
</table>
<p><small>{escape(". ".join(notes))}</small></p>
</body>
</html>
"""


def _now(states: Iterable[Now], texts: Mapping[str, str]) -> str:
    found = []
    for state in states:
        kind = kind_of(state.told)
        cause = f" ({escape(state.told)})" if kind in (IS_FAILING, IS_WRONG) else ""
        words = texts[kind] + cause if state.asked else texts["silent"]
        shown = (kind or "fine") if state.asked else ""
        found.append(f'<span class="{shown}">{words}</span> <small>{escape(state.canary)}</small>')
    return "<br>".join(found)


def _figures(figures: Figures, texts: Mapping[str, str]) -> str:
    if figures.answered is None:
        return "-"
    lines = [f"{figures.answered:.2%} {texts['answered']}"]
    if figures.median is not None and figures.p95 is not None:
        lines.append(f"<small>{texts['median']} {figures.median:.1f} s, P95 {figures.p95:.1f} s</small>")
    return "<br>".join(lines)


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
