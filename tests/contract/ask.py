"""Ask a Grafana of your own what the stand-in is asked, and write a report: `make contract GRAFANA_URL=...`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError

from tests.conftest import REPOSITORY

from .report import Asked, Mask, Outcomes, document

REPORT = REPOSITORY / "grafana-contract-report.md"
NOT_TOLD = "not told"
_TESTS = Path(__file__).parent
_SECONDS = 10.0


class CannotAsk(Exception):
    """The server cannot be asked; the message is one sentence."""


@dataclass(frozen=True)
class Server:
    """The server that the environment names."""

    url: str
    user: str
    password: str
    password_file: str

    @property
    def client(self) -> HttpClient:
        return HttpClient(Connection(self.url, user=self.user, password=self.password, timeout=_SECONDS))


def server_of(environment: Mapping[str, str]) -> Server:
    """Read what `make contract` passes on; raises CannotAsk."""
    url = environment.get("LLMMON_GRAFANA_URL", "").rstrip("/")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise CannotAsk(f"GRAFANA_URL is not valid ({error}): give it as https://grafana.example") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CannotAsk("GRAFANA_URL is not the address of a server: give it as https://grafana.example")
    if parts.username or parts.password:
        raise CannotAsk("GRAFANA_URL holds a user or a password: give GRAFANA_USER and GRAFANA_PASSWORD_FILE instead")
    file = environment.get("LLMMON_GRAFANA_PASSWORD_FILE", "")
    if not file:
        raise CannotAsk("GRAFANA_PASSWORD_FILE is missing: write the password of GRAFANA_USER to a file and name it")
    try:
        password = Path(file).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise CannotAsk(f"the password file {file} cannot be read ({reason}): correct GRAFANA_PASSWORD_FILE") from error
    if not password:
        raise CannotAsk(f"the password file {file} is empty: write the password of GRAFANA_USER into it")
    return Server(url, environment.get("LLMMON_GRAFANA_USER") or "admin", password, file)


def check(server: Server) -> None:
    """See, with one attempt, that a Grafana answers and takes the password of a server admin; raises CannotAsk."""
    grafana = GrafanaApi(server.client)
    try:
        grafana.health()
    except HttpError as error:
        raise CannotAsk(f"no Grafana answers at GRAFANA_URL: {error}") from error
    try:
        user = grafana.signed_in()
    except HttpError as error:
        if error.status != 401:
            raise CannotAsk(f"signing in to Grafana failed: {error}") from error
        raise CannotAsk(
            f"Grafana refuses the password in {server.password_file} for the user {server.user}: correct GRAFANA_USER"
            " or GRAFANA_PASSWORD_FILE (it was tried once; five wrong attempts lock a user for five minutes)"
        ) from error
    if not user.get("isGrafanaAdmin"):
        raise CannotAsk(f"the user {server.user} is not a server admin of Grafana: give GRAFANA_USER one who is")


def _told(server: Server, path: str, *keys: str) -> str:
    """A value of an answer; who may not see it, or a release without it, tells nothing."""
    try:
        found: Any = server.client.get(path)
    except HttpError:
        return NOT_TOLD
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return str(found or NOT_TOLD)


def llmmon_version() -> str:
    """The collection's version, and the commit where there is one."""
    galaxy = yaml.safe_load((REPOSITORY / "collections/llmmon/galaxy.yml").read_text(encoding="utf-8"))
    command = ["git", "-C", str(REPOSITORY), "describe", "--tags", "--always", "--dirty"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        commit = ""
    return f"{galaxy['version']} ({commit})" if commit else str(galaxy["version"])


def about(server: Server) -> Asked:
    """What the server says of itself."""
    return Asked(
        version=_told(server, "/api/frontend/settings", "buildInfo", "version"),
        edition=_told(server, "/api/frontend/settings", "buildInfo", "edition"),
        database=_told(server, "/api/admin/settings", "database", "type"),
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        llmmon=llmmon_version(),
    )


def main(arguments: list[str]) -> int:
    """Check, run the tests and write the report; ``arguments`` go to pytest."""
    try:
        server = server_of(os.environ)
        check(server)
    except CannotAsk as error:
        print(error, file=sys.stderr)
        return 2
    asked = about(server)
    outcomes = Outcomes()
    files = [str(path) for path in sorted(_TESTS.glob("test_client_*.py"))]
    code = pytest.main(["-q", f"--rootdir={REPOSITORY}", *files, *arguments], plugins=[outcomes])
    mask = Mask(server.url, server.user, server.password)
    report = Path(os.environ.get("LLMMON_GRAFANA_REPORT") or REPORT)
    report.write_text(document(asked, list(outcomes.by_test.values()), mask), encoding="utf-8")
    print(f"the report is in {report}: it holds no address, user, password or token, and can be attached to an issue")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
