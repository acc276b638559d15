"""The server and its one organisation: health, version, preferences."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from . import COMMIT, VERSION, saving
from .app import App
from .messages import Request, Response, answer, error, take

_THEMES = ("", "light", "dark", "system")
_TEXTS = ("theme", "timezone", "weekStart", "language")


def health(app: App, request: Request) -> Response:  # noqa: ARG001
    try:
        app.store.reading().execute("SELECT 1 FROM preferences")
        database = "ok"
    except sqlite3.Error:
        database = "failing"
    body = json.dumps({"commit": COMMIT, "database": database, "version": VERSION}, indent=2)
    return Response(200 if database == "ok" else 503, body.encode(), "application/json; charset=UTF-8")


def alive(app: App, request: Request) -> Response:  # noqa: ARG001
    return Response(200, b"Ok", "text/plain; charset=utf-8")


def metrics(app: App, request: Request) -> Response:  # noqa: ARG001
    text = (
        "# HELP grafana_build_info A metric with a constant '1' value, here of the stand-in.\n"
        "# TYPE grafana_build_info gauge\n"
        f'grafana_build_info{{version="{VERSION}",revision="{COMMIT}"}} 1\n'
    )
    return Response(200, text.encode(), "text/plain; version=0.0.4; charset=utf-8")


def frontend_settings(app: App, request: Request) -> Response:  # noqa: ARG001
    build = {
        "buildstamp": 0,
        "commit": COMMIT,
        "edition": "Open Source",
        "env": "production",
        "hasUpdate": False,
        "hideVersion": False,
        "latestVersion": "",
        "version": VERSION,
    }
    settings = {"appSubUrl": app.settings.sub_path, "appUrl": app.settings.root_url, "buildInfo": build}
    return answer(settings, framework=True)


def organisation(app: App, request: Request) -> Response:  # noqa: ARG001
    address = dict.fromkeys(("address1", "address2", "city", "zipCode", "state", "country"), "")
    return answer({"id": 1, "name": "Main Org.", "address": address})


def _preferences(app: App) -> dict[str, Any]:
    rows = app.store.reading().execute("SELECT name, value FROM preferences")
    return {row["name"]: row["value"] for row in rows}


def preferences(app: App, request: Request) -> Response:  # noqa: ARG001
    stored = _preferences(app)
    home_id = int(stored.get("homeDashboardId", 0))
    home = app.store.reading().execute("SELECT uid FROM dashboard WHERE id = ?", (home_id,)).fetchone()
    texts = {name: stored.get(name, "") for name in _TEXTS}
    shown: dict[str, Any] = {"theme": texts["theme"], "homeDashboardId": home_id}
    if home:
        # After the dashboard is deleted its id stays behind, the uid does not.
        shown["homeDashboardUID"] = home["uid"]
    shown |= {name: texts[name] for name in _TEXTS[1:]}
    return answer(shown | {"navbar": {"savedItems": None}, "queryHistory": {"homeTab": ""}})


def set_preferences(app: App, request: Request) -> Response:
    """Replace the preferences (PUT), or change those given (PATCH)."""
    body = request.json()
    if take(body, "theme", str) not in _THEMES:
        raise error(400, "Invalid theme")
    kept = _preferences(app) if request.method == "PATCH" else {}
    values = kept | {name: take(body, name, str) for name in _TEXTS if name in body}
    with app.store.writing() as db:
        if "homeDashboardId" in body:
            values["homeDashboardId"] = str(take(body, "homeDashboardId", int))
        if uid := take(body, "homeDashboardUID", str):
            home = saving.by_uid(db, uid, folder=False)
            if home is None:
                raise error(404, "Dashboard not found", traced=True)
            values["homeDashboardId"] = str(home["id"])
        db.execute("DELETE FROM preferences")
        db.executemany("INSERT INTO preferences VALUES (?, ?)", values.items())
    return answer({"message": "Preferences updated"})
