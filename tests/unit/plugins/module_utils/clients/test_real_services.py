"""What we know of Prometheus and Alertmanager, asked of both ends of the range of versions that we support."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.metrics import sample
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.reload import (
    AlertmanagerReloader,
    PrometheusReloader,
    Refusal,
    alertmanager_hash,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof import services as service_record
from ansible_collections.llmmon.stack.plugins.module_utils.proof.evidence import Evidence
from ansible_collections.llmmon.stack.plugins.module_utils.proof.targets import Wanted, assess
from ansible_collections.llmmon.stack.plugins.module_utils.versions import same_version

from tests.support import services
from tests.support.scraping import JOBS
from tests.support.services import Service
from tests.support.versions import EVERYWHERE


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_prometheus_takes_and_refuses_a_configuration(
    version: str, prometheus_in_both_versions: dict[str, Service]
) -> None:
    service: Any = prometheus_in_both_versions[version]
    reloader = PrometheusReloader(service, service.client, "prometheus", service.root, 10)
    file = service.root / "current" / "prometheus.yml"
    good = file.read_text()
    first = reloader.reload()
    assert reloader.reload()["reloaded_at"] > first["reloaded_at"]

    file.write_text(good.replace('"1s"', '"1x"'))
    with pytest.raises(Refusal, match=r'unknown unit .*"x'):
        reloader.reload()

    # Prometheus's last words on this one do not say what is wrong; the line before them does.
    (service.root / "current" / "rules.yml").write_text("groups: [{name: a, rules: [{alert: b}]}]\n")
    file.write_text(json.dumps({"rule_files": ["rules.yml"], **json.loads(good)}))
    with pytest.raises(Refusal, match=r"field 'expr' must be set.*Error reloading config"):
        reloader.reload()

    file.write_text(good)
    assert reloader.reload()["reloaded_at"] > first["reloaded_at"]


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_prometheus_s_errors_get_the_right_cause(version: str, prometheus_in_both_versions: dict[str, Service]) -> None:
    client = prometheus_in_both_versions[version].client
    since = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    expected = {name: cause for name, (cause, _) in JOBS.items()}
    errors: dict[str, tuple[str, str]] = {}

    def seen() -> bool | None:
        active = client.get("/api/v1/targets", state="active")["data"]["activeTargets"]
        errors.update(
            {target.job: (target.cause, target.error) for target in assess(active, Wanted(list(JOBS)), Evidence(since))}
        )
        # A busy machine may be late with an answer; the next scrape comes in a second.
        return True if {job: cause for job, (cause, _) in errors.items()} == expected else None

    wait_for(seen, 20)
    assert {job: cause for job, (cause, _) in errors.items()} == expected, errors


@pytest.mark.parametrize("version", EVERYWHERE["prometheus"])
def test_status_reads_what_prometheus_says(version: str, prometheus_in_both_versions: dict[str, Service]) -> None:
    facts = service_record.api_facts("prometheus", prometheus_in_both_versions[version].client)
    assert same_version(version, facts["version"])
    assert (facts["targets_total"] >= facts["targets_up"], facts["firing_alerts"]) == (True, [])


CONFIGURATION = "route: {receiver: x}\nreceivers: [{name: x}]\n"


@pytest.mark.parametrize("version", EVERYWHERE["alertmanager"])
def test_alertmanager_takes_and_refuses_a_configuration(version: str, tmp_path: Path) -> None:
    if not services.can_have_own_mounts():
        pytest.skip("Debian's Alertmanager needs its templates, and this machine lets no test show it any")
    with services.alertmanager(version, tmp_path, CONFIGURATION) as service:
        engine: Any = service
        reloader = AlertmanagerReloader(engine, service.client, "alertmanager", tmp_path, 10)
        assert sample(service.client.text("/metrics"), "alertmanager_config_hash") == alertmanager_hash(
            CONFIGURATION.encode()
        )
        file = tmp_path / "current" / "alertmanager.yml"
        file.write_text(f"{CONFIGURATION}# Grüße, and no more\n")
        proof = reloader.reload()
        assert proof["config_hash"] == alertmanager_hash(file.read_bytes()) != alertmanager_hash(CONFIGURATION.encode())

        file.write_text("route: {receiver: z}\nreceivers: [{name: x}]\n")
        with pytest.raises(Refusal, match=r"undefined receiver \\\"z\\\" used in route"):
            reloader.reload()

        assert same_version(version, service_record.api_facts("alertmanager", service.client)["version"])
