"""A bucket of a real S3 (SeaweedFS) as a process of this machine, which can be killed and started again."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support.loopback import unused_port
from tests.testbed import storage

NAME = "llmmon"
READY_SECONDS = 60
_SOCKETS = Path("/tmp")  # noqa: S108 - the program's own choice


class Bucket:
    """Its data lie in the folder and stay there."""

    def __init__(self, folder: Path) -> None:
        (folder / "data").mkdir(parents=True)
        self._folder = folder
        self._filer, self._s3 = (f"http://127.0.0.1:{unused_port()}" for _ in range(2))
        self._keys = {"accessKey": secrets.token_hex(8), "secretKey": secrets.token_hex(24)}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identities = {"identities": [{"name": "llmmon", "credentials": [self._keys], "actions": actions}]}
        (folder / "s3.json").write_text(json.dumps(identities), encoding="utf-8")
        others = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port.grpc")
        flags = {name: str(unused_port()) for name in (*others, "s3.port.grpc")}
        flags |= {"filer.port": self._filer.rpartition(":")[2], "s3.port": self._s3.rpartition(":")[2]}
        self._ports = set(flags.values())
        flags |= {"s3.port.iceberg": "0", "s3.port.lance": "0"}
        self._command = [str(storage.program()), "-logtostderr=true", "server", f"-dir={folder}/data", "-ip=127.0.0.1"]
        self._command += ["-s3", f"-s3.config={folder}/s3.json", "-master.volumeSizeLimitMB=64"]
        self._command += [f"-{name}={value}" for name, value in flags.items()]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What a user says in `llmmon_thanos_object_storage`."""
        keys = {"access_key": self._keys["accessKey"], "secret_key": self._keys["secretKey"]}
        endpoint = self._s3.removeprefix("http://")
        return {"type": "s3", "bucket": NAME, "endpoint": endpoint, "insecure": True, **keys}

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def start(self, *flags: str) -> None:
        """With these flags of SeaweedFS beside what it needs, such as how much it takes."""
        with (self._folder / "log").open("ab") as output:
            self._process = subprocess.Popen([*self._command, *flags], stdout=output, stderr=output, cwd=self._folder)
        assert wait_for(lambda: self._takes_files() or None, READY_SECONDS, interval=0.1)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        for socket in self.sockets():
            socket.unlink()

    def sockets(self) -> list[Path]:
        """Its own ones, by their ports: it makes them where no flag leads elsewhere, and who is killed leaves them."""
        return [path for path in _SOCKETS.glob("seaweedfs-*.sock") if path.stem.rpartition("-")[2] in self._ports]

    def _takes_files(self) -> bool:
        try:
            made = requests.post(f"{self._filer}/buckets/{NAME}/", timeout=5)
            requests.get(self._s3, timeout=5)
        except requests.RequestException:
            return False
        # It is there already.
        return made.status_code in {200, 201, 409}

    def read(self, path: str) -> bytes:
        answer = requests.get(f"{self._filer}/buckets/{NAME}/{path}", timeout=10)
        answer.raise_for_status()
        return answer.content

    def objects(self) -> dict[str, int]:
        """All that is in it: paths to sizes."""
        return dict(self._below(""))

    def _below(self, folder: str) -> Iterator[tuple[str, int]]:
        url = f"{self._filer}/buckets/{NAME}/{folder}"
        answer = requests.get(url, params={"limit": 10000}, headers={"Accept": "application/json"}, timeout=10)
        answer.raise_for_status()
        for entry in answer.json()["Entries"] or []:
            path = entry["FullPath"].removeprefix(f"/buckets/{NAME}/")
            if entry["Mode"] & 1 << 31:
                yield from self._below(f"{path}/")
            else:
                yield path, int(entry.get("FileSize") or 0)


@contextmanager
def running(folder: Path, *flags: str) -> Iterator[Bucket]:
    bucket = Bucket(folder)
    try:
        bucket.start(*flags)
        yield bucket
    finally:
        bucket.kill()
