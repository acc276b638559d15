"""A gateway that begins a series for each of its users: each counts, and is charged, from the first request on."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.support.stack import Stack
from tests.testbed.gateway import MODELS
from tests.testbed.shell import PATIENCE, wait_until

USERS, JOB, MODEL = 200, "llm-auth-proxy", MODELS[1]
# As LiteLLM calls them.
REQUESTS, DOLLARS = "litellm_proxy_total_requests_metric_total", "litellm_spend_metric_total"
# Of what the gateway answered and charged.
TOLERANCE = 0.02
_WINDOW = 300


def counted(stack: Stack, counter: str) -> list[float]:
    """Its values on the gateway's page for the model, one a series."""
    page = requests.get(
        f"{stack.gateway.url}/metrics", headers={"Authorization": f"Bearer {stack.gateway.token}"}, timeout=30
    )
    page.raise_for_status()
    found = re.findall(rf"^{counter}\{{(.*)\}} (\S+)", page.text, re.MULTILINE)
    return [float(value) for labels, value in found if f'model="{MODEL}"' in labels]


def recorded(stack: Stack, series: str) -> float:
    """What rules have recorded of the model in the last 5 minutes."""
    return sum(float(found["value"][1]) for found in stack.query(f'{series}{{job="{JOB}", model="{MODEL}"}}')) * _WINDOW


def ask(stack: Stack, user: int) -> int:
    """One request of one user; its program's name is a label of its own."""
    answer = requests.post(
        f"{stack.gateway.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {stack.gateway.token}", "User-Agent": f"program-of-user-{user}"},
        json={"model": MODEL, "messages": [{"role": "user", "content": "Say a word."}]},
        timeout=60,
    )
    return answer.status_code


def test_the_first_request_of_each_user_is_counted_and_charged(stack: Stack) -> None:
    # Whatever has just changed the rules or the gateway: for 5 minutes a new series may be an old one.
    known = f'job_instance:llm_series_begun:since5m{{job="{JOB}"}}'
    wait_until(lambda: bool(stack.query(known)), timeout=_WINDOW + 60, what="Nothing is known of new series", pause=2)
    assert recorded(stack, "job_model:llm_requests:rate5m") == 0
    before, charged_before = counted(stack, REQUESTS), sum(counted(stack, DOLLARS))
    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(lambda user: ask(stack, user), range(USERS)))
    assert statuses == {200}

    def all_charged() -> bool:
        return sum(counted(stack, REQUESTS)) - sum(before) == USERS

    wait_until(all_charged, timeout=PATIENCE, what="The gateway did not count all requests", pause=1)
    # Or this test would show nothing.
    assert len(counted(stack, REQUESTS)) - len(before) == USERS
    charged = sum(counted(stack, DOLLARS)) - charged_before
    assert charged > 0

    def close(series: str, truth: float) -> bool:
        return abs(recorded(stack, series) - truth) <= TOLERANCE * truth

    wait_until(
        lambda: close("job_model:llm_requests:rate5m", USERS) and close("job_model:llm_cost_usd:rate5m", charged),
        timeout=PATIENCE,
        what=f"Not {USERS} requests and {charged} USD were recorded",
        pause=1,
    )
