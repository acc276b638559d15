"""The services' own programs on this machine, in every version we test: no engine is needed to run them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.testbed import debian, disk, state
from tests.testbed.catalogue import TOOLS, Tool
from tests.testbed.shell import TestbedError, step

_TOOLS_NEED_BYTES = 10**9


def tool(name: str, version: str) -> Path:
    """The path of a program, such as ("promtool", "2.53.3"); it is fetched at the first call."""
    for candidate in TOOLS:
        if (candidate.name, candidate.version) == (name, version):
            return _ensure(candidate)
    known = ", ".join(f"{known.name} {known.version}" for known in TOOLS)
    raise TestbedError(f"The testbed has no {name} {version}: it has {known}.")


def ensure_all() -> list[Path]:
    """All programs in all versions."""
    if not all(_path(candidate).is_file() for candidate in TOOLS):
        disk.require_room(state.directory(), _TOOLS_NEED_BYTES)
    with ThreadPoolExecutor(2) as pool:
        # One suite after the other would wait for its mirror twice as long.
        list(pool.map(_fetch_suite, sorted({candidate.suite for candidate in TOOLS})))
        return list(pool.map(_ensure, TOOLS))


def _path(wanted: Tool) -> Path:
    return state.path("tools", f"{wanted.name}-{wanted.version}", wanted.name)


def _fetch_suite(suite: str) -> None:
    missing = [candidate for candidate in TOOLS if candidate.suite == suite and not _path(candidate).is_file()]
    if missing:
        debian.fetch(suite, sorted({candidate.package for candidate in missing}))


def _ensure(wanted: Tool) -> Path:
    target = _path(wanted)
    if target.is_file():
        return target
    with state.locked(f"tool-{wanted.name}-{wanted.version}"):
        if not target.is_file():
            deb = debian.fetch(wanted.suite, [wanted.package])[wanted.package]
            debian.require_version(deb, wanted.suite, wanted.version)
            with step(f"unpacked {wanted.name} {wanted.version}"):
                debian.extract(deb, wanted.member, target)
    return target
