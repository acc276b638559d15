"""Dashboards: /api/dashboards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

from . import folders, gojson, saving
from .app import App
from .messages import ApiError, Identity, Request, Response, answer, bad_request_data, error, required, take
from .store import Database, RefusedError, Row

_REFUSALS: dict[str, Callable[[], ApiError]] = {
    "empty-title": partial(error, 400, "Dashboard title cannot be empty", kind="empty-name"),
    "bad-uid": partial(error, 400, "uid contains illegal characters"),
    "long-uid": partial(error, 400, "uid too long, max 40 characters"),
    "not-found": partial(error, 404, "Dashboard not found", kind="not-found"),
    "same-uid": partial(error, 400, "A dashboard with the same uid already exists"),
    "type-mismatch": partial(error, 400, "Dashboard cannot be changed to a folder"),
    "version-mismatch": partial(error, 412, "The dashboard has been changed by someone else", kind="version-mismatch"),
    "name-exists": partial(
        error, 412, "A dashboard with the same name in the folder already exists", kind="name-exists"
    ),
    "name-of-folder": partial(error, 400, "Dashboard name cannot be the same as folder", kind="name-match"),
    "provisioned": partial(error, 400, "Cannot save provisioned dashboard"),
}
_not_found = partial(error, 404, "Dashboard not found", traced=True)
_NEVER = "0001-01-01T00:00:00Z"


def url(app: App, row: Row) -> str:
    if row["is_folder"]:
        return folders.url(app, row)
    return app.link(f"/d/{row['uid']}/{row['slug']}")


def _folder_id(db: Database, body: dict[str, Any]) -> int:
    """Find the folder to save in; folderUid wins over folderId, neither means General."""
    if uid := take(body, "folderUid", str):
        row = saving.by_uid(db, uid, folder=True)
        if row is None:
            raise error(400, "Folder not found", traced=True)
        return int(row["id"])
    folder_id = take(body, "folderId", int)
    if folder_id > 0:
        row = db.execute("SELECT 1 FROM dashboard WHERE id = ? AND is_folder = 1", (folder_id,)).fetchone()
        if row is None:
            raise error(404, "Folder not found", traced=True)
        return folder_id
    return 0


def _names_library_panel(data: Any) -> bool:
    panels = data.get("panels")
    return isinstance(panels, list) and any(isinstance(p, dict) and p.get("libraryPanel") for p in panels)


def _may_save_provisioned(app: App, db: Database, draft: saving.Draft) -> bool:
    row = None
    if draft.id:
        row = saving.is_provisioned(db, draft.id)
    elif draft.uid and (existing := saving.by_uid(db, draft.uid.strip())):
        row = saving.is_provisioned(db, existing["id"])
    return row is None or app.provisioner.allows_ui_updates(row["name"])


def save(app: App, request: Request) -> Response:
    body = request.json()
    if body.get("dashboard") is None:
        raise bad_request_data()
    draft = saving.draft_of(body["dashboard"])
    draft.overwrite, draft.message = take(body, "overwrite", bool), take(body, "message", str)
    try:
        with app.store.writing() as db:
            draft.folder_id = _folder_id(db, body)
            protect = not _may_save_provisioned(app, db, draft)
            row = saving.save(db, draft, request.identity.author, protect_provisioned=protect)
    except RefusedError as refusal:
        raise _REFUSALS[refusal.kind]() from None
    except sqlite3.OperationalError as reason:
        app.log("error", f"Failed to save dashboard: {reason}.")
        raise error(500, "Failed to save dashboard", traced=True) from None
    if _names_library_panel(draft.data):
        # There are no library panels here, and Grafana finds that out only after it has saved.
        raise error(500, "Error while connecting library panels", traced=True)
    return answer(
        {
            "id": row["id"],
            "slug": row["slug"],
            "status": "success",
            "uid": row["uid"],
            "url": url(app, row),
            "version": row["version"],
        }
    )


def _meta(app: App, db: Database, row: Row, identity: Identity) -> dict[str, Any]:
    folder = None
    if row["folder_id"]:
        folder = db.execute("SELECT * FROM dashboard WHERE id = ?", (row["folder_id"],)).fetchone()
    may_write = identity.role in ("Editor", "Admin")
    may_annotate = {"canAdd": may_write, "canEdit": may_write, "canDelete": may_write}
    provisioned = saving.is_provisioned(db, row["id"])
    return {
        "type": "db",
        "canSave": may_write,
        "canEdit": may_write,
        "canAdmin": identity.role == "Admin",
        "canStar": not identity.anonymous,
        "canDelete": may_write,
        "slug": row["slug"],
        "url": url(app, row),
        "expires": _NEVER,
        "created": row["created"],
        "updated": row["updated"],
        "updatedBy": saving.login_of(db, row["updated_by"]),
        "createdBy": saving.login_of(db, row["created_by"]),
        "version": row["version"],
        "hasAcl": False,
        "isFolder": bool(row["is_folder"]),
        "folderId": folder["id"] if folder else 0,
        "folderUid": folder["uid"] if folder else "",
        "folderTitle": folder["title"] if folder else "General",
        "folderUrl": folders.url(app, folder) if folder else "",
        # A provider that allows UI updates hides that the dashboard is provisioned.
        "provisioned": provisioned is not None and not app.provisioner.allows_ui_updates(provisioned["name"]),
        "provisionedExternalId": app.provisioner.external_id(provisioned) if provisioned else "",
        "annotationsPermissions": {"dashboard": may_annotate, "organization": may_annotate},
        "hasPublicDashboard": False,
        "publicDashboardAccessToken": "",
        "publicDashboardUid": "",
        "publicDashboardEnabled": False,
    }


def _found(db: Database, request: Request, *, folder: bool | None) -> Row:
    return required(saving.by_uid(db, request.params["uid"], folder=folder), _not_found)


def get(app: App, request: Request) -> Response:
    db = app.store.reading()
    # A folder's uid answers too.
    row = _found(db, request, folder=None)
    return answer({"meta": _meta(app, db, row, request.identity), "dashboard": gojson.Raw(row["data"])})


def version(app: App, request: Request) -> Response:
    """Give one version as it was saved; which one is asked by its version, not by its id."""
    db = app.store.reading()
    dashboard = _found(db, request, folder=False)
    number = request.params["id"]
    row: Row | None = db.execute(
        "SELECT * FROM dashboard_version WHERE dashboard_id = ? AND version = ?", (dashboard["id"], number)
    ).fetchone()
    if row is None:
        raise error(500, f"Dashboard version {number} not found for dashboardId {dashboard['id']}", traced=True)
    return answer(
        {
            "id": row["id"],
            "dashboardId": dashboard["id"],
            "uid": dashboard["uid"],
            "parentVersion": row["parent_version"],
            "restoredFrom": 0,
            "version": row["version"],
            "created": row["created"],
            "message": row["message"],
            "data": gojson.Raw(row["data"]),
            "createdBy": saving.login_of(db, row["created_by"]),
        }
    )


def delete(app: App, request: Request) -> Response:
    with app.store.writing() as db:
        row = _found(db, request, folder=False)
        if saving.is_provisioned(db, row["id"]):
            raise error(400, "provisioned dashboard cannot be deleted", traced=True)
        saving.delete(db, row)
    title = row["title"]
    return answer({"id": row["id"], "message": f"Dashboard {title} deleted", "title": title})
