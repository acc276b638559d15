# SPDX-License-Identifier: Apache-2.0
"""Whether the components of Thanos on a host do their work.

Each is ready, the bucket lets them in, the compactor has not stopped, and the querier reaches all that it is to ask.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.readiness import wait_until_ready
from ansible_collections.llmmon.stack.plugins.module_utils.clients.thanos_bucket import (
    VARIABLE,
    list_command,
    why_not_read,
)
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved, sentence_list

_HALTED = re.compile(r"^thanos_compact_halted(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
_UPLOADED = re.compile(r"^thanos_objstore_bucket_last_successful_upload_time\{[^}]*\} (\S+)$", re.MULTILINE)
_ERROR_LENGTH = 200


class Thanos:
    """The components of this host.

    ``urls``: component to where it tells how it is. ``container``: what the names of the containers begin with.
    ``bucket_file``: the configuration of the bucket as the containers see it, empty where there is none.
    ``endpoints``: gRPC addresses that the querier is to ask.
    """

    def __init__(self, parameters: Mapping[str, Any], engine: Engine) -> None:
        self.clients = {name: HttpClient(Connection(url=url, timeout=5)) for name, url in parameters["urls"].items()}
        self.container = parameters["container"]
        self.bucket_file = parameters["bucket_file"]
        self.endpoints = parameters["endpoints"]
        self.engine = engine
        self._bucket_opened = False

    def problems(self) -> list[str]:
        """One sentence for each thing that is not as it should be."""
        found = [fault for name in self.clients for fault in self._of(name)]
        return found + ([] if found else self._of_bucket()) + self._of_endpoints()

    def facts(self) -> dict[str, Any]:
        """What there is to say of components that work."""
        uploaded = self._uploaded()
        return {
            "components": list(self.clients),
            "endpoints": list(self.endpoints) if "query" in self.clients else [],
            "bucket": bool(self.bucket_file),
            "upload_age_seconds": int(time.time() - uploaded) if uploaded else None,
        }

    def _of(self, name: str) -> list[str]:
        try:
            self.clients[name].text("/-/ready")
            halted = _HALTED.findall(self.clients[name].text("/metrics")) if name == "compact" else []
        except HttpError as error:
            return [f"the {name} of Thanos is not ready: {error}; see logs.yml -e service=thanos-{name}"]
        if any(float(value) for value in halted):
            return [
                "the compactor of Thanos has stopped for good: see logs.yml -e service=thanos-compact, mend the block"
                " that it names, and restart its container; docs/runbooks/ThanosCompactorHalted.md says how"
            ]
        return []

    def _of_bucket(self) -> list[str]:
        """A component that was let in once is not asked again in this run."""
        asking = [name for name in self.clients if name != "query"]
        if not self.bucket_file or not asking or self._bucket_opened:
            return []
        try:
            result = self.engine.execute(f"{self.container}-{asking[0]}", list_command(self.bucket_file), "")
        except EngineError as error:
            # It ended meanwhile; the next look says whether it is back.
            return [f"the bucket of {VARIABLE} cannot be asked for: {error}"]
        self._bucket_opened = result.exit_code == 0
        return (
            [] if self._bucket_opened else [f"the bucket of {VARIABLE} cannot be read: {why_not_read(result.output)}"]
        )

    def _of_endpoints(self) -> list[str]:
        if "query" not in self.clients or not self.endpoints:
            return []
        try:
            answer = self.clients["query"].get("/api/v1/stores")
            stores = {store["name"]: store for kind in (answer["data"] or {}).values() for store in kind}
        except HttpError as error:
            return [f"the querier of Thanos does not tell whom it asks: {error}"]
        except (KeyError, TypeError, AttributeError):
            return [
                f"the querier of Thanos answered with something else than its stores: {str(answer)[:_ERROR_LENGTH]}"
            ]
        return [
            f"the querier of Thanos does not reach {endpoint}{_words(stores.get(endpoint))}: is it up, and does a"
            " firewall let its gRPC port through (llmmon_thanos_endpoints)?"
            for endpoint in self.endpoints
            if endpoint not in stores or stores[endpoint].get("lastError")
        ]

    def _uploaded(self) -> Optional[float]:
        if "sidecar" not in self.clients:
            return None
        try:
            found = [float(value) for value in _UPLOADED.findall(self.clients["sidecar"].text("/metrics"))]
        except HttpError:
            return None
        return max(found, default=0.0) or None


def verify_thanos(thanos: Thanos, timeout: float) -> dict[str, Any]:
    """Wait for all components to do their work, for ``timeout`` seconds, or raise NotProved."""
    found = wait_until_ready(thanos.problems, timeout, interval=1.0)
    if found:
        raise NotProved(sentence_list(found), thanos.facts())
    return thanos.facts()


def _words(store: Optional[Mapping[str, Any]]) -> str:
    return f" ({str(store['lastError'])[:_ERROR_LENGTH]})" if store and store.get("lastError") else ""
