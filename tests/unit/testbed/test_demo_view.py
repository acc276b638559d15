"""The end of `make demo`: what the board asks, what fires and what was told, as plain text, and no guesses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient

from tests.demo import overview, view
from tests.demo.overview import Alert, Message, Model, Number
from tests.support.loopback import Answer, Request, Server, as_json
from tests.testbed.gateway import FAILING_MODEL

NOW = 1_800_000_000
POINTS = overview.MINUTES * 60 // overview.STEP_SECONDS + 1
# As Alertmanager sends it to Slack, with an address that no line has room for.
TEXT = (
    "*Too many LLM requests fail*: 1 of 3 models\n"
    f'100% of the requests for model "{FAILING_MODEL}" at llm-auth-proxy failed in the last 5 minutes'
    " (threshold &gt; 20%).\n"
    f"fires since 2026-11-28 22:41 UTC: model={FAILING_MODEL}\n"
    "<https://runbooks.example.org/LLMHighFailureRatio.md|Runbook> · "
    "<http://localhost:3000/d/llmmon-operations?a=1&amp;b=2|Dashboard> · "
    f"<http://localhost:9090/{'x' * 120}|Prometheus>\n"
)
RULES = {
    "data": {
        "groups": [
            {
                "rules": [
                    {"name": "Watchdog", "duration": 0, "alerts": [{"labels": {}, "state": "firing"}]},
                    {
                        "name": "LLMHighFailureRatio",
                        "duration": 60,
                        "alerts": [
                            {
                                "labels": {"severity": "critical", "job": "llm-auth-proxy", "model": FAILING_MODEL},
                                "annotations": {"description": "100% failed."},
                                "state": "pending",
                                "activeAt": "2027-01-15T07:59:20.123456789Z",
                            }
                        ],
                    },
                ]
            }
        ]
    }
}


class Prometheus(Server):
    """One that has two models' series, whatever is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.queries: list[str] = []

    @property
    def client(self) -> HttpClient:
        return HttpClient(Connection(self.url))

    def answer_to(self, request: Request) -> Answer:
        url = urlsplit(request.path)
        if url.path.endswith("/rules"):
            return as_json(RULES)
        parameters = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.queries.append(parameters["query"])
        if url.path.endswith("query_range"):
            start, end, step = (int(parameters[name]) for name in ("start", "end", "step"))
            moments = range(start, end + 1, step)
            # The younger of the two was asked for the first time in the middle.
            known = [[moment, "1.5"] for moment in moments]
            late = [[moment, "NaN" if place < POINTS // 2 else "2"] for place, moment in enumerate(moments)]
            return as_json({"data": {"result": [{"values": known}, {"values": late}]}})
        return as_json(
            {
                "data": {
                    "result": [
                        {"metric": {"model": "mock"}, "value": [NOW, "0.1"]},
                        {"metric": {"model": FAILING_MODEL}, "value": [NOW, "NaN" if "cost" in request.path else "1"]},
                    ]
                }
            }
        )


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    server = Prometheus()
    with server:
        yield server


def test_the_numbers_are_those_of_the_board(prometheus: Prometheus) -> None:
    found = {number.title: number for number in overview.numbers(prometheus.client, NOW)}
    assert set(found) == {"Requests", "Failed", "P95 of the slowest model", "Tokens", "Cost per hour"}
    # Its variables would match nothing: all of it is asked for, and from what the rules record alone.
    assert len(prometheus.queries) == 5
    assert all("$" not in query and '=~".*"' in query and "job_model:llm_" in query for query in prometheus.queries)
    history = found["Cost per hour"].history
    assert len(history) == POINTS
    assert (history[0], history[-1]) == (1.5, 3.5)


def test_the_models_are_those_of_the_board_the_failing_one_first(prometheus: Prometheus) -> None:
    failing, other = overview.models(prometheus.client)
    assert (failing.name, other.name) == (FAILING_MODEL, "mock")
    assert failing.values == {"Requests": 1, "Failed": 1, "P95": 1, "Cost per hour": None}


def test_alerts_are_known_with_how_long_they_are_pending(prometheus: Prometheus) -> None:
    (alert,) = overview.alerts(prometheus.client)
    assert (alert.name, alert.model, alert.is_firing, alert.holds_seconds) == (
        "LLMHighFailureRatio",
        FAILING_MODEL,
        False,
        60,
    )
    assert round(NOW - alert.since) == 40


def record(title: str, text: str, moment: float = NOW) -> dict[str, Any]:
    return {"time": moment, "path": "/slack", "json": {"attachments": [{"title": title, "text": text}]}}


def test_the_newest_message_about_the_model_is_shown() -> None:
    records = [
        record("[FIRING:1] LLMHighFailureRatio", TEXT, NOW - 60),
        record("[RESOLVED] LLMHighFailureRatio", TEXT, NOW - 30),
        record("[FIRING:1] LLMMonDeliveryProbe", "A test of llmmon"),
        {"time": NOW, "path": "/", "json": None},
    ]
    message = overview.last_message(records, FAILING_MODEL)
    assert message is not None
    assert (message.title, message.received, message.is_firing) == ("[RESOLVED] LLMHighFailureRatio", NOW - 30, False)
    assert overview.last_message(records[2:], FAILING_MODEL) is None


# -- the text

FIRING = Alert("LLMHighFailureRatio", "critical", "llm-auth-proxy", FAILING_MODEL, True, NOW - 130.0, 60.0, "Bad.")
PENDING = replace(FIRING, is_firing=False, since=NOW - 40.0)
OTHERS = [Alert(f"Other{number}", "warning", "prometheus", "", True, NOW - 900.0, 0, "") for number in range(5)]
MESSAGE = Message(NOW - 5.0, "[FIRING:1] LLMHighFailureRatio llm-auth-proxy (critical)", TEXT)
HISTORY = (*[None] * 20, *[float(value) for value in range(POINTS - 20)])


def seen(*alerts: Alert, message: Message | None = None, has_traffic: bool = True) -> view.Seen:
    numbers = [
        Number("Requests", HISTORY),
        Number("P95 of the slowest model", (*[None] * 25, *[0.25] * (POINTS - 25))),
        Number("Tokens", (None,) * POINTS),
        Number("Cost per hour", (*[None] * 20, *[0.0] * (POINTS - 20))),
    ]
    values = {"Requests": 0.2, "Failed": 1.0, "P95": None, "Cost per hour": 12.5}
    models = [Model(FAILING_MODEL, values), Model("a-name-that-is-longer-than-its-column", values)]
    return view.Seen(float(NOW), numbers, models, alerts, message, has_traffic)


def text(found: view.Seen) -> str:
    return "\n".join(view.lines(found, FAILING_MODEL))


def test_the_view_fits_into_a_hundred_columns_and_has_no_colours() -> None:
    shown = text(seen(FIRING, *OTHERS, message=MESSAGE))
    assert max(len(line) for line in shown.splitlines()) <= 100
    assert "\x1b" not in shown
    assert all(line.rstrip() == line for line in shown.splitlines())


def test_the_view_shows_numbers_and_how_they_came() -> None:
    requests, p95, tokens, cost = text(seen()).splitlines()[2:6]
    # What none of them has at first is left out; who began later than others begins later in its line as well.
    assert requests == "  Requests                  10.00 per second    ▁▂▂▃▄▅▅▆▇▇█  0 to 10.00"
    assert p95 == "  P95 of the slowest model  250 ms                   ██████  0 to 250 ms"
    assert tokens == "  Tokens                    not recorded yet"
    assert cost == "  Cost per hour             $0.0000             ▁▁▁▁▁▁▁▁▁▁▁"


def test_a_cell_without_a_value_is_empty_and_no_guess() -> None:
    (row,) = [line for line in text(seen()).splitlines() if line.startswith(f"  {FAILING_MODEL}")]
    assert row.split() == [FAILING_MODEL, "0.20", "per", "second", "100.0%", "-", "$12.50"]


def test_the_view_shows_the_alert_of_the_failing_model_first_and_names_the_rest() -> None:
    shown = text(seen(*OTHERS, FIRING, message=MESSAGE))
    assert f"critical  LLMHighFailureRatio  {FAILING_MODEL} at llm-auth-proxy, for 1 min 10 s" in shown
    assert shown.index("LLMHighFailureRatio") < shown.index("Other0")
    assert "and Other2, Other3, Other4" in shown


def test_the_view_shows_the_message_as_it_came() -> None:
    shown = text(seen(FIRING, message=MESSAGE))
    assert "  [FIRING:1] LLMHighFailureRatio llm-auth-proxy (critical)" in shown.splitlines()
    assert "(threshold > 20%)." in " ".join(shown.split())
    # An address that fits is whole; of one that does not, only the name is there.
    assert "  Dashboard: http://localhost:3000/d/llmmon-operations?a=1&b=2" in shown.splitlines()
    assert "Runbook · Dashboard · Prometheus" in shown
    assert "xxx" not in shown


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (seen(), "no alert is pending yet: always-fails was not asked often enough so far"),
        (seen(PENDING), "no alert fires yet: LLMHighFailureRatio of always-fails is pending for 40 s of 1 min"),
        (seen(FIRING), "no message has come yet: LLMHighFailureRatio of always-fails fires"),
        # One that was told to be over is not the message about what fires now.
        (seen(FIRING, message=Message(NOW, "[RESOLVED] X", TEXT)), "no message has come yet"),
        (seen(has_traffic=False), "no traffic flows any more"),
        (seen(*OTHERS), "no alert is pending yet"),
    ],
)
def test_what_is_not_there_yet_is_said(found: view.Seen, sentence: str) -> None:
    assert sentence in view.missing(found, FAILING_MODEL)
    assert sentence in " ".join(text(found).split())


def test_nothing_is_missing_once_the_message_is_there() -> None:
    assert view.missing(seen(FIRING, message=MESSAGE), FAILING_MODEL) == ""
