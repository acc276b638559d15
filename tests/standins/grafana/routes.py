"""Which path leads to which function, and who may go there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from . import (
    dashboards,
    datasources,
    folders,
    organisation,
    provisioned_datasources,
    proxy,
    search,
    service_accounts,
    users,
)
from .app import App
from .messages import Request, Response, answer, error
from .provisioning import ProvisioningError

Handler = Callable[[App, Request], Response]


@dataclass(frozen=True)
class Access:
    """Who may call: anybody (public), a role, or a server admin; without sign_in the refusal is 403, not 401."""

    role: str = "Viewer"
    permission: str = ""
    server_admin: bool = False
    sign_in: bool = True
    public: bool = False


@dataclass(frozen=True)
class Route:
    method: str
    pattern: tuple[str, ...]
    handler: Handler
    access: Access

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Give the parameters when the path fits."""
        if len(segments) != len(self.pattern):
            return None
        params = {}
        for wanted, given in zip(self.pattern, segments, strict=True):
            if wanted == ":id":
                if not (given.isascii() and given.isdigit()):
                    return None
                params["id"] = given
            elif wanted.startswith(":") and given:
                params[wanted[1:]] = unquote(given)
            elif wanted != given:
                return None
        return params


def _reload_dashboards(app: App, request: Request) -> Response:  # noqa: ARG001
    return _reload(app, app.provisioner.reload, "Dashboards config reloaded")


def _reload_datasources(app: App, request: Request) -> Response:  # noqa: ARG001
    def reload() -> None:
        folder = app.settings.provisioning / "datasources"
        provisioned_datasources.apply(app.store, app.settings.secret_key, folder, app.environ)

    return _reload(app, reload, "Datasources config reloaded")


def _reload(app: App, action: Callable[[], None], message: str) -> Response:
    try:
        action()
    except ProvisioningError as reason:
        # The reason is in the log only.
        app.log("error", f"Provisioning error: {reason}")
        raise error(500, "Internal Server Error", traced=True) from None
    return answer({"message": message})


_PUBLIC = Access(public=True)
_READ = Access()
_WRITE_DASHBOARDS = Access("Editor", "any of dashboards:create, dashboards:write")
_DELETE_DASHBOARDS = Access("Editor", "dashboards:delete")
_CREATE_FOLDERS = Access("Editor", "folders:create")
_WRITE_FOLDERS = Access("Editor", "folders:write")
_DELETE_FOLDERS = Access("Editor", "folders:delete")
_CREATE_SOURCES = Access("Admin", "datasources:create")
_WRITE_SOURCES = Access("Admin", "datasources:write")
_DELETE_SOURCES = Access("Admin", "datasources:delete")
_READ_ACCOUNTS = Access("Admin", "serviceaccounts:read", sign_in=False)
_CREATE_ACCOUNTS = Access("Admin", "serviceaccounts:create", sign_in=False)
_WRITE_ACCOUNTS = Access("Admin", "serviceaccounts:write", sign_in=False)
_DELETE_ACCOUNTS = Access("Admin", "serviceaccounts:delete", sign_in=False)
_RELOAD = Access(permission="provisioning:reload", server_admin=True, sign_in=False)

_TABLE: tuple[tuple[str, str, Handler, Access], ...] = (
    ("GET", "api/health", organisation.health, _PUBLIC),
    ("GET", "healthz", organisation.alive, _PUBLIC),
    ("GET", "metrics", organisation.metrics, _PUBLIC),
    ("GET", "api/frontend/settings", organisation.frontend_settings, _READ),
    ("GET", "api/org", organisation.organisation, _READ),
    ("GET", "api/user", users.current, _READ),
    ("PUT", "api/user/password", users.change_own_password, _READ),
    ("POST", "api/admin/provisioning/dashboards/reload", _reload_dashboards, _RELOAD),
    ("POST", "api/admin/provisioning/datasources/reload", _reload_datasources, _RELOAD),
    ("GET", "api/folders", folders.listing, _READ),
    ("POST", "api/folders", folders.create, _CREATE_FOLDERS),
    ("GET", "api/folders/:uid", folders.get, _READ),
    ("PUT", "api/folders/:uid", folders.update, _WRITE_FOLDERS),
    ("DELETE", "api/folders/:uid", folders.delete, _DELETE_FOLDERS),
    ("POST", "api/dashboards/db", dashboards.save, _WRITE_DASHBOARDS),
    ("GET", "api/dashboards/uid/:uid", dashboards.get, _READ),
    ("DELETE", "api/dashboards/uid/:uid", dashboards.delete, _DELETE_DASHBOARDS),
    ("GET", "api/dashboards/uid/:uid/versions/:id", dashboards.version, _WRITE_DASHBOARDS),
    ("GET", "api/search", search.search, _READ),
    ("GET", "api/datasources", datasources.listing, _READ),
    ("POST", "api/datasources", datasources.create, _CREATE_SOURCES),
    ("GET", "api/datasources/uid/:uid", datasources.get, _READ),
    ("PUT", "api/datasources/uid/:uid", datasources.change, _WRITE_SOURCES),
    ("DELETE", "api/datasources/uid/:uid", datasources.delete, _DELETE_SOURCES),
    ("GET", "api/datasources/name/:name", datasources.get, _READ),
    ("GET", "api/datasources/uid/:uid/health", datasources.health, _READ),
    ("GET", "api/datasources/proxy/uid/:uid/api/v1/query", proxy.forward, _READ),
    ("POST", "api/serviceaccounts", service_accounts.create, _CREATE_ACCOUNTS),
    ("GET", "api/serviceaccounts/search", service_accounts.search, _READ_ACCOUNTS),
    ("PATCH", "api/serviceaccounts/:id", service_accounts.update, _WRITE_ACCOUNTS),
    ("DELETE", "api/serviceaccounts/:id", service_accounts.delete, _DELETE_ACCOUNTS),
    ("GET", "api/serviceaccounts/:id/tokens", service_accounts.list_tokens, _READ_ACCOUNTS),
    ("POST", "api/serviceaccounts/:id/tokens", service_accounts.create_token, _WRITE_ACCOUNTS),
    ("DELETE", "api/serviceaccounts/:id/tokens/:token", service_accounts.delete_token, _WRITE_ACCOUNTS),
)
ROUTES = tuple(Route(method, tuple(pattern.split("/")), handler, access) for method, pattern, handler, access in _TABLE)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Find the route of a path; a wrong method is a 404 as well, never a 405."""
    segments = path.removeprefix("/").split("/")
    for route in ROUTES:
        if method == route.method and (params := route.match(segments)) is not None:
            return route, params
    return None
