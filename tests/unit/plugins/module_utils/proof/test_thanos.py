"""What the proof says of each thing that may be wrong with Thanos."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import EngineError, ToolResult
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.thanos import Thanos, verify_thanos

from tests.support.loopback import Answer, Server, as_json

BUCKET = "/etc/llmmon/thanos/current/secrets/object_storage.yml"
ENDPOINTS = ["llmmon-thanos-sidecar:10901", "scraping-2.example:10901"]


class Engine:
    """Says what the tool in a container would, and remembers which was asked for what."""

    def __init__(self, code: int = 0, output: str = "") -> None:
        self.result = ToolResult(code, output)
        self.asked: list[tuple[str, list[str]]] = []

    def execute(self, name: str, command: list[str], standard_input: str) -> ToolResult:
        assert standard_input == ""
        self.asked.append((name, command))
        return self.result


@pytest.fixture
def server() -> Iterator[Server]:
    """All components at once: each is asked for other paths."""
    with Server() as found:
        found.answers["GET /-/ready"] = Answer(body=b"OK", content_type="text/plain")
        stores = [{"name": name, "lastError": None} for name in ENDPOINTS]
        found.answers["GET /api/v1/stores"] = as_json({"status": "success", "data": {"sidecar": stores}})
        metrics(found, "thanos_compact_halted 0\n")
        yield found


def metrics(server: Server, text: str) -> None:
    server.answers["GET /metrics"] = Answer(body=text.encode(), content_type="text/plain")


def thanos(server: Server, engine: Engine, *components: str, **changes: Any) -> Thanos:
    parameters = {
        "urls": dict.fromkeys(components or ("sidecar", "store", "compact", "query"), server.url),
        "container": "llmmon-thanos",
        "bucket_file": BUCKET,
        "endpoints": ENDPOINTS,
    }
    return Thanos({**parameters, **changes}, engine)  # type: ignore[arg-type]


def test_components_that_work_are_told_with_the_age_of_the_last_upload(server: Server) -> None:
    metrics(server, f'thanos_objstore_bucket_last_successful_upload_time{{bucket="b"}} {time.time() - 3600:.9e}\n')
    engine = Engine()
    found = verify_thanos(thanos(server, engine), 1)
    assert found["components"] == ["sidecar", "store", "compact", "query"]
    assert found["endpoints"] == ENDPOINTS
    assert found["upload_age_seconds"] == pytest.approx(3600, abs=60)
    assert [name for name, _ in engine.asked] == ["llmmon-thanos-sidecar"]
    assert f"--objstore.config-file={BUCKET}" in engine.asked[0][1]


def test_before_the_first_upload_there_is_no_age(server: Server) -> None:
    metrics(server, 'thanos_objstore_bucket_last_successful_upload_time{bucket="b"} 0\n')
    assert thanos(server, Engine()).facts()["upload_age_seconds"] is None


def test_a_component_that_ends_while_it_is_asked_is_looked_at_once_more(server: Server) -> None:
    class Ending(Engine):
        def execute(self, name: str, command: list[str], standard_input: str) -> ToolResult:
            result = super().execute(name, command, standard_input)
            if len(self.asked) == 1:
                raise EngineError("running thanos in the container llmmon-thanos-sidecar failed: it is restarting")
            return result

    components = thanos(server, Ending())
    (problem,) = components.problems()
    assert problem == (
        "the bucket of llmmon_thanos_object_storage cannot be asked for: running thanos in the container"
        " llmmon-thanos-sidecar failed: it is restarting"
    )
    assert components.problems() == []


def test_a_bucket_that_let_a_component_in_is_not_asked_again(server: Server) -> None:
    engine = Engine()
    components = thanos(server, engine)
    assert components.problems() == components.problems() == []
    assert len(engine.asked) == 1


def test_a_querier_alone_asks_no_bucket(server: Server) -> None:
    engine = Engine(1, "refused")
    assert thanos(server, engine, "query").problems() == []
    assert engine.asked == []


def test_one_that_is_not_ready_is_named(server: Server) -> None:
    server.answers["GET /-/ready"] = Answer(503, b"Not Ready")
    found = thanos(server, Engine(), "store").problems()
    assert len(found) == 1
    assert "the store of Thanos is not ready" in found[0]
    assert "logs.yml -e service=thanos-store" in found[0]


def test_a_compactor_that_has_stopped_is_told(server: Server) -> None:
    metrics(server, "thanos_compact_halted 1\n")
    [found] = thanos(server, Engine(), "compact").problems()
    assert "the compactor of Thanos has stopped for good" in found


@pytest.mark.parametrize(
    ("stores", "words"),
    [
        ({"sidecar": [{"name": ENDPOINTS[0], "lastError": None}]}, "does not reach scraping-2.example:10901: is it up"),
        (
            {"sidecar": [{"name": n, "lastError": None if n == ENDPOINTS[1] else "no route"} for n in ENDPOINTS]},
            "does not reach llmmon-thanos-sidecar:10901 (no route)",
        ),
        (["nonsense"], "something else than its stores"),
        ({"sidecar": [{"nonsense": 1}]}, "something else than its stores"),
    ],
)
def test_whom_the_querier_does_not_reach_is_named(server: Server, stores: Any, words: str) -> None:
    server.answers["GET /api/v1/stores"] = as_json({"status": "success", "data": stores})
    with pytest.raises(NotProved, match=r".") as failure:
        verify_thanos(thanos(server, Engine(), "query"), 0)
    assert words in str(failure.value)


def test_a_bucket_that_cannot_be_read_is_told_by_its_variable(server: Server) -> None:
    [found] = thanos(server, Engine(1, 'level=error err="Access Denied."'), "store").problems()
    assert found.startswith("the bucket of llmmon_thanos_object_storage cannot be read: it does not take the key")
