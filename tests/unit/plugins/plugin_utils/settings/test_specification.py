"""What is wrong with variables, by the specifications of the roles: one sentence each, and never a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.specification import setting_problems

ROLES = str(Path(__file__).resolve().parents[5] / "roles")
SERVICES = ["prometheus", "alertmanager", "grafana"]
GATEWAYS = [{"name": "proxy", "targets": ["proxy:8000"]}]


def problems(**values: Any) -> list[str]:
    return setting_problems(
        {"llmmon_services": SERVICES, "llmmon_gateways": GATEWAYS} | values, ROLES, ["prometheus"], []
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # YAML takes these for numbers, and -e gives texts.
        ("llmmon_prometheus_version", 3.13),
        ("llmmon_prometheus_port", "9090"),
        ("llmmon_keep_releases", 2.0),
        ("llmmon_backup_fetch", "yes"),
        ("llmmon_upgrade_backup", False),
        ("llmmon_thresholds", {"failure_ratio": "0.1", "head_series": 5}),
        ("llmmon_prometheus_rule_files", []),
        ("llmmon_backup_encryption", ""),
        ("llmmon_gateways", [{"name": "a", "targets": ["a:1"], "labels": {"team": "x"}, "bearer_token": None}]),
        ("llmmon_routes", [{"severity": ["critical"], "receivers": []}]),
        # One needs no brackets.
        ("llmmon_routes", [{"team": "payments", "severity": "critical", "matchers": 'job="a"', "receivers": "slack"}]),
    ],
)
def test_what_the_specifications_allow_is_allowed(name: str, value: Any) -> None:
    assert problems(**{name: value}) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("llmmon_services", "prometheus", "is 'prometheus', but must be a list: write [prometheus]"),
        ("llmmon_gateways", {"name": "proxy"}, "llmmon_gateways is a dictionary, but must be a list"),
        (
            "llmmon_gateways",
            [{"name": "proxy", "targets": "proxy:8000"}],
            "llmmon_gateways[proxy].targets is 'proxy:8000', but must be a list: write [proxy:8000]",
        ),
        (
            "llmmon_gateways",
            [*GATEWAYS, {"name": "b", "targets": ["b:1"], "metric_path": "/"}],
            "llmmon_gateways[b] has the key metric_path, which llmmon does not know; did you mean metrics_path?",
        ),
        ("llmmon_gateways", [{"targets": ["b:1"]}], "llmmon_gateways[0] lacks name: Name of the gateway"),
        ("llmmon_gateways", ["proxy:8000"], "llmmon_gateways[0] is 'proxy:8000', but must be a dictionary"),
        ("llmmon_services", ["prometheus", "loki"], "llmmon_services[1] is 'loki', but must be one of prometheus, "),
        ("llmmon_backup_encryption", "pgp", "is 'pgp', but must be one of empty, gpg, age"),
        ("llmmon_language", "kr", "is 'kr', but must be one of en, ko"),
        ("llmmon_prometheus_port", "http", "is 'http', but must be a whole number"),
        ("llmmon_keep_releases", True, "is true, but must be a whole number"),
        ("llmmon_keep_releases", 2.5, "is 2.5, but must be a whole number"),
        ("llmmon_backup_fetch", "perhaps", "is 'perhaps', but must be true or false"),
        (
            "llmmon_thresholds",
            {"failure_ratio": "much"},
            "llmmon_thresholds.failure_ratio is 'much', but must be a num",
        ),
        ("llmmon_bind_address", ["127.0.0.1"], "llmmon_bind_address is a list, but must be a text"),
        ("llmmon_alerts", None, "llmmon_alerts is empty; give it a value, or remove it to keep the default"),
        ("llmmon_recievers", {}, "llmmon_recievers is not a variable of llmmon; did you mean llmmon_receivers?"),
        ("llmmon_zzz", {}, "llmmon_zzz is not a variable of llmmon. Correct or remove it in your inventory."),
    ],
)
def test_what_they_do_not_allow_is_one_sentence(name: str, value: Any, expected: str) -> None:
    found = problems(**{name: value})
    assert len(found) == 1, found
    assert expected in found[0]
    assert name in found[0]


@pytest.mark.parametrize("secret", ["s3cret", ["s3cret"], {"key": "s3cret"}])
def test_secrets_are_not_shown(secret: Any) -> None:
    found = problems(
        llmmon_gateways=[{"name": "proxy", "targets": ["proxy:1"], "bearer_token": secret}],
        llmmon_grafana_secrets=[secret],
        llmmon_grafana_secret_key=secret,
        llmmon_backup_restic_repository=secret,
    )
    assert "s3cret" not in " ".join(found)
    assert found[0].startswith("llmmon_grafana_secrets") or len(found) > 1


def test_what_is_required_is_required_of_the_roles_that_run() -> None:
    everything = {"llmmon_services": SERVICES}
    assert setting_problems(everything, ROLES, ["engine", "status", "backup"], []) == []
    (missing,) = setting_problems(everything, ROLES, ["engine", "prometheus"], [])
    assert missing.startswith("llmmon_gateways is missing: ")
    assert setting_problems({"llmmon_services": ["grafana"]}, ROLES, ["prometheus", "grafana"], []) == []


def test_a_variable_of_another_prefix_is_nobody_elses_business() -> None:
    """Internal parameters of the roles, with their two underscores, are not among what a user says."""
    assert setting_problems({"llmmon_services": SERVICES}, ROLES, ["container"], []) == []
