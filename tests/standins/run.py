"""Start the Grafana stand-in on a free loopback port, as a process of its own or in a thread."""

from __future__ import annotations

import atexit
import compileall
import functools
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.standins.grafana.__main__ import main
from tests.standins.grafana.server import Server

_PACKAGE = Path(__file__).resolve().parent / "grafana"
_LISTENING = "HTTP Server Listen address="
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0

Settings = Mapping[str, Mapping[str, str]]
Provisioning = Mapping[str, Any]


class DidNotStartError(Exception):
    """The stand-in ended before it listened; code and log say how."""

    def __init__(self, code: int, log: str) -> None:
        super().__init__(f"The stand-in exited with code {code} before it listened.")
        self.code = code
        self.log = log


class Process(Protocol):
    """What is asked of a running stand-in, be it a process or a thread."""

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...


class _Thread:
    """A stand-in in a thread of this process: no exec, so it starts ten times as fast."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._code: int | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.stderr = io.StringIO()
        self.server: Server | None = None
        self.settled = threading.Event()
        self._thread.start()

    def _run(self) -> None:
        try:
            self._code = main(["serve"], self._environ, self.stderr, self._listening)
        finally:
            self.settled.set()

    def _listening(self, server: Server) -> None:
        self.server = server
        self.settled.set()

    def poll(self) -> int | None:
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        self._thread.join(timeout)
        assert self._code is not None, "The stand-in's thread has not ended."
        return self._code

    def send_signal(self, sig: int) -> None:
        if sig != signal.SIGTERM or self.server is None:
            raise ValueError("A stand-in in a thread can only be asked to end.")
        self.server.shutdown()


@dataclass
class StandIn:
    """A running stand-in, which ends with its ``with`` block."""

    url: str
    port: int
    user: str
    password: str
    folder: Path
    process: Process
    environment: Mapping[str, str]
    lines: list[str] = field(default_factory=list)

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def provisioning(self) -> Path:
        return self.folder / "provisioning"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the process and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(_STOP_SECONDS)

    def cli(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command line program against the same database, with the same settings."""
        return subprocess.run(
            _command("cli", "--config", self.environment["GF_PATHS_CONFIG"], *arguments),
            cwd=_home(),
            env=dict(self.environment),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_SECONDS,
        )


_copying = threading.Lock()


@functools.cache
def _copy() -> Path:
    """Copy the package, as an image does, and compile it once: compiling is half of a start."""
    folder = Path(tempfile.mkdtemp(prefix="grafana-standin-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    package = folder / "grafana_standin"
    shutil.copytree(_PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(package, quiet=1)
    return folder


def _home() -> Path:
    with _copying:
        return _copy()


def _command(*arguments: str) -> list[str]:
    # -S keeps site-packages away: the image has none either.
    return [sys.executable, "-S", "-m", "grafana_standin", *arguments]


def _ini(settings: Settings) -> str:
    lines = []
    for section, values in settings.items():
        lines.append(f"[{section}]")
        lines += [f'{key} = """{value}"""' for key, value in values.items()]
    return "\n".join(lines) + "\n"


def write_provisioning(folder: Path, files: Provisioning) -> None:
    """Write provisioning files; what is not text becomes JSON, which is YAML too."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")


def start(
    folder: Path,
    settings: Settings | None = None,
    provisioning: Provisioning | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    in_thread: bool = False,
) -> StandIn:
    """Start a stand-in whose files live in ``folder``, and return once it listens.

    ``settings`` is an ini file as {section: {key: value}}; ``provisioning`` maps names below the provisioning
    folder to their content (``{"datasources/llmmon.yaml": {"apiVersion": 1, "datasources": [...]}}``).
    A second start in the same folder finds the database of the first one. Raises DidNotStartError.
    """
    merged: dict[str, dict[str, str]] = {"server": {"http_addr": "127.0.0.1", "http_port": "0"}}
    for section, values in (settings or {}).items():
        merged.setdefault(section, {}).update(values)
    folder.mkdir(parents=True, exist_ok=True)
    write_provisioning(folder / "provisioning", provisioning or {})
    (folder / "grafana.ini").write_text(_ini(merged), encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GF_")}
    environ = inherited | {
        "GF_PATHS_CONFIG": str(folder / "grafana.ini"),
        "GF_PATHS_DATA": str(folder / "data"),
        "GF_PATHS_PROVISIONING": str(folder / "provisioning"),
        **(environment or {}),
    }
    lines: list[str] = []
    process, port = (_start_thread if in_thread else _start_process)(environ, lines)
    security = merged.get("security", {})
    return StandIn(
        url=f"http://127.0.0.1:{port}",
        port=port,
        user=environ.get("GF_SECURITY_ADMIN_USER") or security.get("admin_user", "admin"),
        password=environ.get("GF_SECURITY_ADMIN_PASSWORD") or security.get("admin_password", "admin"),
        folder=folder,
        process=process,
        environment=environ,
        lines=lines,
    )


def _start_thread(environ: Mapping[str, str], lines: list[str]) -> tuple[Process, int]:
    thread = _Thread(environ)
    thread.settled.wait(_START_SECONDS)
    if thread.server is None:
        lines += thread.stderr.getvalue().splitlines()
        raise DidNotStartError(thread.wait(), "\n".join(lines))
    return thread, int(thread.server.socket.getsockname()[1])


def _start_process(environ: Mapping[str, str], lines: list[str]) -> tuple[Process, int]:
    process = subprocess.Popen(
        _command("serve"),
        cwd=_home(),
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    settled = threading.Event()
    reader = threading.Thread(target=_read_log, args=(process, lines, settled), daemon=True)
    reader.start()
    if not settled.wait(_START_SECONDS):
        process.kill()
    listening = [line for line in lines if _LISTENING in line]
    if not listening:
        code = process.wait()
        reader.join()
        raise DidNotStartError(code, "\n".join(lines))
    address = listening[0].partition(_LISTENING)[2].split()[0]
    return process, int(address.rpartition(":")[2])


def _read_log(process: subprocess.Popen[str], lines: list[str], settled: threading.Event) -> None:
    assert process.stderr is not None
    with process.stderr as stream:
        for line in stream:
            lines.append(line.rstrip("\n"))
            if _LISTENING in line:
                settled.set()
    settled.set()
