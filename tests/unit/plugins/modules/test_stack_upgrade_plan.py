"""What an upgrade would do, and when it is not begun."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules.stack_upgrade_plan import UpgradeRefused, check_disk, plan

SERVICE: dict[str, Any] = {
    "name": "prometheus",
    "container": "p",
    "url": "http://127.0.0.1:9090",
    "config_root": "/etc/llmmon/prometheus",
    "data_directory": "/var/lib/llmmon/prometheus",
    "version": "3.5.3",
    "image": "prom:3.5.3",
    "companions": [{"container": "prober", "image": "prober:2", "image_variable": "llmmon_prober_image"}],
}


def running(version: str, image_id: str, prober_id: str = "prober-2") -> dict[str, Any]:
    containers = {
        "p": {"image": "prom:x", "image_id": image_id},
        "prober": {"image": "prober:1", "image_id": prober_id},
    }
    return {"version": version, "containers": containers}


WANTED = {"p": "new", "prober": "prober-2"}


def test_what_is_as_it_should_be_needs_no_step() -> None:
    assert plan(SERVICE, running("3.5.3+ds1", "new"), WANTED) is None


def test_another_version_is_a_step() -> None:
    step = plan(SERVICE, running("2.53.3", "old"), WANTED)
    assert step is not None
    assert step["containers"] == ["p"]
    assert (step["before"]["version"], step["after"]["version"]) == ("2.53.3", "3.5.3")
    assert step["members"] == ["p", "prober"]


def test_another_image_of_the_same_version_is_a_step() -> None:
    step = plan(SERVICE, running("3.5.3", "rebuilt"), WANTED)
    assert step is not None
    assert "another image" in step["why"]


def test_a_companion_is_replaced_without_its_service() -> None:
    step = plan(SERVICE, running("3.5.3", "new", "prober-1"), WANTED)
    assert step is not None
    assert step["containers"] == ["prober"]


def test_a_companion_that_does_not_run_is_left_to_the_deployment() -> None:
    found = running("3.5.3", "new")
    del found["containers"]["prober"]
    assert plan(SERVICE, found, WANTED) is None


def test_a_disk_that_keeping_the_data_would_fill_is_refused() -> None:
    step = {"name": "prometheus", "data_directory": "/d", "kept_bytes": 600}
    check_disk([step], {"/d": 1600}, 1000)
    with pytest.raises(UpgradeRefused, match="llmmon_minimum_free_mb"):
        check_disk([step], {"/d": 1599}, 1000)
