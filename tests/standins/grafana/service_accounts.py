"""Service accounts and their tokens: /api/serviceaccounts."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

from . import crypto
from .app import App
from .messages import Request, Response, answer, error, required, take
from .store import Database, Row, now

_AVATAR = "/public/img/user_profile.png"
_ROLES = ("Viewer", "Editor", "Admin")
_bad_request = partial(error, 400, "Bad request data", traced=True)
_not_found = partial(error, 404, "Failed to retrieve service account", traced=True)


def _tokens(db: Database, account_id: int) -> list[Row]:
    return db.execute("SELECT * FROM api_key WHERE service_account_id = ? ORDER BY id", (account_id,)).fetchall()


def _find(db: Database, request: Request) -> Row | None:
    row: Row | None = db.execute(
        "SELECT * FROM user WHERE id = ? AND is_service_account = 1", (request.params["id"],)
    ).fetchone()
    return row


def _who(row: Row) -> dict[str, Any]:
    """What every view begins with."""
    return {
        "id": row["id"],
        "name": row["name"],
        "login": row["login"],
        "orgId": 1,
        "isDisabled": bool(row["is_disabled"]),
    }


def _brief(db: Database, row: Row, avatar: str) -> dict[str, Any]:
    return {
        **_who(row),
        "role": row["role"],
        "tokens": len(_tokens(db, row["id"])),
        "avatarUrl": avatar,
    }


def _whole(row: Row) -> dict[str, Any]:
    return {
        **_who(row),
        "createdAt": row["created"],
        "updatedAt": row["updated"],
        "avatarUrl": _AVATAR,
        "role": row["role"],
        "teams": None,
    }


def create(app: App, request: Request) -> Response:
    body = request.json()
    name, role = take(body, "name", str), take(body, "role", str) or "Viewer"
    if not name or role not in _ROLES:
        raise _bad_request()
    login = "sa-" + name.lower().replace(" ", "-")
    with app.store.writing() as db:
        if db.execute("SELECT 1 FROM user WHERE login = ?", (login,)).fetchone():
            raise error(400, "Failed to create service account", traced=True)
        cursor = db.execute(
            "INSERT INTO user (login, email, name, is_service_account, is_disabled, role, created, updated)"
            " VALUES (?, ?, ?, 1, ?, ?, ?, ?)",
            (login, login, name, take(body, "isDisabled", bool), role, now(), now()),
        )
        row = db.execute("SELECT * FROM user WHERE id = ?", (cursor.lastrowid,)).fetchone()
        return answer(_brief(db, row, ""), 201)


def search(app: App, request: Request) -> Response:
    page, per_page = request.number("page", 1), request.number("perpage", 1000)
    db = app.store.reading()
    rows = db.execute(
        "SELECT * FROM user WHERE is_service_account = 1 AND (name LIKE ?1 OR login LIKE ?1)"
        " ORDER BY name COLLATE NOCASE, id",
        (f"%{request.first('query')}%",),
    ).fetchall()
    shown = rows[per_page * (page - 1) : per_page * page]
    return answer(
        {
            "totalCount": len(rows),
            "serviceAccounts": [_brief(db, row, _AVATAR) for row in shown],
            "page": page,
            "perPage": per_page,
        }
    )


def update(app: App, request: Request) -> Response:
    body = request.json()
    with app.store.writing() as db:
        row = required(_find(db, request), _not_found)
        role = take(body, "role", str) or row["role"]
        if role not in _ROLES:
            raise _bad_request()
        disabled = take(body, "isDisabled", bool) if "isDisabled" in body else row["is_disabled"]
        db.execute(
            "UPDATE user SET name = ?, role = ?, is_disabled = ?, updated = ? WHERE id = ?",
            (take(body, "name", str) or row["name"], role, disabled, now(), row["id"]),
        )
        row = db.execute("SELECT * FROM user WHERE id = ?", (row["id"],)).fetchone()
    return answer(
        {
            "id": row["id"],
            "message": "Service account updated",
            "name": row["name"],
            "serviceaccount": _whole(row),
        }
    )


def delete(app: App, request: Request) -> Response:
    with app.store.writing() as db:
        row = _find(db, request)
        if row is None:
            raise error(500, "Service account deletion error", traced=True)
        db.execute("DELETE FROM api_key WHERE service_account_id = ?", (row["id"],))
        db.execute("DELETE FROM user WHERE id = ?", (row["id"],))
    return answer({"message": "Service account deleted"})


def create_token(app: App, request: Request) -> Response:
    body = request.json()
    name, seconds = take(body, "name", str), take(body, "secondsToLive", int)
    if not name:
        raise _bad_request()
    token = crypto.new_token()
    with app.store.writing() as db:
        account = required(_find(db, request), _not_found)
        if db.execute("SELECT 1 FROM api_key WHERE name = ?", (name,)).fetchone():
            raise error(409, "service account token with given name already exists in the organization")
        cursor = db.execute(
            "INSERT INTO api_key (service_account_id, name, key, created, expires) VALUES (?, ?, ?, ?, ?)",
            (account["id"], name, crypto.hash_token(token), now(), time.time() + seconds if seconds else None),
        )
    return answer({"id": cursor.lastrowid, "name": name, "key": token})


def _token_view(row: Row) -> dict[str, Any]:
    expires = row["expires"]
    left = max(0.0, expires - time.time()) if expires else 0
    return {
        "id": row["id"],
        "name": row["name"],
        "created": row["created"],
        "lastUsedAt": None,
        "expiration": datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if expires else None,
        "secondsUntilExpiration": left,
        "hasExpired": bool(expires) and expires <= time.time(),
        "isRevoked": False,
    }


def list_tokens(app: App, request: Request) -> Response:
    db = app.store.reading()
    required(_find(db, request), _not_found)
    return answer([_token_view(row) for row in _tokens(db, int(request.params["id"]))])


def delete_token(app: App, request: Request) -> Response:
    with app.store.writing() as db:
        gone = db.execute(
            "DELETE FROM api_key WHERE id = ? AND service_account_id = ?",
            (request.params["token"], request.params["id"]),
        )
        if not gone.rowcount:
            raise error(500, "Failed to delete service account token", traced=True)
    return answer({"message": "Service account token deleted"})
