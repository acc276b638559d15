"""Where the testbed keeps what it knows and what it has built: `.testbed/` at the root of the repository."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]

# What `down` keeps, because it is expensive to get again and harmless to have; and what tests noted of versions.
CACHES = ("apt", "debs", "oci", "rootfs", "site", "tools", "ssh", "tried.json")


def directory() -> Path:
    return Path(os.environ.get("LLMMON_TESTBED_DIR") or REPOSITORY / ".testbed").resolve()


def path(*parts: str) -> Path:
    """A path in the state directory; its parent exists."""
    result = directory().joinpath(*parts)
    result.parent.mkdir(parents=True, exist_ok=True)
    return result


def folder(*parts: str) -> Path:
    result = directory().joinpath(*parts)
    result.mkdir(parents=True, exist_ok=True)
    return result


def remove(*parts: str) -> None:
    """Delete a folder with all that is in it."""
    shutil.rmtree(directory().joinpath(*parts), ignore_errors=True)


def write_text(target: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file as a whole: nobody ever reads half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    Path(name).chmod(mode)
    Path(name).replace(target)


def read(name: str) -> dict[str, Any]:
    """A record by name, empty when there is none."""
    try:
        content: dict[str, Any] = json.loads(directory().joinpath(f"{name}.json").read_text())
    except FileNotFoundError:
        return {}
    return content


def write(name: str, content: dict[str, Any]) -> None:
    write_text(path(f"{name}.json"), json.dumps(content, indent=2, sort_keys=True) + "\n")


def forget(name: str) -> None:
    directory().joinpath(f"{name}.json").unlink(missing_ok=True)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Sessions share the testbed: one at a time builds or starts the thing called `name`."""
    with path("locks", name).open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def clear(*, caches: bool, keep: Sequence[str] = ()) -> None:
    """Delete the state but what is to be kept, and the caches too if asked."""
    if caches and not keep:
        shutil.rmtree(directory(), ignore_errors=True)
        return
    if not directory().is_dir():
        return
    for entry in directory().iterdir():
        if entry.name not in keep and (caches or entry.name not in CACHES):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink()
