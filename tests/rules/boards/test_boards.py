"""What every board shows of every kind of gateway: nothing empty, nameless, without a unit, or too much to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.rules.boards import judging, reading, world
from tests.rules.boards.judging import Fault
from tests.rules.boards.monitoring import STACK
from tests.rules.boards.reading import Answer, Series
from tests.rules.boards.world import CANARY, MANY, PROBER, World

BOARDS = {uid: board for uid, board in reading.boards().items() if uid != STACK}


@dataclass
class Shown:
    """What all boards show of all gateways, and what is wrong with it."""

    world: World
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with world.filled(tmp_path_factory.mktemp("boards")) as filled:
        found = Shown(filled)
        for uid, board in BOARDS.items():
            for gateway in filled.kinds:
                answers = list(reading.answers(filled, board, gateway))
                found.answers[uid, gateway] = answers
                found.faults += judging.faults(filled, gateway, answers)
            found.faults += judging.faults_of_all(reading.answers(filled, board))
        yield found


@pytest.mark.parametrize("rule", judging.RULES)
def test_no_panel_breaks_a_rule(rule: str, shown: Shown) -> None:
    broken = [f"{fault.place}: {fault.gateway}: {fault.text}" for fault in shown.faults if fault.rule == rule]
    assert not broken, "\n".join(broken)


def test_every_query_finds_something_of_some_gateway(shown: Shown) -> None:
    """What one kind may lack, no kind has only when the query is wrong."""
    asked: dict[tuple[str, int], bool] = {}
    for answers in shown.answers.values():
        for number, answer in enumerate(answers):
            if answer.threshold:
                continue
            key = (answer.place, number)
            asked[key] = asked.get(key, False) or bool(answer.series)
    assert [place for (place, _), found in asked.items() if not found] == []


def test_every_kind_has_a_board(shown: Shown) -> None:
    for gateway in shown.world.kinds:
        assert any(shown.answers[uid, gateway] for uid in BOARDS), gateway


def test_500_models_can_be_chosen_by_name(shown: Shown) -> None:
    models = "|".join(reading.escaped(f"org/model-{number}.5") for number in range(500))
    for uid, board in BOARDS.items():
        answers = list(reading.answers(shown.world, board, MANY, models=f"({models})|m-0"))
        assert bool(answers) == bool(shown.answers[uid, MANY]), uid


def test_a_gateway_is_named_behind_its_models_only_if_several_are_chosen(shown: Shown) -> None:
    def names(answers: list[Answer]) -> set[str]:
        return {series.name for answer in answers for series in answer.series}

    by_panel = [answer for answer in shown.answers["llmmon-overview", "litellm"] if answer.panel != "Models"]
    assert "gpt-4o" in names(by_panel)
    assert not {name for name in names(by_panel) if "(" in name}
    several = list(reading.answers(shown.world, BOARDS["llmmon-overview"]))
    assert {name for name in names(several) if re.search(r"\S \(\w+\)$", name)}


def test_the_hour_has_a_failure(shown: Shown) -> None:
    firing = {labels["alertname"] for labels, _ in shown.world.now('ALERTS{alertstate="firing", job="litellm"}')}
    assert "LLMHighFailureRatio" in firing
    begun = shown.world.now("time() - ALERTS_FOR_STATE")
    # The failure, not the hour.
    assert min(seconds for _, seconds in begun) < 30 * 60
    ((_, answered),) = shown.world.now('min_over_time(up{job="litellm"}[1h])')
    assert answered == 0


# -- that what is wrong is found


class Nothing(World):
    """No gateway has anything."""

    def __init__(self) -> None:
        self.kinds = {"a": "canonical", MANY: "canonical"}
        self.rules = [{"record": "job:known:rate5m", "expr": "raw", "labels": {"source": "canonical"}}]
        self.names = {"": set(), PROBER: set(), CANARY: set(), "a": {"job:there:rate5m"}}

    def now(self, _: str) -> list[tuple[dict[str, str], float]]:
        return []

    def models(self, *_: str) -> set[str]:
        return set()


def faults_of(*answers: Answer, gateway: str = "a") -> set[str]:
    return {fault.rule for fault in judging.faults(Nothing(), gateway, answers)}


def answer(query: str, *series: Series, threshold: bool = False, when_empty: str = "Not measured") -> Answer:
    return Answer("llmmon-a", "Row", "Panel", "timeseries", when_empty, query, threshold, series)


RATE = "sum(job:there:rate5m)"


@pytest.mark.parametrize(
    ("answers", "rule"),
    [
        ([answer(RATE, Series("a", 1, "reqps"))], None),
        ([answer(RATE)], "empty"),
        ([answer("sum(job:unknown:rate5m)")], None),
        ([answer("sum(job:known:rate5m)")], None),
        ([answer("sum(job:unknown:rate5m)", when_empty="No traffic")], "says no traffic"),
        (
            [answer("sum(job:unknown:rate5m)"), answer("x", Series("Alert threshold", 1, "s"), threshold=True)],
            "only a threshold",
        ),
        ([answer(RATE, Series("", 1, "reqps"))], "name"),
        ([answer(RATE, Series('{job="a"}', 1, "reqps"))], "name"),
        ([answer(RATE, Series("/etc/rules/a.yml;group", 1, "reqps"))], "name"),
        ([answer(RATE, Series("a", 1, "reqps"), Series("a", 2, "reqps"))], "name"),
        ([answer(RATE, Series("a", 1, ""))], "unit"),
        ([answer(RATE, Series("a", 1, "short"))], "unit"),
        ([answer(f"{RATE} / {RATE}", Series("a", 1, "none"))], None),
    ],
)
def test_what_is_wrong_is_found(answers: list[Answer], rule: str | None) -> None:
    assert faults_of(*answers) == ({rule} if rule else set())


def test_a_cell_that_says_no_traffic_is_found() -> None:
    """Of a model that has some."""
    cells = [answer(RATE, Series("Requests of m", 1, "reqps")), answer("sum(job:unknown:rate5m)")]
    table = [replace(cell, type="table", when_empty="No traffic") for cell in cells]
    assert faults_of(*table) == {"says no traffic"}
    assert faults_of(*(replace(cell, when_empty="-") for cell in table)) == set()


@pytest.mark.parametrize(("lines", "found"), [(8, set()), (9, {"lines"})])
def test_too_many_lines_are_found(lines: int, found: set[str]) -> None:
    many = answer(RATE, *(Series(f"model {number}", 1, "reqps") for number in range(lines)))
    assert faults_of(many, gateway=MANY) == found
    assert {fault.rule for fault in judging.faults_of_all([many])} == {f"{rule} of all gateways" for rule in found}


# -- that a board is read as Grafana reads it


def test_variables_are_filled_in() -> None:
    values = {"job": "a|b", "__range": "1h"}
    assert reading.with_values('x{job=~"$job"}[$__range]', values) == 'x{job=~"a|b"}[1h]'
    assert reading.with_values("${job:regex} [[job]]", values) == "a|b a|b"
    assert (
        reading.with_values('label_replace(x, "a", "$1", "b", "(.+)")', {})
        == 'label_replace(x, "a", "$1", "b", "(.+)")'
    )
    with pytest.raises(KeyError, match="unheard"):
        reading.with_values("$unheard", values)


def test_values_are_escaped() -> None:
    assert reading.escaped("org/gpt-4.1") == "org/gpt-4\\\\.1"


def test_what_is_offered_is_cut_out_of_what_is_found() -> None:
    class Found(Nothing):
        def now(self, _: str) -> list[tuple[dict[str, str], float]]:
            return [({"team": "None", "shown": "no team"}, 1), ({"other": "1"}, 1)]

    pattern = '/shown="(?<text>[^"]+)",team="(?<value>[^"]+)"/'
    assert reading.offered(Found(), "query_result(up)", pattern) == [("no team", "None")]
    assert reading.offered(Found(), "query_result(up)", '/team="(.+)"/') == [("None", "None")]
    with pytest.raises(ValueError, match="does not know"):
        reading.offered(Found(), "metrics(up)", "")


def test_an_empty_cell_says_what_it_is_mapped_to() -> None:
    mapping = {"type": "special", "options": {"match": "null+nan", "result": {"text": "-"}}}
    panel = {
        "title": "Models",
        "type": "table",
        "fieldConfig": {"defaults": {"noValue": "No traffic", "mappings": [mapping]}},
        "targets": [{"expr": "x", "refId": "A", "instant": True}],
    }
    board = {"uid": "llmmon-a", "templating": {"list": []}, "panels": [panel]}
    (cell,) = reading.answers(Nothing(), board)
    assert cell.when_empty == "-"
    (number,) = reading.answers(Nothing(), {**board, "panels": [{**panel, "type": "stat"}]})
    assert number.when_empty == "No traffic"


def test_the_boards_are_those_that_are_shipped() -> None:
    assert set(BOARDS) | {STACK} == {path.stem for path in Path(reading.FOLDER).glob("*.json")}
