"""What a restore writes into a release that came out of an archive."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import File, Releases, new_name
from ansible_collections.llmmon.stack.plugins.module_utils.restore.staging import set_secret

pytestmark = pytest.mark.usefixtures("as_root")


def test_a_secret_that_a_restore_sets_is_no_edit_and_nobody_asked_for_it(tmp_path: Path) -> None:
    releases, name = Releases(tmp_path), new_name()
    release = releases.write(name, [File("secrets/secret_key", "old", secret=True)], 4711, asked="words")
    set_secret(release, "secrets/secret_key", b"old")
    assert releases.asked(name) == "words"
    set_secret(release, "secrets/secret_key", b"new")
    assert releases.edited_by_hand(name) == []
    # So that the next deployment compares file by file, and puts in what the inventory says.
    assert releases.asked(name) == ""
