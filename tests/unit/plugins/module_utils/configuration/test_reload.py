"""Reloading a service: the proof, the refusal and the way back, with an engine and a service made up for the test."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.metrics import sample
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.reload import (
    AlertmanagerReloader,
    GrafanaReloader,
    PrometheusReloader,
    Refusal,
    WithProber,
    alertmanager_hash,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.modules import service_reload
from ansible_collections.llmmon.stack.plugins.modules.service_reload import Rejected, reload_or_put_back

from tests.support.modules import run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

OLD, NEW = "20260101T000000.000000Z", "20260102T000000.000000Z"


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """Two releases, the older one proved to run."""
    found = Releases(tmp_path)
    for name in (OLD, NEW):
        (tmp_path / name).mkdir()
    found.point(RUNNING, OLD)
    found.point(CURRENT, NEW)
    return found


class FakeReloader:
    """Takes or refuses, one outcome a call, and remembers what was current then."""

    def __init__(self, releases: Releases, *outcomes: Exception | None) -> None:
        self.releases = releases
        self.outcomes = list(outcomes)
        self.seen: list[str | None] = []

    def reload(self) -> dict[str, Any]:
        self.seen.append(self.releases.target(CURRENT))
        outcome = self.outcomes.pop(0)
        if outcome:
            raise outcome
        return {"reloaded_at": 1.0}


# -- reload_or_put_back


def test_a_release_that_is_taken_is_remembered_as_running(releases: Releases) -> None:
    answer = reload_or_put_back("prometheus", releases, FakeReloader(releases, None))
    assert answer == {"release": NEW, "proof": {"reloaded_at": 1.0}}
    assert (releases.target(CURRENT), releases.target(RUNNING)) == (NEW, NEW)


def test_a_refused_release_gives_way_to_the_one_before(releases: Releases) -> None:
    reloader = FakeReloader(releases, Refusal("unknown field"), None)
    with pytest.raises(Rejected) as caught:
        reload_or_put_back("prometheus", releases, reloader)
    assert reloader.seen == [NEW, OLD]
    assert str(caught.value) == (
        f"prometheus refused the configuration release {NEW}: unknown field. The release {OLD} is in force again"
    )
    assert (caught.value.refused, caught.value.running) == (NEW, OLD)
    assert (releases.target(CURRENT), releases.target(RUNNING)) == (OLD, OLD)


@pytest.mark.parametrize(
    "second",
    [Refusal("no sign of a reload"), EngineError("the container is not running"), HttpError("Connection refused")],
)
def test_going_back_that_fails_too_tells_both_reasons(second: Exception, releases: Releases) -> None:
    with pytest.raises(Rejected) as caught:
        reload_or_put_back("prometheus", releases, FakeReloader(releases, Refusal("unknown field"), second))
    assert str(caught.value) == (
        f"prometheus refused the configuration release {NEW}: unknown field. Going back to {OLD} failed too: {second}"
    )
    assert caught.value.running is None
    assert releases.target(CURRENT) == OLD


def test_the_first_release_ever_has_nothing_to_go_back_to(releases: Releases) -> None:
    (releases.root / RUNNING).unlink()
    reloader = FakeReloader(releases, Refusal("unknown field"))
    with pytest.raises(Rejected, match="There is no earlier release to go back to") as caught:
        reload_or_put_back("prometheus", releases, reloader)
    assert caught.value.running is None
    assert (reloader.seen, releases.target(CURRENT)) == ([NEW], NEW)


def test_a_forced_reload_that_is_refused_has_nothing_to_go_back_to(releases: Releases) -> None:
    releases.point(RUNNING, NEW)
    reloader = FakeReloader(releases, Refusal("unknown field"))
    with pytest.raises(Rejected, match="There is no earlier release to go back to"):
        reload_or_put_back("prometheus", releases, reloader)
    assert reloader.seen == [NEW]


def test_no_release_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="there is no configuration release below"):
        reload_or_put_back("prometheus", Releases(tmp_path), FakeReloader(Releases(tmp_path)))


@pytest.mark.parametrize("error", [EngineError("the engine does not answer"), HttpError("it gave no answer")])
def test_trouble_that_is_no_refusal_changes_nothing(error: Exception, releases: Releases) -> None:
    with pytest.raises(type(error)):
        reload_or_put_back("prometheus", releases, FakeReloader(releases, error))
    # The reload stays owed, and the next run makes up for it.
    assert (releases.target(CURRENT), releases.target(RUNNING)) == (NEW, OLD)


# -- a service made up for the test


class Service:
    """An engine and a client in one, whose service does on a signal what the test says."""

    def __init__(self, metric: str) -> None:
        self.metric = metric
        self.loaded_at: float | None = 100.0
        self.pages: dict[str, str] = {}
        self.answers: dict[str, Any] = {}
        self.log: list[tuple[datetime.datetime, str]] = []
        self.signals: list[str] = []
        self.restarts: list[str] = []
        self.sent: list[str] = []
        self.container: dict[str, Any] | None = {"RestartCount": 0, "State": {"Running": True}}
        self.on_signal: Callable[[], None] = lambda: None
        self.on_restart: Callable[[], None] = lambda: None

    def hang_up(self, name: str) -> None:
        self.signals.append(name)
        self.on_signal()

    def restart(self, name: str) -> None:
        self.restarts.append(name)
        self.on_restart()

    def inspect(self, _: str) -> dict[str, Any] | None:
        return self.container

    def logs_since(self, _: str, moment: datetime.datetime) -> list[str]:
        return [text for printed_at, text in self.log if printed_at > moment]

    def text(self, _: str) -> str:
        if self.loaded_at is None:
            raise HttpError("Connection refused", reason="connection")
        return f"{self.metric} {self.loaded_at!r}\n" + "".join(self.pages.values())

    def get(self, path: str) -> Any:
        answer = self.answers[path]
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def send(self, method: str, path: str) -> Any:
        self.sent.append(f"{method} {path}")
        return self.get(path)

    def print(self, line: str, seconds_ago: float = -1.0) -> None:
        self.log.append((utc_now() - datetime.timedelta(seconds=seconds_ago), line))


PROMETHEUS_TIME = "prometheus_config_last_reload_success_timestamp_seconds"
ALERTMANAGER_TIME = "alertmanager_config_last_reload_success_timestamp_seconds"
RUNTIME = "/api/v1/status/runtimeinfo"


@pytest.fixture
def prometheus() -> Service:
    """Give a Prometheus that takes every configuration."""
    service = Service(PROMETHEUS_TIME)
    service.answers[RUNTIME] = {"data": {"reloadConfigSuccess": True, "lastConfigTime": "2026-01-02T00:00:00Z"}}

    def take() -> None:
        service.loaded_at = 200.5

    service.on_signal = take
    return service


def prometheus_reloader(service: Any, root: Path) -> PrometheusReloader:
    return PrometheusReloader(engine=service, client=service, container="llmmon-prometheus", root=root, timeout=30)


def test_prometheus_proves_a_reload_by_the_time_of_it(prometheus: Service, tmp_path: Path) -> None:
    proof = prometheus_reloader(prometheus, tmp_path).reload()
    assert proof == {"reloaded_at": 200.5, "last_config_time": "2026-01-02T00:00:00Z"}
    assert prometheus.signals == ["llmmon-prometheus"]


def test_prometheus_tells_all_it_has_to_say_about_a_refusal(prometheus: Service, tmp_path: Path) -> None:
    def refuse() -> None:
        prometheus.print('level=info msg="Loading configuration file"')
        prometheus.print('level=error component="rule manager" msg="loading groups failed" err="field expr"')
        prometheus.print('level=error msg="Error reloading config" err="one or more errors occurred"')

    prometheus.print('level=error msg="Error reloading config" err="of yesterday"', seconds_ago=9)
    prometheus.on_signal = refuse
    with pytest.raises(Refusal) as caught:
        prometheus_reloader(prometheus, tmp_path).reload()
    assert str(caught.value) == (
        'level=error component="rule manager" msg="loading groups failed" err="field expr"; '
        'level=error msg="Error reloading config" err="one or more errors occurred"'
    )


def test_an_error_in_the_log_that_is_no_refusal_is_waited_out(prometheus: Service, tmp_path: Path) -> None:
    looks = iter(range(100))
    prometheus.on_signal = lambda: prometheus.print('level=error msg="append failed"')

    def text(_: str) -> str:
        return f"{PROMETHEUS_TIME} {100 if next(looks) < 3 else 200}\n"

    prometheus.text = text  # type: ignore[method-assign]
    assert prometheus_reloader(prometheus, tmp_path).reload()["reloaded_at"] == 200


def test_no_sign_of_a_reload_is_a_refusal(prometheus: Service, tmp_path: Path) -> None:
    prometheus.on_signal = lambda: None
    with pytest.raises(Refusal, match="no sign of a reload within 30 s after SIGHUP"):
        prometheus_reloader(prometheus, tmp_path).reload()


def test_a_service_that_does_not_answer_gets_no_signal(prometheus: Service, tmp_path: Path) -> None:
    prometheus.loaded_at = None
    with pytest.raises(HttpError, match="it gave no answer within 30 s, so it was not told to reload"):
        prometheus_reloader(prometheus, tmp_path).reload()
    assert prometheus.signals == []


def test_one_that_ends_again_and_again_is_not_waited_for_but_started(prometheus: Service, tmp_path: Path) -> None:
    """The engine would let it wait for up to a minute, and the new configuration may be what it lacks."""
    prometheus.loaded_at = None
    prometheus.container = {"RestartCount": 9, "State": {"Running": True, "Status": "restarting"}}

    def start() -> None:
        assert prometheus.signals == []
        prometheus.loaded_at = 150.0

    prometheus.on_restart = start
    assert prometheus_reloader(prometheus, tmp_path).reload()["reloaded_at"] == 200.5
    assert prometheus.restarts == ["llmmon-prometheus"]


def test_one_that_ends_of_what_it_loads_is_started_once_more_on_the_way_back(
    prometheus: Service, releases: Releases
) -> None:
    ends = {"RestartCount": 9, "State": {"Running": True, "Status": "restarting"}}
    prometheus.loaded_at, prometheus.container = None, ends

    def start() -> None:
        prometheus.loaded_at, prometheus.container = 150.0, {"State": {"Running": True, "Status": "running"}}

    def end_or_take() -> None:
        if releases.target(CURRENT) == NEW:
            prometheus.loaded_at, prometheus.container = None, ends
        else:
            prometheus.loaded_at = 200.5

    prometheus.on_restart, prometheus.on_signal = start, end_or_take
    with pytest.raises(Rejected, match=f"The release {OLD} is in force again"):
        reload_or_put_back("prometheus", releases, prometheus_reloader(prometheus, releases.root))
    assert prometheus.restarts == ["llmmon-prometheus"] * 2


def test_one_that_goes_on_ending_is_started_once(prometheus: Service, tmp_path: Path) -> None:
    prometheus.loaded_at = None
    prometheus.container = {"RestartCount": 9, "State": {"Running": True, "Status": "restarting"}}
    with pytest.raises(HttpError, match="it gave no answer within 30 s"):
        prometheus_reloader(prometheus, tmp_path).reload()
    assert prometheus.restarts == ["llmmon-prometheus"]


def test_the_start_of_the_service_does_not_pass_for_the_reload(prometheus: Service, tmp_path: Path) -> None:
    # It answers already but has not loaded anything: the time is zero until it did.
    times = [0.0, 0.0, 150.0, 150.0, 200.0]
    shown: list[float] = []

    def text(_: str) -> str:
        shown.append(times.pop(0))
        return f"{PROMETHEUS_TIME} {shown[-1]}\n"

    def signal() -> None:
        assert shown[-1] == 150.0

    prometheus.text = text  # type: ignore[method-assign]
    prometheus.on_signal = signal
    assert prometheus_reloader(prometheus, tmp_path).reload()["reloaded_at"] == 200.0


def test_a_service_that_goes_away_for_a_moment_is_waited_for(prometheus: Service, tmp_path: Path) -> None:
    times: list[float | None] = [None, None, 200.0]

    def text(_: str) -> str:
        moment = times.pop(0) if prometheus.signals else 100.0
        if moment is None:
            raise HttpError("Connection refused")
        return f"{PROMETHEUS_TIME} {moment}\n"

    prometheus.text = text  # type: ignore[method-assign]
    assert prometheus_reloader(prometheus, tmp_path).reload()["reloaded_at"] == 200.0


def test_prometheus_s_own_word_is_asked_for(prometheus: Service, tmp_path: Path) -> None:
    prometheus.answers[RUNTIME]["data"]["reloadConfigSuccess"] = False
    with pytest.raises(Refusal, match="runtimeinfo says that the last reload did not succeed"):
        prometheus_reloader(prometheus, tmp_path).reload()


# -- Alertmanager


CONFIGURATION = b"route: {receiver: x}\nreceivers: [{name: x}]\n"


def test_the_hash_of_alertmanager() -> None:
    # Taken from Alertmanager 0.28.1 and 0.33.1, which showed these for these files.
    assert alertmanager_hash(CONFIGURATION) == 2.30689616755834e14
    assert alertmanager_hash(b"route: {receiver: x}\nreceivers: [{name: x},{name: y}]\n") == 7.5395203032878e13


@pytest.fixture
def alertmanager(releases: Releases) -> Service:
    """Give an Alertmanager that takes every configuration and shows its hash."""
    (releases.root / NEW / "alertmanager.yml").write_bytes(CONFIGURATION)
    service = Service(ALERTMANAGER_TIME)

    def take() -> None:
        service.loaded_at = 200.5
        service.pages["hash"] = f"alertmanager_config_hash {alertmanager_hash(CONFIGURATION)!r}\n"

    service.on_signal = take
    return service


def alertmanager_reloader(service: Any, root: Path) -> AlertmanagerReloader:
    return AlertmanagerReloader(engine=service, client=service, container="llmmon-alertmanager", root=root, timeout=30)


def test_alertmanager_proves_that_it_runs_this_very_file(alertmanager: Service, releases: Releases) -> None:
    proof = alertmanager_reloader(alertmanager, releases.root).reload()
    assert proof == {"reloaded_at": 200.5, "config_hash": 230689616755834.0}


def test_another_hash_is_a_refusal(alertmanager: Service, releases: Releases) -> None:
    (releases.root / NEW / "alertmanager.yml").write_bytes(CONFIGURATION + b"# one more\n")
    with pytest.raises(Refusal, match=r"it reports the configuration hash 230689616755834\.0, the file's is"):
        alertmanager_reloader(alertmanager, releases.root).reload()


@pytest.mark.parametrize(
    "line",
    [
        'level=ERROR source=coordinator.go:117 msg="Loading configuration file failed" component=configuration err="x"',
        '{"level":"ERROR","source":"coordinator.go:117","msg":"failed","component":"configuration","err":"x"}',
    ],
)
def test_alertmanager_s_refusal_is_read_in_both_log_formats(
    line: str, alertmanager: Service, releases: Releases
) -> None:
    alertmanager.on_signal = lambda: alertmanager.print(line)
    with pytest.raises(Refusal) as caught:
        alertmanager_reloader(alertmanager, releases.root).reload()
    assert str(caught.value) == line


# -- Prometheus with its prober


def with_prober(service: Any, root: Path) -> WithProber:
    return WithProber(prometheus_reloader(service, root), service, "llmmon-prober", 30)


@pytest.mark.parametrize("words", ['msg="Loaded config file"', 'level=info msg="Reloaded config file"'])
def test_the_prober_takes_a_release_before_prometheus_does(words: str, prometheus: Service, tmp_path: Path) -> None:
    take = prometheus.on_signal

    def both() -> None:
        if prometheus.signals[-1] == "llmmon-prober":
            prometheus.print(words)
        else:
            take()

    prometheus.print(words, seconds_ago=9)
    prometheus.on_signal = both
    proof = with_prober(prometheus, tmp_path).reload()
    assert (proof["prober_reloaded"], proof["reloaded_at"]) == (True, 200.5)
    assert prometheus.signals == ["llmmon-prober", "llmmon-prometheus"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ('msg="Error reloading config" err="unknown field"', 'the prober: msg="Error reloading config" err="unknown'),
        ("msg=busy", "the prober gave no sign of a reload within 30 s after SIGHUP"),
    ],
)
def test_what_the_prober_refuses_prometheus_is_not_told(
    words: str, sentence: str, prometheus: Service, tmp_path: Path
) -> None:
    prometheus.on_signal = lambda: prometheus.print(words)
    with pytest.raises(Refusal, match=sentence):
        with_prober(prometheus, tmp_path).reload()
    assert prometheus.signals == ["llmmon-prober"]


# -- Grafana


HEALTH, DATA_SOURCES = "/api/health", "/api/admin/provisioning/datasources/reload"
TREE = {"grafana.ini": "a", "secrets/key": "k", "provisioning/datasources/llmmon.yaml": "d", "dashboards/a.json": "{}"}


def grafana(root: Path, old: dict[str, str] | None, new: dict[str, str]) -> tuple[Any, GrafanaReloader]:
    """A Grafana whose running and current releases hold these files."""
    found = Releases(root)
    for link, name, files in ((RUNNING, OLD, old), (CURRENT, NEW, new)):
        if files is not None:
            for path, content in files.items():
                target = root / name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content)
            found.point(link, name)
    service: Any = Service("unused")
    service.answers = {HEALTH: {"version": "13.1.0", "database": "ok"}, DATA_SOURCES: {"message": "reloaded"}}
    return service, GrafanaReloader(service, service, "llmmon-grafana", root, 30)


@pytest.mark.parametrize(
    ("change", "method"),
    [
        ({"grafana.ini": "b"}, "restart"),
        ({"secrets/key": "l"}, "restart"),
        ({"secrets/key": None}, "restart"),
        ({"ldap.toml": "new"}, "restart"),
        ({"provisioning/alerting/a.yaml": "new"}, "restart"),
        ({"provisioning/datasources/llmmon.yaml": "e", "grafana.ini": "b"}, "restart"),
        ({"provisioning/datasources/llmmon.yaml": "e"}, "provisioning reload"),
        ({"provisioning/datasources/llmmon.yaml": "e", "dashboards/a.json": "[]"}, "provisioning reload"),
        ({"dashboards/a.json": "[]"}, "none"),
        ({"dashboards/b.json": "{}", "dashboards/a.json": None}, "none"),
    ],
)
def test_what_changed_says_how_grafana_reads_it(change: dict[str, str | None], method: str, tmp_path: Path) -> None:
    new = {path: content for path, content in {**TREE, **change}.items() if content is not None}
    service, reloader = grafana(tmp_path, TREE, new)
    assert reloader.reload()["method"] == method
    assert service.restarts == (["llmmon-grafana"] if method == "restart" else [])
    assert service.sent == ([f"POST {DATA_SOURCES}"] if method == "provisioning reload" else [])


def test_the_first_release_and_a_forced_reload_restart_grafana(tmp_path: Path) -> None:
    service, reloader = grafana(tmp_path / "first", None, TREE)
    assert reloader.reload() == {"method": "restart", "version": "13.1.0"}
    service, reloader = grafana(tmp_path / "forced", TREE, TREE)
    assert reloader.reload()["method"] == "restart"
    assert service.restarts == ["llmmon-grafana"]


def test_going_back_makes_grafana_read_the_old_files_again(tmp_path: Path) -> None:
    service, reloader = grafana(tmp_path, TREE, {**TREE, "provisioning/datasources/llmmon.yaml": "bad"})
    service.answers[DATA_SOURCES] = HttpError("answered 500: invalid data source", status=500)
    with pytest.raises(Rejected, match=f"answered 500: invalid data source. The release {OLD} is in force again"):
        reload_or_put_back("grafana", Releases(tmp_path), reloader)
    # The two links agree now, and yet the service had not read the old files again.
    assert service.restarts == ["llmmon-grafana"]


def provisioned(*names: str, **more: Any) -> dict[str, str]:
    """A tree whose provisioning file has these data sources."""
    sources = [{"name": name, "uid": name, **more} for name in names]
    return {**TREE, "provisioning/datasources/llmmon.yaml": json.dumps({"apiVersion": 1, "datasources": sources})}


@pytest.mark.parametrize("more", [{}, {"grafana.ini": "b"}])
def test_a_data_source_that_left_the_file_is_deleted_while_grafana_reads_it(
    more: dict[str, str], tmp_path: Path
) -> None:
    service, reloader = grafana(tmp_path, provisioned("Prometheus", "Loki"), {**provisioned("Prometheus"), **more})
    directory = tmp_path / CURRENT / "provisioning" / "datasources"
    said: list[Any] = []

    def read(*_: Any) -> Any:
        said.append({path.name: json.loads(path.read_text()) for path in sorted(directory.iterdir())})
        return {"message": "reloaded"}

    service.restart = service.send = read
    assert reloader.reload()["data_sources_removed"] == ["Loki"]
    (files,) = said
    assert list(files) == ["leaving.yaml", "llmmon.yaml"]
    assert files["leaving.yaml"] == {"apiVersion": 1, "deleteDatasources": [{"name": "Loki", "orgId": 1}]}
    # The next look at the release finds what was written, and nothing else.
    assert [path.name for path in directory.iterdir()] == ["llmmon.yaml"]


def test_a_data_source_of_another_organisation_or_name_is_another_one(tmp_path: Path) -> None:
    old, new = provisioned("Loki", "Old", orgId=2), provisioned("Loki", "Loki2")
    proof = grafana(tmp_path, old, new)[1].reload()
    assert proof["data_sources_removed"] == ["Loki", "Old"]
    assert "data_sources_removed" not in grafana(tmp_path / "same", new, {**new, "grafana.ini": "b"})[1].reload()


def test_a_refused_release_leaves_no_file_behind(tmp_path: Path) -> None:
    service, reloader = grafana(tmp_path, provisioned("Loki"), provisioned("Tempo"))
    service.answers[DATA_SOURCES] = HttpError("answered 500: invalid data source", status=500)
    with pytest.raises(Rejected):
        reload_or_put_back("grafana", Releases(tmp_path), reloader)
    assert [path.name for path in tmp_path.rglob("leaving.yaml")] == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_password_that_is_not_true_yet_makes_it_a_restart(status: int, tmp_path: Path) -> None:
    service, reloader = grafana(tmp_path, TREE, {**TREE, "provisioning/datasources/llmmon.yaml": "e"})
    service.answers[DATA_SOURCES] = HttpError("Invalid username or password", status=status)
    assert reloader.reload()["method"] == "restart"
    assert service.sent == [f"POST {DATA_SOURCES}"]


def test_grafana_s_words_on_provisioning_are_told(tmp_path: Path) -> None:
    service, reloader = grafana(tmp_path, TREE, {**TREE, "provisioning/datasources/llmmon.yaml": "e"})
    service.answers[DATA_SOURCES] = HttpError("answered 500", status=500)
    service.print("level=info msg=fine", seconds_ago=1)
    service.print("level=error msg='data source not valid'", seconds_ago=1)
    with pytest.raises(Refusal, match=r"^level=error msg='data source not valid'$"):
        reloader.reload()


@pytest.mark.parametrize(
    "container",
    [{"RestartCount": 2, "State": {"Running": True}}, {"RestartCount": 0, "State": {"Running": False}}, None],
)
def test_a_grafana_that_does_not_come_up_is_a_refusal_with_its_words(
    container: dict[str, Any] | None, tmp_path: Path
) -> None:
    service, reloader = grafana(tmp_path, TREE, {**TREE, "grafana.ini": "b"})
    # Asked once: the engine restarts it for ever, so there is nothing to wait for.
    answers = [HttpError("Connection refused")]
    service.answers[HEALTH] = lambda: answers.pop()

    def crash() -> None:
        service.container = container
        service.print("Error: failed to parse grafana.ini")

    service.on_restart = crash
    with pytest.raises(Refusal, match=r"^Error: failed to parse grafana\.ini$"):
        reloader.reload()


def test_a_grafana_that_is_slow_to_come_up_is_waited_for(tmp_path: Path) -> None:
    service, reloader = grafana(tmp_path, TREE, {**TREE, "grafana.ini": "b"})
    answers = [HttpError("Connection refused"), HttpError("Connection refused"), {"version": "13.1.0"}]
    service.answers[HEALTH] = lambda: answers.pop(0)
    service.on_restart = lambda: service.print("level=error msg='a plugin failed, which is no reason to give up'")
    assert reloader.reload() == {"method": "restart", "version": "13.1.0"}


def test_a_grafana_that_never_answers_is_given_up(tmp_path: Path) -> None:
    service, reloader = grafana(tmp_path, TREE, {**TREE, "grafana.ini": "b"})
    service.answers[HEALTH] = HttpError("Connection refused")
    with pytest.raises(Refusal, match="it does not answer 30 s after its restart"):
        reloader.reload()


# -- the module


def parameters(root: Path, **more: Any) -> dict[str, Any]:
    return {"service": "prometheus", "container": "c", "config_root": str(root), "url": "http://127.0.0.1:1", **more}


@pytest.fixture
def reloading(monkeypatch: pytest.MonkeyPatch, prometheus: Service) -> Service:
    """The module finds this service instead of an engine and a network."""
    monkeypatch.setattr(service_reload, "Engine", lambda: prometheus)
    monkeypatch.setattr(service_reload, "http_client", lambda _: prometheus)
    return prometheus


def test_the_module_reloads_when_a_reload_is_owed(reloading: Service, releases: Releases) -> None:
    answer = run_module(service_reload, parameters(releases.root))
    assert (answer["changed"], answer["release"]) == (True, NEW)
    assert answer["proof"]["reloaded_at"] == 200.5
    again = run_module(service_reload, parameters(releases.root))
    assert (again["changed"], again["release"]) == (False, NEW)
    assert reloading.signals == ["c"]


def test_the_module_can_be_made_to_reload(reloading: Service, releases: Releases) -> None:
    releases.point(RUNNING, NEW)
    assert run_module(service_reload, parameters(releases.root, force=True))["changed"]
    assert reloading.signals == ["c"]


def test_the_module_in_check_mode_sends_nothing(
    reloading: Service, releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A host that was never deployed to has no library yet.
    monkeypatch.setattr(service_reload, "DOCKER_IMPORT_ERROR", "ImportError")
    assert run_module(service_reload, parameters(releases.root), check_mode=True)["changed"]
    assert run_module(service_reload, parameters(releases.root / "fresh"), check_mode=True)["changed"]
    releases.point(RUNNING, NEW)
    assert not run_module(service_reload, parameters(releases.root), check_mode=True)["changed"]
    assert reloading.signals == []
    assert "docker" in run_module(service_reload, parameters(releases.root, force=True))["msg"]


def test_the_module_fails_with_the_service_s_words(reloading: Service, releases: Releases) -> None:
    def refuse() -> None:
        if len(reloading.signals) == 1:
            reloading.print('level=error msg="Error reloading config" err="unknown field"')
        else:
            reloading.loaded_at = 300.0

    reloading.on_signal = refuse
    answer = run_module(service_reload, parameters(releases.root))
    assert answer["failed"]
    assert 'err="unknown field". The release' in answer["msg"]
    assert (answer["release"], answer["refused_release"]) == (OLD, NEW)
    assert reloading.signals == ["c", "c"]


@pytest.mark.usefixtures("reloading")
def test_the_module_does_not_take_a_wrong_directory_for_success(tmp_path: Path) -> None:
    answer = run_module(service_reload, parameters(tmp_path / "typo"))
    assert answer["failed"]
    assert "there is no configuration release below" in answer["msg"]


def test_the_module_says_that_the_service_is_away(reloading: Service, releases: Releases) -> None:
    reloading.loaded_at = None
    answer = run_module(service_reload, parameters(releases.root))
    assert answer["msg"].startswith("prometheus could not be reloaded: it gave no answer within")
    assert answer["release"] == OLD


# -- reading metrics


@pytest.mark.parametrize(
    ("page", "value"),
    [
        ("a 1\n", 1.0),
        ("# HELP a text\n# TYPE a gauge\na 1.5e+09\n", 1.5e9),
        ('a{b="c d",e="} "} 2\n', 2.0),
        ("a 3 1700000000000\n", 3.0),
        ('a{b="c"} 4 1700000000000\n', 4.0),
        ("ab 5\nb_a 6\n", None),
        ("", None),
    ],
)
def test_a_sample_is_read_from_a_page(page: str, value: float | None) -> None:
    assert sample(page, "a") == value
