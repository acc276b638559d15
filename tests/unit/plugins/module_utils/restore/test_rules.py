"""Which archives may be restored onto which versions and settings."""

from __future__ import annotations

import dataclasses
import hashlib
import re

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    GRAFANA_DUMP,
    FileRecord,
    Header,
    ServiceRecord,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_CONFIG, SCOPE_FULL
from ansible_collections.llmmon.stack.plugins.module_utils.restore.rules import (
    host_problems,
    name_problems,
    part_problems,
    secret_key_path,
    secret_key_problems,
    version_problems,
)

from tests.support.archives import header


def test_versions_are_compared_as_numbers() -> None:
    assert version_problems(header({}, alertmanager="0.9.0", grafana="9.4.0"), {"alertmanager": "0.33.1"}) == []
    assert version_problems(header({}, grafana="9.4.0"), {"grafana": "13.1.1"}) == []


@pytest.mark.parametrize(
    ("archived", "wanted", "scope", "reason"),
    [
        ("3.5.3", "2.53.3", SCOPE_FULL, "which versions before 2.55 cannot read"),
        ("3.0.0", "2.54.9", SCOPE_FULL, "which versions before 2.55 cannot read"),
        ("3.0.0", "2.55.0", SCOPE_FULL, None),
        ("2.53.3", "2.53.3", SCOPE_FULL, None),
        ("2.53.3", "3.5.3", SCOPE_FULL, None),
        # No data, so there is nothing that an old one could not read.
        ("3.5.3", "2.53.3", SCOPE_CONFIG, None),
        ("3.13.2", "3.5.3", SCOPE_FULL, "from 3.11 on retention is set in another place"),
        ("3.5.3", "3.13.2", SCOPE_CONFIG, "from 3.11 on retention is set in another place"),
        ("3.11.0", "3.13.2", SCOPE_FULL, None),
        ("", "3.13.2", SCOPE_FULL, "cannot be compared"),
        ("3.13.2", "main", SCOPE_FULL, "cannot be compared"),
    ],
)
def test_what_prometheus_takes_over(archived: str, wanted: str, scope: str, reason: str | None) -> None:
    found = version_problems(header({}, scope, prometheus=archived), {"prometheus": wanted})
    if reason is None:
        assert found == []
    else:
        assert len(found) == 1
        assert reason in found[0]
        assert "llmmon_prometheus_version" in found[0]


@pytest.mark.parametrize("service", ["alertmanager", "grafana"])
def test_others_take_over_what_is_as_old_or_older(service: str) -> None:
    archive = header({}, **{service: "10.2.3"})
    assert version_problems(archive, {service: "10.2.3"}) == []
    assert version_problems(archive, {service: "10.3.0"}) == []
    assert version_problems(archive, {service: "10.2.2"}) == [
        f"the archive was made of {service} 10.2.3, and an older one may not read what that has written: set"
        f" llmmon_{service}_version (now 10.2.2) to 10.2.3 or later"
    ]


def key_of(archive: Header, key: bytes) -> dict[str, FileRecord]:
    return {secret_key_path(archive): FileRecord(len(key), hashlib.sha256(key).hexdigest())}


@pytest.mark.parametrize(
    ("wanted", "present", "reason"),
    [
        ("", None, None),
        ("a", None, None),
        ("", b"a", None),
        ("b", None, "llmmon_grafana_secret_key is not the key of the archive"),
        ("", b"b", "restore a full archive"),
    ],
)
def test_the_key_has_to_be_that_of_the_database(wanted: str, present: bytes | None, reason: str | None) -> None:
    archive = header({})
    found = secret_key_problems(archive, key_of(archive, b"a"), wanted, present)
    assert (found == []) if reason is None else (len(found) == 1 and reason in found[0])


def test_an_archive_without_a_key_asks_for_none() -> None:
    assert secret_key_problems(header({}), {}, "b", b"c") == []


def test_what_has_no_place_here_is_refused() -> None:
    archive = header({})
    assert part_problems(archive, {}, ["prometheus"]) == []
    assert "none of which this host runs" in part_problems(archive, {}, [])[0]
    dump = {GRAFANA_DUMP: FileRecord(1, "")}
    assert "'pg_restore --clean --if-exists --dbname NAME'" in part_problems(archive, dump, ["grafana"])[0]
    assert part_problems(archive, dump, ["prometheus"]) == []
    nothing = Header(SCOPE_FULL, archive.created, "elsewhere", {"grafana": ServiceRecord(version="9.4.0")}, 0)
    assert "no configuration of grafana" in part_problems(nothing, {}, ["grafana"])[0]


@pytest.mark.parametrize(
    ("inventory_host", "host", "onto", "reason"),
    [
        ("monitoring", "elsewhere", "", None),
        # The same host once more, on a new machine.
        ("monitoring", "new", "", None),
        (
            "other",
            "new",
            "",
            r"is an archive of monitoring \(host name elsewhere\), and this is other .* -e onto=other$",
        ),
        # The names in the inventory tell hosts apart, of which many call themselves the same.
        ("other", "elsewhere", "", "an archive is for the host that it came from"),
        ("other", "new", "other", None),
        ("other", "new", "monitoring", r"^-e onto=monitoring names another host than other"),
        ("monitoring", "elsewhere", "other", r"^-e onto=other names another host than monitoring"),
    ],
)
def test_an_archive_is_for_its_own_host_or_for_the_named_one(
    inventory_host: str, host: str, onto: str, reason: str | None
) -> None:
    found = host_problems(header({}), inventory_host, host, onto)
    assert (found == []) if reason is None else (len(found) == 1 and re.search(reason, found[0]))


def test_an_archive_that_does_not_know_the_inventory_is_known_by_the_hosts_own_name() -> None:
    before = dataclasses.replace(header({}), inventory_host="")
    assert host_problems(before, "monitoring", "elsewhere", "") == []
    assert "an archive of elsewhere, and this is monitoring" in host_problems(before, "monitoring", "new", "")[0]
    assert host_problems(before, "monitoring", "new", "monitoring") == []


def test_names_in_the_configuration_have_to_be_those_of_the_host() -> None:
    archive = dataclasses.replace(header({}), names={"llmmon_grafana_container": "a", "llmmon_prober_container": "b"})
    assert name_problems(archive, {"llmmon_grafana_container": "a", "llmmon_prober_container": "b"}) == []
    assert name_problems(archive, {}) == []
    assert name_problems(dataclasses.replace(archive, names={}), {"llmmon_grafana_container": "x"}) == []
    (problem,) = name_problems(archive, {"llmmon_grafana_container": "x", "llmmon_prober_container": "b"})
    assert "(llmmon_grafana_container is x)" in problem
    assert (
        "restore with -e llmmon_grafana_container=a, or with -e llmmon_restore_verify=false and run site.yml" in problem
    )
