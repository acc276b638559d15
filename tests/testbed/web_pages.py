"""Prometheus's web pages, built from the sources in its Go module: the module has no built ones.

What goes into them is locked by upstream's own pnpm-lock.yaml, and pnpm by the package-lock.json in `go/pages`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.testbed import state
from tests.testbed.shell import TestbedError, program_environment, run, step

LOCK = Path(__file__).parent / "go" / "pages"
# Of Node.js, for the pages' own build tool.
_NODE = 20
_PACKAGES = ("lezer-promql", "codemirror-promql", "mantine-ui")
# Changes with how they are built.
KEY = b"\n".join((LOCK / name).read_bytes() for name in ("package.json", "package-lock.json"))
_INSTALL_SECONDS, _BUILD_SECONDS = 1200, 1800

# Upstream writes this file while it builds a release.
_EMBED = """\
//go:build builtinassets

package ui

import "embed"

//go:embed all:static
var EmbedFS embed.FS
"""


def why_not() -> str:
    """Why this machine cannot build web pages; nothing when it can."""
    missing = [program for program in ("node", "npm") if not shutil.which(program)]
    if missing:
        return f"there is no {' and no '.join(missing)} here"
    answer = run(["node", "--version"]).strip()
    found = re.match(r"v(\d+)\.", answer)
    return "" if found and int(found[1]) >= _NODE else f"Node.js is {answer} here, and {_NODE} or later is needed"


def put_into(source: Path) -> None:
    """Build the pages of a copy of Prometheus's sources, and have the Go program carry them."""
    folder = source / "web" / "ui"
    with step("built Prometheus's web pages"):
        built = _build(folder)
    shutil.copytree(built, folder / "static" / "mantine-ui")
    (folder / "embed.go").write_text(_EMBED)


def _build(folder: Path) -> Path:
    pnpm = _pnpm()
    _run([pnpm, "install", "--frozen-lockfile", "--filter", "@prometheus-io/mantine-ui..."], folder, _INSTALL_SECONDS)
    filters = [argument for package in _PACKAGES for argument in ("--filter", f"@prometheus-io/{package}")]
    _run([pnpm, *filters, "run", "build"], folder, _BUILD_SECONDS)
    result = folder / "mantine-ui" / "dist"
    if not (result / "index.html").is_file():
        raise TestbedError(f"The web pages were built, but there is no {result}/index.html: look where they are now.")
    return result


def _pnpm() -> Path:
    folder = state.folder("go", "pnpm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCK / name, folder)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, _INSTALL_SECONDS)
    return folder / "node_modules" / ".bin" / "pnpm"


def _run(command: Sequence[str | Path], folder: Path, seconds: float) -> None:
    environment = {f"npm_config_{name}": str(state.folder("go", "npm", name)) for name in ("cache", "store_dir")}
    # The build's own scripts call pnpm by its name.
    search = f"{state.folder('go', 'pnpm')}/node_modules/.bin:{program_environment()['PATH']}"
    run(command, folder=folder, timeout=seconds, environment={**environment, "CI": "true", "PATH": search})
