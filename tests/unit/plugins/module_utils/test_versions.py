"""Which version may follow which."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.versions import (
    Allowed,
    parse,
    reads_data_of,
    refusal,
    starts_without_silences,
    unsupported,
)

WITH_BACKUP = Allowed(backup=True, downgrade=False)
WITHOUT_BACKUP = Allowed(backup=False, downgrade=False)
BACKWARDS = Allowed(backup=True, downgrade=True)


@pytest.mark.parametrize(
    ("version", "parsed"),
    [
        ("3.5.3", (3, 5, 3)),
        ("v3.5", (3, 5, 0)),
        ("2.53.3+ds1", (2, 53, 3)),
        ("9.4.0-pre", (9, 4, 0)),
        ("3.13.2", (3, 13, 2)),
        ("v2.55", (2, 55, 0)),
        ("9.4.0-pre+x", (9, 4, 0)),
        ("latest", None),
        ("3", None),
        ("1.2.3.4", None),
        ("3.5.3.1", None),
        ("3.5.", None),
        ("9" * 5000 + ".1", None),
        ("", None),
    ],
)
def test_versions_are_read_without_their_suffixes(version: str, parsed: tuple[int, int, int] | None) -> None:
    assert parse(version) == parsed


@pytest.mark.parametrize(
    ("service", "before", "after", "allowed"),
    [
        ("prometheus", "2.53.3", "3.5.3", WITH_BACKUP),
        ("prometheus", "2.55.0", "3.5.3", WITHOUT_BACKUP),
        ("prometheus", "3.5.3", "3.13.2", WITHOUT_BACKUP),
        ("prometheus", "3.5.3", "2.55.1", BACKWARDS),
        ("prometheus", "2.55.1", "2.53.3", BACKWARDS),
        ("alertmanager", "0.28.1", "0.33.1", WITHOUT_BACKUP),
        ("alertmanager", "0.33.1", "0.28.1", BACKWARDS),
        ("grafana", "12.4.0", "13.1.1", WITHOUT_BACKUP),
        # The same version with another suffix is no other version.
        ("grafana", "9.4.0-pre", "9.4.0", WITHOUT_BACKUP),
    ],
)
def test_ways_that_are_open(service: str, before: str, after: str, allowed: Allowed) -> None:
    assert refusal(service, before, after, allowed) is None


@pytest.mark.parametrize(
    ("service", "before", "after", "allowed", "words"),
    [
        ("prometheus", "2.53.3", "3.5.3", WITHOUT_BACKUP, "llmmon_upgrade_backup"),
        ("prometheus", "3.5.3", "3.5.2", WITH_BACKUP, "llmmon_upgrade_allow_downgrade"),
        ("prometheus", "3.5.3", "2.53.3", BACKWARDS, "cannot read what 3.5.3 has written"),
        ("prometheus", "2.53.3", "2.52.0", BACKWARDS, "the oldest that is supported"),
        ("prometheus", "2.53.3", "latest", WITH_BACKUP, "cannot be compared"),
        ("prometheus", "devel", "3.5.3", WITH_BACKUP, "cannot be compared"),
        ("alertmanager", "0.28.1", "0.33.0", WITH_BACKUP, "0.33.1 or later"),
        ("alertmanager", "0.33.1", "0.28.1", WITH_BACKUP, "llmmon_upgrade_allow_downgrade"),
        ("grafana", "13.1.1", "12.4.0", BACKWARDS, "its database only moves forward"),
    ],
)
def test_ways_that_are_closed(service: str, before: str, after: str, allowed: Allowed, words: str) -> None:
    sentence = refusal(service, before, after, allowed)
    assert sentence is not None
    assert words in sentence


@pytest.mark.parametrize(
    ("service", "version", "is_supported"),
    [
        ("prometheus", "2.52.9", False),
        ("prometheus", "2.53.0", True),
        ("prometheus", "3.14.0-rc.0", True),
        ("alertmanager", "0.27.0", False),
        ("alertmanager", "0.28", True),
        ("grafana", "9.3.16", False),
        ("grafana", "9.4.0-pre", True),
        ("grafana", "13.1", True),
    ],
)
def test_what_is_below_the_floor_is_not_deployed(service: str, version: str, is_supported: bool) -> None:
    sentence = unsupported(service, version)
    assert (sentence is None) == is_supported
    assert sentence is None or f"set llmmon_{service}_version to a later one" in sentence


@pytest.mark.parametrize(
    ("reader", "writer", "reads"),
    [("2.53.3", "3.0.0", False), ("2.54.9", "3.5.3", False), ("2.55.0", "3.5.3", True), ("2.53.3", "2.55.1", True)],
)
def test_data_of_prometheus_3_are_read_from_2_55_on(reader: str, writer: str, reads: bool) -> None:
    old, new = parse(reader), parse(writer)
    assert old
    assert new
    assert reads_data_of(old, new) is reads


def test_only_0_33_0_leaves_a_file_that_older_alertmanagers_do_not_survive() -> None:
    assert starts_without_silences("alertmanager", "0.33.0", "0.28.1")
    assert not starts_without_silences("alertmanager", "0.33.0", "0.33.1")
    assert not starts_without_silences("alertmanager", "0.33.1", "0.28.1")
    assert not starts_without_silences("prometheus", "0.33.0", "0.28.1")
