"""Values that only stand for the user's own are refused, wherever they are."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.placeholders import (
    example_host_problems,
    placeholder_problems,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.specification import setting_problems

from tests.support.rendering import REPOSITORY, load

ROLES = str(REPOSITORY / "roles")


@pytest.mark.parametrize(
    ("values", "beginning"),
    [
        (
            {"llmmon_gateways": [{"name": "proxy", "targets": ["a:1", "your-llm-auth-proxy-host:8000"]}]},
            "the placeholder your-llm-auth-proxy-host is still in llmmon_gateways[proxy].targets[1]: write where",
        ),
        (
            {"llmmon_gateways": [{"targets": ["a:1"], "bearer_token": "Your_Secure_Token_Here"}]},
            "the placeholder your_secure_token_here is still in llmmon_gateways[0].bearer_token: set PROMETHEUS_B",
        ),
        (
            {"llmmon_grafana_admin_password": "your_secure_password"},
            "the placeholder your_secure_password is still in llmmon_grafana_admin_password: set GRAFANA_ADMIN_PA",
        ),
        (
            {
                "llmmon_receivers": {"slack": {"webhook_url": "https://hooks.slack.com/services/YOUR/SLACK/WEBHOOK"}},
                "llmmon_slack_webhook_url": "https://hooks.slack.com/services/YOUR/SLACK/WEBHOOK",
            },
            "the placeholder YOUR/SLACK/WEBHOOK is still in llmmon_receivers.slack.webhook_url and llmmon_slack",
        ),
        (
            {"llmmon_discord_webhook_url": "https://discord.com/api/webhooks/YOUR/DISCORD/WEBHOOK"},
            "the placeholder YOUR/DISCORD/WEBHOOK is still in llmmon_discord_webhook_url: set DISCORD_WEBHOOK_URL",
        ),
        (
            {"llmmon_grafana_ini": {"auth.generic_oauth": {"client_secret": "your_secure_password"}}},
            "the placeholder your_secure_password is still in llmmon_grafana_ini.auth.generic_oauth.client_secret: ",
        ),
    ],
)
def test_a_placeholder_is_one_sentence_with_all_that_hold_it(values: dict[str, Any], beginning: str) -> None:
    (found,) = placeholder_problems(values)
    assert found.startswith(beginning)


def test_what_is_like_a_placeholder_is_the_user_s() -> None:
    values = {"a": "static.1.clients.your-server.de", "b": ["your_team", 5, None, {"c": True}]}
    assert placeholder_problems(values) == []


@pytest.mark.parametrize("name", ["single", "ha"])
def test_an_inventory_that_was_copied_and_not_changed_is_refused(name: str) -> None:
    folder = REPOSITORY / "inventories" / name
    values = load(folder / "group_vars" / "llmmon" / "main.yml")
    hosts = load(folder / "hosts.yml")["llmmon"]["hosts"]
    for host in hosts.values():
        found = " | ".join(setting_problems(values, ROLES, [], [], host=host["ansible_host"]))
        assert "your-llm-auth-proxy-host" in found
        assert f"ansible_host is {host['ansible_host']}, an address for examples" in found


@pytest.mark.parametrize("address", ["10.0.0.1", "monitoring", "192.0.3.10", "", "fd00::1"])
def test_the_address_of_a_host_passes(address: str) -> None:
    assert example_host_problems(address) == []
