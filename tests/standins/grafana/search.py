"""Search over dashboards and folders: /api/search."""

from __future__ import annotations

from typing import Any

from . import dashboards
from .app import App
from .messages import Request, Response, answer, error
from .store import Database, Row

_LIMIT = 1000
_MAX_LIMIT = 5000
_SELECT = (
    "SELECT d.*, f.uid AS f_uid, f.title AS f_title, f.slug AS f_slug FROM dashboard d"
    " LEFT JOIN dashboard f ON f.id = d.folder_id"
)


def _conditions(request: Request) -> tuple[list[str], list[Any]]:
    where, values = ["1"], list[Any]()
    if kind := request.first("type"):
        # An unknown type gives dashboards.
        where.append(f"d.is_folder = {int(kind == 'dash-folder')}")
    if text := request.first("query"):
        # A percent sign is a wildcard, there as here.
        where.append("d.title LIKE ?")
        values.append(f"%{text}%")
    for tag in request.query.get("tag", ()):
        where.append("EXISTS (SELECT 1 FROM dashboard_tag t WHERE t.dashboard_id = d.id AND t.term = ?)")
        values.append(tag)
    # folderUIDs is ignored by 9.4.
    for column, name in (("d.folder_id", "folderIds"), ("d.uid", "dashboardUIDs")):
        if chosen := request.query.get(name):
            where.append(f"{column} IN ({','.join('?' * len(chosen))})")
            values += chosen
    if request.first("starred") == "true":
        # Nobody can star anything here.
        where.append("0")
    return where, values


def _tags(db: Database, row: Row) -> list[str]:
    rows = db.execute("SELECT term FROM dashboard_tag WHERE dashboard_id = ? ORDER BY rowid", (row["id"],))
    return [r["term"] for r in rows]


def _hit(app: App, db: Database, row: Row) -> dict[str, Any]:
    hit: dict[str, Any] = {
        "id": row["id"],
        "uid": row["uid"],
        "title": row["title"],
        "uri": f"db/{row['slug']}",
        "url": dashboards.url(app, row),
        "slug": "",
        "type": "dash-folder" if row["is_folder"] else "dash-db",
        "tags": _tags(db, row),
        "isStarred": False,
    }
    if row["folder_id"]:
        # In General these keys are not there at all.
        hit |= {
            "folderId": row["folder_id"],
            "folderUid": row["f_uid"],
            "folderTitle": row["f_title"],
            "folderUrl": app.link(f"/dashboards/f/{row['f_uid']}/{row['f_slug']}"),
        }
    return hit | {"sortMeta": 0}


def search(app: App, request: Request) -> Response:
    limit = request.number("limit", _LIMIT)
    if limit > _MAX_LIMIT:
        raise error(422, "Limit is above maximum allowed (5000), use page parameter to access hits beyond limit")
    where, values = _conditions(request)
    order = "DESC" if request.first("sort") == "alpha-desc" else "ASC"
    db = app.store.reading()
    rows = db.execute(
        f"{_SELECT} WHERE {' AND '.join(where)}"
        f" ORDER BY d.is_folder DESC, d.title COLLATE NOCASE {order}, d.id LIMIT ? OFFSET ?",
        (*values, limit, limit * (request.number("page", 1) - 1)),
    ).fetchall()
    return answer([_hit(app, db, row) for row in rows])
