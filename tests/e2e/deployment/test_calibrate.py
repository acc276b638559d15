"""calibrate.yml on a stack that has just begun to watch: it reads, says what is missing, and changes nothing."""

from __future__ import annotations

import requests

from tests.support.stack import Stack
from tests.testbed.gateway import MODELS
from tests.testbed.shell import PATIENCE, wait_until

MODEL = MODELS[0]


def test_a_young_stack_is_told_that_it_knows_too_little(stack: Stack) -> None:
    answer = requests.post(
        f"{stack.gateway.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {stack.gateway.token}"},
        json={"model": MODEL, "messages": [{"role": "user", "content": "Say a word."}]},
        timeout=60,
    )
    assert answer.status_code == 200
    known = f'job_model:llm_requests:rate5m{{model="{MODEL}"}}'
    wait_until(lambda: bool(stack.query(known)), timeout=PATIENCE, what=f"No request for {MODEL} was recorded", pause=1)
    before = stack.fingerprint()
    result = stack.run("calibrate.yml")
    assert result.code == 0, result.output
    assert result.recap("changed") == 0
    for part in (
        "no model had traffic enough for a proposal: each needs 120 minutes with requests enough",
        "hours of traffic were looked at; nothing was changed.",
        f"llm-auth-proxy {MODEL}: too little traffic, ",
    ):
        assert part in result.message, result.message
    assert "llmmon_threshold_overrides" not in result.message
    assert stack.fingerprint() == before
