"""The user who asks, and the own password: /api/user."""

from __future__ import annotations

from typing import Any

from . import crypto
from .app import App
from .auth import unauthorized
from .messages import Request, Response, answer, error, take
from .store import Row, set_password

_SHORTEST = 4


def is_too_short(password: str) -> bool:
    return len(password) < _SHORTEST


def _profile(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "email": row["email"],
        "name": row["name"],
        "login": row["login"],
        "theme": "",
        "orgId": 1,
        "isGrafanaAdmin": bool(row["is_admin"]),
        "isDisabled": False,
        "isExternal": False,
        "authLabels": [],
        "updatedAt": row["updated"],
        "createdAt": row["created"],
        "avatarUrl": "/public/img/user_profile.png",
    }


def _row(app: App, request: Request) -> Row:
    if request.identity.anonymous:
        raise unauthorized()
    if request.identity.service_account:
        # A service account is not a user.
        raise error(404, "user not found")
    db = app.store.reading()
    row: Row = db.execute("SELECT * FROM user WHERE id = ?", (request.identity.user_id,)).fetchone()
    return row


def current(app: App, request: Request) -> Response:
    return answer(_profile(_row(app, request)))


def change_own_password(app: App, request: Request) -> Response:
    row, body = _row(app, request), request.json()
    # confirmNew is not compared by 9.4.
    new = take(body, "newPassword", str)
    if not crypto.same_password(take(body, "oldPassword", str), row["salt"], row["password"]):
        raise error(401, "Invalid old password")
    if is_too_short(new):
        raise error(400, "New password is too short")
    with app.store.writing() as db:
        set_password(db, row["id"], new)
    return answer({"message": "User password changed"})
