"""The whole recording is accounted for: what llmmon asks is replayed, or left out for a stated reason."""

from __future__ import annotations

import fnmatch

import pytest

from tests.standins.grafana import routes

from . import asked, recorded
from .comparing import VIEWS
from .instances import INSTANCES


def _exchanges() -> list[recorded.Row]:
    return [row for row in recorded.rows() if row.get("kind") != "event"]


def _is_asked(row_id: str) -> bool:
    """Whether llmmon asks this of Grafana; what an event is about shows in its reason only."""
    request = recorded.recording()[row_id]
    return request is None or asked.pair(*request) in asked.pairs()


def test_what_is_asked_is_replayed_and_nothing_else() -> None:
    assert len(recorded.recording()) == 627
    in_scope = [row_id for row_id in recorded.recording() if _is_asked(row_id) and not recorded.is_out_of_scope(row_id)]
    assert [row["id"] for row in recorded.rows()] == in_scope


def test_the_list_of_the_recording_says_what_the_rows_say() -> None:
    for row in recorded.rows():
        request = row.get("request")
        wanted = (request["method"], request["path"]) if request else None
        assert recorded.recording()[row["id"]] == wanted


def test_the_stand_in_serves_what_is_asked_and_nothing_else() -> None:
    assert {(route.method, "/".join(route.pattern)) for route in routes.ROUTES} == asked.pairs()


def test_all_that_is_asked_was_recorded() -> None:
    assert {asked.pair(row["request"]["method"], row["request"]["path"]) for row in _exchanges()} == asked.pairs()


def test_a_request_that_9_4_does_not_know_is_sent_by_a_client() -> None:
    assert asked.NOT_IN_9_4 in asked.by_the_clients()
    assert asked.pair(*asked.NOT_IN_9_4) is None


@pytest.mark.parametrize(("file", "words"), [entry[2:] for entry in asked.ELSEWHERE])
def test_what_is_asked_elsewhere_still_is(file: str, words: str) -> None:
    assert words in (asked.REPOSITORY / file).read_text(encoding="utf-8")


def test_every_reason_is_stated_and_needed() -> None:
    relevant = [row_id for row_id in recorded.recording() if _is_asked(row_id)]
    for pattern, reason in recorded.out_of_scope().items():
        assert reason, f"{pattern} has no reason."
        assert fnmatch.filter(relevant, pattern), f"{pattern} fits no row that would be replayed otherwise."


def test_every_step_of_the_replay_belongs_to_a_row() -> None:
    by_instance: dict[str, set[str]] = {}
    for row in recorded.rows():
        by_instance.setdefault(row["instance"], set()).add(row["id"])
    assert set(INSTANCES) == set(by_instance)
    for name, instance in INSTANCES.items():
        steps = {*instance.before, *instance.after, *instance.events, *instance.rewrite}
        assert steps <= by_instance[name], name


def test_every_reduced_body_is_looked_at_on_purpose() -> None:
    known_whole = {
        # The recorder's note stands at these rows too, but their bodies are whole.
        "sa.token",
        "sa.token.ttl",
        "sa.token.ttl2",
        "dash.title.same.after.new",
        "dash.id.changeuid.old",
        "prov.folder.delete.after",
        "subpath.health.root",
        "subpath.org.root",
        "subpath.post.root",
    }
    noted = {row["id"] for row in recorded.rows() if "note" in row}
    assert noted - known_whole == set(VIEWS)
