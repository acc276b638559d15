"""A site of static files: which one is there, how another takes its place, and what is refused."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    ReleaseError,
    Releases,
)
from ansible_collections.llmmon.stack.plugins.module_utils.documentation.site import Site, digest_of

pytestmark = pytest.mark.usefixtures("as_root")

GROUP = 65534
FILES = {"index.html": b"<html>", "runbooks/One.html": b"one", "_static/logo.png": b"\x89PNG\xff\x00"}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def pack(target: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(target, "w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return target


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(Releases(tmp_path / "docs"), GROUP, keep=2)


def install(site: Site, tmp_path: Path, files: dict[str, bytes]) -> str:
    digest = digest_of(write(tmp_path / f"source-{len(files)}-{sum(map(len, files.values()))}", files))
    return site.install(pack(tmp_path / "site.tar.gz", files), digest)


def test_a_digest_changes_with_names_and_contents_and_not_with_what_is_hidden(tmp_path: Path) -> None:
    same = digest_of(write(tmp_path / "a", FILES))
    assert digest_of(write(tmp_path / "b", {**FILES, ".buildinfo": b"x", ".git/config": b"y"})) == same
    assert digest_of(write(tmp_path / "c", {**FILES, "index.html": b"<body>"})) != same
    assert digest_of(write(tmp_path / "d", {"other.html": b"<html>", **FILES})) != same
    # Where one name ends and the next begins is a part of it.
    assert digest_of(write(tmp_path / "e", {"ab": b"c"})) != digest_of(write(tmp_path / "f", {"a": b"bc"}))


def test_a_site_is_written_as_it_was_sent_for_its_group_alone(site: Site, tmp_path: Path) -> None:
    digest = digest_of(write(tmp_path / "source", FILES))
    assert not site.is_there(digest)
    name = site.install(pack(tmp_path / "site.tar.gz", FILES), digest)
    root = site.releases.root
    assert site.current == name
    assert (root / CURRENT / "_static" / "logo.png").read_bytes() == FILES["_static/logo.png"]
    assert site.is_there(digest)
    for path, mode in ((root, 0o750), (root / name / "runbooks", 0o750), (root / name / "index.html", 0o640)):
        found = path.stat()
        assert (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (mode, 0, GROUP), path


def test_another_site_takes_its_place_and_the_last_ones_stay(site: Site, tmp_path: Path) -> None:
    names = [install(site, tmp_path, {**FILES, "new.html": b"x" * number}) for number in range(4)]
    assert site.current == names[-1]
    assert site.releases.names() == names[-2:]


@pytest.mark.parametrize("edit", ["changed", "added", "removed", "unreadable"])
def test_what_was_edited_by_hand_is_not_the_site(edit: str, site: Site, tmp_path: Path) -> None:
    digest = digest_of(write(tmp_path / "source", FILES))
    site.install(pack(tmp_path / "site.tar.gz", FILES), digest)
    page = site.releases.root / CURRENT / "index.html"
    if edit == "changed":
        page.write_bytes(b"mine")
    elif edit == "added":
        page.with_name("mine.html").write_bytes(b"mine")
    elif edit == "removed":
        page.unlink()
    else:
        os.chown(page, 0, 0)
    assert not site.is_there(digest)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({**FILES, "index.html": b"another"}, "the files that arrived are not those that were sent"),
        ({"../outside.html": b"x"}, "does not lie inside a release"),
    ],
)
def test_what_is_refused_leaves_no_trace(files: dict[str, bytes], why: str, site: Site, tmp_path: Path) -> None:
    before = install(site, tmp_path, FILES)
    digest = digest_of(write(tmp_path / "wanted", {"index.html": b"wanted"}))
    with pytest.raises(ReleaseError, match=why):
        site.install(pack(tmp_path / "bad.tar.gz", files), digest)
    assert site.current == before
    assert site.releases.names() == [before]
    assert not (site.releases.root / "outside.html").exists()
