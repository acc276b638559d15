"""Folders: /api/folders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from . import auth, gojson, saving
from .app import App
from .messages import ApiError, Request, Response, answer, error, required, take
from .store import Database, RefusedError, Row, now_exact

_REFUSALS: dict[str, Callable[[], ApiError]] = {
    "empty-title": partial(error, 400, "folder title cannot be empty"),
    "general-title": partial(error, 400, "A folder with that name already exists", traced=True),
    "bad-uid": partial(error, 400, "uid contains illegal characters", traced=True),
    "long-uid": partial(error, 400, "uid too long, max 40 characters", traced=True),
    "type-mismatch": partial(error, 400, "Dashboard cannot be changed to a folder", traced=True),
    "version-mismatch": partial(error, 412, "the folder has been changed by someone else", kind="version-mismatch"),
    "name-exists": partial(error, 409, "a folder or dashboard in the general folder with the same name already exists"),
    "name-of-dashboard": partial(error, 400, "Folder name cannot be the same as one of its dashboards", traced=True),
    "same-uid": partial(error, 400, "A dashboard with the same uid already exists", traced=True),
}
_not_found = partial(error, 404, "folder not found", kind="not-found")


def url(app: App, row: Row) -> str:
    return app.link(f"/dashboards/f/{row['uid']}/{row['slug']}")


def _view(app: App, db: Database, row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "uid": row["uid"],
        "title": row["title"],
        "url": url(app, row),
        "hasAcl": False,
        "canSave": True,
        "canEdit": True,
        "canAdmin": True,
        "canDelete": True,
        "createdBy": saving.login_of(db, row["created_by"]),
        "created": row["created"],
        "updatedBy": saving.login_of(db, row["updated_by"]),
        "updated": row["updated"],
        "version": row["version"],
    }


def _save(db: Database, draft: saving.Draft, author: int) -> Row:
    try:
        return saving.save(db, draft, author, protect_provisioned=False)
    except RefusedError as refusal:
        raise _REFUSALS[refusal.kind]() from None


def draft(title: str, uid: str) -> saving.Draft:
    return saving.Draft({"schemaVersion": gojson.Number("17")}, title, uid, is_folder=True)


def create(app: App, request: Request) -> Response:
    body = request.json()
    # parentUid is not looked at: nested folders are off.
    new = draft(take(body, "title", str), take(body, "uid", str))
    if new.title.strip() and new.uid.strip() == "general":
        raise error(500, "Folder API error", traced=True)
    with app.store.writing() as db:
        row = _save(db, new, request.identity.author)
        view = _view(app, db, row)
    return answer(view | {"created": now_exact(), "updated": now_exact()})


def listing(app: App, request: Request) -> Response:
    limit, page = request.number("limit", 1000), request.number("page", 1)
    rows = app.store.reading().execute(
        "SELECT * FROM dashboard WHERE is_folder = 1 ORDER BY title COLLATE NOCASE, id LIMIT ? OFFSET ?",
        (limit, limit * (page - 1)),
    )
    return answer([{"id": row["id"], "uid": row["uid"], "title": row["title"]} for row in rows])


def _found(db: Database, request: Request) -> Row:
    return required(saving.by_uid(db, request.params["uid"], folder=True), _not_found)


def get(app: App, request: Request) -> Response:
    db = app.store.reading()
    administers = auth.is_administrator(request.identity)
    if not administers and saving.by_uid(db, request.params["uid"], folder=True) is None:
        # The permission is one for this very folder, and nobody gave one for a folder that is not there.
        raise auth.forbidden("folders:read")
    return answer({**_view(app, db, _found(db, request)), "canAdmin": administers})


def update(app: App, request: Request) -> Response:
    body = request.json()
    with app.store.writing() as db:
        row = _found(db, request)
        # The id is what holds, so another uid in the body renames, and another folder's title is written instead.
        changed = draft(take(body, "title", str), take(body, "uid", str) or row["uid"])
        changed.id, changed.version = row["id"], take(body, "version", int)
        changed.overwrite = take(body, "overwrite", bool)
        return answer(_view(app, db, _save(db, changed, request.identity.author)))


def delete(app: App, request: Request) -> Response:
    with app.store.writing() as db:
        saving.delete(db, _found(db, request))
    return Response(200)
