"""Why notifications failed, out of Alertmanager's log."""

from __future__ import annotations

import json

from ansible_collections.llmmon.stack.plugins.module_utils.delivery.reasons import (
    explained,
    failure_reasons,
    log_fields,
)

from tests.support.deliveries import GIVEN_UP

ATTEMPT = (
    'time=2026-01-02T03:04:05Z level=WARN msg="Notify attempt failed, will retry later" component=dispatcher'
    ' receiver=mail integration=email[0] aggrGroup="{}:{a=\\"b\\"}" attempts=1 err="dial tcp 10.0.0.1:25: refused"'
)
LATE = (
    'level=ERROR msg="Notify for alerts failed" component=dispatcher num_alerts=1'
    ' err="w_1-a/webhook[0]: notify retry canceled after 2 attempts: context deadline exceeded"'
)


def test_reasons_are_read_from_the_log() -> None:
    assert failure_reasons(
        [GIVEN_UP, ATTEMPT, LATE, "", "no fields", 'level=INFO msg="Completed loading"', '{"a": '],
    ) == {
        ("slack", "ops"): 'channel "": received an error response from Slack: no_service',
        ("email", "mail"): "dial tcp 10.0.0.1:25: refused",
        ("webhook", "w_1-a"): "context deadline exceeded",
    }


def test_the_log_may_be_json() -> None:
    line = json.dumps({"level": "ERROR", "err": log_fields(GIVEN_UP)["err"], "num_alerts": 1})
    assert list(failure_reasons([line])) == [("slack", "ops")]


def test_the_end_counts_more_than_an_attempt() -> None:
    attempt = ATTEMPT.replace("receiver=mail integration=email", "receiver=ops integration=slack")
    assert failure_reasons([attempt, GIVEN_UP]) == failure_reasons([GIVEN_UP, attempt]) == failure_reasons([GIVEN_UP])


def test_words_that_need_an_explanation() -> None:
    assert explained("context deadline exceeded", True) == "no answer in time (context deadline exceeded)"
    assert explained("refused", True) == "refused"
    assert "does not say why" in explained("", True)
    assert "still trying" in explained("", False)
