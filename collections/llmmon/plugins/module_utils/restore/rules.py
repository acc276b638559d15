# SPDX-License-Identifier: Apache-2.0
"""Which archives may be restored onto which versions and settings: pure functions, one sentence for each no."""

from __future__ import annotations

import hashlib
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    CONFIG,
    GRAFANA_DUMP,
    FileRecord,
    Header,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_FULL
from ansible_collections.llmmon.stack.plugins.module_utils.versions import (
    READS_DATA_OF_3,
    RETENTION_IN_FILE,
    Version,
    parse,
    reads_data_of,
    retention_is_in_the_file,
    short,
)


def host_problems(header: Header, inventory_host: str, host: str, onto: str) -> list[str]:
    """Why an archive is not for this host: it is for the one it came from, or for the one that ``onto`` names.

    ``inventory_host`` is the host's name in the inventory and ``host`` its own. An archive from before the first was
    recorded is known by the second alone.
    """
    if onto and onto != inventory_host:
        return [
            f"-e onto={onto} names another host than {inventory_host}: name {inventory_host}, or add --limit {onto}"
        ]
    if onto or (header.inventory_host == inventory_host if header.inventory_host else header.host == host):
        return []
    whose = f"{header.inventory_host} (host name {header.host})" if header.inventory_host else header.host
    return [
        f"it is an archive of {whose}, and this is {inventory_host} (host name {host}): an archive is for the host that"
        f" it came from; to replace what is on {inventory_host} all the same, add -e onto={inventory_host}"
    ]


def name_problems(header: Header, names: dict[str, str]) -> list[str]:
    """Why the archive's configuration would ask for services by names that nobody has here."""
    differing = {name: value for name, value in header.names.items() if names.get(name, value) != value}
    if not differing:
        return []
    here = ", ".join(f"{name} is {names[name]}" for name in differing)
    there = " ".join(f"-e {name}={value}" for name, value in differing.items())
    return [
        f"its configuration is written for other names than this host's ({here}): restore with {there}, or with"
        " -e llmmon_restore_verify=false and run site.yml after that, which writes the configuration anew"
    ]


def version_problems(header: Header, versions: dict[str, str]) -> list[str]:
    """Why the versions of the inventory cannot take over what the archive's versions have written."""
    found = []
    for service, wanted_text in versions.items():
        archived_text = header.services[service].version
        archived, wanted = parse(archived_text), parse(wanted_text)
        variable = f"llmmon_{service}_version"
        if archived is None or wanted is None:
            found.append(
                f"the archive was made of {service} {archived_text or 'of an unknown version'} and {variable} is"
                f" {wanted_text}, which cannot be compared"
            )
        elif service == "prometheus":
            found += _prometheus_problems(header, archived, wanted, (archived_text, wanted_text))
        elif archived > wanted:
            found.append(
                f"the archive was made of {service} {archived_text}, and an older one may not read what that has"
                f" written: set {variable} (now {wanted_text}) to {archived_text} or later"
            )
    return found


def _prometheus_problems(header: Header, archived: Version, wanted: Version, texts: tuple[str, str]) -> list[str]:
    archived_text, wanted_text = texts
    if header.scope == SCOPE_FULL and not reads_data_of(wanted, archived):
        least = short(READS_DATA_OF_3)
        return [
            f"the archive holds data of Prometheus {archived_text}, which versions before {least} cannot read: set"
            f" llmmon_prometheus_version (now {wanted_text}) to {least} or later, best to {archived_text}"
        ]
    if retention_is_in_the_file(archived) != retention_is_in_the_file(wanted):
        # Without retention Prometheus keeps 15 days, and deletes older data as soon as it starts.
        return [
            f"the archive's configuration is for Prometheus {archived_text}, and from {short(RETENTION_IN_FILE)} on"
            " retention is set in another place than before: set llmmon_prometheus_version"
            f" (now {wanted_text}) to {archived_text}, restore, and change the version after that"
        ]
    return []


def secret_key_path(header: Header) -> str:
    """Where in the archive the key lies that Grafana's secrets are encrypted with."""
    return f"{CONFIG}/grafana/{header.services['grafana'].release}/secrets/secret_key"


def secret_key_problems(
    header: Header, files: dict[str, FileRecord], wanted: str, present: Optional[bytes]
) -> list[str]:
    """Why Grafana could not decrypt the secrets of its data sources after all.

    ``wanted`` is the key of the inventory (empty: none), ``present`` the one on the host beside a database that stays
    (None: there is none, or the archive brings a database).
    """
    record = files.get(secret_key_path(header))
    if record is None:
        return []
    if wanted and hashlib.sha256(wanted.encode()).hexdigest() != record.sha256:
        return [
            "llmmon_grafana_secret_key is not the key of the archive, without which the secrets of its data sources"
            " cannot be decrypted: remove the variable (the key comes with the archive), or set it to that of the host"
            f" {header.host}"
        ]
    if present is not None and hashlib.sha256(present).hexdigest() != record.sha256:
        return [
            "Grafana's database stays, since the archive holds configuration only, but the archive's secret_key is not"
            " the one that the secrets in this database are encrypted with: restore a full archive"
        ]
    return []


def part_problems(header: Header, files: dict[str, FileRecord], services: list[str]) -> list[str]:
    """Why what the archive holds cannot be put in place on this host."""
    found = []
    if not services:
        found.append(
            f"the archive holds {', '.join(sorted(header.services)) or 'no service'}, none of which this host runs:"
            " correct llmmon_services"
        )
    found += [
        f"the archive holds no configuration of {service} to restore: use another archive"
        for service in services
        if not header.services[service].release
    ]
    if "grafana" in services and GRAFANA_DUMP in files:
        found.append(
            "the archive holds Grafana's database as a dump of PostgreSQL, which restore.yml does not load: unpack"
            f" {GRAFANA_DUMP} and load it with 'pg_restore --clean --if-exists --dbname NAME', and restore the others"
            " with llmmon_services without grafana"
        )
    return found
