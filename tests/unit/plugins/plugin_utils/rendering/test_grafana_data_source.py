"""Grafana's data source as the role renders it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.support.rendering import REPOSITORY, render_tree

ROLE = REPOSITORY / "roles" / "grafana"
GATEWAY = {"name": "a", "targets": ["a:1"]}


def options(**variables: Any) -> dict[str, Any]:
    """What is said of it beside its address."""
    files = render_tree(ROLE, **variables)
    (path,) = (path for path in files if path.startswith("provisioning/datasources/"))
    own = next(entry for entry in yaml.safe_load(files[path])["datasources"] if entry["uid"] == "llmmon_prometheus")
    return dict(own["jsonData"])


@pytest.mark.parametrize(
    ("variables", "interval"),
    [
        ({}, "15s"),
        ({"llmmon_prometheus_scrape_interval": "1m"}, "60s"),
        # A panel of the gateway that is scraped most rarely is to have data, too.
        ({"llmmon_gateways": [GATEWAY, {**GATEWAY, "name": "b", "scrape_interval": "2m"}]}, "120s"),
        ({"llmmon_gateways": [{**GATEWAY, "scrape_interval": "5s"}]}, "15s"),
    ],
)
def test_it_knows_how_often_targets_are_scraped(variables: dict[str, Any], interval: str) -> None:
    assert options(**variables)["timeInterval"] == interval
