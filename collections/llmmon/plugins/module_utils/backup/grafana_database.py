# SPDX-License-Identifier: Apache-2.0
"""Copy Grafana's database while Grafana uses it: SQLite by its online backup, PostgreSQL by pg_dump."""

from __future__ import annotations

import configparser
import contextlib
import dataclasses
import os
import re
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Optional, Union
from urllib.parse import quote, unquote, urlsplit

from ansible_collections.llmmon.stack.plugins.module_utils.errors import HIDDEN, StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_new
from ansible_collections.llmmon.stack.plugins.module_utils.host.tools import last_words

# Where the containers see Grafana's data directory.
_MOUNTED_AT = Path("/var/lib/grafana")

# 4 MiB at Grafana's page size: a writer waits no longer than it takes to copy that.
_PAGES_AT_ONCE = 1024
# After that long, writers which again and again make the copy begin anew have to wait for all of it.
_STEPWISE_SECONDS = 60.0
_GIVE_UP_SECONDS = 300.0

_FROM_FILE = re.compile(r"\$__file\{([^}]+)\}")


class DatabaseError(StackError):
    """The database cannot be copied, without the password."""


@dataclasses.dataclass(frozen=True)
class SqliteSettings:
    """A database file, as the host sees it."""

    path: Path


@dataclasses.dataclass(frozen=True)
class PostgresSettings:
    """An external database, as the host reaches it."""

    host: str
    port: str
    name: str
    user: str
    password: str = dataclasses.field(repr=False)
    ssl_mode: str = ""
    ca_path: str = ""


DatabaseSettings = Union[SqliteSettings, PostgresSettings]


def database_settings(ini: Path, data_directory: Path, host: str = "") -> DatabaseSettings:
    """What Grafana's own configuration says of its database; ``host`` replaces the name it has for the server."""
    values = {key: _value(text, key) for key, text in _section(ini).items()}
    url = values.get("url", "")
    kind = url.partition("://")[0] if url else values.get("type", "sqlite3")
    if kind == "sqlite3":
        return SqliteSettings(_on_host(values.get("path") or "grafana.db", data_directory))
    if kind != "postgres":
        raise DatabaseError(
            f"Grafana keeps its data in {kind or 'a database of no type'}, which llmmon does not back up: use that"
            " database's own tools, and back up the configuration with llmmon_backup_scope=config"
        )
    found = _of_url(url) if url else _of_keys(values)
    return dataclasses.replace(found, host=host) if host else found


def database_file(ini: Path, data_directory: Path) -> Path:
    """Where a configuration that nobody vouches for has its SQLite database; no file that it names is read."""
    text = _unquoted(_section(ini).get("path", ""))
    if "$" in text:
        raise DatabaseError(
            "[database] path in the archive's grafana.ini refers to something else; use another archive"
        )
    return _on_host(text or "grafana.db", data_directory)


def _section(ini: Path) -> dict[str, str]:
    """The keys of [database] as they are written."""
    # No section's keys count for the others, as those of DEFAULT would.
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        # Keys before the first section belong to none.
        parser.read_string("[top]\n" + ini.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise DatabaseError(f"{ini} cannot be read ({reason}): run site.yml --tags grafana") from error
    return dict(parser["database"]) if parser.has_section("database") else {}


def _of_keys(values: dict[str, str]) -> PostgresSettings:
    host, port = _split_host(values.get("host") or "127.0.0.1:5432")
    return PostgresSettings(
        host=host,
        port=port,
        name=values.get("name") or "grafana",
        user=values.get("user") or "root",
        password=values.get("password", ""),
        ssl_mode=values.get("ssl_mode", ""),
        ca_path=values.get("ca_cert_path", ""),
    )


def _of_url(url: str) -> PostgresSettings:
    parts = urlsplit(url)
    try:
        port = str(parts.port or 5432)
    except ValueError as error:
        raise DatabaseError("the url of [database] in llmmon_grafana_ini has no valid port: correct it") from error
    ssl_mode = re.search(r"(?:^|&)sslmode=([a-z-]+)", parts.query)
    return PostgresSettings(
        host=parts.hostname or "127.0.0.1",
        port=port,
        name=unquote(parts.path.lstrip("/")),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ssl_mode=ssl_mode[1] if ssl_mode else "",
    )


def _split_host(text: str) -> tuple[str, str]:
    """A host with or without a port; an IPv6 address with one stands in brackets, a socket's directory has none."""
    match = re.fullmatch(r"\[(?P<six>[^\]]+)\](?::(?P<port6>\d+))?|(?P<host>[^:]*?)(?::(?P<port>\d+))?", text)
    if text.startswith("/") or not match:
        return text, "5432"
    return match["six"] or match["host"] or "127.0.0.1", match["port6"] or match["port"] or "5432"


def _value(text: str, key: str) -> str:
    """A value without its quotes; the content of the file it names, when it names one."""
    value = _unquoted(text)
    named = _FROM_FILE.fullmatch(value)
    if named:
        try:
            return Path(named[1]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise DatabaseError(
                f"the file {named[1]}, which [database] {key} in llmmon_grafana_ini names, cannot be read on the host"
            ) from error
    if "$__" in value or "${" in value:
        raise DatabaseError(
            f"[database] {key} in llmmon_grafana_ini is taken from where the host cannot look: use $__file{{...}}"
        )
    return value


def _unquoted(text: str) -> str:
    value = text.strip()
    for mark in ('"""', '"', "`", "'"):
        if len(value) >= 2 * len(mark) and value.startswith(mark) and value.endswith(mark):
            return value[len(mark) : -len(mark)]
    return value


def _on_host(path: str, data_directory: Path) -> Path:
    """A path in the container as the host sees it."""
    inside = Path(os.path.normpath(_MOUNTED_AT / path))
    try:
        return data_directory / inside.relative_to(_MOUNTED_AT)
    except ValueError as error:
        raise DatabaseError(
            f"Grafana's database {inside} is not in its data directory {_MOUNTED_AT}: correct [database] path in"
            " llmmon_grafana_ini"
        ) from error


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database in use, consistent, and check the copy; Grafana waits for no more than a few pages at a time."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    # Read-only, so that nothing of ours stays beside the database.
    address = f"file:{quote(str(source))}?mode=ro"
    try:
        with (
            contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as database,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            if not _copy(database, copy, _PAGES_AT_ONCE, _STEPWISE_SECONDS):
                _copy(database, copy, -1, _GIVE_UP_SECONDS)
            # The copy is one file, whatever the original is.
            copy.execute("PRAGMA journal_mode=DELETE").fetchone()
            verdict = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseError(
            f"Grafana's database {source} cannot be copied: {error}; when Grafana was killed, start it and run again"
        ) from error
    if verdict != "ok":
        raise DatabaseError(f"Grafana's database {source} is damaged: {verdict}; restore the last good backup")


class _Late(Exception):
    """The time for copying is over."""


def _copy(database: sqlite3.Connection, copy: sqlite3.Connection, pages: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds

    def check(_status: int, remaining: int, _total: int) -> None:
        # Also called while the database is locked, which would otherwise be waited for without end.
        if remaining and time.monotonic() > deadline:
            raise _Late

    try:
        database.backup(copy, pages=pages, progress=check, sleep=0.01)
    except _Late:
        if pages < 0:
            raise DatabaseError(
                f"Grafana's database was locked for {seconds:.0f} s: read its log with logs.yml -e service=grafana"
            ) from None
        return False
    return True


def dump_postgres(settings: PostgresSettings, target: Path, scratch: Path) -> None:
    """Write a dump in PostgreSQL's own format; the password goes by a file that only root can read."""
    passwords = scratch / "pgpass"
    escaped = settings.password.replace("\\", "\\\\").replace(":", "\\:")
    write_new(passwords, f"*:*:*:*:{escaped}\n")
    environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environment["PGPASSFILE"] = str(passwords)
    if settings.ssl_mode:
        environment["PGSSLMODE"] = settings.ssl_mode
    if settings.ca_path:
        environment["PGSSLROOTCERT"] = settings.ca_path
    command = ["pg_dump", "--format=custom", "--no-password", f"--host={settings.host}", f"--port={settings.port}"]
    command += [f"--username={settings.user}", f"--dbname={settings.name}", f"--file={target}"]
    target.touch(mode=0o600, exist_ok=False)
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
    except OSError as error:
        raise DatabaseError(
            f"pg_dump cannot be started ({error.strerror}): install the package postgresql-client on the host"
        ) from error
    finally:
        passwords.unlink()
    if done.returncode != 0:
        words = _hidden(last_words(done.stderr), settings.password)
        raise DatabaseError(
            f"pg_dump of Grafana's database {settings.name} at {settings.host}:{settings.port} failed: {words};"
            " llmmon_backup_grafana_database_host names the server as the host reaches it"
        )


def _hidden(words: str, password: Optional[str]) -> str:
    return words.replace(password, HIDDEN) if password else words
