"""One host, one gateway, one deployment for all end-to-end tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.e2e.stack import SECRETS, Stack, make_inventory
from tests.testbed import faults, gateway, hosts, lifecycle, sinks

# Two sessions on one machine need hosts of their own.
NAME = os.environ.get("LLMMON_E2E_NAME", "e2e")


@pytest.fixture(scope="session")
def fresh_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A host with nothing of llmmon on it, and what it needs around it."""
    lifecycle.up()
    hosts.destroy(NAME)
    host = hosts.create(NAME)
    found = gateway.start_gateway(NAME)
    receivers = sinks.start_sinks(NAME)
    inventory = make_inventory(tmp_path_factory.mktemp("e2e"), host, found)
    kept = ("PATH", "LLMMON_E2E_NAME", "HOME", "LANG", "LLMMON_TESTBED_DIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    # The names of the guide, and no terminal to ask.
    environment |= {"PROMETHEUS_BEARER_TOKEN": found.token, **SECRETS, "ANSIBLE_NOCOLOR": "1"}
    yield Stack(host, found, receivers, inventory, environment)
    gateway.stop_gateway(NAME)
    sinks.stop_sinks(NAME)
    faults.stop_fault(f"{NAME}-html")
    hosts.destroy(NAME)


@pytest.fixture(scope="session")
def stack(fresh_stack: Stack) -> Stack:
    """The deployed stack."""
    result = fresh_stack.run("site.yml")
    assert result.code == 0, result.output
    return fresh_stack
