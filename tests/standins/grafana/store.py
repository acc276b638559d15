"""The database: one SQLite file, named and laid out like Grafana's where that matters to a backup."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from . import crypto

Row = sqlite3.Row
Database = sqlite3.Connection

_SCHEMA = """
CREATE TABLE IF NOT EXISTS user (
    id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL UNIQUE, email TEXT NOT NULL, name TEXT NOT NULL,
    password TEXT, salt TEXT, is_admin INTEGER NOT NULL DEFAULT 0, is_service_account INTEGER NOT NULL DEFAULT 0,
    is_disabled INTEGER NOT NULL DEFAULT 0, role TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS login_attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS api_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT, service_account_id INTEGER NOT NULL, name TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL UNIQUE, created TEXT NOT NULL, expires REAL);
CREATE TABLE IF NOT EXISTS dashboard (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, slug TEXT NOT NULL, title TEXT NOT NULL,
    data TEXT NOT NULL, version INTEGER NOT NULL, folder_id INTEGER NOT NULL, is_folder INTEGER NOT NULL,
    created TEXT NOT NULL, updated TEXT NOT NULL, created_by INTEGER NOT NULL, updated_by INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dashboard_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT, dashboard_id INTEGER NOT NULL, parent_version INTEGER NOT NULL,
    version INTEGER NOT NULL, created TEXT NOT NULL, created_by INTEGER NOT NULL, message TEXT NOT NULL,
    data TEXT NOT NULL, UNIQUE (dashboard_id, version));
CREATE TABLE IF NOT EXISTS dashboard_tag (dashboard_id INTEGER NOT NULL, term TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dashboard_provisioning (
    dashboard_id INTEGER PRIMARY KEY, name TEXT NOT NULL, external_id TEXT NOT NULL, check_sum TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS data_source (
    id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
    access TEXT NOT NULL, url TEXT NOT NULL, user TEXT NOT NULL, database TEXT NOT NULL,
    basic_auth INTEGER NOT NULL, basic_auth_user TEXT NOT NULL, with_credentials INTEGER NOT NULL,
    is_default INTEGER NOT NULL, json_data TEXT NOT NULL, version INTEGER NOT NULL, read_only INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS data_source_secret (
    data_source_id INTEGER NOT NULL, name TEXT NOT NULL, sealed TEXT NOT NULL,
    PRIMARY KEY (data_source_id, name));
"""


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_exact() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class RefusedError(Exception):
    """Something that is not written; ``kind`` says why, and each kind of thing words it differently."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Store:
    """Connections to the database, one per thread, and the lock that makes writers of this process queue."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "grafana.db"
        self._local = threading.local()
        self._writing = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        with self.writing() as db:
            for statement in _SCHEMA.split(";\n"):
                db.execute(statement)

    def _connection(self) -> Database:
        connection: Database | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            # A stand-in must survive its own death, not a power cut, and fsync is most of a write's time.
            connection.execute("PRAGMA synchronous=OFF")
            self._local.connection = connection
        return connection

    def reading(self) -> Database:
        return self._connection()

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """Give a connection inside one transaction, which an exception undoes."""
        with self._writing:
            db = self._connection()
            # IMMEDIATE, because the command line program writes to the same file.
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def close_thread(self) -> None:
        connection: Database | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None


def create_first_user(db: Database, login: str, password: str) -> None:
    """Create the server admin of an empty database; an existing one is left as it is, password included."""
    if db.execute("SELECT 1 FROM user").fetchone():
        return
    salt = crypto.new_salt()
    db.execute(
        "INSERT INTO user (login, email, name, password, salt, is_admin, role, created, updated)"
        " VALUES (?, ?, '', ?, ?, 1, 'Admin', ?, ?)",
        (login, f"{login}@localhost", crypto.hash_password(password, salt), salt, now(), now()),
    )


def set_password(db: Database, user_id: int, password: str) -> None:
    salt = crypto.new_salt()
    db.execute(
        "UPDATE user SET password = ?, salt = ?, updated = ? WHERE id = ?",
        (crypto.hash_password(password, salt), salt, now(), user_id),
    )


def recent_attempts(db: Database, login: str, window_seconds: float) -> int:
    since = time.time() - window_seconds
    row = db.execute(
        "SELECT count(*) AS n FROM login_attempt WHERE username = ? AND created > ?", (login, since)
    ).fetchone()
    return int(row["n"])


def record_attempt(db: Database, login: str) -> None:
    db.execute("INSERT INTO login_attempt (username, created) VALUES (?, ?)", (login, time.time()))
