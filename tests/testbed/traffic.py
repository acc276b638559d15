"""Steady requests to the gateway on this machine: bounded in time and number, and never to anywhere else."""

from __future__ import annotations

import ipaddress
import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from tests.testbed import gateway, processes, state
from tests.testbed.shell import TestbedError, say

MOST_SECONDS = 3600.0
MOST_PER_SECOND = 20.0
MOST_REQUESTS = 20_000

_RECORD = "traffic"
# Of ten requests, one fails; the rest are small and large ones.
_MIX = (*gateway.MODELS, *gateway.MODELS, gateway.MODELS[0], *gateway.MODELS, *gateway.MODELS, gateway.FAILING_MODEL)
# Of three requests, one asks for a stream; three and ten have no common divisor, so it is every model's turn.
_STREAMED = (False, False, True)


@dataclass(frozen=True)
class Plan:
    """How much traffic, and where to; refuses what is not meant for a testbed."""

    url: str
    seconds: float
    rate: float

    def __post_init__(self) -> None:
        require_loopback(self.url)
        if not 0 < self.rate <= MOST_PER_SECOND:
            raise TestbedError(f"Traffic of {self.rate:g} requests/s is refused: ask for up to {MOST_PER_SECOND:g}.")
        if not 0 < self.seconds <= MOST_SECONDS:
            raise TestbedError(f"Traffic for {self.seconds:g} s is refused: ask for up to {MOST_SECONDS:g} s.")

    @property
    def requests(self) -> int:
        return min(MOST_REQUESTS, max(1, round(self.seconds * self.rate)))


def require_loopback(url: str) -> None:
    """Only an address of this machine itself will do, and no name that might lead elsewhere."""
    host = urlsplit(url).hostname or ""
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside or urlsplit(url).scheme != "http":
        raise TestbedError(
            f"Traffic goes to http://127.0.0.1 only and {url} is elsewhere: give a gateway of the testbed."
        )


def send(plan: Plan, token: str, ask: Callable[[str, str, str, bool], int] | None = None) -> Counter[int]:
    """Send the planned requests at their times; returns how often each status was answered (0: no answer)."""
    ask = ask or _ask
    answers: Counter[int] = Counter()
    begun = time.monotonic()
    mix = zip(itertools.cycle(_MIX), itertools.cycle(_STREAMED), strict=False)
    for number, (model, streamed) in zip(range(plan.requests), mix, strict=False):
        due = begun + number / plan.rate
        if time.monotonic() - begun > plan.seconds:
            break
        time.sleep(max(0.0, due - time.monotonic()))
        answers[ask(plan.url, token, model, streamed)] += 1
    return answers


def run(name: str, seconds: float, rate: float) -> dict[str, int]:
    """Send traffic to a running gateway and wait for its end."""
    found = gateway.get_gateway(name)
    if found.url is None:
        raise TestbedError(f"The gateway {name} is not published on this machine: start it with publish=True.")
    plan = Plan(found.url, seconds, rate)
    say(f"sending {plan.requests} requests to gateway {name} within {seconds:g} s")
    return {str(status): count for status, count in sorted(send(plan, found.token).items())}


def start(name: str = "gateway", seconds: float = MOST_SECONDS, rate: float = 2) -> processes.Process:
    """Send traffic from a process of its own, which ends by itself at the latest after MOST_SECONDS."""
    Plan(gateway.get_gateway(name).url or "", seconds, rate)
    with state.locked("traffic"):
        processes.stop(_RECORD)
        command = [sys.executable, "-m", "tests.testbed", "traffic", "--gateway", name]
        command += ["--seconds", f"{seconds:g}", "--rate", f"{rate:g}"]
        return processes.start(_RECORD, command, state.path("traffic.log"))


def stop() -> bool:
    """Stop the traffic in the background; says whether there was any."""
    with state.locked("traffic"):
        return processes.stop(_RECORD)


def running() -> bool:
    return processes.running(_RECORD) is not None


def _ask(url: str, token: str, model: str, streamed: bool) -> int:
    """Ask, and read the answer to its end: only then does the gateway know how long a streamed one took."""
    try:
        answer = requests.post(
            f"{url}/v1/chat/completions",
            headers={"Authorization": f"Bearer {token}"},
            json={"model": model, "messages": [{"role": "user", "content": "Say some words."}], "stream": streamed},
            timeout=10,
        )
    except requests.RequestException:
        return 0
    return answer.status_code
