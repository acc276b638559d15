# SPDX-License-Identifier: Apache-2.0
"""Whether every alert that Prometheus has loaded can fire here, and reach somebody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.alive.deliveries import failing
from ansible_collections.llmmon.stack.plugins.module_utils.alive.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.module_utils.alive.judging import Found, Judge
from ansible_collections.llmmon.stack.plugins.module_utils.alive.paths import (
    ends,
    known_labels,
    lasting,
    why_nobody_hears,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.prometheus import Labels, Seen, samples
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Alert, Rules
from ansible_collections.llmmon.stack.plugins.module_utils.alive.verdict import VARIABLE, summary
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.silences import in_force
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Tries, Try, fingerprint
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved

_HOW = f"mend what is said of each, or name them in {VARIABLE} with the reason why they need not be able to fire"


def verify_alerts(client: HttpClient, parameters: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    """Judge all alerts until they can fire or the time is over; raises NotProved. ``parameters`` as documented.

    What has just been started has not been scraped yet, so what is missing is waited for.
    """
    latest: dict[str, Any] = {}
    silence: list[str] = []

    def look() -> Optional[bool]:
        try:
            latest.update(look_at_alerts(client, parameters))
        except HttpError as error:
            silence[:] = [str(error)]
            return None
        silence.clear()
        return None if latest["problem"] else True

    wait_for(look, timeout, interval=2.0)
    if silence:
        raise NotProved(f"Prometheus or Alertmanager cannot be asked whether alerts can fire: {silence[0]}")
    problem = latest.pop("problem")
    if problem:
        raise NotProved(f"{problem}; {_HOW}", latest)
    return latest


def look_at_alerts(client: HttpClient, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What there is to say of all alerts as of now. Raises HttpError where nobody answers."""
    rules = Rules(client.get("/api/v1/rules", exclude_alerts="true")["data"]["groups"])
    judge = judge_of(client, rules, parameters)
    found = [one for alert in rules.alerts for one in judge.judge(alert)]
    if parameters["paths"]:
        found += _delivered(rules.alerts, parameters, judge.seen)
    return summary([alert.name for alert in rules.alerts], found, parameters["not_proved"])


def judge_of(client: HttpClient, rules: Rules, parameters: Mapping[str, Any]) -> Judge:
    """Who judges these rules by what a Prometheus has seen."""

    def ask(query: str) -> list[tuple[Labels, float]]:
        return samples(client.get("/api/v1/query", query=query))

    def declared(job: str) -> set[str]:
        answer = client.get("/api/v1/targets/metadata", match_target=f"{{job={json.dumps(job)}}}")
        return {entry["metric"] for entry in answer["data"]}

    gateways = [Gateway.of(job, said) for job, said in parameters["gateways"].items()]
    # Of an Alertmanager elsewhere the receivers are not known, nor scraped.
    return Judge(rules, gateways, Seen(ask, declared), own_rules(parameters), bool(parameters["receivers"]))


def own_rules(parameters: Mapping[str, Any]) -> str:
    """Where the collection's rules lie; what lies beside it is the user's."""
    return f"{parameters['directory'].rstrip('/')}/rules/"


def _delivered(alerts: Sequence[Alert], parameters: Mapping[str, Any], seen: Seen) -> list[Found]:
    """Alerts that reach nobody, whatever happens."""
    wrong = failing(seen, parameters["receivers"], _tries(parameters))
    silences = lasting(in_force(HttpClient(Connection(url=parameters["alertmanager_url"]))), utc_now())
    found = []
    for alert in alerts:
        for labels in _variants(alert, parameters["gateways"]):
            known = known_labels(alert.name, alert.labels, labels)
            where = ends(parameters["paths"], known)
            why = why_nobody_hears(where, wrong, silences, known)
            # Where somebody else hears of it, that is said, and no reason to fail.
            notes = [] if why else [wrong[end.receiver] for end in where if end.receiver in wrong]
            found += [Found(alert.name, why)] if why else [Found(alert.name, note=note) for note in notes]
    return found


def _variants(alert: Alert, gateways: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """The labels that an alert has besides its own: of each gateway, where it is about gateways."""
    if alert.labels.get("component") != "llm" or not gateways:
        return [{}]
    jobs = [alert.labels["job"]] if alert.labels.get("job") in gateways else list(gateways)
    return [{"job": job, **{name: str(value) for name, value in gateways[job]["labels"].items()}} for job in jobs]


def _tries(parameters: Mapping[str, Any]) -> dict[str, Try]:
    """How the last test alerts fared, of receivers that are still what they were then."""
    tries = Tries(Path(parameters["record"])).read() if parameters["record"] else {}
    directory = parameters["secrets_directory"]
    return {
        name: tries[name]
        for receiver in parameters["receivers"]
        for name in [receiver["name"]]
        if name in tries and tries[name].settings == fingerprint(name, receiver["settings"], directory)
    }
