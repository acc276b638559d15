# SPDX-License-Identifier: Apache-2.0
"""How each service is told to read its configuration again, and what proves that it did."""

from __future__ import annotations

import datetime
import hashlib
import re
from pathlib import Path
from typing import Any, Optional, Protocol, Union

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.metrics import sample
from ansible_collections.llmmon.stack.plugins.module_utils.clients.readiness import waits_to_be_started
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.leaving_data_sources import (
    DIRECTORY,
    PROVISIONED,
    data_sources_that_left,
    deleting,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for


class Refusal(StackError):
    """The service did not take the configuration; the message is what the service itself says."""


class Reloader(Protocol):
    """Reloads one service and proves it."""

    def reload(self) -> dict[str, Any]:
        """Make the service read ``current``; returns what proves it, raises Refusal with the service's words."""


# As logfmt or, with --log.format=json, as JSON.
_ERROR_LINE = re.compile(r"""level"?[=:]"?error""", re.IGNORECASE)


class SignalReloader:
    """Shared by Prometheus and Alertmanager: SIGHUP, then watch metrics and log."""

    success_time_metric: str
    refusal: re.Pattern[str]

    def __init__(self, engine: Engine, client: HttpClient, container: str, root: Path, timeout: float) -> None:
        self.engine = engine
        self.client = client
        self.container = container
        self.root = root
        self.timeout = timeout

    def reload(self) -> dict[str, Any]:
        # Without a time before, the service's own start would pass for the reload.
        before = self._first_answer()
        if before is None:
            raise HttpError(f"it gave no answer within {self.timeout:g} s, so it was not told to reload")
        started = utc_now()
        self.engine.hang_up(self.container)

        def outcome() -> Optional[dict[str, Any]]:
            after = self._success_time()
            if after is not None and after != before:
                return {"reloaded_at": after}
            words = self._refusal(started)
            if words:
                raise Refusal(words)
            return None

        proof = wait_for(outcome, self.timeout)
        if proof is None:
            raise Refusal(f"no sign of a reload within {self.timeout:g} s after SIGHUP")
        return {**proof, **self.evidence()}

    def evidence(self) -> dict[str, Any]:
        """What else shows that the running configuration is the one in ``current``."""
        raise NotImplementedError

    def _first_answer(self) -> Optional[float]:
        """Wait for _success_time; None when it does not come. One that has ended again and again is started once."""
        started = False

        def look() -> Optional[float]:
            nonlocal started
            found = self._success_time()
            if found is None and not started and waits_to_be_started(self.engine.inspect(self.container)):
                started = True
                self.engine.restart(self.container)
            return found

        return wait_for(look, self.timeout)

    def _success_time(self) -> Optional[float]:
        """When a configuration was last loaded; None while none was, or while the service does not answer."""
        try:
            return sample(self.client.text("/metrics"), self.success_time_metric) or None
        except HttpError:
            return None

    def _refusal(self, since: datetime.datetime) -> str:
        lines = self.engine.logs_since(self.container, since)
        if not any(self.refusal.search(line) for line in lines):
            return ""
        # What is wrong may be in a line before the one that reports the refusal.
        return "; ".join(line for line in lines if _ERROR_LINE.search(line) or self.refusal.search(line))


class PrometheusReloader(SignalReloader):
    """Prometheus: the time of the last successful load moves on, and runtimeinfo agrees."""

    success_time_metric = "prometheus_config_last_reload_success_timestamp_seconds"
    refusal = re.compile(r"error reloading config", re.IGNORECASE)

    def evidence(self) -> dict[str, Any]:
        information = self.client.get("/api/v1/status/runtimeinfo")["data"]
        if information["reloadConfigSuccess"] is not True:
            raise Refusal("runtimeinfo says that the last reload did not succeed")
        return {"last_config_time": information["lastConfigTime"]}


class AlertmanagerReloader(SignalReloader):
    """Alertmanager: as Prometheus, and the hash it reports is the hash of the file."""

    success_time_metric = "alertmanager_config_last_reload_success_timestamp_seconds"
    refusal = re.compile(r"""level"?[=:]"?error.*component"?[=:]"?configuration""", re.IGNORECASE)

    def evidence(self) -> dict[str, Any]:
        page = self.client.text("/metrics")
        expected = alertmanager_hash((self.root / CURRENT / "alertmanager.yml").read_bytes())
        running = sample(page, "alertmanager_config_hash")
        if running != expected:
            raise Refusal(f"it reports the configuration hash {running}, the file's is {expected}")
        return {"config_hash": running}


def alertmanager_hash(configuration: bytes) -> float:
    """What Alertmanager shows as alertmanager_config_hash: six bytes of the MD5, little endian (its coordinator.go)."""
    digest = hashlib.md5(configuration).digest()  # noqa: S324 - the service's own choice
    return float(int.from_bytes(digest[:6], "little"))


class WithProber:
    """Prometheus and its prober, which read the same release: both take it, or both go back."""

    # The first of them when the signal came before it could be caught: then the prober starts again, and reads it so.
    _DONE = re.compile(r"Loaded config file|Reloaded config file")
    _REFUSED = re.compile(r"Error reloading config")

    def __init__(self, prometheus: Reloader, engine: Engine, container: str, timeout: float) -> None:
        self.prometheus = prometheus
        self.engine = engine
        self.container = container
        self.timeout = timeout

    def reload(self) -> dict[str, Any]:
        started = utc_now()
        if waits_to_be_started(self.engine.inspect(self.container)):
            self.engine.restart(self.container)
        else:
            self.engine.hang_up(self.container)

        def outcome() -> Optional[bool]:
            # Its metrics are out of reach on purpose, so its log has to tell.
            lines = self.engine.logs_since(self.container, started)
            refused = [line for line in lines if self._REFUSED.search(line)]
            if refused:
                raise Refusal(f"the prober: {'; '.join(refused)}")
            return True if any(self._DONE.search(line) for line in lines) else None

        if not wait_for(outcome, self.timeout):
            raise Refusal(f"the prober gave no sign of a reload within {self.timeout:g} s after SIGHUP")
        return {**self.prometheus.reload(), "prober_reloaded": True}


class GrafanaReloader:
    """Grafana has no reload signal: restart for grafana.ini and secrets, its reload endpoint for data sources."""

    def __init__(self, engine: Engine, client: HttpClient, container: str, root: Path, timeout: float) -> None:
        self.engine = engine
        self.client = client
        self.container = container
        self.releases = Releases(root)
        self.timeout = timeout

    def reload(self) -> dict[str, Any]:
        old, new = self._files(RUNNING), self._files(CURRENT)
        leaving = data_sources_that_left(old.get(PROVISIONED, b""), new.get(PROVISIONED, b""))
        with deleting(self.releases.root / CURRENT, leaving):
            proof = self._reload({path for path in set(new) | set(old) if old and new.get(path) != old.get(path)})
        return {**proof, "data_sources_removed": [source["name"] for source in leaving]} if leaving else proof

    def _reload(self, changed: set[str]) -> dict[str, Any]:
        # No difference: a reload by force, or the way back from a refused release, of which Grafana runs some part.
        if not changed:
            return self._restart()
        read_by_grafana = [path for path in changed if not path.startswith("dashboards/")]
        if not read_by_grafana:
            return {"method": "none", "why": "only files that Grafana does not read itself changed"}
        if all(path.startswith(f"{DIRECTORY}/") for path in read_by_grafana):
            return self._reload_provisioning()
        return self._restart()

    def _files(self, link: str) -> dict[str, bytes]:
        """What the release that a link points at holds; nothing when there is none."""
        name = self.releases.target(link)
        return {} if name is None else self.releases.read(name)

    def _reload_provisioning(self) -> dict[str, Any]:
        try:
            self.client.send("POST", "/api/admin/provisioning/datasources/reload")
        except HttpError as error:
            if error.status in {401, 403}:
                # The admin password is set after this step; a restart reads the same files without it.
                return self._restart()
            words = self._errors(utc_now() - datetime.timedelta(seconds=5))
            raise Refusal(words or str(error)) from error
        return {"method": "provisioning reload"}

    def _restart(self) -> dict[str, Any]:
        started = utc_now()
        self.engine.restart(self.container)

        def outcome() -> Optional[dict[str, Any]]:
            try:
                health = self.client.get("/api/health")
            except HttpError:
                container = self.engine.inspect(self.container) or {}
                # The engine restarts a container that ended: more than one start means that it does not come up.
                if container.get("RestartCount", 0) or not container.get("State", {}).get("Running"):
                    words = self._errors(started)
                    if words:
                        raise Refusal(words) from None
                return None
            return {"method": "restart", "version": health.get("version")}

        proof = wait_for(outcome, self.timeout)
        if proof is None:
            raise Refusal(self._errors(started) or f"it does not answer {self.timeout:g} s after its restart")
        return proof

    def _errors(self, since: datetime.datetime) -> str:
        lines = self.engine.logs_since(self.container, since)
        telling = [line for line in lines if any(word in line.lower() for word in ("error", "fail", "invalid"))]
        return "; ".join(telling[-3:])


RELOADERS: dict[str, type[Union[SignalReloader, GrafanaReloader]]] = {
    "prometheus": PrometheusReloader,
    "alertmanager": AlertmanagerReloader,
    "grafana": GrafanaReloader,
}
