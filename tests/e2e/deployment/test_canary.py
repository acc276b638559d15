"""A canary asks a real gateway: what is right, what fails, what it costs, and the page that says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support.stack import Stack
from tests.testbed.gateway import DIMENSIONS, EMBEDDING_MODEL, FAILING_MODEL, MODELS, RESPONDING_MODEL
from tests.testbed.shell import PATIENCE, wait_until

GATEWAY = "llm-auth-proxy"


def canaries(stack: Stack) -> list[dict[str, Any]]:
    common = {
        "gateway": GATEWAY,
        "url": f"http://{stack.gateway.target}/v1",
        "bearer_token": stack.gateway.token,
        "price": {"input": 0.000001, "output": 0.000003},
        "cap": {"dollars_per_day": 0.01, "requests_per_hour": 600},
        "interval": "10s",
        # A machine that is busy with other tests is not what these ask for.
        "slow_factor": 100,
    }
    return [
        {**common, "name": "small", "model": MODELS[0], "prompt": "Say it.", "regex": "^word( word)*$"},
        {**common, "name": "fails", "model": FAILING_MODEL, "prompt": "Say it.", "regex": "word"},
        {**common, "name": "embeds", "kind": "embeddings", "model": EMBEDDING_MODEL, "dimensions": DIMENSIONS},
        {
            **common,
            "name": "responds",
            "kind": "responses",
            "model": RESPONDING_MODEL,
            "answered_by": [MODELS[0]],
            "prompt": "Say it.",
            "regex": "^word( word)*$",
        },
    ]


@pytest.fixture(scope="module")
def asking(stack: Stack) -> Iterator[Stack]:
    """The stack with two canaries; afterwards it is as it was."""
    variables = {"llmmon_canaries": canaries(stack), "llmmon_canary_page": True}
    result = stack.run("site.yml", variables=variables)
    assert result.code == 0, result.output
    # They ask with the key that the gateway is scraped with.
    assert "token of llmmon_gateways" in result.message, result.output
    assert stack.gateway.token not in result.output
    again = stack.run("site.yml", variables=variables)
    assert (again.code, again.recap("changed")) == (0, 0), again.output
    yield stack
    result = stack.run("site.yml")
    assert result.code == 0, result.output
    assert "llmmon-canary" not in stack.on_host("docker ps --all --format '{{.Names}}'")


def value(stack: Stack, expression: str) -> float | None:
    found = stack.query(expression)
    return float(found[0]["value"][1]) if found else None


def known(stack: Stack, expression: str) -> dict[str, Any]:
    """The sample, as soon as there is one: a scrape may have been late."""
    found = wait_for(lambda: stack.query(expression) or None, PATIENCE)
    assert found, f"there was no {expression}"
    (sample,) = found
    return sample


def number(stack: Stack, expression: str) -> float:
    return float(known(stack, expression)["value"][1])


def test_a_model_that_answers_is_measured_and_costs_what_it_costs(asking: Stack) -> None:
    def asked() -> bool:
        return (value(asking, 'llmmon_canary_requests_total{canary="small", cause="ok"}') or 0) >= 2

    def paid() -> bool:
        # At midnight UTC it begins with nothing.
        return (value(asking, 'llmmon_canary_spent_dollars{canary="small"}') or 0) > 0

    wait_until(asked, timeout=PATIENCE, what="The canary got no right answer")
    wait_until(paid, timeout=PATIENCE, what="The canary has spent nothing")
    assert number(asking, 'llmmon_canary_success{canary="small"}') == 1
    assert number(asking, 'llmmon_canary_first_token_seconds{canary="small"}') > 0
    assert number(asking, 'llmmon_canary_cap_left_dollars{canary="small"}') > 0
    # One query, for the canary asks again between two.
    whole = number(asking, 'llmmon_canary_spent_dollars{canary="small"} + llmmon_canary_cap_left_dollars')
    assert whole == pytest.approx(0.01)


@pytest.mark.parametrize("name", ["embeds", "responds"])
def test_embeddings_and_responses_are_asked_for_too(name: str, asking: Stack) -> None:
    def asked() -> bool:
        return (value(asking, f'llmmon_canary_requests_total{{canary="{name}", cause="ok"}}') or 0) >= 2

    wait_until(asked, timeout=PATIENCE, what=f"The canary {name} got no right answer")
    assert number(asking, f'llmmon_canary_success{{canary="{name}"}}') == 1
    assert not asking.query(f'llmmon_canary_failing{{canary="{name}"}}')
    assert number(asking, f'llmmon_canary_spent_dollars{{canary="{name}"}}') > 0


def test_a_model_that_fails_is_told_by_its_cause_within_two_intervals(asking: Stack) -> None:
    def firing() -> bool:
        alert = f'ALERTS{{alertname="LLMCanaryFailing", canary="fails", job="{GATEWAY}", alertstate="firing"}}'
        return bool(asking.query(alert))

    wait_until(firing, timeout=PATIENCE, what="LLMCanaryFailing did not fire")
    failing = known(asking, 'llmmon_canary_failing{canary="fails"}')
    assert failing["metric"]["cause"] in {"server_error", "error_in_answer"}
    assert not asking.query('llmmon_canary_failing{canary="small"}')


def test_the_page_says_both_and_no_key(asking: Stack) -> None:
    page = asking.on_host("curl -sS --fail http://127.0.0.1:9117/")
    assert MODELS[0] in page
    assert FAILING_MODEL in page
    assert "<script" not in page
    assert asking.gateway.token not in page


def test_the_key_is_in_its_file_alone(asking: Stack) -> None:
    told = asking.on_host("docker inspect llmmon-canary; docker logs llmmon-canary 2>&1; ps -eo args")
    assert asking.gateway.token not in told
    # What it writes anew may go away under grep, which fails then though it has found something.
    folders = "/etc/llmmon/canary /var/lib/llmmon/canary"
    holding = asking.on_host(f"grep -rls '{asking.gateway.token}' {folders}", check=False).split()
    assert holding
    assert all("/secrets/" in path for path in holding)


def test_what_was_spent_outlives_a_restart(asking: Stack) -> None:
    # The least of the last tries: the worst case of one under way counts as spent, and it costs less in the end.
    before = number(asking, 'min_over_time(llmmon_canary_spent_dollars{canary="small"}[15s])')
    started = asking.on_host("docker restart llmmon-canary >/dev/null; date +%s")

    def back() -> bool:
        last = value(asking, 'llmmon_canary_last_try_timestamp_seconds{canary="small"}')
        return last is not None and last > float(started)

    wait_until(back, timeout=PATIENCE, what="The canary did not ask again")
    after = number(asking, 'llmmon_canary_spent_dollars{canary="small"}')
    assert after > before
