"""What is inside the images that we build: which files, and with which settings they start."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.testbed import state
from tests.testbed.debian import Deb, extract
from tests.testbed.oci import LayerWriter, open_deb, read_member
from tests.testbed.shell import run

Debs = dict[str, Deb]


@dataclass(frozen=True)
class Parts:
    """What an image is made of: packages by name, and the folder of programs that were built for it, if any."""

    debs: Debs
    programs: Path | None = None


Fill = Callable[[LayerWriter], None]
Layer = Callable[[Parts], Fill]

BASE = ("busybox-static", "ca-certificates", "libc6", "tzdata")
PYTHON = (
    "libbz2-1.0",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "liblzma5",
    "libncursesw6",
    "libpython3.13-minimal",
    "libpython3.13-stdlib",
    "libreadline8t64",
    "libsqlite3-0",
    "libssl3t64",
    "libstdc++6",
    "libtinfo6",
    "libuuid1",
    "libzstd1",
    "media-types",
    "python3.13",
    "python3.13-minimal",
    "zlib1g",
)

STAND_IN_SOURCES = state.REPOSITORY / "tests" / "standins" / "grafana"
_STAND_IN_FOLDER = "usr/share/grafana/standin"

_PROMETHEUS_CONFIGURATION = b"""\
scrape_configs:
  - job_name: prometheus
    static_configs:
      - targets: ["localhost:9090"]
"""
_ALERTMANAGER_CONFIGURATION = b"""\
route:
  receiver: none
receivers:
  - name: none
"""
_PROBER_CONFIGURATION = b"modules: {http_2xx: {prober: http}}\n"
_REGISTRY_CONFIGURATION = b"""\
version: 0.1
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
"""

_ALERTMANAGER_SHARE = "usr/share/prometheus/alertmanager"

_NOBODY = (65534, 65534)
_GRAFANA = (472, 0)
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def base(parts: Parts) -> Fill:
    """What upstream's images start from as well: busybox, certificates, time zones; and the C library."""

    def fill(layer: LayerWriter) -> None:
        for name in ("usr", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "usr/share"):
            layer.folder(name)
        for name in ("dev", "etc", "etc/ssl", "etc/ssl/certs", "home", "proc", "root", "run", "sys", "var", "var/tmp"):
            layer.folder(name)
        layer.folder("tmp", 0o1777)
        for name in ("bin", "sbin", "lib", "lib64"):
            layer.link(name, f"usr/{name}")
        layer.package(parts.debs["libc6"].path, _is_library)
        layer.package(parts.debs["tzdata"].path, lambda name: name.startswith("usr/share/zoneinfo"))
        layer.file("etc/ssl/certs/ca-certificates.crt", _certificates(parts.debs["ca-certificates"]))
        busybox, applets = _busybox(parts.debs["busybox-static"])
        layer.file("usr/bin/busybox", busybox, 0o755)
        for applet in applets:
            layer.link(f"usr/bin/{applet}", "busybox")
        accounts = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"
        layer.file("etc/passwd", accounts.encode())
        layer.file("etc/group", b"root:x:0:\nnobody:x:65534:\n")
        layer.file("etc/nsswitch.conf", b"hosts: files dns\n")

    return fill


def _own_folders(layer: LayerWriter, service: str, configuration: bytes) -> None:
    """Where a service reads its configuration, and where it writes."""
    layer.folder(f"etc/{service}", owner=_NOBODY)
    layer.file(f"etc/{service}/{service}.yml", configuration, owner=_NOBODY)
    layer.folder(service, 0o775, _NOBODY)


def prometheus(parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        layer.package(parts.debs["prometheus"].path, lambda name: name == "usr/bin/prometheus")
        layer.package(parts.debs["promtool"].path, lambda name: name == "usr/bin/promtool")
        _own_folders(layer, "prometheus", _PROMETHEUS_CONFIGURATION)

    return fill


def built_prometheus(parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        for name in ("prometheus", "promtool"):
            layer.file(f"usr/bin/{name}", _built(parts, name), 0o755)
        _own_folders(layer, "prometheus", _PROMETHEUS_CONFIGURATION)

    return fill


def node_exporter(parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        layer.file("usr/bin/node_exporter", _built(parts, "node_exporter"), 0o755)

    return fill


def thanos(parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        layer.file("usr/bin/thanos", _built(parts, "thanos"), 0o755)

    return fill


def alertmanager(parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        source = parts.debs["prometheus-alertmanager"].path
        programs = {"usr/bin/prometheus-alertmanager", "usr/bin/amtool"}
        # Debian's build reads its default templates from the disk; upstream's has them built in.
        layer.package(source, lambda name: name in programs or name.startswith(f"{_ALERTMANAGER_SHARE}/"))
        layer.link("usr/bin/alertmanager", "prometheus-alertmanager")
        _own_folders(layer, "alertmanager", _ALERTMANAGER_CONFIGURATION)

    return fill


def prober(parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        program = "prometheus-blackbox-exporter"
        layer.package(parts.debs[program].path, lambda name: name == f"usr/bin/{program}")
        layer.link("usr/bin/blackbox_exporter", program)
        layer.folder("etc/blackbox_exporter")
        layer.file("etc/blackbox_exporter/config.yml", _PROBER_CONFIGURATION)

    return fill


def registry(parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        layer.package(parts.debs["docker-registry"].path, lambda name: name == "usr/bin/docker-registry")
        layer.folder("etc/docker")
        layer.file("etc/docker/registry.yml", _REGISTRY_CONFIGURATION)
        layer.folder("var/lib")
        layer.folder("var/lib/registry")

    return fill


def python(parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        layer.folder("etc")
        for package in PYTHON:
            layer.package(parts.debs[package].path, _is_runtime)
        layer.link("usr/bin/python3", "python3.13")
        layer.link("usr/bin/python", "python3")

    return fill


def grafana_stand_in(_parts: Parts) -> Fill:
    def fill(layer: LayerWriter) -> None:
        package = f"{_STAND_IN_FOLDER}/grafana_standin"
        for name in ("usr/share/grafana", "usr/share/grafana/bin", _STAND_IN_FOLDER, package):
            layer.folder(name)
        for name, content in stand_in_sources().items():
            layer.file(f"{package}/{name}", content)
        layer.file("run.sh", _launcher('exec python3 -m grafana_standin serve "$@"'), 0o755)
        chooser = 'case "$1" in cli) ;; server) shift; set -- serve "$@" ;; esac\nexec python3 -m grafana_standin "$@"'
        layer.file("usr/share/grafana/bin/grafana", _launcher(chooser), 0o755)
        layer.folder("etc/grafana", owner=_GRAFANA)
        layer.file("etc/grafana/grafana.ini", b"", 0o640, _GRAFANA)
        layer.folder("etc/grafana/provisioning", owner=_GRAFANA)
        for part in ("access-control", "alerting", "dashboards", "datasources", "notifiers", "plugins"):
            layer.folder(f"etc/grafana/provisioning/{part}", owner=_GRAFANA)
        layer.folder("var/lib")
        layer.folder("var/lib/grafana", 0o777, _GRAFANA)
        layer.folder("var/log")
        layer.folder("var/log/grafana", 0o777, _GRAFANA)

    return fill


# Layers that come from these packages alone, whichever image they are in.
LAYER_PACKAGES: dict[Layer, tuple[str, ...]] = {base: BASE, python: PYTHON}


def _service(program: str, *flags: str, port: int, folder: str | None = None) -> dict[str, Any]:
    """How a service of Prometheus's starts, and the folder that it keeps data in."""
    settings = {
        "Env": [_PATH],
        "Entrypoint": [f"/bin/{program}"],
        "Cmd": list(flags),
        "ExposedPorts": {f"{port}/tcp": {}},
        "User": "nobody",
    }
    return settings | ({"Volumes": {folder: {}}, "WorkingDir": folder} if folder else {})


PROMETHEUS_SETTINGS = _service(
    "prometheus",
    "--config.file=/etc/prometheus/prometheus.yml",
    "--storage.tsdb.path=/prometheus",
    port=9090,
    folder="/prometheus",
)
ALERTMANAGER_SETTINGS = _service(
    "alertmanager",
    "--config.file=/etc/alertmanager/alertmanager.yml",
    "--storage.path=/alertmanager",
    port=9093,
    folder="/alertmanager",
)
PROBER_SETTINGS = _service("blackbox_exporter", "--config.file=/etc/blackbox_exporter/config.yml", port=9115)
THANOS_SETTINGS = {**_service("thanos", port=10902), "User": "1001"}
NODE_EXPORTER_SETTINGS = _service("node_exporter", port=9100)
REGISTRY_SETTINGS: dict[str, Any] = {
    "Env": [_PATH],
    "Entrypoint": ["/bin/docker-registry", "serve", "/etc/docker/registry.yml"],
    "ExposedPorts": {"5000/tcp": {}},
}
BUSYBOX_SETTINGS: dict[str, Any] = {"Env": [_PATH], "Cmd": ["sh"]}
PYTHON_SETTINGS: dict[str, Any] = {"Env": [_PATH, "LANG=C.UTF-8", "PYTHONUNBUFFERED=1"], "Cmd": ["python3"]}
GRAFANA_SETTINGS: dict[str, Any] = {
    "Env": [
        _PATH.replace("=", "=/usr/share/grafana/bin:"),
        "LANG=C.UTF-8",
        "PYTHONUNBUFFERED=1",
        "GF_PATHS_CONFIG=/etc/grafana/grafana.ini",
        "GF_PATHS_DATA=/var/lib/grafana",
        "GF_PATHS_HOME=/usr/share/grafana",
        "GF_PATHS_LOGS=/var/log/grafana",
        "GF_PATHS_PROVISIONING=/etc/grafana/provisioning",
    ],
    "Entrypoint": ["/run.sh"],
    "ExposedPorts": {"3000/tcp": {}},
    "User": "472",
    "WorkingDir": "/usr/share/grafana",
}


def stand_in_sources() -> dict[str, bytes]:
    """The stand-in's program: the Python files of its folder, by name."""
    return {source.name: source.read_bytes() for source in sorted(STAND_IN_SOURCES.glob("*.py"))}


def _launcher(command: str) -> bytes:
    # Started from any folder, by root or by 472, with a read-only file system or without.
    settings = f"export PYTHONPATH=/{_STAND_IN_FOLDER} PYTHONDONTWRITEBYTECODE=1"
    return f"#!/bin/sh\n{settings}\n{command}\n".encode()


def _built(parts: Parts, name: str) -> bytes:
    assert parts.programs, f"nothing was built for an image with {name}"
    return (parts.programs / name).read_bytes()


def _is_library(name: str) -> bool:
    return name.startswith(("usr/lib64/", "usr/lib/x86_64-linux-gnu")) and "/gconv" not in name and "/audit" not in name


def _is_runtime(name: str) -> bool:
    return not name.startswith(tuple(f"usr/share/{part}" for part in ("bug", "doc", "lintian", "locale", "man")))


def _certificates(deb: Deb) -> bytes:
    with open_deb(deb.path) as source:
        found = {member.name: read_member(source, member) for member in source if member.name.endswith(".crt")}
    return b"".join(found[name] for name in sorted(found))


def _busybox(deb: Deb) -> tuple[bytes, list[str]]:
    """The program and the names of its applets, which it lists only under its own name."""
    with tempfile.TemporaryDirectory(dir=state.directory()) as name:
        program = Path(name, "busybox")
        extract(deb, "usr/bin/busybox", program)
        return program.read_bytes(), sorted(set(run([program, "--list"]).split()) - {"busybox"})
