"""The stack's own health is read from what a real Prometheus and a real Alertmanager say of themselves."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from ansible_collections.llmmon.stack.plugins.module_utils.backup import metric as backup_metrics
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import GENERATED

from tests.rules import catalogue, dashboards
from tests.rules.dashboards import BOARDS, STACK
from tests.support import prometheus, rendering, services, versions
from tests.support.loopback import Answer, Server

VERSIONS = versions.together()
QUERIES = [
    dashboards.filled_in(expression, rate_interval="10s") for expression in dashboards.expressions(BOARDS[STACK])
]
NEVER_ANSWERED = "prometheus_no_such_metric"
ENOUGH_SECONDS = 240
# Ansible's templating is not made for threads.
rendering_at_a_time = Lock()

# Notifies every second, so that there is something to see.
ALERTMANAGER = """
route: {{receiver: all, group_wait: 0s, group_interval: 1s, repeat_interval: 1s}}
receivers: [{{name: all, webhook_configs: [{{url: "{url}/hook"}}]}}]
"""

CLUSTER = ("--cluster.listen-address=127.0.0.1:0", "--cluster.settle-timeout=1s")
# Releases before 3.11 have their retention as a flag. The first alerts are sent before an Alertmanager is known.
FLAGS = ("--storage.tsdb.retention.size=1GB", "--rules.alert.resend-delay=1s")


def test_what_stays_at_zero_has_an_axis_of_its_own() -> None:
    """Grafana's would end at 100."""
    panels = {panel["title"]: panel["fieldConfig"]["defaults"] for panel in dashboards.panels(BOARDS[STACK])}
    for title in (
        "Evaluations that failed",
        "Evaluations left out",
        "Scrapes above their limit",
        "Trouble with storage",
    ):
        assert 0 < panels[title]["custom"]["axisSoftMax"] <= 1, title


def test_every_query_finds_something(tmp_path: Path) -> None:
    """All versions at once, since they mostly wait."""
    with Server() as receiver, ThreadPoolExecutor() as pool:
        receiver.answers["POST /hook"] = Answer()
        results = [pool.submit(unanswered, *pair, tmp_path / "-".join(pair), receiver.url) for pair in VERSIONS]
        # That one is reported, so would any other be.
        assert [result.result() for result in results] == [[NEVER_ANSWERED]] * len(VERSIONS)


def unanswered(version: str, alertmanager_version: str, folder: Path, receiver: str) -> list[str]:
    """Queries to which a Prometheus of this version has no answer, not even in the end."""
    configuration = ALERTMANAGER.format(url=receiver)
    with services.alertmanager(alertmanager_version, folder / "am", configuration, *CLUSTER) as alertmanager:
        write_configuration(version, folder, alertmanager.url.removeprefix("http://"))
        with prometheus.running(version, folder, *FLAGS) as server:
            asked, deadline = [*QUERIES, NEVER_ANSWERED], time.monotonic() + ENOUGH_SECONDS
            while len(asked) > 1 and time.monotonic() < deadline:
                time.sleep(1)
                asked = [query for query in asked if not server.query(query)]
            assert set() < rule_groups(server) <= rule_groups_of(folder)
            return asked


def rule_groups(server: prometheus.Server) -> set[str]:
    """How panels call them: Prometheus itself begins with the path of the file."""
    return {labels["group"] for query in QUERIES if "rule_group" in query for labels, _ in server.query(query)}


def rule_groups_of(folder: Path) -> set[str]:
    files = [*(folder / "current" / "rules").glob("*.yml"), *(folder / GENERATED).glob("*.yml")]
    return {group["name"] for path in files for group in catalogue.groups(path.read_text(encoding="utf-8"))}


def write_configuration(version: str, folder: Path, alertmanager: str) -> None:
    """What a deployment gets, with everything happening every second."""
    with rendering_at_a_time:
        tree = rendering.render_tree(
            llmmon_services=["prometheus", "alertmanager"],
            llmmon_prometheus_alertmanagers=[alertmanager],
            llmmon_prometheus_version=version,
            llmmon_prometheus_scrape_interval="1s",
            llmmon_prometheus_scrape_timeout="1s",
            llmmon_prometheus_rule_interval="1s",
            llmmon_prometheus_retention_size="1GB",
        )
    release, generated = folder / "current", folder / GENERATED
    (release / "rules").mkdir(parents=True)
    for name, content in tree.items():
        if name.startswith("rules/"):
            (release / name).write_text(content, encoding="utf-8")
    # Only what belongs to the stack is there to be scraped.
    own = re.sub(r"\n  - job_name: \"llm.*", "", tree["prometheus.yml"], flags=re.DOTALL)
    assert "llmmon-alertmanager:9093" in own
    (release / "prometheus.yml").write_text(own.replace("llmmon-alertmanager:9093", alertmanager), encoding="utf-8")
    # It lies beside the releases.
    generated.mkdir()
    now = int(time.time())
    (generated / "backup_full.yml").write_text(backup_metrics.rules("full", now, 1000), encoding="utf-8")
    (generated / "backup_copy_full.yml").write_text(backup_metrics.copy_rules("full", now), encoding="utf-8")
