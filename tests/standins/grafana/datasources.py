"""Data sources: /api/datasources."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from . import gojson
from .app import App
from .crypto import CannotUnsealError, new_uid, seal, unseal
from .messages import Request, Response, answer, bad_request_data, error, required, take
from .store import Database, RefusedError, Row

_not_found = partial(error, 404, "Data source not found")
_bad_url = partial(error, 400, "Validation error, invalid URL", traced=True)
_SCHEME = re.compile(r"[^:]*://")
_KNOWN_TYPES = {
    "prometheus": ("Prometheus", "public/app/plugins/datasource/prometheus/img/prometheus_logo.svg"),
}


@dataclass
class Fields:
    """A data source as a caller or a provisioning file describes it."""

    name: str
    type: str
    access: str
    uid: str = ""
    url: str = ""
    user: str = ""
    database: str = ""
    basic_auth: bool = False
    basic_auth_user: str = ""
    with_credentials: bool = False
    is_default: bool = False
    version: int = 0
    read_only: bool = False
    json_data: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


def provisioned_uid(name: str) -> str:
    return "P" + hashlib.sha256(name.encode()).hexdigest()[:16].upper()


def _fields_of(body: Mapping[str, Any]) -> Fields:
    secure = take(body, "secureJsonData", dict)
    fields = Fields(
        name=take(body, "name", str),
        type=take(body, "type", str),
        access=take(body, "access", str),
        uid=take(body, "uid", str),
        url=take(body, "url", str),
        user=take(body, "user", str),
        database=take(body, "database", str),
        basic_auth=take(body, "basicAuth", bool),
        basic_auth_user=take(body, "basicAuthUser", str),
        with_credentials=take(body, "withCredentials", bool),
        is_default=take(body, "isDefault", bool),
        version=take(body, "version", int),
        json_data=take(body, "jsonData", dict),
        secrets={name: take(secure, name, str) for name in secure},
    )
    if not (fields.name and fields.type and fields.access):
        raise bad_request_data()
    return fields


def is_url(text: str) -> bool:
    """Tell whether a URL can be parsed; a missing scheme is fine, blanks and an empty text are not."""
    full = text if _SCHEME.match(text) else f"http://{text}"
    try:
        parts = urlsplit(full)
    except ValueError:
        return False
    return bool(text.strip()) and bool(parts.scheme) and not re.search(r"\s", parts.scheme + parts.netloc)


def _write_secrets(db: Database, source_id: int, secret_key: str, given: Mapping[str, str]) -> None:
    """Merge secrets: a key left out stays, an empty text takes it away."""
    for name, value in given.items():
        if value:
            db.execute(
                "INSERT OR REPLACE INTO data_source_secret VALUES (?, ?, ?)",
                (source_id, name, seal(secret_key, value)),
            )
        else:
            db.execute("DELETE FROM data_source_secret WHERE data_source_id = ? AND name = ?", (source_id, name))


def _write_default(db: Database, source_id: int, is_default: bool) -> None:
    if is_default:
        db.execute("UPDATE data_source SET is_default = 0 WHERE id != ?", (source_id,))


def _is_taken(db: Database, column: str, value: str, but: int = 0) -> bool:
    query = f"SELECT 1 FROM data_source WHERE {column} = ? AND id != ?"  # noqa: S608
    return db.execute(query, (value, but)).fetchone() is not None


def insert(db: Database, secret_key: str, fields: Fields) -> Row:
    if _is_taken(db, "name", fields.name):
        raise RefusedError("same name")
    if fields.uid and _is_taken(db, "uid", fields.uid):
        raise RefusedError("same uid")
    cursor = db.execute(
        "INSERT INTO data_source (uid, name, type, access, url, user, database, basic_auth, basic_auth_user,"
        " with_credentials, is_default, json_data, version, read_only)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            fields.uid or new_uid(), fields.name, fields.type, fields.access, fields.url, fields.user,
            fields.database, fields.basic_auth, fields.basic_auth_user, fields.with_credentials,
            fields.is_default, gojson.dumps(fields.json_data, sort=True), fields.version or 1, fields.read_only,
        ),
    )  # fmt: skip
    source_id = int(cursor.lastrowid or 0)
    _write_secrets(db, source_id, secret_key, fields.secrets)
    _write_default(db, source_id, fields.is_default)
    return by_id(db, source_id)


def update(db: Database, secret_key: str, row: Row, fields: Fields) -> Row:
    source_id = int(row["id"])
    if _is_taken(db, "name", fields.name, source_id):
        raise RefusedError("same name")
    if fields.uid and _is_taken(db, "uid", fields.uid, source_id):
        raise RefusedError("same uid")
    # Without a version there is no lock, and the count begins anew.
    if fields.version and row["version"] > fields.version:
        raise RefusedError("stale")
    db.execute(
        "UPDATE data_source SET uid = ?, name = ?, type = ?, access = ?, url = ?, user = ?, database = ?,"
        " basic_auth = ?, basic_auth_user = ?, with_credentials = ?, is_default = ?, json_data = ?, version = ?,"
        " read_only = ? WHERE id = ?",
        (
            # Texts cannot be emptied: the database layer takes an empty one for "not given".
            fields.uid or row["uid"], fields.name, fields.type, fields.access, fields.url or row["url"],
            fields.user or row["user"], fields.database or row["database"], fields.basic_auth,
            fields.basic_auth_user or row["basic_auth_user"], fields.with_credentials, fields.is_default,
            gojson.dumps(fields.json_data, sort=True), fields.version + 1, fields.read_only, source_id,
        ),
    )  # fmt: skip
    _write_secrets(db, source_id, secret_key, fields.secrets)
    _write_default(db, source_id, fields.is_default)
    return by_id(db, source_id)


def remove(db: Database, row: Row) -> None:
    db.execute("DELETE FROM data_source WHERE id = ?", (row["id"],))
    db.execute("DELETE FROM data_source_secret WHERE data_source_id = ?", (row["id"],))


def by_id(db: Database, source_id: int) -> Row:
    row: Row = db.execute("SELECT * FROM data_source WHERE id = ?", (source_id,)).fetchone()
    return row


def find(db: Database, params: Mapping[str, str]) -> Row | None:
    """Find a data source by whichever of uid, name and id the path holds."""
    column = next(name for name in ("uid", "name", "id") if name in params)
    query = f"SELECT * FROM data_source WHERE {column} = ?"  # noqa: S608
    row: Row | None = db.execute(query, (params[column],)).fetchone()
    return row


def secrets_of(app: App, db: Database, row: Row) -> dict[str, str]:
    """Unseal all secrets of a data source; raise CannotUnsealError when secret_key is not theirs."""
    rows = db.execute(
        "SELECT name, sealed FROM data_source_secret WHERE data_source_id = ? ORDER BY name", (row["id"],)
    )
    return {r["name"]: unseal(app.settings.secret_key, r["sealed"]) for r in rows}


def _beginning(row: Row, **type_shown: str) -> dict[str, Any]:
    """What every view begins with; Grafana's keys have an order, in which its type comes before its access."""
    return {
        "id": row["id"],
        "uid": row["uid"],
        "orgId": 1,
        "name": row["name"],
        "type": row["type"],
        **type_shown,
        "access": row["access"],
        "url": row["url"],
        "user": row["user"],
        "database": row["database"],
        "basicAuth": bool(row["basic_auth"]),
    }


def _view(app: App, db: Database, row: Row) -> dict[str, Any]:
    try:
        secure = dict.fromkeys(secrets_of(app, db, row), True)
    except CannotUnsealError:
        # Not recorded: what cannot be unsealed is shown as not there.
        secure = {}
    return {
        **_beginning(row, typeLogoUrl=""),
        "basicAuthUser": row["basic_auth_user"],
        "withCredentials": bool(row["with_credentials"]),
        "isDefault": bool(row["is_default"]),
        "jsonData": gojson.Raw(row["json_data"]),
        "secureJsonFields": secure,
        "version": row["version"],
        "readOnly": bool(row["read_only"]),
    }


def _list_view(row: Row) -> dict[str, Any]:
    type_name, logo = _KNOWN_TYPES.get(row["type"], (row["type"], "public/img/icn-datasource.svg"))
    return {
        **_beginning(row, typeName=type_name, typeLogoUrl=logo),
        "isDefault": bool(row["is_default"]),
        "jsonData": gojson.Raw(row["json_data"]),
        "readOnly": bool(row["read_only"]),
    }


def _written(app: App, db: Database, row: Row, message: str) -> Response:
    return answer({"datasource": _view(app, db, row), "id": row["id"], "message": message, "name": row["name"]})


def listing(app: App, request: Request) -> Response:  # noqa: ARG001
    rows = app.store.reading().execute("SELECT * FROM data_source ORDER BY name COLLATE NOCASE")
    return answer([_list_view(row) for row in rows])


def _found(db: Database, request: Request) -> Row:
    return required(find(db, request.params), _not_found)


def get(app: App, request: Request) -> Response:
    db = app.store.reading()
    return answer(_view(app, db, _found(db, request)))


def create(app: App, request: Request) -> Response:
    fields = _fields_of(request.json())
    if fields.url and not is_url(fields.url):
        raise _bad_url()
    with app.store.writing() as db:
        try:
            row = insert(db, app.settings.secret_key, fields)
        except RefusedError as refusal:
            raise error(409, f"data source with the {refusal.kind} already exists", traced=True) from None
        return _written(app, db, row, "Datasource added")


def change(app: App, request: Request) -> Response:
    fields = _fields_of(request.json())
    # Unlike a new one, a changed one needs a URL, whatever its type.
    if not is_url(fields.url):
        raise _bad_url()
    with app.store.writing() as db:
        row = _found(db, request)
        if row["read_only"]:
            raise error(403, "Cannot update read-only data source")
        try:
            row = update(db, app.settings.secret_key, row, fields)
        except RefusedError as refusal:
            if refusal.kind == "stale":
                raise error(
                    409,
                    "Datasource has already been updated by someone else. Please reload and try again",
                    traced=True,
                ) from None
            raise error(500, "Failed to update datasource", traced=True) from None
        return _written(app, db, row, "Datasource updated")


def delete(app: App, request: Request) -> Response:
    with app.store.writing() as db:
        row = _found(db, request)
        if row["read_only"]:
            raise error(403, "Cannot delete read-only data source")
        remove(db, row)
    return answer({"id": row["id"], "message": "Data source deleted"})


def health(app: App, request: Request) -> Response:
    if find(app.store.reading(), request.params) is None:
        raise error(500, "Unable to load datasource metadata", traced=True)
    # 404 means: the Prometheus plugin of this release has no health check.
    raise error(404, "Not found", traced=True)
