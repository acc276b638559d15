"""Replaying recorded exchanges, instance by instance, against a stand-in."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.standins import run

from .comparing import Answer, Comparer
from .recorded import Row
from .upstream import Upstream, running_upstream

PASSWORDS = {
    "<admin-password>": "First-Aa1",
    "<new-password-1>": "Second-Bb2",
    "<new-password-2>": "Third-Cc3",
    "<new-password-3>": "Fourth-Dd4",
    "<ds-password>": "Source-Ee5",
}
_RECORDED_UPSTREAM = "http://127.0.0.1:3990"
_WAIT_SECONDS = 15.0
_POLL_SECONDS = 0.02


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


@dataclass
class Context:
    """One instance while it is replayed: its stand-in, and what was learned on the way."""

    folder: Path
    settings: dict[str, dict[str, str]]
    provisioning: dict[str, Any]
    upstream: Upstream
    in_thread: bool = False
    standin: run.StandIn | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None

    @property
    def running(self) -> run.StandIn:
        assert self.standin is not None
        return self.standin

    def start(self, environment: Mapping[str, str] | None = None) -> run.StandIn:
        self.standin = run.start(self.folder, self.settings, self.provisioning, environment, in_thread=self.in_thread)
        return self.standin

    def restart(self, environment: Mapping[str, str] | None = None) -> None:
        self.stop()
        self.start(environment)

    def stop(self) -> int:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        return self.standin.stop() if self.standin else 0

    def authorization(self, kind: str) -> str | None:
        """Give the Authorization header which the recorder calls by this name."""
        admin = PASSWORDS["<admin-password>"]
        headers = {
            "none": None,
            "admin": basic("admin", admin),
            "admin_p1": basic("admin", PASSWORDS["<new-password-1>"]),
            "admin_p2": basic("admin", PASSWORDS["<new-password-2>"]),
            "admin_p3": basic("admin", PASSWORDS["<new-password-3>"]),
            "nouser": basic("nobody", admin),
            "badbearer": f"Bearer glsa_{'x' * 32}_00000000",
            "garbagebearer": "Bearer garbage",
            "malformedbasic": "Basic %%%",
            "emptybearer": "Bearer",
        }
        headers |= dict.fromkeys(("wrongpw", "wrong", "bad"), basic("admin", "not-the-password"))
        headers |= {name: f"Bearer {token}" for name, token in self.tokens.items()}
        if "token" in self.tokens:
            headers["api_key_basic"] = basic("api_key", self.tokens["token"])
        return headers[kind]

    def call(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        auth: str = "admin",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request over the kept connection; a body that is no text goes as JSON."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, str):
            sent.setdefault("Content-Type", "application/json")
            body = json.dumps(body)
        authorization = self.authorization(auth)
        if authorization is not None:
            sent["Authorization"] = authorization
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=_WAIT_SECONDS)
        self._connection.request(method, target, body.encode() if body is not None else None, sent)
        response = self._connection.getresponse()
        got = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, got, response.read())

    def setup(self, method: str, target: str, body: Any = None) -> Any:
        """Do what the recorder did between the rows; it must work."""
        answer = self.call(method, target, body)
        assert answer.status < 300, f"{method} {target} of the set-up got {answer.status}."
        return json.loads(answer.body) if answer.body else None

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen within {_WAIT_SECONDS} s."
            time.sleep(_POLL_SECONDS)

    def replay(self, row: Row) -> Answer:
        request = row["request"]
        target = request["path"] + (f"?{request['query']}" if request["query"] else "")
        body = request["body"]
        if body is not None:
            text = body if isinstance(body, str) else json.dumps(body)
            for placeholder, value in PASSWORDS.items():
                text = text.replace(placeholder, value)
            body = text.replace(_RECORDED_UPSTREAM, self.upstream.url)
        answer = self.call(request["method"], target, body, auth=request["auth"], headers=request["headers"])
        recorded_urls = answer.body.replace(self.upstream.url.encode(), _RECORDED_UPSTREAM.encode())
        return Answer(answer.status, answer.headers, recorded_urls)


Hook = Callable[[Context], None]
Event = Callable[[Context, Any], list[str]]
After = Callable[[Context, Answer], None]


@dataclass
class Instance:
    """How the recorder had set up an instance, and what it did between the rows."""

    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    provisioning: Callable[[Context], dict[str, Any]] = lambda _: {}
    before: dict[str, Hook] = field(default_factory=dict)
    after: dict[str, After] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    rewrite: dict[str, Callable[[Row], Row]] = field(default_factory=dict)
    # Instances that are about starting do so by themselves.
    starts: bool = True
    # They are many, so they do it in a thread; that a process ends with the code of main() is tested apart.
    in_thread: bool = False


def run_instance(instance: Instance, rows: list[Row], folder: Path) -> dict[str, list[str]]:
    """Replay the rows of an instance in their order; give the differences of each."""
    comparer = Comparer()
    outcome: dict[str, list[str]] = {}
    with ExitStack() as stack:
        upstream = stack.enter_context(running_upstream())
        security = {"admin_password": PASSWORDS["<admin-password>"]}
        settings = {"security": security, **instance.settings}
        in_thread = instance.in_thread or not instance.starts
        context = Context(folder, settings, {}, upstream, in_thread=in_thread)
        context.provisioning = instance.provisioning(context)
        if instance.starts:
            context.start()
        stack.callback(context.stop)
        for row in rows:
            row_id = row["id"]
            try:
                if row_id in instance.before:
                    instance.before[row_id](context)
                if row.get("kind") == "event":
                    outcome[row_id] = instance.events[row_id](context, row["data"])
                    continue
                rewrite = instance.rewrite.get(row_id)
                answer = context.replay(rewrite(row) if rewrite else row)
                outcome[row_id] = comparer.differences(row, answer)
                if row_id in instance.after:
                    instance.after[row_id](context, answer)
            except Exception as reason:
                outcome[row_id] = [f"the replay broke off: {type(reason).__name__}: {reason}"]
    return outcome
