"""No secret is in what Alertmanager says."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.masking import masked, secrets_in
from ansible_collections.llmmon.stack.plugins.module_utils.errors import HIDDEN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a s3cret b", f"a {HIDDEN} b"),
        ("Post https://hooks.example/services/T0/B0/abcdefgh: EOF", f"Post {HIDDEN}: EOF"),
        ("404 for /services/T0/B0/abcdefgh", f"404 for {HIDDEN}"),
        ("no token abcdefgh here", f"no token {HIDDEN} here"),
        ("see https://other.example/a?b=c now", f"see https://other.example/{HIDDEN} now"),
        ("dial tcp 10.0.0.1:25: refused by hooks.example", "dial tcp 10.0.0.1:25: refused by hooks.example"),
    ],
)
def test_secrets_are_masked(text: str, expected: str) -> None:
    assert masked(text, ["https://hooks.example/services/T0/B0/abcdefgh", "s3cret", ""]) == expected


def test_secrets_are_read_from_their_directory(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one\n")
    (tmp_path / "folder").mkdir()
    assert secrets_in(str(tmp_path)) == ["one"]
    assert secrets_in(str(tmp_path / "nothing")) == secrets_in(None) == []
