"""What is compared of two evaluations of the rules, and the page that says what differs."""

from __future__ import annotations

import pytest

from docs import vmalert as page
from tests.engines.differences import known
from tests.engines.evaluating import answers, asking, differing, one_by_one, ordered

ASKED = 'expr: "{__name__=~\\"ALERTS|.+:.+\\", __name__!=\\"test 1\\"}", time: 5m0s,\n  exp: nil\n  got: '
EVER = 'expr: "max_over_time({__name__=\\"ALERTS\\", __name__!=\\"test 1\\"}[300s])", time: 5m,\n exp: nil\n got: '
FIRES = '{__name__="ALERTS", alertname="A", alertstate="firing", job="j"} 1E+00'


def test_the_page_is_what_the_table_makes_of_it() -> None:
    assert page.TARGET.read_text(encoding="utf-8") == page.page(), "run `make docs`"


def test_every_alert_that_differs_is_explained_and_no_other() -> None:
    assert page.alerts(known()) == sorted(page.ALERTS)


def test_what_only_vmalert_adds_and_what_does_not_fire_is_not_compared() -> None:
    theirs = FIRES.replace("alertname", 'alertgroup="g", alertname')
    pending = FIRES.replace("firing", "pending").replace('"A"', '"B"')
    assert differing(answers(ASKED + FIRES), answers(f"{ASKED}{theirs}, {pending}")) == {}


def test_labels_with_braces_and_quotes_are_read() -> None:
    (asked,) = answers(ASKED + r'{__name__="a:b", team="{{ \"$1\" }}, x"} 5E-01')
    assert (asked.test, asked.seconds, asked.name, asked.labels) == (1, 300, "a:b", (("team", r"{{ \"$1\" }}, x"),))


@pytest.mark.parametrize(
    ("prometheus", "victoria", "wanted"),
    [
        ('{__name__="a:b"} 1E+00', '{__name__="a:b"} 1.0000001E+00', {}),
        ('{__name__="a:b"} NaN', '{__name__="a:b"} NaN', {}),
        ('{__name__="a:b"} 1E+00', '{__name__="a:b"} 1.5E+00', {"a:b": ("1", "1.5")}),
        ('{__name__="a:b"} 1.23456E+04', "nil", {"a:b": ("12300", "none")}),
        # Where they are furthest apart.
        ('{__name__="a:b", m="1"} 1, {__name__="a:b", m="2"} 1', '{__name__="a:b", m="1"} 2', {"a:b": ("1", "none")}),
        ("nil", FIRES, {"A": ("does not fire", "fires")}),
    ],
)
def test_differences_are_told_by_name(prometheus: str, victoria: str, wanted: dict[str, tuple[str, str]]) -> None:
    assert differing(answers(ASKED + prometheus), answers(ASKED + victoria)) == wanted


def test_an_alert_that_fired_between_two_looks_is_seen() -> None:
    said = answers(ASKED + "nil\n" + EVER + FIRES.replace('__name__="ALERTS", ', ""))
    assert differing({}, said) == {"A": ("does not fire", "fires")}


def test_a_case_is_asked_for_all_at_its_own_moments() -> None:
    case = {
        "tests": [
            {
                "name": "n",
                "promql_expr_test": [{"expr": "x", "eval_time": "2m"}, {"expr": "y", "eval_time": "90s"}],
                "alert_rule_test": [{"alertname": "A", "eval_time": "1m"}],
            }
        ]
    }
    (test,) = asking(case, "metricsql_expr_test")
    assert test["name"] == "n"
    assert [asked["eval_time"] for asked in test["metricsql_expr_test"]] == ["1m", "90s", "2m", "2m"]
    assert test["metricsql_expr_test"][-1]["expr"].endswith("[121s])")


def test_groups_are_in_the_order_of_the_case_and_rules_can_be_apart() -> None:
    groups = [{"name": name, "interval": "1m", "rules": [{"record": "a"}, {"record": "b"}]} for name in "xyz"]
    found = ordered({"group_eval_order": ["z", "y"]}, groups)
    assert [group["name"] for group in found] == ["z", "y", "x"]
    apart = one_by_one(found[:1])
    assert apart == [
        {"name": "z 0", "interval": "1m", "rules": [{"record": "a"}]},
        {"name": "z 1", "interval": "1m", "rules": [{"record": "b"}]},
    ]
