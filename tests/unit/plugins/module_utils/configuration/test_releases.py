"""The releases of a configuration on a host."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RELEASE_MANIFEST,
    RUNNING,
    File,
    ReleaseError,
    Releases,
    check_path,
    new_name,
    stamp_secrets,
)

from tests.support.holding import holding

GROUP = 4711
OLD, MIDDLE, NEW, NEWEST = (f"2026010{day}T000000.000000Z" for day in (1, 2, 3, 4))
TREE = [
    File("prometheus.yml", "a: 1\r\nname: Grüße\n"),
    File("rules/deep/llm.yml", "b: 2\n"),
    File("secrets/token", "s3cret", secret=True),
]


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Releases:
    """Releases whose owners are only noted where the tests do not run as root."""
    if os.geteuid() != 0:
        monkeypatch.setattr(os, "chown", lambda *_, **__: None)
        monkeypatch.setattr(os, "fchown", lambda *_, **__: None)
    return Releases(tmp_path)


def access(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_mode & 0o7777, status.st_uid, status.st_gid


# -- paths and names


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "", ".", ".manifest.json"])
def test_a_path_that_leaves_the_release_is_refused(path: str, releases: Releases) -> None:
    with pytest.raises(ReleaseError, match="use a relative path"):
        check_path(path)
    with pytest.raises(ReleaseError):
        releases.write(NEW, [File(path, "x")], GROUP)


def test_a_path_inside_the_release_is_taken() -> None:
    assert check_path("rules//./a.yml") == "rules/a.yml"


def test_names_are_utc_times_that_sort_by_age() -> None:
    first, second = new_name(), new_name()
    assert first < second
    assert len(first) == len(OLD)


def test_releases_are_listed_oldest_first(tmp_path: Path) -> None:
    for name in ("20260102T000000.000000Z", "20250102T000000.000000Z", "notes", "20260102T000000.000000Z.bak"):
        (tmp_path / name).mkdir()
    assert Releases(tmp_path).names() == ["20250102T000000.000000Z", "20260102T000000.000000Z"]
    assert Releases(tmp_path / "nothing").names() == []


# -- writing and reading


def test_what_was_written_is_read_back_to_the_byte(releases: Releases) -> None:
    releases.write(NEW, TREE, GROUP)
    assert releases.read(NEW) == {
        "prometheus.yml": "a: 1\r\nname: Grüße\n".encode(),
        "rules/deep/llm.yml": b"b: 2\n",
        "secrets/token": b"s3cret",
    }


@pytest.mark.usefixtures("as_root")
def test_only_root_and_the_service_can_read_a_release(releases: Releases) -> None:
    umask = os.umask(0o077)
    try:
        base = releases.write(NEW, TREE, GROUP)
    finally:
        os.umask(umask)
    for directory in (base, base / "rules", base / "rules" / "deep", base / "secrets"):
        assert access(directory) == (0o750, 0, GROUP)
    assert access(base / "prometheus.yml") == (0o640, 0, GROUP)
    assert access(base / "rules" / "deep" / "llm.yml") == (0o640, 0, GROUP)
    assert access(base / "secrets" / "token") == (0o440, 0, GROUP)
    # A short secret could be guessed from its digest.
    assert access(base / RELEASE_MANIFEST) == (0o400, 0, 0)
    assert releases.wrong_access(NEW, GROUP) == []


def test_nobody_can_read_a_secret_while_it_is_written(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    change_mode = os.fchmod

    def spy(descriptor: int, mode: int) -> None:
        status = os.fstat(descriptor)
        seen.append((status.st_mode & 0o777, status.st_size))
        change_mode(descriptor, mode)

    monkeypatch.setattr(os, "fchmod", spy)
    releases.write(NEW, TREE, GROUP)
    assert set(seen) == {(0, 0)}


def test_the_manifest_is_no_file_of_the_release(releases: Releases) -> None:
    base = releases.write(NEW, TREE, GROUP)
    assert sorted(json.loads((base / RELEASE_MANIFEST).read_text())["files"]) == sorted(file.path for file in TREE)
    assert RELEASE_MANIFEST not in releases.read(NEW)


# -- links


def test_a_link_is_relative_and_moves_on(releases: Releases) -> None:
    for name in (OLD, NEW):
        releases.write(name, TREE, GROUP)
        releases.point(CURRENT, name)
        assert releases.target(CURRENT) == name
        assert (releases.root / CURRENT).readlink() == Path(name)


def test_a_reader_sees_the_old_release_or_the_new_one(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (OLD, NEW):
        releases.write(name, TREE, GROUP)
    releases.point(CURRENT, OLD)
    seen: list[str] = []
    for method in ("unlink", "symlink_to", "replace"):
        original: Callable[..., Any] = getattr(Path, method)

        def spy(self: Path, *arguments: Any, original: Callable[..., Any] = original, **options: Any) -> Any:
            seen.append(str(releases.target(CURRENT)))
            result = original(self, *arguments, **options)
            seen.append(str(releases.target(CURRENT)))
            return result

        monkeypatch.setattr(Path, method, spy)
    releases.point(CURRENT, NEW)
    assert set(seen) == {OLD, NEW}
    assert seen == sorted(seen)


def test_a_switch_that_was_interrupted_can_be_made_up_for(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (OLD, NEW):
        releases.write(name, TREE, GROUP)
    releases.point(CURRENT, OLD)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        releases.point(CURRENT, NEW)
    assert releases.target(CURRENT) == OLD
    releases.point(CURRENT, NEW)
    assert releases.target(CURRENT) == NEW
    assert sorted(path.name for path in releases.root.iterdir()) == [OLD, NEW, CURRENT]


@pytest.mark.parametrize("target", ["../elsewhere", "/etc", "notes", f"{NEW}\n", OLD])
def test_a_link_to_something_else_than_a_release_counts_as_none(target: str, releases: Releases) -> None:
    for name in (NEW, f"{NEW}\n", "notes"):
        (releases.root / name).mkdir()
    (releases.root / CURRENT).symlink_to(target)
    assert releases.target(CURRENT) is None


def test_a_directory_in_place_of_a_link_counts_as_none(releases: Releases) -> None:
    (releases.root / CURRENT).mkdir()
    assert releases.target(CURRENT) is None
    assert releases.target(RUNNING) is None


# -- what changed on the host


def test_what_was_edited_by_hand_is_found_by_content(releases: Releases) -> None:
    base = releases.write(NEW, TREE, GROUP)
    assert releases.edited_by_hand(NEW) == []
    # Rewritten with the same content: a new time stamp is no edit.
    (base / "rules" / "deep" / "llm.yml").write_text("b: 2\n")
    assert releases.edited_by_hand(NEW) == []
    (base / "prometheus.yml").write_text("a: 2\n")
    (base / "secrets" / "token").unlink()
    (base / "rules" / "own.yml").write_text("c: 3\n")
    assert releases.edited_by_hand(NEW) == ["prometheus.yml", "rules/own.yml", "secrets/token"]


@pytest.mark.parametrize("manifest", [None, "{", "{}", "[]", '{"files": null}'])
def test_a_release_with_an_unreadable_manifest_tells_nothing_of_edits(manifest: str | None, releases: Releases) -> None:
    base = releases.write(NEW, TREE, GROUP)
    (base / RELEASE_MANIFEST).unlink()
    if manifest is not None:
        (base / RELEASE_MANIFEST).write_text(manifest)
    assert releases.edited_by_hand(NEW) == []
    assert releases.asked(NEW) == ""


@pytest.mark.usefixtures("as_root")
def test_wrong_owners_groups_and_modes_are_found(releases: Releases) -> None:
    base = releases.write(NEW, [*TREE, File("secrets/key", "k", secret=True)], GROUP)
    (base / "prometheus.yml").chmod(0o644)
    (base / "rules").chmod(0o755)
    os.chown(base / "rules" / "deep" / "llm.yml", 0, GROUP + 1)
    os.chown(base / "secrets" / "token", 1000, GROUP)
    (base / "secrets" / "key").chmod(0o640)
    (base / RELEASE_MANIFEST).chmod(0o600)
    assert releases.wrong_access(NEW, GROUP) == [
        "prometheus.yml",
        "rules",
        "rules/deep/llm.yml",
        "secrets/key",
        "secrets/token",
    ]


@pytest.mark.usefixtures("as_root")
def test_a_link_in_place_of_a_file_is_wrong_even_with_the_same_content(releases: Releases) -> None:
    base = releases.write(NEW, TREE, GROUP)
    (base / "prometheus.yml").rename(releases.root / "moved")
    (base / "prometheus.yml").symlink_to(releases.root / "moved")
    assert releases.wrong_access(NEW, GROUP) == ["prometheus.yml"]


# -- what may go


@pytest.mark.parametrize(
    ("names", "current", "running", "keep", "stale"),
    [
        pytest.param([OLD, MIDDLE, NEW], NEW, NEW, 2, [OLD], id="beyond the last two"),
        pytest.param([OLD, MIDDLE, NEW], NEW, NEW, 3, [], id="keep says how many"),
        pytest.param([OLD, MIDDLE, NEW], NEW, NEW, 1, [OLD, MIDDLE], id="only the current one"),
        pytest.param([OLD, MIDDLE, NEW], NEW, NEW, 0, [OLD, MIDDLE], id="the current one stays whatever keep says"),
        pytest.param([OLD, NEW], OLD, OLD, 2, [NEW], id="left behind by an interrupted run, or refused"),
        pytest.param([OLD, MIDDLE, NEW, NEWEST], NEW, OLD, 2, [NEWEST], id="what runs stays, however old"),
        pytest.param([OLD, MIDDLE, NEW], MIDDLE, NEW, 1, [OLD], id="what runs stays, though newer than current"),
        pytest.param([OLD, NEW], None, None, 2, [OLD, NEW], id="no current release"),
        pytest.param([OLD, NEW], None, OLD, 2, [NEW], id="no current release, but one runs"),
        pytest.param([], None, None, 2, [], id="nothing there"),
    ],
)
def test_stale_releases(
    names: list[str], current: str | None, running: str | None, keep: int, stale: list[str], releases: Releases
) -> None:
    for name in names:
        releases.write(name, TREE, GROUP)
    for link, target in ((CURRENT, current), (RUNNING, running)):
        if target:
            releases.point(link, target)
    assert releases.stale(keep) == stale
    for name in stale:
        releases.remove(name)
    assert releases.names() == [name for name in names if name not in stale]


def test_a_fragment_of_a_release_is_nothing_to_go_back_to(releases: Releases) -> None:
    for name in (OLD, MIDDLE, NEW):
        releases.write(name, TREE, GROUP)
    (releases.root / MIDDLE / RELEASE_MANIFEST).unlink()
    for link in (CURRENT, RUNNING):
        releases.point(link, NEW)
    assert releases.stale(2) == [MIDDLE]


@pytest.mark.parametrize("link", [CURRENT, RUNNING])
def test_a_release_in_use_is_not_removed(link: str, releases: Releases) -> None:
    releases.write(NEW, TREE, GROUP)
    releases.point(link, NEW)
    with pytest.raises(ReleaseError, match="is in use and stays"):
        releases.remove(NEW)
    assert releases.read(NEW)


def test_a_release_that_was_never_written_can_be_removed(releases: Releases) -> None:
    releases.remove(NEW)
    assert releases.names() == []


# -- stamped names of secrets


def secret(name: str, content: str) -> File:
    return File(f"secrets/{name}", content, secret=True)


def test_a_stamped_secret_has_a_name_of_its_own_and_is_referred_to_by_it() -> None:
    files = [
        File("p.yml", "a: secrets/one\nb: /etc/current/secrets/one.token\nc: secrets/one-more\nd: 'secrets/one'\n"),
        secret("one", "1"),
        secret("one.token", "2"),
    ]
    stamped = stamp_secrets(files, {}, NEW)
    assert stamped[0].content == (
        f"a: secrets/one.{NEW}\nb: /etc/current/secrets/one.token.{NEW}\nc: secrets/one-more\nd: 'secrets/one.{NEW}'\n"
    )
    assert stamped[1:] == [secret(f"one.{NEW}", "1"), secret(f"one.token.{NEW}", "2")]


def test_only_a_secret_that_changed_gets_a_new_name() -> None:
    files = [File("p.yml", "secrets/one secrets/two"), secret("one", "1"), secret("two", "2")]
    actual = {file.path: file.content.encode() for file in stamp_secrets(files, {}, OLD)}
    assert stamp_secrets(files, actual, NEW) == stamp_secrets(files, {}, OLD)
    rotated = [files[0], files[1], secret("two", "changed")]
    assert stamp_secrets(rotated, actual, NEW) == [
        File("p.yml", f"secrets/one.{OLD} secrets/two.{NEW}"),
        secret(f"one.{OLD}", "1"),
        secret(f"two.{NEW}", "changed"),
    ]


def test_another_secret_with_the_same_content_lends_no_name() -> None:
    actual = {f"secrets/one.two.{OLD}": b"1", "secrets/one.notes": b"1", "secrets/one": b"1"}
    assert stamp_secrets([secret("one", "1")], actual, NEW) == [secret(f"one.{NEW}", "1")]


def test_without_secrets_nothing_is_stamped() -> None:
    files = [File("p.yml", "a: secrets/one\n"), File("empty", "")]
    assert stamp_secrets(files, {}, NEW) == files


# -- the lock


HOLDER = """
import fcntl, sys
handle = open(sys.argv[1], "w")
fcntl.flock(handle, fcntl.LOCK_EX)
"""


def test_two_runs_do_not_change_a_configuration_at_once(releases: Releases) -> None:
    with holding(HOLDER, releases.root / ".lock") as holder:
        with pytest.raises(ReleaseError, match="another run is changing"), releases.locked():
            pytest.fail("the lock was given twice")
        # Killed: the kernel gives the lock back, so a dead run never blocks the next.
        holder.kill()
        holder.wait()
        with releases.locked():
            pass
    with releases.locked():
        pass
