"""The instances of the recording: their settings, and the steps between the rows, which the recording leaves out.

A step is there because a later row shows it (a folder that exists, a version that has risen).
"""

from __future__ import annotations

from typing import Any

from tests.standins.run import write_provisioning

from . import events
from .comparing import Answer
from .recorded import Row
from .replay import PASSWORDS, Context, Instance

_PANELS = [
    {
        "id": 1,
        "type": "timeseries",
        "title": "p",
        "gridPos": {"h": 8, "w": 12, "x": 0, "y": 0},
        "targets": [{"refId": "A", "expr": "up"}],
    }
]


def dashboard(title: str, **more: Any) -> dict[str, Any]:
    return {
        "title": title,
        "tags": [],
        "timezone": "utc",
        "schemaVersion": 37,
        "panels": _PANELS,
        **more,
    }


# brute, pw


def _restart(context: Context) -> None:
    context.restart()


def _restart_unprotected(context: Context) -> None:
    context.restart({"GF_SECURITY_DISABLE_BRUTE_FORCE_LOGIN_PROTECTION": "true"})


def _change_and_restart_with_another_password(context: Context) -> None:
    first, second, third = (PASSWORDS[f"<new-password-{number}>"] for number in (1, 2, 3))
    body = {"oldPassword": first, "newPassword": second, "confirmNew": second}
    assert context.call("PUT", "/api/user/password", body, auth="admin_p1").status == 200
    context.restart({"GF_SECURITY_ADMIN_PASSWORD": third})


# sa


def _keep_token(name: str) -> Any:
    def keep(context: Context, answer: Answer) -> None:
        context.tokens[name] = answer.json()["key"]

    return keep


def _another_account(context: Context) -> None:
    context.setup("POST", "/api/serviceaccounts", {"name": "another"})


def _until_demoted(context: Context) -> None:
    # Without a title the folder is refused as such while the token may create one, and not made in either case.
    body = {"title": ""}
    context.wait_for("403", lambda: context.call("POST", "/api/folders", body, auth="token").status == 403)


def _until_disabled(context: Context) -> None:
    context.wait_for("401", lambda: context.call("GET", "/api/org", auth="token").status == 401)


def _until_enabled_and_expired(context: Context) -> None:
    context.wait_for("enabled", lambda: context.call("GET", "/api/org", auth="token").status == 200)
    context.wait_for("expiry", lambda: context.call("GET", "/api/org", auth="shorttoken").status != 200)


# dash


def _two_folders(context: Context) -> None:
    for uid, title in (("fa", "FA"), ("fb", "FB")):
        context.setup("POST", "/api/folders", {"uid": uid, "title": title})


def _eight_megabytes(row: Row) -> Row:
    # The recorder kept the beginning of the text only.
    head = row["request"]["body"].partition('"description": "')[0]
    body = f'{head}"description": "{"x" * 8_000_000}"}}}}'
    return {**row, "request": {**row["request"], "body": body}}


# prov


def _provider(context: Context, **more: Any) -> dict[str, Any]:
    provider = {
        "name": "farm",
        "folder": "Prov",
        "folderUid": "prov-f",
        "type": "file",
        "options": {"path": str(context.folder / "dashfiles")},
        **more,
    }
    return {"apiVersion": 1, "providers": [provider]}


def _source(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "prometheus", "access": "proxy", **more}


def _provisioned_sources(context: Context) -> dict[str, Any]:
    secret = context.folder / "secret"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_text("Source-Ff6\n", encoding="utf-8")
    url = context.upstream.url
    options = {"httpMethod": "POST", "literal": "$$HOME", "timeInterval": "15s"}
    return {
        "apiVersion": 1,
        "datasources": [
            _source("ProvProm", uid="prov-prom", url=url, isDefault=True, jsonData=options),
            _source(
                "ProvEditable",
                uid="prov-edit",
                url=url,
                editable=True,
                basicAuth=True,
                basicAuthUser="farm",
                secureJsonData={"basicAuthPassword": f"$__file{{{secret}}}"},
            ),
            _source("ProvNoUid", url=url),
            _source("ProvUnsetVar", uid="prov-unset", url="http://$NO_SUCH_VARIABLE/x"),
        ],
    }


def _write_one(context: Context, **more: Any) -> None:
    content = dashboard("Prov one", uid="prov-one", **more)
    write_provisioning(context.folder / "dashfiles", {"one.json": content})


def _provisioning(context: Context) -> dict[str, Any]:
    _write_one(context)
    files = {
        "bad.json": "{nope",
        "envelope.json": {"dashboard": dashboard("Enveloped", uid="prov-env")},
        "nouid.json": dashboard("Prov no uid"),
        "three.json": dashboard("Prov three", uid="prov-three"),
        "two.json": dashboard("Prov two", uid="prov-two", id=500, version=7),
    }
    write_provisioning(context.folder / "dashfiles", files)
    return {
        "dashboards/farm.yaml": _provider(context),
        "datasources/farm.yaml": _provisioned_sources(context),
    }


def _until_loaded(context: Context) -> None:
    # The server is healthy before the dashboards are there.
    context.wait_for("loading", lambda: len(context.call("GET", "/api/search").json()) == 5)


def _scan(context: Context) -> None:
    context.setup("POST", "/api/admin/provisioning/dashboards/reload")


def _break_sources(context: Context) -> None:
    write_provisioning(context.running.provisioning, {"datasources/broken.yaml": "datasources: [nope"})


def _break_providers(context: Context) -> None:
    (context.running.provisioning / "datasources/broken.yaml").unlink()
    write_provisioning(context.running.provisioning, {"dashboards/broken.yaml": "providers: [nope"})


def _edit_and_double(context: Context) -> None:
    (context.running.provisioning / "dashboards/broken.yaml").unlink()
    for number in range(3):
        # Version 4 is recorded: the file was changed three times.
        _write_one(context, description=f"edit {number}")
        _scan(context)
    copy = dashboard("Prov one, copied", uid="prov-one")
    write_provisioning(context.folder / "dashfiles", {"onemore.json": copy})
    _scan(context)


def _remove_sources(context: Context) -> None:
    (context.running.provisioning / "datasources/farm.yaml").unlink()


def _ui_provisioning(context: Context) -> dict[str, Any]:
    _write_one(context)
    files = {
        "nouid.json": dashboard("Prov no uid"),
        "three.json": dashboard("Prov three", uid="prov-three"),
        "two.json": dashboard("Prov two", uid="prov-two"),
    }
    write_provisioning(context.folder / "dashfiles", files)
    return {"dashboards/farm.yaml": _provider(context, allowUiUpdates=True)}


# ds, http, extra


def _plain_source(context: Context) -> None:
    body = _source("Plain", uid="plain_uid9", url=context.upstream.url)
    context.setup("POST", "/api/datasources", body)


def _save(context: Context, uid: str, title: str) -> None:
    context.setup("POST", "/api/dashboards/db", {"dashboard": dashboard(title, uid=uid), "overwrite": True})


def _h1(context: Context) -> None:
    _save(context, "h1", "H")


def _many(context: Context) -> dict[str, Any]:
    files = {f"many{n}.json": dashboard(f"Many {n}", uid=f"many-{n}") for n in range(3)}
    write_provisioning(context.folder / "dashfiles", files)
    return {"dashboards/many.yaml": _provider(context, name="many", folder="Many", folderUid="many")}


def _until_many(context: Context) -> None:
    context.wait_for("loading", lambda: len(context.call("GET", "/api/search").json()) == 4)


def _locked_source(context: Context) -> None:
    context.setup("POST", "/api/datasources", _source("L", uid="lck", url=context.upstream.url))


def _sub_path(served: bool) -> dict[str, dict[str, str]]:
    return {"server": {"root_url": "http://127.0.0.1/graf/", "serve_from_sub_path": "true" if served else "false"}}


# Small ones run in a thread; those that restart, end or work hard are processes.
INSTANCES: dict[str, Instance] = {
    "auth": Instance(),
    "brute": Instance(
        before={"brute.after.restart": _restart, "brute.disabled": _restart_unprotected},
    ),
    "brute2": Instance(in_thread=True),
    "pw": Instance(
        before={"pw.env.changed.new": _change_and_restart_with_another_password},
        events={"cli.reset.while.running": events.reset_by_stdin},
    ),
    "sa": Instance(
        # Long enough for the rows that show the cache at work, short enough to wait for its end.
        settings={"standin": {"token_cache_seconds": "4"}},
        before={
            "sa.token.dup.otheraccount": _another_account,
            "sa.viewer.dash": _until_demoted,
            "sa.disabled.use.later": _until_disabled,
            "sa.token.expired": _until_enabled_and_expired,
        },
        after={"sa.token": _keep_token("token"), "sa.token.ttl2": _keep_token("shorttoken")},
    ),
    "folders": Instance(),
    "dash": Instance(before={"dash.create": _two_folders}, rewrite={"dash.big": _eight_megabytes}),
    "prov": Instance(
        provisioning=_provisioning,
        before={
            "prov.search": _until_loaded,
            "prov.folder.delete.later": _scan,
            "prov.reload.ds.badyaml": _break_sources,
            "prov.reload.dash.badyaml": _break_providers,
            "prov.dupuid.get": _edit_and_double,
            "prov.ds.reload3": _remove_sources,
        },
    ),
    "provui": Instance(
        in_thread=True,
        provisioning=_ui_provisioning,
        before={"provui.get": _until_loaded, "provui.later": _scan},
    ),
    "ds": Instance(before={"proxy.get": _plain_source}),
    "http": Instance(before={"http.pct": _h1}),
    "anon": Instance(in_thread=True, settings={"auth.anonymous": {"enabled": "true"}}),
    "nobasic": Instance(in_thread=True, settings={"auth.basic": {"enabled": "false"}}),
    "subpath": Instance(in_thread=True, settings=_sub_path(True)),
    "subproxy": Instance(in_thread=True, settings=_sub_path(False)),
    "extra": Instance(
        provisioning=_many,
        before={
            "extra.folder.delete.prov": _until_many,
            "extra.ds.v1": _locked_source,
        },
        events=events.PARALLEL,
    ),
    "pwboot1": Instance(starts=False, events={"pw.firstboot.1": events.first_boot("password")}),
    "pwboot2": Instance(starts=False, events={"pw.firstboot.2": events.first_boot("nosuch")}),
}
