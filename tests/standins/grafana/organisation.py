"""The server and its one organisation: health, version, name."""

from __future__ import annotations

import json
import sqlite3

from . import COMMIT, VERSION
from .app import App
from .messages import Request, Response, answer


def health(app: App, request: Request) -> Response:  # noqa: ARG001
    try:
        app.store.reading().execute("SELECT 1 FROM user")
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
