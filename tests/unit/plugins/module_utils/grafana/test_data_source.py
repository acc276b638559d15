"""Data sources: what differs, and what is shown of it. tests/contract asks a Grafana."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.grafana.data_source import (
    BadDataSource,
    DataSourcePlan,
    data_source_difference,
    plan_data_source,
    secrets_differ,
    wanted_data_source,
)

SECRET = "Source-Secret-1"  # noqa: S105 - made up for these tests
PARAMETERS: dict[str, Any] = {
    "uid": "prometheus_b",
    "name": "Prometheus B",
    "type": "prometheus",
    "access": "proxy",
    "data_source_url": "http://prometheus-b:9090",
    "database": "",
    "basic_auth_user": "",
    "is_default": None,
    "json_data": {"httpMethod": "POST"},
    "secure_json_data": None,
    "secrets_version": None,
}
WANTED = wanted_data_source(PARAMETERS, None)


def served(**changes: Any) -> dict[str, Any]:
    """Grafana's answer about a data source that is as it should be, but for the changes."""
    return {**WANTED, "id": 7, "version": 3, "readOnly": False, "secureJsonFields": {}, **changes}


@pytest.mark.parametrize(
    ("answer", "plan"),
    [
        (None, DataSourcePlan("create")),
        (served(), DataSourcePlan("unchanged")),
        (served(url="http://old:9090", jsonData={}), DataSourcePlan("update", ("url", "jsonData"))),
        # Grafana 9.4 cannot empty the user, and nobody asks for him.
        (served(basicAuthUser="old"), DataSourcePlan("unchanged")),
        (served(secureJsonFields={"basicAuthPassword": True}), DataSourcePlan("update", ("secureJsonData",))),
    ],
)
def test_a_plan_names_what_differs(answer: dict[str, Any] | None, plan: DataSourcePlan) -> None:
    assert plan_data_source(answer, WANTED, PARAMETERS) == plan


def test_a_provisioned_data_source_is_refused() -> None:
    with pytest.raises(BadDataSource, match="Grafana provisions it from a file"):
        plan_data_source(served(readOnly=True), WANTED, PARAMETERS)


@pytest.mark.parametrize("salt", ["", "no hexadecimal", 7, None])
def test_a_fingerprint_that_somebody_spoilt_makes_the_secrets_go_again(salt: Any) -> None:
    kept = {"sentWith": 3, "salt": salt, "fingerprint": "00"}
    answer = served(secureJsonFields={"basicAuthPassword": True}, jsonData={"llmmonSecrets": kept})
    assert secrets_differ(answer, {"basicAuthPassword": SECRET}, None)


def test_a_difference_masks_secrets_and_leaves_out_what_is_kept_about_them() -> None:
    kept = {"llmmonSecrets": {"sentWith": 3, "version": "1"}, "httpMethod": "POST"}
    shown = data_source_difference(served(jsonData=kept), WANTED, DataSourcePlan("update", ("secureJsonData",)))
    assert '"secureJsonData": "******** (before)"' in shown["before"]
    assert '"secureJsonData": "******** (after)"' in shown["after"]
    assert "llmmonSecrets" not in shown["before"]


def test_a_difference_shows_what_comes_and_what_goes() -> None:
    assert data_source_difference(None, WANTED, DataSourcePlan("create"))["before"] == ""
    gone = data_source_difference({"uid": "prometheus_b", "name": "B"}, None, DataSourcePlan("delete"))
    assert gone == {"before": '{\n  "name": "B",\n  "uid": "prometheus_b"\n}\n', "after": ""}
