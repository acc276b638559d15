"""The Python packages of the gateway and of the SMTP sink: locked by hash, installed by uv, mounted into containers."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import docker

from tests.testbed import state, wheels
from tests.testbed.catalogue import PYTHON
from tests.testbed.engine import LABELS
from tests.testbed.shell import step

HERE = Path(__file__).parent
LOCK = HERE / "requirements-gateway.txt"
MOUNTED_AT = "/site"


def ensure(client: docker.DockerClient) -> Path:
    """The folder to mount at MOUNTED_AT; it is filled at the first call."""
    target = _folder()
    if not target.is_dir():
        install()
        with state.locked("site"):
            if not target.is_dir():
                with step("compiled the packages of the LLM gateway"):
                    _compile(client, _plain())
                _plain().replace(target)
    return target


def install() -> None:
    """Install the packages, as far as that goes without an engine."""
    with state.locked("site"):
        if _folder().is_dir() or _plain().is_dir():
            return
        part = _folder().with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        with step("installed the packages of the LLM gateway"):
            wheels.install(LOCK, part)
        part.replace(_plain())


def lock() -> None:
    """Write the lock anew from requirements-gateway.in, with the newest versions."""
    wheels.relock(LOCK)


def _folder() -> Path:
    return state.path("site", hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16])


def _plain() -> Path:
    """Installed and not compiled yet."""
    return _folder().with_suffix(".plain")


def _compile(client: docker.DockerClient, target: Path) -> None:
    """Import the gateway once where its byte code can be kept, so that it starts fast from the read-only mount."""
    client.containers.run(
        PYTHON.name,
        ["python3", "-c", "import aiosmtpd.controller, litellm.proxy.proxy_cli, litellm.proxy.proxy_server"],
        environment={"PYTHONPATH": MOUNTED_AT, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        labels=LABELS,
        network_mode="none",
        remove=True,
        volumes={str(target): {"bind": MOUNTED_AT, "mode": "rw"}},
    )
