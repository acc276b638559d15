#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Prove that Alertmanager reaches its receivers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_probe
short_description: Prove that alerts reach every receiver, and say which one they do not reach and why
version_added: 0.1.0
description:
  - Sends a synthetic alert to Alertmanager, watches Alertmanager's own counters of notifications
    (C(alertmanager_notifications_total), C(alertmanager_notifications_failed_total) and the same of single requests)
    until each receiver has got it or failed, and resolves the alert.
  - B(People get the message), and another one when it is resolved, so run it when they expect it.
  - Alertmanager needs a route that takes the alert to every receiver at once; llmmon's role has one. A receiver that
    fails does not keep the others from getting theirs; Alertmanager gives each about ten seconds.
  - Counters for each receiver need Alertmanager's feature C(receiver-name-in-metrics). Without it receivers of one
    integration are told apart by their number only.
  - In a cluster each Alertmanager proves its own way to the receivers. The later ones in its order wait 15 seconds for
    each that comes before them; leave time for that.
attributes:
  check_mode:
    support: full
    details: Sends nothing.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Every run sends an alert of its own. Nothing on the host changes.
options:
  receivers:
    description: Who must be reached.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The receiver's name in Alertmanager's configuration.
        type: str
        required: true
      integration:
        description: What it sends by, such as V(slack), V(email) or V(webhook).
        type: str
        required: true
      variable:
        description: What to change when it is not reached.
        type: str
        default: llmmon_receivers
  alertname:
    description: Name of the synthetic alert, by which its route knows it.
    type: str
    default: LLMMonDeliveryProbe
  container:
    description: Alertmanager's container on this host, whose log tells why a receiver was not reached.
    type: str
  secrets_directory:
    description: Directory of files whose contents no message may show.
    type: path
  timeout:
    description: Seconds to wait for all receivers.
    type: float
    default: 60.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Prove that alerts reach their receivers
  llmmon.stack.alertmanager_probe:
    url: http://127.0.0.1:9093
    receivers:
      - {name: slack, integration: slack, variable: llmmon_receivers.slack}
      - {name: oncall, integration: email, variable: llmmon_receivers.oncall}
    container: llmmon-alertmanager
    secrets_directory: /etc/llmmon/alertmanager/current/secrets
"""

RETURN = r"""
reached:
  description: Names of the receivers that got the alert.
  returned: always
  type: list
  elements: str
  sample: [slack, oncall]
unreached:
  description: Names of the receivers that did not.
  returned: always
  type: list
  elements: str
deliveries:
  description: What was counted for each receiver while the alert was on its way.
  returned: when the alert was sent
  type: list
  elements: dict
  contains:
    integration: {description: What it sends by., type: str}
    receivers:
      description: Its name, or several when Alertmanager does not tell them apart.
      type: list
      elements: str
    notifications: {description: Notifications begun., type: int}
    notifications_failed: {description: Notifications given up., type: int}
    requests: {description: Attempts to send., type: int}
    requests_failed: {description: Attempts that failed., type: int}
    reason: {description: "Why it was not reached, in Alertmanager's own words.", type: str}
seconds:
  description: How long it took until each receiver had got it or failed.
  returned: when the alert was sent
  type: float
  sample: 1.5
"""

import dataclasses
import datetime
import json
import re
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import http_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.metrics import samples
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

HIDDEN = "********"
# Alertmanager's counters, by what they are called here. A notification is counted when it begins, not when it has
# arrived: what has arrived are requests that did not fail.
COUNTERS = {
    "notifications": "alertmanager_notifications_total",
    "notifications_failed": "alertmanager_notifications_failed_total",
    "requests": "alertmanager_notification_requests_total",
    "requests_failed": "alertmanager_notification_requests_failed_total",
}
# Alertmanager ends the alert by itself should this module be killed before it does.
_ENDS_ANYWAY_AFTER = 60
_RESOLVE_SECONDS = 10
_LOG_LINES = 2000

# Integration and receiver; the receiver is empty when Alertmanager does not tell them apart.
Key = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Counts:
    """What Alertmanager has counted of one receiver."""

    notifications: int = 0
    notifications_failed: int = 0
    requests: int = 0
    requests_failed: int = 0

    def since(self, before: Counts) -> Counts:
        """What came in between; counters that went back began anew."""
        old, new = dataclasses.asdict(before), dataclasses.asdict(self)
        return Counts(**{name: new[name] - (old[name] if new[name] >= old[name] else 0) for name in new})


@dataclasses.dataclass(frozen=True)
class Receiver:
    """Who must be reached."""

    name: str
    integration: str
    variable: str


@dataclasses.dataclass(frozen=True)
class Delivery:
    """How the alert fares with a receiver, or with several that are counted as one."""

    integration: str
    receivers: tuple[Receiver, ...]
    counts: Counts

    @property
    def reached(self) -> bool:
        return self.counts.requests - self.counts.requests_failed >= len(self.receivers)

    @property
    def given_up(self) -> bool:
        return not self.reached and self.counts.notifications_failed > 0

    @property
    def names(self) -> list[str]:
        return [receiver.name for receiver in self.receivers]


def counted(page: str) -> dict[Key, Counts]:
    """The counters on a metrics page, added up over what else tells them apart, such as the reason of a failure."""
    found: dict[Key, dict[str, int]] = {}
    for ours, theirs in COUNTERS.items():
        for labels, value in samples(page, theirs):
            key = (labels.get("integration", ""), labels.get("receiver_name", ""))
            counts = found.setdefault(key, dict.fromkeys(COUNTERS, 0))
            counts[ours] += int(value)
    return {key: Counts(**counts) for key, counts in found.items()}


def assess(before: dict[Key, Counts], after: dict[Key, Counts], receivers: list[Receiver]) -> list[Delivery]:
    """How the alert fares with each receiver, between two readings of the counters."""
    told_apart = any(name for _, name in {*before, *after})
    groups: dict[Key, list[Receiver]] = {}
    for receiver in receivers:
        groups.setdefault((receiver.integration, receiver.name if told_apart else ""), []).append(receiver)
    return [
        Delivery(key[0], tuple(group), after.get(key, Counts()).since(before.get(key, Counts())))
        for key, group in groups.items()
    ]


def settled(deliveries: list[Delivery]) -> bool:
    """Whether waiting longer cannot change the verdict."""
    return all(delivery.reached or delivery.given_up for delivery in deliveries)


# -- reasons

_PAIR = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
_GIVEN_UP = re.compile(r"(?P<receiver>[^\s/]+)/(?P<integration>\w+)\[\d+\]: .*?attempts?: (?P<reason>.*)", re.DOTALL)


def fields(line: str) -> dict[str, str]:
    """The fields of a line of Alertmanager's log, in logfmt or JSON."""
    if line.lstrip().startswith("{"):
        try:
            return {str(key): str(value) for key, value in json.loads(line).items()}
        except ValueError:
            return {}
    return {match[1]: _unquoted(match[2]) for match in _PAIR.finditer(line)}


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value)) if value.startswith('"') else value
    except ValueError:
        # Go escapes what JSON does not know.
        return value.strip('"')


def reasons(lines: Iterable[str]) -> dict[Key, str]:
    """Why notifications failed, by integration and receiver; the last word counts."""
    found: dict[Key, str] = {}
    for line in lines:
        said = fields(line)
        error = said.get("err", "")
        final = _GIVEN_UP.match(error)
        if final:
            found[final["integration"], final["receiver"]] = final["reason"]
        elif error and said.get("receiver") and said.get("integration"):
            # An attempt that will be made again. What is said in the end may be less: that time is over.
            found.setdefault((said["integration"].partition("[")[0], said["receiver"]), error)
    return found


def explained(reason: str, given_up: bool) -> str:
    """Alertmanager's words, where they need it with ours."""
    if not reason:
        return (
            "Alertmanager's log does not say why" if given_up else "Alertmanager was still trying when the time was up"
        )
    if "context deadline exceeded" in reason:
        return f"no answer in time ({reason})"
    return reason


_URL = re.compile(r"(https?://[^/\s\"'<>]+)/[^\s\"'<>]+")


def masked(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of the secrets, and without the paths of addresses, which may be secret, too."""
    pieces: set[str] = set()
    for secret in secrets:
        # Of an address what follows the host is what nobody may know, and its last part is enough to know.
        path = re.sub(r"^https?://[^/]+", "", secret)
        last = path.rpartition("/")[2]
        pieces.update(piece for piece, least in ((secret, 1), (path, 4), (last, 8)) if len(piece) >= least)
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, HIDDEN)
    return _URL.sub(rf"\1/{HIDDEN}", text)


def verdict(deliveries: list[Delivery], why: dict[Key, str], untried: str) -> Optional[str]:
    """One sentence a receiver that was not reached, or None when all were; ``untried`` is said of those never tried."""
    failing = [delivery for delivery in deliveries if not delivery.reached]
    if not failing:
        return None
    sentences = []
    for delivery in failing:
        found = [why.get((delivery.integration, name), "") for name in delivery.names]
        if delivery.counts.notifications:
            words = explained("; ".join(sorted({reason for reason in found if reason})), delivery.given_up)
        else:
            words = untried
        variables = " or ".join(receiver.variable for receiver in delivery.receivers)
        sentences.append(f"{delivery.integration} ({', '.join(delivery.names)}): {words}; correct {variables}")
    reached = [name for delivery in deliveries if delivery.reached for name in delivery.names]
    total = sum(len(delivery.receivers) for delivery in deliveries)
    return (
        f"{total - len(reached)} of {total} receivers did not get the synthetic alert. {' | '.join(sentences)}."
        f" Reached: {', '.join(reached) or 'none'}"
    )


def untried_because(alerts: list[dict[str, Any]]) -> str:
    """Why no notification was even begun, by what Alertmanager says of the alert."""
    for alert in alerts:
        status = alert.get("status", {})
        if status.get("silencedBy"):
            return f"Alertmanager did not try, because a silence covers the alert ({', '.join(status['silencedBy'])})"
        if status.get("inhibitedBy"):
            return "Alertmanager did not try, because another alert inhibits this one"
    return "Alertmanager did not try: the running configuration has no route to it (run site.yml), or time was short"


# -- acting


class Probe:
    """A synthetic alert, and what Alertmanager makes of it."""

    def __init__(self, client: HttpClient, alertname: str, timeout: float) -> None:
        self._client = client
        self._timeout = timeout
        # An alert of its own each time: Alertmanager does not notify twice of one that it knows.
        self.labels = {"alertname": alertname, "severity": "info", "probe": uuid.uuid4().hex}

    def counters(self) -> dict[Key, Counts]:
        return counted(self._client.text("/metrics"))

    def send(self) -> None:
        self._post(utc_now() + datetime.timedelta(seconds=self._timeout + _ENDS_ANYWAY_AFTER))

    def resolve(self) -> None:
        """End the alert, and wait until Alertmanager has taken note."""
        self._post(utc_now())
        wait_for(lambda: None if self.known() else True, _RESOLVE_SECONDS)

    def known(self) -> list[dict[str, Any]]:
        """The alert as Alertmanager has it; none when it is resolved."""
        found: list[dict[str, Any]] = self._client.get("/api/v2/alerts", filter=f'probe="{self.labels["probe"]}"')
        return found

    def _post(self, end: datetime.datetime) -> None:
        alert = {
            "labels": self.labels,
            "annotations": {
                "summary": "A test: nothing is wrong",
                "description": "llmmon proves that alerts reach this receiver. There is nothing to do.",
            },
            "endsAt": end.isoformat(),
        }
        self._client.send("POST", "/api/v2/alerts", [alert])


def watch(probe: Probe, receivers: list[Receiver], timeout: float) -> tuple[list[Delivery], str]:
    """Send the alert, wait for the verdict on each receiver and resolve it; also why some were not tried."""
    before = probe.counters()
    latest: list[Delivery] = []
    seen = 0

    def look() -> Optional[bool]:
        nonlocal seen
        try:
            latest[:] = assess(before, probe.counters(), receivers)
        except HttpError:
            return None
        # A request is counted before its failure is, and the page may be written in between: twice seen is believed.
        seen = seen + 1 if settled(latest) else 0
        return True if seen > 1 else None

    probe.send()
    try:
        in_time = wait_for(look, timeout)
        untried = "" if in_time else untried_because(probe.known())
    finally:
        probe.resolve()
    return latest, untried


def secrets_in(directory: Optional[str]) -> list[str]:
    """The contents of the files in a directory."""
    if not directory or not Path(directory).is_dir():
        return []
    files = [path for path in Path(directory).iterdir() if path.is_file()]
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in files]


def words_of(container: Optional[str], since: datetime.datetime) -> dict[Key, str]:
    """Reasons out of the log of Alertmanager's container, none when it cannot be read."""
    if not container:
        return {}
    try:
        return reasons(Engine().logs_since(container, since, _LOG_LINES))
    except EngineError:
        return {}


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **http_arguments(),
            "receivers": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "integration": {"type": "str", "required": True},
                    "variable": {"type": "str", "default": "llmmon_receivers"},
                },
            },
            "alertname": {"type": "str", "default": "LLMMonDeliveryProbe"},
            "container": {"type": "str"},
            "secrets_directory": {"type": "path", "no_log": False},
            "timeout": {"type": "float", "default": 60.0},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    receivers = [Receiver(**receiver) for receiver in parameters["receivers"]]
    if not receivers:
        module.fail_json(
            msg="there is no receiver, so no alert would reach anybody: set llmmon_receivers", reached=[], unreached=[]
        )
    if module.check_mode:
        module.exit_json(changed=False, reached=[], unreached=[])
    probe = Probe(http_client(module), parameters["alertname"], parameters["timeout"])
    started, begun = utc_now(), time.monotonic()
    try:
        deliveries, untried = watch(probe, receivers, parameters["timeout"])
    except HttpError as error:
        module.fail_json(msg=f"the synthetic alert cannot be sent or watched: {error}", reached=[], unreached=[])
    seconds = round(time.monotonic() - begun, 1)
    why: dict[Key, str] = {}
    if not all(delivery.reached for delivery in deliveries):
        secrets = secrets_in(parameters["secrets_directory"])
        why = {key: masked(words, secrets) for key, words in words_of(parameters["container"], started).items()}
    facts = {
        "reached": [name for delivery in deliveries if delivery.reached for name in delivery.names],
        "unreached": [name for delivery in deliveries if not delivery.reached for name in delivery.names],
        "deliveries": [
            {
                "integration": delivery.integration,
                "receivers": delivery.names,
                **dataclasses.asdict(delivery.counts),
                "reason": "; ".join(
                    why[key] for key in why if key[0] == delivery.integration and key[1] in delivery.names
                ),
            }
            for delivery in deliveries
        ],
        "seconds": seconds,
    }
    message = verdict(deliveries, why, untried)
    if message:
        module.fail_json(msg=message, **facts)
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
