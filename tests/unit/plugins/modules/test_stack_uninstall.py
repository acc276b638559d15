"""What goes when the stack is removed, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.modules.stack_uninstall import archives, configuration, data_of, is_ours

OLDER, CURRENT_ONE = "20260101T000000.000000Z", "20260102T000000.000000Z"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A configuration of two releases, and a file of somebody else's."""
    for service in ("prometheus", "grafana"):
        for name in (OLDER, CURRENT_ONE):
            (tmp_path / service / name).mkdir(parents=True)
        (tmp_path / service / "mine.txt").touch()
        releases = Releases(tmp_path / service)
        releases.point(CURRENT, CURRENT_ONE)
        releases.point(RUNNING, CURRENT_ONE)
    return tmp_path


def names(paths: list[Path]) -> set[str]:
    return {path.name for path in paths}


def test_all_of_a_configuration_goes_but_not_what_somebody_else_put_there(root: Path) -> None:
    assert names(configuration(root, "prometheus", keep_key=True)) == {CURRENT, RUNNING, OLDER, CURRENT_ONE}


def test_the_release_with_grafanas_key_stays_with_the_data(root: Path) -> None:
    assert names(configuration(root, "grafana", keep_key=True)) == {OLDER}
    assert names(configuration(root, "grafana", keep_key=False)) == {CURRENT, RUNNING, OLDER, CURRENT_ONE}


def test_only_archives_are_backups(tmp_path: Path) -> None:
    ours = {
        "llm_monitoring_backup_20260102_030405_full.tar.gz",
        "llm_monitoring_backup_20260102_030405_full.tar.gz.sha256",
        "llm_monitoring_backup_20260102_030405_config.tar.gz.gpg",
    }
    for name in (*ours, "mine.tar.gz", "llm_monitoring_backup_mine.tar.gz", "notes.sha256"):
        (tmp_path / name).touch()
    assert names(archives(tmp_path)) == ours
    assert archives(tmp_path / "missing") == []


def test_data_behind_a_link_are_found_and_missing_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "wal").mkdir()
    (tmp_path / "prometheus").symlink_to(tmp_path / "disk")
    assert names(data_of(tmp_path, "prometheus")) == {"wal"}
    assert data_of(tmp_path, "grafana") == []


def test_a_container_is_told_by_its_label_and_not_by_its_name() -> None:
    assert is_ours({"Config": {"Labels": {"llmmon.service": "grafana"}}})
    assert not is_ours({"Config": {"Labels": {"other": "grafana"}}})
    assert not is_ours({"Config": {"Labels": None}})
