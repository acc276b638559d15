"""Each block of the page about Thanos can be copied, and does what it says as far as no host is needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.llmmon.stack.plugins.module_utils.backup.grafana_database import (
    PostgresSettings,
    database_settings,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thanos import thanos_problems

from tests.support import exposition
from tests.support.rendering import REPOSITORY, render_tree, role_variables

PAGE = REPOSITORY / "docs" / "operations" / "thanos.md"
ROLES = REPOSITORY / "roles"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ONE_HOST, SHARED, BUCKET = ("llmmon_thanos_components", "llmmon_shard", "llmmon_thanos_object_storage")
TWO = "two to look at"


def blocks() -> dict[str, dict[str, Any]]:
    """The blocks by what they are about, with what a user has in the vault."""
    known: dict[str, Any] = {"inventory_hostname": "querying-1", "groups": {"querying": ["querying-1", "querying-2"]}}
    known |= {f"vault_grafana_{name}": f"the-{name}" for name in ("database_password", "admin_password", "secret_key")}
    known["vault_bucket_access_key"] = "the-access-key"
    found = {}
    for text in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        loaded = DataLoader().load(text)
        templar = Templar(loader=DataLoader(), variables=known)
        block = {name: templar.template(_trusted(value)) for name, value in loaded.items()}
        found[TWO if "llmmon_grafana_ini" in block else next(iter(block))] = block
    return found


def _trusted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _trusted(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_trusted(entry) for entry in value]
    return trust_as_template(value) if isinstance(value, str) else value


def problems(block: dict[str, Any], places: list[str]) -> list[str]:
    variables = role_variables(ROLES / "thanos")
    names = ("llmmon_thanos_compactor_elsewhere", "llmmon_thanos_retention_raw", "llmmon_thanos_retention_5m")
    settings = {name: variables[name] for name in names}
    settings |= {"llmmon_services": ["prometheus"], "llmmon_prometheus_extra_flags": []}
    settings |= {"llmmon_thanos_object_storage": {}, "llmmon_prometheus_external_labels": {"replica": "one"}}
    return thanos_problems({**settings, **block}, {}, places)


def test_one_host_alone_is_taken(tmp_path: Path) -> None:
    assert problems(blocks()[ONE_HOST], [str(tmp_path)]) == []


def test_no_gateway_has_the_label_by_which_replicas_differ() -> None:
    """The querier takes it off: two series of a gateway that differ by it would be one."""
    scale = DataLoader().load_from_file(
        str(REPOSITORY / "inventories" / "scale" / "group_vars" / "llmmon" / "main.yml")
    )
    named = {block["llmmon_prometheus_replica_label"] for block in (blocks()[ONE_HOST], scale)}
    of_gateways = {name for page in exposition.pages() for sample in page.samples for name in sample.label_names}
    assert "replica" in of_gateways
    assert not named & of_gateways


def test_the_bucket_is_taken_once_its_files_are_there(tmp_path: Path) -> None:
    block = {**blocks()[BUCKET], "llmmon_thanos_components": ["store", "compact"]}
    assert len(problems(block, [str(tmp_path)])) == 2
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "bucket.key").write_text("a-key")
    storage = {name: value for name, value in block["llmmon_thanos_object_storage"].items() if name != "tls_config"}
    assert problems({**block, "llmmon_thanos_object_storage": storage}, [str(tmp_path)]) == []


def test_two_grafanas_share_a_database_whose_password_is_a_file(tmp_path: Path) -> None:
    block = blocks()[TWO]
    assert block["llmmon_thanos_components"] == ["store", "query", "compact"]
    ini = render_tree(
        ROLES / "grafana", **{name: block[name] for name in ("llmmon_grafana_ini", "llmmon_grafana_secrets")}
    )
    named = "$__file{/etc/llmmon/grafana/current/secrets/database}"
    assert f"password = {named}" in ini["grafana.ini"]
    assert "the-database_password" not in ini["grafana.ini"]
    # Where Grafana would find it.
    (tmp_path / "database").write_text("the-database_password")
    (tmp_path / "grafana.ini").write_text(ini["grafana.ini"].replace(named, f"$__file{{{tmp_path}/database}}"))
    found = database_settings(tmp_path / "grafana.ini", tmp_path)
    assert found == PostgresSettings(
        "db.example.org", "5432", "grafana", "grafana", "the-database_password", "verify-full"
    )


def test_what_is_said_of_shards_are_variables() -> None:
    assert set(blocks()[SHARED]) <= set(role_variables())
