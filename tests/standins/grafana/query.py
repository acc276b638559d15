"""Queries through a Prometheus data source: /api/ds/query, as far as "up" needs it."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import urlencode

from .app import App
from .crypto import CannotUnsealError
from .datasources import find
from .messages import Request, Response, answer, bad_request_data, error, take, take_object
from .store import Row
from .upstream import UnreachableError, send

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_RELATIVE = re.compile(r"now(?:-(\d+)([smhdw]))?\Z")
# Grafana rounds an interval down to the step before the first bound that is above it.
_STEPS = ((1.5, 1), (3.5, 2), (7.5, 5), (12.5, 10), (17.5, 15), (25, 20), (45, 30), (90, 60), (210, 120), (450, 300))


def _moment(text: str) -> float | None:
    if match := _RELATIVE.match(text):
        back = int(match[1]) * _UNITS[match[2]] if match[1] else 0
        return time.time() - back
    return int(text) / 1000 if text.isascii() and text.isdigit() else None


def _step(seconds: float) -> int:
    return next((step for bound, step in _STEPS if seconds < bound), 600)


def _series_name(labels: dict[str, str]) -> str:
    pairs = ", ".join(f'{name}="{labels[name]}"' for name in sorted(labels) if name != "__name__")
    return labels.get("__name__", "") + (f"{{{pairs}}}" if pairs else "")


def _number(text: str) -> float | int | None:
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return int(value) if value.is_integer() else value


def _frame(ref_id: str, kind: str, executed: str, step: int, series: dict[str, Any]) -> dict[str, Any]:
    labels = series["metric"]
    points = series["values"] if kind == "matrix" else [series["value"]]
    name = _series_name(labels)
    return {
        "schema": {
            "name": name,
            "refId": ref_id,
            "meta": {
                "type": "timeseries-multi",
                "custom": {"resultType": kind},
                "executedQueryString": executed,
            },
            "fields": [
                {
                    "name": "Time",
                    "type": "time",
                    "typeInfo": {"frame": "time.Time"},
                    "config": {"interval": step * 1000},
                },
                {
                    "name": "Value",
                    "type": "number",
                    "typeInfo": {"frame": "float64"},
                    "labels": dict(sorted(labels.items())),
                    "config": {"displayNameFromDS": name},
                },
            ],
        },
        "data": {"values": [[round(at * 1000) for at, _ in points], [_number(v) for _, v in points]]},
    }


def _run(app: App, row: Row, query: dict[str, Any], span: tuple[float, float] | None) -> list[dict[str, Any]]:
    ref_id, expression = take(query, "refId", str) or "A", take(query, "expr", str)
    if span is None:
        return []
    since, until = span
    points = take(query, "maxDataPoints", int) or 100
    step = _step(max((until - since) / points, take(query, "intervalMs", int) / 1000))
    in_range = take(query, "range", bool) or not take(query, "instant", bool)
    fields: dict[str, Any] = {"query": expression}
    fields |= {"start": since, "end": until, "step": step} if in_range else {"time": until}
    path = "api/v1/query_range" if in_range else "api/v1/query"
    got = send(app, row, "GET", f"{path}?{urlencode(fields)}")
    if got.status != 200:
        # PromQL that does not parse: no frames, and no word about it.
        return []
    data = json.loads(got.body)["data"]
    kind = data["resultType"]
    series = data["result"] if kind in ("vector", "matrix") else [{"metric": {}, "value": data["result"]}]
    executed = f"Expr: {expression}\nStep: {step}s"
    return [_frame(ref_id, kind, executed, step, one) for one in series]


def query(app: App, request: Request) -> Response:
    body = request.json()
    queries = body.get("queries")
    if not isinstance(queries, list) or not queries:
        failure = {"message": "No queries found", "messageId": "query.noQueries", "statusCode": 400, "traceID": ""}
        return answer(failure, 400)
    since, until = _moment(take(body, "from", str)), _moment(take(body, "to", str))
    span = (since, until) if since is not None and until is not None else None
    results = {}
    for one in queries:
        if not isinstance(one, dict):
            raise bad_request_data()
        uid = take(take_object(one, "datasource"), "uid", str)
        row = find(app.store.reading(), {"uid": uid})
        if row is None:
            raise error(404, "Data source not found", traced=True)
        try:
            frames = _run(app, row, one, span)
        except (UnreachableError, CannotUnsealError, ValueError, KeyError) as reason:
            app.log("error", f"The query of data source {uid} failed: {reason}.")
            return answer(
                {
                    "message": "An error occurred within the plugin",
                    "messageId": "plugin.downstreamError",
                    "statusCode": 500,
                    "traceID": "",
                },
                500,
            )
        results[take(one, "refId", str) or "A"] = {"status": 200, "frames": frames}
    return answer({"results": results})
