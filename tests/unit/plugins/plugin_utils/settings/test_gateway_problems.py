"""What is wrong with llmmon_gateways, sentence by sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateways import (
    OWN_JOBS,
    gateway_problems,
    relabeling_problems,
)

SECRET = "s3cret-0a1b"  # noqa: S105 - made up for these tests
KINDS = ["litellm", "canonical"]
HOST = "host.llmmon.internal"


def gateway(**changes: Any) -> dict[str, Any]:
    return {"name": "gw", "targets": ["gw.example:8000"], **changes}


def problems_of(*gateways: dict[str, Any]) -> list[str]:
    return gateway_problems(list(gateways), KINDS, HOST)


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"name": "llm-auth-proxy.eu_2", "kind": "litellm"},
        {"targets": ["10.0.0.1:1", "[2001:db8::1]:65535", "gw:8000", f"{HOST}:8000"]},
        {"bearer_token": f" {SECRET}\n"},
        {"name": "x" * 63},
        {"labels": {"team": "search", "job_family": "x"}},
    ],
)
def test_a_good_gateway_has_no_problems(good: dict[str, Any]) -> None:
    assert problems_of(gateway(**good)) == []


def test_names_are_unique() -> None:
    assert problems_of(gateway(), gateway(), gateway(name="other")) == [
        "llmmon_gateways: the name gw appears twice; a name is a job label and must be unique"
    ]


@pytest.mark.parametrize("name", ["", None, "a b", "a/b", "../a", "-a", "a\n", "ü", "x" * 64, "{{ a }}"])
def test_names_are_fit_for_labels_and_files(name: Any) -> None:
    assert problems_of(gateway(name=name)) == [
        f"llmmon_gateways: the name {name!r} must consist of at most 63 letters, digits, '.', '_' and '-', and"
        " begin with a letter or digit; it becomes a job label and part of a file's name"
    ]


@pytest.mark.parametrize("name", OWN_JOBS)
def test_names_of_our_own_jobs_are_taken(name: str) -> None:
    assert problems_of(gateway(name=name)) == [
        f"llmmon_gateways: {name} is the job of llmmon's own service; choose another name"
    ]


def test_kinds_are_known() -> None:
    assert problems_of(gateway(kind="lite-llm")) == [
        "llmmon_gateways: the kind 'lite-llm' of gw is unknown; known are canonical, litellm, and each KIND.yml in"
        " llmmon_presets_directory"
    ]


@pytest.mark.parametrize("targets", [[], None])
def test_targets_are_there(targets: Any) -> None:
    assert problems_of(gateway(targets=targets)) == ["llmmon_gateways: gw has no targets; write at least one host:port"]


@pytest.mark.parametrize(
    "target",
    [
        "gw",
        "gw:",
        ":8000",
        "gw:http",
        "gw:0",
        "gw:65536",
        "gw:8000\n",
        "http://gw:8000",
        "gw:8000/metrics",
        "user@gw:8000",
        "2001:db8::1:8000",
        "g w:8000",
        8000,
    ],
)
def test_targets_are_hosts_and_ports(target: Any) -> None:
    assert problems_of(gateway(targets=["gw:1", target])) == [
        f"llmmon_gateways: the target {target!r} of gw is not of the form host:port"
        " (the path goes to metrics_path, http or https to scheme)"
    ]


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "[::1]", "0.0.0.0"])  # noqa: S104
def test_targets_are_not_prometheus_s_own_container(host: str) -> None:
    assert problems_of(gateway(targets=[f"{host}:8000"])) == [
        f"llmmon_gateways: the target {host}:8000 of gw would be Prometheus's own container; for a gateway on the same"
        " host write host.llmmon.internal:8000, and let it listen on more than loopback"
    ]


def test_a_host_without_a_name_for_itself_gets_a_sentence_all_the_same() -> None:
    (sentence,) = gateway_problems([gateway(targets=["localhost:8000"])], KINDS, "")
    assert "write a name from llmmon_etc_hosts:8000" in sentence


def test_hosts_that_only_begin_like_loopback_are_fine() -> None:
    assert problems_of(gateway(targets=["localhost.example:80", "127.0.0.1.example:80"])) == []


def test_labels_of_prometheus_are_left_alone() -> None:
    assert problems_of(gateway(labels={"team": "a", "job": "b", "__address__": "c", "instance": "d"})) == [
        "llmmon_gateways: the labels of gw must not contain __address__, instance, job: Prometheus sets them itself,"
        " and rules and dashboards rely on them"
    ]


def test_labels_of_alerts_are_left_to_them() -> None:
    assert problems_of(gateway(labels={"severity": "info", "alertname": "a", "component": "c", "env": "prod"})) == [
        "llmmon_gateways: the labels of gw must not contain alertname, component, severity: every alert sets them"
        " itself; llmmon_alerts changes the severity of an alert"
    ]


@pytest.mark.parametrize("label", ["cost-centre", "1st", "über", "", "a b", "a\n"])
def test_a_label_is_a_name(label: str) -> None:
    (sentence,) = problems_of(gateway(labels={label: "x"}))
    assert sentence.endswith("of gw must consist of letters, digits and '_', and not begin with a digit")


@pytest.mark.parametrize("token", ["", " \n", None])
def test_a_token_is_not_empty(token: Any) -> None:
    assert problems_of(gateway(bearer_token=token)) == [
        "llmmon_gateways: the bearer_token of gw is empty; set PROMETHEUS_BEARER_TOKEN in the environment or in .env,"
        " or leave bearer_token out for a gateway without one"
    ]


def test_a_token_has_no_blanks() -> None:
    assert problems_of(gateway(bearer_token=f"Bearer {SECRET}")) == [
        "llmmon_gateways: the bearer_token of gw contains spaces or line breaks in its middle"
    ]


def test_a_token_is_given_once(tmp_path: Path) -> None:
    assert problems_of(gateway(bearer_token=SECRET, bearer_token_file=str(tmp_path))) == [
        "llmmon_gateways: gw has both bearer_token and bearer_token_file; leave one out"
    ]


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (f"{SECRET}\n".encode(), None),
        (None, "token of gw cannot be read here: No such file or directory"),
        (b"\xff\xfe", "token of gw cannot be read here: it is not text"),
        (b" \n", "token of gw is empty"),
        (f"{SECRET}\n{SECRET}\n".encode(), "the bearer_token_file of gw contains spaces or line breaks in its middle"),
    ],
)
def test_the_file_of_a_token(content: bytes | None, ending: str | None, tmp_path: Path) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    found = problems_of(gateway(bearer_token_file=str(file)))
    if ending is None:
        assert found == []
    else:
        (sentence,) = found
        assert sentence.startswith("llmmon_gateways: the bearer_token_file ")
        assert sentence.endswith(ending)
        assert SECRET not in sentence


@pytest.mark.parametrize("path", ["", None])
def test_the_file_of_a_token_is_named(path: Any) -> None:
    assert problems_of(gateway(bearer_token_file=path)) == [
        "llmmon_gateways: the bearer_token_file of gw is empty; give it a path, or leave it out"
    ]


def test_the_file_of_a_token_is_named_by_text() -> None:
    (sentence,) = problems_of(gateway(bearer_token_file=5))
    assert sentence.startswith("llmmon_gateways: the bearer_token_file 5 of gw cannot be read here: ")


def test_all_problems_are_told_at_once() -> None:
    found = problems_of(gateway(kind="x", targets=["gw"], bearer_token=""), gateway(name="b", targets=[]))
    assert len(found) == 4


def test_relabeling_is_looked_at() -> None:
    fine = {"name": "fine", "metric_relabel_configs": [{"action": "drop", "regex": "go_.*"}, {"target_label": "x"}]}
    broken = {"name": "broken", "metric_relabel_configs": [{"regex": "go_(.*"}]}
    assert relabeling_problems([fine, {"name": "plain"}]) == []
    (problem,) = relabeling_problems([fine, broken])
    assert problem.startswith(
        "llmmon_gateways: the regex 'go_(.*' in metric_relabel_configs of broken does not compile: "
    )
