"""Requests and answers between the HTTP server and the subjects behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, TypeVar

from . import gojson

_JSON = "application/json"
# Grafana names the charset in answers which its web framework writes itself, and leaves it out elsewhere.
_FRAMEWORK_JSON = "application/json; charset=UTF-8"

Kind = TypeVar("Kind", str, int, bool, dict[Any, Any])
T = TypeVar("T")


@dataclass(frozen=True)
class Identity:
    """Who asks: a user, a service account, or nobody in particular."""

    user_id: int
    login: str
    role: str
    server_admin: bool = False
    service_account: bool = False
    anonymous: bool = False

    @property
    def author(self) -> int:
        """The id which is written to what they change; service accounts leave none."""
        return 0 if self.service_account else self.user_id


NOBODY = Identity(0, "", "", anonymous=True)


@dataclass
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    query_text: str
    headers: Message
    body: bytes
    params: Mapping[str, str] = field(default_factory=dict)
    identity: Identity = NOBODY

    def first(self, name: str, default: str = "") -> str:
        values = self.query.get(name)
        return values[0] if values else default

    def number(self, name: str, default: int) -> int:
        text = self.first(name)
        return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else default

    def json(self) -> dict[str, Any]:
        """Read the body as an object; an empty one counts as {}, everything else that is none is refused."""
        if self.headers.get_content_type() != _JSON or not self.headers.get("Content-Type"):
            raise bad_request_data()
        if not self.body.strip():
            return {}
        try:
            value = gojson.loads(self.body)
        except (ValueError, RecursionError):
            raise bad_request_data() from None
        if not isinstance(value, dict):
            raise bad_request_data()
        return value


@dataclass
class Response:
    status: int
    body: bytes = b""
    content_type: str | None = _JSON
    headers: dict[str, str] = field(default_factory=dict)
    cacheable: bool = False


class ApiError(Exception):
    """An answer that ends the handling of a request."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def answer(value: Any, status: int = 200, *, framework: bool = False) -> Response:
    return Response(status, gojson.dumps(value).encode(), _FRAMEWORK_JSON if framework else _JSON)


def error(
    status: int,
    message: str,
    *,
    kind: str | None = None,
    traced: bool = False,
    framework: bool = False,
) -> ApiError:
    """Make an error answer; ``kind`` becomes its ``status`` key, ``traced`` adds the empty ``traceID`` of 9.4."""
    body = {"message": message}
    if kind is not None:
        body["status"] = kind
    if traced:
        body["traceID"] = ""
    return ApiError(answer(body, status, framework=framework))


def bad_request_data() -> ApiError:
    return error(400, "bad request data", traced=True)


def take(body: Mapping[str, Any], name: str, kind: type[Kind]) -> Kind:
    """Take a field of a body; left out or null gives the empty value, another type is refused as Go's decoder does."""
    value = body.get(name)
    if value is None:
        return kind()
    if isinstance(value, gojson.Number) and kind is int:
        value = value.as_int()
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise bad_request_data()
    return value


def required(row: T | None, missing: Callable[[], ApiError]) -> T:
    """Give what was found, or end with the answer that says it is missing."""
    if row is None:
        raise missing()
    return row
