"""The sentences about receivers that were not reached."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.delivery.verdict import delivery_verdict, untried_because

from tests.support.deliveries import MAIL, OPS, SLACK, deliveries, page


def test_the_verdict_is_one_sentence_a_receiver() -> None:
    (slack, ops, mail) = deliveries(
        page(),
        page(("slack", "slack", 1, 0, 1, 0), ("slack", "ops", 1, 1, 1, 1), ("email", "mail", 0, 0, 0, 0)),
        SLACK,
        OPS,
        MAIL,
    )
    assert delivery_verdict([slack], {}, "") is None
    assert delivery_verdict([slack, ops, mail], {("slack", "ops"): "no_service"}, "nobody tried") == (
        "2 of 3 receivers did not get the synthetic alert. slack (ops): no_service; correct llmmon_receivers.ops |"
        " email (mail): nobody tried; correct llmmon_receivers.mail. Reached: slack"
    )


def test_why_nobody_tried() -> None:
    assert "silence covers the alert (abc)" in untried_because([{"status": {"silencedBy": ["abc"], "inhibitedBy": []}}])
    assert "another alert inhibits" in untried_because([{"status": {"silencedBy": [], "inhibitedBy": ["x"]}}])
    assert "no route" in untried_because([{"status": {"silencedBy": [], "inhibitedBy": []}}])
    assert "no route" in untried_because([])
