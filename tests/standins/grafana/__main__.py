"""The command line: `serve`, and the one command of `grafana cli` that llmmon uses."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TextIO

from . import VERSION, provisioned_datasources, settings, store
from .app import LOGGER, App, log
from .provisioned_dashboards import Provisioner
from .provisioning import ProvisioningError
from .server import Server
from .users import is_too_short


class StartError(Exception):
    """The program cannot do its work; the text is one sentence for stderr."""


def _open_store(config: settings.Settings) -> store.Store:
    try:
        opened = store.Store(config.data)
        with opened.writing() as db:
            store.create_first_user(db, config.admin_user, config.admin_password)
    except (OSError, sqlite3.Error) as reason:
        raise StartError(f"failed to connect to database: {reason}") from None
    return opened


def _build(environ: Mapping[str, str]) -> Server:
    """Do all that comes before the first answer; data sources are complete then, dashboards are not."""
    config = settings.load(environ)
    opened = _open_store(config)
    try:
        folder = config.provisioning / "datasources"
        provisioned_datasources.apply(opened, config.secret_key, folder, environ)
    except ProvisioningError as reason:
        raise StartError(f"Datasource provisioning error: {reason}") from None
    try:
        provisioner = Provisioner(opened, config.provisioning / "dashboards", environ)
    except ProvisioningError as reason:
        raise StartError(f"Failed to create provisioner: {reason}") from None
    try:
        return Server(App(config, opened, provisioner, environ))
    except OSError as reason:
        address = f"{config.http_addr}:{config.http_port}"
        raise StartError(f"failed to open listener on address {address}: {reason.strerror}") from None


def serve(environ: Mapping[str, str], on_listening: Callable[[Server], None]) -> int:
    server = _build(environ)

    def stop(signum: int, frame: object) -> None:  # noqa: ARG001
        # shutdown() waits for serve_forever(), which cannot end inside of this handler.
        threading.Thread(target=server.shutdown).start()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
    server.app.provisioner.start()
    host, port = server.socket.getsockname()[:2]
    log("info", f"HTTP Server Listen address={host}:{port} (this is the stand-in, not Grafana)")
    on_listening(server)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    server.app.store.close_thread()
    return 0


def reset_admin_password(environ: Mapping[str, str], password: str) -> int:
    if is_too_short(password):
        raise StartError("new password is too short")
    opened = _open_store(settings.load(environ))
    with opened.writing() as db:
        user = db.execute("SELECT id FROM user WHERE is_admin = 1 ORDER BY id").fetchone()
        if user is None:
            raise StartError("could not read user from database")
        store.set_password(db, user["id"], password)
    print("\nAdmin password changed successfully ✔\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grafana_standin", description=__doc__)
    parser.add_argument("--version", action="version", version=f"grafana stand-in version {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the server until SIGTERM")
    cli = commands.add_parser("cli", help="administration of the database")
    cli.add_argument("--config", help="the ini file; unlike `serve`, this does not read GF_PATHS_CONFIG")
    admin = cli.add_subparsers(required=True).add_parser("admin").add_subparsers(required=True)
    reset = admin.add_parser("reset-admin-password")
    reset.add_argument("--password-from-stdin", action="store_true", required=True)
    return parser


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
    stderr: TextIO | None = None,
    on_listening: Callable[[Server], None] = lambda server: None,  # noqa: ARG005
) -> int:
    """Run a command and give its exit code; the parameters let a test run a server in a thread."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "serve":
            return serve(environ, on_listening)
        others = {name: value for name, value in environ.items() if name != "GF_PATHS_CONFIG"}
        named = {"GF_PATHS_CONFIG": options.config} if options.config else {}
        return reset_admin_password({**others, **named}, sys.stdin.readline().rstrip("\n"))
    except (StartError, settings.SettingsError) as reason:
        print(f"Error: ✗ {reason}", file=stderr or sys.stderr)
        return 1


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("logger=stand-in t=%(asctime)s level=%(levelname)s msg=%(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)


if __name__ == "__main__":
    _log_to_stderr()
    sys.exit(main())
