"""Whether somebody is told, asked of servers that answer as Alertmanager does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Tries, Try, fingerprint
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.receivers import look_at_receivers, verify_receivers

from tests.support.loopback import Answer, Server, as_json, unused_port

ASKED = "GET /api/v2/receivers"


def options(*urls: str, **more: Any) -> dict[str, Any]:
    usual = {"own": True, "wanted": [], "record": None, "secrets_directory": None, "required": True, "judge": True}
    return {"urls": list(urls), **usual, **more}


def test_who_is_in_force_is_what_alertmanager_says(server: Server, tmp_path: Path) -> None:
    server.answers[ASKED] = as_json([{"name": "nobody"}, {"name": "slack"}])
    (tmp_path / "slack.webhook_url").write_text("s3cret")
    record = tmp_path / "receivers.json"
    Tries(record).note({"slack": Try("2026-01-02T03:04:05Z", True, fingerprint("slack", "0a", str(tmp_path)))})
    asked = options(
        server.url,
        wanted=[{"name": "slack", "settings": "0a"}],
        record=str(record),
        secrets_directory=str(tmp_path),
    )
    assert verify_receivers(asked) == {
        "names": ["slack"],
        "nobody": False,
        "line": "receivers: slack (tried 2026-01-02T03:04Z)",
        "why": "",
    }
    (tmp_path / "slack.webhook_url").write_text("another")
    assert "slack (not tried)" in look_at_receivers(asked)["line"]


def test_nobody_fails_a_proof_unless_it_is_meant(server: Server) -> None:
    server.answers[ASKED] = as_json([{"name": "nobody"}])
    with pytest.raises(NotProved, match="nobody is told of alerts, because Alertmanager has no receiver") as raised:
        verify_receivers(options(server.url))
    assert raised.value.facts["line"].startswith("receivers: NOBODY is told")
    assert verify_receivers(options(server.url, required=False))["line"].endswith("required: false allows")
    # Where it is no matter of proof, as in an upgrade, it is said all the same.
    for found in (verify_receivers(options(server.url, judge=False)), look_at_receivers(options(server.url))):
        assert found["nobody"]
        assert "because Alertmanager has no receiver: set llmmon_receivers" in found["line"]


@pytest.mark.parametrize("answer", [Answer(status=503), as_json({"a": 1}), Answer(body=b"<html>")])
def test_an_answer_that_says_nothing_is_not_nobody(answer: Answer, server: Server) -> None:
    server.answers[ASKED] = answer
    assert "not known" in verify_receivers(options(server.url))["line"]


def test_of_several_elsewhere_one_that_answers_is_enough(server: Server) -> None:
    server.answers[ASKED] = as_json([{"name": "nobody"}, {"name": "slack"}])
    found = verify_receivers(options(f"http://127.0.0.1:{unused_port()}", server.url, own=False))
    assert found["names"] == ["slack"]
    with pytest.raises(NotProved, match="sends them to no Alertmanager"):
        verify_receivers(options(own=False))
