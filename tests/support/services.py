"""Prometheus and Alertmanager themselves, as processes of this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support.loopback import unused_port
from tests.testbed.catalogue import TOOLS
from tests.testbed.tools import tool

START_SECONDS = 120
ANY_PORT = "127.0.0.1:0"
# How often Prometheus takes what it discovered; by default a first scrape would wait five seconds for it.
_DISCOVERED = "--scrape.discovery-reload-interval=100ms"
_LISTENS = re.compile(r'msg="Listening on".* address=(127\.0\.0\.1:\d+)')
# Debian's Alertmanager reads its default templates from the disk, where this machine has none.
_TEMPLATES = "/usr/share/prometheus/alertmanager"
_SHOW_TEMPLATES = (
    f"mount -t tmpfs none /usr/share && mkdir -p {_TEMPLATES} && touch {_TEMPLATES}/default.tmpl"
    f' {_TEMPLATES}/email.tmpl && exec "$@"'
)
OWN_MOUNTS = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]


@dataclass
class Service:
    """A running service; to a reloader it is the engine that holds it, too."""

    process: subprocess.Popen[bytes]
    root: Path
    log: Path
    url: str
    _log_length: int = 0

    @property
    def client(self) -> HttpClient:
        return HttpClient(Connection(url=self.url))

    def hang_up(self, _: str) -> None:
        self._log_length = self.log.stat().st_size
        self.process.send_signal(signal.SIGHUP)

    def logs_since(self, *_: object) -> list[str]:
        """What was logged since the last signal."""
        return self.log.read_bytes()[self._log_length :].decode().splitlines()


@contextmanager
def prober(configuration: Path, log: Path) -> Iterator[str]:
    """The prober on a port of its own; yields its URL."""
    with _exporter("blackbox_exporter", log, f"--config.file={configuration}", asked="/-/healthy") as url:
        yield url


@contextmanager
def node_exporter(log: Path) -> Iterator[str]:
    """What exposes a machine's own metrics, of this machine and on a port of its own; yields its URL."""
    with _exporter("node_exporter", log, asked="/") as url:
        yield url


@contextmanager
def victoria_metrics(version: str, root: Path, port: int) -> Iterator[str]:
    """An engine that takes samples at /api/v1/write and answers queries at once; yields its URL."""
    root.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    # It would keep the newest half minute to itself otherwise.
    flags = [f"-storageDataPath={root}/data", f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s"]
    command = [str(tool("victoria-metrics", version)), *flags, "-search.disableCache"]
    with (root / "log").open("ab") as output, subprocess.Popen(command, stdout=output, stderr=output) as it:
        try:
            assert wait_for(lambda: _answers(url, "/health") or None, START_SECONDS, interval=0.05)
            yield url
        finally:
            # What it has taken in the last seconds is in its memory alone.
            it.terminate()


@contextmanager
def _exporter(name: str, log: Path, *flags: str, asked: str) -> Iterator[str]:
    (version,) = (tool.version for tool in TOOLS if tool.name == name)
    url = f"http://127.0.0.1:{unused_port()}"
    command = [str(tool(name, version)), *flags, f"--web.listen-address={url.removeprefix('http://')}"]
    with log.open("wb") as output, subprocess.Popen(command, stderr=output) as it:
        try:
            assert wait_for(lambda: _answers(url, asked) or None, START_SECONDS, interval=0.05), log.read_text()
            yield url
        finally:
            it.kill()


def _answers(url: str, asked: str) -> bool:
    try:
        HttpClient(Connection(url=url)).text(asked)
    except HttpError:
        return False
    return True


def can_have_own_mounts() -> bool:
    """Whether this machine lets a process of the test see other files than the rest does."""
    return subprocess.run([*OWN_MOUNTS, "true"], capture_output=True, check=False).returncode == 0


@contextmanager
def prometheus(version: str, root: Path, configuration: str, *flags: str, address: str = ANY_PORT) -> Iterator[Service]:
    """Prometheus with a configuration in ``current``, on a port of its own choice unless an address is given."""
    program = [str(tool("prometheus", version)), f"--storage.tsdb.path={root}/data", _DISCOVERED, *flags]
    with _running(program, root, "prometheus.yml", configuration, address) as service:
        yield service


@contextmanager
def alertmanager(
    version: str, root: Path, configuration: str, *flags: str, address: str = ANY_PORT
) -> Iterator[Service]:
    """Alertmanager with a configuration in ``current``, on a port of its own choice unless an address is given."""
    alone = not any(flag.startswith("--cluster.listen-address") for flag in flags)
    cluster = ["--cluster.listen-address="] if alone else []
    program = [str(tool("alertmanager", version)), f"--storage.path={root}/data", *cluster, *flags]
    command = [*OWN_MOUNTS, "sh", "-c", _SHOW_TEMPLATES, "sh", *program]
    with _running(command, root, "alertmanager.yml", configuration, address) as service:
        yield service


@contextmanager
def _running(
    command: Sequence[str], root: Path, name: str, configuration: str, address: str = ANY_PORT
) -> Iterator[Service]:
    (root / "current").mkdir(parents=True, exist_ok=True)
    (root / "current" / name).write_text(configuration)
    arguments = [f"--config.file={root}/current/{name}", f"--web.listen-address={address}"]
    log = root / "log"
    with log.open("wb") as output, subprocess.Popen([*command, *arguments], stderr=output, cwd=root) as process:
        try:

            def listening() -> str | None:
                found = _LISTENS.search(log.read_text())
                if process.poll() is not None:
                    raise AssertionError(f"{command[0]} ended: {log.read_text()}")
                return found[1] if found else None

            listens_on = wait_for(listening, START_SECONDS, interval=0.02)
            assert listens_on, log.read_text()
            yield Service(process, root, log, f"http://{listens_on}")
        finally:
            process.kill()
