"""A real LLM gateway (LiteLLM's proxy) with models that answer by themselves: no model, no internet."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from docker.models.containers import Container

from tests.testbed import containers, gateway_packages, network, state
from tests.testbed.catalogue import PYTHON
from tests.testbed.engine import LABEL, client
from tests.testbed.shell import TestbedError, step, wait_until

PORT = 4000
MODELS = ("mock-small", "mock-large")
FAILING_MODEL = "always-fails"
EMBEDDING_MODEL = "mock-embedding"
DIMENSIONS = 3
# Answers at /v1/responses, as MODELS[0].
RESPONDING_MODEL = "mock-responses"

_KIND_LABEL = f"{LABEL}.gateway"
_START_SECONDS = 300
_CONFIGURATION = "/etc/litellm/config.yaml"


@dataclass(frozen=True)
class Gateway:
    """Where the gateway is, and its bearer token."""

    name: str
    # For programs on this machine; None if it is not published.
    url: str | None
    # For containers, address:port.
    target: str
    token: str
    token_file: Path


def start_gateway(
    name: str = "gateway",
    network_name: str = network.NAME,
    *,
    alias: str = "llm-auth-proxy",
    address: str | None = None,
    publish: bool = True,
) -> Gateway:
    """Start a gateway, or find the one that runs; it is ready when it asks for its token and takes it."""
    engine = client()
    container = containers.find(engine, _container_name(name))
    if container is not None and container.status == "running" and _token_file(name).is_file():
        found = _describe(container)
        if _is_ready(container, found.token):
            return found
    packages = gateway_packages.ensure(engine)
    token = f"sk-{secrets.token_hex(24)}"
    state.write_text(_token_file(name), token)
    configuration = _token_file(name).with_name("config.yaml")
    # JSON is YAML. The token is in this file, and nowhere in the container's arguments or environment.
    state.write_text(configuration, json.dumps(_settings(token), indent=2), mode=0o400)
    service = containers.Service(
        name=_container_name(name),
        image=PYTHON.name,
        command=("python3", "-c", _LAUNCH, "--config", _CONFIGURATION, "--port", str(PORT), "--telemetry", "False"),
        network=network_name,
        aliases=(alias,),
        address=address,
        ports=(PORT,) if publish else (),
        environment={
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR",
            "NO_DOCS": "True",
            "PYTHONPATH": gateway_packages.MOUNTED_AT,
        },
        mounts={packages: (gateway_packages.MOUNTED_AT, "ro"), configuration: (_CONFIGURATION, "ro")},
        labels={_KIND_LABEL: name},
    )
    with step(f"gateway {name} is ready"):
        container = containers.start(engine, service)
        started = container

        def ready() -> bool:
            containers.require_alive(started)
            return _is_ready(started, token)

        wait_until(
            ready,
            timeout=_START_SECONDS,
            what=f"The gateway {name} did not ask for its token",
            advice=f"see `docker logs {started.name}`",
        )
    return _describe(container)


def get_gateway(name: str = "gateway") -> Gateway:
    container = containers.find(client(), _container_name(name))
    if container is None:
        raise TestbedError(f"There is no gateway {name}: start it with `python -m tests.testbed gateway start {name}`.")
    return _describe(container)


def stop_gateway(name: str = "gateway") -> bool:
    """Remove the gateway; says whether there was one."""
    existed = containers.remove(client(), _container_name(name))
    state.remove("gateways", name)
    return existed


def container_of(name: str = "gateway") -> Container:
    """The gateway's container, for tests that stop it or cut it off."""
    container = containers.find(client(), _container_name(name))
    if container is None:
        raise TestbedError(f"There is no gateway {name}: start it first.")
    return container


_LAUNCH = "import sys; from litellm.proxy.proxy_cli import run_server; sys.argv[0] = 'litellm'; run_server()"


def _settings(token: str) -> dict[str, Any]:
    return {
        "model_list": [
            *(_mock(model, length) for model, length in zip(MODELS, (8, 60), strict=True)),
            {
                "model_name": FAILING_MODEL,
                # Nothing listens on port 9: the failure is honest, and at once.
                "litellm_params": {
                    "model": f"openai/{FAILING_MODEL}",
                    "api_base": "http://127.0.0.1:9",
                    "api_key": "unused",
                    "timeout": 2,
                    "max_retries": 0,
                },
            },
            {
                "model_name": EMBEDDING_MODEL,
                "litellm_params": {
                    "model": f"openai/{EMBEDDING_MODEL}",
                    "api_key": "unused",
                    "mock_response": [1 / DIMENSIONS] * DIMENSIONS,
                },
            },
            {
                "model_name": RESPONDING_MODEL,
                # A mock cannot stream a response. Of a provider that has none LiteLLM makes one out of a chat: its own.
                "litellm_params": {
                    "model": f"deepseek/{MODELS[0]}",
                    "api_base": f"http://127.0.0.1:{PORT}/v1",
                    "api_key": token,
                },
            },
        ],
        "litellm_settings": {
            "callbacks": ["prometheus"],
            "num_retries": 0,
            "require_auth_for_metrics_endpoint": True,
            "telemetry": False,
        },
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": token},
    }


def _mock(model: str, words: int) -> dict[str, Any]:
    return {
        "model_name": model,
        "litellm_params": {
            "model": f"openai/{model}",
            "api_key": "unused",
            "mock_response": " ".join(["word"] * words),
            # Prices make the spend metrics move.
            "input_cost_per_token": 1e-6,
            "output_cost_per_token": 3e-6,
        },
    }


def _is_ready(container: Container, token: str) -> bool:
    without, with_token = (_metrics_status(container, header) for header in (None, f"Bearer {token}"))
    return without == 401 and with_token == 200


def _metrics_status(container: Container, authorization: str | None) -> int | None:
    address = containers.address_of(container)
    try:
        answer = requests.get(
            f"http://{address}:{PORT}/metrics",
            headers={"Authorization": authorization} if authorization else {},
            timeout=5,
        )
    except requests.RequestException:
        return None
    return answer.status_code


def _describe(container: Container) -> Gateway:
    name = container.labels[_KIND_LABEL]
    address = containers.address_of(container)
    published = container.attrs["NetworkSettings"]["Ports"].get(f"{PORT}/tcp")
    return Gateway(
        name=name,
        url=f"http://127.0.0.1:{published[0]['HostPort']}" if published else None,
        target=f"{address}:{PORT}",
        token=_token_file(name).read_text(),
        token_file=_token_file(name),
    )


def _token_file(name: str) -> Path:
    return state.path("gateways", name, "token")


def _container_name(name: str) -> str:
    return f"llmmon-testbed-gateway-{name}"
