"""One host, one gateway, one deployment for all the end-to-end tests of a run, in the order in which they build on it.

``make`` runs each folder as a session of its own, side by side.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import PLAY_SECONDS, SECRETS, Stack, make_inventory
from tests.testbed import faults, gateway, hosts, lifecycle, sinks

FOLDER = Path(__file__).parent

# Two sessions on one machine need hosts of their own.
NAME = os.environ.get("LLMMON_E2E_NAME", "e2e")

# A stack is deployed once, and a file may build on what those before it left (the first needs a host without llmmon):
# the order is said here instead of being left to names.
ORDER = (
    "deployment/test_deploy.py",
    "deployment/test_from_tarball.py",
    "deployment/test_bad_settings.py",
    "deployment/test_registry.py",
    "deployment/test_gateway_faults.py",
    "deployment/test_host_faults.py",
    "deployment/test_containers.py",
    "deployment/test_engine.py",
    "deployment/test_canary.py",
    "deployment/test_hosts.py",
    "deployment/test_secrets.py",
    "deployment/test_ha.py",
    "deployment/test_module_runs.py",
    "deployment/test_alerts.py",
    "deployment/test_fire_drill.py",
    "deployment/test_many_users.py",
    "deployment/test_calibrate.py",
    "operations/test_backup.py",
    "operations/test_restore.py",
    "operations/test_uninstall.py",
    "operations/test_scale.py",
    "upgrade/test_upgrade.py",
    "upgrade/test_path.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the end-to-end tests into their order, in the places that they have among all tests."""
    here = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("test_*.py")}
    if here != set(ORDER):
        raise pytest.UsageError(f"tests/e2e/conftest.py: ORDER differs from the files in {here ^ set(ORDER)}")
    places = [index for index, item in enumerate(items) if FOLDER in item.path.parents]
    ordered = sorted((items[index] for index in places), key=_rank)
    for index, item in zip(places, ordered, strict=True):
        items[index] = item
        # Several plays, on a machine that others use.
        item.add_marker(pytest.mark.timeout(3 * PLAY_SECONDS))


def _rank(item: pytest.Item) -> int:
    return ORDER.index(str(item.path.relative_to(FOLDER)))


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
