"""Comparing an answer with the recorded one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

_UID = re.compile(r"[A-Za-z0-9_-]{9}\Z")
_ERROR_ID = re.compile(r"ACE\d{10}\Z")
# Set by the connection or the clock, not by what was asked; Server says that it is the stand-in.
_FREE_HEADERS = {"date", "content-length", "transfer-encoding", "connection", "server"}
_TOKEN = re.compile(r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}\Z")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Comparer:
    """Compares answers of one server run; random uids are learned where they first turn up."""

    uids: dict[str, str] = field(default_factory=dict)

    def differences(self, row: Mapping[str, Any], answer: Answer) -> list[str]:
        """Give one sentence for each way in which ``answer`` is not the recorded one."""
        wanted = row["response"]
        found = []
        if answer.status != wanted["status"]:
            found.append(f"status is {answer.status}, recorded {wanted['status']}: {answer.body[:200]!r}")
        content_type = answer.headers.get("content-type")
        if content_type != wanted["content_type"]:
            found.append(f"content type is {content_type!r}, recorded {wanted['content_type']!r}")
        names, recorded = set(answer.headers) - _FREE_HEADERS, set(wanted["header_names"]) - _FREE_HEADERS
        if names != recorded:
            found.append(f"header names differ: {sorted(names ^ recorded)}")
        view = VIEWS.get(row["id"], whole)
        try:
            pairs = view(wanted["body"], answer.body)
        except (ValueError, KeyError, TypeError, IndexError) as reason:
            return [*found, f"the body cannot be looked at ({reason!r}): {answer.body[:200]!r}"]
        for expected, actual, path in pairs:
            found += self._compare(expected, actual, path, row["volatile"])
        return found

    def _compare(self, expected: Any, actual: Any, path: str, volatile: Collection[str]) -> list[str]:
        is_volatile = _INDEX.sub("[*]", path) in volatile
        if type(expected) is not type(actual):
            return [f"{path} is {actual!r}, recorded {expected!r}"]
        if is_volatile:
            return []
        if isinstance(expected, dict):
            if list(expected) != list(actual):
                return [f"keys of {path} are {list(actual)}, recorded {list(expected)}"]
            children = [(expected[key], actual[key], f"{path}.{key}") for key in expected]
        elif isinstance(expected, list):
            if len(expected) != len(actual):
                return [f"{path} has {len(actual)} items, recorded {len(expected)}"]
            pairs = zip(expected, actual, strict=True)
            children = [(e, a, f"{path}[{i}]") for i, (e, a) in enumerate(pairs)]
        else:
            return [] if self._same(expected, actual, path) else [f"{path} is {actual!r}, recorded {expected!r}"]
        return [line for child in children for line in self._compare(*child, volatile)]

    def _same(self, expected: Any, actual: Any, path: str) -> bool:
        if expected == actual:
            return True
        if not isinstance(expected, str):
            return False
        if path.endswith(".accessErrorId"):
            return bool(_ERROR_ID.match(actual))
        if expected == "<token>":
            return bool(_TOKEN.match(actual))
        if path.endswith(".uid") and _UID.match(expected) and _UID.match(actual):
            return bool(self.uids.setdefault(expected, actual) == actual)
        for recorded, here in self.uids.items():
            expected = expected.replace(recorded, here)
        return bool(expected == actual)


# What of an answer is compared with a body that the recorder reduced: (recorded, here, path) each.
Pairs = list[tuple[Any, Any, str]]
View = Callable[[Any, bytes], Pairs]


def whole(recorded: Any, body: bytes) -> Pairs:
    """Compare all of it: JSON as JSON, text as text."""
    return [(recorded, body.decode() if isinstance(recorded, str) else json.loads(body), "$")]


def _nothing(recorded: Any, body: bytes) -> Pairs:  # noqa: ARG001
    return []


def _keys(recorded: Any, body: bytes) -> Pairs:
    return [(recorded, sorted(json.loads(body)), "$")]


def _at(value: Any, path: str) -> Any:
    for key in path.split(".")[1:]:
        value = value[key]
    return value


def _part(path: str) -> View:
    return lambda recorded, body: [(recorded, _at(json.loads(body), path), path)]


def _parts(**paths: str) -> View:
    """Compare single values, named by the recorder, each found at a path of the answer."""

    def view(recorded: Any, body: bytes) -> Pairs:
        actual = json.loads(body)
        if set(recorded) != set(paths):
            raise ValueError("the recorded body has other keys")
        return [(recorded[name], _at(actual, path), path) for name, path in paths.items()]

    return view


def _some_keys(recorded: Any, body: bytes) -> Pairs:
    actual = json.loads(body)
    return [(recorded[key], actual[key], f"$.{key}") for key in recorded]


def _columns(*names: str) -> View:
    def view(recorded: Any, body: bytes) -> Pairs:
        pairs = []
        actual = json.loads(body)
        pairs.append((len(recorded), len(actual), "$.length"))
        for index, (expected, item) in enumerate(zip(recorded, actual, strict=False)):
            pairs += [(e, item[n], f"$[{index}].{n}") for n, e in zip(names, expected, strict=True)]
        return pairs

    return view


VIEWS: dict[str, View] = {
    "metrics.get": _nothing,
    "unauth.api.frontend.settings": _keys,
    "authfail.nouser.public": _keys,
    "frontend.settings.build": _part("$.buildInfo"),
    "dash.create.both.get": _part("$.meta"),
    "dash.get.general": _part("$.meta"),
    "dash.get.after": _parts(**{"version": "$.dashboard.version", "meta.version": "$.meta.version"}),
    "dash.update.nofolder.get": _part("$.meta"),
    "dash.move.get": _part("$.meta"),
    "dash.title.same.after.old": _parts(uid="$.dashboard.uid", version="$.dashboard.version"),
    "dash.title.trim.get": _part("$.dashboard.title"),
    "dash.min.get": _part("$.dashboard"),
    "dash.noschema.get": _part("$.dashboard"),
    "dash.libpanel.missing.get": _parts(version="$.dashboard.version", title="$.dashboard.title"),
    "prov.get.two": _parts(id="$.dashboard.id", version="$.dashboard.version", meta="$.meta"),
    "prov.folder.delete.later": _part("$.meta"),
    "prov.reload.dash.after": _part("$.meta"),
    "prov.ds.edit.after": _some_keys,
    "prov.dupuid.get": _parts(title="$.dashboard.title", version="$.dashboard.version"),
    "prov.ds.after.remove": _columns("name", "readOnly"),
    "provui.get": _part("$.meta"),
    "provui.later": _parts(
        **{
            "description": "$.dashboard.description",
            "version": "$.dashboard.version",
            "meta.provisioned": "$.meta.provisioned",
        }
    ),
    "ds.get.nosecret": _some_keys,
    "ds.get.othersecret": _some_keys,
    "ds.get.emptysecret": _some_keys,
    "ds.list.default": _columns("uid", "isDefault"),
    "http.pct": _keys,
    "http.dashboard.etag": _nothing,
    "subpath.metrics": _nothing,
    "subpath.metrics.root": _nothing,
    "subproxy.org.sub": _nothing,
    "extra.db.placeholder.get": _part("$.dashboard"),
    "extra.ds.nov.get": _part("$.version"),
}
