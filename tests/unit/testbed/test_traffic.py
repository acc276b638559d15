"""Traffic goes to the testbed's gateway on this machine, and it always ends."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.testbed import gateway, traffic
from tests.testbed.shell import TestbedError

URL = "http://127.0.0.1:4000"


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.7:4000",
        "http://gateway.example.com",
        "http://localhost.example.com:4000",
        "http://127.0.0.1@192.0.2.7:4000",
        "http://0.0.0.0:4000",
        "https://127.0.0.1:4000",
        "ftp://127.0.0.1",
        "127.0.0.1:4000",
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(TestbedError, match=r"goes to http://127\.0\.0\.1 only"):
        traffic.Plan(url, seconds=1, rate=1)


@pytest.mark.parametrize("url", [URL, "http://127.8.9.1:80", "http://[::1]:4000"])
def test_this_machine_is_accepted(url: str) -> None:
    assert traffic.Plan(url, seconds=10, rate=2).requests == 20


@pytest.mark.parametrize(("seconds", "rate"), [(0, 1), (-1, 1), (10**6, 1), (1, 0), (1, 1000), (float("nan"), 1)])
def test_amounts_have_bounds(seconds: float, rate: float) -> None:
    with pytest.raises(TestbedError, match="is refused"):
        traffic.Plan(URL, seconds, rate)


def test_number_has_a_bound_too() -> None:
    assert traffic.Plan(URL, traffic.MOST_SECONDS, traffic.MOST_PER_SECOND).requests == traffic.MOST_REQUESTS


def test_models_are_mixed_and_answers_counted() -> None:
    asked: Counter[str] = Counter()

    def ask(url: str, token: str, model: str) -> int:
        assert (url, token) == (URL, "secret")
        asked[model] += 1
        return 500 if model == gateway.FAILING_MODEL else 200

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traffic, "time", Clock())
        answers = traffic.send(traffic.Plan(URL, seconds=5, rate=20), "secret", ask)
    assert answers == {200: 90, 500: 10}
    assert set(asked) == {*gateway.MODELS, gateway.FAILING_MODEL}


def test_slow_gateway_does_not_prolong_it() -> None:
    calls = 0
    clock = Clock()

    def ask(_url: str, _token: str, _model: str) -> int:
        nonlocal calls
        calls += 1
        clock.now += 4
        return 200

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traffic, "time", clock)
        traffic.send(traffic.Plan(URL, seconds=10, rate=20), "secret", ask)
    assert calls == 3


class Clock:
    """A clock that moves only when it is told to."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
