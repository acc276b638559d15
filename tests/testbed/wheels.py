"""Python packages for the Python of our images: locked by hash, installed by uv into a folder."""

from __future__ import annotations

from pathlib import Path

from tests.testbed.shell import run, uv

_PLATFORM = ("--python-version", "3.13", "--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:")


def install(lock: Path, target: Path) -> None:
    """Install what a lock names into a folder."""
    run([uv(), "pip", "install", "--quiet", "--target", target, *_PLATFORM, "--require-hashes", "-r", lock])


def relock(lock: Path) -> None:
    """Write a lock anew from the file beside it that says what is wanted, with the newest versions."""
    command: list[str | Path] = [uv(), "pip", "compile", "--quiet", "--no-header", "--no-emit-index-url", "--upgrade"]
    command += [*_PLATFORM, "--generate-hashes", "--output-file", lock.name, lock.with_suffix(".in").name]
    run(command, folder=lock.parent)
