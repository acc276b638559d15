"""Build the collection, unpack it where a user would have it, and let each checker look at it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(sys.executable).parent
# The Python that the modules need on a host.
HOST_PYTHON = "3.9"


class Refused(Exception):
    """A checker found something; the message is what it printed."""


@dataclass(frozen=True)
class Published:
    """One collection in its three forms: the directory it is built from, the archive, and that archive unpacked."""

    source: Path
    archive: Path
    unpacked: Path


def run(command: list[str | Path], directory: Path, **environment: str) -> str:
    """What a command printed; Refused when it failed."""
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PATH": f"{PROGRAMS}:{os.environ['PATH']}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(done.stdout)
    return done.stdout


def publish(source: Path, directory: Path) -> Published:
    """Build the collection of a directory into another one, and unpack it there."""
    run(["ansible-galaxy", "collection", "build", source, "--output-path", directory], directory)
    archive = next(directory.glob("*.tar.gz"))
    namespace, name, _ = archive.name.split("-", 2)
    unpacked = directory / "ansible_collections" / namespace / name
    with tarfile.open(archive) as packed:
        packed.extractall(unpacked, filter="data")
    return Published(source, archive, unpacked)


def sanity(collection: Published) -> None:
    """`ansible-test sanity`: documentation against code, schemas of the metadata, and much more.

    Left out are `import` and `pylint`, which need environments of their own, while mypy and ruff look at the same, and
    `changelog`, which is a check of its own here.
    """
    # Filters are checked by sanity.py alone, so their licence is not among the exceptions that the collection brings.
    for exceptions in {path.resolve() for path in (collection.unpacked / "tests" / "sanity").glob("ignore-*.txt")}:
        with exceptions.open("a", encoding="utf-8") as file:
            for path in sorted((collection.unpacked / "plugins" / "filter").glob("*.yml")):
                file.write(f"plugins/filter/{path.name} validate-modules:missing-gplv3-license\n")
            # It registers what the files beside it document, which tests/unit/plugins/filter holds.
            if (collection.unpacked / "plugins" / "filter" / "all_filters.py").is_file():
                file.writelines(
                    f"plugins/filter/all_filters.py {test}!skip\n" for test in ("ansible-doc", "validate-modules")
                )
    program = Path(__file__).with_name("sanity.py")
    python = "{}.{}".format(*sys.version_info)
    left_out = [word for test in ("changelog", "import", "pylint") for word in ("--skip-test", test)]
    run([sys.executable, program, "sanity", "--color", "no", "--python", python, *left_out], collection.unpacked)


def galaxy(collection: Published) -> None:
    """What Galaxy does when somebody uploads the archive; an error that it goes on after counts as well.

    Its runs of ansible-doc and ansible-lint are left out: `sanity` and `make lint` do these.
    """
    printed = run(
        [sys.executable, "-m", "galaxy_importer.main", collection.archive],
        collection.archive.parent,
        GALAXY_IMPORTER_RUN_ANSIBLE_DOC="false",
        GALAXY_IMPORTER_RUN_ANSIBLE_LINT="false",
    )
    if "ERROR: " in printed:
        raise Refused(printed)


def host_python(collection: Published) -> None:
    """Whether all that runs on hosts runs by their Python."""
    plugins = collection.unpacked / "plugins"
    options = [f"--target={HOST_PYTHON}-", "--no-tips", "--violations"]
    run(["vermin", *options, plugins / "modules", plugins / "module_utils"], collection.unpacked)


def changelog(collection: Published) -> None:
    """The changelog's fragments, and the file that they end up in."""
    run(["antsibull-changelog", "lint"], collection.source)
    run(["antsibull-changelog", "lint-changelog-yaml", "changelogs/changelog.yaml"], collection.source)


CHECKS: dict[str, Callable[[Published], None]] = {
    "ansible-test sanity": sanity,
    "galaxy-importer": galaxy,
    "vermin": host_python,
    "antsibull-changelog": changelog,
}
