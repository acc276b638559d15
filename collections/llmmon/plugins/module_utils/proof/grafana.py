# SPDX-License-Identifier: Apache-2.0
"""Whether Grafana's data source answers through Grafana, and whether the dashboards are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import CONNECTIONS, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.files import folders_by_uid
from ansible_collections.llmmon.stack.plugins.module_utils.host.parallel import parallel_map
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved, sentence_list


def sample_count(answer: Any) -> int:
    """Number of samples in an answer of Prometheus's query API."""
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise NotProved(f"the data source answered with something else than a query result: {str(answer)[:200]}")
    return len(answer["data"]["result"])


def misplaced(uid: str, answer: Optional[dict[str, Any]], folder_uid: str) -> Optional[str]:
    """What is wrong with a dashboard, or None."""
    if answer is None:
        return f"the dashboard {uid} is missing: run site.yml --tags grafana"
    if (answer["meta"].get("folderUid") or "") != folder_uid:
        return f"the dashboard {uid} is not in the folder {folder_uid}: run site.yml --tags grafana"
    return None


def samples_through(grafana: GrafanaApi, source: str, expression: str, timeout: float) -> int:
    """How many samples a query gives through Grafana. One is waited for, since there is none before a first scrape."""
    try:
        samples = wait_for(lambda: sample_count(grafana.query(source, expression)) or None, timeout, interval=0.5)
    except HttpError as error:
        raise NotProved(
            f"the data source {source} does not answer through Grafana: {error}; check that"
            " llmmon_grafana_prometheus_url is an address of Prometheus as Grafana's container sees it"
        ) from error
    if not samples:
        raise NotProved(f"the query {expression!r} through Grafana gives no sample: is Prometheus scraping?")
    return samples


def verify_grafana(grafana: GrafanaApi, parameters: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Prove all of it or raise NotProved with everything that is wrong."""
    samples = samples_through(grafana, parameters["data_source_uid"], parameters["expression"], timeout)
    places = folders_by_uid(Path(parameters["dashboards_directory"]), parameters["folder_uid"])
    answers = parallel_map(CONNECTIONS, grafana.dashboard, places)
    wrong = [misplaced(uid, answer, places[uid]) for uid, answer in zip(places, answers)]
    if any(wrong):
        raise NotProved(sentence_list([sentence for sentence in wrong if sentence]))
    return {"samples": samples, "dashboards": list(places)}
