"""Who asks: basic auth, tokens of service accounts, nobody; and what they may do."""

from __future__ import annotations

import base64
import binascii
import secrets
import time

from . import crypto
from .app import App
from .messages import NOBODY, ApiError, Identity, Request, answer, error
from .store import Row, recent_attempts, record_attempt

_MAX_ATTEMPTS = 5
_WINDOW_SECONDS = 300.0
_RANKS = {"": 0, "Viewer": 1, "Editor": 2, "Admin": 3}


def identify(app: App, request: Request) -> Identity | None:
    """Tell who asks; None stands for no credentials, bad ones raise an answer."""
    header = request.headers.get("Authorization")
    if header is None:
        role = app.settings.anonymous_role
        return Identity(0, "", role, anonymous=True) if role else None
    if header.startswith("Bearer "):
        return _by_token(app, header.removeprefix("Bearer ").strip())
    if not app.settings.basic_auth:
        return None
    login, password = _basic(header)
    if login == "api_key":
        return _by_token(app, password)
    return _by_password(app, login, password)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        login, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise error(401, "Invalid Basic Auth Header", traced=True, framework=True)
    return login, password


def _by_password(app: App, login: str, password: str) -> Identity:
    refused = error(401, "invalid username or password", traced=True, framework=True)
    db = app.store.reading()
    guarded = app.settings.brute_force_protection
    if guarded and recent_attempts(db, login, _WINDOW_SECONDS) >= _MAX_ATTEMPTS:
        # The right password too, and with the very text of a wrong one.
        raise refused
    user = db.execute("SELECT * FROM user WHERE login = ? AND is_service_account = 0", (login,)).fetchone()
    if user is None or not password or not crypto.same_password(password, user["salt"], user["password"]):
        with app.store.writing() as writing:
            record_attempt(writing, login)
        raise refused
    return Identity(user["id"], user["login"], user["role"], server_admin=bool(user["is_admin"]))


def _by_token(app: App, token: str) -> Identity:
    row = app.store.reading().execute("SELECT * FROM api_key WHERE key = ?", (crypto.hash_token(token),)).fetchone()
    if row is None:
        # A well-formed token that is not in the database (a deleted one) ends in a 500, a bad one in a 401.
        status = 500 if crypto.is_well_formed(token) else 401
        raise error(status, "invalid API key", traced=True, framework=True)
    if row["expires"] is not None and row["expires"] <= time.time():
        raise error(401, "Expired API key", framework=True)
    identity = _account(app, row["service_account_id"])
    if identity is None:
        raise error(401, "Service account is disabled", framework=True)
    return identity


def _account(app: App, account_id: int) -> Identity | None:
    cached = app.seen_accounts.get(account_id)
    if cached and cached[0] > time.monotonic():
        return cached[1]
    row: Row = app.store.reading().execute("SELECT * FROM user WHERE id = ?", (account_id,)).fetchone()
    if row["is_disabled"]:
        return None
    identity = Identity(row["id"], row["login"], row["role"], service_account=True)
    app.seen_accounts[account_id] = (time.monotonic() + app.settings.token_cache_seconds, identity)
    return identity


def unauthorized() -> ApiError:
    return error(401, "Unauthorized", framework=True)


def require(identity: Identity | None, *, role: str, permission: str, server_admin: bool, sign_in: bool) -> Identity:
    """Let the caller in, or raise 401 (not signed in) or 403 (signed in, or guarded by a permission only)."""
    if identity is None and sign_in:
        raise unauthorized()
    known = identity or NOBODY
    allowed = known.server_admin if server_admin else _RANKS.get(known.role, 0) >= _RANKS[role]
    if not allowed:
        raise forbidden(permission)
    return known


def is_administrator(identity: Identity) -> bool:
    """Whether it may do all that there is to do in the organisation."""
    return _RANKS.get(identity.role, 0) >= _RANKS["Admin"]


def forbidden(permission: str) -> ApiError:
    body = {
        "accessErrorId": f"ACE{secrets.randbelow(10**10):010d}",
        "message": f"You'll need additional permissions to perform this action. Permissions needed: {permission}",
        "title": "Access denied",
    }
    return ApiError(answer(body, 403, framework=True))
