"""What llmmon asks of Grafana: what its clients send, read from their code, and what is asked elsewhere."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

from tests.standins.grafana import routes

REPOSITORY = Path(__file__).parents[2]
PLUGINS = REPOSITORY / "collections" / "llmmon" / "plugins"

_ROLES = "collections/llmmon/roles"

# A method and a path pattern of the stand-in's table, such as ("GET", "api/folders/:uid").
Pair = tuple[str, str]

# What is asked by something else than a client: method, path, who asks, and the words there that show it.
ELSEWHERE = (
    (
        "GET",
        "/metrics",
        "collections/llmmon/roles/prometheus/templates/prometheus/prometheus.yml.j2",
        "job_name: grafana",
    ),
    ("PUT", "/api/user/password", "molecule/grafana/side_effect.yml", "/api/user/password"),
    # Tidies up after the clients' tests.
    ("DELETE", "/api/folders/1", "tests/contract/conftest.py", 'self.call("DELETE"'),
    # Brings about between two rows what a scan of the provisioned files brings about after a while.
    ("POST", "/api/admin/provisioning/dashboards/reload", "tests/contract/instances.py", "dashboards/reload"),
    # The module that the bench compares with.
    ("GET", "/api/frontend/settings", "tests/bench/grafana_dashboards.py", "community.grafana.grafana_dashboard"),
)
# 9.4 has no folders in folders: it answers as it does to every path that it does not know.
NOT_IN_9_4 = ("POST", "/api/folders/1/move")
# The recorder's, of which a Grafana below a path takes it off.
SUB_PATH = "/graf"


def pair(method: str, path: str) -> Pair | None:
    """The line of the stand-in's table that answers; None when none does."""
    found = routes.find(method, path.removeprefix(SUB_PATH))
    return (method, "/".join(found[0].pattern)) if found else None


@functools.cache
def pairs() -> set[Pair]:
    """All that is asked and that 9.4 has an answer to."""
    asked = by_the_clients() | {(method, path) for method, path, *_ in ELSEWHERE}
    found = {one: pair(*one) for one in asked - {NOT_IN_9_4}}
    unserved = sorted(one for one, line in found.items() if line is None)
    assert not unserved, f"The stand-in does not serve {unserved}, which llmmon asks."
    return {line for line in found.values() if line}


@functools.cache
def by_the_clients() -> set[tuple[str, str]]:
    """Method and path of each request in the collection's code, 1 for what is put into a path."""
    return {one for file in PLUGINS.rglob("*.py") for one in _requests(ast.parse(file.read_text(encoding="utf-8")))}


def _requests(tree: ast.AST) -> Iterator[tuple[str, str]]:
    nodes = list(ast.walk(tree))
    # client.send("PUT", path, body); everything else is a GET.
    sends = [node.args for node in nodes if isinstance(node, ast.Call) and _is_send(node.func)]
    methods = {args[1]: args[0].value for args in sends if len(args) > 1 and isinstance(args[0], ast.Constant)}
    pieces = {piece for node in nodes if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr) and node not in pieces:
            path = _text(node)
            # Prometheus has /api/v1, Alertmanager /api/v2.
            if path == "/healthz" or (path.startswith("/api/") and not path.startswith(("/api/v1/", "/api/v2/"))):
                yield str(methods.get(node, "GET")), path


def _is_send(function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) and function.attr == "send"


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(_text(part) if isinstance(part, ast.Constant) else "1" for part in node.values)
