"""Images have to be the same wherever and whenever they are built: hosts pull them by digest."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.testbed import oci
from tests.testbed.shell import TestbedError

CONTENT = b"#!/bin/sh\necho hello\n"
SETTINGS = {"Entrypoint": ["/usr/bin/hello"]}


def make_deb(folder: Path, content: bytes = CONTENT, timestamp: int = 1) -> Path:
    """A package with one program, one link and one folder."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.com>\nDescription: hello\n"
    )
    program = tree / "usr" / "bin" / "hello"
    program.parent.mkdir(parents=True)
    program.write_bytes(content)
    program.chmod(0o755)
    os.utime(program, (timestamp, timestamp))
    (program.parent / "hi").symlink_to("hello")
    target = folder / "hello.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", tree, target], check=True, capture_output=True)
    return target


def build(folder: Path, deb: Path) -> tuple[oci.BlobStore, oci.Image]:
    store = oci.BlobStore(folder / "blobs")
    layer = oci.write_layer(store, lambda writer: writer.package(deb))
    return store, oci.assemble(store, [layer], SETTINGS)


def test_same_package_makes_same_digests(tmp_path: Path) -> None:
    deb = make_deb(tmp_path)
    _, first = build(tmp_path / "first", deb)
    _, second = build(tmp_path / "second", deb)
    assert first == second


def test_times_in_the_package_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    _, old = build(tmp_path / "old", make_deb(tmp_path / "old", timestamp=1))
    _, new = build(tmp_path / "new", make_deb(tmp_path / "new", timestamp=10**9))
    assert old.id == new.id


def test_other_content_makes_another_image(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    _, first = build(tmp_path, make_deb(tmp_path))
    _, second = build(tmp_path / "other", make_deb(tmp_path / "other", content=b"#!/bin/sh\n"))
    assert first.id != second.id
    assert first.manifest != second.manifest


def test_archive_is_what_docker_load_reads(tmp_path: Path) -> None:
    store, image = build(tmp_path, make_deb(tmp_path))
    target = io.BytesIO()
    oci.write_archive(store, image, "example/hello:1", target)
    target.seek(0)
    with tarfile.open(fileobj=target) as archive:
        names = archive.getnames()
        listing = archive.extractfile("manifest.json")
        assert listing is not None
        assert b'"RepoTags":["example/hello:1"]' in listing.read()
        layer = next(name for name in names if name.endswith(".tar"))
        packed = archive.extractfile(layer)
        assert packed is not None
        with tarfile.open(fileobj=io.BytesIO(packed.read())) as content:
            program = content.getmember("usr/bin/hello")
            assert (program.mode, program.uid, program.gid) == (0o755, 0, 0)
            assert content.getmember("usr/bin/hi").linkname == "hello"


def test_image_is_incomplete_without_one_of_its_layers(tmp_path: Path) -> None:
    store, image = build(tmp_path, make_deb(tmp_path))
    assert oci.image_of(store, image.manifest.digest) == image
    store.path(image.layers[0].digest).unlink()
    assert oci.image_of(store, image.manifest.digest) is None


def test_sweeping_keeps_only_what_is_needed(tmp_path: Path) -> None:
    store, image = build(tmp_path, make_deb(tmp_path))
    stray = store.put(b"nobody needs me")
    store.keep_only({blob.digest for blob in (image.manifest, image.config, *image.layers)})
    assert store.has(image)
    assert not store.path(stray.digest).exists()


def test_damaged_package_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.deb"
    damaged.write_bytes(make_deb(tmp_path).read_bytes()[:600])
    with pytest.raises(TestbedError, match=r"damaged\.deb cannot be unpacked"):
        build(tmp_path, damaged)
