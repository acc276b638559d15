"""By what a container is known again."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.look import compared

CONTAINER: dict[str, Any] = {
    "Id": "1",
    "Image": "sha256:a",
    "Config": {"Image": "prom:v1", "Cmd": ["--a"], "Labels": {"llmmon.service": "prometheus"}},
    "HostConfig": {"Memory": 1, "RestartPolicy": {"Name": "always"}},
    "Mounts": [{"Destination": "/a"}, {"Destination": "/b"}],
    "NetworkSettings": {"Networks": {"llmmon": {"IPAddress": "172.18.0.2"}}},
    "State": {"Status": "running", "Pid": 17},
    "RestartCount": 0,
}


def changed(*path: str, value: Any) -> dict[str, Any]:
    found = copy.deepcopy(CONTAINER)
    entry = found
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = value
    return found


@pytest.mark.parametrize(
    "other",
    [
        changed("HostConfig", "Memory", value=2),
        changed("HostConfig", "RestartPolicy", value={"Name": "no"}),
        changed("Config", "Cmd", value=["--b"]),
        changed("Image", value="sha256:b"),
        changed("Id", value="2"),
        changed("Mounts", value=[{"Destination": "/a"}]),
        changed("NetworkSettings", "Networks", value={}),
        changed("NetworkSettings", "Networks", value={"llmmon": {}, "bridge": {}}),
    ],
)
def test_what_was_changed_by_hand_is_another_container(other: dict[str, Any]) -> None:
    assert compared.fingerprint(other, "sha256:a") != compared.fingerprint(CONTAINER, "sha256:a")


@pytest.mark.parametrize(
    "other",
    [
        changed("State", "Pid", value=18),
        changed("RestartCount", value=1),
        changed("NetworkSettings", "Networks", "llmmon", "IPAddress", value="172.18.0.9"),
        changed("Mounts", value=[{"Destination": "/b"}, {"Destination": "/a"}]),
    ],
)
def test_what_a_restart_changes_is_the_same_container(other: dict[str, Any]) -> None:
    assert compared.fingerprint(other, "sha256:a") == compared.fingerprint(CONTAINER, "sha256:a")


def test_a_tag_that_was_pulled_again_is_another_container() -> None:
    assert compared.fingerprint(CONTAINER, "sha256:new") != compared.fingerprint(CONTAINER, "sha256:a")


def test_notes_come_back_as_they_were_written_and_root_alone_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "compared.json"
    assert compared.read(path) == {}
    notes = {"llmmon-prometheus": {"asked": "a", "found": "b"}}
    compared.write(path, notes)
    assert compared.read(path) == notes
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": {"asked": "x"}}', "\ufeff{}"])
def test_notes_that_nobody_can_read_are_no_notes(text: str, tmp_path: Path) -> None:
    path = tmp_path / "compared.json"
    path.write_text(text)
    assert compared.read(path) == {}


def test_a_container_is_known_by_both_what_was_asked_and_what_was_found() -> None:
    note = {"asked": "a", "found": "b"}
    assert compared.is_known(note, "a", "b")
    assert not compared.is_known(note, "other", "b")
    assert not compared.is_known(note, "a", "other")
    assert not compared.is_known(None, "a", "b")
