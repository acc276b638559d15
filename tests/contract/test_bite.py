"""The comparison finds what differs: each test alters a good answer and expects to be told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import recorded
from .comparing import Answer, Comparer
from .replay import Instance, run_instance


def _row(row_id: str) -> recorded.Row:
    return next(row for row in recorded.rows() if row["id"] == row_id)


def _as_recorded(row: recorded.Row) -> Answer:
    response = row["response"]
    headers = dict.fromkeys(response["header_names"], "") | {"content-type": response["content_type"]}
    return Answer(response["status"], headers, json.dumps(response["body"]).encode())


def _altered(row: recorded.Row, alter: Callable[[Any], None]) -> Answer:
    good = _as_recorded(row)
    body = good.json()
    alter(body)
    return Answer(good.status, good.headers, json.dumps(body).encode())


def test_the_recorded_answer_itself_has_no_differences() -> None:
    row = _row("dash.get")
    assert Comparer().differences(row, _as_recorded(row)) == []


def test_a_changed_status_is_reported() -> None:
    row = _row("dash.repost.same")
    good = _as_recorded(row)
    found = Comparer().differences(row, Answer(409, good.headers, good.body))
    assert len(found) == 1
    assert found[0].startswith("status is 409, recorded 412")


def test_a_changed_header_is_reported() -> None:
    row = _row("org.get")
    good = _as_recorded(row)
    without = {name: value for name, value in good.headers.items() if name != "cache-control"}
    assert Comparer().differences(row, Answer(200, without, good.body)) == ["header names differ: ['cache-control']"]
    html = {**good.headers, "content-type": "text/html"}
    assert len(Comparer().differences(row, Answer(200, html, good.body))) == 1


@pytest.mark.parametrize(
    ("row_id", "alter", "path"),
    [
        ("dash.repost.same", lambda body: body.update(message="other words"), "$.message"),
        ("dash.repost.same", lambda body: body.update(status="name-exists"), "$.status"),
        ("dash.repost.same", lambda body: body.pop("status"), "$"),
        ("dash.get", lambda body: body["dashboard"].update(version="1"), "$.dashboard.version"),
        ("dash.get", lambda body: body["meta"].update(folderUid="fb"), "$.meta.folderUid"),
        ("dash.get", lambda body: body["meta"].update(created=1), "$.meta.created"),
        ("dash.get", lambda body: body["dashboard"]["panels"].append({}), "$.dashboard.panels"),
        ("folder.list", lambda body: body.reverse(), "$[0].uid"),
        ("folder.create", lambda body: body.update(parentUid=""), "$"),
    ],
)
def test_a_changed_body_is_reported(row_id: str, alter: Callable[[Any], None], path: str) -> None:
    row = _row(row_id)
    found = Comparer().differences(row, _altered(row, alter))
    assert any(f"{path} " in line for line in found), found


def test_what_is_volatile_may_differ_in_value_only() -> None:
    row = _row("folder.create")
    other = _altered(row, lambda body: body.update(id=77, created="2027-01-01T00:00:00Z"))
    assert Comparer().differences(row, other) == []


def test_a_random_uid_has_to_stay_the_same() -> None:
    comparer = Comparer()
    created, listed = _row("ds.create.unknowntype"), _row("ds.list.default")
    uid = created["response"]["body"]["datasource"]["uid"]
    other = _altered(created, lambda body: body["datasource"].update(uid="another-1"))
    assert comparer.differences(created, other) == []

    def answer(name: str) -> Answer:
        rows = [
            {"uid": name if known == uid else known, "isDefault": default}
            for known, default in listed["response"]["body"]
        ]
        good = _as_recorded(listed)
        return Answer(200, good.headers, json.dumps(rows).encode())

    assert comparer.differences(listed, answer("another-1")) == []
    assert comparer.differences(listed, answer("another-2")) != []


def test_a_body_that_is_none_is_reported() -> None:
    row = _row("dash.get")
    good = _as_recorded(row)
    assert len(Comparer().differences(row, Answer(200, good.headers, b"<html>"))) == 1


def test_a_replay_against_a_server_in_another_state_fails(tmp_path: Path) -> None:
    # Without its two folders the first dashboard has nowhere to go.
    rows = [_row("dash.create"), _row("dash.get")]
    outcome = run_instance(Instance(), rows, tmp_path)
    assert outcome["dash.create"][0].startswith("status is 400, recorded 200")
    assert outcome["dash.get"][0].startswith("status is 404, recorded 200")


def test_an_event_without_a_way_to_replay_it_fails(tmp_path: Path) -> None:
    outcome = run_instance(Instance(starts=False), [_row("pw.firstboot.1")], tmp_path)
    assert outcome["pw.firstboot.1"][0].startswith("the replay broke off: KeyError")


def test_a_changed_server_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.standins.grafana.saving._UID_MAX", 39)
    row = _row("folder.create.uid40")
    outcome = run_instance(Instance(in_thread=True), [row], tmp_path)
    assert outcome[row["id"]][0].startswith("status is 400, recorded 200")
