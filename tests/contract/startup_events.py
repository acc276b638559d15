"""Recorded events of starting: which files and settings end the process, and which do not."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.standins import run

from .events import expect
from .replay import Context, Event, Instance, basic

_RANDOM_UID = re.compile(r"[A-Za-z0-9_-]{9}\Z")
_BROKEN = "datasources: [nope\n"


def _outcome(
    context: Context,
    recorded: Any,
    listing: Callable[[Context, int], Any] | None = None,
    environment: dict[str, str] | None = None,
) -> list[str]:
    try:
        standin = context.start(environment)
    except run.DidNotStartError as failure:
        found = expect(exit_code=(failure.code, recorded["exit_code"]))
        return found if "Error: " in failure.log else [*found, "the log names no error"]
    healthy = context.call("GET", "/api/health").status == 200
    found = expect(
        exit_code=(standin.process.poll(), recorded["exit_code"]),
        answered_health=(healthy, recorded["answered_health"]),
    )
    if listing and "then" in recorded and not found:
        found += expect(then=(listing(context, len(recorded["then"])), _masked(recorded["then"])))
    return found


def _masked(entries: list[list[Any]]) -> list[list[Any]]:
    return [["?" if isinstance(v, str) and _RANDOM_UID.match(v) else v for v in entry] for entry in entries]


def _sources(context: Context, count: int) -> Any:  # noqa: ARG001
    rows = context.call("GET", "/api/datasources").json()
    return _masked([[row["name"], row["uid"], row["url"], row["isDefault"]] for row in rows])


def _dashboards(context: Context, count: int) -> Any:
    """List what there is once as much is there as was recorded: the scan runs in the background."""
    hits: list[Any] = []

    def loaded() -> bool:
        hits[:] = context.call("GET", "/api/search").json()
        return len(hits) >= count

    context.wait_for("loading", loaded)
    return _masked([[hit["title"], hit["uid"]] for hit in hits])


def _source_files(content: Any, name: str = "d.yaml") -> Instance:
    if isinstance(content, list):
        content = {"apiVersion": 1, "datasources": content}
    return Instance(provisioning=lambda _: {f"datasources/{name}": content}, starts=False)


def _source(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "prometheus", **more}


_X = _source("x")
_SOURCES: dict[str, Instance] = {
    "ds.badyaml": _source_files(_BROKEN),
    "ds.tab": _source_files("apiVersion: 1\ndatasources:\n\t- name: x\n"),
    "ds.unknownkey": _source_files([_X | {"nosuchkey": 1}]),
    "ds.noapiversion": _source_files({"datasources": [_X | {"url": "http://h"}]}),
    "ds.twodefaults": _source_files([_source("a", isDefault=True), _source("b", isDefault=True)]),
    "ds.dupname": _source_files([_source("a", uid="u1", url="http://1"), _source("a", uid="u2", url="http://2")]),
    "ds.dupuid": _source_files([_source("a", uid="u1"), _source("b", uid="u1")]),
    "ds.noname": _source_files([{"url": "http://h"}]),
    "ds.wrongtype": _source_files([_X | {"isDefault": "maybe"}]),
    "ds.missingfile": _source_files([_X | {"url": "$__file{/no/such/file}"}]),
    "ds.ymlext": _source_files([_source("y", uid="y")], "d.yml"),
    "ds.jsonext": _source_files([_X], "d.json"),
    "ds.empty": _source_files(""),
    "ds.nodir": Instance(starts=False),
}


def _provider_files(files: dict[str, Any] | None, raw: Any = None, twice: bool = False, **more: Any) -> Instance:
    def write(context: Context) -> dict[str, Any]:
        folder: Path = context.folder / "dashfiles"
        run.write_provisioning(folder, files or {})
        options = {"path": str(folder), **more.pop("options", {})}
        provider = {"name": "farm", "folder": "F", "type": "file", "options": options, **more}
        content = {"apiVersion": 1, "providers": [provider] * (2 if twice else 1)}
        return {"dashboards/p.yaml": raw if raw is not None else content}

    return Instance(provisioning=write, starts=False)


_GOOD = {"title": "T", "uid": "t"}
_DASHBOARDS: dict[str, Instance] = {
    "da.badyaml": _provider_files({}, raw="providers: [nope\n"),
    "da.unknowntype": _provider_files({}, type="ftp"),
    "da.nopath": _provider_files(None),
    "da.badjson": _provider_files({"a.json": "{nope", "b.json": _GOOD}),
    "da.dupuid": _provider_files({"a.json": {"title": "A", "uid": "same"}, "b.json": {"title": "B", "uid": "same"}}),
    "da.duptitle": _provider_files({"a.json": {"title": "A", "uid": "u1"}, "b.json": {"title": "A", "uid": "u2"}}),
    "da.notitle": _provider_files({"a.json": {"uid": "nt"}}),
    "da.longuid": _provider_files({"a.json": {"title": "L", "uid": "a" * 41}}),
    "da.twoproviders": _provider_files({}, twice=True),
    "da.foldersfromfiles": _provider_files(
        {"Sub A/a.json": {"title": "A", "uid": "u1"}, "b.json": {"title": "B", "uid": "u2"}},
        folder="",
        options={"foldersFromFilesStructure": True},
    ),
}
_SETTINGS: dict[str, Instance] = {
    "cfg.badport": Instance(settings={"server": {"http_port": "abc"}}, starts=False),
    "cfg.unknown": Instance(starts=False),
    "cfg.datadir": Instance(starts=False),
}


def _bad_data_folder(context: Context, recorded: Any) -> list[str]:
    # A file stands where a folder is wanted.
    context.folder.mkdir(parents=True, exist_ok=True)
    (context.folder / "data").write_text("", encoding="utf-8")
    return _outcome(context, recorded)


def _unknown_variable(context: Context, recorded: Any) -> list[str]:
    return _outcome(context, recorded, environment={"GF_NOSUCH_KEY": "value"})


def _event(listing: Callable[[Context, int], Any] | None) -> Event:
    return lambda context, recorded: _outcome(context, recorded, listing)


def _starting(table: dict[str, Instance], listing: Callable[[Context, int], Any] | None) -> dict[str, Instance]:
    for name, instance in table.items():
        instance.events = {f"startup.{name}": _event(listing)}
    return {f"st_{name}": instance for name, instance in table.items()}


# The password of the first boot


def _first_boot(environment: Callable[[Path], dict[str, str]]) -> Instance:
    def boot(context: Context, recorded: Any) -> list[str]:
        context.folder.mkdir(parents=True, exist_ok=True)
        (context.folder / "password").write_text("from-file-Ee5\n", encoding="utf-8")
        del context.settings["security"]
        try:
            context.start(environment(context.folder))
        except run.DidNotStartError as failure:
            return expect(exit_code=(failure.code, recorded.get("exit")))
        found = []
        for quoted, status in recorded.get("login status by password", {"no start": 1}).items():
            password = quoted.strip("'").replace("\\n", "\n")
            found += expect(**{f"status for {quoted}": (_login(context, password), status)})
        return found

    return Instance(starts=False, events={"": boot})


def _login(context: Context, password: str) -> int:
    return context.call("GET", "/api/user", auth="none", headers={"Authorization": basic("admin", password)}).status


_BOOTS = [
    _first_boot(lambda folder: {"GF_SECURITY_ADMIN_PASSWORD__FILE": str(folder / "password")}),
    _first_boot(lambda folder: {"GF_SECURITY_ADMIN_PASSWORD": f"$__file{{{folder / 'password'}}}"}),
    _first_boot(lambda folder: {"GF_SECURITY_ADMIN_PASSWORD": f"$__file{{{folder / 'nosuch'}}}"}),
    _first_boot(lambda _: {"GF_SECURITY_ADMIN_PASSWORD": "a$HOME#b;c%d", "HOME": "/home/me"}),
    _first_boot(lambda _: {"GF_SECURITY_ADMIN_PASSWORD": ""}),
]
for _number, _boot in enumerate(_BOOTS):
    _boot.events = {f"pw.firstboot.{_number}": _boot.events[""]}


def _port_is_taken(context: Context, recorded: Any) -> list[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        context.settings["server"] = {"http_port": str(taken.getsockname()[1])}
        try:
            context.start()
        except run.DidNotStartError as failure:
            named = "address already in use" in failure.log.lower()
            return expect(exit_code=(failure.code, recorded["rc"]), reason_named=(named, True))
    return ["the stand-in started on a port that is taken"]


INSTANCES: dict[str, Instance] = {
    **_starting(_SOURCES, _sources),
    **_starting(_DASHBOARDS, _dashboards),
    **_starting(_SETTINGS, None),
    **{f"pwboot{number}": boot for number, boot in enumerate(_BOOTS)},
    "p2": Instance(starts=False, events={"port.taken": _port_is_taken}),
}
INSTANCES["st_cfg.unknown"].events = {"startup.cfg.unknown": _unknown_variable}
INSTANCES["st_cfg.datadir"].events = {"startup.cfg.datadir": _bad_data_folder}
