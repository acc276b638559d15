"""Writing dashboards and folders, which are rows of one table; the checks come in Grafana's order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import gojson
from .crypto import new_uid
from .slug import slugify
from .store import Database, RefusedError, Row, now

_UID = re.compile(r"[A-Za-z0-9_-]*\Z")
_UID_MAX = 40


@dataclass
class Draft:
    """A dashboard or folder about to be saved."""

    data: Any
    title: str
    uid: str
    id: int = 0
    version: int = 0
    folder_id: int = 0
    is_folder: bool = False
    overwrite: bool = False
    slug: str = ""
    message: str = ""


def draft_of(data: Any) -> Draft:
    """Read title, uid, id and version from a dashboard's JSON; what has another type counts as not given."""
    fields = data if isinstance(data, dict) else {}
    title, uid = fields.get("title"), fields.get("uid")
    numbers = {}
    for name in ("id", "version"):
        value = fields.get(name)
        numbers[name] = (value.as_int() or 0) if isinstance(value, gojson.Number) else 0
    return Draft(
        data=data,
        title=title if isinstance(title, str) else "",
        uid=uid if isinstance(uid, str) else "",
        id=numbers["id"],
        version=numbers["version"],
    )


def _check_form(draft: Draft) -> None:
    draft.title, draft.uid = draft.title.strip(), draft.uid.strip()
    if not draft.title:
        raise RefusedError("empty-title")
    if draft.is_folder and draft.title.lower() == "general":
        raise RefusedError("general-title")
    if not _UID.match(draft.uid):
        raise RefusedError("bad-uid")
    if len(draft.uid) > _UID_MAX:
        raise RefusedError("long-uid")
    draft.slug = slugify(draft.title)


def _match_id_or_uid(db: Database, draft: Draft) -> None:
    by_id = by_uid = None
    if draft.id > 0:
        by_id = db.execute("SELECT * FROM dashboard WHERE id = ?", (draft.id,)).fetchone()
        if by_id is None:
            raise RefusedError("not-found")
        draft.uid = draft.uid or by_id["uid"]
    if draft.uid:
        by_uid = db.execute("SELECT * FROM dashboard WHERE uid = ?", (draft.uid,)).fetchone()
    existing: Row | None = by_id or by_uid
    if existing is None:
        return
    if by_id and by_uid and by_id["id"] != by_uid["id"]:
        raise RefusedError("same-uid")
    draft.id = existing["id"]
    if bool(existing["is_folder"]) != draft.is_folder:
        raise RefusedError("type-mismatch")
    if draft.version != existing["version"]:
        if not draft.overwrite:
            raise RefusedError("version-mismatch")
        draft.version = existing["version"]


def _match_title(db: Database, draft: Draft) -> None:
    # By slug, so letter case does not count; folders clash with everything in General, and with every folder.
    existing = db.execute(
        "SELECT * FROM dashboard WHERE slug = ? AND id != ? AND (is_folder = 1 OR folder_id = ?)",
        (draft.slug, draft.id, draft.folder_id),
    ).fetchone()
    if existing is None:
        return
    if existing["is_folder"] and not draft.is_folder:
        raise RefusedError("name-of-folder")
    if not existing["is_folder"] and draft.is_folder:
        raise RefusedError("name-of-dashboard")
    if not draft.overwrite:
        raise RefusedError("name-exists")
    # Overwriting goes by the title: the one that has it is written, under its own uid.
    draft.id, draft.uid, draft.version = existing["id"], existing["uid"], existing["version"]


def is_provisioned(db: Database, dashboard_id: int) -> Row | None:
    row: Row | None = db.execute(
        "SELECT * FROM dashboard_provisioning WHERE dashboard_id = ?", (dashboard_id,)
    ).fetchone()
    return row


def save(db: Database, draft: Draft, author: int, *, protect_provisioned: bool) -> Row:
    """Check and write ``draft``; give the row as it then stands."""
    _check_form(draft)
    _match_id_or_uid(db, draft)
    _match_title(db, draft)
    if protect_provisioned and is_provisioned(db, draft.id):
        raise RefusedError("provisioned")
    parent_version = draft.version if draft.id else 0
    version = parent_version + 1
    uid = draft.uid or new_uid()
    if draft.id:
        db.execute(
            "UPDATE dashboard SET uid = ?, slug = ?, title = ?, version = ?, folder_id = ?, updated = ?,"
            " updated_by = ? WHERE id = ?",
            (uid, draft.slug, draft.title, version, draft.folder_id, now(), author, draft.id),
        )
    else:
        cursor = db.execute(
            "INSERT INTO dashboard (uid, slug, title, data, version, folder_id, is_folder, created, updated,"
            " created_by, updated_by) VALUES (?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?)",
            (
                uid, draft.slug, draft.title, version, draft.folder_id, draft.is_folder, now(), now(), author, author,
            ),
        )  # fmt: skip
        draft.id = int(cursor.lastrowid or 0)
    data = dict(draft.data, id=draft.id, uid=uid, title=draft.title, version=version)
    text = gojson.dumps(data, sort=True)
    db.execute("UPDATE dashboard SET data = ? WHERE id = ?", (text, draft.id))
    db.execute(
        "INSERT INTO dashboard_version (dashboard_id, parent_version, version, created, created_by, message, data)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (draft.id, parent_version, version, now(), author, draft.message, text),
    )
    _write_tags(db, draft)
    row: Row = db.execute("SELECT * FROM dashboard WHERE id = ?", (draft.id,)).fetchone()
    return row


def _write_tags(db: Database, draft: Draft) -> None:
    tags = draft.data.get("tags")
    terms = dict.fromkeys(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else {}
    db.execute("DELETE FROM dashboard_tag WHERE dashboard_id = ?", (draft.id,))
    db.executemany("INSERT INTO dashboard_tag VALUES (?, ?)", [(draft.id, term) for term in terms])


def delete(db: Database, row: Row) -> None:
    """Delete a dashboard, or a folder with all dashboards in it, provisioned ones too."""
    ids = [row["id"]]
    if row["is_folder"]:
        ids += [r["id"] for r in db.execute("SELECT id FROM dashboard WHERE folder_id = ?", (row["id"],))]
    for table, column in (
        ("dashboard", "id"),
        ("dashboard_tag", "dashboard_id"),
        ("dashboard_version", "dashboard_id"),
        ("dashboard_provisioning", "dashboard_id"),
    ):
        db.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(i,) for i in ids])  # noqa: S608


def by_uid(db: Database, uid: str, *, folder: bool | None = None) -> Row | None:
    row: Row | None = db.execute("SELECT * FROM dashboard WHERE uid = ?", (uid,)).fetchone()
    if row is not None and folder is not None and bool(row["is_folder"]) != folder:
        return None
    return row


def login_of(db: Database, user_id: int) -> str:
    row = db.execute("SELECT login FROM user WHERE id = ?", (user_id,)).fetchone()
    return row["login"] if row else "Anonymous"
