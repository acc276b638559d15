"""The data source proxy: /api/datasources/proxy, as far as instant queries of Prometheus go through it."""

from __future__ import annotations

import re

from .app import App
from .crypto import CannotUnsealError
from .datasources import find
from .messages import ApiError, Request, Response, error
from .upstream import UnreachableError, send

# The pattern of 9.4 stops at a hyphen, so the rest of such a uid ends up in front of the upstream's path.
_PREFIX = re.compile(r"/api/datasources/proxy/uid/\w+/?", re.ASCII)


def forward(app: App, request: Request) -> Response:
    try:
        return _forward(app, request)
    except ApiError as refusal:
        # Whatever comes from here may be cached, unlike all other answers.
        refusal.response.cacheable = True
        raise


def _forward(app: App, request: Request) -> Response:
    row = find(app.store.reading(), request.params)
    if row is None:
        raise error(404, "Unable to find datasource", traced=True, framework=True)
    path = _PREFIX.sub("", request.path, count=1)
    target = f"{path}?{request.query_text}" if request.query_text else path
    try:
        got = send(app, row, target)
    except UnreachableError as reason:
        app.log("error", f"The proxy did not reach data source {row['uid']}: {reason}.")
        return Response(502, content_type=None, cacheable=True)
    except CannotUnsealError as reason:
        # Not recorded what a real one says here; an answer in place of a request without credentials.
        raise error(500, str(reason), traced=True) from None
    return Response(got.status, got.body, got.content_type, {"Content-Security-Policy": "sandbox"}, cacheable=True)
