"""Debian packages of any suite, downloaded from the machine's own mirror without touching the machine's apt."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import state
from tests.testbed.shell import TestbedError, run, step

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_CARRIED_OVER = (
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
)


@dataclass(frozen=True)
class Deb:
    """A package file on disk, with the checksum that apt has verified."""

    package: str
    version: str
    sha256: str
    path: Path

    @property
    def upstream(self) -> str:
        """The version as upstream counts: without epoch, repacking suffix and Debian revision."""
        without_epoch = self.version.split(":", 1)[-1]
        return without_epoch.rsplit("-", 1)[0].split("+", 1)[0]


@dataclass(frozen=True)
class Mirror:
    site: str
    keyring: str


def fetch(suite: str, packages: Sequence[str]) -> dict[str, Deb]:
    """The named packages of a suite; what was downloaded before is used again without asking the mirror."""
    with state.locked(f"debs-{suite}"):
        known = _index(suite)
        missing = [package for package in packages if package not in known]
        if missing:
            with step(f"downloaded {len(missing)} packages of Debian {suite}"):
                known |= _download(suite, missing)
                _write_index(suite, known)
    return {package: known[package] for package in packages}


def forget(suite: str, package: str) -> None:
    """Drop one package from the cache, so that the next `fetch` asks the mirror again."""
    with state.locked(f"debs-{suite}"):
        known = _index(suite)
        if package in known:
            known.pop(package).path.unlink(missing_ok=True)
            _write_index(suite, known)


def mirror() -> Mirror:
    """The mirror this machine installs its own packages from."""
    wanted = "$(SITE)|$(RELEASE)|$(SIGNED_BY)"
    query = ["apt-get", "indextargets", "--format", wanted, "Origin: Debian", "Component: main"]
    answer = run(query)
    if not answer.strip():
        # Nothing was ever updated here, as in a fresh container: ask with lists of our own.
        lists = state.folder("apt", "machine", "partial").parent
        own = ["-o", f"Dir::State::lists={lists}", "-o", "APT::Sandbox::User=root"]
        run(["apt-get", *own, "-qq", "update"])
        answer = run([query[0], *own, *query[1:]])
    entries = [line.split("|") for line in answer.splitlines() if line]
    for site, release, keyring in entries:
        if not release.endswith(("-security", "-updates", "-backports")):
            return Mirror(site, keyring if keyring.startswith("/") else _KEYRING)
    raise TestbedError(
        "apt on this machine knows no Debian mirror: run the testbed on Debian, or add one to /etc/apt/sources.list.d."
    )


def machine_apt_settings() -> list[str]:
    """The machine's proxy and clock settings, as lines of an apt.conf."""
    lines = run(["apt-config", "dump"]).splitlines()
    return [line for line in lines if line.split(" ", 1)[0] in _CARRIED_OVER]


def require_version(deb: Deb, suite: str, pinned: str) -> None:
    """sid moves: say which package is not the pinned one any more."""
    if deb.upstream != pinned:
        raise TestbedError(
            f"Debian {suite} has {deb.package} {deb.upstream} but the testbed is pinned to {pinned}:"
            f" change the pin in tests/testbed/catalogue.py to {deb.upstream}."
        )


def _index(suite: str) -> dict[str, Deb]:
    try:
        entries = json.loads(state.path("debs", suite, "index.json").read_text())
    except FileNotFoundError:
        return {}
    found = {
        package: Deb(package, entry["version"], entry["sha256"], state.path("debs", suite, entry["file"]))
        for package, entry in entries.items()
    }
    return {package: deb for package, deb in found.items() if deb.path.is_file()}


def _write_index(suite: str, debs: dict[str, Deb]) -> None:
    entries = {
        deb.package: {"version": deb.version, "sha256": deb.sha256, "file": deb.path.name} for deb in debs.values()
    }
    state.write_text(state.path("debs", suite, "index.json"), json.dumps(entries, indent=2, sort_keys=True))


def _download(suite: str, packages: Sequence[str]) -> dict[str, Deb]:
    environment = {"APT_CONFIG": str(_own_apt(suite))}
    run(["apt-get", "-qq", "update"], environment=environment)
    records = run(["apt-cache", "show", "--no-all-versions", *packages], environment=environment)
    facts = {fields["Package"]: fields for fields in map(_fields, records.strip().split("\n\n"))}
    absent = [package for package in packages if package not in facts]
    if absent:
        raise TestbedError(f"Debian {suite} has no package {', '.join(absent)}: look for its new name on the mirror.")
    with tempfile.TemporaryDirectory(dir=state.folder("debs", suite)) as name:
        run(["apt-get", "-qq", "download", *packages], environment=environment, folder=Path(name))
        result = {}
        for package in packages:
            source = next(Path(name).glob(f"{package}_*.deb"))
            target = state.path("debs", suite, source.name)
            source.replace(target)
            result[package] = Deb(package, facts[package]["Version"], facts[package]["SHA256"], target)
    return result


def _fields(record: str) -> dict[str, str]:
    lines = [line for line in record.splitlines() if line and not line.startswith(" ") and ": " in line]
    pairs = (line.partition(": ") for line in lines)
    return {key: value for key, _, value in pairs}


def _own_apt(suite: str) -> Path:
    """An apt configuration whose every folder is ours; the machine's hooks and sources take no part in it."""
    root = state.folder("apt", suite)
    source = mirror()
    settings_folders = ("etc/apt.conf.d", "etc/preferences.d", "etc/sources.list.d")
    for part in (*settings_folders, "state/lists/partial", "cache/archives/partial"):
        (root / part).mkdir(parents=True, exist_ok=True)
    (root / "state" / "status").touch()
    (root / "etc" / "sources.list").write_text(f"deb [signed-by={source.keyring}] {source.site} {suite} main\n")
    settings = [
        f'Dir::State "{root}/state";',
        f'Dir::State::status "{root}/state/status";',
        f'Dir::Cache "{root}/cache";',
        f'Dir::Etc "{root}/etc";',
        'APT::Sandbox::User "root";',
        'Acquire::Languages "none";',
        'Acquire::GzipIndexes "true";',
        *machine_apt_settings(),
    ]
    target = root / "apt.conf"
    target.write_text("\n".join(settings) + "\n")
    return target


def extract(deb: Deb, member: str, target: Path) -> None:
    """Write one file of a package to `target`, executable."""
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        run(["dpkg-deb", "--extract", deb.path, name])
        source = Path(name, member)
        if not source.is_file():
            raise TestbedError(f"The package {deb.package} {deb.version} holds no {member}: look where it moved to.")
        source.chmod(0o755)
        shutil.move(source, target)
