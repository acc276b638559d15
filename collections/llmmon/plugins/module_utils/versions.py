# SPDX-License-Identifier: Apache-2.0
"""What is known of the services' versions: how they are compared, and which may read what another has written.

Only facts; nothing here looks at a host.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Optional

Version = tuple[int, int, int]

# The oldest versions that llmmon deploys.
FLOORS: dict[str, Version] = {"prometheus": (2, 53, 0), "alertmanager": (0, 28, 0), "grafana": (9, 4, 0)}
# Prometheus's migration guide ("TSDB format and downgrade"): what 3.x has written is read by 2.55 and later.
READS_DATA_OF_3: Version = (2, 55, 0)
# From here on llmmon writes Prometheus's retention into the configuration file; before, the container gets flags.
RETENTION_IN_FILE: Version = (3, 11, 0)
# Alertmanager's changelog: the silences that 0.33.0 writes are read by itself and by later ones.
_WRITES_UNREADABLE_SILENCES: Version = (0, 33, 0)


@dataclasses.dataclass(frozen=True)
class Allowed:
    """What the operator has decided: whether a backup is made first, and whether an older version may follow."""

    backup: bool
    downgrade: bool


def parse(version: str) -> Optional[Version]:
    """A version of two or three numbers without its suffixes, None when it is not one that can be compared."""
    match = re.match(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(?![\d.])", version)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def short(version: Version) -> str:
    """The first two numbers of a version, as messages speak of it."""
    return f"{version[0]}.{version[1]}"


def same_version(expected: str, actual: str) -> bool:
    """Whether a reported version is the expected one; distributions add suffixes such as ``+ds1``."""
    return actual == expected or actual.startswith((expected + "+", expected + "-", expected + " "))


def reads_data_of(reader: Version, writer: Version) -> bool:
    """Whether a version of Prometheus can read the data that another one has written."""
    return writer[0] < 3 or reader >= READS_DATA_OF_3


def retention_is_in_the_file(version: Version) -> bool:
    """Whether Prometheus of this version gets its retention from its configuration file, and not from flags."""
    return version >= RETENTION_IN_FILE


def unsupported(service: str, version: str) -> Optional[str]:
    """Why llmmon does not deploy a version of a service, None when it does; what is no version is not its matter."""
    number = parse(version)
    if number is None or number >= FLOORS[service]:
        return None
    floor = ".".join(str(part) for part in FLOORS[service])
    return (
        f"{service} {version} is older than {floor}, the oldest that is supported: set llmmon_{service}_version to a"
        " later one"
    )


def refusal(service: str, before: str, after: str, allowed: Allowed) -> Optional[str]:
    """Why a service must not go from one version to another, None when it may."""
    old, new = parse(before), parse(after)
    variable, least = f"llmmon_{service}_version", short(READS_DATA_OF_3)
    if old is None or new is None:
        return f"{service}: {before!r} and {after!r} cannot be compared: set {variable} to a version such as 3.5.3"
    too_old = unsupported(service, after)
    if too_old:
        return too_old
    if service == "alertmanager" and new == _WRITES_UNREADABLE_SILENCES:
        return f"{service} {after} writes silences that no earlier version reads: set {variable} to 0.33.1 or later"
    if service == "prometheus" and new < old and not reads_data_of(new, old):
        return (
            f"{service} {after} cannot read what {before} has written: go back to {least} or later, or restore a"
            f" backup that was made with {after}"
        )
    if new < old:
        return _downgrade_refusal(service, before, after, allowed)
    if service == "prometheus" and not reads_data_of(old, new) and not allowed.backup:
        return (
            f"{service} {before} cannot read what {after} will have written: go to {least} first, or let a backup be"
            " made (llmmon_upgrade_backup: true)"
        )
    return None


def starts_without_silences(service: str, before: str, after: str) -> bool:
    """Whether an Alertmanager must not be given its predecessor's file of silences, which it would not survive."""
    old, new = parse(before), parse(after)
    return service == "alertmanager" and old == _WRITES_UNREADABLE_SILENCES and new is not None and new < old


def _downgrade_refusal(service: str, before: str, after: str, allowed: Allowed) -> Optional[str]:
    if service == "grafana":
        return (
            f"{service} cannot go back from {before} to {after}, its database only moves forward: restore a backup that"
            f" was made with {after}, or set llmmon_grafana_version to {before}"
        )
    if not allowed.downgrade:
        return (
            f"{service} would go back from {before} to {after}: say -e llmmon_upgrade_allow_downgrade=true if that is"
            f" meant, or set llmmon_{service}_version to {before} or later"
        )
    return None
