"""Container images in pure Python: the same files always make the same digests, whoever builds them.

Why not mmdebstrap (`--variant=extract`) and `docker import`, by which the hosts are made? Measured on two busy cores:

- All eight images take 33 s of CPU here. There, Prometheus 3.5.3 alone takes 18 s, Alertmanager 0.28.1 takes 15 s and
  Python 14 s, of which 5 s each go into the mirror's lists.
- Giving Prometheus's image to the registry takes 0.4 s here, and 19 s (12.6 s of CPU) when the engine has to pack it.
- Its image is 205 MB here and 234 MB there, where images share no layer.

So a cold `up` would take more than a minute of CPU longer, and each change of a recipe would ask the mirror, which here
works offline. Most of recipes.py would stay: maintainer scripts do not run in that variant, so /lib64 and other links,
accounts, the bundle of certificates, busybox's names, configurations and folders of uid 65534 would become hooks.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import requests

from tests.testbed.shell import TestbedError

# One fixed time for every file and image: 14 November 2023, as seconds and as a date.
_MOMENT = 1_700_000_000
_MOMENT_TEXT = "2023-11-14T22:13:20Z"

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@dataclass(frozen=True)
class Blob:
    digest: str
    size: int


@dataclass(frozen=True)
class Layer:
    blob: Blob
    difference_id: str


@dataclass(frozen=True)
class Image:
    manifest: Blob
    config: Blob
    layers: tuple[Blob, ...]

    @property
    def id(self) -> str:
        """What an engine calls the image's id."""
        return self.config.digest


class BlobStore:
    """Content by its digest, in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        return self.root / digest.removeprefix("sha256:")

    def put(self, content: bytes) -> Blob:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        self._keep(content, digest)
        return Blob(digest, len(content))

    def read(self, digest: str) -> Any:
        return json.loads(self.path(digest).read_bytes())

    def has(self, image: Image) -> bool:
        return all(self.path(blob.digest).is_file() for blob in (image.manifest, image.config, *image.layers))

    def keep_only(self, digests: set[str]) -> None:
        """Delete everything else, half-written files included; nobody may be writing meanwhile."""
        for path in self.root.iterdir():
            if f"sha256:{path.name}" not in digests:
                path.unlink()

    def _keep(self, content: bytes, digest: str) -> None:
        handle, name = tempfile.mkstemp(dir=self.root)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).replace(self.path(digest))


class _CompressedStream(io.RawIOBase):
    """Hashes what is written, compresses it, hashes that as well, and writes it down."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
        self.plain = hashlib.sha256()
        self.packed = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.plain.update(content)
        self._emit(self._compressor.compress(content))
        return len(content)

    def finish(self) -> None:
        self._emit(self._compressor.flush())

    def _emit(self, packed: bytes) -> None:
        self.packed.update(packed)
        self.size += len(packed)
        self._target.write(packed)


class LayerWriter:
    """Adds files to a layer; owner, time and order are the caller's or fixed, never the machine's."""

    def __init__(self, stream: _CompressedStream) -> None:
        # Open for as long as the writer; `close` is the end of both.
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT)  # noqa: SIM115
        self._names: set[str] = set()

    def file(self, name: str, content: bytes, mode: int = 0o644, owner: tuple[int, int] = (0, 0)) -> None:
        member = self._member(name, tarfile.REGTYPE, mode, owner)
        member.size = len(content)
        self._tar.addfile(member, io.BytesIO(content))

    def folder(self, name: str, mode: int = 0o755, owner: tuple[int, int] = (0, 0)) -> None:
        if name not in self._names:
            self._tar.addfile(self._member(name, tarfile.DIRTYPE, mode, owner))

    def link(self, name: str, target: str) -> None:
        member = self._member(name, tarfile.SYMTYPE, 0o777, (0, 0))
        member.linkname = target
        self._tar.addfile(member)

    def close(self) -> None:
        self._tar.close()

    def _member(self, name: str, kind: bytes, mode: int, owner: tuple[int, int]) -> tarfile.TarInfo:
        self._names.add(name)
        member = tarfile.TarInfo(name)
        member.type, member.mode, member.mtime = kind, mode, _MOMENT
        member.uid, member.gid = owner
        return member

    def package(self, deb: Path, wanted: Callable[[str], bool] = lambda _name: True) -> None:
        """Add the files of a Debian package; `wanted` chooses by their names, such as usr/bin/prometheus."""
        with open_deb(deb) as source:
            for member in source:
                name = member.name.removeprefix("./").rstrip("/")
                if not name or not wanted(name):
                    continue
                if member.isdir():
                    self.folder(name, member.mode)
                elif member.issym():
                    self.link(name, member.linkname)
                elif member.islnk():
                    hard = self._member(name, tarfile.LNKTYPE, member.mode, (0, 0))
                    hard.linkname = member.linkname.removeprefix("./")
                    self._tar.addfile(hard)
                elif member.isfile():
                    self.file(name, read_member(source, member), member.mode)


@contextmanager
def open_deb(deb: Path) -> Iterator[tarfile.TarFile]:
    """The files of a Debian package, as a stream."""
    damaged = TestbedError(f"The package {deb} cannot be unpacked, it is damaged: delete it and run the command again.")
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as unpacker:
        assert unpacker.stdout is not None
        try:
            with tarfile.open(fileobj=unpacker.stdout, mode="r|") as source:
                yield source
        except tarfile.ReadError:
            raise damaged from None
        # Padding after the last file: unread, it would look like a failure of the unpacker.
        unpacker.stdout.read()
    if unpacker.returncode:
        raise damaged


def read_member(source: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = source.extractfile(member)
    return stream.read() if stream else b""


def write_layer(store: BlobStore, fill: Callable[[LayerWriter], None]) -> Layer:
    """Write one layer into the store."""
    handle, name = tempfile.mkstemp(dir=store.root)
    with os.fdopen(handle, "wb") as target:
        stream = _CompressedStream(target)
        writer = LayerWriter(stream)
        fill(writer)
        writer.close()
        stream.finish()
    blob = Blob("sha256:" + stream.packed.hexdigest(), stream.size)
    Path(name).replace(store.path(blob.digest))
    return Layer(blob, "sha256:" + stream.plain.hexdigest())


def assemble(store: BlobStore, layers: list[Layer], settings: dict[str, Any]) -> Image:
    """Put layers and settings (Entrypoint, Cmd, User ...) together to an image."""
    config = store.put(
        _canonical(
            {
                "architecture": "amd64",
                "os": "linux",
                "created": _MOMENT_TEXT,
                "config": settings,
                "rootfs": {"type": "layers", "diff_ids": [layer.difference_id for layer in layers]},
                "history": [{"created": _MOMENT_TEXT, "created_by": "llmmon testbed"} for _ in layers],
            }
        )
    )
    manifest = store.put(
        _canonical(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": {"mediaType": _CONFIG_TYPE, "digest": config.digest, "size": config.size},
                "layers": [
                    {"mediaType": _LAYER_TYPE, "digest": layer.blob.digest, "size": layer.blob.size} for layer in layers
                ],
            }
        )
    )
    return Image(manifest, config, tuple(layer.blob for layer in layers))


def image_of(store: BlobStore, manifest_digest: str) -> Image | None:
    """An image that the store holds completely."""
    path = store.path(manifest_digest)
    if not path.is_file():
        return None
    content = store.read(manifest_digest)
    config = Blob(content["config"]["digest"], content["config"]["size"])
    layers = tuple(Blob(layer["digest"], layer["size"]) for layer in content["layers"])
    image = Image(Blob(manifest_digest, path.stat().st_size), config, layers)
    return image if store.has(image) else None


def write_archive(store: BlobStore, image: Image, name: str, target: BinaryIO) -> None:
    """Write the image in the form that `docker load` reads."""
    layer_names = [f"{blob.digest.removeprefix('sha256:')}.tar" for blob in image.layers]
    config_name = f"{image.config.digest.removeprefix('sha256:')}.json"
    listing = _canonical([{"Config": config_name, "RepoTags": [name], "Layers": layer_names}])
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.GNU_FORMAT) as archive:
        files = zip((config_name, *layer_names), (image.config, *image.layers), strict=True)
        for file_name, blob in files:
            with store.path(blob.digest).open("rb") as source:
                member = tarfile.TarInfo(file_name)
                member.size = blob.size
                archive.addfile(member, source)
        member = tarfile.TarInfo("manifest.json")
        member.size = len(listing)
        archive.addfile(member, io.BytesIO(listing))


def push(store: BlobStore, image: Image, registry: str, repository: str, tag: str) -> None:
    """Upload what the registry (its address, such as http://127.0.0.1:5000) does not have yet."""
    with requests.Session() as session:
        for blob in (*image.layers, image.config):
            _push_blob(session, store, blob, f"{registry}/v2/{repository}")
        answer = session.put(
            f"{registry}/v2/{repository}/manifests/{tag}",
            data=store.path(image.manifest.digest).read_bytes(),
            headers={"Content-Type": MANIFEST_TYPE},
            timeout=60,
        )
    if answer.status_code != 201:
        reason = f"{answer.status_code} {answer.text[:200]}"
        raise TestbedError(f"The registry refused {repository}:{tag} ({reason}): see the registry's log.")


def image_id_in_registry(registry: str, repository: str, tag: str) -> str | None:
    """The id of the image which the registry serves under that name, if any."""
    answer = requests.get(f"{registry}/v2/{repository}/manifests/{tag}", headers={"Accept": MANIFEST_TYPE}, timeout=30)
    return str(answer.json()["config"]["digest"]) if answer.ok else None


def _push_blob(session: requests.Session, store: BlobStore, blob: Blob, base: str) -> None:
    if session.head(f"{base}/blobs/{blob.digest}", timeout=30).ok:
        return
    begun = session.post(f"{base}/blobs/uploads/", timeout=30)
    begun.raise_for_status()
    location = begun.headers["Location"]
    with store.path(blob.digest).open("rb") as source:
        answer = session.put(
            f"{location}{'&' if '?' in location else '?'}digest={blob.digest}",
            data=source,
            headers={"Content-Type": "application/octet-stream"},
            timeout=300,
        )
    answer.raise_for_status()


def _canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
