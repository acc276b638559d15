"""What newer releases keep beside their database, and what becomes of it in a backup and an uninstallation."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup.sources import Grafana
from ansible_collections.llmmon.stack.plugins.module_utils.backup.workplace import Workplace
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import in_data


@pytest.fixture
def backed_up(tmp_path: Path) -> Callable[[str], list[str]]:
    """What a backup holds of a Grafana that keeps such a file beside its database."""

    def members(file: str) -> list[str]:
        configuration, data, workplace = tmp_path / "etc", tmp_path / "data", Workplace(tmp_path)
        (configuration / CURRENT).mkdir(parents=True)
        (configuration / CURRENT / "grafana.ini").write_text("")
        (data / file).parent.mkdir(parents=True)
        sqlite3.connect(data / "grafana.db").close()
        (data / file).write_text("{}")
        workplace.open(tmp_path / "partial")
        return [member.path for member in Grafana(configuration, data).members(workplace)]

    return members


@pytest.mark.documented("search-index", majors=(12, 13))
def test_the_index_of_the_search_is_in_no_backup(backed_up: Callable[[str], list[str]]) -> None:
    """It lies in the data directory, is locked and written to while Grafana runs, and is built where it is missing.

    Source: grafana/grafana pull requests 98260 of 2024-12 (under the data directory), 115953 of 2026-01 (the path, and
    the lock) and 128662 of 2026-07 (an index that cannot be used is built anew).

    Left out: what a Grafana does with a torn index, which none of them says.
    """
    assert backed_up("unified-search/bleve/default/dashboards.dashboard.grafana.app/1/store/root.bolt") == [
        "grafana/grafana.db"
    ]
    assert in_data("grafana", "unified-search")


@pytest.mark.documented("storage-state", majors=(12,))
def test_what_is_said_of_the_migration_goes_with_the_database(backed_up: Callable[[str], list[str]]) -> None:
    """12.0 wrote to a file what is migrated; without it a later release migrates again, over what is newer.

    Source: grafana/grafana pull request 122884 of 2026-04-16 (12.4.4), "the dualwrite.json file in the datapath".
    """
    assert backed_up("dualwrite.json") == ["grafana/grafana.db", "grafana/data/dualwrite.json"]
    assert in_data("grafana", "dualwrite.json")


@pytest.mark.documented("storage-state", majors=(12, 13))
def test_the_directory_of_the_new_api_is_grafana_s_own() -> None:
    """The new API keeps certificates, or a storage of its own where it is set so, in a directory beside the database.

    Source: grafana/grafana pkg/storage/unified (NewFileBackend) and pkg/services/apiserver (newConfig), which join the
    data directory and "grafana-apiserver".
    """
    assert in_data("grafana", "grafana-apiserver")
    assert not in_data("grafana", "mine")
