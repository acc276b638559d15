"""What is refused of llmmon_hosts, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateways import gateway_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.hosts import host_problems

GOOD: dict[str, Any] = {"name": "gpu-1", "node": "http://gpu-1.example:9100", "gpu": "https://gpu-1.example/gpu"}


def problems(**host: Any) -> list[str]:
    given = {key: value for key, value in {**GOOD, **host}.items() if value is not ...}
    return host_problems([given], ["vllm"], "host.llmmon.internal")


@pytest.mark.parametrize(
    "host",
    [
        {},
        {"gpu": ...},
        {"node": ..., "gpu": "http://[fd00::1]:9400/metrics"},
        {"node": ..., "gpu": ..., "files": True, "gateways": ["vllm"]},
        {"files": False, "gateways": []},
        {"bearer_token": "a-secret", "proxy_url": "http://proxy.example:3128"},
        {"basic_auth": {"username": "scraper", "password": "a-secret"}, "tls_config": {"server_name": "gpu"}},
        {"bearer_token_host_file": "fleet.token"},
    ],
)
def test_what_is_all_right_is_taken(host: dict[str, Any]) -> None:
    assert problems(**host) == []


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"name": "gpu 1"}, "llmmon_hosts: the name 'gpu 1' must consist of at most 63 letters"),
        ({"name": None}, "the name None must consist"),
        ({"name": "../etc"}, "the name '../etc' must consist"),
        ({"node": ..., "gpu": ...}, "gpu-1 has neither node nor gpu; give it the URL of an exporter, or files: true"),
        ({"files": True}, "gpu-1 has both files and node; leave one out"),
        ({"node": "gpu-1.example:9100"}, "node of gpu-1 is 'gpu-1.example:9100', but must be a URL such as http://"),
        ({"node": "ftp://gpu-1.example:9100"}, "but must be a URL such as http://gpu-1.example:9100"),
        ({"gpu": "http://user:pass@gpu-1.example:9400"}, "gpu of gpu-1 must not contain a user and a password"),
        ({"gpu": "http://gpu-1.example:9400/metrics?x=1"}, "gpu of gpu-1 must end with the path of the page"),
        (
            {"node": "http://localhost:9100"},
            "node of gpu-1 would be Prometheus's own container; for an exporter on the same host write"
            " host.llmmon.internal, and let it listen",
        ),
        ({"gateways": ["vlm"]}, "gateways of gpu-1 has 'vlm', but must have names of llmmon_gateways: vllm"),
        ({"gateways": "vllm"}, "gateways of gpu-1 is text, but must be a list, such as [vllm]"),
        ({"gateways": [1]}, "gateways of gpu-1: entry 1 is a number, but must be text"),
        ({"bearer_token": ""}, "the bearer_token of gpu-1 is empty"),
        ({"bearer_token": "a", "bearer_token_file": "b"}, "gpu-1 has both bearer_token and bearer_token_file"),
        ({"bearer_token_file": "not-there.token"}, "the bearer_token_file not-there.token of gpu-1 cannot be read"),
        ({"tls_config": {"cert": "x"}}, "tls_config"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(host: dict[str, Any], words: str) -> None:
    found = problems(**host)
    assert any(words in problem for problem in found), found
    assert all(problem.startswith("llmmon_hosts: ") for problem in found), found
    assert "pass@" not in "".join(found)


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        ("gpu-1", "llmmon_hosts is text, but must be a list"),
        ([GOOD, "gpu-2"], "llmmon_hosts: entry 2 is text, but must be a dictionary"),
        ([GOOD, {**GOOD, "node": "http://b:1", "gpu": "http://b:2"}], "the name gpu-1 appears twice"),
        ([GOOD, {**GOOD, "name": "gpu-2", "node": None}], "gpu is https://gpu-1.example/gpu in two entries"),
    ],
)
def test_what_is_wrong_with_several(hosts: Any, words: str) -> None:
    (problem,) = host_problems(hosts, ["vllm"], "")
    assert words in problem


@pytest.mark.parametrize("job", ["host-node", "host-gpu"])
def test_a_gateway_must_not_have_the_name_of_their_jobs(job: str) -> None:
    (problem,) = gateway_problems([{"name": job, "targets": ["a:1"]}], ["canonical"], "")
    assert f"{job} is the job of llmmon's own service" in problem
