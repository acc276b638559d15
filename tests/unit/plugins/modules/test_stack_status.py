"""How the services of a host fare."""

from __future__ import annotations

import copy
import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import disk_usage
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.proof import services
from ansible_collections.llmmon.stack.plugins.module_utils.proof.services import (
    PROBES,
    container_facts,
    deployed,
    problems,
)
from ansible_collections.llmmon.stack.plugins.module_utils.versions import same_version
from ansible_collections.llmmon.stack.plugins.modules import stack_status

from tests.support.loopback import Answer, Server, as_json
from tests.support.modules import run_module

RELEASE, OLDER = "20260102T000000.000000Z", "20260101T000000.000000Z"


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("3.13.2", "3.13.2", True),
        ("3.5.3", "3.5.3+ds1", True),
        ("0.28.1", "0.28.1-rc.0", True),
        ("9.4.0", "9.4.0 (stand-in)", True),
        ("3.13.2", "3.13.20", False),
        ("3.13", "3.13.2", False),
        ("3.13.2", "3.13", False),
        ("3.13.2", "", False),
    ],
)
def test_versions(expected: str, actual: str, same: bool) -> None:
    assert same_version(expected, actual) is same


# -- problems


def record(**changes: Any) -> dict[str, Any]:
    healthy = {
        "name": "prometheus",
        "state": "running",
        "ready": True,
        "version": "3.13.2",
        "release": RELEASE,
        "running_release": RELEASE,
        "restarts": 0,
        "up_seconds": 5,
        "error": "",
    }
    return {**healthy, **changes}


def test_a_healthy_service_has_no_problems() -> None:
    assert problems(record(), "3.13.2") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "missing", "ready": False}, ["prometheus has no container: run site.yml"]),
        (
            {"state": "restarting", "ready": False},
            ["the container of prometheus is restarting: read its log with logs.yml -e service=prometheus"],
        ),
        (
            {"restarts": 4, "up_seconds": 12},
            [
                "the container of prometheus ended and was started anew by the engine, 4 time(s), last 12 s ago: read"
                " its log with logs.yml -e service=prometheus"
            ],
        ),
        # Once, some time ago: it has been up since.
        ({"restarts": 1, "up_seconds": 600}, []),
        (
            {"ready": False, "error": "GET http://a answered 503: starting"},
            [
                "prometheus is not ready (GET http://a answered 503: starting): read its log with logs.yml -e"
                " service=prometheus"
            ],
        ),
        (
            {"version": "2.53.3", "running_release": ""},
            [
                "prometheus reports version 2.53.3, but llmmon_prometheus_version is 3.13.2: run site.yml, or correct"
                " the variable",
                f"prometheus has not proved to run its configuration release {RELEASE} (proved: none): run site.yml",
            ],
        ),
        (
            {"running_release": OLDER},
            [
                f"prometheus has not proved to run its configuration release {RELEASE} (proved: {OLDER}): run site.yml",
            ],
        ),
    ],
)
def test_every_problem_is_a_sentence(changes: dict[str, Any], expected: list[str]) -> None:
    assert problems(record(**changes), "3.13.2") == expected


# -- facts


def test_a_container_that_is_not_there_is_missing() -> None:
    assert container_facts(None)["state"] == "missing"


def test_disk_usage_counts_blocks_and_no_links(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x" * 10000)
    used = disk_usage(tmp_path)
    assert used >= 10000
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b" / "file")
    (tmp_path / "broken").symlink_to("nowhere")
    assert disk_usage(tmp_path) < 2 * used
    assert disk_usage(tmp_path / "nothing") == 0


# -- what is written down


def test_what_is_deployed_is_told_without_what_changes_by_itself() -> None:
    full = {**record(image="i", digests=["d"]), "started_at": "1", "data_bytes": 1, "url": "u"}
    text = deployed([full])
    assert json.loads(text) == {
        "format": 1,
        "services": {"prometheus": {"version": "3.13.2", "image": "i", "digests": ["d"], "running_release": RELEASE}},
    }
    assert deployed([{**full, "started_at": "2", "data_bytes": 2, "restarts": 9}]) == text


def test_what_is_deployed_is_written_once(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    assert stack_status.record(file, "a\n", check_mode=True)
    assert not file.exists()
    assert stack_status.record(file, "a\n")
    assert file.stat().st_mode & 0o777 == 0o640
    before = file.stat()
    assert not stack_status.record(file, "a\n")
    assert not stack_status.record(file, "a\n", check_mode=True)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert stack_status.record(file, "b\n")
    assert file.read_text() == "b\n"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_sees_the_old_content_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.json"
    stack_status.record(file, "old\n")
    seen = []
    # First what was written is waited for, then its name.
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(file.read_text()))
    stack_status.record(file, "new\n")
    assert seen == ["old\n", "new\n"]


# -- the module


class FakeEngine:
    """An engine with one container."""

    def __init__(self) -> None:
        self.container: dict[str, Any] | None = {
            "Image": "sha256:1",
            "RestartCount": 2,
            "State": {"Status": "running", "StartedAt": "2026-01-02T03:04:05.123456789Z"},
            "Config": {"Image": "docker.io/prom/prometheus:v3.13.2"},
        }
        self.prober: dict[str, Any] | None = None
        self.words: list[str] = []

    def inspect(self, name: str) -> dict[str, Any] | None:
        return {"llmmon-prober": self.prober, "llmmon-docs": None}.get(name, self.container)

    def logs_since(self, *_: Any) -> list[str]:
        return self.words

    def image_digests(self, _: str) -> list[str]:
        return ["docker.io/prom/prometheus@sha256:2"]

    def image_id(self, _: str) -> str:
        return "sha256:1"


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine that the module finds, ten minutes after its container started; nothing is waited for."""
    fake = FakeEngine()
    monkeypatch.setattr(services, "utc_now", lambda: moment("2026-01-02T03:14:05.123456789Z"))
    monkeypatch.setattr(stack_status, "Engine", lambda: fake)
    monkeypatch.setattr("ansible_collections.llmmon.stack.plugins.module_utils.host.waiting.time.sleep", lambda _: None)
    return fake


def alert(name: str, state: str) -> dict[str, Any]:
    return {"labels": {"alertname": name}, "state": state}


@pytest.fixture
def prometheus(server: Server) -> Server:
    """Give a Prometheus that is ready."""
    server.answers["GET /-/ready"] = Answer(200, b"Prometheus Server is Ready.\n", "text/plain")
    server.answers["GET /api/v1/status/buildinfo"] = as_json({"data": {"version": "3.13.2"}})
    targets = [
        {"health": "up", "scrapePool": "prometheus"},
        {"health": "down", "scrapePool": "gw"},
        {"health": "up", "scrapePool": "gw"},
        *({"health": "up", "scrapePool": pool} for pool in PROBES),
    ]
    server.answers["GET /api/v1/targets?state=active"] = as_json({"data": {"activeTargets": targets}})
    alerts = [alert("B", "firing"), alert("A", "firing"), alert("Watchdog", "firing"), alert("C", "pending")]
    server.answers["GET /api/v1/alerts"] = as_json({"data": {"alerts": alerts}})
    return server


def look(server: Server, tmp_path: Path, *, check_mode: bool = False, **more: Any) -> dict[str, Any]:
    service = {
        "name": "prometheus",
        "container": "llmmon-prometheus",
        "url": server.url,
        "version": "3.13.2",
        "config_root": str(tmp_path / "etc"),
        "data_directory": str(tmp_path / "data"),
        **more.pop("service", {}),
    }
    return run_module(stack_status, {"services": [service], "timeout": 0, **more}, check_mode=check_mode)


def release(tmp_path: Path, *links: str) -> None:
    (tmp_path / "etc" / RELEASE).mkdir(parents=True)
    for link in links:
        Releases(tmp_path / "etc").point(link, RELEASE)


def test_a_service_is_described(prometheus: Server, tmp_path: Path) -> None:
    release(tmp_path, CURRENT, RUNNING)
    answer = look(prometheus, tmp_path, require_healthy=True)
    assert not answer["failed"]
    assert not answer["changed"]
    assert answer["services"] == [
        {
            "name": "prometheus",
            "url": prometheus.url,
            "state": "running",
            "started_at": "2026-01-02T03:04:05Z",
            "up_seconds": 600,
            "restarts": 2,
            "image": "docker.io/prom/prometheus:v3.13.2",
            "digests": ["docker.io/prom/prometheus@sha256:2"],
            "release": RELEASE,
            "running_release": RELEASE,
            "data_bytes": 0,
            "ready": True,
            "version": "3.13.2",
            "error": "",
            "targets_up": 2,
            "targets_total": 3,
            "scraped_jobs": ["gw", "llm-metrics-noauth", "llm-metrics-probe", "prometheus"],
            "firing_alerts": ["A", "B"],
            "problems": [],
        }
    ]


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        (
            "alertmanager",
            {
                "/-/ready": Answer(200, b"OK", "text/plain"),
                "/api/v2/status": as_json({"versionInfo": {"version": "0.33.1"}}),
            },
        ),
        ("grafana", {"/healthz": Answer(200, b"Ok", "text/plain"), "/api/health": as_json({"version": "0.33.1"})}),
    ],
)
def test_each_service_is_asked_in_its_own_way(
    name: str, pages: dict[str, Answer], server: Server, tmp_path: Path
) -> None:
    release(tmp_path, CURRENT, RUNNING)
    server.answers.update({f"GET {path}": answer for path, answer in pages.items()})
    answer = look(server, tmp_path, service={"name": name, "version": "0.33.1"}, require_healthy=True)
    assert not answer["failed"]
    assert "targets_up" not in answer["services"][0]


def test_trouble_fails_only_when_it_is_asked_to(prometheus: Server, tmp_path: Path) -> None:
    release(tmp_path, CURRENT)
    shown = look(prometheus, tmp_path)
    assert not shown["failed"]
    assert len(shown["services"][0]["problems"]) == 1
    answer = look(prometheus, tmp_path, require_healthy=True)
    assert answer["failed"]
    assert answer["msg"] == shown["services"][0]["problems"][0]
    assert answer["services"] == shown["services"]


def test_health_is_waited_for(prometheus: Server, tmp_path: Path) -> None:
    release(tmp_path, CURRENT, RUNNING)
    answers = [Answer(500, b"starting", "text/plain")] * 3
    prometheus.answers["GET /-/ready"] = lambda _: answers.pop(0) if answers else Answer(200)
    answer = look(prometheus, tmp_path, require_healthy=True, timeout=5)
    assert not answer["failed"]


def test_a_service_that_is_not_ready_tells_why(prometheus: Server, tmp_path: Path) -> None:
    prometheus.answers["GET /-/ready"] = Answer(500, b"Service Unavailable", "text/plain")
    (found,) = look(prometheus, tmp_path)["services"]
    assert (found["ready"], found["version"]) == (False, "")
    assert "prometheus is not ready (GET " in found["problems"][0]
    assert "answered 500: Service Unavailable" in found["problems"][0]


def test_a_container_that_does_not_run_is_not_asked(prometheus: Server, tmp_path: Path, engine: FakeEngine) -> None:
    engine.container = None
    (found,) = look(prometheus, tmp_path)["services"]
    assert (found["state"], found["digests"], prometheus.requests) == ("missing", [], [])


def test_what_is_deployed_goes_into_a_file(prometheus: Server, tmp_path: Path) -> None:
    release(tmp_path, CURRENT, RUNNING)
    file = tmp_path / "state.json"
    assert look(prometheus, tmp_path, record_to=str(file), check_mode=True)["changed"]
    assert not file.exists()
    assert look(prometheus, tmp_path, record_to=str(file))["changed"]
    assert json.loads(file.read_text())["services"]["prometheus"]["running_release"] == RELEASE
    assert not look(prometheus, tmp_path, record_to=str(file))["changed"]
    assert not look(prometheus, tmp_path, record_to=str(file), check_mode=True)["changed"]


def test_a_file_that_cannot_be_written_is_named(prometheus: Server, tmp_path: Path) -> None:
    answer = look(prometheus, tmp_path, record_to=str(tmp_path / "no" / "state.json"))
    said = rf"what is deployed cannot be written down: {tmp_path}/no/\S+: No such file or directory"
    assert re.fullmatch(said, answer["msg"])


# -- what was started where there was nothing

FIRST = [{"service": "prometheus", "containers": ["llmmon-prometheus", "llmmon-prober"]}]


def running(engine: FakeEngine) -> None:
    """Let Prometheus and the prober run, and have no health test of their own."""
    assert engine.container
    engine.container["State"]["Running"] = True
    engine.container["RestartCount"] = 0
    engine.prober = copy.deepcopy(engine.container)


def test_what_a_service_has_started_with_is_what_runs(prometheus: Server, tmp_path: Path, engine: FakeEngine) -> None:
    release(tmp_path, CURRENT)
    running(engine)
    asked: dict[str, Any] = {"first_starts": FIRST, "require_healthy": True}
    assert (
        "has not proved to run its configuration release" in look(prometheus, tmp_path, **asked, check_mode=True)["msg"]
    )
    assert not look(prometheus, tmp_path, **asked)["failed"]
    assert Releases(tmp_path / "etc").target(RUNNING) == RELEASE


def test_what_was_not_started_has_read_nothing(prometheus: Server, tmp_path: Path, engine: FakeEngine) -> None:
    """As where tags have left a service out."""
    release(tmp_path, CURRENT)
    running(engine)
    engine.prober = None
    assert not look(prometheus, tmp_path, first_starts=FIRST)["failed"]
    assert Releases(tmp_path / "etc").target(RUNNING) is None


def test_what_does_not_start_says_why(prometheus: Server, tmp_path: Path, engine: FakeEngine) -> None:
    release(tmp_path, CURRENT)
    running(engine)
    assert engine.prober
    engine.prober["State"] |= {"Status": "exited", "Running": False, "ExitCode": 2}
    engine.words = ["starting", "error: unknown long flag '--no-such-flag'"]
    assert look(prometheus, tmp_path, first_starts=FIRST)["msg"] == (
        "llmmon-prober does not run: it ends as soon as it is started (exit code 2): error: unknown long flag"
        " '--no-such-flag' | there is no container of before to go back to, so llmmon-prober stays as it is, for you"
        " to look at: correct what is wrong there, and run again"
    )
    assert Releases(tmp_path / "etc").target(RUNNING) is None


def test_one_that_does_not_start_keeps_no_other_from_being_remembered(
    prometheus: Server, tmp_path: Path, engine: FakeEngine
) -> None:
    release(tmp_path, CURRENT)
    running(engine)
    assert engine.prober
    engine.prober["State"] |= {"Status": "exited", "Running": False}
    broken = {"service": "prometheus", "containers": ["llmmon-prober"]}
    good = {"service": "prometheus", "containers": ["llmmon-prometheus"]}
    answer = look(prometheus, tmp_path, first_starts=[broken, good, broken])
    assert answer["msg"].count("llmmon-prober does not run: it ends as soon as it is started") == 2
    assert Releases(tmp_path / "etc").target(RUNNING) == RELEASE


def test_what_cannot_be_remembered_is_told(
    prometheus: Server, tmp_path: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(tmp_path, CURRENT)
    running(engine)

    def refuse(*_: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path / "etc" / "running"))

    monkeypatch.setattr(Releases, "point", refuse)
    said = f"the release that runs cannot be remembered: {tmp_path}/etc/running: Read-only file system"
    assert look(prometheus, tmp_path, first_starts=FIRST)["msg"].startswith(said)
    others = [{"service": "grafana", "containers": []}]
    assert (
        look(prometheus, tmp_path, first_starts=others)["msg"] == "first_starts names grafana, which is not in services"
    )


def test_what_was_compared_is_noted(prometheus: Server, tmp_path: Path, engine: FakeEngine) -> None:
    release(tmp_path, CURRENT, RUNNING)
    notes = tmp_path / "compared.json"
    asked = {"path": str(notes), "containers": [{"name": "llmmon-prometheus", "asked": "words"}]}
    assert not look(prometheus, tmp_path, compared=asked, check_mode=True)["failed"]
    assert not notes.exists()
    answer = look(prometheus, tmp_path, compared=asked)
    # It is nothing that anybody asked for.
    assert (answer["failed"], answer["changed"]) == (False, False)
    assert json.loads(notes.read_text())["llmmon-prometheus"]["asked"] == "words"
    engine.container = None
    look(prometheus, tmp_path, compared=asked)
    assert json.loads(notes.read_text()) == {}


def test_what_is_not_as_it_should_be_is_not_noted(prometheus: Server, tmp_path: Path) -> None:
    release(tmp_path, CURRENT)
    notes = tmp_path / "compared.json"
    asked = {"path": str(notes), "containers": [{"name": "llmmon-prometheus", "asked": "words"}]}
    assert look(prometheus, tmp_path, compared=asked, require_healthy=True)["failed"]
    assert not notes.exists()
    missing = look(prometheus, tmp_path, compared={**asked, "path": str(tmp_path / "no" / "compared.json")})
    assert missing["msg"].startswith(f"what containers were found like cannot be written down: {tmp_path}/no/")


def test_an_engine_that_does_not_answer_is_told(
    prometheus: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> None:
        raise EngineError("the container engine does not answer")

    monkeypatch.setattr(stack_status, "Engine", absent)
    assert look(prometheus, tmp_path)["msg"] == "the container engine does not answer"


def test_an_operation_that_was_interrupted_is_told_with_what_to_run(prometheus: Server, tmp_path: Path) -> None:
    assert look(prometheus, tmp_path, data_root=str(tmp_path))["interrupted"] == ""
    Operations(tmp_path).begin("restore", "starting the restored services", {})
    answer = look(prometheus, tmp_path, data_root=str(tmp_path))
    assert not answer["failed"]
    assert "was interrupted (at 'starting the restored services'); run restore.yml again" in answer["interrupted"]
    (tmp_path / "operation.json").write_text("{")
    assert "is damaged" in look(prometheus, tmp_path, data_root=str(tmp_path))["interrupted"]


def test_a_prober_that_is_not_there_and_a_gateway_without_targets_are_told(
    prometheus: Server, tmp_path: Path, engine: FakeEngine
) -> None:
    release(tmp_path, "current", "running")

    def told() -> list[str]:
        return list(look(prometheus, tmp_path, prober="llmmon-prober", jobs=["gw", "tls"])["services"][0]["problems"])

    without_target = "prometheus has no target of tls: run verify.yml, which says why"
    assert told() == ["the prober has no container llmmon-prober: run site.yml", without_target]
    engine.prober = {"State": {"Status": "exited"}}
    assert told() == ["the container llmmon-prober of the prober is exited: run site.yml", without_target]
    engine.prober = {"State": {"Status": "running"}}
    assert told() == [without_target]


def test_documentation_that_is_not_there_is_told(prometheus: Server, tmp_path: Path) -> None:
    release(tmp_path, "current", "running")
    assert look(prometheus, tmp_path)["problems"] == []
    told = look(prometheus, tmp_path, documentation="llmmon-docs")
    assert told["problems"] == ["the documentation has no container llmmon-docs: run site.yml"]


def test_who_is_told_is_said_and_no_reason_to_fail(prometheus: Server, tmp_path: Path) -> None:
    prometheus.answers["GET /api/v2/receivers"] = as_json([{"name": "nobody"}])
    answer = look(prometheus, tmp_path, receivers={"urls": [prometheus.url]})
    assert not answer["failed"]
    assert answer["receivers"]["line"].startswith("receivers: NOBODY is told of alerts, because Alertmanager has no")
    assert "receivers" not in look(prometheus, tmp_path)
