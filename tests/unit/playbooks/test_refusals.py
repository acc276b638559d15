"""What every playbook refuses before it touches a host.

The host of these tests cannot be reached, so each touch would fail.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.support.stack import PLAY_SECONDS

REPOSITORY = Path(__file__).resolve().parents[3]
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
PLAYBOOKS = sorted(path for path in (REPOSITORY / "playbooks").glob("*.yml") if path.name != "preflight.yml")
ROLES = sorted(path for path in (REPOSITORY / "roles").iterdir() if path.name != "common")

GATEWAYS = [{"name": "proxy", "targets": ["proxy:8000"]}]
CANARY = {
    "name": "chat",
    "gateway": "proxy",
    "url": "http://proxy:8000/v1",
    "model": "m",
    "cap": {"requests_per_hour": 9},
}
# The discard port of loopback, where nothing listens.
HOST = {"ansible_host": "127.0.0.1", "ansible_port": 9, "llmmon_gateways": GATEWAYS}

RESTORED = {"archive": "x.tar.gz", "confirm": "yes"}


def run(playbook: str, folder: Path, inventory: dict[str, Any], *arguments: str) -> tuple[int, str]:
    """Run a playbook; its exit code, and its output as one line."""
    path = folder / "hosts.yml"
    path.write_text(json.dumps(inventory))
    done = subprocess.run(
        [str(ANSIBLE_PLAYBOOK), "-i", str(path), str(REPOSITORY / "playbooks" / playbook), *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=PLAY_SECONDS,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_playbook_begins_with_the_checks(playbook: Path) -> None:
    """So that what is seen of two of them below holds for all."""
    first, *plays = yaml.safe_load(playbook.read_text())
    assert first["ansible.builtin.import_playbook"] == "preflight.yml"
    for task in (task for play in plays for task in play["tasks"] if "ansible.builtin.meta" not in task):
        # One that is included is a single line of the runs that do without it.
        role = task.get("ansible.builtin.import_role") or task["ansible.builtin.include_role"]
        assert role["name"].startswith("llmmon.stack."), task


def test_the_version_of_ansible_is_checked_before_all_else() -> None:
    """An older one reads the playbooks, and would break off in the middle, where a filter needs what it has not."""
    tasks = REPOSITORY / "roles" / "common" / "tasks"
    (first, *_) = yaml.safe_load((REPOSITORY / "playbooks" / "preflight.yml").read_text())[0]["tasks"]
    assert first["ansible.builtin.import_role"]["tasks_from"] == "check_ansible"
    # And in a play of one's own, of which a role is the first that runs.
    assert yaml.safe_load((tasks / "main.yml").read_text())[0]["ansible.builtin.import_tasks"] == "check_ansible.yml"
    (check,) = yaml.safe_load((tasks / "check_ansible.yml").read_text())
    condition = check["ansible.builtin.assert"]["that"]
    for version, is_taken in (("2.18.19", False), ("2.16.3", False), ("2.19.0", True), ("2.21.5", True)):
        templar = Templar(loader=DataLoader(), variables={"ansible_version": {"full": version}})
        assert templar.template(trust_as_template(f"{{{{ {condition} }}}}")) is is_taken


def test_a_role_that_is_imported_is_not_checked_by_ansible_again() -> None:
    """Ansible's own check of a role's arguments would run whatever the tags, also of steps whose turn it is not."""
    paths = [*PLAYBOOKS, *(path for role in ROLES for path in (role / "tasks").glob("*.yml"))]
    imports = [task for path in paths for task in re.findall(r"import_role:\n((?: +\w+: .*\n)+)", path.read_text())]
    assert len(imports) > 20
    assert [task for task in imports if "rolespec_validate: false\n" not in task] == []


# What people and playbooks name. The role container is named by other roles alone, after their own check.
ENTRIES = [
    *(role / "tasks" / "main.yml" for role in ROLES if role.name not in ("common", "container")),
    REPOSITORY / "roles" / "grafana" / "tasks" / "export.yml",
    REPOSITORY / "roles" / "status" / "tasks" / "logs.yml",
]


@pytest.mark.parametrize("path", ENTRIES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_every_role_has_the_settings_checked_first(path: Path) -> None:
    first = yaml.safe_load(path.read_text())[0]
    if path.parent.parent.name == "upgrade":
        assert first["ansible.builtin.import_role"]["tasks_from"] == "check_services"
        path = REPOSITORY / "roles" / "common" / "tasks" / "check_services.yml"
        first = yaml.safe_load(path.read_text())[0]
    # Once a play: a role that is used after another one has nothing more to check.
    expected = {"name": "llmmon.stack.common", "allow_duplicates": False, "rolespec_validate": False}
    assert first["ansible.builtin.import_role"] == expected
    assert set(first) == {"name", "ansible.builtin.import_role"}, "neither may a condition leave it out"


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_no_role_is_loaded_again_for_each_entry_point_of_another(role: Path) -> None:
    """As a dependency, common took a tenth of a run that changes nothing: it was loaded 24 times."""
    assert yaml.safe_load((role / "meta" / "main.yml").read_text())["dependencies"] == []


@pytest.mark.parametrize("playbook", ["site.yml", "backup.yml"])
def test_a_variable_that_nobody_knows_is_refused(playbook: str, tmp_path: Path) -> None:
    inventory = {"llmmon": {"hosts": {"monitoring": HOST}, "vars": {"llmmon_recievers": {}}}}
    code, output = run(playbook, tmp_path, inventory)
    assert code == 2, output
    assert "llmmon_recievers is not a variable of llmmon; did you mean llmmon_receivers?" in output
    assert "unreachable=0" in output


@pytest.mark.parametrize(("playbook", "arguments"), [("site.yml", ()), ("logs.yml", ("--limit", "elsewhere"))])
def test_an_inventory_without_a_host_is_refused(playbook: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    code, output = run(playbook, tmp_path, {"others": {"hosts": {"elsewhere": HOST}}}, *arguments)
    assert code == 2, output
    assert "The inventory has no host in the group llmmon" in output
    assert "unreachable=0" in output


@pytest.mark.parametrize(
    ("playbook", "variables", "expected"),
    [
        ("backup.yml", {"llmmon_backup_encryption": "pgp"}, "llmmon_backup_encryption is 'pgp', but must be one of"),
        ("logs.yml", {"lines": "many"}, "llmmon_lines is 'many', but must be a whole number"),
        ("site.yml", {"llmmon_gateways": "proxy:8000"}, "llmmon_gateways is 'proxy:8000', but must be a list"),
        (
            "site.yml",
            {"llmmon_prometheus_scrape_interval": 15},
            "scrape_interval is 15, but must be a duration",
        ),
        ("status.yml", {"llmon_receivers": {}}, "llmon_receivers is not a variable of llmmon; did you mean llmmon_rec"),
        (
            "site.yml",
            {"llmmon_grafana_admin_password": "your_secure_password"},
            "the placeholder your_secure_pass",
        ),
        # Its container would start: with flags and a configuration that nobody has tried with it.
        (
            "site.yml",
            {"llmmon_prometheus_version": "2.40.0"},
            "prometheus 2.40.0 is older than 2.53.0, the oldest that",
        ),
        ("upgrade.yml", {"llmmon_alertmanager_version": "0.27.0"}, "set llmmon_alertmanager_version to a later one"),
        ("site.yml", {"llmmon_canaries": [{**CANARY, "cap": {}}]}, "chat has no cap, and would spend without end"),
        (
            "site.yml",
            {"llmmon_canaries": [{**CANARY, "intervals": "1m"}]},
            "does not know; did you mean interval?",
        ),
        ("site.yml", {"llmmon_docs": True}, 'llmmon_docs_source, "", is no folder with a built site'),
        ("upgrade.yml", {"llmmon_thanos_components": ["store"]}, "llmmon_thanos_components has store, which needs"),
        ("site.yml", {"llmmon_backup_restic_repository": "/x"}, "is set without llmmon_backup_restic_password_file"),
        ("restore.yml", {**RESTORED, "llmmon_grafana_ldap_file": "none.toml"}, "llmmon_grafana_ldap_file: the file"),
        ("restore.yml", {**RESTORED, "llmmon_routes": [{"receivers": ["nobody"]}]}, "llmmon_routes, route 1"),
        ("site.yml", {"llmmon_hosts": [{"name": "gpu-1"}]}, "gpu-1 has neither node nor gpu; give it the URL"),
        ("verify.yml", {"ansible_host": "192.0.2.10"}, "ansible_host is 192.0.2.10, an address for examples"),
    ],
)
def test_a_wrong_value_is_one_screen(playbook: str, variables: dict[str, Any], expected: str, tmp_path: Path) -> None:
    inventory = {"llmmon": {"hosts": {"monitoring": HOST}}}
    code, output = run(playbook, tmp_path, inventory, "--extra-vars", json.dumps(variables))
    assert code == 2, output
    assert expected in output
    assert "unreachable=0" in output
    # The specification as a whole, which Ansible's own check prints, is ten times as long.
    assert len(output) < 2000, len(output)


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_what_others_build_on_is_told_first(seed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong gateway before a wrong receiver, and not the one or the other by chance."""
    monkeypatch.setenv("PYTHONHASHSEED", seed)
    wrong = {"llmmon_prometheus_version": "2.40.0", "llmmon_alertmanager_version": "0.27.0"}
    code, output = run("site.yml", tmp_path, {"llmmon": {"hosts": {"monitoring": HOST}, "vars": wrong}})
    assert (code, "prometheus 2.40.0 is older" in output, "0.27.0" in output) == (2, True, False), output


def test_a_canary_below_a_cap_is_taken(tmp_path: Path) -> None:
    inventory = {"llmmon": {"hosts": {"monitoring": {**HOST, "llmmon_canaries": [CANARY]}}}}
    code, output = run("site.yml", tmp_path, inventory)
    assert (code, "UNREACHABLE" in output) == (4, True), output


def test_an_archive_is_restored_onto_one_host_at_a_time(tmp_path: Path) -> None:
    inventory = {"llmmon": {"hosts": {"one": HOST, "two": HOST}}}
    archive = ("-e", "archive=x.tar.gz", "-e", "confirm=yes")
    code, output = run("restore.yml", tmp_path, inventory, *archive)
    assert (code, "this run is for one, two: add --limit HOST" in output) == (2, True), output
    assert "UNREACHABLE" not in output
    code, output = run("restore.yml", tmp_path, inventory, *archive, "--limit", "two")
    assert (code, "UNREACHABLE" in output) == (4, True), output


def test_what_an_inventory_calls_by_a_short_name_confirms_nothing(tmp_path: Path) -> None:
    """Only the command line may use short names: others use them for other things."""
    play = tmp_path / "play.yml"
    play.write_text(
        json.dumps(
            [
                {
                    "hosts": "llmmon",
                    "gather_facts": False,
                    "roles": ["llmmon.stack.common"],
                    "tasks": [{"debug": {"msg": "confirmed: {{ llmmon_confirm | bool }}"}}],
                }
            ]
        )
    )
    inventory = {"llmmon": {"hosts": {"monitoring": HOST}, "vars": {"confirm": True, "archive": "x"}}}
    code, output = run(str(play), tmp_path, inventory)
    assert (code, "confirmed: false" in output.lower()) == (0, True), output
    code, output = run(str(play), tmp_path, inventory, "-e", "confirm=yes")
    assert (code, "confirmed: true" in output.lower()) == (0, True), output


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "house.yml",
            "requests: [{metrics: [x_total]}]\nrequest: []\n",
            "house.yml has a key that means nothing: request;",
        ),
        ("vllm.yml", "requests: [{metrics: [x_total]}]\n", "vllm.yml has the name of a kind that comes with llmmon;"),
    ],
)
def test_a_kind_of_the_users_own_is_checked(name: str, content: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / name).write_text(content)
    gateways = [{"name": "proxy", "kind": "house", "targets": ["proxy:8000"]}]
    variables = {"llmmon_presets_directory": "presets", "llmmon_gateways": gateways}
    (tmp_path / "inventory").mkdir()
    inventory = {"llmmon": {"hosts": {"monitoring": {**HOST, **variables}}}}
    code, output = run("site.yml", tmp_path / "inventory", inventory)
    assert code == 2, output
    assert expected in output
    assert "unreachable=0" in output


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("llmmon_prometheus_rule_files", ["files/none.yml"]),
        ("llmmon_prometheus_scrape_config_files", ["files/none.yml"]),
        ("llmmon_alertmanager_template_files", ["files/none.tmpl"]),
        ("llmmon_grafana_dashboard_files", ["files/none.json"]),
        ("llmmon_grafana_folders", [{"uid": "team", "title": "Team", "files": ["files/none.json"]}]),
        ("llmmon_grafana_ldap_file", "files/none.toml"),
    ],
)
def test_a_file_of_the_users_own_that_is_not_there_is_missed(variable: str, value: Any, tmp_path: Path) -> None:
    inventory = {"llmmon": {"hosts": {"monitoring": {**HOST, variable: value}}}}
    code, output = run("site.yml", tmp_path, inventory)
    assert code == 2, output
    assert re.search(rf"{variable}: the file files/none[.]\w+ cannot be read here: No such file", output), output
    assert "unreachable=0" in output


def test_a_file_of_the_users_own_is_looked_for_beside_the_inventory(tmp_path: Path) -> None:
    """And nothing in that folder is taken for a part of the inventory."""
    (tmp_path / "files").mkdir()
    rule = {"alert": "Watchdog", "expr": "vector(1)"}
    (tmp_path / "files" / "own.yml").write_text(yaml.safe_dump({"groups": [{"name": "own", "rules": [rule]}]}))
    variables = {"llmmon_prometheus_rule_files": ["files/own.yml"]}
    inventory = {"llmmon": {"hosts": {"monitoring": {**HOST, **variables}}}}
    code, output = run("site.yml", tmp_path, inventory, "-i", str(tmp_path))
    assert code == 2, output
    assert "duplicate rule name Watchdog in files/own.yml" in output
    assert "is not a valid group" not in output


def test_a_file_of_a_gateway_that_is_not_there_is_refused_and_one_beside_the_inventory_is_found(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x")
    gateway = {**GATEWAYS[0], "bearer_token_file": "token", "tls_config": {"ca_file": "no-ca.pem"}}
    inventory = {"llmmon": {"hosts": {"monitoring": {**HOST, "llmmon_gateways": [gateway]}}}}
    code, output = run("site.yml", tmp_path, inventory)
    assert code == 2, output
    sentence = (
        "llmmon_gateways: the tls_config.ca_file no-ca.pem of proxy cannot be read here: No such file or directory"
    )
    assert f"'{sentence}'" in output
    assert "unreachable=0" in output


@pytest.mark.parametrize(
    "variable",
    ["llmmon_prometheus_rule_files", "llmmon_prometheus_scrape_config_files", "llmmon_alertmanager_template_files"],
)
def test_two_files_that_would_be_one_on_the_host_are_refused(variable: str, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "node.yml").write_text("{}")
    inventory = {"llmmon": {"hosts": {"monitoring": {**HOST, variable: ["a/node.yml", "b/node.yml"]}}}}
    code, output = run("site.yml", tmp_path, inventory)
    assert code == 2, output
    assert f"'{variable}: two files are called node.yml; they would be one on the host, so rename one'" in output
    assert "unreachable=0" in output


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({}, "needs llmmon_prometheus_external_labels, such as {site: seoul}"),
        ({"site": "a"}, "llmmon_prometheus_external_labels are the same as those of"),
    ],
)
def test_hosts_whose_samples_an_engine_could_not_tell_apart_are_refused(
    labels: dict[str, str], words: str, tmp_path: Path
) -> None:
    written = {
        "llmmon_remote_write": [{"name": "central", "url": "https://engine.example/api/v1/write"}],
        "llmmon_prometheus_external_labels": labels,
    }
    inventory = {"llmmon": {"hosts": {"one": HOST, "two": HOST}, "vars": written}}
    code, output = run("site.yml", tmp_path, inventory)
    assert code == 2, output
    assert words in output
    assert "unreachable=0" in output
