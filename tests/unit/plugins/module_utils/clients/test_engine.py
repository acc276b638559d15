"""What the collection asks of the container engine, with a docker SDK that asks nobody."""

from __future__ import annotations

import datetime
import socket
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
import requests
from ansible_collections.llmmon.stack.plugins.module_utils.clients import engine as engine_module
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError, ToolResult
from ansible_collections.llmmon.stack.plugins.module_utils.clients.image_pull import PullFailed
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import UTC
from ansible_collections.llmmon.stack.plugins.modules import image_pull, service_logs

from tests.support.modules import run_module


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


class Container:
    """A container that remembers what was done to it."""

    def __init__(self, output: bytes = b"", exit_code: int = 0) -> None:
        self.output = output
        self.exit_code = exit_code
        self.attrs = {"Name": "/c"}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**options: Any) -> Any:
            self.calls.append((name, options))
            return {"logs": self.output, "wait": {"StatusCode": self.exit_code}}.get(name)

        return call


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The SDK's client, with one container and one image."""
    container = Container()
    fake = SimpleNamespace(
        ping=lambda: True,
        container=container,
        created=[],
        containers=SimpleNamespace(get=lambda _: container),
        images=SimpleNamespace(
            get=lambda _: SimpleNamespace(id="sha256:1", attrs={"RepoDigests": ["r@sha256:1"]}), pulled=[]
        ),
    )

    def create(image: str, **options: Any) -> Container:
        fake.created.append({"image": image, **options})
        return container

    fake.containers.create = create
    monkeypatch.setattr(engine_module, "pull_image", lambda image, *_, **__: fake.images.pulled.append(image))
    monkeypatch.setattr("docker.from_env", lambda **_: fake)
    return fake


# -- errors


def test_a_missing_library_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    # The names that the import would have brought are missing as well then.
    monkeypatch.setattr(engine_module, "DOCKER_IMPORT_ERROR", "ImportError: no docker")
    monkeypatch.delattr(engine_module, "docker")
    with pytest.raises(EngineError, match="the Python library docker is missing on the host"):
        Engine()


@pytest.mark.parametrize(
    "error",
    [
        docker.errors.DockerException("Error while fetching server API version"),
        requests.exceptions.ConnectionError("refused"),
        requests.exceptions.ReadTimeout("timed out"),
        PermissionError(13, "Permission denied"),
    ],
)
def test_an_engine_that_does_not_answer_is_a_sentence(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docker.from_env", raising(error))
    with pytest.raises(EngineError, match=r"connecting to the container engine failed: .* start it, for instance with"):
        Engine()


def test_the_engine_s_own_words_are_told(client: SimpleNamespace) -> None:
    client.containers.get = raising(docker.errors.APIError("409 Conflict", explanation="container c is not running"))
    with pytest.raises(EngineError) as caught:
        Engine().hang_up("c")
    assert str(caught.value) == "sending SIGHUP to the container c failed: container c is not running"


# -- images and containers


def test_only_a_missing_image_is_pulled(client: SimpleNamespace) -> None:
    Engine().pull("prom/prometheus:v1")
    assert client.images.pulled == []
    client.images.get = raising(docker.errors.ImageNotFound("no such image"))
    assert not Engine().has_image("prom/prometheus:v1")
    Engine().pull("prom/prometheus:v1")
    assert client.images.pulled == ["prom/prometheus:v1"]


def test_an_image_that_cannot_be_pulled_is_named(client: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    client.images.get = raising(docker.errors.ImageNotFound("no such image"))
    monkeypatch.setattr(engine_module, "pull_image", raising(PullFailed("toomanyrequests: slow down")))
    with pytest.raises(EngineError, match=r"pulling the image a:1 failed: .* 429 Too Many Requests \(toomanyrequests"):
        Engine().pull("a:1")
    monkeypatch.setattr(engine_module, "pull_image", raising(ConnectionError("gone")))
    with pytest.raises(EngineError, match="pulling the image a:1 failed: the container engine does not answer"):
        Engine().pull("a:1")


def test_the_module_pulls_what_is_missing(client: SimpleNamespace) -> None:
    wanted = {"image": "a:1", "image_variable": "llmmon_grafana_image"}
    answer = run_module(image_pull, wanted)
    assert (answer["changed"], answer["image_id"]) == (False, "sha256:1")
    client.images.get = raising(docker.errors.ImageNotFound("no such image"))
    assert run_module(image_pull, wanted, check_mode=True)["changed"]
    assert client.images.pulled == []
    assert run_module(image_pull, wanted)["changed"]
    assert client.images.pulled == ["a:1"]


def test_the_module_names_the_variable_of_an_image_that_does_not_come(
    client: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.images.get = raising(docker.errors.ImageNotFound("no such image"))
    monkeypatch.setattr(
        engine_module, "pull_image", raising(PullFailed("manifest for a:1 not found: manifest unknown"))
    )
    answer = run_module(image_pull, {"image": "a:1", "image_variable": "llmmon_grafana_image"})
    assert answer["failed"]
    assert answer["msg"] == (
        "pulling the image a:1 failed: the registry has no such image (manifest for a:1 not found: manifest unknown);"
        " correct the version or the image (the image is set by llmmon_grafana_image)"
    )


def test_digests_of_an_image_that_is_gone_are_none(client: SimpleNamespace) -> None:
    assert Engine().image_digests("sha256:1") == ["r@sha256:1"]
    client.images.get = raising(docker.errors.ImageNotFound("no such image"))
    assert Engine().image_digests("sha256:1") == []


def test_a_container_is_looked_up(client: SimpleNamespace) -> None:
    assert Engine().inspect("c") == {"Name": "/c"}
    client.containers.get = raising(docker.errors.NotFound("no such container"))
    assert Engine().inspect("c") is None


def test_signals_and_restarts(client: SimpleNamespace) -> None:
    Engine().hang_up("c")
    Engine().restart("c", stop_seconds=5)
    assert client.container.calls == [("kill", {"signal": "HUP"}), ("restart", {"timeout": 5})]


# -- tools


def run_tool() -> ToolResult:
    return Engine().run_tool("i:1", ["promtool", "check", "/etc/x"], "/tmp/x", "/etc/x", "7:8")  # noqa: S108


def test_a_tool_runs_without_any_privilege(client: SimpleNamespace) -> None:
    client.container.output, client.container.exit_code = b"bad \xff", 1
    assert run_tool() == ToolResult(1, "bad \ufffd")
    (created,) = client.created
    assert (created["image"], created["entrypoint"], created["command"]) == ("i:1", ["promtool"], ["check", "/etc/x"])
    assert (created["user"], created["network_mode"], created["read_only"]) == ("7:8", "none", True)
    assert (created["cap_drop"], created["security_opt"]) == (["ALL"], ["no-new-privileges"])
    (mount,) = created["mounts"]
    assert (mount["Source"], mount["Target"], mount["ReadOnly"]) == ("/tmp/x", "/etc/x", True)  # noqa: S108
    assert client.container.calls[-1] == ("remove", {"force": True, "v": True})


def test_a_tool_sees_what_lies_beside_under_its_own_path(client: SimpleNamespace) -> None:
    Engine().run_tool("i:1", ["promtool"], "/tmp/x", "/etc/a/x", "7:8", beside="/etc/a/own.d")  # noqa: S108
    mounts = [(mount["Source"], mount["Target"], mount["ReadOnly"]) for mount in client.created[0]["mounts"]]
    assert mounts == [("/tmp/x", "/etc/a/x", True), ("/etc/a/own.d", "/etc/a/own.d", True)]  # noqa: S108


def test_a_tool_may_write_where_it_is_told_to_and_nowhere_else(client: SimpleNamespace) -> None:
    Engine().run_tool("i:1", ["promtool"], "/d", "/d", "7:8", output="/d/data")
    (created,) = client.created
    mounts = [(mount["Source"], mount["ReadOnly"]) for mount in created["mounts"]]
    assert mounts == [("/d", True), ("/d/data", False)]
    assert created["environment"] == {"TMPDIR": "/d/data"}


def test_a_container_of_a_drill_has_no_privilege(client: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[dict[str, Any]] = []
    monkeypatch.setattr(client.containers, "run", lambda _, **options: ran.append(options), raising=False)
    Engine().run_for_a_while("n", "i:1", ["--x"], "7:8", {"/a": "ro", "/b": "rw"}, "1g", {"h": "1.2.3.4"})
    (options,) = ran
    assert (options["user"], options["read_only"], options["cap_drop"]) == ("7:8", True, ["ALL"])
    assert (options["security_opt"], options["mem_limit"]) == (["no-new-privileges"], "1g")
    assert [(mount["Source"], mount["ReadOnly"]) for mount in options["mounts"]] == [("/a", True), ("/b", False)]
    assert "restart_policy" not in options


def test_a_tool_that_hangs_leaves_no_container(client: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.container, "wait", raising(requests.exceptions.ReadTimeout("timed out")), raising=False)
    with pytest.raises(EngineError, match="running promtool of the image i:1 failed"):
        run_tool()
    assert client.container.calls[-1][0] == "remove"


# -- logs


MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, 500000, UTC)


def test_lines_since_a_moment_are_told_without_their_stamps(client: SimpleNamespace) -> None:
    client.container.output = (
        b"2026-01-02T03:04:05.499999999Z before\n"
        b"2026-01-02T03:04:05.500001000Z after \xff\n"
        b"2026-01-02T03:04:06.000000000Z \n"
        b"2026-01-02T03:04:07.000000000Z with\x0ca form feed\r\n"
    )
    assert Engine().logs_since("c", MOMENT) == ["after \ufffd", "", "with\x0ca form feed"]
    ((_, options),) = client.container.calls
    assert options == {"since": int(MOMENT.timestamp()), "tail": 200, "timestamps": True}


def test_the_module_reads_from_the_beginning(client: SimpleNamespace) -> None:
    client.container.output = b"2026-01-02T03:04:05.499999999Z one\n2026-01-02T03:04:06.499999999Z two\n"
    answer = run_module(service_logs, {"container": "c", "lines": 7})
    assert (answer["changed"], answer["lines"]) == (False, ["one", "two"])
    # The SDK takes no zero.
    assert client.container.calls == [("logs", {"since": 1, "tail": 7, "timestamps": True})]


def test_the_module_names_a_container_that_is_not_there(client: SimpleNamespace) -> None:
    client.containers.get = raising(docker.errors.NotFound("404", explanation="No such container: c"))
    answer = run_module(service_logs, {"container": "c"})
    assert answer["msg"] == "reading the log of the container c failed: No such container: c"


# -- commands with input


def frame(kind: int, content: bytes) -> bytes:
    return bytes([kind, 0, 0, 0]) + len(content).to_bytes(4, "big") + content


class Execution:
    """The engine's side of a command: reads all input, then answers in frames."""

    def __init__(self, frames: list[bytes], exit_code: int) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.frames = frames
        self.exit_code = exit_code
        self.input = b""
        self.created: tuple[Any, ...] = ()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while chunk := self.theirs.recv(100):
            self.input += chunk
        for part in self.frames:
            self.theirs.sendall(part)
        self.theirs.close()

    def exec_create(self, name: str, command: list[str], *, stdin: bool) -> dict[str, str]:
        self.created = (name, command, stdin)
        return {"Id": "e"}

    def exec_start(self, _: str, *, socket: bool) -> Any:
        assert socket
        return SimpleNamespace(_sock=self.ours, close=self.ours.close)

    def exec_inspect(self, _: str) -> dict[str, int]:
        return {"ExitCode": self.exit_code}


def test_a_command_gets_its_input_by_a_pipe(client: SimpleNamespace) -> None:
    long = b"x" * 100_000
    whole = frame(1, b"changed\n") + frame(2, b"warning \xc3") + frame(1, b"") + frame(1, long)
    # Frames and what the socket hands out have nothing to do with each other.
    client.api = Execution([whole[:5], whole[5:21], whole[21:]], exit_code=3)
    result = Engine().execute("c", ["reset", "--stdin"], "s3cret\n")
    client.api.thread.join(5)
    assert client.api.input == b"s3cret\n"
    assert client.api.created == ("c", ["reset", "--stdin"], True)
    assert result == ToolResult(3, "changed\nwarning \ufffd" + long.decode())


def test_a_container_that_is_gone_is_named(client: SimpleNamespace) -> None:
    client.api = SimpleNamespace(exec_create=raising(docker.errors.NotFound("404", explanation="No such container")))
    with pytest.raises(EngineError, match="running reset in the container c failed: No such container"):
        Engine().execute("c", ["reset"], "")
