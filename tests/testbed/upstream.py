"""Real images from upstream's registry, wherever one answers: asked once, the answer is remembered."""

from __future__ import annotations

from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from tests.testbed import engine, state
from tests.testbed.shell import say

_RECORD = "upstream"
# Silence for this long means no; a download that moves may take as long as it likes.
_PATIENCE_SECONDS = 8


def pull(name: str) -> bool:
    """Pull an image, or say that there is none to be had."""
    with state.locked("upstream"):
        record = state.read(_RECORD)
        images: dict[str, bool] = record.setdefault("images", {})
        if record.get("reachable") is False or images.get(name) is False:
            return False
        reachable, pulled = _try(name)
        record["reachable"] = reachable
        if reachable:
            images[name] = pulled
        state.write(_RECORD, record)
    return pulled


def _try(name: str) -> tuple[bool, bool]:
    repository, tag = name.rsplit(":", 1)
    try:
        patient = docker.DockerClient(base_url=engine.SOCKET, timeout=_PATIENCE_SECONDS)
        for event in patient.api.pull(repository, tag, stream=True, decode=True):
            _raise_error_of(event)
    except (ImageNotFound, NotFound):
        say(f"upstream's registry has no {name}")
        return True, False
    except (DockerException, requests.RequestException) as error:
        say(f"no registry answers for {name} ({_reason(error)}); this is not asked again until `down --all`")
        return False, False
    return True, True


def _raise_error_of(event: dict[str, Any]) -> None:
    if "error" in event:
        raise DockerException(str(event["error"]))


def _reason(error: Exception) -> str:
    text = str(error.explanation) if isinstance(error, APIError) and error.explanation else str(error)
    return text.replace("\n", " ")[-120:]
