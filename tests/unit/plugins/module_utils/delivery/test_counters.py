"""What the counters of Alertmanager say of each receiver. tests/routing asks a real one."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.delivery.counters import Counts, counted, settled

from tests.support.deliveries import MAIL, OPS, SLACK, deliveries, page


def test_counters_are_added_up_over_reasons() -> None:
    text = page(("slack", "ops", 3, 1, 5, 2)).replace('reason="clientError"} 0', 'reason="clientError"} 4')
    assert counted(text) == {("slack", "ops"): Counts(3, 5, 5, 2)}
    assert counted(page(("email", "", 1, 0, 1, 0))) == {("email", ""): Counts(1, 0, 1, 0)}
    assert counted("") == {}


def test_what_came_in_between() -> None:
    assert Counts(5, 2, 7, 3).since(Counts(4, 2, 5, 3)) == Counts(1, 0, 2, 0)
    # Alertmanager was started again.
    assert Counts(1, 0, 1, 0).since(Counts(4, 2, 5, 3)) == Counts(1, 0, 1, 0)


def test_each_receiver_is_judged_by_its_own_counters() -> None:
    before = page(("slack", "slack", 9, 9, 9, 9), ("slack", "ops", 0, 0, 0, 0), ("email", "mail", 1, 0, 1, 0))
    after = page(("slack", "slack", 10, 9, 10, 9), ("slack", "ops", 1, 1, 3, 3), ("email", "mail", 2, 0, 1, 0))
    slack, ops, mail = deliveries(before, after, SLACK, OPS, MAIL)
    assert (slack.reached, slack.given_up) == (True, False)
    assert (ops.reached, ops.given_up) == (False, True)
    # A notification is counted when it begins: this one is under way.
    assert (mail.reached, mail.given_up) == (False, False)
    assert settled([slack, ops])
    assert not settled([slack, ops, mail])


def test_a_notification_that_arrives_at_the_second_attempt_has_arrived() -> None:
    (slack,) = deliveries(page(), page(("slack", "slack", 1, 0, 3, 2)), SLACK)
    assert slack.reached


def test_what_is_delivered_counts_more_than_what_failed_meanwhile() -> None:
    (slack,) = deliveries(page(), page(("slack", "slack", 3, 1, 3, 1)), SLACK)
    assert (slack.reached, slack.given_up) == (True, False)


def test_without_names_receivers_of_one_integration_are_counted_together() -> None:
    before = page(("slack", "", 5, 0, 5, 0), ("email", "", 0, 0, 0, 0))
    (both, mail) = deliveries(before, page(("slack", "", 7, 1, 7, 1), ("email", "", 1, 0, 1, 0)), SLACK, OPS, MAIL)
    assert both.names == ["slack", "ops"]
    assert (both.reached, both.given_up, mail.reached) == (False, True, True)
    (both, _) = deliveries(before, page(("slack", "", 7, 0, 7, 0)), SLACK, OPS, MAIL)
    assert both.reached


def test_a_receiver_that_alertmanager_does_not_know_is_never_reached() -> None:
    (ops,) = deliveries(page(("slack", "slack", 0, 0, 0, 0)), page(("slack", "slack", 1, 0, 1, 0)), OPS)
    assert (ops.reached, ops.given_up) == (False, False)
