# SPDX-License-Identifier: Apache-2.0
"""Whether the engines take the samples that are written to them, and whether Grafana can read them there.

What an engine answers is in Prometheus's log alone, so that the last line about it is what a fault is explained by.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved, sentence_list

_VARIABLE = "llmmon_remote_write"
MARKER = "llmmon:remote_write_marker"
# Of each engine: the time of the newest sample that was sent to it, and how many it has refused for good.
_SENT, _REFUSED = (
    re.compile(rf'^prometheus_remote_storage_{name}\{{.*remote_name="([^"]*)".*\}} ([0-9.e+]+)$', re.MULTILINE)
    for name in ("queue_highest_sent_timestamp_seconds", "samples_failed_total")
)
# In a run that changed nothing: a marker is made every half minute, and an engine may show it later than it has it.
_RECENT_SECONDS = 180
_ERROR_LENGTH = 200
# Of what Prometheus says about an answer: what it means, and what to change. The first that fits is said.
_WHYS: Sequence[tuple[str, str]] = (
    (r"no such host|server misbehaving", "its name cannot be resolved (DNS): correct its url, or llmmon_etc_hosts"),
    (r"connection refused|no route to host|network is unreachable", "nothing listens there: correct its url"),
    (
        r"deadline exceeded|i/o timeout|Timeout exceeded",
        "it gives no answer in time: is it up, and is a firewall between?",
    ),
    (r"x509:|tls:|certificate", "TLS fails: correct its tls_config"),
    (r"no org id|X-Scope-OrgID|THANOS-TENANT", "it wants a tenant: set it in its headers, such as X-Scope-OrgID"),
    (r"status 401|status 407", "it does not know who writes (401): correct its bearer_token or basic_auth"),
    (r"status 403", "it does not allow to write (403): correct its bearer_token, basic_auth or tenant (headers)"),
    (r"status 404|status 405", "there is nothing that takes samples at this path: correct its url"),
    (r"status 429", "it is asked too much (429), and Prometheus tries again: raise its limits, or write less (send)"),
    (
        r"in the future",
        "it refuses samples as too far in the future: this host's clock is ahead of the engine's; set the wrong one by"
        " NTP (chrony)",
    ),
    (
        r"out of bounds|too old",
        "it refuses samples as too old: this host's clock is behind the engine's (set the wrong one by NTP, chrony), or"
        " they had waited for longer than it takes older ones",
    ),
    (
        r"out of order|out-of-order|duplicate sample",
        "it refuses samples as out of order: another host writes the same series (llmmon_prometheus_external_labels),"
        " or this host's clock was set back, which is over when it is as late as it was",
    ),
    (r"status 5\d\d", "it fails itself, and Prometheus tries again: look at its log"),
)


def why(lines: Sequence[str], engine: str) -> str:
    """What the last line of Prometheus's log about an engine that fails means; empty if there is none."""
    about = [line for line in lines if f"remote_name={engine} " in line and "err=" in line]
    if not about:
        return ""
    said = about[-1].partition("err=")[2].strip().strip('"').replace('\\"', '"')
    meaning = next((meaning for pattern, meaning in _WHYS if re.search(pattern, said)), "")
    # What the way there is called has been said; a URL of the user's may hold what is nobody's business.
    shown = re.sub(r'Post "[^"]*": ', "", said)[:_ERROR_LENGTH]
    return f"{meaning} ({shown})" if meaning else shown


class Sent:
    """What was sent to an engine, as Prometheus's own page says it at one look after the other.

    A sample that the engine has refused for good counts as sent, too. So a newer one must have been sent since the
    last refusal.
    """

    def __init__(self) -> None:
        self.newest = 0.0
        self._refused = 0.0
        self._newest_when_refused = -1.0

    def look(self, newest: float, refused: float) -> None:
        if refused != self._refused:
            self._refused, self._newest_when_refused = refused, newest
        self.newest = newest

    def is_taken(self, least: float) -> bool:
        """Whether the engine has taken a sample that is at least so new."""
        return self.newest >= least and self.newest > self._newest_when_refused


def verify_remote_write(
    prometheus: HttpClient, parameters: Mapping[str, Any], log: Callable[[], list[str]], timeout: float
) -> dict[str, Any]:
    """Wait until every engine has taken a sample, for ``timeout`` seconds, or raise NotProved.

    With ``fresh`` it is one that was scraped since now.
    """
    least = time.time() if parameters["fresh"] else time.time() - _RECENT_SECONDS
    sent = {engine: Sent() for engine in parameters["engines"]}

    def taken() -> Optional[bool]:
        page = prometheus.text("/metrics")
        newest, refused = (
            {name: float(value) for name, value in pattern.findall(page)} for pattern in (_SENT, _REFUSED)
        )
        for engine, known in sent.items():
            known.look(newest.get(engine, 0.0), refused.get(engine, 0.0))
        return all(known.is_taken(least) for known in sent.values()) or None

    if not wait_for(taken, timeout, interval=1.0):
        lines = log()
        missing = [engine for engine, known in sent.items() if not known.is_taken(least)]
        raise NotProved(sentence_list([_not_taken(engine, why(lines, engine)) for engine in missing]))
    return {"engines": {engine: known.newest for engine, known in sent.items()}}


def _not_taken(engine: str, reason: str) -> str:
    return f"the engine {engine} of {_VARIABLE} takes no samples: " + (
        reason or "Prometheus's log says nothing of it; is it the configuration that runs?"
    )


def verify_query(grafana: GrafanaApi, parameters: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """Wait until Grafana shows the marker that this Prometheus writes, or raise NotProved."""
    least = time.time() if parameters["fresh"] else time.time() - _RECENT_SECONDS
    labels = ", ".join(f'{name}="{_escaped(value)}"' for name, value in sorted(parameters["labels"].items()))
    expression = f"max({MARKER}{{{labels}}})"
    newest: list[float] = []

    def shown() -> Optional[bool]:
        newest[:] = _values(grafana.query(parameters["data_source_uid"], expression))
        return True if newest and newest[0] >= least else None

    try:
        seen = wait_for(shown, timeout, interval=1.0)
    except HttpError as error:
        raise NotProved(
            f"the engine does not answer Grafana: {error}; correct llmmon_query_url or llmmon_query_access"
        ) from error
    if not seen:
        late = f"its newest is {time.time() - newest[0]:.0f} s old" if newest else "it has none"
        raise NotProved(
            f"the engine at llmmon_query_url does not show the samples of this host ({expression}: {late}): does"
            f" {_VARIABLE} write to the same engine and tenant, and is this host's clock right?"
        )
    return {"marker": expression, "age_seconds": int(time.time() - newest[0])}


def _escaped(value: Any) -> str:
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _values(answer: Any) -> list[float]:
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise NotProved(f"the engine answered with something else than a query result: {str(answer)[:_ERROR_LENGTH]}")
    return [float(found["value"][1]) for found in answer["data"]["result"]]
