"""sid moves: a version that is no longer the pinned one has to be said in so many words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testbed import debian, state
from tests.testbed.shell import TestbedError


def deb(version: str, package: str = "prometheus") -> debian.Deb:
    return debian.Deb(package, version, "0" * 64, Path(f"{package}.deb"))


@pytest.mark.parametrize(
    ("version", "upstream"),
    [
        ("3.5.3+ds1-6", "3.5.3"),
        ("0.28.1+ds-1+b2", "0.28.1"),
        ("1:1.37.0-6+b9", "1.37.0"),
        ("0.33.1-5", "0.33.1"),
        ("2026f-0+deb13u1", "2026f"),
    ],
)
def test_upstream_version(version: str, upstream: str) -> None:
    assert deb(version).upstream == upstream


def test_pinned_version_is_accepted() -> None:
    debian.require_version(deb("3.5.3+ds1-6"), "sid", "3.5.3")


def test_other_version_names_package_pin_and_finding() -> None:
    with pytest.raises(TestbedError) as failure:
        debian.require_version(deb("3.6.0+ds1-1"), "sid", "3.5.3")
    message = str(failure.value)
    for word in ("sid", "prometheus", "3.5.3", "3.6.0", "catalogue.py"):
        assert word in message


def test_known_packages_are_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def download(suite: str, packages: list[str]) -> dict[str, debian.Deb]:
        asked.append(packages)
        path = state.path("debs", suite, "prometheus.deb")
        path.touch()
        return {"prometheus": debian.Deb("prometheus", "3.5.3-1", "0" * 64, path)}

    monkeypatch.setattr(debian, "_download", download)
    first = debian.fetch("sid", ["prometheus"])
    assert debian.fetch("sid", ["prometheus"]) == first
    assert asked == [["prometheus"]]
    debian.forget("sid", "prometheus")
    debian.fetch("sid", ["prometheus"])
    assert asked == [["prometheus"], ["prometheus"]]
