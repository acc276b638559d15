"""Recorded events of running servers: what is no HTTP exchange, done here again and looked at."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from tests.standins import run

from .replay import PASSWORDS, Context, Event, basic


def expect(**pairs: tuple[Any, Any]) -> list[str]:
    """Give a sentence for each pair (here, recorded) that differs."""
    return [f"{what} is {here!r}, recorded {there!r}" for what, (here, there) in pairs.items() if here != there]


# The command line program


def reset_by_stdin(context: Context, recorded: dict[str, Any]) -> list[str]:
    stdin = PASSWORDS["<new-password-3>"] + "\n"
    done = context.running.cli("admin", "reset-admin-password", "--password-from-stdin", stdin=stdin)
    last = (done.stdout + done.stderr).strip().splitlines()[-1]
    return expect(exit_code=(done.returncode, recorded["rc"]), last_line=(last, recorded["out"]))


# The password of the first boot


def first_boot(name: str) -> Event:
    """Begin with an empty database and a password that stands in a file of this name."""

    def boot(context: Context, recorded: Any) -> list[str]:
        context.folder.mkdir(parents=True, exist_ok=True)
        (context.folder / "password").write_text("from-file-Ee5\n", encoding="utf-8")
        del context.settings["security"]
        try:
            context.start({"GF_SECURITY_ADMIN_PASSWORD": f"$__file{{{context.folder / name}}}"})
        except run.DidNotStartError as failure:
            return expect(exit_code=(failure.code, recorded.get("exit")))
        found = []
        for quoted, status in recorded.get("login status by password", {"no start": 1}).items():
            password = quoted.strip("'").replace("\\n", "\n")
            found += expect(**{f"status for {quoted}": (_login(context, password), status)})
        return found

    return boot


def _login(context: Context, password: str) -> int:
    return context.call("GET", "/api/user", auth="none", headers={"Authorization": basic("admin", password)}).status


# Many at once


def _one(context: Context) -> Context:
    """Give a context of its own to a thread: a connection carries one request at a time."""
    return Context(context.folder, context.settings, {}, context.upstream, standin=context.standin)


def _at_once(context: Context, bodies: list[Any]) -> dict[str, int]:
    def save(body: Any) -> str:
        answer = _one(context).call("POST", "/api/dashboards/db", body)
        return str((answer.status, answer.body.decode() if answer.status != 200 else ""))

    counts: dict[str, int] = {}
    with ThreadPoolExecutor(len(bodies)) as pool:
        for outcome in pool.map(save, bodies):
            counts[outcome] = counts.get(outcome, 0) + 1
    return counts


def _different(context: Context, recorded: Any) -> list[str]:
    count = sum(recorded["answers"].values())
    bodies = [{"dashboard": {"title": f"Par {count} {n}", "uid": f"par{count}-{n}"}} for n in range(count)]
    return expect(answers=(_at_once(context, bodies), recorded["answers"]))


def _same(context: Context, recorded: Any) -> list[str]:
    bodies = [{"dashboard": {"title": "Same", "uid": "same-uid"}}] * sum(recorded["answers"].values())
    return expect(answers=(_at_once(context, bodies), recorded["answers"]))


def _same_overwriting(context: Context, recorded: Any) -> list[str]:
    body = {"dashboard": {"title": "Same", "uid": "same-uid"}, "overwrite": True}
    bodies = [body] * sum(recorded["answers"].values())
    return expect(answers=(_at_once(context, bodies), recorded["answers"]))


def _consistent(context: Context, recorded: int) -> list[str]:
    missed = 0
    for number in range(20):
        title = f"Consistent {number:02}"
        context.setup("POST", "/api/dashboards/db", {"dashboard": {"title": title}})
        missed += not context.call("GET", f"/api/search?query={quote(title)}").json()
    return expect(missed=(missed, recorded))


def _numbers(context: Context, recorded: str) -> list[str]:
    """Compare the dashboard as text: spelling of numbers, order of keys, escapes."""
    text = context.call("GET", "/api/dashboards/uid/nums").body.decode()
    here = text.rpartition('"dashboard":')[2]
    there = recorded.rpartition('"dashboard":')[2]
    own_id = json.loads(text)["dashboard"]["id"]
    return expect(text=(here.replace(f'"id":{own_id},', '"id":623,'), there))


PARALLEL: dict[str, Event] = {
    "extra.search.consistency": _consistent,
    "extra.nums.get": _numbers,
    "extra.parallel.8": _different,
    "extra.parallel.32": _different,
    "extra.parallel.64": _different,
    "extra.parallel.same": _same,
    "extra.parallel.same.over": _same_overwriting,
}
