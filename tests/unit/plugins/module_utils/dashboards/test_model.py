"""How it shows in Grafana whose a dashboard is: by a tag and by the message of a version."""

from __future__ import annotations

from tests.support.dashboards import MODEL, OWNER, dashboard


def test_the_owner_s_tag_is_not_part_of_the_content() -> None:
    assert dashboard(tags=["a", OWNER.tag, "b"]).model == MODEL
    assert "tags" not in dashboard(tags=[OWNER.tag]).model
    assert "tags" not in dashboard(tags=[]).model
    assert OWNER.tagged(MODEL)["tags"] == ["a", "b", "managed-by-llmmon"]


def test_the_message_of_a_version_names_its_owner_and_what_was_pushed() -> None:
    assert OWNER.pushed("Pushed by llmmon (llmmon 0123456789abcdef)") == "0123456789abcdef"
    assert OWNER.pushed("Pushed by llmmon (llmmon 0123456789abcdef) or not") is None
