"""The status page: each model now and over time, in words that anybody can read, whatever a gateway calls itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.history import (
    WINDOWS,
    Figures,
    History,
    HistoryUnavailable,
    read,
)
from ansible_collections.llmmon.stack.plugins.module_utils.canary.statuspage import ENGLISH, TEXTS, Now, render
from ansible_collections.llmmon.stack.plugins.module_utils.canary.statuswriter import StatusWriter

from tests.support.loopback import Answer, Request, Server, as_json, unused_port

AT = 1_800_014_400.0
STATES = [
    Now("chat", "litellm", "gpt-x", "", asked=True),
    Now("long", "litellm", "gpt-x", "slow", asked=True),
    Now("other", "litellm", "claude", "server_error", asked=True),
    Now("wrong", "proxy", "llama", "other_model", asked=True),
    Now("new", "proxy", "qwen", "", asked=False),
]
HISTORY = History({("litellm", "gpt-x"): {"24h": Figures(1440, 3, 1.25, 2.5), "7d": Figures(10_000, 10_000)}})


class Reader(HTMLParser):
    """The cells of the table, and every tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.rows: list[list[str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data.strip():
            self.rows[-1][-1] += data.strip() + " "


def shown(states: list[Now], history: History | None = None, problem: str = "", language: str = "en") -> Reader:
    return Reader(render(states, history, AT - 120, problem, language, AT))


def test_each_model_has_a_row_and_each_window_a_column() -> None:
    page = shown(STATES, HISTORY)
    assert page.rows[0] == [f"{head} " for head in ("Gateway", "Model", "Now", *WINDOWS)]
    assert [row[:3] for row in page.rows[1:4]] == [
        ["litellm ", "gpt-x ", "answers chat slow long "],
        ["litellm ", "claude ", "fails (server_error) other "],
        ["proxy ", "llama ", "answers wrongly (other_model) wrong "],
    ]
    assert page.rows[1][3:] == ["99.79% answered median 1.2 s, P95 2.5 s ", "0.00% answered ", "- "]
    assert page.rows[4][2].startswith("not asked yet")
    assert not page.tags & {"script", "img", "link", "iframe"}


def test_it_says_how_old_it_is_and_what_it_lacks() -> None:
    page = render(STATES, HISTORY, AT - 120, "Prometheus answers 503", "en", AT)
    assert "Written 2027-01-15 12:00 UTC. History as of 2027-01-15 11:58 UTC" in page
    assert "No history: Prometheus answers 503" in page
    assert "History as of" not in render(STATES, None, 0.0, "", "en", AT)


def test_a_name_is_a_name_and_no_html() -> None:
    bad = "<script>alert(1)</script>"
    page = shown([Now(bad, bad, bad, "", asked=True)])
    assert "script" not in page.tags
    assert page.rows[1][1].strip() == bad


def test_it_speaks_korean() -> None:
    assert all(texts.keys() == ENGLISH.keys() for texts in TEXTS.values())
    assert shown(STATES, language="ko").rows[0][0] == "게이트웨이 "
    assert shown(STATES, language="xx").rows[0][0] == "Gateway "


def result(value: str) -> Answer:
    series = {"metric": {"gateway": "litellm", "model": "gpt-x"}, "value": [AT, value]}
    return as_json({"status": "success", "data": {"result": [series]}})


class Prometheus(Server):
    """Answers whatever is asked with one series."""

    reply = result("4")

    def answer_to(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.reply


def test_prometheus_is_asked_for_each_window() -> None:
    with Prometheus() as server:
        history = read(server.url, 1.8e9)
    asked = [parse_qs(urlsplit(request.path).query) for request in server.requests]
    queries = [one["query"][0] for one in asked]
    # All of one moment, or else more may have failed than was asked.
    assert {float(one["time"][0]) for one in asked} == {1.8e9}
    assert [len([query for query in queries if f"[{window}]" in query]) for window in WINDOWS] == [4, 4, 4]
    assert all(re.search(r"by \(gateway, model\)", query) for query in queries)
    # What is slow or wrong is an answer all the same.
    assert not [query for query in queries if "golden_below" in query or "|slow" in query]
    assert history.of(("litellm", "gpt-x"), "7d") == Figures(4.0, 4.0, 4.0, 4.0)
    assert history.of(("other", "gpt-x"), "7d").answered is None


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Answer(503), "Prometheus answers 503"),
        (Answer(200, b"<html>"), "answers what cannot be read"),
        (as_json({"data": {"result": [{}]}}), "answers what cannot be read"),
        (result("NaN"), "answers what cannot be read"),
    ],
)
def test_what_prometheus_cannot_say_is_said(reply: Answer, words: str) -> None:
    server = Prometheus()
    server.reply = reply
    with server, pytest.raises(HistoryUnavailable, match=words):
        read(server.url, 1.8e9)


def test_nobody_there_is_said_too() -> None:
    with pytest.raises(HistoryUnavailable, match="cannot be reached"):
        read(f"http://127.0.0.1:{unused_port()}", 1.8e9)


def test_what_prometheus_said_before_stays_when_it_is_silent(tmp_path: Path) -> None:
    answers: Iterator[History | HistoryUnavailable] = iter(
        [HISTORY, HistoryUnavailable("Prometheus cannot be reached")]
    )

    def reading(_: str, __: float) -> History:
        answer = next(answers)
        if isinstance(answer, HistoryUnavailable):
            raise answer
        return answer

    target = tmp_path / "status.html"
    writer = StatusWriter([], target, "http://prometheus", "en", reading)
    writer.ask()
    writer.write()
    assert "No history" not in target.read_text()
    writer.ask()
    writer.write()
    assert "History as of" in target.read_text()
    assert "No history: Prometheus cannot be reached" in target.read_text()
    # A disk that is full, or a folder that is not there, is no reason to stop.
    StatusWriter([], tmp_path / "none" / "status.html", "", "en", reading).write()
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == '["status.html"]'
