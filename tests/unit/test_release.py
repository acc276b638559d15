"""A release is the last commit, the same bytes each time, and Ansible takes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from docs import release
from docs.collection import documentation
from docs.generate import REPOSITORY

SOURCE = REPOSITORY / release.COLLECTION
THEN = 1_700_000_000
GALAXY = Path(sys.executable).with_name("ansible-galaxy")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release.collection(SOURCE, tmp_path_factory.mktemp("dist"), THEN)


def git(folder: Path, *arguments: str) -> None:
    names = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **names}, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that has a version, its changelog, and something that is in no commit."""
    folder = tmp_path / "repository"
    files = {
        "pyproject.toml": '[project]\nname = "llmmon"\nversion = "1.0.0"\n',
        "collections/llmmon/galaxy.yml": "namespace: llmmon\nversion: 1.0.0\nrepository: https://example.org/llmmon\n",
        "collections/llmmon/changelogs/changelog.yaml": "releases: {1.0.0: {}}\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    (folder / "notes.txt").write_text("of mine\n", encoding="utf-8")
    return folder


# -- the same bytes


def test_the_order_and_the_times_of_the_files_do_not_show(archive: Path, tmp_path: Path) -> None:
    """Built once more from a copy whose files were made in another order, at another time, by other permissions."""
    copy = tmp_path / "copy"
    for path in sorted(SOURCE.rglob("*"), reverse=True):
        target = copy / path.relative_to(SOURCE)
        if path.is_dir() and path.name != "__pycache__":
            # The folder of fragments is empty after a release, and there all the same.
            target.mkdir(parents=True, exist_ok=True)
        elif path.is_file() and "__pycache__" not in path.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o755 if os.access(path, os.X_OK) else 0o640)
            os.utime(target, (1, 1))
    again = release.collection(copy, tmp_path / "dist", THEN)
    assert again.name == archive.name
    assert again.read_bytes() == archive.read_bytes()


def test_nothing_of_who_packed_an_archive_and_when_is_in_it(archive: Path) -> None:
    with tarfile.open(archive) as packed:
        members = packed.getmembers()
    assert len(members) > 100
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert {member.mtime for member in members} == {THEN}
    assert {member.mode for member in members} <= {0o644, 0o755, 0o777}
    assert archive.read_bytes()[4:8] == bytes(4), "gzip's own time"


def test_folders_links_and_programs_are_packed_as_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "program").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "folder" / "program").chmod(0o700)
    (tmp_path / "link").symlink_to("folder/program")
    members: dict[str, bytes | Path] = {name: tmp_path / name for name in ("link", "folder/program", "folder")}
    release.pack({**members, "text": b"of memory"}, tmp_path / "a.tar.gz", THEN)
    with tarfile.open(tmp_path / "a.tar.gz") as packed:
        found = {member.name: (member.type, oct(member.mode), member.linkname) for member in packed.getmembers()}
        assert packed.extractfile("text").read() == b"of memory"  # type: ignore[union-attr]
    assert found == {
        "folder": (tarfile.DIRTYPE, "0o755", ""),
        "folder/program": (tarfile.REGTYPE, "0o755", ""),
        "link": (tarfile.SYMTYPE, "0o777", "folder/program"),
        "text": (tarfile.REGTYPE, "0o644", ""),
    }


# -- Ansible takes it


def test_ansible_installs_the_archive_and_finds_nothing_changed(archive: Path, tmp_path: Path) -> None:
    places = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}

    def galaxy(*arguments: str | Path) -> str:
        command = [GALAXY, "collection", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=places, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    galaxy("install", archive, "--no-deps", "--offline", "--collections-path", tmp_path)
    assert "are internally consistent with its manifest" in galaxy("verify", "--offline", "llmmon.stack")
    installed = tmp_path / "ansible_collections" / "llmmon" / "stack"
    assert (installed / "playbooks" / "site.yml").read_bytes() == (SOURCE / "playbooks" / "site.yml").read_bytes()
    assert (installed / "LICENSE").is_file()


# -- what a release is of


def test_only_what_is_committed_is_released(repository: Path, tmp_path: Path) -> None:
    release.checkout(repository, tmp_path / "source")
    assert (tmp_path / "source" / "pyproject.toml").is_file()
    assert not (tmp_path / "source" / "notes.txt").exists()


def test_a_version_is_released_once_its_changelog_is_written(repository: Path) -> None:
    release.check_changelog(repository)
    release.write_version(repository, "1.1.0")
    with pytest.raises(release.Refused, match=r"no release 1\.1\.0: run 'make changelog VERSION="):
        release.check_changelog(repository)


def test_changes_that_are_in_no_release_are_not_forgotten(repository: Path) -> None:
    fragment = repository / release.COLLECTION / "changelogs" / "fragments" / "new.yml"
    fragment.parent.mkdir()
    fragment.write_text("bugfixes: [One.]\n", encoding="utf-8")
    with pytest.raises(release.Refused, match=r"1 fragment\(s\) of the changelog are in no release yet"):
        release.check_changelog(repository)


def test_a_version_is_written_wherever_it_is_read(repository: Path) -> None:
    release.write_version(repository, "2.10.3")
    assert release.version_of(repository) == "2.10.3"
    assert 'version = "2.10.3"\n' in (repository / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", ["", "1.0", "v1.0.0", "1.0.0-rc1", "1.0.0\nname: other"])
def test_a_version_of_another_form_is_refused(repository: Path, version: str) -> None:
    with pytest.raises(release.Refused, match=r"make changelog needs VERSION=MAJOR\.MINOR\.PATCH"):
        release.write_version(repository, version)
    assert release.version_of(repository) == "1.0.0"


def test_the_versions_of_this_repository_are_one() -> None:
    for path, line in release.VERSIONS.items():
        expected = line.format(release.version_of(REPOSITORY))
        assert expected in (REPOSITORY / path).read_text(encoding="utf-8").splitlines(), path


def test_the_checksums_are_those_that_sha256sum_reads(archive: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(archive, tmp_path))
    release.write_sums([copy], tmp_path)
    check = ["sha256sum", "--check", "--strict", release.SUMS]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    copy.write_bytes(copy.read_bytes() + b"\0")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_every_plugin_is_new_in_the_changelog_of_the_version_that_it_names() -> None:
    """Or will be. One that names a release from before it was there is in no changelog."""
    released = yaml.safe_load((SOURCE / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    missing = {}
    for kind in ("modules", "filter", "lookup", "callback"):
        for path in sorted((SOURCE / "plugins" / kind).glob("*.[py][ym]*")):
            version = documentation(path).get("version_added")
            if version in released:
                entry = released[version]
                listed = entry.get("modules", []) if kind == "modules" else entry.get("plugins", {}).get(kind, [])
                if path.stem not in {plugin["name"] for plugin in listed}:
                    missing[f"{kind}/{path.stem}"] = version
    assert missing == {}, "version_added has to be the version that comes next"


# -- what is promised


def test_the_page_about_upgrades_names_what_is_supported() -> None:
    page = (REPOSITORY / "docs" / "operations" / "llmmon.md").read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    cores = next(line for line in makefile.splitlines() if line.startswith("CORES := ")).split()[2:]
    assert f"| ansible-core on the controller | {', '.join(cores[:-1])} and {cores[-1]};" in page
    runtime = yaml.safe_load((SOURCE / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert runtime["requires_ansible"] == f">={cores[0]}.0"
