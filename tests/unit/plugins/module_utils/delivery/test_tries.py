"""What a host remembers of its receivers."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Tries, Try, fingerprint

ENTRY = Try("2026-01-02T03:04:05Z", True, "0a1b")


def test_what_was_tried_is_remembered_in_place_of_what_was_before(tmp_path: Path) -> None:
    tries = Tries(tmp_path / "receivers.json")
    assert tries.read() == {}
    tries.note({"slack": ENTRY, "gone": ENTRY})
    tries.note({"slack": ENTRY, "email": Try("2026-01-02T03:04:05Z", False, "")})
    assert tries.read() == {"slack": ENTRY, "email": Try("2026-01-02T03:04:05Z", False, "")}
    assert (tmp_path / "receivers.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"slack": 1}', '{"slack": {"at": 1, "reached": true, "settings": "a"}}', "\x00"]
)
def test_what_cannot_be_read_was_never_tried(content: str, tmp_path: Path) -> None:
    (tmp_path / "receivers.json").write_text(content)
    assert Tries(tmp_path / "receivers.json").read() == {}


def test_a_fingerprint_is_of_the_settings_and_of_the_receiver_s_own_secrets(tmp_path: Path) -> None:
    (tmp_path / "slack.webhook_url").write_text("https://hooks.example/a")
    (tmp_path / "slack-payments.webhook_url").write_text("https://hooks.example/p")
    before = fingerprint("slack", "settings", str(tmp_path))
    assert "hooks" not in before
    (tmp_path / "slack-payments.webhook_url").write_text("https://hooks.example/changed")
    assert fingerprint("slack", "settings", str(tmp_path)) == before
    assert fingerprint("slack", "others", str(tmp_path)) != before
    (tmp_path / "slack.webhook_url").write_text("https://hooks.example/b")
    assert fingerprint("slack", "settings", str(tmp_path)) != before
    # Without a directory, or without the right to see one, there is none to compare.
    assert fingerprint("slack", "settings", None) == fingerprint("slack", "settings", str(tmp_path / "none"))
