"""Archives in the format of backup.yml, whole ones and ones that somebody has meddled with."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    HEADER,
    MANIFEST,
    FileRecord,
    Header,
    Manifest,
    ServiceRecord,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_FULL

RELEASE = "20260102T030405.000000Z"
BLOCK = "01JABCDEFGHJKMNPQRSTVWXYZ0"
CREATED = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)

CONFIGURATION = {
    f"config/prometheus/{RELEASE}/prometheus.yml": b"global: {}\n",
    f"config/prometheus/{RELEASE}/secrets/gateway.token": b"t0ken",
    f"config/alertmanager/{RELEASE}/alertmanager.yml": b"route: {receiver: none}\n",
    f"config/grafana/{RELEASE}/grafana.ini": b"[security]\n",
    f"config/grafana/{RELEASE}/secrets/secret_key": b"key-of-the-archive",
    f"config/grafana/{RELEASE}/secrets/admin_password": b"password-of-the-archive",
}
DATA = {
    f"prometheus/data/{BLOCK}/meta.json": b"{}",
    f"prometheus/data/{BLOCK}/chunks/000001": bytes(range(256)) * 400,
    "alertmanager/silences.json": b"[]",
    "alertmanager/data/silences": b"s",
    "grafana/grafana.db": b"SQLite format 3\0" + b"d" * 5000,
    "grafana/data/plugins/x/gpx_x": b"program",
}
FULL = {"state.json": b"{}\n", **CONFIGURATION, **DATA}
VERSIONS = {"prometheus": "3.5.3", "alertmanager": "0.33.1", "grafana": "9.4.0"}


def header(files: dict[str, bytes], scope: str = SCOPE_FULL, **versions: str) -> Header:
    """The header that fits some files."""
    services = {
        name: ServiceRecord(version=version, image=f"{name}:{version}", release=RELEASE, running_release=RELEASE)
        for name, version in {**VERSIONS, **versions}.items()
    }
    size = sum(len(content) for content in files.values())
    return Header(
        scope, CREATED, "elsewhere", services, size, "monitoring", {"llmmon_grafana_container": "llmmon-grafana"}
    )


Entry = tuple[tarfile.TarInfo, bytes]


def entry(path: str, content: bytes = b"", **attributes: Any) -> Entry:
    """A member as it goes into a tar."""
    info = tarfile.TarInfo(path)
    info.size = len(content)
    for name, value in attributes.items():
        setattr(info, name, value)
    return info, content


def entries(files: dict[str, bytes], head: Header | None = None) -> list[Entry]:
    """Header, files and manifest in the order of the format."""
    head_text = (head or header(files)).to_json().encode()
    everything = {HEADER: head_text, **files}
    records = {path: FileRecord(len(text), hashlib.sha256(text).hexdigest()) for path, text in everything.items()}
    manifest = Manifest(records).to_json().encode()
    return [entry(path, content) for path, content in {**everything, MANIFEST: manifest}.items()]


def write(path: Path, members: Iterable[Entry], format: int = tarfile.PAX_FORMAT) -> Path:  # noqa: A002
    """A gzip'd tar of some members."""
    with tarfile.open(path, "w:gz", format=format, compresslevel=1) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return path


def whole(path: Path, files: dict[str, bytes] | None = None, head: Header | None = None) -> Path:
    """An archive with nothing wrong about it."""
    return write(path, entries(FULL if files is None else files, head))


def meddled(path: Path, change: Callable[[list[Entry]], list[Entry]]) -> Path:
    """An archive whose members somebody has changed."""
    return write(path, change(entries(FULL)))


def raw(path: Path, change: Callable[[bytearray], bytes]) -> Path:
    """An archive whose uncompressed tar somebody has changed."""
    content = bytearray(gzip.decompress(whole(path).read_bytes()))
    path.write_bytes(gzip.compress(change(content), compresslevel=1))
    return path


def manifest_of(members: list[Entry]) -> dict[str, Any]:
    """The manifest among some members, to be changed."""
    found: dict[str, Any] = json.loads(members[-1][1])
    return found
