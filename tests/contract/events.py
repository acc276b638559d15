"""Recorded events of running servers: what is no HTTP exchange, done here again and looked at."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from tests.standins.run import write_provisioning

from .replay import PASSWORDS, Context, Event


def expect(**pairs: tuple[Any, Any]) -> list[str]:
    """Give a sentence for each pair (here, recorded) that differs."""
    return [f"{what} is {here!r}, recorded {there!r}" for what, (here, there) in pairs.items() if here != there]


# The command line program


def _outcome(done: subprocess.CompletedProcess[str], recorded: dict[str, Any]) -> list[str]:
    last = (done.stdout + done.stderr).strip().splitlines()[-1]
    return expect(exit_code=(done.returncode, recorded["rc"]), last_line=(last, recorded["out"]))


def reset_by_stdin(context: Context, recorded: Any) -> list[str]:
    stdin = PASSWORDS["<new-password-3>"] + "\n"
    done = context.running.cli("admin", "reset-admin-password", "--password-from-stdin", stdin=stdin)
    return _outcome(done, recorded)


def reset_to_short(context: Context, recorded: Any) -> list[str]:
    return _outcome(context.running.cli("admin", "reset-admin-password", "abc"), recorded)


def reset_to_nothing(context: Context, recorded: Any) -> list[str]:
    return _outcome(context.running.cli("admin", "reset-admin-password"), recorded)


def reset_when_stopped(context: Context, recorded: Any) -> list[str]:
    context.stop()
    return _outcome(context.running.cli("admin", "reset-admin-password", "Fifth-Gg7"), recorded)


# Provisioned files, seen by the scan that comes by itself


def _short_interval(context: Context) -> None:
    """Put a second provider beside the recorded one, which scans every second."""
    folder = context.folder / "oftenfiles"
    write_provisioning(folder, {"often.json": {"title": "Often", "uid": "often"}})
    provider = {"name": "often", "updateIntervalSeconds": 1, "options": {"path": str(folder)}}
    content = {"apiVersion": 1, "providers": [provider]}
    write_provisioning(context.running.provisioning, {"dashboards/often.yaml": content})
    # The thread sleeps for the interval it knows, so the server has to begin anew.
    context.restart()
    context.wait_for("loading", lambda: context.call("GET", "/api/dashboards/uid/often").status == 200)


def file_is_edited(context: Context, recorded: float) -> list[str]:  # noqa: ARG001
    _short_interval(context)
    edited = {"often.json": {"title": "Often edited", "uid": "often"}}
    write_provisioning(context.folder / "oftenfiles", edited)

    def is_seen() -> bool:
        answer = context.call("GET", "/api/dashboards/uid/often")
        return bool(answer.json()["dashboard"]["title"] == "Often edited")

    context.wait_for("the edit", is_seen)
    return []


def file_is_removed(context: Context, recorded: float) -> list[str]:  # noqa: ARG001
    (context.folder / "oftenfiles/often.json").unlink()
    context.wait_for("removal", lambda: context.call("GET", "/api/dashboards/uid/often").status == 404)
    (context.running.provisioning / "dashboards/often.yaml").unlink()
    context.restart()
    return []


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
