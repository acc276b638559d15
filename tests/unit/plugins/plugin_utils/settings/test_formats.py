"""What the text or number of a setting has to look like: one table for all, which no setting is left out of."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.any_text import ANY_TEXT
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.formats import (
    FORMATS,
    format_of,
    places_of,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.specification import (
    options_of_roles,
    setting_problems,
)

from tests.support.rendering import REPOSITORY, role_variables

ROLES = str(REPOSITORY / "roles")
OPTIONS = {
    name: option
    for options in options_of_roles(ROLES).values()
    for name, option in options.items()
    if name.startswith("llmmon_")
}


def test_every_setting_has_a_format_or_may_be_any_text() -> None:
    places = {place for name, option in OPTIONS.items() for place in places_of(name, option)}
    assert sorted(place for place in places if not format_of(place) and place not in ANY_TEXT) == []
    # And the tables name none that is not there.
    assert sorted(ANY_TEXT - places) == []
    assert sorted(place for place in FORMATS if not place.endswith(".*") and place not in places) == []
    assert sorted(place for place in FORMATS if place.partition(".")[0].partition("[")[0] not in OPTIONS) == []
    assert sorted(place for place in ANY_TEXT if format_of(place)) == []


def problems(name: str, value: Any) -> list[str]:
    return setting_problems({name: value}, ROLES, [], [])


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_a_default_is_right(name: str) -> None:
    defaults = {
        key: value
        for role in ("prometheus", "alertmanager", "grafana", "container")
        for key, value in role_variables(REPOSITORY / "roles" / role).items()
        if "{{" not in str(value)
    }
    if name in defaults:
        assert problems(name, defaults[name]) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("llmmon_prometheus_scrape_interval", 15, "is 15, but must be a duration such as 15s, 5m or 1h30m"),
        ("llmmon_prometheus_scrape_timeout", "0s", "is '0s', but must be a duration"),
        ("llmmon_prometheus_retention_time", "30 days", "is '30 days', but must be a duration"),
        ("llmmon_prometheus_retention_size", "50", "is '50', but must be a size such as 512MB or 50GB"),
        ("llmmon_alertmanager_retention", "5days", "is '5days', but must be a duration such as 120h, 5d or 1h30m"),
        ("llmmon_alertmanager_route", {"group_wait": "now"}, "_route.group_wait is 'now', but must be a duration"),
        ("llmmon_health_interval", "1.5s", "is '1.5s', but must be a duration such as 5s or 1m30s"),
        ("llmmon_health_interval", "1d", "is '1d', but must be a duration such as 5s or 1m30s"),
        (
            "llmmon_memory_limits",
            {"prometheus": "lots"},
            ".prometheus is 'lots', but must be an amount of memory",
        ),
        ("llmmon_memory_limits", {"grafana": 2}, "llmmon_memory_limits.grafana is 2, but must be an amount of memory"),
        ("llmmon_memory_limits", {"grafana": ["2g"]}, "llmmon_memory_limits.grafana is a list, but must be a text"),
        ("llmmon_prober_memory", "5m", "is '5m', but must be an amount of memory of at least 6m"),
        ("llmmon_pids_limit", 0, "is 0, but must be 1 or more, or -1"),
        ("llmmon_container_log_size", "10 MB", "is '10 MB', but must be a size such as 10m or 1g"),
        (
            "llmmon_etc_hosts",
            {"gw": "gw.example"},
            "_hosts.gw is 'gw.example', but must be an IP address or host-gateway",
        ),
        ("llmmon_bind_address", "monitoring.local", "is 'monitoring.local', but must be an IP address such as"),
        ("llmmon_bind_address", "::1", "is '::1', but must be an IP address such as 127.0.0.1 or [::1]"),
        ("llmmon_bind_address", "localhost", "is 'localhost', but must be an IP address"),
        ("llmmon_prometheus_external_url", "monitoring.example:9090/prom", "must be a URL that begins with http://"),
        ("llmmon_alertmanager_external_url", "ftp://a.example", "must be a URL that begins with http://"),
        ("llmmon_grafana_url", "", "llmmon_grafana_url is '', but must be a URL"),
        ("llmmon_prometheus_port", 70000, "is 70000, but must be a port from 1 to 65535"),
        ("llmmon_prometheus_version", "v3.13.2", "is 'v3.13.2', but must be a version such as 3.13.2"),
        ("llmmon_image_registry", "https://mirror.example", "but must be a registry such as docker.io"),
        ("llmmon_prometheus_image", "prom/prometheus: v3", "but must be the name of an image"),
        ("llmmon_network", "my net", "is 'my net', but must be a name of letters"),
        ("llmmon_config_root", "etc/llmmon", "is 'etc/llmmon', but must be a path that begins with '/'"),
        ("llmmon_data_root", "/", "is '/', but must be a path that begins with '/'"),
        ("llmmon_keep_releases", 0, "is 0, but must be 1 or more"),
        (
            "llmmon_prometheus_alertmanagers",
            ["http://a:9093"],
            "[0] is 'http://a:9093', but must be of the form host:port",
        ),
        (
            "llmmon_gateways",
            [{"name": "a", "targets": ["a:1"], "scrape_interval": "30"}],
            "llmmon_gateways[a].scrape_interval is '30', but must be a duration",
        ),
    ],
)
def test_what_has_another_form_is_one_sentence_before_a_host_is_touched(name: str, value: Any, words: str) -> None:
    found = problems(name, value)
    assert len(found) == 1, found
    assert words in found[0]
    assert found[0].startswith(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("llmmon_prometheus_retention_time", "1y2w"),
        ("llmmon_prometheus_retention_size", "1.5TB"),
        ("llmmon_prometheus_retention_size", ""),
        ("llmmon_alertmanager_retention", "5d"),
        ("llmmon_health_interval", "1m30s"),
        ("llmmon_memory_limits", {"prometheus": "1.5g", "grafana": "512MB", "alertmanager": 268435456}),
        ("llmmon_pids_limit", -1),
        ("llmmon_container_log_size", "-1"),
        ("llmmon_etc_hosts", {"host.llmmon.internal": "host-gateway", "a": "10.0.0.1", "b": "fd00::1"}),
        ("llmmon_bind_address", "[::]"),
        ("llmmon_bind_address", "0.0.0.0"),  # noqa: S104 - as users write it
        ("llmmon_grafana_url", "https://monitoring.example/grafana"),
        ("llmmon_prometheus_version", "3.14.0-rc.0"),
        ("llmmon_grafana_version", "13.1"),
        ("llmmon_prometheus_image", "reg.example:5000/a/b:v1@sha256:" + 64 * "0"),
        ("llmmon_image_registry", "mirror.example:5000/hub"),
        ("llmmon_prometheus_port", "9090"),
        ("llmmon_prometheus_alertmanagers", ["[fd00::1]:9093", "alertmanager:9093"]),
    ],
)
def test_what_a_service_takes_is_allowed(name: str, value: Any) -> None:
    assert problems(name, value) == []
