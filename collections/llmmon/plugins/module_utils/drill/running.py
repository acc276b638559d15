# SPDX-License-Identifier: Apache-2.0
"""Carry out a drill: programs of its own beside the live ones, until every alert has arrived or time is up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Protocol

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.counters import counted
from ansible_collections.llmmon.stack.plugins.module_utils.drill.listening import Mailbox, listening
from ansible_collections.llmmon.stack.plugins.module_utils.drill.loaded import INTERVAL, MARK, MARKED, Loaded
from ansible_collections.llmmon.stack.plugins.module_utils.drill.plan import BY_ROUTE, BY_SERIES, Plan
from ansible_collections.llmmon.stack.plugins.module_utils.drill.report import Row, finished, rows
from ansible_collections.llmmon.stack.plugins.module_utils.drill.routing import DRILL, drill_config
from ansible_collections.llmmon.stack.plugins.module_utils.drill.silence import read_by, why_silent
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

_READY_SECONDS = 30.0
_LOOK_EVERY = 0.5
_END_SECONDS = 20.0
_SENT = "alertmanager_notification_requests_total"
# One block for all that there is: many would each be read from the whole text again.
BLOCK_DURATION = "2000h"
PROMETHEUS_FLAGS = (
    "--storage.tsdb.retention.time=100y",
    f"--storage.tsdb.min-block-duration={BLOCK_DURATION}",
    f"--storage.tsdb.max-block-duration={BLOCK_DURATION}",
    # What fires before Prometheus has found the Alertmanager would be sent a minute later.
    "--rules.alert.resend-delay=5s",
)


class DrillError(StackError):
    """The drill could not be held."""


class NotReady(DrillError):
    """A program of the drill does not answer at its ``url``."""

    def __init__(self, name: str, url: str) -> None:
        super().__init__(f"the drill's {name} at {url} was not ready in {_READY_SECONDS:g} s")
        self.url = url


class Place(Protocol):
    """Where the programs of a drill run. Each gives the address at which its program answers, and ends it after."""

    def alertmanager(self, configuration: str) -> AbstractContextManager[str]:
        """Alertmanager with this configuration."""

    def prometheus(self, world: str, page: str, files: dict[str, str]) -> AbstractContextManager[str]:
        """Prometheus on the samples of a page, with ``files`` beside its configuration, prometheus.json."""


class Drill:
    """One drill: what is to be fired, where, and who is told.

    ``routes`` is the deployed configuration of Alertmanager, which lies in ``directory``; ``sending`` are
    external_labels and alert_relabel_configs of the deployed Prometheus.
    """

    def __init__(
        self, plan: Plan, loaded: Loaded, routes: dict[str, Any], directory: str, sending: dict[str, Any], real: bool
    ) -> None:
        self.plan, self.loaded, self.routes, self.directory = plan, loaded, routes, directory
        self.sending, self.real = sending, real
        self.mailbox = Mailbox()
        self.fired: dict[tuple[str, str], float] = {}
        self.failed_deliveries: list[str] = []

    def hold(self, place: Place, timeout: float) -> list[Row]:
        """Fire everything and wait; the rows, once all is gone again. Raises StackError when it cannot be held."""
        began = time.time()
        with ExitStack() as stack:
            listens_at = stack.enter_context(listening(self.mailbox))
            config = drill_config(self.routes, self.directory, listens_at, self.real)
            told = HttpClient(Connection(url=stack.enter_context(place.alertmanager(json.dumps(config)))))
            _wait_until_ready(told, "Alertmanager")
            with self._worlds(place, told.connection.url) as servers:
                for server in servers:
                    _wait_until_ready(server, "Prometheus")
                self._send_by_route(told)
                wait_for(lambda: self._look(servers), timeout, interval=_LOOK_EVERY)
                errors = self._why_silent(servers)
            if self.real:
                self._end(told)
            return rows(self.plan, self.fired, self.mailbox, began, errors)

    @contextmanager
    def _worlds(self, place: Place, alertmanager: str) -> Iterator[list[HttpClient]]:
        files = self._files(alertmanager)
        now = int(time.time())

        with ExitStack() as stack, ThreadPoolExecutor(2) as pool:

            def enter(world: str) -> str:
                return stack.enter_context(place.prometheus(world, self.plan.page(world, now), files))

            entered = [pool.submit(enter, world) for world in self.plan.worlds]
            yield [HttpClient(Connection(url=future.result())) for future in entered]

    def _files(self, alertmanager: str) -> dict[str, str]:
        """The configuration of the drill's Prometheus: it scrapes nothing, and tells the drill's Alertmanager."""
        rules = self.loaded.copy({one.alert for one in self.plan.expected if one.how == BY_SERIES}, self.real)
        relabeling = [*self.sending.get("alert_relabel_configs", [])]
        if self.real:
            relabeling.append({"target_label": DRILL, "replacement": "true"})
        configuration = {
            "global": {"evaluation_interval": INTERVAL, "external_labels": self.sending.get("external_labels", {})},
            "rule_files": sorted(rules),
            "alerting": {
                "alert_relabel_configs": relabeling,
                "alertmanagers": [{"static_configs": [{"targets": [alertmanager.partition("//")[2]]}]}],
            },
        }
        found = {name: json.dumps(content) for name, content in rules.items()}
        return {**found, "prometheus.json": json.dumps(configuration)}

    def _send_by_route(self, told: HttpClient) -> None:
        """Alerts that there are no series for, with the labels and texts of their rules."""
        alerts = []
        for one in self.plan.expected:
            if one.how == BY_ROUTE:
                labels = {name: value for name, value in one.rule.get("labels", {}).items() if "{{" not in value}
                texts = dict(one.rule.get("annotations", {}))
                if self.real:
                    labels[DRILL] = "true"
                    texts.update({name: MARK + texts[name] for name in MARKED if name in texts})
                alerts.append({"labels": {**labels, "alertname": one.alert}, "annotations": texts})
        if alerts:
            told.send("POST", "/api/v2/alerts", alerts)

    def _look(self, servers: list[HttpClient]) -> Any:
        """Note what fires; True once there is nothing to wait for."""
        worlds = {one.alert: one.world for one in self.plan.expected}
        for world, server in zip(self.plan.worlds, servers):
            for alert in server.get("/api/v1/alerts")["data"]["alerts"]:
                labels = alert["labels"]
                # In another world it may fire as well: where nothing is, much is missing.
                if alert["state"] == "firing" and worlds.get(labels["alertname"]) == world:
                    self.fired.setdefault(
                        (labels["alertname"], labels.get("job", "")), moment(alert["activeAt"]).timestamp()
                    )
        return True if finished(self.plan, self.fired, self.mailbox) else None

    def _why_silent(self, servers: list[HttpClient]) -> dict[str, str]:
        """What is known of each alert that did not fire."""
        found = {}
        heard = [one.rule["query"] for one in self.plan.expected if one.live and "" in self._of(one.alert)]
        innocent = {name for query in heard for name in read_by(self.loaded, query)}
        for world, server in zip(self.plan.worlds, servers):
            silent = [
                one
                for one in self.plan.expected
                if one.how == BY_SERIES and one.world == world and not (set(one.jobs) or {""}) <= self._of(one.alert)
            ]
            errors = _errors(server) if silent else {}
            for one in silent:
                query = one.rule["query"]
                # What an alert that did fire reads is no reason, whether there is anything of it or not.
                names = "|".join(["ALERTS", *sorted(read_by(self.loaded, query) - innocent)])
                answer = server.get("/api/v1/query", query=f'count by (__name__) ({{__name__=~"{names}"}})')
                there = {sample["metric"]["__name__"] for sample in answer["data"]["result"]} | innocent
                found[one.alert] = errors.get(one.alert) or why_silent(self.loaded, query, there)
        return found

    def _of(self, name: str) -> set[str]:
        """The gateways of which an alert has fired, and "", which stands for any."""
        return {found for alert, job in self.fired if alert == name for found in (job, "")}

    def _end(self, told: HttpClient) -> None:
        """People are told that it is over, and which of their receivers could not be told."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        ended = [
            {"labels": alert["labels"], "annotations": alert["annotations"], "endsAt": now}
            for alert in told.get("/api/v2/alerts")
        ]
        if ended:
            told.send("POST", "/api/v2/alerts", ended)
        sent = [""]

        def nothing_more() -> Any:
            page = told.text("/metrics")
            now_sent = "".join(line for line in page.splitlines(True) if line.startswith(_SENT))
            before, sent[0] = sent[0], now_sent
            return page if now_sent == before else None

        # Groups are looked at every second: after two without a message all have been told.
        page = wait_for(nothing_more, _END_SECONDS, interval=2)
        self.failed_deliveries = failed_deliveries(page or told.text("/metrics"))


def failed_deliveries(page: str) -> list[str]:
    """Integrations that failed, out of Alertmanager's own metrics."""
    return sorted({integration for (integration, _), counts in counted(page).items() if counts.notifications_failed})


def _wait_until_ready(client: HttpClient, name: str) -> None:
    def ready() -> Any:
        try:
            client.text("/-/ready")
        except HttpError:
            return None
        return True

    if not wait_for(ready, _READY_SECONDS, interval=0.1):
        raise NotReady(name, client.connection.url)


def _errors(server: HttpClient) -> dict[str, str]:
    """Alerts whose rule cannot be evaluated, and why."""
    groups = server.get("/api/v1/rules", exclude_alerts="true")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return {rule["name"]: str(rule.get("lastError")) for rule in rules if rule.get("health") == "err"}
