"""The main job: one command deploys, a second one changes nothing, and the other playbooks say what is going on."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.e2e.by_hand import grafana
from tests.support import second_day
from tests.support.stack import REPOSITORY, SERVICES, Result, Stack
from tests.testbed import images, state, traffic
from tests.testbed.shell import PATIENCE, wait_until


def test_check_mode_on_a_fresh_host_passes_and_changes_nothing(fresh_stack: Stack) -> None:
    result = fresh_stack.run("site.yml", "--check", "--diff")
    assert result.code == 0, result.output
    assert result.recap("changed") > 0
    # Rules and dashboards, which nobody has written, are ten times as long.
    assert "lines, not shown>" in result.output
    assert len(result.output.splitlines()) < 1200, len(result.output.splitlines())
    assert fresh_stack.on_host("ls -d /etc/llmmon /var/lib/llmmon 2>/dev/null | wc -l") == "0"
    assert fresh_stack.on_host("docker ps --all --quiet | wc -l") == "0"


def test_site_deploys_and_proves_it(stack: Stack) -> None:
    def health() -> dict[str, str]:
        targets = stack.api(9090, "/api/v1/targets")["data"]["activeTargets"]
        return {item["labels"]["job"]: item["health"] for item in targets}

    # What the prober asks is no target that the proof waits for, so that it may not have been scraped yet.
    jobs = {*SERVICES, "llm-auth-proxy", "prober", "llm-metrics-probe", "llm-metrics-noauth"}
    assert wait_for(lambda: health() == dict.fromkeys(jobs, "up") or None, PATIENCE), health()
    state = json.loads(stack.on_host("cat /var/lib/llmmon/state.json"))
    for service in SERVICES:
        release = stack.on_host(f"readlink /etc/llmmon/{service}/current")
        assert state["services"][service]["running_release"] == release
        assert stack.on_host(f"readlink /etc/llmmon/{service}/running") == release


@pytest.mark.parametrize(
    ("service", "words"), [("prometheus", "Loading configuration file"), ("grafana", "HTTP Server Listen")]
)
def test_what_has_just_started_is_not_reloaded(stack: Stack, service: str, words: str) -> None:
    """It has read its configuration at its start; to load it again takes seconds, and a restart of Grafana many."""
    assert stack.on_host(f"docker logs llmmon-{service} 2>&1 | grep -c '{words}'", check=False) == "1"


def test_a_second_run_changes_nothing(stack: Stack) -> None:
    before = stack.fingerprint()
    result = stack.run("site.yml")
    assert result.code == 0, result.output
    assert result.recap("changed") == 0, result.output
    assert "scrape targets: 5 of 5 up" in result.output
    assert stack.fingerprint() == before


def test_the_playbooks_work_from_their_own_folder(stack: Stack) -> None:
    result = stack.run("site.yml", "--tags", "verify", directory=REPOSITORY / "playbooks")
    assert result.code == 0, result.output
    assert "data source answered a query through Grafana" in result.message


def test_traffic_reaches_the_recorded_level(stack: Stack) -> None:
    answers: Counter[str] = Counter()

    def enough() -> bool:
        """On a busy machine the gateway answers a few requests in these 12 seconds, so more are sent."""
        answers.update(traffic.run(stack.gateway.name, seconds=12, rate=5))
        return answers["200"] >= 10 and any(status == "0" or int(status) >= 400 for status in answers)

    assert wait_for(lambda: enough() or None, PATIENCE), answers

    def all_fail(model: str) -> bool:
        found = stack.query(f'job_model:llm_requests_failed:ratio_rate5m{{model="{model}"}}')
        return [(sample["metric"]["job"], float(sample["value"][1])) for sample in found] == [("llm-auth-proxy", 1.0)]

    wait_until(
        lambda: bool(stack.query("job_model:llm_requests:rate5m > 0")) and all_fail("always-fails"),
        timeout=PATIENCE,
        what="Neither the rate of requests nor the model that always fails was recorded",
    )


def test_the_web_page_opens_where_there_is_one(stack: Stack) -> None:
    """Debian's builds have none, and what is built from a Go module has one where Node.js could build it."""
    origin = state.read("images")["prometheus"]["origin"]
    answer = stack.on_host("curl -sS --max-time 10 http://127.0.0.1:9090/query")
    assert ("<title>" in answer and '<div id="root">' in answer) == (
        origin == images.PULLED or "with its web pages" in origin
    ), f"{origin}: {answer[:300]}"


def test_status_is_one_screen(stack: Stack) -> None:
    # As many as verify.yml counts: what the prober asks is no target of its own.
    up = "scrape targets: 5 of 5 up"
    results: list[Result] = []

    def every_target_is_up() -> bool:
        """It asks once, and a scrape of a busy machine may be late."""
        results.append(stack.run("status.yml"))
        return up in results[-1].output

    wait_until(every_target_is_up, timeout=PATIENCE, what="Not every target is up")
    result = results[-1]
    assert result.code == 0, result.output
    for service in SERVICES:
        assert service in result.output
        assert stack.on_host(f"readlink /etc/llmmon/{service}/running") in result.output
    assert "firing alerts:" in result.output
    assert len(result.output.splitlines()) < 40


def test_logs_of_one_service_and_of_all(stack: Stack) -> None:
    one = stack.run("logs.yml", "-e", "service=prometheus", "-e", "lines=5")
    assert one.code == 0, one.output
    assert "Server is ready" in one.output or "level=" in one.output
    assert "llmmon-alertmanager" not in one.output
    everything = stack.run("logs.yml")
    assert everything.code == 0, everything.output
    assert "Starting Alertmanager" in everything.message
    unknown = stack.run("logs.yml", "-e", "service=loki")
    assert unknown.code != 0
    assert "There is no service loki" in unknown.message


def test_the_prober_sees_what_the_gateway_answers(stack: Stack) -> None:
    expected = {"llm-metrics-probe": "200", "llm-metrics-noauth": "401"}

    def answers() -> dict[str, str]:
        return {sample["metric"]["job"]: sample["value"][1] for sample in stack.query("probe_http_status_code")}

    wait_until(
        lambda: answers() == expected,
        timeout=PATIENCE,
        what="The prober did not see the gateway take its token and refuse who has none",
    )
    assert stack.query('ALERTS{alertname=~"LLMMetrics(AuthFailure|ExposedWithoutAuth)"}') == []


def test_a_prober_that_is_not_wanted_leaves(stack: Stack) -> None:
    result = stack.run("site.yml", "--tags", "prometheus", variables={"llmmon_prober_enabled": False})
    assert result.code == 0, result.output
    assert "llmmon-prober" not in stack.on_host("docker ps --all --format '{{.Names}}'")
    # Prometheus takes some seconds to follow a change of its jobs.
    without = {"prometheus", "alertmanager", "grafana", "llm-auth-proxy"}
    wait_until(lambda: stack.jobs() == without, timeout=PATIENCE, what="The prober's jobs did not go")
    result = stack.run("site.yml", "--tags", "prometheus")
    assert result.code == 0, result.output
    added = {"prober", "llm-metrics-probe", "llm-metrics-noauth"}
    wait_until(lambda: added < stack.jobs(), timeout=PATIENCE, what="The prober's jobs did not come back")


@pytest.mark.parametrize("service", [*SERVICES, "prober"])
def test_containers_run_unprivileged_and_on_loopback(stack: Stack, service: str) -> None:
    (container,) = json.loads(stack.on_host(f"docker inspect llmmon-{service}"))
    assert container["Config"]["User"].split(":")[0] not in {"", "0", "root"}
    settings = container["HostConfig"]
    assert settings["ReadonlyRootfs"] is True
    assert settings["CapDrop"] == ["ALL"]
    assert "no-new-privileges" in settings["SecurityOpt"][0]
    assert settings["Memory"] > 0
    assert settings["PidsLimit"] > 0
    published = {binding["HostIp"] for bound in settings["PortBindings"].values() for binding in bound}
    assert published == (set() if service == "prober" else {"127.0.0.1"})


def test_a_data_source_leaves_grafana_with_the_inventory(stack: Stack) -> None:
    """One that somebody made by hand stays."""
    by_hand = {"name": "By hand", "uid": "made_by_hand", "type": "loki", "access": "proxy", "url": "http://loki:3100"}
    grafana(stack, "POST", "/api/datasources", by_hand)
    source = {"name": "Logs", "uid": "logs", "type": "loki", "access": "proxy", "url": "http://loki:3100"}
    for sources, expected in (([source], {"Prometheus", "By hand", "Logs"}), ([], {"Prometheus", "By hand"})):
        variables = {"llmmon_grafana_data_sources": sources}
        result = stack.run("site.yml", "--tags", "grafana", variables=variables)
        assert result.code == 0, result.output
        assert {found["name"] for found in grafana(stack, "GET", "/api/datasources")} == expected
    grafana(stack, "DELETE", "/api/datasources/uid/made_by_hand")
    assert stack.on_host("find /etc/llmmon/grafana/ -name leaving.yaml") == ""


def test_a_dashboard_made_in_the_browser_comes_home(stack: Stack) -> None:
    """And nothing else: what was pushed is as it was pushed."""
    model = {"uid": "made_by_hand", "title": "By hand", "panels": [], "schemaVersion": 39}
    grafana(stack, "POST", "/api/dashboards/db", {"dashboard": model, "folderUid": "llmmon"})
    result = stack.run("export.yml")
    assert (result.code, result.recap("changed")) == (0, 1), result.output
    home = stack.inventory / "files" / "dashboards"
    assert [path.name for path in home.iterdir()] == ["made_by_hand.json"]
    assert json.loads((home / "made_by_hand.json").read_text()) == model
    assert "llmmon_grafana_dashboard_files: [files/dashboards/made_by_hand.json]" in result.message
    grafana(stack, "DELETE", "/api/dashboards/uid/made_by_hand")


def test_a_stack_speaks_korean_and_english_again(stack: Stack) -> None:
    """Titles of dashboards that only differ in their Korean letters would be refused by Grafana 9.4."""

    def texts() -> tuple[str, str]:
        title = grafana(stack, "GET", "/api/dashboards/uid/llmmon-overview")["dashboard"]["title"]
        groups = stack.api(9090, "/api/v1/rules")["data"]["groups"]
        rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
        return str(title), str(rules["LLMTargetDown"]["annotations"]["summary"])

    english = texts()
    try:
        result = stack.run("site.yml", variables={"llmmon_language": "ko"})
        assert result.code == 0, result.output
        assert all(re.search("[가-힣]", text) for text in texts()), texts()
    finally:
        result = stack.run("site.yml")
    assert result.code == 0, result.output
    assert texts() == english


def test_the_second_days_commands_silence_and_end_it(stack: Stack) -> None:
    add, query, expire = (shlex.split(command)[2:] for command in second_day.tasks()["Silence an alert"].commands)
    # The rest of a command of ssh is what the host's shell gets.
    stack.on_host(" ".join(add))
    assert "LLMTargetDown" in stack.on_host(" ".join(query))
    stack.on_host(" ".join(expire))
    assert "LLMTargetDown" not in stack.on_host(" ".join(query))


def test_an_alert_reaches_a_real_mail_server_and_a_webhook(stack: Stack) -> None:
    receivers = {
        "webhook": {"url": f"http://{stack.sinks.webhook}/generic"},
        "email": {
            "to": "oncall@example.org",
            "from": "llmmon@example.org",
            "smarthost": stack.sinks.smtp,
            "tls": "none",
        },
    }
    route = {"group_by": ["alertname"], "group_wait": "1s", "group_interval": "1s", "repeat_interval": "1h"}
    variables = {"llmmon_receivers": receivers, "llmmon_alertmanager_route": route}
    result = stack.run("site.yml", "--tags", "alertmanager", variables=variables)
    assert result.code == 0, result.output
    alert = json.dumps([{"labels": {"alertname": "EndToEnd", "severity": "warning"}}])
    stack.on_host(
        "curl -sSf -H 'Content-Type: application/json' http://127.0.0.1:9093/api/v2/alerts --data '" + alert + "'"
    )
    stack.sinks.wait_for("webhook", lambda entry: "EndToEnd" in json.dumps(entry))
    stack.sinks.wait_for("smtp", lambda entry: "EndToEnd" in json.dumps(entry))
    # The receivers go again with the setting: what nobody asks for any more leaves the host.
    result = stack.run("site.yml", "--tags", "alertmanager")
    assert result.code == 0, result.output
    assert "webhook_configs" not in stack.on_host("cat /etc/llmmon/alertmanager/current/alertmanager.yml")
