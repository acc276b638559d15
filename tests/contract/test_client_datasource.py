"""A data source against a Grafana, real or stand-in."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import grafana_datasource

from tests.support.counting import counting
from tests.support.modules import run_module

from .conftest import Workspace
from .upstream import Upstream, running_upstream

SECRET = "Source-Secret-1"  # noqa: S105 - made up for these tests


class Source:
    """The data source of a test, and the module's answers about it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        # No hyphen: 9.4 cuts the uid there.
        self.uid = workspace.name("source").replace("-", "_")
        self.name = workspace.name("Source")

    def put_right(self, *, check_mode: bool = False, diff: bool = False, **more: Any) -> dict[str, Any]:
        parameters = {
            **self.workspace.credentials,
            "uid": self.uid,
            "name": self.name,
            "data_source_url": "http://127.0.0.1:9/prometheus",
            "check_health": False,
            **more,
        }
        answer = run_module(grafana_datasource, parameters, check_mode=check_mode, diff=diff)
        assert SECRET not in str(answer)
        return answer

    def served(self) -> Any:
        return self.workspace.get(f"/api/datasources/uid/{self.uid}")

    def edit(self, **changes: Any) -> None:
        """What a person does in the browser."""
        self.workspace.call("PUT", f"/api/datasources/uid/{self.uid}", {**self.served(), **changes}).raise_for_status()


@pytest.fixture
def source(workspace: Workspace) -> Source:
    return Source(workspace)


def outcome(answer: dict[str, Any]) -> tuple[str, list[str]]:
    assert not answer["failed"], answer["msg"]
    assert answer["changed"] is (answer["action"] != "unchanged")
    return answer["action"], answer["differing"]


@pytest.mark.confirms("data-source-by-uid")
def test_a_data_source_comes_stays_changes_and_leaves(source: Source) -> None:
    assert outcome(source.put_right(check_mode=True)) == ("create", [])
    assert source.served() is None
    assert outcome(source.put_right(json_data={"httpMethod": "POST"})) == ("create", [])
    assert outcome(source.put_right(json_data={"httpMethod": "POST"})) == ("unchanged", [])
    answer = source.put_right(json_data={"timeInterval": "15s"}, diff=True)
    assert outcome(answer) == ("update", ["jsonData"])
    assert ("httpMethod" in answer["diff"]["before"], "httpMethod" in answer["diff"]["after"]) == (True, False)
    assert source.served()["jsonData"] == {"timeInterval": "15s"}
    assert outcome(source.put_right(state="absent", check_mode=True)) == ("delete", [])
    assert outcome(source.put_right(state="absent")) == ("delete", [])
    assert source.served() is None
    assert outcome(source.put_right(state="absent")) == ("unchanged", [])


def test_secrets_are_sent_when_they_differ_and_only_then(source: Source) -> None:
    secrets = {"basicAuthPassword": SECRET, "httpHeaderValue1": "Bearer x"}
    wanted: dict[str, Any] = {"basic_auth_user": "farm", "secure_json_data": secrets}
    assert outcome(source.put_right(**wanted)) == ("create", [])
    assert SECRET not in str(source.served())
    assert outcome(source.put_right(**wanted)) == ("unchanged", [])

    # Another setting changes, the secrets stay known.
    assert outcome(source.put_right(**wanted, json_data={"a": 1})) == ("update", ["jsonData"])
    assert outcome(source.put_right(**wanted, json_data={"a": 1})) == ("unchanged", [])

    wanted["secure_json_data"] = {"basicAuthPassword": SECRET + "-2"}
    answer = source.put_right(**wanted, json_data={"a": 1}, diff=True)
    assert outcome(answer) == ("update", ["secureJsonData"])
    assert "********" in answer["diff"]["after"]
    assert answer["diff"]["before"] != answer["diff"]["after"]
    assert source.served()["secureJsonFields"] == {"basicAuthPassword": True}
    assert outcome(source.put_right(**wanted, json_data={"a": 1})) == ("unchanged", [])

    # Somebody saves it in the browser, perhaps with another secret: that cannot be seen, so ours is sent again.
    source.edit(secureJsonData={"basicAuthPassword": "theirs"})
    assert outcome(source.put_right(**wanted, json_data={"a": 1})) == ("update", ["secureJsonData"])
    assert outcome(source.put_right(**wanted, json_data={"a": 1})) == ("unchanged", [])

    del wanted["secure_json_data"]
    assert outcome(source.put_right(**wanted, json_data={"a": 1})) == ("update", ["secureJsonData"])
    assert source.served()["secureJsonFields"] == {}
    assert source.served()["jsonData"] == {"a": 1}
    assert outcome(source.put_right(**wanted, json_data={"a": 1})) == ("unchanged", [])


def test_secrets_may_go_by_a_version_instead_of_a_fingerprint(source: Source) -> None:
    wanted: dict[str, Any] = {"secure_json_data": {"basicAuthPassword": SECRET}, "secrets_version": "1"}
    assert outcome(source.put_right(**wanted)) == ("create", [])
    assert set(source.served()["jsonData"]["llmmonSecrets"]) == {"sentWith", "version"}
    wanted["secure_json_data"] = {"basicAuthPassword": SECRET + "-2"}
    assert outcome(source.put_right(**wanted)) == ("unchanged", [])
    assert outcome(source.put_right(**{**wanted, "secrets_version": "2"})) == ("update", ["secureJsonData"])
    assert outcome(source.put_right(**{**wanted, "secrets_version": "2"})) == ("unchanged", [])


def test_the_secret_that_grafana_has_is_the_last_one_sent(source: Source) -> None:
    if not source.workspace.grafana.is_standin:
        pytest.skip("another machine's Grafana does not reach a data source on this loopback")
    with running_upstream() as upstream:
        wanted: dict[str, Any] = {"data_source_url": upstream.url, "basic_auth_user": "farm", "check_health": True}
        for password in ("One-1", "Two-2"):
            answer = source.put_right(**wanted, secure_json_data={"basicAuthPassword": password})
            assert answer["health"] == "ok"
        sent = [headers["Authorization"] for _, headers in upstream.seen]
        assert len(set(sent)) == len(sent) == 2


def test_check_mode_writes_nothing(source: Source) -> None:
    source.put_right()
    with counting(source.workspace.grafana.url) as counted:
        answer = source.put_right(check_mode=True, url=counted.url, json_data={"a": 1}, check_health=True)
    assert (outcome(answer), answer["health"]) == (("update", ["jsonData"]), "unchecked")
    assert counted.writing() == []


def test_the_default_stays_with_whom_it_is(source: Source, workspace: Workspace) -> None:
    others = [found["uid"] for found in workspace.get("/api/datasources") if found["isDefault"]]
    if others:
        pytest.skip("a Grafana that has a default data source keeps it")
    assert outcome(source.put_right(is_default=True)) == ("create", [])
    assert outcome(source.put_right()) == ("unchanged", [])
    assert source.served()["isDefault"]
    assert outcome(source.put_right(is_default=False)) == ("update", ["isDefault"])


@pytest.mark.confirms("data-source-by-uid")
def test_a_name_under_another_uid_is_refused(source: Source) -> None:
    source.put_right()
    taken = source.uid
    source.uid += "_2"
    answer = source.put_right()
    assert f"'{source.name}' is taken by the data source with the uid {taken}" in answer["msg"]
    assert source.served() is None


@pytest.mark.confirms("data-source-uid")
def test_grafana_itself_refuses_a_uid_that_we_refuse(source: Source, workspace: Workspace) -> None:
    source.uid = f"{source.uid} x"
    assert "its uid needs 1 to 40 letters" in source.put_right()["msg"]
    if workspace.major() < 12:
        pytest.skip("Grafana takes such a uid without a setting before 12")
    body = {"uid": source.uid, "name": source.name, "type": "prometheus", "access": "proxy", "url": "http://localhost"}
    assert 400 <= workspace.call("POST", "/api/datasources", body).status_code < 500


@pytest.fixture
def upstream() -> Any:
    with running_upstream() as running:
        yield running


@pytest.mark.confirms("data-source-health", "data-source-proxy")
def test_health_is_asked_through_grafana(source: Source, upstream: Upstream) -> None:
    if not source.workspace.grafana.is_standin:
        pytest.skip("another machine's Grafana does not reach a data source on this loopback")
    answer = source.put_right(data_source_url=upstream.url, check_health=True)
    assert (answer["failed"], answer["health"]) == (False, "ok")
    assert upstream.seen[-1][0].startswith("/api/v1/query")


@pytest.mark.confirms("data-source-health")
def test_a_dead_data_source_is_told_with_what_to_do(source: Source) -> None:
    answer = source.put_right(check_health=True)
    assert answer["failed"]
    assert f"the data source {source.uid} could not be configured: it does not answer" in answer["msg"]
    assert answer["msg"].count("http") >= 1
    # It was saved all the same, and the next run says so again.
    assert source.served() is not None
    assert source.put_right(check_health=True)["failed"]
