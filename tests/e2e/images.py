"""Images on the host under test that do not start as they should."""

from __future__ import annotations

import json

from tests.support.stack import Stack


def commit_image(stack: Stack, base: str, name: str, *changes: str) -> str:
    """An image on the host that differs from another by how it starts."""
    options = " ".join(f"--change '{change}'" for change in changes)
    stack.on_host(
        f"docker create --name making-an-image {base} && docker commit {options} making-an-image {name}"
        " && docker rm making-an-image"
    )
    return name


def commit_mortal_image(stack: Stack, base: str, name: str, program: str, seconds: int) -> str:
    """An image whose program works, and ends by itself some seconds after every start."""
    entrypoint = json.dumps(["sh", "-c", f'timeout {seconds} {program} "$@"', program])
    return commit_image(stack, base, name, f"ENTRYPOINT {entrypoint}")
