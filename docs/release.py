"""Build a release into dist/, the same bytes each time: `python -m docs.release`.

`python -m docs.release version 1.2.3` writes down the version that the next changelog is for, and
`python -m docs.release collection` builds the collection's archive alone, out of the files as they are.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from docs.generate import REPOSITORY

COLLECTION = Path("collections/llmmon")
DIST = REPOSITORY / "dist"
SUMS = "SHA256SUMS"
# Where the version is written down. Everything else reads it there.
VERSIONS = {COLLECTION / "galaxy.yml": "version: {}", Path("pyproject.toml"): 'version = "{}"'}
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


class Refused(Exception):
    """There is no release of this; the message says what to do first."""


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """What a command printed to its standard output; what it says of a failure is shown as it is."""
    done = subprocess.run(  # noqa: S603
        command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def version_of(repository: Path) -> str:
    galaxy: dict[str, Any] = yaml.safe_load((repository / COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))
    return str(galaxy["version"])


def write_version(repository: Path, version: str) -> None:
    """Write the version down, for the changelog and for the archives."""
    if not _VERSION.fullmatch(version):
        raise Refused(f"{version!r} is not a version: make changelog needs VERSION=MAJOR.MINOR.PATCH, such as 1.2.0")
    for path, line in VERSIONS.items():
        text = (repository / path).read_text(encoding="utf-8")
        wanted = re.compile("^" + re.escape(line).replace(r"\{\}", r"[^\"\s]+") + "$", re.MULTILINE)
        changed, found = wanted.subn(line.format(version), text, count=1)
        if not found:
            raise Refused(f"{path} has no line such as {line.format(version)}")
        (repository / path).write_text(changed, encoding="utf-8")


# -- archives whose bytes depend on their content alone


def pack(members: Mapping[str, bytes | Path], archive: Path, epoch: int) -> None:
    """Write a .tar.gz: sorted, of nobody, of one time. A path is a file, a folder or a link; bytes are a file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, source in sorted(members.items()):
            member, content = tarfile.TarInfo(name), b""
            member.mtime, member.mode = epoch, 0o644
            if isinstance(source, bytes):
                content = source
            elif source.is_symlink():
                member.type, member.linkname, member.mode = tarfile.SYMTYPE, str(source.readlink()), 0o777
            elif source.is_dir():
                member.type, member.mode = tarfile.DIRTYPE, 0o755
            else:
                content = source.read_bytes()
                member.mode = 0o755 if source.stat().st_mode & 0o100 else 0o644
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    # Neither a name nor a time goes into gzip's header.
    archive.write_bytes(gzip.compress(packed.getvalue(), compresslevel=9, mtime=0))


def in_order(unpacked: Path) -> dict[str, bytes | Path]:
    """The members of a collection's archive, with a list of files that does not depend on the disk's order.

    `ansible-galaxy` lists them in FILES.json as the disk names them, and MANIFEST.json has the checksum of that list.
    """
    files = json.loads((unpacked / "FILES.json").read_text(encoding="utf-8"))
    files["files"].sort(key=lambda entry: entry["name"])
    listed = json.dumps(files, indent=True).encode()
    manifest = json.loads((unpacked / "MANIFEST.json").read_text(encoding="utf-8"))
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(listed).hexdigest()
    found: dict[str, bytes | Path] = {str(path.relative_to(unpacked)): path for path in unpacked.rglob("*")}
    return found | {"FILES.json": listed, "MANIFEST.json": json.dumps(manifest, indent=True).encode()}


def collection(source: Path, target: Path, epoch: int) -> Path:
    """Build the archive of a collection's folder into another folder."""
    with tempfile.TemporaryDirectory(prefix="llmmon-collection-") as directory:
        built, unpacked = Path(directory) / "built", Path(directory) / "unpacked"
        galaxy = Path(sys.executable).with_name("ansible-galaxy")
        run(galaxy, "collection", "build", source, "--output-path", built, folder=Path(directory))
        (archive,) = built.glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(unpacked, filter="data")
        target.mkdir(parents=True, exist_ok=True)
        pack(in_order(unpacked), target / archive.name, epoch)
        return target / archive.name


def site(repository: Path, target: Path, epoch: int, address: str) -> Path:
    """Build the documentation site of a checkout into an archive."""
    built = repository / "dist" / "site"
    command = [sys.executable, "-m", "docs.site", "--repository", address]
    run(*command, folder=repository, SOURCE_DATE_EPOCH=str(epoch))
    name = f"llmmon-docs-{version_of(repository)}"
    pack({f"{name}/{path.relative_to(built)}": path for path in built.rglob("*")}, target / f"{name}.tar.gz", epoch)
    return target / f"{name}.tar.gz"


def write_sums(archives: list[Path], target: Path) -> Path:
    """The checksums, as `sha256sum --check` reads them."""
    lines = [f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n" for archive in sorted(archives)]
    (target / SUMS).write_text("".join(lines), encoding="utf-8")
    return target / SUMS


# -- a release is of a commit


def commit_time(repository: Path) -> int:
    """The time that all files of an archive have: that of the last commit."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or run("git", "log", "-1", "--format=%ct", folder=repository))


def check_changelog(repository: Path) -> None:
    """Refuse a version whose changelog is not written yet."""
    changelogs = repository / COLLECTION / "changelogs"
    waiting = len(list((changelogs / "fragments").glob("*.yml")))
    if waiting:
        raise Refused(
            f"{waiting} fragment(s) of the changelog are in no release yet: run 'make changelog VERSION=...' and commit"
            " what it wrote, or build a draft without them: make release DRAFT=1"
        )
    released = yaml.safe_load((changelogs / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    if version_of(repository) not in released:
        raise Refused(f"the changelog has no release {version_of(repository)}: run 'make changelog VERSION=...'")


def checkout(repository: Path, target: Path) -> None:
    """Write the files of the last commit into a folder: what else lies about in the repository is in no release."""
    with tarfile.open(fileobj=io.BytesIO(_archive(repository))) as packed:
        # The links at the top lead into the collection.
        packed.extractall(target, filter="tar")


def _archive(repository: Path) -> bytes:
    command = ["git", "archive", "--format=tar", "HEAD"]
    return subprocess.run(command, cwd=repository, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603


def release(repository: Path, target: Path, draft: bool) -> list[Path]:
    """Build all that a release is made of out of the last commit; raises Refused."""
    epoch = commit_time(repository)
    with tempfile.TemporaryDirectory(prefix="llmmon-release-") as directory:
        source = Path(directory) / "llmmon"
        checkout(repository, source)
        if not draft:
            check_changelog(source)
        galaxy = yaml.safe_load((source / COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))
        # The site's own tools are found below the folder that it is built in.
        (source / ".venv").symlink_to(repository / ".venv", target_is_directory=True)
        target.mkdir(parents=True, exist_ok=True)
        archives = [
            collection(source / COLLECTION, target, epoch),
            site(source, target, epoch, f"{galaxy['repository']}/blob/v{galaxy['version']}"),
        ]
    return [*archives, write_sums(archives, target)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m docs.release", description=__doc__)
    parser.add_argument("--draft", action="store_true", help="build although the changelog is not written yet")
    parts = parser.add_subparsers(dest="part")
    parts.add_parser("version").add_argument("version")
    parts.add_parser("collection")
    arguments = parser.parse_args()
    try:
        if arguments.part == "version":
            write_version(REPOSITORY, arguments.version)
            return 0
        if arguments.part == "collection":
            made = [collection(REPOSITORY / COLLECTION, DIST, commit_time(REPOSITORY))]
        else:
            made = release(REPOSITORY, DIST, arguments.draft)
    except Refused as refused:
        print(f"no release: {refused}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as failed:
        print(f"no release: {Path(failed.cmd[0]).name} failed, see above", file=sys.stderr)
        return 1
    print("wrote", *(path.relative_to(REPOSITORY) for path in made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
