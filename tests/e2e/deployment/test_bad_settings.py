"""What a user can write wrong: refused with the variable's name, and nothing that runs is touched."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.testbed.shell import PATIENCE, wait_until

GATEWAY: dict[str, Any] = {"name": "llm-auth-proxy", "kind": "litellm", "targets": ["gateway.example:4000"]}

SETTINGS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a target on localhost": (
        {"llmmon_gateways": [{**GATEWAY, "targets": ["localhost:4000"]}]},
        ["llmmon_gateways", "Prometheus's own container", "write host.llmmon.internal:4000"],
    ),
    "two gateways of one name": (
        {"llmmon_gateways": [GATEWAY, GATEWAY]},
        ["llmmon_gateways", "llm-auth-proxy appears twice"],
    ),
    "an unknown kind": (
        {"llmmon_gateways": [{**GATEWAY, "kind": "litelm"}]},
        ["llmmon_gateways", "'litelm'", "known are agentgateway, ", ", litellm, "],
    ),
    "an empty token": (
        {"llmmon_gateways": [{**GATEWAY, "bearer_token": ""}]},
        ["bearer_token of llm-auth-proxy is empty", "PROMETHEUS_BEARER_TOKEN"],
    ),
    "a token file that cannot be read": (
        {"llmmon_gateways": [{**GATEWAY, "bearer_token_file": "/nowhere/token"}]},
        ["bearer_token_file /nowhere/token of llm-auth-proxy cannot be read", "No such file"],
    ),
    "a receiver with a malformed URL": (
        {"llmmon_receivers": {"slack": {"webhook_url": "htps:/hooks.example"}}},
        ["llmmon_receivers.slack.webhook_url is not a URL"],
    ),
    "two default data sources": (
        {
            "llmmon_grafana_data_sources": [
                {"name": "Loki", "uid": "loki", "type": "loki", "url": "http://loki:3100", "isDefault": True}
            ]
        },
        ["llmmon_grafana_data_sources", "more than one data source is the default", "Loki"],
    ),
    "a value of the wrong type": (
        {"llmmon_prometheus_port": "ninety"},
        ["llmmon_prometheus_port is 'ninety', but must be a whole number"],
    ),
}


def refused(stack: Stack, words: Iterable[str], **variables: Any) -> None:
    """Deploy with these variables: it must fail with a message that holds all the words, and change nothing."""
    before = stack.fingerprint()
    result = stack.run("site.yml", variables=variables)
    assert result.code != 0, result.output
    for word in words:
        assert word in result.message, result.output
    assert stack.fingerprint() == before


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_setting_is_refused_before_anything_changes(stack: Stack, name: str) -> None:
    variables, words = SETTINGS[name]
    refused(stack, words, **variables)


def test_a_missing_required_variable_is_named(stack: Stack, tmp_path: Path) -> None:
    bare = tmp_path / "inventory"
    (bare / "group_vars").mkdir(parents=True)
    (bare / "hosts.yml").write_text((stack.inventory / "hosts.yml").read_text())
    before = stack.fingerprint()
    result = Stack(stack.host, stack.gateway, stack.sinks, bare, stack.environment).run("site.yml")
    assert result.code != 0
    assert "llmmon_gateways is missing" in result.message
    assert stack.fingerprint() == before


def test_invalid_promql_in_a_rule_file_is_refused_by_promtool(stack: Stack, tmp_path: Path) -> None:
    rules = tmp_path / "mine.yml"
    rules.write_text("groups: [{name: mine, rules: [{record: x, expr: 'sum(rate(up[5m])'}]}]\n")
    words = ("promtool", "rules.d/mine.yml", "unclosed left parenthesis", "what was running stays")
    refused(stack, words, llmmon_prometheus_rule_files=[str(rules)])


def test_broken_yaml_in_a_scrape_snippet_is_refused_by_promtool(stack: Stack, tmp_path: Path) -> None:
    snippet = tmp_path / "mine.yml"
    snippet.write_text("scrape_configs:\n  - job_name: mine\n    static_configs: [targets: ['x:1'\n")
    words = ("promtool", "scrape.d/mine.yml", "yaml:", "what was running stays")
    refused(stack, words, llmmon_prometheus_scrape_config_files=[str(snippet)])


def test_own_rules_and_scrape_jobs_are_taken_and_leave_again(stack: Stack, tmp_path: Path) -> None:
    rules, snippet = tmp_path / "mine.yml", tmp_path / "jobs.yml"
    rules.write_text("groups: [{name: mine, interval: 1s, rules: [{record: mine:up:sum, expr: sum(up)}]}]\n")
    snippet.write_text(
        "scrape_configs:\n  - job_name: mine\n    static_configs: [{targets: ['llmmon-alertmanager:9093']}]\n"
    )
    variables = {
        "llmmon_prometheus_rule_files": [str(rules)],
        "llmmon_prometheus_scrape_config_files": [str(snippet)],
    }
    result = stack.run("site.yml", "--tags", "prometheus", variables=variables)
    assert result.code == 0, result.output
    groups = {group["name"] for group in stack.api(9090, "/api/v1/rules")["data"]["groups"]}
    assert "mine" in groups
    wait_until(lambda: "mine" in stack.jobs(), timeout=PATIENCE, what="The scrape job of one's own did not appear")
    result = stack.run("site.yml", "--tags", "prometheus")
    assert result.code == 0, result.output
    wait_until(lambda: "mine" not in stack.jobs(), timeout=PATIENCE, what="The scrape job of one's own did not go")
    assert "mine" not in {group["name"] for group in stack.api(9090, "/api/v1/rules")["data"]["groups"]}
    assert stack.on_host("find /etc/llmmon/prometheus/current/ -name mine.yml") == ""


def test_an_image_that_cannot_be_pulled_leaves_the_stack_alone(stack: Stack) -> None:
    image = "prom/prometheus:v0.0.0-missing"
    refused(stack, ("pulling", image, "llmmon_prometheus_image"), llmmon_prometheus_image=image)


def test_a_registry_that_is_asked_too_often_leaves_the_stack_alone(stack: Stack) -> None:
    """Its answer comes from the host itself, which Docker asks without TLS."""
    answer = """
import http.server

class Limited(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == '/v2/' else 429)
        self.end_headers()
        self.wfile.write(b'<p>Slow down.</p>')
    do_HEAD = do_GET

http.server.HTTPServer(('127.0.0.1', 5999), Limited).serve_forever()
"""
    stack.on_host(f"systemd-run --unit limited-registry python3 -c {shlex.quote(answer)}")
    try:
        asked = "until curl -s http://127.0.0.1:5999/v2/; do sleep 0.1; done"
        stack.on_host(f"timeout {PATIENCE} sh -c {shlex.quote(asked)}")
        image = "127.0.0.1:5999/prom/prometheus:v0.0.0-missing"
        words = ("429 Too Many Requests", "Slow down", "docker login", "set by llmmon_prometheus_image")
        refused(stack, words, llmmon_prometheus_image=image)
    finally:
        stack.on_host("systemctl stop limited-registry")
