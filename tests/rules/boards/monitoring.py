"""A real Prometheus and a real Alertmanager that watch themselves as a deployment does, but every second."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from ansible_collections.llmmon.stack.plugins.module_utils.backup import metric as backup_metrics
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import GENERATED

from tests.rules.boards.world import CANARY, PROBER, World
from tests.support import prometheus, rendering, services
from tests.support.loopback import Answer, Server

STACK = "llmmon-stack"
# Ansible's templating is not made for threads.
_rendering_at_a_time = Lock()

# Notifies every second, so that there is something to see.
_ALERTMANAGER = """
route: {{receiver: all, group_wait: 0s, group_interval: 1s, repeat_interval: 1s}}
receivers: [{{name: all, webhook_configs: [{{url: "{url}/hook"}}]}}]
"""
# What components of Thanos 0.42.4 say of themselves, all on one page.
_THANOS = """\
thanos_objstore_bucket_last_successful_upload_time{{bucket="b"}} {uploaded}
thanos_objstore_bucket_operation_failures_total{{bucket="b",operation="iter"}} 0
thanos_sidecar_prometheus_up 1
thanos_compact_halted 0
"""
_CLUSTER = ("--cluster.listen-address=127.0.0.1:0", "--cluster.settle-timeout=1s")
# Releases before 3.11 have their retention as a flag. The first alerts are sent before an Alertmanager is known.
_FLAGS = ("--storage.tsdb.retention.size=1GB", "--rules.alert.resend-delay=1s")


@contextmanager
def monitored(version: str, alertmanager_version: str, folder: Path) -> Iterator[prometheus.Server]:
    """The Prometheus of such a stack, from its beginning."""
    with Server() as receiver:
        receiver.answers["POST /hook"] = Answer()
        receiver.answers["POST /api/v1/write"] = Answer(204)
        receiver.answers["GET /metrics"] = Answer(
            body=_THANOS.format(uploaded=int(time.time()) - 600).encode(), content_type="text/plain"
        )
        configuration = _ALERTMANAGER.format(url=receiver.url)
        with services.alertmanager(alertmanager_version, folder / "am", configuration, *_CLUSTER) as alertmanager:
            engine = f"{receiver.url}/api/v1/write"
            _write_configuration(version, folder, alertmanager.url.removeprefix("http://"), engine, receiver.url)
            with prometheus.running(version, folder, *_FLAGS) as server:
                yield server


def unanswered(server: prometheus.Server, queries: list[str], seconds: int, but: int = 0) -> list[str]:
    """Queries to which there is no answer, not even in the end; to as many of them there never is one."""
    asked, deadline = list(queries), time.monotonic() + seconds
    while len(asked) > but and time.monotonic() < deadline:
        time.sleep(1)
        asked = [query for query in asked if not server.query(query)]
    return asked


def world(server: prometheus.Server) -> World:
    """As boards are asked of gateways."""
    names = set(server.get("label/__name__/values"))
    return World(server, int(time.time()), {"monitoring": "monitoring"}, [], {"": names, PROBER: set(), CANARY: set()})


def _write_configuration(version: str, folder: Path, alertmanager: str, engine: str, thanos: str) -> None:
    with _rendering_at_a_time:
        tree = rendering.render_tree(
            llmmon_services=["prometheus", "alertmanager"],
            llmmon_prometheus_alertmanagers=[alertmanager],
            llmmon_prometheus_version=version,
            llmmon_prometheus_scrape_interval="1s",
            llmmon_prometheus_scrape_timeout="1s",
            llmmon_prometheus_rule_interval="1s",
            llmmon_prometheus_retention_size="1GB",
            llmmon_prometheus_external_labels={"site": "here"},
            llmmon_remote_write=[{"name": "central", "url": engine}],
            llmmon_thanos_watched=[thanos.removeprefix("http://")],
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
