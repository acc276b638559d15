"""The simulated traffic is what the README says of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import pytest

from tests.rules.month import calendar, traffic
from tests.rules.month.calendar import BEGINNING, DAY, HOUR, Incident, Kind
from tests.rules.month.gateways import EDGES, GATEWAYS, Gateway, named

FAST, BIG, SMALL, BATCH = named(["fast", "big", "small", "batch"])
# A Tuesday, as a release comes on it.
FROM = DAY + 10 * HOUR
_SAMPLE = re.compile(r"(\w+)\{(.*)\} (\d+) (\d+)")

_LABEL = re.compile(r'(\w+)="([^"]*)"')
# Of each minute the samples by name, model, and type or le.
Page = dict[tuple[str, str, str], int]


def pages(gateway: Gateway, days: int, *incidents: Incident, seed: int = 1) -> list[Page]:
    return [parsed(lines) for _, lines in traffic.pages(gateway, seed, days, incidents)]


def parsed(lines: Iterable[str]) -> Page:
    found: Page = {}
    for line in lines:
        match = _SAMPLE.fullmatch(line)
        assert match, line
        labels: dict[str, str] = dict(_LABEL.findall(match[2]))
        found[match[1], labels.get("model", ""), labels.get("type", labels.get("le", ""))] = int(match[3])
    return found


def gained(found: list[Page], name: str, model: str, part: str = "") -> list[int]:
    """What a counter gains in each minute; nothing where it was reset."""
    values = [page.get((name, model, part), 0) for page in found]
    return [max(after - before, 0) for before, after in itertools.pairwise([0, *values])]


def share_failed(found: list[Page], model: str, minutes: slice) -> float:
    failed, requests = (
        sum(gained(found, name, model)[minutes]) for name in ("llm_requests_failed_total", "llm_requests_total")
    )
    return failed / requests


def incident(kind: Kind, gateway: Gateway, model: str | None = None) -> Incident:
    return Incident(kind, gateway.name, model, FROM, FROM + 60)


DURING = slice(FROM, FROM + 60)


def test_a_seed_decides_everything() -> None:
    assert pages(FAST, 1) == pages(FAST, 1)
    assert pages(FAST, 1) != pages(FAST, 1, seed=2)


def test_scrapes_come_before_the_rules() -> None:
    seconds = [second for second, _ in traffic.pages(SMALL, 1, 1, [])]
    assert seconds == [BEGINNING + minute * 60 - traffic.BEFORE_THE_RULES for minute in range(1, DAY + 1)]


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.name)
def test_usual_days(gateway: Gateway) -> None:
    """Failures, latencies and tokens are about those of the model, with what happens all the time on top."""
    found = pages(gateway, 3)
    for model in gateway.models:
        requests = sum(gained(found, "llm_requests_total", model.name))
        answers = sum(gained(found, "llm_response_latency_seconds_bucket", model.name, "+Inf"))
        failed = sum(gained(found, "llm_requests_failed_total", model.name))
        assert answers + failed == requests
        assert model.failures * 0.6 < failed / requests < model.failures * 1.7 + 0.005
        # The median lies between the edges around it.
        faster = max(edge for edge in EDGES if edge < model.median * 0.9)
        slower = min(edge for edge in EDGES if edge > model.median * 1.1)
        below, above = (
            sum(gained(found, "llm_response_latency_seconds_bucket", model.name, str(edge)))
            for edge in (faster, slower)
        )
        assert below < answers / 2 < above
        tokens = sum(gained(found, "llm_tokens_used_total", model.name, "input"))
        assert tokens == pytest.approx(answers * model.tokens[0], rel=0.15)


def test_a_page_begins_anew_after_a_release_and_its_scrape_fails() -> None:
    found = pages(FAST, 7)
    failed = [minute for minute, page in enumerate(found) if page["up", "", ""] == 0]
    assert [minute // DAY % 7 for minute in failed] == [1, 3]
    for minute in failed:
        assert len(found[minute]) == 2
        key = ("llm_requests_total", "classify", "")
        assert found[minute + 1][key] < found[minute - 1][key] / 100


def test_buckets_add_up() -> None:
    page = pages(BIG, 1)[-1]
    counts = [page["llm_response_latency_seconds_bucket", "chat-large", le] for le in traffic._LE]
    assert counts == sorted(counts)


def test_days_and_weeks_have_their_shape() -> None:
    week = [traffic.usual(BIG, day * DAY + hour * HOUR) for day in (0, 5) for hour in (3, 12)]
    assert week == pytest.approx([0.12, 1.0, 0.12 * 0.35, 0.35])
    assert traffic.usual(BIG, calendar.HOLIDAY * DAY + 12 * HOUR) == pytest.approx(0.35)


def test_jobs_run_at_night() -> None:
    requests = gained(pages(BATCH, 1, seed=3), "llm_requests_total", "summary")
    assert sum(requests[2 * HOUR + 25 : 2 * HOUR + 35]) > 1000


def test_a_model_fails_and_others_do_not() -> None:
    found = pages(BIG, 2, incident(Kind.FAILURES, BIG, "chat-mini"))
    assert share_failed(found, "chat-mini", DURING) == pytest.approx(0.6, abs=0.05)
    assert share_failed(found, "chat-large", DURING) < 0.05


def test_a_gateway_fails_entirely() -> None:
    assert share_failed(pages(SMALL, 2, incident(Kind.DEAD, SMALL)), "support", DURING) == 1


def test_a_few_requests_fail_for_long() -> None:
    found = pages(BIG, 2, incident(Kind.CREEPING, BIG, "chat-large"))
    assert share_failed(found, "chat-large", DURING) == pytest.approx(0.056, abs=0.01)


def test_answers_are_slower() -> None:
    found = pages(FAST, 2, incident(Kind.SLOW, FAST))
    slow = [sum(gained(found, "llm_response_latency_seconds_bucket", "classify", le)[DURING]) for le in ("1.0", "+Inf")]
    assert slow[0] < slow[1] * 0.4


def test_more_requests_come() -> None:
    usual, more = (
        sum(gained(pages(FAST, 2, *found), "llm_requests_total", "classify")[DURING])
        for found in ((), (incident(Kind.SURGE, FAST),))
    )
    assert more == pytest.approx(6 * usual, rel=0.1)


def test_a_gateway_is_down() -> None:
    found = pages(FAST, 2, incident(Kind.DOWN, FAST))
    assert {page["up", "", ""] for page in found[DURING]} == {0}
    assert found[FROM - 1]["up", "", ""] == found[FROM + 60]["up", "", ""] == 1


def test_the_plan_has_every_kind_once_and_none_in_the_first_week() -> None:
    found = calendar.incidents(seed=1, weeks=5)
    assert {incident.kind for incident in found} == set(Kind)
    assert len(found) == len(Kind)
    assert all(calendar.WEEK <= one.start < one.end <= 5 * calendar.WEEK for one in found)
    assert calendar.incidents(seed=2, weeks=5) != found
    assert [one.kind for one in calendar.incidents(seed=1, weeks=3)] == [Kind.FAILURES, Kind.SLOW, Kind.SURGE]
