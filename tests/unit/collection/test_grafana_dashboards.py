"""Pushing dashboards: what is refused, what is planned, and what Grafana is sent."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import grafana_dashboards, grafana_verify
from ansible_collections.llmmon.stack.plugins.modules.grafana_dashboards import (
    BadDashboard,
    Dashboard,
    check_set,
    difference,
    own_model,
    parse,
    plan,
)

from tests.standins.run import StandIn, running_standin
from tests.unit.collection.loopback import Answer, Request, Server, as_json
from tests.unit.collection.running import run_module

PASSWORD = "Stand-In-1"  # noqa: S105 - of the stand-in
MODEL: dict[str, Any] = {
    "uid": "llm",
    "title": "LLM",
    "panels": [{"id": 1, "gridPos": {"h": 8, "w": 12.0}, "targets": [{"expr": "up", "refId": "A"}]}],
    "tags": ["a", "b"],
}


def dashboard(**changes: Any) -> Dashboard:
    return parse("llm.json", json.dumps({**MODEL, **changes}))


def served(model: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    """Grafana's answer about a dashboard that it has."""
    return {
        "meta": {"isFolder": False, "provisioned": False, "folderUid": "llmmon", **meta},
        "dashboard": {"id": 17, "version": 3, **(MODEL if model is None else model)},
    }


# -- parse


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "a.json is not valid JSON: "),
        ("[]", "a.json does not hold a JSON object"),
        ("null", "a.json does not hold a JSON object"),
        ('{"uid": "a"}', "a.json has no title"),
        ('{"uid": "a", "title": " "}', "a.json has no title"),
        ('{"uid": "a", "title": 1}', "a.json has no title"),
        ('{"title": "a"}', "a.json needs a uid of 1 to 40 letters, digits, '-' or '_', but has None"),
        ('{"title": "a", "uid": ""}', "but has ''"),
        ('{"title": "a", "uid": 7}', "but has 7"),
        ('{"title": "a", "uid": "a b"}', "but has 'a b'"),
        ('{"title": "a", "uid": "a\\n"}', "but has 'a\\n'"),
        (json.dumps({"title": "a", "uid": "x" * 41}), "1 to 40"),
    ],
)
def test_a_file_that_is_no_dashboard_is_refused_by_name(text: str, sentence: str) -> None:
    with pytest.raises(BadDashboard) as caught:
        parse("a.json", text)
    assert sentence in str(caught.value)


def test_what_belongs_to_the_server_is_left_out() -> None:
    found = parse("a.json", json.dumps({"id": 5, "version": 9, "uid": "x" * 40, "title": "  Title ", "a": {"id": 1}}))
    assert found.model == {"uid": "x" * 40, "title": "Title", "a": {"id": 1}}
    assert (found.file, found.uid, found.title) == ("a.json", "x" * 40, "Title")
    assert own_model({"id": None, "version": 0}) == {}


# -- check_set


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (("a", "One"), ("a", "Two"), "b.json and a.json have the same uid 'a'"),
        (("a", "One"), ("b", "ONE"), "b.json and a.json have the same title 'ONE'"),
    ],
)
def test_a_set_in_which_one_would_replace_another_is_refused(
    first: tuple[str, str], second: tuple[str, str], sentence: str
) -> None:
    files = [
        Dashboard(f"{file}.json", uid, title, {}) for file, (uid, title) in zip("ab", (first, second), strict=True)
    ]
    with pytest.raises(BadDashboard) as caught:
        check_set(files)
    assert str(caught.value) == sentence


def test_a_set_of_different_dashboards_is_fine() -> None:
    # Uids differ by letter case, titles do not.
    check_set([Dashboard("a.json", "a", "One", {}), Dashboard("b.json", "A", "Two", {})])


# -- plan


def test_a_dashboard_that_grafana_lacks_is_created() -> None:
    step = plan(dashboard(), None, "llmmon")
    assert (step.action, step.version, step.before) == ("create", None, None)


def test_a_dashboard_that_is_the_same_is_left_alone() -> None:
    step = plan(dashboard(id=99, version=77), served(), "llmmon")
    assert (step.action, step.version) == ("unchanged", None)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(
            {"panels": [{**MODEL["panels"][0], "gridPos": {"w": 12, "h": 8.0}}]}, id="numbers and order of keys"
        ),
        pytest.param({"title": " LLM "}, id="blanks around the title"),
    ],
)
def test_spelling_is_no_difference(same: dict[str, Any]) -> None:
    assert plan(dashboard(**same), served(), "llmmon").action == "unchanged"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"tags": ["b", "a"]}, id="the order of a list"),
        pytest.param({"title": "llm"}, id="letter case"),
        pytest.param({"description": ""}, id="an empty value more"),
        pytest.param({"panels": [{**MODEL["panels"][0], "id": 2}]}, id="the id of a panel"),
        pytest.param({"panels": []}, id="a panel less"),
    ],
)
def test_drift_is_put_right_with_the_server_s_version(changed: dict[str, Any]) -> None:
    step = plan(dashboard(), served({**MODEL, **changed}), "llmmon")
    assert (step.action, step.version) == ("update", 3)
    assert step.before == {**MODEL, **changed}


@pytest.mark.parametrize("folder", ["other", "", None])
def test_a_dashboard_in_another_folder_is_moved(folder: str | None) -> None:
    step = plan(dashboard(), served(folderUid=folder), "llmmon")
    assert (step.action, step.version) == ("move", 3)


def test_the_general_folder_has_no_uid() -> None:
    assert plan(dashboard(), served(folderUid=None), "").action == "unchanged"


def test_a_provisioned_dashboard_is_refused() -> None:
    with pytest.raises(
        BadDashboard, match=r"llm of llm\.json is provisioned from a file of Grafana's \(/etc/x\.json\)"
    ):
        plan(dashboard(), served(provisioned=True, provisionedExternalId="/etc/x.json"), "llmmon")


def test_a_folder_with_the_uid_is_refused() -> None:
    with pytest.raises(BadDashboard, match=r"the uid llm of llm\.json belongs to a folder"):
        plan(dashboard(), served(isFolder=True), "llmmon")


def test_a_difference_shows_both_sides_without_what_belongs_to_the_server() -> None:
    step = plan(dashboard(title="LLM ü"), served(), "llmmon")
    shown = difference(step)
    assert (shown["before_header"], shown["after_header"]) == ("llm (Grafana)", "llm (llm.json)")
    assert json.loads(shown["before"]) == MODEL
    assert json.loads(shown["after"]) == {**MODEL, "title": "LLM ü"}
    assert "ü" in shown["after"]
    assert difference(plan(dashboard(), None, "llmmon"))["before"] == ""
    # A move changes the place, not the dashboard.
    moved = difference(plan(dashboard(), served(folderUid="other"), "llmmon"))
    assert moved["before"] == moved["after"]


# -- the module, against the stand-in


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two dashboards in files."""
    directory = tmp_path / "dashboards"
    directory.mkdir()
    for number in (1, 2):
        model = {**MODEL, "uid": f"llm-{number}", "title": f"LLM {number}"}
        (directory / f"{number}.json").write_text(json.dumps(model))
    (directory / "notes.txt").write_text("no dashboard")
    return directory


@pytest.fixture
def grafana(tmp_path: Path) -> Iterator[StandIn]:
    """Give a stand-in of Grafana of its own to the test."""
    with running_standin(tmp_path / "grafana", {"security": {"admin_password": PASSWORD}}) as standin:
        yield standin


def parameters(url: str, source: Path, **more: Any) -> dict[str, Any]:
    folder = {"folder_uid": "llmmon", "folder_title": "LLM monitoring"}
    return {"url": url, "password": PASSWORD, "src": str(source), **folder, **more}


def actions(answer: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(row["uid"], row["action"], row["done"]) for row in answer["dashboards"]]


def test_dashboards_come_drift_move_and_stay(grafana: StandIn, source: Path) -> None:
    wanted = parameters(grafana.url, source)
    rehearsed = run_module(grafana_dashboards, wanted, check_mode=True, diff=True)
    assert rehearsed["changed"]
    assert actions(rehearsed) == [("llm-1", "create", False), ("llm-2", "create", False)]
    assert len(rehearsed["diff"]) == 2

    first = run_module(grafana_dashboards, wanted)
    assert (first["changed"], first["folder"], first["drift"]) == (True, "create", [])
    assert actions(first) == [("llm-1", "create", True), ("llm-2", "create", True)]

    second = run_module(grafana_dashboards, wanted, diff=True)
    assert (second["changed"], second["folder"], second.get("diff")) == (False, "unchanged", None)
    assert actions(second) == [("llm-1", "unchanged", True), ("llm-2", "unchanged", True)]
    # The folder and each dashboard are looked at once.
    assert second["requests"] == 3

    (source / "1.json").write_text((source / "1.json").read_text().replace("up", "down"))
    third = run_module(grafana_dashboards, wanted, diff=True)
    assert (third["changed"], third["drift"]) == (True, ["llm-1"])
    assert [entry["before_header"] for entry in third["diff"]] == ["llm-1 (Grafana)"]

    moved = {**wanted, "folder_uid": "another", "folder_title": "Another"}
    fourth = run_module(grafana_dashboards, moved)
    assert actions(fourth) == [("llm-1", "move", True), ("llm-2", "move", True)]
    assert not run_module(grafana_dashboards, moved)["changed"]

    renamed = run_module(grafana_dashboards, {**moved, "folder_title": "Renamed"})
    assert (renamed["changed"], renamed["folder"]) == (True, "rename")
    assert not run_module(grafana_dashboards, {**moved, "folder_title": "Renamed"})["changed"]

    proof = {**moved, "dashboards_directory": str(source), "data_source_uid": "missing"}
    for name in ("src", "folder_title"):
        proof.pop(name)
    verified = run_module(grafana_verify, proof)
    assert "the data source missing does not answer through Grafana" in verified["msg"]
    assert "llmmon_grafana_prometheus_url" in verified["msg"]


def test_check_mode_sends_no_writing_request(server: Server, source: Path) -> None:
    changed = copy.deepcopy(MODEL) | {"uid": "llm-1", "title": "Edited"}
    server.answers["GET /api/folders/llmmon"] = as_json({"uid": "llmmon", "title": "Another title", "version": 1})
    server.answers["GET /api/dashboards/uid/llm-1"] = as_json(served(changed))
    answer = run_module(grafana_dashboards, parameters(server.url, source), check_mode=True)
    assert actions(answer) == [("llm-1", "update", False), ("llm-2", "create", False)]
    assert answer["folder"] == "rename"
    assert {request.method for request in server.requests} == {"GET"}


def test_every_saved_dashboard_goes_into_its_folder_at_its_version(server: Server, source: Path) -> None:
    changed = copy.deepcopy(MODEL) | {"uid": "llm-1", "title": "Edited"}
    server.answers["GET /api/folders/llmmon"] = as_json({"uid": "llmmon", "title": "LLM monitoring"})
    server.answers["GET /api/dashboards/uid/llm-1"] = as_json(served(changed))
    server.answers["POST /api/dashboards/db"] = as_json({"status": "success"})
    assert not run_module(grafana_dashboards, parameters(server.url, source))["failed"]
    bodies = [request.json for request in server.requests if request.method == "POST"]
    assert [body["folderUid"] for body in bodies] == ["llmmon", "llmmon"]
    assert not any("folderId" in body or body["overwrite"] for body in bodies)
    # The server's version goes back, so that an edit in between is not overwritten; a new one has none.
    assert [body["dashboard"].get("version") for body in bodies] == [3, None]
    assert not any("id" in body["dashboard"] for body in bodies)


def test_a_failure_in_the_middle_tells_what_was_not_pushed(server: Server, source: Path) -> None:
    def refuse_the_second(request: Request) -> Answer:
        if request.json["dashboard"]["uid"] == "llm-2":
            return as_json({"message": "The dashboard has been changed by someone else", "status": "version"}, 412)
        return as_json({"status": "success"})

    server.answers["GET /api/folders/llmmon"] = as_json({"uid": "llmmon", "title": "LLM monitoring"})
    server.answers["POST /api/dashboards/db"] = refuse_the_second
    answer = run_module(grafana_dashboards, parameters(server.url, source))
    assert answer["failed"]
    assert answer["msg"] == (
        f"the dashboards could not be pushed: POST {server.url}/api/dashboards/db answered 412: The dashboard has been"
        " changed by someone else; not pushed: llm-2"
    )
    assert actions(answer) == [("llm-1", "create", True), ("llm-2", "create", False)]


def test_files_are_checked_before_anything_is_asked(server: Server, source: Path) -> None:
    (source / "3.json").write_bytes(b"\xff")
    answer = run_module(grafana_dashboards, parameters(server.url, source))
    assert "cannot be read as text" in answer["msg"]
    (source / "3.json").write_text("{")
    assert "3.json is not valid JSON" in run_module(grafana_dashboards, parameters(server.url, source))["msg"]
    answer = run_module(grafana_dashboards, parameters(server.url, source / "nowhere"))
    assert "there is no directory" in answer["msg"]
    assert server.requests == []


def test_the_password_can_come_from_a_file(server: Server, source: Path, tmp_path: Path) -> None:
    file = tmp_path / "admin_password"
    wanted = {**parameters(server.url, source), "password_file": str(file)}
    del wanted["password"]
    server.answers["GET /api/folders/llmmon"] = lambda request: as_json(
        {"message": f"denied to {request.headers['Authorization']}"}, 403
    )
    assert "cannot be read: No such file" in run_module(grafana_dashboards, wanted)["msg"]
    file.write_bytes(b"\xff")
    assert "it is no text in UTF-8" in run_module(grafana_dashboards, wanted)["msg"]
    file.write_text("\n")
    assert run_module(grafana_dashboards, wanted)["msg"] == f"the password file {file} is empty"
    assert server.requests == []
    file.write_text(f"{PASSWORD}\n")
    assert "answered 403: denied to Basic ********" in run_module(grafana_dashboards, wanted)["msg"]
    assert server.requests[-1].headers["Authorization"] == "Basic YWRtaW46U3RhbmQtSW4tMQ=="


# -- the proof that Grafana shows data


QUERY = "GET /api/datasources/proxy/uid/llmmon_prometheus/api/v1/query?query=up"


def prove(server: Server, source: Path, **more: Any) -> dict[str, Any]:
    wanted = {
        "url": server.url,
        "password": PASSWORD,
        "data_source_uid": "llmmon_prometheus",
        "dashboards_directory": str(source),
        "folder_uid": "llmmon",
        **more,
    }
    return run_module(grafana_verify, wanted)


def test_grafana_shows_data(server: Server, source: Path) -> None:
    server.answers[QUERY] = as_json({"status": "success", "data": {"result": [{}, {}]}})
    for uid in ("llm-1", "llm-2"):
        server.answers[f"GET /api/dashboards/uid/{uid}"] = as_json(served())
    answer = prove(server, source)
    assert (answer["failed"], answer["samples"], answer["dashboards"]) == (False, 2, ["llm-1", "llm-2"])


def test_grafana_does_not_show_data(server: Server, source: Path) -> None:
    server.answers[QUERY] = as_json({"status": "success", "data": {"result": []}})
    assert "through Grafana gives no sample: is Prometheus scraping?" in prove(server, source)["msg"]
    server.answers[QUERY] = as_json({"message": "not a query result"})
    assert "answered with something else than a query result" in prove(server, source)["msg"]
    server.answers[QUERY] = as_json({"status": "success", "data": {"result": [{}]}})
    server.answers["GET /api/dashboards/uid/llm-2"] = as_json(served(folderUid=""))
    assert prove(server, source)["msg"] == (
        "the dashboard llm-1 is missing: run site.yml --tags grafana"
        " | the dashboard llm-2 is not in the folder llmmon: run site.yml --tags grafana"
    )
