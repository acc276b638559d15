"""Faults outside what we install: the deployment stands, and verify says what is wrong and what to change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import Result, Stack
from tests.testbed import faults
from tests.testbed.shell import PATIENCE, wait_until


def variables_of(stack: Stack, **gateway: Any) -> dict[str, Any]:
    """One gateway as given; verification does not wait long for what does not come."""
    settings = {"name": "llm-auth-proxy", "kind": "litellm", "targets": [stack.gateway.target], **gateway}
    settings.setdefault("metrics_path", "/metrics/")
    return {"llmmon_gateways": [settings], "llmmon_verify_timeout": 25}


def deploy_with(stack: Stack, **gateway: Any) -> Result:
    return stack.run("site.yml", "--tags", "prometheus,verify", variables=variables_of(stack, **gateway))


@pytest.fixture(scope="module", autouse=True)
def put_right(stack: Stack) -> Any:
    """After the faults the stack is as it was, without anything left to clean by hand."""
    yield
    stack.on_host("rm -f /etc/llmmon/prometheus/own.d/*")
    result = stack.run("site.yml")
    assert result.code == 0, result.output


def assert_cause(result: Result, cause: str, *words: str) -> None:
    assert result.code != 0, result.output
    assert "llm-auth-proxy" in result.message
    for word in (f": {cause} (", "in llmmon_gateways", *words):
        assert word in result.message, result.output


def assert_deployment_stands(stack: Stack) -> None:
    """The new configuration is in force although the gateway cannot be scraped, and the rest is up."""
    for service in ("prometheus", "alertmanager", "grafana"):
        releases = [stack.on_host(f"readlink /etc/llmmon/{service}/{link}") for link in ("current", "running")]
        assert releases[0] == releases[1]

    def both_up() -> bool:
        up = {sample["metric"]["job"]: sample["value"][1] for sample in stack.query("up")}
        return (up["prometheus"], up["alertmanager"]) == ("1", "1")

    # One scrape that a busy machine answers late is no fault of the deployment.
    wait_until(both_up, timeout=PATIENCE, what="Prometheus and Alertmanager were not scraped")


def test_a_wrong_kind(stack: Stack) -> None:
    """The page answers, and no rule finds anything on it."""
    result = deploy_with(stack, kind="canonical", bearer_token=stack.gateway.token)
    assert result.code != 0, result.output
    for word in ("of the kind canonical (llm_requests_total)", "those of litellm: correct its kind in llmmon_gateways"):
        assert word in result.message, result.output
    assert_deployment_stands(stack)


def test_a_wrong_token(stack: Stack) -> None:
    result = deploy_with(stack, bearer_token="not-the-token")  # noqa: S106 - made up
    assert_cause(result, "unauthorized", "401", "PROMETHEUS_BEARER_TOKEN")
    assert_deployment_stands(stack)
    # The prober has read the new token, too, and tells refused from down.
    wait_until(
        lambda: (
            [sample["metric"]["job"] for sample in stack.query('ALERTS{alertname="LLMMetricsAuthFailure"}')]
            == ["llm-auth-proxy"]
        ),
        timeout=PATIENCE,
        what="There is no alert about the refused token",
    )


def test_nothing_listens(stack: Stack) -> None:
    address = stack.gateway.target.split(":")[0]
    result = deploy_with(stack, targets=[f"{address}:4999"], bearer_token=stack.gateway.token)
    assert_cause(result, "refused", "connection refused", "start the gateway")
    assert_deployment_stands(stack)


def test_an_unknown_host_name(stack: Stack) -> None:
    result = deploy_with(stack, targets=["no-such-host.invalid:4000"], bearer_token=stack.gateway.token)
    assert_cause(result, "dns", "llmmon_etc_hosts")
    assert_deployment_stands(stack)


def test_a_path_that_answers_html(stack: Stack) -> None:
    page = faults.start_html_metrics(f"{stack.gateway.name}-html")
    gateway = {"targets": [page.target], "metrics_path": "/metrics", "bearer_token": stack.gateway.token}
    result = deploy_with(stack, **gateway)
    assert_cause(result, "not_metrics", "metrics_path")
    assert_deployment_stands(stack)
    # verify.yml alone says the same, and changes nothing.
    before = stack.fingerprint()
    result = stack.run("verify.yml", variables=variables_of(stack, **gateway))
    assert_cause(result, "not_metrics")
    assert stack.fingerprint() == before


def test_a_metric_that_a_newer_release_calls_otherwise(stack: Stack) -> None:
    """The target is up, and no alert about its requests can ever fire: verify.yml names them, and the name there is."""
    page = faults.start_html_metrics(f"{stack.gateway.name}-html")
    gateway = {"kind": "canonical", "targets": [page.target], "metrics_path": "/renamed"}
    # A first deployment only waits for what will come.
    variables = {**variables_of(stack, **gateway), "llmmon_verify_timeout": PATIENCE}
    deployed = stack.run("site.yml", "--tags", "prometheus,verify", variables=variables)
    assert deployed.code == 0, deployed.output
    result = stack.run("verify.yml", variables=variables_of(stack, **gateway))
    assert result.code != 0, result.output
    said = re.search(r"alerts that cannot fire here: (.*?); mend .* in llmmon_alerts_not_proved", result.message)
    assert said, result.output
    for words in (
        "LLMHighFailureRatio, ",
        " of llm-auth-proxy: llm_requests_total is not on its page, where llm_requests_served looks like its new name",
    ):
        assert words in said[1], result.output
    # That tokens are counted is as true as it was, and the stack's own alerts are alive.
    for alert in ("LLMTokenSurge", "LLMTargetDown", "Prometheus", "AlertNotificationsFailing"):
        assert alert not in said[1], result.output


def test_an_inventory_that_was_not_deployed(stack: Stack) -> None:
    """The gateway of the inventory is another one than the one that is scraped: that it is up proves nothing."""
    before = stack.fingerprint()
    result = stack.run("verify.yml", variables=variables_of(stack, targets=["gateway.example:4000"]))
    assert result.code != 0, result.output
    for word in ("llm-auth-proxy", ": outdated;", "in llmmon_gateways: run site.yml"):
        assert word in result.message, result.output
    assert stack.fingerprint() == before


def test_a_page_behind_a_redirect(stack: Stack) -> None:
    result = deploy_with(stack, metrics_path="/metrics", bearer_token=stack.gateway.token)
    assert_cause(result, "redirect", "HTTP status 307", "write metrics_path: /metrics/ in llmmon_gateways")
    assert_deployment_stands(stack)


def test_files_that_lie_on_the_host(stack: Stack, tmp_path: Path) -> None:
    """A token that something there renews, and targets of a job of the user's own, which verify.yml proves, too."""
    own = "/etc/llmmon/prometheus/own.d"
    targets = '[{"targets": ["localhost:9090"]}]'
    jobs = tmp_path / "mine.yml"
    jobs.write_text(f"scrape_configs: [{{job_name: mine, file_sd_configs: [{{files: ['{own}/*.json']}}]}}]")
    stack.on_host(f"printf %s {stack.gateway.token} >{own}/gw.token; echo '{targets}' >{own}/a.json")
    stack.on_host(f"chgrp 65534 {own}/*; chmod 640 {own}/*")
    variables = variables_of(stack)
    # The path is what the preset says.
    del variables["llmmon_gateways"][0]["metrics_path"]
    variables["llmmon_gateways"][0] |= {"bearer_token_host_file": "gw.token"}
    variables |= {"llmmon_prometheus_scrape_config_files": [str(jobs)], "llmmon_verify_timeout": PATIENCE}
    result = stack.run("site.yml", "--tags", "prometheus,verify", variables=variables)
    assert result.code == 0, result.output
    assert "mine" in result.output

    def both_up() -> bool:
        up = {sample["metric"]["job"]: sample["value"][1] for sample in stack.query("up")}
        return (up.get("llm-auth-proxy"), up.get("mine")) == ("1", "1")

    wait_until(both_up, timeout=PATIENCE, what="The gateway and the job of the user's own were not scraped")

    stack.on_host("docker stop llmmon-prober")
    status = stack.run("status.yml", variables=variables)
    assert "trouble: the container llmmon-prober of the prober is exited: run site.yml" in status.output
