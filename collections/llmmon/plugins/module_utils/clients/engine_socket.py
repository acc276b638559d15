# SPDX-License-Identifier: Apache-2.0
"""Ask the container engine with Python's standard library alone, on a host where its library may be missing."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any, Optional


class _EngineConnection(http.client.HTTPConnection):
    """HTTP over the engine's socket: the docker library may not be installed yet."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask_engine(engine_socket: str, path: str) -> Optional[Any]:
    """Decoded JSON of a GET to the engine, None when it does not answer."""
    connection = _EngineConnection(engine_socket)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return json.loads(response.read()) if response.status == 200 else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def names(container: dict[str, Any]) -> list[str]:
    """Names of a container of the engine's list."""
    return [name.lstrip("/") for name in container.get("Names", [])]
