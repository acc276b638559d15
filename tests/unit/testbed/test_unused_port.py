"""Ports for tests: each is somebody's alone until it is used."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import loopback

MANY = 300


def test_no_port_is_given_twice() -> None:
    with ThreadPoolExecutor(8) as pool:
        ports = list(pool.map(lambda _: loopback.unused_port(), range(MANY)))
    assert len(set(ports)) == MANY


@pytest.mark.skipif(
    not loopback.ports_to_give(), reason="the kernel of this machine gives nearly all ports to whoever asks"
)
def test_whoever_asks_the_kernel_for_any_gets_none_of_them() -> None:
    """What is to listen later would find its port taken."""
    given = {loopback.unused_port() for _ in range(MANY)}
    for _ in range(MANY):
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert server.getsockname()[1] > max(given)
