"""The module which proves a stack in one run, against servers that answer as its services do."""

from __future__ import annotations

import datetime
import json
import time
from pathlib import Path
from typing import Any, cast

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.look.proved import proved_at_once
from ansible_collections.llmmon.stack.plugins.module_utils.look.settled import PLACES, RECORD
from ansible_collections.llmmon.stack.plugins.module_utils.proof import asked, stack
from ansible_collections.llmmon.stack.plugins.modules import stack_verify

from tests.support.loopback import Answer, Server, as_json
from tests.support.modules import run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

SECRET = "made-up-password"  # noqa: S105 - of the test's own server
QUERY = "GET /api/datasources/proxy/uid/llmmon_prometheus/api/v1/query?query=up"
TARGETS = "GET /api/v1/targets?state=active"
RULES = "GET /api/v1/rules?exclude_alerts=true"
NOW = time.time()
LATER = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).isoformat().replace("+00:00", "Z")


@pytest.fixture(autouse=True)
def records(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the looks at the services find, the last of it for ever."""
    found: list[list[str]] = [[]]

    def look_at(service: dict[str, Any], _: object) -> dict[str, Any]:
        return {"name": service["name"], "problems": found.pop(0) if len(found) > 1 else found[0]}

    monkeypatch.setattr(stack, "look_at", look_at)
    monkeypatch.setattr(asked, "Engine", lambda: None)
    return found


@pytest.fixture(autouse=True)
def _the_time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause between a test and what it tries is no part of what a clock is off."""
    monkeypatch.setattr(time, "time", lambda: NOW)


@pytest.fixture
def options(server: Server, tmp_path: Path) -> dict[str, Any]:
    """Give the options for one server that is Prometheus and Grafana, and works."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yml").write_text("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n")
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "1.json").write_text(json.dumps({"uid": "llm-1", "title": "One"}))
    (tmp_path / "password").write_text(f"{SECRET}\n")
    server.answers[TARGETS] = targets("up")
    server.answers[RULES] = rules(tmp_path, "ok")
    server.answers[QUERY] = samples({})
    server.answers["GET /api/dashboards/uid/llm-1"] = as_json({"meta": {"folderUid": "llmmon"}, "dashboard": {}})
    service = {
        "name": "prometheus",
        "container": "llmmon-prometheus",
        "url": server.url,
        "version": "3.13.2",
        "config_root": str(tmp_path),
        "data_directory": str(tmp_path),
    }
    return {
        "services": [service],
        "targets": {"url": server.url, "jobs": ["gw"]},
        "rules": {"url": server.url, "directory": str(tmp_path)},
        "grafana": {
            "url": server.url,
            "password_file": str(tmp_path / "password"),
            "data_source_uid": "llmmon_prometheus",
            "dashboards_directory": str(tmp_path / "dashboards"),
            "folder_uid": "llmmon",
        },
        "timeout": 1000,
    }


def targets(health: str, error: str = "", scraped: str = LATER) -> Answer:
    target = {"labels": {"job": "gw", "instance": "a:1"}, "health": health, "lastError": error, "lastScrape": scraped}
    return as_json({"data": {"activeTargets": [target]}})


def rules(directory: Path, health: str, error: str = "") -> Answer:
    rule = {"name": "A", "health": health, "lastError": error, "lastEvaluation": LATER}
    group = {"name": "g", "file": f"{directory}/rules/a.yml", "interval": 1, "rules": [rule]}
    return as_json({"data": {"groups": [group]}})


def samples(*found: dict[str, Any]) -> Answer:
    return as_json({"status": "success", "data": {"result": list(found)}})


def test_a_stack_that_works_is_proved(options: dict[str, Any]) -> None:
    answer = run_module(stack_verify, options)
    assert (answer["failed"], answer["changed"]) == (False, False)
    assert answer["services"] == [{"name": "prometheus", "problems": []}]
    assert (answer["targets"]["up"], answer["rules"]["total"]) == (1, 1)
    assert answer["grafana"] == {"samples": 1, "dashboards": ["llm-1"]}


def test_a_part_that_is_not_asked_for_is_left_out(options: dict[str, Any], server: Server) -> None:
    answer = run_module(stack_verify, {name: options[name] for name in ("services", "rules")})
    assert not answer["failed"]
    assert "targets" not in answer
    assert "grafana" not in answer
    assert set(server.asked("GET")) == {"/api/v1/rules?exclude_alerts=true"}


def test_a_clock_that_is_seconds_off_harms_nothing(options: dict[str, Any]) -> None:
    answer = run_module(stack_verify, {"services": options["services"], "controller_time": NOW - 100})
    assert not answer["failed"]
    assert answer["clock"]["ahead_seconds"] == 100


@pytest.mark.parametrize(("ahead", "words"), [(1200, "20 minutes ahead of that"), (-1200, "20 minutes behind that")])
def test_a_clock_that_is_minutes_off_is_told(ahead: int, words: str, options: dict[str, Any]) -> None:
    """And all else that is proved is proved all the same."""
    answer = run_module(stack_verify, {**options, "controller_time": NOW - ahead})
    assert answer["failed"]
    assert answer["msg"] == (
        f"this host's clock is {words} of the machine that runs Ansible: set the wrong one by NTP (timedatectl and"
        " chronyc tracking show whether a host does), since buckets and engines refuse what comes from another time"
    )
    assert (answer["targets"]["up"], answer["clock"]["ahead_seconds"]) == (1, ahead)


def test_all_parts_are_waited_for_at_once(options: dict[str, Any], server: Server, tmp_path: Path) -> None:
    """Each is as it should be only after another one was asked in vain: one after the other would wait for ever."""

    def once_asked(path: str, before: Answer, after: Answer) -> Any:
        return lambda _: after if path in server.asked("GET") else before

    rules_path, query_path, targets_path = (key.removeprefix("GET ") for key in (RULES, QUERY, TARGETS))
    server.answers[TARGETS] = once_asked(rules_path, targets("unknown", scraped="0001-01-01T00:00:00Z"), targets("up"))
    server.answers[RULES] = once_asked(query_path, rules(tmp_path, "unknown"), rules(tmp_path, "ok"))
    server.answers[QUERY] = once_asked(targets_path, samples(), samples({}))
    assert not run_module(stack_verify, options)["failed"]


def test_grafana_has_no_sample_until_prometheus_has_scraped_something(options: dict[str, Any], server: Server) -> None:
    """As in a first deployment: Grafana is asked while the first scrape is waited for."""
    answers = [samples(), samples(), samples({})]
    server.answers[QUERY] = lambda _: answers.pop(0)
    assert run_module(stack_verify, options)["grafana"]["samples"] == 1
    server.answers[QUERY] = samples()
    answer = run_module(stack_verify, {**options, "timeout": 5})
    assert answer["msg"] == "the query 'up' through Grafana gives no sample: is Prometheus scraping?"


def test_nobody_is_told_along_with_all_else_that_is_wrong(options: dict[str, Any], server: Server) -> None:
    server.answers["GET /api/v2/receivers"] = as_json([{"name": "nobody"}, {"name": "slack"}])
    asked = {**options, "receivers": {"urls": [server.url], "wanted": [{"name": "slack", "settings": "0a1b"}]}}
    assert run_module(stack_verify, asked)["receivers"]["line"].startswith("receivers: slack (not tried);")
    server.answers["GET /api/v2/receivers"] = as_json([{"name": "nobody"}])
    server.answers[TARGETS] = targets("down", "no route to host")
    answer = run_module(stack_verify, {**asked, "timeout": 5})
    assert answer["failed"]
    assert "no route to host" in answer["msg"]
    assert "nobody is told of alerts, because Alertmanager has no receiver: set llmmon_receivers" in answer["msg"]
    assert answer["receivers"]["nobody"]


def test_the_documentation_is_waited_for(options: dict[str, Any], server: Server) -> None:
    answers = [Answer(503), Answer(200, b"<!doctype html>", "text/html")]
    server.answers["GET /runbooks/index.html"] = lambda _: answers.pop(0)
    asked = {"services": options["services"], "documentation": {"url": server.url}}
    assert run_module(stack_verify, asked)["documentation"] == {"page": "/runbooks/index.html"}
    server.answers["GET /runbooks/index.html"] = Answer(404)
    answer = run_module(stack_verify, asked)
    assert answer["msg"].startswith(
        f"the documentation is not served: GET {server.url}/runbooks/index.html answered 404"
    )
    assert answer["msg"].endswith("; run site.yml --tags docs, or set llmmon_docs to false")


def test_what_is_wrong_is_told_together_each_in_its_own_words(
    options: dict[str, Any], server: Server, tmp_path: Path
) -> None:
    server.answers[TARGETS] = targets("down", "server returned HTTP status 401 Unauthorized")
    server.answers[RULES] = rules(tmp_path, "err", "many-to-many")
    server.answers["GET /api/dashboards/uid/llm-1"] = as_json({}, 404)
    answer = run_module(stack_verify, options)
    first, second, third = answer["msg"].split(" | ")
    assert first.startswith("1 of 1 scrape targets are not up. gw a:1: unauthorized (server returned HTTP status 401")
    assert second.endswith("the rule A (group g, file rules/a.yml): it fails: many-to-many")
    assert third == "the dashboard llm-1 is missing: run site.yml --tags grafana"
    assert (answer["targets"]["up"], len(answer["rules"]["failing"])) == (0, 1)


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read: No such file or directory"), ("\n", "is empty")])
def test_a_password_that_there_is_not_is_told_and_none_is_sent(
    content: str | None, said: str, options: dict[str, Any], server: Server, tmp_path: Path
) -> None:
    """Five wrong passwords lock the right one out. The other faults are told as well."""
    file = tmp_path / "password"
    file.unlink() if content is None else file.write_text(content)
    server.answers[RULES] = rules(tmp_path, "err", "many-to-many")
    answer = run_module(stack_verify, options)
    assert "it fails: many-to-many | " in answer["msg"]
    assert answer["msg"].endswith(f"the password file {file} {said}")
    assert not [path for path in server.asked("GET") if "datasources" in path]


def test_services_that_do_not_run_are_told_before_anything_is_asked(
    options: dict[str, Any], records: list[list[str]], server: Server, tmp_path: Path
) -> None:
    (tmp_path / "password").unlink()
    records[:] = [["prometheus has no container: run site.yml"]]
    answer = run_module(stack_verify, {**options, "timeout": 0})
    assert answer["msg"] == "prometheus has no container: run site.yml"
    assert server.requests == []


def test_the_password_shows_nowhere(options: dict[str, Any], server: Server) -> None:
    server.answers[QUERY] = as_json({"message": f"who signs in with {SECRET}?"}, 500)
    answer = run_module(stack_verify, options)
    assert "does not answer through Grafana" in answer["msg"]
    assert SECRET not in json.dumps(answer)


# -- in the same run as a look that finds nothing to do


# Seconds that the look has taken. The fast clock moves on by the last of them when the proof looks at it.
WAITED = 30.0


class Module:
    """As much of a module as a proof needs."""

    def __init__(self) -> None:
        self.no_log_values: set[str] = set()

    def fail_json(self, msg: str) -> None:
        raise AssertionError(msg)


def at_once(options: dict[str, Any], *settled: str) -> dict[str, Any]:
    return proved_at_once(cast("AnsibleModule", Module()), options, settled, time.monotonic() - WAITED + 1)


def test_what_is_settled_is_proved_in_the_run_of_the_look(options: dict[str, Any]) -> None:
    assert at_once(options, PLACES, RECORD) == {
        name: value
        for name, value in run_module(stack_verify, options).items()
        if name in {"services", "targets", "rules", "grafana"}
    }


def test_the_clock_is_of_when_the_look_began(options: dict[str, Any]) -> None:
    proof = at_once({**options, "controller_time": NOW - WAITED}, RECORD)
    assert proof["clock"] == {"ahead_seconds": 0}
    # Two minutes behind when it began, and less than that by now.
    assert at_once({**options, "controller_time": NOW + 125 - WAITED}, RECORD) == {}


def test_what_is_to_be_changed_is_not_asked(options: dict[str, Any], server: Server) -> None:
    assert at_once(options, PLACES) == {}
    assert server.asked("GET") == []


def test_without_a_proof_asked_for_nothing_is_asked(server: Server) -> None:
    assert at_once({}, PLACES, RECORD) == {}
    assert server.asked("GET") == []


def test_what_would_have_to_be_waited_for_is_left_to_the_step_that_waits(
    options: dict[str, Any], server: Server, tmp_path: Path
) -> None:
    before = server.answers[RULES]
    server.answers[TARGETS] = targets("down", "connection refused")
    assert at_once(options, RECORD) == {}
    server.answers[TARGETS] = targets("up")
    assert at_once(options, RECORD)
    # A rule without a verdict is nothing that fails, and nothing that is proved.
    server.answers[RULES] = rules(tmp_path, "unknown")
    assert at_once(options, RECORD) == {}
    server.answers[RULES] = before
    server.answers[QUERY] = samples()
    assert at_once(options, RECORD) == {}


def test_a_proof_that_cannot_be_asked_for_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match=r"proof: .*unknown"):
        at_once({**options, "unknown": 1}, RECORD)
