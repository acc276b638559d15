"""The same three services by the collection prometheus.prometheus, out of a checkout of it, and without the internet.

What its roles would download is served on loopback: archives of the testbed's programs, laid out as upstream's are.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.support.stack import ANSIBLE_PLAYBOOK, PLAY_SECONDS, SSH_OPTIONS, Result, plain_environment
from tests.testbed import debian, hosts
from tests.testbed.gateway import Gateway
from tests.testbed.hosts import Host
from tests.testbed.shipped import version
from tests.testbed.tools import tool

# The names of its roles, the services' names here, and the programs that it takes out of an archive.
SERVICES = {
    "alertmanager": ("alertmanager", ("alertmanager", "amtool")),
    "blackbox_exporter": ("prober", ("blackbox_exporter",)),
    "prometheus": ("prometheus", ("prometheus", "promtool")),
}
# Its roles install it at their first run, from a mirror that a test host does not reach.
_ON_HOST = ("distro-info-data", "python-apt-common", "python3-apt")
# Debian's Alertmanager reads them from the disk; upstream's has them in itself.
_TEMPLATES = "/usr/share/prometheus/alertmanager"

# As in the repository's own ansible.cfg, so that both have the same chances.
_SETTINGS = """\
[defaults]
host_key_checking = true
interpreter_python = auto_silent
forks = 25
retry_files_enabled = false
[ssh_connection]
pipelining = true
"""


@dataclass(frozen=True)
class Peer:
    """The peer's playbook for one host, in a folder of its own."""

    folder: Path

    def run(self) -> Result:
        environment = plain_environment()
        environment |= {
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder),
            "ANSIBLE_NOCOLOR": "1",
        }
        command = [str(ANSIBLE_PLAYBOOK), "-i", str(self.folder / "hosts.yml"), str(self.folder / "play.yml")]
        done = subprocess.run(
            command,
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PLAY_SECONDS,
        )
        return Result(done.returncode, done.stdout)


@contextmanager
def peer(folder: Path, collection: Path, host: Host, gateway: Gateway) -> Iterator[Peer]:
    """The peer's playbook for a fresh host; what it downloads is served for as long as this lasts."""
    _prepare(host)
    link = folder / "ansible_collections" / "prometheus" / "prometheus"
    link.parent.mkdir(parents=True)
    link.symlink_to(collection.resolve())
    (folder / "ansible.cfg").write_text(_SETTINGS)
    connection = {
        "ansible_host": host.address,
        "ansible_user": "operator",
        "ansible_ssh_private_key_file": host.private_key,
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={host.known_hosts} {SSH_OPTIONS}",
    }
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"monitoring": connection}}}))
    served = folder / "served"
    served.mkdir()
    with _serving(served) as url:
        variables = _settings(gateway)
        for role, (component, programs) in SERVICES.items():
            number = _wanted(component)
            name = f"{role}-{number}.linux-amd64.tar.gz"
            _pack(served / name, {program: tool(program, number) for program in programs})
            digest = hashlib.sha256((served / name).read_bytes()).hexdigest()
            (served / f"{role}.txt").write_text(f"{digest}  {name}\n")
            variables |= {
                f"{role}_version": number,
                f"{role}_binary_url": f"{url}/{name}",
                f"{role}_checksums_url": f"{url}/{role}.txt",
                f"{role}_local_cache_path": str(folder / "cache" / role),
            }
        roles = [f"prometheus.prometheus.{role}" for role in SERVICES]
        (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "vars": variables, "roles": roles}]))
        yield Peer(folder)


def _wanted(component: str) -> str:
    number = version(component)
    assert number is not None
    return number


def _settings(gateway: Gateway) -> dict[str, Any]:
    """The services on loopback and wired to each other, one gateway with its token, one probe, one receiver.

    Its alert rules are its own, one file; those of llmmon are more.
    """
    page = f"http://{gateway.target}/metrics/"
    jobs = [
        {"job_name": "prometheus", "static_configs": [{"targets": ["127.0.0.1:9090"]}]},
        {"job_name": "alertmanager", "static_configs": [{"targets": ["127.0.0.1:9093"]}]},
        {
            "job_name": "llm-auth-proxy",
            "metrics_path": "/metrics/",
            "authorization": {"credentials": gateway.token},
            "static_configs": [{"targets": [gateway.target]}],
        },
        {
            "job_name": "probe",
            "metrics_path": "/probe",
            "params": {"module": ["http_2xx"], "target": [page]},
            "static_configs": [{"targets": ["127.0.0.1:9115"]}],
        },
    ]
    return {
        "prometheus_web_listen_address": "127.0.0.1:9090",
        "prometheus_alertmanager_config": [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}],
        "prometheus_scrape_configs": jobs,
        "alertmanager_web_listen_address": "127.0.0.1:9093",
        "alertmanager_receivers": [{"name": "hook", "webhook_configs": [{"url": "http://127.0.0.1:9/"}]}],
        "alertmanager_route": {"receiver": "hook"},
        "blackbox_exporter_web_listen_address": "127.0.0.1:9115",
    }


def _prepare(host: Host) -> None:
    """Put on the host what the roles would install from a mirror, and what Debian's programs look for."""
    found = debian.fetch("bookworm", _ON_HOST)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for deb in found.values():
            archive.add(deb.path, f"var/cache/peer/{deb.path.name}")
    hosts.container_of(host.name).put_archive("/", packed.getvalue())
    wanted = f"mkdir -p {_TEMPLATES} && touch {_TEMPLATES}/default.tmpl {_TEMPLATES}/email.tmpl"
    code, output = hosts.shell(host, f"dpkg --install /var/cache/peer/*.deb && {wanted}")
    if code != 0:
        raise SystemExit(f"the peer's host could not be prepared:\n{output}")


def _pack(target: Path, programs: dict[str, Path]) -> None:
    """An archive as upstream's: one folder with the programs in it."""
    inside = target.name.removesuffix(".tar.gz")
    with tarfile.open(target, "w:gz", compresslevel=6) as archive:
        for name, source in programs.items():
            archive.add(source, f"{inside}/{name}")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        del format, args


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
