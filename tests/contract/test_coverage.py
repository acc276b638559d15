"""The whole recording is accounted for: each row is replayed, or left out for a stated reason."""

from __future__ import annotations

import fnmatch

from . import recorded
from .comparing import VIEWS
from .instances import INSTANCES


def test_every_row_is_replayed_or_out_of_scope() -> None:
    replayed = {row["id"] for row in recorded.rows()}
    left_out = {row_id for row_id in recorded.all_ids() if recorded.is_out_of_scope(row_id)}
    assert len(recorded.all_ids()) == 627
    assert replayed | left_out == set(recorded.all_ids())
    assert replayed & left_out == set()


def test_every_reason_is_stated_and_needed() -> None:
    for pattern, reason in recorded.out_of_scope().items():
        assert reason, f"{pattern} has no reason."
        assert fnmatch.filter(recorded.all_ids(), pattern), f"{pattern} fits no row."


def test_rows_are_replayed_in_recorded_order() -> None:
    order = {row_id: place for place, row_id in enumerate(recorded.all_ids())}
    places = [order[row["id"]] for row in recorded.rows()]
    assert places == sorted(places)


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
    assert noted - known_whole == set(VIEWS) - {"proxy.labels", "proxy.buildinfo"}
