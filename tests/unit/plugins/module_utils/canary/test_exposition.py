"""The metrics page: what is on it, that Prometheus's parser takes it, and that no name is a gateway's."""

from __future__ import annotations

import sys
import threading

from ansible_collections.llmmon.stack.plugins.module_utils.canary.exposition import METRICS, PREFIX, page
from ansible_collections.llmmon.stack.plugins.module_utils.canary.request import PICODOLLARS
from ansible_collections.llmmon.stack.plugins.module_utils.canary.trying import Try

from tests.support.model import Model, Reply, chat, refused
from tests.testbed.shell import PATIENCE, wait_until

from .conftest import MakeTry


def shown(one: Try) -> str:
    return page([one.record], one.ledger)


def lines(text: str, name: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"{PREFIX}{name}{{")]


def test_it_shows_what_was_asked_and_what_came(model: Model, make_try: MakeTry) -> None:
    one = make_try(name="a", questions=[{"prompt": "Korea?", "regex": "Seoul"}])
    model.reply = Reply(
        [part for piece in chat() for part in (piece, 0.001)], headers={"x-litellm-model-id": 'main"\n'[:5]}
    )
    one.once()
    text = shown(one)

    assert lines(text, "success") == ['llmmon_canary_success{canary="a",gateway="gateway",model="gpt-test"} 1.0']
    for name in METRICS:
        if name not in ("failing", "wrong", "certificate_days_left", "usual_duration_seconds"):
            assert lines(text, name), name
    assert 'answered_by="gpt-test",deployment="main\\""' in lines(text, "answered_by")[0]
    assert [line.rpartition(" ")[2] for line in lines(text, "tokens")] == ["2.0", "8.0", "14.0", "7.0"]
    assert all(line.startswith((f"# HELP {PREFIX}", f"# TYPE {PREFIX}", PREFIX)) for line in text.splitlines())


def test_it_tells_the_cause_and_what_the_cap_kept_back(model: Model, make_try: MakeTry) -> None:
    one = make_try(requests_per_hour=2)
    model.reply = refused(503)
    for _ in range(3):
        one.once()
    text = shown(one)

    assert 'cause="server_error"} 1.0' in lines(text, "failing")[0]
    assert [line for line in lines(text, "requests_total") if not line.endswith(" 0.0")] == [
        'llmmon_canary_requests_total{canary="chat",gateway="gateway",model="gpt-test",cause="server_error"} 2.0'
    ]
    assert [line.rpartition(" ")[2] for line in lines(text, "skipped_total")] == ["0.0", "1.0", "0.0"]
    assert lines(text, "cap_left_requests")[0].endswith(" 0.0")


def test_where_the_price_is_not_known_no_dollars_are_shown(make_try: MakeTry) -> None:
    one = make_try(input_price=None)
    one.once()
    text = shown(one)

    assert lines(text, "price_known")[0].endswith(" 0.0")
    assert lines(text, "cap_left_dollars") == []


def test_what_is_spent_and_what_is_left_add_up_on_every_page(make_try: MakeTry) -> None:
    one = make_try(dollars_per_day=1.0, requests_per_hour=1_000_000)
    canary, dollars, done = one.record.watch.canary, PICODOLLARS // 2, threading.Event()

    def ask() -> None:
        while not done.is_set():
            one.ledger.reserve(canary, dollars)
            one.ledger.settle(canary, dollars, 0)

    asking = threading.Thread(target=ask)
    asking.start()
    seen: list[tuple[float, float]] = []
    # Threads take turns as often as they can, or else a page is mostly written in one go.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def both_moments_often() -> bool:
        text = shown(one)
        spent, left = (float(lines(text, name)[0].rpartition(" ")[2]) for name in ("spent_dollars", "cap_left_dollars"))
        seen.append((spent, left))
        return min(sum(before == spent for before, _ in seen) for spent in (0.0, 0.5)) >= 25

    try:
        wait_until(both_moments_often, timeout=PATIENCE, what="No page met a request under way", pause=0)
    finally:
        sys.setswitchinterval(interval)
        done.set()
        asking.join()
    assert {spent + left for spent, left in seen} == {1.0}


def test_a_gateway_that_names_itself_anew_each_time_does_not_fill_prometheus(model: Model, make_try: MakeTry) -> None:
    one = make_try()
    for number in range(30):
        model.answers(chat(model=f"gpt-test-{number}"))
        one.once()

    assert 'answered_by="other"' in lines(shown(one), "answered_by")[0]
