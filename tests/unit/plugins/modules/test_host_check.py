"""What a host looks like before anything is installed on it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine_socket import ask_engine, names
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import nearest_existing
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.look import ports as host_ports
from ansible_collections.llmmon.stack.plugins.module_utils.look.ports import (
    holds,
    port_conflicts,
    port_is_free,
    process_behind,
)
from ansible_collections.llmmon.stack.plugins.module_utils.look.versions import deployed, version_changes
from ansible_collections.llmmon.stack.plugins.modules import host_check
from ansible_collections.llmmon.stack.plugins.modules.host_check import (
    containers_there,
    distribution,
    interrupted_changes,
)

from tests.support.loopback import unused_port
from tests.support.modules import run_module

# -- containers


def test_containers_of_ours_are_known_whether_they_run_or_not() -> None:
    there = [{"Names": ["/llmmon-docs"], "State": "exited"}, {"Names": ["/web"], "State": "running"}]
    assert containers_there(["llmmon-prometheus", "llmmon-docs"], there) == ["llmmon-docs"]


# -- distribution


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n', ("debian", "12")),
        ("ID='ubuntu'\nVERSION_ID='24.04'\nID_LIKE=debian\n", ("ubuntu", "24.04")),
        ("# a comment\n\nID=arch\nBUILD_ID=rolling\n", ("arch", "")),
        ('NAME="a=b"\nID=x\n', ("x", "")),
        ("", ("", "")),
    ],
)
def test_distributions(text: str, expected: tuple[str, str]) -> None:
    assert distribution(text) == {"id": expected[0], "version": expected[1]}


# -- ports


WANTED = {"address": "127.0.0.1", "port": 9090, "container": "llmmon-prometheus", "variable": "llmmon_prometheus_port"}


def container(name: str, port: int | None = 9090, kind: str = "tcp") -> dict[str, Any]:
    ports = [{"PrivatePort": 9090, "Type": kind}]
    if port:
        ports = [{"PrivatePort": 1, "Type": kind}, {"IP": "0.0.0.0", "PublicPort": port, "Type": kind}]  # noqa: S104
    return {"Names": [f"/{name}"], "Ports": ports}


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (["llmmon-prometheus"], []),
        (["llmmon-prometheus", "llmmon-prometheus-previous"], ["llmmon-prometheus"]),
        (["llmmon-prometheus-next"], ["llmmon-prometheus"]),
        (["llmmon-prometheus-rehearsal"], ["llmmon-prometheus"]),
        (["other-prometheus-previous", "llmmon-prometheus-old"], []),
    ],
)
def test_interrupted_changes(there: list[str], found: list[str]) -> None:
    containers = [container(name) for name in there]
    assert interrupted_changes(["llmmon-prometheus", "llmmon-grafana"], containers) == found


WANTED_VERSION = {"name": "prometheus", "container": "llmmon-prometheus", "version": "3.13.2", "image": "prom:v3.13.2"}


@pytest.mark.parametrize(
    ("before", "image", "changes"),
    [
        ("3.5.3+ds1", "prom:v3.5.3", [{"name": "prometheus", "before": "3.5.3+ds1", "after": "3.13.2"}]),
        ("3.16.0", "prom:v3.16.0", [{"name": "prometheus", "before": "3.16.0", "after": "3.13.2"}]),
        # Its container was removed; its data were written by that version all the same.
        ("3.5.3", None, [{"name": "prometheus", "before": "3.5.3", "after": "3.13.2"}]),
        ("3.13.2", "prom:v3.13.2", []),
        # The same version from another registry.
        ("3.13.2+build7", "mirror/prom:v3.13.2", []),
        # Somebody has recorded it wrongly, or has upgraded by hand.
        ("3.5.3", "prom:v3.13.2", []),
    ],
)
def test_version_changes(before: str, image: str | None, changes: list[dict[str, str]]) -> None:
    containers = [{"Names": ["/llmmon-prometheus"], "Image": image}] if image else []
    assert version_changes([WANTED_VERSION], {"prometheus": before}, containers) == changes
    assert version_changes([WANTED_VERSION], {}, containers) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, {}),
        ("nothing", {}),
        ("[]", {}),
        ('{"services": 7}', {}),
        ('{"services": {"prometheus": 7}}', {}),
        ('{"services": {"prometheus": {"version": "3.5.3"}, "grafana": {"version": ""}}}', {"prometheus": "3.5.3"}),
    ],
)
def test_what_was_deployed_last(content: str | None, expected: dict[str, str], tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "state.json").write_text(content)
    assert deployed(tmp_path / "state.json") == expected


def conflicts(free: bool, *containers: dict[str, Any]) -> list[str]:
    return port_conflicts([WANTED], {("127.0.0.1", 9090): free}, list(containers))


def test_a_free_port_is_no_conflict() -> None:
    assert conflicts(True, container("another")) == []


def test_the_own_container_may_hold_its_port() -> None:
    assert conflicts(False, container("another", None), container("llmmon-prometheus")) == []


@pytest.fixture
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process of this machine takes part."""
    monkeypatch.setattr(host_ports, "process_behind", lambda _: None)


def test_the_own_container_that_is_started_anew_for_ever_has_its_port_for_moments() -> None:
    own = {**container("llmmon-prometheus", None), "State": "restarting"}
    assert conflicts(False, own) == []
    (sentence,) = conflicts(False, own, container("old-prometheus"))
    assert "is taken by the container old-prometheus" in sentence


@pytest.mark.usefixtures("nobody_listens")
def test_another_container_is_named() -> None:
    assert conflicts(False, container("llmmon-prometheus", 9091), container("old-prometheus")) == [
        "port 9090 on 127.0.0.1 is taken by the container old-prometheus: stop it, or set llmmon_prometheus_port to a"
        " free port"
    ]


def test_a_process_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_ports, "process_behind", lambda port: f"prometheus (process 12{port % 10})")
    (sentence,) = conflicts(False, container("another", 9091), container("syslog", kind="udp"))
    assert "is taken by prometheus (process 120): stop it, or set llmmon_prometheus_port" in sentence


@pytest.mark.usefixtures("nobody_listens")
def test_an_unknown_holder_is_a_conflict_too() -> None:
    (sentence,) = conflicts(False)
    assert "is taken by another program" in sentence


def test_every_port_gets_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_ports, "process_behind", lambda _: None)
    both = [WANTED, {**WANTED, "port": 9093, "variable": "llmmon_alertmanager_port"}]
    found = port_conflicts(both, {("127.0.0.1", 9090): False, ("127.0.0.1", 9093): False}, [])
    assert [sentence.split()[1] for sentence in found] == ["9090", "9093"]


def test_what_the_engine_says_of_containers() -> None:
    assert holds(container("a", 9090), 9090)
    assert not holds(container("a", None), 9090)
    assert not holds(container("a", 9090, "udp"), 9090)
    assert not holds({"Names": ["/a"], "Ports": None}, 9090)
    assert names({"Names": ["/a", "/b/a"]}) == ["a", "b/a"]
    assert names({}) == []


@contextmanager
def listener(address: str = "127.0.0.1") -> Iterator[int]:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, 0))
        listening.listen()
        yield int(listening.getsockname()[1])


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - both are asked for, neither is opened up
def test_a_port_in_use_is_not_free(address: str) -> None:
    with listener() as port:
        assert not port_is_free(address, port)
        # Asking must not take it either.
        assert not port_is_free(address, port)
    assert port_is_free(address, unused_port())


@pytest.mark.parametrize("address", ["192.0.2.1", "no.such.host.invalid", "[::1]"])
def test_an_address_that_is_not_the_host_s_is_no_conflict(address: str) -> None:
    assert port_is_free(address, 9090)


def test_a_host_without_ipv6_can_be_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_family(*_: Any) -> None:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", no_family)
    assert port_is_free("::1", 9090)


def test_the_process_behind_a_port_is_found() -> None:
    with listener() as port:
        found = process_behind(port)
    assert found is not None
    assert found.endswith(f"(process {os.getpid()})")
    assert process_behind(unused_port()) is None


def test_a_file_that_is_closed_meanwhile_hides_no_port() -> None:
    """As the folder of the process itself is, which takes the lowest number that is free."""
    spare = os.open(os.devnull, os.O_RDONLY)
    with listener() as port:
        os.close(spare)
        found = process_behind(port)
    assert found is not None


# -- the engine


@contextmanager
def engine(directory: Path, answer: bytes) -> Iterator[str]:
    """A socket that gives one answer."""
    path = str(directory / "docker.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield path
        thread.join(5)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"Version":"20.1"}', {"Version": "20.1"}),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\n{}", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<a>", None),
        (b"what is this", None),
        (b"", None),
    ],
)
def test_the_engine_is_asked_by_its_socket(answer: bytes, expected: Any, tmp_path: Path) -> None:
    with engine(tmp_path, answer) as path:
        assert ask_engine(path, "/version") == expected


def test_no_engine_gives_no_answer(tmp_path: Path) -> None:
    assert ask_engine(str(tmp_path / "no.sock"), "/version") is None


# -- the module


def test_the_nearest_directory_counts(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path / "var" / "lib" / "x") == tmp_path
    assert nearest_existing(tmp_path) == tmp_path


def check(tmp_path: Path, **more: Any) -> dict[str, Any]:
    return run_module(host_check, {"engine_socket": str(tmp_path / "no.sock"), "data_root": str(tmp_path), **more})


def test_a_host_that_can_run_the_stack(tmp_path: Path) -> None:
    answer = check(tmp_path, ports=[{**WANTED, "port": unused_port()}], minimum_free_mb=0)
    assert (answer["failed"], answer["changed"]) == (False, False)
    assert answer["engine"]["answers"] is False
    assert answer["missing_libraries"] == []
    assert answer["distribution"]["id"]
    assert answer["free_mb"] >= 0


def test_a_host_with_a_port_in_use(tmp_path: Path) -> None:
    with listener() as port:
        answer = check(tmp_path, ports=[{**WANTED, "port": port}], minimum_free_mb=0)
    assert answer["failed"]
    assert f"port {port} on 127.0.0.1 is taken by" in answer["msg"]
    # The other facts help to find out why.
    assert answer["service_manager"]


def test_a_host_without_room(tmp_path: Path) -> None:
    answer = check(tmp_path / "not" / "there", minimum_free_mb=10**9)
    assert answer["failed"]
    assert "are wanted: free some, or lower llmmon_minimum_free_mb" in answer["msg"]


def test_a_configuration_root_without_room_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = os.statvfs(tmp_path)
    for free, inodes, expected in (
        (1, 5, "only 0 MiB of disk are free at"),
        (10**9, 0, "no inode is free at"),
        (10**9, 5, ""),
    ):
        fields = [*place]
        fields[4], fields[7] = free, inodes
        monkeypatch.setattr(os, "statvfs", lambda _, fields=fields: os.statvfs_result(fields))
        answer = check(tmp_path, minimum_free_mb=0, config_root=str(tmp_path / "etc"))
        assert answer["failed"] is bool(expected)
        if expected:
            assert answer["msg"].startswith(f"{expected} {tmp_path}/etc")
            assert "set llmmon_config_root to another file system" in answer["msg"]


def test_missing_libraries_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_check, "LIBRARIES", ("json", "no_such_library"))
    assert check(tmp_path, minimum_free_mb=0)["missing_libraries"] == ["no_such_library"]


def test_a_host_with_an_interrupted_operation_is_for_that_operation_alone(tmp_path: Path) -> None:
    Operations(tmp_path).begin("upgrade", "prometheus: new version started", {})
    answer = check(tmp_path, minimum_free_mb=0)
    assert answer["failed"]
    assert "run upgrade.yml again" in answer["msg"]
    assert check(tmp_path, minimum_free_mb=0, operation="restore")["failed"]
    assert not check(tmp_path, minimum_free_mb=0, operation="upgrade")["failed"]
