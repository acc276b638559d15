"""The services' own programs on this machine, in every version we test: no engine is needed to run them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.testbed import debian, disk, go_programs, state
from tests.testbed.catalogue import RECIPES, TOOLS, DebianProgram, Tool
from tests.testbed.shell import TestbedError, step

_TOOLS_NEED_BYTES = 10**9


def tool(name: str, version: str) -> Path:
    """The path of a program, such as ("promtool", "2.53.3"); it is fetched or built at the first call."""
    for candidate in TOOLS:
        if (candidate.name, candidate.version) == (name, version):
            return _ensure(candidate)
    known = ", ".join(f"{known.name} {known.version}" for known in TOOLS)
    raise TestbedError(f"The testbed has no {name} {version}: it has {known}.")


def ensure_all() -> list[Path]:
    """All programs in all versions, but those which cannot be built here: which and why is said."""
    packaged = [candidate for candidate in TOOLS if isinstance(candidate.source, DebianProgram)]
    if not all(_path(candidate).is_file() for candidate in packaged):
        disk.require_room(state.directory(), _TOOLS_NEED_BYTES)
    with ThreadPoolExecutor(3) as pool:
        built = pool.submit(_build_all)
        # One suite after the other would wait for its mirror twice as long.
        list(pool.map(lambda suite: _fetch_suite(suite, packaged), sorted({_debian(tool).suite for tool in packaged})))
        return [*pool.map(_ensure, packaged), *built.result()]


def _build_all() -> list[Path]:
    result: list[Path] = []
    for recipe in RECIPES:
        if recipe.module is not None:
            folder = go_programs.build_or_say(recipe.module, f"{recipe.component} {recipe.version}")
            result += [folder / program for program in recipe.module.packages] if folder else []
    go_programs.clean()
    return result


def _debian(wanted: Tool) -> DebianProgram:
    assert isinstance(wanted.source, DebianProgram)
    return wanted.source


def _path(wanted: Tool) -> Path:
    return state.path("tools", f"{wanted.name}-{wanted.version}", wanted.name)


def _fetch_suite(suite: str, packaged: Sequence[Tool]) -> None:
    missing = [tool for tool in packaged if _debian(tool).suite == suite and not _path(tool).is_file()]
    if missing:
        debian.fetch(suite, sorted({_debian(candidate).package for candidate in missing}))


def _ensure(wanted: Tool) -> Path:
    if not isinstance(wanted.source, DebianProgram):
        return go_programs.build(wanted.source) / wanted.name
    target = _path(wanted)
    if target.is_file():
        return target
    with state.locked(f"tool-{wanted.name}-{wanted.version}"):
        if not target.is_file():
            source = wanted.source
            deb = debian.fetch(source.suite, [source.package])[source.package]
            debian.require_version(deb, source.suite, wanted.version)
            with step(f"unpacked {wanted.name} {wanted.version}"):
                debian.extract(deb, source.member, target)
    return target
