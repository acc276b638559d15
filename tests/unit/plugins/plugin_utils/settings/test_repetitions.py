"""Keys that YAML would forget."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.repetitions import repetition_problems

TWICE = "llmmon_receivers:\n  slack: {webhook_url: https://a/s3cret}\n  email: {}\n  slack: {webhook_url: https://b}\n"


def write(directory: Path, path: str, text: str) -> Path:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


@pytest.mark.parametrize("path", ["group_vars/llmmon/main.yml", "host_vars/h.yaml", "group_vars/all"])
def test_a_name_that_appears_twice_is_told_with_its_file(path: str, tmp_path: Path) -> None:
    file = write(tmp_path, path, TWICE)
    assert repetition_problems([str(tmp_path), ""], ["llmmon_receivers"]) == [
        f"llmmon_receivers: the name slack appears twice in {file}"
    ]
    # An inventory beside the playbooks is told of once.
    assert len(repetition_problems([str(tmp_path), str(tmp_path)], ["llmmon_receivers"])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "llmmon_receivers:\n  slack: {a: 1}\n  slack-two: {a: 1}\n",
        # Elsewhere it is not for us to say.
        "other:\n  slack: 1\n  slack: 2\n",
        "llmmon_receivers: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n",
        "llmmon_receivers: '{{ {} }}'\n",
        "llmmon_receivers: {[1, 2]: x, [1, 2]: y}\n",
        "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
        "a: b: c\n",
        "- a\n",
        "",
    ],
)
def test_what_is_no_repetition(text: str, tmp_path: Path) -> None:
    write(tmp_path, "group_vars/llmmon/main.yml", text)
    write(tmp_path, "group_vars/llmmon/notes.txt", TWICE)
    write(tmp_path, "elsewhere/main.yml", TWICE)
    assert repetition_problems([str(tmp_path)], ["llmmon_receivers"]) == []
