# SPDX-License-Identifier: Apache-2.0
"""What was noted of containers when they were last found as described, and how a container is known again by it.

Comparing a container with its description needs the library of the engine and all that the engine knows. A container
that is asked for in the same words as then, and that the engine describes in the same words as then, need not be
compared. ``asked`` is the digest that the role ``container`` makes of its description; ``found`` is made here.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically

# Of the engine's description, what a person or a program can change without a new container; the rest follows from Id.
_OF_CONTAINER = ("Id", "Image", "Config", "HostConfig")

Notes = dict[str, dict[str, str]]


def fingerprint(attributes: dict[str, Any], image_now: str) -> str:
    """Digest of what the engine says of a container ("Inspect a container"), but for what passes by itself.

    ``image_now`` is the identity of the image that its reference leads to now: a tag may have been pulled again.
    """
    networks = (attributes.get("NetworkSettings") or {}).get("Networks") or {}
    mounts = sorted(json.dumps(mount, sort_keys=True) for mount in attributes.get("Mounts") or [])
    found = [[attributes.get(key) for key in _OF_CONTAINER], sorted(networks), mounts, image_now]
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def found_now(engine: Engine, attributes: dict[str, Any]) -> str:
    """Fingerprint of a container as it is at this moment; ``attributes`` is what the engine says of it."""
    return fingerprint(attributes, engine.image_id(attributes["Config"]["Image"]))


def renewed(engine: Engine, containers: list[dict[str, str]], before: Notes) -> Notes:
    """The notes with those of the given containers renewed; of a container that is gone there is none."""
    found = dict(before)
    for container in containers:
        name = container["name"]
        attributes = engine.inspect(name)
        if attributes is None:
            found.pop(name, None)
            continue
        found[name] = {"asked": container["asked"], "found": found_now(engine, attributes)}
    return found


def note(engine: Engine, path: Path, containers: list[dict[str, str]], *, check_mode: bool) -> list[str]:
    """Write down how containers are found; returns the names of those whose notes are others now. Raises StackError."""
    before = read(path)
    after = renewed(engine, containers, before)
    if after != before and not check_mode:
        try:
            write(path, after)
        except OSError as error:
            reason = why_not_written(error, str(path))
            raise StackError(f"what containers were found like cannot be written down: {reason}") from error
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def read(path: Path) -> Notes:
    """Notes by the names of containers; none when the file is not there or is not what ``write`` wrote."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: {key: str(note[key]) for key in ("asked", "found")} for name, note in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write(path: Path, notes: Notes) -> None:
    """Replace the notes; whoever reads them sees the old ones or the new."""
    write_atomically(path, json.dumps(notes, indent=1, sort_keys=True) + "\n", 0o600)


def is_known(note: Optional[dict[str, str]], asked: str, found: str) -> bool:
    """Whether a container is asked for and found as it was when it was compared."""
    return note is not None and note == {"asked": asked, "found": found}
